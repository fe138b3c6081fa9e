// SPDX-License-Identifier: GPL-2.0-only
/* System calls that change or ask about the address space. */
#include "calls.h"
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static sigjmp_buf back;
static volatile int fault_code;
static void *volatile fault_at;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)context;
	fault_code = number * 1000 + info->si_code;
	fault_at = info->si_addr;
	siglongjmp(back, 1);
}

/* Signal and its code of an access; 0 if nothing happens, -1 if the address is wrong. */
__attribute__((noinline)) static int touch(char *at, bool write)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	must(sigaction(SIGSEGV, &action, NULL));
	must(sigaction(SIGBUS, &action, NULL));
	fault_code = 0;
	if (!sigsetjmp(back, 1)) {
		if (write)
			*(volatile char *)at = *(volatile char *)at + 1;
		else
			(void)*(volatile char *)at;
	}
	return fault_code && fault_at != at ? -1 : fault_code;
}

/* Asks about a stack that has just grown. */
__attribute__((noinline)) static long deep(size_t pages, bool reads)
{
	char *at = __builtin_alloca(pages * PAGE), got;
	struct iovec here = { &got, 1 }, there = { at, 1 };

	for (size_t i = 0; i < pages; i++)
		((volatile char *)at)[(pages - 1 - i) * PAGE] = 1;
	at = (char *)(((uintptr_t)at + PAGE - 1) & -(uintptr_t)PAGE);
	return reads ? process_vm_readv(getpid(), &here, 1, &there, 1, 0) : msync(at, PAGE, MS_ASYNC);
}

static char *map(size_t pages, int prot, int flags)
{
	char *at = mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);

	expect(at != MAP_FAILED, "%s", strerror(errno));
	return at;
}

#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE MAP_PRIVATE
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

static int file(const char *name, size_t length)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));

	for (size_t at = 0; at < length; at += PAGE) {
		fill(area.plain, PAGE, at / PAGE);
		must(pwrite(fd, area.plain, length - at < PAGE ? length - at : PAGE, at));
	}
	return fd;
}

static void mmaps(void)
{
	int fd = file("file", 3 * PAGE + 100), read_only = must(open("file", O_RDONLY)), path = must(open("file", O_PATH));
	int write_only = must(open("file", O_WRONLY)), directory = must(open(".", O_RDONLY));
	char *base = map(16, RW, PRIVATE), *at;

	P("no length", mmap(NULL, 0, RW, ANON, -1, 0));
	P("huge", mmap(NULL, 1UL << 47, RW, ANON, -1, 0));
	P("overflow", mmap(NULL, -1UL, RW, ANON, -1, 0));
	P("too much", mmap(NULL, 1UL << 44, RW, ANON, -1, 0));
	P("reserve much", mmap(NULL, 1UL << 42, PROT_NONE, ANON | MAP_NORESERVE, -1, 0));
	P("no type", mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0));
	P("strange type", mmap(NULL, PAGE, RW, MAP_ANONYMOUS | 0xf, -1, 0));
	P("odd offset", mmap(NULL, PAGE, PROT_READ, PRIVATE, fd, 100));
	P("negative offset", mmap(NULL, PAGE, PROT_READ, PRIVATE, fd, -PAGE));
	P("bad fd", mmap(NULL, PAGE, PROT_READ, PRIVATE, 77, 0));
	P("anonymous fd", mmap(NULL, PAGE, PROT_READ, ANON, 77, 0));
	P("path fd", mmap(NULL, PAGE, PROT_READ, PRIVATE, path, 0));
	P("directory", mmap(NULL, PAGE, PROT_READ, PRIVATE, directory, 0));
	P("write-only", mmap(NULL, PAGE, PROT_READ, PRIVATE, write_only, 0));
	P("shared write of read-only", mmap(NULL, PAGE, RW, MAP_SHARED, read_only, 0));
	at = P("validate strange", mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x8000000, fd, 0));
	munmap(at, PAGE);
	P("fixed odd", mmap(base + 100, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	P("fixed end", mmap((void *)0x7ffffffff000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	P("fixed kernel", mmap(KERNEL, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	P("noreplace", mmap(base, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	base[0] = base[PAGE] = base[2 * PAGE] = 'x';
	at = P("fixed", mmap(base + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	S("fixed place", 0, "%d %d %d %d", at == base + PAGE, base[0], base[PAGE], base[2 * PAGE]);
	at = P("hint", mmap(base, PAGE, RW, ANON, -1, 0));
	S("hint place", munmap(at, PAGE), "%d", at != base);
	must(munmap(base + 4 * PAGE, PAGE));
	at = P("hint free", mmap(base + 4 * PAGE, PAGE, RW, ANON, -1, 0));
	S("hint free place", 0, "%d", at == base + 4 * PAGE);
	at = P("private file", mmap(base + 5 * PAGE, 5 * PAGE, RW, PRIVATE | MAP_FIXED, read_only, 0));
	D("private content", touch(at + 2 * PAGE, false), at, 4 * PAGE);
	T("behind the end", touch(at + 4 * PAGE, false));
	T("end of last page", touch(at + 3 * PAGE + 200, true));
	T("write to it", touch(at, true));
	T("write to next", touch(at + PAGE, true));
	turn();
	D("private content", 0, at, 4 * PAGE);
	D("file content", pread(fd, area.plain, 4 * PAGE, 0), area.plain, 4 * PAGE);
	at = P("offset", mmap(NULL, PAGE, PROT_READ, PRIVATE, fd, 2 * PAGE));
	D("offset content", 0, at, PAGE);
	at = P("beyond", mmap(NULL, PAGE, PROT_READ, PRIVATE, fd, 10 * PAGE));
	T("beyond content", touch(at, false));
	at = P("no access", mmap(NULL, PAGE, PROT_NONE, PRIVATE, fd, 0));
	T("no access", touch(at, false));
	at = P("populate", mmap(NULL, 4 * PAGE, RW, ANON | MAP_POPULATE, -1, 0));
	D("populated", mincore(at, 4 * PAGE, (unsigned char *)area.plain), area.plain, 4);
	D("populate content", 0, at, 4 * PAGE);
	at = P("32 bit", mmap(NULL, PAGE, RW, ANON | MAP_32BIT, -1, 0));
	S("32 bit place", munmap(at, PAGE), "%d", (unsigned long)at < 1UL << 31);
	at = P("low", mmap((void *)0x200000, PAGE, RW, ANON | MAP_FIXED, -1, 0));
	T("low", touch(at, true));
	T("low", munmap(at, PAGE));
	fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	P("fixed socket", mmap(base, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0));
	S("fixed socket", 0, "%d %d", touch(base, false), touch(base + PAGE, false));
	turn();
	S("fixed socket", 0, "%d %d", touch(base, false), touch(base + PAGE, false));
	must(munmap(base, 16 * PAGE));
	must(close_range(3, ~0U, 0));
}

static void low(void)
{
	char *at = P("page 1", mmap((void *)PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0));

	if (at != MAP_FAILED) {
		T("page 1", touch(at, true));
		turn();
		T("page 1", touch(at, true));
		S("page 1", munmap(at, PAGE), "%d", at == (char *)PAGE);
	}
}

static void zero_device(void)
{
	int fd = must(open("/dev/zero", O_RDWR));
	char *at = P("private", mmap(NULL, 2 * PAGE, RW, PRIVATE, fd, 0));

	T("private read", touch(at, false));
	T("private write", touch(at + PAGE, true));
	turn();
	T("private write", touch(at, true));
	S("private content", 0, "%d %d", at[0], at[PAGE]);
	must(munmap(at, 2 * PAGE));
	at = P("shared", mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0));
	T("shared write", touch(at, true));
	turn();
	T("shared write", touch(at, true));
	S("shared content", 0, "%d", at[0]);
	at = P("shared read", mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0));
	T("shared read", touch(at, false));
	T("shared mprotect", mprotect(at, PAGE, RW));
	T("shared write", touch(at, true));
	turn();
	T("shared write", touch(at, true));
	S("shared content", 0, "%d", at[0]);
	must(close(fd));
}

static void munmaps(void)
{
	char *at = map(8, RW, PRIVATE);

	T("odd", munmap(at + 1, PAGE));
	T("none", munmap(at, 0));
	T("kernel", munmap(KERNEL, PAGE));
	T("wrap", munmap(at, -PAGE));
	T("middle", munmap(at + 2 * PAGE, PAGE));
	T("middle again", munmap(at + 2 * PAGE, PAGE));
	T("over a hole", munmap(at + PAGE, 3 * PAGE));
	T("short", munmap(at + 5 * PAGE, 1));
	S("touch", 0, "%d %d %d %d %d %d %d %d", touch(at, 1), touch(at + PAGE, 1), touch(at + 2 * PAGE, 0),
	  touch(at + 3 * PAGE, 1), touch(at + 4 * PAGE, 1), touch(at + 5 * PAGE, 0), touch(at + 6 * PAGE, 1),
	  touch(at + 7 * PAGE, 1));
	T("rest", munmap(at, 8 * PAGE));
}

static void protections(void)
{
	char *at = map(8, RW, PRIVATE);

	T("odd", mprotect(at + 1, PAGE, PROT_READ));
	T("none", mprotect(at, 0, PROT_READ));
	T("strange", mprotect(at, PAGE, 0x1000));
	T("both ways", mprotect(at, PAGE, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP));
	T("grows down", mprotect(at, PAGE, PROT_READ | PROT_GROWSDOWN));
	T("wrap", mprotect(at, -PAGE, PROT_READ));
	T("read-only", mprotect(at, PAGE, PROT_READ));
	S("read-only", 0, "%d %d %d", touch(at, 0), touch(at, 1), touch(at + PAGE, 1));
	T("no access", mprotect(at, PAGE, PROT_NONE));
	S("no access", 0, "%d %d", touch(at, 0), touch(at, 1));
	turn();
	S("no access", 0, "%d %d", touch(at, 0), touch(at, 1));
	T("write", mprotect(at, 2 * PAGE, PROT_WRITE));
	S("write", 0, "%d %d", touch(at, 0), touch(at, 1));
	T("exec", mprotect(at, PAGE, PROT_READ | PROT_EXEC));
	S("exec", 0, "%d", touch(at, 1));
	must(munmap(at + 5 * PAGE, PAGE));
	T("over a hole", mprotect(at + 4 * PAGE, 3 * PAGE, PROT_READ));
	S("over a hole", 0, "%d %d", touch(at + 4 * PAGE, 1), touch(at + 6 * PAGE, 1));
	T("from a hole", mprotect(at + 5 * PAGE, 2 * PAGE, PROT_READ));
	S("from a hole", 0, "%d", touch(at + 6 * PAGE, 1));
	D("read into", read(must(open("/dev/zero", O_RDONLY)), at, 2 * PAGE), at + PAGE, PAGE);
	must(close_range(3, ~0U, 0));
	must(munmap(at, 8 * PAGE));
}

static void protect_files(void)
{
	int fd = file("protected", 4 * PAGE), read_only = must(open("protected", O_RDONLY));
	char *at = must(mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, read_only, 0)), *shared;

	must(close(fd));
	T("private", mprotect(at, PAGE, RW));
	S("private", 0, "%d %d", touch(at, 1), touch(at + PAGE, 1));
	shared = must(mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, read_only, 0));
	T("shared", mprotect(shared, PAGE, RW));
	S("shared", 0, "%d %d", touch(shared, 1), touch(shared + PAGE, 0));
	turn();
	D("shared content", 0, shared, 4 * PAGE);
	D("private content", 0, at, 4 * PAGE);
	must(munmap(at, 4 * PAGE));
	must(munmap(shared, 4 * PAGE));
	must(close(read_only));
}

static void moves(void)
{
	char *base = map(32, RW, PRIVATE), *at, *to;

	for (int i = 0; i < 32; i++)
		fill(base + i * PAGE, PAGE, i);
	must(munmap(base + 4 * PAGE, 4 * PAGE));
	P("odd", mremap(base + 1, PAGE, 2 * PAGE, 0));
	P("no new", mremap(base, PAGE, 0, 0));
	P("no old", mremap(base, 0, PAGE, MREMAP_MAYMOVE));
	P("strange", mremap(base, PAGE, PAGE, 0x100));
	P("fixed alone", mremap(base, PAGE, PAGE, MREMAP_FIXED, base + 4 * PAGE));
	P("overlap", mremap(base, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, base + PAGE));
	P("hole", mremap(base + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	P("into a hole", mremap(base + 2 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE));
	P("far", mremap(base, PAGE, 1UL << 47, MREMAP_MAYMOVE));
	P("grow in the way", mremap(base, PAGE, 2 * PAGE, 0));
	at = P("grow", mremap(base, 4 * PAGE, 6 * PAGE, 0));
	S("grow", 0, "%d %d %d", at == base, touch(at + 5 * PAGE, 1), touch(at + 6 * PAGE, 0));
	D("grown", 0, at, 6 * PAGE);
	at = P("shrink", mremap(base, 6 * PAGE, 2 * PAGE, 0));
	S("shrink", 0, "%d %d %d", at == base, touch(at, 1), touch(at + 2 * PAGE, 0));
	P("hint move", mremap(base + 20 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE));
	to = P("fixed", mremap(base + 8 * PAGE, 2 * PAGE, 3 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, base + 3 * PAGE));
	S("fixed", 0, "%d %d %d %d", to == base + 3 * PAGE, touch(base + 8 * PAGE, 0), touch(to, 1), touch(to + 2 * PAGE, 1));
	D("fixed", 0, to, 3 * PAGE);
	turn();
	D("fixed", 0, to, 3 * PAGE);
	at = P("may move", mremap(base, PAGE, 20 * PAGE, MREMAP_MAYMOVE));
	S("may move", 0, "%d %d", at != base, touch(base, 0));
	D("moved", 0, at, 20 * PAGE);
	to = must(mmap((void *)(1UL << 40), PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0));
	S("in the way", 0, "%d", touch(to, 1));
	P("onto and too large", mremap(at, PAGE, 1UL << 40, MREMAP_FIXED | MREMAP_MAYMOVE, to));
	S("onto and too large", 0, "%d %d", touch(at, 0), touch(to, 0));
	P("onto and fail", mremap(base + 5 * PAGE, PAGE, PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, base + 12 * PAGE));
	S("onto and fail", 0, "%d %d", touch(base + 5 * PAGE, 0), touch(base + 12 * PAGE, 0));
	to = P("leave", mremap(base + 16 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0));
	S("leave", 0, "%d %d", base[16 * PAGE], to[0]);
	must(munmap(base, 32 * PAGE));
}

static void shared(void)
{
	char *one = map(2, RW, MAP_SHARED), *two;

	fill(one, 2 * PAGE, 3);
	two = P("twice", mremap(one, 0, 2 * PAGE, MREMAP_MAYMOVE));
	one[0] = 'X';
	S("same", 0, "%c", two[0]);
	turn();
	two[1] = 'Y';
	two[PAGE] = 'Z';
	S("same after a move", 0, "%c%c%c %c%c%c", one[0], one[1], one[PAGE], two[0], two[1], two[PAGE]);
	must(munmap(two, 2 * PAGE));
	T("dontneed", madvise(one, PAGE, MADV_DONTNEED));
	D("dontneed", 0, one, 2 * PAGE);
	T("remove", madvise(one, PAGE, MADV_REMOVE));
	D("remove", 0, one, 2 * PAGE);
	two = P("grow", mremap(one, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	S("grow", 0, "%d %d", touch(two + PAGE, 1), touch(two + 2 * PAGE, 1));
	turn();
	S("grow after a move", 0, "%d %d", touch(two + PAGE, 1), touch(two + 3 * PAGE, 1));
	T("msync", msync(two, 2 * PAGE, MS_SYNC));
	must(munmap(two, 4 * PAGE));
	one = P("read-only", mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	D("read-only", touch(one, 1), one, PAGE);
	T("protect", mprotect(one, PAGE, RW));
	D("written", touch(one, 1), one, PAGE);
	turn();
	D("written", touch(one, 1), one, PAGE);
	D("read", pread(must(open("/dev/zero", O_RDONLY)), one, 7, 0), one, PAGE);
	must(close(3));
	must(munmap(one, PAGE));
}

static void advice(void)
{
	char *at = map(8, RW, PRIVATE);
	int fd = file("advised", 4 * PAGE);
	char *mapped = must(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0));

	fill(at, 8 * PAGE, 9);
	T("odd", madvise(at + 1, PAGE, MADV_NORMAL));
	T("none", madvise(at, 0, MADV_NORMAL));
	T("strange", madvise(at, PAGE, 12345));
	T("negative", madvise(at, -1UL, MADV_NORMAL));
	T("poison", madvise(at, PAGE, MADV_HWPOISON) == 0);
	T("dontneed", madvise(at, PAGE, MADV_DONTNEED));
	D("dontneed", 0, at, 2 * PAGE);
	T("will need", madvise(at, PAGE, MADV_WILLNEED));
	T("random", madvise(at, PAGE, MADV_RANDOM));
	T("cold", madvise(at, PAGE, MADV_COLD));
	T("page out", madvise(at, PAGE, MADV_PAGEOUT));
	T("huge", madvise(at, PAGE, MADV_HUGEPAGE));
	T("no huge", madvise(at, PAGE, MADV_NOHUGEPAGE));
	T("no fork", madvise(at, PAGE, MADV_DONTFORK));
	T("fork", madvise(at, PAGE, MADV_DOFORK));
	T("no dump", madvise(at, PAGE, MADV_DONTDUMP));
	T("wipe", madvise(at, PAGE, MADV_WIPEONFORK));
	T("keep", madvise(at, PAGE, MADV_KEEPONFORK));
	T("mergeable", madvise(at, PAGE, MADV_MERGEABLE));
	T("populate", madvise(at, PAGE, MADV_POPULATE_WRITE));
	T("remove private", madvise(at, PAGE, MADV_REMOVE));
	must(munmap(at + 4 * PAGE, PAGE));
	T("over a hole", madvise(at + 3 * PAGE, 3 * PAGE, MADV_DONTNEED));
	D("over a hole", 0, at + 5 * PAGE, PAGE);
	T("wipe over a hole", madvise(at + 3 * PAGE, 3 * PAGE, MADV_DONTFORK));
	touch(mapped, 1);
	turn();
	T("file dontneed", madvise(mapped, 4 * PAGE, MADV_DONTNEED));
	D("file dontneed", 0, mapped, 4 * PAGE);
	T("file free", madvise(mapped, PAGE, MADV_FREE));
	T("file wipe", madvise(mapped, PAGE, MADV_WIPEONFORK));
	must(close(fd));
	must(munmap(at, 8 * PAGE));
	must(munmap(mapped, 4 * PAGE));
}

static void heap(void)
{
	char *end = (char *)syscall(SYS_brk, 0), *now;

	now = (char *)syscall(SYS_brk, end + 5 * PAGE + 7);
	S("grow", 0, "%ld", (long)(now - end));
	fill(end, 5 * PAGE + 7, 2);
	turn();
	D("content", 0, end, 5 * PAGE + 7);
	now = (char *)syscall(SYS_brk, end + PAGE);
	S("shrink", 0, "%ld", (long)(now - end));
	now = (char *)syscall(SYS_brk, end + 3 * PAGE);
	S("grow again", 0, "%ld", (long)(now - end));
	D("content", 0, end + PAGE, 2 * PAGE);
	now = (char *)syscall(SYS_brk, 1);
	S("low", 0, "%ld", (long)(now - end));
	now = (char *)syscall(SYS_brk, KERNEL);
	S("high", 0, "%ld", (long)(now - end));
	now = (char *)syscall(SYS_brk, end);
	S("back", 0, "%ld", (long)(now - end));
}

static void truncated(void)
{
	int fd = file("truncated", 4 * PAGE);
	char *at = must(mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0));

	S("before", 0, "%d %d %d", touch(at, 0), touch(at + PAGE, 0), touch(at + 2 * PAGE, 1));
	T("truncate", ftruncate(fd, PAGE + 10));
	S("behind", 0, "%d %d %d", touch(at + PAGE, 0), touch(at + 2 * PAGE, 0), touch(at + 3 * PAGE, 0));
	T("extend", ftruncate(fd, 4 * PAGE));
	S("again", 0, "%d %d %d", touch(at + PAGE, 0), touch(at + 2 * PAGE, 0), touch(at + 3 * PAGE, 1));
	D("content", 0, at + 2 * PAGE, 2 * PAGE);
	must(munmap(at, 4 * PAGE));
	must(close(fd));
}

/* A private mapping shows a file's new content until it is written to. */
static void written(void)
{
	int fd = file("written", 8 * PAGE);
	char *at = must(mmap(NULL, 8 * PAGE, RW, MAP_PRIVATE, fd, 0));

	T("before", touch(at, 0));
	T("write", pwrite(fd, "new", 3, 5 * PAGE));
	S("untouched page", 0, "%.3s", at + 5 * PAGE);
	T("write", pwrite(fd, "new", 3, 0));
	S("touched page", 0, "%.3s", at);
	T("own", touch(at + PAGE, 1));
	T("write", pwrite(fd, "new", 3, PAGE));
	D("own page", 0, at + PAGE, PAGE);
	must(munmap(at, 8 * PAGE));
	must(close(fd));
}

static void grows_down(void)
{
	char *base = map(16384, PROT_NONE, PRIVATE), *top = base + 16000 * PAGE, *at, *other;

	must(munmap(base, 16384 * PAGE));
	at = P("map", mmap(top, 2 * PAGE, RW, ANON | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
	T("touch", touch(at, 1));
	for (int i = 1; i <= 600; i++)
		if (touch(at - i * PAGE, 1)) {
			S("grow", i, "no more");
			break;
		}
	fill(at - 600 * PAGE, PAGE, 1);
	other = P("other", mmap(NULL, 12000 * PAGE, RW, ANON, -1, 0));
	S("other overlaps", 0, "%d", other + 12000 * PAGE > at - 600 * PAGE && other < at);
	D("grown", 0, at - 600 * PAGE, PAGE);
	D("read", pread(must(open("/dev/zero", O_RDONLY)), at - 500 * PAGE, 100, 0), at - 500 * PAGE, 100);
	T("protect", mprotect(at + PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
	S("protect", 0, "%d %d", touch(at, 1), touch(at - 600 * PAGE, 1));
	must(close(3));
	must(munmap(other, 12000 * PAGE));
	must(munmap(top - 700 * PAGE, 702 * PAGE));
}

/* An address where nothing is must stay one that nothing is at. */
static void gone(void)
{
	char *low = map(1, RW, PRIVATE), *high = map(64, RW, PRIVATE);
	int fd = must(open("gone", O_RDWR | O_CREAT | O_TRUNC, 0600));

	fill(high, 64 * PAGE, 0);
	must(munmap(low, PAGE));
	must(munmap(high, 64 * PAGE));
	turn();
	T("describe", write(fd, area.plain, 10));
	T("write", write(fd, low, 10));
	T("write", write(fd, low, 10));
	T("write big", write(fd, high, 64 * PAGE));
	T("write end", write(fd, high + 63 * PAGE, 10));
	T("read", pread(fd, low, 5, 0));
	T("read end", pread(fd, high + 63 * PAGE, 5, 0));
	T("open", open(high + 63 * PAGE, O_RDONLY));
	T("msync", msync(high, 64 * PAGE, MS_ASYNC));
	T("msync", msync(low, PAGE, MS_ASYNC));
	T("mincore", mincore(high, PAGE, (unsigned char *)area.plain));
	T("mlock", mlock(low, PAGE));
	T("madvise", madvise(high, 64 * PAGE, MADV_DONTDUMP));
	T("mprotect", mprotect(high, 64 * PAGE, PROT_READ));
	T("noreplace", mmap(high, 64 * PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == high);
	T("unmap", munmap(high, 64 * PAGE));
	must(close(fd));
}

static void queries(void)
{
	unsigned char *in = (unsigned char *)area.plain;
	char *at = map(4, RW, PRIVATE), *hole, name[16];
	int fd = file("core", 2 * PAGE);

	at[0] = at[2 * PAGE] = 1;
	memset(in, 7, 8);
	D("mincore", mincore(at, 4 * PAGE, in), in, 8);
	must(ftruncate(fd, 8 * PAGE));
	hole = must(mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 4 * PAGE));
	D("mincore file", mincore(hole, 4 * PAGE, in), in, 8);
	must(munmap(hole, 4 * PAGE));
	T("mincore odd", mincore(at + 1, PAGE, in));
	T("mincore none", mincore(at, 0, in));
	T("mincore bad", mincore(at, PAGE, (unsigned char *)area.readonly));
	T("mincore hole", mincore(area.edge, PAGE, in));
	T("msync", msync(at, PAGE, MS_SYNC));
	T("msync odd", msync(at + 1, PAGE, MS_SYNC));
	T("msync strange", msync(at, PAGE, 64));
	T("msync both", msync(at, PAGE, MS_SYNC | MS_ASYNC));
	T("msync stack", deep(100, false));
	T("read stack", deep(200, true));
	T("msync hole", msync(area.edge - PAGE, 3 * PAGE, MS_ASYNC));
	T("thp", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	T("thp off", prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	T("thp", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	turn();
	T("thp", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	T("thp on", prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
	T("thp", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	T("thp strange", prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0));
	T("name", prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, PAGE, "memory"));
	T("merge", prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0));
	T("mdwe", prctl(PR_GET_MDWE, 0, 0, 0, 0));
	D("comm", prctl(PR_GET_NAME, name), name, 16);
	T("get_mempolicy", syscall(SYS_get_mempolicy, in, NULL, 0, NULL, 0));
	T("get_mempolicy bad", syscall(SYS_get_mempolicy, NEVER, NULL, 0, NULL, 0));
	T("process_mrelease", syscall(SYS_process_mrelease, 77, 0));
	T("membarrier", syscall(SYS_membarrier, 0, 0, 0) > 0);
	T("membarrier strange", syscall(SYS_membarrier, 12345, 0, 0));
	must(close(fd));
	must(munmap(at, 4 * PAGE));
}

static void locks(void)
{
	char *at = map(4, RW, PRIVATE);

	T("mlock", mlock(at, 2 * PAGE));
	T("munlock", munlock(at, 2 * PAGE));
	T("mlock hole", mlock(area.edge - PAGE, 2 * PAGE));
	T("munlock", munlock(area.edge - PAGE, PAGE));
	T("mlock2 strange", syscall(SYS_mlock2, at, PAGE, 77));
	T("mlockall 0", mlockall(0));
	T("mlockall strange", mlockall(64));
	T("munlockall", munlockall());
	T("locked", mmap(NULL, PAGE, RW, ANON | MAP_LOCKED, -1, 0) == MAP_FAILED);
	T("munlockall", munlockall());
	T("seal", syscall(SYS_mseal, at + 2 * PAGE, PAGE, 0));
	T("sealed munmap", munmap(at + 2 * PAGE, PAGE));
	T("sealed mprotect", mprotect(at + 2 * PAGE, PAGE, PROT_READ));
	turn();
	T("sealed munmap", munmap(at, 4 * PAGE));
	T("sealed dontneed", madvise(at + 2 * PAGE, PAGE, MADV_DONTNEED));
	T("sealed touch", touch(at + 2 * PAGE, 1));
}

static void keys(void)
{
	char *at = map(2, RW, PRIVATE);
	int key = pkey_alloc(0, 0);

	if (key < 0)
		return;
	T("strange", pkey_alloc(1, 0));
	T("bad key", pkey_mprotect(at, PAGE, RW, 14));
	T("only exec", mprotect(at + PAGE, PAGE, PROT_EXEC));
	S("only exec", 0, "%d", touch(at + PAGE, 0));
	T("protect", pkey_mprotect(at, PAGE, RW, key));
	S("protected", 0, "%d %d", touch(at, 0), touch(at, 1));
	T("forbid", pkey_set(key, PKEY_DISABLE_WRITE));
	S("forbidden", 0, "%d %d", touch(at, 0), touch(at, 1));
	turn();
	away();
	S("forbidden after a move", 0, "%d %d", touch(at, 0), touch(at, 1));
	T("allow", pkey_set(key, 0));
	T("allowed", touch(at, 1));
	T("free", pkey_free(key));
	T("free again", pkey_free(key));
	must(munmap(at, 2 * PAGE));
}

static void self(void)
{
	char *p = area.plain, *from = map(4, RW, PRIVATE);
	struct iovec here[] = { { p, 3000 }, { p + 4000, 3000 } }, there[] = { { from + 100, 5000 } };
	struct iovec beyond[] = { { area.edge - 10, 20 } };
	int fd;

	fill(from, 4 * PAGE, 4);
	D("readv", process_vm_readv(getpid(), here, 2, there, 1, 0), p, 8000);
	D("writev", process_vm_writev(getpid(), here, 1, there, 1, 0), from, 8000);
	D("readv over the edge", process_vm_readv(getpid(), here, 1, beyond, 1, 0), p, 3000);
	T("readv strange", process_vm_readv(getpid(), here, 1, there, 1, 1));
	T("readv nobody", process_vm_readv(0x3fffffff, here, 1, there, 1, 0));
	T("readv nowhere", process_vm_readv(getpid(), here, 1, &(struct iovec){ NEVER, 10 }, 1, 0));
	fd = must(open("/proc/self/mem", O_RDWR));
	D("mem read", pread(fd, p, 5000, (long)from), p, 5000);
	D("mem write", pwrite(fd, "written", 7, (long)from + PAGE - 3), from + PAGE - 10, 20);
	T("mem read-only", pwrite(fd, "forced", 6, (long)area.readonly));
	D("mem read-only", 0, area.readonly, 16);
	T("mem nowhere", pread(fd, p, 10, (long)NEVER));
	T("mem edge", pread(fd, p, 100, (long)area.edge - 10));
	must(close(fd));
	must(munmap(from, 4 * PAGE));
}

CALLS(CASE(mmaps), CASE(munmaps), CASE(protections), CASE(protect_files), CASE(moves), CASE(heap),
      CASE(advice), CASE(queries), CASE(self), CASE(zero_device), CASE(low), CASE(gone), CASE(shared),
      CASE(truncated), CASE(written), CASE(grows_down), STAYS(locks), CASE(keys))
