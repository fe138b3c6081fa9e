// SPDX-License-Identifier: GPL-2.0-only
/* A TCP connection: stream both ways, peek, timeout, options and names, orderly shutdown. */
#include "probe.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define BLOCK 40000

static void serve(int listener)
{
	static char block[BLOCK];
	int peer = must(accept(listener, NULL, NULL));
	ssize_t size;

	while ((size = recv(peer, block, BLOCK, 0)) > 0)
		for (ssize_t sent = 0; sent < size;)
			sent += must(send(peer, block + sent, size - sent, 0));
	exit(size ? 1 : 0);
}

int main(void)
{
	static unsigned char block[BLOCK], echo[BLOCK];
	struct sockaddr_in address = { .sin_family = AF_INET }, found;
	socklen_t length = sizeof(address);
	struct timeval timeout = { .tv_usec = 20000 };
	int listener = must(socket(AF_INET, SOCK_STREAM, 0)), stream, value = 1;
	uint64_t seed = 0;
	pid_t child;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	must(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&address, &length));
	child = probe_helper();
	if (!child)
		serve(listener);
	must(close(listener));
	stream = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(stream, (struct sockaddr *)&address, sizeof(address)));
	must(setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)));
	must(setsockopt(stream, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)));
	probe_ready();
	while (probe_more()) {
		struct iovec parts[2] = { { block, 1000 }, { block + 1000, BLOCK - 1000 } };
		struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
		size_t got = 0;

		/* Nothing is under way: a read with a timeout must end by itself. */
		expect(recv(stream, echo, 1, 0) < 0 && errno == EAGAIN, "%s", strerror(errno));
		seed++;
		for (int i = 0; i < BLOCK; i++)
			block[i] = probe_pattern(seed, i);
		expect(sendmsg(stream, &message, 0) == BLOCK, "%s", strerror(errno));
		while (got < BLOCK) {
			ssize_t part = recv(stream, echo + got, BLOCK - got, got ? 0 : MSG_PEEK);

			if (part < 0 && errno == EAGAIN)
				continue;
			expect(part > 0, "%s", strerror(errno));
			if (!got)
				part = must(recv(stream, echo, part, 0));
			got += part;
		}
		expect(!memcmp(block, echo, BLOCK), "other bytes came back");
		length = sizeof(found);
		must(getpeername(stream, (struct sockaddr *)&found, &length));
		expect(found.sin_port == address.sin_port, "%d", ntohs(found.sin_port));
		length = sizeof(value);
		must(getsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &value, &length));
		expect(value, "TCP_NODELAY was lost");
	}
	must(shutdown(stream, SHUT_WR));
	value = recv(stream, echo, 1, 0);
	expect(value == 0 || (value < 0 && errno == EAGAIN), "%d", value);
	probe_reap(child);
	return probe_done();
}
