// SPDX-License-Identifier: GPL-2.0-only

#ifdef CONFIG_OPENMOSIX

#include <crypto/utils.h>
#include <linux/cpumask.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <net/sock.h>

/* Sockets. */

__rust_helper wait_queue_head_t *rust_helper_sk_sleep(struct sock *sk)
{
	return sk_sleep(sk);
}

/* As tcp_poll() asks: TCP calls ->sk_write_space() only while the bit is set. */
__rust_helper bool rust_helper_sk_stream_is_writeable(struct sock *sk)
{
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	smp_mb__after_atomic();
	return sk_stream_is_writeable(sk);
}

__rust_helper void rust_helper_read_lock_bh(rwlock_t *lock)
{
	read_lock_bh(lock);
}

__rust_helper void rust_helper_read_unlock_bh(rwlock_t *lock)
{
	read_unlock_bh(lock);
}

__rust_helper void rust_helper_write_lock_bh(rwlock_t *lock)
{
	write_lock_bh(lock);
}

__rust_helper void rust_helper_write_unlock_bh(rwlock_t *lock)
{
	write_unlock_bh(lock);
}

/* Tasks. */

__rust_helper bool rust_helper_fatal_signal_pending(struct task_struct *task)
{
	return fatal_signal_pending(task);
}

__rust_helper void rust_helper_set_notify_signal(struct task_struct *task)
{
	set_notify_signal(task);
}

/* Secrets. */

__rust_helper unsigned long rust_helper_crypto_memneq(const void *a, const void *b, size_t size)
{
	return crypto_memneq(a, b, size);
}

__rust_helper void rust_helper_memzero_explicit(void *s, size_t count)
{
	memzero_explicit(s, count);
}

/* Others. */

__rust_helper unsigned int rust_helper_num_online_cpus(void)
{
	return num_online_cpus();
}

__rust_helper void *rust_helper_pde_data(const struct inode *inode)
{
	return pde_data(inode);
}

/* Memory. */

__rust_helper void *rust_helper_page_address(struct page *page)
{
	return page_address(page);
}

__rust_helper void rust_helper_task_lock(struct task_struct *task)
{
	task_lock(task);
}

__rust_helper void rust_helper_task_unlock(struct task_struct *task)
{
	task_unlock(task);
}

__rust_helper bool rust_helper_task_sigpending(struct task_struct *task)
{
	return task_sigpending(task);
}

#endif /* CONFIG_OPENMOSIX */
