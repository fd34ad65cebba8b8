/* ptyterm: a program in a pseudo-terminal; see ptyterm.h. */
#include "ptyterm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <vterm.h>

struct pty {
	pid_t pid;
	int master;
	int rows, cols;
	VTerm *vt;
	VTermScreen *screen;
	bool stopped, ended, alternate, cursor;
	int mouse;
	int status;
};

static int on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct pty *p = user;
	if (prop == VTERM_PROP_ALTSCREEN)
		p->alternate = value->boolean;
	if (prop == VTERM_PROP_MOUSE)
		p->mouse = value->number;
	if (prop == VTERM_PROP_CURSORVISIBLE)
		p->cursor = value->boolean;
	return 1;
}

static void start_terminal(struct pty *p)
{
	static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
	p->vt = vterm_new(p->rows, p->cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	p->cursor = true;
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_reset(p->screen, 1);
}

struct pty *pty_start(char *const *argv, int rows, int cols, const char *term, char *const *env)
{
	struct pty *p = calloc(1, sizeof *p);
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	p->rows = rows;
	p->cols = cols;
	start_terminal(p);
	p->pid = forkpty(&p->master, NULL, NULL, &size);
	if (p->pid == 0) {
		setenv("TERM", term, 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		unsetenv("NO_COLOR");
		for (size_t i = 0; env != NULL && env[i] != NULL; i++)
			putenv(env[i]);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (p->pid < 0) { /* −1 must never reach kill() */
		fprintf(stderr, "no pseudo-terminal (is /dev/pts mounted?): %s\n", strerror(errno));
		exit(1);
	}
	fcntl(p->master, F_SETFL, O_NONBLOCK);
	return p;
}

void pty_free(struct pty *p)
{
	if (!p->ended) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, &p->status, 0);
	}
	close(p->master);
	vterm_free(p->vt);
	free(p);
}

pid_t pty_pid(const struct pty *p)
{
	return p->pid;
}

void pty_type(struct pty *p, const char *text)
{
	if (write(p->master, text, strlen(text)) < 0)
		perror("pty_type");
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	p->rows = rows;
	p->cols = cols;
	vterm_set_size(p->vt, rows, cols);
	ioctl(p->master, TIOCSWINSZ, &size);
}

void pty_stop_reading(struct pty *p, bool stopped)
{
	p->stopped = stopped;
}

/* Reads what is there, waiting at most 20 ms for something. */
static void read_some(struct pty *p)
{
	char buf[65536];
	struct pollfd fd = {.fd = p->stopped ? -1 : p->master, .events = POLLIN};
	poll(&fd, 1, 20);
	if (p->stopped)
		return;
	for (ssize_t n; (n = read(p->master, buf, sizeof buf)) > 0;)
		vterm_input_write(p->vt, buf, (size_t)n);
	vterm_screen_flush_damage(p->screen);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool shows(struct pty *p, const char *text)
{
	char *s = pty_screen(p);
	bool there = strstr(s, text) != NULL;
	free(s);
	return there;
}

static bool wait_for(struct pty *p, const char *text, bool there, int seconds)
{
	double until = now() + seconds;
	while (shows(p, text) != there) {
		if (now() > until) {
			char *s = pty_screen(p);
			fprintf(stderr, "'%s' %s the screen:\n%s\n", text,
			        there ? "did not come on" : "did not leave", s);
			free(s);
			return false;
		}
		read_some(p);
	}
	return true;
}

bool pty_wait_text(struct pty *p, const char *text, int seconds)
{
	return wait_for(p, text, true, seconds);
}

bool pty_wait_row(struct pty *p, int row, const char *text, int seconds)
{
	double until = now() + seconds;
	for (;;) {
		char *line = pty_row(p, row);
		bool there = strstr(line, text) != NULL;
		free(line);
		if (there || now() > until)
			return there;
		read_some(p);
	}
}

bool pty_wait_gone(struct pty *p, const char *text, int seconds)
{
	return wait_for(p, text, false, seconds);
}

bool pty_wait_exit(struct pty *p, int seconds, int *status)
{
	double until = now() + seconds;
	while (!p->ended && now() < until) {
		read_some(p);
		p->ended = waitpid(p->pid, &p->status, WNOHANG) == p->pid;
	}
	if (p->ended && !p->stopped)
		read_some(p);
	*status = p->status;
	return p->ended;
}

static size_t put_utf8(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	out[0] = (char)(0xe0 | cp >> 12);
	out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[2] = (char)(0x80 | (cp & 0x3f));
	return 3;
}

char *pty_row(struct pty *p, int row)
{
	char *out = malloc((size_t)p->cols * 4 + 1);
	size_t len = 0, end = 0;
	for (int col = 0; col < p->cols; col++) {
		VTermScreenCell cell;
		VTermPos pos = {row, col};
		vterm_screen_get_cell(p->screen, pos, &cell);
		if (cell.chars[0] == (uint32_t)-1)
			continue;
		len += put_utf8(out + len, cell.chars[0] != 0 ? cell.chars[0] : ' ');
		if (cell.chars[0] != 0 && cell.chars[0] != ' ')
			end = len;
	}
	out[end] = '\0';
	return out;
}

char *pty_screen(struct pty *p)
{
	char *all = calloc(1, (size_t)p->rows * ((size_t)p->cols * 4 + 1) + 1);
	size_t len = 0;
	for (int row = 0; row < p->rows; row++) {
		char *line = pty_row(p, row);
		len += (size_t)sprintf(all + len, "%s\n", line);
		free(line);
	}
	return all;
}

int pty_colors(struct pty *p)
{
	bool seen[2][256] = {{false}};
	int count = 0;
	for (int row = 0; row < p->rows; row++)
		for (int col = 0; col < p->cols; col++) {
			VTermScreenCell cell;
			VTermPos pos = {row, col};
			vterm_screen_get_cell(p->screen, pos, &cell);
			const VTermColor *c[] = {&cell.fg, &cell.bg};
			for (int k = 0; k < 2; k++)
				if (VTERM_COLOR_IS_INDEXED(c[k]) &&
				    !VTERM_COLOR_IS_DEFAULT_FG(c[k]) &&
				    !VTERM_COLOR_IS_DEFAULT_BG(c[k]) &&
				    !seen[k][c[k]->indexed.idx]) {
					seen[k][c[k]->indexed.idx] = true;
					count++;
				}
		}
	return count;
}

bool pty_alternate(const struct pty *p)
{
	return p->alternate;
}

int pty_mouse(const struct pty *p)
{
	return p->mouse;
}

bool pty_cursor(const struct pty *p)
{
	return p->cursor;
}

bool pty_raw(const struct pty *p)
{
	struct termios t;
	return tcgetattr(p->master, &t) == 0 && (t.c_lflag & ICANON) == 0;
}
