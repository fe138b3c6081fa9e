// SPDX-License-Identifier: GPL-2.0-only
/* Much memory (MiB as argument): each page keeps its pattern, rewritten bit by bit, holes stay zero. */
#include "probe.h"
#include <sys/mman.h>

#define WORDS (4096 / sizeof(uint64_t))
#define PART 4096		/* pages in one round */

static uint64_t *memory;
static unsigned char *version;

/* Every eighth page is never written: it must read as zeros. */
static bool hole(size_t page)
{
	return page % 8 == 7;
}

static void verify(size_t page)
{
	for (size_t i = 0; i < WORDS; i += 73) {
		size_t at = page * WORDS + i;
		uint64_t right = hole(page) ? 0 : probe_pattern(version[page], at);

		expect(memory[at] == right, "page %zu word %zu: %#lx instead of %#lx", page, i,
		       memory[at], right);
	}
}

static void fill(size_t page)
{
	for (size_t i = 0; i < WORDS && !hole(page); i++)
		memory[page * WORDS + i] = probe_pattern(version[page], page * WORDS + i);
}

int main(int argc, char **argv)
{
	size_t pages = (argc > 1 ? atol(argv[1]) : 64) * 256, next = 0;

	memory = must(mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
	version = calloc(pages, 1);
	for (size_t i = 0; i < pages; i++)
		fill(i);
	probe_ready();
	while (probe_more()) {
		for (size_t i = 0; i < PART && i < pages; i++, next = (next + 1) % pages) {
			verify(next);
			if (i % 4 == 0) {
				version[next]++;
				fill(next);
			}
		}
	}
	for (size_t i = 0; i < pages; i++)
		verify(i);
	printf("%zu pages\n", pages);
	return probe_done();
}
