# SPDX-License-Identifier: GPL-3.0-or-later
# answer.py COMMAND…: runs it on a terminal of its own, says "secret" to each question for a password (or what
# MIGSH_PASSWORD says) and "yes" to the others (or what MIGSH_ANSWER says), passes on what it prints, without its
# colours, and ends with its status.
import os
import pty
import re
import sys

pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
tail = held = b""
while True:
    try:
        data = os.read(fd, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        break
    if not data:
        break
    plain, begun, _ = re.fullmatch(rb"(.*?)(\x1b(\[[0-9;]*)?)?", re.sub(rb"\x1b\[[0-9;]*m", b"", held + data), re.S).groups()
    held = begun or b""  # a sequence that ends in the next read
    sys.stdout.buffer.write(plain)
    sys.stdout.flush()
    tail = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", (tail + data)[-400:])
    if re.search(rb"[Pp]assword[^\n]*: ?$", tail):
        os.write(fd, os.environ.get("MIGSH_PASSWORD", "secret").encode() + b"\n")
        tail = b""
    elif re.search(rb"[\[(]yes/no[\])] *$", tail):
        os.write(fd, os.environ.get("MIGSH_ANSWER", "yes").encode() + b"\n")
        tail = b""
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
