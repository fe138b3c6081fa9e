// SPDX-License-Identifier: GPL-2.0-only
/*
 * A blocking write of more than there is room for: it ends when all of it is written, and each byte is
 * written once. A receive that waits for all, or for as much as its socket is told to, ends when that is there. A
 * wait for a time ends at that time. None knows of moves in between.
 */
#include "probe.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <termios.h>

#define SIZE (120 << 10)
#define LINE (16 << 10)	/* to the terminal */
#define PARTS 5
#define MESSAGES 12
#define PIECE (SIZE / MESSAGES)	/* a message to send */

/* The ways out are those up to TERMINAL, the ways in those behind it. */
enum way {
	WRITE, WRITEV, PWRITEV2, SEND, SENDMSG, SENDMMSG, SENDFILE, SENDFILE_AT, SPLICE, TERMINAL,
	RECV, RECVMSG, RECVMMSG, PEEK, READ, PREADV2, LEAST, WAYS
};

static unsigned char data[SIZE], received[SIZE];
/* Far and near end of each way. */
static int ends[WAYS][2];

/* Read slowly, and verify: the same bytes of @size, again and again. */
static void reader(int from, size_t size, size_t piece)
{
	static unsigned char buffer[SIZE];
	struct timespec moment = { .tv_nsec = 2 * MILLISECOND };
	size_t got = 0;
	ssize_t length;

	while ((length = read(from, buffer, piece)) > 0) {
		for (ssize_t i = 0; i < length; i++, got++)
			expect(buffer[i] == (unsigned char)probe_pattern(7, got % size),
			       "byte %zu is %d", got, buffer[i]);
		nanosleep(&moment, NULL);
	}
	expect(got % size == 0, "%zu bytes at the end", got);
	exit(0);
}

/* Write slowly, the same again and again, until nobody reads. */
static void writer(int to, size_t size, size_t piece)
{
	struct timespec moment = { .tv_nsec = 2 * MILLISECOND };

	while (send(to, data, piece, MSG_NOSIGNAL) > 0) {
		for (size_t at = piece; at < size; at += piece) {
			nanosleep(&moment, NULL);
			if (send(to, data + at, piece, MSG_NOSIGNAL) <= 0)
				exit(0);
		}
	}
	exit(0);
}

/* Start who is at a far end. */
static pid_t start(enum way way)
{
	pid_t child = probe_helper();

	if (!child) {
		/* It shall see the end when we close ours. */
		for (int i = 0; i < WAYS; i++)
			close(ends[i][1]);
		if (way <= TERMINAL)
			reader(ends[way][0], way == TERMINAL ? LINE : SIZE, way == SENDMMSG ? PIECE : 4 << 10);
		else if (way == RECVMMSG)
			writer(ends[way][0], MESSAGES, 1);
		else
			writer(ends[way][0], SIZE, 4 << 10);
	}
	close(ends[way][0]);
	return child;
}

/* Only TCP waits for all that it is to look at, and throws away what it is told to. */
static void tcp(int pair[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = must(socket(AF_INET, SOCK_STREAM, 0));
	socklen_t length = sizeof(at);

	must(bind(listener, (struct sockaddr *)&at, sizeof(at)));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&at, &length));
	pair[0] = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(pair[0], (struct sockaddr *)&at, sizeof(at)));
	pair[1] = must(accept(listener, NULL, NULL));
	must(close(listener));
}

/* Cut into unequal buffers. */
static void cut(struct iovec *parts, unsigned char *whole)
{
	static const size_t cuts[PARTS + 1] = { 0, 1, 50001, 50001, 90000, SIZE };

	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){ whole + cuts[i], cuts[i + 1] - cuts[i] };
}

/* What has come is what was sent, and is forgotten. */
static void verify(const char *call)
{
	for (size_t i = 0; i < SIZE; i++)
		expect(received[i] == data[i], "%s: byte %zu is %d", call, i, received[i]);
	memset(received, 0, SIZE);
}

int main(void)
{
	struct iovec parts[PARTS], room[PARTS], bytes[MESSAGES], pieces[MESSAGES];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = PARTS };
	struct msghdr wanted = { .msg_iov = room, .msg_iovlen = PARTS };
	struct mmsghdr messages[MESSAGES], sent[MESSAGES];
	static const int types[WAYS] = { [SENDMMSG] = SOCK_SEQPACKET, [RECVMMSG] = SOCK_DGRAM };
	struct epoll_event event;
	struct termios raw;
	int64_t begin, waited;
	pid_t children[WAYS];
	ssize_t length;
	int pool, file, hose[2];
	off_t at;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = probe_pattern(7, i);
	cut(parts, data);
	cut(room, received);
	memset(messages, 0, sizeof(messages));
	memset(sent, 0, sizeof(sent));
	for (int i = 0; i < MESSAGES; i++) {
		bytes[i] = (struct iovec){ received + i, 1 };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &bytes[i], .msg_iovlen = 1 };
		pieces[i] = (struct iovec){ data + i * PIECE, PIECE };
		sent[i].msg_hdr = (struct msghdr){ .msg_iov = &pieces[i], .msg_iovlen = 1 };
	}
	file = must(memfd_create("parts", 0));
	must(write(file, data, SIZE));
	must(pipe(hose));
	must(fcntl(hose[1], F_SETPIPE_SZ, 2 * SIZE));
	for (int i = 0; i < WAYS; i++) {
		if (i == WRITE || i == WRITEV || i == PWRITEV2)
			must(pipe(ends[i]));
		else if (i == TERMINAL)
			must(openpty(&ends[i][0], &ends[i][1], NULL, NULL, NULL));
		else if (i == PEEK)
			tcp(ends[i]);
		else
			must(socketpair(AF_UNIX, types[i] ?: SOCK_STREAM, 0, ends[i]));
	}
	/* It does not take all of them at once. */
	must(setsockopt(ends[SENDMMSG][1], SOL_SOCKET, SO_SNDBUF, &(int){ 2 * PIECE }, sizeof(int)));
	for (int i = READ; i <= LEAST; i++)
		must(setsockopt(ends[i][1], SOL_SOCKET, SO_RCVLOWAT, &(int){ SIZE }, sizeof(int)));
	must(tcgetattr(ends[TERMINAL][1], &raw));
	cfmakeraw(&raw);
	must(tcsetattr(ends[TERMINAL][1], TCSANOW, &raw));
	for (int i = 0; i < WAYS; i++)
		children[i] = start(i);
	pool = must(epoll_create1(0));
	probe_ready();

#define WHOLE(call, size)							\
	do {									\
		length = (call);						\
		expect(length == (size), #call ": %zd, %s", length,		\
		       length < 0 ? strerror(errno) : "short");			\
	} while (0)

	while (probe_more()) {
		WHOLE(write(ends[WRITE][1], data, SIZE), SIZE);
		WHOLE(writev(ends[WRITEV][1], parts, PARTS), SIZE);
		WHOLE(pwritev2(ends[PWRITEV2][1], parts, PARTS, -1, 0), SIZE);
		WHOLE(send(ends[SEND][1], data, SIZE, 0), SIZE);
		WHOLE(sendmsg(ends[SENDMSG][1], &message, MSG_NOSIGNAL), SIZE);
		WHOLE(sendmmsg(ends[SENDMMSG][1], sent, MESSAGES, 0), MESSAGES);
		for (int i = 0; i < MESSAGES; i++) {
			expect(sent[i].msg_len == PIECE, "message %d has %u bytes", i, sent[i].msg_len);
			sent[i].msg_len = 0;
		}
		must(lseek(file, 0, SEEK_SET));
		WHOLE(sendfile(ends[SENDFILE][1], file, NULL, SIZE), SIZE);
		expect(lseek(file, 0, SEEK_CUR) == SIZE, "the file is not at its end");
		at = 0;
		WHOLE(sendfile(ends[SENDFILE_AT][1], file, &at, SIZE), SIZE);
		expect(at == SIZE, "the offset is %ld", (long)at);
		WHOLE(write(hose[1], data, SIZE), SIZE);
		WHOLE(splice(hose[0], NULL, ends[SPLICE][1], NULL, 2 * SIZE, 0), SIZE);
		WHOLE(write(ends[TERMINAL][1], data, LINE), LINE);
		must(lseek(file, 0, SEEK_SET));
		WHOLE(sendfile(ends[TERMINAL][1], file, NULL, LINE), LINE);
		WHOLE(write(hose[1], data, LINE), LINE);
		WHOLE(splice(hose[0], NULL, ends[TERMINAL][1], NULL, 2 * LINE, 0), LINE);

		WHOLE(recv(ends[RECV][1], received, SIZE, MSG_WAITALL), SIZE);
		verify("recv");
		WHOLE(recvmsg(ends[RECVMSG][1], &wanted, MSG_WAITALL), SIZE);
		verify("recvmsg");
		WHOLE(recv(ends[PEEK][1], received, PIECE, MSG_PEEK | MSG_WAITALL), PIECE);
		expect(!memcmp(received, data, PIECE), "other bytes are to be seen");
		WHOLE(recv(ends[PEEK][1], received, PIECE, MSG_WAITALL), PIECE);
		expect(!memcmp(received, data, PIECE), "other bytes were received");
		WHOLE(recv(ends[PEEK][1], NULL, SIZE - PIECE, MSG_TRUNC | MSG_WAITALL), SIZE - PIECE);
		WHOLE(read(ends[READ][1], received, SIZE), SIZE);
		verify("read");
		WHOLE(preadv2(ends[PREADV2][1], room, PARTS, -1, 0), SIZE);
		verify("preadv2");
		WHOLE(recvmsg(ends[LEAST][1], &wanted, 0), SIZE);
		verify("recvmsg of the least");
		WHOLE(recvmmsg(ends[RECVMMSG][1], messages, MESSAGES, 0, NULL), MESSAGES);
		expect(!memcmp(received, data, MESSAGES), "messages are missing");
		memset(received, 0, MESSAGES);

		begin = probe_now(CLOCK_MONOTONIC);
		expect(epoll_wait(pool, &event, 1, 300) == 0, "%s", strerror(errno));
		waited = (probe_now(CLOCK_MONOTONIC) - begin) / MILLISECOND;
		expect(waited >= 300, "waited %ld ms", (long)waited);
	}
	for (int i = 0; i < WAYS; i++) {
		close(ends[i][1]);
		probe_reap(children[i]);
	}
	return probe_done();
}
