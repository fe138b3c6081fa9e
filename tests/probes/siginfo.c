// SPDX-License-Identifier: GPL-2.0-only
/* Signals with handlers: each of a helper's queued signals arrives once, in order, with its siginfo. */
#include "probe.h"

static volatile sig_atomic_t arrived, plain;
static volatile int wrong;
static pid_t child;

static void queued(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number != SIGRTMIN || info->si_code != SI_QUEUE || info->si_pid != child ||
	    info->si_uid != getuid() || info->si_value.sival_int != arrived)
		wrong = info->si_value.sival_int + 1;
	arrived++;
}

static void counted(int number)
{
	plain += number == SIGUSR1;
}

/* Sends a numbered signal at each byte; the probe says when it wants one. */
static void sender(int in, pid_t probe)
{
	union sigval value = { .sival_int = 0 };
	char byte;

	while (read(in, &byte, 1) == 1) {
		must(sigqueue(probe, SIGRTMIN, value));
		value.sival_int++;
	}
	exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = queued, .sa_flags = SA_SIGINFO | SA_RESTART };
	int wish[2], sent = 0, own = 0;
	volatile uint64_t spin;

	must(pipe(wish));
	child = probe_helper();
	if (!child) {
		close(wish[1]);
		sender(wish[0], getppid());
	}
	close(wish[0]);
	must(sigaction(SIGRTMIN, &action, NULL));
	must((long)signal(SIGUSR1, counted));
	probe_ready();
	while (probe_more()) {
		/* Some arrive while we compute, some inside calls. */
		for (int i = 0; i < 5; i++)
			must(write(wish[1], "", 1));
		sent += 5;
		for (spin = 0; arrived < sent; spin++)
			if (spin % 1000000 == 0)
				usleep(1000);
		expect(arrived == sent, "%d", (int)arrived);
		expect(!wrong, "signal %d came with a wrong siginfo", wrong - 1);
		must(kill(getpid(), SIGUSR1));
		own++;
		expect(plain == own, "%d of %d of our own signals", (int)plain, own);
		must(raise(SIGUSR1));
		own++;
		expect(plain == own, "%d of %d of our own signals", (int)plain, own);
	}
	must(close(wish[1]));
	probe_reap(child);
	return probe_done();
}
