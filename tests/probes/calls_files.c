// SPDX-License-Identifier: GPL-2.0-only
/* System calls on files by their names: what they are, what they are called, who holds them. */
#include "calls.h"
#include <dirent.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

/* Calls that the C library does not know yet. */
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_file_getattr 468

/* What is there before a call: nothing that it does not write may change. */
static char *blank(void)
{
	memset(area.plain, 0x55, 3 * PAGE);
	return area.plain;
}

static int file(const char *name, int flags)
{
	int fd = must(open(name, O_RDWR | O_CREAT | flags, 0644));

	must(ftruncate(fd, 0));
	must(pwrite(fd, area.plain + PAGE, 1000, 0));
	return fd;
}

static void opens(void)
{
	static const int flags[] = { O_RDONLY, O_WRONLY, O_RDWR, 3, O_APPEND | O_WRONLY, O_PATH, O_PATH | O_RDWR,
		O_DIRECTORY, O_NOFOLLOW, O_TRUNC, O_EXCL, O_CREAT | O_EXCL, O_NONBLOCK, O_SYNC | O_RDWR, O_DSYNC | O_RDWR,
		O_NOATIME, O_CLOEXEC, O_ASYNC, O_CREAT | O_DIRECTORY, O_TMPFILE | O_RDWR, O_TMPFILE, 0x40000000, -1 };
	static const char *const names[] = { "plain", "folder", "link", "dangling", "loop", "plain/", "folder/.", "",
		"missing/x", "plain/x", "/dev/null", "fifo" };
	char line[1000];

	must(close(file("plain", 0)));
	must(mkdir("folder", 0755));
	must(symlink("plain", "link"));
	must(symlink("nothing", "dangling"));
	must(symlink("loop", "loop"));
	must(mkfifo("fifo", 0600));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		line[0] = 0;
		for (size_t j = 0; j < sizeof(flags) / sizeof(*flags); j++) {
			int how = flags[j] | (i == 11 ? O_NONBLOCK : 0), fd;

			away();
			fd = open(names[i], how, 0600);
			if (fd < 0)
				sprintf(line + strlen(line), " %s", strerrorname_np(errno));
			else
				sprintf(line + strlen(line), " %d:%x:%d", fd, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
			close(fd);
		}
		printf("'%s':%s\n", names[i], line);
	}
	T("null", syscall(SYS_open, NULL, O_RDONLY));
	T("nowhere", syscall(SYS_open, NEVER, O_RDONLY));
	T("none", syscall(SYS_open, area.none, O_RDONLY));
	memset(area.edge - 10, 'x', 10);
	T("no end", syscall(SYS_open, area.edge - 10, O_RDONLY));
	strcpy(area.edge - 6, "plain");
	T("at the edge", syscall(SYS_open, area.edge - 6, O_RDONLY));
	memset(area.plain, 'n', 3 * PAGE);
	area.plain[256] = 0;
	T("name long", open(area.plain, O_RDONLY));
	memset(area.plain, '/', 3 * PAGE);
	area.plain[4095] = 0;
	T("path longest", open(area.plain, O_RDONLY));
	area.plain[4095] = '/';
	area.plain[4096] = 0;
	T("path long", open(area.plain, O_RDONLY));
	T("path no end", open(area.plain + 8000, O_RDONLY));
	T("at nowhere", openat(99, "plain", O_RDONLY));
	T("at absolute", openat(99, "/", O_RDONLY));
	T("at a file", openat(1, "plain", O_RDONLY) < 0);
	T("creat", creat("created", 04755));
	T("umask", umask(077));
	T("umask", umask(022));
	T("mode", open("mode", O_CREAT | O_RDWR, 07777));
}

static void opens2(void)
{
	struct { struct open_how how; uint64_t more; } how = { .how = { .flags = O_RDONLY } };
	int folder;

	must(close(file("plain", 0)));
	must(mkdir("folder", 0755));
	must(symlink("../plain", "folder/up"));
	must(symlink("plain", "link"));
	folder = must(open("folder", O_PATH));
	T("plain", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 24));
	T("larger", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 32));
	how.more = 1;
	T("larger used", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 32));
	T("smaller", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 23));
	T("huge", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 100000));
	T("zero", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 0));
	T("null", syscall(SYS_openat2, AT_FDCWD, "plain", NULL, 24));
	T("edge", syscall(SYS_openat2, AT_FDCWD, "plain", area.edge - 20, 24));
	how.how.mode = 0600;
	T("mode", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 24));
	how.how.mode = 0;
	how.how.resolve = RESOLVE_BENEATH;
	T("beneath", syscall(SYS_openat2, folder, "up", &how, 24));
	T("beneath root", syscall(SYS_openat2, folder, "/", &how, 24));
	how.how.resolve = RESOLVE_IN_ROOT;
	T("in root", syscall(SYS_openat2, folder, "/..", &how, 24));
	T("in root", syscall(SYS_openat2, folder, "up", &how, 24));
	how.how.resolve = RESOLVE_NO_SYMLINKS;
	T("no symlinks", syscall(SYS_openat2, AT_FDCWD, "link", &how, 24));
	how.how.resolve = RESOLVE_NO_MAGICLINKS;
	T("no magic", syscall(SYS_openat2, AT_FDCWD, "/proc/self/cwd", &how, 24));
	how.how.resolve = RESOLVE_NO_XDEV;
	T("other device", syscall(SYS_openat2, AT_FDCWD, "/proc/self", &how, 24));
	how.how.resolve = 0x1000;
	T("resolve", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 24));
	how.how = (struct open_how){ .flags = 1UL << 40 };
	T("flags", syscall(SYS_openat2, AT_FDCWD, "plain", &how, 24));
}

/* What does not change from run to run. */
static void attributes(const char *name, long result, const struct stat *st)
{
	calls_result(name, result);
	printf(" %o %u %u %u %ld %ld %ld %ld.%ld", st->st_mode, (int)st->st_nlink, st->st_uid, st->st_gid,
	       S_ISDIR(st->st_mode) ? 0 : (long)st->st_size, (long)st->st_blksize, (long)st->st_rdev,
	       st->st_mtim.tv_sec < 1000 ? st->st_mtim.tv_sec : 0, st->st_mtim.tv_sec < 1000 ? st->st_mtim.tv_nsec : 0);
	calls_end();
}

#define A(name, call) do { away(); attributes(name, call, &st); } while (0)

static void stats(void)
{
	struct timespec times[2] = { { 5, 6 }, { 7, 8 } };
	struct timeval older[2] = { { 9, 10 }, { 11, 12 } };
	struct utimbuf oldest = { 13, 14 };
	struct stat st = { 0 };
	struct statx more;
	struct statfs fs;
	int fd = file("plain", 0);

	must(symlink("plain", "link"));
	T("utimens", utimensat(AT_FDCWD, "plain", times, 0));
	A("stat", stat("plain", &st));
	A("fstat", fstat(fd, &st));
	A("lstat", lstat("link", &st));
	T("missing", stat("missing", &st));
	T("null", syscall(SYS_stat, "plain", NULL));
	T("readonly", syscall(SYS_stat, "plain", area.readonly));
	T("edge", syscall(SYS_stat, "plain", area.edge - 100));
	T("fstat bad", fstat(99, &st));
	A("at empty", fstatat(fd, "", &st, AT_EMPTY_PATH));
	T("at empty", fstatat(fd, "", &st, 0));
	A("at null", syscall(SYS_newfstatat, fd, NULL, &st, AT_EMPTY_PATH));
	T("at strange", fstatat(fd, "plain", &st, 0x80000));
	A("at nofollow", fstatat(AT_FDCWD, "link", &st, AT_SYMLINK_NOFOLLOW));
	A("device", stat("/dev/null", &st));
	S("statx", statx(AT_FDCWD, "plain", 0, STATX_ALL, (void *)blank()), "%x %x %o %ld",
	  ((struct statx *)area.plain)->stx_mask, ((struct statx *)area.plain)->stx_nlink,
	  ((struct statx *)area.plain)->stx_mode, (long)((struct statx *)area.plain)->stx_size);
	T("statx strange", statx(AT_FDCWD, "plain", 0, 0x80000000, &more));
	T("statx sync", statx(AT_FDCWD, "plain", AT_STATX_FORCE_SYNC | AT_STATX_DONT_SYNC, 0, &more));
	S("statx empty", statx(fd, "", AT_EMPTY_PATH, STATX_MTIME, &more), "%ld %d", (long)more.stx_mtime.tv_sec,
	  more.stx_mtime.tv_nsec);
	T("statx null", syscall(SYS_statx, AT_FDCWD, "plain", 0, 0, NULL));
	times[0].tv_nsec = UTIME_OMIT, times[1].tv_nsec = UTIME_NOW;
	T("now", utimensat(AT_FDCWD, "plain", times, 0));
	A("now", stat("plain", &st));
	times[0].tv_nsec = 1000000000;
	T("bad", utimensat(AT_FDCWD, "plain", times, 0));
	T("null", utimensat(AT_FDCWD, "plain", NULL, 0));
	T("no path", syscall(SYS_utimensat, fd, NULL, NULL, 0));
	T("link", utimensat(AT_FDCWD, "link", (struct timespec[]){ { 1, 2 }, { 3, 4 } }, AT_SYMLINK_NOFOLLOW));
	A("link", lstat("link", &st));
	T("utimes", utimes("plain", older));
	A("utimes", stat("plain", &st));
	T("utime", syscall(SYS_utime, "plain", &oldest));
	A("utime", stat("plain", &st));
	older[0].tv_usec = -1;
	T("futimesat bad", syscall(SYS_futimesat, AT_FDCWD, "plain", older));
	T("chmod", chmod("plain", 04751));
	T("chmod missing", chmod("missing", 0));
	T("fchmod", fchmod(fd, 02711));
	T("fchmodat2", syscall(SYS_fchmodat2, AT_FDCWD, "link", 0700, AT_SYMLINK_NOFOLLOW));
	T("fchmodat2 strange", syscall(SYS_fchmodat2, AT_FDCWD, "plain", 0700, 0x100000));
	A("modes", stat("plain", &st));
	T("chown", chown("plain", 5, -1));
	T("lchown", lchown("link", 6, 7));
	T("fchown", fchown(fd, -1, 8));
	T("fchownat", fchownat(AT_FDCWD, "", 1, 1, AT_EMPTY_PATH));
	turn();
	A("owners", stat("plain", &st));
	A("owners", lstat("link", &st));
	T("access", access("plain", R_OK | W_OK));
	T("access strange", access("plain", 77));
	T("access missing", access("missing", F_OK));
	T("faccessat2", faccessat(AT_FDCWD, "plain", X_OK, AT_EACCESS));
	T("faccessat2 strange", syscall(SYS_faccessat2, AT_FDCWD, "plain", X_OK, 0x100000));
	S("statfs", statfs(".", &fs), "%lx %ld %ld", (long)fs.f_type, (long)fs.f_bsize, (long)fs.f_namelen);
	S("fstatfs", fstatfs(fd, &fs), "%lx %ld %ld", (long)fs.f_type, (long)fs.f_bsize, (long)fs.f_namelen);
	D("statfs proc", statfs("/proc", (void *)blank()), area.plain, 200);
	T("statfs missing", statfs("missing", &fs));
	T("statfs readonly", syscall(SYS_statfs, ".", area.readonly));
	T("mknod", mknod("device", S_IFCHR | 0600, makedev(1, 3)));
	A("mknod", stat("device", &st));
	T("mknod strange", mknod("strange", S_IFDIR, 0));
}

static void paths(void)
{
	char *p = area.plain;
	int folder;

	must(close(file("a", 0)));
	must(mkdir("d", 0755));
	folder = must(open("d", O_RDONLY));
	T("link", link("a", "b"));
	T("link again", link("a", "b"));
	T("link folder", link("d", "e"));
	T("linkat empty", linkat(must(open("a", O_PATH)), "", AT_FDCWD, "c", AT_EMPTY_PATH));
	T("linkat strange", linkat(AT_FDCWD, "a", AT_FDCWD, "f", 1));
	T("symlink", symlink("some/where/else", "l"));
	T("symlink again", symlink("x", "l"));
	T("symlink empty", symlink("", "m"));
	T("symlinkat", symlinkat("../a", folder, "up"));
	D("readlink", readlink("l", blank(), 100), p, 100);
	D("readlink truncated", readlink("l", blank(), 5), p, 100);
	D("readlink exact", readlink("l", blank(), 15), p, 100);
	T("readlink none", readlink("l", p, 0));
	T("readlink minus", syscall(SYS_readlink, "l", p, -1));
	D("readlink edge", readlink("l", area.edge - 20, 100), area.edge - 20, 20);
	T("readlink over the edge", readlink("l", area.edge - 10, 100));
	T("readlink file", readlink("a", p, 10));
	T("readlink null", syscall(SYS_readlink, "l", NULL, 10));
	D("readlinkat", readlinkat(folder, "up", blank(), 100), p, 100);
	D("readlinkat empty", readlinkat(must(open("l", O_PATH | O_NOFOLLOW)), "", blank(), 100), p, 100);
	T("rename", rename("b", "g"));
	T("rename missing", rename("b", "g"));
	T("rename folder", rename("d", "a"));
	T("rename inside", rename("d", "d/d"));
	T("noreplace", syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "a", RENAME_NOREPLACE));
	T("exchange", syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "d", RENAME_EXCHANGE));
	T("exchange", syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "d", RENAME_EXCHANGE));
	T("rename strange", syscall(SYS_renameat2, AT_FDCWD, "g", AT_FDCWD, "d", 77));
	T("unlink folder", unlink("d"));
	T("rmdir full", rmdir("d"));
	T("rmdir file", rmdir("a"));
	T("rmdir dot", rmdir("."));
	T("unlinkat", unlinkat(folder, "up", 0));
	T("unlinkat strange", unlinkat(folder, "up", 1));
	T("unlinkat folder", unlinkat(AT_FDCWD, "d", AT_REMOVEDIR));
	T("in removed", openat(folder, "x", O_CREAT | O_RDWR, 0600));
	T("mkdir again", mkdir("a", 0755));
	T("mkdirat", mkdirat(AT_FDCWD, "h", 01777));
	T("chdir file", chdir("a"));
	T("chdir missing", chdir("missing"));
	T("fchdir", fchdir(folder));
	S("getcwd removed", syscall(SYS_getcwd, blank(), 100), "%.10s", p);
	T("up", chdir(".."));
	T("chdir", chdir("/usr/../tmp"));
	D("getcwd", syscall(SYS_getcwd, blank(), 100), p, 100);
	D("getcwd exact", syscall(SYS_getcwd, blank(), 5), p, 100);
	T("getcwd short", syscall(SYS_getcwd, p, 4));
	T("getcwd null", syscall(SYS_getcwd, NULL, 100));
	D("getcwd edge", syscall(SYS_getcwd, area.edge - 5, 100), area.edge - 5, 5);
	T("fchdir bad", fchdir(99));
	T("chroot missing", chroot("missing"));
	T("chroot file", chroot("/dev/null"));
	T("chroot", chroot("/usr"));
	T("inside", access("/bin/sh", X_OK));
	D("getcwd outside", syscall(SYS_getcwd, blank(), 100), p, 100);
	T("pivot", syscall(SYS_pivot_root, "missing", "missing"));
	T("mount", syscall(SYS_mount, "none", "missing", "tmpfs", 0, NULL));
	T("umount", syscall(SYS_umount2, "missing", 0));
}

static void lists(void)
{
	static const size_t room[] = { 0, 1, 23, 24, 47, 48, 100, 1000, 2 * PAGE };
	char name[64];
	int fd;
	ssize_t length;

	must(mkdir("d", 0755));
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "d/%.*s", 1 + i, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
		must(close(file(name, 0)));
	}
	fd = must(open("d", O_RDONLY));
	for (size_t i = 0; i < sizeof(room) / sizeof(*room); i++) {
		int count = 0;

		away();
		must(lseek(fd, 0, SEEK_SET));
		snprintf(name, sizeof(name), "getdents64 %zu", room[i]);
		length = syscall(SYS_getdents64, fd, blank(), room[i]);
		calls_result(name, length);
		for (ssize_t at = 0; at < length;) {
			struct dirent64 *one = (void *)(area.plain + at);

			count++;
			at += one->d_reclen;
		}
		printf(" %d", count);
		calls_end();
		must(lseek(fd, 0, SEEK_SET));
		S("getdents", syscall(SYS_getdents, fd, blank(), room[i]), "%d", area.plain[room[i]]);
	}
	must(lseek(fd, 0, SEEK_SET));
	T("over the edge", syscall(SYS_getdents64, fd, area.edge - 100, 1000));
	T("over the edge", syscall(SYS_getdents64, fd, area.edge - 100, 1000));
	T("none", syscall(SYS_getdents64, fd, area.none, 1000));
	T("readonly", syscall(SYS_getdents64, fd, area.readonly, 1000));
	T("minus", syscall(SYS_getdents64, fd, area.plain, -1));
	T("file", syscall(SYS_getdents64, must(open("/dev/null", O_RDONLY)), area.plain, 1000));
	must(lseek(fd, 0, SEEK_SET));
	length = 0;
	while (must(syscall(SYS_getdents64, fd, area.plain, 200)) > 0 && length < 100)
		length++;
	T("pieces", length > 5);
	must(rename("d", "e"));
	T("removed", rmdir("e"));
}

static void attributes_more(void)
{
	char *p = area.plain;
	int fd = file("plain", 0);
	struct file_handle *handle = (void *)p;
	int mount;

	T("set", setxattr("plain", "user.one", "value", 5, 0));
	T("set again", setxattr("plain", "user.one", "value", 5, XATTR_CREATE));
	T("replace missing", setxattr("plain", "user.two", "value", 5, XATTR_REPLACE));
	T("flags", setxattr("plain", "user.two", "value", 5, 77));
	T("empty", setxattr("plain", "user.empty", NULL, 0, 0));
	T("name", setxattr("plain", "", "value", 5, 0));
	memset(area.plain, 'n', 300);
	area.plain[299] = 0;
	T("long name", setxattr("plain", area.plain, "value", 5, 0));
	T("namespace", setxattr("plain", "strange.one", "value", 5, 0));
	T("trusted", fsetxattr(fd, "trusted.three", p, 300, 0));
	T("large", fsetxattr(fd, "user.large", p, 65537, 0));
	T("faulty", fsetxattr(fd, "user.faulty", area.edge - 3, 10, 0));
	D("get", getxattr("plain", "user.one", blank(), 100), p, 100);
	T("get size", getxattr("plain", "user.one", NULL, 0));
	T("get short", getxattr("plain", "user.one", p, 4));
	D("get exact", fgetxattr(fd, "user.one", blank(), 5), p, 100);
	T("get missing", lgetxattr("plain", "user.missing", p, 100));
	T("get edge", getxattr("plain", "user.one", area.edge - 3, 10));
	D("get edge", getxattr("plain", "user.one", area.edge - 5, 10), area.edge - 5, 5);
	T("list size", listxattr("plain", NULL, 0));
	T("list short", listxattr("plain", p, 10));
	S("list", flistxattr(fd, blank(), 200), "%d", p[190]);
	turn();
	T("remove", removexattr("plain", "user.one"));
	T("remove again", fremovexattr(fd, "user.one"));
	T("setxattrat", syscall(SYS_setxattrat, AT_FDCWD, "plain", 0, "user.at", &(long[]){ (long)"abc", 3 }, 16));
	D("getxattrat", syscall(SYS_getxattrat, AT_FDCWD, "plain", 0, "user.at", &(long[]){ (long)blank(), 3 }, 16), p, 10);
	T("getxattrat size", syscall(SYS_getxattrat, AT_FDCWD, "plain", 0, "user.at", &(long[]){ 0, 0 }, 8));
	S("listxattrat", syscall(SYS_listxattrat, AT_FDCWD, "plain", 0, blank(), 200), "%d", p[190]);
	handle->handle_bytes = 0;
	S("handle size", name_to_handle_at(AT_FDCWD, "plain", handle, &mount, 0), "%u", handle->handle_bytes);
	S("handle", name_to_handle_at(AT_FDCWD, "plain", handle, &mount, 0), "%d", handle->handle_type);
	T("handle strange", name_to_handle_at(AT_FDCWD, "plain", handle, &mount, 77));
	T("by handle", open_by_handle_at(AT_FDCWD, handle, O_RDONLY));
	handle->handle_bytes = 1000;
	T("handle large", name_to_handle_at(AT_FDCWD, "plain", handle, &mount, 0));
	T("by handle", open_by_handle_at(AT_FDCWD, handle, O_RDONLY));
	T("getflags", ioctl(fd, FS_IOC_GETFLAGS, blank()) < 0 && errno != EFAULT ? -1 : 0);
	D("block", ioctl(fd, FIGETBSZ, blank()), p, 8);
	T("clone", ioctl(fd, FICLONE, 99));
	D("file_getattr", syscall(SYS_file_getattr, AT_FDCWD, "plain", blank(), 24, 0), p, 50);
	T("file_getattr size", syscall(SYS_file_getattr, AT_FDCWD, "plain", p, 8, 0));
}

static void lengths(void)
{
	struct stat st = { 0 };
	int fd = file("plain", 0), sealed;

	T("truncate", truncate("plain", 5000));
	A("truncate", stat("plain", &st));
	T("truncate negative", truncate("plain", -1));
	T("truncate folder", truncate(".", 0));
	T("truncate far", truncate("plain", LONG_MAX));
	T("ftruncate", ftruncate(fd, 100));
	T("ftruncate read-only", ftruncate(must(open("plain", O_RDONLY)), 100));
	T("fallocate", fallocate(fd, 0, 0, 20000));
	T("fallocate none", fallocate(fd, 0, 0, 0));
	T("fallocate negative", fallocate(fd, 0, -1, 10));
	T("fallocate strange", fallocate(fd, 0x1000, 0, 10));
	T("punch", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 50));
	T("punch alone", fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 50));
	A("fallocate", stat("plain", &st));
	D("content", pread(fd, area.plain, 200, 0), area.plain, 100);
	T("fsync", fsync(fd));
	T("fdatasync", fdatasync(fd));
	T("fsync bad", fsync(99));
	T("syncfs", syncfs(fd));
	T("sync", (sync(), 0));
	T("memfd strange", memfd_create("name", 0x1000));
	memset(area.plain, 'x', 300);
	area.plain[250] = 0;
	T("memfd long", memfd_create(area.plain, 0));
	T("memfd", sealed = memfd_create("name", MFD_ALLOW_SEALING | MFD_CLOEXEC));
	T("write", write(sealed, area.plain, 100));
	T("seals", fcntl(sealed, F_GET_SEALS));
	T("seal", fcntl(sealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE));
	turn();
	T("shrink", ftruncate(sealed, 10));
	T("grow", ftruncate(sealed, 1000));
	T("write", write(sealed, area.plain, 100));
	T("seal", fcntl(sealed, F_ADD_SEALS, F_SEAL_SEAL));
	T("seal more", fcntl(sealed, F_ADD_SEALS, F_SEAL_GROW));
	T("seals", fcntl(sealed, F_GET_SEALS));
	T("seals of a file", fcntl(fd, F_GET_SEALS));
	T("dupfd", fcntl(fd, F_DUPFD, 50));
	T("dupfd cloexec", fcntl(fd, F_DUPFD_CLOEXEC, 60));
	T("dupfd far", fcntl(fd, F_DUPFD, 1 << 30));
	T("dup2", dup2(fd, 70));
	T("dup2 same", dup2(fd, fd));
	T("dup2 bad", dup2(99, 99));
	T("dup3 same", dup3(fd, fd, 0));
	T("dup3 strange", dup3(fd, 71, 1));
	T("close_range", close_range(50, 70, 0));
	T("close_range strange", close_range(50, 70, 77));
	T("close_range bad", close_range(70, 50, 0));
	T("closed", close(60));
	T("setfl", fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	T("getfl", fcntl(fd, F_GETFL));
	T("setown", fcntl(fd, F_SETOWN, getpid()));
	T("getown", fcntl(fd, F_GETOWN) == getpid());
	D("getown ex", fcntl(fd, F_GETOWN_EX, area.plain), area.plain, 4);
	T("setsig", fcntl(fd, F_SETSIG, 65));
	T("lease", fcntl(fd, F_GETLEASE));
	T("strange", fcntl(fd, 77));
	T("hint", fcntl(fd, F_SET_RW_HINT, &(uint64_t){ 3 }));
	D("hint", fcntl(fd, F_GET_RW_HINT, blank()), area.plain, 16);
}

static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_start = 10, .l_len = 10 }, want = { 0 };
	int fd = file("plain", 0), other = must(open("plain", O_RDWR)), ready[2];
	pid_t child;
	char byte;

	T("flock", flock(fd, LOCK_EX));
	T("flock other", flock(other, LOCK_SH | LOCK_NB));
	T("flock shared", flock(fd, LOCK_SH));
	T("flock other", flock(other, LOCK_SH | LOCK_NB));
	T("flock strange", flock(fd, 77));
	T("unlock", flock(fd, LOCK_UN));
	T("bad type", fcntl(fd, F_SETLK, &(struct flock){ .l_type = 77 }));
	T("bad start", fcntl(fd, F_SETLK, &(struct flock){ .l_start = -5 }));
	T("null", fcntl(fd, F_SETLK, NULL));
	T("readonly", fcntl(fd, F_GETLK, area.readonly));
	T("ofd", fcntl(fd, F_OFD_SETLK, &lock));
	D("get ofd", fcntl(other, F_OFD_GETLK, memcpy(blank(), &lock, sizeof(lock))), area.plain, 50);
	lock.l_type = F_UNLCK;
	T("ofd", fcntl(fd, F_OFD_SETLK, &lock));
	lock.l_pid = 5;
	T("ofd pid", fcntl(fd, F_OFD_SETLK, &lock));
	must(pipe(ready));
	lock.l_type = F_WRLCK;
	T("set", fcntl(fd, F_SETLK, &lock));
	fflush(stdout);
	child = must(fork());
	if (!child) {
		want = lock;
		S("get", fcntl(fd, F_GETLK, &want), "%d %ld %ld %d", want.l_type, (long)want.l_start, (long)want.l_len,
		  want.l_pid == getppid());
		T("set", fcntl(fd, F_SETLK, &lock));
		want = (struct flock){ .l_type = F_WRLCK, .l_start = 100, .l_len = 10 };
		T("set elsewhere", fcntl(fd, F_SETLK, &want));
		must(write(ready[1], "x", 1));
		away();
		byte = fcntl(fd, F_SETLKW, &lock) ? errno : 0;
		turn();
		must(write(ready[1], &byte, 1));
		poll(NULL, 0, -1);
	}
	must(read(ready[0], &byte, 1));
	want = (struct flock){ .l_type = F_RDLCK };
	S("get", fcntl(fd, F_GETLK, &want), "%d %ld %ld %d", want.l_type, (long)want.l_start, (long)want.l_len,
	  want.l_pid == child);
	turn();
	probe_await_call(child, SYS_fcntl);
	lock.l_type = F_UNLCK;
	T("release", fcntl(fd, F_SETLK, &lock));
	T("it waited", read(ready[0], &byte, 1) == 1 ? byte : -1);
	lock.l_type = F_RDLCK;
	S("get", fcntl(fd, F_GETLK, memcpy(&want, &lock, sizeof(lock))), "%d %ld %d", want.l_type, (long)want.l_start,
	  want.l_pid == child);
	must(kill(child, SIGKILL));
	T("wait", fcntl(fd, F_SETLKW, &lock));
	T("reap", waitpid(child, NULL, 0) == child);
	T("get", (fcntl(fd, F_GETLK, &lock), lock.l_type));
}

static void watches(void)
{
	int fd, watch, file_watch;
	char *p = area.plain;

	T("strange", inotify_init1(1));
	T("init", fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	T("missing", inotify_add_watch(fd, "missing", IN_ALL_EVENTS));
	T("nothing", inotify_add_watch(fd, ".", 0));
	T("bad", inotify_add_watch(1, ".", IN_ALL_EVENTS) < 0);
	T("add", watch = inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_MOVE));
	T("update", inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE | IN_MOVE));
	T("update not", inotify_add_watch(fd, ".", IN_CREATE | IN_MASK_CREATE));
	T("empty", read(fd, p, 1000));
	must(close(file("one", 0)));
	T("add file", file_watch = inotify_add_watch(fd, "one", IN_ATTRIB | IN_ONESHOT));
	must(chmod("one", 0600));
	turn();
	must(unlink("one"));
	must(mkdir("folder with a long name", 0700));
	S("fionread", ioctl(fd, FIONREAD, p), "%d", *(int *)p);
	T("short", read(fd, p, 10));
	T("over the edge", read(fd, area.edge - 10, 100));
	D("first", read(fd, blank(), 40), p, 100);
	D("rest", read(fd, blank(), 1000), p, 1000);
	T("rm", inotify_rm_watch(fd, watch));
	T("rm again", inotify_rm_watch(fd, watch));
	T("rm oneshot", inotify_rm_watch(fd, file_watch));
	D("ignored", read(fd, blank(), 1000), p, 1000);
	T("fanotify", syscall(SYS_fanotify_init, -1, 0));
	T("cachestat", syscall(SYS_cachestat, fd, &(long[]){ 0, 0 }, blank(), 0));
}

/* Results that look like what interrupted calls return inside the kernel, and are none. */
static void odd_results(void)
{
	int fd = must(open("/proc/self/mem", O_RDONLY));

	for (long at = -517; at <= -511; at++)
		T("lseek", syscall(SYS_lseek, fd, at, SEEK_SET) == -1 ? errno : 0);
	must(close(fd));
}

CALLS(CASE(opens), CASE(opens2), CASE(stats), CASE(paths), CASE(lists), CASE(attributes_more), CASE(lengths),
      CASE(locks), CASE(watches), CASE(odd_results))
