// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files that a process maps which is away.
 *
 * Its guest reads their pages from home once, and keeps them. So home watches
 * each such file with the kernel's own notification of file systems, and notes
 * what happens to it; what comes of that is decided in openmosix/deputy/change.rs.
 *
 * There is one watch per departed process. It has a mark for each inode that
 * the process maps, which keeps neither the inode nor its file system.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/mm.h>
#include <linux/openmosix_edge.h>
#include <linux/pagemap.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/slab.h>

/*
 * Stores through a mapping make no event: of those one hears when the file is
 * opened for writing, and when it is closed.
 */
#define WATCH_EVENTS	(FS_MODIFY | FS_OPEN | FS_CLOSE_WRITE)
/* Marks of files that are not mapped any more are looked for from so many on. */
#define WATCH_MANY	64U

static struct fsnotify_group *watch_group __ro_after_init;

/**
 * struct openmosix_watch - the files that a departed process maps
 * @refs: its owner, and each mark until that is freed
 * @mutex: protects @files, and of each file what is not the lock's
 * @files: &struct watched_file by inode
 * @nr: how many there are
 * @many: from so many on some may not be mapped any more
 * @lock: protects what is below, and of each file what events change
 * @sleeper: who is to be woken
 * @news: something has happened since openmosix_watch_take()
 * @open: some file was open for writing when last seen
 */
struct openmosix_watch {
	refcount_t refs;
	struct mutex mutex;
	struct rb_root files;
	unsigned int nr;
	unsigned int many;
	spinlock_t lock;
	struct task_struct *sleeper;
	bool news;
	bool open;
};

/**
 * struct watched_file - one inode of one watch
 * @mark: how the kernel finds it
 * @node: in the watch's @files
 * @watch: the watch
 * @inode: for comparison only; it is this one while the mark is attached
 * @changed: it was written to since openmosix_watch_take() [lock]
 * @least: the smallest size that it had meanwhile [lock]
 * @was_changed: @changed, as it was taken
 * @was_least: @least, as it was taken
 * @mapped: found among the mappings
 */
struct watched_file {
	struct fsnotify_mark mark;
	struct rb_node node;
	struct openmosix_watch *watch;
	const struct inode *inode;
	bool changed;
	loff_t least;
	bool was_changed;
	loff_t was_least;
	bool mapped;
};

static void put_watch(struct openmosix_watch *watch)
{
	if (refcount_dec_and_test(&watch->refs))
		kfree(watch);
}

/* ---- what happens to files ---- */

static void tell_owner_locked(struct openmosix_watch *watch)
{
	bool first = !watch->news;

	watch->news = true;
	if (first && watch->sleeper)
		wake_up_process(watch->sleeper);
}

static void tell_owner(struct openmosix_watch *watch)
{
	guard(spinlock)(&watch->lock);
	tell_owner_locked(watch);
}

/* May be called under any lock of the file system, and must not wait for anybody. */
static int watch_event(struct fsnotify_mark *mark, u32 mask, struct inode *inode,
		       struct inode *dir, const struct qstr *name, u32 cookie)
{
	struct watched_file *file = container_of(mark, struct watched_file, mark);
	bool changed = mask & (FS_MODIFY | FS_CLOSE_WRITE);
	struct openmosix_watch *watch = file->watch;
	bool open = inode_is_open_for_write(inode);

	if (!changed && !open)
		return 0;
	guard(spinlock)(&watch->lock);
	if (changed) {
		file->changed = true;
		file->least = min(file->least, i_size_read(inode));
	}
	watch->open |= open;
	tell_owner_locked(watch);
	return 0;
}

/* It is not watched any more: its file system has done that, or we. */
static void watch_lost(struct fsnotify_mark *mark, struct fsnotify_group *group)
{
	tell_owner(container_of(mark, struct watched_file, mark)->watch);
}

static void free_file(struct fsnotify_mark *mark)
{
	struct watched_file *file = container_of(mark, struct watched_file, mark);

	put_watch(file->watch);
	kfree(file);
}

static const struct fsnotify_ops watch_ops = {
	.handle_inode_event = watch_event,
	.freeing_mark = watch_lost,
	.free_mark = free_file,
};

/* ---- which files ---- */

static int order_of(const void *inode, const struct rb_node *node)
{
	const struct watched_file *file = rb_entry(node, struct watched_file, node);

	return inode < (const void *)file->inode ? -1 : inode > (const void *)file->inode;
}

static bool comes_before(struct rb_node *node, const struct rb_node *other)
{
	return order_of(rb_entry(node, struct watched_file, node)->inode, other) < 0;
}

static bool is_watched(const struct watched_file *file)
{
	return READ_ONCE(file->mark.flags) & FSNOTIFY_MARK_FLAG_ATTACHED;
}

static struct watched_file *find_file(struct openmosix_watch *watch, const struct inode *inode)
{
	struct rb_node *node = rb_find(inode, &watch->files, order_of);

	return node ? rb_entry(node, struct watched_file, node) : NULL;
}

static void drop_file(struct openmosix_watch *watch, struct watched_file *file)
{
	rb_erase(&file->node, &watch->files);
	watch->nr--;
	fsnotify_destroy_mark(&file->mark, watch_group);
	fsnotify_put_mark(&file->mark);
}

/* Drops all files, or those that were not found among the mappings. */
static void drop_files(struct openmosix_watch *watch, bool all)
{
	struct rb_node *node = rb_first(&watch->files), *next;
	struct watched_file *file;

	for (; node; node = next) {
		next = rb_next(node);
		file = rb_entry(node, struct watched_file, node);
		if (all || !file->mapped)
			drop_file(watch, file);
		else
			file->mapped = false;
	}
}

/*
 * The inode that is mapped, and the one that the process has opened: on a
 * stacked file system they are two, and either may have the events.
 */
static void inodes_of(const struct file *file, struct inode *inodes[2])
{
	inodes[0] = file_inode(file);
	inodes[1] = d_inode(file_user_path(file)->dentry);
}

static bool maps_file(struct vm_area_struct *vma)
{
	return vma->vm_file && !vma_is_anonymous(vma) && !openmosix_is_shmem(vma);
}

static void forget_unmapped(struct openmosix_watch *watch, struct mm_struct *mm)
{
	struct watched_file *file;
	struct vm_area_struct *vma;
	struct inode *inodes[2];

	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, 0);
	for_each_vma(vmi, vma) {
		if (!maps_file(vma))
			continue;
		inodes_of(vma->vm_file, inodes);
		for (int i = 0; i < ARRAY_SIZE(inodes); i++) {
			file = find_file(watch, inodes[i]);
			if (file)
				file->mapped = true;
		}
	}
	mmap_read_unlock(mm);
	drop_files(watch, false);
	watch->many = max(2 * watch->nr, WATCH_MANY);
}

static int watch_inode(struct openmosix_watch *watch, struct inode *inode)
{
	struct watched_file *file = find_file(watch, inode);
	int ret;

	if (file) {
		if (is_watched(file))
			return 0;
		/* That was another one, which is gone. */
		drop_file(watch, file);
	}
	file = kzalloc_obj(*file);
	if (!file)
		return -ENOMEM;
	refcount_inc(&watch->refs);
	file->watch = watch;
	file->inode = inode;
	file->least = LLONG_MAX;
	fsnotify_init_mark(&file->mark, watch_group);
	file->mark.mask = WATCH_EVENTS;
	file->mark.flags = FSNOTIFY_MARK_FLAG_NO_IREF;
	ret = fsnotify_add_inode_mark(&file->mark, inode, 0);
	if (ret) {
		fsnotify_put_mark(&file->mark);
		return ret;
	}
	rb_add(&file->node, &watch->files, comes_before);
	watch->nr++;
	/* Who opens it counts itself before it looks for marks. */
	smp_mb();
	if (inode_is_open_for_write(inode)) {
		guard(spinlock)(&watch->lock);
		watch->open = true;
	}
	return 0;
}

/* The next file that is mapped in a range, with a reference. */
static struct file *next_file(struct mm_struct *mm, unsigned long *start, unsigned long end)
{
	struct file *file = NULL;
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, *start);
	for_each_vma_range(vmi, vma, end) {
		if (maps_file(vma)) {
			*start = vma->vm_end;
			file = get_file(vma->vm_file);
			break;
		}
	}
	mmap_read_unlock(mm);
	return file;
}

/**
 * openmosix_watch_range - watch what is mapped in a range, too
 * @watch: the watch
 * @mm: home address space
 * @start: its first address
 * @end: the first address behind it
 *
 * Return: 0 or -errno.
 */
int openmosix_watch_range(struct openmosix_watch *watch, struct mm_struct *mm,
			  unsigned long start, unsigned long end)
{
	struct inode *inodes[2];
	struct file *file;
	int ret = 0;

	guard(mutex)(&watch->mutex);
	if (watch->nr >= watch->many)
		forget_unmapped(watch, mm);
	while (!ret && (file = next_file(mm, &start, end))) {
		inodes_of(file, inodes);
		ret = watch_inode(watch, inodes[0]);
		if (!ret)
			ret = watch_inode(watch, inodes[1]);
		fput(file);
	}
	return ret;
}

/** openmosix_watch_new - watch no file yet */
struct openmosix_watch *openmosix_watch_new(void)
{
	struct openmosix_watch *watch = kzalloc_obj(*watch);

	if (!watch)
		return NULL;
	refcount_set(&watch->refs, 1);
	mutex_init(&watch->mutex);
	spin_lock_init(&watch->lock);
	watch->files = RB_ROOT;
	watch->many = WATCH_MANY;
	return watch;
}

/** openmosix_watch_end - watch nothing any more; nobody else uses it, may sleep */
void openmosix_watch_end(struct openmosix_watch *watch)
{
	drop_files(watch, true);
	put_watch(watch);
}

/* ---- what its owner hears ---- */

/** openmosix_watch_sleep - the current task is to be woken by what happens, or not any more */
void openmosix_watch_sleep(struct openmosix_watch *watch, bool asleep)
{
	guard(spinlock)(&watch->lock);
	watch->sleeper = asleep ? current : NULL;
}

/** openmosix_watch_has_news - has anything happened since openmosix_watch_take()? */
bool openmosix_watch_has_news(const struct openmosix_watch *watch)
{
	return READ_ONCE(watch->news);
}

/** openmosix_watch_is_open - may anybody write to one of the files? */
bool openmosix_watch_is_open(const struct openmosix_watch *watch)
{
	return READ_ONCE(watch->open);
}

/**
 * openmosix_watch_take - have openmosix_watch_next() tell what has happened so far
 * @watch: the watch
 *
 * Return: false if it is nothing.
 */
bool openmosix_watch_take(struct openmosix_watch *watch)
{
	struct watched_file *file;
	struct rb_node *node;

	if (!READ_ONCE(watch->news) && !READ_ONCE(watch->open))
		return false;
	guard(mutex)(&watch->mutex);
	guard(spinlock)(&watch->lock);
	for (node = rb_first(&watch->files); node; node = rb_next(node)) {
		file = rb_entry(node, struct watched_file, node);
		file->was_changed = file->changed;
		file->was_least = file->least;
		file->changed = false;
		file->least = LLONG_MAX;
	}
	watch->news = false;
	watch->open = false;
	return true;
}

/* What has happened to the file of a mapping? */
static bool look_at(struct openmosix_watch *watch, struct vm_area_struct *vma,
		    struct openmosix_area *out)
{
	pgoff_t first = vma->vm_pgoff, pages;
	loff_t least = LLONG_MAX;
	struct watched_file *file;
	struct inode *inodes[2];

	inodes_of(vma->vm_file, inodes);
	*out = (struct openmosix_area){ .start = vma->vm_start, .end = vma->vm_end };
	for (int i = 0; i < ARRAY_SIZE(inodes); i++) {
		file = find_file(watch, inodes[i]);
		if (!file || !is_watched(file)) {
			/* Nobody would hear of it. */
			out->stay = OPENMOSIX_STAY_MONKEY;
		} else if (file->was_changed) {
			out->changed = true;
			least = min(least, file->was_least);
		}
	}
	pages = min(DIV_ROUND_UP_ULL(least, PAGE_SIZE), first + vma_pages(vma));
	out->kept = pages > first ? (pages - first) << PAGE_SHIFT : 0;
	if (inode_is_open_for_write(inodes[0])) {
		scoped_guard(spinlock, &watch->lock)
			watch->open = true;
		out->stay |= openmosix_vma_stay(vma);
	}
	return out->changed || out->stay;
}

/**
 * openmosix_watch_next - the next mapping whose file has changed, or must not
 * be mapped away from home any more
 * @watch: the watch
 * @mm: home address space
 * @from: where to look from
 * @out: filled in
 *
 * Return: false if there is none.
 */
bool openmosix_watch_next(struct openmosix_watch *watch, struct mm_struct *mm,
			  unsigned long from, struct openmosix_area *out)
{
	struct vm_area_struct *vma;

	guard(mutex)(&watch->mutex);
	mmap_read_lock(mm);
	VMA_ITERATOR(vmi, mm, from);
	for_each_vma(vmi, vma) {
		if (maps_file(vma) && look_at(watch, vma, out))
			break;
	}
	mmap_read_unlock(mm);
	return vma;
}

/**
 * openmosix_watch_start - make what all watches need
 *
 * Context: process context, once, before the first watch.
 *
 * Return: 0 or -errno: there will be no openMosix then.
 */
int openmosix_watch_start(void)
{
	watch_group = fsnotify_alloc_group(&watch_ops, FSNOTIFY_GROUP_DUPS);
	return PTR_ERR_OR_ZERO(watch_group);
}
