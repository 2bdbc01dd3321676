/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at the other end of a veth pair, in another network namespace. */
#ifndef XDPLENS_PEER_H
#define XDPLENS_PEER_H

#include <stddef.h>

struct peer {
	int ifindex;
	int netns; /* the kernel's number for the namespace of the other end; negative: it is here
		    */
	size_t found; /* octets of `cgroup`; 0: nobody was found in it */
	char cgroup[600];
};

struct peers;

struct peers *peers_new(void); /* NULL and errno; of this network namespace from now on */
void peers_free(struct peers *p);
/* Fills in all but ifindex of these, by one walk through /proc: the first process there is. */
void peers_find(struct peers *p, struct peer *peers, int n);

#endif
