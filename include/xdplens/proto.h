/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The protocols that we know, one table a layer. Names in records, reports and metrics come from
 * here and from nowhere else. Pure data: compiled for BPF and for the host.
 */
#ifndef XDPLENS_PROTO_H
#define XDPLENS_PROTO_H

/* Outermost network header, VLAN tags and the like stepped over. X(ID, name) */
#define XDPLENS_L3(X) X(OTHER, other) X(IPV4, ipv4) X(IPV6, ipv6) X(ARP, arp)

/* Protocol of the outermost IP header that has a counter of its own. X(ID, name, IANA number) */
#define XDPLENS_TRANSPORTS(X) \
	X(OTHER, other, 255)  \
	X(TCP, tcp, 6)        \
	X(UDP, udp, 17)       \
	X(ICMP, icmp, 1)      \
	X(ICMPV6, icmpv6, 58) \
	X(SCTP, sctp, 132)    \
	X(GRE, gre, 47)       \
	X(ESP, esp, 50)       \
	X(AH, ah, 51)         \
	X(IGMP, igmp, 2)

/* X(ID, name) */
#define XDPLENS_SECURITIES(X) \
	X(UNKNOWN, unknown) X(UNENCRYPTED, unencrypted) X(ENCRYPTED, encrypted)

/*
 * Applications. X(ID, name, what the protocol is by nature)
 * OTHER: nothing said what it is. The order is part of the contract: append, never insert.
 */
#define XDPLENS_APPS(X)                        \
	X(OTHER, other, UNKNOWN)               \
	X(HTTP, http, UNENCRYPTED)             \
	X(HTTPS, https, ENCRYPTED)             \
	X(TLS, tls, ENCRYPTED)                 \
	X(DTLS, dtls, ENCRYPTED)               \
	X(QUIC, quic, ENCRYPTED)               \
	X(WEBSOCKET, websocket, UNENCRYPTED)   \
	X(DNS, dns, UNENCRYPTED)               \
	X(DOT, dot, ENCRYPTED)                 \
	X(MDNS, mdns, UNENCRYPTED)             \
	X(LLMNR, llmnr, UNENCRYPTED)           \
	X(NETBIOS, netbios, UNENCRYPTED)       \
	X(SSH, ssh, ENCRYPTED)                 \
	X(FTP, ftp, UNENCRYPTED)               \
	X(FTP_DATA, ftp_data, UNENCRYPTED)     \
	X(TFTP, tftp, UNENCRYPTED)             \
	X(TELNET, telnet, UNENCRYPTED)         \
	X(SMTP, smtp, UNENCRYPTED)             \
	X(IMAP, imap, UNENCRYPTED)             \
	X(POP3, pop3, UNENCRYPTED)             \
	X(NTP, ntp, UNENCRYPTED)               \
	X(DHCP, dhcp, UNENCRYPTED)             \
	X(SNMP, snmp, UNENCRYPTED)             \
	X(SYSLOG, syslog, UNENCRYPTED)         \
	X(SSDP, ssdp, UNENCRYPTED)             \
	X(SIP, sip, UNENCRYPTED)               \
	X(RTP, rtp, UNENCRYPTED)               \
	X(RTCP, rtcp, UNENCRYPTED)             \
	X(RTSP, rtsp, UNENCRYPTED)             \
	X(STUN, stun, UNENCRYPTED)             \
	X(RDP, rdp, UNKNOWN)                   \
	X(VNC, vnc, UNKNOWN)                   \
	X(SMB, smb, UNENCRYPTED)               \
	X(LDAP, ldap, UNENCRYPTED)             \
	X(KERBEROS, kerberos, UNENCRYPTED)     \
	X(RADIUS, radius, UNENCRYPTED)         \
	X(MQTT, mqtt, UNENCRYPTED)             \
	X(AMQP, amqp, UNENCRYPTED)             \
	X(COAP, coap, UNENCRYPTED)             \
	X(REDIS, redis, UNENCRYPTED)           \
	X(POSTGRESQL, postgresql, UNENCRYPTED) \
	X(MYSQL, mysql, UNENCRYPTED)           \
	X(MONGODB, mongodb, UNENCRYPTED)       \
	X(MEMCACHED, memcached, UNENCRYPTED)   \
	X(BITTORRENT, bittorrent, UNENCRYPTED) \
	X(WIREGUARD, wireguard, ENCRYPTED)     \
	X(OPENVPN, openvpn, ENCRYPTED)         \
	X(IKE, ike, ENCRYPTED)                 \
	X(ESP, esp, ENCRYPTED)                 \
	X(SOCKS, socks, UNENCRYPTED)           \
	X(BGP, bgp, UNENCRYPTED)               \
	X(RPC, rpc, UNENCRYPTED)               \
	X(VXLAN, vxlan, UNENCRYPTED)           \
	X(GENEVE, geneve, UNENCRYPTED)         \
	X(GTPU, gtpu, UNENCRYPTED)             \
	X(L2TP, l2tp, UNENCRYPTED)             \
	X(RX, rx, UNENCRYPTED)                 \
	X(TEREDO, teredo, UNENCRYPTED)         \
	X(XMPP, xmpp, UNENCRYPTED)

/*
 * Ports, asked only where the payload said nothing. X(transport, port, application)
 * A port whose protocol always shows itself in its first bytes (HTTP, TLS, SSH, ...) stands here
 * for flows whose payload was never seen.
 */
/* clang-format off */
#define XDPLENS_PORTS(X) \
	X(TCP, 80, HTTP) X(TCP, 8080, HTTP) X(TCP, 443, HTTPS) X(UDP, 443, QUIC) \
	X(TCP, 8443, HTTPS) X(TCP, 53, DNS) X(UDP, 53, DNS) X(TCP, 853, DOT) \
	X(UDP, 5353, MDNS) X(UDP, 5355, LLMNR) X(TCP, 5355, LLMNR) X(UDP, 137, NETBIOS) \
	X(UDP, 138, NETBIOS) X(TCP, 139, NETBIOS) X(TCP, 22, SSH) X(TCP, 21, FTP) \
	X(TCP, 20, FTP) X(UDP, 69, TFTP) X(TCP, 23, TELNET) X(TCP, 25, SMTP) \
	X(TCP, 587, SMTP) X(TCP, 143, IMAP) X(TCP, 110, POP3) X(TCP, 465, TLS) \
	X(TCP, 993, TLS) X(TCP, 995, TLS) X(UDP, 123, NTP) X(UDP, 67, DHCP) X(UDP, 68, DHCP) \
	X(UDP, 546, DHCP) X(UDP, 547, DHCP) X(UDP, 161, SNMP) X(UDP, 162, SNMP) \
	X(UDP, 514, SYSLOG) X(UDP, 1900, SSDP) X(UDP, 5060, SIP) X(TCP, 5060, SIP) \
	X(TCP, 554, RTSP) X(UDP, 3478, STUN) X(TCP, 3389, RDP) X(UDP, 3389, RDP) \
	X(TCP, 5900, VNC) X(TCP, 445, SMB) X(TCP, 389, LDAP) X(UDP, 389, LDAP) \
	X(TCP, 636, TLS) X(TCP, 88, KERBEROS) X(UDP, 88, KERBEROS) X(UDP, 1812, RADIUS) \
	X(UDP, 1813, RADIUS) X(TCP, 1883, MQTT) X(TCP, 8883, TLS) X(TCP, 5672, AMQP) \
	X(UDP, 5683, COAP) X(TCP, 6379, REDIS) X(TCP, 5432, POSTGRESQL) X(TCP, 3306, MYSQL) \
	X(TCP, 27017, MONGODB) X(TCP, 11211, MEMCACHED) X(UDP, 11211, MEMCACHED) \
	X(TCP, 6881, BITTORRENT) X(UDP, 6881, BITTORRENT) X(UDP, 51820, WIREGUARD) \
	X(UDP, 1194, OPENVPN) X(TCP, 1194, OPENVPN) X(UDP, 500, IKE) X(UDP, 4500, IKE) \
	X(TCP, 1080, SOCKS) X(TCP, 179, BGP) X(TCP, 111, RPC) X(UDP, 111, RPC) \
	X(UDP, 4789, VXLAN) X(UDP, 8472, VXLAN) X(UDP, 6081, GENEVE) X(UDP, 2152, GTPU) \
	X(UDP, 2123, GTPU) X(UDP, 1701, L2TP) X(UDP, 7000, RX) X(UDP, 7001, RX) \
	X(UDP, 7003, RX) X(UDP, 3544, TEREDO) X(TCP, 5222, XMPP) X(TCP, 5269, XMPP)
/* clang-format on */

enum l3 {
#define X(id, name) L3_##id,
	XDPLENS_L3(X)
#undef X
		L3_COUNT
};

enum transport {
#define X(id, name, number) TRANSPORT_##id,
	XDPLENS_TRANSPORTS(X)
#undef X
		TRANSPORT_COUNT
};

enum security {
#define X(id, name) SECURITY_##id,
	XDPLENS_SECURITIES(X)
#undef X
		SECURITY_COUNT
};

enum app {
#define X(id, name, security) APP_##id,
	XDPLENS_APPS(X)
#undef X
		APP_COUNT
};

#endif
