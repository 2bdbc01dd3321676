// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Answers every DNS query on port 53, over UDP and TCP, IPv4 and IPv6, with its question alone, but
 * for each Nth over UDP, which it drops. usage: dns_server [N]
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAMS = 64, ROOM = 512, STREAM_ROOM = 65536, FDS = 1024 };

struct stream {
	uint8_t data[STREAM_ROOM];
	size_t len;
};

static struct stream *streams[FDS];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_at_53(int type)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(53)};
	int s = socket(AF_INET6, type, 0), one = 1, room = 8 << 20;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (type == SOCK_DGRAM)
		setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (s < 0 || bind(s, (struct sockaddr *)&any, sizeof(any)) < 0)
		die("port 53");
	if (type == SOCK_STREAM && listen(s, 64) < 0)
		die("listen");
	return s;
}

static void answer(uint8_t *message)
{
	message[2] |= 0x80; /* QR, RFC 1035 section 4.1.1 */
	message[3] = 0;
}

static void serve_datagrams(int s, unsigned long drop)
{
	static uint8_t data[DATAGRAMS][ROOM];
	static struct sockaddr_in6 from[DATAGRAMS];
	static unsigned long queries;
	struct mmsghdr in[DATAGRAMS] = {0}, out[DATAGRAMS];
	struct iovec iov[DATAGRAMS];
	int n, kept = 0, sent = 0;

	for (int i = 0; i < DATAGRAMS; i++) {
		iov[i] = (struct iovec){data[i], ROOM};
		in[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
						.msg_namelen = sizeof(from[i]),
						.msg_iov = &iov[i],
						.msg_iovlen = 1};
	}
	n = recvmmsg(s, in, DATAGRAMS, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		if (in[i].msg_len < 12 || (drop && ++queries % drop == 0))
			continue;
		answer(data[i]);
		iov[i].iov_len = in[i].msg_len;
		out[kept++] = in[i];
	}
	while (sent < kept && (n = sendmmsg(s, out + sent, kept - sent, 0)) > 0)
		sent += n;
}

static void stream_close(int fd)
{
	free(streams[fd]);
	streams[fd] = NULL;
	close(fd);
}

static void stream_open(int s, int epoll)
{
	int fd = accept(s, NULL, NULL);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0)
		return;
	if (fd >= FDS || !(streams[fd] = calloc(1, sizeof(struct stream))))
		close(fd);
	else
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

/* Messages each after their length, RFC 1035 section 4.2.2. */
static void serve_stream(int fd)
{
	struct stream *t = streams[fd];
	ssize_t got = read(fd, t->data + t->len, STREAM_ROOM - t->len);
	size_t at = 0;

	if (got <= 0) {
		stream_close(fd);
		return;
	}
	t->len += got;
	while (t->len - at >= 14) {
		size_t len = t->data[at] << 8 | t->data[at + 1];

		if (t->len - at < 2 + len)
			break;
		answer(t->data + at + 2);
		at += 2 + len;
	}
	for (size_t sent = 0; sent < at; sent += got) {
		got = write(fd, t->data + sent, at - sent);
		if (got <= 0) {
			stream_close(fd);
			return;
		}
	}
	t->len -= at;
	memmove(t->data, t->data + at, t->len);
}

int main(int argc, char **argv)
{
	unsigned long drop = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int udp = listen_at_53(SOCK_DGRAM), tcp = listen_at_53(SOCK_STREAM);
	int epoll = epoll_create1(0);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = udp};

	epoll_ctl(epoll, EPOLL_CTL_ADD, udp, &e);
	e.data.fd = tcp;
	epoll_ctl(epoll, EPOLL_CTL_ADD, tcp, &e);
	for (;;) {
		if (epoll_wait(epoll, &e, 1, -1) < 1)
			continue;
		if (e.data.fd == udp)
			serve_datagrams(udp, drop);
		else if (e.data.fd == tcp)
			stream_open(tcp, epoll);
		else
			serve_stream(e.data.fd);
	}
}
