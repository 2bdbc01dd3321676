// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Our programs on an interface. bpf_link wherever the kernel has it (XDP 5.9, TCX 6.6), so that the
 * kernel itself takes them away when we end, however we end; else clsact filters with a handle and
 * priority of ours, which helper.c takes away. Nobody else's program is ever touched; the clsact
 * qdisc stays, as others may have put theirs there since.
 */
#include "source/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/nic.h"

enum {
	/* enum bpf_attach_type since 6.6 */
	ATTACH_TCX_INGRESS = 46,
	ATTACH_TCX_EGRESS = 47,
	TC_HANDLE = 0x7864, /* "xd" */
	TC_PRIORITY = 49152,
};

/* "another XDP program is loaded (id 41, 'name')", or what the error says. */
static void attach_explain_xdp(char *why, size_t n, int ifindex, int error)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info), id = 0;
	int fd = -1;

	if (error == -ENOSYS) {
		snprintf(why, n, "before Linux 5.18 XDP programs cannot read all of a packet");
		return;
	}
	if (bpf_xdp_query_id(ifindex, 0, &id) == 0 && id)
		fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len) == 0)
		snprintf(why, n, "another XDP program is loaded (id %u, '%s')", id, info.name);
	else if (error == -EOPNOTSUPP)
		snprintf(why, n, "the driver takes no native XDP as it is set up (%s)",
			 strerror(-error));
	else
		snprintf(why, n, "native XDP is refused: %s", strerror(-error));
	if (fd >= 0)
		close(fd);
}

static int attach_xdp(struct attachment *a, const struct kernel *k, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, o, .flags = flags);
	int prog_fd = kernel_xdp_fd(k);
	int fd = prog_fd < 0 ? -ENOSYS : bpf_link_create(prog_fd, a->ifindex, BPF_XDP, &o);

	if (fd < 0)
		return fd;
	a->links[DIRECTION_IN] = fd;
	snprintf(a->mode, sizeof(a->mode), "%s",
		 flags == XDP_FLAGS_SKB_MODE ? "generic" : "native");
	return 0;
}

static int attach_clsact(struct attachment *a, int prog_fd, enum direction d)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = a->ifindex,
		    .attach_point = d == DIRECTION_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, o, .handle = TC_HANDLE, .priority = TC_PRIORITY,
		    .prog_fd = prog_fd, .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	error = bpf_tc_attach(&hook, &o);
	if (!error)
		a->filters[d] = o.prog_id;
	return error;
}

/* Removes our filters, unless another start has replaced them since. */
static void attach_remove_filters(const struct attachment *a)
{
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = a->ifindex,
			    .attach_point = d == DIRECTION_IN ? BPF_TC_INGRESS : BPF_TC_EGRESS);
		LIBBPF_OPTS(bpf_tc_opts, found, .handle = TC_HANDLE, .priority = TC_PRIORITY);
		LIBBPF_OPTS(bpf_tc_opts, o, .handle = TC_HANDLE, .priority = TC_PRIORITY);

		if (a->filters[d] && bpf_tc_query(&hook, &found) == 0 &&
		    found.prog_id == a->filters[d])
			bpf_tc_detach(&hook, &o);
	}
}

static int attach_tc(struct attachment *a, const struct kernel *k, enum direction d)
{
	LIBBPF_OPTS(bpf_link_create_opts, o);
	int prog_fd = kernel_tc_fd(k, d);
	int type = d == DIRECTION_IN ? ATTACH_TCX_INGRESS : ATTACH_TCX_EGRESS;
	int fd = bpf_link_create(prog_fd, a->ifindex, (enum bpf_attach_type)type, &o);

	if (fd >= 0) {
		a->links[d] = fd;
		return 0;
	}
	return attach_clsact(a, prog_fd, d);
}

static int attach_ingress(struct attachment *a, const struct kernel *k, enum mode mode)
{
	int error = -EINVAL;

	if (mode == MODE_GENERIC)
		error = attach_xdp(a, k, XDP_FLAGS_SKB_MODE);
	else if (mode != MODE_TC)
		error = attach_xdp(a, k, XDP_FLAGS_DRV_MODE);
	if (!error)
		return 0;
	if (mode != MODE_TC)
		attach_explain_xdp(a->why, sizeof(a->why), a->ifindex, error);
	if (mode == MODE_NATIVE || mode == MODE_GENERIC)
		return error;
	error = attach_tc(a, k, DIRECTION_IN);
	if (!error)
		snprintf(a->mode, sizeof(a->mode), "tc");
	else
		snprintf(a->why, sizeof(a->why), "TC ingress is refused: %s", strerror(-error));
	return error;
}

int attach_interface(struct attachment *a, const struct kernel *k, int ifindex, const char *name,
		     enum mode mode)
{
	int error;

	*a = (struct attachment){.ifindex = ifindex, .links = {-1, -1}};
	snprintf(a->name, sizeof(a->name), "%s", name);
	error = attach_ingress(a, k, mode);
	if (error)
		return error;
	error = attach_tc(a, k, DIRECTION_OUT);
	if (error) {
		snprintf(a->why, sizeof(a->why), "TC egress is refused: %s", strerror(-error));
		attach_detach(a);
	}
	return error;
}

void attach_detach(struct attachment *a)
{
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		if (a->links[d] >= 0)
			close(a->links[d]);
		a->links[d] = -1;
	}
	attach_remove_filters(a);
	memset(a->filters, 0, sizeof(a->filters));
}

enum mode attach_mode(enum mode wanted, bool unnamed_veth)
{
	return wanted == MODE_AUTO && unnamed_veth ? MODE_TC : wanted;
}

const char *attach_advice(const struct attachment *a)
{
	struct nic nic;

	if (strcmp(a->mode, "native") == 0 && nic_read(&nic, a->name) == 0 &&
	    strcmp(nic.driver, "veth") == 0)
		return "a veth with any XDP program gives up large sends, and TCP about half of "
		       "its "
		       "throughput; --mode tc leaves it";
	return "";
}
