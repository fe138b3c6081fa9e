// SPDX-License-Identifier: GPL-2.0-only
/* Sleeping: relative and absolute, poll and select; not too short, and time never runs back. */
#include "probe.h"
#include <sys/select.h>

/* Longer than this is no sleep any more but a lost wake-up. */
#define PATIENCE (20000 * MILLISECOND)
/* Home's clock ends the sleep, and that of the node tells how long it was. */
#define GRAIN (10 * MILLISECOND)

static int64_t last;

static int64_t now(void)
{
	int64_t value = probe_now(CLOCK_MONOTONIC);

	expect(value >= last, "the clock went back by %ld ns", (long)(last - value));
	last = value;
	return value;
}

static void slept(const char *how, int64_t start, int64_t least)
{
	int64_t took = now() - start;

	expect(took >= least - GRAIN, "%s took only %ld ns", how, (long)took);
	expect(took < least + PATIENCE, "%s took %ld ns", how, (long)took);
}

int main(void)
{
	struct timespec interval = { .tv_nsec = 80 * MILLISECOND };

	probe_ready();
	while (probe_more()) {
		struct timeval half = { .tv_usec = 40000 };
		struct timespec until;
		int64_t start = now(), end;

		expect(nanosleep(&interval, NULL) == 0, "%s", strerror(errno));
		slept("nanosleep", start, interval.tv_nsec);

		start = now();
		end = start + 60 * MILLISECOND;
		until.tv_sec = end / 1000000000;
		until.tv_nsec = end % 1000000000;
		expect(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0,
		       "absolute sleep failed");
		slept("clock_nanosleep", start, 60 * MILLISECOND);

		start = now();
		expect(poll(NULL, 0, 50) == 0, "%s", strerror(errno));
		slept("poll", start, 50 * MILLISECOND);

		start = now();
		expect(select(0, NULL, NULL, NULL, &half) == 0, "%s", strerror(errno));
		slept("select", start, 40 * MILLISECOND);
	}
	return probe_done();
}
