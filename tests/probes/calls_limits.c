// SPDX-License-Identifier: GPL-2.0-only
/* The address space under limits, and under a personality. */
#include "calls.h"
#include <setjmp.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define RW (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static sigjmp_buf back;
static volatile int fault_code;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = number * 1000 + info->si_code;
	siglongjmp(back, 1);
}

static void *map(size_t pages)
{
	return must(mmap(NULL, pages * PAGE, RW, ANON, -1, 0));
}

/* No room for anything of ours beside what the program has. */
static void limited(int which)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	int fd = must(open("/dev/zero", O_RDONLY));

	must(setrlimit(which, &limit));
	turn();
	P("map", mmap(NULL, PAGE, RW, ANON, -1, 0));
	D("read", read(fd, area.plain, 5000), area.plain, 5000);
	T("stat", fstat(fd, (struct stat *)area.plain));
}

static void limited_space(void)
{
	limited(RLIMIT_AS);
}

static void limited_data(void)
{
	limited(RLIMIT_DATA);
}

static void __attribute__((noinline)) deep(int pages)
{
	volatile char block[PAGE];

	block[0] = pages;
	if (pages)
		deep(pages - 1);
	block[1] = block[0];
}

/* The space that a stack may take is limited in two ways. */
static void deep_stack(void)
{
	struct rlimit stack = { RLIM_INFINITY, RLIM_INFINITY }, space = { 0, RLIM_INFINITY };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t other = { .ss_sp = map(16), .ss_size = 16 * PAGE };
	FILE *file;

	must(sigaltstack(&other, NULL));
	must(sigaction(SIGSEGV, &action, NULL));
	deep(20);
	must(setrlimit(RLIMIT_STACK, &stack));
	file = fopen("/proc/self/statm", "r");
	expect(file && fscanf(file, "%lu", &space.rlim_cur) == 1, "no size");
	fclose(file);
	space.rlim_cur = (space.rlim_cur + 500) * PAGE;
	must(setrlimit(RLIMIT_AS, &space));
	turn();
	away();
	for (int pages = 400; pages < 2000; pages += 400) {
		fault_code = 0;
		if (!sigsetjmp(back, 1))
			deep(pages);
		S("deep", 0, "%d %d", pages, fault_code);
	}
}

/* Somebody else changes how deep the stack of a process may be, wherever that is. */
static void stack_of_another(void)
{
	const rlim_t sizes[] = { 256 << 10, 8 << 20 };
	struct rlimit none = { 0, 0 }, limit = { 0, RLIM_INFINITY };
	int there[2], go[2], status;
	char byte = 0;
	pid_t child;

	must(pipe(there));
	must(pipe(go));
	for (int to = 0; to < 2; to++) {
		fflush(stdout);
		child = must(fork());
		if (!child) {
			limit.rlim_cur = sizes[!to];
			must(setrlimit(RLIMIT_STACK, &limit));
			must(setrlimit(RLIMIT_CORE, &none));
			away();
			must(write(there[1], &byte, 1));
			must(read(go[0], &byte, 1));
			deep(1000);
			_exit(0);
		}
		must(read(there[0], &byte, 1));
		limit.rlim_cur = sizes[to];
		must(prlimit(child, RLIMIT_STACK, &limit, NULL));
		must(write(go[1], &byte, 1));
		must(waitpid(child, &status, 0));
		S("deep", 0, "%d %#x", (int)sizes[to], status);
	}
}

/* A personality for which what can be read can be executed. */
static void executes(void)
{
	static const char ret = 0xc3;
	char *old, *new;

	must(personality(READ_IMPLIES_EXEC));
	old = map(1);
	*old = ret;
	turn();
	away();
	((void (*)(void))old)();
	new = map(1);
	*new = ret;
	away();
	((void (*)(void))new)();
	T("mprotect", mprotect(old, PAGE, PROT_READ));
	((void (*)(void))old)();
	T("personality", personality(0xffffffff));
}

CALLS(CASE(limited_space), CASE(limited_data), CASE(deep_stack), CASE(stack_of_another), CASE(executes))
