// SPDX-License-Identifier: GPL-2.0-only

//! All else about the task: its name, its clocks, and what it registered with the kernel.

use crate::{
    link::lane::{
        Frame,
        Lane, //
    },
    sys::{
        self,
        task::Registrations, //
    },
    task::clock::Ahead,
    wire::image::Task as Message,
};
use kernel::prelude::*;

/// The part as it arrived.
pub(crate) struct Task(Message);

/// Sends that of the current task.
pub(crate) fn capture(lane: &Lane, ahead: Ahead) -> Result {
    let registrations = sys::task::registrations();
    let (stack_soft, stack_hard) = sys::task::stack_limit();
    let (space, space_pages) = sys::task::space_limit();
    lane.say(
        0,
        &Message {
            comm: sys::task::comm(&sys::task::current()),
            rseq: registrations.rseq,
            rseq_len: registrations.rseq_len,
            rseq_sig: registrations.rseq_sig,
            rseq_cpu: registrations.rseq_cpu,
            rseq_cid: registrations.rseq_cid,
            rseq_node: registrations.rseq_node,
            robust: registrations.robust_list,
            clear_child_tid: registrations.clear_child_tid,
            altstack: registrations.altstack,
            altstack_size: registrations.altstack_size,
            altstack_flags: u64::from(registrations.altstack_flags),
            monotonic_ahead: ahead.monotonic,
            boottime_ahead: ahead.boottime,
            realtime_ahead: ahead.realtime,
            stack_soft,
            stack_hard,
            space,
            space_pages,
            personality: sys::task::personality(),
        },
    )
}

impl Task {
    /// Takes it from a frame.
    pub(crate) fn read(frame: &Frame) -> Result<Self> {
        Ok(Self(frame.read()?))
    }

    /// Sends it on to another node, with what home knows: clocks and limits.
    pub(crate) fn pass_on(mut self, lane: &Lane, ahead: Ahead) -> Result {
        let (stack_soft, stack_hard) = sys::task::stack_limit();
        self.0.monotonic_ahead = ahead.monotonic;
        self.0.boottime_ahead = ahead.boottime;
        self.0.realtime_ahead = ahead.realtime;
        self.0.stack_soft = stack_soft;
        self.0.stack_hard = stack_hard;
        (self.0.space, self.0.space_pages) = sys::task::space_limit();
        lane.say(0, &self.0)
    }

    /// Clocks and limits of the current guest, before it has an address space.
    pub(crate) fn install_clocks(&self) -> Result {
        sys::guest::set_clocks(
            self.0.monotonic_ahead,
            self.0.boottime_ahead,
            self.0.realtime_ahead,
        )?;
        sys::task::set_stack_limit(self.0.stack_soft, self.0.stack_hard);
        Ok(())
    }

    /// Name of the current guest.
    pub(crate) fn install_name(&self) {
        sys::task::set_comm(&self.0.comm);
    }

    /// What the current guest has registered, and what holds for its later mappings, once its memory is
    /// there.
    pub(crate) fn install_space(&self) -> Result {
        sys::task::set_personality(self.0.personality);
        sys::task::set_space_limit(self.0.space, self.0.space_pages);
        self.install_registrations()
    }

    /// What the current task has registered, once its memory is there.
    pub(crate) fn install_registrations(&self) -> Result {
        sys::task::set_registrations(&Registrations {
            rseq: self.0.rseq,
            rseq_len: self.0.rseq_len,
            rseq_sig: self.0.rseq_sig,
            rseq_cpu: self.0.rseq_cpu,
            rseq_cid: self.0.rseq_cid,
            rseq_node: self.0.rseq_node,
            robust_list: self.0.robust,
            clear_child_tid: self.0.clear_child_tid,
            altstack: self.0.altstack,
            altstack_size: self.0.altstack_size,
            altstack_flags: u32::try_from(self.0.altstack_flags).map_err(|_| EPROTO)?,
        });
        Ok(())
    }
}
