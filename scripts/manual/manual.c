// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fills a template with the table of user/options.c, which stands in no other place: the manual,
 * and completion for bash and zsh. Linked with options.o, run by the Makefile.
 *
 *	manual man|bash|zsh VERSION <template >result
 *
 * In the template a line "@OPTIONS@" becomes the options as the kind has them, a line "@WORDS@" the
 * options' words, and "@VERSION@" anywhere the version.
 */
#include <stdio.h>
#include <string.h>

#include "options.h"

/* What a shell offers for an argument of this name. */
static const struct offer {
	const char *argument, *bash, *zsh;
} offers[] = {
	{"IFACE", "interfaces", "_xdplens_interfaces"}, {"FILE", "files", "_files"},
	{"FILE.so", "files", "_files -g \"*.so\""},	{"DIR", "files", "_files -/"},
	{"COMMAND", "commands", "_cmdstring"},		{"USER", "users", "_users"},
};

static const struct offer *offer_find(const char *argument)
{
	static const struct offer nothing = {"", "nothing", " "};

	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		if (!strcmp(offers[i].argument, argument))
			return &offers[i];
	return &nothing;
}

/* ---- roff: a dash is a minus sign; quotes and backslashes are its own ---- */

enum { MAN_WIDTH = 66 }; /* where lines are broken, before escapes */

static void man_text(const char *text, bool broken)
{
	static const struct {
		char c;
		const char *roff;
	} escapes[] = {
		{'-', "\\-"}, {'\\', "\\e"}, {'"', "\\(dq"}, {'~', "\\(ti"}, {'^', "\\(ha"},
	};

	for (size_t column = 0; *text; text++, column++) {
		const char *as = NULL;

		if (broken && *text == ' ' && column + strcspn(text + 1, " ") > MAN_WIDTH) {
			fputs(strchr(".'", text[1]) ? "\n\\&" : "\n", stdout);
			column = 0;
			continue;
		}
		for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++)
			if (escapes[i].c == *text)
				as = escapes[i].roff;
		if (as)
			fputs(as, stdout);
		else
			putchar(*text);
	}
}

static void man_row(const struct option_row *row)
{
	if (!row->letter && !row->name) {
		fputs(".SS ", stdout);
		man_text(row->about, false);
		putchar('\n');
		return;
	}
	fputs(".TP\n", stdout);
	if (row->letter)
		printf("\\fB\\-%c\\fR%s", row->letter, row->name ? ", " : "");
	if (row->name) {
		fputs("\\fB\\-\\-", stdout);
		man_text(row->name, false);
		fputs("\\fR", stdout);
	}
	if (row->argument) {
		fputs(" \\fI", stdout);
		man_text(row->argument, false);
		fputs("\\fR", stdout);
	}
	putchar('\n');
	man_text(row->about, true);
	fputs(".\n", stdout);
}

/* ---- shells ---- */

static void words_print(const struct option_row *row, const char *between)
{
	if (row->letter)
		printf("-%c", row->letter);
	if (row->letter && row->name)
		fputs(between, stdout);
	if (row->name)
		printf("--%s", row->name);
}

static void bash_row(const struct option_row *row)
{
	if (!row->argument)
		return;
	putchar('\t');
	words_print(row, " | ");
	if (row->choices)
		printf(") offer=words words='%s' ;;\n", row->choices);
	else
		printf(") offer=%s ;;\n", offer_find(row->argument)->bash);
}

/* The first clause of what is said about an option, quoted for the inside of '[...]'. */
static void zsh_about(const char *text)
{
	for (; *text && *text != ';' && strncmp(text, ". ", 2) != 0; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr("[]\\:", *text))
			putchar('\\');
		putchar(*text);
	}
}

static void zsh_row(const struct option_row *row)
{
	if (!row->letter && !row->name)
		return;
	putchar('\t');
	if (row->repeatable) {
		fputs("'*'", stdout);
	} else {
		fputs("'(", stdout);
		words_print(row, " ");
		fputs(")'", stdout);
	}
	if (row->letter && row->name)
		putchar('{');
	if (row->letter)
		printf("-%c%s", row->letter, row->argument ? "+" : "");
	if (row->letter && row->name)
		putchar(',');
	if (row->name)
		printf("--%s%s", row->name, row->argument ? "=" : "");
	if (row->letter && row->name)
		putchar('}');
	fputs("'[", stdout);
	zsh_about(row->about);
	putchar(']');
	if (row->choices)
		printf(":%s:(%s)", row->argument, row->choices);
	else if (row->argument) {
		putchar(':');
		zsh_about(row->argument);
		printf(":%s", offer_find(row->argument)->zsh);
	}
	puts("' \\");
}

/* ---- templates ---- */

static const struct kind {
	const char *name;
	void (*row)(const struct option_row *row);
} kinds[] = {{"man", man_row}, {"bash", bash_row}, {"zsh", zsh_row}};

static void rows_print(const struct kind *kind)
{
	struct option_row row;

	for (size_t i = 0; options_row(i, &row); i++)
		kind->row(&row);
}

static void all_words_print(void)
{
	struct option_row row;

	fputs("\t\twords='", stdout);
	for (size_t i = 0; options_row(i, &row); i++) {
		words_print(&row, " ");
		if (row.letter || row.name)
			putchar(' ');
	}
	puts("'");
}

static void line_print(const char *line, const char *version)
{
	static const char mark[] = "@VERSION@";
	const char *at = strstr(line, mark);

	if (at)
		printf("%.*s%s%s", (int)(at - line), line, version, at + sizeof(mark) - 1);
	else
		fputs(line, stdout);
}

int main(int argc, char **argv)
{
	const struct kind *kind = NULL;
	char line[1024];

	for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, argv[1]))
			kind = &kinds[i];
	if (!kind) {
		fputs("usage: manual man|bash|zsh VERSION <template >result\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "@OPTIONS@\n"))
			rows_print(kind);
		else if (!strcmp(line, "@WORDS@\n"))
			all_words_print();
		else
			line_print(line, argv[2]);
	}
	return ferror(stdin) || fflush(stdout) ? 1 : 0;
}
