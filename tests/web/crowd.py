# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Many readers of /api/events, and one that does not read. See test-crowd for what is guaranteed.

crowd.py PORT PID SECONDS LIMIT: what 50 open pages cost the process, in percent of a core, must
stay under LIMIT.
"""
import os
import select
import socket
import sys
import time

PAGES = 50
PORT, PID, SECONDS, LIMIT = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])


def fail(what):
    print("FAILED:", what)
    sys.exit(1)


def cpu():
    with open(f"/proc/{PID}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors():
    return len(os.listdir(f"/proc/{PID}/fd"))


def follow():
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.connect(("127.0.0.1", PORT))
    s.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return s


def read_all(readers, seconds):
    """Reads what comes; the octets and snapshots that each was given."""
    got = {s.fileno(): [0, 0] for s in readers}
    end = time.monotonic() + seconds
    poll = select.poll()
    by_number = {s.fileno(): s for s in readers}
    for number in by_number:
        poll.register(number, select.POLLIN)
    while (left := end - time.monotonic()) > 0:
        for number, _ in poll.poll(left * 1000):
            data = by_number[number].recv(1 << 18)
            if not data:
                fail("a reader that reads was cut off")
            got[number][0] += len(data)
            got[number][1] += data.count(b"event: snapshot")
    return list(got.values())


def measure():
    before = cpu()
    time.sleep(SECONDS)
    alone = cpu() - before
    readers = [follow() for _ in range(PAGES)]
    before = cpu()
    got = read_all(readers, SECONDS)
    crowded = cpu() - before
    for s in readers:
        s.close()
    fewest = min(n for _, n in got)
    octets = sum(n for n, _ in got) / max(1, sum(n for _, n in got))
    cost = 100 * (crowded - alone) / SECONDS
    print(f"{PAGES} pages for {SECONDS:.0f} s: {cost:.1f} % of a core more than the {100 * alone / SECONDS:.1f} % "
          f"without them; {octets / 1000:.0f} kB a snapshot, at least {fewest} snapshots each")
    if fewest < SECONDS / 2 - 1:
        fail("a reader was given hardly anything")
    if cost >= LIMIT:
        fail(f"more than {LIMIT} %")


def stuck():
    """The kernel's buffers fill, then nothing moves: 15 s later it is gone."""
    time.sleep(1)
    idle = descriptors()
    s = follow()
    start = time.monotonic()
    while descriptors() <= idle and time.monotonic() < start + 5:
        time.sleep(0.1)
    if descriptors() <= idle:
        fail("the one that does not read has no connection")
    while descriptors() > idle:
        if time.monotonic() > start + 90:
            fail("the one that does not read is still there after 90 s")
        time.sleep(0.2)
    print(f"who does not read was cut off after {time.monotonic() - start:.0f} s")
    s.close()


measure()
stuck()
