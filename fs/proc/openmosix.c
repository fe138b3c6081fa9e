// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files of openMosix in /proc/PID: where, goto, cantmove, nmigs, migration.
 *
 * Their content is made in openmosix/control/pid.rs.
 */
#include <linux/fs.h>
#include <linux/openmosix_edge.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "internal.h"

static int show(struct seq_file *m, u32 what)
{
	struct task_struct *task = get_proc_task(m->private);
	int ret;

	if (!task)
		return -ESRCH;
	ret = openmosix_show(task, what, m);
	put_task_struct(task);
	return ret;
}

static ssize_t goto_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct task_struct *task;
	char text[32];
	int ret;

	if (len > sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	task = get_proc_task(file_inode(file));
	if (!task)
		return -ESRCH;
	ret = openmosix_order(task, text, len);
	put_task_struct(task);
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

OPENMOSIX_FILE(where, OPENMOSIX_FILE_WHERE);
OPENMOSIX_FILE(goto, OPENMOSIX_FILE_GOTO, .write = goto_write);
OPENMOSIX_FILE(cantmove, OPENMOSIX_FILE_CANTMOVE);
OPENMOSIX_FILE(nmigs, OPENMOSIX_FILE_NMIGS);
OPENMOSIX_FILE(migration, OPENMOSIX_FILE_MIGRATION);
