// SPDX-License-Identifier: GPL-2.0-only

//! A lane: the messages of one move of one process, on a channel of its own.
//!
//! Each migrated process has two: the call lane, on which its two tasks talk, and the page lane, on
//! which home asks for memory. A lane carries the epoch of the move; frames of another epoch are
//! dropped unread.

use super::{
    Channel,
    Deadline,
    Wait, //
};
use crate::wire::{
    Header,
    Kind,
    Message, //
};
use kernel::{
    alloc::KVVec,
    prelude::*,
    sync::Arc, //
};

/// How long a frame may take to be sent on: half as long as a sender lets its peer read nothing.
const PASS_MS: u32 = 5_000;

/// A frame that arrived.
pub(crate) struct Frame {
    header: Header,
    payload: KVVec<u8>,
}

impl Frame {
    /// What it carries.
    pub(crate) fn kind(&self) -> Kind {
        self.header.kind
    }

    /// The number that pairs a question with its answer.
    pub(crate) fn seq(&self) -> u64 {
        self.header.seq
    }

    /// The message in it.
    pub(crate) fn read<'a, M: Message<'a>>(&'a self) -> Result<M> {
        if self.header.kind != M::KIND {
            return Err(EPROTO);
        }
        M::decode(&self.payload).map_err(|_| EPROTO)
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Lane {
    channel: Arc<Channel>,
    epoch: u32,
}

impl Lane {
    /// The lane of move number `epoch` on `channel`.
    pub(crate) fn new(channel: Arc<Channel>, epoch: u32) -> Self {
        Self { channel, epoch }
    }

    /// The lane that a peer has opened: its first frame says of which move it is.
    pub(crate) fn accept(channel: Arc<Channel>, deadline: Deadline) -> Result<(Self, Frame)> {
        let mut payload = KVVec::new();
        let header = channel.recv(Wait::Killable, deadline, &mut payload)?;
        let epoch = header.epoch;
        Ok((Self { channel, epoch }, Frame { header, payload }))
    }

    /// The channel it runs on.
    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.channel
    }

    /// Sends a message.
    pub(crate) fn say<'a, M: Message<'a>>(&self, seq: u64, message: &M) -> Result {
        self.say_with(seq, message, &[])
    }

    /// Sends a message with more bytes in its last field. They may be many, and are not copied.
    pub(crate) fn say_with<'a, M: Message<'a>>(
        &self,
        seq: u64,
        message: &M,
        more: &[u8],
    ) -> Result {
        self.channel.send_message(self.epoch, seq, message, more)
    }

    /// Sends a message whose bytes are in parts.
    pub(crate) fn say_parts(&self, kind: Kind, seq: u64, parts: &[&[u8]]) -> Result {
        self.channel.send(kind, self.epoch, seq, parts)
    }

    /// Sends a frame on that came on another lane, from which nothing is read meanwhile: its sender must not give up.
    pub(crate) fn pass_on(&self, frame: &Frame) -> Result {
        let deadline = Deadline::ms(PASS_MS);
        let (kind, seq) = (frame.kind(), frame.seq());
        self.channel
            .send_by(deadline, kind, self.epoch, seq, &[&frame.payload])
    }

    /// Waits for the next frame.
    pub(crate) fn hear(&self, wait: Wait, deadline: Deadline) -> Result<Frame> {
        let mut payload = KVVec::new();
        loop {
            let header = self.channel.recv(wait, deadline, &mut payload)?;
            if header.epoch == self.epoch {
                return Ok(Frame { header, payload });
            }
            if deadline.is_over() {
                return Err(ETIMEDOUT);
            }
        }
    }

    /// Waits for one frame that must carry `M`, and hands it to `then`.
    pub(crate) fn hear_message<M, T>(
        &self,
        deadline: Deadline,
        then: impl FnOnce(M) -> Result<T>,
    ) -> Result<T>
    where
        M: for<'a> Message<'a>,
    {
        let frame = self.hear(Wait::Killable, deadline)?;
        then(frame.read::<M>()?)
    }

    /// Ends the lane: whoever waits on it, here or there, hears of it.
    pub(crate) fn close(&self) {
        self.channel.shutdown();
    }
}
