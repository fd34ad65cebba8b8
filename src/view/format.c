/* format: numbers and styles; see format.h. */
#include "format.h"

#include "ctop/hash.h"
#include "ctop/surface.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void format_percent(char *out, size_t cap, uint64_t part, uint64_t whole)
{
	snprintf(out, cap, "%.1f%%", whole > 0 ? 100.0 * (double)part / (double)whole : 0.0);
}

static void format_seconds(char *out, size_t cap, uint64_t ns)
{
	double s = (double)ns / 1e9;
	snprintf(out, cap, s < 100 ? "%.2fs" : s < 1000 ? "%.1fs" : "%.0fs", s);
}

static void format_counted(char *out, size_t cap, uint64_t weight)
{
	static const char *const sizes[] = {"", "M", "G", "T"}; /* under a million: all digits */
	double n = (double)weight / (double)SNAPSHOT_ONE;
	size_t size = 0;
	while (n >= 1e6 && size + 1 < sizeof sizes / sizeof sizes[0]) {
		n /= size == 0 ? 1e6 : 1e3;
		size++;
	}
	bool whole = size == 0 && weight % SNAPSHOT_ONE == 0;
	snprintf(out, cap, whole ? "%.0f%s" : "%.2f%s", n, sizes[size]);
}

void format_weight(char *out, size_t cap, enum snapshot_unit unit, uint64_t weight)
{
	if (unit == SNAPSHOT_TIME)
		format_seconds(out, cap, weight);
	else
		format_counted(out, cap, weight);
}

void format_count(char *out, size_t cap, uint64_t n)
{
	static const char gap[] = "\u202f";
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
	size_t o = 0;
	for (int i = 0; i < len && o + sizeof gap + 1 < cap; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			memcpy(out + o, gap, sizeof gap - 1);
			o += sizeof gap - 1;
		}
		out[o++] = digits[i];
	}
	out[o] = '\0';
}

void format_clock(char *out, size_t cap, uint64_t ns)
{
	uint64_t s = ns / 1000000000;
	if (s < 3600)
		snprintf(out, cap, "%02" PRIu64 ":%02" PRIu64, s / 60, s % 60);
	else
		snprintf(out, cap, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60,
		         s % 60);
}

const char *format_spark(double share)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	if (share <= 0.005)
		return " ";
	int level = (int)(share * 8);
	return levels[level > 7 ? 7 : level];
}

int format_style(enum func_kind kind)
{
	static const uint8_t styles[FUNC_KINDS] = {
	        [FUNC_ROOT] = STYLE_PROCESS,  [FUNC_PROCESS] = STYLE_PROCESS,
	        [FUNC_OWN] = STYLE_OWN,       [FUNC_LIBRARY] = STYLE_LIBRARY,
	        [FUNC_KERNEL] = STYLE_KERNEL, [FUNC_JIT] = STYLE_JIT,
	        [FUNC_MARK] = STYLE_MARK,     [FUNC_INLINED] = STYLE_INLINED,
	};
	return styles[kind];
}

const char *format_name(const struct func *f, char buf[FORMAT_NAME_MAX])
{
	if (f->kind != FUNC_INLINED)
		return f->name;
	snprintf(buf, FORMAT_NAME_MAX, "%.4000s (inlined)", f->name);
	return buf;
}

int format_hue(const char *name)
{
	return STYLE_FLAME0 + (int)(hash_bytes(name, strlen(name)) % 8);
}
