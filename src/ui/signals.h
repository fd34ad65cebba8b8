/* signals: the signals the display takes as events, and their descriptor. Private to ui. */
#ifndef CTOP_UI_SIGNALS_H
#define CTOP_UI_SIGNALS_H

#include <signal.h>

/* All of them. */
void signals_fill(sigset_t *set);

/* A descriptor (signalfd(2), non-blocking) that they are read from, once they are blocked. */
int signals_open(void);

/* The next one; 0: none. */
int signals_take(int fd);

#endif
