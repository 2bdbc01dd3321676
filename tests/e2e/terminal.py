# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What test-terminal cannot do in a shell.

serve                    answers DNS and HTTP on 10.77.0.2
talk plain|hostile N [PAUSE]  asks it N times for names of that kind, with so many seconds between
figures JSON DIRECTORY   the screens (overview, flows, talkers, apps, dns) show the JSON's figures
raw FILE                 nothing but what the view itself writes is in a terminal's input
"""
import json
import os
import re
import socket
import sys
import threading
import time

PEER = "10.77.0.2"
HOSTILE = [
    b"\x1b]0;PWNED\x07", b"\x1b[31337mred", b"\x9b6n\x1bc", b"\x1b[6n\x1b[c", b"\x1bP1;1|x\x1b\\",
    "\u5bbd\u5b57\u7b26".encode(), b"e\xcc\x81\xcc\x82\xcc\x83zalgo",
    "\u202e\u200fgnp.exe\u2066".encode(), b"\xff\xfe\x80", b"a\rb\nc\x08\x7f\x00d",
]

# ---- who talks ----


def answer_dns(s):
    while True:
        query, who = s.recvfrom(4096)
        answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton(PEER)
        s.sendto(query[:2] + b"\x81\x80\0\x01\0\x01\0\0\0\0" + query[12:] + answer, who)


def answer_http(c):
    with c:
        c.recv(4096)
        c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000)


def serve():
    dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    dns.bind((PEER, 53))
    threading.Thread(target=answer_dns, args=(dns,), daemon=True).start()
    http = socket.create_server((PEER, 80), backlog=64)
    while True:
        threading.Thread(target=answer_http, args=(http.accept()[0],), daemon=True).start()


def ask_dns(name):
    question = b"".join(bytes([len(p)]) + p for p in name) + b"\0\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.sendto(os.urandom(2) + b"\x01\0\0\x01\0\0\0\0\0\0" + question, (PEER, 53))
        s.recv(4096)


def ask_http(host):
    host = host.replace(b"\r", b"").replace(b"\n", b"")
    with socket.create_connection((PEER, 80), timeout=1) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: " + host + b".test\r\n\r\n")
        while s.recv(65536):
            pass


def talk(kind, n, pause=0):
    for i in range(int(n)):
        name = HOSTILE[i % len(HOSTILE)] if kind == "hostile" else b"www%d" % (i % 3)
        try:
            ask_dns([name, b"example", b"test"])
            ask_http(name + b".example")
        except OSError:
            pass  # in a flood
        time.sleep(float(pause))


# ---- what the screen shows: user/view/units.c once more ----


def scaled(x, space="", unit=""):
    i = 0
    while x >= 999.5 and i < 6:
        x, i = x / 1000, i + 1
    decimals = 0 if x >= 99.95 or (not i and (x == int(x) or x >= 9.95)) else 1 if x >= 9.995 else 2
    if not i and decimals:
        decimals = 1
    return f"{x:.{decimals}f}{space}{['', 'k', 'M', 'G', 'T'][i]}{unit}"


def octets(x):
    return scaled(x, " ", "B")


def bits(x):
    return scaled(x, " ", "bit/s")


def share(part, whole):
    if not whole:
        return "-"
    return "<0.1%" if 0 < part / whole < 0.0005 else f"{100 * part / whole:.1f}%"


def ms(x):
    if x is None or x < 0:
        return "-"
    if x < 0.9995:
        return f"{x * 1000:.0f} us"
    if x < 999.5:
        return f"{x:.{2 if x < 9.995 else 1 if x < 99.95 else 0}f} ms"
    return f"{x / 1000:.{2 if x < 9995 else 1 if x < 99950 else 0}f} s"


def endpoint(ip, port):
    return ip if not port else f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


class Screen:
    def __init__(self, directory, name):
        self.name = name
        with open(os.path.join(directory, name), encoding="utf-8") as f:
            self.lines = [" ".join(line.split()) for line in f]

    def wants(self, text):
        text = " ".join(text.split())
        if not any(text in line for line in self.lines):
            sys.exit(f"{self.name}: no line has '{text}':\n" + "\n".join(self.lines))
        return 1

    def row(self, first, word):
        if not any(line.startswith(first + " ") and word in line.split() for line in self.lines):
            sys.exit(f"{self.name}: no line of {first} has {word}:\n" + "\n".join(self.lines))
        return 1


def figures(path, directory):
    with open(path, encoding="utf-8") as f:
        j = json.load(f)
    dns, ledger, total, n = j["dns"], j["ledger"], j["bytes"], 0
    overview = Screen(directory, "overview")
    for name, s in j["security"].items():
        n += overview.wants(f"{name} {share(s['bytes'], total)}")
    for name, packets in j["transport"].items():
        if packets:
            n += overview.row(name, scaled(packets))
    n += overview.wants(f"in {bits(j['rates']['in_bps'])}") + overview.wants(f"out {bits(j['rates']['out_bps'])}")
    lost = " ".join(f"{k} {scaled(ledger['lost'][k])}" for k in ("dns", "packets", "flows", "files"))
    n += overview.wants(f"seen {scaled(ledger['seen'])} covered")
    n += overview.wants(f"balance {ledger['balance']} lost {lost} skipped payloads "
                        f"{scaled(ledger['looks_skipped'])} first packets {scaled(ledger['head_skipped'])} "
                        f"dns {scaled(ledger['dns_skipped'])}")
    apps = Screen(directory, "apps")
    for name, a in j["app"].items():
        n += apps.wants(f"{name} {share(a['bytes'], total)} {octets(a['bytes'])} {scaled(a['packets'])} "
                        f"{scaled(a['flows'])} {bits(a['bps'])}")
    talkers = Screen(directory, "talkers")
    for t in j["talkers"][:20]:
        n += talkers.wants(f"{t['ip']} {t['ip']} {bits(t['bps'])} {octets(t['bytes'])} "
                           f"{share(t['bytes'], total)} {scaled(t['packets'])}")
    flows = Screen(directory, "flows")
    for f in j["top_flows"][:20]:
        n += flows.wants(f"{f['proto']} {f['app']} {endpoint(f['src'], f['sport'])} "
                         f"{endpoint(f['dst'], f['dport'])} {bits(f['bps'])} "
                         f"{octets(f['bytes'] + f['bytes_rev'])} {scaled(f['packets'] + f['packets_rev'])}")
    page = Screen(directory, "dns")
    n += page.wants(f"queries {scaled(dns['queries'])} unanswered {scaled(dns['unanswered'])} again "
                    f"{scaled(dns['retransmissions'])} orphans {scaled(dns['orphans'])}")
    q = dns["latency_ms"]
    n += page.wants(f"p50 {ms(q['p50'])} p95 {ms(q['p95'])} p99 {ms(q['p99'])} max {ms(q['max'])}")
    for s in dns["servers"]:
        n += page.wants(f"{s['server']} {scaled(s['matched'])} {scaled(s['unanswered'])}")
    print(f"{n} figures equal")


# ---- what reached the terminal ----

ALLOWED = re.compile(
    rb"\x1b\[[?>]?(?:[0-9]{1,4}(?:[;:][0-9]{0,4})*)?[A-HJKLMPSTX@`bdfghlmrt]"  # cursor, erase, colour, modes
    rb"|\x1b[()][0B]|\x1b[=>78M]|[\x20-\x7e\r\n\t\b\x0f]"
    rb"|\xe2\x94\x80|\xe2\x96[\x88\xb2\xbc]|\xe2[\xa0-\xa3][\x80-\xbf]")  # rule, bar, arrows, braille


def raw(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        m = ALLOWED.match(data, at)
        if not m:
            sys.exit(f"octet {at} of {len(data)} is not of the view: {data[max(at - 20, 0):at + 40]!r}")
        at = m.end()
    print(f"{len(data)} octets, all of the view")


if __name__ == "__main__":
    {"serve": serve, "talk": talk, "figures": figures, "raw": raw}[sys.argv[1]](*sys.argv[2:])
