// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parts of a task that openMosix reads and sets: what it has registered
 * with the kernel, what keeps it from moving, its work and its signals.
 * Decisions are made in openmosix/.
 */
#include <linux/cgroup.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/futex.h>
#include <linux/io_uring_types.h>
#include <linux/mmu_notifier.h>
#include <linux/net.h>
#include <linux/nsproxy.h>
#include <linux/openmosix.h>
#include <linux/openmosix_edge.h>
#include <linux/perf_event.h>
#include <linux/resume_user_mode.h>
#include <linux/rseq.h>
#include <linux/sched/deadline.h>
#include <linux/sched/rt.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

/* ---- what a task has registered with the kernel ---- */

/** openmosix_registrations_get - read those of the current task */
void openmosix_registrations_get(struct openmosix_registrations *out)
{
	memset(out, 0, sizeof(*out));
#ifdef CONFIG_RSEQ
	out->rseq = (unsigned long)current->rseq.usrptr;
	out->rseq_len = current->rseq.len;
	out->rseq_sig = current->rseq.sig;
	out->rseq_cpu = current->rseq.ids.cpu_id;
	out->rseq_cid = current->rseq.ids.mm_cid;
	out->rseq_node = current->rseq.ids.node_id;
#endif
#ifdef CONFIG_FUTEX
	out->robust_list = (unsigned long)current->futex.robust_list;
#endif
	out->clear_child_tid = (unsigned long)current->clear_child_tid;
	out->altstack = current->sas_ss_sp;
	out->altstack_size = current->sas_ss_size;
	out->altstack_flags = current->sas_ss_flags;
}

/**
 * openmosix_registrations_clear - the deputy has none: its memory is away
 *
 * But for the list of robust futexes, which others may ask for.
 */
void openmosix_registrations_clear(void)
{
	rseq_reset(current);
	current->clear_child_tid = NULL;
	/* /proc/PID/syscall: it is in the calls that it does for its guest, and in no other. */
	task_pt_regs(current)->orig_ax = -1;
}

/** openmosix_registrations_set - make those of a process the current task's */
void openmosix_registrations_set(const struct openmosix_registrations *in)
{
#ifdef CONFIG_RSEQ
	rseq_reset(current);
	if (in->rseq && access_ok((void __user *)in->rseq, in->rseq_len)) {
		current->rseq.usrptr = (void __user *)in->rseq;
		current->rseq.len = in->rseq_len;
		current->rseq.sig = in->rseq_sig;
		current->rseq.ids.cpu_id = in->rseq_cpu;
		current->rseq.ids.mm_cid = in->rseq_cid;
		current->rseq.ids.node_id = in->rseq_node;
		current->rseq.event.has_rseq = in->rseq_len > 32 ? 2 : 1;
		/* It may stop inside a critical section: have that checked. */
		current->rseq.event.user_irq = true;
		rseq_force_update();
	}
#endif
#ifdef CONFIG_FUTEX
	current->futex.robust_list = (void __user *)in->robust_list;
#endif
	current->clear_child_tid = (void __user *)in->clear_child_tid;
	current->sas_ss_sp = in->altstack;
	current->sas_ss_size = in->altstack_size;
	current->sas_ss_flags = in->altstack_flags;
}

/* ---- may it move? ---- */

/* What goes while others look: rings of io_uring, and what perf_event_open() counts. */
static u32 fleeting_stay(struct task_struct *task)
{
	u32 stay = 0;

	guard(rcu)();
#ifdef CONFIG_IO_URING
	struct io_uring_task *rings = READ_ONCE(task->io_uring);

	if (rings && !xa_empty(&rings->xa))
		stay |= OPENMOSIX_STAY_IO_URING;
#endif
#ifdef CONFIG_PERF_EVENTS
	struct perf_event_context *context = rcu_dereference(task->perf_event_ctxp);

	if (context && READ_ONCE(context->nr_events))
		stay |= OPENMOSIX_STAY_PERF;
#endif
	return stay;
}

/**
 * openmosix_task_stay - why a task cannot move now, apart from its memory
 * @task: current, or a task of which a momentary answer is enough
 *
 * Return: OPENMOSIX_STAY_* bits.
 */
u32 openmosix_task_stay(struct task_struct *task)
{
	struct mm_struct *mm;
	u32 stay = 0;

	if (task->flags & PF_KTHREAD)
		return OPENMOSIX_STAY_SYSTEM;
	if (is_global_init(task))
		stay |= OPENMOSIX_STAY_INIT;
	if (!thread_group_empty(task))
		stay |= OPENMOSIX_STAY_CLONE_VM;
	if (task->ptrace)
		stay |= OPENMOSIX_STAY_PTRACE;
	if (rt_or_dl_task_policy(task))
		stay |= OPENMOSIX_STAY_RT_SCHED;
	if (task_thread_info(task)->syscall_work & SYSCALL_WORK_SECCOMP)
		stay |= OPENMOSIX_STAY_SECCOMP;
	if (task_thread_info(task)->syscall_work & SYSCALL_WORK_SYSCALL_USER_DISPATCH)
		stay |= OPENMOSIX_STAY_DEBUG;
#ifdef CONFIG_RSEQ_SLICE_EXTENSION
	if (task->rseq.slice.state.enabled)
		stay |= OPENMOSIX_STAY_DEBUG;
#endif

	task_lock(task);
	mm = task->mm;
	if (mm && (mm_flags_test(MMF_MULTIPROCESS, mm) || task->vfork_done))
		stay |= OPENMOSIX_STAY_CLONE_VM;
	/* Whatever it maps next will be locked. */
	if (mm && (mm->def_flags & VM_LOCKED))
		stay |= OPENMOSIX_STAY_MLOCK;
	if (mm && (mm_has_notifiers(mm) || atomic64_read(&mm->pinned_vm)))
		stay |= OPENMOSIX_STAY_PINNED;
	/* Breakpoints in its program, of which another kernel knows nothing. */
	if (mm && mm_flags_test(MMF_HAS_UPROBES, mm))
		stay |= OPENMOSIX_STAY_DEBUG;
#ifdef CONFIG_USER_EVENTS
	/* Whoever traces its events writes there that they are wanted. */
	if (READ_ONCE(task->user_event_mm))
		stay |= OPENMOSIX_STAY_PINNED;
#endif
	if (task->nsproxy && task->nsproxy->time_ns != &init_time_ns)
		stay |= OPENMOSIX_STAY_TIME_NS;
	task_unlock(task);
	return stay | fleeting_stay(task) | openmosix_cpu_stay(task);
}

/* ---- its work, and signals ---- */

/**
 * openmosix_after_call - do what the kernel leaves to the return to user mode
 *
 * The deputy never returns there, so it does this after each call.
 */
void openmosix_after_call(void)
{
	cond_resched();
	if (test_thread_flag(TIF_NOTIFY_RESUME))
		resume_user_mode_work(task_pt_regs(current));
}

/** openmosix_intercept - let the system calls of the current task be resolved */
void openmosix_intercept(void)
{
	set_syscall_work(OPENMOSIX);
}

/** openmosix_raise_resume - have the current task pass openmosix_resume() */
void openmosix_raise_resume(void)
{
	set_notify_resume(current);
}

/** openmosix_raise_restart - have an interrupted call restarted */
void openmosix_raise_restart(void)
{
	set_notify_signal(current);
}

/**
 * openmosix_writes_in_parts - may a blocking write to a file be continued by another?
 * @fd: of the current task
 *
 * A regular file is written to at once, and a pipe of packets keeps writes
 * apart.
 */
bool openmosix_writes_in_parts(unsigned int fd)
{
	CLASS(fd, f)(fd);
	umode_t mode;

	if (fd_empty(f) || (fd_file(f)->f_flags & (O_NONBLOCK | O_DIRECT)))
		return false;
	mode = file_inode(fd_file(f))->i_mode;
	return S_ISFIFO(mode) || S_ISSOCK(mode) || S_ISCHR(mode);
}

/**
 * openmosix_is_stream - is a file a stream socket whose calls block?
 * @fd: of the current task
 *
 * Bytes of a stream are the same in whatever parts they come or go.
 */
bool openmosix_is_stream(unsigned int fd)
{
	CLASS(fd, f)(fd);
	struct socket *sock = fd_empty(f) ? NULL : sock_from_file(fd_file(f));

	return sock && sock->type == SOCK_STREAM && !(fd_file(f)->f_flags & O_NONBLOCK);
}

/**
 * openmosix_is_device - is a file a character device whose calls block, such as a terminal?
 * @fd: of the current task
 */
bool openmosix_is_device(unsigned int fd)
{
	CLASS(fd, f)(fd);

	return !fd_empty(f) && S_ISCHR(file_inode(fd_file(f))->i_mode) &&
	       !(fd_file(f)->f_flags & O_NONBLOCK);
}

/** openmosix_fd_room - for how many files the table of the current task has room */
unsigned int openmosix_fd_room(void)
{
	guard(rcu)();
	return files_fdtable(current->files)->max_fds;
}

/** openmosix_restarts_here - does restart_syscall() belong to this node? */
bool openmosix_restarts_here(void)
{
	return current->restart_block.fn && current->restart_block.fn != do_no_restart_syscall;
}

/** openmosix_end_restart - nothing is left that restart_syscall() would go on with here */
void openmosix_end_restart(void)
{
	current->restart_block.fn = do_no_restart_syscall;
}

static void __user **restart_pointer(u32 nr)
{
	struct restart_block *block = &current->restart_block;

	switch (nr) {
	case __NR_nanosleep:
	case __NR_clock_nanosleep:
		return (void __user **)&block->nanosleep.rmtp;
	case __NR_poll:
		return (void __user **)&block->poll.ufds;
	default:
		return NULL;
	}
}

/**
 * openmosix_restart_pointer - where an interrupted call will write when it is
 * restarted
 * @nr: its number
 *
 * Return: a user address, 0 if there is none.
 */
unsigned long openmosix_restart_pointer(u32 nr)
{
	void __user **pointer = restart_pointer(nr);

	return pointer ? (unsigned long)*pointer : 0;
}

/** openmosix_set_restart_pointer - let it write to @addr */
void openmosix_set_restart_pointer(u32 nr, unsigned long addr)
{
	void __user **pointer = restart_pointer(nr);

	if (pointer)
		*pointer = (void __user *)addr;
}

static u64 sigset_bits(const sigset_t *set)
{
	return set->sig[0];
}

static sigset_t bits_sigset(u64 bits)
{
	sigset_t set = { .sig = { bits } };

	return set;
}

/* Would a signal that waits end the current task with a core dump? The siglock is held. */
static bool dumps_core(void)
{
	sigset_t waiting;
	int sig;

	sigorsets(&waiting, &current->pending.signal, &current->signal->shared_pending.signal);
	sigandnsets(&waiting, &waiting, &current->blocked);
	for (sig = 1; sig <= SIGRTMIN; sig++) {
		if (sigismember(&waiting, sig) && sig_kernel_coredump(sig) &&
		    current->sighand->action[sig - 1].sa.sa_handler == SIG_DFL)
			return true;
	}
	return false;
}

/**
 * openmosix_dumps_core - does a signal wait for the current task that would
 * end it with a core dump?
 */
bool openmosix_dumps_core(void)
{
	if (!task_sigpending(current))
		return false;
	guard(spinlock_irq)(&current->sighand->siglock);
	return dumps_core();
}

/**
 * openmosix_unstop - have a deputy that is stopped see to an order
 * @task: any; nothing happens if it is no deputy, or not stopped
 *
 * It is told to stop as by __ptrace_unlink(): it does so when it looks at
 * signals the next time, and nobody hears of it once more.
 *
 * Context: any but under siglock.
 */
void openmosix_unstop(struct task_struct *task)
{
	unsigned long flags;

	if (!lock_task_sighand(task, &flags))
		return;
	if (READ_ONCE(task->openmosix_away) && openmosix_is_stopped(task) && !task->ptrace) {
		WRITE_ONCE(task->openmosix_kick, OPENMOSIX_UNSTOPPED);
		task->jobctl |= JOBCTL_STOP_PENDING;
		signal_wake_up(task, true);
	}
	unlock_task_sighand(task, &flags);
}

/** openmosix_is_stopped - has job control stopped a task? */
bool openmosix_is_stopped(struct task_struct *task)
{
	return READ_ONCE(task->jobctl) & JOBCTL_STOPPED;
}

/* The slow half of openmosix_leave_signals(). */
bool __openmosix_leave_signals(void)
{
	if (!current->ptrace && !dumps_core() &&
	    READ_ONCE(current->openmosix_kick) != OPENMOSIX_UNSTOPPED)
		return false;
	/* What came while the task was stopped has not told it so. */
	recalc_sigpending();
	return true;
}

/**
 * openmosix_next_signal - the next signal whose handler the guest must run
 * @out: filled in
 *
 * Default actions happen in here: stop, kill. A core dump and a trap for a
 * tracer do not: the registers have to be home before.
 *
 * Return: false when none is left; a temporary mask is put back then. False,
 * too, if the process has to be whole first; all is left as it is then.
 */
bool openmosix_next_signal(struct openmosix_signal *out)
{
	struct ksignal ksig;
	bool found, unstopped;

	memset(out, 0, sizeof(*out));
	found = get_signal(&ksig);
	unstopped = cmpxchg(&current->openmosix_kick, OPENMOSIX_UNSTOPPED, 0) == OPENMOSIX_UNSTOPPED;
	if (!found) {
		/* If it was left early: at home it is frozen again, if it has to be. */
		if (cgroup_task_frozen(current))
			cgroup_leave_frozen(false);
		if (!current->ptrace && !openmosix_dumps_core() && !unstopped)
			restore_saved_sigmask();
		return false;
	}
	out->info = ksig.info;
	out->action = ksig.ka.sa;
	out->blocked = sigset_bits(&current->blocked);
	out->has_saved = test_restore_sigmask();
	if (out->has_saved)
		out->saved = sigset_bits(&current->saved_sigmask);
	signal_setup_done(0, &ksig, 0);
	return true;
}

/* As sigaction() takes it from user space: nobody handles SIGKILL or SIGSTOP, or blocks them. */
static void store_action(int sig, const struct sigaction *in)
{
	struct sigaction *action = &current->sighand->action[sig - 1].sa;

	if (sig_kernel_only(sig))
		return;
	*action = *in;
	action->sa_flags &= UAPI_SA_FLAGS;
	sigdelsetmask(&action->sa_mask, sigmask(SIGKILL) | sigmask(SIGSTOP));
}

/* How many signals of this number wait for the current task with their siginfo? The siglock is held. */
static unsigned int count_queued(int sig)
{
	struct sigqueue *queued;
	unsigned int nr = 0;

	list_for_each_entry(queued, &current->pending.list, list)
		nr += queued->info.si_signo == sig;
	return nr;
}

/*
 * Queues a signal that was queued before, at home: no limit keeps it from that
 * any more, and it keeps its siginfo. Whoever reads the limit takes the
 * alloc_lock or the siglock, which are both held.
 */
static int queue_again(int sig, struct kernel_siginfo *info)
{
	struct rlimit *limit = current->signal->rlim + RLIMIT_SIGPENDING;
	bool waits = sigismember(&current->pending.signal, sig);
	unsigned int before = count_queued(sig);
	unsigned long soft = limit->rlim_cur;

	WRITE_ONCE(limit->rlim_cur, RLIM_INFINITY);
	send_signal_locked(sig, info, current, PIDTYPE_PID);
	WRITE_ONCE(limit->rlim_cur, soft);
	if (count_queued(sig) > before || (waits && sig < SIGRTMIN))
		return 0;
	if (!waits)
		sigdelset(&current->pending.signal, sig);
	return -ENOMEM;
}

/**
 * openmosix_deliver_signal - queue a signal to the current task
 * @in: as home sent it, or as the guest brings it back
 *
 * Its frame is made by the ordinary code when the task returns to user mode.
 *
 * Return: 0, or -ENOMEM if it has to be tried again.
 */
int openmosix_deliver_signal(const struct openmosix_signal *in)
{
	struct kernel_siginfo info = in->info;
	sigset_t blocked = bits_sigset(in->blocked);
	int sig = info.si_signo, ret;

	if (!valid_signal(sig) || sig < 1)
		return 0;
	sigdelset(&blocked, sig);
	set_current_blocked(&blocked);
	if (in->has_saved) {
		current->saved_sigmask = bits_sigset(in->saved);
		sigdelsetmask(&current->saved_sigmask, sigmask(SIGKILL) | sigmask(SIGSTOP));
		set_restore_sigmask();
	}
	task_lock(current->group_leader);
	spin_lock_irq(&current->sighand->siglock);
	store_action(sig, &in->action);
	ret = queue_again(sig, &info);
	recalc_sigpending();
	spin_unlock_irq(&current->sighand->siglock);
	task_unlock(current->group_leader);
	return ret;
}

/**
 * openmosix_blocked - the signals that the current task blocks
 *
 * Not those of a mask that only holds for a call: whoever goes on with that
 * call puts its mask in place again.
 */
u64 openmosix_blocked(void)
{
	return sigset_bits(sigmask_to_save());
}

/**
 * openmosix_set_blocked - have the current task block exactly these signals
 *
 * If there was a mask for a call, that is over.
 */
void openmosix_set_blocked(u64 blocked)
{
	sigset_t set = bits_sigset(blocked);

	clear_restore_sigmask();
	set_current_blocked(&set);
}

/** openmosix_has_call_mask - is there a mask that only holds for the call that was interrupted? */
bool openmosix_has_call_mask(void)
{
	return test_restore_sigmask();
}

/** openmosix_end_call_mask - put back the mask that it has replaced */
void openmosix_end_call_mask(void)
{
	restore_saved_sigmask();
}

/** openmosix_get_action - what signal @sig, 1 to 64, does to the current task */
void openmosix_get_action(int sig, struct sigaction *out)
{
	spin_lock_irq(&current->sighand->siglock);
	*out = current->sighand->action[sig - 1].sa;
	spin_unlock_irq(&current->sighand->siglock);
}

/** openmosix_set_action - set what signal @sig, 1 to 64, does to the current task */
void openmosix_set_action(int sig, const struct sigaction *in)
{
	spin_lock_irq(&current->sighand->siglock);
	store_action(sig, in);
	spin_unlock_irq(&current->sighand->siglock);
}

/**
 * openmosix_handled - would a forced signal run a handler of the current task?
 * @sig: its number
 *
 * One that runs once is home's to run, which has to forget it.
 */
bool openmosix_handled(int sig)
{
	struct k_sigaction *action = &current->sighand->action[sig - 1];

	return action->sa.sa_handler != SIG_DFL && action->sa.sa_handler != SIG_IGN &&
	       !(action->sa.sa_flags & SA_ONESHOT) && !sigismember(&current->blocked, sig);
}
