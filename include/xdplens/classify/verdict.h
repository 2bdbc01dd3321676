/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Verdicts in one word, how two of them become one, what a port suggests, and when another payload
 * is worth a look. Everything that needs no payload.
 */
#ifndef XDPLENS_CLASSIFY_VERDICT_H
#define XDPLENS_CLASSIFY_VERDICT_H

#include "xdplens/packet.h"

/* What each protocol is by nature. */
enum {
#define X(id, name, security) NATURE_##id = SECURITY_##security,
	XDPLENS_APPS(X)
#undef X
};
_Static_assert(APP_COUNT <= 64, "a set of applications is a word");

/*
 * In BPF the parts are functions of their own that the verifier checks once each: inlined, their
 * paths would multiply. It does not know that their arguments are never NULL.
 */
#ifdef __bpf__
#define CLASSIFY_PART __attribute__((noinline))
#else
#define CLASSIFY_PART static inline
#endif

#define VERDICT(id, sure) ((__u32)APP_##id | (__u32)(sure) << 8 | (__u32)NATURE_##id << 16)
#define PROVEN(id) VERDICT(id, SURE_PAYLOAD)
#define LIKELY(id) VERDICT(id, SURE_HINT)
#define APP_BIT(id) (1ull << APP_##id)

/* Four bytes as they stand on the wire. */
#define TAG(a, b, c, d) ((__u32)(a) << 24 | (__u32)(b) << 16 | (__u32)(c) << 8 | (__u32)(d))

enum {
	CLASSIFY_LOOKS = 8,	 /* packets looked at until a verdict is sure */
	CLASSIFY_LOOKS_MAX = 15, /* and where the flow may still turn to TLS */
	CLASSIFY_LOOKS_HTTP = 4, /* CONNECT turns to TLS at once or never */
	CLASSIFY_TEXT = 16,	 /* bytes that must be text */
	CLASSIFY_TEXT_MIN = 8,
};

/* Protocols that begin in clear and may turn to TLS on the same connection: they explain it. */
#define STARTTLS_APPS                                                                           \
	(APP_BIT(HTTP) | APP_BIT(FTP) | APP_BIT(SMTP) | APP_BIT(IMAP) | APP_BIT(POP3) |         \
	 APP_BIT(LDAP) | APP_BIT(MYSQL) | APP_BIT(POSTGRESQL) | APP_BIT(SOCKS) | APP_BIT(RDP) | \
	 APP_BIT(XMPP))

/* Protocols that always show themselves in the first bytes. */
#define EVIDENT_APPS                                                                    \
	(APP_BIT(HTTP) | APP_BIT(HTTPS) | APP_BIT(TLS) | APP_BIT(DOT) | APP_BIT(QUIC) | \
	 APP_BIT(DNS) | APP_BIT(SSH))

/* Protocols in the format of DNS. */
#define DNS_APPS (APP_BIT(DNS) | APP_BIT(MDNS) | APP_BIT(LLMNR) | APP_BIT(NETBIOS))

/* Protocols of lines of text. */
#define TEXT_APPS                                                                          \
	(APP_BIT(FTP) | APP_BIT(SMTP) | APP_BIT(IMAP) | APP_BIT(POP3) | APP_BIT(TELNET) |  \
	 APP_BIT(SIP) | APP_BIT(RTSP) | APP_BIT(SSDP) | APP_BIT(SYSLOG) | APP_BIT(REDIS) | \
	 APP_BIT(MEMCACHED))

static inline __u32 verdict_pack(struct verdict v)
{
	return v.app | (__u32)v.sure << 8 | (__u32)v.security << 16;
}

static inline struct verdict verdict_unpack(__u32 w)
{
	struct verdict v = {.app = w & 0xff, .sure = w >> 8 & 0xff, .security = w >> 16 & 0xff};

	return v;
}

static inline __u32 verdict_sure(__u32 w)
{
	return w >> 8 & 0xff;
}

static inline __u32 verdict_secure(__u32 w, __u32 security)
{
	return (w & 0xffff) | security << 16;
}

static inline int app_in(__u32 w, __u64 set)
{
	return set >> (w & 63) & 1;
}

/* Whether `b` says the same as `a` in more detail. */
static inline int verdict_refines(__u32 a, __u32 b)
{
	switch (a & 0xff) {
	case APP_OTHER:
		return (b & 0xff) != APP_OTHER;
	case APP_TLS:
		return app_in(b, STARTTLS_APPS | APP_BIT(HTTPS) | APP_BIT(DOT));
	case APP_HTTPS:
		return app_in(b, STARTTLS_APPS | APP_BIT(DOT));
	case APP_HTTP:
		return (b & 0xff) == APP_WEBSOCKET;
	case APP_DNS:
		return app_in(b, DNS_APPS & ~APP_BIT(DNS));
	}
	return 0;
}

/*
 * The verdict of a flow from those of its directions, or of two times: the surer, at a tie the
 * more specific, else the first. What began in clear and was proven encrypted is encrypted.
 */
static inline __u32 verdict_merge(__u32 known, __u32 later)
{
	__u32 a = known, b = later;

	if (verdict_sure(b) > verdict_sure(a) ||
	    (verdict_sure(b) == verdict_sure(a) && verdict_refines(a, b))) {
		a = later;
		b = known;
	}
	if (a >> 16 == SECURITY_UNKNOWN)
		return verdict_secure(a, b >> 16);
	if (app_in(a, STARTTLS_APPS) && b >> 16 == SECURITY_ENCRYPTED &&
	    verdict_sure(b) == SURE_PAYLOAD &&
	    ((a & 0xff) == (b & 0xff) || app_in(b, APP_BIT(TLS) | APP_BIT(HTTPS))))
		return verdict_secure(a, SECURITY_ENCRYPTED);
	return a;
}

/*
 * Whether this direction's next packet with payload should be looked at, after `looked` of them
 * (saturating at 15) came to `known`.
 */
static inline int classify_wants(__u32 known, __u8 looked)
{
	if (verdict_sure(known) < SURE_PAYLOAD)
		return looked < CLASSIFY_LOOKS;
	if (known >> 16 == SECURITY_ENCRYPTED || !app_in(known, STARTTLS_APPS))
		return 0;
	return looked < ((known & 0xff) == APP_HTTP ? CLASSIFY_LOOKS_HTTP : CLASSIFY_LOOKS_MAX);
}

/* The application of one port, APP_OTHER where there is none. */
CLASSIFY_PART __u32 port_app(__u8 transport, __u16 port)
{
	switch ((__u32)transport << 16 | port) {
#define X(transport, port, app)                         \
	case (__u32)TRANSPORT_##transport << 16 | port: \
		return APP_##app;
		XDPLENS_PORTS(X)
#undef X
	}
	return APP_OTHER;
}

/* What the ports alone suggest; the lower one is asked first, since servers listen there. */
static inline __u32 classify_port(__u8 transport, __be16 sport, __be16 dport)
{
	__u16 s = __builtin_bswap16(sport), d = __builtin_bswap16(dport);
	__u32 app;

	if (transport == TRANSPORT_ESP) /* no port, but no doubt either */
		return PROVEN(ESP);
	if (transport != TRANSPORT_TCP && transport != TRANSPORT_UDP)
		return 0;
	app = port_app(transport, s < d ? s : d);
	if (app == APP_OTHER)
		app = port_app(transport, s < d ? d : s);
	return app == APP_OTHER ? 0 : app | (__u32)SURE_PORT << 8;
}

#endif
