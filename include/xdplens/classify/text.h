/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Protocols that speak in words, told apart by the first of them.
 */
#ifndef XDPLENS_CLASSIFY_TEXT_H
#define XDPLENS_CLASSIFY_TEXT_H

#include "xdplens/classify/window.h"

/* A request line, by what stands where its target begins. */
static inline __u32 request_verdict(const struct payload *p, __u32 at, __u8 transport)
{
	__u32 target = byte_at(p, at) << 16 | byte_at(p, at + 1) << 8 | byte_at(p, at + 2);

	if (byte_at(p, at - 1) != ' ')
		return 0;
	if (target >> 16 == '/' || target >> 16 == '*' ||
	    (target | 0x202020) == TAG(0, 'h', 't', 't'))
		return transport == TRANSPORT_UDP ? PROVEN(SSDP) : PROVEN(HTTP);
	switch (target) {
	case TAG(0, 's', 'i', 'p'):
	case TAG(0, 't', 'e', 'l'):
		return PROVEN(SIP);
	case TAG(0, 'r', 't', 's'):
		return PROVEN(RTSP);
	}
	return 0;
}

/* Length of the method and its space, from its first four letters; 0: no method. */
static inline __u32 request_method(__u32 word)
{
	switch (word) {
	case TAG('g', 'e', 't', ' '):
	case TAG('p', 'u', 't', ' '):
	case TAG('p', 'r', 'i', ' '):
	case TAG('b', 'y', 'e', ' '):
	case TAG('a', 'c', 'k', ' '):
		return 4;
	case TAG('p', 'o', 's', 't'):
	case TAG('h', 'e', 'a', 'd'):
	case TAG('i', 'n', 'f', 'o'):
	case TAG('p', 'l', 'a', 'y'):
	case TAG('m', 'o', 'v', 'e'):
	case TAG('c', 'o', 'p', 'y'):
	case TAG('l', 'o', 'c', 'k'):
		return 5;
	case TAG('p', 'a', 't', 'c'):
	case TAG('t', 'r', 'a', 'c'):
	case TAG('s', 'e', 't', 'u'):
	case TAG('m', 'k', 'c', 'o'):
		return 6;
	case TAG('d', 'e', 'l', 'e'):
	case TAG('i', 'n', 'v', 'i'):
	case TAG('c', 'a', 'n', 'c'):
	case TAG('n', 'o', 't', 'i'):
	case TAG('r', 'e', 'p', 'o'):
	case TAG('s', 'e', 'a', 'r'):
		return 7;
	case TAG('o', 'p', 't', 'i'):
	case TAG('m', 'e', 's', 's'):
	case TAG('p', 'u', 'b', 'l'):
		return 8;
	case TAG('r', 'e', 'g', 'i'):
	case TAG('d', 'e', 's', 'c'):
	case TAG('a', 'n', 'n', 'o'):
	case TAG('t', 'e', 'a', 'r'):
	case TAG('p', 'r', 'o', 'p'):
	case TAG('m', '-', 's', 'e'):
		return 9;
	case TAG('s', 'u', 'b', 's'):
		return 10;
	}
	return 0;
}

/* Verbs that only one of the mail and file protocols has, and greetings, told apart by port. */
static inline __u32 line_verdict(const struct payload *p, __u32 word, __u32 guess)
{
	int ended = p->bytes[4] == ' ' || p->bytes[4] == '\r' || p->bytes[4] == '\n';

	switch (word) {
	case TAG('2', '2', '0', ' '):
	case TAG('2', '2', '0', '-'):
		if (guess == APP_FTP)
			return PROVEN(FTP);
		return guess == APP_SMTP ? PROVEN(SMTP) : 0;
	case TAG('u', 's', 'e', 'r'):
	case TAG('p', 'a', 's', 's'):
		if (guess == APP_POP3)
			return PROVEN(POP3);
		if (guess == APP_FTP)
			return PROVEN(FTP);
		return ended ? LIKELY(FTP) : 0;
	case TAG('a', 'u', 't', 'h'):
		if ((be32(p, 4) & ~0x20202020u) == TAG(0, 'T', 'L', 'S') ||
		    (be32(p, 4) & ~0x20202020u) == TAG(0, 'S', 'S', 'L'))
			return guess == APP_SMTP ? 0 : PROVEN(FTP);
		return guess == APP_SMTP ? PROVEN(SMTP) : 0;
	case TAG('s', 'y', 's', 't'):
	case TAG('f', 'e', 'a', 't'):
	case TAG('p', 'a', 's', 'v'):
	case TAG('e', 'p', 's', 'v'):
	case TAG('e', 'p', 'r', 't'):
		return ended ? PROVEN(FTP) : 0;
	case TAG('e', 'h', 'l', 'o'):
	case TAG('h', 'e', 'l', 'o'):
	case TAG('l', 'h', 'l', 'o'):
		return ended ? PROVEN(SMTP) : 0;
	case TAG('c', 'a', 'p', 'a'):
	case TAG('s', 't', 'l', 's'):
	case TAG('a', 'p', 'o', 'p'):
		return ended ? PROVEN(POP3) : 0;
	case TAG('+', 'o', 'k', '\r' | 0x20): /* Redis says that, too */
		return guess == APP_POP3 ? PROVEN(POP3) : 0;
	case TAG('+', 'o', 'k', ' '):
		return PROVEN(POP3);
	case TAG('*', ' ', 'o', 'k'):
	case TAG('*', ' ', 'p', 'r'):
	case TAG('*', ' ', 'b', 'y'):
		return PROVEN(IMAP);
	case TAG('d', 'r', 'w', 'x'): /* a directory as FTP servers list it */
	case TAG('-', 'r', 'w', '-'):
	case TAG('-', 'r', 'w', 'x'):
		return LIKELY(FTP);
	}
	return 0;
}

/* "<134>": a priority of one to three digits (RFC 5424 section 6.2.1). */
static inline int syslog_seen(const struct payload *p)
{
	__u32 i = 2;

	if (p->bytes[0] != '<' || p->len < 6 || !is_digit(p->bytes[1]))
		return 0;
	if (is_digit(p->bytes[2]))
		i += 1 + is_digit(p->bytes[3]);
	return byte_at(p, i) == '>';
}

/* Protocols that speak in words, over either transport. `guess`: application of the port. */
CLASSIFY_PART __u32 text_verdict(const struct payload *p, __u8 transport, __u32 guess)
{
	__u32 raw, word, at, verdict;

	if (!p)
		return 0;
	raw = be32(p, 0);
	word = raw | 0x20202020; /* letters in lower case */

	switch (word) {
	case TAG('h', 't', 't', 'p'):
		if (p->bytes[4] != '/')
			return 0;
		return transport == TRANSPORT_UDP ? PROVEN(SSDP) : PROVEN(HTTP);
	case TAG('c', 'o', 'n', 'n'):
		return p->bytes[7] == ' ' && transport == TRANSPORT_TCP ? PROVEN(HTTP) : 0;
	case TAG('s', 'i', 'p', '/'):
		return PROVEN(SIP);
	case TAG('r', 't', 's', 'p'):
		return p->bytes[4] == '/' ? PROVEN(RTSP) : 0;
	case TAG('s', 's', 'h', '-'):
		return transport == TRANSPORT_TCP ? PROVEN(SSH) : 0;
	case TAG('<', 's', 't', 'r'):
		return p->bytes[4] == 'e' ? PROVEN(XMPP) : 0;
	case TAG('<', '?', 'x', 'm'): /* behind an XML declaration of 21 octets */
		return guess == APP_XMPP || be32(p, 21) == TAG('<', 's', 't', 'r') ? PROVEN(XMPP)
										   : 0;
	case TAG('r', 'f', 'b', ' '):
		return p->bytes[4] == '0' ? PROVEN(VNC) : 0;
	case TAG('a', 'm', 'q', 'p'):
		return raw == TAG('A', 'M', 'Q', 'P') ? PROVEN(AMQP) : 0;
	}
	if (syslog_seen(p))
		return PROVEN(SYSLOG);
	at = request_method(word);
	if (at) {
		verdict = request_verdict(p, at, transport);
		if (verdict)
			return verdict;
	}
	if (transport == TRANSPORT_TCP && guess != APP_REDIS && guess != APP_MEMCACHED)
		return line_verdict(p, word, guess);
	return 0;
}

#endif
