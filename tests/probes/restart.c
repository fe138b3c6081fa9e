// SPDX-License-Identifier: GPL-2.0-only
/* A signal during a blocking read: with SA_RESTART the read goes on, without it ends with EINTR. */
#include "probe.h"
#include <sys/syscall.h>

static volatile sig_atomic_t signals;
static int answer;

static void handler(int number)
{
	(void)number;
	signals++;
	/* Only now does the helper send data: the read cannot have ended before the signal. */
	must(write(answer, "s", 1));
}

/* At each 'g': a signal; after the handler's 's': a byte of data. */
static void helper(int in, int out, pid_t probe)
{
	char byte;

	while (read(in, &byte, 1) == 1) {
		probe_await_call(probe, SYS_read);
		if (byte == 'g')
			must(kill(probe, SIGUSR1));
		else
			must(write(out, "d", 1));
	}
	exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };
	int there[2], back[2], expected = 0;
	pid_t child;
	char byte;

	must(pipe(there));
	must(pipe(back));
	child = probe_helper();
	if (!child) {
		close(there[1]);
		close(back[0]);
		helper(there[0], back[1], getppid());
	}
	close(there[0]);
	close(back[1]);
	answer = there[1];
	probe_ready();
	while (probe_more()) {
		action.sa_flags = SA_RESTART;
		must(sigaction(SIGUSR1, &action, NULL));
		must(write(there[1], "g", 1));
		expect(read(back[0], &byte, 1) == 1 && byte == 'd', "%s", strerror(errno));
		expect(signals == ++expected, "%d", (int)signals);

		action.sa_flags = 0;
		must(sigaction(SIGUSR1, &action, NULL));
		must(write(there[1], "g", 1));
		expect(read(back[0], &byte, 1) < 0 && errno == EINTR, "%s", strerror(errno));
		expect(signals == ++expected, "%d", (int)signals);
		expect(read(back[0], &byte, 1) == 1 && byte == 'd', "%s", strerror(errno));
	}
	must(close(there[1]));
	probe_reap(child);
	return probe_done();
}
