// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocked in a write of more than a request carries, so that home has some of the pages. Each of them has an entry of
 * the list of robust futexes, which the kernel goes through when a task ends.
 */
#include "probe.h"
#include <linux/futex.h>
#include <sys/mman.h>

#define SIZE (4 << 20)
#define PAGE 4096	/* there are fewer pages than the kernel takes entries */

/* Reads slowly, until nobody writes. */
static void helper(int from)
{
	static char block[64 << 10];
	struct timespec moment = { .tv_nsec = 2 * MILLISECOND };

	while (read(from, block, sizeof(block)) > 0)
		nanosleep(&moment, NULL);
	exit(0);
}

int main(void)
{
	struct robust_list_head *head;
	struct robust_list *entry;
	size_t left;
	int ends[2];
	pid_t child;

	must(pipe(ends));
	child = probe_helper();
	if (!child) {
		close(ends[1]);
		helper(ends[0]);
	}
	close(ends[0]);
	head = must(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	entry = &head->list;
	for (size_t at = PAGE; at < SIZE; at += PAGE) {
		entry->next = (struct robust_list *)((char *)head + at);
		entry = entry->next;
	}
	entry->next = &head->list;
	/* Behind each entry is a lock that nobody has. */
	head->futex_offset = sizeof(*entry);
	must(syscall(SYS_set_robust_list, head, sizeof(*head)));
	probe_ready();
	while (probe_more())
		for (left = SIZE; left; left -= must(write(ends[1], (char *)head + SIZE - left, left)))
			;
	must(close(ends[1]));
	probe_reap(child);
	return probe_done();
}
