// SPDX-License-Identifier: GPL-2.0-only
/* The time of day, asked in every way, goes on evenly. */
#include "probe.h"
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define SECOND 1000000000LL

/* The time of day is so much ahead of the monotonic clock, whoever tells it. */
static int64_t ahead;

/* Was it so late between the last check and now? */
static void check(const char *who, int64_t now, int64_t grain)
{
	static int64_t before;
	int64_t after = probe_now(CLOCK_MONOTONIC);
	int64_t early = before + ahead - now, late = now - after - ahead;

	/* Behind by its grain. */
	expect(early < grain + SECOND / 2 && late < SECOND / 2, "%s is off by %lld or %lld ns", who,
	       (long long)-early, (long long)late);
	before = probe_now(CLOCK_MONOTONIC);
}

/* What follows the ticks of the kernel goes on evenly, whoever tells it, and so do the files. */
static void check_ticks(int fd)
{
	struct timespec ts;
	int64_t before, then, after;
	struct stat stat;
	time_t second;

	before = probe_now(CLOCK_REALTIME_COARSE);
	must(syscall(SYS_clock_gettime, CLOCK_REALTIME_COARSE, &ts));
	then = ts.tv_sec * SECOND + ts.tv_nsec;
	after = probe_now(CLOCK_REALTIME_COARSE);
	expect(before <= then && then <= after, "%lld, %lld, %lld", (long long)before, (long long)then,
	       (long long)after);
	second = time(NULL);
	must(pwrite(fd, "", 1, 0));
	must(fstat(fd, &stat));
	expect(stat.st_mtime >= second, "written at %ld, after %ld", (long)stat.st_mtime, (long)second);
}

int main(void)
{
	struct timespec ts;
	struct timeval tv;
	FILE *file = tmpfile();

	ahead = probe_now(CLOCK_REALTIME) - probe_now(CLOCK_MONOTONIC);
	expect(file, "%s", strerror(errno));
	probe_ready();
	while (probe_more()) {
		check("clock_gettime()", probe_now(CLOCK_REALTIME), 0);
		check("CLOCK_REALTIME_COARSE", probe_now(CLOCK_REALTIME_COARSE), SECOND / 100);
		must(gettimeofday(&tv, NULL));
		check("gettimeofday()", tv.tv_sec * SECOND + tv.tv_usec * 1000, 0);
		check("time()", time(NULL) * SECOND, SECOND);
		must(syscall(SYS_clock_gettime, CLOCK_REALTIME, &ts));
		check("SYS_clock_gettime", ts.tv_sec * SECOND + ts.tv_nsec, 0);
		must(syscall(SYS_gettimeofday, &tv, NULL));
		check("SYS_gettimeofday", tv.tv_sec * SECOND + tv.tv_usec * 1000, 0);
		check_ticks(fileno(file));
		check("SYS_time", must(syscall(SYS_time, NULL)) * SECOND, SECOND);
	}
	return probe_done();
}
