/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks of openMosix in memory management.
 *
 * %MMF_OPENMOSIX marks the two address spaces of a migrated process: the one
 * that stayed at home with its deputy, and the one the guest computes in. In
 * both a remote marker (%PTE_MARKER_REMOTE) stands for a page whose content
 * is at the peer; at home the empty entries of anonymous and shared memory
 * mean the same, because home keeps the layout and the guest keeps the pages.
 */
#ifndef _LINUX_OPENMOSIX_MM_H
#define _LINUX_OPENMOSIX_MM_H

#include <linux/leafops.h>
#include <linux/mm.h>
#include <linux/openmosix.h>

#ifdef CONFIG_OPENMOSIX

vm_fault_t __openmosix_fault(struct vm_fault *vmf, bool marked);
int __openmosix_access(struct mm_struct *mm, unsigned long addr, void *buf, int len,
		       unsigned int gup_flags);
bool __openmosix_is_away(struct mm_struct *mm);
int openmosix_access_unlocked(struct mm_struct *mm, unsigned long addr, void *buf, int len,
			      unsigned int gup_flags);

/* Does an entry say that the content is at the peer? */
static inline bool openmosix_is_marker(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte) &&
	       softleaf_is_remote_marker(softleaf_from_pte(pte));
}

/**
 * openmosix_fault - fault on a page whose content may be at the peer
 * @vmf: the fault; page table not locked
 * @marked: the entry is a remote marker; otherwise it is empty
 *
 * Context: page fault, mmap_lock or VMA lock held for reading; it is dropped
 * before the network is used, as handle_userfault() does.
 * Return: 0 to go on natively, otherwise the result of the fault.
 */
static __always_inline vm_fault_t openmosix_fault(struct vm_fault *vmf, bool marked)
{
	if (static_branch_unlikely(&openmosix_active) &&
	    mm_flags_test(MMF_OPENMOSIX, vmf->vma->vm_mm))
		return __openmosix_fault(vmf, marked);
	return 0;
}

/**
 * openmosix_access - reach the memory of a migrated process from outside
 * @mm: its home address space
 * @addr: where
 * @buf: kernel memory
 * @len: how much
 * @gup_flags: %FOLL_WRITE to write
 *
 * Who goes on natively has the lock, without which a process does not begin to
 * depart.
 *
 * Context: ptrace, /proc/PID/mem, /proc/PID/cmdline; process_vm_writev(), which
 * only asks, with a @len of 0; may sleep, mmap_lock held for reading; it is
 * dropped before the network is used.
 * Return: -EAGAIN to go on natively, with the lock; otherwise the number of
 * bytes, without it.
 */
static __always_inline int openmosix_access(struct mm_struct *mm, unsigned long addr, void *buf,
					    int len, unsigned int gup_flags)
{
	if (static_branch_unlikely(&openmosix_active) && mm_flags_test(MMF_OPENMOSIX, mm))
		return openmosix_access_unlocked(mm, addr, buf, len, gup_flags);
	return -EAGAIN;
}

#else /* !CONFIG_OPENMOSIX */

static __always_inline vm_fault_t openmosix_fault(struct vm_fault *vmf, bool marked)
{
	return 0;
}
static __always_inline int openmosix_access(struct mm_struct *mm, unsigned long addr, void *buf,
					    int len, unsigned int gup_flags)
{
	return -EAGAIN;
}

#endif /* CONFIG_OPENMOSIX */
#endif /* _LINUX_OPENMOSIX_MM_H */
