// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where the web view listens, and which names of it a request may use. Called by web.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "view/web.h"

enum {
	BACKLOG = 64,
	UNREAD = 65536, /* octets that the kernel keeps for a client that does not read, doubled */
};

/* An IPv4 or IPv6 address without port. */
static bool address_parse(const char *text, struct sockaddr_storage *a)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)a;

	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
		a->ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
		a->ss_family = AF_INET6;
	return a->ss_family != AF_UNSPEC;
}

static bool address_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((struct sockaddr_in *)b)->sin_addr.s_addr;
	return !memcmp(&((struct sockaddr_in6 *)a)->sin6_addr,
		       &((struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr));
}

static bool address_any(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ((struct sockaddr_in *)a)->sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&((struct sockaddr_in6 *)a)->sin6_addr);
}

bool web_listen_loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohl(((struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)a)->sin6_addr);
}

/* Host and port lie at the same place in both kinds of address. */
uint16_t web_listen_port(const struct sockaddr_storage *a)
{
	return ntohs(((struct sockaddr_in *)a)->sin_port);
}

void web_listen_url(const struct sockaddr_storage *a, char *dst, size_t n)
{
	bool v6 = a->ss_family == AF_INET6;
	const void *from = v6 ? (const void *)&((struct sockaddr_in6 *)a)->sin6_addr
			      : (const void *)&((struct sockaddr_in *)a)->sin_addr;
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(a->ss_family, from, text, sizeof(text));
	snprintf(dst, n, v6 ? "http://[%s]:%u/" : "http://%s:%u/", text, web_listen_port(a));
}

/*
 * Takes "ADDR", "[ADDR]", either with ":PORT", apart. False: it is neither. The port is left out of
 * account: a tunnel may well have another one.
 */
static bool host_split(const char *text, char host[64], const char **port)
{
	bool brackets = text[0] == '[';
	size_t len = strcspn(text += brackets, brackets ? "]" : ":");
	const char *rest = text + len;

	if (brackets && *rest++ != ']')
		return false;
	*port = rest[0] == ':' ? rest + 1 : "";
	if (rest[0] && rest[0] != ':')
		return false;
	snprintf(host, 64, "%.*s", (int)len, text);
	return len && len < 64 && !(*port)[strspn(*port, "0123456789")];
}

bool web_listen_knows(const struct sockaddr_storage *bound, const char *text)
{
	struct sockaddr_storage literal;
	const char *port;
	char host[64];

	if (!text || !host_split(text, host, &port))
		return false;
	if (!strcasecmp(host, "localhost"))
		return true;
	return address_parse(host, &literal) &&
	       (web_listen_loopback(&literal) || address_any(bound) ||
		address_same(&literal, bound));
}

static int socket_open(struct sockaddr_storage *a)
{
	int fd = socket(a->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1, unread = UNREAD;
	socklen_t len = sizeof(*a);

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &unread, sizeof(unread)); /* handed down to clients */
	if (a->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)a, sizeof(*a)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)a, &len) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int web_listen(const char *where, struct sockaddr_storage *bound)
{
	const char *port = where;
	char host[64] = "127.0.0.1";
	int fd;

	if (strchr(where, ':') && !host_split(where, host, &port))
		port = "";
	if (!port[0] || !address_parse(host, bound)) {
		log_error("--web %s: it must be [ADDR:]PORT", where);
		return -EINVAL;
	}
	((struct sockaddr_in *)bound)->sin_port = htons(strtoul(port, NULL, 10));
	fd = socket_open(bound);
	if (fd < 0)
		log_error("--web %s: %s%s", where, strerror(-fd),
			  fd == -EADDRINUSE ? "; another program listens there, take another port"
			  : fd == -EACCES   ? "; ports below 1024 need privilege, take a higher one"
					    : "");
	return fd;
}
