// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of openMosix in /proc/PID: where a process is, why, and where it
 * may go. And what Linux itself tells there of address spaces.
 *
 * Their content is made in openmosix/control/pid.rs.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/openmosix_edge.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/**
 * openmosix_get_statm - what /proc/PID/statm tells of an address space
 * @mm: one with users
 * @out: filled in
 */
void openmosix_get_statm(struct mm_struct *mm, struct openmosix_statm *out)
{
	out->size = task_statm(mm, &out->shared, &out->text, &out->data, &out->resident);
}

static bool tells_of_pages(const struct file_operations *ops)
{
	if (IS_ENABLED(CONFIG_NUMA) && ops == &proc_pid_numa_maps_operations)
		return true;
	return IS_ENABLED(CONFIG_PROC_PAGE_MONITOR) &&
	       (ops == &proc_pagemap_operations || ops == &proc_clear_refs_operations ||
		ops == &proc_pid_smaps_operations || ops == &proc_pid_smaps_rollup_operations);
}

/**
 * openmosix_shows_pages - does a file tell of the pages of the current process?
 * @fd: of the current task
 *
 * So do smaps, smaps_rollup, numa_maps and pagemap; clear_refs changes that.
 */
bool openmosix_shows_pages(unsigned int fd)
{
	CLASS(fd, f)(fd);
	struct task_struct *task;
	bool own;

	if (fd_empty(f) || !tells_of_pages(fd_file(f)->f_op))
		return false;
	task = get_proc_task(file_inode(fd_file(f)));
	if (!task)
		return false;
	own = same_thread_group(task, current);
	put_task_struct(task);
	return own;
}

/* The task of a process, with a reference: its first thread, or another one when that has ended. */
static struct task_struct *get_standing(const struct inode *inode)
{
	struct task_struct *task = get_proc_task(inode);
	struct task_struct *standing = task ? openmosix_standing(task) : NULL;

	if (!standing)
		return task;
	put_task_struct(task);
	return standing;
}

static int show(struct seq_file *m, u32 what)
{
	struct task_struct *task = get_standing(m->private);
	int ret;

	if (!task)
		return -ESRCH;
	ret = openmosix_show(task, what, m);
	put_task_struct(task);
	return ret;
}

/*
 * The file may have been opened before the task began a program that is not its
 * owner's to steer; and who writes may have been handed it, as what it tells its
 * errors to.
 */
static bool may_steer(const struct file *file, struct task_struct *task)
{
	kuid_t uid;
	kgid_t gid;

	task_dump_owner(task, S_IFREG, &uid, &gid);
	return uid_eq(file->f_cred->fsuid, uid) ||
	       file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN);
}

/* The longest text: a mask of all nodes. */
#define OPENMOSIX_TEXT	(20 << 10)

static ssize_t write(struct file *file, const char __user *from, size_t len, u32 what)
{
	struct task_struct *task;
	char *text;
	int ret;

	if (len > OPENMOSIX_TEXT)
		return -EINVAL;
	text = memdup_user_nul(from, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	task = get_standing(file_inode(file));
	ret = -ESRCH;
	if (task) {
		ret = may_steer(file, task) ? openmosix_write(task, what, text, len) : -EPERM;
		put_task_struct(task);
	}
	kfree(text);
	return ret ?: len;
}

#define OPENMOSIX_FILE(name, what, ...)						\
static int name##_show(struct seq_file *m, void *v)				\
{										\
	return show(m, what);							\
}										\
static int name##_open(struct inode *inode, struct file *file)			\
{										\
	return single_open(file, name##_show, inode);				\
}										\
const struct file_operations openmosix_##name##_fops = {			\
	.open = name##_open,							\
	.read = seq_read,							\
	.llseek = seq_lseek,							\
	.release = single_release,						\
	__VA_ARGS__								\
}

#define OPENMOSIX_WRITABLE(name, what)						\
static ssize_t name##_write(struct file *file, const char __user *from,		\
			    size_t len, loff_t *pos)				\
{										\
	return write(file, from, len, what);					\
}										\
OPENMOSIX_FILE(name, what, .write = name##_write)

OPENMOSIX_FILE(where, OPENMOSIX_FILE_WHERE);
OPENMOSIX_FILE(cantmove, OPENMOSIX_FILE_CANTMOVE);
OPENMOSIX_FILE(nmigs, OPENMOSIX_FILE_NMIGS);
OPENMOSIX_FILE(migration, OPENMOSIX_FILE_MIGRATION);
OPENMOSIX_FILE(why, OPENMOSIX_FILE_WHY);
OPENMOSIX_WRITABLE(goto, OPENMOSIX_FILE_GOTO);
OPENMOSIX_WRITABLE(lock, OPENMOSIX_FILE_LOCK);
OPENMOSIX_WRITABLE(migfilter, OPENMOSIX_FILE_MIGFILTER);
OPENMOSIX_WRITABLE(mignodes, OPENMOSIX_FILE_MIGNODES);
OPENMOSIX_WRITABLE(migpolicy, OPENMOSIX_FILE_MIGPOLICY);
