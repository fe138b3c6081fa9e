// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is used away from home counts at home: CPU time, in time for timers that run on it, and the most memory
 * that there ever was.
 */
#include "probe.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>

#define PATIENCE (30000 * MILLISECOND)
#define SIGNALS 10
#define LATE (2000 * MILLISECOND)
#define TRIES 3
#define MIB (1 << 20)

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

/* Use more memory than ever before, for a moment. */
static void peak(long size)
{
	struct rusage usage;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect(memory != MAP_FAILED, "%s", strerror(errno));
	memset(memory, 1, size);
	must(getrusage(RUSAGE_SELF, &usage));
	must(munmap(memory, size));
	expect(usage.ru_maxrss >= size >> 10, "%ld KiB at most, %ld KiB now", usage.ru_maxrss, size >> 10);
}

/* Wait for some signals of a timer; the CPU time until they are there. */
static int64_t await(const struct itimerval *timer, int signals)
{
	int64_t start = probe_now(CLOCK_MONOTONIC), before = used();

	profiled = 0;
	must(setitimer(ITIMER_PROF, timer, NULL));
	while (profiled < signals)
		expect(probe_now(CLOCK_MONOTONIC) - start < PATIENCE, "ITIMER_PROF is lost");
	return used() - before;
}

int main(void)
{
	struct itimerval once = { .it_value = { .tv_usec = 50000 } }, never = { };
	struct itimerval often = { .it_value = { .tv_usec = 20000 }, .it_interval = { .tv_usec = 20000 } };
	int64_t last_used = 0, last_clock = 0;
	long size = 8 * MIB;

	must((long)signal(SIGPROF, on_profile));
	probe_ready();
	while (probe_more()) {
		int64_t value = LATE;

		await(&once, 1);
		/* Who computes while the computer stands still has used that time. */
		for (int i = 0; value >= LATE && i < TRIES; i++)
			value = await(&often, SIGNALS);
		must(setitimer(ITIMER_PROF, &never, NULL));
		expect(value < LATE, "%d signals took %ld ms of CPU time", SIGNALS,
		       (long)(value / MILLISECOND));
		if (size < 64 * MIB)
			peak(size += 2 * MIB);
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
