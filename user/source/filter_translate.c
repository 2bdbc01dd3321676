// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Classic BPF as eBPF, instruction by instruction. Classic jumps go forward only, so the verifier
 * always comes to an end. A load at an offset that lies in reach reads the packet in place; others,
 * and all of a packet whose bytes are not simply those of one frame (a VLAN tag kept beside them, a
 * large send), call the loader that bpf/filter.h has in C. A load past the end, and a division by
 * zero, reject (McCanne and Jacobson, The BSD Packet Filter, 1993).
 *
 *   r6 context   r7 A   r8 X   r9 not 0: every load calls the loader   r0-r5 of one instruction
 *   stack: layout, length, M[16]
 */
#include "source/filter_translate.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CONTEXT = 6, A, X, ODD, FRAME };

enum {
	LAYOUT = -8,
	LENGTH = -16,
	SCRATCH = -20, /* M[0]; M[1] is below */
	NEAR = 0x7fff, /* offsets that are read in place, what an instruction can hold */
	FIX_REJECT = -1,
	PER_INSN = 32, /* most instructions of one */
	HEAD = 48,     /* most before the first, and after the last */
	LOADER_CALL = -2,
};

struct jump { /* to be set once places are known */
	size_t from;
	long to; /* classic instruction, FIX_REJECT or LOADER_CALL */
};

struct translation {
	const struct filter_hook *hook;
	const struct sock_filter *program;
	size_t n;
	struct bpf_insn *insns;
	size_t at;
	struct jump *jumps;
	size_t n_jumps;
	size_t *places;
	bool *reached;
	size_t reject;
	bool rejects;
};

/* ---- instructions ---- */

static void emit(struct translation *t, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	t->insns[t->at++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm};
}

static void emit_move(struct translation *t, uint8_t dst, uint8_t src)
{
	emit(t, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

/* The upper half becomes 0. */
static void emit_set(struct translation *t, uint8_t dst, uint32_t value)
{
	emit(t, BPF_ALU | BPF_MOV | BPF_K, dst, 0, 0, (int32_t)value);
}

static void emit_jump(struct translation *t, uint8_t code, uint8_t dst, uint8_t src, uint32_t imm,
		      long to)
{
	t->jumps[t->n_jumps++] = (struct jump){t->at, to};
	t->rejects |= to == FIX_REJECT;
	emit(t, code, dst, src, 0, (int32_t)imm);
}

/* A jump over what comes next: land() sets where to. */
static size_t emit_skip(struct translation *t, uint8_t code, uint8_t dst, uint8_t src, uint32_t imm)
{
	emit(t, code, dst, src, 0, (int32_t)imm);
	return t->at - 1;
}

static void land(struct translation *t, size_t from)
{
	t->insns[from].off = (int16_t)(t->at - from - 1);
}

/* ---- loads ---- */

/* Its offset is in r2. A, or for `to` X, takes the value. */
static void emit_slow(struct translation *t, uint8_t to, uint32_t size)
{
	size_t good;

	emit_move(t, 1, CONTEXT);
	emit_set(t, 3, size);
	emit(t, BPF_LDX | BPF_MEM | BPF_DW, 4, FRAME, LAYOUT, 0);
	t->jumps[t->n_jumps++] = (struct jump){t->at, LOADER_CALL};
	emit(t, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	emit_move(t, 1, 0);
	emit(t, BPF_ALU64 | BPF_RSH | BPF_K, 1, 0, 0, 32);
	good = emit_skip(t, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	emit_move(t, 0, 1);
	emit(t, BPF_ALU64 | BPF_SUB | BPF_K, 0, 0, 0, 1);
	emit(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	land(t, good);
	emit(t, BPF_ALU | BPF_MOV | BPF_X, to, 0, 0, 0);
}

static void emit_load(struct translation *t, uint8_t to, uint32_t size, bool indexed, uint32_t k)
{
	const uint8_t width = size == 1 ? BPF_B : size == 2 ? BPF_H : BPF_W;
	size_t slow[3], n = 0, done;

	emit_set(t, 2, k);
	if (indexed)
		emit(t, BPF_ALU64 | BPF_ADD | BPF_X, 2, X, 0, 0);
	if (indexed || k > NEAR)
		emit_jump(t, BPF_JMP | BPF_JGT | BPF_K, 2, 0, INT32_MAX, FIX_REJECT);
	if (!indexed && k > NEAR) {
		emit_slow(t, to, size);
		return;
	}
	if (t->hook->tag >= 0)
		slow[n++] = emit_skip(t, BPF_JMP | BPF_JNE | BPF_K, ODD, 0, 0);
	if (indexed)
		slow[n++] = emit_skip(t, BPF_JMP | BPF_JGT | BPF_K, 2, 0, NEAR);
	emit(t, BPF_LDX | BPF_MEM | BPF_W, 4, CONTEXT, t->hook->data, 0);
	emit(t, BPF_LDX | BPF_MEM | BPF_W, 5, CONTEXT, t->hook->data_end, 0);
	emit(t, BPF_ALU64 | BPF_ADD | BPF_X, 4, 2, 0, 0);
	emit_move(t, 3, 4);
	emit(t, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, size);
	slow[n++] = emit_skip(t, BPF_JMP | BPF_JGT | BPF_X, 3, 5, 0);
	emit(t, BPF_LDX | BPF_MEM | width, to, 4, 0, 0);
	if (size > 1)
		emit(t, BPF_ALU | BPF_END | BPF_TO_BE, to, 0, 0, 8 * size);
	done = emit_skip(t, BPF_JMP | BPF_JA, 0, 0, 0);
	for (size_t i = 0; i < n; i++)
		land(t, slow[i]);
	emit_slow(t, to, size);
	land(t, done);
}

/* Of a large send, each frame has its own length. */
static void emit_length(struct translation *t, uint8_t to)
{
	size_t one;

	emit(t, BPF_LDX | BPF_MEM | BPF_DW, 1, FRAME, LAYOUT, 0);
	one = emit_skip(t, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
	emit_set(t, 0, FILTER_ASKS);
	emit(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	land(t, one);
	emit(t, BPF_LDX | BPF_MEM | BPF_DW, to, FRAME, LENGTH, 0);
}

static int put_load(struct translation *t, const struct sock_filter *c, uint8_t to)
{
	uint32_t size = BPF_SIZE(c->code) == BPF_B ? 1 : BPF_SIZE(c->code) == BPF_H ? 2 : 4;

	switch (BPF_MODE(c->code)) {
	case BPF_IMM:
		emit_set(t, to, c->k);
		return 0;
	case BPF_MEM:
		if (c->k >= BPF_MEMWORDS)
			return -EINVAL;
		emit(t, BPF_LDX | BPF_MEM | BPF_W, to, FRAME, SCRATCH - 4 * (int)c->k, 0);
		return 0;
	case BPF_LEN:
		emit_length(t, to);
		return 0;
	case BPF_MSH:
		if (to != X)
			return -EINVAL;
		emit_load(t, X, 1, false, c->k);
		emit(t, BPF_ALU | BPF_AND | BPF_K, X, 0, 0, 0xf);
		emit(t, BPF_ALU | BPF_LSH | BPF_K, X, 0, 0, 2);
		return 0;
	case BPF_ABS:
	case BPF_IND:
		if (to != A)
			return -EINVAL;
		emit_load(t, A, size, BPF_MODE(c->code) == BPF_IND, c->k);
		return 0;
	}
	return -EINVAL;
}

/* ---- arithmetic ---- */

static int put_divide(struct translation *t, const struct sock_filter *c)
{
	if (BPF_SRC(c->code) == BPF_X)
		emit_jump(t, BPF_JMP32 | BPF_JEQ | BPF_K, X, 0, 0, FIX_REJECT);
	else if (!c->k)
		return -EINVAL;
	emit(t, BPF_ALU | BPF_OP(c->code) | BPF_SRC(c->code), A, BPF_SRC(c->code) == BPF_X ? X : 0,
	     0, (int32_t)c->k);
	return 0;
}

/* By 32 bits and more nothing is left. */
static void put_shift(struct translation *t, const struct sock_filter *c)
{
	size_t far, done;

	if (BPF_SRC(c->code) == BPF_K) {
		if (c->k < 32)
			emit(t, BPF_ALU | BPF_OP(c->code) | BPF_K, A, 0, 0, (int32_t)c->k);
		else
			emit_set(t, A, 0);
		return;
	}
	far = emit_skip(t, BPF_JMP32 | BPF_JGT | BPF_K, X, 0, 31);
	emit(t, BPF_ALU | BPF_OP(c->code) | BPF_X, A, X, 0, 0);
	done = emit_skip(t, BPF_JMP | BPF_JA, 0, 0, 0);
	land(t, far);
	emit_set(t, A, 0);
	land(t, done);
}

static int put_alu(struct translation *t, const struct sock_filter *c)
{
	bool by_x = BPF_SRC(c->code) == BPF_X;

	switch (BPF_OP(c->code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR:
		emit(t, BPF_ALU | BPF_OP(c->code) | BPF_SRC(c->code), A, by_x ? X : 0, 0,
		     by_x ? 0 : (int32_t)c->k);
		return 0;
	case BPF_DIV:
	case BPF_MOD:
		return put_divide(t, c);
	case BPF_LSH:
	case BPF_RSH:
		put_shift(t, c);
		return 0;
	case BPF_NEG:
		emit(t, BPF_ALU | BPF_NEG, A, 0, 0, 0);
		return 0;
	}
	return -EINVAL;
}

/* ---- the program ---- */

static void put_jump(struct translation *t, size_t i)
{
	const struct sock_filter *c = &t->program[i];
	bool by_x = BPF_SRC(c->code) == BPF_X;

	if (BPF_OP(c->code) == BPF_JA) {
		emit_jump(t, BPF_JMP | BPF_JA, 0, 0, 0, (long)(i + 1 + c->k));
		return;
	}
	if (c->jt != c->jf)
		emit_jump(t, BPF_JMP32 | BPF_OP(c->code) | BPF_SRC(c->code), A, by_x ? X : 0,
			  by_x ? 0 : c->k, (long)(i + 1 + c->jt));
	if (c->jf)
		emit_jump(t, BPF_JMP | BPF_JA, 0, 0, 0, (long)(i + 1 + c->jf));
}

static int put_return(struct translation *t, const struct sock_filter *c)
{
	size_t zero;

	if (BPF_RVAL(c->code) == BPF_A) {
		emit(t, BPF_ALU | BPF_MOV | BPF_X, 0, A, 0, 0);
		zero = emit_skip(t, BPF_JMP32 | BPF_JEQ | BPF_K, 0, 0, 0);
		emit_set(t, 0, FILTER_TAKES);
		land(t, zero);
	} else if (BPF_RVAL(c->code) == BPF_K) {
		emit_set(t, 0, c->k ? FILTER_TAKES : FILTER_REJECTS);
	} else {
		return -EINVAL;
	}
	emit(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	return 0;
}

static int put_store(struct translation *t, const struct sock_filter *c, uint8_t from)
{
	if (c->k >= BPF_MEMWORDS)
		return -EINVAL;
	emit(t, BPF_STX | BPF_MEM | BPF_W, FRAME, from, SCRATCH - 4 * (int)c->k, 0);
	return 0;
}

static int put_insn(struct translation *t, size_t i)
{
	const struct sock_filter *c = &t->program[i];

	switch (BPF_CLASS(c->code)) {
	case BPF_LD:
		return put_load(t, c, A);
	case BPF_LDX:
		return put_load(t, c, X);
	case BPF_ST:
		return put_store(t, c, A);
	case BPF_STX:
		return put_store(t, c, X);
	case BPF_ALU:
		return put_alu(t, c);
	case BPF_JMP:
		put_jump(t, i);
		return 0;
	case BPF_RET:
		return put_return(t, c);
	}
	if (BPF_MISCOP(c->code) == BPF_TAX)
		emit(t, BPF_ALU | BPF_MOV | BPF_X, X, A, 0, 0);
	else
		emit(t, BPF_ALU | BPF_MOV | BPF_X, A, X, 0, 0);
	return 0;
}

static void put_head(struct translation *t)
{
	uint32_t used = 0;
	size_t never;

	for (size_t i = 0; i < t->n; i++) {
		const struct sock_filter *c = &t->program[i];
		bool reads = BPF_CLASS(c->code) <= BPF_LDX && BPF_MODE(c->code) == BPF_MEM;

		if (reads && c->k < BPF_MEMWORDS)
			used |= 1u << c->k;
	}
	/* never taken, but the loader must be called from somewhere to be a function */
	emit_set(t, 0, 0);
	never = emit_skip(t, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0);
	t->jumps[t->n_jumps++] = (struct jump){t->at, LOADER_CALL};
	emit(t, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	land(t, never);
	emit_move(t, CONTEXT, 1);
	emit(t, BPF_ALU | BPF_MOV | BPF_X, 2, 2, 0, 0);
	emit(t, BPF_ALU | BPF_MOV | BPF_X, 3, 3, 0, 0);
	emit(t, BPF_STX | BPF_MEM | BPF_DW, FRAME, 3, LAYOUT, 0);
	emit(t, BPF_STX | BPF_MEM | BPF_DW, FRAME, 2, LENGTH, 0);
	emit_set(t, A, 0);
	emit_set(t, X, 0);
	if (t->hook->tag >= 0) {
		emit(t, BPF_LDX | BPF_MEM | BPF_W, ODD, CONTEXT, t->hook->tag, 0);
		emit(t, BPF_ALU64 | BPF_OR | BPF_X, ODD, 3, 0, 0);
	}
	for (int m = 0; m < BPF_MEMWORDS; m++)
		if (used & 1u << m)
			emit(t, BPF_ST | BPF_MEM | BPF_W, FRAME, 0, SCRATCH - 4 * m, 0);
}

/* The verifier wants no instruction that is never reached; every jump must go forward and stay. */
static int find_reached(struct translation *t)
{
	t->reached[0] = true;
	for (size_t i = 0; i < t->n; i++) {
		const struct sock_filter *c = &t->program[i];

		if (!t->reached[i] || BPF_CLASS(c->code) == BPF_RET)
			continue;
		if (BPF_CLASS(c->code) != BPF_JMP) {
			t->reached[i + 1] = true;
		} else if (BPF_OP(c->code) == BPF_JA) {
			if (c->k >= t->n) /* libpcap's own: it only jumps so for protochain */
				return -ELOOP;
			t->reached[i + 1 + c->k < t->n ? i + 1 + c->k : t->n] = true;
		} else {
			if (BPF_OP(c->code) > BPF_JSET || i + 1 + c->jt >= t->n ||
			    i + 1 + c->jf >= t->n)
				return -EINVAL;
			t->reached[i + 1 + c->jt] = true;
			t->reached[i + 1 + c->jf] = true;
		}
		if (t->reached[t->n])
			return -EINVAL;
	}
	return 0;
}

static void put_tail(struct translation *t)
{
	t->reject = t->at;
	if (t->rejects) {
		emit_set(t, 0, FILTER_REJECTS);
		emit(t, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
}

static int fix_jumps(struct translation *t)
{
	for (size_t i = 0; i < t->n_jumps; i++) {
		const struct jump *j = &t->jumps[i];
		long to = j->to == LOADER_CALL	? t->hook->loader
			  : j->to == FIX_REJECT ? (long)t->reject
						: (long)t->places[j->to];
		long over = to - (long)j->from - 1;

		if (j->to == LOADER_CALL)
			t->insns[j->from].imm = (int32_t)over;
		else if (over > INT16_MAX)
			return -E2BIG;
		else
			t->insns[j->from].off = (int16_t)over;
	}
	return 0;
}

static int translate(struct translation *t)
{
	int error = find_reached(t);

	if (error)
		return error;
	put_head(t);
	for (size_t i = 0; i < t->n && !error; i++) {
		t->places[i] = t->at;
		if (t->reached[i])
			error = put_insn(t, i);
	}
	if (error)
		return error;
	put_tail(t);
	return fix_jumps(t);
}

int filter_translate(struct filter_code *code, const struct filter_hook *hook,
		     const struct sock_filter *program, size_t n)
{
	struct translation t = {.hook = hook, .program = program, .n = n};
	int error = -EINVAL;

	if (!n || n > BPF_MAXINSNS)
		return error;
	t.insns = calloc(HEAD + n * PER_INSN, sizeof(*t.insns));
	t.jumps = calloc(4 * n + 1, sizeof(*t.jumps));
	t.places = calloc(n + 1, sizeof(*t.places));
	t.reached = calloc(n + 1, sizeof(*t.reached));
	error = t.insns && t.jumps && t.places && t.reached ? translate(&t) : -ENOMEM;
	if (error)
		free(t.insns);
	else
		*code = (struct filter_code){t.insns, t.at};
	free(t.jumps);
	free(t.places);
	free(t.reached);
	return error;
}
