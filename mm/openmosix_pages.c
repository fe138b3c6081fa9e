// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables of migrated processes.
 *
 * Home keeps the layout of the address space and the guest keeps the pages
 * (Documentation/openmosix/migration.rst). These functions walk, fill, take
 * and empty page tables; what is done when, is decided in openmosix/.
 *
 * All take mmap_lock for reading themselves and hold no lock on return.
 */
#include <linux/highmem.h>
#include <linux/hugetlb.h>
#include <linux/leafops.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/memcontrol.h>
#include <linux/openmosix_edge.h>
#include <linux/openmosix_mm.h>
#include <linux/pagemap.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/shmem_fs.h>
#include <linux/swapops.h>

#include "internal.h"

/* The node kills nobody for it: without memory a move fails, and all else waits. */
#define GFP_PAGE	(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN)

/* A run of pages that only the process itself has. */
struct run {
	unsigned long start;
	unsigned long nr;
	unsigned long max;
};

static bool own_content(struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	struct page *page;

	if (pte_none(pte))
		return false;
	if (!pte_present(pte)) {
		softleaf_t entry = softleaf_from_pte(pte);

		/* What memory has lost is not zeros: who wants it has to fail. */
		if (softleaf_is_swap(entry) || softleaf_is_hwpoison(entry) ||
		    softleaf_is_poison_marker(entry))
			return true;
		/* What is just being moved in memory may be a page of a file. */
		return softleaf_has_pfn(entry) && folio_test_anon(softleaf_to_folio(entry));
	}
	page = vm_normal_page(vma, addr, pte);
	return page && PageAnon(page);
}

static int run_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct run *run = walk->private;

	if (!own_content(walk->vma, addr, ptep_get(pte)))
		return run->nr ? 1 : 0;
	if (!run->nr)
		run->start = addr;
	else if (addr != run->start + run->nr * PAGE_SIZE)
		return 1;
	run->nr++;
	return run->nr == run->max;
}

static const struct mm_walk_ops run_ops = {
	.pte_entry = run_pte,
	.walk_lock = PGWALK_RDLOCK,
};

/* Shared memory need not be mapped to have content: ask its page cache. */
static void shmem_run(struct vm_area_struct *vma, unsigned long addr, struct run *run)
{
	struct address_space *mapping = vma->vm_file->f_mapping;
	unsigned long last = linear_page_index(vma, vma->vm_end - 1);
	unsigned long index = linear_page_index(vma, addr);

	if (!xa_find(&mapping->i_pages, &index, last, XA_PRESENT))
		return;
	run->start = vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT);
	do {
		run->nr++;
		index++;
	} while (run->nr < run->max && index <= last && xa_load(&mapping->i_pages, index));
}

/**
 * openmosix_next_run - find pages that must travel with the process
 * @mm: address space
 * @addr: where to search from; the start of the run on return
 * @max: longest run wanted
 *
 * These are anonymous pages, in memory or in swap, and shared memory. Pages
 * never touched, zero pages and clean file pages are not among them.
 *
 * Return: the number of pages, 0 at the end, or -errno.
 */
long openmosix_next_run(struct mm_struct *mm, unsigned long *addr, unsigned long max)
{
	struct run run = { .max = max };
	struct vm_area_struct *vma;
	long ret = 0;

	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, *addr);
	for_each_vma(vmi, vma) {
		unsigned long start = max(*addr, vma->vm_start);

		if (openmosix_is_special(vma))
			continue;
		if (openmosix_is_shmem(vma))
			shmem_run(vma, start, &run);
		else
			ret = walk_page_range(mm, start, vma->vm_end, &run_ops, &run);
		if (run.nr || ret < 0)
			break;
	}
	mmap_read_unlock(mm);
	if (ret < 0)
		return ret;
	*addr = run.start;
	return run.nr;
}

/**
 * openmosix_get_pages - hold pages of an address space, faulting them in
 * @mm: address space
 * @addr: page-aligned start
 * @nr: how many
 * @pages: filled in; give back with openmosix_put_pages()
 *
 * Return: the number of pages held, or -errno.
 */
long openmosix_get_pages(struct mm_struct *mm, unsigned long addr, unsigned long nr,
			 struct page **pages)
{
	int locked = 1;
	long ret;

	mmap_read_lock(mm);
	ret = get_user_pages_remote(mm, addr, nr, FOLL_FORCE, pages, &locked);
	if (locked)
		mmap_read_unlock(mm);
	return ret;
}

/** openmosix_put_pages - let go of what openmosix_get_pages() holds */
void openmosix_put_pages(struct page **pages, unsigned long nr)
{
	release_pages(pages, nr);
}

static void unmark_pte(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *pte = get_locked_pte(mm, addr, &ptl);

	if (!pte)
		return;
	if (openmosix_is_marker(ptep_get(pte)))
		pte_clear(mm, addr, pte);
	pte_unmap_unlock(pte, ptl);
}

static int put_anon(struct vm_area_struct *vma, unsigned long addr, const void *data)
{
	struct mm_struct *mm = vma->vm_mm;
	struct folio *folio;
	spinlock_t *ptl;
	pte_t *pte, entry;

	if (anon_vma_prepare(vma))
		return -ENOMEM;
	folio = vma_alloc_folio(GFP_PAGE, 0, vma, addr);
	if (!folio)
		return -ENOMEM;
	if (mem_cgroup_charge(folio, mm, GFP_KERNEL | __GFP_RETRY_MAYFAIL)) {
		folio_put(folio);
		return -ENOMEM;
	}
	memcpy(folio_address(folio), data, PAGE_SIZE);
	__folio_mark_uptodate(folio);

	pte = get_locked_pte(mm, addr, &ptl);
	if (!pte) {
		folio_put(folio);
		return -ENOMEM;
	}
	entry = ptep_get(pte);
	if (!pte_none(entry) && !openmosix_is_marker(entry)) {
		pte_unmap_unlock(pte, ptl);
		folio_put(folio);
		return -EEXIST;
	}
	entry = pte_mkyoung(pte_mkdirty(folio_mk_pte(folio, vma->vm_page_prot)));
	if (vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite(entry, vma);
	inc_mm_counter(mm, MM_ANONPAGES);
	folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
	folio_add_lru_vma(folio, vma);
	set_pte_at(mm, addr, pte, entry);
	update_mmu_cache(vma, addr, pte);
	pte_unmap_unlock(pte, ptl);
	return 0;
}

static int put_shmem(struct vm_area_struct *vma, unsigned long addr, const void *data)
{
	struct folio *folio;
	struct page *page;

	folio = shmem_read_folio_gfp(vma->vm_file->f_mapping, linear_page_index(vma, addr), GFP_PAGE);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	page = folio_file_page(folio, linear_page_index(vma, addr));
	folio_lock(folio);
	memcpy(page_address(page), data, PAGE_SIZE);
	folio_mark_uptodate(folio);
	folio_mark_dirty(folio);
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/* Can pages of the process's own be mapped there, one by one? */
static bool takes_pages(const struct vm_area_struct *vma)
{
	return !openmosix_is_special(vma) && !is_vm_hugetlb_page(vma) &&
	       !(vma->vm_flags & (VM_MAYSHARE | VM_IO | VM_PFNMAP | VM_MIXEDMAP | VM_SHADOW_STACK));
}

/**
 * openmosix_put_page - give a page its content
 * @mm: address space
 * @addr: page-aligned address
 * @data: a page of bytes
 *
 * Whatever is mapped there of a file, or marked remote, is replaced.
 *
 * Return: 0, -EFAULT without a mapping, -ENOMEM.
 */
int openmosix_put_page(struct mm_struct *mm, unsigned long addr, const void *data)
{
	struct vm_area_struct *vma;
	int ret = -EFAULT;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (!vma) {
		/* A stack may have grown while it was away. */
		vma = openmosix_grow_stack(mm, addr);
		if (!vma)
			return -EFAULT;
	}
	if (openmosix_is_shmem(vma)) {
		ret = put_shmem(vma, addr, data);
		unmark_pte(mm, addr);
	} else if (takes_pages(vma)) {
		ret = put_anon(vma, addr, data);
		if (ret == -EEXIST) {
			zap_vma_range(vma, addr, PAGE_SIZE);
			ret = put_anon(vma, addr, data);
		}
	}
	mmap_read_unlock(mm);
	return ret;
}

struct page_copy {
	void *data;
	bool found;
};

static int copy_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct page_copy *copy = walk->private;
	pte_t entry = ptep_get(pte);

	if (!own_content(walk->vma, addr, entry))
		return 0;
	/* It is in swap, or moves in memory. */
	if (!pte_present(entry))
		return -EAGAIN;
	memcpy(copy->data, page_address(vm_normal_page(walk->vma, addr, entry)), PAGE_SIZE);
	copy->found = true;
	return 0;
}

static const struct mm_walk_ops copy_ops = {
	.pte_entry = copy_pte,
	.walk_lock = PGWALK_RDLOCK,
};

static int copy_shmem(struct vm_area_struct *vma, unsigned long addr, void *data)
{
	struct address_space *mapping = vma->vm_file->f_mapping;
	pgoff_t index = linear_page_index(vma, addr);
	struct page *page;

	if (!xa_load(&mapping->i_pages, index))
		return 0;
	/* Fails, too, if memory has lost it. */
	page = shmem_read_mapping_page_gfp(mapping, index, GFP_HIGHUSER_MOVABLE);
	if (IS_ERR(page))
		return PTR_ERR(page);
	memcpy(data, page_address(page), PAGE_SIZE);
	put_page(page);
	return 1;
}

static void drop_shmem(struct vm_area_struct *vma, unsigned long start, unsigned long len)
{
	loff_t pos = (loff_t)linear_page_index(vma, start) << PAGE_SHIFT;

	if (openmosix_is_shmem(vma))
		shmem_truncate_range(file_inode(vma->vm_file), pos, pos + len - 1);
}

static int copy_own(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		    void *data)
{
	struct page_copy copy = { .data = data };
	int ret;

	if (openmosix_is_shmem(vma))
		return copy_shmem(vma, addr, data);
	ret = walk_page_range(mm, addr, addr + PAGE_SIZE, &copy_ops, &copy);
	return ret < 0 ? ret : copy.found;
}

/* Swapped pages are the process's own too: bring them in first. 0 or -errno. */
static int swap_in(struct mm_struct *mm, unsigned long addr)
{
	struct run run = { .max = 1 };
	struct page *page;
	long ret;

	mmap_read_lock(mm);
	ret = walk_page_range(mm, addr, addr + PAGE_SIZE, &run_ops, &run);
	mmap_read_unlock(mm);
	if (ret < 0 || !run.nr)
		return 0;
	ret = openmosix_get_pages(mm, addr, 1, &page);
	if (ret != 1)
		return ret == -ENOMEM ? -ENOMEM : -EIO;
	put_page(page);
	return 0;
}

/* Copies a page, or takes it; again, as long as it is not in memory just then. */
static int own_page(struct mm_struct *mm, unsigned long addr, void *data,
		    int (*get)(struct mm_struct *mm, struct vm_area_struct *vma,
			       unsigned long addr, void *data))
{
	struct vm_area_struct *vma;
	int ret;

	for (;;) {
		mmap_read_lock(mm);
		vma = vma_lookup(mm, addr);
		ret = vma ? get(mm, vma, addr, data) : -EFAULT;
		mmap_read_unlock(mm);
		if (ret != -EAGAIN)
			return ret;
		ret = swap_in(mm, addr);
		if (ret)
			return ret;
	}
}

/**
 * openmosix_peek_page - copy a page if the address space has content of its own
 * @mm: address space
 * @addr: page-aligned address
 * @data: room for a page
 *
 * Return: 1 copied, 0 nothing of its own there, -EFAULT without a mapping,
 * -ENOMEM or -EIO if it cannot be had.
 */
int openmosix_peek_page(struct mm_struct *mm, unsigned long addr, void *data)
{
	return own_page(mm, addr, data, copy_own);
}

struct page_part {
	void *data;
	size_t offset;
	size_t len;
	bool found;
	/* If it was not found, it is that of a file. */
	struct file *file;
	loff_t pos;
};

static int part_pte(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk)
{
	struct page_part *part = walk->private;
	pte_t entry = ptep_get(pte);
	struct page *page;

	if (!pte_present(entry))
		return own_content(walk->vma, addr, entry) ? -EAGAIN : 0;
	page = vm_normal_page(walk->vma, addr, entry);
	if (page) {
		memcpy(part->data, page_address(page) + part->offset, part->len);
		part->found = true;
	}
	return 0;
}

static const struct mm_walk_ops part_ops = {
	.pte_entry = part_pte,
	.walk_lock = PGWALK_RDLOCK,
};

static int copy_part(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		     void *data)
{
	struct page_part *part = data;
	int ret = walk_page_range(mm, addr, addr + PAGE_SIZE, &part_ops, part);

	if (!ret && !part->found && openmosix_is_special(vma)) {
		part->found = true;
		return openmosix_read_special(vma, addr + part->offset, part->data, part->len);
	}
	if (!ret && !part->found && vma->vm_file) {
		part->file = get_file(vma->vm_file);
		part->pos = ((loff_t)vma->vm_pgoff << PAGE_SHIFT) + (addr - vma->vm_start);
	}
	return ret;
}

/**
 * openmosix_read - read bytes of a page at home for somebody else
 * @mm: home address space
 * @addr: address
 * @data: room for @len bytes
 * @len: not beyond the page
 *
 * Nothing that is not there is mapped by that: the guest may have a page of its
 * own soon.
 *
 * Return: 0, -EFAULT without a mapping or beyond the end of its file, -ENOMEM or
 * -EIO if it cannot be had.
 */
int openmosix_read(struct mm_struct *mm, unsigned long addr, void *data, size_t len)
{
	struct page_part part = { .data = data, .offset = offset_in_page(addr), .len = len };
	int ret = own_page(mm, addr & PAGE_MASK, &part, copy_part);

	if (ret || part.found)
		return ret;
	memset(data, 0, len);
	if (part.file) {
		part.pos += part.offset;
		if (kernel_read(part.file, data, len, &part.pos) <= 0)
			ret = -EFAULT;
		fput(part.file);
	}
	return ret;
}

static int mark_pte(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *pte = get_locked_pte(mm, addr, &ptl);
	int ret = 0;

	if (!pte)
		return -ENOMEM;
	if (pte_none(ptep_get(pte)))
		set_pte_at(mm, addr, pte, make_pte_marker(PTE_MARKER_REMOTE));
	else
		ret = -EEXIST;
	pte_unmap_unlock(pte, ptl);
	return ret;
}

/* Is there a page table for a marker? Without memory for it nothing may be taken. */
static int prepare_mark(struct mm_struct *mm, unsigned long addr)
{
	spinlock_t *ptl;
	pte_t *pte = get_locked_pte(mm, addr, &ptl);

	if (!pte)
		return -ENOMEM;
	pte_unmap_unlock(pte, ptl);
	return 0;
}

static int take_own(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr,
		    void *data)
{
	int ret, marked;

	if (openmosix_is_special(vma) || (!openmosix_is_shmem(vma) && (vma->vm_flags & VM_SHARED)))
		return -EFAULT;
	ret = copy_own(mm, vma, addr, data);
	if (ret < 0)
		return ret;
	marked = prepare_mark(mm, addr);
	if (marked)
		return marked;
	zap_vma_range(vma, addr, PAGE_SIZE);
	drop_shmem(vma, addr, PAGE_SIZE);
	marked = mark_pte(mm, addr);
	/* The content is more than its marker, which only tells a guest that does not stand still. */
	return ret ? ret : marked;
}

/**
 * openmosix_take_page - copy a page out and leave a remote marker
 * @mm: address space of a guest that stands still
 * @addr: page-aligned address
 * @data: room for a page
 *
 * Return: 1 copied; 0 it had no content of its own (marked all the same);
 * -EFAULT without a mapping; -ENOMEM or -EIO if it cannot be had.
 */
int openmosix_take_page(struct mm_struct *mm, unsigned long addr, void *data)
{
	return own_page(mm, addr, data, take_own);
}

/**
 * openmosix_clear_marker - a page that was taken has no content after all
 * @mm: address space
 * @addr: page-aligned address
 */
void openmosix_clear_marker(struct mm_struct *mm, unsigned long addr)
{
	mmap_read_lock(mm);
	if (vma_lookup(mm, addr))
		unmark_pte(mm, addr);
	mmap_read_unlock(mm);
}

/**
 * openmosix_drop_page - forget a page at home that is the guest's again
 * @mm: home address space
 * @addr: page-aligned address
 *
 * Of a file mapping everything is forgotten: the fault may have mapped pages
 * around the one that was missing, and the guest may write to its own.
 */
void openmosix_drop_page(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma && vma->vm_file && !openmosix_is_shmem(vma)) {
		zap_vma(vma);
	} else if (vma && !openmosix_is_special(vma)) {
		zap_vma_range(vma, addr, PAGE_SIZE);
		drop_shmem(vma, addr, PAGE_SIZE);
	}
	mmap_read_unlock(mm);
}

/**
 * openmosix_release - free the memory of a process that has left
 * @mm: its home address space
 *
 * The mappings stay, every page of them is given up.
 */
void openmosix_release(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, 0);
	for_each_vma(vmi, vma) {
		if (openmosix_is_special(vma))
			continue;
		zap_vma(vma);
		drop_shmem(vma, vma->vm_start, vma->vm_end - vma->vm_start);
	}
	mmap_read_unlock(mm);
}

/**
 * openmosix_unlock_fault - drop what a fault holds, before the network is used
 * @vmf: a fault with FAULT_FLAG_ALLOW_RETRY
 */
void openmosix_unlock_fault(struct vm_fault *vmf)
{
	release_fault_lock(vmf);
}
