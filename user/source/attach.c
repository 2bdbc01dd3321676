// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Our programs on an interface. bpf_link wherever the kernel has it (XDP 5.9, TCX 6.6), so that the
 * kernel itself takes them away when we end, however we end; else clsact filters with a handle and
 * priority of ours, which a process of ours takes away, the keeper. Nobody else's program is ever
 * touched; the clsact qdisc stays, as others may have put theirs there since.
 */
#include "source/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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
	int fd = bpf_link_create(kernel_xdp_fd(k), a->ifindex, BPF_XDP, &o);

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

/* The keeper's life: nothing of ours stays open in it but the pipe, whose end is our end. */
static _Noreturn void attach_keeper(const struct attachment *a, int pipe)
{
	sigset_t all;
	char none;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	dup2(pipe, STDIN_FILENO);
	syscall(SYS_close_range, 1, ~0u, 0);
	libbpf_set_print(NULL);
	while (read(STDIN_FILENO, &none, 1) < 0 && errno == EINTR)
		;
	attach_remove_filters(a);
	_exit(0);
}

/*
 * Filters outlive a process that is killed, and removing them takes the privilege that -Z gives up;
 * so another process sees to it. Where there can be none, attach_detach does.
 */
static void attach_keep(struct attachment *a)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	pid = fork();
	if (pid == 0)
		attach_keeper(a, ends[0]);
	close(ends[0]);
	if (pid > 0) {
		a->keeper = pid;
		a->leash = ends[1];
	} else {
		close(ends[1]);
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
	} else if (a->filters[DIRECTION_IN] || a->filters[DIRECTION_OUT]) {
		attach_keep(a);
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
	if (a->keeper) {
		close(a->leash);
		waitpid(a->keeper, NULL, 0);
	} else {
		attach_remove_filters(a);
	}
	a->keeper = 0;
	memset(a->filters, 0, sizeof(a->filters));
}
