# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is small in a mixed load, at even rates: HTTP requests over connections of their own, and
datagrams to ever new ports as a scan sends them; IPv4 and IPv6 in turn.

usage: mixed_load.py serve | http REQUESTS_A_SECOND SECONDS | churn DATAGRAMS_A_SECOND SECONDS
"""
import random
import socket
import sys
import time

PEER = ["10.77.0.2", "fd77::2"]
HOST = ["10.77.0.1", "fd77::1"]
BODY = b"x" * 4000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(BODY) + BODY


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve():
    listener = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        client = listener.accept()[0]
        try:
            client.recv(1000)
            client.sendall(ANSWER)
        except OSError:
            pass
        client.close()


def paced(rate, seconds, act):
    begin, n = time.monotonic(), 0
    while n < rate * seconds:
        due = int((time.monotonic() - begin) * rate) + 1
        while n < due:
            act(n)
            n += 1
        time.sleep(0.02)


def ask(n):
    with socket.create_connection((PEER[n % 2], 80), timeout=10) as s:
        s.sendall(b"GET /%d HTTP/1.1\r\nHost: soak.example.test\r\n\r\n" % n)
        while s.recv(65536):
            pass


def churn(rate, seconds):
    rng = random.Random(1)
    senders = [[socket.socket(family(a), socket.SOCK_DGRAM) for _ in range(8)] for a in HOST]

    def send(n):
        try:
            senders[n % 2][rng.randrange(8)].sendto(b"probe", (HOST[n % 2], rng.randrange(1024, 65535)))
        except OSError:
            pass  # what an earlier one was answered

    paced(rate, seconds, send)


if sys.argv[1] == "serve":
    serve()
rate, seconds = int(sys.argv[2]), int(sys.argv[3])
if sys.argv[1] == "http":
    paced(rate, seconds, ask)
else:
    churn(rate, seconds)
