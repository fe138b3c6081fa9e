// SPDX-License-Identifier: GPL-2.0-only
/* A program that asks for the time and does next to nothing else. The vDSO tells it: it makes no call for that. */
#include "probe.h"

#define ROUND (500 * MILLISECOND)

int main(void)
{
	int64_t before = 0, now, end;

	probe_ready();
	while (probe_more()) {
		end = probe_now(CLOCK_MONOTONIC) + ROUND;
		do {
			now = probe_now(CLOCK_MONOTONIC);
			expect(now >= before, "%lld ns back", (long long)(before - now));
			before = now;
		} while (now < end);
	}
	return probe_done();
}
