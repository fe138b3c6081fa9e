// SPDX-License-Identifier: GPL-2.0-only
/* Shared memory with one mapper: moves as memory, and is still shared when a child comes. */
#include "probe.h"
#include <sys/mman.h>

#define WORDS (1 << 17)

int main(void)
{
	uint64_t *words = must(mmap(NULL, WORDS * 8, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	uint64_t seed = 1;
	pid_t child;

	for (int i = 0; i < WORDS; i++)
		words[i] = probe_pattern(seed, i);
	probe_ready();
	while (probe_more()) {
		for (int i = 0; i < WORDS; i++)
			expect(words[i] == probe_pattern(seed, i), "word %d is %#lx", i, words[i]);
		seed++;
		for (int i = 0; i < WORDS; i++)
			words[i] = probe_pattern(seed, i);
	}
	child = probe_helper();
	if (!child) {
		if (words[5] != probe_pattern(seed, 5))
			_exit(2);
		words[7] = 0x5ec0dL;
		_exit(0);
	}
	probe_reap(child);
	expect(words[7] == 0x5ec0dL, "the child's word is %#lx", words[7]);
	return probe_done();
}
