// SPDX-License-Identifier: GPL-2.0-only
/* System calls on terminals: their settings, what lines they make of bytes, and whose terminal they are. */
#include "calls.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/tty.h>
#include <sys/ioctl.h>
#include <sys/time.h>

/* What is there before a call: nothing that it does not write may change. */
static char *blank(void)
{
	memset(area.plain, 0x55, 3 * PAGE);
	return area.plain;
}

/* Milliseconds that something may take that is not waited for in a call. */
#define PATIENCE 30000

static int master, slave;

static void pair(int flags)
{
	int unlock = 0;

	master = must(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(ioctl(master, TIOCSPTLCK, &unlock));
	slave = must(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | flags));
}

/* Change what a terminal does with what it gets. */
static void mode(unsigned int clear, unsigned int set, int minimum, int time)
{
	struct termios settings;

	must(ioctl(slave, TCGETS, &settings));
	settings.c_lflag = (settings.c_lflag & ~clear) | set;
	settings.c_cc[VMIN] = minimum;
	settings.c_cc[VTIME] = time;
	must(ioctl(slave, TCSETS, &settings));
}

/* What has come, with all that cannot be printed. */
static void got(const char *name, int fd, size_t size)
{
	static unsigned char some[5000];
	ssize_t length;

	away();
	length = read(fd, some, size);
	calls_result(name, length);
	printf(" '");
	for (ssize_t i = 0; i < length && i < 100; i++)
		printf(some[i] < ' ' || some[i] > '~' ? "\\%02x" : "%c", some[i]);
	printf("' %08x", length > 0 ? (int)digest(some, length) : 0);
	calls_end();
}

/* Wait until so many bytes can be read at both ends: the kernel carries them over in its own time. */
static void arrive(int in, int out)
{
	int64_t end = probe_now(CLOCK_MONOTONIC) + PATIENCE * MILLISECOND;
	int inside = 0, outside = 0;

	away();
	do {
		usleep(1000);
		must(ioctl(slave, FIONREAD, &inside));
		must(ioctl(master, FIONREAD, &outside));
	} while ((inside != in || outside != out) && probe_now(CLOCK_MONOTONIC) < end);
	printf("arrived: %d %d\n", inside, outside);
}

/* Keys, and how much can be read at both ends then. */
static void typed(const char *keys, int in, int out)
{
	T("type", write(master, keys, strlen(keys)));
	arrive(in, out);
}

static volatile int seen[65];

static void count(int number)
{
	seen[number]++;
}

static void handle(int number, int flags)
{
	must(sigaction(number, &(struct sigaction){ .sa_handler = count, .sa_flags = flags }, NULL));
}

/* Something makes a signal, in its own time. */
static void signalled(int number, int times)
{
	int64_t end = probe_now(CLOCK_MONOTONIC) + PATIENCE * MILLISECOND;

	while (seen[number] < times && probe_now(CLOCK_MONOTONIC) < end)
		usleep(1000);
	T("signals", seen[number]);
}

static void settings(void)
{
	static const unsigned int questions[] = { TCGETS, TCGETA, TCGETS2, TIOCGWINSZ, TIOCGETD, TIOCGSOFTCAR, TIOCINQ, TIOCOUTQ,
		TIOCGSID, TIOCGPGRP, TIOCMGET, TIOCGEXCL, TIOCGPKT, TIOCGPTLCK, TIOCGSERIAL, TIOCGICOUNT, TIOCGLCKTRMIOS, FIONREAD,
		TIOCGRS485, TIOCGDEV, TIOCVHANGUP + 0x1000 };
	struct winsize size = { 24, 80, 7, 9 };
	struct termios2 more;
	struct termios plain;
	char *p = area.plain;

	T("ptmx", open("/dev/ptmx", O_RDWR | O_NOCTTY));
	must(close(3));
	pair(0);
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		bool device = questions[i] == TIOCGDEV;

		/* The number of the terminal is not always the same. */
		S("ask slave", ioctl(slave, questions[i], blank()), "%x %08x", questions[i], device ? 0 : (int)digest(p, 200));
		S("ask master", ioctl(master, questions[i], blank()), "%x %08x", questions[i], device ? 0 : (int)digest(p, 200));
		T("ask badly", ioctl(slave, questions[i], area.readonly));
		T("ask a pipe", ioctl(1, questions[i], p));
	}
	T("size", ioctl(slave, TIOCSWINSZ, &size));
	T("size bad", ioctl(slave, TIOCSWINSZ, NEVER));
	turn();
	D("size", ioctl(master, TIOCGWINSZ, blank()), p, 16);
	size.ws_row = 50;
	T("size by master", ioctl(master, TIOCSWINSZ, &size));
	D("size", ioctl(slave, TIOCGWINSZ, blank()), p, 16);
	D("size at the edge", ioctl(slave, TIOCGWINSZ, area.edge - 8), area.edge - 8, 8);
	T("size over the edge", ioctl(slave, TIOCGWINSZ, area.edge - 7));
	T("settings", ioctl(slave, TCGETS, &plain));
	plain.c_cc[VERASE] = 'E', plain.c_iflag |= IUCLC, plain.c_oflag &= ~ONLCR;
	T("set", ioctl(slave, TCSETS, &plain));
	T("set later", ioctl(slave, TCSETSW, &plain));
	T("set and flush", ioctl(slave, TCSETSF, &plain));
	T("set bad", ioctl(slave, TCSETS, NEVER));
	turn();
	D("settings", ioctl(slave, TCGETS, blank()), p, 60);
	D("of master", ioctl(master, TCGETS, blank()), p, 60);
	T("more", ioctl(slave, TCGETS2, &more));
	more.c_cflag = (more.c_cflag & ~CBAUD) | BOTHER, more.c_ispeed = more.c_ospeed = 12345;
	T("speed", ioctl(slave, TCSETS2, &more));
	D("speed", ioctl(slave, TCGETS2, blank()), p, 60);
	D("old", ioctl(slave, TCGETA, blank()), p, 60);
	T("old set", ioctl(slave, TCSETA, p));
	D("locked", ioctl(slave, TIOCGLCKTRMIOS, blank()), p, 60);
	T("discipline", ioctl(slave, TIOCSETD, &(int){ N_TTY }));
	T("discipline strange", ioctl(slave, TIOCSETD, &(int){ 77 }));
	T("exclusive", ioctl(slave, TIOCEXCL, 0));
	D("exclusive", ioctl(slave, TIOCGEXCL, blank()), p, 16);
	T("shared", ioctl(slave, TIOCNXCL, 0));
	T("modem", ioctl(slave, TIOCMSET, &(int){ 1 }));
	T("break", ioctl(slave, TCSBRK, 1));
	T("break", ioctl(slave, TCSBRKP, 0));
	T("flush strange", ioctl(slave, TCFLSH, 77));
	T("flow strange", ioctl(slave, TCXONC, 77));
	T("locked", ioctl(master, TIOCSPTLCK, &(int){ 1 }));
	D("locked", ioctl(master, TIOCGPTLCK, blank()), p, 16);
	T("peer of locked", ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	S("number", ioctl(master, TIOCGPTN, blank()), "%d", *(int *)p >= 0);
	T("number of slave", ioctl(slave, TIOCGPTN, p));
	T("strange", ioctl(slave, 0x54ff, p));
	T("dev tty", open("/dev/tty", O_RDWR));
	T("seek", lseek(slave, 0, SEEK_CUR));
	T("pread", pread(slave, p, 10, 0));
}

static void lines(void)
{
	char *p = area.plain;

	pair(O_NONBLOCK);
	got("empty", slave, 100);
	typed("half", 0, 4);
	got("half", slave, 100);
	S("waiting", ioctl(slave, FIONREAD, p), "%d", *(int *)p);
	typed(" a line\nand another\n", 24, 26);
	S("waiting", ioctl(slave, FIONREAD, p), "%d", *(int *)p);
	turn();
	got("short", slave, 4);
	got("line", slave, 100);
	got("line", slave, 100);
	got("echo", master, 1000);
	typed("erased\177\177 word\027words\025killed\004", 6, 70);
	got("ended", slave, 100);
	typed("\004", 0, 70);
	got("end", slave, 100);
	typed("literal \026\003\r", 10, 84);
	got("literal", slave, 100);
	got("echo", master, 1000);
	T("write", write(slave, "one\ntwo\n", 8));
	T("writev", writev(slave, (struct iovec[]){ { "three", 5 }, { "\tfour", 5 } }, 2));
	T("write bad", write(slave, NEVER, 5));
	T("write over the edge", write(slave, area.edge - 3, 10));
	arrive(0, 20);
	got("out", master, 6);
	turn();
	got("out", master, 1000);
	T("push", ioctl(slave, TIOCSTI, "x"));
	T("push bad", ioctl(slave, TIOCSTI, NEVER));
	T("read bad", (write(master, "x\n", 2), read(slave, NEVER, 10)));
	got("lost?", slave, 100);
	T("stop", ioctl(slave, TCXONC, TCOOFF));
	T("stopped", write(slave, "never", 5));
	T("go on", ioctl(slave, TCXONC, TCOON));
	got("nothing", master, 1000);
	typed("unread\n", 7, 8);
	T("flush in", ioctl(slave, TCFLSH, TCIFLUSH));
	got("flushed", slave, 100);
	got("echo", master, 1000);
}

/* Each move begins the time between bytes anew: for that a child reads, which is not moved while it waits. */
static void times(void)
{
	int status;
	pid_t child;

	/* Longer than a stay at a place. */
	mode(0, 0, 0, 2);
	got("time", slave, 10);
	fflush(stdout);
	child = must(fork());
	if (!child) {
		mode(0, 0, 5, 1);
		typed("ab", 2, 0);
		got("minimum and time", slave, 10);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	S("times", 0, "%x", status);
}

static void raw(void)
{
	struct itimerval often = { { 0, 50000 }, { 0, 50000 } };
	char *p = area.plain;

	pair(0);
	mode(ICANON | ECHO | ISIG, 0, 1, 0);
	typed("a\003\004b", 4, 0);
	got("some", slave, 2);
	got("rest", slave, 100);
	got("no echo", (must(fcntl(master, F_SETFL, O_NONBLOCK)), master), 100);
	mode(0, 0, 0, 0);
	got("poll", slave, 10);
	times();
	mode(0, 0, 3, 0);
	typed("abc", 3, 0);
	turn();
	got("minimum", slave, 10);
	mode(0, 0, 5, 0);
	typed("ab", 2, 0);
	S("ready", poll(&(struct pollfd){ slave, POLLIN, 0 }, 1, 0), "%d", (ioctl(slave, FIONREAD, p), *(int *)p));
	handle(SIGALRM, 0);
	must(setitimer(ITIMER_REAL, &often, NULL));
	got("interrupted", slave, 10);
	mode(0, ICANON, 1, 0);
	got("interrupted", slave, 10);
	must(setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL));
	mode(ICANON, ECHO, 1, 0);
	typed("\001\n", 2, 4);
	got("both", slave, 10);
	got("echo", master, 100);
	mode(ECHO, 0, 1, 0);
	memset(area.plain, 'm', 3 * PAGE);
	/* A byte at a time, as programs do that move a cursor about. */
	for (int i = 0; i < 10; i++) {
		must(write(master, area.plain + i, 1));
		got("key", slave, 100);
	}
}

/* Who waits for so many keys gets all that are there then, whatever happens between the keys. */
static void keys(void)
{
	int status;
	pid_t child;

	pair(0);
	mode(ICANON | ECHO | ISIG, 0, 5, 0);
	for (int i = 0; i < 4; i++) {
		fflush(stdout);
		child = must(fork());
		if (!child) {
			usleep(20000);
			must(write(master, "ab", 2));
			usleep(100000);
			must(write(master, "cdefgh", 6));
			_exit(0);
		}
		got("keys", slave, i < 2 ? 20 : 6);
		if (i >= 2)
			got("rest", (mode(0, 0, 1, 0), slave), 20);
		mode(0, 0, 5, 0);
		while (waitpid(child, &status, 0) < 0)
			expect(errno == EINTR, "%s", strerror(errno));
	}
}

static void packets(void)
{
	struct pollfd ready = { .events = POLLIN | POLLPRI };
	struct termios settings;

	pair(O_NONBLOCK);
	ready.fd = master;
	T("nonblock", fcntl(master, F_SETFL, O_NONBLOCK));
	T("packets", ioctl(master, TIOCPKT, &(int){ 1 }));
	T("packets of slave", ioctl(slave, TIOCPKT, &(int){ 1 }));
	D("packets", ioctl(master, TIOCGPKT, blank()), area.plain, 16);
	got("none", master, 100);
	T("write", write(slave, "data", 4));
	got("data", master, 100);
	T("stop", ioctl(slave, TCXONC, TCOOFF));
	S("poll", poll(&ready, 1, 0), "%x", ready.revents);
	turn();
	got("stopped", master, 100);
	T("go on", ioctl(slave, TCXONC, TCOON));
	got("goes on", master, 100);
	T("flush", ioctl(slave, TCFLSH, TCIOFLUSH));
	got("flushed", master, 100);
	must(ioctl(slave, TCGETS, &settings));
	settings.c_iflag &= ~IXON;
	must(ioctl(slave, TCSETS, &settings));
	got("no flow control", master, 100);
	settings.c_lflag |= EXTPROC;
	T("external", ioctl(slave, TCSETS, &settings));
	got("external", master, 100);
	T("off", ioctl(master, TIOCPKT, &(int){ 0 }));
	T("write", write(slave, "data", 4));
	got("plain", master, 100);
}

static void hangups(void)
{
	struct pollfd ready = { .events = POLLIN | POLLOUT };

	pair(0);
	ready.fd = slave;
	T("write", write(slave, "last words", 10));
	T("close", close(slave));
	got("last words", master, 100);
	got("gone", master, 100);
	S("poll", poll(&(struct pollfd){ master, POLLIN, 0 }, 1, 0), "%d", 0);
	slave = must(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	typed("again\n", 6, 7);
	got("again", slave, 100);
	typed("lost\n", 5, 13);
	T("close master", close(master));
	turn();
	S("poll", poll(&ready, 1, 0), "%x", ready.revents);
	got("gone", slave, 100);
	T("write", write(slave, "x", 1));
	T("ask", ioctl(slave, TCGETS, area.plain));
	T("size", ioctl(slave, TIOCGWINSZ, area.plain));
	T("group", ioctl(slave, TIOCGPGRP, area.plain));
	must(close(slave));
	pair(0);
	T("hang up", ioctl(slave, TIOCVHANGUP, 0));
	got("gone", slave, 100);
	T("write", write(slave, "x", 1));
}

/* The session of a terminal: a leader, and a group in the background. */
static void session(void)
{
	int status, ready[2], group;
	char byte;
	pid_t child;

	T("setsid", setsid() == getpid());
	T("none", open("/dev/tty", O_RDWR));
	T("take", ioctl(slave, TIOCSCTTY, 0));
	T("take again", ioctl(slave, TIOCSCTTY, 0));
	T("take another", ioctl(master, TIOCSCTTY, 0));
	T("tty", open("/dev/tty", O_RDWR) >= 0);
	S("session", ioctl(slave, TIOCGSID, &group), "%d", group == getpid());
	S("group", ioctl(slave, TIOCGPGRP, &group), "%d", group == getpid());
	S("group by master", ioctl(master, TIOCGPGRP, &group), "%d", group == getpid());
	T("group strange", ioctl(slave, TIOCSPGRP, &(int){ 0x3fffffff }));
	T("group negative", ioctl(slave, TIOCSPGRP, &(int){ -1 }));
	T("group bad", ioctl(slave, TIOCSPGRP, NEVER));
	T("group not mine", ioctl(slave, TIOCSPGRP, &(int){ 1 }));
	handle(SIGINT, SA_RESTART);
	handle(SIGQUIT, SA_RESTART);
	handle(SIGWINCH, SA_RESTART);
	handle(SIGTTOU, SA_RESTART);
	handle(SIGCONT, SA_RESTART);
	handle(SIGHUP, SA_RESTART);
	T("type", write(master, "\003", 1));
	signalled(SIGINT, 1);
	turn();
	T("type", write(master, "\034", 1));
	signalled(SIGQUIT, 1);
	T("by number", ioctl(master, TIOCSIG, SIGINT));
	T("interrupted", seen[SIGINT]);
	T("by number strange", ioctl(master, TIOCSIG, 99));
	T("size", ioctl(master, TIOCSWINSZ, &(struct winsize){ 3, 4, 5, 6 }));
	T("size changed", seen[SIGWINCH]);
	T("size same", ioctl(master, TIOCSWINSZ, &(struct winsize){ 3, 4, 5, 6 }));
	T("size not changed", seen[SIGWINCH]);
	must(pipe(ready));
	child = must(fork());
	if (!child) {
		signal(SIGTTIN, SIG_IGN);
		signal(SIGINT, SIG_DFL);
		T("child's group", setpgid(0, 0));
		got("background read", slave, 10);
		signal(SIGTTIN, SIG_DFL);
		signal(SIGTTOU, SIG_IGN);
		T("background group", ioctl(slave, TIOCSPGRP, &(int){ getpid() }));
		S("group", ioctl(slave, TIOCGPGRP, &group), "%d", group == getpid());
		must(write(ready[1], "x", 1));
		turn();
		for (;;)
			pause();
	}
	must(read(ready[0], &byte, 1));
	S("child in front", ioctl(slave, TIOCGPGRP, &group), "%d", group == child);
	probe_await_call(child, SYS_pause);
	T("suspend", write(master, "\032", 1));
	S("suspended", waitpid(child, &status, WUNTRACED) == child, "%x", status);
	turn();
	T("go on", kill(child, SIGCONT));
	S("goes on", waitpid(child, &status, WCONTINUED) == child, "%x", status);
	T("interrupt", write(master, "\003", 1));
	S("interrupted", waitpid(child, &status, 0) == child, "%x", status);
	T("not I", seen[SIGINT]);
	signal(SIGTTOU, SIG_IGN);
	T("back", ioctl(slave, TIOCSPGRP, &(int){ getpid() }));
	T("hang up", close(master));
	signalled(SIGHUP, 1);
	got("gone", slave, 10);
	T("no tty", ioctl(slave, TIOCNOTTY, 0));
}

static void jobs(void)
{
	int status;
	pid_t child;

	pair(0);
	T("not mine", ioctl(slave, TIOCGPGRP, area.plain));
	T("no leader", ioctl(slave, TIOCSCTTY, 0));
	T("no tty", ioctl(slave, TIOCNOTTY, 0));
	T("session", ioctl(slave, TIOCGSID, area.plain));
	fflush(stdout);
	child = must(fork());
	if (!child) {
		session();
		_exit(4);
	}
	must(close(master));
	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	S("ended", 0, "%x", status);
	got("gone", slave, 10);
}

CALLS(CASE(settings), CASE(lines), CASE(raw), CASE(keys), CASE(packets), CASE(hangups), CASE(jobs))
