// SPDX-License-Identifier: GPL-2.0-only
/* fork and wait: statuses, copied memory, a child's pipe, a grandchild, no zombies left. */
#include "probe.h"

static int shared_by_copy = 1;

int main(void)
{
	int round = 0;

	probe_ready();
	while (probe_more()) {
		int status, end[2], code = round++ % 100;
		pid_t child, found;
		char text[32];

		must(pipe(end));
		fflush(stdout);
		child = must(fork());
		if (!child) {
			pid_t grandchild = fork();

			if (!grandchild)
				_exit(shared_by_copy == 1 ? 17 : 1);
			shared_by_copy = 2;
			if (waitpid(grandchild, &status, 0) != grandchild || WEXITSTATUS(status) != 17)
				_exit(101);
			dprintf(end[1], "%d %d", getpid(), getppid());
			_exit(code);
		}
		must(close(end[1]));
		memset(text, 0, sizeof(text));
		must(read(end[0], text, sizeof(text)));
		must(close(end[0]));
		while ((found = waitpid(child, &status, 0)) < 0)
			expect(errno == EINTR, "%s", strerror(errno));
		expect(found == child, "%d", found);
		expect(WIFEXITED(status) && WEXITSTATUS(status) == code, "status %#x", status);
		expect(atoi(text) == child && atoi(strchr(text, ' ')) == getpid(), "%s", text);
		expect(shared_by_copy == 1, "the child's memory is ours");

		child = must(fork());
		if (!child)
			for (;;)
				pause();
		must(kill(child, SIGTERM));
		expect(waitpid(child, &status, 0) == child, "%s", strerror(errno));
		expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "status %#x", status);
		expect(waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD, "a child is left");
	}
	return probe_done();
}
