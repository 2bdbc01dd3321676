/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose traffic it is: names of control groups, which the kernel's programs tell of the sending
 * socket, and of who is behind an interface.
 *
 * Bounded: OWNERS control groups; the oldest give way to new ones, and what still points to such a
 * place has no name then. INTERFACES likewise.
 */
#ifndef XDPLENS_OWNER_H
#define XDPLENS_OWNER_H

#include <stdint.h>

#include "source/cgroup_name.h"

enum { OWNERS = 1 << 14, OWNER_INTERFACES = 256 };

struct owners;

struct owners *owners_new(void); /* NULL and errno; of this network namespace */
void owners_free(struct owners *o);

/* A number for the control group `id`; 0 for none. Its name is known after the next tick. */
uint16_t owners_of(struct owners *o, uint64_t id);
const char *owners_name(const struct owners *o, uint16_t owner); /* "": not known */
/* Of who is at the other end of this interface; likewise. */
const char *owners_interface(struct owners *o, int ifindex);

/* Looks for what is not known yet; `now`: ns. Once a second at most, and not for ever. */
void owners_tick(struct owners *o, uint64_t now);

#endif
