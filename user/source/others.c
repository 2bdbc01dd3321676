// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs that are on an interface already: XDP, TCX and clsact filters, and the process that
 * holds each. Before doctor.c; only asks, changes nothing.
 */
#include "source/others.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct list {
	struct other *others;
	int n;
};

static void others_add(struct list *l, const char *where, uint32_t id, const char *name)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	struct other *o;
	int fd;

	if (l->n == OTHERS_MAX)
		return;
	o = &l->others[l->n++];
	*o = (struct other){.id = id};
	snprintf(o->where, sizeof(o->where), "%s", where);
	fd = id ? bpf_prog_get_fd_by_id(id) : -1;
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		name = info.name;
	if (fd >= 0)
		close(fd);
	snprintf(o->name, sizeof(o->name), "%s", name);
}

/* Does this open file of a process, by its fdinfo, hold program `id`, itself or by a link? */
static bool others_holds(const char *path, uint32_t id)
{
	FILE *f = fopen(path, "re");
	char line[128];
	bool found = false;
	uint32_t n;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "prog_id: %u", &n) == 1 && n == id;
	if (f)
		fclose(f);
	return found;
}

static bool others_process_holds(const char *pid, uint32_t id)
{
	char path[600];
	bool found = false;
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	while (dir && !found && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fdinfo/%s", pid, e->d_name);
		found = isdigit(e->d_name[0]) && others_holds(path, id);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void others_find_owner(struct other *o)
{
	DIR *dir = opendir("/proc");
	char path[300], comm[16] = "?";
	struct dirent *e;
	FILE *f;

	while (dir && (e = readdir(dir))) {
		if (!isdigit(e->d_name[0]) || !others_process_holds(e->d_name, o->id))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%15[^\n]", comm) != 1)
			strcpy(comm, "?");
		if (f)
			fclose(f);
		snprintf(o->owner, sizeof(o->owner), "%s, pid %.10s", comm, e->d_name);
		break;
	}
	if (dir)
		closedir(dir);
}

static int others_list_xdp(struct list *l, int ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);
	int error = bpf_xdp_query(ifindex, 0, &q);

	if (error < 0)
		return error;
	if (q.drv_prog_id)
		others_add(l, "XDP native", q.drv_prog_id, "");
	if (q.skb_prog_id)
		others_add(l, "XDP generic", q.skb_prog_id, "");
	if (q.hw_prog_id)
		others_add(l, "XDP offloaded", q.hw_prog_id, "");
	return 0;
}

static int others_list_tcx(struct list *l, int ifindex, int type, const char *where)
{
	uint32_t ids[OTHERS_MAX], n = OTHERS_MAX;

	if (bpf_prog_query(ifindex, (enum bpf_attach_type)type, 0, NULL, ids, &n) < 0)
		return -errno;
	for (uint32_t i = 0; i < n && i < OTHERS_MAX; i++)
		others_add(l, where, ids[i], "");
	return 0;
}

int others_probe_tcx(int ifindex)
{
	uint32_t n = 0;

	return bpf_prog_query(ifindex, (enum bpf_attach_type)OTHERS_TCX_INGRESS, 0, NULL, NULL,
			      &n) < 0
		       ? -errno
		       : 0;
}

static void others_read_filter(struct list *l, const struct nlmsghdr *h, const char *where)
{
	const struct tcmsg *t = NLMSG_DATA(h);
	int len = h->nlmsg_len - NLMSG_LENGTH(sizeof(*t)), inner = 0;
	const struct rtattr *options = NULL;
	char kind[16] = "", name[64] = "";
	uint32_t id = 0;

	for (const struct rtattr *a = TCA_RTA(t); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == TCA_KIND)
			snprintf(kind, sizeof(kind), "%.*s", (int)RTA_PAYLOAD(a),
				 (const char *)RTA_DATA(a));
		if (a->rta_type == TCA_OPTIONS)
			options = a;
	}
	if (!options || !t->tcm_handle) /* the head of a chain: its filters follow */
		return;
	inner = RTA_PAYLOAD(options);
	for (const struct rtattr *a = RTA_DATA(options);
	     strcmp(kind, "bpf") == 0 && RTA_OK(a, inner); a = RTA_NEXT(a, inner)) {
		if (a->rta_type == TCA_BPF_NAME)
			snprintf(name, sizeof(name), "%.*s", (int)RTA_PAYLOAD(a),
				 (const char *)RTA_DATA(a));
		if (a->rta_type == TCA_BPF_ID && RTA_PAYLOAD(a) >= sizeof(id))
			memcpy(&id, RTA_DATA(a), sizeof(id));
	}
	others_add(l, where, id, name[0] ? name : kind);
}

static int others_list_clsact(struct list *l, int ifindex, uint32_t parent, const char *where)
{
	struct {
		struct nlmsghdr h;
		struct tcmsg t;
	} q = {.h = {.nlmsg_len = sizeof(q),
		     .nlmsg_type = RTM_GETTFILTER,
		     .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	       .t = {.tcm_ifindex = ifindex, .tcm_parent = parent}};
	static _Alignas(struct nlmsghdr) char buffer[1 << 15];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	bool done = false;
	ssize_t n;

	if (fd < 0 || send(fd, &q, sizeof(q), 0) < 0)
		done = true;
	while (!done && (n = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
		int len = n;

		for (const struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, (unsigned)len);
		     h = NLMSG_NEXT(h, len)) {
			done |= h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR;
			if (h->nlmsg_type == RTM_NEWTFILTER)
				others_read_filter(l, h, where);
		}
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

int others_list(struct other others[OTHERS_MAX], int ifindex)
{
	struct list l = {.others = others};
	int error, tcx;

	error = others_list_xdp(&l, ifindex);
	tcx = others_list_tcx(&l, ifindex, OTHERS_TCX_INGRESS, "TCX ingress");
	if (!tcx)
		tcx = others_list_tcx(&l, ifindex, OTHERS_TCX_EGRESS, "TCX egress");
	others_list_clsact(&l, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), "clsact ingress");
	others_list_clsact(&l, ifindex, TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), "clsact egress");
	for (int i = 0; i < l.n; i++)
		if (others[i].id)
			others_find_owner(&others[i]);
	if (!l.n && !error && tcx != -EINVAL)
		error = tcx;
	return l.n ? l.n : error;
}
