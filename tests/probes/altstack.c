// SPDX-License-Identifier: GPL-2.0-only
/* Faults of the process itself, handled on an alternate stack, left by return and by siglongjmp. */
#include "probe.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK 65536

static char *stack, *guarded;
static volatile int faults, wrong;
static sigjmp_buf out;

static void fault(int number, siginfo_t *info, void *context)
{
	char here;

	(void)context;
	wrong = number != SIGSEGV || info->si_addr != guarded + 100 || info->si_code != SEGV_ACCERR ||
		&here < stack || &here >= stack + STACK;
	faults++;
	if (faults % 2)
		siglongjmp(out, 1);
	must(mprotect(guarded, 4096, PROT_READ | PROT_WRITE));
}

static void divided(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	wrong = number != SIGFPE || info->si_code != FPE_INTDIV;
	user->uc_mcontext.gregs[REG_RCX] = 7;	/* and the division is tried again */
}

static unsigned int divide(unsigned int by)
{
	unsigned int quotient = 700, rest = 0;

	asm volatile("divl %%ecx" : "+a"(quotient), "+d"(rest), "+c"(by) : : "cc");
	return quotient;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t alternate, found;
	volatile int expected = 0;

	stack = must(mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	guarded = must(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	alternate = (stack_t){ .ss_sp = stack, .ss_size = STACK };
	must(sigaltstack(&alternate, NULL));
	must(sigaction(SIGSEGV, &action, NULL));
	action.sa_sigaction = divided;
	must(sigaction(SIGFPE, &action, NULL));
	probe_ready();
	while (probe_more()) {
		must(mprotect(guarded, 4096, PROT_NONE));
		if (!sigsetjmp(out, 1))
			guarded[100] = 1;
		expect(faults == ++expected, "%d", faults);
		expect(!wrong, "wrong siginfo or stack");
		guarded[100] = 2;
		expect(faults == ++expected, "%d", faults);
		expect(!wrong, "wrong siginfo or stack");
		expect(guarded[100] == 2, "%d", guarded[100]);
		must(sigaltstack(NULL, &found));
		expect(found.ss_sp == stack && found.ss_size == STACK && !found.ss_flags, "%p",
		       found.ss_sp);
		expect(divide(0) == 100, "the handler's registers were lost");
		expect(!wrong, "wrong siginfo of SIGFPE");
		for (volatile int i = 0; i < 1000000; i++)
			;
	}
	return probe_done();
}
