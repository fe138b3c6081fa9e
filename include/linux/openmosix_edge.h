/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What C offers openMosix, read by bindgen: the functions of
 * the openmosix files in mm/, kernel/ and arch/x86/kernel/, which
 * do what Rust cannot express (page tables, VFS tables, register access), and
 * the kernel's own headers that openmosix/sys/ wraps.
 *
 * The other direction is <linux/openmosix.h>.
 */
#ifndef _LINUX_OPENMOSIX_EDGE_H
#define _LINUX_OPENMOSIX_EDGE_H

#include <crypto/sha2.h>
#include <crypto/utils.h>
#include <linux/binfmts.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/net.h>
#include <linux/openmosix_mm.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/sched/coredump.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/socket.h>
#include <linux/syscalls.h>
#include <linux/task_work.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <trace/events/openmosix.h>

#ifdef CONFIG_OPENMOSIX
/*
 * Where C has the fields that Rust reaches into. bindgen gets some structures
 * wrong; openmosix/sys/layout.rs compares.
 */
enum openmosix_at {
	OPENMOSIX_AT_TASK_OPENMOSIX = offsetof(struct task_struct, openmosix),
	OPENMOSIX_AT_TASK_KICK = offsetof(struct task_struct, openmosix_kick),
	OPENMOSIX_AT_TASK_FLAGS = offsetof(struct task_struct, flags),
	OPENMOSIX_AT_TASK_PTRACE = offsetof(struct task_struct, ptrace),
	OPENMOSIX_AT_TASK_MM = offsetof(struct task_struct, mm),
	OPENMOSIX_AT_TASK_COMM = offsetof(struct task_struct, comm),
	OPENMOSIX_AT_TASK_SIGNAL = offsetof(struct task_struct, signal),
	OPENMOSIX_AT_TASK_PERSONALITY = offsetof(struct task_struct, personality),
	OPENMOSIX_AT_TASK_EXEC_ID = offsetof(struct task_struct, self_exec_id),
	OPENMOSIX_AT_TASK_SYSCALL_WORK = offsetof(struct task_struct, thread_info.syscall_work),
	OPENMOSIX_AT_SIGNAL_RLIM = offsetof(struct signal_struct, rlim),
	OPENMOSIX_AT_VMA_MM = offsetof(struct vm_area_struct, vm_mm),
	OPENMOSIX_AT_FAULT_VMA = offsetof(struct vm_fault, vma),
	OPENMOSIX_AT_FAULT_ADDRESS = offsetof(struct vm_fault, address),
	OPENMOSIX_AT_FAULT_FLAGS = offsetof(struct vm_fault, flags),
	OPENMOSIX_AT_SOCKET_SK = offsetof(struct socket, sk),
	OPENMOSIX_AT_FILE_INODE = offsetof(struct file, f_inode),
	OPENMOSIX_AT_SEQ_PRIVATE = offsetof(struct seq_file, private),
};
#endif

/* Why a process may not move now; the names are in openmosix/task/stay.rs. */
#define OPENMOSIX_STAY_MONKEY		0x1	/* shared file mapping */
#define OPENMOSIX_STAY_MMAP_DEV		0x2	/* maps a device */
#define OPENMOSIX_STAY_MLOCK		0x4	/* locked memory */
#define OPENMOSIX_STAY_CLONE_VM		0x8	/* threads, vfork */
#define OPENMOSIX_STAY_SHM		0x10	/* memory shared with others */
#define OPENMOSIX_STAY_HUGETLB		0x20
#define OPENMOSIX_STAY_USERFAULTFD	0x40
#define OPENMOSIX_STAY_GUARD		0x80	/* guard regions */
#define OPENMOSIX_STAY_IO_URING		0x100
#define OPENMOSIX_STAY_AIO		0x200
#define OPENMOSIX_STAY_PTRACE		0x400
#define OPENMOSIX_STAY_SECCOMP		0x800
#define OPENMOSIX_STAY_RT_SCHED		0x1000
#define OPENMOSIX_STAY_COMPAT		0x2000	/* not a 64-bit program */
#define OPENMOSIX_STAY_LDT		0x4000
#define OPENMOSIX_STAY_DIRECT_IO	0x8000	/* I/O privilege */
#define OPENMOSIX_STAY_SHSTK		0x10000	/* shadow stack */
#define OPENMOSIX_STAY_DEBUG		0x20000	/* breakpoints, traps, what is asked of processors */
#define OPENMOSIX_STAY_SYSTEM		0x40000	/* kernel thread */
#define OPENMOSIX_STAY_INIT		0x80000
#define OPENMOSIX_STAY_GUEST		0x100000	/* a guest of this node: steer it at its home */
#define OPENMOSIX_STAY_TIME_NS		0x200000	/* lives in a time namespace */
#define OPENMOSIX_STAY_PKEY		0x400000	/* memory with a protection key */
#define OPENMOSIX_STAY_PERF		0x800000	/* it is counted by perf_event_open() */
#define OPENMOSIX_STAY_MSEAL		0x1000000	/* sealed memory */
#define OPENMOSIX_STAY_PINNED		0x2000000	/* a driver keeps hold of its memory */
#define OPENMOSIX_STAY_AMX		0x4000000	/* may use tiles */
#define OPENMOSIX_STAY_LAM		0x8000000	/* uses tagged addresses */

/** enum openmosix_vma_kind - where the pages of a mapping come from */
enum openmosix_vma_kind {
	OPENMOSIX_VMA_ANON = 1,	/* private memory: what is not there is zero */
	OPENMOSIX_VMA_FILE,	/* private file mapping: home has what was not written */
	OPENMOSIX_VMA_SHARED,	/* shared, read-only file mapping: as above, never written */
	OPENMOSIX_VMA_SHMEM,	/* shared memory with a single mapper: moves as memory */
	OPENMOSIX_VMA_SPECIAL,	/* the vDSO and its data: each node has its own */
	OPENMOSIX_VMA_PART,	/* of shared memory that goes on elsewhere, or did */
};

/**
 * struct openmosix_vma - one mapping
 * @start: first address
 * @end: first address behind it
 * @prot: PROT_* bits
 * @growsdown: a stack
 * @kind: enum openmosix_vma_kind
 * @stay: OPENMOSIX_STAY_* bits
 */
struct openmosix_vma {
	unsigned long start;
	unsigned long end;
	u32 prot;
	u32 growsdown;
	u32 kind;
	u32 stay;
};

/**
 * struct openmosix_area - a mapping of a file to which something has happened
 * @start: first address
 * @end: first address behind it
 * @kept: bytes from @start to the end of the last page that the file always had
 * @stay: OPENMOSIX_STAY_* bits: why it must not be mapped away from home any more
 * @changed: what was read of it is stale
 */
struct openmosix_area {
	unsigned long start;
	unsigned long end;
	unsigned long kept;
	u32 stay;
	bool changed;
};

/* mm/openmosix_pages.c, mm/openmosix_vma.c */
bool openmosix_next_vma(struct mm_struct *mm, unsigned long from, struct openmosix_vma *out);
long openmosix_next_run(struct mm_struct *mm, unsigned long *addr, unsigned long max);
long openmosix_get_pages(struct mm_struct *mm, unsigned long addr, unsigned long nr,
			 struct page **pages);
void openmosix_put_pages(struct page **pages, unsigned long nr);
bool openmosix_is_pinned(struct page *const *pages, unsigned long nr);
int openmosix_put_page(struct mm_struct *mm, unsigned long addr, const void *data);
int openmosix_take_page(struct mm_struct *mm, unsigned long addr, void *data);
int openmosix_peek_page(struct mm_struct *mm, unsigned long addr, void *data);
int openmosix_read(struct mm_struct *mm, unsigned long addr, void *data, size_t len);
void openmosix_clear_marker(struct mm_struct *mm, unsigned long addr);
int openmosix_fence(struct mm_struct *mm, unsigned long addr, unsigned long nr);
void openmosix_release(struct mm_struct *mm);
void openmosix_drop_page(struct mm_struct *mm, unsigned long addr);
void openmosix_cut(struct mm_struct *mm, unsigned long start, unsigned long len);
unsigned long openmosix_space_pages(void);
bool openmosix_is_crowded(struct mm_struct *mm);
unsigned long openmosix_stack_pages(struct mm_struct *mm);
bool openmosix_range_has(struct mm_struct *mm, unsigned long start, unsigned long len, u32 kinds);
bool openmosix_range_writable(unsigned long start, unsigned long len);
struct vm_area_struct *openmosix_grow_stack(struct mm_struct *mm, unsigned long addr);
void openmosix_grow(struct mm_struct *mm, unsigned long addr);
u32 openmosix_vma_stay(struct vm_area_struct *vma);
bool openmosix_is_special(const struct vm_area_struct *vma);
int openmosix_read_special(struct vm_area_struct *vma, unsigned long addr, void *data, size_t len);
bool openmosix_is_shmem(const struct vm_area_struct *vma);
void openmosix_unlock_fault(struct vm_fault *vmf);
unsigned long openmosix_resident(struct mm_struct *mm);
unsigned long openmosix_peak(struct mm_struct *mm);
bool openmosix_mm_claim(struct mm_struct *mm);
void openmosix_mm_free(struct mm_struct *mm, bool no_huge);

/* kernel/openmosix_watch.c */
struct openmosix_watch;

int openmosix_watch_start(void);
struct openmosix_watch *openmosix_watch_new(void);
void openmosix_watch_end(struct openmosix_watch *watch);
int openmosix_watch_range(struct openmosix_watch *watch, struct mm_struct *mm,
			  unsigned long start, unsigned long end);
void openmosix_watch_sleep(struct openmosix_watch *watch, bool asleep);
bool openmosix_watch_has_news(const struct openmosix_watch *watch);
bool openmosix_watch_is_open(const struct openmosix_watch *watch);
bool openmosix_watch_take(struct openmosix_watch *watch);
bool openmosix_watch_next(struct openmosix_watch *watch, struct mm_struct *mm,
			  unsigned long from, struct openmosix_area *out);

/**
 * struct openmosix_signal - a signal that home decided to deliver
 * @info: siginfo
 * @action: the handler, as user space set it
 * @blocked: mask at the moment of delivery
 * @saved: mask to put back afterwards, if @has_saved (sigsuspend(), ppoll() ...)
 * @has_saved: see @saved
 */
struct openmosix_signal {
	struct kernel_siginfo info;
	struct sigaction action;
	u64 blocked;
	u64 saved;
	bool has_saved;
};

/**
 * struct openmosix_registrations - addresses the kernel writes to by itself
 */
struct openmosix_registrations {
	u64 rseq;
	u32 rseq_len;
	u32 rseq_sig;
	u64 robust_list;
	u64 clear_child_tid;
	u64 altstack;
	u64 altstack_size;
	u32 altstack_flags;
	u32 rseq_cpu;	/* what the kernel last wrote to the rseq area */
	u32 rseq_cid;
	u32 rseq_node;
};

/**
 * struct openmosix_seen - what a process uses
 * @task: its task
 * @cpu_ns: CPU time
 * @age_ns: time since it began
 * @calls: calls that read or wrote files, as far as the kernel counts them
 * @bytes: that they read and wrote
 * @resident: bytes of memory; not known of a process that is away
 * @running: it runs or waits for a processor
 */
struct openmosix_seen {
	struct task_struct *task;
	u64 cpu_ns;
	u64 age_ns;
	u64 calls;
	u64 bytes;
	u64 resident;
	bool running;
};

/* What openmosix_kick is in a deputy that was stopped, and woken to see to an order. */
#define OPENMOSIX_UNSTOPPED U64_MAX

/* kernel/openmosix_{guest,kick,sched,task,usage}.c */
int openmosix_guest_start(void);
void openmosix_activate(void);
struct file *openmosix_home_file(void *guest);
int openmosix_start_guest(int (*fn)(void *), void *arg);
int openmosix_become_guest(struct file *home);
int openmosix_sandbox(void);
int openmosix_set_clocks(s64 monotonic, s64 boottime, s64 realtime);
int openmosix_map(struct file *home, const struct openmosix_vma *vma);
void openmosix_forget_home(struct file *home, unsigned long start, unsigned long len);
int openmosix_set_brk(unsigned long start_brk, unsigned long brk);
void openmosix_get_brk(unsigned long *start_brk, unsigned long *brk);
u32 openmosix_task_stay(struct task_struct *task);
void openmosix_registrations_get(struct openmosix_registrations *out);
void openmosix_registrations_clear(void);
void openmosix_registrations_set(const struct openmosix_registrations *in);
struct task_struct *openmosix_standing(struct task_struct *task);
u32 openmosix_running(void);
void openmosix_look(struct task_struct *task, struct openmosix_seen *out);
unsigned long openmosix_walk(struct openmosix_seen *out, unsigned long room, u64 cpu_ns,
			     u64 resident);
void openmosix_account(u64 utime_ns);
void openmosix_hurry(bool hurries);
void openmosix_after_call(void);
void openmosix_kick(struct task_struct *task);
void openmosix_forget_kick(void);
u64 openmosix_take_kick(void);
void openmosix_intercept(void);
void openmosix_raise_resume(void);
void openmosix_raise_restart(void);
bool openmosix_writes_in_parts(unsigned int fd);
bool openmosix_is_stream(unsigned int fd);
bool openmosix_is_device(unsigned int fd);
unsigned int openmosix_fd_room(void);
u64 openmosix_cpu_time_left(void);
void openmosix_saw_peak(u64 bytes);
bool openmosix_restarts_here(void);
void openmosix_end_restart(void);
bool openmosix_next_signal(struct openmosix_signal *out);
void openmosix_unstop(struct task_struct *task);
bool openmosix_is_stopped(struct task_struct *task);
int openmosix_deliver_signal(const struct openmosix_signal *in);
u64 openmosix_blocked(void);
void openmosix_set_restart_pointer(u32 nr, unsigned long addr);
unsigned long openmosix_restart_pointer(u32 nr);
void openmosix_set_blocked(u64 blocked);
bool openmosix_has_call_mask(void);
void openmosix_end_call_mask(void);
void openmosix_get_action(int sig, struct sigaction *out);
void openmosix_set_action(int sig, const struct sigaction *in);
bool openmosix_handled(int sig);
bool openmosix_dumps_core(void);
bool openmosix_compat_call(void);
bool openmosix_kick_later(unsigned long delay);
unsigned long openmosix_window(unsigned long len);
void openmosix_close_window(unsigned long addr, unsigned long len);

/**
 * struct openmosix_trap - what the frames of handlers tell of a task's last trap
 * @number: of the exception
 * @error: its error code
 * @address: of the last page fault
 */
struct openmosix_trap {
	u64 number;
	u64 error;
	u64 address;
};

/* arch/x86/kernel/openmosix.c */
#define OPENMOSIX_GP_LEN	216	/* struct user_regs_struct */
#define OPENMOSIX_XSTATE_MAX	16384

size_t openmosix_xstate_size(void);
u64 openmosix_xfeatures(void);
u64 openmosix_cpu_features(void);
int openmosix_cpu_get(void *gp, void *xstate, size_t len);
bool openmosix_user_bases(const void *gp);
int openmosix_cpu_set(const void *gp, const void *xstate, size_t len);
void openmosix_trap_get(struct openmosix_trap *out);
void openmosix_trap_set(const struct openmosix_trap *in);
long openmosix_call_native(u32 nr, const u64 *args);
int openmosix_map_vdso(unsigned long addr);
unsigned long openmosix_vdso_start(struct mm_struct *mm);
u32 openmosix_cpu_stay(struct task_struct *task);
void openmosix_set_result(struct pt_regs *regs, long result);
void openmosix_rewind_call(struct pt_regs *regs);
bool openmosix_ended_call(struct pt_regs *regs, long *result);
bool openmosix_is_interrupted(struct pt_regs *regs);
void openmosix_repeat_call(struct pt_regs *regs);
void openmosix_end_rewound_call(struct pt_regs *regs, long result);
bool openmosix_is_rewound(struct pt_regs *regs);
void openmosix_make_rewound_call(struct pt_regs *regs);
unsigned long openmosix_stack_place(const struct pt_regs *regs);
void openmosix_place(const struct pt_regs *regs, u64 *ip, u64 *sp);
void openmosix_show_place(u64 ip, u64 sp);
bool openmosix_in_vdso(const struct pt_regs *regs);
bool openmosix_returns_to_vdso(unsigned long frame);
void openmosix_call_args(const struct pt_regs *regs, u32 *nr, u64 *args);

/**
 * struct openmosix_statm - an address space, in pages
 * @size: its size
 * @resident: those that are in memory
 * @shared: those of files and of shared memory among them
 * @text: the program's code
 * @data: what it may write to, and its stack
 */
struct openmosix_statm {
	unsigned long size;
	unsigned long resident;
	unsigned long shared;
	unsigned long text;
	unsigned long data;
};

/* fs/proc/openmosix.c */
void openmosix_get_statm(struct mm_struct *mm, struct openmosix_statm *out);
bool openmosix_shows_pages(unsigned int fd);

/* openmosix/hooks.rs */
int openmosix_fill(void *memory, unsigned long addr, struct page **pages, unsigned long nr);
void openmosix_guest_gone(void *memory);
int openmosix_write(struct task_struct *task, u32 what, const char *text, size_t len);
int openmosix_show(struct task_struct *task, u32 what, struct seq_file *m);

/** enum openmosix_file - the files of /proc/PID */
enum openmosix_file {
	OPENMOSIX_FILE_WHERE,
	OPENMOSIX_FILE_GOTO,
	OPENMOSIX_FILE_CANTMOVE,
	OPENMOSIX_FILE_NMIGS,
	OPENMOSIX_FILE_MIGRATION,
	OPENMOSIX_FILE_WHY,
	OPENMOSIX_FILE_LOCK,
	OPENMOSIX_FILE_MIGFILTER,
	OPENMOSIX_FILE_MIGNODES,
	OPENMOSIX_FILE_MIGPOLICY,
};

#endif /* _LINUX_OPENMOSIX_EDGE_H */
