// SPDX-License-Identifier: GPL-2.0-only
/* System calls that carry data: buffers of all kinds, vectors, pipes, polling. */
#include "calls.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>

static int text(const char *name, size_t length)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));
	char byte[1000];

	for (size_t done = 0; done < length;) {
		size_t part = length - done < sizeof(byte) ? length - done : sizeof(byte);

		fill(byte, part, done % 13);
		must(write(fd, byte, part));
		done += part;
	}
	must(lseek(fd, 0, SEEK_SET));
	return fd;
}

static void reads(void)
{
	int fd = text("file", 20000), gone = must(dup(fd));

	must(close(gone));
	D("read", read(fd, area.plain, 100), area.plain, 200);
	D("read across pages", read(fd, area.plain + PAGE - 50, 100), area.plain, 3 * PAGE);
	D("read to the edge", read(fd, area.edge - 100, 100), area.edge - 200, 200);
	D("read over the edge", read(fd, area.edge - 100, 200), area.edge - 200, 200);
	T("lseek", lseek(fd, 0, SEEK_CUR));
	T("read beyond the edge", read(fd, area.edge, 10));
	T("read nowhere", syscall(SYS_read, fd, NEVER, 10));
	T("read kernel", syscall(SYS_read, fd, KERNEL, 10));
	T("read null", syscall(SYS_read, fd, NULL, 10));
	T("read null none", syscall(SYS_read, fd, NULL, 0));
	T("read none", read(fd, area.none, 10));
	D("read into none", read(fd, area.none - 100, 200), area.none - 100, 100);
	T("read readonly", read(fd, area.readonly, 10));
	D("read into readonly", read(fd, area.readonly - 100, 200), area.readonly - 100, 200);
	T("lseek", lseek(fd, 0, SEEK_CUR));
	T("read closed", read(gone, area.plain, 10));
	T("read minus one", read(-1, area.plain, 10));
	T("read huge", syscall(SYS_read, fd, area.plain, -1L));
	T("read largest", syscall(SYS_read, fd, area.plain, LONG_MAX));
	T("read longer", syscall(SYS_read, fd, area.plain, 0x7ffff000L));
	T("lseek", lseek(fd, 0, SEEK_CUR));
	T("read the end", read(fd, area.plain, 4 * PAGE));
	T("read at the end", read(fd, area.plain, 10));
	D("pread", pread(fd, area.plain, 5000, 10000), area.plain, 5000);
	T("pread negative", pread(fd, area.plain, 10, -1));
	T("pread far", pread(fd, area.plain, 10, LONG_MAX));
	T("pread beyond", pread(fd, area.plain, 10, 20000));
	T("directory", read(must(open(".", O_RDONLY)), area.plain, 10));
	T("write-only", read(must(open("file", O_WRONLY)), area.plain, 10));
	T("path", read(must(open("file", O_PATH)), area.plain, 10));
	must(close(6));
	must(close(5));
	must(close(4));
	must(close(fd));
}

static void writes(void)
{
	int fd = text("file", 0), read_only = must(open("file", O_RDONLY)), more;

	T("write", write(fd, area.plain, 100));
	T("write over the edge", write(fd, area.edge - 100, 200));
	T("write beyond the edge", write(fd, area.edge, 10));
	T("write null", syscall(SYS_write, fd, NULL, 10));
	T("write null none", syscall(SYS_write, fd, NULL, 0));
	T("write none", write(fd, area.none, 10));
	T("write from readonly", write(fd, area.readonly, 10));
	T("write across readonly", write(fd, area.readonly - 100, PAGE + 200));
	T("write to read-only", write(read_only, area.plain, 10));
	T("write huge", syscall(SYS_write, fd, area.plain, -1L));
	T("lseek", lseek(fd, 0, SEEK_CUR));
	T("pwrite", pwrite(fd, area.plain, 10, 100000));
	T("pwrite negative", pwrite(fd, area.plain, 10, -1));
	T("lseek hole", lseek(fd, 50000, SEEK_HOLE));
	T("lseek data", lseek(fd, 50000, SEEK_DATA));
	T("lseek data beyond", lseek(fd, 200000, SEEK_DATA));
	T("lseek beyond", lseek(fd, 300000, SEEK_SET));
	T("lseek negative", lseek(fd, -1, SEEK_SET));
	T("lseek strange", lseek(fd, 0, 77));
	T("write beyond the end", write(fd, "x", 1));
	T("lseek end", lseek(fd, 0, SEEK_END));
	more = must(open("file", O_WRONLY | O_APPEND));
	T("append", pwrite(more, "abc", 3, 0));
	T("lseek end", lseek(fd, 0, SEEK_END));
	D("pread", pread(fd, area.plain, 16000, 290000), area.plain, 10004);
	T("full", write(must(open("/dev/full", O_WRONLY)), "x", 1));
	D("zero", read(must(open("/dev/zero", O_RDONLY)), area.plain, 5000), area.plain, 6000);
	must(close_range(3, ~0U, 0));
}

/* More than a request takes. */
static void large(void)
{
	size_t size = (1 << 20) + 123456;
	char *one = must(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *two = must(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int fd = must(open("large", O_RDWR | O_CREAT | O_TRUNC, 0644));

	fill(one, size, 5);
	T("write much", write(fd, one, size));
	D("pread much", pread(fd, two, size, 0), two, size);
	D("pread much once more", pread(fd, two, size, 1000), two, size);
	T("same", memcmp(one + 1000, two, size - 1000));
	T("write much elsewhere", pwrite(fd, two, size, 7));
	must(close(fd));
	must(munmap(one, size));
	must(munmap(two, size));
}

static void vectors(void)
{
	static struct iovec many[1100];
	char *p = area.plain;
	struct iovec some[] = { { p, 10 }, { p + 100, 0 }, { p + 200, 3000 }, { p + 5000, 7 } };
	struct iovec faulty[] = { { p, 10 }, { area.none, 10 }, { p + 200, 10 } };
	struct iovec null_empty[] = { { NULL, 0 }, { p, 10 }, { NEVER, 0 } };
	struct iovec null_full[] = { { p, 10 }, { NULL, 10 }, { p + 20, 10 } };
	struct iovec negative[] = { { p, 10 }, { p, (size_t)-1 } };
	struct iovec readonly[] = { { p, 10 }, { area.readonly, 10 } };
	struct iovec huge[] = { { p, LONG_MAX }, { p, LONG_MAX } };
	struct iovec same[] = { { p, 100 }, { p + 50, 100 } };
	struct iovec *at_edge = (struct iovec *)area.edge - 2;
	int fd = text("file", 20000), ends[2];

	for (int i = 0; i < 1100; i++)
		many[i] = (struct iovec){ p + i * 3, 3 };
	D("readv", readv(fd, some, 4), p, 6000);
	D("readv none", readv(fd, some, 0), p, 10);
	T("readv negative", readv(fd, some, -1));
	T("readv null", readv(fd, NULL, 3));
	T("readv null none", readv(fd, NULL, 0));
	T("readv nowhere", readv(fd, NEVER, 1));
	D("readv 1024", readv(fd, many, 1024), p, 4000);
	T("readv 1025", readv(fd, many, 1025));
	D("readv faulty", readv(fd, faulty, 3), p, 300);
	D("readv empty", readv(fd, null_empty, 3), p, 10);
	D("readv null inside", readv(fd, null_full, 3), p, 40);
	T("readv negative inside", readv(fd, negative, 2));
	D("readv readonly inside", readv(fd, readonly, 2), p, 10);
	T("readv huge inside", readv(fd, huge, 2));
	D("readv overlapping", readv(fd, same, 2), p, 200);
	memcpy(at_edge, some, 2 * sizeof(*some));
	D("readv at the edge", readv(fd, at_edge, 2), p, 200);
	T("readv over the edge", readv(fd, at_edge, 3));
	T("lseek", lseek(fd, 0, SEEK_CUR));
	T("writev", writev(fd, some, 4));
	T("writev faulty", writev(fd, faulty, 3));
	T("writev faulty first", writev(fd, faulty + 1, 2));
	T("writev empty", writev(fd, null_empty, 3));
	T("writev 1024", writev(fd, many, 1024));
	D("preadv", preadv(fd, some, 4, 1000), p, 6000);
	T("preadv negative", preadv(fd, some, 4, -1));
	D("preadv2", preadv2(fd, some, 3, 2000, 0), p, 4000);
	T("preadv2 here", preadv2(fd, some, 3, -1, 0));
	T("preadv2 strange", preadv2(fd, some, 3, 0, 0x10000));
	T("pwritev2 append", pwritev2(fd, some, 4, 0, RWF_APPEND));
	T("pwritev2 append strange", pwritev2(fd, some, 4, 0, 0x4000000));
	T("lseek end", lseek(fd, 0, SEEK_END));
	must(pipe2(ends, O_NONBLOCK));
	T("pipe writev faulty", writev(ends[1], faulty, 3));
	T("pipe writev null", writev(ends[1], null_full, 3));
	S("pipe left", ioctl(ends[0], FIONREAD, p), "%d", *(int *)p);
	D("pipe readv faulty", readv(ends[0], faulty, 3), p, 20);
	D("pipe readv", readv(ends[0], some, 3), p, 300);
	must(close_range(3, ~0U, 0));
}

static void pipes(void)
{
	char *p = area.plain;
	int ends[2], left, value = 0;
	struct iovec some = { p, 5000 };
	off_t at;

	T("pipe2 strange", syscall(SYS_pipe2, ends, 1));
	T("pipe null", syscall(SYS_pipe, NULL));
	T("pipe readonly", syscall(SYS_pipe, area.readonly));
	T("pipe over the edge", syscall(SYS_pipe, area.edge - 4));
	S("pipe2", pipe2(ends, O_NONBLOCK | O_CLOEXEC), "%d %d", ends[0], ends[1]);
	T("getfl", fcntl(ends[0], F_GETFL));
	T("empty", read(ends[0], p, 10));
	T("empty none", read(ends[0], p, 0));
	T("setpipe_sz", fcntl(ends[0], F_SETPIPE_SZ, 5000));
	T("setpipe_sz 0", fcntl(ends[0], F_SETPIPE_SZ, 0));
	T("setpipe_sz -1", fcntl(ends[0], F_SETPIPE_SZ, -1));
	T("getpipe_sz", fcntl(ends[1], F_GETPIPE_SZ));
	T("setpipe_sz file", fcntl(1, F_SETPIPE_SZ, 8192) < 0 && errno == EBADF);
	T("fill", write(ends[1], p, 8000));
	T("fill more", write(ends[1], p, 3000));
	T("fill much more", write(ends[1], p, 9000));
	T("busy", fcntl(ends[0], F_SETPIPE_SZ, 4096));
	S("fionread", ioctl(ends[0], FIONREAD, &left), "%d", left);
	T("fionread null", ioctl(ends[0], FIONREAD, NULL));
	T("fionread readonly", ioctl(ends[0], FIONREAD, area.readonly));
	turn();
	D("read over the edge", read(ends[0], area.edge - 100, 200), area.edge - 100, 100);
	S("fionread", ioctl(ends[0], FIONREAD, &left), "%d", left);
	D("read", read(ends[0], p, 4 * PAGE), p, 4 * PAGE);
	T("strange", ioctl(ends[0], 0x12345678, p));
	T("fionbio", ioctl(ends[0], FIONBIO, &value));
	T("getfl", fcntl(ends[0], F_GETFL));
	T("lseek", lseek(ends[0], 0, SEEK_SET));
	T("pread", pread(ends[0], p, 1, 0));
	T("fsync", fsync(ends[0]));
	T("ftruncate", ftruncate(ends[1], 0));
	T("write", write(ends[1], p, 5000));
	value = must(open("spliced", O_RDWR | O_CREAT | O_TRUNC, 0600));
	T("tee itself", tee(ends[0], ends[1], 10, 0));
	at = 100;
	S("splice", splice(ends[0], NULL, value, &at, 3000, 0), "%ld", (long)at);
	T("splice null", splice(ends[0], NULL, value, (void *)8, 3000, 0));
	T("splice strange", splice(ends[0], NULL, value, NULL, 10, 0x1000));
	at = 0;
	T("splice pipe offset", splice(ends[0], &at, value, NULL, 10, 0));
	T("splice files", splice(value, NULL, value, NULL, 10, 0));
	at = 50;
	S("splice in", splice(value, &at, ends[1], NULL, 2000, 0), "%ld", (long)at);
	S("fionread", ioctl(ends[0], FIONREAD, &left), "%d", left);
	D("read", read(ends[0], p, 4000), p, 4000);
	T("vmsplice", vmsplice(ends[1], &some, 1, 0));
	T("vmsplice none", vmsplice(ends[1], &some, 0, 0));
	T("vmsplice strange", vmsplice(ends[1], &some, 1, 0x100));
	D("read", read(ends[0], p + 8000, 5000), p + 8000, 5000);
	T("vmsplice once more", vmsplice(ends[1], &some, 1, 0));
	turn();
	some.iov_base = p + 8000;
	D("vmsplice out", vmsplice(ends[0], &some, 1, 0), p + 8000, 5000);
	must(close(ends[0]));
	must(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
	T("broken", write(ends[1], p, 1));
	T("broken none", write(ends[1], p, 0));
	must(close(ends[1]));
	must(close(value));
}

static void copies(void)
{
	int from = text("from", 30000), to = must(open("to", O_RDWR | O_CREAT | O_TRUNC, 0644));
	off_t at = 1000;
	loff_t there = 5000;

	S("sendfile", sendfile(to, from, &at, 5000), "%ld", (long)at);
	T("sendfile here", sendfile(to, from, NULL, 100));
	T("sendfile null none", sendfile(to, from, NULL, 0));
	T("sendfile bad", sendfile(to, from, (void *)8, 10));
	T("sendfile readonly", sendfile(to, from, (off_t *)area.readonly, 10));
	at = -1;
	T("sendfile negative", sendfile(to, from, &at, 10));
	at = 29990;
	S("sendfile the end", sendfile(to, from, &at, 5000), "%ld", (long)at);
	T("sendfile directory", sendfile(to, must(open(".", O_RDONLY)), NULL, 10));
	at = 100;
	S("copy_file_range", copy_file_range(from, &at, to, &there, 7000, 0), "%ld %ld", (long)at, (long)there);
	T("copy_file_range here", copy_file_range(from, NULL, to, NULL, 100, 0));
	T("copy_file_range strange", copy_file_range(from, NULL, to, NULL, 100, 1));
	T("copy_file_range none", copy_file_range(from, NULL, to, NULL, 0, 0));
	at = 40000;
	T("copy_file_range beyond", copy_file_range(from, &at, to, NULL, 10, 0));
	at = 0, there = 10;
	T("copy_file_range itself", copy_file_range(from, &at, from, &there, 100, 0));
	T("lseek", lseek(to, 0, SEEK_CUR));
	D("pread", pread(to, area.plain, 4 * PAGE, 0), area.plain, 12000);
	T("readahead", readahead(from, 0, 10000));
	T("readahead bad", readahead(1, 0, 10) < 0);
	T("fadvise", posix_fadvise(from, 0, 0, POSIX_FADV_RANDOM));
	T("fadvise strange", posix_fadvise(from, 0, 0, 77));
	T("sync_file_range", sync_file_range(to, 0, 0, 0));
	T("sync_file_range strange", sync_file_range(to, 0, 0, 64));
	must(close_range(3, ~0U, 0));
}

static void polls(void)
{
	struct pollfd *set = (struct pollfd *)(area.edge - 3 * sizeof(*set));
	struct timespec none = { 0 }, bad = { 0, 1000000000 };
	static const struct timespec constant = { 0, 1000000 };
	struct timeval tv = { 0, 1000 };
	int ends[2];
	fd_set in, out;

	must(pipe(ends));
	must(write(ends[1], "x", 1));
	set[0] = (struct pollfd){ ends[0], POLLIN, 0 };
	set[1] = (struct pollfd){ ends[1], POLLOUT | POLLIN, 0 };
	set[2] = (struct pollfd){ 77, POLLIN, 0 };
	D("poll", poll(set, 3, 0), set, 3 * sizeof(*set));
	set[2].fd = -1;
	D("poll negative", poll(set, 3, -1), set, 3 * sizeof(*set));
	T("poll over the edge", poll(set, 4, 0));
	T("poll none", poll(NULL, 0, 1));
	T("poll null", poll(NULL, 1, 1));
	T("poll many", poll(set, 1U << 30, 0));
	T("poll minus one", poll(set, -1, 0));
	T("poll readonly", poll((struct pollfd *)area.readonly, 1, 0));
	T("ppoll", ppoll(set, 1, &none, NULL));
	T("ppoll bad", ppoll(set, 1, &bad, NULL));
	T("ppoll constant", ppoll(NULL, 0, &constant, NULL));
	T("ppoll set size", syscall(SYS_ppoll, set, 1, &none, area.plain, 7));
	T("ppoll null set", syscall(SYS_ppoll, set, 1, &none, NULL, 7));
	T("ppoll bad set", syscall(SYS_ppoll, set, 1, &none, NEVER, 8));
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_SET(ends[0], &in);
	FD_SET(ends[1], &out);
	FD_SET(ends[0], &out);
	D("select", select(ends[1] + 1, &in, &out, NULL, &tv), &out, sizeof(out));
	FD_SET(50, &in);
	T("select bad fd", select(51, &in, NULL, NULL, &tv));
	T("select negative", syscall(SYS_select, -1, &in, NULL, NULL, &tv));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	memcpy(area.edge - 8, &in, 8);
	D("select short", select(64, (fd_set *)(area.edge - 8), NULL, NULL, &tv), area.edge - 8, 8);
	T("select over the edge", select(65, (fd_set *)(area.edge - 8), NULL, NULL, &tv));
	T("select most", syscall(SYS_select, 1 << 20, area.edge - 8, NULL, NULL, &tv));
	tv = (struct timeval){ 0, 20000 };
	S("select timeout", select(0, NULL, NULL, NULL, &tv), "%ld %ld", (long)tv.tv_sec, (long)tv.tv_usec);
	tv = (struct timeval){ -1, 0 };
	T("select negative time", select(0, NULL, NULL, NULL, &tv));
	tv = (struct timeval){ 0, 1500000 };
	T("select null set", select(1, NEVER, NULL, NULL, &tv));
	T("pselect", pselect(ends[0] + 1, &in, NULL, NULL, &constant, NULL));
	T("pselect bad pair", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &none, NEVER));
	T("pselect odd pair", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &none, (long[]){ (long)&in, 5 }));
	T("pselect null pair", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &none, (long[]){ 0, 5 }));
	must(close(ends[1]));
	D("poll hung up", poll(set, 1, -1), set, sizeof(*set));
	must(close(ends[0]));
	D("poll gone", poll(set, 1, -1), set, sizeof(*set));
}

/*
 * Sets of 64 descriptors, and a count of more: the call knows how many there can be. So one set may begin where that
 * much of another ends.
 */
static void counts(void)
{
	uint64_t sets[40];
	struct timeval none = { 0, 0 };
	int ends[2];

	must(pipe(ends));
	must(write(ends[1], "x", 1));
	for (int n = 64; n <= 1100; n += 259) {
		memset(sets, 0x55, sizeof(sets));
		sets[1] = 1 << ends[0] | 1 << ends[1];
		sets[0] = sets[1];
		D("select", syscall(SYS_select, n, sets + 1, sets, NULL, &none), sets, sizeof(sets));
		sets[0] = sets[1] = 1 << ends[0] | 1 << ends[1];
		D("select one", syscall(SYS_select, n, sets, sets, sets + 1, &none), sets, sizeof(sets));
		sets[0] = sets[1] = 1 << ends[0];
		D("pselect", syscall(SYS_pselect6, n, sets + 1, NULL, sets, &(struct timespec){ 0, 0 }, NULL), sets,
		  sizeof(sets));
		memset(area.edge - 8, 0, 8);
		D("select at the edge", syscall(SYS_select, n, area.edge - 8, NULL, NULL, &none), area.edge - 8, 8);
	}
	must(close(ends[0]));
	must(close(ends[1]));
}

/* Milliseconds that a wait takes, and that it may take with all its moves. */
#define WAIT 300
#define LATE 20000

/* Is a wait that began then over when it should be? */
static bool in_time(int64_t begin)
{
	long waited = (probe_now(CLOCK_MONOTONIC) - begin) / MILLISECOND;

	return waited >= WAIT && waited < LATE;
}

/* The time that is left cannot be written to a constant. */
static void constants(void)
{
	static const struct timeval tv = { 0, WAIT * 1000 };
	static const struct timespec ts = { 0, WAIT * MILLISECOND };
	int ends[2];
	int64_t begin;
	fd_set in;

	must(pipe(ends));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	begin = probe_now(CLOCK_MONOTONIC);
	S("select", syscall(SYS_select, ends[1], &in, NULL, NULL, &tv), "%d %d", FD_ISSET(ends[0], &in), in_time(begin));
	begin = probe_now(CLOCK_MONOTONIC);
	S("pselect", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL), "%d", in_time(begin));
	begin = probe_now(CLOCK_MONOTONIC);
	S("ppoll", syscall(SYS_ppoll, &(struct pollfd){ ends[0], POLLIN, 0 }, 1, &ts, NULL, 0), "%d", in_time(begin));
	S("left", 0, "%ld %ld", (long)tv.tv_usec, ts.tv_nsec);
	must(close(ends[0]));
	must(close(ends[1]));
}

static void epolls(void)
{
	struct epoll_event one = { EPOLLIN, { .u64 = 0x123456789abcdefULL } }, got[4];
	int ends[2], fd, event, count;
	struct timespec none = { 0 };
	uint64_t value = 5;

	memset(got, 0, sizeof(got));
	T("create 0", epoll_create(0));
	T("create1 strange", epoll_create1(1));
	fd = must(epoll_create1(EPOLL_CLOEXEC));
	event = must(eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK));
	must(pipe(ends));
	T("add", epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &one));
	T("add again", epoll_ctl(fd, EPOLL_CTL_ADD, ends[0], &one));
	T("add itself", epoll_ctl(fd, EPOLL_CTL_ADD, fd, &one));
	T("add null", epoll_ctl(fd, EPOLL_CTL_ADD, ends[1], NULL));
	T("add file", epoll_ctl(fd, EPOLL_CTL_ADD, must(open("plain", O_RDWR | O_CREAT, 0600)), &one));
	T("mod missing", epoll_ctl(fd, EPOLL_CTL_MOD, ends[1], &one));
	T("del missing", epoll_ctl(fd, EPOLL_CTL_DEL, ends[1], NULL));
	T("strange", epoll_ctl(fd, 77, ends[0], &one));
	one.data.u64++;
	T("add event", epoll_ctl(fd, EPOLL_CTL_ADD, event, &one));
	D("wait", epoll_wait(fd, got, 4, 0), got, sizeof(got));
	T("wait none", epoll_wait(fd, got, 0, 0));
	T("wait minus", epoll_wait(fd, got, -1, 0));
	T("wait many", epoll_wait(fd, got, INT_MAX, 0));
	T("wait null", epoll_wait(fd, NULL, 1, 0));
	T("wait readonly", epoll_wait(fd, (struct epoll_event *)area.readonly, 1, 0));
	memset(area.edge - 24, 0, 24);
	D("wait at the edge", epoll_wait(fd, (struct epoll_event *)(area.edge - 12), 4, 0), area.edge - 24, 24);
	turn();
	must(write(ends[1], "x", 1));
	D("wait two", epoll_wait(fd, got, 4, -1), got, sizeof(got));
	T("pwait2", syscall(SYS_epoll_pwait2, fd, got, 1, &none, NULL, 8));
	T("pwait2 bad", syscall(SYS_epoll_pwait2, fd, got, 1, NEVER, NULL, 8));
	T("pwait2 set size", syscall(SYS_epoll_pwait2, fd, got, 1, &none, &value, 4));
	D("event", read(event, &value, 8), &value, 8);
	T("event short", read(event, &value, 7));
	D("event long", read(event, area.plain, 100), area.plain, 9);
	T("event bad", read(event, area.none, 8));
	T("event empty", read(event, &value, 8));
	value = -1;
	T("event all", write(event, &value, 8));
	value = -2;
	T("event most", write(event, &value, 8));
	T("event full", write(event, &value, 8));
	T("eventfd strange", eventfd(0, 0x1000));
	must(ioctl(ends[0], FIONREAD, &count));
	T("left", count);
	must(close_range(3, ~0U, 0));
}

/* More than any request carries, to and from memory that is there only in places. */
static void huge(void)
{
	const size_t size = (5 << 20) + 4321;
	char *base = must(mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *at = base + PAGE - 17;
	int fd = must(open("huge", O_RDWR | O_CREAT | O_TRUNC, 0644));

	for (size_t page = 0; page < 1100; page += 1 + page % 3 + (page / 200) * 30)
		fill(base + page * PAGE, PAGE, page);
	D("write", write(fd, at, size), at, size);
	turn();
	for (size_t page = 5; page < 1400; page += 7 + page % 5 * 20)
		fill(base + page * PAGE, PAGE, page + 1);
	D("pwrite", pwrite(fd, at, size, 3), at, size);
	must(munmap(base + (2 << 20), 4 << 20));
	must(mmap(base + (2 << 20), 4 << 20, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	D("pread", pread(fd, at, size, 0), base, 8 << 20);
	D("pread beyond", pread(fd, at, size, 2 << 20), base, 8 << 20);
	must(mprotect(base + (3 << 20), PAGE, PROT_NONE));
	T("pread forbidden", pread(fd, at, size, 0));
	D("pread forbidden", 0, base, 3 << 20);
	T("pwrite forbidden", pwrite(fd, at, size, 0));
	must(munmap(base, 8 << 20));
	must(close(fd));
}

/*
 * Who is cut off while he sends has sent a part, and learns from the next call why it is not more. Others do it a while
 * later, so that he may have moved within the call.
 */
static void reset(void)
{
	struct sockaddr_in where = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = must(socket(AF_INET, SOCK_STREAM, 0)), little = 20000, size = 512 << 10, one, two, status;
	char *much = must(mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	socklen_t length = sizeof(where);
	pid_t child;

	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof(little)));
	must(bind(fd, (void *)&where, sizeof(where)));
	must(listen(fd, 1));
	must(getsockname(fd, (void *)&where, &length));
	two = must(socket(AF_INET, SOCK_STREAM, 0));
	must(setsockopt(two, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little)));
	must(connect(two, (void *)&where, sizeof(where)));
	one = must(accept(fd, NULL, NULL));
	fflush(stdout);
	child = must(fork());
	if (!child) {
		must(poll(&(struct pollfd){ one, POLLIN, 0 }, 1, -1));
		usleep(300000);
		_exit(0);
	}
	must(close(one));
	T("cut off", send(two, much, size, MSG_NOSIGNAL) > 0);
	T("why", send(two, much, 1, MSG_NOSIGNAL));
	T("after", send(two, much, 1, MSG_NOSIGNAL));
	must(waitpid(child, &status, 0));
	must(munmap(much, size));
}

CALLS(CASE(huge), CASE(reads), CASE(writes), CASE(large), CASE(vectors), CASE(pipes), CASE(copies), CASE(polls),
      CASE(counts), CASE(constants), CASE(epolls), CASE(reset))
