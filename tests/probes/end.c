// SPDX-License-Identifier: GPL-2.0-only
/* Ways to end: by exit status, by a signal of its own making, by a fault. Argument: which. */
#include "probe.h"
#include <sys/resource.h>

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "exit";
	struct rlimit none = { 0, 0 };

	must(setrlimit(RLIMIT_CORE, &none));
	probe_ready();
	while (probe_more())
		for (volatile int i = 0; i < 1000000; i++)
			;
	puts("the last words");
	fflush(stdout);
	if (!strcmp(how, "abort"))
		abort();
	if (!strcmp(how, "segv"))
		*(volatile int *)8 = 1;
	if (!strcmp(how, "ill"))
		asm volatile("ud2");
	if (!strcmp(how, "fpe")) {
		volatile int dividend = 700, zero = 0;

		dividend /= zero;
	}
	if (!strcmp(how, "trap"))
		asm volatile("int3");
	if (!strcmp(how, "term"))
		raise(SIGTERM);
	if (!strcmp(how, "xcpu")) {
		struct rlimit second = { 1, 1 };

		must(setrlimit(RLIMIT_CPU, &second));
		for (;;)
			;
	}
	return 42;
}
