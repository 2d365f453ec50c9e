# SPDX-License-Identifier: GPL-3.0-or-later
# capture.py INTERFACE FILE WORD…: sees what passes the interface until SIGTERM, and then writes into FILE, a line each,
# "WORD TIMES" for each word, and at last "bytes N". A word that two packets share is not seen, so it has to be one that
# comes often.
import signal
import socket
import sys

interface, path, words = sys.argv[1], sys.argv[2], sys.argv[3:]
over = False


def stop(*_):
    global over
    over = True


signal.signal(signal.SIGTERM, stop)
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE: nothing is to be missed
s.bind((interface, 0))
s.settimeout(0.2)
counts, total = dict.fromkeys(words, 0), 0
open(path, "w", encoding="ascii").close()  # it listens
while not over:
    try:
        packet = s.recv(1 << 17)
    except socket.timeout:
        continue
    total += len(packet)
    for word in words:
        counts[word] += packet.count(word.encode())
with open(path, "w", encoding="ascii") as f:
    f.writelines(f"{word} {n}\n" for word, n in counts.items())
    f.write(f"bytes {total}\n")
