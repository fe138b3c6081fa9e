/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all probes share: how a probe talks with the one that moves it.
 *
 * A probe prepares one kind of state, says that it is ready, and then works in rounds, each of
 * which verifies the state, while somebody moves it about. After every move it is asked for a
 * sign of life, and gives it at the end of a round that began after the question; so an answer
 * means that the state survived. When the asker hangs up, the probe prints its result and ends.
 *
 *	prepare();
 *	probe_ready();
 *	while (probe_more())
 *		work_and_verify();
 *	return probe_done();
 *
 * The conversation uses two pipes, whose numbers are in the environment as PROBE_ASK and
 * PROBE_ANSWER, so that stdin, stdout and stderr belong to the probe's own purpose. Without
 * them a probe runs three rounds: all probes can be started by hand.
 *
 * What a probe prints must not depend on how many rounds it ran.
 */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As in kselftest: the machine cannot do what the probe is about. */
#define PROBE_SKIP 4

static int probe_ask = -1, probe_answer = -1;
static unsigned long probe_round, probe_answers;
static bool probe_asked;
static const char *probe_expected;

__attribute__((format(printf, 1, 2), noreturn, unused))
static void probe_fail(const char *format, ...)
{
	va_list list;

	fflush(stdout);
	fprintf(stderr, "%s: round %lu: ", program_invocation_short_name, probe_round);
	if (probe_expected)
		fprintf(stderr, "expected %s: ", probe_expected);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
	exit(1);
}

/* Verify: on failure say what was expected and what was found. */
#define expect(condition, ...)						\
	do {								\
		if (!(condition)) {					\
			probe_expected = #condition;			\
			probe_fail(__VA_ARGS__);			\
		}							\
	} while (0)

/* A call that must not fail; its value. */
#define must(call)							\
	({								\
		__typeof__(call) probe_value = (call);			\
		if (probe_value == (__typeof__(call))-1)		\
			probe_fail(#call ": %s", strerror(errno));	\
		probe_value;						\
	})

static void probe_say(const char *word, unsigned long number)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%s %lu\n", word, number);

	if (probe_answer >= 0)
		must(write(probe_answer, line, length));
}

/* The state is prepared; from now on the probe may be moved. */
__attribute__((unused))
static void probe_ready(void)
{
	const char *ask = getenv("PROBE_ASK"), *answer = getenv("PROBE_ANSWER");

	if (ask && answer) {
		probe_ask = atoi(ask);
		probe_answer = atoi(answer);
	}
	probe_say("ready", getpid());
}

/* Whether to do another round. */
__attribute__((unused))
static bool probe_more(void)
{
	struct pollfd question = { .fd = probe_ask, .events = POLLIN };
	char byte;
	ssize_t length;

	if (probe_ask < 0)
		return probe_round++ < 3;
	if (probe_asked && probe_round)
		probe_say("alive", ++probe_answers);
	probe_asked = false;
	probe_round++;
	while (poll(&question, 1, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	if (!question.revents)
		return true;
	while ((length = read(probe_ask, &byte, 1)) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	probe_asked = length == 1;
	return probe_asked;
}

__attribute__((unused))
static int probe_done(void)
{
	printf("%s: right\n", program_invocation_short_name);
	return 0;
}

/* A helper process that never moves and ends when the probe does. */
__attribute__((unused))
static pid_t probe_helper(void)
{
	pid_t probe = getpid(), child;

	fflush(stdout);
	child = must(fork());
	if (!child) {
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		if (getppid() != probe)
			_exit(1);
	}
	return child;
}

/* Wait for a helper, which must have ended well. */
__attribute__((unused))
static void probe_reap(pid_t helper)
{
	int status;

	while (waitpid(helper, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	expect(WIFEXITED(status) && !WEXITSTATUS(status), "helper's status %#x", status);
}

/* Wait until another process is in that system call, for the first time or again. */
__attribute__((unused))
static void probe_await_call(pid_t pid, int call)
{
	struct timespec moment = { .tv_nsec = 1000000 };
	char path[64], text[256];
	bool there = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	while (!there) {
		file = fopen(path, "r");
		if (!file)
			exit(0);
		there = fgets(text, sizeof(text), file) && text[0] >= '0' && text[0] <= '9' &&
			(atoi(text) == call || atoi(text) == SYS_restart_syscall);
		fclose(file);
		nanosleep(&moment, NULL);
	}
}

/* Nanoseconds of a clock. */
__attribute__((unused))
static int64_t probe_now(clockid_t clock)
{
	struct timespec now;

	must(clock_gettime(clock, &now));
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

#define MILLISECOND 1000000LL

/* Byte @index of the pattern called @seed. */
__attribute__((unused))
static inline uint64_t probe_pattern(uint64_t seed, uint64_t index)
{
	uint64_t x = (index + 1) * 0x9e3779b97f4a7c15ULL + seed;

	x = (x ^ (x >> 31)) * 0xbf58476d1ce4e5b9ULL;
	return x ^ (x >> 29);
}

#endif
