// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A network interface's driver, flags and offloads by ethtool's ioctl, and what the driver says of
 * XDP by the kernel's "netdev" generic netlink family. Before doctor.c; nothing is changed.
 */
#include "source/nic.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* include/uapi/linux/netdev.h of 6.3 */
	NETDEV_DEV_GET = 1,
	NETDEV_IFINDEX = 1,
	NETDEV_XDP_FEATURES = 3,
	NETDEV_XDP_BASIC = 1 << 0,
	FEATURES = 256,
};

static int nic_ethtool(int fd, const char *name, void *data)
{
	struct ifreq r = {.ifr_data = data};

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(fd, SIOCETHTOOL, &r) < 0 ? -errno : 0;
}

/* Features have numbers that differ between kernels, and names that do not. */
static void nic_read_features(struct nic *nic, int fd, const char *name)
{
	static const size_t strings_size =
		sizeof(struct ethtool_gstrings) + FEATURES * ETH_GSTRING_LEN;
	static const size_t features_size =
		sizeof(struct ethtool_gfeatures) +
		FEATURES / 32 * sizeof(struct ethtool_get_features_block);
	struct ethtool_gstrings *names = calloc(1, strings_size);
	struct ethtool_gfeatures *values = calloc(1, features_size);
	_Alignas(struct ethtool_sset_info) char room[sizeof(struct ethtool_sset_info) + 4] = {0};
	struct ethtool_sset_info *set = (void *)room;
	uint32_t count = 0;

	set->cmd = ETHTOOL_GSSET_INFO;
	set->sset_mask = 1ull << ETH_SS_FEATURES;
	if (!names || !values || nic_ethtool(fd, name, set) < 0 || !set->sset_mask)
		goto out;
	count = set->data[0];
	if (count > FEATURES)
		goto out;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	values->cmd = ETHTOOL_GFEATURES;
	values->size = (count + 31) / 32;
	if (nic_ethtool(fd, name, names) < 0 || nic_ethtool(fd, name, values) < 0)
		goto out;
	for (uint32_t i = 0; i < count; i++) {
		const char *feature = (const char *)names->data + i * ETH_GSTRING_LEN;
		bool on = values->features[i / 32].active >> i % 32 & 1;

		nic->gro_hw |= on && strncmp(feature, "rx-gro-hw", ETH_GSTRING_LEN) == 0;
		nic->lro |= on && strncmp(feature, "rx-lro", ETH_GSTRING_LEN) == 0;
	}
out:
	free(names);
	free(values);
}

/* Asks a generic netlink family one thing; copies the answer's attribute `want`. 0 or -errno. */
static int nic_ask(int fd, uint16_t family, uint8_t command, const struct nlattr *question,
		   uint16_t want, void *answer, size_t size)
{
	struct {
		struct nlmsghdr h;
		struct genlmsghdr g;
		char rest[64];
	} q = {.h = {.nlmsg_type = family, .nlmsg_flags = NLM_F_REQUEST},
	       .g = {.cmd = command, .version = 1}};
	_Alignas(struct nlmsghdr) char reply[8192];
	const struct nlmsghdr *h = (void *)reply;
	ssize_t n;

	memcpy(q.rest, question, question->nla_len);
	q.h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + NLA_ALIGN(question->nla_len);
	if (send(fd, &q, q.h.nlmsg_len, 0) < 0 || (n = recv(fd, reply, sizeof(reply), 0)) < 0)
		return -errno;
	if (!NLMSG_OK(h, (size_t)n) || h->nlmsg_type != family)
		return -ENOENT;
	for (size_t at = NLMSG_LENGTH(GENL_HDRLEN); at + NLA_HDRLEN <= h->nlmsg_len;) {
		const struct nlattr *a = (void *)(reply + at);

		if (a->nla_len < NLA_HDRLEN || at + a->nla_len > h->nlmsg_len)
			break;
		if (a->nla_type == want && a->nla_len >= NLA_HDRLEN + size) {
			memcpy(answer, (const char *)a + NLA_HDRLEN, size);
			return 0;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return -ENOENT;
}

static enum nic_native nic_read_native(const char *name)
{
	struct {
		struct nlattr a;
		char name[8];
	} family = {{NLA_HDRLEN + sizeof("netdev"), CTRL_ATTR_FAMILY_NAME}, "netdev"};
	struct {
		struct nlattr a;
		uint32_t ifindex;
	} device = {{NLA_HDRLEN + sizeof(uint32_t), NETDEV_IFINDEX}, if_nametoindex(name)};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	enum nic_native native = NIC_NATIVE_UNKNOWN;
	uint64_t features = 0;
	uint16_t id = 0;

	if (fd < 0)
		return native;
	if (nic_ask(fd, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, &family.a, CTRL_ATTR_FAMILY_ID, &id,
		    sizeof(id)) == 0 &&
	    nic_ask(fd, id, NETDEV_DEV_GET, &device.a, NETDEV_XDP_FEATURES, &features,
		    sizeof(features)) == 0)
		native = features & NETDEV_XDP_BASIC ? NIC_NATIVE_YES : NIC_NATIVE_NO;
	close(fd);
	return native;
}

int nic_read(struct nic *nic, const char *name)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq r = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error = 0;

	*nic = (struct nic){0};
	if (fd < 0)
		return -errno;
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, SIOCGIFFLAGS, &r) < 0) {
		error = -errno;
		goto out;
	}
	nic->up = r.ifr_flags & IFF_UP;
	nic->running = r.ifr_flags & IFF_RUNNING;
	if (ioctl(fd, SIOCGIFMTU, &r) == 0)
		nic->mtu = r.ifr_mtu;
	if (nic_ethtool(fd, name, &driver) == 0)
		snprintf(nic->driver, sizeof(nic->driver), "%.31s", driver.driver);
	nic_read_features(nic, fd, name);
	nic->native = nic_read_native(name);
out:
	close(fd);
	return error;
}
