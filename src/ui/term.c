/* term: the only file that knows curses; see term.h.
 *
 * curses writes to a FILE on a memfd. After each doupdate() the bytes are taken
 * from there into `out` and pumped to an own, non-blocking open of the terminal. What
 * curses would do on a real terminal is done here by hand: raw mode, the size, the
 * bytes that end full-screen mode, the old modes. Those bytes stand ready in a static
 * buffer, so that a signal handler can send them.
 */
#include "ctop/term.h"

#include "ctop/filemap.h"
#include "ctop/input.h"
#include "ctop/mem.h"
#include "ctop/surface.h"
#include "ctop/theme.h"
#include "ctop/vec.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

enum { CLOSE_MS = 300, END_MOST = 256, SIZE_MOST = 1000, FATAL_STACK = 64 * 1024 };

struct term {
	int fd;              /* the terminal, non-blocking, our own open file description */
	FILE *memory, *none; /* what curses writes to and reads from */
	int memory_fd;
	SCREEN *screen;
	int colors;
	bool ascii, gone;
	int rows, cols;
	char *out; /* the frame in flight; owned */
	size_t out_len, out_at, out_cap;
	char begin[END_MOST]; /* bytes that start full-screen mode */
	bool has_mouse, mouse;
	struct input input;
};

/* For signal handlers: everything needed to give the terminal back. */
static struct {
	volatile sig_atomic_t taken;
	int fd;
	struct termios modes;
	char end[END_MOST];
	size_t end_len;
} emergency = {.fd = -1};

/* --- giving it back ------------------------------------------------------------------ */

/* Async-signal-safe. */
static void restore_now(void)
{
	if (!emergency.taken)
		return;
	emergency.taken = 0;
	if (write(emergency.fd, emergency.end, emergency.end_len) < 0)
		errno = 0; /* blocked or gone: the modes below still count */
	tcsetattr(emergency.fd, TCSANOW, &emergency.modes);
}

/* A mapped file that was cut short is no crash. */
static void on_fatal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	if (sig == SIGBUS && filemap_mend(info))
		return;
	restore_now();
	signal(sig, SIG_DFL);
	raise(sig); /* delivered when the handler returns */
}

static const int fatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS, SIGTRAP};
static struct sigaction before[sizeof fatal / sizeof fatal[0]];

static void catch_fatal(void)
{
	static char stack[FATAL_STACK];
	stack_t ss = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction sa = {.sa_sigaction = on_fatal,
	                       .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	sigaltstack(&ss, NULL);
	filemap_guard(); /* its handler is what there is again when this one is released */
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		sigaction(fatal[i], &sa, &before[i]);
	mem_set_die_hook(restore_now);
}

static void release_fatal(void)
{
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		sigaction(fatal[i], &before[i], NULL);
	mem_set_die_hook(NULL);
}

/* --- sending ----------------------------------------------------------------------------- */

bool term_busy(const struct term *t)
{
	return t->out_at < t->out_len;
}

void term_pump(struct term *t)
{
	while (term_busy(t)) {
		ssize_t n = write(t->fd, t->out + t->out_at, t->out_len - t->out_at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			t->gone = errno != EAGAIN;
			if (t->gone)
				t->out_at = t->out_len;
			return;
		}
		t->out_at += (size_t)n;
	}
}

/* Waits for the frame in flight, at most `ms`. */
static void flush_for(struct term *t, int ms)
{
	struct pollfd fd = {.fd = t->fd, .events = POLLOUT};
	term_pump(t);
	for (int waited = 0; term_busy(t) && waited < ms; waited += 20) {
		poll(&fd, 1, 20);
		term_pump(t);
	}
}

static void send_bytes(struct term *t, const char *bytes, size_t len)
{
	if (!term_busy(t))
		t->out_at = t->out_len = 0;
	t->out = vec_reserve(t->out, &t->out_cap, t->out_len + len, 1);
	memcpy(t->out + t->out_len, bytes, len);
	t->out_len += len;
	term_pump(t);
}

/* Takes what curses has written since the last time. */
static void collect(struct term *t)
{
	char buf[65536];
	fflush(t->memory);
	lseek(t->memory_fd, 0, SEEK_SET);
	for (ssize_t n; (n = read(t->memory_fd, buf, sizeof buf)) > 0;)
		send_bytes(t, buf, (size_t)n);
	if (ftruncate(t->memory_fd, 0) != 0)
		t->gone = true;
	lseek(t->memory_fd, 0, SEEK_SET);
}

/* --- modes ------------------------------------------------------------------------------ */

static void add_capability(char *out, size_t cap, const char *name)
{
	const char *s = tigetstr(name);
	size_t have = strlen(out);
	if (s != NULL && s != (char *)-1 && have + strlen(s) + 1 < cap)
		memcpy(out + have, s, strlen(s) + 1);
}

static void set_raw(const struct term *t)
{
	struct termios raw = emergency.modes;
	cfmakeraw(&raw);
	tcsetattr(t->fd, TCSANOW, &raw);
}

static void read_size(struct term *t)
{
	struct winsize w = {0};
	ioctl(t->fd, TIOCGWINSZ, &w);
	t->rows = w.ws_row > 0 && w.ws_row <= SIZE_MOST ? w.ws_row : 24;
	t->cols = w.ws_col > 0 && w.ws_col <= SIZE_MOST ? w.ws_col : 80;
}

/* Each style is a colour pair, numbered one up from the style. */
static void make_pairs(struct term *t)
{
	if (t->colors < 8)
		return;
	for (int style = 0; style < STYLE_COUNT; style++) {
		struct theme_look l = theme_look(style, t->colors);
		init_pair((short)(style + 1), l.fg, l.bg);
	}
}

static attr_t attributes(unsigned look)
{
	return ((look & THEME_BOLD) != 0 ? A_BOLD : 0) | ((look & THEME_DIM) != 0 ? A_DIM : 0) |
	       ((look & THEME_REVERSE) != 0 ? A_REVERSE : 0) |
	       ((look & THEME_UNDERLINE) != 0 ? A_UNDERLINE : 0);
}

static void set_style(const struct term *t, int style)
{
	struct theme_look l = theme_look(style & STYLE_MASK, t->colors);
	attr_t a = attributes(l.attr);
	if ((style & STYLE_BOLD) != 0)
		a |= A_BOLD;
	if ((style & STYLE_UNDERLINE) != 0)
		a |= A_UNDERLINE;
	if ((style & STYLE_REVERSE) != 0)
		a ^= A_REVERSE;
	short pair = t->colors >= 8 ? (short)((style & STYLE_MASK) + 1) : 0;
	attr_set(a, pair, NULL);
}

/* --- mouse ------------------------------------------------------------------------------ */

/* Presses and the wheel (1000), in SGR (1006) where the terminal knows that: without it, it sends
 * its first form, which ends at column 223. No motion: with Shift terminals select text as ever. */
static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";

static bool knows_mouse(void)
{
	const char *s = tigetstr("kmous");
	return s != NULL && s != (char *)-1 && s[0] != '\0';
}

static void send_mouse(struct term *t)
{
	if (t->mouse)
		send_bytes(t, mouse_on, strlen(mouse_on));
}

bool term_set_mouse(struct term *t, bool on)
{
	if (t->has_mouse && on != t->mouse)
		send_bytes(t, on ? mouse_on : mouse_off, strlen(mouse_off));
	t->mouse = t->has_mouse && on;
	return t->has_mouse;
}

/* --- opening ------------------------------------------------------------------------------ */

bool term_possible(struct err *e)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return true;
	err_set(e, CTOP_EINVAL,
	        "the live view wants a terminal on standard input and output; without one use: "
	        "ctop record -d 5 -f text -o - ...");
	return false;
}

static enum ctop_err open_tty(struct term *t, struct err *e)
{
	if (!term_possible(e))
		return CTOP_EINVAL;
	t->fd = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (t->fd < 0) {
		const char *name = ttyname(STDOUT_FILENO);
		t->fd = name != NULL ? open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
	}
	if (t->fd < 0 || tcgetattr(t->fd, &emergency.modes) != 0)
		return err_errno(e, CTOP_EIO, errno, "cannot open the terminal");
	return CTOP_OK;
}

static enum ctop_err open_curses(struct term *t, struct err *e)
{
	const char *name = getenv("TERM");
	t->memory_fd = memfd_create("ctop-frame", MFD_CLOEXEC);
	t->memory = t->memory_fd >= 0 ? fdopen(t->memory_fd, "w") : NULL;
	t->none = fopen("/dev/null", "re");
	if (t->memory == NULL || t->none == NULL)
		return err_errno(e, CTOP_ELIMIT, errno, "cannot make a buffer for the screen");
	if (name != NULL && name[0] != '\0')
		t->screen = newterm(name, t->memory, t->none);
	if (t->screen == NULL)
		return err_set(
		        e, CTOP_EUNSUP,
		        "the terminal type TERM=%s is not known here; try: TERM=xterm ctop ...",
		        name != NULL ? name : "");
	set_term(t->screen);
	return CTOP_OK;
}

static void settle_colors(struct term *t, const struct term_options *o)
{
	const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
	bool unwanted = (no_color != NULL && no_color[0] != '\0') ||
	                (name != NULL && strcmp(name, "dumb") == 0);
	t->colors = 0;
	if (o->no_color || (unwanted && !o->always_color) || !has_colors())
		return;
	start_color();
	use_default_colors();
	t->colors = COLORS;
	make_pairs(t);
}

static void enter(struct term *t)
{
	add_capability(t->begin, sizeof t->begin, "smcup");
	add_capability(t->begin, sizeof t->begin, "civis");
	add_capability(t->begin, sizeof t->begin, "smkx");
	add_capability(t->begin, sizeof t->begin, "BE"); /* pasted text is marked */
	emergency.end[0] = '\0';
	t->has_mouse = t->mouse = knows_mouse();
	if (t->has_mouse)
		memcpy(emergency.end, mouse_off, sizeof mouse_off);
	add_capability(emergency.end, sizeof emergency.end, "sgr0");
	add_capability(emergency.end, sizeof emergency.end, "BD");
	add_capability(emergency.end, sizeof emergency.end, "rmkx");
	add_capability(emergency.end, sizeof emergency.end, "rmcup");
	add_capability(emergency.end, sizeof emergency.end, "cnorm");
	emergency.end_len = strlen(emergency.end);
	emergency.fd = t->fd;
	emergency.taken = 1;
	catch_fatal();
	set_raw(t);
	read_size(t);
	resizeterm(t->rows, t->cols);
	curs_set(0);
	leaveok(stdscr, TRUE);
	send_bytes(t, t->begin, strlen(t->begin));
	send_mouse(t);
}

enum ctop_err term_open(struct term **out, const struct term_options *o, struct err *e)
{
	struct term *t = mem_zalloc(1, sizeof *t);
	t->fd = t->memory_fd = -1;
	t->ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	enum ctop_err rc = open_tty(t, e);
	if (rc == CTOP_OK)
		rc = open_curses(t, e);
	if (rc != CTOP_OK) {
		term_close(t);
		return rc;
	}
	settle_colors(t, o);
	enter(t);
	*out = t;
	return CTOP_OK;
}

void term_close(struct term *t)
{
	if (t == NULL)
		return;
	flush_for(t, CLOSE_MS);
	restore_now();
	release_fatal();
	if (t->screen != NULL) {
		endwin();
		delscreen(t->screen);
	}
	if (t->memory != NULL)
		fclose(t->memory);
	if (t->none != NULL)
		fclose(t->none);
	if (t->fd >= 0)
		close(t->fd);
	emergency.fd = -1;
	free(t->out);
	free(t);
}

bool term_is_ascii(const struct term *t)
{
	return t->ascii;
}

void term_size(const struct term *t, int *rows, int *cols)
{
	*rows = t->rows;
	*cols = t->cols;
}

void term_resize(struct term *t)
{
	read_size(t);
	resizeterm(t->rows, t->cols);
	term_redraw(t);
}

int term_fd(const struct term *t)
{
	return t->fd;
}

/* --- drawing -------------------------------------------------------------------------------- */

/* Draws the run of equal style that begins at `col`; returns where it ends. */
static int draw_run(const struct term *t, const struct surface *s, int row, int col)
{
	char text[4096];
	size_t len = 0;
	const struct cell *line = &s->cells[(size_t)row * (size_t)s->cols];
	int style = line[col].style, from = col;
	for (; col < s->cols && line[col].style == style; col++) {
		size_t n = strlen(line[col].text);
		if (len + n + 1 > sizeof text)
			break;
		memcpy(text + len, line[col].text, n);
		len += n;
	}
	text[len] = '\0';
	set_style(t, style);
	mvaddstr(row, from, text);
	return col;
}

bool term_draw(struct term *t, const struct surface *s)
{
	term_pump(t);
	if (term_busy(t))
		return false;
	for (int row = 0; row < s->rows && row < t->rows; row++)
		for (int col = 0; col < s->cols;)
			col = draw_run(t, s, row, col);
	wnoutrefresh(stdscr);
	doupdate();
	collect(t);
	return true;
}

void term_redraw(struct term *t)
{
	(void)t;
	clearok(curscr, TRUE);
}

/* --- keys --------------------------------------------------------------------------------------
 */

bool term_read(struct term *t)
{
	unsigned char buf[128];
	ssize_t n = read(t->fd, buf, sizeof buf);
	if (n > 0)
		input_feed(&t->input, buf, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

bool term_key(struct term *t, bool expired, key_code *key)
{
	return input_next(&t->input, expired, key);
}

struct mouse_event term_mouse(const struct term *t)
{
	return t->input.mouse;
}

bool term_key_pending(const struct term *t)
{
	return input_pending(&t->input);
}

void term_suspend(struct term *t)
{
	flush_for(t, CLOSE_MS);
	restore_now();
	raise(SIGSTOP);
	emergency.taken = 1;
	set_raw(t);
	t->out_at = t->out_len = 0;
	send_bytes(t, t->begin, strlen(t->begin));
	send_mouse(t);
	term_resize(t);
}
