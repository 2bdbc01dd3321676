// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The words for what proto.h and event.h number. Every view calls it, it calls nobody. */
#include "view/label.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

const char *const label_l3[L3_COUNT] = {
#define X(id, name) [L3_##id] = #name,
	XDPLENS_L3(X)
#undef X
};

static const uint8_t transport_number[TRANSPORT_COUNT] = {
#define X(id, name, number) [TRANSPORT_##id] = number,
	XDPLENS_TRANSPORTS(X)
#undef X
};

const char *const label_transport[TRANSPORT_COUNT] = {
#define X(id, name, number) [TRANSPORT_##id] = #name,
	XDPLENS_TRANSPORTS(X)
#undef X
};

const char *const label_security[SECURITY_COUNT] = {
#define X(id, name) [SECURITY_##id] = #name,
	XDPLENS_SECURITIES(X)
#undef X
};

const char *const label_app[APP_COUNT] = {
#define X(id, name, security) [APP_##id] = #name,
	XDPLENS_APPS(X)
#undef X
};

const char *const label_outcome[OUTCOME_COUNT] = {[OUTCOME_FLOW] = "flow",
#define X(id, name) [NOT_FLOW_##id] = #name,
						  XDPLENS_NOT_FLOW(X)
#undef X
#define X(id, name) [UNPARSED_##id] = #name,
							  XDPLENS_UNPARSED(X)
#undef X
};

const char *const label_loss[LOST_COUNT] = {[LOST_DNS] = "dns",
					    [LOST_PACKETS] = "packets",
					    [LOST_FLOWS] = "flows",
					    [LOST_FILES] = "files"};

const char *const label_severity[SEVERITY_COUNT] = {[SEVERITY_INFO] = "info",
						    [SEVERITY_LOW] = "low",
						    [SEVERITY_MEDIUM] = "medium",
						    [SEVERITY_HIGH] = "high"};

const char *label_protocol(char dst[LABEL_LEN], uint8_t number)
{
	for (int i = 0; i < TRANSPORT_COUNT; i++) {
		if (i != TRANSPORT_OTHER && transport_number[i] == number) {
			snprintf(dst, LABEL_LEN, "%s", label_transport[i]);
			return dst;
		}
	}
	snprintf(dst, LABEL_LEN, "%u", number);
	return dst;
}

const char *label_tcp_flags(char dst[LABEL_LEN], uint8_t flags)
{
	static const char letters[] = "FSRPAU";
	size_t n = 0;

	for (unsigned i = 0; letters[i]; i++)
		if (flags & 1u << i)
			dst[n++] = letters[i];
	dst[n] = 0;
	return dst;
}

const char *label_printable(char *dst, size_t n, const char *src)
{
	size_t i = 0;

	for (; src[i] && i + 1 < n; i++)
		dst[i] = src[i] >= ' ' && src[i] <= '~' ? src[i] : '?';
	dst[i] = 0;
	return dst;
}

const char *label_endpoint(char dst[LABEL_ENDPOINT], const uint8_t addr[16], const char *name,
			   uint16_t port)
{
	char host[NAME_LEN], text[46];
	bool brackets;

	label_printable(host, sizeof(host), name && name[0] ? name : text_addr(text, addr));
	if (name && strchr(name, ':')) /* an HTTP Host that has brackets or a port of its own */
		port = 0;
	brackets = port && strchr(host, ':');
	snprintf(dst, LABEL_ENDPOINT, brackets ? "[%s]" : "%s", host);
	if (port)
		snprintf(dst + strlen(dst), LABEL_ENDPOINT - strlen(dst), ":%u", port);
	return dst;
}

double label_coverage(const struct ledger *l)
{
	return l->seen ? 100.0 * (l->flows + l->not_flow) / l->seen : 100;
}

uint64_t label_lost(const struct ledger *l)
{
	uint64_t sum = 0;

	for (int i = 0; i < LOST_COUNT; i++)
		sum += l->lost[i];
	return sum;
}

uint64_t label_skipped(const struct ledger *l)
{
	return l->looks_skipped + l->head_skipped + l->dns_skipped;
}
