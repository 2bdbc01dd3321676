// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Requests and responses of one octet over one TCP connection, one at a time, as netperf's TCP_RR:
 * what a hook on the way adds to each. tests/bench/run runs it.
 * usage: bench_rr serve PORT | bench_rr ask ADDRESS PORT SECONDS
 * Prints transactions a second, then the median and the 99th percentile in microseconds.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 10000000 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int at_once(int fd)
{
	int one = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		die("socket");
	return fd;
}

static void serve(struct sockaddr_in at)
{
	int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
	char c;

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(s, 1) < 0)
		die("bind");
	for (;;) {
		int client = at_once(accept(s, NULL, NULL));

		while (read(client, &c, 1) == 1 && write(client, &c, 1) == 1)
			;
		close(client);
	}
}

static int compare(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void ask(struct sockaddr_in at, double seconds)
{
	float *took = malloc(ROUNDS_MAX * sizeof(*took));
	int s = at_once(socket(AF_INET, SOCK_STREAM, 0));
	double begin, last, now;
	size_t n = 0;
	char c = 'x';

	if (!took || connect(s, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("connect");
	begin = last = now_us();
	for (; n < ROUNDS_MAX && last - begin < seconds * 1e6; last = now) {
		if (write(s, &c, 1) != 1 || read(s, &c, 1) != 1)
			die("the other end");
		now = now_us();
		took[n++] = now - last;
	}
	qsort(took, n, sizeof(*took), compare);
	printf("%.0f %.2f %.2f\n", n / ((last - begin) / 1e6), took[n / 2], took[n * 99 / 100]);
	free(took);
	close(s);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at = {.sin_family = AF_INET};

	if (argc == 3 && strcmp(argv[1], "serve") == 0) {
		at.sin_port = htons(atoi(argv[2]));
		serve(at);
	}
	if (argc != 5 || strcmp(argv[1], "ask") != 0 ||
	    inet_pton(AF_INET, argv[2], &at.sin_addr) != 1) {
		fputs("usage: bench_rr serve PORT | bench_rr ask ADDRESS PORT SECONDS\n", stderr);
		return 2;
	}
	at.sin_port = htons(atoi(argv[3]));
	ask(at, atof(argv[4]));
	return 0;
}
