/* commandline: the prompt of ":": what may be meant is shown beside it, and Tab goes through that.
 */
#include "commands.h"

#include "ctop/action.h"
#include "ctop/utf8.h"
#include "view.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void add_word(struct commandline *c, const char *word, const char *prefix)
{
	if (c->count < COMMANDLINE_WORDS && strncasecmp(word, prefix, strlen(prefix)) == 0)
		snprintf(c->words[c->count++], COMMANDLINE_WORD, "%s", word);
}

static void add_commands(struct commandline *c, const char *prefix)
{
	size_t count;
	const struct command_row *rows = commands_rows(&count);
	for (size_t i = 0; i < count; i++)
		add_word(c, rows[i].name, prefix);
}

/* The words that may stand where the last one of the line begins. */
static void collect(struct screen *s)
{
	struct commandline *c = &s->commandline;
	char line[PROMPT_MOST], first[COMMANDLINE_WORD] = "";
	snprintf(line, sizeof line, "%s", s->prompt.text);
	const char *last = strrchr(line, ' ');
	c->count = c->at = 0;
	c->from = last != NULL ? (size_t)(last - line) + 1 : 0;
	const char *word;
	if (last == NULL) {
		add_commands(c, line);
	} else if (sscanf(line, "%47s", first) == 1) {
		const struct command_row *row = commands_find(first);
		char before[PROMPT_MOST] = "";
		size_t head = (size_t)(strstr(line, first) - line) + strlen(first) + 1;
		if (c->from > head)
			snprintf(before, c->from - head + 1, "%s", line + head);
		for (size_t i = 0;
		     row != NULL && row->word != NULL && (word = row->word(s, before, i)) != NULL;
		     i++)
			add_word(c, word, line + c->from);
	}
	c->at = c->count;
}

/* The words, the chosen one in brackets, from the first on that lets it be seen. */
static void show_words(struct screen *s)
{
	const struct commandline *c = &s->commandline;
	struct prompt *p = &s->prompt;
	int room = s->cols - (int)utf8_str_width(p->text) - 5;
	size_t most = room > 0 && (size_t)room < sizeof p->note ? (size_t)room : sizeof p->note;
	size_t first = 0, used = 0;
	for (size_t i = 0; i < c->at && c->at < c->count; i++) {
		used += strlen(c->words[i]) + 1;
		if (used + strlen(c->words[c->at]) + 4 > most) {
			first = c->at;
			used = 0;
		}
	}
	used = 0;
	p->note[0] = '\0';
	for (size_t i = first; i < c->count && room > 0; i++) {
		if (used + strlen(c->words[i]) + 4 > most)
			break;
		used += (size_t)snprintf(p->note + used, sizeof p->note - used,
		                         i == c->at ? "[%s] " : "%s ", c->words[i]);
	}
}

/* With nothing left to choose: what the command wants, and does. */
static void show_help(struct screen *s)
{
	char first[COMMANDLINE_WORD] = "";
	const struct command_row *row =
	        sscanf(s->prompt.text, "%47s", first) == 1 ? commands_find(first) : NULL;
	if (row != NULL)
		snprintf(s->prompt.note, sizeof s->prompt.note, "%s %s: %.100s ", row->name,
		         row->args != NULL ? row->args : "", row->what);
}

static void edited(struct screen *s)
{
	const struct commandline *c = &s->commandline;
	collect(s);
	if (c->count == 0 || (c->count == 1 && strcmp(c->words[0], s->prompt.text) == 0)) {
		s->prompt.note[0] = '\0';
		show_help(s);
	} else {
		show_words(s);
	}
}

/* The next word, or the one before; the only one is taken for good. */
static void completed(struct screen *s, int by)
{
	struct commandline *c = &s->commandline;
	char word[COMMANDLINE_WORD + 1];
	if (c->count == 0)
		collect(s);
	if (c->count == 0)
		return;
	if (c->at == c->count)
		c->at = by > 0 ? 0 : c->count - 1;
	else
		c->at = (c->at + c->count + (size_t)(by + (int)c->count)) % c->count;
	snprintf(word, sizeof word, c->count == 1 ? "%s " : "%s", c->words[c->at]);
	prompt_replace(&s->prompt, c->from, word);
	if (c->count == 1)
		edited(s);
	else
		show_words(s);
}

static struct action accepted(struct screen *s)
{
	return commands_run(s, s->prompt.text);
}

static void cancelled(struct screen *s)
{
	(void)s;
}

void commandline_ask(struct screen *s)
{
	static const struct prompt_use use = {.label = ":",
	                                      .edited = edited,
	                                      .completed = completed,
	                                      .accepted = accepted,
	                                      .cancelled = cancelled};
	view_prompt(s, &use, &s->commandline.history);
	edited(s);
}
