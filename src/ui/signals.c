/* signals: signals as events; see signals.h. */
#include "signals.h"

#include "ctop/loop.h"

#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

void signals_fill(sigset_t *set)
{
	static const int ours[] = {SIGINT,   SIGTERM, SIGHUP,  SIGQUIT,
	                           SIGWINCH, SIGTSTP, SIGCONT, SIGUSR1};
	sigemptyset(set);
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		sigaddset(set, ours[i]);
}

void loop_block_signals(void)
{
	sigset_t set;
	signals_fill(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int signals_open(void)
{
	sigset_t set;
	signals_fill(&set);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_take(int fd)
{
	struct signalfd_siginfo info;
	return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
