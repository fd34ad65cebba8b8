/* settings: what ":set" sets; see settings.h. */
#include "settings.h"

#include "ctop/action.h"
#include "view.h"

#include <string.h>

static const char *const on_off[] = {"off", "on", NULL};
static const char *const groups[GROUPS + 1] = {"function", "line", "file", "module", NULL};

static struct action set_mouse(struct screen *s, int value)
{
	return mouse_set(s, value != 0);
}

static struct action set_kernel(struct screen *s, int value)
{
	bool is = !s->query.hide_kernel;
	return is != (value != 0) ? view_common_key(s, ACT_KERNEL, 0) : view_handled();
}

static struct action set_inlined(struct screen *s, int value)
{
	bool is = !s->query.hide_inlined;
	return is != (value != 0) ? view_common_key(s, ACT_INLINED, 0) : view_handled();
}

/* The key goes on to the next one. */
static struct action set_group(struct screen *s, int value)
{
	s->query.group = (enum profile_group)((value + GROUPS - 1) % GROUPS);
	return view_common_key(s, ACT_GROUP, 0);
}

static const struct option_row {
	const char *name;
	const char *const *values;
	struct action (*set)(struct screen *s, int value);
} rows[] = {
        {"mouse", on_off, set_mouse},
        {"kernel", on_off, set_kernel},
        {"inlined", on_off, set_inlined},
        {"group", groups, set_group},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < ROWS ? rows[i].name : NULL;
}

const char *settings_word(struct screen *s, const char *before, size_t i)
{
	char name[32] = "";
	(void)s;
	if (before[0] == '\0')
		return name_at(NULL, i);
	size_t len = strcspn(before, " ");
	if (len >= sizeof name || before[len + strspn(before + len, " ")] != '\0')
		return NULL;
	memcpy(name, before, len);
	int row = word_find(name, name_at, NULL);
	if (row < 0)
		return NULL;
	for (size_t k = 0; k < i; k++)
		if (rows[row].values[k] == NULL)
			return NULL;
	return rows[row].values[i];
}

struct action settings_set(struct screen *s, char *args)
{
	char *value = strchr(args, ' '), none[] = "";
	if (value != NULL)
		*value++ = '\0';
	else
		value = none;
	value += strspn(value, " ");
	int row = word_find(args, name_at, NULL);
	if (args[0] == '\0' || row < 0)
		return word_refuse(s, "option", args, name_at, NULL);
	int i = word_find(value, word_of_array, rows[row].values);
	if (value[0] == '\0' || i < 0)
		return word_refuse(s, "value", value, word_of_array, rows[row].values);
	return rows[row].set(s, i);
}
