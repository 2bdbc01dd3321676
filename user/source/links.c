// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The host's interfaces by rtnetlink(7): a dump first, then what the kernel announces. */
#include "source/links.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct links {
	int fd;
};

static int links_dump(int fd)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} request = {
		.h = {.nlmsg_len = sizeof(request),
		      .nlmsg_type = RTM_GETLINK,
		      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.i = {.ifi_family = AF_UNSPEC},
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

struct links *links_new(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	struct links *l = calloc(1, sizeof(*l));
	int size = 1 << 20;

	if (!l)
		return NULL;
	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    links_dump(l->fd) < 0) {
		links_free(l);
		return NULL;
	}
	setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return l;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static bool links_is_veth(const struct rtattr *info)
{
	int len = RTA_PAYLOAD(info);

	for (const struct rtattr *a = RTA_DATA(info); RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFLA_INFO_KIND)
			return RTA_PAYLOAD(a) >= 4 && memcmp(RTA_DATA(a), "veth", 4) == 0;
	return false;
}

static bool links_read(const struct nlmsghdr *h, struct link_change *c)
{
	const struct ifinfomsg *i = NLMSG_DATA(h);
	int len = h->nlmsg_len - NLMSG_LENGTH(sizeof(*i));

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*i)) ||
	    (h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK))
		return false;
	/* AF_BRIDGE and the like tell of ports, not of the interface */
	if (i->ifi_family != AF_UNSPEC)
		return false;
	*c = (struct link_change){
		.ifindex = i->ifi_index,
		.up = (i->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING),
		.gone = h->nlmsg_type == RTM_DELLINK,
		.loopback = i->ifi_flags & IFF_LOOPBACK,
	};
	for (const struct rtattr *a = IFLA_RTA(i); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == IFLA_IFNAME)
			snprintf(c->name, sizeof(c->name), "%.*s", (int)RTA_PAYLOAD(a),
				 (const char *)RTA_DATA(a));
		else if (a->rta_type == IFLA_LINKINFO)
			c->veth = links_is_veth(a);
	}
	return true;
}

bool links_poll(struct links *l, void (*changed)(void *arg, const struct link_change *c), void *arg)
{
	static _Alignas(struct nlmsghdr) char buffer[1 << 15];
	ssize_t n;

	while ((n = recv(l->fd, buffer, sizeof(buffer), 0)) != 0) {
		int len = n;

		if (n < 0 && errno == ENOBUFS) { /* announcements were lost: ask again */
			links_dump(l->fd);
			return true;
		}
		if (n < 0)
			return false;
		for (const struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (unsigned)len);
		     h = NLMSG_NEXT(h, len)) {
			struct link_change c;

			if (links_read(h, &c))
				changed(arg, &c);
		}
	}
	return false;
}

static bool links_default4(char name[16])
{
	char line[256], device[16];
	unsigned destination, mask;
	FILE *f = fopen("/proc/net/route", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%15s %x %*x %*x %*d %*d %*d %x", device, &destination, &mask) ==
		    3)
			found = !destination && !mask;
	if (f)
		fclose(f);
	if (found)
		memcpy(name, device, 16);
	return found;
}

static bool links_default6(char name[16])
{
	char line[256], destination[33], device[16];
	unsigned len;
	FILE *f = fopen("/proc/net/ipv6_route", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%32s %x %*s %*s %*s %*s %*s %*s %*s %15s", destination, &len,
			   device) == 3)
			found = !len && strspn(destination, "0") == 32 && strcmp(device, "lo") != 0;
	if (f)
		fclose(f);
	if (found)
		memcpy(name, device, 16);
	return found;
}

bool links_default(char name[16])
{
	return links_default4(name) || links_default6(name);
}
