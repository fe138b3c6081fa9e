// SPDX-License-Identifier: GPL-2.0-only
/* System calls that make processes and begin programs, and what /proc says of the own one. */
#include "calls.h"
#include <ctype.h>
#include <linux/sched.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/resource.h>

#define ROOM (2 << 20)

static char text[ROOM];

/* The end of a child, whatever interrupts the wait. */
static int status_of(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, __WALL) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	return status;
}

/* Raw clone(); a child ends with 9. */
static long cloned(unsigned long flags, void *parent, void *child)
{
	long pid = syscall(SYS_clone, flags, NULL, parent, child, 0);

	if (!pid)
		_exit(9);
	return pid;
}

static long cloned3(void *how, size_t size)
{
	long pid = syscall(SYS_clone3, how, size);

	if (!pid)
		_exit(9);
	return pid;
}

static void forks(void)
{
	static const unsigned long wrong[] = { CLONE_SIGHAND, CLONE_THREAD, CLONE_THREAD | CLONE_SIGHAND, CLONE_NEWNS | CLONE_FS,
		CLONE_NEWUSER | CLONE_FS, CLONE_NEWIPC | CLONE_SYSVSEM, CLONE_PIDFD | CLONE_DETACHED,
		CLONE_PIDFD | CLONE_PARENT_SETTID, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, 200 };
	struct clone_args how = { .exit_signal = SIGCHLD };
	int place = 0, child, *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		T("wrong", cloned(wrong[i], NULL, NULL));
	T("plain", (child = cloned(SIGCHLD, NULL, NULL)) > 0);
	S("end", 0, "%x", status_of(child));
	T("parent set", (child = cloned(SIGCHLD | CLONE_PARENT_SETTID, &place, NULL)) > 0);
	S("end", place == child, "%x", status_of(child));
	T("parent set badly", (child = cloned(SIGCHLD | CLONE_PARENT_SETTID, area.readonly, NULL)) > 0);
	S("end", 0, "%x", status_of(child));
	T("no signal", (child = cloned(0, NULL, NULL)) > 0);
	T("not waited for", waitpid(child, NULL, 0));
	S("end", 0, "%x", status_of(child));
	T("files and paths", (child = cloned(SIGCHLD | CLONE_FILES | CLONE_FS, NULL, NULL)) > 0);
	S("end", 0, "%x", status_of(child));
	T("unshare", unshare(0));
	T("unshare strange", unshare(1));
	T("unshare files", unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	T("setns", setns(1, 0));
	T("setns bad", setns(99, 0));
	T("clone3", (child = cloned3(&how, sizeof(how))) > 0);
	S("end", 0, "%x", status_of(child));
	T("clone3 short", cloned3(&how, 63));
	T("clone3 huge", cloned3(&how, 100000));
	T("clone3 bad", cloned3(NEVER, sizeof(how)));
	how.exit_signal = 200;
	T("clone3 signal", cloned3(&how, sizeof(how)));
	how.exit_signal = SIGCHLD, how.stack = 4096;
	T("clone3 stack", cloned3(&how, sizeof(how)));
	*shared = 5;
	away();
	child = vfork();
	if (!child)
		_exit(*shared);
	S("vfork", child > 0, "%x", status_of(child));
	away();
	child = vfork();
	if (!child) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	S("vfork and exec", child > 0, "%x", status_of(child));
	away();
	child = fork();
	if (!child) {
		*shared = 6;
		away();
		printf("child: %d %d\n", *shared, getppid() > 1);
		fflush(stdout);
		_exit(*shared);
	}
	S("fork", *shared, "%x", status_of(child));
	/* A family of five generations. */
	for (int i = 0; i < 5; i++) {
		away();
		child = fork();
		if (child) {
			S("generation", i, "%x", status_of(child));
			if (i)
				_exit(i);
			break;
		}
	}
	if (!child)
		_exit(8);
	T("set tid", syscall(SYS_set_tid_address, &place) == getpid());
	T("robust", syscall(SYS_set_robust_list, NULL, 24));
	T("robust size", syscall(SYS_set_robust_list, NULL, 23));
	S("get robust", syscall(SYS_get_robust_list, 0, area.plain, area.plain + 8), "%ld", *(long *)(area.plain + 8));
}

/* What a program prints that a child begins; the child may be moved again by the program itself. */
static void began(const char *name, const char *path, char *const *arguments, char *const *environment, int at, int flags)
{
	int status;
	pid_t child;

	fflush(stdout);
	child = must(fork());
	if (!child) {
		away();
		syscall(SYS_execveat, at, path, arguments, environment, flags);
		_exit(errno);
	}
	status = status_of(child);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		printf("%s: %s\n", name, strerrorname_np(WEXITSTATUS(status)) ? strerrorname_np(WEXITSTATUS(status)) : "?");
	else
		printf("%s: %x\n", name, status);
}

#define B(name, path, ...) began(name, path, (char *[]){ __VA_ARGS__, NULL }, environ, AT_FDCWD, 0)

static void executable(const char *name, const char *content, int mode)
{
	int fd = must(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));

	must(write(fd, content, strlen(content)));
	must(fchmod(fd, mode));
	must(close(fd));
}

static void execs(void)
{
	static char *many[20002], *wide[40];
	char *const few[] = { "X=1", "longer name=and value", "", NULL };
	int fd;

	executable("script", "#!/bin/sh -u\necho script $0 $#\n", 0755);
	executable("deep", "#!./script one\n", 0755);
	executable("noise", "neither script nor program\n", 0755);
	executable("data", "#!/bin/sh\n", 0644);
	executable("orphan", "#!/missing/interpreter\n", 0755);
	executable("empty", "", 0755);
	executable("torn", "\177ELF and no more", 0755);
	must(symlink("loop", "loop"));
	must(mkdir("folder", 0755));
	B("missing", "missing", "x");
	B("folder", "folder", "x");
	B("below file", "script/x", "x");
	B("loop", "loop", "x");
	B("noise", "noise", "x");
	B("data", "data", "x");
	B("orphan", "orphan", "x");
	B("empty", "empty", "x");
	B("torn", "torn", "x");
	B("no name", "", "x");
	B("script", "./script", "x", "y", "z");
	B("deep", "./deep", "x", "y", "z");
	began("path null", NULL, (char *[]){ "x", NULL }, environ, AT_FDCWD, 0);
	began("path nowhere", NEVER, (char *[]){ "x", NULL }, environ, AT_FDCWD, 0);
	began("arguments nowhere", "/bin/true", NEVER, environ, AT_FDCWD, 0);
	began("argument nowhere", "/bin/true", (char *[]){ "x", NEVER, NULL }, environ, AT_FDCWD, 0);
	began("arguments null", "./script", NULL, environ, AT_FDCWD, 0);
	began("arguments none", "./script", (char *[]){ NULL }, environ, AT_FDCWD, 0);
	began("environment nowhere", "/bin/true", (char *[]){ "x", NULL }, NEVER, AT_FDCWD, 0);
	began("environment null", "/usr/bin/env", (char *[]){ "env", NULL }, NULL, AT_FDCWD, 0);
	began("environment few", "/usr/bin/env", (char *[]){ "env", NULL }, few, AT_FDCWD, 0);
	began("strange", "/bin/true", (char *[]){ "x", NULL }, environ, AT_FDCWD, 0x100000);
	began("at nowhere", "true", (char *[]){ "x", NULL }, environ, 99, 0);
	fd = must(open("/bin/echo", O_RDONLY));
	began("by descriptor", "", (char *[]){ "echo", "by", "descriptor", NULL }, environ, fd, AT_EMPTY_PATH);
	fd = must(open("/bin", O_RDONLY | O_CLOEXEC));
	began("in folder", "echo", (char *[]){ "echo", "in", "folder", NULL }, environ, fd, 0);
	began("no link", "loop", (char *[]){ "x", NULL }, environ, AT_FDCWD, AT_SYMLINK_NOFOLLOW);
	fd = must(open("script", O_RDONLY | O_CLOEXEC));
	began("closed script", "", (char *[]){ "x", NULL }, environ, fd, AT_EMPTY_PATH);
	fd = must(open("script", O_RDWR));
	began("busy", "./script", (char *[]){ "x", NULL }, environ, AT_FDCWD, 0);
	must(close(fd));
	for (int i = 0; i < 20001; i++)
		many[i] = "argument";
	many[0] = "sh", many[1] = "-c", many[2] = "echo $# ${20000} $1; exit 0", many[20001] = NULL;
	began("many", "/bin/sh", many, environ, AT_FDCWD, 0);
	memset(text, 'w', sizeof(text));
	text[131071] = 0;
	for (int i = 0; i < 39; i++)
		wide[i] = text;
	wide[0] = "sh", wide[1] = "-c", wide[2] = "echo $# ${#1} ${#5}", wide[9] = NULL;
	began("wide", "/bin/sh", wide, environ, AT_FDCWD, 0);
	wide[9] = text;
	began("too much", "/bin/sh", wide, environ, AT_FDCWD, 0);
	text[131071] = 'w', text[131072] = 0, wide[9] = NULL;
	began("too wide", "/bin/sh", wide, environ, AT_FDCWD, 0);
}

/* What goes over to a new program and what does not; the program sends itself away. */
static void inherits(void)
{
	static const char script[] = "[ $1 = - ] || echo $1 >/proc/$$/goto; cat /proc/$$/comm; "
		"for i in /proc/$$/fd/*; do echo ${i##*/}; done; ulimit -n; ulimit -S -c; pwd -P | cut -c1-4; umask; "
		"set | grep -c '^CALLS_TEST='; kill -TERM $$; echo went on";
	sigset_t set;
	int fd, status;
	pid_t child;

	fd = must(open("/dev/null", O_RDONLY));
	must(dup2(fd, 20));
	must(fcntl(fd, F_SETFD, FD_CLOEXEC));
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR2, exit);
	must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 55, 66 }));
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	umask(027);
	setenv("CALLS_TEST", "yes", 1);
	turn();
	fflush(stdout);
	child = must(fork());
	if (!child) {
		away();
		must(kill(getpid(), SIGUSR1));
		execl("/bin/grep", "grep", "-E", "^((Sig|Shd)(Pnd|Blk|Ign|Cgt)|NoNew|CapEff|Umask|Groups|Uid)",
		      "/proc/self/status", NULL);
		_exit(1);
	}
	status = status_of(child);
	printf("status %x\n", status);
	fflush(stdout);
	child = must(fork());
	if (!child) {
		away();
		execl("/bin/sh", "sh", "-c", script, "name", calls_node ? calls_node : "-", NULL);
		_exit(1);
	}
	status = status_of(child);
	printf("status %x\n", status);
}

/* All of a file, read in pieces of some size. */
static const char *content(const char *path, size_t piece)
{
	size_t length = 0;
	ssize_t got = 1;
	int fd;

	away();
	fd = open(path, O_RDONLY);
	while (fd >= 0 && length + piece < ROOM && got > 0) {
		away();
		got = read(fd, text + length, piece);
		length += got > 0 ? got : 0;
	}
	text[length] = 0;
	if (fd < 0 || got < 0)
		strcpy(text, strerrorname_np(errno));
	close(fd);
	return text;
}

/* Lines of the own status that stay the same, with numbers of processes as questions. */
static void status_lines(void)
{
	static const char *const names[] = { "Name", "Umask", "State", "Ngid", "TracerPid", "Uid", "Gid", "FDSize", "Groups",
		"Kthread", "Threads", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd",
		"CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters", "Speculation_Store_Bypass", "SpeculationIndirectBranch",
		"Cpus_allowed", "Cpus_allowed_list", "Mems_allowed", "Mems_allowed_list", "VmLck", "VmPin", "HugetlbPages",
		"untag_mask", "CoreDumping" };
	char *line, *rest, *value;

	content("/proc/self/status", PAGE);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = 0;
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (!strcmp(names[i], line))
				printf("%s:%s\n", line, value);
		if (!strcmp(line, "Tgid") || !strcmp(line, "Pid") || !strcmp(line, "NSpid"))
			printf("%s: %d\n", line, atoi(value) == getpid());
		if (!strcmp(line, "PPid"))
			printf("%s: %d\n", line, atoi(value) == getppid());
		if (!strcmp(line, "VmPeak") || !strcmp(line, "VmSize") || !strcmp(line, "VmData"))
			printf("%s: %d\n", line, atoi(value) > 2000);
	}
}

static void stat_fields(void)
{
	extern char etext, edata;
	unsigned long field[60] = { 0 };
	char *place = strrchr(content("/proc/self/stat", 100), ')') + 1, state = place[1];

	place += 2;
	for (int i = 4; i <= 52; i++)
		field[i] = strtoul(place, &place, 10);
	printf("stat: %d %c %d %d %d %lu %ld\n", atoi(text) == getpid(), state, (int)field[4] == getppid(),
	       (int)field[5] == getpgrp(), (int)field[6] == getsid(0), field[7], (long)field[8]);
	printf("%lu %lu %lu %lu %lu %lu %lu\n", field[18], field[19], field[20], field[21], field[38], field[40], field[41]);
	printf("text %d %d stack %d data %d arguments %d environment %d\n", field[26] <= (unsigned long)stat_fields, field[27] >= (unsigned long)&etext,
	       field[28] > (unsigned long)&field, field[46] >= (unsigned long)&edata, field[48] == (unsigned long)program_invocation_name,
	       field[50] <= (unsigned long)environ[0] && field[51] > (unsigned long)environ[0]);
	printf("signals %lx %lx %lx %lx\n", field[31], field[32], field[33], field[34]);
}

/* The address space without its addresses. The stack is as large as it happens to be. */
static void maps(size_t piece)
{
	char *line, *rest, permissions[8], device[16], *name;
	unsigned long from, to, offset, inode;
	int at;

	content("/proc/self/maps", piece);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		at = 0;
		if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %n", &from, &to, permissions, &offset, device, &inode, &at) < 6)
			printf("strange: %s\n", line);
		name = line + at;
		if (strcmp(name, "[openmosix]"))
			printf("%s %lx %lx %s %lu %s\n", permissions, strcmp(name, "[stack]") ? to - from : 0, offset, device, inode,
			       name);
	}
}

static void proc(void)
{
	static const char *const links[] = { "exe", "cwd", "root", "fd/1", "fd/5", "fd/77", "ns/net", "ns/pid", "ns/user", "ns/time" };
	static const char *const files[] = { "cmdline", "comm", "limits", "loginuid", "oom_score_adj", "oom_adj", "setgroups",
		"uid_map", "timerslack_ns", "coredump_filter", "cgroup", "attr/current", "mountinfo", "mounts", "cpuset", "wchan",
		"personality", "timers", "patch_state", "timens_offsets", "sessionid", "missing", "task/self", "fdinfo/77",
		"children", "net/unix/x", "autogroup", "stack/x" };
	char path[64], target[256];
	ssize_t length;
	int fd;

	must(dup2(must(open("/dev/null", O_RDWR | O_APPEND | O_CLOEXEC)), 5));
	turn();
	status_lines();
	stat_fields();
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		content(path, 333);
		printf("%s: %zu %08x", files[i], strlen(text), (int)digest(text, strlen(text)));
		printf(" %.40s\n", isprint(text[0]) ? strtok(text, "\n") : "");
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", links[i]);
		away();
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = 0;
		/* The directory has another name each time. */
		if (!strncmp(target, "/tmp/probe-", 11))
			strcpy(target, "here");
		printf("%s: %s\n", links[i], length < 0 ? strerrorname_np(errno) : target);
	}
	S("fdinfo", 0, "%s", content("/proc/self/fdinfo/5", PAGE));
	length = strlen(content("/proc/self/environ", 100));
	S("environment", length > 0, "%d", !strcmp(text, environ[0]));
	T("rename", write(fd = must(open("/proc/self/comm", O_RDWR)), "other name", 10));
	must(close(fd));
	S("comm", 0, "%s", content("/proc/self/comm", 5));
	S("name", prctl(PR_GET_NAME, path), "%s", path);
	T("adjust", write(fd = must(open("/proc/self/oom_score_adj", O_RDWR)), "55", 2));
	must(close(fd));
	S("adjusted", 0, "%s", content("/proc/self/oom_score_adj", 5));
	T("filter", write(fd = must(open("/proc/self/coredump_filter", O_RDWR)), "0x7", 3));
	must(close(fd));
	S("filter", 0, "%s", content("/proc/self/coredump_filter", 50));
	T("group of threads", access("/proc/thread-self/comm", F_OK));
	T("memory", (fd = open("/proc/self/mem", O_RDONLY)) >= 0);
	D("memory", pread(fd, text, 1000, (long)area.plain), text, 1000);
	T("memory nowhere", pread(fd, text, 1000, (long)NEVER));
	D("memory edge", pread(fd, text, 1000, (long)area.edge - 10), text, 10);
	D("memory none", pread(fd, text, 1000, (long)area.none), text, 10);
}

static void spaces(void)
{
	char *place;

	maps(100);
	place = must(mmap(NULL, 7 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	turn();
	maps(PAGE);
	must(mprotect(place + PAGE, PAGE, PROT_NONE));
	must(munmap(place + 3 * PAGE, PAGE));
	place = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, must(open("/bin/sh", O_RDONLY)), PAGE));
	maps(1000);
	must(munmap(place, PAGE));
	must(brk((char *)sbrk(0) + 3 * PAGE));
	maps(ROOM / 4);
}

#define ID_FLAG (1UL << 21)

/* Registers that programs hardly ever use. It comes home straight from its own code, and has not slept in between. */
static void registers(void)
{
	int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);

	for (int i = 0; i < 3; i++) {
		away();
		__builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() ^ ID_FLAG);
		if (key >= 0)
			must(pkey_set(key, i));
		must(syscall(SYS_unshare, 0));
		S("registers", key < 0 ? i : pkey_get(key), "%d", !!(__builtin_ia32_readeflags_u64() & ID_FLAG));
	}
	if (key >= 0)
		must(pkey_free(key));
}

static sigjmp_buf no_gate;

static void refused(int sig)
{
	siglongjmp(no_gate, sig);
}

static long old_call(long nr)
{
	long result;

	asm volatile("int $0x80" : "=a"(result) : "0"(nr) : "memory", "r8", "r9", "r10", "r11");
	return result;
}

/* Calls by the gate of 32-bit programs, with their numbers. Not every kernel has it. */
static void gates(void)
{
	signal(SIGSEGV, refused);
	for (int i = 0; i < 2; i++) {
		if (sigsetjmp(no_gate, 1))
			break;
		S("getpid", old_call(20) == getpid());
		S("getppid", old_call(64) == getppid());
	}
	signal(SIGSEGV, SIG_DFL);
}

/* What others may ask about a process that is away. */
static void asked(void)
{
	pid_t child = must(fork());
	void *list = NULL;
	size_t length = 0;
	int status;

	if (!child) {
		away();
		raise(SIGSTOP);
		_exit(1);
	}
	S("stopped", waitpid(child, &status, WUNTRACED) == child, "%x", status);
	S("robust list", syscall(SYS_get_robust_list, child, &list, &length), "%d %zd", list != NULL, length);
	S("kill", kill(child, SIGKILL), "%x", status_of(child));
}

/* What a process has used until it is killed. */
static void spent(void)
{
	pid_t child = must(fork());
	struct rusage usage;
	int status;

	if (!child) {
		away();
		for (;;)
			asm volatile("");
	}
	while (calls_node && !calls_number(child, "where"))
		usleep(1000);
	usleep(400000);
	must(kill(child, SIGKILL));
	S("killed", wait4(child, &status, 0, &usage) == child, "%x %d", status,
	  usage.ru_utime.tv_sec > 0 || usage.ru_utime.tv_usec > 100000);
}

/* What it is told of pages of its own. */
static void pages(void)
{
	char *memory = must(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), *at;
	uint64_t entries[3];
	char range[32];
	int fd;

	must(madvise(memory, 3 * PAGE, MADV_NOHUGEPAGE));
	memory[PAGE] = 1;
	fd = must(open("/proc/self/pagemap", O_RDONLY));
	S("pages", pread(fd, entries, sizeof(entries), (uintptr_t)memory / PAGE * sizeof(*entries)), "%d %d %d",
	  (int)(entries[0] >> 63), (int)(entries[1] >> 63), (int)(entries[2] >> 63));
	must(close(fd));
	snprintf(range, sizeof(range), "%lx-", (long)memory);
	at = strstr(content("/proc/self/smaps", PAGE), range);
	at = at ? strstr(at, "\nRss:") : NULL;
	S("resident", 0, "%ld", at ? atol(at + 5) : -1);
	T("advise", madvise(memory, 3 * PAGE, MADV_SEQUENTIAL));
	at = strstr(content("/proc/self/smaps", PAGE), range);
	at = at ? strstr(at, "VmFlags:") : NULL;
	S("sequential", 0, "%d", at && memmem(at, strcspn(at, "\n"), " sr", 3));
	T("clear", write(fd = must(open("/proc/self/clear_refs", O_WRONLY)), "1", 1));
	must(close(fd));
}

CALLS(CASE(forks), CASE(execs), CASE(inherits), CASE(proc), CASE(pages), CASE(spaces), CASE(registers),
      CASE(gates), CASE(asked), CASE(spent))
