// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed here: each protocol is named from its first bytes, on the port where it says so; what
 * only resembles it is not; a port never wins against a payload; a verdict never falls; what turns
 * to TLS keeps its name and becomes encrypted; a payload cut at any length is never named as
 * something else with certainty.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xdplens/classify.h"

enum { TCP = TRANSPORT_TCP, UDP = TRANSPORT_UDP };

struct row {
	const char *name;
	__u8 transport;
	__u16 sport, dport;
	const char *bytes;
	__u32 len;
	__u32 wire_len; /* 0: len */
	__u8 app, sure, security;
};

#define BYTES(s) s, sizeof(s) - 1
#define CLEAR SECURITY_UNENCRYPTED
#define SECRET SECURITY_ENCRYPTED
#define UNSEEN SECURITY_UNKNOWN
#define SURE SURE_PAYLOAD

static struct payload payload_of(const char *bytes, __u32 len, __u32 wire_len)
{
	struct payload p = {.len = len < PAYLOAD_WINDOW ? len : PAYLOAD_WINDOW,
			    .wire_len = wire_len ? wire_len : len};

	memcpy(p.bytes, bytes, p.len);
	return p;
}

static struct packet packet_of(__u8 transport, __u16 sport, __u16 dport)
{
	struct packet k = {.transport = transport, .flags = PACKET_BEGAN};

	k.key.sport = __builtin_bswap16(sport);
	k.key.dport = __builtin_bswap16(dport);
	return k;
}

static struct verdict look(const struct row *r, __u32 known)
{
	struct payload p = payload_of(r->bytes, r->len, r->wire_len);
	struct packet k = packet_of(r->transport, r->sport, r->dport);

	return verdict_unpack(classify(&p, &k, known));
}

/* clang-format off */
static const struct row rows[] = {
	{"http request, any port", TCP, 40000, 12345, BYTES("GET /x HTTP/1.1\r\nHost: a\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http request, absolute", TCP, 40000, 3128, BYTES("GET http://a/ HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http post", TCP, 40000, 80, BYTES("POST /a/b HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http connect", TCP, 40000, 8080, BYTES("CONNECT a.example:443 HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http options", TCP, 40000, 81, BYTES("OPTIONS * HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http response", TCP, 8081, 40000, BYTES("HTTP/1.1 200 OK\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http on the port of sip", TCP, 5060, 8888, BYTES("GET / HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http on the port of https", TCP, 40000, 443, BYTES("GET / HTTP/1.1\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"http/2 preface", TCP, 40000, 80, BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0, APP_HTTP, SURE, CLEAR},
	{"tls client hello, 443", TCP, 40000, 443, BYTES("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"), 261, APP_HTTPS, SURE, SECRET},
	{"tls client hello, port of http", TCP, 40000, 80, BYTES("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"), 261, APP_TLS, SURE, SECRET},
	{"tls on port 853 is proven tls", TCP, 40000, 853, BYTES("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03"), 261, APP_TLS, SURE, SECRET},
	{"tls server hello", TCP, 993, 40000, BYTES("\x16\x03\x03\x00\x57\x02\x00\x00\x53\x03\x03"), 92, APP_TLS, SURE, SECRET},
	{"tls data of a running connection", TCP, 5223, 40000, BYTES("\x17\x03\x03\x00\x30\xd8\x41\x22"), 53, APP_TLS, SURE, SECRET},
	{"tls alert", TCP, 443, 40000, BYTES("\x15\x03\x01\x00\x02\x02\x28"), 0, APP_HTTPS, SURE, SECRET},
	{"ssl 2 client hello", TCP, 40000, 443, BYTES("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10\x07\x00\xc0\x05\x00"), 48, APP_HTTPS, SURE, SECRET},
	{"ssl 2 server hello", TCP, 443, 40000, BYTES("\x83\xb4\x04\x00\x01\x00\x02\x03\x87\x00\x12\x00\x10"), 950, APP_HTTPS, SURE, SECRET},
	{"ssh banner on the port of http", TCP, 80, 40000, BYTES("SSH-2.0-OpenSSH_9.2\r\n"), 0, APP_SSH, SURE, SECRET},
	{"ftp greeting", TCP, 21, 40000, BYTES("220 ready\r\n"), 0, APP_FTP, SURE, CLEAR},
	{"ftp verb on an odd port", TCP, 40000, 2121, BYTES("FEAT\r\n"), 0, APP_FTP, SURE, CLEAR},
	{"ftp auth", TCP, 40000, 2121, BYTES("AUTH TLS\r\n"), 0, APP_FTP, SURE, CLEAR},
	{"ftp data, port 20", TCP, 20, 40000, BYTES("\x50\x4b\x03\x04\x14\x00\x00\x00\x08\x00"), 0, APP_FTP, SURE_HINT, CLEAR},
	{"ftp listing", TCP, 40001, 40000, BYTES("drwxr-xr-x  2 ftp ftp 4096 Jan  1 pub\r\n"), 0, APP_FTP, SURE_HINT, CLEAR},
	{"smtp greeting", TCP, 25, 40000, BYTES("220 mx.example ESMTP\r\n"), 0, APP_SMTP, SURE, CLEAR},
	{"greeting of a port that says nothing", TCP, 2525, 40000, BYTES("220 mx.example ESMTP\r\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
	{"smtp ehlo on an odd port", TCP, 40000, 2525, BYTES("EHLO me.example\r\n"), 0, APP_SMTP, SURE, CLEAR},
	{"pop3 greeting", TCP, 110, 40000, BYTES("+OK ready\r\n"), 0, APP_POP3, SURE, CLEAR},
	{"imap greeting", TCP, 143, 40000, BYTES("* OK [CAPABILITY IMAP4rev1]\r\n"), 0, APP_IMAP, SURE, CLEAR},
	{"imap command", TCP, 40000, 143, BYTES("a001 LOGIN me you\r\n"), 0, APP_IMAP, SURE_HINT, CLEAR},
	{"dns over tcp, odd port", TCP, 40000, 8053, BYTES("\x00\x1d\xdb\x72\x01\x20\x00\x01\0\0\0\0\0\0\x03www\x01" "a\x02nl\0\0\x01\0\x01"), 0, APP_DNS, SURE, CLEAR},
	{"smb 2", TCP, 40000, 445, BYTES("\0\0\0\x44\xfeSMB\x40\0\0\0"), 72, APP_SMB, SURE, CLEAR},
	{"smb 3, sealed", TCP, 40000, 445, BYTES("\0\0\0\x44\xfdSMB\x40\0\0\0"), 72, APP_SMB, SURE, SECRET},
	{"rdp request", TCP, 40000, 13389, BYTES("\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"), 0, APP_RDP, SURE, UNSEEN},
	{"rdp confirm: tls chosen", TCP, 3389, 40000, BYTES("\x03\0\0\x13\x0e\xd0\0\0\0\0\0\x02\0\x08\0\x01\0\0\0"), 0, APP_RDP, SURE, SECRET},
	{"vnc", TCP, 5901, 40000, BYTES("RFB 003.008\n"), 0, APP_VNC, SURE, UNSEEN},
	{"mqtt 3.1.1", TCP, 40000, 11883, BYTES("\x10\x10\0\x04MQTT\x04\x02\0\x3c\0\x04test"), 0, APP_MQTT, SURE, CLEAR},
	{"mqtt 3.1", TCP, 40000, 1883, BYTES("\x10\x12\0\x06MQIsdp\x03\x02\0\x3c\0\x04test"), 0, APP_MQTT, SURE, CLEAR},
	{"amqp", TCP, 40000, 5000, BYTES("AMQP\0\0\x09\x01"), 0, APP_AMQP, SURE, CLEAR},
	{"redis", TCP, 40000, 7777, BYTES("*1\r\n$4\r\nPING\r\n"), 0, APP_REDIS, SURE, CLEAR},
	{"postgresql ssl request", TCP, 40000, 15432, BYTES("\0\0\0\x08\x04\xd2\x16\x2f"), 0, APP_POSTGRESQL, SURE, CLEAR},
	{"postgresql startup", TCP, 40000, 15432, BYTES("\0\0\0\x11\0\x03\0\0user\0pg\0\0"), 0, APP_POSTGRESQL, SURE, CLEAR},
	{"mysql greeting", TCP, 13306, 40000, BYTES("\x0e\0\0\0\x0a" "8.0.33\0\x08\0\0\0\x11\x22"), 0, APP_MYSQL, SURE, CLEAR},
	{"mongodb", TCP, 40000, 27018, BYTES("\x30\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0"), 48, APP_MONGODB, SURE, CLEAR},
	{"ldap bind", TCP, 40000, 3890, BYTES("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"), 0, APP_LDAP, SURE, CLEAR},
	{"kerberos over tcp", TCP, 40000, 88, BYTES("\0\0\0\x60\x6a\x5e\x30\x5c\xa1\x03\x02\x01\x05\xa2\x03\x02"), 100, APP_KERBEROS, SURE, CLEAR},
	{"bittorrent", TCP, 40000, 50000, BYTES("\x13" "BitTorrent protocol\0\0\0"), 68, APP_BITTORRENT, SURE, CLEAR},
	{"bgp", TCP, 40000, 1790, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x1d\x01"), 0, APP_BGP, SURE, CLEAR},
	{"telnet", TCP, 23, 40000, BYTES("\xff\xfd\x18\xff\xfd\x20"), 0, APP_TELNET, SURE, CLEAR},
	{"socks 5", TCP, 40000, 1080, BYTES("\x05\x02\0\x02"), 0, APP_SOCKS, SURE, CLEAR},
	{"openvpn over tcp 443 is not https", TCP, 40000, 443, BYTES("\0\x2a\x38\x92\xb8\xaf\x4a\x77\x7f\xc7\x42\x78\x10\x24\xc2\x76\xd9\xa1\xa8\xc2\x32\x18\x79\xa0\x22\x64\xb3\xcc\xbc\x80\x77\0\0\0\x01\x57\x7e\x73\xb3\0\0\0\0\0"), 0, APP_OPENVPN, SURE, SECRET},
	{"rtsp", TCP, 40000, 8554, BYTES("OPTIONS rtsp://a/b RTSP/1.0\r\n"), 0, APP_RTSP, SURE, CLEAR},
	{"sip", UDP, 5060, 5060, BYTES("OPTIONS sip:a@b SIP/2.0\r\n"), 0, APP_SIP, SURE, CLEAR},
	{"sip response", UDP, 40000, 5099, BYTES("SIP/2.0 200 OK\r\n"), 0, APP_SIP, SURE, CLEAR},
	{"ssdp is not http", UDP, 40000, 1900, BYTES("M-SEARCH * HTTP/1.1\r\n"), 0, APP_SSDP, SURE, CLEAR},
	{"ssdp answer is not http", UDP, 1900, 40000, BYTES("HTTP/1.1 200 OK\r\n"), 0, APP_SSDP, SURE, CLEAR},
	{"syslog", UDP, 40000, 5514, BYTES("<134>Oct 11 22:14:15 host su: x"), 0, APP_SYSLOG, SURE, CLEAR},
	{"dns query, odd port", UDP, 40000, 4, BYTES("\xf2\xfe\x01\0\0\x01\0\0\0\0\0\0\x03www\x01" "a\x02nl\0\0\x01\0\x01"), 0, APP_DNS, SURE, CLEAR},
	{"dns answer", UDP, 53, 40000, BYTES("\xf2\xfe\x81\x80\0\x01\0\x01\0\0\0\0\x03www\x01" "a\x02nl\0\0\x01\0\x01\xc0\x0c"), 45, APP_DNS, SURE, CLEAR},
	{"dns of the root", UDP, 40000, 53, BYTES("\xf2\xfe\x01\0\0\x01\0\0\0\0\0\0\0\0\x02\0\x01"), 0, APP_DNS, SURE, CLEAR},
	{"dns, malformed, its port", UDP, 40000, 53, BYTES("\xb2\xd0\x01\0\x01\x80\0\0\0\0\0\0\x03sip\xff"), 0, APP_DNS, SURE_PORT, CLEAR},
	{"mdns, several questions", UDP, 5353, 5353, BYTES("\0\0\0\0\0\x03\0\0\0\0\0\x01\x05_http\x04_tcp\x05local\0\0\x0c\x80\x01"), 0, APP_MDNS, SURE, CLEAR},
	{"llmnr, not ascii", UDP, 40000, 5355, BYTES("\xf6\x04\0\0\0\x01\0\0\0\0\0\0\x03\xe5\xb0\x8f\0\0\xff\0\x01"), 0, APP_LLMNR, SURE, CLEAR},
	{"llmnr resembles quic negotiation", UDP, 40000, 5355, BYTES("\xa0\0\0\0\0\x01\0\0\0\0\0\0\x06RO_X1C\0\0\xff\0\x01"), 0, APP_LLMNR, SURE, CLEAR},
	{"netbios name on an odd port is not dns", UDP, 137, 8329, BYTES("\x12\x34\x01\x10\0\x01\0\0\0\0\0\0\x20" "FHEPFCELEHFCEPFFFACACACACACACABL\0\0\x20\0\x01"), 0, APP_NETBIOS, SURE, CLEAR},
	{"quic v1 initial", UDP, 40000, 4433, BYTES("\xc3\0\0\0\x01\x08\x01\x02\x03\x04\x05\x06\x07\x08\0\0\x44\xd0"), 1252, APP_QUIC, SURE, SECRET},
	{"quic v2 initial", UDP, 40000, 443, BYTES("\xd3\x6b\x33\x43\xcf\x08\x01\x02\x03\x04\x05\x06\x07\x08\0\0\x44\xd0"), 1252, APP_QUIC, SURE, SECRET},
	{"quic draft 29", UDP, 40000, 443, BYTES("\xc3\xff\0\0\x1d\x08\x01\x02\x03\x04\x05\x06\x07\x08\0\0\x44\xd0"), 1252, APP_QUIC, SURE, SECRET},
	{"quic version negotiation", UDP, 443, 40000, BYTES("\xc2\0\0\0\0\0\x08\xe1\x03\x2f\x55\x15\x23\xe6\x6d\x0a\x1a\x2a\x3a\xff\0\0\x1d"), 0, APP_QUIC, SURE, SECRET},
	{"google quic 46", UDP, 40000, 443, BYTES("\xc3Q046\x50\x01\x02\x03\x04\x05\x06\x07\x08\0\0\0\x01"), 1350, APP_QUIC, SURE, SECRET},
	{"google quic 23, public header", UDP, 40000, 443, BYTES("\x0d\x49\xbe\xe2\xd3\xf0\xed\xcc\xd6Q025\x01\xd8\x69"), 1350, APP_QUIC, SURE, SECRET},
	{"dtls", UDP, 40000, 443, BYTES("\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x90\x01\0\0\x84"), 157, APP_DTLS, SURE, SECRET},
	{"stun", UDP, 40000, 19305, BYTES("\0\x01\0\x08\x21\x12\xa4\x42" "abcdefghijkl\0\x19\0\x04"), 28, APP_STUN, SURE, CLEAR},
	{"ntp", UDP, 123, 123, BYTES("\x23\x02\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0"), 48, APP_NTP, SURE, CLEAR},
	{"dhcp", UDP, 68, 67, BYTES("\x01\x01\x06\0\x12\x34\x56\x78"), 300, APP_DHCP, SURE, CLEAR},
	{"dhcpv6", UDP, 546, 547, BYTES("\x01\x12\x34\x56\0\x01\0\x0a"), 90, APP_DHCP, SURE, CLEAR},
	{"snmp", UDP, 40000, 10161, BYTES("\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c"), 43, APP_SNMP, SURE, CLEAR},
	{"kerberos over udp", UDP, 40000, 88, BYTES("\x6a\x81\x9e\x30\x81\x9b\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a"), 161, APP_KERBEROS, SURE, CLEAR},
	{"radius", UDP, 40000, 1812, BYTES("\x01\x10\0\x14" "0123456789abcdef"), 0, APP_RADIUS, SURE, CLEAR},
	{"coap", UDP, 40000, 5683, BYTES("\x43\x01\x05\xca\x72\x16\x33\x2b"), 24, APP_COAP, SURE, CLEAR},
	{"tftp", UDP, 40000, 69, BYTES("\0\x01" "file\0octet\0"), 0, APP_TFTP, SURE, CLEAR},
	{"bittorrent dht", UDP, 40000, 50000, BYTES("d1:ad2:id20:abcdefghij"), 100, APP_BITTORRENT, SURE, CLEAR},
	{"wireguard", UDP, 40000, 51000, BYTES("\x01\0\0\0\xd8\x37\xd0\x30\x5f\xce\xc7\xc8"), 148, APP_WIREGUARD, SURE, SECRET},
	{"openvpn, udp 443", UDP, 40000, 443, BYTES("\x38\x33\x48\x57\x70\x3d\x96\xdb\x39\0\0\0\0\0"), 0, APP_OPENVPN, SURE, SECRET},
	{"ike", UDP, 500, 500, BYTES("01234567\0\0\0\0\0\0\0\0\x21\x20\x22\x08\0\0\0\0\0\0\x01\x54"), 340, APP_IKE, SURE, SECRET},
	{"ike behind nat", UDP, 4500, 4500, BYTES("\0\0\0\0" "0123456789abcdef\x2e\x20\x23\x08\0\0\0\x01\0\0\0\xe0"), 228, APP_IKE, SURE, SECRET},
	{"esp in udp", UDP, 4500, 4500, BYTES("\xc1\x02\x03\x04\0\0\0\x01"), 120, APP_ESP, SURE_HINT, SECRET},
	{"rx", UDP, 7001, 7000, BYTES("\xbf\xcd\xb4\xbe\x1b\x55\x7a\x5c\0\0\x01\x22\0\0\0\x01\0\0\x01\xaf\x01\x05\0\x02\x65\x13\0\x01"), 44, APP_RX, SURE, CLEAR},
	{"rpc call", UDP, 40000, 40001, BYTES("\x12\x34\x56\x78\0\0\0\0\0\0\0\x02\0\x01\x86\xa0\0\0\0\x02\0\0\0\x03"), 56, APP_RPC, SURE, CLEAR},
	{"vxlan", UDP, 40000, 4789, BYTES("\x08\0\0\0\0\x04\x57\0\x66\x7a\x50"), 80, APP_VXLAN, SURE, CLEAR},
	{"geneve", UDP, 40000, 6081, BYTES("\0\0\x65\x58\0\0\x01\0"), 80, APP_GENEVE, SURE, CLEAR},
	{"gtp", UDP, 2152, 2152, BYTES("\x30\xff\0\x34\x8c\x61\xbe\x36\x45"), 60, APP_GTPU, SURE, CLEAR},
	{"teredo", UDP, 40000, 3544, BYTES("\0\x01\0\0\xb1\x1b\x3f\xea\x46\xa9\xaf\xe9\0\x60\0\0"), 61, APP_TEREDO, SURE, CLEAR},
	{"rtp, static type", UDP, 40000, 40002, BYTES("\x80\x08\x12\x34\0\0\0\xa0\x11\x22\x33\x44\x55"), 172, APP_RTP, SURE_HINT, CLEAR},
	{"rtp, dynamic type: may be srtp", UDP, 40000, 40002, BYTES("\x80\x60\x12\x34\0\0\0\xa0\x11\x22\x33\x44\x55"), 172, APP_RTP, SURE_HINT, UNSEEN},
	{"xmpp", TCP, 40000, 15222, BYTES("<?xml version='1.0'?><stream:stream to='a'>"), 0, APP_XMPP, SURE, CLEAR},
	{"dns, wholly implausible, its port", UDP, 40000, 53, BYTES("\x9f\x12\x00\x8c\x01\x9d\xc3\xaa\x71\x05\xee\x10\x9f\x12\xfe\x8c\x9f"), 0, APP_OTHER, SURE_HINT, UNSEEN},
	{"memcached on an odd port is not sip", TCP, 40000, 40001, BYTES("get session:1234\r\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
	{"openvpn data, tcp 443", TCP, 40000, 443, BYTES("\0\x2a\x48\0\0\x01\x4a\x77\x7f\xc7\x42\x78\x10\x24\xc2\x76\xd9\xa1\xa8\xc2\x32\x18\x79\xa0\x22\x64\xb3\xcc\xbc\x80\x77\0\0\0\x01\x57\x7e\x73\xb3\0\0\0\0\0"), 0, APP_OPENVPN, SURE_HINT, SECRET},
	{"zeros are not encrypted", TCP, 40000, 40001, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 1400, APP_OTHER, SURE_NOTHING, CLEAR},
	{"text that nobody knows", TCP, 40000, 40001, BYTES("hello, is anybody there\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
	{"bytes that nobody knows", TCP, 40000, 40001, BYTES("\x9f\x12\xfe\x8c\x01\x9d\xc3\xaa\x71\x05\xee\x10"), 0, APP_OTHER, SURE_NOTHING, UNSEEN},
	{"text on the port of https", TCP, 40000, 443, BYTES("hello, is anybody there\n"), 0, APP_OTHER, SURE_HINT, CLEAR},
	{"bytes on the port of http", TCP, 40000, 80, BYTES("\x9f\x12\xfe\x8c\x01\x9d\xc3\xaa"), 0, APP_OTHER, SURE_HINT, UNSEEN},
	{"bytes on the port of quic", UDP, 40000, 443, BYTES("\x9f\x12\xfe\x8c\x01\x9d\xc3\xaa\x71\x05\xee\x10\x10\x10\x10\x10"), 512, APP_OTHER, SURE_HINT, UNSEEN},
	{"quic, short header: still a guess", UDP, 40000, 443, BYTES("\x4f\x12\xfe\x8c\x01\x9d\xc3\xaa\x71\x05\xee\x10"), 512, APP_QUIC, SURE_PORT, UNSEEN},
	{"request without a target", TCP, 40000, 40001, BYTES("GET lost and found\r\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
	{"features are not ftp's FEAT", TCP, 40000, 40001, BYTES("features of the day\r\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
	{"handshake type, impossible version", TCP, 40000, 443, BYTES("\x16\x03\x09\x01\0\x01\0\0\xfc"), 261, APP_OTHER, SURE_HINT, UNSEEN},
	{"not a transport of ours", TRANSPORT_SCTP, 80, 443, BYTES("GET / HTTP/1.1\r\n"), 0, APP_OTHER, SURE_NOTHING, CLEAR},
};
/* clang-format on */

static const size_t rows_count = sizeof(rows) / sizeof(rows[0]);

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < rows_count; i++) {
		struct verdict v = look(&rows[i], 0);

		if (v.app != rows[i].app || v.sure != rows[i].sure ||
		    v.security != rows[i].security)
			fail_msg("%s: app %u sure %u security %u, not %u %u %u", rows[i].name,
				 v.app, v.sure, v.security, rows[i].app, rows[i].sure,
				 rows[i].security);
	}
}

/* A prefix may say less, or the same; it may not be certain of one of the big names instead. */
static void test_cuts(void **state)
{
	const __u64 big = APP_BIT(HTTP) | APP_BIT(HTTPS) | APP_BIT(TLS) | APP_BIT(DNS) |
			  APP_BIT(SSH) | APP_BIT(QUIC);

	(void)state;
	for (size_t i = 0; i < rows_count; i++) {
		for (__u32 n = 0; n < rows[i].len; n++) {
			struct row cut = rows[i];
			struct verdict v;

			cut.len = n;
			v = look(&cut, 0);
			if (v.sure == SURE_PAYLOAD && v.app != cut.app && big >> v.app & 1)
				fail_msg("%s cut at %u: app %u", cut.name, n, v.app);
		}
	}
}

/* What a direction knows already is never given up for less. */
static void test_never_falls(void **state)
{
	(void)state;
	for (size_t i = 0; i < rows_count; i++) {
		for (__u32 app = 0; app < APP_COUNT; app++) {
			for (__u8 sure = SURE_NOTHING; sure <= SURE_PAYLOAD; sure++) {
				struct verdict was = {app, sure, SECURITY_UNENCRYPTED};
				struct verdict v = look(&rows[i], verdict_pack(was));

				assert_true(v.sure >= sure);
				assert_true(v.app < APP_COUNT && v.security < SECURITY_COUNT);
				if (sure == SURE_PAYLOAD && app == APP_SSH)
					assert_int_equal(v.app, APP_SSH);
			}
		}
	}
}

/* Of a stream met half-way, bytes do not speak against the port; text does, except to HTTP. */
static void test_halfway(void **state)
{
	struct payload bytes = payload_of(BYTES("\x9f\x12\xfe\x8c\x01\x9d\xc3\xaa\x71"), 1400);
	struct payload text = payload_of(BYTES("hello, is anybody there\n"), 0);
	struct packet https = packet_of(TCP, 443, 40000), http = packet_of(TCP, 80, 40000);
	struct verdict v;

	(void)state;
	https.flags = http.flags = 0;
	v = verdict_unpack(classify(&bytes, &https, 0));
	assert_int_equal(v.app, APP_HTTPS);
	assert_int_equal(v.sure, SURE_PORT);
	assert_int_equal(v.security, SECURITY_UNKNOWN);
	v = verdict_unpack(classify(&text, &https, 0));
	assert_int_equal(v.app, APP_OTHER);
	assert_int_equal(v.sure, SURE_HINT);
	v = verdict_unpack(classify(&text, &http, 0));
	assert_int_equal(v.app, APP_HTTP);
	assert_int_equal(v.sure, SURE_PORT);
}

/* A port's guess gives way to a denial, a denial to a proof, in one direction and over both. */
static void test_denial(void **state)
{
	struct packet k = packet_of(TCP, 40000, 443);
	struct payload junk = payload_of(BYTES("\x9f\x12\xfe\x8c\x01\x9d\xc3\xaa\x71"), 0);
	struct payload hello = payload_of(BYTES("\x16\x03\x01\x01\0\x01\0\0\xfc\x03\x03"), 261);
	__u32 port = classify_port(TCP, k.key.sport, k.key.dport), denied, proven;

	(void)state;
	assert_int_equal(port & 0xff, APP_HTTPS);
	denied = classify(&junk, &k, port);
	assert_int_equal(denied & 0xff, APP_OTHER);
	assert_int_equal(verdict_merge(port, denied) & 0xff, APP_OTHER);
	assert_int_equal(verdict_merge(denied, port) & 0xff, APP_OTHER);
	proven = classify(&hello, &k, denied);
	assert_int_equal(proven & 0xff, APP_HTTPS);
	assert_int_equal(classify(&junk, &k, proven), proven);
}

/* Each cleartext protocol that turns to TLS: the name stays, security rises, both ways. */
static void test_starttls(void **state)
{
	static const struct {
		__u16 port;
		__u8 app;
	} ways[] = {{25, APP_SMTP},    {143, APP_IMAP},	       {110, APP_POP3},
		    {21, APP_FTP},     {389, APP_LDAP},	       {3306, APP_MYSQL},
		    {1080, APP_SOCKS}, {5432, APP_POSTGRESQL}, {8080, APP_HTTP}};
	struct payload hello = payload_of(BYTES("\x16\x03\x01\x01\0\x01\0\0\xfc\x03\x03"), 261);

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct packet k = packet_of(TCP, 40000, ways[i].port);
		struct verdict clear = {ways[i].app, SURE_PAYLOAD, SECURITY_UNENCRYPTED};
		__u32 was = verdict_pack(clear), now = classify(&hello, &k, was);
		__u32 tls = PROVEN(TLS);

		assert_true(classify_wants(was, 1));
		assert_int_equal(now & 0xff, ways[i].app);
		assert_int_equal(now >> 16, SECURITY_ENCRYPTED);
		assert_false(classify_wants(now, 2));
		assert_int_equal(verdict_merge(was, now), now);
		assert_int_equal(verdict_merge(now, was), now);
		assert_int_equal(verdict_merge(was, tls), now);
		assert_int_equal(verdict_merge(tls, was), now);
	}
}

/* Any id makes a DNS query on port 53 one: none looks like another protocol. */
static void test_dns_ids(void **state)
{
	char query[] = "\0\0\1\0\0\1\0\0\0\0\0\0\7example\4test\0\0\1\0\1";
	const char flags[] = {0, 1, '\x81', '\x84'};
	struct packet k = packet_of(UDP, 40000, 53);

	(void)state;
	for (unsigned id = 0; id < 65536; id++) {
		query[0] = id >> 8;
		query[1] = id;
		for (size_t i = 0; i < sizeof(flags); i++) {
			struct payload p;

			query[2] = flags[i];
			p = payload_of(query, sizeof(query) - 1, 0);
			assert_int_equal(classify(&p, &k, 0) & 0xff, APP_DNS);
		}
	}
}

/* Queries sent together over TCP, the first packet of their connection. */
static void test_dns_pipelined(void **state)
{
	static const char query[] = "\0\x1e\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\4test\0\0\1\0\1";
	struct packet k = packet_of(TCP, 40000, 53);
	char three[3 * (sizeof(query) - 1)];
	struct payload p;

	(void)state;
	for (int i = 0; i < 3; i++)
		memcpy(three + i * (sizeof(query) - 1), query, sizeof(query) - 1);
	k.flags |= PACKET_BEGAN;
	p = payload_of(three, sizeof(three), 0);
	assert_int_equal(classify(&p, &k, 0), PROVEN(DNS));
}

static void test_merge(void **state)
{
	(void)state;
	assert_int_equal(verdict_merge(PROVEN(TLS), PROVEN(HTTPS)), PROVEN(HTTPS));
	assert_int_equal(verdict_merge(PROVEN(HTTPS), PROVEN(TLS)), PROVEN(HTTPS));
	assert_int_equal(verdict_merge(PROVEN(HTTP), PROVEN(WEBSOCKET)) & 0xff, APP_WEBSOCKET);
	assert_int_equal(verdict_merge(PROVEN(SSH), PROVEN(HTTP)), PROVEN(SSH));
	assert_int_equal(verdict_merge(LIKELY(RTP), PROVEN(STUN)), PROVEN(STUN));
	assert_int_equal(verdict_merge(0, LIKELY(RTP)), LIKELY(RTP));
	assert_int_equal(verdict_merge(PROVEN(HTTPS), PROVEN(DOT)), PROVEN(DOT));
	assert_int_equal(verdict_merge(PROVEN(DOT), PROVEN(HTTPS)), PROVEN(DOT));
	/* what is only likely encrypts nothing that was seen in clear */
	assert_int_equal(verdict_merge(PROVEN(HTTP), LIKELY(HTTPS)), PROVEN(HTTP));
	assert_int_equal(verdict_merge(LIKELY(TLS), PROVEN(SMTP)), PROVEN(SMTP));
	assert_int_equal(verdict_merge(PROVEN(SMTP), PROVEN(TLS)) >> 16, SECURITY_ENCRYPTED);
	/* who knows no security takes the other's */
	assert_int_equal(verdict_merge(PROVEN(VNC), LIKELY(FTP)) >> 16, SECURITY_UNENCRYPTED);
	/* but cleartext elsewhere does not make an encrypted flow clear */
	assert_int_equal(verdict_merge(PROVEN(SSH), LIKELY(FTP)) >> 16, SECURITY_ENCRYPTED);
}

static void test_pack(void **state)
{
	struct verdict v = {APP_TEREDO, SURE_HINT, SECURITY_ENCRYPTED}, w;

	(void)state;
	w = verdict_unpack(verdict_pack(v));
	assert_memory_equal(&v, &w, sizeof(v));
	assert_int_equal(verdict_pack(v), APP_TEREDO | SURE_HINT << 8 | SECURITY_ENCRYPTED << 16);
}

static void test_ports(void **state)
{
	static const struct {
		__u8 transport;
		__u16 sport, dport;
		__u8 app;
	} ports[] = {
		{TCP, 40000, 443, APP_HTTPS}, {TCP, 443, 40000, APP_HTTPS},
		{UDP, 40000, 443, APP_QUIC},  {TCP, 22, 80, APP_SSH},
		{UDP, 53, 5353, APP_DNS},     {TCP, 40000, 40001, APP_OTHER},
		{TCP, 7, 8080, APP_HTTP},     {TRANSPORT_SCTP, 40000, 80, APP_OTHER},
		{TCP, 20, 40000, APP_FTP},    {TRANSPORT_ICMP, 0, 0, APP_OTHER},
	};

	(void)state;
	assert_int_equal(classify_port(TRANSPORT_ESP, 0, 0), PROVEN(ESP));
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct packet k = packet_of(ports[i].transport, ports[i].sport, ports[i].dport);
		struct verdict v =
			verdict_unpack(classify_port(k.transport, k.key.sport, k.key.dport));

		assert_int_equal(v.app, ports[i].app);
		assert_int_equal(v.sure, v.app == APP_OTHER ? SURE_NOTHING : SURE_PORT);
		assert_int_equal(v.security, SECURITY_UNKNOWN);
	}
}

static void test_wants(void **state)
{
	(void)state;
	assert_true(classify_wants(0, 0));
	assert_true(classify_wants(LIKELY(RTP), CLASSIFY_LOOKS - 1));
	assert_false(classify_wants(LIKELY(RTP), CLASSIFY_LOOKS));
	assert_false(classify_wants(PROVEN(SSH), 0));
	assert_false(classify_wants(PROVEN(DNS), 1));
	assert_true(classify_wants(PROVEN(SMTP), 14));
	assert_false(classify_wants(PROVEN(SMTP), 15));
	assert_false(classify_wants(PROVEN(HTTP), CLASSIFY_LOOKS_HTTP));
}

/* Without payload there is the port, or what was known. */
static void test_empty(void **state)
{
	struct payload none = {.len = 0};
	struct packet k = packet_of(TCP, 40000, 22);

	(void)state;
	assert_int_equal(classify(&none, &k, 0) & 0xff, APP_SSH);
	assert_int_equal(classify(&none, &k, PROVEN(HTTP)), PROVEN(HTTP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	    cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_never_falls), cmocka_unit_test(test_halfway),
		cmocka_unit_test(test_denial),	    cmocka_unit_test(test_starttls),
		cmocka_unit_test(test_dns_ids),	    cmocka_unit_test(test_dns_pipelined),
		cmocka_unit_test(test_merge),	    cmocka_unit_test(test_pack),
		cmocka_unit_test(test_ports),	    cmocka_unit_test(test_wants),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
