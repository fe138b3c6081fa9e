// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal whose handler restarts nothing ends a blocked call, even if it comes while the process is moved; and so
 * does a stop, if it is a call that Linux never restarts. What has done a part by then returns that.
 */
#include "probe.h"
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define SIZE (256 << 10)	/* more than there is room for in the socket */
#define SENT 10

static unsigned char data[SIZE], received[SIZE];
static volatile sig_atomic_t signals;

static void handler(int number)
{
	(void)number;
	signals++;
}

/* Wait until another process is stopped. */
static void await_stop(pid_t pid)
{
	struct timespec moment = { .tv_nsec = MILLISECOND };
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'T') {
		nanosleep(&moment, NULL);
		file = fopen(path, "r");
		if (!file)
			exit(0);
		expect(fscanf(file, "%*d (%*[^)]) %c", &state) == 1, "%s", path);
		fclose(file);
	}
}

/*
 * For each number of a call: a signal once the probe is in that call, at some moment or other. If the number is
 * negative, the probe is stopped, and goes on.
 */
static void helper(int in, pid_t probe)
{
	struct timespec moment = { };
	unsigned int seed = 1;
	int call;

	while (read(in, &call, sizeof(call)) == sizeof(call)) {
		probe_await_call(probe, abs(call));
		seed = seed * 1103515245 + 12345;
		moment.tv_nsec = (seed >> 16) % 40 * MILLISECOND;
		nanosleep(&moment, NULL);
		must(kill(probe, call < 0 ? SIGSTOP : SIGUSR1));
		if (call < 0) {
			await_stop(probe);
			must(kill(probe, SIGCONT));
		}
	}
	exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };
	struct timespec long_time = { .tv_sec = 1000 }, left;
	int to[2], empty[2], ends[2], pool, word = 7, before;
	struct epoll_event event;
	sigset_t none, usr1;
	pid_t child;
	long result;
	char byte;

	must(pipe(to));
	must(pipe(empty));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	must(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &(int){ SIZE / 8 }, sizeof(int)));
	for (int i = 0; i < SIZE; i++)
		data[i] = probe_pattern(5, i);
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

/* What is left of a call must be one with the same number: the helper waits for that. */
#define ENDED(number, call, handled, right)					\
	do {									\
		int nr = (number);						\
										\
		before = signals;						\
		must(write(to[1], &nr, sizeof(nr)));				\
		result = (call);						\
		expect(right, #call ": %ld, %s", result, strerror(errno));	\
		expect(signals == before + (handled), #call ": %d signals", signals - before); \
	} while (0)
#define INTERRUPTED(number, call) ENDED(number, call, 1, result == -1 && errno == EINTR)
#define STOPPED(number, call) ENDED(-(number), call, 0, result == -1 && errno == EINTR)

	while (probe_more()) {
		INTERRUPTED(SYS_pause, syscall(SYS_pause));
		INTERRUPTED(SYS_read, read(empty[0], &byte, 1));
		INTERRUPTED(SYS_epoll_wait, syscall(SYS_epoll_wait, pool, &event, 1, -1));
		INTERRUPTED(SYS_nanosleep, syscall(SYS_nanosleep, &long_time, &left));
		expect(left.tv_sec > 900 && left.tv_sec < 1000, "%ld s left", left.tv_sec);
		/* FUTEX_WAIT_PRIVATE */
		INTERRUPTED(SYS_futex, syscall(SYS_futex, &word, 128, 7, NULL, NULL, 0));
		STOPPED(SYS_epoll_wait, syscall(SYS_epoll_wait, pool, &event, 1, -1));
		for (int way = -1; way <= 1; way += 2) {
			ENDED(way * SYS_sendto, send(ends[1], data, SIZE, 0), way > 0,
			      result > 0 && result < SIZE);
			expect(recv(ends[0], received, SIZE, MSG_DONTWAIT) == result, "not what was sent");
			expect(!memcmp(received, data, result), "something else was sent");
			must(write(ends[0], data, SENT));
			ENDED(way * SYS_recvfrom, recv(ends[1], received, 2 * SENT, MSG_WAITALL), way > 0,
			      result == SENT);
			expect(!memcmp(received, data, SENT), "something else was received");
		}
		must(sigprocmask(SIG_BLOCK, &usr1, NULL));
		INTERRUPTED(SYS_rt_sigsuspend, sigsuspend(&none));
		must(sigprocmask(SIG_UNBLOCK, &usr1, NULL));
	}
	close(to[1]);
	probe_reap(child);
	return probe_done();
}
