#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# Looks for something short-lived, again and again, until killed or for 300 s, and prints each find once:
#     spy.py files DIR REGEX         files right in DIR of which the content matches
#     spy.py words REGEX             processes of which a word of the command line matches
# Says "looking" once it does.
import os
import re
import sys
import time

kind, *args = sys.argv[1:]
regex = re.compile(args[-1].encode())


def candidates():
    if kind == "files":
        for name in os.listdir(args[0]):
            yield os.path.join(args[0], name)
    else:
        for pid in os.listdir("/proc"):
            if pid.isdigit() and int(pid) != os.getpid():
                yield f"/proc/{pid}/cmdline"


def content(path):
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        return os.read(fd, 1 << 20)
    finally:
        os.close(fd)


seen = set()
print("looking", flush=True)
end = time.time() + 300
while time.time() < end:
    for path in candidates():
        try:
            if path not in seen and regex.search(content(path)):
                seen.add(path)
                print(path, flush=True)
        except OSError:
            pass
