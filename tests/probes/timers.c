// SPDX-License-Identifier: GPL-2.0-only
/* Timers: setitimer, timer_create, timerfd, alarm; none fires early, none is lost. */
#include "probe.h"
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile sig_atomic_t alarms, posix, wrong;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void on_posix(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (info->si_code != SI_TIMER || info->si_value.sival_int != 4711)
		wrong = 1;
	posix++;
}

#define PATIENCE (60000 * MILLISECOND)

/* Compute, so that signals arrive in user mode, until @counter passes @value. */
static void until(volatile sig_atomic_t *counter, int value)
{
	int64_t start = probe_now(CLOCK_MONOTONIC);

	while (*counter < value)
		expect(probe_now(CLOCK_MONOTONIC) - start < PATIENCE, "a timer is lost");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_posix, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec often = { { .tv_nsec = 20 * MILLISECOND }, { .tv_nsec = 20 * MILLISECOND } };
	struct itimerval interval = { { .tv_usec = 20000 }, { .tv_usec = 20000 } }, off = { 0 }, left;
	struct itimerspec none = { 0 };
	sigset_t alarm_only, before;
	timer_t timer;
	int fd;

	must((long)signal(SIGALRM, on_alarm));
	must(sigaction(SIGRTMIN + 1, &action, NULL));
	event.sigev_value.sival_int = 4711;
	must(timer_create(CLOCK_MONOTONIC, &event, &timer));
	fd = must(timerfd_create(CLOCK_MONOTONIC, 0));
	probe_ready();
	while (probe_more()) {
		int64_t start = probe_now(CLOCK_MONOTONIC);
		uint64_t expired;
		ssize_t size;

		alarms = posix = 0;
		must(timer_settime(timer, 0, &often, NULL));
		must(setitimer(ITIMER_REAL, &interval, NULL));
		until(&alarms, 3);
		must(setitimer(ITIMER_REAL, &off, &left));
		expect(left.it_interval.tv_usec == 20000, "%ld", (long)left.it_interval.tv_usec);
		expect(probe_now(CLOCK_MONOTONIC) - start >= 60 * MILLISECOND, "too early");
		until(&posix, 1);
		must(timer_settime(timer, 0, &none, NULL));
		expect(!wrong, "wrong siginfo");

		start = probe_now(CLOCK_MONOTONIC);
		must(timerfd_settime(fd, 0, &often, NULL));
		while ((size = read(fd, &expired, sizeof(expired))) < 0)
			expect(errno == EINTR, "%s", strerror(errno));
		expect(size == sizeof(expired) && expired, "%ld", (long)size);
		expect(probe_now(CLOCK_MONOTONIC) - start >= 20 * MILLISECOND, "too early");
		must(timerfd_settime(fd, 0, &none, NULL));
	}
	/* One last, ordinary alarm in a sleeping process: not one second before it sleeps. */
	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	must(sigprocmask(SIG_BLOCK, &alarm_only, &before));
	alarms = 0;
	must(alarm(1));
	while (!alarms)
		sigsuspend(&before);
	return probe_done();
}
