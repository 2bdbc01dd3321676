// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The answers of the HTTP API. Parts of the snapshot are taken out of the JSON that was made of it,
 * so that they are the same everywhere. Called by web_http.c, on its thread; what is shared is
 * copied under the lock and written after it.
 */
#include <jansson.h>
#include <stdlib.h>

#include "view/web.h"

enum { STATUS_OK = 200, STATUS_FAILED = 500, STATUS_LATER = 503 };

enum { STALE_S = 10, STALE_INTERVALS = 5 };

unsigned web_api_frame(struct view *v, const struct web_query *q, FILE *out)
{
	struct web_frame frame;
	char *json = NULL;
	bool found;

	pthread_mutex_lock(&v->lock);
	found = web_frames_find(&v->frames, q->at, &frame);
	pthread_mutex_unlock(&v->lock);
	if (found) {
		json = web_frame_unpack(&frame);
		free(frame.data);
	}
	if (json)
		fputs(json, out);
	free(json);
	if (!found)
		fputs("{\"error\":\"nothing is counted yet\"}\n", out);
	return json ? STATUS_OK : found ? STATUS_FAILED : STATUS_LATER;
}

unsigned web_api_history(struct view *v, const struct web_query *q, FILE *out)
{
	struct web_history *copy = malloc(sizeof(*copy));

	if (!copy)
		return STATUS_FAILED;
	pthread_mutex_lock(&v->lock);
	*copy = v->history;
	pthread_mutex_unlock(&v->lock);
	web_history_write(copy, q->since, out);
	free(copy);
	return STATUS_OK;
}

static struct web_packets *copy_packets(struct view *v)
{
	struct web_packets *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	pthread_mutex_lock(&v->lock);
	*copy = v->packets;
	pthread_mutex_unlock(&v->lock);
	return copy;
}

static unsigned answer_packets(struct view *v, int (*write)(const struct web_packets *, FILE *),
			       FILE *out)
{
	struct web_packets *copy = copy_packets(v);
	int status = copy ? write(copy, out) : -1;

	free(copy);
	return status ? STATUS_FAILED : STATUS_OK;
}

unsigned web_api_packets(struct view *v, const struct web_query *q, FILE *out)
{
	(void)q;
	return answer_packets(v, web_packets_write_json, out);
}

unsigned web_api_pcap(struct view *v, const struct web_query *q, FILE *out)
{
	(void)q;
	return answer_packets(v, web_packets_write_pcap, out);
}

/* ---- parts of the snapshot ---- */

/* Writes an object of these members of the snapshot; `names` ends with NULL. */
static unsigned answer_members(struct view *v, const char *const *names, FILE *out)
{
	struct web_moment *m = web_moment_take(v);
	json_t *all = m ? json_loadb(m->json, m->json_len, 0, NULL) : NULL, *part;
	unsigned status = STATUS_FAILED;

	web_moment_release(v, m);
	if (!all) {
		fputs("{\"error\":\"nothing is counted yet\"}\n", out);
		return STATUS_LATER;
	}
	part = json_object();
	for (; *names; names++)
		json_object_set(part, *names, json_object_get(all, *names));
	if (json_dumpf(part, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15)) == 0)
		status = STATUS_OK;
	json_decref(part);
	json_decref(all);
	return status;
}

unsigned web_api_flows(struct view *v, const struct web_query *q, FILE *out)
{
	(void)q;
	return answer_members(v, (const char *const[]){"time", "flows", "top_flows", NULL}, out);
}

unsigned web_api_dns(struct view *v, const struct web_query *q, FILE *out)
{
	(void)q;
	return answer_members(v, (const char *const[]){"time", "dns", NULL}, out);
}

unsigned web_api_alerts(struct view *v, const struct web_query *q, FILE *out)
{
	(void)q;
	return answer_members(v, (const char *const[]){"time", "alerts", NULL}, out);
}

/* Healthy: snapshots come, the ledger balances. */
unsigned web_api_health(struct view *v, const struct web_query *q, FILE *out)
{
	struct web_moment *m = web_moment_take(v);
	double age = m ? (web_clock() - m->drawn) / 1e9 : -1;
	double most = STALE_INTERVALS * v->options->interval_s;
	const char *word = "ok";

	(void)q;
	if (!m)
		word = "starting";
	else if (age > (most > STALE_S ? most : STALE_S) && !m->snapshot.final)
		word = "stale";
	else if (m->snapshot.ledger.balance)
		word = "unbalanced";
	fprintf(out, "{\"status\":\"%s\"", word);
	if (m)
		fprintf(out, ",\"snapshot_age_s\":%.3f,\"packets\":%llu", age,
			(unsigned long long)m->snapshot.packets);
	fputs("}\n", out);
	web_moment_release(v, m);
	return word[0] == 'o' ? STATUS_OK : STATUS_LATER;
}
