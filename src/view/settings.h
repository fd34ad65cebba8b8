/* settings: what ":set" sets, and words that commands know. Private to view. */
#ifndef CTOP_VIEW_SETTINGS_H
#define CTOP_VIEW_SETTINGS_H

#include <stddef.h>

struct action;
struct screen;

/* ":set OPTION VALUE", and the words for it; see commands.h. */
struct action settings_set(struct screen *s, char *args);
const char *settings_word(struct screen *s, const char *before, size_t i);

/* --- words, by number; in commands.c --- */

typedef const char *word_fn(const void *ctx, size_t i); /* NULL: no more */

/* Of an array that NULL ends. */
const char *word_of_array(const void *ctx, size_t i);

/* The word that is meant, by itself or by the beginning of one only. */
enum { WORD_UNKNOWN = -1, WORD_AMBIGUOUS = -2 };
int word_find(const char *word, word_fn *at, const void *ctx);

/* Says what there is instead of a word that is not known, the nearest if there is one. `what`:
 * what it should have been. */
struct action word_refuse(struct screen *s, const char *what, const char *word, word_fn *at,
                          const void *ctx);

#endif
