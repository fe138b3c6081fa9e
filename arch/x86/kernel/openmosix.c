// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers, vDSO and native system calls for openMosix on x86-64.
 *
 * Registers travel in the format of the register sets that ptrace and core
 * dumps use; the kernel checks there what user space may have set.
 */
#include <linux/compat.h>
#include <linux/completion.h>
#include <linux/entry-common.h>
#include <linux/hash.h>
#include <linux/nospec.h>
#include <linux/openmosix_edge.h>
#include <linux/regset.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/workqueue.h>

#include <asm/desc.h>
#include <asm/elf.h>
#include <asm/fpu/api.h>
#include <asm/fpu/regset.h>
#include <asm/fpu/xstate.h>
#include <asm/hw_breakpoint.h>
#include <asm/mmu_context.h>
#include <asm/pkru.h>
#include <asm/sigframe.h>
#include <asm/syscall.h>
#include <asm/vdso.h>
#include <vdso/datapage.h>
#include <asm/vdso/vsyscall.h>

static_assert(sizeof(struct user_regs_struct) == OPENMOSIX_GP_LEN);

/*
 * The register sets of a 64-bit task, by the names that core dumps use. Such a
 * task may run in a code segment of 32 bits, where it would have others.
 */
static const struct user_regset *regset(unsigned int note)
{
	struct pt_regs *regs = task_pt_regs(current);
	const struct user_regset_view *view;
	u16 cs = regs->cs;
	unsigned int i;

	regs->cs = __USER_CS;
	view = task_user_regset_view(current);
	regs->cs = cs;
	for (i = 0; i < view->n; i++)
		if (view->regsets[i].core_note_type == note)
			return &view->regsets[i];
	return NULL;
}

/** openmosix_xstate_size - bytes of extended state in the user format */
size_t openmosix_xstate_size(void)
{
	return fpu_user_cfg.max_size;
}

/** openmosix_xfeatures - the features whose state is in it */
u64 openmosix_xfeatures(void)
{
	return fpu_user_cfg.max_features;
}

/**
 * openmosix_cpu_features - a number that processors with equal features share
 *
 * A program may use at any time what it found at its start.
 */
u64 openmosix_cpu_features(void)
{
	u64 mix = 0;
	int i;

	for (i = 0; i < NCAPINTS; i++)
		mix = (mix ^ boot_cpu_data.x86_capability[i]) * GOLDEN_RATIO_64;
	return mix;
}

/**
 * openmosix_cpu_get - read the registers of the current task
 * @gp: room for OPENMOSIX_GP_LEN bytes
 * @xstate: room for @len bytes
 * @len: openmosix_xstate_size()
 */
int openmosix_cpu_get(void *gp, void *xstate, size_t len)
{
	const struct user_regset *general = regset(NT_PRSTATUS);
	const struct user_regset *extended = regset(NT_X86_XSTATE);
	int ret;

	if (!general || !extended || len != openmosix_xstate_size())
		return -EINVAL;
	/* The register set has the one with which the task last slept. */
	current->thread.pkru = read_pkru();
	ret = regset_get(current, general, OPENMOSIX_GP_LEN, gp);
	if (ret >= 0)
		ret = regset_get(current, extended, len, xstate);
	return ret < 0 ? ret : 0;
}

/**
 * openmosix_user_bases - do the bases of FS and GS lie in user space?
 * @gp: OPENMOSIX_GP_LEN bytes
 *
 * WRFSBASE and WRGSBASE take any canonical address, a register set does not.
 */
bool openmosix_user_bases(const void *gp)
{
	struct user_regs_struct regs;

	memcpy(&regs, gp, sizeof(regs));
	return regs.fs_base < TASK_SIZE_MAX && regs.gs_base < TASK_SIZE_MAX;
}

/* Registers can be installed into a task that sleeps, never into oneself. */
struct cpu_install {
	struct work_struct work;
	struct completion done;
	struct task_struct *task;
	const struct user_regset *general;
	const struct user_regset *extended;
	const void *gp;
	const void *xstate;
	size_t len;
	int ret;
};

static void cpu_install(struct work_struct *work)
{
	struct cpu_install *job = container_of(work, struct cpu_install, work);

	while (!wait_task_inactive(job->task, TASK_UNINTERRUPTIBLE))
		cond_resched();
	job->ret = job->general->set(job->task, job->general, 0, OPENMOSIX_GP_LEN, job->gp, NULL);
	if (!job->ret)
		job->ret = job->extended->set(job->task, job->extended, 0, job->len,
					      job->xstate, NULL);
	complete(&job->done);
}

/* A program may change this flag by itself, a tracer may not. */
static void set_id_flag(struct pt_regs *regs, const void *gp)
{
	struct user_regs_struct from;

	memcpy(&from, gp, sizeof(from));
	regs->flags = (regs->flags & ~X86_EFLAGS_ID) | (from.flags & X86_EFLAGS_ID);
}

/**
 * openmosix_cpu_set - install the registers of the current task
 * @gp: OPENMOSIX_GP_LEN bytes
 * @xstate: @len bytes
 * @len: openmosix_xstate_size()
 *
 * A worker does it while the task sleeps. Context: process context, the
 * return to user mode.
 *
 * Return: 0, or -errno when a value is not one that user space may have.
 */
int openmosix_cpu_set(const void *gp, const void *xstate, size_t len)
{
	struct cpu_install job = {
		.task = current,
		.general = regset(NT_PRSTATUS),
		.extended = regset(NT_X86_XSTATE),
		.gp = gp,
		.xstate = xstate,
		.len = len,
	};

	if (!job.general || !job.extended || len != openmosix_xstate_size())
		return -EINVAL;
	init_completion(&job.done);
	INIT_WORK_ONSTACK(&job.work, cpu_install);
	queue_work(system_dfl_wq, &job.work);
	wait_for_completion(&job.done);
	destroy_work_on_stack(&job.work);
	if (!job.ret)
		set_id_flag(task_pt_regs(current), gp);
	return job.ret;
}

/** openmosix_trap_get - read what the current task keeps of its last trap */
void openmosix_trap_get(struct openmosix_trap *out)
{
	out->number = current->thread.trap_nr;
	out->error = current->thread.error_code;
	out->address = current->thread.cr2;
}

/** openmosix_trap_set - let a trap have been the last one of the current task */
void openmosix_trap_set(const struct openmosix_trap *in)
{
	current->thread.trap_nr = in->number;
	current->thread.error_code = in->error;
	current->thread.cr2 = in->address;
}

/**
 * openmosix_call_native - run a system call in the current task
 * @nr: number, below NR_syscalls
 * @args: its six arguments
 *
 * The handlers read the user registers of the task, so these are set for the
 * time of the call. Audit and system-call tracing see it as if it came from
 * user mode.
 *
 * Return: the raw result, restart codes included.
 */
long openmosix_call_native(u32 nr, const u64 *args)
{
	unsigned long work = READ_ONCE(current_thread_info()->syscall_work);
	struct pt_regs *regs = task_pt_regs(current);
	struct pt_regs own = *regs;
	bool away = current->openmosix_away;
	long ret;

	if (nr >= NR_syscalls)
		return -ENOSYS;
	nr = array_index_nospec(nr, NR_syscalls);
	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
	regs->di = args[0];
	regs->si = args[1];
	regs->dx = args[2];
	regs->r10 = args[3];
	regs->r8 = args[4];
	regs->r9 = args[5];
	if (work & SYSCALL_WORK_SYSCALL_TRACEPOINT)
		trace_syscall_enter(regs);
	if (IS_ENABLED(CONFIG_AUDITSYSCALL) && audit_context())
		syscall_enter_audit(regs);
	WRITE_ONCE(current->openmosix_away, false);
	ret = sys_call_table[nr](regs);
	WRITE_ONCE(current->openmosix_away, away);
	regs->ax = ret;
	audit_syscall_exit(regs);
	if (work & SYSCALL_WORK_SYSCALL_TRACEPOINT)
		trace_syscall_exit(regs, ret);
	*regs = own;
	return ret;
}

/** openmosix_call_args - the number and arguments of the call @regs is in */
void openmosix_call_args(const struct pt_regs *regs, u32 *nr, u64 *args)
{
	*nr = regs->orig_ax;
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

/** openmosix_compat_call - is the current task in a 32-bit system call? */
bool openmosix_compat_call(void)
{
	return in_32bit_syscall();
}

/** openmosix_set_result - let the call @regs is in return @result */
void openmosix_set_result(struct pt_regs *regs, long result)
{
	regs->ax = result;
}

/** openmosix_rewind_call - let user mode make the call @regs is in once more */
void openmosix_rewind_call(struct pt_regs *regs)
{
	regs->ax = regs->orig_ax;
	regs->ip -= 2;
	regs->orig_ax = -1;
}

/**
 * openmosix_ended_call - does a program return from a system call of 64 bits?
 * @regs: user registers of the current task on the way to user mode
 * @result: of that call
 */
bool openmosix_ended_call(struct pt_regs *regs, long *result)
{
	int nr = regs->orig_ax;

	*result = regs->ax;
	return nr >= 0 && nr < NR_syscalls && user_64bit_mode(regs);
}

/** openmosix_is_interrupted - does a program return from a system call of any kind with EINTR? */
bool openmosix_is_interrupted(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1 && regs->ax == -EINTR;
}

/** openmosix_repeat_call - let user mode make the call that @regs return from once more */
void openmosix_repeat_call(struct pt_regs *regs)
{
	regs->ax = regs->orig_ax;
	regs->ip -= 2;
}

/** openmosix_end_rewound_call - let the call that @regs would repeat have ended with @result */
void openmosix_end_rewound_call(struct pt_regs *regs, long result)
{
	regs->ip += 2;
	regs->ax = result;
	/* Restarted or ended where all calls are. */
	set_notify_signal(current);
}

/**
 * openmosix_is_rewound - was a call interrupted, and will be made once more?
 * @regs: user registers of the current task on the way to user mode
 *
 * So it is after a kick and no signal: the next instruction is the one that
 * made the call, and its number is where it was.
 */
bool openmosix_is_rewound(struct pt_regs *regs)
{
	static const u8 instruction[] = { 0x0f, 0x05 };	/* syscall */
	u8 next[sizeof(instruction)];

	if (syscall_get_nr(current, regs) == -1 || !user_64bit_mode(regs) ||
	    (regs->ax != regs->orig_ax && regs->ax != __NR_restart_syscall))
		return false;
	return !copy_from_user(next, (void __user *)regs->ip, sizeof(next)) &&
	       !memcmp(next, instruction, sizeof(next));
}

/* Those that look at the entry, or change the registers that they return to. */
static bool needs_entry(u32 nr)
{
	if (READ_ONCE(current_thread_info()->syscall_work) & SYSCALL_WORK_ENTER || nr >= NR_syscalls)
		return true;
	switch (nr) {
	case __NR_clone:
	case __NR_clone3:
	case __NR_fork:
	case __NR_vfork:
	case __NR_execve:
	case __NR_execveat:
	case __NR_rt_sigreturn:
		return true;
	default:
		return false;
	}
}

/**
 * openmosix_make_rewound_call - make it here and now
 * @regs: as for openmosix_is_rewound()
 *
 * A signal that waits interrupts it. Would its handler run first, a program
 * that waits for that signal in the call would wait for ever.
 */
void openmosix_make_rewound_call(struct pt_regs *regs)
{
	const u64 args[] = { regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9 };
	u32 nr = regs->ax;

	if (needs_entry(nr))
		return;
	regs->orig_ax = nr;
	openmosix_end_rewound_call(regs, openmosix_call_native(nr, args));
}

static bool is_vdso_call(unsigned long at)
{
	const u8 *code = vdso64_image.data;

	return at + 1 < vdso64_image.size && code[at] == 0x0f && code[at + 1] == 0x05;
}

/* Where the vDSO is, 0 if nowhere: the kernel is not told that a program has unmapped it. */
static unsigned long vdso_start(struct mm_struct *mm)
{
	unsigned long vdso = (unsigned long)mm->context.vdso;
	struct vm_area_struct *vma;
	bool there;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, vdso);
	there = vma && openmosix_is_special(vma);
	mmap_read_unlock(mm);
	return there ? vdso : 0;
}

static bool in_vdso(unsigned long ip)
{
	unsigned long at = ip - (unsigned long)current->mm->context.vdso;

	if (at >= vdso64_image.size || !vdso_start(current->mm))
		return false;
	return !is_vdso_call(at) && !(at >= 2 && is_vdso_call(at - 2));
}

/**
 * openmosix_in_vdso - is the program in the middle of a vDSO function?
 * @regs: user registers of the current task
 *
 * Its registers may hold half of a node's time then. Not if it makes a system
 * call in there: that is what a function does which has no time to tell, and
 * it is the last thing it does.
 */
bool openmosix_in_vdso(const struct pt_regs *regs)
{
	return in_vdso(regs->ip);
}

/**
 * openmosix_returns_to_vdso - does a handler return into the middle of a vDSO
 * function?
 * @frame: where its frame was made
 *
 * May sleep. Not if something else is there now: then longjmp() has ended it.
 */
bool openmosix_returns_to_vdso(unsigned long frame)
{
	const struct rt_sigframe __user *at = (void __user *)frame;
	u64 ip;

	return !copy_from_user(&ip, &at->uc.uc_mcontext.ip, sizeof(ip)) && in_vdso(ip);
}

/**
 * openmosix_stack_place - how deep the program is in its stack
 * @regs: user registers of the current task
 *
 * Return: the stack pointer; bit 0 tells that it is in the alternative signal
 * stack.
 */
unsigned long openmosix_stack_place(const struct pt_regs *regs)
{
	return (regs->sp & ~1UL) | !!on_sig_stack(regs->sp);
}

/**
 * openmosix_place - where the program is
 * @regs: user registers of the current task
 * @ip: its instruction pointer
 * @sp: its stack pointer
 */
void openmosix_place(const struct pt_regs *regs, u64 *ip, u64 *sp)
{
	*ip = regs->ip;
	*sp = regs->sp;
}

/**
 * openmosix_show_place - let others see where the program of the current
 * deputy is
 *
 * /proc/PID/syscall and, when it dies, /proc/PID/stat show these two. Nobody
 * uses them: all registers are set before it is in user mode again.
 */
void openmosix_show_place(u64 ip, u64 sp)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->ip = ip;
	regs->sp = sp;
}

/**
 * openmosix_vdso_start - where the vDSO and its data begin
 * @mm: address space
 *
 * Return: the lowest address, 0 without a vDSO.
 */
unsigned long openmosix_vdso_start(struct mm_struct *mm)
{
	unsigned long vdso = vdso_start(mm);

	return vdso ? vdso - __VDSO_PAGES * PAGE_SIZE : 0;
}

/**
 * openmosix_map_vdso - map this kernel's vDSO into the current task
 * @addr: where it was at home
 *
 * Return: 0, -EBUSY when it would be elsewhere, or -errno.
 */
int openmosix_map_vdso(unsigned long addr)
{
	int ret = map_vdso_once(&vdso64_image, addr);

	if (ret)
		return ret;
	return openmosix_vdso_start(current->mm) == addr ? 0 : -EBUSY;
}

/* Is it a program of 64 bits? Its registers tell, which go with the stack of a task that has ended. */
static bool is_64bit(struct task_struct *task)
{
	bool ret = true;

	if (try_get_task_stack(task)) {
		ret = task_user_regset_view(task)->e_machine == EM_X86_64 &&
		      !test_tsk_thread_flag(task, TIF_ADDR32);
		put_task_stack(task);
	}
	return ret;
}

/**
 * openmosix_cpu_stay - what of a task's processor state cannot travel
 * @task: current, or a task of which a momentary answer is enough
 *
 * Return: OPENMOSIX_STAY_* bits.
 */
u32 openmosix_cpu_stay(struct task_struct *task)
{
	u32 stay = 0;

	if (!is_64bit(task))
		stay |= OPENMOSIX_STAY_COMPAT;
	if (test_tsk_thread_flag(task, TIF_IO_BITMAP) || task->thread.iopl_emul)
		stay |= OPENMOSIX_STAY_DIRECT_IO;
	if (test_tsk_thread_flag(task, TIF_NOTSC) || test_tsk_thread_flag(task, TIF_NOCPUID) ||
	    task->thread.ptrace_dr7)
		stay |= OPENMOSIX_STAY_DEBUG;
	/* By prctl(PR_SET_SPECULATION_CTRL). */
	if (task_spec_ssb_disable(task) || task_spec_ib_disable(task) ||
	    test_tsk_thread_flag(task, TIF_SPEC_L1D_FLUSH))
		stay |= OPENMOSIX_STAY_DEBUG;
#ifdef CONFIG_SCHED_CORE
	/* With whom it may share a core is known at home alone. */
	if (READ_ONCE(task->core_cookie))
		stay |= OPENMOSIX_STAY_DEBUG;
#endif
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	task_lock(task);
	if (task->mm && task->mm->context.ldt)
		stay |= OPENMOSIX_STAY_LDT;
	task_unlock(task);
#endif
	/* By int 0x80, programs of 64 bits can have these segments, too. */
	for (int i = 0; i < GDT_ENTRY_TLS_ENTRIES; i++) {
		if (!desc_empty(&task->thread.tls_array[i]))
			stay |= OPENMOSIX_STAY_LDT;
	}
	if (thread_group_leader(task) &&
	    (READ_ONCE(x86_task_fpu(task)->perm.__state_perm) & XFEATURE_MASK_USER_DYNAMIC))
		stay |= OPENMOSIX_STAY_AMX;
#ifdef CONFIG_ADDRESS_MASKING
	task_lock(task);
	if (task->mm && mm_lam_cr3_mask(task->mm))
		stay |= OPENMOSIX_STAY_LAM;
	task_unlock(task);
#endif
#ifdef CONFIG_X86_USER_SHADOW_STACK
	if (task->thread.features & ARCH_SHSTK_SHSTK)
		stay |= OPENMOSIX_STAY_SHSTK;
#endif
	return stay;
}
