// SPDX-License-Identifier: GPL-2.0-only
/* A deep stack: it grows by recursion wherever the process is, and every frame keeps its content. */
#include "probe.h"

#define FRAME 4000
#define DEPTH 1000		/* 4 MiB in all: half of the usual limit */

static uint64_t descend(int depth, uint64_t seed)
{
	volatile unsigned char frame[FRAME];
	uint64_t sum;

	for (int i = 0; i < FRAME; i += 50)
		frame[i] = probe_pattern(seed + depth, i);
	/* At every level a little time, so that moves find us at all depths. */
	for (volatile int i = 0; i < 2000; i++)
		;
	sum = depth ? descend(depth - 1, seed) : 0;
	for (int i = 0; i < FRAME; i += 50)
		expect(frame[i] == (unsigned char)probe_pattern(seed + depth, i),
		       "depth %d byte %d", depth, i);
	return sum + frame[0];
}

int main(void)
{
	uint64_t first = descend(10, 1);
	int deeper = 0;

	probe_ready();
	while (probe_more()) {
		deeper = deeper < DEPTH - 100 ? deeper + 100 : DEPTH;
		descend(deeper, deeper);
		expect(descend(10, 1) == first, "another sum");
	}
	descend(DEPTH, 2);
	return probe_done();
}
