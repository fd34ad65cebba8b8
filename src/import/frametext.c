/* frametext: frames of folded files taken apart; see frametext.h. */
#include "ctop/frametext.h"

#include <ctype.h>
#include <string.h>

enum { COMM_MAX = 15 }; /* bytes of a process's name (TASK_COMM_LEN, less its NUL) */

static bool equals(struct frametext_part p, const char *s)
{
	return p.len == strlen(s) && memcmp(p.at, s, p.len) == 0;
}

static bool holds(struct frametext_part p, const char *s)
{
	return p.len > 0 && memmem(p.at, p.len, s, strlen(s)) != NULL;
}

static bool begins(struct frametext_part p, const char *s)
{
	size_t n = strlen(s);
	return p.len >= n && memcmp(p.at, s, n) == 0;
}

static bool is_any_of(struct frametext_part p, const char *const *words)
{
	for (; *words != NULL; words++)
		if (equals(p, *words))
			return true;
	return false;
}

/* Behind the last `c`; the whole when there is none. */
static struct frametext_part behind(struct frametext_part p, char c)
{
	const char *last = memrchr(p.at, c, p.len);
	if (last == NULL)
		return p;
	return (struct frametext_part){last + 1, p.len - (size_t)(last + 1 - p.at)};
}

/* The digits at the end, 0 when there are none. */
static size_t digits_at_end(struct frametext_part p, int (*is_digit)(int))
{
	size_t n = 0;
	while (n < p.len && is_digit((unsigned char)p.at[p.len - 1 - n]))
		n++;
	return n;
}

/* --- kinds --------------------------------------------------------------------------- */

/* Cuts "_[k]" off and tells what it says. */
static bool cut_kind(struct frametext_part *p, enum func_kind *kind)
{
	static const struct {
		char letter;
		enum func_kind kind;
	} kinds[] = {
	        {'k', FUNC_KERNEL}, {'i', FUNC_INLINED}, {'j', FUNC_JIT},
	        {'0', FUNC_JIT},    {'1', FUNC_JIT},
	};
	const char *end = p->at + p->len;
	if (p->len < 5 || end[-4] != '_' || end[-3] != '[' || end[-1] != ']')
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (end[-2] != kinds[i].letter)
			continue;
		*kind = kinds[i].kind;
		p->len -= 4;
		return true;
	}
	return false;
}

static enum func_kind kind_of_module(struct frametext_part m)
{
	if (begins(m, "[kernel") || begins(m, "[guest.kernel"))
		return FUNC_KERNEL;
	if (equals(m, "[jit]") || begins(m, "[anon") || begins(m, "perf-"))
		return FUNC_JIT;
	if (holds(m, ".so") || equals(m, "[vdso]"))
		return FUNC_LIBRARY;
	return FUNC_OWN;
}

/* --- modules and places --------------------------------------------------------------- */

/* Of scripts the source file is what a module is elsewhere; of compiled code it tells no module. */
static bool is_script(struct frametext_part file)
{
	static const char *const endings[] = {"py", "pyx", "rb",  "js",  "mjs", "ts", "php",
	                                      "pl", "pm",  "lua", "erl", "ex",  "R",  NULL};
	return is_any_of(behind(file, '.'), endings) || file.at[0] == '<';
}

static bool is_source(struct frametext_part file)
{
	static const char *const endings[] = {"c", "h",  "cc", "cpp", "cxx",  "hh", "hpp",
	                                      "S", "rs", "go", "cs",  "java", "kt", NULL};
	return is_script(file) || is_any_of(behind(file, '.'), endings);
}

/* "FILE:12", "FILE.py" or a module. */
static void take_place(struct frametext *f, struct frametext_part in)
{
	size_t digits = digits_at_end(in, isdigit);
	bool line = digits > 0 && digits + 1 < in.len && in.at[in.len - digits - 1] == ':';
	if (line)
		in.len -= digits + 1;
	if (!line && !is_source(in)) {
		f->module = behind(in, '/');
		return;
	}
	f->file = in;
	if (is_script(in))
		f->module = behind(in, '/');
}

/* "NAME (PLACE)"; a signature's parentheses hold blanks or stand at the name. */
static void cut_place(struct frametext *f)
{
	struct frametext_part p = f->name;
	if (p.len < 4 || p.at[p.len - 1] != ')')
		return;
	const char *open = memrchr(p.at, '(', p.len);
	if (open == NULL || open < p.at + 2 || open[-1] != ' ')
		return;
	struct frametext_part in = {open + 1, p.len - (size_t)(open + 1 - p.at) - 1};
	if (in.len == 0 || holds(in, " ") || holds(in, ")") ||
	    (!holds(in, ".") && !holds(in, "/") && in.at[0] != '[' && in.at[0] != '<'))
		return;
	take_place(f, in);
	f->name.len = (size_t)(open - 1 - p.at);
}

/* --- code without a name ---------------------------------------------------------------- */

/* "MODULE+0x1234" and "0x7f001234". */
static bool is_address(struct frametext *f)
{
	struct frametext_part p = f->name;
	size_t digits = digits_at_end(p, isxdigit);
	if (digits == 0 || p.len < digits + 2 || memcmp(p.at + p.len - digits - 2, "0x", 2) != 0)
		return false;
	size_t before = p.len - digits - 2;
	if (before > 0 && p.at[before - 1] != '+')
		return false;
	if (before > 1 && f->module.len == 0)
		f->module = behind((struct frametext_part){p.at, before - 1}, '/');
	return true;
}

/* "[libc.so.6]", "[unknown]"; ctop's own marks have blanks, but for two. */
static bool is_bracketed(const struct frametext *f)
{
	return f->name.len > 2 && f->name.at[0] == '[' && f->name.at[f->name.len - 1] == ']' &&
	       !holds((struct frametext_part){f->name.at + 1, f->name.len - 2}, "[");
}

static void take_brackets(struct frametext *f)
{
	struct frametext_part in = {f->name.at + 1, f->name.len - 2};
	if (holds(in, " ") || equals(in, "folded") || holds(in, "=")) {
		f->kind = FUNC_MARK;
		return;
	}
	f->nameless = true;
	if (equals(in, "unknown"))
		return;
	bool named = begins(in, "kernel") || equals(in, "vdso") || equals(in, "vsyscall");
	f->module = named ? f->name : behind(in, '/');
}

struct frametext frametext_of(const char *text, size_t len)
{
	struct frametext f = {.name = {text, len}, .kind = FUNC_OWN};
	bool told = cut_kind(&f.name, &f.kind);
	f.line = f.name;
	if (len == 0)
		return (struct frametext){
		        .name = {"[no name]", 9}, .line = {"[no name]", 9}, .kind = FUNC_MARK};
	cut_place(&f);
	if (is_bracketed(&f))
		take_brackets(&f);
	else
		f.nameless = is_address(&f);
	if (!told && f.kind == FUNC_OWN)
		f.kind = kind_of_module(f.module);
	return f;
}

/* --- roots ------------------------------------------------------------------------------- */

/* "NAME-12" or "NAME-12/34", as stackcollapse-perf.pl --pid and --tid write processes. */
static struct frametext_part without_pid(struct frametext_part p)
{
	for (int i = 0; i < 2; i++) {
		size_t n = digits_at_end(p, isdigit);
		if (n == 0 || n + 1 >= p.len || !strchr("-/", p.at[p.len - n - 1]))
			break;
		p.len -= n + 1;
	}
	return p;
}

bool frametext_is_thread_root(const char *text, size_t len)
{
	static const char *const roots[] = {"main",
	                                    "_start",
	                                    "__libc_start_main",
	                                    "start_thread",
	                                    "clone3",
	                                    "__clone",
	                                    "clone",
	                                    "thread_start",
	                                    "_thread_start",
	                                    "<module>",
	                                    "runtime.main",
	                                    "main.main",
	                                    "runtime.goexit",
	                                    "all",
	                                    "root",
	                                    NULL};
	struct frametext_part whole = {text, len}, p = without_pid(whole);
	struct frametext f = frametext_of(text, len);
	if (begins(whole, "[pid ")) /* what ctop calls a process whose name it never learnt */
		return false;
	return p.len > COMM_MAX || f.file.len > 0 || f.kind != FUNC_OWN || holds(p, "::") ||
	       (holds(p, "/") && holds(p, ".")) || is_any_of(p, roots);
}
