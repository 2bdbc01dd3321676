// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The helper's life, and how it is asked. One socket pair: a request, an answer, links passed along
 * as descriptors. It trusts the asker with nothing but an interface number and a mode. When the
 * asker ends, however it ends, the helper takes away the clsact filters, which outlive a process,
 * and ends. After attach.c; live.c asks.
 *
 * Why a process: attaching to an interface that comes back, filters and BPF_ENABLE_STATS take
 * CAP_NET_ADMIN, CAP_BPF and CAP_SYS_ADMIN, which a process that reads hostile packets must not
 * have.
 */
#include "source/helper.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/privilege.h"

enum {
	HELPER_ATTACHED = 512, /* interfaces with filters at a time */
	HELPER_FILES = 4,      /* the socket and the programs */
	HELPER_SPARE = 16,     /* of the asker's descriptors are no links, but its files */
};

enum request_kind { REQUEST_ATTACH, REQUEST_DETACH, REQUEST_MEASURE, REQUEST_COUNT };

struct request {
	enum request_kind kind;
	int ifindex;
	char name[16];
	enum mode mode;
	bool on;
};

struct answer {
	int error;
	bool linked[DIRECTION_COUNT]; /* these links come along, in this order */
	struct attachment attachment;
	struct run_stats stats;
};

struct helper {
	int fd;
	pid_t pid;
};

/* ---- messages ---- */

union control {
	struct cmsghdr header; /* for its alignment */
	char room[CMSG_SPACE(DIRECTION_COUNT * sizeof(int))];
};

static int message_send(int fd, const void *data, size_t len, const int *fds, int n_fds)
{
	struct iovec v = {(void *)data, len};
	union control control = {0};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	if (n_fds) {
		m.msg_control = control.room;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){.cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
						      .cmsg_level = SOL_SOCKET,
						      .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n_fds * sizeof(int));
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* 0; -EPIPE: the other end has gone. Descriptors that did not come are -1. */
static int message_receive(int fd, void *data, size_t len, int fds[DIRECTION_COUNT])
{
	struct iovec v = {data, len};
	union control control = {0};
	struct msghdr m = {.msg_iov = &v,
			   .msg_iovlen = 1,
			   .msg_control = control.room,
			   .msg_controllen = sizeof(control.room)};
	const struct cmsghdr *c;
	ssize_t n;

	fds[0] = fds[1] = -1;
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	if (n <= 0)
		return -EPIPE;
	return (size_t)n == len ? 0 : -EBADMSG;
}

/* ---- in the helper ---- */

struct keeper {
	struct kernel *kernel;
	struct attachment attached[HELPER_ATTACHED]; /* those with filters; ifindex 0: free */
	int stats_fd;
	struct answer answer;
};

static struct attachment *keeper_place(struct keeper *k, int ifindex)
{
	for (int i = 0; i < HELPER_ATTACHED; i++)
		if (k->attached[i].ifindex == ifindex)
			return &k->attached[i];
	return NULL;
}

static void keeper_attach(struct keeper *k, const struct request *r)
{
	struct attachment *a = &k->answer.attachment, *place = keeper_place(k, 0);

	k->answer.error = attach_interface(a, k->kernel, r->ifindex, r->name, r->mode);
	if (k->answer.error || (!a->filters[DIRECTION_IN] && !a->filters[DIRECTION_OUT]))
		return;
	if (place) {
		*place = *a;
		place->links[DIRECTION_IN] = place->links[DIRECTION_OUT] = -1;
	}
}

static void keeper_detach(struct keeper *k, const struct request *r)
{
	struct attachment *a = r->ifindex > 0 ? keeper_place(k, r->ifindex) : NULL;

	if (a) {
		attach_detach(a);
		a->ifindex = 0;
	}
}

static void keeper_measure(struct keeper *k, const struct request *r)
{
	const int fds[] = {kernel_xdp_fd(k->kernel), kernel_tc_fd(k->kernel, DIRECTION_IN),
			   kernel_tc_fd(k->kernel, DIRECTION_OUT)};

	for (int i = 0; i < 3; i++) {
		struct bpf_prog_info info = {0};
		uint32_t len = sizeof(info);

		if (bpf_obj_get_info_by_fd(fds[i], &info, &len) == 0) {
			k->answer.stats.ns += info.run_time_ns;
			k->answer.stats.runs += info.run_cnt;
		}
	}
	if (k->stats_fd >= 0)
		close(k->stats_fd);
	k->stats_fd = r->on ? bpf_enable_stats(BPF_STATS_RUN_TIME) : -1;
	k->answer.error = r->on && k->stats_fd < 0 ? -errno : 0;
}

static int keeper_answer(struct keeper *k, int fd)
{
	int fds[DIRECTION_COUNT], n = 0, error;
	int *links = k->answer.attachment.links;

	for (int d = 0; d < DIRECTION_COUNT; d++) {
		k->answer.linked[d] = links[d] >= 0;
		if (links[d] >= 0)
			fds[n++] = links[d];
	}
	error = message_send(fd, &k->answer, sizeof(k->answer), fds, n);
	while (n)
		close(fds[--n]);
	return error;
}

static void keeper_serve(struct keeper *k, int fd)
{
	static void (*const serve[REQUEST_COUNT])(struct keeper *, const struct request *) = {
		[REQUEST_ATTACH] = keeper_attach,
		[REQUEST_DETACH] = keeper_detach,
		[REQUEST_MEASURE] = keeper_measure,
	};
	struct request r;
	int none[DIRECTION_COUNT];

	while (message_receive(fd, &r, sizeof(r), none) == 0) {
		if (r.kind >= REQUEST_COUNT || r.mode > MODE_TC)
			return;
		r.name[sizeof(r.name) - 1] = 0;
		memset(&k->answer, 0, sizeof(k->answer));
		k->answer.attachment.links[DIRECTION_IN] = -1;
		k->answer.attachment.links[DIRECTION_OUT] = -1;
		serve[r.kind](k, &r);
		if (keeper_answer(k, fd) < 0)
			return;
	}
}

/* Nothing stays open but the socket and the programs: neither files nor a pipe's other end. */
static void keeper_close_files(const struct kernel *k, int fd)
{
	int keep[HELPER_FILES] = {fd, kernel_xdp_fd(k), kernel_tc_fd(k, DIRECTION_IN),
				  kernel_tc_fd(k, DIRECTION_OUT)};
	unsigned from = 0;

	for (;;) {
		unsigned next = ~0u;

		for (int i = 0; i < HELPER_FILES; i++)
			if ((unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = keep[i];
		if (from < next)
			syscall(SYS_close_range, from, next - (next != ~0u), 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

/* No files, few calls, few rights. */
static int keeper_confine(void)
{
	static const unsigned kept[] = {CAP_NET_ADMIN, CAP_BPF, CAP_SYS_ADMIN};
	int error = privilege_keep(kept, sizeof(kept) / sizeof(kept[0]));

	if (error)
		return error;
	confine_files(NULL, 0);
	confine_calls(CONFINE_HELPER);
	return 0;
}

static _Noreturn void keeper_live(struct kernel *kernel, int fd)
{
	static struct keeper k = {.stats_fd = -1};
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	prctl(PR_SET_NAME, "xdplens-helper");
	libbpf_set_print(NULL);
	keeper_close_files(kernel, fd);
	k.kernel = kernel;
	if (keeper_confine() < 0)
		_exit(1);
	keeper_serve(&k, fd);
	for (int i = 0; i < HELPER_ATTACHED; i++)
		if (k.attached[i].ifindex)
			attach_detach(&k.attached[i]);
	_exit(0);
}

/* ---- in the asker ---- */

struct helper *helper_new(const struct kernel *k)
{
	struct helper *h = calloc(1, sizeof(*h));
	int ends[2];

	if (!h || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		free(h);
		return NULL;
	}
	h->pid = fork();
	if (h->pid == 0)
		keeper_live((struct kernel *)k, ends[1]);
	close(ends[1]);
	h->fd = ends[0];
	if (h->pid < 0) {
		close(h->fd);
		free(h);
		return NULL;
	}
	return h;
}

void helper_free(struct helper *h)
{
	if (!h)
		return;
	close(h->fd);
	waitpid(h->pid, NULL, 0);
	free(h);
}

static int helper_ask(struct helper *h, const struct request *r, struct answer *answer,
		      int fds[DIRECTION_COUNT])
{
	int error = message_send(h->fd, r, sizeof(*r), NULL, 0);

	if (!error)
		error = message_receive(h->fd, answer, sizeof(*answer), fds);
	return error ? error : answer->error;
}

/* Descriptors below this one may be links. */
static int helper_room(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)limit.rlim_cur - HELPER_SPARE;
}

int helper_attach(struct helper *h, struct attachment *a, int ifindex, const char *name,
		  enum mode mode)
{
	struct request r = {.kind = REQUEST_ATTACH, .ifindex = ifindex, .mode = mode};
	struct answer answer = {0};
	int fds[DIRECTION_COUNT] = {-1, -1}, n = 0, error;

	snprintf(r.name, sizeof(r.name), "%s", name);
	snprintf(answer.attachment.why, sizeof(answer.attachment.why),
		 "the helper process has gone; start again");
	error = helper_ask(h, &r, &answer, fds);
	*a = answer.attachment;
	for (int d = 0; d < DIRECTION_COUNT; d++)
		a->links[d] = answer.linked[d] ? fds[n++] : -1;
	/* a link that did not come along is no more */
	for (int d = 0; d < DIRECTION_COUNT && !error; d++)
		if (answer.linked[d] && (a->links[d] < 0 || a->links[d] >= helper_room()))
			error = -EMFILE;
	if (error == -EMFILE) {
		snprintf(a->why, sizeof(a->why), "too many open files; see `ulimit -n`");
		helper_detach(h, a);
	}
	return error;
}

void helper_detach(struct helper *h, struct attachment *a)
{
	struct request r = {.kind = REQUEST_DETACH, .ifindex = a->ifindex};
	struct answer answer;
	int none[DIRECTION_COUNT];

	for (int d = 0; d < DIRECTION_COUNT; d++) {
		if (a->links[d] >= 0)
			close(a->links[d]);
		a->links[d] = -1;
	}
	if (a->filters[DIRECTION_IN] || a->filters[DIRECTION_OUT])
		helper_ask(h, &r, &answer, none);
	memset(a->filters, 0, sizeof(a->filters));
}

int helper_measure(struct helper *h, bool on, struct run_stats *now)
{
	struct request r = {.kind = REQUEST_MEASURE, .on = on};
	struct answer answer = {0};
	int none[DIRECTION_COUNT];
	int error = helper_ask(h, &r, &answer, none);

	*now = answer.stats;
	return error;
}
