// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a frame of the live report costs: user and system time, octets and writes, for each view, in
 * a terminal of 120x40 with full lists whose every figure changes from frame to frame.
 * usage: bench_live [FRAMES]
 */
#include <locale.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curses.h>

#include "view/live.h"

enum { FRAMES = 200 };

static struct snapshot snapshot;

/* Every rank and figure moves. */
static void change(struct snapshot *s, unsigned frame)
{
	s->n_flows = SNAPSHOT_FLOWS;
	s->n_talkers = SNAPSHOT_TALKERS;
	s->time = (1700000000ull + frame) * 1000000000;
	s->packets = 1000 + 1237 * frame;
	s->bytes = 800 * s->packets;
	s->in_bps = s->out_bps = 1e6 * (frame % 17);
	for (unsigned i = 0; i < SNAPSHOT_FLOWS; i++) {
		struct flow_view *f = &s->flows[i];

		memcpy(f->saddr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0", 15);
		memcpy(f->daddr, f->saddr, 15);
		f->saddr[15] = i;
		f->proto = 6;
		f->sport = 1024 + i;
		f->dport = 443;
		f->verdict.app = (i + frame) % APP_COUNT;
		f->bytes = 1000 * ((i * 7919 + frame * 104729) % 4099);
		f->packets = f->bytes / 700;
		f->bps = 8.0 * f->bytes;
		snprintf(f->name, sizeof(f->name), "host%u.example.test", i);
	}
	for (unsigned i = 0; i < SNAPSHOT_TALKERS; i++) {
		memcpy(s->talkers[i].addr, s->flows[i].saddr, 16);
		s->talkers[i].bytes = s->flows[i].bytes;
		s->talkers[i].bps = s->flows[i].bps;
	}
	for (int i = 0; i < APP_COUNT; i++)
		s->app[i] = (struct app_total){s->packets / (i + 1), s->bytes / (i + 1), i, 1, 1e6};
}

static double seconds(const struct rusage *u)
{
	return u->ru_utime.tv_sec + u->ru_stime.tv_sec +
	       (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static int draw(unsigned frames, FILE *to)
{
	static const struct options options = {.interval_s = 1};
	struct view *v;

	setenv("TERM", "xterm-256color", 1);
	setlocale(LC_CTYPE, "C.UTF-8");
	v = view_live.open(&options);
	if (!v)
		return 1;
	for (int tab = 0; tab < LIVE_TABS; tab++) {
		struct rusage before, after;

		live_key(v, '1' + tab);
		getrusage(RUSAGE_SELF, &before);
		for (unsigned i = 0; i < frames; i++) {
			change(&snapshot, i);
			view_live.snapshot(v, &snapshot);
			live_draw(v);
		}
		getrusage(RUSAGE_SELF, &after);
		fprintf(to, "view %d: %.0f us a frame\n", tab + 1,
			1e6 * (seconds(&after) - seconds(&before)) / frames);
	}
	fclose(to);
	view_live.close(v);
	return 0;
}

int main(int argc, char **argv)
{
	struct winsize size = {.ws_row = 40, .ws_col = 120};
	unsigned frames = argc > 1 ? atoi(argv[1]) : FRAMES;
	FILE *said = fdopen(dup(STDOUT_FILENO), "w");
	char drawn[65536];
	ssize_t n;
	double octets = 0;
	int terminal, status;
	pid_t child;

	if (!said || !frames)
		return 2;
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		return 1;
	if (!child)
		_exit(draw(frames, said));
	while ((n = read(terminal, drawn, sizeof(drawn))) > 0)
		octets += n;
	printf("%.0f octets a frame\n", octets / frames / LIVE_TABS);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
