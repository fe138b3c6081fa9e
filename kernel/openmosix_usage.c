// SPDX-License-Identifier: GPL-2.0-only
/*
 * The processes of this node, and what they and guests use. Decisions are made in openmosix/.
 */
#include <linux/openmosix_edge.h>
#include <linux/posix-timers.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

/* ---- the processes of this node ---- */

/**
 * openmosix_look - what a task uses
 * @task: any
 * @out: filled in, with the task but without a reference
 *
 * Context: any; momentary values are enough.
 */
void openmosix_look(struct task_struct *task, struct openmosix_seen *out)
{
	*out = (struct openmosix_seen) {
		.task = task,
		.cpu_ns = READ_ONCE(task->se.sum_exec_runtime),
		.age_ns = ktime_get_ns() - task->start_time,
		.running = task_is_running(task),
#ifdef CONFIG_TASK_XACCT
		.calls = task->ioac.syscr + task->ioac.syscw,
		.bytes = task->ioac.rchar + task->ioac.wchar,
#endif
	};
	task_lock(task);
	if (task->mm)
		out->resident = (u64)get_mm_rss(task->mm) << PAGE_SHIFT;
	task_unlock(task);
}

/* Is a process worth a look: has it computed, or much memory, or is anything known of it? */
static bool is_worth(struct task_struct *task, u64 cpu_ns, u64 resident)
{
	struct mm_struct *mm;
	bool large;

	if (task->flags & (PF_KTHREAD | PF_EXITING) || test_task_syscall_work(task, OPENMOSIX))
		return false;
	if (READ_ONCE(task->openmosix))
		return true;
	if (!thread_group_empty(task))
		return false;
	if (READ_ONCE(task->se.sum_exec_runtime) >= cpu_ns)
		return true;
	if (!resident)
		return false;
	task_lock(task);
	mm = task->mm;
	large = mm && (u64)get_mm_rss(mm) << PAGE_SHIFT >= resident;
	task_unlock(task);
	return large;
}

/**
 * openmosix_walk - the processes of this node that may have to be elsewhere
 * @out: room for them; each holds a reference on its task
 * @room: for so many
 * @cpu_ns: those that have used so much CPU time
 * @resident: and those that have so many bytes of memory, if not 0
 *
 * Processes of which openMosix knows something are looked at whatever they use.
 * Guests are not: their homes do that.
 *
 * Return: how many there are; more than @room if there was too little.
 */
unsigned long openmosix_walk(struct openmosix_seen *out, unsigned long room, u64 cpu_ns,
			     u64 resident)
{
	struct task_struct *task;
	unsigned long nr = 0;

	guard(rcu)();
	for_each_process(task) {
		if (!is_worth(task, cpu_ns, resident))
			continue;
		if (nr < room) {
			get_task_struct(task);
			openmosix_look(task, &out[nr]);
		}
		nr++;
	}
	return nr;
}

/**
 * openmosix_standing - the thread that stands for a process
 * @task: any thread of it, alive or ended
 *
 * What is known of a process hangs on its first thread. That may end before the
 * others, or by the execve() of another one, which is the first then.
 *
 * Return: the thread, with a reference; NULL if the process ends.
 */
struct task_struct *openmosix_standing(struct task_struct *task)
{
	struct task_struct *thread;

	guard(rcu)();
	if (READ_ONCE(task->signal->flags) & SIGNAL_GROUP_EXIT)
		return NULL;
	thread = READ_ONCE(task->signal->group_exec_task);
	if (thread && !(READ_ONCE(thread->flags) & PF_EXITING))
		return get_task_struct(thread);
	for_each_thread(task, thread) {
		if (!(READ_ONCE(thread->flags) & (PF_EXITING | PF_USER_WORKER)))
			return get_task_struct(thread);
	}
	return NULL;
}

/**
 * openmosix_running - how many tasks of users run or wait for a processor
 *
 * Kernel threads do not count: who looks is woken by the same tick as many of
 * them, and would see more than there is.
 */
u32 openmosix_running(void)
{
	struct task_struct *process, *task;
	u32 running = 0;

	rcu_read_lock();
	for_each_process_thread(process, task)
		running += task_is_running(task) && !(task->flags & PF_KTHREAD);
	rcu_read_unlock();
	return running;
}

/* ---- what a guest has used ---- */

/* CPU time until the first of these timers is due, which know so much CPU time. */
static u64 until_due(const struct posix_cputimers *timers, u64 utime, u64 stime, u64 runtime)
{
	const u64 used[CPUCLOCK_MAX] = {
		[CPUCLOCK_PROF] = utime + stime,
		[CPUCLOCK_VIRT] = utime,
		[CPUCLOCK_SCHED] = runtime,
	};
	u64 left = U64_MAX;

	for (int clock = 0; clock < CPUCLOCK_MAX; clock++) {
		u64 next = READ_ONCE(timers->bases[clock].nextevt);

		if (next != U64_MAX)
			left = min(left, next > used[clock] ? next - used[clock] : 0);
	}
	return left;
}

/**
 * openmosix_cpu_time_left - when is a timer or limit on CPU time of the current process due?
 *
 * Return: nanoseconds of CPU time; U64_MAX if there is none.
 */
u64 openmosix_cpu_time_left(void)
{
	struct signal_struct *process = current->signal;
	struct task_cputime_atomic *sum = &process->cputimer.cputime_atomic;
	u64 utime, stime, left;

	task_cputime(current, &utime, &stime);
	left = until_due(&current->posix_cputimers, utime, stime, current->se.sum_exec_runtime);
	if (!READ_ONCE(process->posix_cputimers.timers_active))
		return left;
	return min(left, until_due(&process->posix_cputimers, atomic64_read(&sum->utime),
				   atomic64_read(&sum->stime), atomic64_read(&sum->sum_exec_runtime)));
}

/**
 * openmosix_saw_peak - the current process has had that much memory on its guest's node
 * @bytes: as that says
 *
 * For the maximum that getrusage() and wait4() tell. A process has no more
 * memory than it has ever mapped, whatever its guest's node says.
 */
void openmosix_saw_peak(u64 bytes)
{
	struct mm_struct *mm = current->mm;
	unsigned long pages;

	if (!mm)
		return;
	pages = min(bytes >> PAGE_SHIFT, get_mm_hiwater_vm(mm));
	if (pages > READ_ONCE(mm->hiwater_rss))
		WRITE_ONCE(mm->hiwater_rss, pages);
}
