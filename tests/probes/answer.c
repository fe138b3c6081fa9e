// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal that comes while the answer to a call is put into memory: its handler runs when that is done, however long
 * the program makes no call then.
 *
 * The answer goes to pages of a file that nobody has touched yet, and so takes its time.
 */
#include "probe.h"
#include <fcntl.h>
#include <sys/mman.h>

#define SIZE (256 << 10)
#define PATIENCE (60000 * MILLISECOND)

static volatile sig_atomic_t signals;

static void handler(int number)
{
	(void)number;
	signals++;
}

/* Fills the pipe, and sends a signal a little later. */
static void helper(int ask, int full, pid_t probe)
{
	static char data[SIZE];
	struct timespec moment = { };
	unsigned int seed = 1;
	char byte;

	memset(data, 7, sizeof(data));
	while (read(ask, &byte, 1) == 1) {
		seed = seed * 1103515245 + 12345;
		moment.tv_nsec = (seed >> 16) % 20 * MILLISECOND;
		expect(write(full, data, SIZE) == SIZE, "%s", strerror(errno));
		nanosleep(&moment, NULL);
		must(kill(probe, SIGUSR1));
	}
	exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	char name[] = "/var/tmp/probe-answer.XXXXXX";
	int ask[2], full[2], fd;
	int64_t end;
	pid_t child;
	char *room;

	must(pipe(ask));
	must(pipe(full));
	must(fcntl(full[1], F_SETPIPE_SZ, SIZE));
	child = probe_helper();
	if (!child) {
		close(ask[1]);
		helper(ask[0], full[1], getppid());
	}
	close(ask[0]);
	fd = must(mkstemp(name));
	must(unlink(name));
	must(ftruncate(fd, SIZE));
	must(sigaction(SIGUSR1, &action, NULL));
	probe_ready();
	while (probe_more()) {
		room = must(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
		signals = 0;
		must(write(ask[1], "", 1));
		for (ssize_t got = 0, more; got < SIZE; got += more)
			more = must(read(full[0], room + got, SIZE - got));
		end = probe_now(CLOCK_MONOTONIC) + PATIENCE;
		while (!signals)
			expect(probe_now(CLOCK_MONOTONIC) < end, "no signal");
		for (int i = 0; i < SIZE; i++)
			expect(room[i] == 7, "byte %d is %d", i, room[i]);
		must(munmap(room, SIZE));
	}
	close(ask[1]);
	probe_reap(child);
	return probe_done();
}
