// SPDX-License-Identifier: GPL-2.0-only

#ifdef CONFIG_OPENMOSIX

#include <crypto/utils.h>
#include <linux/cpumask.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/proc_fs.h>
#include <linux/psi.h>
#include <linux/sched/loadavg.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

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

/*
 * The fields of a sock: bindgen loses a member of socket_lock_t, so what it
 * says about the fields behind is right only by luck.
 */

/* Gives a socket call-backs, and data for them. */
__rust_helper void rust_helper_openmosix_sk_watch(struct sock *sk, void *watch,
						  void (*on_data)(struct sock *sk),
						  void (*on_space)(struct sock *sk))
{
	/* We send from within page faults, which may happen while the task's fragment is in use. */
	sk->sk_use_task_frag = false;
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = watch;
	sk->sk_data_ready = on_data;
	sk->sk_state_change = on_data;
	sk->sk_error_report = on_data;
	sk->sk_write_space = on_space;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* Locks the call-backs out; they find no data any more if @forget. */
__rust_helper void rust_helper_openmosix_sk_write_lock(struct sock *sk, bool forget)
{
	write_lock_bh(&sk->sk_callback_lock);
	if (forget)
		sk->sk_user_data = NULL;
}

__rust_helper void rust_helper_openmosix_sk_write_unlock(struct sock *sk)
{
	write_unlock_bh(&sk->sk_callback_lock);
}

/* The data of the call-backs, for use until unlocked. */
__rust_helper void *rust_helper_openmosix_sk_read_lock(struct sock *sk)
{
	read_lock_bh(&sk->sk_callback_lock);
	return sk->sk_user_data;
}

__rust_helper void rust_helper_openmosix_sk_read_unlock(struct sock *sk)
{
	read_unlock_bh(&sk->sk_callback_lock);
}

__rust_helper int rust_helper_openmosix_sk_state(struct sock *sk)
{
	return inet_sk_state_load(sk);
}

__rust_helper int rust_helper_openmosix_sk_error(struct sock *sk)
{
	return READ_ONCE(sk->sk_err);
}

/* Do both directions work, as far as is known? */
__rust_helper bool rust_helper_openmosix_sk_connected(struct sock *sk)
{
	return inet_sk_state_load(sk) == TCP_ESTABLISHED && !READ_ONCE(sk->sk_err) &&
	       !READ_ONCE(sk->sk_shutdown);
}

__rust_helper bool rust_helper_openmosix_sk_has_data(struct sock *sk)
{
	return !skb_queue_empty_lockless(&sk->sk_receive_queue);
}

/*
 * Has the next call on a socket of the current task tell an error: on @any, as
 * recvmmsg() does it, or on one of TCP, which keeps what has ended a connection
 * until a call has nothing else to return.
 */
__rust_helper void rust_helper_openmosix_leave_error(unsigned int fd, int error, bool any)
{
	CLASS(fd, f)(fd);
	struct socket *sock = fd_empty(f) ? NULL : sock_from_file(fd_file(f));

	if (sock && (any || sk_is_tcp(sock->sk)))
		WRITE_ONCE(sock->sk->sk_err, error);
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

/* Load. */

__rust_helper bool rust_helper_openmosix_is_running(struct task_struct *task)
{
	return task_is_running(task);
}

/* Per mille of the last ten seconds in which some task waited for memory. */
__rust_helper u32 rust_helper_openmosix_memory_pressure(void)
{
#ifdef CONFIG_PSI
	return psi_system.avg[PSI_MEM_SOME][0] * 10 >> FSHIFT;
#else
	return 0;
#endif
}

/* Others. */

__rust_helper int rust_helper_task_nice(const struct task_struct *task)
{
	return task_nice(task);
}

__rust_helper char rust_helper_task_state_to_char(struct task_struct *task)
{
	return task_state_to_char(task);
}

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
