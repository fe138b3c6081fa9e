/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What openMosix offers the rest of the kernel: its hook surface, with
 * <linux/openmosix_mm.h> for memory.
 *
 * Every hook is one unconditional statement at its call site. The inline half
 * tests a static key that is off until the node is configured, and then
 * whether the task (or address space) belongs to a migrated process; the slow
 * half is in openmosix/hooks.rs, or in kernel/openmosix_task.c if it only looks
 * at what the kernel has. Without CONFIG_OPENMOSIX every hook is empty.
 *
 * Documentation/openmosix/hooks.rst tells the context of each.
 */
#ifndef _LINUX_OPENMOSIX_H
#define _LINUX_OPENMOSIX_H

#include <linux/jump_label.h>
#include <linux/sched.h>

struct file_operations;
struct kernel_siginfo;
struct pt_regs;

#ifdef CONFIG_OPENMOSIX

DECLARE_STATIC_KEY_FALSE(openmosix_active);

/* The guest's system calls go through openmosix_syscall(). */
#define SYSCALL_WORK_OPENMOSIX	BIT(SYSCALL_WORK_BIT_OPENMOSIX)

bool __openmosix_syscall(struct pt_regs *regs);
void __openmosix_resume(struct pt_regs *regs);
void __openmosix_fork(struct task_struct *child);
void __openmosix_forked(struct task_struct *child);
void __openmosix_exec(bool secure);
void __openmosix_exit(struct task_struct *task);
bool __openmosix_force_sig(struct kernel_siginfo *info, struct task_struct *task, bool fatal);
void __openmosix_stopped(void);
bool __openmosix_leave_signals(void);

/**
 * openmosix_syscall - let a guest's system call be resolved where it belongs
 * @regs: the caller's registers
 * @work: its syscall work bits
 *
 * Context: process context, may sleep, no locks held, first thing at entry.
 * Return: true when the call is done and @regs holds its result.
 */
static __always_inline bool openmosix_syscall(struct pt_regs *regs, unsigned long work)
{
	return (work & SYSCALL_WORK_OPENMOSIX) && __openmosix_syscall(regs);
}

/**
 * openmosix_resume - the one place where a process leaves, comes and returns
 * @regs: user registers of the current task; NULL before it enters a virtual
 * machine, where it does none of this
 *
 * Context: process context, may sleep, no locks held, at the return to user
 * mode. A deputy lives inside this call.
 */
static __always_inline void openmosix_resume(struct pt_regs *regs)
{
	if (static_branch_unlikely(&openmosix_active) && current->openmosix) {
		bool away = current->openmosix_away;

		WRITE_ONCE(current->openmosix_away, true);
		__openmosix_resume(regs);
		WRITE_ONCE(current->openmosix_away, away);
	}
}

/**
 * openmosix_fork - a child starts with no openMosix state
 * @child: the new task, not yet visible
 *
 * Context: process context, copy_process().
 */
static __always_inline void openmosix_fork(struct task_struct *child)
{
	child->openmosix = NULL;
	child->openmosix_kick = 0;
	child->openmosix_away = false;
	if (static_branch_unlikely(&openmosix_active))
		__openmosix_fork(child);
}

/**
 * openmosix_forked - a child is bound by the same rules as its parent
 * @child: the new task, visible and not running yet
 *
 * Context: process context, may sleep, no locks held, end of copy_process().
 */
static __always_inline void openmosix_forked(struct task_struct *child)
{
	if (static_branch_unlikely(&openmosix_active) &&
	    (current->group_leader->openmosix || current->group_leader->flags & PF_EXITING))
		__openmosix_forked(child);
}

/**
 * openmosix_exec - the current task begins another program
 * @secure: which has privileges of its own
 *
 * Context: process context, may sleep, no locks held, execve() has succeeded.
 */
static __always_inline void openmosix_exec(bool secure)
{
	if (static_branch_unlikely(&openmosix_active))
		__openmosix_exec(secure);
}

/**
 * openmosix_exit - the current task dies: tell its other half and let go
 * @task: current
 *
 * Context: process context, may sleep, no locks held, memory and files still
 * there, PF_EXITING set. Whether there is anything to let go of, only the
 * task's alloc_lock tells: somebody may just be giving it a state.
 */
static __always_inline void openmosix_exit(struct task_struct *task)
{
	if (static_branch_unlikely(&openmosix_active))
		__openmosix_exit(task);
}

/**
 * openmosix_force_sig - a guest's own fault that no handler takes is home's
 * @info: the signal
 * @task: the task that caused it
 * @fatal: its handler is not asked, as its frame cannot be made
 *
 * Context: any; takes no sleeping lock.
 * Return: true when the signal was taken over and must not be queued here.
 */
static __always_inline bool openmosix_force_sig(struct kernel_siginfo *info,
						struct task_struct *task, bool fatal)
{
	return static_branch_unlikely(&openmosix_active) && task->openmosix &&
	       __openmosix_force_sig(info, task, fatal);
}

/**
 * openmosix_stopped - the current task was stopped, and goes on
 *
 * Context: process context, no locks held.
 */
static __always_inline void openmosix_stopped(void)
{
	if (static_branch_unlikely(&openmosix_active) && current->openmosix)
		__openmosix_stopped();
}

/**
 * openmosix_leave_signals - has a deputy to be whole before it takes a signal
 * or a trap?
 *
 * A tracer and a core dump look at the registers, which its guest has. It may
 * have been stopped in get_signal() when they came, or an order home did.
 *
 * Context: get_signal(), siglock held.
 * Return: true when get_signal() is to return as if nothing were left; it is
 * called again at home.
 */
static __always_inline bool openmosix_leave_signals(void)
{
	return static_branch_unlikely(&openmosix_active) && current->openmosix_away &&
	       __openmosix_leave_signals();
}

/**
 * openmosix_state - the state in which others see a task
 * @task: any
 * @index: that in which it is, as task_state_index() has it
 *
 * Its program computes, whatever the task waits for by itself.
 *
 * Context: any; a momentary answer.
 * Return: the index to show.
 */
static __always_inline unsigned int openmosix_state(struct task_struct *task, unsigned int index)
{
	bool sleeps = index == fls(TASK_INTERRUPTIBLE) || index == fls(TASK_UNINTERRUPTIBLE);

	if (static_branch_unlikely(&openmosix_active) && sleeps &&
	    READ_ONCE(task->openmosix_away))
		return TASK_RUNNING;
	return index;
}

/**
 * openmosix_computes - does the program of a task compute elsewhere, or move?
 * @task: any
 *
 * Then it waits for nothing in the kernel, whatever the task at home does.
 *
 * Context: any; a momentary answer.
 */
static __always_inline bool openmosix_computes(struct task_struct *task)
{
	return static_branch_unlikely(&openmosix_active) && READ_ONCE(task->openmosix_away) &&
	       openmosix_state(task, task_state_index(task)) == TASK_RUNNING;
}

extern const struct file_operations openmosix_where_fops;
extern const struct file_operations openmosix_goto_fops;
extern const struct file_operations openmosix_cantmove_fops;
extern const struct file_operations openmosix_nmigs_fops;
extern const struct file_operations openmosix_migration_fops;
extern const struct file_operations openmosix_why_fops;
extern const struct file_operations openmosix_lock_fops;
extern const struct file_operations openmosix_migfilter_fops;
extern const struct file_operations openmosix_mignodes_fops;
extern const struct file_operations openmosix_migpolicy_fops;

/* The files of /proc/PID, in the words of fs/proc/base.c. */
#define OPENMOSIX_PROC_PID						\
	REG("where",	 S_IRUGO,	  openmosix_where_fops),	\
	REG("goto",	 S_IRUGO|S_IWUSR, openmosix_goto_fops),		\
	REG("migrate",	 S_IRUGO|S_IWUSR, openmosix_goto_fops),		\
	REG("cantmove",	 S_IRUGO,	  openmosix_cantmove_fops),	\
	REG("nmigs",	 S_IRUGO,	  openmosix_nmigs_fops),	\
	REG("migration", S_IRUGO,	  openmosix_migration_fops),	\
	REG("why",	 S_IRUGO,	  openmosix_why_fops),		\
	REG("lock",	 S_IRUGO|S_IWUSR, openmosix_lock_fops),		\
	REG("migfilter", S_IRUGO|S_IWUSR, openmosix_migfilter_fops),	\
	REG("mignodes",	 S_IRUGO|S_IWUSR, openmosix_mignodes_fops),	\
	REG("migpolicy", S_IRUGO|S_IWUSR, openmosix_migpolicy_fops),

#else /* !CONFIG_OPENMOSIX */

#define SYSCALL_WORK_OPENMOSIX	0
#define OPENMOSIX_PROC_PID

static __always_inline bool openmosix_syscall(struct pt_regs *regs, unsigned long work)
{
	return false;
}
static __always_inline void openmosix_resume(struct pt_regs *regs) { }
static __always_inline void openmosix_fork(struct task_struct *child) { }
static __always_inline void openmosix_forked(struct task_struct *child) { }
static __always_inline void openmosix_exec(bool secure) { }
static __always_inline void openmosix_exit(struct task_struct *task) { }
static __always_inline bool openmosix_force_sig(struct kernel_siginfo *info,
						struct task_struct *task, bool fatal)
{
	return false;
}
static __always_inline void openmosix_stopped(void) { }
static __always_inline bool openmosix_leave_signals(void)
{
	return false;
}
static __always_inline unsigned int openmosix_state(struct task_struct *task, unsigned int index)
{
	return index;
}
static __always_inline bool openmosix_computes(struct task_struct *task)
{
	return false;
}

#endif /* CONFIG_OPENMOSIX */
#endif /* _LINUX_OPENMOSIX_H */
