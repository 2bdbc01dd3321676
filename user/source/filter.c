// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The words of tcpdump after the options, which say what is captured. libpcap makes a classic BPF
 * program of them; filter_translate.c and filter_kernel.c put it into the kernel. What the kernel
 * leaves open (large sends, of whose frames each has its own length, flags and payload) and all
 * where the kernel refuses the filter is decided here, by libpcap.
 */
#include "source/filter.h"

#include <linux/if_packet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"
#include "base/log.h"
#include "xdplens/event.h"

enum {
	FRAME_MAX = 262144,
};

struct filter {
	struct bpf_program program[DIRECTION_COUNT];
	uint8_t tagged[COPY_MAX + FRAME_TAG];
};

_Static_assert(sizeof(struct bpf_insn) == sizeof(struct sock_filter) &&
		       offsetof(struct bpf_insn, k) == offsetof(struct sock_filter, k),
	       "libpcap's name for the same");

/* What "inbound" and "outbound" read is not in the frame, but known: it becomes a constant. */
static void filter_direct(struct bpf_program *p, uint32_t packet_type)
{
	const uint32_t at = (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE);

	for (unsigned i = 0; i < p->bf_len; i++) {
		struct bpf_insn *insn = &p->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
		    insn->k == at)
			*insn = (struct bpf_insn){.code = BPF_LD | BPF_IMM, .k = packet_type};
	}
}

struct filter *filter_new(const char *words)
{
	struct filter *f = calloc(1, sizeof(*f));
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, FRAME_MAX);
	int status = f && dead ? 0 : -1;

	for (int d = 0; d < DIRECTION_COUNT && status == 0; d++)
		status = pcap_compile(dead, &f->program[d], words, 1, PCAP_NETMASK_UNKNOWN);
	if (status < 0) {
		log_error("filter '%s': %s", words,
			  f && dead ? pcap_geterr(dead) : "out of memory");
		filter_free(f);
		f = NULL;
	} else {
		filter_direct(&f->program[DIRECTION_IN], PACKET_HOST);
		filter_direct(&f->program[DIRECTION_OUT], PACKET_OUTGOING);
	}
	if (dead)
		pcap_close(dead);
	return f;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (int d = 0; d < DIRECTION_COUNT; d++)
		pcap_freecode(&f->program[d]);
	free(f);
}

const struct sock_filter *filter_program(const struct filter *f, enum direction d, size_t *n)
{
	*n = f->program[d].bf_len;
	return (const struct sock_filter *)f->program[d].bf_insns;
}

bool filter_takes(struct filter *f, const struct event *e)
{
	struct pcap_pkthdr h = {.caplen = e->caplen, .len = e->wire_len};
	bool out = e->packet->key.link & FLOW_EGRESS;
	const struct bpf_program *program = &f->program[out ? DIRECTION_OUT : DIRECTION_IN];

	if (!frame_lacks_tag(e))
		return pcap_offline_filter(program, &h, e->data);
	h.caplen = frame_copy(f->tagged, e, sizeof(f->tagged));
	return pcap_offline_filter(program, &h, f->tagged);
}
