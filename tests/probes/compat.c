// SPDX-License-Identifier: GPL-2.0-only
/* A program of 32 bits, without libraries: it says that it is ready, and sleeps. */

#define WRITE 4
#define PAUSE 29

static long call(long nr, long first, const void *second, long third)
{
	long result;

	asm volatile("int $0x80" : "=a"(result) : "0"(nr), "b"(first), "c"(second), "d"(third) : "memory");
	return result;
}

void _start(void)
{
	call(WRITE, 1, "ready\n", 6);
	for (;;)
		call(PAUSE, 0, 0, 0);
}
