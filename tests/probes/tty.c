// SPDX-License-Identifier: GPL-2.0-only
/*
 * A terminal's program: reads lines, counts ^C, may be stopped by ^Z and continued, ends at ^D.
 * What it prints is what was typed, so somebody who types can tell whether all is well.
 */
#include "probe.h"
#include <sys/ioctl.h>
#include <termios.h>

/*
 * Told from the handler: a signal between the end of one read() and the next interrupts neither. Nothing of
 * ours is buffered while one can come.
 */
static void handler(int number)
{
	static int interrupts, resumed;
	struct winsize size;

	switch (number) {
	case SIGINT:
		dprintf(1, "interrupt %d\n", ++interrupts);
		break;
	case SIGCONT:
		dprintf(1, "resumed %d\n", ++resumed);
		break;
	case SIGWINCH:
		must(ioctl(0, TIOCGWINSZ, &size));
		dprintf(1, "size %d %d\n", size.ws_row, size.ws_col);
		break;
	}
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
		dprintf(1, "line %s", line);
	}
	return probe_done();
}
