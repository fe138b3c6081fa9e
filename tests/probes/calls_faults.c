// SPDX-License-Identifier: GPL-2.0-only
/* Faults of the program's own, and mappings that are not what they look like. */
#include "calls.h"
#include <setjmp.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <time.h>
#include <linux/membarrier.h>

#define RW (PROT_READ | PROT_WRITE)

static volatile int count;
static sigjmp_buf back;

static void counter(int number)
{
	(void)number;
	count++;
}

static void teller(int number)
{
	(void)number;
	must(write(1, "handler\n", 8));
}

static void escape(int number)
{
	siglongjmp(back, number);
}

static greg_t trap[3];

static void escape_telling(int number, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)info;
	trap[0] = registers[REG_TRAPNO];
	trap[1] = registers[REG_ERR];
	trap[2] = registers[REG_CR2] - (greg_t)area.none;
	siglongjmp(back, number);
}

static void act(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	must(sigaction(number, &action, NULL));
}

/* A child, where all that it does is a fault: how did it end? */
static void fate(const char *name, void (*body)(void))
{
	struct rlimit no_core = { 0, 0 }, small = { 512 << 10, RLIM_INFINITY };
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = must(fork());
	if (!child) {
		must(setrlimit(RLIMIT_CORE, &no_core));
		must(setrlimit(RLIMIT_STACK, &small));
		body();
		_exit(3);
	}
	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	S(name, 0, "%#x", status);
}

static void fault(void)
{
	away();
	*(volatile int *)area.none = 1;
}

static void once(void)
{
	act(SIGSEGV, teller, SA_RESETHAND);
	fault();
}

static void once_inside(void)
{
	act(SIGSEGV, teller, SA_RESETHAND | SA_NODEFER);
	fault();
}

static void divide(void)
{
	volatile int zero = 0;

	act(SIGFPE, teller, SA_RESETHAND);
	away();
	zero = 100 / zero;
}

__attribute__((noinline)) static int recurse(int depth)
{
	volatile char frame[1024];

	frame[depth % 1024] = depth;
	return depth < 0 ? 0 : recurse(depth + 1) + frame[depth % 1024];
}

static void overflow(void)
{
	act(SIGSEGV, teller, 0);
	away();
	recurse(0);
}

static void bad_stack(void)
{
	stack_t stack = { .ss_sp = area.none, .ss_size = PAGE };

	act(SIGSEGV, teller, SA_ONSTACK);
	must(sigaltstack(&stack, NULL));
	fault();
}

static void bad_stack_of_another(void)
{
	stack_t stack = { .ss_sp = area.none, .ss_size = PAGE };

	act(SIGUSR1, teller, SA_ONSTACK);
	act(SIGSEGV, teller, 0);
	must(sigaltstack(&stack, NULL));
	away();
	raise(SIGUSR1);
}

static void fates(void)
{
	fate("once", once);
	fate("once, not blocked inside", once_inside);
	fate("once, a division", divide);
	fate("overflow", overflow);
	fate("no signal stack", bad_stack);
	fate("no signal stack for another", bad_stack_of_another);
}

/* A handler that runs once is forgotten with the fault. */
static void forgotten(void)
{
	struct sigaction action = { .sa_sigaction = escape_telling, .sa_flags = SA_SIGINFO | SA_RESETHAND };

	must(sigaction(SIGSEGV, &action, NULL));
	if (!sigsetjmp(back, 1))
		fault();
	S("trap", 0, "%lld %lld %lld", trap[0], trap[1], trap[2]);
	S("forgotten", sigaction(SIGSEGV, NULL, &action), "%d", action.sa_handler == SIG_DFL);
}

/* The frame of one signal cannot be made while another one waits, and the handler for that runs only once. */
static void waiting(void)
{
	stack_t stack = { .ss_sp = area.none, .ss_size = PAGE };
	struct sigaction action;
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	act(SIGUSR1, counter, SA_ONSTACK);
	act(SIGUSR2, counter, 0);
	act(SIGSEGV, teller, SA_RESETHAND);
	must(sigaltstack(&stack, NULL));
	must(sigprocmask(SIG_BLOCK, &both, NULL));
	must(raise(SIGUSR1));
	must(raise(SIGUSR2));
	T("let through", sigprocmask(SIG_UNBLOCK, &both, NULL));
	S("handlers", 0, "%d", count);
	must(sigprocmask(SIG_BLOCK, NULL, &both));
	S("mask", 0, "%d %d", sigismember(&both, SIGUSR1), sigismember(&both, SIGUSR2));
	S("forgotten", sigaction(SIGSEGV, NULL, &action), "%d", action.sa_handler == SIG_DFL);
}

/* Signals for a program that is always in a function of the vDSO, which makes system calls away from home. */
static void always_asking(void)
{
	struct itimerval timer = { { 0, 3000 }, { 0, 3000 } }, none = { 0 };

	act(SIGALRM, counter, SA_RESTART);
	away();
	must(setitimer(ITIMER_REAL, &timer, NULL));
	while (count < 300)
		time(NULL);
	must(setitimer(ITIMER_REAL, &none, NULL));
	S("time", 0, "%d", count >= 300);
}

/* A file that has no name is no shared memory when it is mapped privately. */
static void nameless(void)
{
	char *p = area.plain, *at;
	int fd = must(open("/tmp", O_TMPFILE | O_RDWR, 0600));

	must(write(fd, p, 3 * PAGE));
	at = P("map", mmap(NULL, 3 * PAGE, RW, MAP_PRIVATE, fd, 0));
	at[0] = '!';
	turn();
	D("file", pread(fd, p, 3 * PAGE, 0), p, 3 * PAGE);
	at[PAGE] = '!';
	D("mapping", 0, at, 3 * PAGE);
	turn();
	D("file", pread(fd, p, 3 * PAGE, 0), p, 3 * PAGE);
	D("mapping", 0, at, 3 * PAGE);
	T("write", pwrite(fd, "new", 3, 2 * PAGE));
	D("mapping", 0, at, 3 * PAGE);
	must(munmap(at, 3 * PAGE));
	must(close(fd));
}

/* Calls that write where a mapping goes on and its file does not. */
static void beyond(void)
{
	int fd = must(open("beyond", O_RDWR | O_CREAT | O_TRUNC, 0644)), ends[2];
	char *at;

	must(write(fd, area.plain, 100));
	at = P("map", mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0));
	must(pipe(ends));
	must(write(ends[1], "0123456789", 10));
	T("beyond the end", read(ends[0], at + PAGE, 4));
	T("across it", read(ends[0], at + PAGE - 2, 4));
	T("before it", read(ends[0], at + 98, 2));
	D("content", 0, at, PAGE);
	T("stat", syscall(SYS_fstat, fd, at + PAGE));
	T("pipe", pipe((int *)(at + PAGE)));
	must(munmap(at, 2 * PAGE));
	must(close(fd));
	must(close(ends[0]));
	must(close(ends[1]));
}

/* Pages of its own beside pages of the file, more than a call carries. */
static void beside(void)
{
	int fd = must(open("beside", O_RDWR | O_CREAT | O_TRUNC, 0644)), copy;
	char *at, *back = must(mmap(NULL, 300 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	fill(back, 300 * PAGE, 0);
	must(write(fd, back, 300 * PAGE));
	copy = must(open("copy", O_RDWR | O_CREAT | O_TRUNC, 0644));
	at = must(mmap(NULL, 300 * PAGE, RW, MAP_PRIVATE, fd, 0));
	for (int i = 1; i < 300; i += 3)
		fill(at + i * PAGE, PAGE, i);
	T("write", write(copy, at, 300 * PAGE));
	D("written", pread(copy, back, 300 * PAGE, 0), back, 300 * PAGE);
	D("read", pread(copy, at + PAGE, 298 * PAGE, 2 * PAGE), at, 300 * PAGE);
	turn();
	D("write", pwrite(copy, at, 300 * PAGE, 0), at, 300 * PAGE);
	D("written", pread(copy, back, 300 * PAGE, 0), back, 300 * PAGE);
	must(munmap(at, 300 * PAGE));
	must(munmap(back, 300 * PAGE));
	must(close(fd));
	must(close(copy));
}

/* What changes before a call fails, is changed. */
static void half(void)
{
	int fd = must(open("half", O_RDWR | O_CREAT | O_TRUNC, 0644)), read_only;
	char *at = must(mmap(NULL, 3 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	must(write(fd, area.plain, PAGE));
	must(close(fd));
	read_only = must(open("half", O_RDONLY));
	must(mmap(at + PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, read_only, 0));
	T("protect", mprotect(at, 3 * PAGE, RW));
	act(SIGSEGV, escape, 0);
	for (volatile int page = 0; page < 3; page++)
		S("write", sigsetjmp(back, 1) ? -1 : (at[page * PAGE] = 1), "%d", page);
	must(munmap(at, 3 * PAGE));
	must(close(read_only));
}

static char *shared(size_t pages)
{
	char *at = must(mmap(NULL, pages * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0));

	fill(at, pages * PAGE, 0);
	return at;
}

/* Shared memory that is mapped in parts shows the same everywhere. */
static void parts(void)
{
	char *one = shared(2), *two;

	T("split", mprotect(one + PAGE, PAGE, PROT_READ));
	turn();
	two = P("grow over", mremap(one, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	D("grown over", 0, two, 2 * PAGE);
	two[PAGE] = '!';
	S("the same", 0, "%c", one[PAGE]);
	must(munmap(two, 2 * PAGE));
	must(munmap(one + PAGE, PAGE));
	one = shared(3);
	T("cut", munmap(one + PAGE, 2 * PAGE));
	turn();
	one = P("grow again", mremap(one, PAGE, 3 * PAGE, MREMAP_MAYMOVE));
	D("grown again", 0, one, 3 * PAGE);
	T("split", mprotect(one + PAGE, 2 * PAGE, PROT_READ));
	turn();
	T("unmap the rest", munmap(one + PAGE, 2 * PAGE));
	one = P("grow again", mremap(one, PAGE, 3 * PAGE, MREMAP_MAYMOVE));
	D("grown again", 0, one, 3 * PAGE);
	turn();
	P("map over", mmap(one + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	one = P("grow over", mremap(one, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	D("grown over", 0, one, 2 * PAGE);
}

static void barriers(void)
{
	T("not registered", syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	T("register", syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	T("barrier", syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	turn();
	T("barrier", syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	T("registrations", syscall(SYS_membarrier, MEMBARRIER_CMD_GET_REGISTRATIONS, 0, 0));
}

/* What is mapped from now on is locked, and has its pages at once. */
static void future(void)
{
	char *at;

	T("lock", mlockall(MCL_FUTURE));
	turn();
	at = P("map", mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	T("heap", sbrk(4 * PAGE) == (void *)-1);
	at[0] = '!';
	T("unlock", munlockall());
	turn();
	D("content", 0, at, 4 * PAGE);
	must(munmap(at, 4 * PAGE));
}

/* Whoever unmaps the vDSO has something else there, and moves all the same. */
static void no_vdso(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from = 0, to = 0;
	char line[256], *at;

	while (maps && !to && fgets(line, sizeof(line), maps))
		if (strstr(line, "[vdso]"))
			expect(sscanf(line, "%lx-%lx", &from, &to) == 2, "%s", line);
	expect(to, "no vDSO");
	fclose(maps);
	T("unmap", munmap((void *)from, to - from));
	at = P("map", mmap((void *)from, to - from, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	if (at == MAP_FAILED)
		return;
	at[0] = '!';
	turn();
	S("at home", 0, "%d", calls_node && calls_at_home());
	S("content", 0, "%c", at[0]);
}

CALLS(CASE(fates), CASE(forgotten), CASE(waiting), CASE(always_asking), CASE(nameless), CASE(beyond), CASE(beside), CASE(half),
      CASE(parts), CASE(barriers), CASE(future), CASE(no_vdso))
