# SPDX-License-Identifier: GPL-3.0-or-later
# journald.py FILE: stands where journald would, and writes each entry that it gets to FILE, an object of JSON a line.
import json
import os
import socket
import sys

PATH = "/run/systemd/journal/socket"


def fields_of(data):
    fields = {}
    while data:
        head, data = data.split(b"\n", 1)
        if b"=" in head:
            name, value = head.split(b"=", 1)
        else:  # NAME, its length in 64 bits, the value, a newline
            name, size = head, int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[8 + size :]
            assert data[:1] == b"\n", data
            data = data[1:]
        fields[name.decode()] = value.decode()
    return fields


os.makedirs(os.path.dirname(PATH), exist_ok=True)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.bind(PATH)
    os.chmod(PATH, 0o666)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        while True:
            print(json.dumps(fields_of(s.recv(1 << 20))), file=out, flush=True)
