// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scheduler's own locks are needed for: charging time that was used
 * on another node, and coming before others.
 */
#include <linux/cgroup.h>
#include <linux/cpuidle.h>
#include <linux/openmosix_edge.h>
#include <linux/posix-timers.h>
#include <linux/psi.h>
#include <linux/sched/clock.h>
#include <linux/sched/cputime.h>
#include <linux/sched/hotplug.h>
#include <linux/sched/isolation.h>
#include <linux/sched/rt.h>
#include <linux/seqlock_api.h>
#include <linux/slab.h>
#include <linux/vtime.h>
#include <uapi/linux/sched/types.h>

#include "sched/sched.h"

/**
 * openmosix_account - charge time that the guest computed to the deputy
 * @utime_ns: nanoseconds of user time
 *
 * The tick of this processor alone counts user time. Run time is counted by
 * whoever holds the lock of the run queue, from another processor, too; and
 * this was none of the time since the deputy last got a processor.
 */
void openmosix_account(u64 utime_ns)
{
	unsigned long flags;

	scoped_guard (task_rq_lock, current) {
		current->se.sum_exec_runtime += utime_ns;
		current->se.prev_sum_exec_runtime += utime_ns;
		cgroup_account_cputime(current, utime_ns);
	}
	local_irq_save(flags);
	current->utime += utime_ns;
	account_group_user_time(current, utime_ns);
	cgroup_account_cputime_field(current, task_nice(current) > 0 ? CPUTIME_NICE : CPUTIME_USER,
				     utime_ns);
	account_group_exec_runtime(current, utime_ns);
	run_posix_cpu_timers();
	local_irq_restore(flags);
}

/**
 * openmosix_hurry - have the current task come before others for a while
 * @hurries: false when that is over
 *
 * It has the weight of the least nice, and its nice value stays what it is:
 * others see that, compare with it, and may change it, which ends the hurry.
 */
void openmosix_hurry(bool hurries)
{
	const struct load_weight most = {
		.weight = scale_load(sched_prio_to_weight[0]),
		.inv_weight = sched_prio_to_wmult[0],
	};
	struct task_struct *task = current;

	guard(task_rq_lock)(task);
	/* The policy alone says when these run. */
	if (task_has_dl_policy(task) || task_has_rt_policy(task) || task_has_idle_policy(task))
		return;
	scoped_guard (sched_change, task, DEQUEUE_SAVE) {
		if (hurries && task->sched_class->reweight_task)
			task->sched_class->reweight_task(task_rq(task), task, &most);
		else
			set_load_weight(task, true);
	}
}
