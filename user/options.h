/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the user asked for. Filled once by options.c, then const everywhere. */
#ifndef XDPLENS_OPTIONS_H
#define XDPLENS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sizes.h"
#include "xdplens/event.h"

enum mode { MODE_AUTO, MODE_NATIVE, MODE_GENERIC, MODE_TC, MODE_PCAP };
enum report { REPORT_DEFAULT, REPORT_LIVE, REPORT_PLAIN, REPORT_JSON, REPORT_NONE };

enum { OPTIONS_INTERFACES = 64, OPTIONS_LIST = 16 };

struct options {
	const char *interfaces[OPTIONS_INTERFACES];
	int n_interfaces;
	const char *netns; /* network namespace to watch; NULL: ours */
	const char *read;  /* -r: NULL when live */
	enum mode mode;
	uint64_t count;	   /* -c, 0: no limit */
	double duration_s; /* -d, 0: no limit */
	const char *write; /* -w */
	uint32_t snaplen;
	bool sample_given;
	uint32_t sample;	 /* 1 in N, or the first N; 0: none */
	uint32_t sample_by;	 /* enum sample_by of event.h */
	uint64_t rotate_bytes;	 /* -C */
	uint32_t rotate_seconds; /* -G */
	uint32_t rotate_count;	 /* -W */
	const char *csv, *flows, *dns, *alerts;
	enum report report;
	double interval_s;
	const char *config;
	struct sizes sizes; /* what the configuration says of them */
	char *feeds;	    /* blacklists that it names, with a blank or comma between; NULL */
	const char *blacklists[OPTIONS_LIST];
	int n_blacklists;
	const char *on_alert;
	bool syslog;
	const char *alert_packets; /* directory; NULL: none are kept */
	const char *plugins[OPTIONS_LIST];
	int n_plugins;
	const char *web; /* [ADDR:]PORT */
	const char *web_token_file;
	const char *user; /* -Z */
	bool check;
	bool quiet;
	int verbose;
	const char *filter; /* the words after the options, joined; NULL: none */
};

/*
 * Fills `o` from the command line; strings point into argv or are kept until exit. Returns -1 to go
 * on, else the exit status (help and version print and return 0; a wrong line says why, 2).
 */
int options_parse(struct options *o, int argc, char **argv);

/* What -w writes, by the file's name; CAPTURE_NONE: nothing, it is NULL. */
enum capture_format options_file_format(const char *path);
/* The same where the kernel makes its records, since it is live and nobody else wants them. */
enum capture_format options_capture_format(const struct options *o);
/* The same, and nobody asks for more: all else would be for nobody. */
bool options_only_capture(const struct options *o);

struct option_row {	      /* of the table that options_parse goes by */
	char letter;	      /* 0: none */
	const char *name;     /* without dashes, NULL: none; a row with neither is a heading */
	const char *argument; /* NULL: takes none */
	const char *choices;  /* words with a blank between them, NULL: anything */
	const char *about;
	bool repeatable;
};

/* Row `i` for those who write about the options; false: there are not so many. */
bool options_row(size_t i, struct option_row *text);

#endif
