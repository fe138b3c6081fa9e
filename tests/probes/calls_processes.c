// SPDX-License-Identifier: GPL-2.0-only
/* System calls on processes: who they are, what they may, whose children they are, what /proc says of them. */
#include "calls.h"
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <grp.h>

#define NOBODY 0x3fffffff	/* no process has this number */

/* What is there before a call: nothing that it does not write may change. */
static char *blank(void)
{
	memset(area.plain, 0x55, 3 * PAGE);
	return area.plain;
}

/* A child that does something and ends with a status; the parent goes on. */
static pid_t child_of(int (*body)(void))
{
	pid_t child;

	fflush(stdout);
	child = must(fork());
	if (!child) {
		int status = body();

		fflush(stdout);
		_exit(status);
	}
	return child;
}

/* A child that does something while the parent waits. */
static void in_child(const char *name, int (*body)(void))
{
	pid_t child = child_of(body);
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	printf("%s: status %#x\n", name, status);
}

__attribute__((noreturn))
static int forever(void)
{
	for (;;)
		pause();
}

static int at_once(void)
{
	return 0;
}

static int with_code(void)
{
	return 7;
}

/* Long enough to be waited for. */
static int slowly(void)
{
	usleep(150000);
	return 9;
}

static int sessions(void)
{
	away();
	T("setpgid", setpgid(0, 0));
	T("leader", getpgrp() == getpid());
	T("leader of a group", setsid() > 0);
	if (fork()) {
		wait(NULL);
		return 0;
	}
	T("follower", getpgrp() == getppid());
	T("setsid", setsid() == getpid());
	T("again", setsid());
	T("getsid", getsid(0) == getpid());
	T("setpgid leader", setpgid(0, 0));
	T("group of another session", setpgid(0, getpgid(getppid())));
	turn();
	T("getpgid", getpgid(0) == getpid());
	_exit(0);
}

static void identities(void)
{
	pid_t child;

	T("pid", getpid() > 1);
	T("tid", syscall(SYS_gettid) == getpid());
	T("parent", getppid() > 1);
	T("group", getpgrp() == getpgid(0));
	T("session", getsid(0) == getsid(getpid()));
	T("session nobody", getsid(NOBODY));
	T("session negative", getsid(-1));
	T("group nobody", getpgid(NOBODY));
	T("group negative", getpgid(-1));
	T("setpgid nobody", setpgid(NOBODY, 0));
	T("setpgid negative", setpgid(0, -1));
	T("setpgid not mine", setpgid(1, 0));
	T("setpgid no group", setpgid(0, NOBODY));
	in_child("sessions", sessions);
	child = child_of(forever);
	T("setpgid child", setpgid(child, child));
	turn();
	T("group of child", getpgid(child) == child);
	T("kill group", kill(-child, SIGTERM));
	S("wait group", waitpid(-child, NULL, 0) == child, "%d", getpgid(child));
	T("setpgid ended", setpgid(child, child));
}

static int lesser(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	gid_t groups[3] = { 5, 6, 7 };
	uid_t r, e, s;
	int status, fd;

	T("groups", setgroups(3, groups));
	T("groups many", setgroups(70000, groups));
	T("groups bad", syscall(SYS_setgroups, 3, NEVER));
	S("getgroups", getgroups(3, (void *)blank()), "%08x", (int)digest(area.plain, 20));
	T("getgroups count", getgroups(0, NULL));
	T("getgroups few", getgroups(2, groups));
	T("getgroups negative", getgroups(-1, groups));
	T("getgroups bad", syscall(SYS_getgroups, 3, area.readonly));
	T("setresgid", setresgid(10, 11, 12));
	D("getresgid", getresgid((void *)blank(), (void *)(area.plain + 8), (void *)(area.plain + 16)), area.plain, 32);
	T("setregid", syscall(SYS_setregid, -1, 10));
	T("setfsgid", setfsgid(13));
	T("setfsgid", setfsgid(-1));
	T("setfsuid", setfsuid(14));
	T("setfsuid", setfsuid(-1));
	T("setfsuid", setfsuid(0));
	T("keep", prctl(PR_SET_KEEPCAPS, 1));
	T("setresuid", setresuid(1000, 1001, 1002));
	prctl(PR_SET_DUMPABLE, 1);
	S("getresuid", getresuid(&r, &e, &s), "%d %d %d", r, e, s);
	T("getresuid bad", syscall(SYS_getresuid, &r, area.readonly, &s));
	D("capget", syscall(SYS_capget, &head, blank()), area.plain, 40);
	turn();
	D("capget", syscall(SYS_capget, &head, blank()), area.plain, 40);
	T("setuid saved", syscall(SYS_setuid, 1002));
	T("setuid other", syscall(SYS_setuid, 55));
	T("setreuid", syscall(SYS_setreuid, 1002, 1000));
	T("setreuid other", syscall(SYS_setreuid, 0, 0));
	T("setgid", syscall(SYS_setgid, 99));
	T("setgroups", setgroups(3, groups));
	prctl(PR_SET_DUMPABLE, 1);
	T("uids", getuid() * 10000 + geteuid());
	T("gids", getgid() * 100 + getegid());
	T("shadow", open("/etc/shadow", O_RDONLY));
	T("create", open("/created", O_CREAT | O_RDWR, 0600));
	T("kill init", kill(1, 0));
	T("kill parent", kill(getppid(), 0));
	T("chroot", chroot("/"));
	T("nice", syscall(SYS_setpriority, PRIO_PROCESS, 0, -5));
	T("hostname", sethostname("strange", 7));
	T("mount", syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
	T("init's memory", open("/proc/1/mem", O_RDONLY));
	T("init's program", readlink("/proc/1/exe", area.plain, 100));
	T("own file", fd = open("/tmp/mine-of-a-probe", O_CREAT | O_RDWR | O_EXCL, 0600));
	T("chown", fchown(fd, 0, 0));
	T("unlink", unlink("/tmp/mine-of-a-probe"));
	if (!fork()) {
		prctl(PR_SET_DUMPABLE, 1);
		T("inherited", getuid() * 10000 + geteuid());
		_exit(0);
	}
	wait(&status);
	return 3;
}

static void users(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	T("root", getuid() + geteuid() + getgid() + getegid());
	in_child("lesser", lesser);
	D("capget", syscall(SYS_capget, &head, blank()), area.plain, 40);
	head.version = 5;
	S("capget version", syscall(SYS_capget, &head, data), "%x", head.version);
	S("capget question", syscall(SYS_capget, &head, NULL), "%x", head.version);
	head.version = _LINUX_CAPABILITY_VERSION_1;
	D("capget 1", syscall(SYS_capget, &head, blank()), area.plain, 40);
	head.pid = NOBODY;
	T("capget nobody", syscall(SYS_capget, &head, data));
	head.pid = -1;
	T("capget negative", syscall(SYS_capget, &head, data));
	head = (struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, 1 };
	T("capset other", syscall(SYS_capset, &head, data));
	head.pid = 0;
	T("capget bad", syscall(SYS_capget, &head, area.readonly));
	T("capset bad", syscall(SYS_capset, &head, NEVER));
	T("capget", syscall(SYS_capget, &head, data));
	data[0].effective &= ~(1U << 6);
	T("capset", syscall(SYS_capset, &head, data));
	T("setgid", setgid(5) ? -1 : 0);
	data[0].permitted &= ~(1U << 6);
	T("capset", syscall(SYS_capset, &head, data));
	data[0].effective |= 1U << 6;
	T("capset back", syscall(SYS_capset, &head, data));
	turn();
	D("capget", syscall(SYS_capget, &head, blank()), area.plain, 40);
}

static void children(void)
{
	struct rusage usage;
	siginfo_t info;
	int status = 0;
	pid_t child;

	T("none", wait4(-1, &status, 0, NULL));
	T("none hang", wait4(-1, &status, WNOHANG, NULL));
	T("strange", wait4(-1, &status, 0x100, NULL));
	T("no group", wait4(INT_MIN, &status, 0, NULL));
	T("waitid nothing", waitid(P_ALL, 0, &info, 0));
	T("waitid strange", waitid(P_ALL, 0, &info, WEXITED | 0x100));
	T("waitid kind", waitid(77, 0, &info, WEXITED));
	T("waitid zero", waitid(P_PID, 0, &info, WEXITED));
	T("waitid fd", waitid(P_PIDFD, 1, &info, WEXITED) < 0);
	child = child_of(with_code);
	S("waitid", waitid(P_PID, child, memset(&info, 0, sizeof(info)), WEXITED | WNOWAIT), "%d %d %d %d %d",
	  info.si_signo, info.si_code, info.si_status, info.si_pid == child, info.si_uid);
	turn();
	S("wait4", wait4(child, &status, 0, &usage) == child, "%x %d", status, usage.ru_maxrss > 0);
	S("again", waitid(P_PID, child, memset(&info, 0x55, sizeof(info)), WEXITED), "%08x", (int)digest(&info, 128));
	child = child_of(with_code);
	T("no place", waitid(P_ALL, 0, NULL, WEXITED));
	child = child_of(with_code);
	T("bad place", syscall(SYS_wait4, child, area.readonly, 0, NULL));
	T("it is reaped", wait4(child, NULL, 0, NULL));
	child = child_of(slowly);
	/* While it waits, waitid() says EFAULT to whatever interrupts it, and has reaped nobody. A move must not. */
	T("bad info", syscall(SYS_waitid, P_PID, child, NEVER, WEXITED, NULL));
	T("it is reaped", wait4(child, NULL, 0, NULL));
	child = child_of(slowly);
	T("bad info and usage", syscall(SYS_waitid, P_PID, child, area.readonly, WEXITED, NEVER));
	T("it is reaped", wait4(child, NULL, 0, NULL));
	child = child_of(with_code);
	T("bad usage", wait4(child, &status, 0, NEVER));
	child = child_of(with_code);
	T("raw", syscall(SYS_waitid, P_ALL, 0, &info, WEXITED, &usage));
	child = child_of(with_code);
	T("clone", wait4(child, &status, __WCLONE, NULL));
	T("all", wait4(child, &status, __WALL, NULL) == child);
	child = child_of(forever);
	T("busy", wait4(child, &status, WNOHANG, NULL));
	S("busy", waitid(P_ALL, 0, memset(&info, 0x55, sizeof(info)), WEXITED | WNOHANG), "%d %d", info.si_pid,
	  info.si_signo);
	T("stop", kill(child, SIGSTOP));
	S("stopped", waitid(P_PID, child, &info, WSTOPPED), "%d %d", info.si_code, info.si_status);
	T("reported", wait4(child, &status, WUNTRACED | WNOHANG, NULL));
	turn();
	T("go on", kill(child, SIGCONT));
	S("goes on", waitid(P_PID, child, &info, WCONTINUED), "%d %d", info.si_code, info.si_status);
	T("kill", kill(child, SIGKILL));
	S("killed", waitid(P_PGID, 0, &info, WEXITED), "%d %d", info.si_code, info.si_status);
	for (int code = -2; code < 3; code++) {
		child = must(fork());
		if (!child) {
			away();
			syscall(SYS_exit_group, code * 127);
		}
		S("code", waitpid(child, &status, 0) == child, "%x", status);
		child = must(fork());
		if (!child) {
			away();
			syscall(SYS_exit, code * 127);
		}
		S("exit", waitpid(0, &status, 0) == child, "%x", status);
	}
	signal(SIGCHLD, SIG_IGN);
	child_of(with_code);
	T("ignored", wait4(-1, &status, 0, NULL));
	must(sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT }, NULL));
	child = child_of(at_once);
	turn();
	T("no zombie", waitpid(child, &status, 0));
}

static void pidfds(void)
{
	struct { uint64_t mask; char more[80]; } about = { 3, "" };
	struct pollfd ended = { .events = POLLIN };
	int fd, mine, got, status;
	siginfo_t info;
	pid_t child;

	T("strange", syscall(SYS_pidfd_open, getpid(), 1));
	T("nobody", syscall(SYS_pidfd_open, NOBODY, 0));
	T("zero", syscall(SYS_pidfd_open, 0, 0));
	T("self", mine = syscall(SYS_pidfd_open, getpid(), 0));
	T("cloexec", fcntl(mine, F_GETFD));
	T("signal", syscall(SYS_pidfd_send_signal, mine, 0, NULL, 0));
	T("signal strange", syscall(SYS_pidfd_send_signal, mine, 0, NULL, 77));
	T("signal to file", syscall(SYS_pidfd_send_signal, 1, 0, NULL, 0));
	T("signal bad", syscall(SYS_pidfd_send_signal, mine, SIGUSR1, NEVER, 0));
	T("signal number", syscall(SYS_pidfd_send_signal, mine, 99, NULL, 0));
	T("getfd", got = syscall(SYS_pidfd_getfd, mine, mine, 0));
	T("getfd strange", syscall(SYS_pidfd_getfd, mine, mine, 1));
	T("getfd none", syscall(SYS_pidfd_getfd, mine, 99, 0));
	T("getfd no pidfd", syscall(SYS_pidfd_getfd, 1, 1, 0) < 0);
	child = child_of(forever);
	T("child", fd = syscall(SYS_pidfd_open, child, O_NONBLOCK));
	ended.fd = fd;
	S("poll", poll(&ended, 1, 0), "%x", ended.revents);
	T("wait", waitid(P_PIDFD, fd, &info, WEXITED));
	turn();
	S("info", ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64), &about), "%d", (int)about.mask & 3);
	T("kill", syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0));
	S("poll", poll(&ended, 1, -1), "%x", ended.revents);
	T("dead", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	S("wait", waitid(P_PIDFD, fd, memset(&info, 0, sizeof(info)), WEXITED), "%d %d", info.si_status, info.si_pid == child);
	T("reaped", syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	T("wait again", waitid(P_PIDFD, fd, &info, WEXITED));
	away();
	child = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &got, NULL, 0);
	if (!child)
		_exit(5);
	T("clone", got);
	turn();
	S("wait", waitid(P_PIDFD, got, &info, WEXITED), "%d", info.si_status);
	child = child_of(at_once);
	T("open", (fd = syscall(SYS_pidfd_open, child, 0)) >= 0);
	S("reap", waitpid(child, &status, 0) == child, "%d", status);
	T("open reaped", syscall(SYS_pidfd_open, child, 0));
	T("kcmp", syscall(SYS_kcmp, getpid(), getpid(), 0, mine, mine));
	T("kcmp other", syscall(SYS_kcmp, getpid(), getpid(), 0, mine, 1) > 0);
	T("kcmp strange", syscall(SYS_kcmp, getpid(), getpid(), 77, 0, 0));
	T("madvise", syscall(SYS_process_madvise, mine, &(struct iovec){ area.plain, PAGE }, 1, MADV_WILLNEED, 0));
	T("mrelease", syscall(SYS_process_mrelease, mine, 0));
}

static void options(void)
{
	char *p = area.plain, name[32] = "";

	S("death", prctl(PR_GET_PDEATHSIG, blank()), "%d", *(int *)p);
	T("death strange", prctl(PR_SET_PDEATHSIG, 99));
	T("death", prctl(PR_SET_PDEATHSIG, SIGUSR2));
	turn();
	D("death", prctl(PR_GET_PDEATHSIG, blank()), p, 16);
	T("death bad", prctl(PR_GET_PDEATHSIG, area.readonly));
	T("dumpable", prctl(PR_GET_DUMPABLE));
	T("dumpable two", prctl(PR_SET_DUMPABLE, 2));
	T("dumpable off", prctl(PR_SET_DUMPABLE, 0));
	T("dumpable", prctl(PR_GET_DUMPABLE));
	T("dumpable on", prctl(PR_SET_DUMPABLE, 1));
	S("name", prctl(PR_GET_NAME, name), "%s", name);
	T("rename", prctl(PR_SET_NAME, "a name that is too long"));
	D("name", prctl(PR_GET_NAME, blank()), p, 32);
	turn();
	D("name", prctl(PR_GET_NAME, blank()), p, 32);
	strcpy(area.edge - 3, "xy");
	T("name at the edge", prctl(PR_SET_NAME, area.edge - 3));
	T("name bad", prctl(PR_SET_NAME, NEVER));
	T("name bad place", prctl(PR_GET_NAME, area.readonly));
	S("name", prctl(PR_GET_NAME, name), "%s", name);
	T("slack", prctl(PR_GET_TIMERSLACK));
	T("slack set", prctl(PR_SET_TIMERSLACK, 12345));
	turn();
	T("slack", prctl(PR_GET_TIMERSLACK));
	T("slack default", prctl(PR_SET_TIMERSLACK, 0));
	T("slack", prctl(PR_GET_TIMERSLACK));
	T("keepcaps", prctl(PR_GET_KEEPCAPS));
	T("keepcaps strange", prctl(PR_SET_KEEPCAPS, 2));
	T("securebits", prctl(PR_GET_SECUREBITS));
	T("subreaper", prctl(PR_SET_CHILD_SUBREAPER, 1));
	D("subreaper", prctl(PR_GET_CHILD_SUBREAPER, blank()), p, 16);
	T("bounding", prctl(PR_CAPBSET_READ, 5));
	T("bounding strange", prctl(PR_CAPBSET_READ, 99));
	T("drop", prctl(PR_CAPBSET_DROP, 5));
	T("bounding", prctl(PR_CAPBSET_READ, 5));
	T("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 5, 0, 0));
	T("ambient strange", prctl(PR_CAP_AMBIENT, 77, 5, 0, 0));
	T("machine check", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	T("timing", prctl(PR_GET_TIMING));
	T("endian", prctl(PR_GET_ENDIAN, p));
	T("unalign", prctl(PR_GET_UNALIGN, p));
	T("fpu", prctl(PR_GET_FPEMU, p));
	T("seccomp", prctl(PR_GET_SECCOMP));
	T("io flusher", prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	T("no new privileges strange", prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
	T("no new privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	T("no new privileges set", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	turn();
	T("no new privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	T("auxiliary size", prctl(0x41555856, blank(), 1000, 0, 0) > 100);
	T("auxiliary short", prctl(0x41555856, p, 16, 0, 0) > 100);
	T("merge", prctl(68, 0, 0, 0, 0));
	T("denied writes", prctl(66, 0, 0, 0, 0));
	T("strange", prctl(9999, 1, 2, 3, 4));
	T("zero", prctl(0));
	T("personality", personality(0xffffffff));
	T("personality set", personality(PER_LINUX | ADDR_NO_RANDOMIZE));
	turn();
	T("personality", personality(0xffffffff));
	T("back", personality(0));
}

static void schedules(void)
{
	struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t more[3]; uint32_t clamp[2]; } attr;
	struct sched_param param = { 0 };
	struct timespec slice = { 0 };
	unsigned int cpu, node;

	T("scheduler", sched_getscheduler(0));
	T("scheduler negative", sched_getscheduler(-1));
	T("scheduler nobody", sched_getscheduler(NOBODY));
	T("batch", sched_setscheduler(0, SCHED_BATCH, &param));
	turn();
	T("scheduler", sched_getscheduler(0));
	T("strange", sched_setscheduler(0, 77, &param));
	param.sched_priority = 5;
	T("priority", sched_setscheduler(0, SCHED_OTHER, &param));
	T("setparam", sched_setparam(0, &param));
	T("bad", syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NEVER));
	D("getparam", sched_getparam(0, (void *)blank()), area.plain, 16);
	T("getparam null", syscall(SYS_sched_getparam, 0, NULL));
	for (int policy = 0; policy < 8; policy++)
		S("range", sched_get_priority_max(policy), "%d", sched_get_priority_min(policy));
	S("interval", sched_rr_get_interval(0, &slice), "%d", slice.tv_sec == 0);
	T("interval bad", syscall(SYS_sched_rr_get_interval, 0, area.readonly));
	D("affinity", syscall(SYS_sched_getaffinity, 0, 128, blank()), area.plain, 200);
	T("affinity short", syscall(SYS_sched_getaffinity, 0, 1, area.plain));
	T("affinity odd", syscall(SYS_sched_getaffinity, 0, 9, area.plain));
	T("affinity bad", syscall(SYS_sched_getaffinity, 0, 128, area.readonly));
	T("affinity nobody", syscall(SYS_sched_getaffinity, NOBODY, 128, area.plain));
	T("set affinity", syscall(SYS_sched_setaffinity, 0, 8, &(long){ 1 }));
	T("set affinity none", syscall(SYS_sched_setaffinity, 0, 8, &(long){ 0 }));
	T("set affinity far", syscall(SYS_sched_setaffinity, 0, 8, &(long){ 1L << 62 }));
	T("set affinity bad", syscall(SYS_sched_setaffinity, 0, 8, NEVER));
	T("yield", sched_yield());
	S("getcpu", syscall(SYS_getcpu, &cpu, &node, NULL), "%u %u", cpu, node);
	D("getattr", syscall(SYS_sched_getattr, 0, blank(), 48, 0), area.plain, 20);
	T("getattr short", syscall(SYS_sched_getattr, 0, area.plain, 47, 0));
	T("getattr flags", syscall(SYS_sched_getattr, 0, area.plain, 48, 1));
	T("getattr bad", syscall(SYS_sched_getattr, 0, area.readonly, 48, 0));
	memset(&attr, 0, sizeof(attr));
	attr.size = 48, attr.policy = SCHED_IDLE, attr.nice = 3;
	T("setattr", syscall(SYS_sched_setattr, 0, &attr, 0));
	turn();
	D("getattr", syscall(SYS_sched_getattr, 0, blank(), 56, 0), area.plain, 20);
	attr.size = 1000;
	S("setattr size", syscall(SYS_sched_setattr, 0, &attr, 0), "%u", attr.size);
	attr.size = 48, attr.flags = 1UL << 40;
	T("setattr flags", syscall(SYS_sched_setattr, 0, &attr, 0));
	T("nice", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	T("nicer", syscall(SYS_setpriority, PRIO_PROCESS, 0, 7));
	T("nicest", syscall(SYS_setpriority, PRIO_PROCESS, getpid(), 100));
	T("nice", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	T("less nice", syscall(SYS_setpriority, PRIO_PROCESS, 0, -3));
	turn();
	T("nice", syscall(SYS_getpriority, PRIO_PROCESS, 0));
	T("nice strange", syscall(SYS_getpriority, 77, 0));
	T("nice nobody", syscall(SYS_setpriority, PRIO_PROCESS, NOBODY, 1));
	T("nice user", syscall(SYS_getpriority, PRIO_USER, 4242));
	T("io", syscall(SYS_ioprio_get, 1, 0));
	T("io set", syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
	T("io", syscall(SYS_ioprio_get, 1, 0));
	T("io strange", syscall(SYS_ioprio_set, 1, 0, 7 << 13));
	T("io nobody", syscall(SYS_ioprio_get, 1, NOBODY));
}

static void limits(void)
{
	struct rlimit limit = { 20, 30 }, old = { 5, 6 };
	char *place;
	int fd;

	for (int i = 0; i < 17; i++) {
		/* How many processes and signals there may be depends on the memory. */
		away();
		S("get", getrlimit(i, &old), "%d: %lx %lx", i, i == 6 || i == 11 ? 0 : (long)old.rlim_cur,
		  i == 6 || i == 11 ? 0 : (long)old.rlim_max);
	}
	T("bad", syscall(SYS_getrlimit, RLIMIT_NOFILE, area.readonly));
	T("set bad", syscall(SYS_setrlimit, RLIMIT_NOFILE, NEVER));
	T("set strange", syscall(SYS_setrlimit, 77, &limit));
	T("set beyond", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 31, 30 }));
	S("prlimit", prlimit(0, RLIMIT_NOFILE, &limit, &old), "%lx", (long)old.rlim_cur);
	turn();
	S("prlimit", prlimit(getpid(), RLIMIT_NOFILE, NULL, &old), "%ld %ld", (long)old.rlim_cur, (long)old.rlim_max);
	T("prlimit nobody", prlimit(NOBODY, RLIMIT_NOFILE, NULL, &old));
	T("prlimit both bad", syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, area.readonly));
	for (int i = 0; i < 18; i++)
		T("dup", dup(1));
	T("dup2", dup2(1, 20));
	T("pipe", pipe((void *)area.plain));
	must(close(fd = 19));
	T("raise", setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 25, 40 }));
	T("dup2", dup2(1, 20));
	must(close_range(5, 24, 0));
	signal(SIGXFSZ, SIG_IGN);
	T("size", setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 5000, 5000 }));
	T("open", fd = open("sized", O_CREAT | O_RDWR, 0600));
	T("write", write(fd, area.plain, 4 * PAGE));
	T("write on", write(fd, area.plain, 10));
	T("truncate", ftruncate(fd, 5001));
	T("data", setrlimit(RLIMIT_DATA, &(struct rlimit){ 1 << 24, 1 << 24 }));
	place = P("map", mmap(NULL, 1 << 25, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	place = P("map readable", mmap(NULL, 1 << 25, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	T("writable", mprotect(place, 1 << 25, PROT_READ | PROT_WRITE));
	T("unmap", munmap(place, 1 << 25));
	T("space", setrlimit(RLIMIT_AS, &(struct rlimit){ 1 << 28, 1 << 28 }));
	P("map", mmap(NULL, 1 << 29, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	P("grow", mremap(area.plain, PAGE, 1 << 29, MREMAP_MAYMOVE));
	turn();
	P("map", mmap(NULL, 1 << 29, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	T("nice", setrlimit(RLIMIT_NICE, &(struct rlimit){ 15, 15 }));
	T("processor", setrlimit(RLIMIT_CPU, &(struct rlimit){ 1000, RLIM_INFINITY }));
	S("processor", getrlimit(RLIMIT_CPU, &old), "%ld %lx", (long)old.rlim_cur, (long)old.rlim_max);
}

static long microseconds(const struct timeval *time)
{
	return time->tv_sec * 1000000L + time->tv_usec;
}

/* Pages that are touched first where the process is, each of which costs a fault there. */
static int faults(void)
{
	const int pages = 100;
	struct rusage before, after;
	char *place = must(mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	T("before", getrusage(RUSAGE_SELF, &before));
	for (int i = 0; i < pages; i++)
		place[i * PAGE] = 1;
	S("after", getrusage(RUSAGE_SELF, &after), "%d", after.ru_minflt - before.ru_minflt >= pages);
	return 0;
}

static void fault_counts(void)
{
	struct rusage usage;

	faults();
	turn();
	in_child("child", faults);
	S("children", getrusage(RUSAGE_CHILDREN, &usage), "%d", usage.ru_minflt >= 100);
}

static void amounts(void)
{
	struct rusage one, two;
	struct utsname name;
	struct sysinfo info;
	struct tms tms;
	clock_t ticks;

	T("usage", getrusage(RUSAGE_SELF, &one));
	/* Both halves' time counts. */
	do
		must(getrusage(RUSAGE_SELF, &two));
	while (microseconds(&two.ru_utime) <= microseconds(&one.ru_utime));
	S("more", 0, "%d %d", two.ru_minflt >= one.ru_minflt, two.ru_maxrss > 100);
	S("children", getrusage(RUSAGE_CHILDREN, &one), "%ld %ld", one.ru_utime.tv_sec, one.ru_maxrss);
	T("thread", getrusage(RUSAGE_THREAD, &one));
	T("strange", getrusage(77, &one));
	T("bad", syscall(SYS_getrusage, RUSAGE_SELF, area.readonly));
	in_child("with usage", with_code);
	S("children", getrusage(RUSAGE_CHILDREN, &one), "%d", one.ru_maxrss > 0);
	T("times", (ticks = times(&tms)) != -1);
	while (must(times(&tms)) >= ticks && tms.tms_utime + tms.tms_stime == 0)
		;
	S("times", times(&tms) >= ticks, "%d", (int)tms.tms_cutime);
	T("times null", times(NULL) >= ticks);
	T("times bad", syscall(SYS_times, area.readonly));
	S("sysinfo", sysinfo(&info), "%lu %u %d %d %d %lu", info.totalram, info.mem_unit, info.procs > 5, info.uptime > 0,
	  info.freeram < info.totalram, info.totalswap);
	T("sysinfo bad", syscall(SYS_sysinfo, area.readonly));
	S("uname", uname(&name), "%s %s %s %s %s %s", name.sysname, name.nodename, name.release, name.version, name.machine,
	  name.domainname);
	D("uname", syscall(SYS_uname, blank()), area.plain, 400);
	T("uname bad", syscall(SYS_uname, area.edge - 300));
	T("hostname", syscall(SYS_sethostname, NEVER, 5));
	T("hostname long", syscall(SYS_sethostname, "x", 100));
	T("domain negative", syscall(SYS_setdomainname, "x", -1));
}

CALLS(CASE(identities), CASE(users), CASE(children), CASE(pidfds), CASE(options), CASE(schedules), CASE(limits), CASE(amounts),
      CASE(fault_counts))
