// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The filter in the kernel. libbpf shows us each program when it is linked, just before it loads
 * it: the filter's instructions are put behind the program's as a function of its own, and the stub
 * that bpf/filter.h calls becomes a call of it. (A program of type EXT could replace the stub after
 * loading, but needs more of the kernel, and not every sandbox lets one load those.) A kernel that
 * refuses the result gets the programs as they were. Between opening and loading, for kernel.c.
 */
#include "source/filter_kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/filter_translate.h"
#include "xdplens.skel.h"

#ifndef BPF_F_XDP_HAS_FRAGS
#define BPF_F_XDP_HAS_FRAGS (1U << 5)
#endif

enum { HOOK_XDP, HOOK_SKB, HOOKS, PROGRAMS = 3, FUNCTIONS_MAX = 64, LOG_SIZE = 1 << 16 };

struct filter_kernel {
	const struct filter *filter;
	struct xdplens_bpf *skel;
	int handlers[HOOKS];
	struct bpf_func_info functions[PROGRAMS][FUNCTIONS_MAX];
	int n_spliced;
	char log[LOG_SIZE]; /* the verifier's, of the program that it refused */
	char why[160];
};

static const struct hook {
	const char *section, *stub, *loader;
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	uint32_t flags;
	struct filter_hook context;
} hooks[HOOKS] = {
	[HOOK_XDP] = {"xdp.frags",
		      "filter_xdp",
		      "filter_load_xdp",
		      BPF_PROG_TYPE_XDP,
		      BPF_XDP,
		      BPF_F_XDP_HAS_FRAGS,
		      {.data = offsetof(struct xdp_md, data),
		       .data_end = offsetof(struct xdp_md, data_end),
		       .tag = -1}},
	[HOOK_SKB] = {"tc",
		      "filter_skb",
		      "filter_load_skb",
		      BPF_PROG_TYPE_SCHED_CLS,
		      0,
		      0,
		      {.data = offsetof(struct __sk_buff, data),
		       .data_end = offsetof(struct __sk_buff, data_end),
		       .tag = offsetof(struct __sk_buff, vlan_present)}},
};

static int refuse(struct filter_kernel *f, int error, const char *why)
{
	snprintf(f->why, sizeof(f->why), "%s", why);
	return error;
}

/* ---- one program ---- */

/* A function's place in the program: it ends where the next one begins. */
static bool function_find(const struct bpf_func_info *functions, size_t n, int type, size_t end,
			  size_t *at, size_t *len)
{
	for (size_t i = 0; i < n; i++) {
		if (type <= 0 || functions[i].type_id != (uint32_t)type)
			continue;
		*at = functions[i].insn_off;
		*len = (i + 1 < n ? functions[i + 1].insn_off : end) - *at;
		return *len >= 2;
	}
	return false;
}

/* Its arguments are the filter's: nothing but r0 is touched before the call. */
static void stub_divert(struct bpf_insn *insns, size_t at, size_t len, size_t to)
{
	const struct bpf_insn set = {.code = BPF_ALU64 | BPF_MOV | BPF_K};
	size_t call = at + len - 2;

	for (size_t i = at; i < call; i++)
		insns[i] = set;
	insns[call] = (struct bpf_insn){.code = BPF_JMP | BPF_CALL,
					.src_reg = BPF_PSEUDO_CALL,
					.imm = (int32_t)(to - call - 1)};
	insns[call + 1] = (struct bpf_insn){.code = BPF_JMP | BPF_EXIT};
}

/* The new function has the type of the stub. */
static void splice_type(struct filter_kernel *f, struct bpf_prog_load_opts *o, int stub, size_t end)
{
	struct bpf_func_info *functions = f->functions[f->n_spliced++];
	size_t n = o->func_info_cnt;

	memcpy(functions, o->func_info, n * sizeof(*functions));
	functions[n] = (struct bpf_func_info){.insn_off = end, .type_id = stub};
	o->func_info = functions;
	o->func_info_cnt = n + 1;
	o->line_info = NULL; /* all functions must have lines, or none */
	o->line_info_cnt = 0;
}

static int splice_code(struct filter_kernel *f, struct bpf_program *p, struct filter_hook *context,
		       size_t stub, size_t stub_len)
{
	bool out = p == f->skel->progs.tc_egress;
	size_t end = bpf_program__insn_cnt(p), n;
	const struct sock_filter *classic =
		filter_program(f->filter, out ? DIRECTION_OUT : DIRECTION_IN, &n);
	struct filter_code code;
	struct bpf_insn *insns;
	int error = filter_translate(&code, context, classic, n);

	if (error)
		return refuse(f, error,
			      error == -E2BIG	? "it is too long"
			      : error == -ELOOP ? "it has a loop"
						: strerror(-error));
	insns = malloc((end + code.n) * sizeof(*insns));
	error = -ENOMEM;
	if (insns) {
		memcpy(insns, bpf_program__insns(p), end * sizeof(*insns));
		memcpy(insns + end, code.insns, code.n * sizeof(*insns));
		stub_divert(insns, stub, stub_len, end);
		error = bpf_program__set_insns(p, insns, end + code.n);
	}
	free(insns);
	free(code.insns);
	return error;
}

/* libbpf's call, between linking and loading. */
static int splice(struct filter_kernel *f, struct bpf_program *p, struct bpf_prog_load_opts *o,
		  const struct hook *hook)
{
	const struct btf *btf = bpf_object__btf(f->skel->obj);
	int stub = btf__find_by_name_kind(btf, hook->stub, BTF_KIND_FUNC);
	int loader = btf__find_by_name_kind(btf, hook->loader, BTF_KIND_FUNC);
	size_t end = bpf_program__insn_cnt(p), stub_at, loader_at, len, n = o->func_info_cnt;
	struct filter_hook context = hook->context;
	int error;

	if (o->func_info_rec_size != sizeof(*f->functions[0]) || n == FUNCTIONS_MAX ||
	    f->n_spliced == PROGRAMS ||
	    !function_find(o->func_info, n, loader, end, &loader_at, &len) ||
	    !function_find(o->func_info, n, stub, end, &stub_at, &len))
		return refuse(f, -ENOTSUP, "no place for it in the program");
	context.loader = (long)loader_at - (long)end;
	error = splice_code(f, p, &context, stub_at, len);
	if (!error)
		splice_type(f, o, stub, end);
	return error;
}

static int splice_xdp(struct bpf_program *p, struct bpf_prog_load_opts *o, long cookie)
{
	o->prog_flags |= hooks[HOOK_XDP].flags;
	return splice((struct filter_kernel *)cookie, p, o, &hooks[HOOK_XDP]);
}

static int splice_skb(struct bpf_program *p, struct bpf_prog_load_opts *o, long cookie)
{
	return splice((struct filter_kernel *)cookie, p, o, &hooks[HOOK_SKB]);
}

/* ---- public ---- */

struct filter_kernel *filter_kernel_new(const struct filter *filter)
{
	static int (*const prepare[HOOKS])(struct bpf_program *, struct bpf_prog_load_opts *,
					   long) = {splice_xdp, splice_skb};
	struct filter_kernel *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->filter = filter;
	/* one that stays: libbpf 1.1 frees its list twice where the last goes */
	if (libbpf_register_prog_handler("xdplens", BPF_PROG_TYPE_XDP, BPF_XDP, NULL) < 0)
		goto fail;
	for (int i = 0; i < HOOKS; i++) {
		LIBBPF_OPTS(libbpf_prog_handler_opts, o, .cookie = (long)f,
			    .prog_prepare_load_fn = prepare[i]);

		f->handlers[i] = libbpf_register_prog_handler(hooks[i].section, hooks[i].type,
							      hooks[i].attach, &o);
		if (f->handlers[i] < 0)
			goto fail;
	}
	return f;
fail:
	filter_kernel_free(f);
	errno = ENOTSUP;
	return NULL;
}

void filter_kernel_prepare(struct filter_kernel *f, struct xdplens_bpf *skel)
{
	f->skel = skel;
	bpf_program__set_log_buf(skel->progs.xdp_ingress, f->log, sizeof(f->log));
	bpf_program__set_log_buf(skel->progs.tc_ingress, f->log, sizeof(f->log));
	bpf_program__set_log_buf(skel->progs.tc_egress, f->log, sizeof(f->log));
}

/* The verifier's last line that is no statistics. */
const char *filter_kernel_why(struct filter_kernel *f, int error)
{
	static const char statistics[] = "processed ";
	const char *last = NULL, *line = f->log;

	if (f->why[0])
		return f->why;
	while (*line) {
		if (*line != '\n' && strncmp(line, statistics, sizeof(statistics) - 1) != 0)
			last = line;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	if (last)
		snprintf(f->why, sizeof(f->why), "%.*s", (int)strcspn(last, "\n"), last);
	return last ? f->why : strerror(-error);
}

void filter_kernel_free(struct filter_kernel *f)
{
	if (!f)
		return;
	for (int i = 0; i < HOOKS; i++)
		if (f->handlers[i] > 0)
			libbpf_unregister_prog_handler(f->handlers[i]);
	free(f);
}
