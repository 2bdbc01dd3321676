// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A copied skb that stands for several frames, as those frames: egress hooks see a large send
 * before it is cut, and capture files and packet logs are to hold what is on the wire. After
 * decode.c, before the consumer. The cuts are those of the kernel (net/ipv4/tcp_offload.c,
 * udp_offload.c).
 */
#include "source/segment.h"

#include <arpa/inet.h>
#include <string.h>

#include "xdplens/parse.h"

enum {
	IPV4_LENGTH = 2,
	IPV4_ID = 4,
	IPV4_CHECKSUM = 10,
	IPV6_LENGTH = 4,
	IPV6_HEADER = 40,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
	TCP_SEQUENCE = 4,
	TCP_FLAGS = 13,
	TCP_CHECKSUM = 16,
	TCP_CWR = 0x80,
	HEADERS_MAX = 512,
};

static void put16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	memcpy(at, &value, sizeof(value));
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* RFC 791 section 3.1, over `len` octets whose checksum field is 0. */
static uint16_t ip_checksum(const uint8_t *header, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += get16(header + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static void fix_ip(uint8_t *frame, const struct packet *p, uint32_t payload, uint32_t n)
{
	uint8_t *ip = frame + p->l3_offset;
	uint32_t header = p->l4_offset - p->l3_offset;

	if (p->key.family == 6) {
		put16(ip + IPV6_LENGTH, p->payload_offset - p->l3_offset - IPV6_HEADER + payload);
		return;
	}
	put16(ip + IPV4_LENGTH, p->payload_offset - p->l3_offset + payload);
	put16(ip + IPV4_ID, get16(ip + IPV4_ID) + n);
	put16(ip + IPV4_CHECKSUM, 0);
	put16(ip + IPV4_CHECKSUM, ip_checksum(ip, header));
}

static void fix_transport(uint8_t *frame, const struct packet *p, uint32_t payload, uint32_t done,
			  bool first, bool last)
{
	uint8_t *l4 = frame + p->l4_offset;
	uint32_t sequence = htonl(p->tcp_seq + done);

	if (p->transport == TRANSPORT_UDP) {
		put16(l4 + UDP_LENGTH, p->payload_offset - p->l4_offset + payload);
		put16(l4 + UDP_CHECKSUM, 0);
		return;
	}
	memcpy(l4 + TCP_SEQUENCE, &sequence, sizeof(sequence));
	if (!last)
		l4[TCP_FLAGS] &= ~(TCP_FIN | TCP_PSH);
	if (!first)
		l4[TCP_FLAGS] &= ~TCP_CWR;
	put16(l4 + TCP_CHECKSUM, 0);
}

bool segment_event(const struct event *whole, uint32_t gso_size,
		   void (*take)(void *arg, const struct event *frame), void *arg)
{
	const struct packet *p = whole->packet;
	uint32_t headers = p->payload_offset, tag = whole->tag_stripped ? 4 : 0;
	uint8_t bytes[HEADERS_MAX + COPY_MAX];
	uint32_t all;

	if (!gso_size || p->outcome != OUTCOME_FLOW || headers > HEADERS_MAX ||
	    headers > whole->caplen || headers < p->l4_offset + 8u ||
	    (p->transport == TRANSPORT_TCP && headers < p->l4_offset + 20u) ||
	    (p->transport != TRANSPORT_TCP && p->transport != TRANSPORT_UDP) ||
	    whole->wire_len < whole->segments * (headers + tag))
		return false;
	all = whole->wire_len - whole->segments * (headers + tag);
	for (uint32_t n = 0, done = 0; n < whole->segments; n++, done += gso_size) {
		uint32_t payload = all - done < gso_size ? all - done : gso_size;
		uint32_t copied = whole->caplen - headers;
		struct packet packet;
		struct event frame = *whole;

		if (done > all)
			break;
		copied = copied > done ? copied - done : 0;
		copied = copied < payload ? copied : payload;
		copied = copied < COPY_MAX ? copied : COPY_MAX;
		memcpy(bytes, whole->data, headers);
		if (copied)
			memcpy(bytes + headers, whole->data + headers + done, copied);
		fix_ip(bytes, p, payload, n);
		fix_transport(bytes, p, payload, done, n == 0, n + 1 == whole->segments);
		frame.data = bytes;
		frame.caplen = headers + copied;
		frame.wire_len = headers + payload + tag;
		frame.segments = 1;
		parse_frame(whole->linktype, bytes, frame.caplen, headers + payload, &packet);
		packet.key.ifindex = p->key.ifindex;
		packet.key.link = p->key.link;
		frame.packet = &packet;
		take(arg, &frame);
	}
	return true;
}
