// SPDX-License-Identifier: GPL-2.0-only
/* System calls on time: clocks, sleeping, timers, and the time limits of calls that wait. */
#include "calls.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>

#define SECOND (1000 * MILLISECOND)

/* Longer than a call here may take by the moves that come with it. */
#define LATE (15 * SECOND)

static struct timespec span(int64_t nanoseconds)
{
	return (struct timespec){ nanoseconds / SECOND, nanoseconds % SECOND };
}

static int64_t length(const struct timespec *time)
{
	return time->tv_sec * SECOND + time->tv_nsec;
}

/* A moment of a clock that is to come. */
static struct timespec later(clockid_t clock, int64_t nanoseconds)
{
	return span(probe_now(clock) + nanoseconds);
}

static int64_t began;

/* Whether what began @atleast nanoseconds ago took that long and not much longer. */
static const char *took(int64_t atleast)
{
	int64_t time = probe_now(CLOCK_MONOTONIC) - began;

	return time < atleast ? "too short" : time > atleast + LATE ? "too long" : "right";
}

/* A call that takes some time: its result, and whether it took that long. */
#define L(name, time, call)						\
	do {								\
		away();							\
		began = probe_now(CLOCK_MONOTONIC);			\
		long result_now = (long)(call);				\
		int error_now = errno;					\
		const char *took_now = took(time);			\
									\
		errno = error_now;					\
		calls_result(name, result_now);				\
		printf(" %s", took_now);				\
		calls_end();						\
	} while (0)

static void clocks(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM,
		CLOCK_BOOTTIME_ALARM, 10, CLOCK_TAI, 12, 16, 99, -1, -2, -6, INT_MIN };
	struct timespec now = { 0 }, before, resolution;
	struct timeval day;
	struct timezone zone = { 5, 5 };
	time_t seconds;
	long got;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		S("gettime", got = syscall(SYS_clock_gettime, all[i], &before), "%d", all[i]);
		turn();
		if (!got) {
			must(syscall(SYS_clock_gettime, all[i], &now));
			T("goes on", length(&now) >= length(&before) && length(&now) < length(&before) + LATE);
		}
		T("by the library", clock_gettime(all[i], &now));
		resolution = span(0);
		S("getres", syscall(SYS_clock_getres, all[i], &resolution), "%ld", (long)length(&resolution));
		T("getres null", syscall(SYS_clock_getres, all[i], NULL));
		T("bad", syscall(SYS_clock_gettime, all[i], area.readonly));
		T("null", syscall(SYS_clock_gettime, all[i], NULL));
		if (all[i] != CLOCK_REALTIME)
			T("set", syscall(SYS_clock_settime, all[i], &now));
	}
	T("set strange", syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ 5, -1 }));
	T("set negative", syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){ -5, 0 }));
	T("set bad", syscall(SYS_clock_settime, CLOCK_REALTIME, NEVER));
	S("day", syscall(SYS_gettimeofday, &day, &zone), "%d %d %d",
	  llabs(day.tv_sec * SECOND + day.tv_usec * 1000 - probe_now(CLOCK_REALTIME)) < LATE, zone.tz_minuteswest, zone.tz_dsttime);
	T("day nothing", syscall(SYS_gettimeofday, NULL, NULL));
	T("day bad", syscall(SYS_gettimeofday, area.readonly, NULL));
	T("day zone bad", syscall(SYS_gettimeofday, NULL, area.none));
	T("set day", syscall(SYS_settimeofday, &(struct timeval){ 0, 2000000 }, NULL));
	T("set zone", syscall(SYS_settimeofday, NULL, &(struct timezone){ 10000, 0 }));
	S("time", syscall(SYS_time, &seconds) > 1000, "%d", llabs(seconds - time(NULL)) < 15);
	T("time null", syscall(SYS_time, NULL) > 1000);
	T("time bad", syscall(SYS_time, area.readonly));
	T("real and TAI", llabs(probe_now(CLOCK_REALTIME) - probe_now(CLOCK_TAI)) < 60 * SECOND);
	T("monotonic and raw", llabs(probe_now(CLOCK_MONOTONIC) - probe_now(CLOCK_MONOTONIC_RAW)) < 60 * SECOND);
	T("monotonic and boot", llabs(probe_now(CLOCK_MONOTONIC) - probe_now(CLOCK_BOOTTIME)) < 60 * SECOND);
	T("adjust", syscall(SYS_adjtimex, &(struct timex){ .modes = 0 }) >= 0);
	T("adjust bad", syscall(SYS_adjtimex, area.readonly));
	T("adjust clock", syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &(struct timex){ .modes = 0 }));
	T("adjust strange", syscall(SYS_adjtimex, &(struct timex){ .modes = ADJ_TICK, .tick = 1 }));
	T("clock of nobody", (errno = clock_getcpuclockid(0x3fffffff, &(clockid_t){ 0 })) ? -1 : 0);
}

/* How far the time of day is ahead of the time since boot. */
static int64_t day_ahead(void)
{
	return probe_now(CLOCK_REALTIME) - probe_now(CLOCK_MONOTONIC);
}

/* Somebody who sets the clock back when the case ends, however that may be, or closes @until, if it did not do so. */
static pid_t watch_clock(int *until, const struct timex *back)
{
	int64_t before = day_ahead();
	pid_t watcher;
	int ends[2];
	char byte;

	must(pipe2(ends, O_CLOEXEC));
	watcher = must(fork());
	if (!watcher) {
		setsid();
		close(ends[1]);
		while (read(ends[0], &byte, 1) < 0)
			;
		if (day_ahead() - before > 500 * SECOND)
			must(syscall(SYS_clock_adjtime, CLOCK_REALTIME, back));
		_exit(0);
	}
	must(close(ends[0]));
	*until = ends[1];
	return watcher;
}

/* Who sets the clock sees that, whatever way he asks. */
static void steps(void)
{
	struct timex back = { .modes = ADJ_SETOFFSET, .time.tv_sec = -1000 };
	struct timezone zone = { .tz_minuteswest = 60 };
	struct timespec ahead;
	struct timeval day;
	pid_t watcher;
	int64_t now;
	int until;

	watcher = watch_clock(&until, &back);
	away();
	ahead = later(CLOCK_REALTIME, 1000 * SECOND);
	must(syscall(SYS_clock_settime, CLOCK_REALTIME, &ahead));
	now = probe_now(CLOCK_REALTIME);
	T("set", llabs(now - length(&ahead)) < LATE);
	away();
	must(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &back));
	now = probe_now(CLOCK_REALTIME);
	T("set back", llabs(now - length(&ahead) + 1000 * SECOND) < LATE);
	away();
	must(gettimeofday(&day, NULL));
	must(syscall(SYS_settimeofday, &day, &zone));
	zone.tz_minuteswest = 0;
	S("zone", gettimeofday(&day, &zone), "%d", zone.tz_minuteswest);
	zone.tz_minuteswest = 0;
	must(syscall(SYS_settimeofday, &day, &zone));
	must(close(until));
	must(waitpid(watcher, NULL, 0));
}

/* Something interrupts a call some time after it began, whenever that was. */
static const struct itimerval often = { { 0, 50000 }, { 0, 50000 } }, never;

/* The handlers of this file only count. */
static volatile int count;

static void counter(int number)
{
	(void)number;
	count++;
}

static void handle(int number, int flags)
{
	must(sigaction(number, &(struct sigaction){ .sa_handler = counter, .sa_flags = flags }, NULL));
}

static void sleeps(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
	struct timespec some = span(20 * MILLISECOND), much = span(1000 * SECOND), rest, moment;

	L("nanosleep", 20 * MILLISECOND, syscall(SYS_nanosleep, &some, &rest));
	/* Nobody interrupts it, and it does not look. */
	L("rest nowhere", 20 * MILLISECOND, syscall(SYS_nanosleep, &some, NEVER));
	L("rest nowhere", 20 * MILLISECOND, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &some, area.readonly));
	L("none", 0, syscall(SYS_nanosleep, &(struct timespec){ 0, 0 }, NULL));
	T("negative", syscall(SYS_nanosleep, &(struct timespec){ -1, 0 }, NULL));
	T("large", syscall(SYS_nanosleep, &(struct timespec){ 0, 1000000000 }, NULL));
	T("bad", syscall(SYS_nanosleep, NEVER, NULL));
	T("null", syscall(SYS_nanosleep, NULL, NULL));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		L("relative", 20 * MILLISECOND, syscall(SYS_clock_nanosleep, all[i], 0, &some, &rest));
		away();
		moment = later(all[i], 50 * MILLISECOND);
		turn();
		L("absolute", 0, syscall(SYS_clock_nanosleep, all[i], TIMER_ABSTIME, &moment, NULL));
		S("reached", 0, "%d", probe_now(all[i]) >= length(&moment));
		L("past", 0, syscall(SYS_clock_nanosleep, all[i], TIMER_ABSTIME, &some, NULL));
	}
	T("raw", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC_RAW, 0, &some, NULL));
	T("coarse", syscall(SYS_clock_nanosleep, CLOCK_REALTIME_COARSE, 0, &some, NULL));
	T("thread", syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &some, NULL));
	T("strange", syscall(SYS_clock_nanosleep, 99, 0, &some, NULL));
	T("flags", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 77 & ~1, &some, NULL));
	T("clock bad", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, NEVER, NULL));
	handle(SIGALRM, SA_RESTART);
	must(setitimer(ITIMER_REAL, &often, NULL));
	S("interrupted", syscall(SYS_nanosleep, &much, &rest), "%d", length(&rest) > 0 && length(&rest) < length(&much));
	S("interrupted", syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &much, &rest), "%d",
	  length(&rest) > 0 && length(&rest) < length(&much));
	moment = later(CLOCK_MONOTONIC, length(&much));
	S("absolute", syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL), "%d", count > 2);
	must(setitimer(ITIMER_REAL, &never, NULL));
	turn();
	rest = span(length(&rest) % (100 * MILLISECOND));
	L("on", length(&rest), syscall(SYS_nanosleep, &rest, NULL));
}

static timer_t made(clockid_t clock, int notify, int number)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = number, .sigev_value.sival_int = 42 };
	timer_t timer = 0;

	if (notify == SIGEV_THREAD_ID)
		event._sigev_un._tid = getpid();
	if (syscall(SYS_timer_create, clock, &event, &timer))
		return (timer_t)-1L;
	return (timer_t)(long)*(int *)&timer;
}

static void timers(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
		CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, 99, -6 };
	struct itimerspec set = { { 0, 0 }, { 0, 30 * MILLISECOND } }, got;
	struct itimerspec far = { { 0, 0 }, { 1000, 0 } };
	struct timespec patience = { 10, 0 };
	sigset_t signals;
	siginfo_t info;
	timer_t timer = NULL, other;

	sigemptyset(&signals);
	sigaddset(&signals, SIGRTMIN);
	sigaddset(&signals, SIGALRM);
	must(sigprocmask(SIG_BLOCK, &signals, NULL));
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		S("clock", (long)(other = made(all[i], SIGEV_SIGNAL, SIGRTMIN)), "%d", all[i]);
		if (other == (timer_t)-1L)
			continue;
		T("set", syscall(SYS_timer_settime, other, 0, &far, NULL));
		turn();
		S("get", syscall(SYS_timer_gettime, other, &got), "%d", length(&got.it_value) > 980 * SECOND &&
		  length(&got.it_value) <= 1000 * SECOND + 10 * MILLISECOND);
		T("delete", syscall(SYS_timer_delete, other));
	}
	T("bad", syscall(SYS_timer_create, CLOCK_MONOTONIC, NEVER, &timer));
	T("bad place", syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, area.readonly));
	T("notify", (long)made(CLOCK_MONOTONIC, 77, SIGRTMIN));
	T("signal", (long)made(CLOCK_MONOTONIC, SIGEV_SIGNAL, 99));
	T("none", (long)(other = made(CLOCK_MONOTONIC, SIGEV_NONE, 0)));
	T("thread", (long)(timer = made(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGRTMIN)));
	T("set none", syscall(SYS_timer_settime, other, 0, &set, NULL));
	T("set", syscall(SYS_timer_settime, timer, 0, &set, NULL));
	turn();
	S("expires", sigtimedwait(&signals, &info, &patience) == SIGRTMIN, "%d %d %d", info.si_code, info.si_value.sival_int,
	  info.si_overrun);
	S("over", syscall(SYS_timer_gettime, timer, &got), "%ld", (long)length(&got.it_value));
	S("over none", syscall(SYS_timer_gettime, other, &got), "%ld", (long)length(&got.it_value));
	T("overrun", syscall(SYS_timer_getoverrun, timer));
	set.it_interval = span(2 * MILLISECOND);
	S("periodic", syscall(SYS_timer_settime, timer, 0, &set, &got), "%ld %ld", (long)length(&got.it_value),
	  (long)length(&got.it_interval));
	usleep(100000);
	turn();
	S("overruns", sigtimedwait(&signals, &info, &patience) == SIGRTMIN, "%d", info.si_overrun > 5);
	T("overrun", syscall(SYS_timer_getoverrun, timer) > 5);
	S("old", syscall(SYS_timer_settime, timer, 0, &(struct itimerspec){ { 0, 0 }, { 0, 0 } }, &got), "%ld",
	  (long)length(&got.it_interval));
	sigtimedwait(&signals, &info, &(struct timespec){ 0, 0 });
	set.it_interval = span(0);
	set.it_value = later(CLOCK_MONOTONIC, 50 * MILLISECOND);
	T("absolute", syscall(SYS_timer_settime, timer, TIMER_ABSTIME, &set, NULL));
	S("expires", sigtimedwait(&signals, &info, &patience) == SIGRTMIN, "%d", probe_now(CLOCK_MONOTONIC) >= length(&set.it_value));
	T("past", syscall(SYS_timer_settime, timer, TIMER_ABSTIME, &(struct itimerspec){ { 0, 0 }, { 0, 1 } }, NULL));
	S("expires", sigtimedwait(&signals, &info, &patience) == SIGRTMIN, "%d", info.si_code);
	T("strange", syscall(SYS_timer_settime, timer, 0, &(struct itimerspec){ { 0, 0 }, { 0, -1 } }, NULL));
	T("set bad", syscall(SYS_timer_settime, timer, 0, NEVER, NULL));
	T("set null", syscall(SYS_timer_settime, timer, 0, NULL, NULL));
	T("set old bad", syscall(SYS_timer_settime, timer, 0, &far, area.readonly));
	T("get bad", syscall(SYS_timer_gettime, timer, area.readonly));
	T("set unknown", syscall(SYS_timer_settime, 99, 0, &far, NULL));
	T("get unknown", syscall(SYS_timer_gettime, 99, &got));
	T("delete", syscall(SYS_timer_delete, timer));
	T("delete again", syscall(SYS_timer_delete, timer));
	T("overrun unknown", syscall(SYS_timer_getoverrun, timer));
	T("default", syscall(SYS_timer_create, CLOCK_BOOTTIME, NULL, &timer));
	T("set", syscall(SYS_timer_settime, (long)*(int *)&timer, 0, &set, NULL));
	T("settle", syscall(SYS_timer_settime, (long)*(int *)&timer, 0, &(struct itimerspec){ { 0, 0 }, { 0, 1 } }, NULL));
	S("expires", sigtimedwait(&signals, &info, &patience) == SIGALRM, "%d %d", info.si_code,
	  info.si_value.sival_int == *(int *)&timer);
}

static void descriptors(void)
{
	static const clockid_t all[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_TAI,
		CLOCK_MONOTONIC_RAW, 99 };
	struct itimerspec set = { { 0, 10 * MILLISECOND }, { 0, 20 * MILLISECOND } }, got;
	struct pollfd ready = { .events = POLLIN };
	uint64_t ticks = 0;
	int fd;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		T("clock", fd = timerfd_create(all[i], TFD_NONBLOCK));
		if (fd >= 0)
			must(close(fd));
	}
	T("strange", timerfd_create(CLOCK_MONOTONIC, 1));
	fd = must(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
	ready.fd = fd;
	T("unset", read(fd, &ticks, 8));
	S("get", timerfd_gettime(fd, &got), "%ld %ld", (long)length(&got.it_value), (long)length(&got.it_interval));
	T("set", timerfd_settime(fd, 0, &set, &got));
	L("poll", 0, poll(&ready, 1, 10000));
	usleep(50000);
	turn();
	S("read", read(fd, &ticks, 8), "%d", ticks >= 4);
	/* Nothing is left if it is due and the interrupt has yet to come. */
	S("get", timerfd_gettime(fd, &got), "%d %ld", length(&got.it_value) <= 10 * MILLISECOND,
	  (long)length(&got.it_interval));
	S("stop", timerfd_settime(fd, 0, &(struct itimerspec){ { 0, 0 }, { 0, 0 } }, &got), "%ld", (long)length(&got.it_interval));
	T("stopped", read(fd, &ticks, 8));
	T("short", read(fd, &ticks, 4));
	T("set bad", syscall(SYS_timerfd_settime, fd, 0, NEVER, NULL));
	T("set null", syscall(SYS_timerfd_settime, fd, 0, NULL, NULL));
	T("set negative", timerfd_settime(fd, 0, &(struct itimerspec){ { 0, 0 }, { -1, 0 } }, NULL));
	T("set strange", timerfd_settime(fd, 77, &set, NULL));
	T("get bad", syscall(SYS_timerfd_gettime, fd, area.readonly));
	T("get file", timerfd_gettime(1, &got));
	must(fcntl(fd, F_SETFL, 0));
	set = (struct itimerspec){ .it_value = later(CLOCK_MONOTONIC, 100 * MILLISECOND) };
	T("absolute", timerfd_settime(fd, TFD_TIMER_ABSTIME, &set, NULL));
	S("waits", read(fd, &ticks, 8), "%ld %d", (long)ticks, probe_now(CLOCK_MONOTONIC) >= length(&set.it_value));
	set.it_value = span(30 * MILLISECOND);
	T("relative", timerfd_settime(fd, 0, &set, NULL));
	S("waits", read(fd, &ticks, 8), "%ld", (long)ticks);
	T("set ticks", ioctl(fd, _IOW('T', 0, uint64_t), &(uint64_t){ 5 }) < 0 && errno == ENOTTY);
	fd = must(timerfd_create(CLOCK_REALTIME, 0));
	set.it_value = later(CLOCK_REALTIME, 100 * MILLISECOND);
	T("cancel on set", timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &set, NULL));
	turn();
	S("waits", read(fd, &ticks, 8), "%ld", (long)ticks);
}

static void intervals(void)
{
	struct itimerval set = { { 0, 0 }, { 1000, 500000 } }, got;
	volatile long work = 0;

	handle(SIGALRM, 0);
	handle(SIGVTALRM, 0);
	handle(SIGPROF, 0);
	T("alarm", alarm(1000));
	turn();
	S("get", getitimer(ITIMER_REAL, &got), "%d %ld", got.it_value.tv_sec > 980 && got.it_value.tv_sec <= 1000,
	  got.it_interval.tv_sec);
	T("alarm", alarm(2000) > 980);
	S("set", setitimer(ITIMER_REAL, &set, &got), "%d", got.it_value.tv_sec > 1900);
	T("alarm off", alarm(0) > 980);
	S("get", getitimer(ITIMER_REAL, &got), "%ld %ld", (long)got.it_value.tv_sec, (long)got.it_value.tv_usec);
	T("strange", setitimer(77, &set, NULL));
	T("get strange", getitimer(77, &got));
	T("bad", syscall(SYS_setitimer, ITIMER_REAL, NEVER, NULL));
	T("old bad", syscall(SYS_setitimer, ITIMER_REAL, &set, area.readonly));
	T("get bad", syscall(SYS_getitimer, ITIMER_REAL, area.readonly));
	T("null", syscall(SYS_setitimer, ITIMER_REAL, NULL, &got));
	S("is off", getitimer(ITIMER_REAL, &got), "%ld", (long)got.it_value.tv_sec);
	T("microseconds", setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 1000000 } }, NULL));
	T("real", setitimer(ITIMER_REAL, &often, NULL));
	T("pause", pause());
	T("off", setitimer(ITIMER_REAL, &never, NULL));
	T("count", count > 0);
	count = 1;
	T("virtual", setitimer(ITIMER_VIRTUAL, &(struct itimerval){ { 0, 0 }, { 0, 20000 } }, NULL));
	while (count < 2)
		work++;
	T("count", count);
	T("profile", setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 10000 }, { 0, 20000 } }, NULL));
	S("get", getitimer(ITIMER_PROF, &got), "%ld", (long)got.it_interval.tv_usec);
	while (count < 5)
		work++;
	T("off", setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL));
	T("not virtual", getitimer(ITIMER_VIRTUAL, &got) ? -1 : (int)got.it_value.tv_usec);
}

/* Sockets have a time for those who wait for them. It is longer than a stay at a place. */
static void sockets(void)
{
	struct timeval limit = { 0, 200000 };
	int listener = must(socket(AF_INET, SOCK_STREAM, 0)), ends[2];
	struct iovec vec = { area.plain, 10 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	struct mmsghdr some = { .msg_hdr = msg };

	must(listen(listener, 1));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	must(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	must(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
	L("accept", 200 * MILLISECOND, accept(listener, NULL, NULL));
	L("receive", 200 * MILLISECOND, recv(ends[0], area.plain, 10, 0));
	L("receive all", 200 * MILLISECOND, recv(ends[0], area.plain, 10, MSG_WAITALL));
	L("peek", 200 * MILLISECOND, recv(ends[0], area.plain, 10, MSG_PEEK));
	L("recvmsg", 200 * MILLISECOND, recvmsg(ends[0], &msg, 0));
	L("recvmmsg", 200 * MILLISECOND, recvmmsg(ends[0], &some, 1, 0, NULL));
	L("read", 200 * MILLISECOND, read(ends[0], area.plain, 10));
	L("readv", 200 * MILLISECOND, readv(ends[0], &vec, 1));
	must(write(ends[1], "here", 4));
	turn();
	D("there", recv(ends[0], area.plain, 10, 0), area.plain, 10);
}

static void limits(void)
{
	struct timespec some = span(30 * MILLISECOND), left, bad = { 0, -1 };
	struct timeval some_micro = { 0, 30000 };
	int ends[2], epoll = must(epoll_create1(0)), word = 5;
	struct pollfd in = { .events = POLLIN };
	struct epoll_event got, want = { .events = EPOLLIN };
	fd_set set;

	must(pipe(ends));
	in.fd = ends[0];
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &want));
	L("poll", 30 * MILLISECOND, poll(&in, 1, 30));
	L("poll none", 0, poll(NULL, 0, 0));
	L("poll only time", 30 * MILLISECOND, poll(NULL, 0, 30));
	left = some;
	L("ppoll", 30 * MILLISECOND, syscall(SYS_ppoll, &in, 1, &left, NULL, 8));
	S("left", 0, "%ld %ld", left.tv_sec, left.tv_nsec);
	T("ppoll bad", syscall(SYS_ppoll, &in, 1, &bad, NULL, 8));
	T("ppoll nowhere", syscall(SYS_ppoll, &in, 1, NEVER, NULL, 8));
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	L("select", 30 * MILLISECOND, select(ends[0] + 1, &set, NULL, NULL, &some_micro));
	S("left", FD_ISSET(ends[0], &set), "%ld %ld", some_micro.tv_sec, some_micro.tv_usec);
	left = some;
	L("pselect", 30 * MILLISECOND, syscall(SYS_pselect6, 0, NULL, NULL, NULL, &left, NULL));
	S("left", 0, "%ld %ld", left.tv_sec, left.tv_nsec);
	T("select bad", syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){ 0, -1 }));
	L("select overflowing", 0, syscall(SYS_select, 0, NULL, NULL, NULL, &(struct timeval){ 0, 0 }));
	/* A move lets this one begin anew: it has to be shorter than the stay at a place. */
	L("epoll", 2 * MILLISECOND, epoll_wait(epoll, &got, 1, 2));
	L("epoll none", 0, epoll_wait(epoll, &got, 1, 0));
	L("epoll_pwait2", 2 * MILLISECOND, syscall(SYS_epoll_pwait2, epoll, &got, 1, &(struct timespec){ 0, 2000000 }, NULL, 8));
	T("epoll_pwait2 bad", syscall(SYS_epoll_pwait2, epoll, &got, 1, &bad, NULL, 8));
	T("fill", write(ends[1], "x", 1));
	turn();
	left = span(100 * SECOND);
	L("ppoll ready", 0, syscall(SYS_ppoll, &in, 1, &left, NULL, 8));
	S("left", 0, "%d", length(&left) > 80 * SECOND && length(&left) <= 100 * SECOND);
	some_micro = (struct timeval){ 100, 0 };
	FD_SET(ends[0], &set);
	L("select ready", 0, select(ends[0] + 1, &set, NULL, NULL, &some_micro));
	S("left", FD_ISSET(ends[0], &set) != 0, "%d", some_micro.tv_sec > 80 && some_micro.tv_sec <= 100);
	left = span(100 * SECOND);
	FD_SET(ends[0], &set);
	L("pselect ready", 0, syscall(SYS_pselect6, ends[0] + 1, &set, NULL, NULL, &left, NULL));
	S("left", FD_ISSET(ends[0], &set) != 0, "%d", length(&left) > 80 * SECOND && length(&left) <= 100 * SECOND);
	L("epoll ready", 0, epoll_wait(epoll, &got, 1, 100000));
	handle(SIGALRM, 0);
	must(setitimer(ITIMER_REAL, &often, NULL));
	left = span(100 * SECOND);
	S("interrupted", syscall(SYS_ppoll, NULL, 0, &left, NULL, 8), "%d", length(&left) > 80 * SECOND &&
	  length(&left) < 100 * SECOND);
	some_micro = (struct timeval){ 100, 0 };
	S("interrupted", select(0, NULL, NULL, NULL, &some_micro), "%d", some_micro.tv_sec > 80 && some_micro.tv_sec < 100);
	must(setitimer(ITIMER_REAL, &never, NULL));
	L("futex", 30 * MILLISECOND, syscall(SYS_futex, &word, FUTEX_WAIT, 5, &some));
	left = later(CLOCK_REALTIME, 100 * MILLISECOND);
	L("futex real", 0, syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &left, NULL, -1));
	S("reached", 0, "%d", probe_now(CLOCK_REALTIME) >= length(&left));
	left = later(CLOCK_MONOTONIC, 100 * MILLISECOND);
	L("futex monotonic", 0, syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 5, &left, NULL, -1));
	S("reached", 0, "%d", probe_now(CLOCK_MONOTONIC) >= length(&left));
	left = later(CLOCK_MONOTONIC, 100 * MILLISECOND);
	L("waitv", 0, syscall(449, (uint64_t[]){ 5, (uint64_t)&word, 2 }, 1, 0, &left, CLOCK_MONOTONIC));
	S("reached", 0, "%d", probe_now(CLOCK_MONOTONIC) >= length(&left));
	T("waitv clock", syscall(449, (uint64_t[]){ 5, (uint64_t)&word, 2 }, 1, 0, &left, 77));
	T("waitv other", syscall(449, (uint64_t[]){ 6, (uint64_t)&word, 2 }, 1, 0, &left, CLOCK_MONOTONIC));
	left = later(CLOCK_BOOTTIME, 100 * MILLISECOND);
	T("futex_wait clock", syscall(455, &word, 5UL, -1UL & 0xffffffff, 2 | 128, &left, CLOCK_BOOTTIME));
	left = later(CLOCK_REALTIME, 100 * MILLISECOND);
	L("futex_wait", 0, syscall(455, &word, 5UL, 0xffffffffUL, 2 | 128, &left, CLOCK_REALTIME));
	S("reached", 0, "%d", probe_now(CLOCK_REALTIME) >= length(&left));
	T("futex_wake", syscall(454, &word, 0xffffffffUL, 1, 2 | 128));
}

CALLS(CASE(clocks), CASE(steps), CASE(sleeps), CASE(timers), CASE(descriptors), CASE(intervals), CASE(sockets), CASE(limits))
