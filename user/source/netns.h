/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: which there are, ours, and going into another. */
#ifndef XDPLENS_NETNS_H
#define XDPLENS_NETNS_H

/*
 * The namespace of a name that `ip netns` knows, else of a process by its number; a name with a
 * slash is a path. Descriptor, or -1 after having said why.
 */
int netns_find(const char *name);
int netns_here(void); /* ours: a descriptor, or -1 */
/* Goes there and closes `fd`; negative: does nothing and fails. 0, or -1 after having said why. */
int netns_go(int fd);

#endif
