// SPDX-License-Identifier: GPL-2.0-only
/* Masks: blocked, pending, nested handlers, sigsuspend, sigtimedwait, ignored signals. */
#include "probe.h"

static volatile sig_atomic_t first, second, nested;

static void on_second(int number)
{
	(void)number;
	second++;
	nested = nested == 1 ? 2 : -1;
}

/* SIGUSR2 is blocked here by sa_mask: it may only arrive after we return. */
static void on_first(int number)
{
	sigset_t pending;

	(void)number;
	first++;
	nested = 1;
	must(kill(getpid(), SIGUSR2));
	must(sigpending(&pending));
	if (!sigismember(&pending, SIGUSR2) || second >= first)
		nested = -1;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_first };
	sigset_t blocked, before, found;
	int rounds = 0;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR2);
	must(sigaction(SIGUSR1, &action, NULL));
	action.sa_handler = on_second;
	sigemptyset(&action.sa_mask);
	must(sigaction(SIGUSR2, &action, NULL));
	must((long)signal(SIGWINCH, SIG_IGN));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigaddset(&blocked, SIGRTMIN + 3);
	probe_ready();
	while (probe_more()) {
		struct timespec none = { 0 };
		siginfo_t info;

		must(sigprocmask(SIG_BLOCK, &blocked, &before));
		must(kill(getpid(), SIGUSR1));
		must(kill(getpid(), SIGWINCH));
		for (volatile int i = 0; i < 1000000; i++)
			;
		must(sigpending(&found));
		expect(sigismember(&found, SIGUSR1) && !sigismember(&found, SIGWINCH), "not pending");
		expect(first == rounds, "a blocked signal came through");
		rounds++;
		expect(sigsuspend(&before) < 0 && errno == EINTR, "%s", strerror(errno));
		expect(first == rounds && second == rounds, "%d %d", (int)first, (int)second);
		expect(nested == 2, "%d: handlers ran in a wrong order", (int)nested);

		must(kill(getpid(), SIGRTMIN + 3));
		must(kill(getpid(), SIGRTMIN + 3));
		for (int i = 0; i < 2; i++)
			expect(sigtimedwait(&blocked, &info, &none) == SIGRTMIN + 3, "%s",
			       strerror(errno));
		expect(sigtimedwait(&blocked, &info, &none) < 0 && errno == EAGAIN, "a third one");
		must(sigprocmask(SIG_SETMASK, &before, &found));
		expect(sigismember(&found, SIGUSR1) && sigismember(&found, SIGRTMIN + 3) &&
		       !sigismember(&found, SIGUSR2), "the mask changed");
	}
	return probe_done();
}
