/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The capture filter: tcpdump's words as a classic BPF program, and its verdict in user space. */
#ifndef XDPLENS_FILTER_H
#define XDPLENS_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "xdplens/detector.h"

struct filter;

/* Compiles for Ethernet frames. NULL: said why. */
struct filter *filter_new(const char *words);
void filter_free(struct filter *f); /* NULL is fine */
/* Its instructions for packets of one direction, `*n` of them, valid as long as the filter. */
const struct sock_filter *filter_program(const struct filter *f, enum direction d, size_t *n);
/*
 * Does libpcap take the frame of the event? A VLAN tag that the bytes lack is put in its place;
 * bytes that were not copied reject, as in a capture file.
 */
bool filter_takes(struct filter *f, const struct event *e);

#endif
