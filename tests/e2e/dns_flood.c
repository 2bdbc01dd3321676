// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sends DNS queries for random names, with random ids and from many ports, to an IPv4 address as
 * fast as one CPU can, and prints how many. usage: dns_flood ADDRESS SECONDS
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { SOCKETS = 64, BATCH = 64, LABEL = 12, QUERY = 12 + 1 + LABEL + 1 + 4 };

static uint64_t state = 88172645463325252ull;

static uint64_t draw(void) /* xorshift64 */
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void query_write(uint8_t *q)
{
	uint64_t name = draw();

	memset(q, 0, QUERY);
	memcpy(q, &name, 2);
	q[2] = 1; /* RD */
	q[5] = 1; /* one question */
	q[12] = LABEL;
	for (int i = 0; i < LABEL; i++, name >>= 5)
		q[13 + i] = "abcdefghijklmnopqrstuvwxyz234567"[name & 31];
	q[QUERY - 3] = 1; /* A */
	q[QUERY - 1] = 1; /* IN */
}

int main(int argc, char **argv)
{
	static uint8_t data[BATCH][QUERY];
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
	struct mmsghdr m[BATCH] = {0};
	struct iovec iov[BATCH];
	int sockets[SOCKETS];
	unsigned long long sent = 0;
	double end;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: dns_flood ADDRESS SECONDS\n", stderr);
		return 2;
	}
	for (int i = 0; i < SOCKETS; i++)
		sockets[i] = socket(AF_INET, SOCK_DGRAM, 0);
	for (int i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){data[i], QUERY};
		m[i].msg_hdr = (struct msghdr){.msg_name = &to,
					       .msg_namelen = sizeof(to),
					       .msg_iov = &iov[i],
					       .msg_iovlen = 1};
	}
	end = now() + atof(argv[2]);
	for (unsigned turn = 0; now() < end; turn++) {
		int n;

		for (int i = 0; i < BATCH; i++)
			query_write(data[i]);
		n = sendmmsg(sockets[turn % SOCKETS], m, BATCH, 0);
		sent += n > 0 ? n : 0;
	}
	printf("%llu\n", sent);
	return 0;
}
