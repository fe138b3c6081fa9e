// SPDX-License-Identifier: GPL-2.0-only
/* Relative paths and umask, links and directories, and who we are: all as at home. */
#include "probe.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/utsname.h>

static char directory[] = "/tmp/probe-paths.XXXXXX";

struct self {
	pid_t pid, parent, group, session;
	uid_t uid;
	gid_t gid;
	char host[HOST_NAME_MAX + 1], here[PATH_MAX], program[PATH_MAX];
};

static void look(struct self *self)
{
	memset(self, 0, sizeof(*self));
	self->pid = getpid();
	self->parent = getppid();
	self->group = getpgrp();
	self->session = getsid(0);
	self->uid = geteuid();
	self->gid = getegid();
	must(gethostname(self->host, sizeof(self->host)));
	expect(getcwd(self->here, sizeof(self->here)), "%s", strerror(errno));
	must(readlink("/proc/self/exe", self->program, sizeof(self->program) - 1));
}

static int entries(void)
{
	DIR *dir = opendir(".");
	int count = 0;

	expect(dir, "%s", strerror(errno));
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static mode_t mode(const char *name)
{
	struct stat status;

	must(stat(name, &status));
	return status.st_mode & 07777;
}

int main(void)
{
	struct self before, now;
	char target[PATH_MAX];
	int count;

	expect(mkdtemp(directory), "%s", strerror(errno));
	must(chdir(directory));
	must(umask(027));
	look(&before);
	count = entries();
	probe_ready();
	while (probe_more()) {
		look(&now);
		expect(!memcmp(&now, &before, sizeof(now)), "pid %d parent %d uid %d host %s in %s",
		       now.pid, now.parent, now.uid, now.host, now.here);
		must(mkdir("sub", 0777));
		expect(mode("sub") == 0750, "%#o", mode("sub"));
		must(chdir("sub"));
		must(close(must(open("file", O_CREAT | O_EXCL | O_WRONLY, 0666))));
		expect(mode("file") == 0640, "%#o", mode("file"));
		expect(umask(077) == 027, "the umask changed");
		must(close(must(open("../other", O_CREAT | O_WRONLY, 0666))));
		expect(mode("../other") == 0600, "%#o", mode("../other"));
		expect(umask(027) == 077, "the umask changed");
		must(rename("file", "../moved"));
		must(symlink("../moved", "link"));
		memset(target, 0, sizeof(target));
		must(readlink("link", target, sizeof(target)));
		expect(!strcmp(target, "../moved"), "%s", target);
		expect(access("link", F_OK) == 0 && access("none", F_OK) < 0 && errno == ENOENT, "%s",
		       strerror(errno));
		must(unlink("link"));
		must(chdir(".."));
		must(rmdir("sub"));
		expect(entries() == count + 2, "%d", entries());
		must(unlink("moved"));
		must(unlink("other"));
	}
	must(chdir("/"));
	must(rmdir(directory));
	return probe_done();
}
