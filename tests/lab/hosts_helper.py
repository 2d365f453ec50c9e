#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What test_hosts.sh cannot do in a shell.

  read FILE STOP          reads FILE until STOP exists; prints "READS TORN": torn is a read without its first line, with half a
                          block, or of nothing
  cut WORDS CONTENT FILE STEP   runs the shell words of the file WORDS with the content of CONTENT cut off at every STEPth byte; FILE
                          must stay as it is and no temporary file remain; prints the number of runs
  ask PASSWORD COMMAND…   runs the command on a terminal and answers its question for a password; its exit status is ours
"""
import os
import pty
import select
import subprocess
import sys
import time


def read(path, stop):
    reads = torn = 0
    with open(path, "rb") as f:
        first = f.readline()
    while not os.path.exists(stop):
        with open(path, "rb") as f:
            text = f.read()
        lines = text.split(b"\n")
        begins = [x[len(b"# BEGIN"):] for x in lines if x.startswith(b"# BEGIN MIGSH ")]
        ends = [x[len(b"# END"):] for x in lines if x.startswith(b"# END MIGSH ")]
        torn += not text.startswith(first) or begins != ends or not text.endswith(b"\n")
        reads += 1
    print(reads, torn)


def cut(words, content, path, step):
    with open(words, encoding="utf-8") as f:
        command = f.read().rstrip("\n").removeprefix("sudo ")
    with open(content, "rb") as f:
        data = f.read()
    with open(path, "rb") as f:
        before = f.read()
    names = sorted(os.listdir(os.path.dirname(path)))
    runs = 0
    for n in range(0, len(data), step):
        done = subprocess.run(["sh", "-c", command], input=data[:n], capture_output=True, check=False)
        with open(path, "rb") as f:
            now = f.read()
        if done.returncode != 23 or now != before or sorted(os.listdir(os.path.dirname(path))) != names:
            sys.exit(f"cut at byte {n}: status {done.returncode}, {done.stderr!r}, file kept: {now == before}")
        runs += 1
    done = subprocess.run(["sh", "-c", command], input=data, capture_output=True, check=False)
    with open(path, "rb") as f:
        now = f.read()
    if done.returncode != 0 or now != data:
        sys.exit(f"whole: status {done.returncode}, {done.stderr!r}")
    print(runs)


def ask(password, command):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    seen, answered, limit = b"", False, time.monotonic() + 30
    while time.monotonic() < limit:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            data = os.read(fd, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
        if not answered and b"password" in seen and seen.rstrip(b" ").endswith(b":"):
            os.write(fd, password.encode() + b"\n")
            answered = True
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.write(seen.decode(errors="replace"))
    sys.exit(status)


if sys.argv[1] == "read":
    read(sys.argv[2], sys.argv[3])
elif sys.argv[1] == "cut":
    cut(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
else:
    ask(sys.argv[2], sys.argv[3:])
