// SPDX-License-Identifier: GPL-2.0-only
/* Appending to a file: every line once, in order; offsets, sizes, truncation and vectors. */
#include "probe.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

static char name[] = "/tmp/probe-append.XXXXXX";

int main(void)
{
	int fd, lines = 0, number;
	struct stat status;
	char line[32];
	FILE *file;

	fd = must(mkstemp(name));
	must(fcntl(fd, F_SETFL, O_APPEND));
	probe_ready();
	while (probe_more()) {
		for (int i = 0; i < 50; i++) {
			int size = sprintf(line, "%09d\n", lines++);

			expect(write(fd, line, size) == size, "%s", strerror(errno));
		}
		for (int i = 0; i < 50; i++) {
			struct iovec parts[2] = { { line, 5 }, { line + 5, 5 } };

			sprintf(line, "%09d\n", lines++);
			expect(writev(fd, parts, 2) == 10, "%s", strerror(errno));
		}
		must(fstat(fd, &status));
		expect(status.st_size == lines * 10L, "%ld of %ld", (long)status.st_size, lines * 10L);
		expect(lseek(fd, 0, SEEK_CUR) == lines * 10L, "%ld", (long)lseek(fd, 0, SEEK_CUR));
		expect(pread(fd, line, 10, (lines - 100) * 10L) == 10, "%s", strerror(errno));
		expect(atoi(line) == lines - 100, "%.9s", line);
		must(fsync(fd));
	}
	file = fopen(name, "r");
	expect(file, "%s", strerror(errno));
	for (int i = 0; i < lines; i++)
		expect(fscanf(file, "%d", &number) == 1 && number == i, "line %d is %d", i, number);
	expect(fscanf(file, "%d", &number) == EOF, "too many lines");
	must(unlink(name));
	return probe_done();
}
