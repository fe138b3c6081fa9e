// SPDX-License-Identifier: GPL-2.0-only
/* A signal whose handler restarts nothing ends a blocked call, even if it comes while the process is moved. */
#include "probe.h"
#include <sys/epoll.h>
#include <sys/syscall.h>

static volatile sig_atomic_t signals;

static void handler(int number)
{
	(void)number;
	signals++;
}

/* For each number of a call: a signal once the probe is in that call, at some moment or other. */
static void helper(int in, pid_t probe)
{
	struct timespec moment = { };
	unsigned int seed = 1;
	int call;

	while (read(in, &call, sizeof(call)) == sizeof(call)) {
		probe_await_call(probe, call);
		seed = seed * 1103515245 + 12345;
		moment.tv_nsec = (seed >> 16) % 40 * MILLISECOND;
		nanosleep(&moment, NULL);
		must(kill(probe, SIGUSR1));
	}
	exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };
	struct timespec long_time = { .tv_sec = 1000 }, left;
	int to[2], empty[2], pool, word = 7, before;
	struct epoll_event event;
	sigset_t none, usr1;
	pid_t child;
	char byte;

	must(pipe(to));
	must(pipe(empty));
	pool = must(epoll_create1(0));
	child = probe_helper();
	if (!child) {
		close(to[1]);
		helper(to[0], getppid());
	}
	close(to[0]);
	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	must(sigaction(SIGUSR1, &action, NULL));
	probe_ready();

#define INTERRUPTED(number, call)						\
	do {									\
		int nr = (number);						\
										\
		before = signals;						\
		must(write(to[1], &nr, sizeof(nr)));				\
		expect((call) == -1 && errno == EINTR, #call ": %s", strerror(errno)); \
		expect(signals == before + 1, #call ": %d signals", signals - before); \
	} while (0)

	while (probe_more()) {
		INTERRUPTED(SYS_pause, syscall(SYS_pause));
		INTERRUPTED(SYS_read, read(empty[0], &byte, 1));
		INTERRUPTED(SYS_epoll_wait, syscall(SYS_epoll_wait, pool, &event, 1, -1));
		INTERRUPTED(SYS_nanosleep, syscall(SYS_nanosleep, &long_time, &left));
		expect(left.tv_sec > 900 && left.tv_sec < 1000, "%ld s left", left.tv_sec);
		/* FUTEX_WAIT_PRIVATE */
		INTERRUPTED(SYS_futex, syscall(SYS_futex, &word, 128, 7, NULL, NULL, 0));
		must(sigprocmask(SIG_BLOCK, &usr1, NULL));
		INTERRUPTED(SYS_rt_sigsuspend, sigsuspend(&none));
		must(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
	}
	close(to[1]);
	probe_reap(child);
	return probe_done();
}
