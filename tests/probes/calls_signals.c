// SPDX-License-Identifier: GPL-2.0-only
/* Signals: who gets them, in what order and with what masks, and what becomes of calls that wait. */
#include "calls.h"
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/ucontext.h>
#include <linux/futex.h>

#define BIT(number) (1UL << ((number) - 1))

/* What handlers saw: signal, code, value, mask inside, mask to go back to. */
static char seen[4096];
static volatile int count;
static int feed = -1;

static unsigned long mask_now(void)
{
	unsigned long mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	return mask;
}

static void handler(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	int was = errno;

	count++;
	if (strlen(seen) < 3500)
		sprintf(seen + strlen(seen), " [%d %d %d %d %lx %lx]", number, info->si_code,
			info->si_code == SI_QUEUE || info->si_code == SI_TIMER ? info->si_value.sival_int : 0,
			info->si_code <= 0 && info->si_code != SI_TIMER ? info->si_pid == getpid() : 0, mask_now(),
			*(unsigned long *)&user->uc_sigmask);
	errno = was;
}

/* Handlers of the calls that wait: the second one gives them something. */
static void feeder(int number)
{
	int was = errno;

	(void)number;
	if (++count == 2 && feed >= 0 && write(feed, "12345678", 8) < 0)
		seen[0] = 'X';
	errno = was;
}

static void act(int number, int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	must(sigaction(number, &action, NULL));
}

static const char *saw(void)
{
	static char was[4096];

	strcpy(was, seen);
	seen[0] = 0;
	return was;
}

static void mask(int how, unsigned long bits)
{
	must(syscall(SYS_rt_sigprocmask, how, &bits, NULL, 8));
}

static sigjmp_buf back;

static void on_one(int number)
{
	(void)number;
	siglongjmp(back, 1);
}

static void on_two(int number)
{
	(void)number;
	siglongjmp(back, 2);
}

/* Which handler runs for a fault. */
static int faults(void)
{
	int which = sigsetjmp(back, 1);

	if (!which)
		*(volatile int *)NEVER = 1;
	return which;
}

/* The old action goes to where the new one is read from. */
static void in_place(void)
{
	struct { void *handler; long flags; void *restorer; long mask; } both;

	must((long)signal(SIGSEGV, on_two));
	must(syscall(SYS_rt_sigaction, SIGSEGV, NULL, &both, 8));
	must((long)signal(SIGSEGV, on_one));
	S("one", faults(), "%d", both.handler == on_two);
	S("in place", syscall(SYS_rt_sigaction, SIGSEGV, &both, &both, 8), "%d %d", both.handler == on_one, faults());
	T("two", faults());
	must((long)signal(SIGSEGV, SIG_DFL));
}

static void actions(void)
{
	struct { void *handler; long flags; void *restorer; long mask; } in = { SIG_IGN, 0x1234567890L, NULL, -1 }, out;
	unsigned long old;

	T("kill", syscall(SYS_rt_sigaction, SIGKILL, &in, NULL, 8));
	T("get kill", syscall(SYS_rt_sigaction, SIGKILL, NULL, &out, 8));
	T("zero", syscall(SYS_rt_sigaction, 0, &in, NULL, 8));
	T("65", syscall(SYS_rt_sigaction, 65, &in, NULL, 8));
	T("size", syscall(SYS_rt_sigaction, SIGUSR1, &in, NULL, 16));
	T("bad", syscall(SYS_rt_sigaction, SIGUSR1, NEVER, NULL, 8));
	T("set", syscall(SYS_rt_sigaction, SIGUSR1, &in, NULL, 8));
	D("get", syscall(SYS_rt_sigaction, SIGUSR1, NULL, &out, 8), &out, sizeof(out));
	in.handler = SIG_DFL;
	T("set and bad", syscall(SYS_rt_sigaction, SIGUSR1, &in, area.readonly, 8));
	D("get", syscall(SYS_rt_sigaction, SIGUSR1, NULL, &out, 8), &out, sizeof(out));
	turn();
	D("get", syscall(SYS_rt_sigaction, SIGUSR1, NULL, &out, 8), &out, sizeof(out));
	T("mask how", syscall(SYS_rt_sigprocmask, 7, &old, NULL, 8));
	T("mask how null", syscall(SYS_rt_sigprocmask, 7, NULL, &old, 8));
	T("mask size", syscall(SYS_rt_sigprocmask, SIG_BLOCK, &old, NULL, 4));
	T("mask bad", syscall(SYS_rt_sigprocmask, SIG_BLOCK, NEVER, NULL, 8));
	old = -1;
	T("mask set and bad", syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, area.readonly, 8));
	S("mask", 0, "%lx", mask_now());
	turn();
	S("mask", 0, "%lx", mask_now());
	mask(SIG_SETMASK, 0);
	T("pending size", syscall(SYS_rt_sigpending, &old, 16));
	T("pending bad", syscall(SYS_rt_sigpending, area.readonly, 8));
	T("suspend bad", syscall(SYS_rt_sigsuspend, NEVER, 8));
	T("suspend size", syscall(SYS_rt_sigsuspend, &old, 7));
}

static void orders(void)
{
	union sigval value = { .sival_int = 42 };
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = -60 };
	unsigned long pending;
	struct rlimit most;

	act(SIGUSR1, 0);
	act(SIGUSR2, SA_NODEFER);
	act(SIGRTMIN, 0);
	act(SIGRTMIN + 1, SA_RESETHAND);
	T("none", kill(getpid(), 0));
	T("65", kill(getpid(), 65));
	T("negative", kill(getpid(), -1));
	T("nobody", kill(0x3fffffff, 0));
	T("tgkill nobody", syscall(SYS_tgkill, getpid(), 1, SIGUSR1));
	T("tkill negative", syscall(SYS_tkill, -1, SIGUSR1));
	S("kill", kill(getpid(), SIGUSR1), "%s", saw());
	S("tgkill", syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1), "%s", saw());
	S("queue", sigqueue(getpid(), SIGUSR1, value), "%s", saw());
	mask(SIG_BLOCK, BIT(SIGUSR1) | BIT(SIGUSR2) | BIT(SIGRTMIN) | BIT(SIGRTMIN + 1));
	T("blocked", kill(getpid(), SIGUSR2));
	T("blocked", kill(getpid(), SIGUSR1));
	T("blocked again", sigqueue(getpid(), SIGUSR1, value));
	for (int i = 0; i < 3; i++) {
		value.sival_int = i;
		T("queued", sigqueue(getpid(), SIGRTMIN + i % 2, value));
	}
	S("pending", syscall(SYS_rt_sigpending, &pending, 8), "%lx %s", pending, saw());
	turn();
	S("pending", syscall(SYS_rt_sigpending, &pending, 8), "%lx %s", pending, saw());
	must(getrlimit(RLIMIT_SIGPENDING, &most));
	T("no more", setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 0, most.rlim_max }));
	T("too many", sigqueue(getpid(), SIGRTMIN, value));
	away();
	mask(SIG_SETMASK, 0);
	S("all", 0, "%s", saw());
	T("as many", setrlimit(RLIMIT_SIGPENDING, &most));
	S("mask", 0, "%lx", mask_now());
	info.si_pid = getpid();
	S("rt queue", syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &info), "%s", saw());
	info.si_code = SI_TKILL;
	S("rt queue tkill", syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &info), "%s", saw());
	info.si_code = SI_QUEUE;
	S("rt tg queue", syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGRTMIN, &info), "%s", saw());
	T("rt queue bad", syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, NEVER));
	act(SIGRTMIN + 1, SA_RESETHAND);
	signal(SIGRTMIN + 1, SIG_IGN);
	S("ignored", sigqueue(getpid(), SIGRTMIN + 1, value), "%s", saw());
	act(SIGALRM, 0);
	mask(SIG_BLOCK, BIT(SIGALRM));
	T("alarm", kill(getpid(), SIGALRM));
	signal(SIGALRM, SIG_IGN);
	S("discarded", syscall(SYS_rt_sigpending, &pending, 8), "%lx", pending);
}

/* Handlers of handlers, and masks in them. */
static void nested(int number, siginfo_t *info, void *context)
{
	handler(number, info, context);
	if (number == SIGUSR1)
		must(kill(getpid(), SIGUSR2));
}

static void change(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	handler(number, info, context);
	*(unsigned long *)&user->uc_sigmask = BIT(SIGHUP) | BIT(SIGKILL);
}

static void frames(void)
{
	struct sigaction action = { .sa_sigaction = nested, .sa_flags = SA_SIGINFO };
	stack_t stack = { .ss_sp = area.plain, .ss_size = 4 * PAGE }, old;

	must(sigaction(SIGUSR2, &action, NULL));
	sigaddset(&action.sa_mask, SIGTERM);
	must(sigaction(SIGUSR1, &action, NULL));
	S("nested", kill(getpid(), SIGUSR1), "%s", saw());
	sigaddset(&action.sa_mask, SIGUSR2);
	must(sigaction(SIGUSR1, &action, NULL));
	S("after", kill(getpid(), SIGUSR1), "%s", saw());
	action.sa_sigaction = change;
	must(sigaction(SIGUSR1, &action, NULL));
	S("changed", kill(getpid(), SIGUSR1), "%s", saw());
	S("mask", 0, "%lx", mask_now());
	turn();
	S("mask", 0, "%lx", mask_now());
	mask(SIG_SETMASK, 0);
	T("stack", sigaltstack(&stack, NULL));
	S("stack", sigaltstack(NULL, &old), "%d %x %ld", old.ss_sp == area.plain, old.ss_flags, (long)old.ss_size);
	turn();
	S("stack", sigaltstack(NULL, &old), "%d %x %ld", old.ss_sp == area.plain, old.ss_flags, (long)old.ss_size);
	act(SIGUSR1, SA_ONSTACK);
	S("on it", kill(getpid(), SIGUSR1), "%s", saw());
	stack.ss_size = 100;
	T("small", sigaltstack(&stack, NULL));
	stack.ss_flags = 77;
	T("strange", sigaltstack(&stack, NULL));
	T("bad", sigaltstack(NEVER, NULL));
	stack.ss_flags = SS_DISABLE;
	T("off", sigaltstack(&stack, &old));
}

static void waits(void)
{
	unsigned long set = BIT(SIGUSR1) | BIT(SIGRTMIN), none = 0, most = ~BIT(SIGUSR1);
	struct timespec now = { 0 }, bad = { 0, -1 }, soon = { 0, 20000000 };
	union sigval value = { .sival_int = 7 };
	struct signalfd_siginfo got[2];
	siginfo_t info;
	int fd;

	act(SIGUSR1, 0);
	act(SIGUSR2, 0);
	mask(SIG_BLOCK, set);
	T("none", syscall(SYS_rt_sigtimedwait, &set, &info, &now, 8));
	T("soon", syscall(SYS_rt_sigtimedwait, &set, &info, &soon, 8));
	T("bad time", syscall(SYS_rt_sigtimedwait, &set, &info, &bad, 8));
	T("bad set", syscall(SYS_rt_sigtimedwait, NEVER, &info, &now, 8));
	T("size", syscall(SYS_rt_sigtimedwait, &set, &info, &now, 12));
	must(sigqueue(getpid(), SIGRTMIN, value));
	must(kill(getpid(), SIGUSR1));
	S("first", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), "%d %d", info.si_code, info.si_pid == getpid());
	turn();
	S("second", syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), "%d %d", info.si_code, info.si_value.sival_int);
	must(kill(getpid(), SIGUSR1));
	T("lost", syscall(SYS_rt_sigtimedwait, &set, NEVER, &now, 8));
	T("none", syscall(SYS_rt_sigtimedwait, &set, NULL, &now, 8));
	must(kill(getpid(), SIGUSR1));
	S("suspend", syscall(SYS_rt_sigsuspend, &most, 8), "%s", saw());
	S("mask", 0, "%lx", mask_now());
	must(kill(getpid(), SIGUSR1));
	S("ppoll", syscall(SYS_ppoll, NULL, 0, &soon, &none, 8), "%s", saw());
	S("mask", 0, "%lx", mask_now());
	must(kill(getpid(), SIGUSR1));
	S("ppoll blocked", syscall(SYS_ppoll, NULL, 0, &soon, &set, 8), "%s", saw());
	S("pselect", syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, (long[]){ (long)&none, 8 }), "%s", saw());
	must(kill(getpid(), SIGUSR1));
	fd = must(epoll_create1(0));
	S("epoll_pwait", syscall(SYS_epoll_pwait, fd, got, 1, 1000, &none, 8), "%s", saw());
	S("mask", 0, "%lx", mask_now());
	must(close(fd));
	T("signalfd size", syscall(SYS_signalfd4, -1, &set, 4, 0));
	T("signalfd strange", syscall(SYS_signalfd4, -1, &set, 8, 1));
	T("signalfd bad", syscall(SYS_signalfd4, 0, &set, 8, 0));
	fd = must(syscall(SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK));
	T("empty", read(fd, got, sizeof(got)));
	must(kill(getpid(), SIGUSR1));
	must(sigqueue(getpid(), SIGRTMIN, value));
	T("short", read(fd, got, 100));
	T("bad", read(fd, area.none, 128));
	S("read", read(fd, got, sizeof(got)), "%d %d", got[0].ssi_signo, got[0].ssi_int);
	must(close(fd));
	S("seen", 0, "%s", saw());
}

static void defaults(void)
{
	int fates[] = { SIGTERM, SIGKILL, SIGCHLD, SIGWINCH, SIGALRM, SIGRTMIN, SIGUSR1, SIGPIPE, SIGXFSZ, SIGABRT, SIGSEGV, SIGSYS };
	struct { long none[2]; } limit = { { 0, 0 } };
	siginfo_t info;
	int status;

	must(syscall(SYS_setrlimit, 4 /* RLIMIT_CORE */, &limit));
	for (size_t i = 0; i < sizeof(fates) / sizeof(*fates); i++) {
		pid_t child = must(fork());

		if (!child) {
			away();
			signal(fates[i], SIG_DFL);
			kill(getpid(), fates[i]);
			_exit(3);
		}
		memset(&info, 0, sizeof(info));
		must(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
		must(waitpid(child, &status, 0));
		S("fate", 0, "%d: %#x %d %d %d", fates[i], status, info.si_code, info.si_status, info.si_pid == child);
	}
}

/* A repeating timer whose second signal feeds the call. */
static void tick(int flags, int descriptor)
{
	struct sigaction action = { .sa_handler = feeder, .sa_flags = flags };
	struct itimerval timer = { { 0, 30000 }, { 0, 30000 } };

	must(sigaction(SIGALRM, &action, NULL));
	count = 0;
	feed = descriptor;
	must(setitimer(ITIMER_REAL, &timer, NULL));
}

static void quiet(void)
{
	struct itimerval none = { 0 };

	must(setitimer(ITIMER_REAL, &none, NULL));
}

/* With and without SA_RESTART; a call that goes on ends by what the handler feeds it with. */
#define WAIT(name, descriptor, call)					\
	do {								\
		for (int restarts = 0; restarts < 2; restarts++) {	\
			away();						\
			tick(restarts ? SA_RESTART : 0, restarts ? descriptor : -1);	\
			long value = (long)(call);			\
			int error = errno;				\
									\
			quiet();					\
			errno = error;					\
			calls_result(restarts ? name " restarting" : name, value);	\
			calls_end();					\
			drain();					\
		}							\
	} while (0)

static int ends[2], sockets[2], event;

static void drain(void)
{
	char rest[100000];

	while (read(ends[0], rest, sizeof(rest)) > 0)
		;
	while (read(sockets[0], rest, sizeof(rest)) > 0)
		;
	while (read(event, rest, 8) > 0)
		;
	errno = 0;
}

static void blocking(int fd, bool yes)
{
	int flags = must(fcntl(fd, F_GETFL));

	must(fcntl(fd, F_SETFL, yes ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

static void prepare(void)
{
	must(pipe2(ends, O_NONBLOCK));
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets));
	event = must(eventfd(0, EFD_NONBLOCK));
}

static void restarts(void)
{
	char some[8];

	prepare();

#define BLOCKED(fd, call) ({ long v; int e; blocking(fd, true); v = (call); e = errno; blocking(fd, false); errno = e; v; })
	WAIT("pipe", ends[1], BLOCKED(ends[0], read(ends[0], some, 8)));
	WAIT("readv", ends[1], BLOCKED(ends[0], readv(ends[0], &(struct iovec){ some, 8 }, 1)));
	WAIT("socket", sockets[1], BLOCKED(sockets[0], read(sockets[0], some, 8)));
	WAIT("recv", sockets[1], BLOCKED(sockets[0], recv(sockets[0], some, 8, 0)));
	WAIT("recv all", sockets[1], BLOCKED(sockets[0], recv(sockets[0], some, 8, MSG_WAITALL)));
	WAIT("event", event, BLOCKED(event, read(event, some, 8)));
}

static void sleeps(void)
{
	struct timespec long_time = { 100, 0 };
	struct pollfd in = { .events = POLLIN };

	prepare();
	in.fd = ends[0];
	WAIT("poll", -1, poll(&in, 1, -1));
	WAIT("poll timed", -1, poll(&in, 1, 10000));
	WAIT("ppoll", -1, ppoll(&in, 1, &long_time, NULL));
	WAIT("select", -1, select(0, NULL, NULL, NULL, &(struct timeval){ 100, 0 }));
	WAIT("pause", -1, pause());
	WAIT("nanosleep", -1, nanosleep(&long_time, NULL));
	T("nothing to restart", syscall(SYS_restart_syscall));
	WAIT("clock_nanosleep", -1, clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, NULL));
}

static void interrupts(void)
{
	int queue = must(msgget(IPC_PRIVATE, 0600)), semaphore = must(semget(IPC_PRIVATE, 1, 0600)), epoll, notify, timer;
	struct timespec long_time = { 100, 0 };
	struct { long type; char text[8]; } message;
	struct sembuf down = { 0, -1, 0 };
	struct epoll_event got;
	char some[8];

	prepare();
	timer = must(timerfd_create(CLOCK_MONOTONIC, 0));
	epoll = must(epoll_create1(0));
	notify = must(inotify_init1(0));
	WAIT("semop", -1, semop(semaphore, &down, 1));
	WAIT("semtimedop", -1, semtimedop(semaphore, &down, 1, &long_time));
	WAIT("msgrcv", -1, msgrcv(queue, &message, 8, 0, 0));
	WAIT("sigtimedwait", -1, syscall(SYS_rt_sigtimedwait, &(long){ BIT(SIGHUP) }, NULL, &long_time, 8));
	tick(0, -1);
	T("inotify", read(notify, some, 8));
	T("timerfd", read(timer, some, 8));
	T("epoll", epoll_wait(epoll, &got, 1, -1));
	blocking(ends[1], true);
	T("full pipe", write(ends[1], must(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), 1 << 20));
	T("full pipe", write(ends[1], some, 8));
	quiet();
	must(semctl(semaphore, 0, IPC_RMID));
	must(msgctl(queue, IPC_RMID, NULL));
}

static void suspended(void)
{
	tick(0, -1);
	T("sigsuspend", syscall(SYS_rt_sigsuspend, &(long){ 0 }, 8));
	T("sigsuspend", syscall(SYS_rt_sigsuspend, &(long){ BIT(SIGUSR1) }, 8));
	S("mask", 0, "%lx", mask_now());
	quiet();
}

static void futexes(void)
{
	struct timespec long_time = { 100, 0 }, soon = { 0, 200000000 }, bad = { 0, 1000000000 };
	int word = 5;

	sockets[0] = event = -1;
	must(pipe2(ends, O_NONBLOCK));
	T("other value", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 6, NULL));
	T("odd", syscall(SYS_futex, (char *)&word + 1, FUTEX_WAIT_PRIVATE, 5, NULL));
	T("bad", syscall(SYS_futex, area.none, FUTEX_WAIT_PRIVATE, 5, NULL));
	T("bad time", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &bad));
	T("bad time place", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, NEVER));
	T("strange", syscall(SYS_futex, &word, 77, 5, NULL));
	T("wake", syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1));
	T("wake shared", syscall(SYS_futex, &word, FUTEX_WAKE, 1));
	T("no bits", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 5, NULL, NULL, 0));
	T("timeout", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &soon));
	T("past", syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 5, &soon, NULL, -1));
	T("unlock", syscall(SYS_futex, &word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL));
	word = 0;
	T("lock", syscall(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	T("lock again", syscall(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, NULL));
	turn();
	T("unlock", syscall(SYS_futex, &word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL));
	word = 5;
	WAIT("timed", -1, syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, &long_time));
	tick(0, -1);
	T("interrupted", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 5, NULL));
}

static long wake(long number, int *word)
{
	long woken = 0;

	for (int i = 0; i < 1000 && !woken; i++) {
		usleep(10000);
		if (number == SYS_futex)
			woken = syscall(number, word, FUTEX_WAKE, 1);
		else
			woken = syscall(number, word, ~0U, 1, FUTEX2_SIZE_U32);
	}
	return woken;
}

/* A child waits on a file that both map. */
static void woken(void)
{
	int fd = must(open("/bin/sh", O_RDONLY)), status;
	int *word = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	struct timespec long_time = { 100, 0 };
	pid_t child;

	expect(word != MAP_FAILED, "%s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		child = must(fork());
		if (!child)
			_exit(!!syscall(SYS_futex, word, FUTEX_WAIT, *word, &long_time));
		T("wake", wake(i ? SYS_futex_wake : SYS_futex, word));
		S("woken", wait4(child, &status, 0, NULL) == child, "%x", status);
	}
}

/* A child holds locks, and sleeps. */
static void children(void)
{
	int fd = must(open("locked", O_RDWR | O_CREAT, 0600)), ready[2], status;
	struct flock lock = { .l_type = F_WRLCK };
	pid_t child;
	char byte;

	must(pipe(ready));
	must(pipe2(ends, O_NONBLOCK));
	sockets[0] = event = -1;
	child = must(fork());
	if (!child) {
		int mine = must(open("locked", O_RDWR));

		must(fcntl(mine, F_SETLK, &lock));
		must(flock(mine, LOCK_EX));
		must(write(ready[1], "x", 1));
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1));
	T("setlk", fcntl(fd, F_SETLK, &lock));
	S("getlk", fcntl(fd, F_GETLK, &lock), "%d %d", lock.l_type, lock.l_pid == child);
	lock.l_type = F_WRLCK;
	T("flock", flock(fd, LOCK_EX | LOCK_NB));
	tick(0, -1);
	T("setlkw", fcntl(fd, F_SETLKW, &lock));
	T("flock", flock(fd, LOCK_EX));
	T("wait", wait4(child, &status, 0, NULL));
	T("waitid", waitid(P_ALL, 0, NULL, WEXITED));
	quiet();
	T("wait none", wait4(child, &status, WNOHANG, NULL));
	T("stop", kill(child, SIGSTOP));
	S("stopped", wait4(child, &status, WUNTRACED, NULL) == child, "%x", status);
	T("go on", kill(child, SIGCONT));
	S("goes on", wait4(child, &status, WCONTINUED, NULL) == child, "%x", status);
	T("kill", kill(child, SIGKILL));
	S("killed", wait4(child, &status, 0, NULL) == child, "%x", status);
	T("wait", wait4(child, &status, 0, NULL));
	T("setlkw", fcntl(fd, F_SETLKW, &lock));
}

CALLS(CASE(actions), CASE(in_place), CASE(orders), CASE(frames), CASE(waits), CASE(defaults), CASE(restarts), CASE(sleeps), CASE(interrupts), CASE(children), CASE(suspended), CASE(futexes), CASE(woken))
