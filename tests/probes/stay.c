// SPDX-License-Identifier: GPL-2.0-only
/* What keeps a process from moving: takes up one such state (argument), and gives it up in the end. */
#include "probe.h"
#include <linux/perf_event.h>
#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int fd;
static void *page;
static pid_t child;
static pthread_t thread;
static aio_context_t context;

/* A call that a small kernel may lack. */
static long offered(long value)
{
	if (value == -1 && (errno == ENOSYS || errno == EINVAL || errno == ENOMEM || errno == EPERM ||
			    errno == EOPNOTSUPP)) {
		printf("not on this kernel: %s\n", strerror(errno));
		exit(PROBE_SKIP);
	}
	return must(value);
}

static void *map(int flags, int file)
{
	return (void *)offered((long)mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, file, 0));
}

static void *wait_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void take_clone_vm(void)
{
	expect(!pthread_create(&thread, NULL, wait_forever, NULL), "no thread");
}

static void drop_clone_vm(void)
{
	expect(!pthread_cancel(thread) && !pthread_join(thread, NULL), "the thread stays");
}

static void take_mlock(void)
{
	page = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	must(mlock(page, 4096));
}

static void drop_mlock(void)
{
	must(munlock(page, 4096));
}

static void drop_page(void)
{
	must(munmap(page, 4096));
}

static void take_monkey(void)
{
	char name[] = "/tmp/probe-stay.XXXXXX";

	fd = must(mkstemp(name));
	must(unlink(name));
	must(ftruncate(fd, 4096));
	page = map(MAP_SHARED, fd);
}

static void take_shm(void)
{
	page = map(MAP_SHARED | MAP_ANONYMOUS, -1);
	child = probe_helper();
	if (!child)
		wait_forever(NULL);
}

static void drop_child(void)
{
	must(kill(child, SIGKILL));
	must(waitpid(child, NULL, 0));
}

static void take_hugetlb(void)
{
	page = (void *)offered((long)mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0));
}

static void drop_hugetlb(void)
{
	must(munmap(page, 2 << 20));
}

static void take_io_uring(void)
{
	struct io_uring_params parameters = { 0 };

	fd = offered(syscall(SYS_io_uring_setup, 4, &parameters));
	page = map(MAP_SHARED, fd);
}

static void drop_io_uring(void)
{
	drop_page();
	must(close(fd));
}

static void take_aio(void)
{
	offered(syscall(SYS_io_setup, 4, &context));
}

static void drop_aio(void)
{
	must(syscall(SYS_io_destroy, context));
}

static void take_ptrace(void)
{
	int done[2];
	char byte;

	must(pipe(done));
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);	/* not every kernel has Yama */
	child = probe_helper();
	if (!child) {
		must(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
		must(write(done[1], "", 1));
		wait_forever(NULL);
	}
	must(read(done[0], &byte, 1));
}

static void take_rt_sched(void)
{
	struct sched_param priority = { .sched_priority = 1 };

	offered(sched_setscheduler(0, SCHED_FIFO, &priority));
}

static void drop_rt_sched(void)
{
	struct sched_param priority = { 0 };

	must(sched_setscheduler(0, SCHED_OTHER, &priority));
}

static void take_seccomp(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	offered(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void take_userfaultfd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range.len = 4096, .mode = UFFDIO_REGISTER_MODE_MISSING };

	fd = offered(syscall(SYS_userfaultfd, O_CLOEXEC));
	must(ioctl(fd, UFFDIO_API, &api));
	page = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	range.range.start = (uintptr_t)page;
	must(ioctl(fd, UFFDIO_REGISTER, &range));
}

static void drop_userfaultfd(void)
{
	drop_page();
	must(close(fd));
}

static void take_ldt(void)
{
	struct user_desc entry = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1 };

	offered(syscall(SYS_modify_ldt, 1, &entry, sizeof(entry)));
}

static void take_guard(void)
{
	page = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	offered(madvise(page, 4096, 102 /* MADV_GUARD_INSTALL */));
}

static void take_pkey(void)
{
	page = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	must(pkey_mprotect(page, 4096, PROT_READ, offered(pkey_alloc(0, 0))));
}

static void take_direct_io(void)
{
	offered(ioperm(0x80, 1, 1));
}

static void drop_direct_io(void)
{
	must(ioperm(0x80, 1, 0));
}

static void take_debug(void)
{
	offered(prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
}

static void drop_debug(void)
{
	must(prctl(PR_SET_TSC, PR_TSC_ENABLE));
}

static void take_mseal(void)
{
	page = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
	offered(syscall(462 /* mseal */, page, 4096, 0));
}

static void take_amx(void)
{
	offered(syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */));
}

static void take_lam(void)
{
	offered(syscall(SYS_arch_prctl, 0x4002 /* ARCH_ENABLE_TAGGED_ADDR */, 6));
}

static int counter;

static void take_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
	};

	counter = offered(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0));
}

static void drop_perf(void)
{
	must(close(counter));
}

/* A packet ring: memory of the kernel's. */
static void take_mmap_dev(void)
{
	struct tpacket_req ring = {
		.tp_block_size = 4096, .tp_block_nr = 1, .tp_frame_size = 2048, .tp_frame_nr = 2,
	};

	fd = offered(socket(AF_PACKET, SOCK_RAW, 0));
	must(setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)));
	page = map(MAP_SHARED, fd);
}

/* A child is in the new namespace; it goes on as the probe. */
static void take_time_ns(void)
{
	int status;

	offered(unshare(CLONE_NEWTIME));
	child = must(fork());
	if (child) {
		must(waitpid(child, &status, 0));
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
}

/* What cannot be given up has no second function. */
static const struct reason {
	const char *name;
	void (*take)(void), (*drop)(void);
} reasons[] = {
	{ "clone_vm", take_clone_vm, drop_clone_vm },
	{ "mlock", take_mlock, drop_mlock },
	{ "monkey", take_monkey, drop_page },
	{ "shm", take_shm, drop_child },
	{ "hugetlb", take_hugetlb, drop_hugetlb },
	{ "io_uring", take_io_uring, drop_io_uring },
	{ "aio", take_aio, drop_aio },
	{ "ptrace", take_ptrace, drop_child },
	{ "rt_sched", take_rt_sched, drop_rt_sched },
	{ "seccomp", take_seccomp, NULL },
	{ "userfaultfd", take_userfaultfd, drop_userfaultfd },
	{ "ldt", take_ldt, NULL },
	{ "guard", take_guard, drop_page },
	{ "pkey", take_pkey, drop_page },
	{ "direct_io", take_direct_io, drop_direct_io },
	{ "debug", take_debug, drop_debug },
	{ "perf", take_perf, drop_perf },
	{ "mmap_dev", take_mmap_dev, drop_page },
	{ "time_ns", take_time_ns, NULL },
	{ "mseal", take_mseal, NULL },
	{ "amx", take_amx, NULL },
	{ "lam", take_lam, NULL },
};

int main(int argc, char **argv)
{
	const struct reason *reason = reasons;

	while (argc > 1 && strcmp(reason->name, argv[1]))
		expect(++reason < reasons + sizeof(reasons) / sizeof(*reasons), "no reason %s", argv[1]);
	reason->take();
	probe_ready();
	/* The first question means: give it up. */
	while (probe_more() && !probe_asked)
		usleep(10000);
	if (reason->drop)
		reason->drop();
	while (probe_more())
		usleep(10000);
	return probe_done();
}
