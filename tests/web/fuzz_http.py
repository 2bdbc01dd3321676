# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Malformed requests by seed. See test-crowd for what is guaranteed.

fuzz_http.py PORT PID COUNT SEED
"""
import os
import random
import re
import select
import socket
import struct
import sys
import time

PORT, PID, COUNT, SEED = (int(a) for a in sys.argv[1:5])
EVERY = 500
KNOWN = {100, 200, 400, 401, 404, 405, 411, 413, 414, 417, 421, 431, 501, 503, 505}
rand = random.Random(SEED)

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"get", b"", b"G\0T", b"A" * 300]
PATHS = [b"/", b"/metrics", b"/healthz", b"/api/snapshot", b"/api/snapshot?at=", b"/api/history?since=", b"/api/packets", b"/api/packets.pcap",
         b"/api/events", b"/../../etc/passwd", b"/%00", b"/%zz%", b"//", b"*", b"http://elsewhere/", b"/?token=", b"/" + b"a" * 9000, b""]
VERSIONS = [b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"HTTP/9.9", b"HTTP/1.1.1", b"http/1.1", b"", b"PRI * HTTP/2.0"]
HEADERS = [b"Host: localhost", b"Host: 127.0.0.1", b"Host: evil.test", b"Host:", b"Host: [::1", b"Content-Length: 0", b"Content-Length: -1",
           b"Content-Length: 99999999999999999999", b"Content-Length: 5", b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked",
           b"Expect: 100-continue", b"Connection: close", b"Connection: keep-alive, upgrade", b"Upgrade: h2c", b"Authorization: Bearer \xff\xfe",
           b"Cookie: " + b"x=" * 500, b"Range: bytes=0-1,5-,-9", b"X: " + b"y" * 20000, b" folded: line", b"no colon", b": empty", b"\0: nul",
           b"Accept-Encoding: gzip;q=1e999", b"If-None-Match: *", b"A\xffB: \x01"]
CHUNKS = [b"5\r\nhello\r\n0\r\n\r\n", b"zz\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"5;x=y\r\nhel", b"0\r\nTrailer: x\r\n\r\n", b"\r\n\r\n"]


def noise(most):
    return rand.randbytes(rand.randrange(most))


def request():
    end = rand.choice([b"\r\n"] * 6 + [b"\n", b"\r", b"\n\r"])
    path = rand.choice(PATHS)
    if path.endswith(b"="):
        path += rand.choice([b"1e400", b"-1", b"nan", b"0x", b"%ff%00", noise(40).replace(b" ", b"")])
    lines = [b" ".join((rand.choice(METHODS), path, rand.choice(VERSIONS)))]
    if rand.random() < 0.5:  # a good beginning, so that more than the guards is reached
        lines = [b"GET " + (path or b"/") + b" HTTP/1.1", b"Host: localhost"]
    lines += rand.choices(HEADERS, k=rand.randrange(8))
    if rand.random() < 0.02:
        lines += [b"H%d: v" % i for i in range(rand.randrange(3000))]
    text = end.join(lines) + 2 * end
    if rand.random() < 0.3:
        text += rand.choice(CHUNKS)
    return text


def mangled(text):
    kind = rand.random()
    if kind < 0.2:
        return text[:rand.randrange(len(text) + 1)]
    if kind < 0.4:
        at = rand.randrange(len(text) + 1)
        return text[:at] + noise(30) + text[at:]
    if kind < 0.5:
        return noise(2000)
    if kind < 0.6:
        return b"".join(request() for _ in range(rand.randrange(2, 12)))  # pipelined
    if kind < 0.63:
        return text + noise(200000)
    return text


def check_answer(data):
    """Whatever begins here begins as an answer of HTTP with a status that is meant."""
    if not data:
        return
    first = re.match(rb"HTTP/1\.[01] (\d{3}) ", data)
    if not first or int(first[1]) not in KNOWN:
        raise SystemExit(f"FAILED: not an answer: {data[:80]!r}")
    statuses[int(first[1])] = statuses.get(int(first[1]), 0) + 1


def throw(text):
    with socket.create_connection(("127.0.0.1", PORT), timeout=10) as s:
        try:
            if rand.random() < 0.3 and len(text) > 1:
                at = rand.randrange(1, len(text))
                s.sendall(text[:at])
                time.sleep(0.001)
                text = text[at:]
            s.settimeout(2)
            s.sendall(text)
            kind = rand.random()
            if kind < 0.3:
                s.shutdown(socket.SHUT_WR)
            elif kind < 0.6:  # a reset instead of a farewell
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if kind < 0.5 and select.select([s], [], [], 0.03)[0]:
                check_answer(s.recv(4096))
        except OSError:
            pass  # refused before it was all sent


def healthy():
    with socket.create_connection(("127.0.0.1", PORT), timeout=20) as s:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while more := s.recv(4096):
            answer += more
    if b'"status":"ok"' not in answer:
        raise SystemExit(f"FAILED: not healthy: {answer!r}")


def descriptors():
    return len(os.listdir(f"/proc/{PID}/fd"))


def resident():
    with open(f"/proc/{PID}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


statuses = {}
healthy()
time.sleep(0.3)
before, memory = descriptors(), 0
for i in range(COUNT):
    throw(mangled(request()))
    if i % EVERY == EVERY - 1:
        healthy()
    if i == COUNT // 4:
        memory = resident()
end = time.monotonic() + 40
while descriptors() > before and time.monotonic() < end:
    time.sleep(0.2)
if descriptors() > before:
    raise SystemExit(f"FAILED: {descriptors()} descriptors, {before} before")
if resident() - memory > 16 << 20:
    raise SystemExit(f"FAILED: {(resident() - memory) >> 20} MB more than after a quarter of it")
healthy()
print(f"{COUNT} requests, seed {SEED}: still serving, {before} descriptors as before; answers", dict(sorted(statuses.items())))
