/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a network interface is, as far as attaching cares. */
#ifndef XDPLENS_NIC_H
#define XDPLENS_NIC_H

#include <stdbool.h>

enum nic_native { NIC_NATIVE_UNKNOWN, NIC_NATIVE_NO, NIC_NATIVE_YES };

struct nic {
	char driver[32]; /* empty: the interface tells none */
	int mtu;
	bool up, running;
	bool gro_hw, lro;
	enum nic_native native; /* does the driver say it takes native XDP (kernel 6.3) */
};

/* Reads it without privilege and without touching the interface. 0 or -errno. */
int nic_read(struct nic *nic, const char *name);

#endif
