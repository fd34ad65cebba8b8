/* nearest: which known word somebody may have meant; see nearest.h. */
#include "ctop/nearest.h"

#include <string.h>

unsigned nearest_distance(const char *a, const char *b)
{
	unsigned row[32];
	size_t n = strlen(b);
	if (strlen(a) > 31 || n > 31)
		return 99;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1] != '\0'; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}
