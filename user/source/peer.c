// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel tells the number of the namespace in which a veth's other end is (IFLA_LINK_NETNSID),
 * and for every process the number of its own (RTM_GETNSID): where both agree, the process's
 * control group tells the container. No privilege is asked for. Before owner.c.
 */
#include "source/peer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_PROCESSES = 32768 }; /* looked at in one walk */

struct peers {
	int fd;
	uint32_t sequence;
};

struct peers *peers_new(void)
{
	struct timeval patience = {.tv_usec = 200000};
	struct peers *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (p->fd < 0) {
		free(p);
		return NULL;
	}
	setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return p;
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p);
}

/* An attribute of 32 bits in the answer to a request; -1: none. */
static int peers_ask(struct peers *p, struct nlmsghdr *request, uint16_t kind, size_t header,
		     uint16_t attribute)
{
	_Alignas(struct nlmsghdr) char buffer[8192];
	const struct nlmsghdr *h = (void *)buffer;
	ssize_t n;

	request->nlmsg_seq = ++p->sequence;
	if (send(p->fd, request, request->nlmsg_len, 0) < 0)
		return -1;
	do
		n = recv(p->fd, buffer, sizeof(buffer), 0);
	while (n > 0 && NLMSG_OK(h, (size_t)n) && h->nlmsg_seq != p->sequence);
	if (n < 0 || !NLMSG_OK(h, (size_t)n) || h->nlmsg_type != kind ||
	    h->nlmsg_len < NLMSG_LENGTH(header))
		return -1;
	n = h->nlmsg_len - NLMSG_LENGTH(header);
	for (const struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(header));
	     RTA_OK(a, n); a = RTA_NEXT(a, n)) {
		int value;

		if (a->rta_type == attribute && RTA_PAYLOAD(a) >= sizeof(value)) {
			memcpy(&value, RTA_DATA(a), sizeof(value));
			return value;
		}
	}
	return -1;
}

static int peers_netns_of_link(struct peers *p, int ifindex)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} q = {.h = {.nlmsg_len = sizeof(q),
		     .nlmsg_type = RTM_GETLINK,
		     .nlmsg_flags = NLM_F_REQUEST},
	       .i = {.ifi_family = AF_UNSPEC, .ifi_index = ifindex}};

	return peers_ask(p, &q.h, RTM_NEWLINK, sizeof(q.i), IFLA_LINK_NETNSID);
}

static int peers_netns_of_process(struct peers *p, uint32_t pid)
{
	struct {
		struct nlmsghdr h;
		struct rtgenmsg g;
		char pad[3];
		struct rtattr a;
		uint32_t pid;
	} q = {.h = {.nlmsg_len = sizeof(q),
		     .nlmsg_type = RTM_GETNSID,
		     .nlmsg_flags = NLM_F_REQUEST},
	       .g = {.rtgen_family = AF_UNSPEC},
	       .a = {.rta_len = RTA_LENGTH(sizeof(pid)), .rta_type = NETNSA_PID},
	       .pid = pid};

	return peers_ask(p, &q.h, RTM_NEWNSID, sizeof(q.g), NETNSA_NSID);
}

/* The unified hierarchy's path, else that of systemd's own. */
static size_t peers_read_cgroup(const char *pid, char *path, size_t size)
{
	char name[64], line[600];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%.16s/cgroup", pid);
	f = fopen(name, "re");
	path[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		const char *unified = strncmp(line, "0::", 3) == 0 ? line + 3 : NULL;
		const char *systemd = strstr(line, ":name=systemd:");

		line[strcspn(line, "\n")] = 0;
		if (unified && (unified[1] || !path[0]))
			snprintf(path, size, "%s", unified);
		else if (systemd && (!path[0] || !path[1]))
			snprintf(path, size, "%s", systemd + strlen(":name=systemd:"));
	}
	if (f)
		fclose(f);
	return strlen(path);
}

static void peers_take_process(struct peers *p, const char *pid, struct peer *peers, int n)
{
	int netns = peers_netns_of_process(p, strtoul(pid, NULL, 10));

	for (int i = 0; i < n && netns >= 0; i++)
		if (peers[i].netns == netns && !peers[i].found)
			peers[i].found =
				peers_read_cgroup(pid, peers[i].cgroup, sizeof(peers[i].cgroup));
}

void peers_find(struct peers *p, struct peer *peers, int n)
{
	const struct dirent *e;
	bool any = false;
	int looked = 0;
	DIR *dir;

	for (int i = 0; i < n; i++) {
		peers[i].found = 0;
		peers[i].netns = peers_netns_of_link(p, peers[i].ifindex);
		any |= peers[i].netns >= 0;
	}
	dir = any ? opendir("/proc") : NULL;
	while (dir && (e = readdir(dir)) && looked < PEERS_PROCESSES) {
		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		looked++;
		peers_take_process(p, e->d_name, peers, n);
	}
	if (dir)
		closedir(dir);
}
