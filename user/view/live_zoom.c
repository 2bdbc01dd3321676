// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A closer look at one host, flow, packet or alert: a page of lines made anew for every frame out
 * of the snapshot and the copied packets, of which the window shows a part.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "view/label.h"
#include "view/live.h"
#include "view/page.h"
#include "view/units.h"

enum { COPIES_SHOWN = 8, SLOW_SHOWN = 5, FLOWS_SHOWN = 20, LABEL_WIDTH = 11 };

static void add_fact(struct page *page, const char *label, const char *value)
{
	page_add(page, TINT_TEXT, " %-*s %s", LABEL_WIDTH, label, value);
}

static void add_head(struct page *page, const char *title, size_t n)
{
	page_add(page, TINT_TEXT, "%s", "");
	page_add(page, TINT_TITLE, "%s (%zu)", title, n);
}

/* ---- packets ---- */

static void add_packet(struct page *page, const struct live_packet *p)
{
	char clock[UNITS_LEN], from[LABEL_ENDPOINT], to[LABEL_ENDPOINT], flags[LABEL_LEN];
	char protocol[LABEL_LEN];
	const struct flow_key *k = &p->packet.key;

	page_add(page, TINT_NAME, " %s.%06u %s %s > %s %s, %u bytes %s", units_clock(clock, p->ts),
		 (unsigned)(p->ts % 1000000000 / 1000), label_protocol(protocol, k->proto),
		 label_endpoint(from, k->saddr, NULL, ntohs(k->sport)),
		 label_endpoint(to, k->daddr, NULL, ntohs(k->dport)),
		 label_app[p->verdict.app % APP_COUNT], p->wire_len,
		 label_tcp_flags(flags, p->packet.tcp_flags));
	page_hex(page, TINT_DIM, p->data, p->caplen);
}

static bool same_addr(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, 16);
}

static bool packet_of_host(const struct live_packet *p, const uint8_t addr[16])
{
	return p->packet.key.family &&
	       (same_addr(p->packet.key.saddr, addr) || same_addr(p->packet.key.daddr, addr));
}

/* Either way: the flow's source is who opened it. */
static bool packet_of_flow(const struct live_packet *p, const struct flow_view *f)
{
	const struct flow_key *k = &p->packet.key;
	uint16_t sport = ntohs(k->sport), dport = ntohs(k->dport);

	if (k->proto != f->proto)
		return false;
	return (same_addr(k->saddr, f->saddr) && same_addr(k->daddr, f->daddr) &&
		sport == f->sport && dport == f->dport) ||
	       (same_addr(k->saddr, f->daddr) && same_addr(k->daddr, f->saddr) &&
		sport == f->dport && dport == f->sport);
}

/* The newest first. flow NULL: of the host. */
static void add_packets(struct page *page, const struct view *v, const uint8_t *addr,
			const struct flow_view *flow)
{
	size_t kept = v->n_packets < LIVE_COPIES ? v->n_packets : LIVE_COPIES, found = 0;

	for (size_t i = 0; i < kept && found < COPIES_SHOWN; i++) {
		const struct live_packet *p = &v->packets[(v->n_packets - 1 - i) % LIVE_COPIES];

		if (flow ? !packet_of_flow(p, flow) : !packet_of_host(p, addr))
			continue;
		if (!found++) {
			page_add(page, TINT_TEXT, "%s", "");
			page_add(page, TINT_TITLE, "Last packets copied, newest first");
		}
		add_packet(page, p);
	}
}

/* ---- what is said of a host ---- */

static void add_flow_line(struct page *page, const struct view *v, const struct flow_view *f)
{
	char from[LABEL_ENDPOINT], to[LABEL_ENDPOINT], rate[UNITS_LEN], bytes[UNITS_LEN];
	char protocol[LABEL_LEN];

	page_add(page, TINT_TEXT, " %-6s %-10s %12s %8s  %s > %s",
		 label_protocol(protocol, f->proto), label_app[f->verdict.app % APP_COUNT],
		 live_rate(v, rate, -1, f->bps), units_bytes(bytes, f->bytes + f->bytes_rev),
		 label_endpoint(from, f->saddr, NULL, f->sport),
		 label_endpoint(to, f->daddr, v->names ? f->name : NULL, f->dport));
}

static bool flow_of_host(const struct flow_view *f, const uint8_t addr[16])
{
	return same_addr(f->saddr, addr) || same_addr(f->daddr, addr);
}

static void add_flows(struct page *page, const struct view *v, const uint8_t addr[16])
{
	const struct snapshot *s = &v->shown;
	size_t n = 0, shown = 0;

	for (size_t i = 0; i < s->n_flows; i++)
		n += flow_of_host(&s->flows[i], addr);
	if (!n)
		return;
	add_head(page, "Flows", n);
	for (size_t i = 0; i < s->n_flows && shown < FLOWS_SHOWN; i++) {
		if (!flow_of_host(&s->flows[i], addr))
			continue;
		add_flow_line(page, v, &s->flows[i]);
		shown++;
	}
	if (shown < n)
		page_add(page, TINT_DIM, " %zu more: key 2, and filter by the address", n - shown);
}

static bool slow_of_host(const struct dns_slow *w, const uint8_t addr[16])
{
	return same_addr(w->client, addr) || same_addr(w->server, addr);
}

static void add_dns_server(struct page *page, const struct dns_view *d, const uint8_t addr[16])
{
	char text[UNITS_LEN], p50[UNITS_LEN], p95[UNITS_LEN];

	for (size_t i = 0; i < d->n_servers; i++) {
		const struct dns_server_view *w = &d->servers[i];

		if (!same_addr(w->addr, addr))
			continue;
		page_add(page, TINT_TEXT, " %-*s answered %s, p50 %s, p95 %s", LABEL_WIDTH,
			 "DNS server", units_count(text, w->matched),
			 units_ms(p50, w->latency.count ? w->latency.p50 : -1),
			 units_ms(p95, w->latency.count ? w->latency.p95 : -1));
		if (w->unanswered)
			page_add(page, TINT_BAD, " %-*s %s", LABEL_WIDTH, "unanswered",
				 units_count(text, w->unanswered));
	}
}

static void add_slow_dns(struct page *page, const struct dns_view *d, const uint8_t addr[16])
{
	char text[UNITS_LEN], server[46];
	size_t n = 0;

	for (size_t i = 0; i < d->n_slow; i++)
		n += slow_of_host(&d->slow[i], addr);
	if (n)
		add_head(page, "Slow DNS answers", n);
	for (size_t i = 0, shown = 0; i < d->n_slow && shown < SLOW_SHOWN; i++) {
		if (!slow_of_host(&d->slow[i], addr))
			continue;
		page_add(page, TINT_TEXT, " %8s  %s %s by %s",
			 units_ms(text, d->slow[i].latency_ms), d->slow[i].qname, d->slow[i].qtype,
			 text_addr(server, d->slow[i].server));
		shown++;
	}
}

/* The address as a word of its own: 10.0.0.1 is not in 10.0.0.12. */
static bool mentions(const char *text, const char *addr)
{
	size_t len = strlen(addr);

	for (const char *at = strstr(text, addr); at; at = strstr(at + 1, addr)) {
		bool starts =
			at == text || !(isalnum((unsigned char)at[-1]) || strchr(".:", at[-1]));
		char next = at[len];

		if (starts && !isalnum((unsigned char)next) &&
		    !((next == '.' || next == ':') && isalnum((unsigned char)at[len + 1])))
			return true;
	}
	return false;
}

static void add_alert(struct page *page, const struct alert_view *w)
{
	const struct alert *a = &w->alert;
	char since[UNITS_LEN], until[UNITS_LEN];

	page_add(page,
		 a->end				? TINT_DIM
		 : a->severity >= SEVERITY_HIGH ? TINT_BAD
						: TINT_WARN,
		 " %s %s %s: %s, since %s%s%s", a->end ? "closed" : "open",
		 label_severity[a->severity % SEVERITY_COUNT], w->detector, a->subject,
		 units_date(since, a->start), a->end ? " until " : "",
		 a->end ? units_clock(until, a->end) : "");
	page_wrap(page, TINT_TEXT, a->reason);
	page_add(page, TINT_DIM, "   %s: observed %g %s, expected %g", a->kind, a->observed,
		 a->unit, a->expected);
}

static void add_alerts(struct page *page, const struct snapshot *s, const uint8_t addr[16])
{
	char text[46];
	bool any = false;

	text_addr(text, addr);
	for (size_t i = 0; i < s->n_alerts; i++) {
		if (!mentions(s->alerts[i].alert.subject, text))
			continue;
		if (!any) {
			page_add(page, TINT_TEXT, "%s", "");
			page_add(page, TINT_TITLE, "Alerts");
		}
		any = true;
		add_alert(page, &s->alerts[i]);
	}
}

/* ---- the pages ---- */

static const struct talker *talker_of(const struct snapshot *s, const uint8_t addr[16])
{
	for (size_t i = 0; i < s->n_talkers; i++)
		if (same_addr(s->talkers[i].addr, addr))
			return &s->talkers[i];
	return NULL;
}

static void add_host(struct page *page, const struct view *v)
{
	const struct talker *t = talker_of(&v->shown, v->on.addr);
	char addr[46], bytes[UNITS_LEN], packets[UNITS_LEN], rate[UNITS_LEN];

	page_add(page, TINT_TITLE, "Host %s", text_addr(addr, v->on.addr));
	if (t && t->name[0])
		add_fact(page, "name", t->name);
	if (t)
		page_add(page, TINT_TEXT, " %-*s %s, %s packets, now %s", LABEL_WIDTH, "sent",
			 units_bytes(bytes, t->bytes), units_count(packets, t->packets),
			 live_rate(v, rate, t->pps, t->bps));
	add_dns_server(page, &v->shown.dns, v->on.addr);
	add_alerts(page, &v->shown, v->on.addr);
	live_add_sums(page, v, v->on.addr);
	add_flows(page, v, v->on.addr);
	add_slow_dns(page, &v->shown.dns, v->on.addr);
	add_packets(page, v, v->on.addr, NULL);
}

/* The flow as it stands in this snapshot, else as it was last seen. */
static const struct flow_view *flow_now(struct view *v)
{
	struct flow_view *was = &v->on.flow;

	for (size_t i = 0; i < v->shown.n_flows; i++) {
		const struct flow_view *f = &v->shown.flows[i];

		if (f->proto == was->proto && f->sport == was->sport && f->dport == was->dport &&
		    f->vlan == was->vlan && same_addr(f->saddr, was->saddr) &&
		    same_addr(f->daddr, was->daddr) &&
		    !strncmp(f->interface, was->interface, sizeof(f->interface))) {
			*was = *f;
			return f;
		}
	}
	return NULL;
}

static void add_flow_facts(struct page *page, const struct view *v, const struct flow_view *f,
			   bool now)
{
	char a[UNITS_LEN], b[UNITS_LEN], c[UNITS_LEN], d[UNITS_LEN], flags[LABEL_LEN];

	if (f->name[0])
		add_fact(page, "name", f->name);
	page_add(page, TINT_TEXT, " %-*s %s, %s", LABEL_WIDTH, "application",
		 label_app[f->verdict.app % APP_COUNT],
		 label_security[f->verdict.security % SECURITY_COUNT]);
	page_add(page, TINT_TEXT, " %-*s %s in %s packets", LABEL_WIDTH, "there",
		 units_bytes(a, f->bytes), units_count(b, f->packets));
	page_add(page, TINT_TEXT, " %-*s %s in %s packets", LABEL_WIDTH, "back",
		 units_bytes(c, f->bytes_rev), units_count(d, f->packets_rev));
	add_fact(page, "rate", now ? live_rate(v, a, -1, f->bps) : "-");
	page_add(page, TINT_TEXT, " %-*s %s until %s (%s)", LABEL_WIDTH, "seen",
		 units_date(a, f->first), units_clock(b, f->last),
		 units_duration(c, f->last > f->first ? (f->last - f->first) / 1e9 : 0));
	if (f->proto == IPPROTO_TCP) {
		add_fact(page, "handshake", units_ms(a, f->handshake_ms));
		add_fact(page, "TCP flags", label_tcp_flags(flags, f->tcp_flags));
	}
	add_fact(page, "interface", f->interface);
	if (f->owner[0])
		add_fact(page, "owner", f->owner);
	if (f->vlan)
		page_add(page, TINT_TEXT, " %-*s %u", LABEL_WIDTH, "VLAN", f->vlan);
}

static void add_flow(struct page *page, struct view *v)
{
	bool now = flow_now(v);
	const struct flow_view *f = &v->on.flow;
	char from[LABEL_ENDPOINT], to[LABEL_ENDPOINT], protocol[LABEL_LEN];

	page_add(page, TINT_TITLE, "Flow %s %s > %s", label_protocol(protocol, f->proto),
		 label_endpoint(from, f->saddr, NULL, f->sport),
		 label_endpoint(to, f->daddr, NULL, f->dport));
	add_flow_facts(page, v, f, now);
	if (!now)
		page_add(page, TINT_DIM, " not among the flows of this picture any more");
	add_alerts(page, &v->shown, f->saddr);
	add_alerts(page, &v->shown, f->daddr);
	if (f->verdict.app == APP_DNS)
		add_slow_dns(page, &v->shown.dns, f->daddr);
	add_packets(page, v, NULL, f);
}

static void fill(struct page *page, struct view *v)
{
	switch (v->zoom) {
	case ZOOM_HOST:
		add_host(page, v);
		break;
	case ZOOM_FLOW:
		add_flow(page, v);
		break;
	case ZOOM_PACKET:
		page_add(page, TINT_TITLE, "Packet, its first %u octets", v->on.packet.caplen);
		add_packet(page, &v->on.packet);
		break;
	case ZOOM_ALERT:
		page_add(page, TINT_TITLE, "Alert");
		add_alert(page, &v->on.alert);
		break;
	case ZOOM_NONE:
		break;
	}
}

void live_draw_zoom(struct view *v, struct pane p)
{
	struct page page;
	size_t first;

	page.n = 0;
	page.width = p.w;
	fill(&page, v);
	v->page = p.h > 1 ? p.h - 1 : 1;
	/* The selection of a page of text is its first line on the screen. */
	v->n_order = page.n > v->page ? page.n - v->page : 1;
	table_scroll_by(&v->zoom_scroll, 0, v->n_order, 1);
	first = v->zoom_scroll.selected;
	for (int i = 0; i < p.h && first + i < page.n; i++)
		pane_text(&p, i, 0, page.lines[first + i].tint, "%s", page.lines[first + i].text);
}
