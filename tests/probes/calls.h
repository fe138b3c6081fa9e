/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the calls_*.c probes share: long tables of small cases, each a few system calls with
 * particular arguments, of which one line a call is printed:
 *
 *	name: result error digest-of-what-came-back
 *
 * Nothing in it may vary from run to run: no addresses, times or pids. What a process prints that
 * was moved must be what it prints unmoved.
 *
 * Each case is a process of its own. With `there NODE` it sends itself to that node before each call
 * (some calls bring it home), and home and back wherever a case says turn(). With `about NODE` it is
 * sent there and back all the time, whatever it is doing.
 */
#ifndef CALLS_H
#define CALLS_H

#include "probe.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Wrong arguments are what this is about. */
#pragma GCC diagnostic ignored "-Wnonnull"
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Warray-bounds"

#define PAGE 4096

/* The node to be at before each call, and the one to be sent to all the time; if any. */
static const char *calls_node, *calls_about;

/* A case. */
struct calls_case {
	const char *name;
	void (*run)(void);
	bool stays;	/* it ends with something that keeps it at home */
};

#define CASE(name) { #name, name, false }
#define STAYS(name) { #name, name, true }

static void calls_go(const char *to)
{
	int fd = open("/proc/self/goto", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* It may have to stay: then the case runs here. */
	if (write(fd, to, strlen(to)) < 0)
		errno = 0;
	close(fd);
}

static bool calls_at_home(void)
{
	int fd = open("/proc/self/where", O_RDONLY | O_CLOEXEC);
	char where[16] = "";

	if (fd < 0)
		return false;
	if (read(fd, where, sizeof(where) - 1) < 0)
		errno = 0;
	close(fd);
	return atoi(where) == 0;
}

/* Be where the program was told to be. */
static void away(void)
{
	if (calls_node && calls_at_home())
		calls_go(calls_node);
	errno = 0;
}

/* Home and away again: what a case has made so far crosses two moves. */
__attribute__((unused))
static void turn(void)
{
	if (!calls_node)
		return;
	calls_go("home");
	away();
}

/* A short name of some bytes. */
__attribute__((unused))
static unsigned long digest(const void *data, size_t length)
{
	const unsigned char *byte = data;
	uint64_t value = 0xcbf29ce484222325ULL;

	while (length--)
		value = (value ^ *byte++) * 0x100000001b3ULL;
	return value ^ value >> 32;
}

static void calls_result(const char *name, long result)
{
	if (result == -1 && errno)
		printf("%s: %s", name, strerrorname_np(errno));
	else
		printf("%s: %ld", name, result);
}

static void calls_end(void)
{
	printf("\n");
	fflush(stdout);
}

/* A call, and its result. */
#define T(name, call)							\
	do {								\
		long calls_value;					\
		away();							\
		calls_value = (long)(call);				\
		calls_result(name, calls_value);			\
		calls_end();						\
	} while (0)

/* A call, and what it left in some memory. */
#define D(name, call, memory, length)					\
	do {								\
		long calls_value;					\
		away();							\
		calls_value = (long)(call);				\
		calls_result(name, calls_value);			\
		printf(" %08x", (unsigned int)digest(memory, length));	\
		calls_end();						\
	} while (0)

/* A call, and what else is worth saying: a format and its arguments. */
#define S(name, call, ...)						\
	do {								\
		long calls_value;					\
		away();							\
		calls_value = (long)(call);				\
		calls_result(name, calls_value);			\
		printf(" " __VA_ARGS__);				\
		calls_end();						\
	} while (0)

/* A call that gives an address: it succeeded, or why not. */
#define P(name, call)							\
	({								\
		char *calls_place;					\
		away();							\
		calls_place = (char *)(call);				\
		calls_result(name, calls_place == (char *)-1 ? -1 : 0);	\
		calls_end();						\
		calls_place;						\
	})

#define NEVER ((void *)0x0000600000000000UL)	/* in the middle of nowhere */
#define KERNEL ((void *)0xffff888000000000UL)

/* Memory of all kinds, made before the first move, filled with a pattern. */
static struct {
	char *plain;	/* four pages that can be written */
	char *edge;	/* the end of the same; nothing is mapped behind it */
	char *none;	/* a page that cannot be accessed, behind it one that can be written */
	char *readonly;	/* a page, behind one that can be written and before another */
} area;

__attribute__((unused))
static void fill(void *to, size_t length, int seed)
{
	char *byte = to;

	for (size_t i = 0; i < length; i++)
		byte[i] = 'a' + (i * 7 + i / 26 + seed) % 26;
}

static void calls_memory(void)
{
	/* Far from where mmap() would look for a place, lest something fills the gap. */
	char *base = mmap((void *)0x10000000, 16 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	expect(base != MAP_FAILED, "%s", strerror(errno));
	fill(base, 16 * PAGE, 0);
	area.plain = base;
	area.edge = base + 4 * PAGE;
	area.none = base + 6 * PAGE;
	area.readonly = base + 9 * PAGE;
	must(munmap(area.edge, PAGE));
	must(mprotect(area.none, PAGE, PROT_NONE));
	must(mprotect(area.readonly, PAGE, PROT_READ));
}

/* Milliseconds that a case may take. */
#define CALLS_PATIENCE 180000

/* How often a case is repeated at most that is moved at any moment, and how many moves are enough. */
#define CALLS_ROUNDS 5
#define CALLS_MOVES 6

/* Milliseconds that it works at one place. */
#define CALLS_DWELL 10

static char calls_directory[] = "/tmp/probe-calls.XXXXXX";

/* A case must not run at home without anybody noticing. */
static void calls_verify(const struct calls_case *one)
{
	char why[256] = "";
	int fd;

	if (!calls_node || one->stays)
		return;
	away();
	if (!calls_at_home())
		return;
	fd = open("/proc/self/cantmove", O_RDONLY);
	if (read(fd, why, sizeof(why) - 1) <= 0)
		strcpy(why, "no reason\n");
	printf("%s: stays at home: %s", one->name, why);
}

/* The number in a file of a process in /proc; zero when it has gone. */
static long calls_number(pid_t pid, const char *name)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return atol(text);
}

/* Send a process to the other place. */
static void calls_send(pid_t pid)
{
	const char *to = calls_number(pid, "where") ? "home" : calls_about;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/goto", pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* It may have ended, or have to stay. */
	if (write(fd, to, strlen(to)) < 0)
		errno = 0;
	close(fd);
}

/* Wait for the end of a case, which must not take for ever; how often it moved. */
static long calls_await(const struct calls_case *one, pid_t child)
{
	int64_t end = probe_now(CLOCK_MONOTONIC) + CALLS_PATIENCE * MILLISECOND;
	struct pollfd ended = { must(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0 };
	long moves = 0, now;

	for (;;) {
		now = calls_number(child, "nmigs");
		/* Let it work a little at each place. */
		if (calls_about && now == moves)
			calls_send(child);
		moves = now > moves ? now : moves;
		if (must(poll(&ended, 1, CALLS_DWELL)))
			break;
		if (probe_now(CLOCK_MONOTONIC) > end) {
			printf("%s: no end\n", one->name);
			must(kill(child, SIGKILL));
			break;
		}
	}
	must(close(ended.fd));
	return moves;
}

/* The process of a case. */
__attribute__((noreturn))
static void calls_child(const struct calls_case *one, int round, int out)
{
	char directory[64];

	must(dup2(out, STDOUT_FILENO));
	/* Descriptors have the same numbers in all runs. */
	must(close_range(3, ~0U, 0));
	snprintf(directory, sizeof(directory), "%s.%d", one->name, round);
	must(mkdir(directory, 0755));
	must(chdir(directory));
	away();
	/* A short case would have ended by the time that the other place has been asked. */
	if (calls_about && round > 1)
		calls_send(getpid());
	one->run();
	calls_verify(one);
	fflush(stdout);
	_exit(0);
}

/* Runs a case; the file that it has printed to. */
static int calls_once(const struct calls_case *one, int round, long *moves)
{
	int out = must(memfd_create("out", 0)), status;
	pid_t child;

	fflush(stdout);
	child = must(fork());
	if (!child)
		calls_child(one, round, out);
	*moves += calls_await(one, child);
	must(waitpid(child, &status, 0));
	if (status)
		dprintf(out, "%s: status %#x\n", one->name, status);
	return out;
}

static void calls_print(int out)
{
	char text[4096];
	ssize_t length;

	must(lseek(out, 0, SEEK_SET));
	while ((length = must(read(out, text, sizeof(text)))))
		fwrite(text, length, 1, stdout);
}

/* Did two rounds print the same? */
static bool calls_same(int one, int two)
{
	char first[65536], second[65536];
	ssize_t length = must(pread(one, first, sizeof(first), 0));

	return must(pread(two, second, sizeof(second), 0)) == length && !memcmp(first, second, length);
}

/* Each case runs in a process of its own, and several times if moves come at any moment; how often it moved. */
static long calls_do(const struct calls_case *one)
{
	int first, next;
	long moves = 0;

	printf("== %s\n", one->name);
	first = calls_once(one, 1, &moves);
	calls_print(first);
	for (int round = 2; calls_about && round <= CALLS_ROUNDS && moves < CALLS_MOVES; round++) {
		next = calls_once(one, round, &moves);
		if (!calls_same(first, next)) {
			printf("== %s, round %d\n", one->name, round);
			calls_print(next);
		}
		must(close(next));
	}
	must(close(first));
	return moves;
}

/* Run the cases: `probe-calls_x [there NODE|about NODE|here 0 [CASE…]]`. */
static int calls_run(int argc, char **argv, const struct calls_case *cases, size_t count)
{
	unsigned long moves = 0;

	setvbuf(stdout, NULL, _IOFBF, 65536);
	if (argc > 2 && !strcmp(argv[1], "there"))
		calls_node = argv[2];
	if (argc > 2 && !strcmp(argv[1], "about"))
		calls_about = argv[2];
	expect(mkdtemp(calls_directory), "%s", strerror(errno));
	must(chdir(calls_directory));
	umask(022);
	calls_memory();
	probe_ready();
	for (size_t i = 0; i < count; i++) {
		bool wanted = argc < 4;

		for (int j = 3; j < argc; j++)
			wanted |= !strcmp(argv[j], cases[i].name);
		if (wanted)
			moves += calls_do(cases + i);
	}
	fflush(stdout);
	if ((calls_node || calls_about) && argc < 4)
		expect(moves > count, "only %lu moves", moves);
	if (getenv("CALLS_MOVES"))
		fprintf(stderr, "%lu moves\n", moves);
	must(chdir("/"));
	execl("/bin/rm", "rm", "-rf", calls_directory, NULL);
	return 1;
}

#define CALLS(...)							\
	int main(int argc, char **argv)					\
	{								\
		static const struct calls_case cases[] = { __VA_ARGS__ };	\
									\
		return calls_run(argc, argv, cases, sizeof(cases) / sizeof(*cases));	\
	}

#endif
