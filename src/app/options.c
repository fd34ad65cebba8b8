/* options: the command line; see options.h.
 *
 * What stands behind "--" is the command to launch and is cut off first; the
 * rest goes through getopt_long(), which lets options stand on either side of
 * the sub-command.
 */
#include "ctop/options.h"

#include "ctop/nearest.h"

#include "ctop/record.h"
#include "ctop/strbuf.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum ctop_err set_fn(struct options *o, const char *arg, struct err *e);

struct option_row {
	const char *name;
	char letter;     /* 0: long only */
	const char *arg; /* NULL: takes none */
	set_fn *set;
	const char *help;
};

/* --- values --------------------------------------------------------------------- */

static enum ctop_err parse_number(const char *name, const char *arg, unsigned long least,
                                  unsigned long most, unsigned long *out, struct err *e)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(arg, &end, 10);
	if (arg[0] < '0' || arg[0] > '9' || *end != '\0' || errno != 0 || n < least || n > most)
		return err_set(e, CTOP_EINVAL, "%s wants a number from %lu to %lu, not '%s'", name,
		               least, most, arg);
	*out = n;
	return CTOP_OK;
}

static enum ctop_err set_pid(struct options *o, const char *arg, struct err *e)
{
	const char *at = arg;
	for (;;) {
		char *end;
		errno = 0;
		long pid = strtol(at, &end, 10);
		if (end == at || pid <= 0 || pid > INT32_MAX || errno != 0 ||
		    (*end != '\0' && *end != ','))
			return err_set(e, CTOP_EINVAL,
			               "--pid wants process ids such as 1234 or 12,34, not '%s'; "
			               "find one with: pgrep -a NAME",
			               arg);
		if (o->pid_count == OPTIONS_PIDS_MAX)
			return err_set(e, CTOP_EINVAL, "--pid takes at most %d processes; use -a",
			               OPTIONS_PIDS_MAX);
		bool seen = false;
		for (size_t i = 0; i < o->pid_count; i++)
			seen = seen || o->pids[i] == (pid_t)pid;
		if (!seen)
			o->pids[o->pid_count++] = (pid_t)pid;
		if (*end == '\0')
			return CTOP_OK;
		at = end + 1;
	}
}

static enum ctop_err set_wait(struct options *o, const char *arg, struct err *e)
{
	if (arg[0] == '\0' || strchr(arg, '/') != NULL)
		return err_set(e, CTOP_EINVAL,
		               "--wait wants the name of a program, without a path, not '%s'", arg);
	o->wait = arg;
	return CTOP_OK;
}

static enum ctop_err set_follow(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->follow = true;
	return CTOP_OK;
}

static enum ctop_err set_all(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->whole_machine = true;
	return CTOP_OK;
}

static enum ctop_err set_rate(struct options *o, const char *arg, struct err *e)
{
	unsigned long n;
	enum ctop_err rc = parse_number("--rate", arg, 1, 20000, &n, e);
	if (rc == CTOP_OK)
		o->rate_hz = (uint32_t)n;
	return rc;
}

static enum ctop_err set_duration(struct options *o, const char *arg, struct err *e)
{
	char *end;
	double s = strtod(arg, &end);
	if (end == arg || *end != '\0' || !isfinite(s) || s <= 0 || s > 1e7)
		return err_set(e, CTOP_EINVAL,
		               "--duration wants seconds such as 10 or 0.5, not '%s'", arg);
	o->duration_s = s;
	return CTOP_OK;
}

static enum ctop_err set_output(struct options *o, const char *arg, struct err *e)
{
	if (arg[0] == '\0')
		return err_set(e, CTOP_EINVAL,
		               "--output wants a file name, or - for standard output");
	o->output = arg;
	return CTOP_OK;
}

/* One of the words of a NULL-terminated list; its index goes to *out. */
static enum ctop_err parse_word(const char *name, const char *arg, const char *const *words,
                                unsigned *out, struct err *e)
{
	struct strbuf list = {0};
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (strcmp(arg, words[i]) == 0) {
			strbuf_fini(&list);
			*out = i;
			return CTOP_OK;
		}
		strbuf_addf(&list, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	err_set(e, CTOP_EINVAL, "%s wants one of %s, not '%s'", name, strbuf_str(&list), arg);
	strbuf_fini(&list);
	return CTOP_EINVAL;
}

static enum ctop_err set_format(struct options *o, const char *arg, struct err *e)
{
	static const char *const words[] = {"folded", "text", "json", NULL};
	unsigned n = 0;
	enum ctop_err rc = parse_word("--format", arg, words, &n, e);
	o->format = (enum options_format)(FORMAT_FOLDED + n);
	return rc;
}

static enum ctop_err set_unwind(struct options *o, const char *arg, struct err *e)
{
	static const char *const words[] = {
	        [UNWIND_AUTO] = "auto", [UNWIND_DWARF] = "dwarf", [UNWIND_FP] = "fp", NULL};
	unsigned n = 0;
	enum ctop_err rc = parse_word("--unwind", arg, words, &n, e);
	o->unwind = (enum unwind_mode)n;
	return rc;
}

static enum ctop_err set_color(struct options *o, const char *arg, struct err *e)
{
	static const char *const words[] = {
	        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL};
	unsigned n = 0;
	enum ctop_err rc = parse_word("--color", arg, words, &n, e);
	o->color = (enum options_color)n;
	return rc;
}

static enum ctop_err set_source(struct options *o, const char *arg, struct err *e)
{
	static const char *const words[] = {
	        [SOURCE_ANY] = "auto", [SOURCE_PERF] = "perf", [SOURCE_PTRACE] = "ptrace", NULL};
	unsigned n = o->source;
	enum ctop_err rc = parse_word("--source", arg, words, &n, e);
	o->source = (enum source_choice)n;
	return rc;
}

static enum ctop_err set_stack(struct options *o, const char *arg, struct err *e)
{
	unsigned long n;
	enum ctop_err rc = parse_number("--stack-size", arg, 1024, RECORD_STACK_MAX, &n, e);
	if (rc == CTOP_OK)
		o->stack_bytes = (uint32_t)n & ~7u; /* perf wants a multiple of 8 */
	o->stack_fixed = true;
	return rc;
}

static enum ctop_err set_memory(struct options *o, const char *arg, struct err *e)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(arg, &end, 10);
	unsigned shift = *end == 'G' ? 30 : *end == 'M' ? 20 : *end == 'K' ? 10 : 0;
	if (shift != 0)
		end++;
	if (arg[0] < '0' || arg[0] > '9' || *end != '\0' || errno != 0 ||
	    n > (1ul << 40 >> shift) || n << shift < 16ul << 20)
		return err_set(e, CTOP_EINVAL, "--memory wants a size from 16M to 1024G, not '%s'",
		               arg);
	o->memory = n << shift;
	return CTOP_OK;
}

static enum ctop_err set_refresh(struct options *o, const char *arg, struct err *e)
{
	unsigned long n;
	enum ctop_err rc = parse_number("--refresh", arg, 20, 60000, &n, e);
	if (rc == CTOP_OK)
		o->refresh_ms = (uint32_t)n;
	return rc;
}

static enum ctop_err set_input(struct options *o, const char *arg, struct err *e)
{
	(void)e;
	o->file = arg;
	return CTOP_OK;
}

static enum ctop_err set_raw(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->raw = true;
	return CTOP_OK;
}

static enum ctop_err set_no_kernel(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->no_kernel = true;
	return CTOP_OK;
}

static enum ctop_err set_no_inlined(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->query.hide_inlined = true;
	return CTOP_OK;
}

static enum ctop_err set_group(struct options *o, const char *arg, struct err *e)
{
	static const char *const words[] = {
	        [GROUP_FUNCTION] = "function", [GROUP_LINE] = "line", [GROUP_FILE] = "file",
	        [GROUP_MODULE] = "module",     [GROUPS] = NULL,
	};
	unsigned n = o->query.group;
	enum ctop_err rc = parse_word("--group", arg, words, &n, e);
	o->query.group = (enum profile_group)n;
	return rc;
}

static enum ctop_err set_annotate(struct options *o, const char *arg, struct err *e)
{
	if (arg[0] == '\0')
		return err_set(e, CTOP_EINVAL, "--annotate wants the name of a function");
	o->annotate = arg;
	return CTOP_OK;
}

static enum ctop_err set_source_map(struct options *o, const char *arg, struct err *e)
{
	const char *equal = strchr(arg, '=');
	if (equal == NULL || equal == arg)
		return err_set(e, CTOP_EINVAL,
		               "--source-map wants FROM=TO, two beginnings of paths, not '%s'",
		               arg);
	o->source_map = arg;
	return CTOP_OK;
}

static enum ctop_err set_fetch(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->fetch = true;
	return CTOP_OK;
}

static enum ctop_err set_no_children(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->no_children = true;
	return CTOP_OK;
}

static enum ctop_err set_no_stop(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->no_stop = true;
	return CTOP_OK;
}

static enum ctop_err set_fail_if(struct options *o, const char *arg, struct err *e)
{
	if (o->condition_count == OPTIONS_CONDITIONS_MAX)
		return err_set(e, CTOP_EINVAL, "--fail-if may be given %d times",
		               OPTIONS_CONDITIONS_MAX);
	enum ctop_err rc = condition_parse(&o->conditions[o->condition_count], arg, e);
	o->condition_count += rc == CTOP_OK;
	return rc;
}

static enum ctop_err set_ascii(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->ascii = true;
	return CTOP_OK;
}

static enum ctop_err set_verbose(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->verbose = true;
	return CTOP_OK;
}

static enum ctop_err set_help(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->command = OPTIONS_HELP;
	return CTOP_OK;
}

static enum ctop_err set_version(struct options *o, const char *arg, struct err *e)
{
	(void)arg;
	(void)e;
	o->command = OPTIONS_VERSION;
	return CTOP_OK;
}

static const struct option_row rows[] = {
        {"pid", 'p', "PID[,PID...]", set_pid, "the processes to profile"},
        {"wait", 0, "NAME", set_wait, "wait for a process of that name, then attach to it"},
        {"follow", 0, NULL, set_follow, "when the process ends, go on with its successor"},
        {"all", 'a', NULL, set_all, "the whole machine (root or CAP_PERFMON)"},
        {"rate", 'F', "HZ", set_rate, "samples a second and CPU (default 499)"},
        {"duration", 'd', "SECONDS", set_duration, "record: stop after this long"},
        {"output", 'o', "FILE", set_output,
         "record, dump, diff: where to write; - is standard output"},
        {"format", 'f', "FORMAT", set_format,
         "record: folded (default), text; dump: text (default), json; diff: all three"},
        {"raw", 0, NULL, set_raw, "record: write a capture (.ctr) that view and --input replay"},
        {"input", 0, "FILE", set_input,
         "replay a capture, or count a folded file, instead of sampling"},
        {"source", 0, "WAY", set_source, "auto (default), perf, ptrace (where perf is refused)"},
        {"unwind", 0, "WAY", set_unwind,
         "auto (default), dwarf (no frame pointers), fp (only those)"},
        {"stack-size", 0, "BYTES", set_stack,
         "stack copied a sample, 1024-65000 (default 16384, growing)"},
        {"memory", 0, "SIZE", set_memory, "bound for history, stacks and counts (default 256M)"},
        {"no-kernel", 0, NULL, set_no_kernel, "do not sample kernel frames"},
        {"group", 0, "BY", set_group, "function (default), line, file, module"},
        {"no-inlined", 0, NULL, set_no_inlined, "do not show inlined functions"},
        {"annotate", 0, "FUNCTION", set_annotate,
         "record, view: print one function's source and code with its samples"},
        {"source-map", 0, "FROM=TO", set_source_map, "look for source files FROM... at TO..."},
        {"debuginfod", 0, NULL, set_fetch,
         "fetch debug files that are missing from DEBUGINFOD_URLS"},
        {"no-children", 0, NULL, set_no_children, "do not follow child processes"},
        {"no-stop", 0, NULL, set_no_stop, "dump: never stop a thread, whatever is not seen then"},
        {"fail-if", 0, "CONDITION", set_fail_if,
         "diff: exit with 3 if it holds: 'total(parse) > +5%'; may be repeated"},
        {"refresh", 0, "MS", set_refresh, "longest time between screens (default 250)"},
        {"color", 0, "WHEN", set_color, "auto (default), always, never"},
        {"ascii", 0, NULL, set_ascii, "draw with 7-bit characters only"},
        {"verbose", 'v', NULL, set_verbose, "say more on standard error"},
        {"help", 'h', NULL, set_help, "this text"},
        {"version", 'V', NULL, set_version, "the version"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* --- words ----------------------------------------------------------------------- */

static enum ctop_err unknown_word(const char *word, struct err *e)
{
	static const char *const known[] = {"record", "view", "dump", "diff"};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (nearest_distance(word, known[i]) <= 2)
			return err_set(e, CTOP_EINVAL,
			               "'%s' is not a command; did you mean 'ctop %s'?", word,
			               known[i]);
	return err_set(
	        e, CTOP_EINVAL,
	        "'%s' is not a command (record, view, dump, diff); to start it under the profiler: "
	        "ctop -- %s",
	        word, word);
}

/* The sub-command and what stands behind it. */
static enum ctop_err take_words(struct options *o, int count, char **words, struct err *e)
{
	if (count == 0)
		return CTOP_OK;
	int used = 1;
	if (strcmp(words[0], "record") == 0) {
		o->command = OPTIONS_RECORD;
	} else if (strcmp(words[0], "view") == 0) {
		o->command = OPTIONS_VIEW;
		if (count < 2)
			return err_set(
			        e, CTOP_EINVAL,
			        "view wants a capture or a folded file: ctop view FILE (made by: "
			        "ctop record --raw -o FILE.ctr --pid PID, or by the key s)");
		o->file = words[used++];
	} else if (strcmp(words[0], "dump") == 0) {
		o->command = OPTIONS_DUMP;
	} else if (strcmp(words[0], "diff") == 0) {
		o->command = OPTIONS_DIFF;
		if (count < 3)
			return err_set(
			        e, CTOP_EINVAL,
			        "diff wants two profiles, captures or folded files: ctop diff "
			        "BEFORE AFTER");
		o->file = words[used++];
		o->file_now = words[used++];
	} else {
		return unknown_word(words[0], e);
	}
	if (count > used)
		return err_set(e, CTOP_EINVAL,
		               "'%s' is one word too many; a command to start stands behind --",
		               words[used]);
	return CTOP_OK;
}

/* --- agreement ---------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);
	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static enum ctop_err check_record(const struct options *o, struct err *e)
{
	if (o->format == FORMAT_JSON)
		return err_set(e, CTOP_EINVAL, "record writes folded or text; json is dump's");
	if (o->raw && o->output == NULL)
		return err_set(e, CTOP_EINVAL, "--raw wants a file: add -o FILE.ctr");
	if (o->raw && o->file != NULL)
		return err_set(e, CTOP_EINVAL, "--raw cannot copy a capture; leave out --input");
	if (!o->raw && o->output != NULL && ends_with(o->output, ".ctr"))
		return err_set(e, CTOP_EINVAL, "%s is a capture's name: add --raw to write one",
		               o->output);
	return CTOP_OK;
}

static enum ctop_err check_dump(const struct options *o, struct err *e)
{
	if (o->pid_count == 0)
		return err_set(e, CTOP_EINVAL, "dump wants running processes: ctop dump --pid PID");
	if (o->format == FORMAT_FOLDED)
		return err_set(e, CTOP_EINVAL, "dump writes text or json; folded is record's");
	if (o->source != SOURCE_ANY)
		return err_set(e, CTOP_EINVAL, "dump takes no samples: leave out --source");
	return CTOP_OK;
}

static enum ctop_err check_diff(const struct options *o, struct err *e)
{
	if (strcmp(o->file, "-") == 0 && strcmp(o->file_now, "-") == 0)
		return err_set(e, CTOP_EINVAL, "only one of the two can be standard input");
	if (o->query.group != GROUP_FUNCTION)
		return err_set(e, CTOP_EINVAL, "diff compares functions: leave out --group");
	return CTOP_OK;
}

/* Options that belong to some of the commands only. */
static enum ctop_err check_owner(const struct options *o, struct err *e)
{
	bool record = o->command == OPTIONS_RECORD, dump = o->command == OPTIONS_DUMP;
	bool diff = o->command == OPTIONS_DIFF;
	if (!record && (o->duration_s > 0 || o->raw))
		return err_set(e, CTOP_EINVAL, "--duration and --raw belong to: ctop record ...");
	if (!record && !dump && !diff && (o->output != NULL || o->format != FORMAT_DEFAULT))
		return err_set(e, CTOP_EINVAL,
		               "--output and --format belong to: ctop record ..., ctop dump ..., "
		               "ctop diff ...");
	if (!diff && o->condition_count > 0)
		return err_set(e, CTOP_EINVAL, "--fail-if belongs to: ctop diff BEFORE AFTER");
	if (!record && o->command != OPTIONS_VIEW && o->annotate != NULL)
		return err_set(e, CTOP_EINVAL,
		               "--annotate belongs to: ctop record ..., ctop view ...");
	if (o->source_map != NULL && (dump || (record && o->annotate == NULL)))
		return err_set(e, CTOP_EINVAL,
		               "--source-map belongs to the live view and --annotate");
	if (o->annotate != NULL && (o->raw || o->format != FORMAT_DEFAULT))
		return err_set(e, CTOP_EINVAL,
		               "--annotate prints text: leave out --raw and --format");
	if (o->annotate != NULL && (o->query.group == GROUP_FILE || o->query.group == GROUP_MODULE))
		return err_set(e, CTOP_EINVAL, "--annotate wants functions: leave out --group");
	if (dump && o->fetch)
		return err_set(e, CTOP_EINVAL, "dump waits for no server: leave out --debuginfod");
	if (!dump && o->no_stop)
		return err_set(e, CTOP_EINVAL, "--no-stop belongs to: ctop dump ...");
	if (diff)
		return check_diff(o, e);
	return record ? check_record(o, e) : dump ? check_dump(o, e) : CTOP_OK;
}

const char options_no_target[] =
        "nothing to profile; say one of: ctop --pid PID, ctop -- COMMAND, ctop -a (ctop --help "
        "tells more)";

static enum ctop_err check(struct options *o, struct err *e)
{
	if (o->command == OPTIONS_HELP || o->command == OPTIONS_VERSION)
		return CTOP_OK;
	int targets = (o->pid_count > 0) + (o->wait != NULL) + o->whole_machine +
	              (o->launch != NULL) + (o->file != NULL);
	if (targets == 0 && o->command == OPTIONS_LIVE)
		o->command = OPTIONS_PICK;
	else if (targets == 0)
		return err_set(e, CTOP_EINVAL, "%s", options_no_target);
	if (targets > 1)
		return err_set(
		        e, CTOP_EINVAL,
		        "--pid, --wait, -a, a command behind -- and a capture exclude each other; "
		        "give one");
	if (o->follow && (o->pid_count > 1 || o->whole_machine || o->launch != NULL ||
	                  o->file != NULL || o->command == OPTIONS_DUMP))
		return err_set(e, CTOP_EINVAL,
		               "--follow goes on where one process has ended: give one by --pid or "
		               "--wait");
	if (o->wait != NULL && o->command != OPTIONS_LIVE && o->command != OPTIONS_RECORD)
		return err_set(e, CTOP_EINVAL,
		               "--wait belongs to the live view and to: ctop record");
	return check_owner(o, e);
}

/* --- parsing ------------------------------------------------------------------------- */

static enum ctop_err bad_option(char **argv, struct err *e)
{
	const char *word = argv[optind > 0 ? optind - 1 : 0];
	return err_set(e, CTOP_EINVAL,
	               "%s: no such option, or its value is missing (ctop --help lists them)",
	               word);
}

static enum ctop_err take_options(struct options *o, int argc, char **argv, struct err *e)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2] = ":";
	size_t n = 1;
	for (size_t i = 0; i < ROWS; i++) {
		int wants = rows[i].arg != NULL ? required_argument : no_argument;
		longs[i] = (struct option){rows[i].name, wants, NULL, (int)(256 + i)};
		if (rows[i].letter == 0)
			continue;
		shorts[n++] = rows[i].letter;
		if (rows[i].arg != NULL)
			shorts[n++] = ':';
	}
	shorts[n] = '\0';
	longs[ROWS] = (struct option){0};
	opterr = 0;
	optind = 0; /* glibc: start anew */
	int c;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(argv, e);
		size_t i = 0;
		while (i < ROWS && c != (int)(256 + i) && c != rows[i].letter)
			i++;
		enum ctop_err rc = rows[i].set(o, optarg, e);
		if (rc != CTOP_OK)
			return rc;
	}
	return CTOP_OK;
}

enum ctop_err options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	*o = (struct options){
	        .rate_hz = 499,
	        .stack_bytes = 16384,
	        .memory = (size_t)256 << 20,
	        .refresh_ms = 250,
	};
	int end = 1;
	while (end < argc && strcmp(argv[end], "--") != 0)
		end++;
	enum ctop_err rc = CTOP_OK;
	if (end < argc && end + 1 == argc)
		return err_set(e, CTOP_EINVAL,
		               "nothing stands behind --; say: ctop -- COMMAND [ARG...]");
	if (end < argc)
		o->launch = &argv[end + 1];
	rc = take_options(o, end, argv, e);
	if (rc != CTOP_OK || o->command == OPTIONS_HELP || o->command == OPTIONS_VERSION)
		return rc;
	rc = take_words(o, end - optind, argv + optind, e);
	return rc == CTOP_OK ? check(o, e) : rc;
}

char *options_help(void)
{
	struct strbuf b = {0};
	strbuf_adds(
	        &b,
	        "Examples:\n"
	        "  ctop                               pick a process from a live list\n"
	        "  ctop --pid 1234                    live view of a running process\n"
	        "  ctop -- make -j4                   start a command and watch it\n"
	        "  ctop -a                            the whole machine\n"
	        "  ctop record -p 1234 -d 10 -o out.folded\n"
	        "                                     ten seconds, as folded stacks\n"
	        "  ctop record -p 1234 -d 5 -f text -o -\n"
	        "                                     five seconds, printed as text\n"
	        "  ctop dump -p 1234                  every thread's stack, once\n"
	        "  ctop record --raw -p 1234 -d 10 -o out.ctr\n"
	        "                                     a capture ...\n"
	        "  ctop view out.ctr                  ... seen in the same views, anywhere\n"
	        "  ctop view out.folded               folded stacks, too\n"
	        "  ctop diff before.ctr after.ctr     which functions' shares have changed\n"
	        "  ctop diff a.folded b.folded --fail-if 'total(parse) > +5%'\n"
	        "                                     the same for a script: exit code 3 if so\n"
	        "\n"
	        "Usage: ctop [OPTION...] [--pid PID[,PID...] | --wait NAME | -a | -- COMMAND "
	        "[ARG...]]\n"
	        "       ctop record [OPTION...] --pid PID | -a | --input FILE | -- COMMAND\n"
	        "       ctop view [OPTION...] FILE\n"
	        "       ctop dump [OPTION...] --pid PID[,PID...]\n"
	        "       ctop diff [OPTION...] BEFORE AFTER\n"
	        "\nOptions:\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];
		snprintf(left, sizeof left, "%s--%s%s%s",
		         rows[i].letter != 0 ? (char[]){'-', rows[i].letter, ',', ' ', 0} : "    ",
		         rows[i].name, rows[i].arg != NULL ? " " : "",
		         rows[i].arg != NULL ? rows[i].arg : "");
		strbuf_addf(&b, "  %-24s %s\n", left, rows[i].help);
	}
	strbuf_adds(&b, "\nIn the live view ? shows the keys. Manual: man ctop\n");
	return b.data;
}
