// SPDX-License-Identifier: GPL-2.0-only
/*
 * exec: the process becomes itself again and again, keeping pid, directory, environment and
 * what exec keeps of signals; and its children become other programs.
 */
#include "probe.h"

static void run(char *const argv[])
{
	pid_t child;
	int status;

	fflush(stdout);
	child = must(fork());
	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	expect(WIFEXITED(status) && !WEXITSTATUS(status), "%s: status %#x", argv[0], status);
}

/* argv: name, round, answers, whether asked, pid */
int main(int argc, char **argv)
{
	char numbers[4][24];
	sigset_t mask;

	if (argc < 5) {
		sigemptyset(&mask);
		sigaddset(&mask, SIGUSR2);
		must(sigprocmask(SIG_SETMASK, &mask, NULL));
		must((long)signal(SIGUSR1, SIG_IGN));
		must(chdir("/usr"));
		must(setenv("PROBE_WORD", "kept", 1));
		probe_ready();
	} else {
		/* As probe_ready(), but ready we have been long ago. */
		if (getenv("PROBE_ASK")) {
			probe_ask = atoi(getenv("PROBE_ASK"));
			probe_answer = atoi(getenv("PROBE_ANSWER"));
		}
		probe_round = atol(argv[1]);
		probe_answers = atol(argv[2]);
		probe_asked = atoi(argv[3]);
		expect(atoi(argv[4]) == getpid(), "pid %s became %d", argv[4], getpid());
		expect(!strcmp(getenv("PROBE_WORD"), "kept"), "the environment changed");
		must(sigprocmask(SIG_BLOCK, NULL, &mask));
		expect(sigismember(&mask, SIGUSR2), "the mask was lost");
		expect(signal(SIGUSR1, SIG_IGN) == SIG_IGN, "the ignored signal was lost");
		run((char *[]){ "test", "-d", "share", NULL });
		run((char *[]){ "sh", "-c", "test \"$PROBE_WORD\" = kept && kill -USR1 $$", NULL });
	}
	if (!probe_more())
		return probe_done();
	sprintf(numbers[0], "%lu", probe_round);
	sprintf(numbers[1], "%lu", probe_answers);
	sprintf(numbers[2], "%d", probe_asked);
	sprintf(numbers[3], "%d", getpid());
	execv("/proc/self/exe", (char *[]){ argv[0], numbers[0], numbers[1], numbers[2], numbers[3], NULL });
	probe_fail("exec: %s", strerror(errno));
}
