/* nearest: which known word somebody may have meant. Pure; any thread. */
#ifndef CTOP_NEAREST_H
#define CTOP_NEAREST_H

/* Edit distance of two short words (Levenshtein); 99 beyond 31 characters. */
unsigned nearest_distance(const char *a, const char *b);

#endif
