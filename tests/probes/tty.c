// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal's program: reads lines, counts ^C, may be stopped by ^Z and continued, ends at ^D.
 * What it prints is what was typed, so somebody who types can tell whether all is well.
 */
#include "probe.h"
#include <sys/ioctl.h>
#include <termios.h>

static volatile sig_atomic_t interrupts, resumed, sizes;

static void handler(int number)
{
	interrupts += number == SIGINT;
	resumed += number == SIGCONT;
	sizes += number == SIGWINCH;
}

/* Tell what has happened since the last time. */
static void tell(void)
{
	static int told_interrupts, told_resumed, told_sizes;
	struct winsize size;

	for (; told_interrupts < interrupts; told_interrupts++)
		printf("interrupt %d\n", told_interrupts + 1);
	for (; told_resumed < resumed; told_resumed++)
		printf("resumed %d\n", told_resumed + 1);
	for (; told_sizes < sizes; told_sizes++) {
		must(ioctl(0, TIOCGWINSZ, &size));
		printf("size %d %d\n", size.ws_row, size.ws_col);
	}
	fflush(stdout);
}

int main(void)
{
	struct sigaction action = { .sa_handler = handler };
	struct termios terminal;
	char line[256];
	ssize_t length;

	must(sigaction(SIGINT, &action, NULL));
	must(sigaction(SIGCONT, &action, NULL));
	must(sigaction(SIGWINCH, &action, NULL));
	expect(isatty(0) && isatty(1), "this is no terminal");
	probe_ready();
	for (;;) {
		length = read(0, line, sizeof(line) - 1);
		tell();
		if (length < 0) {
			expect(errno == EINTR, "%s", strerror(errno));
			continue;
		}
		if (!length)
			break;
		line[length] = 0;
		expect(tcgetpgrp(0) == getpgrp(), "we are not in the foreground");
		must(tcgetattr(0, &terminal));
		expect(terminal.c_lflag & ICANON, "the terminal changed");
		printf("line %s", line);
		fflush(stdout);
	}
	return probe_done();
}
