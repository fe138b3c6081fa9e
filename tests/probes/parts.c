// SPDX-License-Identifier: GPL-2.0-only
/*
 * A blocking write of more than there is room for: it ends when all of it is written, and each byte is
 * written once. A wait for a time ends at that time. Neither knows of moves in between.
 */
#include "probe.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>

#define SIZE (120 << 10)
#define LINE (16 << 10)	/* to the terminal */
#define PARTS 5

static unsigned char data[SIZE];
/* Far and near end of each way to write. */
static int ends[5][2];

/* Read slowly, and verify: the same bytes of @size, again and again. */
static void reader(int from, size_t size)
{
	static unsigned char buffer[SIZE];
	struct timespec moment = { .tv_nsec = 2 * MILLISECOND };
	size_t got = 0;
	ssize_t length;

	while ((length = read(from, buffer, 1 << 12)) > 0) {
		for (ssize_t i = 0; i < length; i++, got++)
			expect(buffer[i] == (unsigned char)probe_pattern(7, got % size),
			       "byte %zu is %d", got, buffer[i]);
		nanosleep(&moment, NULL);
	}
	expect(got % size == 0, "%zu bytes at the end", got);
	exit(0);
}

/* Start a reader of a far end. */
static pid_t start(int way, size_t size)
{
	pid_t child = probe_helper();

	if (!child) {
		/* It shall see the end when we close ours. */
		for (int i = 0; i < 5; i++)
			close(ends[i][1]);
		reader(ends[way][0], size);
	}
	close(ends[way][0]);
	return child;
}

/* Cut into unequal buffers. */
static void cut(struct iovec *parts)
{
	static const size_t cuts[PARTS + 1] = { 0, 1, 50001, 50001, 90000, SIZE };

	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){ data + cuts[i], cuts[i + 1] - cuts[i] };
}

int main(void)
{
	int pool;
	struct iovec parts[PARTS];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = PARTS };
	struct epoll_event event;
	struct termios raw;
	int64_t begin, waited;
	pid_t children[5];
	ssize_t length;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = probe_pattern(7, i);
	cut(parts);
	for (int i = 0; i < 2; i++) {
		must(pipe(ends[i]));
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends[2 + i]));
	}
	must(openpty(&ends[4][0], &ends[4][1], NULL, NULL, NULL));
	must(tcgetattr(ends[4][1], &raw));
	cfmakeraw(&raw);
	must(tcsetattr(ends[4][1], TCSANOW, &raw));
	for (int i = 0; i < 5; i++)
		children[i] = start(i, i < 4 ? SIZE : LINE);
	pool = must(epoll_create1(0));
	probe_ready();

#define WHOLE(call, size)							\
	do {									\
		length = (call);						\
		expect(length == (size), #call ": %zd, %s", length,		\
		       length < 0 ? strerror(errno) : "short");			\
	} while (0)

	while (probe_more()) {
		WHOLE(write(ends[0][1], data, SIZE), SIZE);
		WHOLE(writev(ends[1][1], parts, PARTS), SIZE);
		WHOLE(send(ends[2][1], data, SIZE, 0), SIZE);
		WHOLE(sendmsg(ends[3][1], &message, MSG_NOSIGNAL), SIZE);
		WHOLE(write(ends[4][1], data, LINE), LINE);
		begin = probe_now(CLOCK_MONOTONIC);
		expect(epoll_wait(pool, &event, 1, 300) == 0, "%s", strerror(errno));
		waited = (probe_now(CLOCK_MONOTONIC) - begin) / MILLISECOND;
		expect(waited >= 300, "waited %ld ms", (long)waited);
	}
	for (int i = 0; i < 5; i++) {
		close(ends[i][1]);
		probe_reap(children[i]);
	}
	return probe_done();
}
