// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kicks: a task is to look at its orders and its channel, whatever it does.
 */
#include <linux/hashtable.h>
#include <linux/openmosix_edge.h>
#include <linux/resume_user_mode.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/timer.h>

/*
 * Nanoseconds for which a task that sleeps has not run since it was last given a processor: about those that
 * its system call has slept.
 */
static u64 slept(struct task_struct *task)
{
	u64 since = local_clock() - READ_ONCE(task->sched_info.last_arrival);
	u64 ran = READ_ONCE(task->se.sum_exec_runtime) - READ_ONCE(task->se.prev_sum_exec_runtime);

	return READ_ONCE(task->on_cpu) || (s64)(since - ran) < 0 ? 0 : since - ran;
}

/*
 * Kick @task once. A call that sleeps ends as by a signal. One that runs must
 * not: some would return a part of what they can, getdents() or getrandom().
 *
 * Return: whether it may yet go to sleep before it has noticed.
 */
static bool kick_once(struct task_struct *task)
{
	unsigned int state;

	/* Nor must the writing of a core be cut short. */
	if (READ_ONCE(task->flags) & (PF_EXITING | PF_DUMPCORE))
		return false;
	set_notify_resume(task);
	/* A guest has no calls that sleep, and no page fault of it must look interrupted. */
	if (test_task_syscall_work(task, OPENMOSIX))
		return false;
	state = READ_ONCE(task->__state);
	if (state & TASK_INTERRUPTIBLE) {
		WRITE_ONCE(task->openmosix_kick, slept(task) + 1);
		set_notify_signal(task);
		/* It may have passed the hook before it went to sleep. */
		set_notify_resume(task);
		return false;
	}
	/* What is stopped is on its way to user mode. */
	return !(state & __TASK_STOPPED);
}

/* Kicks a task a little later. */
struct late_kick {
	struct timer_list timer;
	struct task_struct *task;
	unsigned long delay;
	/* In @late_kicks. */
	struct hlist_node node;
};

/*
 * Tasks that were kicked and have yet to notice, each once: it may be long
 * until they do, and others kick them as often as they like.
 */
static DEFINE_HASHTABLE(late_kicks, 6);
static DEFINE_SPINLOCK(late_kicks_lock);

static struct late_kick *new_late_kick(struct task_struct *task, unsigned long delay,
				       void (*fn)(struct timer_list *timer))
{
	struct late_kick *kick = kmalloc_obj(*kick, GFP_ATOMIC);

	if (!kick)
		return NULL;
	*kick = (struct late_kick){ .task = get_task_struct(task), .delay = delay };
	timer_setup(&kick->timer, fn, 0);
	mod_timer(&kick->timer, jiffies + delay);
	return kick;
}

static void free_late_kick(struct late_kick *kick)
{
	put_task_struct(kick->task);
	kfree(kick);
}

static void kick_again(struct timer_list *timer)
{
	struct late_kick *kick = timer_container_of(kick, timer, timer);

	scoped_guard(spinlock_irqsave, &late_kicks_lock) {
		/* It has just been kicked anew, which has set the timer again. */
		if (timer_pending(timer))
			return;
		if (test_tsk_thread_flag(kick->task, TIF_NOTIFY_RESUME) && kick_once(kick->task)) {
			kick->delay = min(2 * kick->delay, HZ / 8UL);
			mod_timer(timer, jiffies + kick->delay);
			return;
		}
		hash_del(&kick->node);
	}
	free_late_kick(kick);
}

/* Kicks a task again and again until it has noticed. */
static bool go_on_kicking(struct task_struct *task)
{
	struct late_kick *kick;

	guard(spinlock_irqsave)(&late_kicks_lock);
	hash_for_each_possible(late_kicks, kick, node, (unsigned long)task) {
		if (kick->task == task) {
			kick->delay = 1;
			mod_timer(&kick->timer, jiffies + 1);
			return true;
		}
	}
	kick = new_late_kick(task, 1, kick_again);
	if (kick)
		hash_add(late_kicks, &kick->node, (unsigned long)task);
	return kick;
}

/**
 * openmosix_kick - make a task look at its orders and its channel
 * @task: any
 *
 * A call that sleeps ends as by a signal; if it does not sleep yet, it is
 * looked at again until the task has noticed. Guests have no such calls: for
 * them the way to user mode is enough.
 *
 * Context: any, softirq included.
 */
void openmosix_kick(struct task_struct *task)
{
	if (kick_once(task) && !go_on_kicking(task))
		set_notify_signal(task);
}

static void kick_now(struct timer_list *timer)
{
	struct late_kick *kick = timer_container_of(kick, timer, timer);

	openmosix_kick(kick->task);
	free_late_kick(kick);
}

/**
 * openmosix_kick_later - kick the current task again, after it has been in
 * user mode
 * @delay: jiffies
 *
 * Return: false if it is kicked at once for want of memory. It comes back here
 * until there is some.
 */
bool openmosix_kick_later(unsigned long delay)
{
	bool later = new_late_kick(current, delay, kick_now);

	if (!later)
		openmosix_kick(current);
	return later;
}

/** openmosix_forget_kick - let a kick of the current task be over */
void openmosix_forget_kick(void)
{
	clear_notify_signal();
	if (task_work_pending(current))
		task_work_run();
}

/**
 * openmosix_take_kick - has a kick ended what the current task slept in?
 *
 * Return: 0 if not, or one more than the nanoseconds for which it had slept. That
 * it was stopped is left for openmosix_next_signal().
 */
u64 openmosix_take_kick(void)
{
	if (READ_ONCE(current->openmosix_kick) == OPENMOSIX_UNSTOPPED)
		return 0;
	return xchg(&current->openmosix_kick, 0);
}
