// SPDX-License-Identifier: GPL-2.0-only
/* The layout of the address space changes while away: brk, mmap, mprotect, mremap, madvise, fixed maps. */
#include "probe.h"
#include <sys/mman.h>

#define BLOCKS 400
#define AREA (64 * 4096)

static unsigned char *block[BLOCKS];
static size_t size[BLOCKS];

static void fill(int i, uint64_t seed)
{
	for (size_t j = 0; j < size[i]; j += 61)
		block[i][j] = probe_pattern(seed + i, j);
}

static void verify(int i, uint64_t seed)
{
	for (size_t j = 0; j < size[i]; j += 61)
		expect(block[i][j] == (unsigned char)probe_pattern(seed + i, j), "block %d byte %zu", i, j);
}

static unsigned char *area(int protection)
{
	return must(mmap(NULL, AREA, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* Two areas that one kernel may merge and another not: whatever the answer, what is in them is right. */
static void apart(void)
{
	const size_t size = 5 * 4096;
	char *base = must(mmap(NULL, 40 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *first = base + size, *second = base + 4 * size, *far = base + 20 * size, *grown;

	must(mprotect(first, size, PROT_READ | PROT_WRITE));
	must(mprotect(second, size, PROT_READ | PROT_WRITE));
	must(mremap(second, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, far));
	first[0] = 'x';
	far[0] = 'y';
	second = must(mremap(far, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, first + size));
	grown = mremap(first, 2 * size, 3 * size, MREMAP_MAYMOVE);
	if (grown == MAP_FAILED) {
		expect(errno == EFAULT, "%s", strerror(errno));
		grown = first;
	} else if (grown != first) {
		must(munmap(grown + 2 * size, size));
	}
	expect(grown[0] == 'x' && grown[size] == 'y', "%#x %#x", grown[0], grown[size]);
	must(munmap(grown, 2 * size));
	must(munmap(base, 40 * size));
}

int main(void)
{
	uint64_t random = 1;
	void *top = sbrk(0);

	for (int i = 0; i < BLOCKS; i++) {
		size[i] = 1 + probe_pattern(3, i) % 20000;
		block[i] = malloc(size[i]);
		fill(i, 1);
	}
	probe_ready();
	while (probe_more()) {
		unsigned char *low = area(PROT_READ | PROT_WRITE), *moved;

		apart();
		for (int n = 0; n < 40; n++) {
			int i = (random = probe_pattern(random, n)) % BLOCKS;

			verify(i, 1);
			free(block[i]);
			size[i] = 1 + (random >> 20) % (n % 8 ? 20000 : 400000);
			block[i] = malloc(size[i]);
			expect(block[i], "no memory");
			fill(i, 1);
		}
		memset(low, 0x11, AREA);
		must(mprotect(low + AREA / 2, AREA / 2, PROT_READ));
		expect(low[AREA - 1] == 0x11, "%#x", low[AREA - 1]);
		must(madvise(low, AREA / 4, MADV_DONTNEED));
		expect(low[0] == 0 && low[AREA / 4] == 0x11, "%#x %#x", low[0], low[AREA / 4]);
		must(mprotect(low + AREA / 2, AREA / 2, PROT_READ | PROT_WRITE));
		moved = must(mremap(low, AREA, 4 * AREA, MREMAP_MAYMOVE));
		expect(moved[AREA / 2] == 0x11 && moved[AREA] == 0, "%#x", moved[AREA / 2]);
		must(mmap(moved + AREA, AREA, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		moved[AREA + 5] = 5;
		must(munmap(moved + AREA / 2, AREA / 2));
		expect(moved[AREA + 5] == 5 && moved[AREA / 2 - 1] == 0x11, "%#x", moved[AREA + 5]);
		must(munmap(moved, 4 * AREA));
		expect((long)sbrk(8192) != -1 && (long)sbrk(-8192) != -1, "%s", strerror(errno));
	}
	for (int i = 0; i < BLOCKS; i++)
		verify(i, 1);
	expect(sbrk(0) >= top, "%p", sbrk(0));
	return probe_done();
}
