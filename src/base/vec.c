/* vec: the growth step of a dynamic array; see vec.h. */
#include "ctop/vec.h"

#include "ctop/mem.h"

void *vec_reserve(void *data, size_t *cap, size_t need, size_t size)
{
	if (data != NULL && need <= *cap)
		return data;
	size_t grown = *cap + *cap / 2;
	if (grown < 16)
		grown = 16;
	if (grown < need)
		grown = need;
	data = mem_realloc(data, grown, size);
	*cap = grown;
	return data;
}
