/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What openMosix does: who is in the cluster, and what nodes tell each other.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM openmosix

#if !defined(_TRACE_OPENMOSIX_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_OPENMOSIX_H

#include <linux/tracepoint.h>

/* A message about nodes was sent to a node, or came from it. */
TRACE_EVENT(openmosix_gossip,
	TP_PROTO(unsigned int node, unsigned int bytes, bool sent),
	TP_ARGS(node, bytes, sent),
	TP_STRUCT__entry(
		__field(unsigned int, node)
		__field(unsigned int, bytes)
		__field(bool, sent)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->bytes = bytes;
		__entry->sent = sent;
	),
	TP_printk("node=%u bytes=%u %s", __entry->node, __entry->bytes,
		  __entry->sent ? "sent" : "heard")
);

/* Something happened to a node: numbers as in openmosix/sys/trace.rs. */
TRACE_EVENT(openmosix_member,
	TP_PROTO(unsigned int node, unsigned int what),
	TP_ARGS(node, what),
	TP_STRUCT__entry(
		__field(unsigned int, node)
		__field(unsigned int, what)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->what = what;
	),
	TP_printk("node=%u %s", __entry->node,
		  __print_symbolic(__entry->what, { 0, "joined" }, { 1, "suspect" },
				   { 2, "cleared" }, { 3, "gone" }, { 4, "left" },
				   { 5, "conflict" }))
);

/*
 * Something new was decided for a process of this node: to stay where it is, or
 * to go. Nodes are 0 for none; the reason is a word.
 */
TRACE_EVENT(openmosix_decide,
	TP_PROTO(int pid, unsigned int from, unsigned int to, const char *why,
		 unsigned long len),
	TP_ARGS(pid, from, to, why, len),
	TP_STRUCT__entry(
		__field(int, pid)
		__field(unsigned int, from)
		__field(unsigned int, to)
		__string_len(why, why, len)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->from = from;
		__entry->to = to;
		__assign_str(why);
	),
	TP_printk("pid=%d from=%u to=%u why=%s", __entry->pid, __entry->from,
		  __entry->to, __get_str(why))
);

/*
 * Something was decided for a guest, or for a process that wants to be one:
 * numbers as in openmosix/sys/trace.rs. The node is its home, and pid its
 * number there.
 */
TRACE_EVENT(openmosix_guest,
	TP_PROTO(unsigned int node, unsigned int pid, unsigned int what,
		 const char *why, unsigned long len),
	TP_ARGS(node, pid, what, why, len),
	TP_STRUCT__entry(
		__field(unsigned int, node)
		__field(unsigned int, pid)
		__field(unsigned int, what)
		__string_len(why, why, len)
	),
	TP_fast_assign(
		__entry->node = node;
		__entry->pid = pid;
		__entry->what = what;
		__assign_str(why);
	),
	TP_printk("node=%u pid=%u %s why=%s", __entry->node, __entry->pid,
		  __print_symbolic(__entry->what, { 0, "accepted" }, { 1, "refused" },
				   { 2, "pushed" }),
		  __get_str(why))
);

/* A process has moved; node 0 is home. */
TRACE_EVENT(openmosix_move,
	TP_PROTO(int pid, unsigned int from, unsigned int to, unsigned long pages),
	TP_ARGS(pid, from, to, pages),
	TP_STRUCT__entry(
		__field(int, pid)
		__field(unsigned int, from)
		__field(unsigned int, to)
		__field(unsigned long, pages)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->from = from;
		__entry->to = to;
		__entry->pages = pages;
	),
	TP_printk("pid=%d from=%u to=%u pages=%lu", __entry->pid, __entry->from,
		  __entry->to, __entry->pages)
);

#endif /* _TRACE_OPENMOSIX_H */

#include <trace/define_trace.h>
