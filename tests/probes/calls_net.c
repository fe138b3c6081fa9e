// SPDX-License-Identifier: GPL-2.0-only
/* System calls on sockets and network interfaces. */
#include "calls.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

/* A move ends calls with EINTR that Linux never restarts, such as those with a time limit of the socket's. */
#define again(call)							\
	({								\
		long again_value;					\
		do							\
			again_value = (call);				\
		while (again_value == -1 && errno == EINTR);		\
		again_value;						\
	})

/* What is there before a call: nothing that it does not write may change. */
static char *blank(void)
{
	memset(area.plain, 0x55, 2 * PAGE);
	return area.plain;
}

static void pairs(void)
{
	char *p = area.plain;
	int ends[2], value;
	struct iovec some[] = { { p, 10 }, { p + 100, 3000 }, { p + 5000, 100 } };

	T("family", socketpair(77, SOCK_STREAM, 0, ends));
	T("type", socketpair(AF_UNIX, 77, 0, ends));
	T("protocol", socketpair(AF_UNIX, SOCK_STREAM, 77, ends));
	T("inet", socketpair(AF_INET, SOCK_STREAM, 0, ends));
	ends[0] = ends[1] = -1;
	S("numbers", socketpair(AF_INET, SOCK_STREAM, 0, ends), "%d", ends[0] >= 0 && ends[1] > ends[0]);
	T("null", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL));
	T("readonly", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, area.readonly));
	T("edge", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, area.edge - 4));
	S("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "%d %d", ends[0], ends[1]);
	T("getfd", fcntl(ends[0], F_GETFD));
	T("empty", recv(ends[0], p, 10, 0));
	T("empty none", recv(ends[0], p, 0, 0));
	T("send", send(ends[1], p, 5000, 0));
	T("send nothing", send(ends[1], p, 0, 0));
	T("send edge", send(ends[1], area.edge - 100, 200, 0));
	T("send null", syscall(SYS_sendto, ends[1], NULL, 10, 0, NULL, 0));
	T("send strange", send(ends[1], p, 10, 0x800000));
	T("send to", sendto(ends[1], p, 10, 0, (void *)p, 10));
	T("oob", send(ends[1], "o", 1, MSG_OOB));
	S("fionread", ioctl(ends[0], FIONREAD, &value), "%d", value);
	S("outq", ioctl(ends[1], TIOCOUTQ, &value), "%d", value > 5000);
	S("atmark", ioctl(ends[0], 0x8905, &value), "%d", value);
	D("peek", recv(ends[0], blank(), 100, MSG_PEEK), p, 200);
	turn();
	D("peek all", recv(ends[0], blank(), 6000, MSG_PEEK | MSG_WAITALL), p, 6000);
	D("trunc", recv(ends[0], blank(), 50, MSG_TRUNC), p, 100);
	D("recv", recv(ends[0], blank(), 1000, MSG_WAITALL), p, 2000);
	D("recv edge", recv(ends[0], area.edge - 10, 20, 0), area.edge - 10, 10);
	D("readv", readv(ends[0], some, 3), p, 6000);
	D("dontwait", recv(ends[0], blank(), 6000, MSG_DONTWAIT), p, 6000);
	T("recv oob", recv(ends[0], p, 1, MSG_OOB));
	T("drained", recv(ends[0], p, 1, MSG_DONTWAIT));
	T("shutdown strange", shutdown(ends[0], 7));
	T("shutdown write", shutdown(ends[1], SHUT_WR));
	T("at the end", recv(ends[0], p, 10, 0));
	T("nosignal", send(ends[1], p, 1, MSG_NOSIGNAL));
	T("listen", listen(ends[0], 1));
	T("accept", accept(ends[0], NULL, NULL));
	T("not a socket", send(1, p, 1, 0) < 0);
	must(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
	T("pipe", write(ends[1], p, 1));
	T("pipe none", write(ends[1], p, 0));
	S("datagrams", socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "%d", ends[0]);
	T("datagram", send(ends[0], p, 300, 0));
	T("datagram empty", send(ends[0], p, 0, 0));
	T("datagram", writev(ends[0], some, 2));
	T("datagram large", send(ends[0], p, 4 * PAGE, 0));
	S("fionread", ioctl(ends[1], FIONREAD, &value), "%d", value);
	D("short", recv(ends[1], blank(), 100, 0), p, 300);
	T("empty", recv(ends[1], p, 100, 0));
	D("trunc", recv(ends[1], blank(), 50, MSG_TRUNC | MSG_PEEK), p, 5000);
	D("trunc none", recv(ends[1], blank(), 0, MSG_TRUNC | MSG_PEEK), p, 10);
	turn();
	D("whole", readv(ends[1], some, 3), p, 6000);
	D("large", recv(ends[1], blank(), 2 * PAGE, MSG_TRUNC), p, 2 * PAGE);
	S("packets", socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), "%d", ends[0]);
	T("packet", send(ends[0], p, 100, MSG_EOR));
	T("packet", send(ends[0], p, 200, 0));
	D("packet", recv(ends[1], blank(), 300, MSG_WAITALL), p, 300);
	must(close(ends[0]));
	D("packet", recv(ends[1], blank(), 300, 0), p, 300);
	T("packet end", recv(ends[1], p, 300, 0));
}

/* What a message header says after a call. */
static void header(const char *name, long result, const struct msghdr *msg)
{
	calls_result(name, result);
	printf(" name %u control %zu flags %#x iov %zu", msg->msg_namelen, msg->msg_controllen, msg->msg_flags,
	       msg->msg_iovlen);
	calls_end();
}

#define M(name, call) do { away(); header(name, call, &msg); } while (0)

static void messages(void)
{
	char *p = area.plain, *control = p + 3 * PAGE;
	struct iovec some[] = { { p, 10 }, { p + 100, 50 }, { p + 5000, 100 } };
	struct msghdr msg = { .msg_iov = some, .msg_iovlen = 3 };
	struct cmsghdr *head = (struct cmsghdr *)control;
	int ends[2], on = 1, *fd = (int *)CMSG_DATA(head);

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	M("send", sendmsg(ends[0], &msg, 0));
	M("recv", recvmsg(ends[1], &msg, 0));
	T("send null", syscall(SYS_sendmsg, ends[0], NULL, 0));
	T("recv null", syscall(SYS_recvmsg, ends[0], NULL, MSG_DONTWAIT));
	M("recv nothing", recvmsg(ends[1], &msg, MSG_DONTWAIT));
	msg.msg_iovlen = 1025;
	M("many", sendmsg(ends[0], &msg, 0));
	msg.msg_iovlen = 0;
	M("none", sendmsg(ends[0], &msg, 0));
	M("none", recvmsg(ends[1], &msg, 0));
	msg.msg_iovlen = 3;
	msg.msg_control = control;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(4);
	*fd = 1;
	msg.msg_controllen = CMSG_SPACE(4);
	M("rights", sendmsg(ends[0], &msg, 0));
	M("rights", sendmsg(ends[0], &msg, 0));
	M("rights", sendmsg(ends[0], &msg, 0));
	*fd = 99;
	M("rights bad", sendmsg(ends[0], &msg, 0));
	head->cmsg_type = 77;
	M("rights strange", sendmsg(ends[0], &msg, 0));
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = 3;
	M("rights short", sendmsg(ends[0], &msg, 0));
	head->cmsg_len = 1000;
	M("rights long", sendmsg(ends[0], &msg, 0));
	head->cmsg_len = CMSG_LEN(4);
	msg.msg_control = NEVER;
	M("control nowhere", sendmsg(ends[0], &msg, 0));
	msg.msg_control = control;
	memset(control, 0x55, 200);
	msg.msg_controllen = 200;
	M("rights", recvmsg(ends[1], &msg, MSG_CMSG_CLOEXEC));
	S("control", fcntl(*fd, F_GETFD), "%08x", (int)digest(control, 200));
	S("same file", syscall(SYS_kcmp, getpid(), getpid(), 0, 1, *fd), "%d", *fd);
	memset(control, 0x55, 200);
	msg.msg_controllen = 17;
	M("rights truncated", recvmsg(ends[1], &msg, 0));
	S("control", 0, "%08x", (int)digest(control, 200));
	msg.msg_controllen = 0;
	msg.msg_control = NULL;
	turn();
	M("rights dropped", recvmsg(ends[1], &msg, 0));
	must(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, 4));
	must(setsockopt(ends[1], SOL_SOCKET, SO_TIMESTAMP, &on, 4));
	M("credentials", sendmsg(ends[0], &msg, 0));
	memset(control, 0x55, 200);
	msg.msg_control = control;
	msg.msg_controllen = 200;
	M("credentials", recvmsg(ends[1], &msg, 0));
	for (head = CMSG_FIRSTHDR(&msg); head; head = CMSG_NXTHDR(&msg, head))
		S("part", 0, "%d %d %zu %d", head->cmsg_level, head->cmsg_type, head->cmsg_len,
		  head->cmsg_type == SCM_CREDENTIALS && *(int *)CMSG_DATA(head) == getpid());
	head = (struct cmsghdr *)control;
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_CREDENTIALS;
	head->cmsg_len = CMSG_LEN(12);
	msg.msg_controllen = CMSG_SPACE(12);
	fd[0] = getpid(), fd[1] = 0, fd[2] = 0;
	M("credentials", sendmsg(ends[0], &msg, 0));
	fd[0] = 0x3fffffff;
	M("credentials of nobody", sendmsg(ends[0], &msg, 0));
	fd[0] = getpid(), fd[1] = -1;
	M("credentials bad", sendmsg(ends[0], &msg, 0));
	some[1].iov_base = area.none;
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	M("send faulty", sendmsg(ends[0], &msg, 0));
	D("recv faulty", recvmsg(ends[1], &msg, 0), p, 2 * PAGE);
	M("left", recvmsg(ends[1], &msg, MSG_DONTWAIT));
	msg.msg_name = p;
	msg.msg_namelen = -1;
	M("name length", recvmsg(ends[1], &msg, MSG_DONTWAIT));
	msg.msg_namelen = 1000;
	M("name long", sendmsg(ends[0], &msg, 0));
}

static socklen_t unix_name(struct sockaddr_un *to, const char *name, size_t length)
{
	memset(to, 0, sizeof(*to));
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, name, length);
	return offsetof(struct sockaddr_un, sun_path) + length;
}

/* What a call says of an address, with room for so many bytes. */
static void named(const char *name, int (*call)(int, struct sockaddr *, socklen_t *), int fd, socklen_t room)
{
	struct sockaddr *to = (void *)blank();
	socklen_t length = room;

	S(name, call(fd, to, &length), "%u %08x", length, (int)digest(to, 200));
}

static void names(void)
{
	struct sockaddr_un name;
	int fd, other, more, abstract, datagram;
	char long_name[108];
	socklen_t length;

	memset(long_name, 'x', sizeof(long_name));
	T("family", socket(77, SOCK_STREAM, 0));
	T("type", socket(AF_UNIX, 0x1000, 0));
	fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	T("path long", bind(fd, (void *)&name, unix_name(&name, long_name, 108)));
	fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	T("short", bind(fd, (void *)&name, 1));
	T("long", bind(fd, (void *)area.plain, 111));
	T("longer", bind(fd, (void *)area.plain, 1000));
	T("negative", bind(fd, (void *)area.plain, -1));
	T("null", bind(fd, NULL, 10));
	unix_name(&name, "s", 2);
	name.sun_family = AF_INET;
	T("other family", bind(fd, (void *)&name, 4));
	T("no folder", bind(fd, (void *)&name, unix_name(&name, "no/s", 5)));
	named("unnamed", getsockname, fd, 200);
	T("bind", bind(fd, (void *)&name, unix_name(&name, "s", 1)));
	T("again", bind(fd, (void *)&name, unix_name(&name, "s2", 2)));
	other = must(socket(AF_UNIX, SOCK_STREAM, 0));
	T("in use", bind(other, (void *)&name, unix_name(&name, "s", 1)));
	T("not listening", connect(other, (void *)&name, unix_name(&name, "s", 1)));
	T("missing", connect(other, (void *)&name, unix_name(&name, "missing", 7)));
	T("listen", listen(fd, 0));
	T("connect", connect(other, (void *)&name, unix_name(&name, "s", 1)));
	named("peer", getpeername, other, 200);
	named("peer truncated", getpeername, other, 3);
	named("peer none", getpeername, other, 0);
	named("peer negative", getpeername, other, -1);
	named("own", getsockname, other, 200);
	named("not connected", getpeername, fd, 200);
	T("null length", getsockname(other, (void *)&name, NULL));
	length = 200;
	T("null name", syscall(SYS_getsockname, fd, NULL, &length));
	T("readonly name", syscall(SYS_getsockname, fd, area.readonly, &length));
	more = must(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	T("second", connect(more, (void *)&name, unix_name(&name, "s", 1)));
	more = must(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
	T("full", connect(more, (void *)&name, unix_name(&name, "s", 1)));
	turn();
	length = 200;
	memset(&name, 0x55, sizeof(name));
	S("accept4", accept4(fd, (void *)&name, &length, SOCK_NONBLOCK), "%u %08x", length,
	  (int)digest(&name, sizeof(name)));
	T("accept4 strange", accept4(fd, NULL, NULL, 1));
	must(fcntl(fd, F_SETFL, O_NONBLOCK));
	T("accept bad length", accept(fd, (void *)&name, NEVER));
	T("accept none", accept(fd, NULL, NULL));
	abstract = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	T("abstract", bind(abstract, (void *)&name, unix_name(&name, "\0calls\0net", 10)));
	named("abstract", getsockname, abstract, 200);
	named("abstract truncated", getsockname, abstract, 8);
	datagram = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	T("to nobody", sendto(datagram, "x", 1, 0, (void *)&name, unix_name(&name, "\0calls\0nex", 10)));
	T("to", sendto(datagram, "x", 1, 0, (void *)&name, unix_name(&name, "\0calls\0net", 10)));
	T("autobind", bind(datagram, (void *)&name, 2));
	length = 200;
	S("autobound", getsockname(datagram, (void *)&name, &length), "%u", length);
	T("wrong type", connect(datagram, (void *)&name, unix_name(&name, "s", 1)));
	T("nowhere", sendto(datagram, "x", 1, 0, NULL, 0));
	T("connect", connect(datagram, (void *)&name, unix_name(&name, "\0calls\0net", 10)));
	T("disconnect", connect(datagram, (void *)"\0\0", 2));
	length = 200;
	memset(&name, 0x55, sizeof(name));
	S("from", recvfrom(abstract, area.plain, 10, 0, (void *)&name, &length), "%u", length);
	T("unlink", unlink("s"));
}

static void tcp(void)
{
	struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) }, from;
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)), one = -1, two, left;
	struct linger abort = { 1, 0 };
	struct pollfd wait;
	struct timeval brief = { 0, 2000 }, none = { 0, 0 };
	socklen_t length = sizeof(where);
	char *p = area.plain;

	fill(p, 2 * PAGE, 3);
	T("foreign", bind(fd, (void *)&(struct sockaddr_in){ AF_INET, 0, { 0x01020304 }, { 0 } }, 16));
	T("short", bind(fd, (void *)&where, 8));
	T("bind", bind(fd, (void *)&where, sizeof(where)));
	must(getsockname(fd, (void *)&where, &length));
	T("not listening", accept(fd, NULL, NULL));
	two = must(socket(AF_INET, SOCK_STREAM, 0));
	T("send unconnected", send(two, p, 1, MSG_NOSIGNAL));
	T("recv unconnected", recv(two, p, 1, 0));
	T("refused", connect(two, (void *)&where, sizeof(where)));
	T("listen", listen(fd, 5));
	T("connect", connect(two, (void *)&where, sizeof(where)));
	T("again", connect(two, (void *)&where, sizeof(where)));
	length = sizeof(from);
	S("accept", one = accept(fd, (void *)&from, &length), "%u %d %x", length, from.sin_family, from.sin_addr.s_addr);
	length = 6;
	memset(&from, 0, sizeof(from));
	S("peer", getpeername(two, (void *)&from, &length), "%u %d %d", length, from.sin_family,
	  from.sin_port == where.sin_port);
	T("send", send(one, p, 5000, 0));
	wait = (struct pollfd){ two, POLLIN, 0 };
	T("poll", poll(&wait, 1, -1));
	D("peek", recv(two, blank(), 3000, MSG_PEEK | MSG_WAITALL), p, 3500);
	S("fionread", ioctl(two, FIONREAD, &left), "%d", left);
	D("discard", recv(two, blank(), 1000, MSG_TRUNC), p, 1500);
	D("rest", recv(two, blank(), 4000, MSG_WAITALL), p, 4500);
	T("none", recv(two, p, 10, MSG_DONTWAIT));
	must(setsockopt(two, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief)));
	T("limit", again(recv(two, p, 10, 0)));
	length = 4;
	from.sin_family = 77;
	S("recvfrom", (again(recvfrom(two, p, 10, MSG_DONTWAIT, (void *)&from, &length))), "%u %d", length, from.sin_family);
	/* What is sent is not always there at once. */
	must(setsockopt(two, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none)));
	T("urgent", send(one, "abc", 3, MSG_OOB));
	wait.events = POLLPRI;
	T("poll", poll(&wait, 1, -1));
	D("urgent", recv(two, blank(), 10, MSG_OOB), p, 10);
	S("mark", ioctl(two, 0x8905, &left), "%d", left);
	D("before the mark", recv(two, blank(), 10, 0), p, 10);
	S("mark", ioctl(two, 0x8905, &left), "%d", left);
	turn();
	T("more", send(one, "12345", 5, MSG_MORE));
	T("and", send(one, "67", 2, 0));
	D("all", recv(two, blank(), 7, MSG_WAITALL), p, 10);
	T("shutdown", shutdown(two, SHUT_WR));
	T("pipe", send(two, p, 1, MSG_NOSIGNAL));
	T("end", recv(one, p, 1, 0));
	T("send", send(one, p, 10, 0));
	must(setsockopt(one, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort)));
	must(close(one));
	/* There is something to read, but the reset comes behind it. */
	wait.events = 0;
	S("reset", poll(&wait, 1, -1), "%#x", wait.revents);
	T("reset", recv(two, p, 10, 0));
	T("after", recv(two, p, 10, 0));
	T("nobody", getpeername(two, (void *)&from, &length));
	where.sin_port = htons(1);
	two = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	S("refused", connect(two, (void *)&where, sizeof(where)) < 0, "%d",
	  errno == EINPROGRESS || errno == ECONNREFUSED);
	wait = (struct pollfd){ two, POLLOUT, 0 };
	T("poll", poll(&wait, 1, -1));
	T("family", connect(two, (void *)&(struct sockaddr_un){ .sun_family = AF_UNIX }, sizeof(where)));
}

static void udp(void)
{
	struct sockaddr_in6 where = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT }, from;
	int fd = must(socket(AF_INET6, SOCK_DGRAM, 0)), other = must(socket(AF_INET6, SOCK_DGRAM, 0)), left, on = 1;
	struct sockaddr_in6 nobody = where;
	socklen_t length = sizeof(where);
	struct pollfd wait = { other, POLLERR, 0 }, come = { fd, POLLIN, 0 };
	struct iovec vec = { area.plain, 4000 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1, .msg_name = &from, .msg_namelen = 10 };
	char *p = area.plain;

	T("bind", bind(fd, (void *)&where, sizeof(where)));
	must(getsockname(fd, (void *)&where, &length));
	T("no destination", send(other, p, 10, 0));
	T("to", sendto(other, p, 1000, 0, (void *)&where, length));
	T("empty", sendto(other, p, 0, 0, (void *)&where, length));
	T("to short", sendto(other, p, 1000, 0, (void *)&where, 20));
	T("to long", sendto(other, p, 1000, 0, (void *)&where, 200));
	T("to nowhere", sendto(other, p, 1000, 0, NEVER, length));
	T("too long", sendto(other, must(malloc(70000)), 66000, 0, (void *)&where, length));
	T("poll", poll(&come, 1, -1));
	S("fionread", ioctl(fd, FIONREAD, &left), "%d", left);
	length = 10;
	memset(&from, 0x55, sizeof(from));
	S("peek", recvfrom(fd, blank(), 100, MSG_PEEK | MSG_TRUNC, (void *)&from, &length), "%u %d %d", length,
	  from.sin6_family, (int)digest(&from.sin6_addr, 20));
	D("peek", recvfrom(fd, blank(), 2000, MSG_PEEK, NULL, NULL), p, 2000);
	length = 100;
	T("null name", recvfrom(fd, p, 100, MSG_PEEK, NULL, &length));
	T("null length", recvfrom(fd, p, 100, MSG_PEEK, (void *)&from, NULL));
	must(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, 4));
	msg.msg_control = memset(p + 2 * PAGE, 0x55, 300);
	msg.msg_controllen = 300;
	M("recvmsg", recvmsg(fd, &msg, 0));
	S("control", 0, "%08x", (int)digest(p + 2 * PAGE, 300));
	T("empty", recv(fd, p, 10, 0));
	T("connect", connect(other, (void *)&where, sizeof(where)));
	T("send", send(other, p, 10, MSG_CONFIRM));
	nobody.sin6_port = htons(1);
	T("connect", connect(other, (void *)&nobody, sizeof(nobody)));
	T("refused", send(other, p, 10, 0));
	T("poll", poll(&wait, 1, -1));
	T("refused", send(other, p, 10, 0));
	T("errors", recv(other, p, 10, MSG_ERRQUEUE | MSG_DONTWAIT));
	T("disconnect", connect(other, (void *)&(struct sockaddr){ .sa_family = AF_UNSPEC }, sizeof(struct sockaddr)));
	T("accept", accept(fd, NULL, NULL));
	T("listen", listen(fd, 1));
	T("shutdown", shutdown(other, SHUT_RDWR));
}

static void many(void)
{
	struct mmsghdr msgs[20];
	struct iovec vecs[20];
	struct timespec none = { 0, 0 }, bad = { 0, -1 };
	int ends[2];
	char *p = area.plain;

	must(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends));
	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < 20; i++) {
		vecs[i] = (struct iovec){ p + 100 * i, 10 * i };
		msgs[i].msg_hdr.msg_iov = vecs + i;
		msgs[i].msg_hdr.msg_iovlen = 1;
		msgs[i].msg_len = 7;
	}
	T("send none", sendmmsg(ends[0], msgs, 0, 0));
	T("send null", syscall(SYS_sendmmsg, ends[0], NULL, 1, 0));
	S("send", sendmmsg(ends[0], msgs, 5, 0), "%u %u %u", msgs[3].msg_len, msgs[4].msg_len, msgs[5].msg_len);
	vecs[7].iov_base = area.none;
	S("send faulty", sendmmsg(ends[0], msgs + 6, 3, 0), "%u %u %u", msgs[6].msg_len, msgs[7].msg_len, msgs[8].msg_len);
	T("send faulty first", sendmmsg(ends[0], msgs + 7, 2, 0));
	vecs[7].iov_base = p;
	T("fill", sendmmsg(ends[0], msgs, 20, 0));
	T("full", sendmmsg(ends[0], msgs, 20, 0));
	for (int i = 0; i < 20; i++) {
		vecs[i].iov_len = 50;
		msgs[i].msg_len = 7;
	}
	T("recv bad", recvmmsg(ends[1], msgs, 3, 0, &bad));
	T("recv none", recvmmsg(ends[1], msgs, 0, 0, NULL));
	T("recv nowhere", recvmmsg(ends[1], NEVER, 1, 0, NULL));
	turn();
	S("recv", recvmmsg(ends[1], msgs, 3, 0, NULL), "%u %u %u", msgs[1].msg_len, msgs[2].msg_len, msgs[3].msg_len);
	D("recv", recvmmsg(ends[1], msgs, 20, MSG_WAITFORONE | MSG_TRUNC, &none), p, 2000);
	S("recv", recvmmsg(ends[1], msgs, 20, MSG_DONTWAIT, NULL), "%u %u", msgs[1].msg_len, msgs[19].msg_len);
	T("recv empty", recvmmsg(ends[1], msgs, 20, MSG_DONTWAIT, NULL));
}

/* What differs from run to run: cookies, CPUs and queues, process ids, and times. */
static bool varies(int level, int name)
{
	if (level == SOL_SOCKET)
		return name == SO_COOKIE || name == SO_INCOMING_CPU || name == 71 || name == SO_PEERCRED || name == 77;
	return level == IPPROTO_TCP && (name == TCP_INFO || name == TCP_TIMESTAMP);
}

/* One option, with room for so many different lengths. */
static void option(const char *what, int fd, int level, int name, int rooms)
{
	static const socklen_t room[] = { 4, 300, 0, 1, 3, 13, -1 };
	char line[1000] = "";

	away();
	for (int i = 0; i < rooms; i++) {
		socklen_t length = room[i];
		int result = getsockopt(fd, level, name, blank(), &length);

		sprintf(line + strlen(line), " [%d %u %08x]", result ? errno : 0, length,
			varies(level, name) ? 0 : (int)digest(area.plain, 400));
	}
	printf("%s %d %d:%s\n", what, level, name, line);
}

/* Sockets of three kinds. */
static void sockets(int kinds[3])
{
	kinds[0] = must(socket(AF_INET, SOCK_STREAM, 0));
	kinds[1] = must(socket(AF_INET6, SOCK_DGRAM, 0));
	kinds[2] = must(socket(AF_UNIX, SOCK_STREAM, 0));
}

static void options(void)
{
	int kinds[3];
	int levels[][3] = { { SOL_SOCKET, 85, 7 }, { IPPROTO_IP, 52, 1 }, { IPPROTO_TCP, 45, 1 },
			    { IPPROTO_IPV6, 80, 2 }, { 77, 2, 1 } };
	socklen_t size = 4;
	int value;

	sockets(kinds);
	T("null", getsockopt(kinds[0], SOL_SOCKET, SO_TYPE, NULL, &size));
	T("null length", getsockopt(kinds[0], SOL_SOCKET, SO_TYPE, &value, NULL));
	T("readonly", getsockopt(kinds[0], SOL_SOCKET, SO_TYPE, area.readonly, &size));
	T("readonly length", getsockopt(kinds[0], SOL_SOCKET, SO_TYPE, &value, (socklen_t *)area.readonly));
	T("set null", setsockopt(kinds[0], SOL_SOCKET, SO_KEEPALIVE, NULL, 4));
	T("file", getsockopt(1, SOL_SOCKET, SO_TYPE, &value, &size) < 0);
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		for (int kind = 0; kind < 3; kind++)
			for (int name = 0; levels[i][2] >> kind & 1 && name < levels[i][1]; name++)
				option("get", kinds[kind], levels[i][0], name, 7);
}

static void options_set(void)
{
	static const socklen_t length[] = { 4, 16, 1, -1 };
	int kinds[3];

	sockets(kinds);
	for (int kind = 0; kind < 3; kind++)
		for (int name = 0; name < 85; name++) {
			char line[200] = "";

			away();
			memset(area.plain, 0, PAGE);
			*(int *)area.plain = 1;
			for (size_t i = 0; i < sizeof(length) / sizeof(*length); i++)
				sprintf(line + strlen(line), " %d",
					setsockopt(kinds[kind], SOL_SOCKET, name, area.plain, length[i]) ? errno : 0);
			printf("set %d:%s\n", name, line);
		}
	turn();
	for (int kind = 0; kind < 3; kind++)
		for (int name = 0; name < 85; name++)
			option("got", kinds[kind], SOL_SOCKET, name, 2);
}

static void interfaces(void)
{
	static const int queries[] = { 0x8910, 0x8913, 0x8915, 0x8917, 0x8919, 0x891b, 0x891d, 0x8921, 0x8927, 0x8933,
				       0x8942, 0x8970, 0x8946 };
	struct { struct nlmsghdr head; struct rtgenmsg kind; } ask = {
		.head = { sizeof(ask), RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 7, 0 }, .kind = { AF_INET } };
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0));
	struct ifreq *one = (struct ifreq *)(area.plain + 100);
	struct ifconf list = { .ifc_len = 1000, .ifc_buf = area.plain };
	struct group_source_req source = { .gsr_interface = 1 };
	struct group_filter *filter = (void *)area.plain;
	struct nlmsghdr *got = (void *)area.plain;
	socklen_t length = GROUP_FILTER_SIZE(0);
	struct sockaddr_nl own;
	char name[32];

	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++) {
		blank();
		memset(one, 0, sizeof(*one));
		strcpy(one->ifr_name, "lo");
		if (queries[i] == 0x8910)
			one->ifr_ifindex = 1;
		snprintf(name, sizeof(name), "query %x", queries[i]);
		D(name, ioctl(fd, queries[i], one), area.plain, 300);
		strcpy(one->ifr_name, "none such");
		D(name, ioctl(fd, queries[i], one), area.plain, 300);
		T(name, ioctl(fd, queries[i], NULL));
		T(name, ioctl(fd, queries[i], area.readonly));
	}
	S("list", ioctl(fd, 0x8912, &list), "%d %08x", list.ifc_len, (int)digest(area.plain, 40));
	list.ifc_len = 10;
	S("list short", ioctl(fd, 0x8912, &list), "%d", list.ifc_len);
	T("index", if_nametoindex("lo"));
	/* The filter says how much room for sources there is, and not its length. */
	blank();
	memcpy(&source.gsr_group, &(struct sockaddr_in){ AF_INET, 0, { htonl(0xe8000001) }, { 0 } }, 16);
	memcpy(&source.gsr_source, &(struct sockaddr_in){ AF_INET, 0, { htonl(INADDR_LOOPBACK) }, { 0 } }, 16);
	T("join", setsockopt(fd, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, &source, sizeof(source)));
	filter->gf_interface = 1, filter->gf_numsrc = 4, filter->gf_group = source.gsr_group;
	D("sources", getsockopt(fd, IPPROTO_IP, MCAST_MSFILTER, filter, &length), filter, 1000);
	length = sizeof(own);
	fd = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
	T("bind", bind(fd, (void *)&(struct sockaddr_nl){ .nl_family = AF_NETLINK }, sizeof(own)));
	S("name", getsockname(fd, (void *)&own, &length), "%u %d %d", length, own.nl_pid == (unsigned int)getpid(),
	  own.nl_groups);
	T("ask", send(fd, &ask, sizeof(ask), 0));
	S("got", recv(fd, got, 3 * PAGE, 0) > 0, "%d %d %d", got->nlmsg_type, got->nlmsg_seq,
	  got->nlmsg_pid == own.nl_pid);
	ask.head.nlmsg_type = 7777;
	turn();
	while (got->nlmsg_type != NLMSG_DONE)
		must(recv(fd, got, 3 * PAGE, 0));
	T("strange", send(fd, &ask, sizeof(ask), 0));
	S("error", recv(fd, got, 3 * PAGE, MSG_TRUNC), "%d %d", got->nlmsg_type, ((struct nlmsgerr *)NLMSG_DATA(got))->error);
	ask.head.nlmsg_len = 5;
	T("short", send(fd, &ask, sizeof(ask), 0));
	T("none", recv(fd, got, 3 * PAGE, MSG_DONTWAIT));
}

CALLS(CASE(pairs), CASE(messages), CASE(names), CASE(tcp), CASE(udp), CASE(many), CASE(options), CASE(options_set),
      CASE(interfaces))
