// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The data connections that FTP control connections announce. Copied packets of control
 * connections come in, and the flow table's verdict of the connections announced goes out. When the
 * table is full the oldest announcement is forgotten.
 */
#include "analysis/ftp_data.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 256 };

struct endpoint {
	uint8_t addr[16];
	__be16 port; /* 0: free */
};

struct ftp_data {
	size_t max, next;
	struct endpoint announced[];
};

struct ftp_data *ftp_data_new(size_t max)
{
	struct ftp_data *f = calloc(1, sizeof(*f) + max * sizeof(f->announced[0]));

	if (f)
		f->max = max;
	return f;
}

void ftp_data_free(struct ftp_data *f)
{
	free(f);
}

static bool ftp_data_knows(const struct ftp_data *f, const uint8_t addr[16], __be16 port)
{
	for (size_t i = 0; port && i < f->max; i++)
		if (f->announced[i].port == port && memcmp(f->announced[i].addr, addr, 16) == 0)
			return true;
	return false;
}

static void ftp_data_add(struct ftp_data *f, const uint8_t addr[16], unsigned port)
{
	struct endpoint *e = &f->announced[f->next % f->max];

	if (!port || port > 65535 || ftp_data_knows(f, addr, htons(port)))
		return;
	memcpy(e->addr, addr, 16);
	e->port = htons(port);
	f->next++;
}

/* h1,h2,h3,h4,p1,p2: RFC 959 section 4.1.2. */
static void ftp_data_add_numbers(struct ftp_data *f, const char *s, const uint8_t sender[16])
{
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	unsigned n[6];

	if (sscanf(s, "%3u,%3u,%3u,%3u,%3u,%3u", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6)
		return;
	for (int i = 0; i < 6; i++)
		if (n[i] > 255)
			return;
	for (int i = 0; i < 4; i++)
		addr[12 + i] = n[i];
	ftp_data_add(f, addr, n[4] << 8 | n[5]);
	ftp_data_add(f, sender, n[4] << 8 | n[5]); /* where a translator left the text alone */
}

/* |family|address|port|, RFC 2428: in a 229 the first two are empty, and the sender is meant. */
static void ftp_data_add_extended(struct ftp_data *f, const char *s, const uint8_t sender[16])
{
	char text[64] = "", limit = *s;
	uint8_t addr[16] = {[10] = 0xff, [11] = 0xff};
	const char *family = s + 1, *address, *port;

	if (!limit || !(address = strchr(family, limit)) || !(port = strchr(address + 1, limit)))
		return;
	snprintf(text, sizeof(text), "%.*s", (int)(port - address - 1), address + 1);
	if (!text[0])
		memcpy(addr, sender, 16);
	else if (inet_pton(AF_INET, text, addr + 12) != 1 && inet_pton(AF_INET6, text, addr) != 1)
		return;
	ftp_data_add(f, addr, strtoul(port + 1, NULL, 10));
}

static void ftp_data_line(struct ftp_data *f, const char *line, const uint8_t sender[16])
{
	const char *paren = strchr(line, '(');
	const char *digits = line + 4 + strcspn(line + 4, "0123456789");

	if (strncasecmp(line, "PORT ", 5) == 0)
		ftp_data_add_numbers(f, line + 5, sender);
	else if (strncasecmp(line, "EPRT ", 5) == 0)
		ftp_data_add_extended(f, line + 5, sender);
	else if (strncmp(line, "227 ", 4) == 0)
		ftp_data_add_numbers(f, paren ? paren + 1 : digits, sender);
	else if (strncmp(line, "229 ", 4) == 0 && paren)
		ftp_data_add_extended(f, paren + 1, sender);
}

void ftp_data_event(struct ftp_data *f, const struct event *e)
{
	const struct packet *p = e->packet;
	const uint8_t *at = e->data + p->payload_offset, *end;
	uint32_t len = p->payload_len;
	char line[LINE];

	if (e->verdict.app != APP_FTP || p->transport != TRANSPORT_TCP ||
	    p->payload_offset >= e->caplen)
		return;
	if (len > e->caplen - p->payload_offset)
		len = e->caplen - p->payload_offset;
	for (end = at + len; at < end;) {
		const uint8_t *newline = memchr(at, '\n', end - at);
		size_t n = (newline ? newline : end) - at;

		if (n > 5 && n < sizeof(line)) {
			memcpy(line, at, n);
			line[n] = 0;
			ftp_data_line(f, line, p->key.saddr);
		}
		at += n + 1;
	}
}

bool ftp_data_expected(const struct ftp_data *f, const struct flow_key *key)
{
	return f->next && (ftp_data_knows(f, key->saddr, key->sport) ||
			   ftp_data_knows(f, key->daddr, key->dport));
}
