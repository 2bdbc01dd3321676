/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The terminal: taken over and given back after every kind of end, colours by meaning, and text
 * that cannot leave its rectangle. The only module that knows curses.
 */
#ifndef XDPLENS_VIEW_TERMINAL_H
#define XDPLENS_VIEW_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a text means; what colour that is, the terminal's abilities decide. */
enum tint {
	TINT_TEXT,
	TINT_DIM,   /* labels, what is not known */
	TINT_TITLE, /* of panels and columns */
	TINT_KEY,   /* the column sorted by, keys in the help */
	TINT_BAR,   /* first and last line */
	TINT_TAB,   /* the open tab */
	TINT_SELECTED,
	TINT_IN,
	TINT_OUT,
	TINT_NAME, /* hosts and names */
	TINT_GOOD, /* encrypted, answered, balanced */
	TINT_WARN, /* unencrypted, slow */
	TINT_BAD,  /* alerts, losses */
	TINT_COUNT
};

/* A rectangle of the screen. */
struct pane {
	int y, x, h, w;
};

/* Takes the terminal over. NULL reason: done; else why not, and nothing was changed. */
const char *terminal_open(void);
/* Gives it back; fine when it was not open. */
void terminal_close(void);
/* A key (of curses' KEY_ or a character), or -1 where none is pressed. Never waits. */
int terminal_key(void);
/* What the mouse did, after terminal_key() gave KEY_MOUSE: that may be several things. False: no
 * more. */
enum terminal_did { MOUSE_CLICK, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };
struct terminal_mouse {
	enum terminal_did did;
	int y, x;
};
bool terminal_mouse(struct terminal_mouse *mouse);
/* On: clicks and the wheel come here; off: they select text, as in any other program. */
void terminal_mouse_on(bool on);
/* The terminal was closed by its other end, or whoever started us is gone and others have it. */
bool terminal_gone(void);
/* It takes what we write now: no frame should wait for a stopped or slow one. */
bool terminal_ready(void);
bool terminal_utf8(void);
/* The whole screen as a pane. */
struct pane terminal_screen(void);

/* A frame: begin empties it, end shows the cells that changed, in one write. */
void terminal_begin(void);
void terminal_end(void);
/* Writes the frame that is shown as lines of text. 0 or -errno. */
int terminal_dump(FILE *to);

/* True where the pane has this place of the screen. */
bool pane_covers(const struct pane *p, int y, int x);
/* Takes rows from the top or columns from the left of a pane; what is left stays in it. */
struct pane pane_rows(struct pane *from, int h);
struct pane pane_columns(struct pane *from, int w);

/*
 * Printable ASCII at a place within the pane, cut at its edge; all else becomes '?'. Returns the
 * column after the last octet, drawn or not.
 */
__attribute__((format(printf, 5, 6))) int pane_text(const struct pane *p, int row, int column,
						    enum tint tint, const char *fmt, ...);
/* Our own glyphs, `width` cells of them, all or nothing. */
void pane_glyphs(const struct pane *p, int row, int column, enum tint tint, const char *utf8,
		 int width);
/* Fills a row with blanks in a tint. */
void pane_blank(const struct pane *p, int row, enum tint tint);
/* A rule with words in it, on the pane's first row, which it takes away. */
void pane_title(struct pane *p, const char *title);
/* A bar of `width` cells: parts beside each other, each of at least a cell if it is above 0. */
void pane_bar(const struct pane *p, int row, int column, int width, const double *parts,
	      const enum tint *tints, unsigned n);

#endif
