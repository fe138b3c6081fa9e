// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs that the benchmarks run inside nodes.
 *
 *	measure call null|write1|read4k COUNT	nanoseconds of one system call
 *	measure spin COUNT			nanoseconds of a loop that only computes
 *	measure hold MIB			has so much memory, all different, until asked to end
 *	measure serve PORT			the peer of the next two
 *	measure ping ADDRESS PORT OUT IN COUNT	nanoseconds of a round trip of OUT and IN bytes over TCP
 *	measure stream ADDRESS PORT MIB		nanoseconds until so much has arrived
 *
 * call, spin and hold are ready first (see tests/probes/probe.h), may then be moved, and begin when
 * they are asked for a sign of life. The best of several batches is printed: others were disturbed.
 */
#include "../tests/probes/probe.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define BATCHES 5
#define BLOCK 65536

static char block[BLOCK] __attribute__((aligned(4096)));

/* Wait until asked; false when there is nobody any more. */
static bool asked(void)
{
	char byte;

	return probe_ask < 0 || read(probe_ask, &byte, 1) == 1;
}

/* The best batch's time for one of COUNT turns. */
static double best(void (*turn)(void), long count)
{
	double least = 0;

	for (int batch = 0; batch < BATCHES; batch++) {
		int64_t start = probe_now(CLOCK_MONOTONIC), took;

		for (long i = 0; i < count; i++)
			turn();
		took = probe_now(CLOCK_MONOTONIC) - start;
		if (!batch || (double)took / count < least)
			least = (double)took / count;
	}
	return least;
}

static int file;

/* Its answer is home's to give, and takes home no time. */
static void null_call(void)
{
	must(syscall(SYS_umask, 022));
}

static void write1_call(void)
{
	expect(syscall(SYS_write, file, block, 1) == 1, "%s", strerror(errno));
}

static void read4k_call(void)
{
	expect(syscall(SYS_pread64, file, block, 4096, 0) == 4096, "%s", strerror(errno));
}

static int call(const char *which, long count)
{
	void (*turn)(void) = null_call;

	if (!strcmp(which, "write1")) {
		file = must(open("/dev/null", O_WRONLY));
		turn = write1_call;
	} else if (!strcmp(which, "read4k")) {
		char name[] = "/tmp/measure.XXXXXX";

		file = must(mkstemp(name));
		must(unlink(name));
		must(write(file, block, 4096));
		turn = read4k_call;
	}
	probe_ready();
	if (asked())
		printf("%.0f\n", best(turn, count));
	fflush(stdout);
	probe_say("alive", 1);
	asked();
	return 0;
}

static int spin(long count)
{
	int64_t start;
	uint64_t x = 1;

	probe_ready();
	if (!asked())
		return 0;
	start = probe_now(CLOCK_MONOTONIC);
	for (long i = 0; i < count; i++)
		x = x * 6364136223846793005ULL + 1442695040888963407ULL + (x >> 60);
	printf("%ld %lx\n", (long)(probe_now(CLOCK_MONOTONIC) - start), (unsigned long)x);
	fflush(stdout);
	probe_say("alive", 1);
	asked();
	return 0;
}

static int hold(long mebibytes)
{
	size_t words = mebibytes << 17;
	uint64_t *memory = must(mmap(NULL, words * 8, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	for (size_t i = 0; i < words; i++)
		memory[i] = probe_pattern(5, i);
	probe_ready();
	while (asked())
		probe_say("alive", ++probe_answers);
	return 0;
}

static void whole(int stream, size_t size)
{
	while (size) {
		ssize_t part = recv(stream, block, size < BLOCK ? size : BLOCK, 0);

		if (part == 0)
			exit(0);
		size -= must(part);
	}
}

static void send_whole(int stream, size_t size)
{
	while (size)
		size -= must(send(stream, block, size < BLOCK ? size : BLOCK, MSG_NOSIGNAL));
}

static int quick(int stream)
{
	int yes = 1;

	must(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)));
	return stream;
}

/* What the caller wants: so many turns of IN bytes from it and OUT bytes back. */
struct wish {
	uint64_t in, out, count;
};

static int serve(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int listener = must(socket(AF_INET, SOCK_STREAM, 0)), yes = 1;

	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)));
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 4));
	puts("listening");
	fflush(stdout);
	for (;;) {
		int stream = quick(must(accept(listener, NULL, NULL)));
		struct wish wish;

		expect(recv(stream, &wish, sizeof(wish), MSG_WAITALL) == sizeof(wish), "no wish");
		for (uint64_t i = 0; i < wish.count; i++) {
			whole(stream, wish.in);
			send_whole(stream, wish.out);
		}
		must(close(stream));
	}
}

static int stream;
static struct wish wish;

static void ping(void)
{
	send_whole(stream, wish.in);
	whole(stream, wish.out);
}

static int measure(const char *peer, int port, uint64_t out, uint64_t in, long count, int batches)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	expect(inet_pton(AF_INET, peer, &address.sin_addr) == 1, "%s is no address", peer);
	stream = quick(must(socket(AF_INET, SOCK_STREAM, 0)));
	must(connect(stream, (struct sockaddr *)&address, sizeof(address)));
	wish = (struct wish){ out, in, count * batches };
	must(send(stream, &wish, sizeof(wish), 0));
	if (batches == BATCHES) {
		printf("%.0f\n", best(ping, count));
	} else {
		int64_t start = probe_now(CLOCK_MONOTONIC);

		ping();
		printf("%ld\n", (long)(probe_now(CLOCK_MONOTONIC) - start));
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "call") && argc == 4)
		return call(argv[2], atol(argv[3]));
	if (!strcmp(what, "spin") && argc == 3)
		return spin(atol(argv[2]));
	if (!strcmp(what, "hold") && argc == 3)
		return hold(atol(argv[2]));
	if (!strcmp(what, "serve") && argc == 3)
		return serve(atoi(argv[2]));
	if (!strcmp(what, "ping") && argc == 7)
		return measure(argv[2], atoi(argv[3]), atol(argv[4]), atol(argv[5]), atol(argv[6]), BATCHES);
	if (!strcmp(what, "stream") && argc == 5)
		return measure(argv[2], atoi(argv[3]), (uint64_t)atol(argv[4]) << 20, 1, 1, 1);
	fputs("usage: see the head of measure.c\n", stderr);
	return 2;
}
