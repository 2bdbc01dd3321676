/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The host's interfaces: which there are, and what becomes of them (rtnetlink). */
#ifndef XDPLENS_LINKS_H
#define XDPLENS_LINKS_H

#include <stdbool.h>

struct link_change {
	int ifindex;
	char name[16];
	bool up, gone, loopback, veth;
};

struct links;

struct links *links_new(void); /* NULL and errno */
void links_free(struct links *l);
/*
 * Hands every change since the last call to `changed`; the first call all interfaces there are.
 * True: announcements were lost, of interfaces that went, too; the next call hands all there are.
 */
bool links_poll(struct links *l, void (*changed)(void *arg, const struct link_change *c),
		void *arg);
/* The interface of the default route (IPv4, then IPv6); false: there is none. */
bool links_default(char name[16]);

#endif
