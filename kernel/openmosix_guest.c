// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making guests.
 *
 * A guest arrives as a binary format: exec already builds an address space
 * correctly. The file it executes stands for the memory of the process at its
 * home; the guest's file mappings map it too, at an offset that equals the
 * address, so that its page cache fetches from home what was never written.
 */
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_struct.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/openmosix_edge.h>
#include <linux/pagemap.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/user.h>
#include <linux/shmem_fs.h>
#include <linux/time_namespace.h>
#include <vdso/datapage.h>

#include <asm/elf.h>

#define OPENMOSIX_FS_MAGIC	0x6f4d6f78
/* A user and group that own nothing on any node. */
#define OPENMOSIX_GUEST_ID	4294901760U
/* Pages asked for at once when a mapping is read from home. */
#define OPENMOSIX_READ_AHEAD	16

DEFINE_STATIC_KEY_FALSE(openmosix_active);

static struct vfsmount *openmosix_mnt __ro_after_init;

/* ---- the file that stands for the memory at home ---- */

static int home_read_folio(struct file *file, struct folio *folio)
{
	struct page *page = folio_page(folio, 0);
	int ret = openmosix_fill(folio->mapping->host->i_private, folio_pos(folio), &page, 1);

	folio_end_read(folio, ret == 1);
	return ret == 1 ? 0 : -EIO;
}

static void home_readahead(struct readahead_control *rac)
{
	struct page *pages[OPENMOSIX_READ_AHEAD];
	struct folio *folio;
	int nr, i, filled;
	loff_t pos = 0;

	do {
		for (nr = 0; nr < OPENMOSIX_READ_AHEAD; nr++) {
			folio = readahead_folio(rac);
			if (!folio)
				break;
			/* Only now has @rac gone on from the folio before. */
			if (!nr)
				pos = folio_pos(folio);
			pages[nr] = folio_page(folio, 0);
		}
		filled = nr ? openmosix_fill(rac->mapping->host->i_private, pos, pages, nr) : 0;
		for (i = 0; i < nr; i++)
			folio_end_read(page_folio(pages[i]), i < filled);
	} while (nr);
}

static const struct address_space_operations home_aops = {
	.read_folio = home_read_folio,
	.readahead = home_readahead,
};

/* exec reads the head of every file; this one is known by its operations. */
static ssize_t home_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	return 0;
}

static const struct file_operations home_fops = {
	.read_iter = home_read_iter,
	.mmap_prepare = generic_file_readonly_mmap_prepare,
};

static void home_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	openmosix_guest_gone(inode->i_private);
}

static const struct super_operations home_sops = {
	.statfs = simple_statfs,
	.drop_inode = inode_just_drop,
	.evict_inode = home_evict_inode,
};

static int home_init_fs_context(struct fs_context *fc)
{
	struct pseudo_fs_context *ctx = init_pseudo(fc, OPENMOSIX_FS_MAGIC);

	if (!ctx)
		return -ENOMEM;
	ctx->ops = &home_sops;
	fc->s_iflags &= ~SB_I_NOEXEC;
	return 0;
}

static struct file_system_type home_fs_type = {
	.name = "openmosix",
	.init_fs_context = home_init_fs_context,
	.kill_sb = kill_anon_super,
};

/**
 * openmosix_home_file - make the file that stands for the memory at home
 * @guest: handed to openmosix_fill(), and to openmosix_guest_gone() at the end
 */
struct file *openmosix_home_file(void *guest)
{
	struct inode *inode = new_inode(openmosix_mnt->mnt_sb);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_ino = get_next_ino();
	inode->i_mode = S_IFREG | 0555;
	inode->i_fop = &home_fops;
	inode->i_mapping->a_ops = &home_aops;
	simple_inode_init_ts(inode);
	i_size_write(inode, TASK_SIZE_MAX);
	file = alloc_file_pseudo(inode, openmosix_mnt, "home", O_RDONLY, &home_fops);
	if (IS_ERR(file)) {
		iput(inode);
		return file;
	}
	inode->i_private = guest;
	file->f_ra.ra_pages = OPENMOSIX_READ_AHEAD;
	return file;
}

/* ---- the binary format ---- */

static int load_guest(struct linux_binprm *bprm)
{
	int ret;

	if (bprm->file->f_op != &home_fops || !current->openmosix)
		return -ENOEXEC;
	ret = begin_new_exec(bprm);
	if (ret)
		return ret;
	set_personality_64bit();
	setup_new_exec(bprm);
	/* The stack that exec made holds nothing: the image brings its own. */
	ret = vm_munmap(bprm->vma->vm_start, bprm->vma->vm_end - bprm->vma->vm_start);
	if (ret)
		return ret;
	finalize_exec(bprm);
	start_thread(current_pt_regs(), 0, 0);
	return 0;
}

static struct linux_binfmt guest_format = {
	.load_binary = load_guest,
};

/**
 * openmosix_start_guest - make the task that will be a guest
 * @fn: runs in it first; returning 0 enters user mode
 * @arg: for @fn
 *
 * Context: an unbound workqueue's worker. Nobody waits for the task: kthreadd
 * becomes its parent and reaps it.
 *
 * Return: its pid, or -errno.
 */
int openmosix_start_guest(int (*fn)(void *), void *arg)
{
	return user_mode_thread(fn, arg, CLONE_PARENT | SIGCHLD);
}

/* Have the vDSO of a time namespace make a system call for a clock: home knows what it is. */
static void ask_home(struct time_namespace *ns, clockid_t clock)
{
	struct vdso_time_data *data = page_address(ns->vvar_page);

	for (int i = 0; i < CS_BASES; i++)
		data->clock_data[i].offset[clock] = (struct timens_offset){ .sec = S64_MIN };
}

/**
 * openmosix_become_guest - replace the current task's nothing by an empty,
 * ordinary user address space
 * @home: openmosix_home_file()
 *
 * The kernel executes paths only, and this task lives in an empty root: for
 * the time of the call its root *is* the file.
 */
int openmosix_become_guest(struct file *home)
{
	static const char *const argv[] = { "guest", NULL };
	static const char *const envp[] = { NULL };
	struct path root;
	int ret;

	spin_lock_irq(&current->sighand->siglock);
	flush_signal_handlers(current, 1);
	spin_unlock_irq(&current->sighand->siglock);

	get_fs_root(current->fs, &root);
	set_fs_root(current->fs, &home->f_path);
	ret = kernel_execve("/", argv, envp);
	set_fs_root(current->fs, &root);
	path_put(&root);
	/* The namespace has given this clock the offset of CLOCK_MONOTONIC, which is adjusted at home and here. */
	if (!ret && current->nsproxy->time_ns != &init_time_ns)
		ask_home(current->nsproxy->time_ns, CLOCK_MONOTONIC_RAW);
	return ret;
}

/**
 * openmosix_sandbox - take every right on this node from the current task
 */
int openmosix_sandbox(void)
{
	struct user_struct *user = alloc_uid(KUIDT_INIT(OPENMOSIX_GUEST_ID));
	struct cred *new = prepare_creds();
	int ret;

	if (!user || !new)
		goto out;
	swap(new->user, user);
	new->uid = new->euid = new->suid = new->fsuid = KUIDT_INIT(OPENMOSIX_GUEST_ID);
	new->gid = new->egid = new->sgid = new->fsgid = KGIDT_INIT(OPENMOSIX_GUEST_ID);
	cap_clear(new->cap_inheritable);
	cap_clear(new->cap_permitted);
	cap_clear(new->cap_effective);
	cap_clear(new->cap_ambient);
	cap_clear(new->cap_bset);
	ret = set_cred_ucounts(new);
	if (ret < 0) {
		abort_creds(new);
		free_uid(user);
		return ret;
	}
	free_uid(user);
	return commit_creds(new);
out:
	if (user)
		free_uid(user);
	if (new)
		abort_creds(new);
	return -ENOMEM;
}

/* Can a clock say this? */
static bool is_time(s64 now, s64 ahead)
{
	s64 sum;

	return !check_add_overflow(now, ahead, &sum) && sum >= 0 && sum <= KTIME_MAX / 2;
}

/**
 * openmosix_set_clocks - let the current task's clocks go on from its home's
 * @monotonic: how far its CLOCK_MONOTONIC is ahead of ours, in nanoseconds
 * @boottime: how far its CLOCK_BOOTTIME is ahead of ours, in nanoseconds
 * @realtime: how far its CLOCK_REALTIME is ahead of ours, in nanoseconds
 *
 * Before openmosix_become_guest(), which enters the new time namespace. The
 * time of day has no offset in a time namespace, but the vDSO adds what its
 * data says for any clock; system calls that ask for it go home. So does the
 * vDSO for what follows home's ticks: the coarse clock, and time(). A file that
 * was written just now is never newer than that. CLOCK_TAI goes home, because
 * the difference to it may be known at one node and not at another.
 *
 * Return: 0, -ERANGE for clocks that /proc/PID/timens_offsets does not allow
 * either, or -errno.
 */
int openmosix_set_clocks(s64 monotonic, s64 boottime, s64 realtime)
{
	struct timespec64 day = ns_to_timespec64(realtime);
	struct timens_offset offset = { .sec = day.tv_sec, .nsec = day.tv_nsec };
	struct vdso_time_data *data;
	struct time_namespace *ns;
	unsigned int i;
	int ret;

	if (!is_time(ktime_get(), monotonic) || !is_time(ktime_get_boottime(), boottime))
		return -ERANGE;
	ret = ksys_unshare(CLONE_NEWTIME);
	if (ret)
		return ret;
	ns = current->nsproxy->time_ns_for_children;
	ns->offsets.monotonic = ns_to_timespec64(monotonic);
	ns->offsets.boottime = ns_to_timespec64(boottime);
	data = page_address(ns->vvar_page);
	for (i = 0; i < CS_BASES; i++)
		data->clock_data[i].offset[CLOCK_REALTIME] = offset;
	ask_home(ns, CLOCK_REALTIME_COARSE);
	ask_home(ns, CLOCK_TAI);
	return 0;
}

/* ---- layout ---- */

/**
 * openmosix_map - make one mapping of the current guest
 * @home: openmosix_home_file()
 * @vma: the mapping as it is at home
 */
int openmosix_map(struct file *home, const struct openmosix_vma *vma)
{
	unsigned long flags = MAP_FIXED_NOREPLACE | MAP_NORESERVE;
	unsigned long len = vma->end - vma->start;
	struct file *file = NULL, *part = NULL;
	unsigned long offset = 0;
	unsigned long addr;

	switch (vma->kind) {
	case OPENMOSIX_VMA_ANON:
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
		if (vma->growsdown)
			flags |= MAP_GROWSDOWN;
		break;
	case OPENMOSIX_VMA_SHMEM:
		flags |= MAP_SHARED | MAP_ANONYMOUS;
		break;
	case OPENMOSIX_VMA_PART:
		/* Of something larger here, too: by that it is known. */
		flags |= MAP_SHARED;
		part = shmem_kernel_file_setup("dev/zero", len + PAGE_SIZE,
					       mk_vma_flags(VMA_NORESERVE_BIT));
		if (IS_ERR(part))
			return PTR_ERR(part);
		break;
	case OPENMOSIX_VMA_FILE:
		flags |= MAP_PRIVATE;
		file = home;
		break;
	case OPENMOSIX_VMA_SHARED:
		flags |= MAP_SHARED;
		file = home;
		break;
	default:
		return -EINVAL;
	}
	if (file)
		offset = vma->start;
	addr = vm_mmap(file ?: part, vma->start, len, vma->prot, flags, offset);
	if (part)
		fput(part);
	if (IS_ERR_VALUE(addr))
		return (long)addr;
	return addr == vma->start ? 0 : -EINVAL;
}

/**
 * openmosix_forget_home - a range will stand for something else at home
 * @home: openmosix_home_file()
 * @start: first address
 * @len: bytes
 */
void openmosix_forget_home(struct file *home, unsigned long start, unsigned long len)
{
	invalidate_inode_pages2_range(home->f_mapping, start >> PAGE_SHIFT,
				      (start + len - 1) >> PAGE_SHIFT);
}

/**
 * openmosix_set_brk - where the heap of the current guest begins and ends
 * @start_brk: its first byte
 * @brk: the first byte behind it
 *
 * Return: 0, -EINVAL when no heap can be there: brk() relies on them.
 */
int openmosix_set_brk(unsigned long start_brk, unsigned long brk)
{
	if (start_brk > brk || brk > TASK_SIZE_MAX - PAGE_SIZE)
		return -EINVAL;
	mmap_write_lock(current->mm);
	current->mm->start_brk = start_brk;
	current->mm->brk = brk;
	mmap_write_unlock(current->mm);
	return 0;
}

/** openmosix_get_brk - where the heap of the current task begins and ends */
void openmosix_get_brk(unsigned long *start_brk, unsigned long *brk)
{
	mmap_read_lock(current->mm);
	*start_brk = current->mm->start_brk;
	*brk = current->mm->brk;
	mmap_read_unlock(current->mm);
}

/* What the window shows before anything is written to it. */
static struct page *blank;

static vm_fault_t window_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			       struct vm_fault *vmf)
{
	get_page(blank);
	vmf->page = blank;
	return 0;
}

static const struct vm_special_mapping window_mapping = {
	.name = "[openmosix]",
	.fault = window_fault,
};

#define WINDOW_FLAGS	(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_DONTCOPY | VM_DONTDUMP)

/**
 * openmosix_window - memory of the deputy's own, for the arguments of calls
 * @len: bytes
 *
 * It is as high as user memory goes, where programs have nothing and look for
 * nothing, and does not count against their limits.
 *
 * Return: its address or -errno as a pointer error.
 */
unsigned long openmosix_window(unsigned long len)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long addr;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	addr = get_unmapped_area(NULL, TASK_SIZE_MAX - len, len, 0, 0);
	if (!IS_ERR_VALUE(addr)) {
		vma = _install_special_mapping(mm, addr, len, WINDOW_FLAGS, &window_mapping);
		if (IS_ERR(vma))
			addr = PTR_ERR(vma);
		else
			vm_stat_account(mm, WINDOW_FLAGS, -(long)(len >> PAGE_SHIFT));
	}
	mmap_write_unlock(mm);
	return addr;
}

/** openmosix_close_window - unmap what openmosix_window() has mapped */
void openmosix_close_window(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;

	if (!mm)
		return;
	/* The unmapping takes off what openmosix_window() did not leave counted. */
	mmap_write_lock(mm);
	vm_stat_account(mm, WINDOW_FLAGS, len >> PAGE_SHIFT);
	mmap_write_unlock(mm);
	vm_munmap(addr, len);
}

/* ---- start ---- */

/** openmosix_activate - turn the hooks on, once all is ready */
void openmosix_activate(void)
{
	static_branch_enable(&openmosix_active);
}

/**
 * openmosix_guest_start - make what all guests of this node need
 *
 * Context: process context, once, before anything else of openMosix.
 *
 * Return: 0 or -errno: there will be no openMosix then.
 */
int openmosix_guest_start(void)
{
	blank = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!blank)
		return -ENOMEM;
	openmosix_mnt = kern_mount(&home_fs_type);
	if (IS_ERR(openmosix_mnt)) {
		__free_page(blank);
		return PTR_ERR(openmosix_mnt);
	}
	register_binfmt(&guest_format);
	return 0;
}
