# SPDX-License-Identifier: GPL-3.0-or-later
# type.py STEP… -- COMMAND…: runs it on a terminal of its own and does the steps in turn: "wait:REGEX" until it has
# printed that since the last step that found something (60 s at most), "type:TEXT" (\r, \x1d … as in Python), "sh:COMMAND"
# runs that in a shell meanwhile, "mode:raw" waits until the terminal is in raw mode, "size:COLUMNS" makes it so wide. At last its end is waited for.
# Prints all that it has printed, and what went wrong; ends with the command's status, or 99 where a step failed.
import codecs
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time

LIMIT_S = 60
split = sys.argv.index("--")
steps, command = sys.argv[1:split], sys.argv[split + 1 :]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, at = b"", 0


def read(timeout):
    global seen
    if not select.select([fd], [], [], timeout)[0]:
        return True
    try:
        data = os.read(fd, 65536)
    except OSError:  # Linux's way to say that the other end is closed
        return False
    seen += data
    return bool(data)


def fail(why):
    print(seen.decode(errors="replace").replace("\r", ""))
    print(f"# {why}")
    os.kill(pid, 9)
    sys.exit(99)


def until(found, what):
    end = time.monotonic() + LIMIT_S
    while not found():
        if time.monotonic() > end or not read(0.2):
            if found():
                return
            fail(f"never: {what}")


def wait(pattern):
    global at
    found = lambda: re.search(pattern.encode(), seen[at:], re.S)
    until(found, pattern)
    at += found().end()


def is_raw():
    lflag = termios.tcgetattr(fd)[3]
    return not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)


for step in steps:
    kind, _, text = step.partition(":")
    if kind == "wait":
        wait(text)
    elif kind == "type":
        os.write(fd, codecs.decode(text, "unicode_escape").encode())
    elif kind == "size":
        termios.tcsetwinsize(fd, (24, int(text)))
    elif kind == "mode":
        until(is_raw if text == "raw" else lambda: not is_raw(), step)
    elif kind == "sh":
        done = subprocess.Popen(["bash", "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        while done.poll() is None:
            read(0.1)
        if done.returncode:
            fail(f"{text}: {done.stdout.read().decode(errors='replace')}")
while read(LIMIT_S):
    pass
print(seen.decode(errors="replace").replace("\r", ""))
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
