// SPDX-License-Identifier: GPL-2.0-only
/* System calls that processes talk by: System V semaphores, messages and segments, and POSIX queues. */
#include "calls.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define NOBODY 0x3fffffff	/* nothing has this number */

/* What is there before a call: nothing that it does not write may change. */
static char *blank(void)
{
	memset(area.plain, 0x55, 3 * PAGE);
	return area.plain;
}

static int ended(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0)
		expect(errno == EINTR, "%s", strerror(errno));
	return status;
}

static void semaphores(void)
{
	struct sembuf some[4] = { { 0, 5, 0 }, { 1, 3, 0 }, { 2, 0, 0 }, { 0, -2, 0 } }, take = { 0, -1, 0 };
	struct timespec soon = { 0, 2000000 }, none = { 0, 0 };
	unsigned short all[5] = { 1, 2, 3, 4, 5 };
	struct semid_ds about;
	int set;
	pid_t child;

	T("missing", semget(0x0dd5ea11, 1, 0));
	T("none", semget(IPC_PRIVATE, 0, 0600));
	T("many", semget(IPC_PRIVATE, 1000000, 0600));
	T("negative", semget(IPC_PRIVATE, -1, 0600));
	T("get", (set = semget(IPC_PRIVATE, 4, 0640)) >= 0);
	T("op", semop(set, some, 4));
	T("values", semctl(set, 0, GETALL, all));
	D("all", 0, all, sizeof(all));
	turn();
	T("value", semctl(set, 0, GETVAL) * 100 + semctl(set, 1, GETVAL));
	T("pid", semctl(set, 0, GETPID) == getpid());
	T("waiting", semctl(set, 0, GETNCNT) + semctl(set, 0, GETZCNT));
	T("set all", semctl(set, 0, SETALL, all));
	T("set all bad", semctl(set, 0, SETALL, NEVER));
	T("get all bad", semctl(set, 0, GETALL, area.readonly));
	T("get all edge", semctl(set, 0, GETALL, area.edge - 8));
	T("get all over", semctl(set, 0, GETALL, area.edge - 7));
	T("set", semctl(set, 2, SETVAL, 77));
	T("set large", semctl(set, 2, SETVAL, 40000));
	T("set negative", semctl(set, 2, SETVAL, -1));
	T("far", semctl(set, 4, GETVAL));
	T("strange", semctl(set, 0, 77));
	T("nobody", semctl(NOBODY, 0, GETVAL));
	S("stat", semctl(set, 0, IPC_STAT, &about), "%o %lu %d %d", about.sem_perm.mode, about.sem_nsems, about.sem_perm.uid,
	  about.sem_otime > 0);
	T("stat bad", semctl(set, 0, IPC_STAT, area.readonly));
	about.sem_perm.mode = 0604;
	T("change", semctl(set, 0, IPC_SET, &about));
	S("stat", semctl(set, 0, IPC_STAT, &about), "%o", about.sem_perm.mode);
	T("info", semctl(0, 0, IPC_INFO, blank()) >= 0);
	T("op none", semop(set, some, 0));
	T("op many", semop(set, some, 10000));
	T("op bad", semop(set, NEVER, 1));
	T("op edge", semop(set, (void *)(area.edge - 5), 1));
	T("op far", semop(set, &(struct sembuf){ 4, 1, 0 }, 1));
	T("op nobody", semop(NOBODY, some, 1));
	T("op overflow", semop(set, (struct sembuf[]){ { 0, 1, 0 }, { 1, 32767, 0 } }, 2));
	T("value", semctl(set, 0, GETVAL));
	T("op would wait", semop(set, &(struct sembuf){ 0, -50, IPC_NOWAIT }, 1));
	T("op would wait for zero", semop(set, &(struct sembuf){ 0, 0, IPC_NOWAIT }, 1));
	T("all or none", semop(set, (struct sembuf[]){ { 1, 1, 0 }, { 0, -50, IPC_NOWAIT } }, 2));
	T("value", semctl(set, 1, GETVAL));
	T("timed", semtimedop(set, &(struct sembuf){ 0, -50, 0 }, 1, &soon));
	T("timed none", semtimedop(set, &(struct sembuf){ 0, -50, 0 }, 1, &none));
	T("timed bad", semtimedop(set, &(struct sembuf){ 0, -50, 0 }, 1, &(struct timespec){ 0, -1 }));
	T("timed nowhere", syscall(SYS_semtimedop, set, &take, 1, NEVER));
	T("empty", semctl(set, 3, SETVAL, 0));
	fflush(stdout);
	child = must(fork());
	if (!child) {
		away();
		semop(set, &(struct sembuf){ 2, -7, SEM_UNDO }, 1);
		turn();
		_exit(syscall(SYS_semop, set, &(struct sembuf){ 3, -1, SEM_UNDO }, 1) ? errno : semctl(set, 2, GETVAL));
	}
	probe_await_call(child, SYS_semop);
	turn();
	while (semctl(set, 3, GETNCNT) != 1)
		usleep(1000);
	T("give", semop(set, &(struct sembuf){ 3, 1, 0 }, 1));
	S("taken", 0, "%x", ended(child));
	T("undone", semctl(set, 2, GETVAL) * 100 + semctl(set, 3, GETVAL));
	child = must(fork());
	if (!child) {
		away();
		_exit(semop(set, &(struct sembuf){ 0, 0, 0 }, 1) ? errno : 0);
	}
	while (semctl(set, 0, GETZCNT) != 1)
		usleep(1000);
	T("remove", semctl(set, 0, IPC_RMID));
	S("removed", 0, "%x", ended(child) == EIDRM << 8);
	T("op", semop(set, &take, 1));
}

struct message {
	long type;
	char text[8192];
};

static void messages(void)
{
	static struct message one = { .type = 1 };
	struct msqid_ds about;
	int queue;
	pid_t child;

	fill(one.text, sizeof(one.text), 3);
	T("missing", msgget(0x0dd5ea11, 0));
	T("get", (queue = msgget(IPC_PRIVATE, 0600)) >= 0);
	T("none", msgrcv(queue, &one, 10, 0, IPC_NOWAIT));
	for (long type = 1; type < 6; type++) {
		one.type = 1 + type * 2 % 5;
		T("send", msgsnd(queue, &one, type * 10, 0));
	}
	T("send empty", msgsnd(queue, &(struct message){ .type = 9 }, 0, 0));
	T("send type", msgsnd(queue, &(struct message){ .type = 0 }, 1, 0));
	T("send large", msgsnd(queue, &one, 8193, 0));
	T("send negative", syscall(SYS_msgsnd, queue, &one, -1L, 0));
	T("send bad", msgsnd(queue, NEVER, 5, 0));
	T("send over the edge", msgsnd(queue, area.edge - 12, 5, 0));
	T("send nobody", msgsnd(NOBODY, &one, 1, 0));
	turn();
	D("copy", msgrcv(queue, blank(), 100, 2, MSG_COPY | IPC_NOWAIT), area.plain, 200);
	T("copy far", msgrcv(queue, blank(), 100, 20, MSG_COPY | IPC_NOWAIT));
	D("any", msgrcv(queue, blank(), 100, 0, 0), area.plain, 200);
	D("of type", msgrcv(queue, blank(), 100, 1, 0), area.plain, 200);
	D("lowest", msgrcv(queue, blank(), 100, -3, 0), area.plain, 200);
	D("except", msgrcv(queue, blank(), 100, 4, MSG_EXCEPT), area.plain, 200);
	T("too large", msgrcv(queue, blank(), 5, 0, 0));
	D("shortened", msgrcv(queue, blank(), 5, 0, MSG_NOERROR), area.plain, 200);
	D("empty", msgrcv(queue, blank(), 100, 9, 0), area.plain, 200);
	T("no more", msgrcv(queue, blank(), 100, 0, IPC_NOWAIT));
	T("send", msgsnd(queue, &one, 20, 0));
	T("receive badly", msgrcv(queue, area.readonly, 100, 0, 0));
	T("lost", msgrcv(queue, blank(), 100, 0, IPC_NOWAIT));
	T("send", msgsnd(queue, &one, 8192, 0));
	T("send", msgsnd(queue, &one, 8192, 0));
	T("full", msgsnd(queue, &one, 8192, IPC_NOWAIT));
	S("stat", msgctl(queue, IPC_STAT, &about), "%lu %lu %lu %d %o", about.msg_qnum, about.msg_qbytes, about.__msg_cbytes,
	  about.msg_lspid == getpid(), about.msg_perm.mode);
	T("stat bad", msgctl(queue, IPC_STAT, (void *)area.readonly));
	about.msg_qbytes = 100;
	T("change", msgctl(queue, IPC_SET, &about));
	D("large", msgrcv(queue, &one, 8192, 0, 0), one.text, 8192);
	D("large", msgrcv(queue, &one, 8192, 0, 0), one.text, 8192);
	T("small queue", msgsnd(queue, &one, 101, IPC_NOWAIT));
	T("strange", msgctl(queue, 77, NULL));
	T("info", msgctl(0, IPC_INFO, (void *)blank()) >= 0);
	fflush(stdout);
	child = must(fork());
	if (!child) {
		T("waits", msgrcv(queue, &one, 100, 33, 0));
		turn();
		one.type = 44;
		T("answers", msgsnd(queue, &one, 10, 0));
		T("removed", msgrcv(queue, &one, 100, 33, 0));
		_exit(0);
	}
	probe_await_call(child, SYS_msgrcv);
	one.type = 33;
	must(msgsnd(queue, &one, 30, 0));
	must(msgrcv(queue, &one, 100, 44, 0));
	probe_await_call(child, SYS_msgrcv);
	must(msgctl(queue, IPC_RMID, NULL));
	S("child", 0, "%x", ended(child));
	T("send", msgsnd(queue, &one, 1, 0));
}

/* A segment that is attached keeps the process at home, for as long as it is. */
static void segments(void)
{
	struct shmid_ds about;
	char *place;
	int segment;

	T("missing", shmget(0x0dd5ea11, 1, 0));
	T("none", shmget(IPC_PRIVATE, 0, 0600));
	T("negative", shmget(IPC_PRIVATE, -1, 0600));
	T("get", (segment = shmget(IPC_PRIVATE, 10000, 0600)) >= 0);
	S("stat", shmctl(segment, IPC_STAT, &about), "%lu %lu %d", about.shm_segsz, about.shm_nattch,
	  about.shm_cpid == getpid());
	T("stat bad", shmctl(segment, IPC_STAT, (void *)area.readonly));
	T("stat nobody", shmctl(NOBODY, IPC_STAT, &about));
	T("strange", shmctl(segment, 77, NULL));
	place = P("attach", shmat(segment, NULL, 0));
	fill(place, 10000, 1);
	turn();
	D("content", 0, place, 10000);
	S("stat", shmctl(segment, IPC_STAT, &about), "%lu %d", about.shm_nattch, about.shm_lpid == getpid());
	T("write", write(must(memfd_create("x", 0)), place, 10000));
	P("attach odd", shmat(segment, place + 5 * PAGE + 1, 0));
	P("attach over", shmat(segment, area.plain, 0));
	P("attach nobody", shmat(NOBODY, NULL, 0));
	T("protect", mprotect(place, PAGE, PROT_READ));
	T("detach", shmdt(place));
	T("detach again", shmdt(place));
	T("detach odd", shmdt((char *)5));
	turn();
	place = P("attach readonly", shmat(segment, NULL, SHM_RDONLY));
	D("content", 0, place, 10000);
	T("remove", shmctl(segment, IPC_RMID, NULL));
	S("stat", shmctl(segment, IPC_STAT, &about), "%lu %o", about.shm_nattch, about.shm_perm.mode);
	D("content", 0, place, 10000);
	T("detach", shmdt(place));
	T("gone", shmctl(segment, IPC_STAT, &about));
	turn();
	T("attach", shmat(segment, NULL, 0) == (void *)-1);
}

static void queues(void)
{
	struct mq_attr how = { .mq_maxmsg = 4, .mq_msgsize = 100 }, old;
	struct timespec past = { 5, 0 }, bad = { 0, -1 };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 9 };
	unsigned int priority = 77;
	sigset_t set;
	siginfo_t info;
	int queue, other;
	pid_t child;

	mq_unlink("/calls");
	T("missing", syscall(SYS_mq_open, "calls", O_RDWR, 0, NULL));
	T("name", syscall(SYS_mq_open, "/calls", O_RDWR | O_CREAT, 0600, &how));
	T("name empty", syscall(SYS_mq_open, "", O_RDWR | O_CREAT, 0600, &how));
	T("name bad", syscall(SYS_mq_open, NEVER, O_RDWR | O_CREAT, 0600, &how));
	T("attributes bad", syscall(SYS_mq_open, "calls", O_RDWR | O_CREAT, 0600, NEVER));
	T("attributes wrong", syscall(SYS_mq_open, "calls", O_RDWR | O_CREAT, 0600, &(struct mq_attr){ .mq_maxmsg = -1 }));
	T("open", queue = syscall(SYS_mq_open, "calls", O_RDWR | O_CREAT | O_CLOEXEC, 0640, &how));
	T("exclusive", syscall(SYS_mq_open, "calls", O_RDWR | O_CREAT | O_EXCL, 0640, &how));
	T("again", other = syscall(SYS_mq_open, "calls", O_RDONLY | O_NONBLOCK, 0, NULL));
	T("send read-only", mq_send(other, "x", 1, 0));
	for (int i = 0; i < 4; i++)
		T("send", mq_send(queue, "message" + i, 7 - i, i * 7 % 5));
	T("send large", mq_send(queue, area.plain, 101, 0));
	T("send priority", mq_send(queue, "x", 1, 40000));
	T("send bad", mq_send(queue, NEVER, 10, 0));
	T("full", mq_timedsend(queue, "x", 1, 0, &past));
	T("time bad", mq_timedsend(queue, "x", 1, 0, &bad));
	turn();
	S("attributes", mq_getattr(other, &old), "%ld %ld %ld %lx", old.mq_maxmsg, old.mq_msgsize, old.mq_curmsgs, old.mq_flags);
	T("receive short", mq_receive(queue, area.plain, 99, NULL));
	for (int i = 0; i < 4; i++)
		S("receive", mq_receive(queue, blank(), 100, &priority), "%u %08x", priority, (int)digest(area.plain, 200));
	T("empty", mq_receive(other, area.plain, 100, &priority));
	T("past", mq_timedreceive(queue, area.plain, 100, &priority, &past));
	T("time bad", mq_timedreceive(queue, area.plain, 100, &priority, &bad));
	T("time nowhere", syscall(SYS_mq_timedreceive, queue, area.plain, 100, &priority, NEVER));
	T("send", mq_send(queue, "message", 7, 3));
	T("receive badly", mq_receive(queue, area.readonly, 100, NULL));
	T("lost", mq_receive(other, blank(), 100, NULL));
	T("send", mq_send(queue, "message", 7, 3));
	T("priority badly", syscall(SYS_mq_timedreceive, queue, blank(), 100, area.readonly, NULL));
	S("change", syscall(SYS_mq_getsetattr, queue, &(struct mq_attr){ .mq_flags = O_NONBLOCK }, &old), "%lx", old.mq_flags);
	T("flags", fcntl(queue, F_GETFL));
	T("change strange", syscall(SYS_mq_getsetattr, queue, &(struct mq_attr){ .mq_flags = 1 }, NULL));
	T("change bad", syscall(SYS_mq_getsetattr, queue, NULL, area.readonly));
	must(fcntl(queue, F_SETFL, 0));
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	T("notify", syscall(SYS_mq_notify, queue, &event));
	T("notify again", syscall(SYS_mq_notify, queue, &event));
	T("notify bad", syscall(SYS_mq_notify, queue, NEVER));
	turn();
	T("send", mq_send(queue, "x", 1, 0));
	S("notified", sigwaitinfo(&set, &info) == SIGRTMIN, "%d %d %d", info.si_code, info.si_value.sival_int,
	  info.si_pid == getpid());
	S("poll", poll(&(struct pollfd){ other, POLLIN, 0 }, 1, 0), "%ld", (long)mq_receive(queue, blank(), 100, NULL));
	T("notify", syscall(SYS_mq_notify, queue, &event));
	T("notify off", syscall(SYS_mq_notify, queue, NULL));
	fflush(stdout);
	child = must(fork());
	if (!child) {
		S("waits", mq_receive(queue, blank(), 100, NULL), "%08x", (int)digest(area.plain, 200));
		_exit(0);
	}
	probe_await_call(child, SYS_mq_timedreceive);
	turn();
	must(mq_send(queue, "for the child", 13, 0));
	S("child", 0, "%x", ended(child));
	T("unlink", syscall(SYS_mq_unlink, "calls"));
	T("unlink again", syscall(SYS_mq_unlink, "calls"));
	T("unlinked", mq_send(queue, "x", 1, 0));
	turn();
	T("receive", mq_receive(queue, blank(), 100, NULL));
	T("close", close(queue));
	T("closed", mq_send(queue, "x", 1, 0));
	T("no queue", mq_send(1, "x", 1, 0));
}

CALLS(CASE(semaphores), CASE(messages), CASE(segments), CASE(queues))
