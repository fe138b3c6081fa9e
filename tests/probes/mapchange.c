// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapped files that change, by a helper and by the process itself, in all ways: a mapping shows what is in
 * the file, at once. Arguments: what is mapped (private, nameless, shared), and the nodes to go through before
 * each change.
 *
 * What is seen is copied out of the mappings before the process makes any other call than the one by which it
 * learns of the change. Pages that it has written to stay its own, until the file is cut off before them.
 */
#include "probe.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define PAGE 4096
#define PAGES 8
#define OWN 0xee	/* in pages that the process has written to */
#define LONG (20000 * MILLISECOND)

typedef unsigned char page_t[PAGE];

static char name[64], source[64];
static int request[2], reply[2];
static page_t *reading, *writing;
static bool own[PAGES], shared;
static char **nodes;

/* ---- where the process is ---- */

static int where(void)
{
	char text[16] = "";
	int fd = must(open("/proc/self/where", O_RDONLY | O_CLOEXEC));

	must(read(fd, text, sizeof(text) - 1));
	must(close(fd));
	return atoi(text);
}

static void go_away(void)
{
	int fd;

	for (char **node = nodes; *node && (node != nodes || !where()); node++) {
		fd = must(open("/proc/self/goto", O_WRONLY | O_CLOEXEC));
		must(write(fd, *node, strlen(*node)));
		must(close(fd));
		expect(where() == atoi(*node), "it is on node %d", where());
	}
}

static void expect_away(const char *what)
{
	if (*nodes)
		expect(where(), "%s brought it home", what);
}

static void expect_stays(const char *what)
{
	char text[256] = "";
	int fd;

	if (!*nodes)
		return;
	expect(!where(), "%s left it on node %d", what, where());
	fd = must(open("/proc/self/cantmove", O_RDONLY | O_CLOEXEC));
	must(read(fd, text, sizeof(text) - 1));
	must(close(fd));
	expect(strstr(text, "monkey"), "%s: cantmove: %s", what, text);
}

/* ---- ways to change the file; each byte is then @value ---- */

static page_t buffer[PAGES];

static int for_writing(int flags)
{
	return must(open(name, O_RDWR | O_CLOEXEC | flags));
}

static int from_source(int value)
{
	int fd = must(open(source, O_RDWR | O_CLOEXEC));

	memset(buffer, value, sizeof(buffer));
	expect(pwrite(fd, buffer, sizeof(buffer), 0) == sizeof(buffer), "%s", strerror(errno));
	must(lseek(fd, 0, SEEK_SET));
	return fd;
}

/* One call, or as many as it takes. */
#define all_of(call)								\
	for (ssize_t left = sizeof(buffer), did; left; left -= did) {		\
		did = must(call);						\
		expect(did > 0 && did <= left, "%zd of %zd", did, left);	\
	}

static void by_write(int fd, int value)
{
	memset(buffer, value, sizeof(buffer));
	expect(write(fd, buffer, sizeof(buffer)) == sizeof(buffer), "%s", strerror(errno));
}

static void by_pwrite(int fd, int value)
{
	memset(buffer, value, PAGE);
	expect(pwrite(fd, buffer, PAGE, 2 * PAGE + 100) == PAGE, "%s", strerror(errno));
}

static void by_pwritev2(int fd, int value)
{
	struct iovec parts[] = { { buffer[0], 3 * PAGE }, { buffer[3], 5 * PAGE } };

	memset(buffer, value, sizeof(buffer));
	expect(pwritev2(fd, parts, 2, 0, 0) == sizeof(buffer), "%s", strerror(errno));
}

static void by_ftruncate(int fd, int value)
{
	must(ftruncate(fd, 3 * PAGE + value));
}

static void by_extending(int fd, int value)
{
	(void)value;
	must(ftruncate(fd, sizeof(buffer)));
}

static void by_both(int fd, int value)
{
	by_ftruncate(fd, value);
	by_extending(fd, value);
}

static void by_truncate(int fd, int value)
{
	(void)fd;
	must(truncate(name, 4 * PAGE + value));
	must(truncate(name, sizeof(buffer)));
}

static void by_o_trunc(int fd, int value)
{
	(void)fd, (void)value;
	must(close(for_writing(O_TRUNC)));
}

static void by_openat2(int fd, int value)
{
	struct open_how how = { .flags = O_WRONLY | O_TRUNC | O_CLOEXEC };

	(void)fd, (void)value;
	must(close(must((int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how)))));
}

static void by_creat(int fd, int value)
{
	(void)fd, (void)value;
	must(close(must(creat(name, 0600))));
}

static void by_hole(int fd, int value)
{
	(void)value;
	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE / 2, 4 * PAGE));
}

static void by_copy(int fd, int value)
{
	int from = from_source(value);

	all_of(copy_file_range(from, NULL, fd, NULL, left, 0));
	must(close(from));
}

static void by_sendfile(int fd, int value)
{
	int from = from_source(value);

	all_of(sendfile(fd, from, NULL, left));
	must(close(from));
}

static void by_splice(int fd, int value)
{
	int from = from_source(value), ends[2];

	must(pipe2(ends, O_CLOEXEC));
	all_of(splice(from, NULL, ends[1], NULL, left, 0));
	all_of(splice(ends[0], NULL, fd, NULL, left, 0));
	must(close(ends[0]));
	must(close(ends[1]));
	must(close(from));
}

static void by_vmsplice(int fd, int value)
{
	struct iovec all = { buffer, sizeof(buffer) };
	int ends[2];

	memset(buffer, value, sizeof(buffer));
	must(pipe2(ends, O_CLOEXEC));
	expect(vmsplice(ends[1], &all, 1, 0) == sizeof(buffer), "%s", strerror(errno));
	all_of(splice(ends[0], NULL, fd, NULL, left, 0));
	must(close(ends[0]));
	must(close(ends[1]));
}

static void by_clone(int fd, int value)
{
	int from = from_source(value);

	/* Few file systems can. */
	if (ioctl(fd, FICLONE, from))
		expect(errno == EOPNOTSUPP || errno == ENOTTY || errno == EINVAL, "%s", strerror(errno));
	must(close(from));
}

static void by_stores(int fd, int value)
{
	void *all = must(mmap(NULL, sizeof(buffer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	memset(all, value, sizeof(buffer));
	must(munmap(all, sizeof(buffer)));
}

/* All the time, for a second: it is the same in no moment. */
static void by_many(int fd, int value)
{
	int64_t end = probe_now(CLOCK_MONOTONIC) + 1000 * MILLISECOND;

	while (probe_now(CLOCK_MONOTONIC) < end)
		for (int page = PAGES - 1; page >= 0; page--) {
			memset(buffer, page, PAGE);
			expect(pwrite(fd, buffer, PAGE, page * PAGE) == PAGE, "%s", strerror(errno));
		}
	must(lseek(fd, 0, SEEK_SET));
	by_write(fd, value);
}

static const struct way {
	const char *name;
	void (*change)(int fd, int value);
	int least;	/* pages to which it cuts the file off */
	enum { BY_FD, BY_OPENING, BY_NAME } how;
} ways[] = {
	{ "write", by_write, PAGES, BY_FD },
	{ "pwrite", by_pwrite, PAGES, BY_FD },
	{ "pwritev2", by_pwritev2, PAGES, BY_FD },
	{ "ftruncate", by_ftruncate, 4, BY_FD },
	{ "extending", by_extending, PAGES, BY_FD },
	{ "sendfile", by_sendfile, PAGES, BY_FD },
	{ "ftruncate twice", by_both, 4, BY_FD },
	{ "splice", by_splice, PAGES, BY_FD },
	{ "truncate twice", by_truncate, 5, BY_NAME },
	{ "vmsplice", by_vmsplice, PAGES, BY_FD },
	{ "O_TRUNC", by_o_trunc, 0, BY_OPENING },
	{ "copy_file_range", by_copy, PAGES, BY_FD },
	{ "openat2", by_openat2, 0, BY_OPENING },
	{ "write after openat2", by_write, PAGES, BY_FD },
	{ "creat", by_creat, 0, BY_OPENING },
	{ "write after creat", by_write, PAGES, BY_FD },
	{ "punching a hole", by_hole, PAGES, BY_FD },
	{ "FICLONE", by_clone, PAGES, BY_FD },
	{ "stores", by_stores, PAGES, BY_FD },
	{ "many writes", by_many, PAGES, BY_FD },
};

#define WAYS ((int)(sizeof(ways) / sizeof(*ways)))

static void change(const struct way *way, int value)
{
	int fd;

	if (way->how != BY_FD)
		return way->change(-1, value);
	fd = for_writing(0);
	way->change(fd, value);
	must(close(fd));
}

/* ---- the helper ---- */

enum { CHANGE, LATER, HOLD, HOLD_LATER, RELEASE };

struct order {
	int what, way, value;
};

/* Keeps the file open and mapped, and has stored to it. */
static page_t *hold(int fd, int value)
{
	page_t *all = must(mmap(NULL, sizeof(buffer), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

	memset(all, value, sizeof(buffer));
	return all;
}

static void help(void)
{
	page_t *held = NULL;
	struct order order;
	int fd = -1;

	while (read(request[0], &order, sizeof(order)) == sizeof(order)) {
		if (order.what == LATER || order.what == HOLD_LATER) {
			/* Nobody tells that it is done. */
			expect(write(reply[1], "", 1) == 1, "%s", strerror(errno));
			usleep(200000);
		}
		if (order.what == CHANGE || order.what == LATER)
			change(&ways[order.way], order.value);
		if (order.what == HOLD || order.what == HOLD_LATER) {
			fd = for_writing(0);
			held = hold(fd, order.value);
		}
		if (order.what == RELEASE) {
			must(munmap(held, sizeof(buffer)));
			must(close(fd));
		}
		if (order.what != LATER && order.what != HOLD_LATER)
			expect(write(reply[1], "", 1) == 1, "%s", strerror(errno));
	}
	_exit(0);
}

/* The answer is the last call before one looks. */
static void ask(int what, int way, int value)
{
	struct order order = { what, way, value };
	char byte;

	expect(write(request[1], &order, sizeof(order)) == sizeof(order), "%s", strerror(errno));
	expect(read(reply[0], &byte, 1) == 1, "the helper has ended");
}

/* ---- what is seen ---- */

static sigjmp_buf out;

static void on_bus(int signal)
{
	(void)signal;
	siglongjmp(out, 1);
}

/* Copies a page as the program sees it; false beyond the end of the file. */
static bool look(const page_t *page, page_t copy)
{
	if (sigsetjmp(out, 0))
		return false;
	memcpy(copy, page, PAGE);
	return true;
}

struct view {
	page_t pages[PAGES];
	bool there[PAGES];
};

static void see(struct view *view, const page_t *pages)
{
	for (int i = 0; i < PAGES; i++)
		view->there[i] = look(&pages[i], view->pages[i]);
}

static struct view read_view, write_view;

static void see_all(void)
{
	see(&read_view, reading);
	if (writing)
		see(&write_view, writing);
}

static void compare(const struct view *view, const page_t *file, int pages, bool with_own, const char *what)
{
	page_t mine;

	memset(mine, OWN, PAGE);
	for (int i = 0; i < PAGES; i++) {
		expect(view->there[i] == (i < pages), "%s: page %d of %d: %d", what, i, pages, view->there[i]);
		if (i < pages)
			expect(!memcmp(view->pages[i], with_own && own[i] ? mine : file[i], PAGE),
			       "%s: page %d is %#x…%#x, not %#x…%#x", what, i, view->pages[i][0],
			       view->pages[i][PAGE - 1], file[i][0], file[i][PAGE - 1]);
	}
}

/* Is what was seen what is in the file? */
static void check(const char *what)
{
	static page_t file[PAGES];
	int fd = must(open(name, O_RDONLY | O_CLOEXEC));
	ssize_t size;

	memset(file, 0, sizeof(file));
	size = must(pread(fd, file, sizeof(file), 0));
	must(close(fd));
	compare(&read_view, file, (size + PAGE - 1) / PAGE, false, what);
	if (writing)
		compare(&write_view, file, (size + PAGE - 1) / PAGE, true, what);
}

/* Writes to two pages of the private mapping, if they are there. */
static void take_own(void)
{
	for (int i = 1; writing && i < PAGES; i += 4) {
		own[i] = false;
		if (!sigsetjmp(out, 0)) {
			memset(writing[i], OWN, PAGE);
			own[i] = true;
		}
	}
}

/* ---- what is done ---- */

static void changes(int way, bool by_helper, int value)
{
	char what[64];

	snprintf(what, sizeof(what), "%s by %s", ways[way].name, by_helper ? "another" : "itself");
	go_away();
	take_own();
	see_all();
	check(what);
	if (by_helper)
		ask(CHANGE, way, value);
	else
		change(&ways[way], value);
	for (int i = ways[way].least; i < PAGES; i++)
		own[i] = false;
	see_all();
	check(what);
	if (by_helper && (ways[way].how == BY_NAME || !shared) && ways[way].change != by_stores)
		expect_away(what);
	printf("%s\n", what);
}

/* The process computes, and sees it all the same. */
static void await(int value, const char *what)
{
	const volatile page_t *pages = (const volatile page_t *)reading;
	int64_t end = probe_now(CLOCK_MONOTONIC) + LONG;

	for (int i = 0; i < PAGES; i = pages[i][7] == value ? i + 1 : 0)
		expect(probe_now(CLOCK_MONOTONIC) < end, "%s: still %#x", what, pages[i][7]);
	printf("%s\n", what);
}

static void unasked(void)
{
	go_away();
	see_all();
	ask(LATER, 0, 0x71);
	await(0x71, "a write without a word");
	go_away();
	ask(LATER, WAYS - 1, 0x74);
	await(0x74, "many writes without a word");
	/* Pages that it read between two news may be older than those after them. A call brings the last news. */
	syscall(SYS_getppid);
	see_all();
	check("many writes");
}

/* Somebody maps it writable, and keeps it. */
static void held(void)
{
	go_away();
	see_all();
	ask(HOLD, 0, 0x72);
	see_all();
	check("held");
	expect_stays("held");
	ask(RELEASE, 0, 0);
	go_away();
	see_all();
	check("released");
	ask(HOLD_LATER, 0, 0x73);
	await(0x73, "stores without a word");
	expect_stays("held without a word");
	ask(RELEASE, 0, 0);
	go_away();
	see_all();
	check("released again");
}

static void make_file(const char *kind, char *path, const char *template)
{
	/* One in memory keeps who maps it shared at home. */
	int fd, nameless = !strcmp(kind, "nameless");

	sprintf(path, "%s/%s", nameless ? "/tmp" : "/var/tmp", template);
	fd = must(mkstemp(path));
	by_write(fd, 1);
	if (!nameless) {
		must(close(fd));
		return;
	}
	must(unlink(path));
	sprintf(path, "/proc/self/fd/%d", fd);
}

static page_t *map(int protection, int flags)
{
	int fd = must(open(name, O_RDONLY | O_CLOEXEC));
	page_t *pages = must(mmap(NULL, sizeof(buffer), protection, flags, fd, 0));

	must(close(fd));
	return pages;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_bus, .sa_flags = SA_NODEFER };
	const char *kind = argc > 1 ? argv[1] : "private";
	int value = 1;

	/* Who waits in vain for its end wants to know how far it came. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	nodes = argc > 2 ? argv + 2 : &argv[argc];
	shared = !strcmp(kind, "shared");
	must(sigaction(SIGBUS, &action, NULL));
	make_file(kind, name, "probe-mapchange.XXXXXX");
	make_file(kind, source, "probe-mapsource.XXXXXX");
	must(pipe(request));
	must(pipe(reply));
	if (!probe_helper())
		help();
	reading = map(PROT_READ, shared ? MAP_SHARED : MAP_PRIVATE);
	writing = shared ? NULL : map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	for (int way = 0; way < WAYS - 1; way++) {
		changes(way, true, ++value);
		changes(way, false, ++value);
	}
	unasked();
	held();
	if (strcmp(kind, "nameless")) {
		must(unlink(name));
		must(unlink(source));
	}
	return probe_done();
}
