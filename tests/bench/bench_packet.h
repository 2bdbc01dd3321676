/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packets that benchmarks send. Their source is written over: see flow_write in bench.bpf.c. */
#ifndef XDPLENS_BENCH_PACKET_H
#define XDPLENS_BENCH_PACKET_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bench_packet {
	const char *name;
	uint8_t version, proto;
	uint16_t port; /* destination */
	size_t payload_len;
	const char *payload; /* how it begins; the rest is zeros */
	size_t begins;
	int two_cpus; /* also measured on two CPUs at once */
};

#define BENCH_PAYLOAD(len, text) len, text, sizeof(text) - 1

static const struct bench_packet bench_packets[] = {
	{"tcp4", 4, 6, 80, BENCH_PAYLOAD(6, ""), 0},
	{"udp4", 4, 17, 9000, BENCH_PAYLOAD(18, ""), 1},
	{"tcp6", 6, 6, 80, BENCH_PAYLOAD(0, ""), 0},
	{"udp6", 6, 17, 9000, BENCH_PAYLOAD(18, ""), 0},
	{"dns", 4, 17, 53,
	 BENCH_PAYLOAD(33, "\x2b\x7e\x01\0\0\x01\0\0\0\0\0\0\x03www\x07"
			   "example\x03net\0\0\x1c\0\x01"),
	 1},
	{"quic", 4, 17, 443,
	 BENCH_PAYLOAD(1200, "\xc0\0\0\0\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\0\0\x44\x9e"), 0},
};

enum { BENCH_PACKETS = sizeof(bench_packets) / sizeof(bench_packets[0]), BENCH_PACKET_MAX = 1514 };

static inline void bench_put16(uint8_t *at, unsigned value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* RFC 1071. */
static inline void bench_put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	bench_put16(ip + 10, ~(sum + (sum >> 16)));
}

/* Writes the IP header for `len` octets after it; returns where these begin. */
static inline uint8_t *bench_put_ip(uint8_t *ip, const struct bench_packet *p, size_t len)
{
	if (p->version == 4) {
		ip[0] = 0x45;
		bench_put16(ip + 2, 20 + len);
		ip[8] = 64;
		ip[9] = p->proto;
		memcpy(ip + 16, "\xc6\x33\x64\x07", 4); /* 198.51.100.7, RFC 5737 */
		bench_put_checksum(ip);
		return ip + 20;
	}
	ip[0] = 0x60;
	bench_put16(ip + 4, len);
	ip[6] = p->proto;
	ip[7] = 64;
	memcpy(ip + 8, "\x20\x01\x0d\xb8\0\x01", 6); /* RFC 3849 */
	memcpy(ip + 24, "\x20\x01\x0d\xb8\0\x02", 6);
	ip[39] = 7;
	return ip + 40;
}

/* Writes the frame, at most BENCH_PACKET_MAX octets; returns its length, 60 at least. */
static inline size_t bench_packet_write(const struct bench_packet *p, uint8_t *frame)
{
	size_t header = p->proto == 6 ? 20 : 8, len;
	uint8_t *l4;

	memset(frame, 0, BENCH_PACKET_MAX);
	memcpy(frame, "\x02\0\0\0\0\x09\x02\0\0\0\0\x08", 12);
	bench_put16(frame + 12, p->version == 4 ? 0x0800 : 0x86dd);
	l4 = bench_put_ip(frame + 14, p, header + p->payload_len);
	bench_put16(l4, 1024);
	bench_put16(l4 + 2, p->port);
	if (p->proto == 6) {
		l4[12] = 5 << 4;
		l4[13] = 0x10; /* ACK */
	} else {
		bench_put16(l4 + 4, header + p->payload_len);
	}
	memcpy(l4 + header, p->payload, p->begins);
	len = l4 + header + p->payload_len - frame;
	return len < 60 ? 60 : len;
}

static inline const struct bench_packet *bench_packet_find(const char *name)
{
	for (int i = 0; i < BENCH_PACKETS; i++)
		if (strcmp(bench_packets[i].name, name) == 0)
			return &bench_packets[i];
	return NULL;
}

#endif
