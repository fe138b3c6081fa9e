// SPDX-License-Identifier: GPL-2.0-only
/* CPU time: what is used away from home counts at home, in time for timers that run on it. */
#include "probe.h"
#include <sys/resource.h>
#include <sys/time.h>

#define PATIENCE (30000 * MILLISECOND)

static volatile sig_atomic_t profiled;

static void on_profile(int number)
{
	(void)number;
	profiled++;
}

static int64_t used(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage));
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

int main(void)
{
	struct itimerval once = { .it_value = { .tv_usec = 50000 } };
	int64_t last_used = 0, last_clock = 0;

	must((long)signal(SIGPROF, on_profile));
	probe_ready();
	while (probe_more()) {
		int64_t start = probe_now(CLOCK_MONOTONIC), value;

		profiled = 0;
		must(setitimer(ITIMER_PROF, &once, NULL));
		while (!profiled)
			expect(probe_now(CLOCK_MONOTONIC) - start < PATIENCE, "ITIMER_PROF is lost");
		value = used();
		expect(value >= last_used, "getrusage went back from %ld to %ld", (long)last_used,
		       (long)value);
		last_used = value;
		value = probe_now(CLOCK_PROCESS_CPUTIME_ID);
		expect(value >= last_clock, "the CPU clock went back from %ld to %ld",
		       (long)last_clock, (long)value);
		last_clock = value;
	}
	expect(last_used > 0 && last_clock > 0, "no CPU time was counted");
	return probe_done();
}
