// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of processes that migrate: of what kind they are, and what keeps
 * them from moving. Their pages are in mm/openmosix_pages.c.
 *
 * All take mmap_lock for reading themselves, but for those whose argument is a
 * mapping, which leave that to their caller, those that look at held pages or
 * count what is mapped, which need none, and those that mark the address space.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/leafops.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/openmosix_edge.h>
#include <linux/openmosix_mm.h>
#include <linux/pagemap.h>
#include <linux/pagewalk.h>
#include <linux/pkeys.h>
#include <linux/shmem_fs.h>
#include <linux/swapops.h>
#include <linux/userfaultfd_k.h>

#include "internal.h"

/* The most mappings that one call splits off, or makes. */
#define OPENMOSIX_SPLITS	8

/**
 * openmosix_is_special - is it the vDSO or its data?
 * @vma: a mapping
 *
 * The kernel makes these by itself, without a file.
 */
bool openmosix_is_special(const struct vm_area_struct *vma)
{
	return vma->vm_ops && !vma->vm_file && vma->vm_ops->name;
}

/**
 * openmosix_read_special - read bytes of a page of the vDSO that is not mapped yet
 * @vma: the vDSO or its data, of anybody
 * @addr: address
 * @data: room for @len bytes
 * @len: not beyond the page
 *
 * Return: 0, -EFAULT if others get nothing there.
 */
int openmosix_read_special(struct vm_area_struct *vma, unsigned long addr, void *data, size_t len)
{
	struct vm_fault vmf = {
		.vma = vma,
		.pgoff = linear_page_index(vma, addr),
		.flags = FAULT_FLAG_REMOTE,
	};

	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) || vma->vm_ops->fault(&vmf))
		return -EFAULT;
	memcpy(data, page_address(vmf.page) + offset_in_page(addr), len);
	put_page(vmf.page);
	return 0;
}

/**
 * openmosix_is_shmem - is it a mapping of shared memory?
 * @vma: a mapping
 *
 * A private mapping of a file without a name, of memfd_create() for one, has the
 * operations of shared memory too, but is a file mapping like any other.
 */
bool openmosix_is_shmem(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MAYSHARE) && vma_is_anon_shmem(vma);
}

/* Whole pages of the file that is mapped. */
static pgoff_t file_pages(struct vm_area_struct *vma)
{
	return i_size_read(file_inode(vma->vm_file)) >> PAGE_SHIFT;
}

/*
 * Is a shared anonymous object this process's alone, and does each page of it
 * appear at one address? Its file is held by its mappings. On the way each
 * mapping becomes an object of its own.
 */
static bool moves_as_memory(struct vm_area_struct *shared)
{
	struct file *file = shared->vm_file;
	pgoff_t size = file_pages(shared);
	VMA_ITERATOR(vmi, shared->vm_mm, 0);
	struct vm_area_struct *vma;
	unsigned long pages = 0;
	long mine = 0;

	for_each_vma(vmi, vma) {
		if (vma->vm_file != file)
			continue;
		mine++;
		pages += vma_pages(vma);
		if (vma->vm_pgoff + vma_pages(vma) > size)
			return false;
		if (vma != shared && vma->vm_pgoff < shared->vm_pgoff + vma_pages(shared) &&
		    shared->vm_pgoff < vma->vm_pgoff + vma_pages(vma))
			return false;
	}
	return pages == size && file_count(file) == mine;
}

/* Shared anonymous memory, as against a file that somebody opened and unlinked. */
static bool nameless(struct vm_area_struct *shared)
{
	return !strcmp(shared->vm_file->f_path.dentry->d_name.name, "dev/zero");
}

/* Memory shared with the kernel: the rings have files of these names. */
static u32 ring_stay(struct vm_area_struct *vma)
{
	const char *name = "";

	if (vma->vm_file)
		name = (const char *)vma->vm_file->f_path.dentry->d_name.name;

	if (!strcmp(name, "[aio]"))
		return OPENMOSIX_STAY_AIO;
	if (!strcmp(name, "[io_uring]"))
		return OPENMOSIX_STAY_IO_URING;
	return 0;
}

static int guard_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	pte_t entry = ptep_get(pte);

	return !pte_none(entry) && !pte_present(entry) &&
	       softleaf_is_guard_marker(softleaf_from_pte(entry));
}

static const struct mm_walk_ops guard_ops = {
	.pte_entry = guard_pte,
	.walk_lock = PGWALK_RDLOCK,
};

/* A block device, or memory of a driver's that looks like that of a file. */
static bool maps_device(struct vm_area_struct *vma)
{
	umode_t mode;

	if (!vma->vm_file || vma_is_anonymous(vma))
		return false;
	mode = file_inode(vma->vm_file)->i_mode;
	return S_ISBLK(mode) || S_ISCHR(mode);
}

/* The flag outlives the guards, and spreads when mappings merge. */
static bool has_guards(struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_MAYBE_GUARD) &&
	       walk_page_range(vma->vm_mm, vma->vm_start, vma->vm_end, &guard_ops, NULL) > 0;
}

/*
 * May what is mapped change without notice? So it does by stores, and by writes
 * to what is no file of anybody's, such as what memfd_create() makes.
 */
static bool changes_silently(struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;

	if (!file)
		return vma->vm_flags & VM_MAYSHARE;
	if (!(vma->vm_flags & VM_MAYSHARE))
		return mapping_writably_mapped(file->f_mapping) ||
		       (file_inode(file)->i_sb->s_flags & SB_NOUSER);
	return (vma->vm_flags & VM_SHARED) || shmem_mapping(file->f_mapping) ||
	       inode_is_open_for_write(file_inode(file));
}

/**
 * openmosix_vma_stay - why a mapping cannot be elsewhere
 * @vma: a mapping, but not a special one
 *
 * Return: OPENMOSIX_STAY_* bits.
 */
u32 openmosix_vma_stay(struct vm_area_struct *vma)
{
	u32 stay = ring_stay(vma);

	if (stay)
		return stay;
	if (is_vm_hugetlb_page(vma))
		stay |= OPENMOSIX_STAY_HUGETLB;
	if (vma->vm_flags & VM_LOCKED)
		stay |= OPENMOSIX_STAY_MLOCK;
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP)) || maps_device(vma))
		stay |= OPENMOSIX_STAY_MMAP_DEV;
	if (vma->vm_flags & VM_SHADOW_STACK)
		stay |= OPENMOSIX_STAY_SHSTK;
	if ((vma->vm_flags & VM_SEALED) && !openmosix_is_special(vma))
		stay |= OPENMOSIX_STAY_MSEAL;
	if (userfaultfd_armed(vma))
		stay |= OPENMOSIX_STAY_USERFAULTFD;
	if (has_guards(vma))
		stay |= OPENMOSIX_STAY_GUARD;
	if (vma_pkey(vma))
		stay |= OPENMOSIX_STAY_PKEY;
	if (stay & OPENMOSIX_STAY_MMAP_DEV)
		return stay;
	if (openmosix_is_shmem(vma)) {
		if (!moves_as_memory(vma))
			stay |= nameless(vma) ? OPENMOSIX_STAY_SHM : OPENMOSIX_STAY_MONKEY;
	} else if (!vma_is_anonymous(vma) && changes_silently(vma)) {
		stay |= OPENMOSIX_STAY_MONKEY;
	}
	return stay;
}

static u32 vma_kind(struct vm_area_struct *vma)
{
	if (openmosix_is_special(vma))
		return OPENMOSIX_VMA_SPECIAL;
	if (vma_is_anonymous(vma))
		return OPENMOSIX_VMA_ANON;
	if (openmosix_is_shmem(vma))
		return vma_pages(vma) == file_pages(vma) ? OPENMOSIX_VMA_SHMEM : OPENMOSIX_VMA_PART;
	return vma->vm_flags & VM_MAYSHARE ? OPENMOSIX_VMA_SHARED : OPENMOSIX_VMA_FILE;
}

/**
 * openmosix_next_vma - describe the first mapping that ends behind @from
 * @mm: address space
 * @from: address
 * @out: filled in
 *
 * Return: false when there is none.
 */
bool openmosix_next_vma(struct mm_struct *mm, unsigned long from, struct openmosix_vma *out)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma(mm, from);
	if (vma) {
		out->start = vma->vm_start;
		out->end = vma->vm_end;
		out->prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) |
			    (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
			    (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
		out->growsdown = !!(vma->vm_flags & VM_GROWSDOWN);
		out->kind = vma_kind(vma);
		out->stay = out->kind == OPENMOSIX_VMA_SPECIAL ? 0 : openmosix_vma_stay(vma);
	}
	mmap_read_unlock(mm);
	return vma;
}

/**
 * openmosix_is_pinned - does somebody hold one of these pages, to use it when he likes?
 * @pages: pages that only one process has, held by openmosix_get_pages()
 * @nr: how many
 *
 * What he writes to one that was sent is lost. A page that looks pinned because
 * many map it is not exclusive.
 */
bool openmosix_is_pinned(struct page *const *pages, unsigned long nr)
{
	while (nr--) {
		struct folio *folio = page_folio(pages[nr]);

		if (folio_test_anon(folio) && !PageAnonExclusive(pages[nr]))
			continue;
		if (folio_maybe_dma_pinned(folio))
			return true;
	}
	return false;
}

/** openmosix_space_pages - how large is the address space of the current task? */
unsigned long openmosix_space_pages(void)
{
	return READ_ONCE(current->mm->total_vm);
}

/**
 * openmosix_is_crowded - has an address space nearly as many mappings as it may?
 * @mm: address space
 *
 * Then whatever changes its layout may fail.
 */
bool openmosix_is_crowded(struct mm_struct *mm)
{
	return READ_ONCE(mm->map_count) > get_sysctl_max_map_count() - OPENMOSIX_SPLITS;
}

/**
 * openmosix_stack_pages - how much is in mappings that grow down?
 * @mm: address space
 */
unsigned long openmosix_stack_pages(struct mm_struct *mm)
{
	return READ_ONCE(mm->stack_vm);
}

/**
 * openmosix_range_has - does a range touch mappings of one of these kinds?
 * @mm: address space
 * @start: first address
 * @len: bytes
 * @kinds: BIT(enum openmosix_vma_kind) mask
 */
bool openmosix_range_has(struct mm_struct *mm, unsigned long start, unsigned long len, u32 kinds)
{
	struct vm_area_struct *vma;
	bool found = false;

	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, start);
	for_each_vma_range(vmi, vma, start + len) {
		if (kinds & BIT(vma_kind(vma))) {
			found = true;
			break;
		}
	}
	mmap_read_unlock(mm);
	return found;
}

/**
 * openmosix_range_writable - can the current task write to all of a range?
 * @start: first address
 * @len: bytes
 *
 * A mapping does not tell where its file ends: that is tried, and changes nothing.
 */
bool openmosix_range_writable(unsigned long start, unsigned long len)
{
	const char __user *range = (const char __user *)start;
	struct mm_struct *mm = current->mm;
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	bool file = false;

	if (end < start)
		return false;
	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, start);
	for_each_vma_range(vmi, vma, end) {
		if (vma->vm_start > start || !(vma->vm_flags & VM_WRITE))
			break;
		file |= vma->vm_file && !openmosix_is_shmem(vma);
		start = vma->vm_end;
		if (start >= end)
			break;
	}
	mmap_read_unlock(mm);
	return start >= end && !(file && fault_in_safe_writeable(range, len));
}

/* Sets a soft limit of the current process, if that is what it was. */
static void set_limit(unsigned int which, unsigned long was, unsigned long soft)
{
	struct rlimit *limit = current->signal->rlim + which;

	task_lock(current->group_leader);
	if (limit->rlim_cur == was)
		WRITE_ONCE(limit->rlim_cur, soft);
	task_unlock(current->group_leader);
}

/**
 * openmosix_grow_stack - let a mapping reach as far down as on the guest's node
 * @mm: address space of the current task
 * @addr: an address below it
 *
 * It has grown there by the limits of the time when the process went there.
 * Somebody may have lowered them since, which takes nothing away that is there:
 * for a moment they are what the program may raise them to by itself.
 *
 * Context: mmap_lock is held for reading; not any more if this fails.
 * Return: the mapping, or NULL.
 */
struct vm_area_struct *openmosix_grow_stack(struct mm_struct *mm, unsigned long addr)
{
	unsigned long stack = rlimit(RLIMIT_STACK), most_stack = rlimit_max(RLIMIT_STACK);
	unsigned long space = rlimit(RLIMIT_AS), most_space = rlimit_max(RLIMIT_AS);
	struct vm_area_struct *vma = expand_stack(mm, addr);

	if (vma)
		return vma;
	mmap_read_lock(mm);
	set_limit(RLIMIT_STACK, stack, most_stack);
	set_limit(RLIMIT_AS, space, most_space);
	vma = expand_stack(mm, addr);
	set_limit(RLIMIT_STACK, most_stack, stack);
	set_limit(RLIMIT_AS, most_space, space);
	return vma;
}

/**
 * openmosix_grow - let a mapping that grows down reach an address
 * @mm: home address space
 * @addr: an address below it
 *
 * So it has grown on the guest. Where that is not possible here, the guest
 * learns it by what its calls return.
 */
void openmosix_grow(struct mm_struct *mm, unsigned long addr)
{
	mmap_read_lock(mm);
	/* It unlocks when it fails. */
	if (!vma_lookup(mm, addr) && !openmosix_grow_stack(mm, addr))
		return;
	mmap_read_unlock(mm);
}

/**
 * openmosix_cut - forget what is beyond the end of a file, written to or not
 * @mm: home address space
 * @start: the first page of a mapping that the file has lost
 * @len: bytes to the end of the mapping
 */
void openmosix_cut(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, start);
	if (vma && start + len <= vma->vm_end)
		zap_vma_range(vma, start, len);
	mmap_read_unlock(mm);
}

/* Marks what is empty of a page table. Pages from @from to @to are not marked then, whatever they were. */
static int fence_table(struct mm_struct *mm, unsigned long addr, unsigned long end,
		       unsigned long from, unsigned long to)
{
	spinlock_t *ptl;
	pte_t *first = get_locked_pte(mm, addr, &ptl);
	pte_t *pte = first;

	if (!first)
		return -ENOMEM;
	for (; addr < end; addr += PAGE_SIZE, pte++) {
		pte_t entry = ptep_get(pte);
		bool wanted = addr >= from && addr < to;

		if (pte_none(entry) && !wanted)
			set_pte_at(mm, addr, pte, make_pte_marker(PTE_MARKER_REMOTE));
		else if (wanted && openmosix_is_marker(entry))
			pte_clear(mm, addr, pte);
	}
	pte_unmap_unlock(first, ptl);
	return 0;
}

/**
 * openmosix_fence - have faults on pages of a file map no others
 * @mm: home address space
 * @addr: page-aligned address of the first
 * @nr: how many
 *
 * A fault maps the pages of the file around the one that is missing, too, as far
 * as nothing is there. But the guest may have written to those: they are marked,
 * all of the page table, until openmosix_drop_page().
 *
 * Return: 0 or -ENOMEM.
 */
int openmosix_fence(struct mm_struct *mm, unsigned long addr, unsigned long nr)
{
	unsigned long to = addr + nr * PAGE_SIZE;
	unsigned long at, next, end;
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && !vma_is_anonymous(vma) && !(vma->vm_flags & VM_MAYSHARE)) {
		end = min(ALIGN(to, PMD_SIZE), vma->vm_end);
		for (at = max(addr & PMD_MASK, vma->vm_start); at < end && !ret; at = next) {
			next = pmd_addr_end(at, end);
			ret = fence_table(mm, at, next, addr, to);
		}
	}
	mmap_read_unlock(mm);
	return ret;
}

/** openmosix_peak - the most bytes of memory that an address space has occupied */
unsigned long openmosix_peak(struct mm_struct *mm)
{
	return get_mm_hiwater_rss(mm) << PAGE_SHIFT;
}

/** openmosix_resident - bytes of memory that an address space occupies */
unsigned long openmosix_resident(struct mm_struct *mm)
{
	return get_mm_rss(mm) << PAGE_SHIFT;
}

/**
 * openmosix_mm_claim - mark an address space as half of a migrated process
 * @mm: address space
 *
 * Huge pages are kept out of it: ownership goes page by page. Who reaches for it
 * from outside looks for the mark under the lock. Those who did not find it are
 * through, or have pinned their pages, before it is there.
 *
 * Return: whether they were out of it already, for openmosix_mm_free().
 */
bool openmosix_mm_claim(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	mm_flags_set(MMF_OPENMOSIX, mm);
	mmap_write_unlock(mm);
	return mm_flags_test_and_set(MMF_DISABLE_THP_COMPLETELY, mm);
}

/**
 * openmosix_mm_free - the address space is an ordinary one again
 * @mm: address space
 * @no_huge: what openmosix_mm_claim() returned
 */
void openmosix_mm_free(struct mm_struct *mm, bool no_huge)
{
	mm_flags_clear(MMF_OPENMOSIX, mm);
	if (!no_huge)
		mm_flags_clear(MMF_DISABLE_THP_COMPLETELY, mm);
}

/* The slow half of openmosix_access(). */
int openmosix_access_unlocked(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			      unsigned int gup_flags)
{
	int ret;

	do {
		mmap_read_unlock(mm);
		ret = __openmosix_access(mm, addr, buf, len, gup_flags);
		if (ret != -EAGAIN)
			return ret;
		if (mmap_read_lock_killable(mm))
			return 0;
		/* It was at home then, and may have left again. */
	} while (__openmosix_is_away(mm));
	return -EAGAIN;
}
