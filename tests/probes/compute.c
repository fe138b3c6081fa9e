// SPDX-License-Identifier: GPL-2.0-only
/* Computing: integers, SSE and x87 with unusual rounding modes, thread-local storage. */
#include "probe.h"
#include <math.h>
#include <xmmintrin.h>

#define ROUNDING_DOWN 0x3f80
#define X87_UP_DOUBLE 0x0a7f

static __thread uint64_t local = 0x10ca1;

/* noipa: the compiler must not know that they always give the same. */
__attribute__((noipa))
static uint64_t integers(void)
{
	uint64_t x = 1;

	for (int i = 0; i < 1000000; i++)
		x = x * 6364136223846793005ULL + 1442695040888963407ULL + (x >> 60);
	return x;
}

__attribute__((noipa))
static double series(void)
{
	double sum = 0;

	for (int i = 1; i < 200000; i++)
		sum += 1.0 / i + sqrt(i) * 1e-7;
	return sum;
}

__attribute__((noipa))
static long double wide(void)
{
	long double sum = 0;

	for (int i = 1; i < 100000; i++)
		sum += 1.0L / i;
	return sum;
}

int main(void)
{
	unsigned short control = X87_UP_DOUBLE, control_now;
	uint64_t first_integers;
	double first_series;
	long double first_wide;

	_mm_setcsr(ROUNDING_DOWN);
	asm volatile("fldcw %0" : : "m"(control));
	first_integers = integers();
	first_series = series();
	first_wide = wide();
	probe_ready();
	while (probe_more()) {
		uint64_t i = integers();
		double s = series();
		long double w = wide();

		expect(i == first_integers, "%#lx", i);
		expect(s == first_series, "%.17g", s);
		expect(w == first_wide, "%.21Lg", w);
		expect((_mm_getcsr() & ~0x3f) == ROUNDING_DOWN, "%#x", _mm_getcsr());
		asm volatile("fnstcw %0" : "=m"(control_now));
		expect(control_now == control, "%#x", control_now);
		expect(local == 0x10ca1, "%#lx", local);
	}
	_mm_setcsr(0x1f80);
	asm volatile("fninit");
	printf("%016lx %a\n", first_integers, first_series);
	return probe_done();
}
