// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only the scheduler's own locks allow: charging time that was used on
 * another node.
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
