/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A snapshot with something in every part, numbers that are easy to find again, and hostile names.
 */
#ifndef VIEW_FIXTURE_H
#define VIEW_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "snapshot.h"

/* What gets through when somebody upstream forgets to escape. */
#define HOSTILE_NAME "\x1b[2J\x07</script>\"\\\xff\xc2\x9b"

static void fixture_addr(uint8_t addr[16], uint8_t last)
{
	memcpy(addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0", 15);
	addr[15] = last;
}

static void fixture_dns(struct dns_view *d)
{
	d->queries = 120;
	d->responses = 110;
	d->matched = 109;
	d->unanswered = 11;
	d->retransmissions = 3;
	d->orphans = 1;
	d->thinned = 2;
	d->n_rcodes = 2;
	d->rcodes[0] = (struct named_count){"NOERROR", 100};
	d->rcodes[1] = (struct named_count){"NXDOMAIN", 9};
	d->n_qtypes = 1;
	d->qtypes[0] = (struct named_count){"AAAA", 120};
	d->latency = (struct quantiles){109, 0.5, 4, 20, 44, 230, 1200, 9};
	d->n_servers = 1;
	fixture_addr(d->servers[0].addr, 53);
	d->servers[0].matched = 109;
	d->servers[0].unanswered = 11;
	d->servers[0].latency = d->latency;
	d->n_slow = 1;
	fixture_addr(d->slow[0].client, 1);
	fixture_addr(d->slow[0].server, 53);
	strcpy(d->slow[0].qname, "slow.example");
	strcpy(d->slow[0].qtype, "AAAA");
	d->slow[0].latency_ms = 1200;
	d->n_names = 1;
	strcpy(d->names[0].name, "slow.example");
	d->names[0].queries = 7;
}

static void fixture_hosts(struct snapshot *s)
{
	struct flow_view *f = &s->flows[0];

	s->n_talkers = 2;
	for (int i = 0; i < 2; i++) {
		fixture_addr(s->talkers[i].addr, i + 1);
		s->talkers[i].packets = 1000 / (i + 1);
		s->talkers[i].bytes = 1000000 / (i + 1);
	}
	strcpy(s->talkers[0].name, "host.example");
	strcpy(s->talkers[1].name, HOSTILE_NAME);
	s->n_flows = 2;
	for (int i = 0; i < 2; i++, f++) {
		fixture_addr(f->saddr, 1);
		fixture_addr(f->daddr, 2 + i);
		f->sport = 40000 + i;
		f->dport = 443;
		f->proto = 6;
		f->verdict = (struct verdict){APP_HTTPS, SURE_PAYLOAD, SECURITY_ENCRYPTED};
		f->packets = 500;
		f->bytes = 600000;
		f->packets_rev = 400;
		f->bytes_rev = 30000;
		f->tcp_flags = TCP_SYN | TCP_ACK;
		f->handshake_ms = i ? -1 : 12.5;
		f->last = s->time;
		f->first = s->time - 5000000000ull;
		strcpy(f->interface, "eth7");
	}
	strcpy(s->flows[0].name, "www.example");
	strcpy(s->flows[1].name, HOSTILE_NAME);
}

static void fixture_alert(struct snapshot *s)
{
	struct alert_view *a = &s->alerts[0];

	s->n_alerts = s->n_alerts_open = 1;
	s->alerts_total = 4;
	s->n_detectors = 1;
	s->alerts_by_detector[0] = (struct named_count){"port_scan", 4};
	strcpy(a->detector, "port_scan");
	a->alert.detector = a->detector;
	a->alert.severity = SEVERITY_HIGH;
	a->alert.start = s->time;
	strcpy(a->alert.subject, "10.0.0.2");
	strcpy(a->alert.reason, "it asked for 300 ports in a minute, and others for 2");
	strcpy(a->alert.kind, "vertical");
	strcpy(a->alert.unit, "ports");
	a->alert.observed = 300;
	a->alert.expected = 2;
}

static void fixture_counts(struct snapshot *s)
{
	s->packets = 1300;
	s->bytes = 1500000;
	s->l3[L3_IPV4] = (struct count){1290, 1499500};
	s->l3[L3_ARP] = (struct count){10, 500};
	s->transport[TRANSPORT_TCP] = (struct count){1000, 1400000};
	s->transport[TRANSPORT_UDP] = (struct count){290, 99500};
	s->app[APP_HTTPS] = (struct app_total){1000, 1400000, 2, 100, 1e6};
	s->app[APP_DNS] = (struct app_total){230, 90000, 60, 1, 1e3};
	s->app[APP_OTHER] = (struct app_total){70, 10000, 5, 0, 0};
	s->security[SECURITY_ENCRYPTED] = (struct count){1000, 1400000};
	s->security[SECURITY_UNENCRYPTED] = (struct count){230, 90000};
	s->security[SECURITY_UNKNOWN] = (struct count){70, 10000};
	s->sizes[10] = 1300;
	s->flows_total = 67;
	s->flows_active = 31;
	s->in_pps = 1200;
	s->out_pps = 340;
	s->in_bps = 3400000;
	s->out_bps = 120000;
	s->ledger = (struct ledger){.seen = 1300, .flows = 1280, .not_flow = 10};
	s->ledger.unparsed_total = s->ledger.unparsed[UNPARSED_BAD_TCP] = 10;
	s->ledger.lost[LOST_PACKETS] = 5;
	s->ledger.lost[LOST_FILES] = 3;
	s->ledger.looks_skipped = 70;
	s->ledger.head_skipped = 20;
	s->ledger.dns_skipped = 9;
}

static void fixture_snapshot(struct snapshot *s, bool live, bool final)
{
	memset(s, 0, sizeof(*s));
	s->live = live;
	s->final = final;
	s->time = 1700000000ull * 1000000000;
	s->duration_s = 10;
	s->interval_s = 1;
	strcpy(s->source, live ? "eth7" : "some.pcap");
	strcpy(s->mode, live ? "native" : "file");
	fixture_counts(s);
	fixture_dns(&s->dns);
	fixture_hosts(s);
	fixture_alert(s);
	s->n_interfaces = 1;
	strcpy(s->interfaces[0].name, "eth7");
	strcpy(s->interfaces[0].mode, "native");
	s->interfaces[0].up = true;
	s->n_notes = 1;
	strcpy(s->notes[0], "eth7 went down");
	s->cost_known = live;
	s->cost_ns_per_packet = 85;
	s->cost_cpu_percent = 2.1;
}

#endif
