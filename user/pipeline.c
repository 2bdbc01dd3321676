// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What happens to what a source delivers. A copied packet goes to DNS pairing, naming, the flow
 * table, detectors and sinks; a flow's delta to the flow table, talkers, ledger and detectors; a
 * cut closes the ledger and is the tick of everything that keeps time.
 */
#include "pipeline.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dns.h"
#include "analysis/flow_name.h"
#include "analysis/flow_table.h"
#include "analysis/ftp_data.h"
#include "analysis/ledger.h"
#include "analysis/sketch.h"
#include "analysis/talkers.h"
#include "base/buffer.h"
#include "base/counters.h"
#include "base/log.h"
#include "detect/detect.h"
#include "detect/recorder.h"
#include "sink/sink.h"
#include "source/filter.h"
#include "source/netns.h"
#include "source/owner.h"

enum {
	NAMES_PENDING = 4096,
	FTP_ANNOUNCED = 256,
	TALKERS = 65536,
	VIEWS = 4,
	NS_PER_S = 1000000000,
	SINK_TICK_NS = 200000000,
};

struct output { /* a sink and its instance */
	const struct sink_ops *ops;
	struct sink *sink;
};

enum { SINK_PCAP, SINK_CSV, SINK_FLOWS, SINK_DNS, SINK_ALERTS, SINKS };

struct pipeline {
	const struct options *options;
	const struct source_ops *source_ops;
	struct source *source;
	struct flow_table *flows;
	struct flow_names *names;
	struct owners *owners;
	bool live;  /* packets are this host's */
	bool apart; /* what the capture takes comes for it alone */
	struct ftp_data *ftp;
	struct talkers *talkers;
	struct dns *dns;
	struct detect *detect;
	struct recorder *recorder; /* NULL: off */
	struct output sinks[SINKS];
	struct sink_host sink_host;
	struct {
		const struct view_ops *ops;
		struct view *view;
	} views[VIEWS];
	int n_views;
	struct counters total; /* of all cuts */
	struct ledger ledger;
	uint64_t open_flows[BANKS]; /* packets in deltas whose cut is still to come */
	struct sketch blurred;
	struct filter *filter; /* of what is captured; counting goes on for everything */
	bool dns_thinned;
	char *feeds; /* see options.h */
	uint64_t start, last_tick, last_sinks;
	bool cut;
	struct snapshot snapshot, last;
};

/* ---- what the source delivers ---- */

static bool pipeline_captures(const struct pipeline *p, const struct event *e)
{
	return e->why & COPY_SAMPLE &&
	       (e->why & COPY_TAKEN || !p->filter || filter_takes(p->filter, e));
}

static void pipeline_sample(void *arg, const struct event *e)
{
	struct pipeline *p = arg;
	struct output *pcap = &p->sinks[SINK_PCAP];

	if (pipeline_captures(p, e))
		pcap->ops->packet(pcap->sink, e);
}

static size_t pipeline_records(void *arg, const void *records, size_t octets, size_t n)
{
	struct output *pcap = &((struct pipeline *)arg)->sinks[SINK_PCAP];

	return pcap->ops->records(pcap->sink, records, octets, n);
}

static bool pipeline_lends(void *arg)
{
	struct output *pcap = &((struct pipeline *)arg)->sinks[SINK_PCAP];

	return pcap->ops->lends(pcap->sink);
}

static bool pipeline_lend(void *arg, const struct writer_loan *loan, size_t octets)
{
	struct output *pcap = &((struct pipeline *)arg)->sinks[SINK_PCAP];

	return pcap->ops->lend(pcap->sink, loan, octets);
}

static void pipeline_lose(void *arg, size_t n)
{
	struct output *pcap = &((struct pipeline *)arg)->sinks[SINK_PCAP];

	pcap->ops->lose(pcap->sink, n);
}

static void pipeline_packet(void *arg, const struct event *copied)
{
	struct pipeline *p = arg;
	struct event e = *copied;
	struct flow_name_result found = {0};
	struct output *pcap = &p->sinks[SINK_PCAP], *csv = &p->sinks[SINK_CSV];

	if (!e.interface)
		e.interface = p->source_ops->interface_name(p->source, e.packet->key.ifindex);
	e.owner = owners_of(p->owners, e.cgroup);
	if (e.why & COPY_DNS) {
		e.dns_latency_ms = dns_event(p->dns, &e);
		e.dns_malformed = dns_malformed(p->dns);
	}
	if (e.packet->outcome == OUTCOME_FLOW && e.why & (COPY_DNS | COPY_HEAD)) {
		if (e.packet->payload_len)
			flow_names_event(p->names, &e, &found);
		ftp_data_event(p->ftp, &e);
		if (ftp_data_expected(p->ftp, &e.packet->key))
			found.verdict =
				(struct verdict){APP_FTP, SURE_PAYLOAD, SECURITY_UNENCRYPTED};
		flow_table_note(p->flows, &e, found.name[0] ? found.name : NULL, found.verdict);
	}
	if (p->recorder)
		recorder_packet(p->recorder, &e);
	detect_event(p->detect, &e);
	if (pipeline_captures(p, &e)) {
		if (pcap->sink && !p->apart)
			pcap->ops->packet(pcap->sink, &e);
		if (csv->sink)
			csv->ops->packet(csv->sink, &e);
	} else {
		e.why &= ~COPY_SAMPLE;
	}
	for (int i = 0; i < p->n_views; i++)
		if (p->views[i].ops->event)
			p->views[i].ops->event(p->views[i].view, &e);
}

static void pipeline_flows(void *arg, unsigned bank, struct flow_delta *deltas, size_t n)
{
	struct pipeline *p = arg;

	flow_table_add_batch(p->flows, deltas, n);
	for (size_t i = 0; i < n; i++) {
		const struct flow_delta *d = &deltas[i];

		p->open_flows[bank] += d->packets;
		talkers_add(p->talkers, d->key->saddr, d->key->daddr, d->packets, d->bytes,
			    d->last);
		detect_flow(p->detect, d);
	}
}

static struct count pipeline_sum(const struct count *c, size_t n)
{
	struct count sum = {0};

	for (size_t i = 0; i < n; i++) {
		sum.packets += c[i].packets;
		sum.bytes += c[i].bytes;
	}
	return sum;
}

static void pipeline_tick(struct pipeline *p, const struct counters *c)
{
	struct count seen = pipeline_sum(c->outcome, OUTCOME_COUNT);
	struct sketch new_sources = {0};
	struct tick tick = {
		.now = p->source_ops->now(p->source),
		.packets = seen.packets,
		.bytes = seen.bytes,
		.overflow_packets = pipeline_sum(c->overflow, TRANSPORT_COUNT).packets,
		.counters = c,
	};

	sketch_merge(&new_sources, c->sketch);
	sketch_merge(&p->blurred, c->sketch);
	if (tick.overflow_packets)
		tick.new_sources = sketch_estimate(&new_sources);
	tick.elapsed_s = p->last_tick ? (tick.now - p->last_tick) / 1e9 : 0;
	p->last_tick = tick.now;
	owners_tick(p->owners, tick.now);
	dns_tick(p->dns, tick.now);
	flow_names_expire(p->names, tick.now, 10ull * NS_PER_S);
	detect_tick(p->detect, &tick);
}

static void pipeline_cut(void *arg, unsigned bank, const struct counters *c)
{
	struct pipeline *p = arg;

	counters_add(&p->total, c);
	ledger_add_counters(&p->ledger, c);
	ledger_add_flow(&p->ledger, p->open_flows[bank]);
	p->open_flows[bank] = 0;
	if (options_only_capture(p->options)) /* in no flow, since flows are for nobody */
		ledger_add_flow(&p->ledger, c->outcome[OUTCOME_FLOW].packets);
	if (ledger_close(&p->ledger))
		log_error("the ledger is out of balance by %lld packets: please report this",
			  (long long)p->ledger.balance);
	pipeline_tick(p, c);
	p->cut = true;
}

static void pipeline_note(void *arg, const char *text)
{
	struct pipeline *p = arg;
	struct snapshot *s = &p->snapshot;

	log_warn("%s", text);
	if (s->n_notes == SNAPSHOT_NOTES) {
		memmove(s->notes[0], s->notes[1], sizeof(s->notes[0]) * (SNAPSHOT_NOTES - 1));
		s->n_notes--;
	}
	snprintf(s->notes[s->n_notes++], sizeof(s->notes[0]), "%s", text);
}

static void pipeline_clock_set(void *arg, int64_t ns)
{
	struct pipeline *p = arg;

	p->last_tick += p->last_tick ? ns : 0;
	dns_clock_set(p->dns, ns);
	flow_table_clock_set(p->flows, ns);
}

static void pipeline_dns_thinned(void *arg, uint16_t mask, uint64_t now)
{
	struct pipeline *p = arg;

	dns_thin(p->dns, mask, now);
	if (mask == 1 && !p->dns_thinned)
		pipeline_note(p, "more DNS than can be read: some transactions are left out whole, "
				 "and counted");
	else if (!mask)
		pipeline_note(p, "all DNS is read again");
	p->dns_thinned = mask;
}

/* ---- what the analysis finds ---- */

static void pipeline_flow_ended(void *arg, const struct flow_view *flow, enum flow_end end)
{
	struct pipeline *p = arg;
	struct output *o = &p->sinks[SINK_FLOWS];

	o->ops->flow(o->sink, flow, end);
}

static void pipeline_dns_ended(void *arg, const struct dns_transaction *t)
{
	struct pipeline *p = arg;
	struct output *o = &p->sinks[SINK_DNS];

	detect_dns(p->detect, t);
	if (o->sink)
		o->ops->dns(o->sink, t);
}

static void pipeline_alert(void *arg, const char *detector, const struct alert *alert)
{
	struct pipeline *p = arg;
	struct output *o = &p->sinks[SINK_ALERTS], *pcap = &p->sinks[SINK_PCAP];

	(void)detector;
	if (o->sink)
		o->ops->alert(o->sink, alert);
	if (pcap->sink)
		pcap->ops->alert(pcap->sink, alert);
	p->last_sinks = 0; /* whoever reads the file waits for this */
	if (p->recorder)
		recorder_alert(p->recorder, alert, p->last_tick);
}

static const char *pipeline_addr_name(void *arg, const uint8_t addr[16])
{
	struct pipeline *p = arg;

	return dns_name_of(p->dns, addr, p->last_tick);
}

static const char *pipeline_interface_name(void *arg, uint32_t ifindex)
{
	struct pipeline *p = arg;

	return p->source_ops->interface_name(p->source, ifindex);
}

/* The socket's, else of who is behind the interface: a container's packets pass without a socket.
 */
static const char *pipeline_owner_name(void *arg, uint16_t owner, uint32_t ifindex)
{
	struct pipeline *p = arg;
	const char *name = owners_name(p->owners, owner);

	return *name || !p->live ? name : owners_interface(p->owners, ifindex);
}

/* Whose packets were lost is known where there is but one interface, and all are wanted. */
static uint64_t pipeline_lost(const struct pipeline *p, size_t interfaces)
{
	const struct options *o = p->options;

	if (interfaces != 1 || o->sample != 1 || o->sample_by != SAMPLE_PACKETS || o->filter)
		return SINK_UNKNOWN;
	return p->ledger.lost[LOST_DNS] + p->ledger.lost[LOST_PACKETS];
}

/* Uses `last`, which is of no use between two snapshots. */
static size_t pipeline_interfaces(void *arg, struct sink_interface *list, size_t most)
{
	struct pipeline *p = arg;
	size_t n = 0;

	if (!p->live || !p->source)
		return 0;
	p->source_ops->describe(p->source, &p->last);
	for (size_t i = 0; i < p->last.n_interfaces && n < most; i++, n++) {
		const struct interface_view *v = &p->last.interfaces[i];

		list[n].ifindex = v->ifindex;
		snprintf(list[n].name, sizeof(list[n].name), "%s", v->name);
		list[n].seen =
			v->direction[DIRECTION_IN].packets + v->direction[DIRECTION_OUT].packets;
		list[n].lost = pipeline_lost(p, p->last.n_interfaces);
	}
	return n;
}

static void pipeline_number(void *arg, uint32_t ifindex, uint32_t number)
{
	struct pipeline *p = arg;

	if (p->live && p->source)
		p->source_ops->number(p->source, ifindex, number);
}

/* ---- opening and closing ---- */

static bool pipeline_open_sinks(struct pipeline *p)
{
	const struct options *o = p->options;
	const struct {
		const struct sink_ops *ops;
		const char *path;
	} wanted[SINKS] = {
		[SINK_PCAP] = {&sink_pcap, o->write},	   [SINK_CSV] = {&sink_csv, o->csv},
		[SINK_FLOWS] = {&sink_flows, o->flows},	   [SINK_DNS] = {&sink_dns, o->dns},
		[SINK_ALERTS] = {&sink_alerts, o->alerts},
	};

	for (int i = 0; i < SINKS; i++) {
		if (!wanted[i].path)
			continue;
		p->sinks[i].ops = wanted[i].ops;
		p->sinks[i].sink = wanted[i].ops->open(wanted[i].path, o);
		if (!p->sinks[i].sink)
			return false;
		if (wanted[i].ops->meet)
			wanted[i].ops->meet(p->sinks[i].sink, &p->sink_host);
	}
	return true;
}

/* Records that no file took, in all. */
static uint64_t pipeline_close_sinks(struct pipeline *p)
{
	uint64_t sum = 0;

	for (int i = 0; i < SINKS; i++) {
		if (p->sinks[i].sink)
			sum += p->sinks[i].ops->close(p->sinks[i].sink);
		p->sinks[i].sink = NULL;
	}
	return sum;
}

/* A file's filter is its source's: there it decides what is analysed at all. */
static bool pipeline_open_filter(struct pipeline *p)
{
	if (!p->options->filter || p->source_ops == &source_replay)
		return true;
	p->filter = filter_new(p->options->filter);
	return p->filter != NULL;
}

static bool pipeline_open_analysis(struct pipeline *p, struct config *config)
{
	const struct options *o = p->options;

	/* in a file an answer that came late is still there to be found */
	p->dns = dns_new(&(struct dns_config){.timeout_s = o->read ? 60 : 5,
					      .pending_max = o->sizes.dns_pending,
					      .names_max = o->sizes.dns_names,
					      .ended = pipeline_dns_ended,
					      .arg = p});
	p->flows = flow_table_new(&(struct flow_table_config){
		.flows_max = o->sizes.flows,
		.ended = o->flows ? pipeline_flow_ended : NULL,
		.arg = p,
		.interface_name = pipeline_interface_name,
		.addr_name = pipeline_addr_name,
		.owner_name = pipeline_owner_name,
	});
	p->names = flow_names_new(NAMES_PENDING);
	p->talkers = talkers_new(TALKERS);
	p->ftp = ftp_data_new(FTP_ANNOUNCED);
	if (!p->dns || !p->flows || !p->names || !p->talkers || !p->ftp) {
		log_error("not enough memory for the tables");
		config_free(config);
		return false;
	}
	p->recorder = o->alert_packets ? recorder_new(o->alert_packets) : NULL;
	if (o->alert_packets && !p->recorder)
		return false;
	p->detect = detect_new(&(struct detect_config){.ini_path = o->config,
						       .config = config,
						       .blacklists = o->blacklists,
						       .n_blacklists = o->n_blacklists,
						       .plugins = o->plugins,
						       .n_plugins = o->n_plugins,
						       .on_alert = o->on_alert,
						       .user = o->user,
						       .journal = o->syslog ? "/dev/log" : NULL,
						       .alert = pipeline_alert,
						       .arg = p});
	return p->detect != NULL;
}

/* What is for the capture alone goes there without a detour. */
static void pipeline_capture(struct pipeline *p, struct source_consumer *consumer)
{
	const struct options *o = p->options;

	if (p->sinks[SINK_PCAP].sink && !p->sinks[SINK_CSV].sink && !p->recorder)
		consumer->sample = pipeline_sample;
	if (options_only_capture(o))
		consumer->packet = pipeline_sample;
	p->apart = options_capture_format(o) != CAPTURE_NONE;
	if (!p->apart)
		return;
	consumer->records = pipeline_records;
	consumer->lose = pipeline_lose;
	if (buffer_gzip(o->write) || o->rotate_bytes || o->rotate_seconds)
		return;
	consumer->lends = pipeline_lends;
	consumer->lend = pipeline_lend;
}

struct pipeline *pipeline_new(struct options *o)
{
	struct pipeline *p = calloc(1, sizeof(*p));
	struct config *config;
	struct source_consumer consumer = {
		.arg = p,
		.packet = pipeline_packet,
		.flows = pipeline_flows,
		.cut = pipeline_cut,
		.clock_set = pipeline_clock_set,
		.dns_thinned = pipeline_dns_thinned,
		.note = pipeline_note,
	};

	if (!p)
		return NULL;
	p->options = o;
	p->sink_host = (struct sink_host){p, pipeline_interfaces, pipeline_number};
	p->source_ops = o->read || o->mode == MODE_PCAP ? &source_replay : &source_live;
	config = config_new(o->config);
	if (!config)
		goto fail;
	sizes_read(&o->sizes, config);
	p->feeds = strdup(config_text(config, "blacklist", "files", ""));
	o->feeds = p->feeds;
	if (!pipeline_open_filter(p) || !pipeline_open_sinks(p)) {
		config_free(config);
		goto fail;
	}
	if (!pipeline_open_analysis(p, config))
		goto fail;
	pipeline_capture(p, &consumer);
	consumer.listed.ranges = detect_listed(p->detect, &consumer.listed.n);
	if (o->netns && netns_go(netns_find(o->netns)) < 0)
		goto fail;
	p->live = p->source_ops == &source_live;
	p->owners = owners_new();
	if (!p->owners) {
		log_error("not enough memory for the names of owners");
		goto fail;
	}
	p->source = p->source_ops->open(o, &consumer);
	if (!p->source)
		goto fail;
	if (!o->read)
		log_info("flow table: at most %zu MB", flow_table_memory(p->flows) >> 20);
	return p;
fail:
	pipeline_free(p);
	return NULL;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	pipeline_close_sinks(p); /* a sink's last words are about the source */
	p->source_ops->close(p->source);
	free(p->feeds);
	filter_free(p->filter);
	owners_free(p->owners);
	detect_free(p->detect);
	recorder_free(p->recorder);
	dns_free(p->dns);
	flow_table_free(p->flows);
	flow_names_free(p->names);
	ftp_data_free(p->ftp);
	talkers_free(p->talkers);
	free(p);
}

void pipeline_show(struct pipeline *p, const struct view_ops *ops, struct view *view)
{
	p->views[p->n_views].ops = ops;
	p->views[p->n_views++].view = view;
}

/* ---- running ---- */

static int pipeline_tick_sinks(struct pipeline *p, uint64_t now)
{
	int done = 0;

	if (now < p->last_sinks + SINK_TICK_NS)
		return 0;
	p->last_sinks = now;
	for (int i = 0; i < SINKS; i++)
		if (p->sinks[i].sink && p->sinks[i].ops->tick)
			done |= p->sinks[i].ops->tick(p->sinks[i].sink, now) == 1;
	return done;
}

int pipeline_poll(struct pipeline *p, int timeout_ms)
{
	int status = p->source_ops->poll(p->source, timeout_ms);
	uint64_t now = p->source_ops->now(p->source);

	if (!p->start)
		p->start = now;
	flow_table_expire(p->flows, now);
	if (pipeline_tick_sinks(p, now) && status > 0)
		return 0;
	return status;
}

void pipeline_request_cut(struct pipeline *p)
{
	p->source_ops->request_cut(p->source);
}

bool pipeline_was_cut(struct pipeline *p)
{
	bool cut = p->cut;

	p->cut = false;
	return cut;
}

void pipeline_reload(struct pipeline *p)
{
	struct listed listed;

	for (int i = 0; i < SINKS; i++)
		if (p->sinks[i].sink && p->sinks[i].ops->reopen)
			p->sinks[i].ops->reopen(p->sinks[i].sink);
	if (detect_reload(p->detect) < 0)
		return;
	listed.ranges = detect_listed(p->detect, &listed.n);
	p->source_ops->relist(p->source, &listed);
}

void pipeline_finish(struct pipeline *p)
{
	uint64_t now, lost;

	p->source_ops->finish(p->source);
	now = p->source_ops->now(p->source);
	lost = p->ledger.lost[LOST_DNS] + p->ledger.lost[LOST_PACKETS];
	if (lost && p->options->report == REPORT_NONE)
		log_warn("%llu packets were not copied, since the rings were full: they were not "
			 "read in time (or ring_mb in the configuration is small)",
			 (unsigned long long)lost);
	dns_finish(p->dns, now);
	detect_finish(p->detect, now);
}

uint64_t pipeline_packets(const struct pipeline *p)
{
	return p->ledger.seen;
}

/* ---- the snapshot ---- */

static double pipeline_rate(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 && now > before ? (now - before) / seconds : 0;
}

static void pipeline_rates(struct snapshot *s, const struct snapshot *last)
{
	double t = s->interval_s;

	s->pps = pipeline_rate(s->packets, last->packets, t);
	s->bps = 8 * pipeline_rate(s->bytes, last->bytes, t);
	for (size_t i = 0; i < s->n_interfaces; i++) {
		struct interface_view *v = &s->interfaces[i];

		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const struct count *was = &last->interfaces[i].direction[d];

			v->pps[d] = pipeline_rate(v->direction[d].packets, was->packets, t);
			v->bps[d] = 8 * pipeline_rate(v->direction[d].bytes, was->bytes, t);
			s->direction[d].packets += v->direction[d].packets;
			s->direction[d].bytes += v->direction[d].bytes;
		}
		s->in_pps += v->pps[DIRECTION_IN];
		s->in_bps += v->bps[DIRECTION_IN];
		s->out_pps += v->pps[DIRECTION_OUT];
		s->out_bps += v->bps[DIRECTION_OUT];
	}
}

/* What is in no flow is of no known application, and neither encrypted nor not. */
static void pipeline_add_flowless(struct snapshot *s, const struct counters *total)
{
	struct count rest = pipeline_sum(total->overflow, TRANSPORT_COUNT);

	for (int i = OUTCOME_FLOW + 1; i < OUTCOME_COUNT; i++) {
		rest.packets += total->outcome[i].packets;
		rest.bytes += total->outcome[i].bytes;
	}
	s->app[APP_OTHER].packets += rest.packets;
	s->app[APP_OTHER].bytes += rest.bytes;
	s->security[SECURITY_UNKNOWN].packets += rest.packets;
	s->security[SECURITY_UNKNOWN].bytes += rest.bytes;
}

/* Records that no file took: the disk is full, its reader too slow. */
static uint64_t pipeline_dropped(const struct pipeline *p)
{
	uint64_t sum = 0;

	for (int i = 0; i < SINKS; i++)
		if (p->sinks[i].sink)
			sum += p->sinks[i].ops->dropped(p->sinks[i].sink);
	return sum;
}

static void pipeline_fill_counters(struct pipeline *p, struct snapshot *s)
{
	struct count seen = pipeline_sum(p->total.outcome, OUTCOME_COUNT);

	s->packets = seen.packets;
	s->bytes = seen.bytes;
	memcpy(s->l3, p->total.l3, sizeof(s->l3));
	memcpy(s->transport, p->total.transport, sizeof(s->transport));
	s->fragments = p->total.fragments;
	s->vlan = p->total.vlan;
	memcpy(s->sizes, p->total.sizes, sizeof(s->sizes));
	s->flows_blurred = sketch_estimate(&p->blurred);
	s->ledger = p->ledger;
	s->ledger.lost[LOST_FILES] = pipeline_dropped(p);
}

const struct snapshot *pipeline_snapshot(struct pipeline *p, bool final)
{
	struct snapshot *s = &p->snapshot;
	size_t kept = offsetof(struct snapshot, notes);

	memcpy(&p->last, s, sizeof(*s));
	memset(s, 0, kept);
	s->final = final;
	s->time = p->source_ops->now(p->source);
	s->duration_s = p->start && s->time > p->start ? (s->time - p->start) / 1e9 : 0;
	pipeline_fill_counters(p, s);
	p->source_ops->describe(p->source, s);
	for (size_t i = 0; p->live && i < s->n_interfaces; i++)
		snprintf(s->interfaces[i].owner, sizeof(s->interfaces[i].owner), "%s",
			 owners_interface(p->owners, s->interfaces[i].ifindex));
	s->interval_s = s->duration_s - p->last.duration_s;
	pipeline_rates(s, &p->last);
	flow_table_fill(p->flows, s, s->interval_s);
	pipeline_add_flowless(s, &p->total);
	talkers_fill(p->talkers, s, s->interval_s, pipeline_addr_name, p);
	dns_view_fill(p->dns, &s->dns);
	detect_fill(p->detect, s);
	if (final) { /* the last rows are formed, and what no file took is known */
		flow_table_finish(p->flows, s->time);
		s->ledger.lost[LOST_FILES] = pipeline_close_sinks(p);
	}
	return s;
}
