// SPDX-License-Identifier: GPL-2.0-only
/* Pipes: blocked in read until a slow helper answers, blocked in write until it has read. */
#include "probe.h"

#define BLOCK 150000		/* more than a pipe holds */

static void whole(ssize_t (*io)(int, void *, size_t), int fd, unsigned char *data, size_t size)
{
	while (size) {
		ssize_t part = io(fd, data, size);

		if (part == 0)
			exit(0);
		expect(part > 0, "%s", strerror(errno));
		data += part;
		size -= part;
	}
}

static ssize_t put(int fd, void *data, size_t size)
{
	return write(fd, data, size);
}

/* Reads a block, thinks for a while, and sends it back inverted. */
static void helper(int in, int out)
{
	static unsigned char block[BLOCK];
	struct timespec thought = { .tv_nsec = 30 * MILLISECOND };

	for (;;) {
		whole(read, in, block, BLOCK);
		for (int i = 0; i < BLOCK; i++)
			block[i] = ~block[i];
		nanosleep(&thought, NULL);
		whole(put, out, block, BLOCK);
	}
}

int main(void)
{
	static unsigned char block[BLOCK];
	int there[2], back[2];
	uint64_t seed = 0;
	pid_t child;

	must(pipe(there));
	must(pipe(back));
	child = probe_helper();
	if (!child) {
		close(there[1]);
		close(back[0]);
		helper(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	probe_ready();
	while (probe_more()) {
		seed++;
		for (int i = 0; i < BLOCK; i++)
			block[i] = probe_pattern(seed, i);
		whole(put, there[1], block, BLOCK);
		whole(read, back[0], block, BLOCK);
		for (int i = 0; i < BLOCK; i++)
			expect(block[i] == (unsigned char)~probe_pattern(seed, i),
			       "byte %d is %#x", i, block[i]);
	}
	/* The helper must see the end of the pipe when we close it, not later. */
	must(close(there[1]));
	probe_reap(child);
	return probe_done();
}
