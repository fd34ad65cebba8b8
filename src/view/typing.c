/* typing: keys that are text: those of an open prompt, and what is pasted. */
#include "view.h"

void view_prompt(struct screen *s, const struct prompt_use *use, struct prompt_history *history)
{
	s->prompt_use = use;
	prompt_open(&s->prompt, use->label, history);
}

static struct action prompt_action(struct screen *s, key_code key)
{
	bool tab = key == KEY_CODE_TAB || key == KEY_CODE_BACKTAB;
	if (tab && !s->pasting && s->prompt_use->completed != NULL) {
		s->prompt_use->completed(s, key == KEY_CODE_TAB ? 1 : -1);
		return view_handled();
	}
	switch (prompt_key(&s->prompt, key, s->pasting)) {
	case PROMPT_EDITED:
		s->prompt_use->edited(s);
		break;
	case PROMPT_ACCEPTED:
		return s->prompt_use->accepted(s);
	case PROMPT_CANCELLED:
		s->prompt_use->cancelled(s);
		break;
	case PROMPT_IGNORED:
		return view_ignored();
	case PROMPT_MOVED:
		break;
	}
	return view_handled();
}

/* Pasted text is for a prompt: elsewhere each letter of it would be a key. */
static struct action pasted_key(struct screen *s, key_code key)
{
	/* Terminals leave Esc and Ctrl-C out of what is pasted: the end was lost. */
	if (key == KEY_CODE_PASTE_END || key == KEY_CODE_ESC || key == KEY_CODE_CTRL('C')) {
		s->pasting = false;
		return view_handled();
	}
	if (prompt_is_open(&s->prompt))
		return prompt_action(s, key);
	view_say(s, "pasted text is taken by a prompt only: / searches");
	return view_handled();
}

struct action typing_key(struct screen *s, key_code key)
{
	if (key == KEY_CODE_PASTE) {
		s->pasting = true;
		return view_handled();
	}
	if (s->pasting)
		return pasted_key(s, key);
	/* What is said while somebody types is seen when the prompt has closed. */
	return prompt_is_open(&s->prompt) ? prompt_action(s, key) : view_ignored();
}
