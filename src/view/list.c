/* list: cursor and scrolling; see list.h. */
#include "list.h"

bool list_move(struct list *l, enum act act)
{
	size_t last = l->count > 0 ? l->count - 1 : 0;
	size_t page = l->page > 1 ? (size_t)l->page - 1 : 1;
	size_t half = l->page > 3 ? (size_t)l->page / 2 : 1;
	switch (act) {
	case ACT_UP:
		l->cursor -= l->cursor > 0;
		return true;
	case ACT_DOWN:
		l->cursor += l->cursor < last;
		return true;
	case ACT_PAGE_UP:
		l->cursor = l->cursor > page ? l->cursor - page : 0;
		return true;
	case ACT_PAGE_DOWN:
		l->cursor = l->cursor + page < last ? l->cursor + page : last;
		return true;
	case ACT_HALF_UP:
		l->cursor = l->cursor > half ? l->cursor - half : 0;
		return true;
	case ACT_HALF_DOWN:
		l->cursor = l->cursor + half < last ? l->cursor + half : last;
		return true;
	case ACT_HOME:
		l->cursor = 0;
		return true;
	case ACT_END:
		l->cursor = last;
		return true;
	default:
		return false;
	}
}

void list_scroll(struct list *l, int by)
{
	size_t visible = l->page > 0 ? (size_t)l->page : 1;
	size_t most = l->count > visible ? l->count - visible : 0;
	size_t step = (size_t)(by < 0 ? -by : by);
	if (by < 0)
		l->top = l->top > step ? l->top - step : 0;
	else
		l->top = l->top + step < most ? l->top + step : most;
	if (l->cursor < l->top)
		l->cursor = l->top;
	if (l->cursor >= l->top + visible)
		l->cursor = l->top + visible - 1;
}

bool list_sort(enum act act, unsigned *column, unsigned columns, bool *inverted)
{
	switch (act) {
	case ACT_SORT_LEFT:
		*column = (*column + columns - 1) % columns;
		return true;
	case ACT_SORT_RIGHT:
		*column = (*column + 1) % columns;
		return true;
	case ACT_INVERT:
		*inverted = !*inverted;
		return true;
	default:
		return false;
	}
}

void list_fit(struct list *l, size_t count, int page)
{
	size_t visible = page > 0 ? (size_t)page : 1;
	l->count = count;
	l->page = page;
	if (l->cursor >= count)
		l->cursor = count > 0 ? count - 1 : 0;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + visible)
		l->top = l->cursor - visible + 1;
	if (l->top + visible > count)
		l->top = count > visible ? count - visible : 0;
}
