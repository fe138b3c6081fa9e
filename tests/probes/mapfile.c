// SPDX-License-Identifier: GPL-2.0-only
/* Mapped files: read-only and private, pages touched before, during and never before a move. */
#include "probe.h"
#include <fcntl.h>
#include <sys/mman.h>

#define PAGES 1024
#define WORDS (4096 / sizeof(uint64_t))

static char name[] = "/tmp/probe-mapfile.XXXXXX";

static uint64_t *map(int fd, int protection)
{
	return must(mmap(NULL, PAGES * 4096, protection, MAP_PRIVATE, fd, 0));
}

static void verify(const uint64_t *pages, int page, uint64_t seed)
{
	for (size_t i = page * WORDS; i < (page + 1) * WORDS; i += 37)
		expect(pages[i] == probe_pattern(seed, i), "page %d word %zu: %#lx", page, i, pages[i]);
}

int main(void)
{
	int fd = must(mkstemp(name)), round = 0;
	uint64_t page[WORDS], *reading, *writing, *fresh;

	for (int i = 0; i < PAGES; i++) {
		for (size_t j = 0; j < WORDS; j++)
			page[j] = probe_pattern(1, i * WORDS + j);
		expect(write(fd, page, 4096) == 4096, "%s", strerror(errno));
	}
	reading = map(fd, PROT_READ);
	writing = map(fd, PROT_READ | PROT_WRITE);
	for (int i = 0; i < PAGES / 2; i += 2)	/* our own copies of a part */
		for (size_t j = i * WORDS; j < (i + 1) * WORDS; j++)
			writing[j] = probe_pattern(2, j);
	probe_ready();
	while (probe_more()) {
		/* A stretch that was not touched before, until all was. */
		for (int i = 0; i < PAGES / 16; i++)
			verify(reading, (round * PAGES / 16 + i) % PAGES, 1);
		for (int i = 0; i < PAGES; i += 7)
			verify(writing, i, i < PAGES / 2 && i % 2 == 0 ? 2 : 1);
		/* Mapped, changed and unmapped wherever we are; the file must not change. */
		fresh = map(fd, PROT_READ | PROT_WRITE);
		verify(fresh, round % PAGES, 1);
		fresh[round % PAGES * WORDS] = 0;
		must(munmap(fresh, PAGES * 4096));
		round++;
	}
	for (int i = 0; i < PAGES; i++) {
		verify(reading, i, 1);
		expect(pread(fd, page, 4096, i * 4096L) == 4096, "%s", strerror(errno));
		expect(page[0] == probe_pattern(1, i * WORDS), "the file changed at page %d", i);
	}
	must(unlink(name));
	return probe_done();
}
