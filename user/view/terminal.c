// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Owns the terminal while the live view is on. A crash must not leave it raw and without echo, so a
 * handler of the deadly signals writes a string prepared in advance (endwin() may not be called
 * from a signal handler), restores the line settings, and lets the signal do what it does. That
 * handler can only reach static state: hence this module's.
 *
 * Curses flushes its small buffer whenever it is full, and a terminal that draws in between
 * flickers. So it writes to a descriptor of its own, which during a frame is memory; the frame then
 * goes out in one write.
 */
#include "view/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

static const int deadly[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGQUIT};

enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]), CHUNK = 1 << 18, ALT_STACK = 16384 };

#define MOUSE_WANTED (BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED)
/* Curses waits for what is wanted: told of all, it need not. */
#define MOUSE_TOLD                                                                                \
	(MOUSE_WANTED | BUTTON1_RELEASED | BUTTON2_PRESSED | BUTTON2_RELEASED | BUTTON3_PRESSED | \
	 BUTTON3_RELEASED)

static struct {
	SCREEN *screen;
	FILE *keys; /* NULL: standard input */
	int keys_fd;
	FILE *out; /* where curses writes: the terminal, during a frame `frame` */
	int frame; /* memory */
	char chunk[CHUNK];
	pid_t parent, group;
	volatile sig_atomic_t stop, continued;
	struct sigaction before_stop, before_continue;
	bool utf8, colours, mouse;
	volatile sig_atomic_t on;
	struct termios line;
	char restore[256];
	volatile size_t restore_len;
	struct sigaction before[DEADLY];
	bool at_exit;
	/* a handler must run even where the stack has run out */
	_Alignas(16) char alt_stack[ALT_STACK];
} terminal = {.frame = -1};

/* ---- taking and giving back ---- */

static int restore_char(int c)
{
	if (terminal.restore_len < sizeof(terminal.restore))
		terminal.restore[terminal.restore_len++] = (char)c;
	return c;
}

/* What switches the mouse off in every way of reporting it; terminals that know none ignore it. */
static const char mouse_off[] = "\x1b[?1006l\x1b[?1002l\x1b[?1000l";

static void prepare_restore(void)
{
	static const char *const capabilities[] = {"sgr0", "op", "rmacs", "rmkx", "rmcup", "cnorm"};

	terminal.restore_len = 0;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		const char *s = tigetstr((char *)capabilities[i]);

		if (s && s != (char *)-1)
			tputs(s, 1, restore_char);
	}
	for (const char *c = tigetstr("kmous") > (char *)0 ? mouse_off : ""; *c; c++)
		restore_char(*c);
	restore_char('\r');
}

static void on_deadly(int signal)
{
	if (terminal.on) {
		terminal.on = 0;
		if (write(STDOUT_FILENO, terminal.restore, terminal.restore_len) >= 0)
			tcsetattr(STDOUT_FILENO, TCSANOW, &terminal.line);
	}
	raise(signal); /* SA_RESETHAND: now the default action */
}

static void catch_deadly(void)
{
	struct sigaction action = {.sa_handler = on_deadly,
				   .sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK};

	sigaltstack(&(stack_t){.ss_sp = terminal.alt_stack, .ss_size = ALT_STACK}, NULL);
	for (int i = 0; i < DEADLY; i++)
		sigaction(deadly[i], &action, &terminal.before[i]);
}

/* Ctrl-Z: the terminal goes back before we stop, which happens where keys are read. */
static void on_stop(int signal)
{
	if (signal == SIGTSTP)
		terminal.stop = 1;
	else
		terminal.continued = 1;
}

/* Before curses comes up, which else takes SIGTSTP for itself. Who ignores it goes on doing so. */
static void catch_stop(void)
{
	struct sigaction action = {.sa_handler = on_stop, .sa_flags = SA_RESTART};

	sigaction(SIGTSTP, NULL, &terminal.before_stop);
	if (terminal.before_stop.sa_handler != SIG_IGN)
		sigaction(SIGTSTP, &action, NULL);
	sigaction(SIGCONT, &action, &terminal.before_continue);
}

static void release_stop(void)
{
	sigaction(SIGTSTP, &terminal.before_stop, NULL);
	sigaction(SIGCONT, &terminal.before_continue, NULL);
}

static void stop_here(void)
{
	struct sigaction ours, normal = {.sa_handler = SIG_DFL};

	terminal.stop = 0;
	endwin();
	sigaction(SIGTSTP, &normal, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	terminal.continued = 1;
}

/* Whoever had the terminal in the meantime left it as they like it. */
static void take_again(void)
{
	terminal.continued = 0;
	reset_prog_mode();
	terminal_mouse_on(terminal.mouse);
	clearok(curscr, TRUE);
	raise(SIGWINCH); /* sizes that changed meanwhile were not told to us */
	ungetch(KEY_RESIZE);
}

/* Of 256: the number itself, or in a terminal of direct colours what it stands for. */
static int colour_number(int n)
{
	static const int levels[] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
	int grey = 8 + 10 * (n - 232), cube = n - 16;

	if (COLORS <= 256)
		return n;
	if (n >= 232)
		return grey << 16 | grey << 8 | grey;
	return levels[cube / 36] << 16 | levels[cube / 6 % 6] << 8 | levels[cube % 6];
}

static void choose_colours(void)
{
	/* Of 256, and of 8 colours. */
	static const struct {
		short wide, narrow, wide_back, narrow_back;
	} colour[TINT_COUNT] = {
		[TINT_TEXT] = {252, COLOR_WHITE, 233, COLOR_BLACK},
		[TINT_DIM] = {244, COLOR_WHITE, 233, COLOR_BLACK},
		[TINT_TITLE] = {110, COLOR_CYAN, 233, COLOR_BLACK},
		[TINT_KEY] = {223, COLOR_YELLOW, 233, COLOR_BLACK},
		[TINT_BAR] = {250, COLOR_WHITE, 236, COLOR_BLUE},
		[TINT_TAB] = {231, COLOR_BLACK, 24, COLOR_CYAN},
		[TINT_SELECTED] = {231, COLOR_BLACK, 24, COLOR_CYAN},
		[TINT_IN] = {79, COLOR_GREEN, 233, COLOR_BLACK},
		[TINT_OUT] = {75, COLOR_BLUE, 233, COLOR_BLACK},
		[TINT_NAME] = {152, COLOR_CYAN, 233, COLOR_BLACK},
		[TINT_GOOD] = {114, COLOR_GREEN, 233, COLOR_BLACK},
		[TINT_WARN] = {215, COLOR_YELLOW, 233, COLOR_BLACK},
		[TINT_BAD] = {203, COLOR_RED, 233, COLOR_BLACK},
	};
	const char *no_color = getenv("NO_COLOR");

	terminal.colours = !(no_color && no_color[0]) && has_colors() && start_color() == OK &&
			   COLORS >= 8 && COLOR_PAIRS > TINT_COUNT;
	if (!terminal.colours)
		return;
	for (int i = 0; i < TINT_COUNT; i++) {
		if (COLORS >= 256)
			init_extended_pair(i + 1, colour_number(colour[i].wide),
					   colour_number(colour[i].wide_back));
		else
			init_pair(i + 1, colour[i].narrow, colour[i].narrow_back);
	}
	bkgd(' ' | COLOR_PAIR(TINT_TEXT + 1));
}

/* What terminals send though TERM, often wrong within tmux or screen, says otherwise. */
static void know_keys(void)
{
	static const struct {
		const char *sent;
		int key;
	} known[] = {
		{"\x1b[1~", KEY_HOME},	{"\x1b[4~", KEY_END}, {"\x1b[H", KEY_HOME},
		{"\x1b[F", KEY_END},	{"\x1bOH", KEY_HOME}, {"\x1bOF", KEY_END},
		{"\x1b[A", KEY_UP},	{"\x1b[B", KEY_DOWN}, {"\x1b[C", KEY_RIGHT},
		{"\x1b[D", KEY_LEFT},	{"\x1bOA", KEY_UP},   {"\x1bOB", KEY_DOWN},
		{"\x1bOC", KEY_RIGHT},	{"\x1bOD", KEY_LEFT}, {"\x1b[5~", KEY_PPAGE},
		{"\x1b[6~", KEY_NPAGE}, {"\x1b[Z", KEY_BTAB},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!key_defined(known[i].sent))
			define_key(known[i].sent, known[i].key);
}

static void set_up(void)
{
	set_term(terminal.screen);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	know_keys();
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	leaveok(stdscr, TRUE);
	typeahead(-1); /* a frame is drawn whole, keys or not */
	mouseinterval(0);
	terminal_mouse_on(true);
	choose_colours();
	prepare_restore();
	terminal.on = 1;
	catch_deadly();
	if (!terminal.at_exit)
		atexit(terminal_close);
	terminal.at_exit = true;
}

static bool make_frame(void)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	terminal.out = out < 0 ? NULL : fdopen(out, "w");
	if (!terminal.out && out >= 0)
		close(out);
	terminal.frame = memfd_create("xdplens-frame", MFD_CLOEXEC);
	return terminal.out && terminal.frame >= 0;
}

static void free_frame(void)
{
	if (terminal.frame >= 0)
		close(terminal.frame);
	terminal.frame = -1;
	if (terminal.out)
		fclose(terminal.out);
	terminal.out = NULL;
	if (terminal.keys)
		fclose(terminal.keys);
	terminal.keys = NULL;
}

static const char *open_screen(FILE *keys)
{
	if (!make_frame())
		return "there is no memory for a frame";
	terminal.screen = newterm(NULL, terminal.out, keys);
	if (!terminal.screen)
		return "TERM names no terminal that is known here";
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return "this terminal cannot move its cursor";
	return NULL;
}

/*
 * Not standard input, even where that is the terminal: curses, in the middle of what the mouse
 * sends, would wait for more of it, and a descriptor that is shared must not be made not to wait.
 */
static FILE *open_keys(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *keys = fd < 0 ? NULL : fdopen(fd, "r");

	if (!keys && fd >= 0)
		close(fd);
	return keys;
}

const char *terminal_open(void)
{
	FILE *keys;
	const char *refused;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDOUT_FILENO, &terminal.line))
		return "standard output is not a terminal";
	terminal.keys = open_keys();
	if (!terminal.keys && !isatty(STDIN_FILENO))
		return "there is no terminal to read keys from";
	keys = terminal.keys ? terminal.keys : stdin;
	terminal.keys_fd = fileno(keys);
	terminal.parent = getppid();
	terminal.group = getpgrp();
	terminal.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	tzset(); /* reads its file now: later we may not be allowed to */
	fflush(stdout);
	catch_stop();
	refused = open_screen(keys);
	if (!refused) {
		set_up();
		return NULL;
	}
	if (terminal.screen)
		terminal_close();
	else
		free_frame();
	release_stop();
	return refused;
}

void terminal_close(void)
{
	if (!terminal.screen)
		return;
	for (int i = 0; terminal.on && i < DEADLY; i++)
		sigaction(deadly[i], &terminal.before[i], NULL);
	if (terminal.on)
		release_stop();
	terminal.on = 0;
	endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
	free_frame();
}

/* A key that nobody knows must not act as Esc and then as its letters. Esc itself stands alone. */
static int skip_unknown(void)
{
	int key = getch();

	if (key != '[' && key != 'O') {
		if (key != ERR)
			ungetch(key);
		return 27;
	}
	while ((key = getch()) != ERR && (key < '@' || key > '~'))
		;
	return KEY_RESIZE; /* nothing, but there may be more */
}

int terminal_key(void)
{
	int key;

	if (terminal.stop)
		stop_here();
	if (terminal.continued)
		take_again();
	key = getch();
	if (key == 27)
		key = skip_unknown();
	return key == ERR ? -1 : key;
}

void terminal_mouse_on(bool on)
{
	terminal.mouse = on;
	mousemask(on ? MOUSE_TOLD : 0, NULL);
}

bool terminal_mouse(struct terminal_mouse *mouse)
{
	MEVENT event;

	do
		if (getmouse(&event) != OK)
			return false;
	while (!(event.bstate & MOUSE_WANTED));
	mouse->y = event.y;
	mouse->x = event.x;
	mouse->did = event.bstate & BUTTON4_PRESSED   ? MOUSE_WHEEL_UP
		     : event.bstate & BUTTON5_PRESSED ? MOUSE_WHEEL_DOWN
						      : MOUSE_CLICK;
	return true;
}

bool terminal_gone(void)
{
	struct pollfd p = {.fd = terminal.keys_fd, .events = POLLIN};

	if (poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return getppid() != terminal.parent && tcgetpgrp(terminal.keys_fd) != terminal.group;
}

bool terminal_ready(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) > 0;
}

bool terminal_utf8(void)
{
	return terminal.utf8;
}

struct pane terminal_screen(void)
{
	return (struct pane){0, 0, LINES, COLS};
}

void terminal_begin(void)
{
	erase();
}

/* All of it, or the terminal is gone. */
static bool write_all(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
		else if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
	return true;
}

void terminal_end(void)
{
	ssize_t n;

	lseek(terminal.frame, 0, SEEK_SET);
	if (ftruncate(terminal.frame, 0) || dup2(terminal.frame, fileno(terminal.out)) < 0)
		return;
	refresh();
	dup2(STDOUT_FILENO, fileno(terminal.out));
	lseek(terminal.frame, 0, SEEK_SET);
	while ((n = read(terminal.frame, terminal.chunk, CHUNK)) > 0)
		if (!write_all(terminal.chunk, n))
			return;
}

int terminal_dump(FILE *to)
{
	for (int y = 0; y < LINES; y++) {
		wchar_t line[1024];
		int n = mvinnwstr(y, 0, line, sizeof(line) / sizeof(line[0]) - 1);

		while (n > 0 && line[n - 1] == L' ')
			n--;
		line[n > 0 ? n : 0] = 0;
		fprintf(to, "%ls\n", line);
	}
	return fflush(to) || ferror(to) ? -errno : 0;
}

/* ---- panes ---- */

static chtype tint_attr(enum tint tint)
{
	static const chtype plain[TINT_COUNT] = {
		[TINT_DIM] = A_DIM,	   [TINT_TITLE] = A_BOLD,
		[TINT_KEY] = A_UNDERLINE,  [TINT_BAR] = A_REVERSE,
		[TINT_TAB] = A_BOLD,	   [TINT_SELECTED] = A_REVERSE,
		[TINT_WARN] = A_UNDERLINE, [TINT_BAD] = A_BOLD | A_REVERSE,
	};
	static const chtype few[TINT_COUNT] = {[TINT_DIM] = A_DIM, [TINT_BAD] = A_BOLD};

	if (!terminal.colours)
		return plain[tint];
	return COLOR_PAIR(tint + 1) | (COLORS < 256 ? few[tint] : 0) |
	       (tint == TINT_TITLE || tint == TINT_TAB || tint == TINT_BAD ? A_BOLD : 0);
}

struct pane pane_rows(struct pane *from, int h)
{
	struct pane taken = *from;

	taken.h = h < 0 ? 0 : h < from->h ? h : from->h;
	from->y += taken.h;
	from->h -= taken.h;
	return taken;
}

struct pane pane_columns(struct pane *from, int w)
{
	struct pane taken = *from;

	taken.w = w < 0 ? 0 : w < from->w ? w : from->w;
	from->x += taken.w;
	from->w -= taken.w;
	return taken;
}

bool pane_covers(const struct pane *p, int y, int x)
{
	return y >= p->y && y < p->y + p->h && x >= p->x && x < p->x + p->w;
}

static bool pane_has(const struct pane *p, int row, int column)
{
	return row >= 0 && row < p->h && column >= 0 && column < p->w;
}

int pane_text(const struct pane *p, int row, int column, enum tint tint, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = sizeof(text) - 1;
	for (int i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	if (len > 0 && pane_has(p, row, column)) {
		attrset(tint_attr(tint));
		mvaddnstr(p->y + row, p->x + column, text,
			  len < p->w - column ? len : p->w - column);
	}
	return column + (len > 0 ? len : 0);
}

void pane_glyphs(const struct pane *p, int row, int column, enum tint tint, const char *utf8,
		 int width)
{
	if (!pane_has(p, row, column) || width > p->w - column)
		return;
	attrset(tint_attr(tint));
	mvaddstr(p->y + row, p->x + column, utf8);
}

void pane_blank(const struct pane *p, int row, enum tint tint)
{
	pane_text(p, row, 0, tint, "%*s", p->w, "");
}

void pane_title(struct pane *p, const char *title)
{
	const char *rule = terminal.utf8 ? "\u2500" : "-";

	for (int i = 0; i < p->w - 1; i++)
		pane_glyphs(p, 0, i, TINT_DIM, rule, 1);
	pane_text(p, 0, 1, TINT_TITLE, " %s ", title);
	pane_rows(p, 1);
}

void pane_bar(const struct pane *p, int row, int column, int width, const double *parts,
	      const enum tint *tints, unsigned n)
{
	static const char *const ascii[] = {"#", "=", "-"};
	double whole = 0, sum = 0;
	int at = 0;

	for (unsigned i = 0; i < n; i++)
		whole += parts[i];
	for (unsigned i = 0; i < n && whole > 0; i++) {
		int end = (int)((sum += parts[i]) / whole * width + 0.5);

		if (parts[i] > 0 && end <= at)
			end = at + 1;
		for (; at < end && at < width; at++)
			pane_glyphs(p, row, column + at, tints[i],
				    terminal.utf8 && terminal.colours ? "\u2588" : ascii[i % 3], 1);
	}
}
