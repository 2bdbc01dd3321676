# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A TCP transfer of known content at 1 MB/s until SIGTERM. Each end prints, when it ends, its bytes,
their SHA-256, and the longest time in ms in which none could be read, or written.

usage: transfer.py serve PORT | transfer.py send ADDRESS PORT
"""
import hashlib
import random
import signal
import socket
import sys
import time

RATE, BLOCK = 1000000, 20000


class Told:
    def __init__(self):
        self.hash, self.bytes, self.gap, self.last = hashlib.sha256(), 0, 0.0, time.monotonic()

    def add(self, data):
        now = time.monotonic()
        self.gap, self.last = max(self.gap, now - self.last), now
        self.hash.update(data)
        self.bytes += len(data)

    def tell(self):
        print(self.bytes, self.hash.hexdigest(), int(self.gap * 1000), flush=True)


def serve(port):
    client = socket.create_server(("", port)).accept()[0]
    told = Told()
    while data := client.recv(65536):
        told.add(data)
    told.tell()


def send(address, port):
    end = []
    signal.signal(signal.SIGTERM, lambda *_: end.append(1))
    rng, told = random.Random(1), Told()
    with socket.create_connection((address, port)) as s:
        begin = time.monotonic()
        while not end:
            block = rng.randbytes(BLOCK)
            s.sendall(block)
            told.add(block)
            time.sleep(max(0.0, begin + told.bytes / RATE - time.monotonic()))
    told.tell()


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    send(sys.argv[2], int(sys.argv[3]))
