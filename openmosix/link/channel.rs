// SPDX-License-Identifier: GPL-2.0-only

//! One authenticated connection, and frames on it.

use kernel::{
    prelude::*,
    sync::{
        aref::ARef,
        Arc, //
    },
    task::Task, //
};

use super::{
    handshake,
    registry, //
};
use crate::{
    fault::{
        self,
        Point, //
    },
    node::{
        self,
        Ip,
        NodeId, //
    },
    shortage,
    sys::{
        gate::{
            new_gate,
            Gate,
            Pass, //
        },
        socket::{
            Address,
            Socket, //
        },
        wait::{
            fatal_signal_pending,
            Deadline,
            Wait, //
        },
    },
    wire::{
        Header,
        Kind,
        Message,
        Purpose, //
    },
};

/// How long a frame may take to be sent, when its sender does not say.
pub(crate) const SEND_MS: u32 = 20_000;

/// How long the rest of a frame may take whose header is here.
const REST_MS: u32 = 20_000;

/// A frame that is on its way. Who is killed while receiving leaves the rest to the next.
struct Incoming {
    header: [u8; Header::SIZE],
    /// Bytes of the header that are here.
    got: usize,
    payload: KVVec<u8>,
}

/// A connection to another node, both of whom proved that they hold the cluster key.
///
/// Frames are whole or not at all: after a failure in the middle of sending one the channel is dead. Memory that is
/// short is waited for, as long as the frame may take.
///
/// # Locks
///
/// Two gates, `sending` and `receiving`; both may be held while waiting for the peer or for memory, and only for
/// that. No other lock is taken inside them.
#[pin_data(PinnedDrop)]
pub(crate) struct Channel {
    socket: Arc<Socket>,
    peer: NodeId,
    purpose: Purpose,
    #[pin]
    sending: Gate<()>,
    #[pin]
    receiving: Gate<Incoming>,
}

impl Channel {
    /// Connects to a node and proves both sides, in at most `deadline_ms`. Only a fatal signal ends it early.
    pub(crate) fn dial(to: NodeId, purpose: Purpose, deadline_ms: u32) -> Result<Arc<Channel>> {
        fault::hit(Point::Dial)?;
        let deadline = Deadline::ms(deadline_ms);
        let address = node::address(to).ok_or(EHOSTUNREACH)?;
        let socket = Socket::connect(address, Wait::Killable, deadline)?;
        handshake::call(&socket, Some(to), purpose, deadline)?;
        Self::new(socket, to, purpose)
    }

    /// As [`Channel::dial`], for whoever is at that address; `ELOOP` if that is this node itself.
    pub(crate) fn dial_address(
        to: Address,
        purpose: Purpose,
        deadline_ms: u32,
    ) -> Result<Arc<Channel>> {
        let deadline = Deadline::ms(deadline_ms);
        let socket = Socket::connect(to, Wait::Killable, deadline)?;
        if socket.local()?.ip == to.ip {
            return Err(ELOOP);
        }
        let node = handshake::call(&socket, None, purpose, deadline)?;
        Self::new(socket, node, purpose)
    }

    /// A channel over a connection whose handshake is done.
    pub(super) fn new(socket: Socket, peer: NodeId, purpose: Purpose) -> Result<Arc<Channel>> {
        let socket = Arc::new(socket, GFP_KERNEL)?;
        let registered = socket.clone();
        let channel = Arc::pin_init(
            pin_init!(Self {
                socket,
                peer,
                purpose,
                sending <- new_gate!((), "Channel::sending"),
                receiving <- new_gate!(
                    Incoming { header: [0; Header::SIZE], got: 0, payload: KVVec::new() },
                    "Channel::receiving"
                ),
            }),
            GFP_KERNEL,
        )?;
        registry::add(peer, registered)?;
        Ok(channel)
    }

    /// The node at the other end.
    pub(crate) fn peer(&self) -> NodeId {
        self.peer
    }

    /// The addresses of this end and of the other one.
    pub(crate) fn ends(&self) -> Result<(Ip, Ip)> {
        let (here, there) = (self.socket.local()?, self.socket.peer()?);
        Ok((Ip::from_bits(here.ip), Ip::from_bits(there.ip)))
    }

    /// What the channel is for.
    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Sends a frame whose payload is `parts`, one after the other. Only a fatal signal ends it early.
    pub(crate) fn send(&self, kind: Kind, epoch: u32, seq: u64, parts: &[&[u8]]) -> Result {
        self.send_by(Deadline::ms(SEND_MS), kind, epoch, seq, parts)
    }

    /// As [`Channel::send`], with another deadline.
    pub(crate) fn send_by(
        &self,
        deadline: Deadline,
        kind: Kind,
        epoch: u32,
        seq: u64,
        parts: &[&[u8]],
    ) -> Result {
        fault::hit(Point::Send)?;
        let len = parts.iter().map(|part| part.len()).sum::<usize>();
        if len > kind.max_len() {
            return Err(EMSGSIZE);
        }
        let header = Header {
            kind,
            len: len as u32,
            epoch,
            seq,
        }
        .encode();

        let pass = self.sending.enter(Wait::Killable, deadline)?;
        let sent = shortage::outlast(deadline, || self.send_frame(&header, parts, deadline));
        if sent.is_err_and(|error| error != EINTR && error != ENOMEM) {
            self.shutdown();
        }
        drop(pass);
        sent
    }

    fn send_frame(&self, header: &[u8], parts: &[&[u8]], deadline: Deadline) -> Result {
        /// Frames of so many parts need no memory.
        const FEW: usize = 7;

        let mut few: [&[u8]; FEW + 1] = [header; FEW + 1];
        if let Some(all) = few.get_mut(..=parts.len()) {
            for (to, part) in all.iter_mut().skip(1).zip(parts) {
                *to = part;
            }
            return self.socket.send(all, Wait::Killable, deadline);
        }
        let mut many = KVec::with_capacity(parts.len() + 1, GFP_KERNEL)?;
        many.push(header, GFP_KERNEL)?;
        many.extend_from_slice(parts, GFP_KERNEL)?;
        self.socket.send(&many, Wait::Killable, deadline)
    }

    /// Encodes a message and sends it, with more bytes behind it.
    pub(crate) fn send_message<'m, M: Message<'m>>(
        &self,
        epoch: u32,
        seq: u64,
        message: &M,
        more: &[u8],
    ) -> Result {
        let mut payload = KVVec::new();
        shortage::outlast(Deadline::ms(SEND_MS), || {
            payload.clear();
            Ok(message.encode(&mut crate::error::Growing(&mut payload))?)
        })?;
        self.send(M::KIND, epoch, seq, &[&payload, more])
    }

    /// Receives the next frame: its header is returned, its payload replaces what was in `buf`.
    ///
    /// `wait` and `deadline` say how long to wait for a header. When that is complete, the rest, and memory for it, is
    /// waited for killably and with a deadline of its own.
    ///
    /// # Errors
    ///
    /// `EAGAIN`, `ERESTARTSYS`, `EINTR` and `ETIMEDOUT` as for [`Wait`] and [`Deadline`]: what was received so
    /// far is kept for the next call, and the channel can be used on. Anything else means that it is dead:
    /// `ECONNRESET` when the peer closed it, `EPROTO` when it broke the rules.
    pub(crate) fn recv(
        &self,
        wait: Wait,
        deadline: Deadline,
        buf: &mut KVVec<u8>,
    ) -> Result<Header> {
        fault::hit(Point::Receive)?;
        // A peer that never stops talking must not keep the task alive.
        if fatal_signal_pending() {
            return Err(EINTR);
        }
        let mut incoming = self.receiving.enter(wait, deadline)?;
        self.recv_header(&mut incoming, wait, deadline)?;
        let result = self.recv_rest(&mut incoming, buf);
        if result.as_ref().is_err_and(|error| *error != EINTR) {
            self.shutdown();
        }
        result
    }

    /// Waits until there is something to receive, or `done`, which must not sleep.
    pub(crate) fn wait(
        &self,
        wait: Wait,
        deadline: Deadline,
        done: impl FnMut() -> bool,
    ) -> Result {
        self.socket.wait_readable_or(wait, deadline, done)
    }

    fn recv_header(
        &self,
        incoming: &mut Pass<'_, Incoming>,
        wait: Wait,
        deadline: Deadline,
    ) -> Result {
        let Incoming { header, got, .. } = &mut **incoming;
        while let Some(rest) = header.get_mut(*got..).filter(|rest| !rest.is_empty()) {
            match self.socket.recv(rest) {
                Ok(more) => *got += more,
                Err(error) if error == EAGAIN => self.socket.wait_readable(wait, deadline)?,
                Err(error) => {
                    self.shutdown();
                    // Nothing but a dead connection looks dead to the caller.
                    return Err(if error == ETIMEDOUT {
                        ECONNRESET
                    } else {
                        error
                    });
                }
            }
        }
        Ok(())
    }

    fn recv_rest(&self, incoming: &mut Pass<'_, Incoming>, buf: &mut KVVec<u8>) -> Result<Header> {
        let header = Header::decode(&incoming.header)?;
        let payload = &mut incoming.payload;
        let left = (header.len as usize).saturating_sub(payload.len());
        let deadline = Deadline::ms(REST_MS);
        shortage::outlast(deadline, || Ok(payload.reserve(left, GFP_KERNEL)?))?;
        self.socket
            .recv_append(payload, left, Wait::Killable, deadline)
            .map_err(|error| match error {
                error if error == ENOMEM || error == EINTR => error,
                _ => ECONNRESET,
            })?;
        incoming.got = 0;
        *buf = core::mem::take(&mut incoming.payload);
        Ok(header)
    }

    /// Ends the connection at once; all who wait on it fail.
    pub(crate) fn shutdown(&self) {
        self.socket.shutdown();
    }

    /// Whether neither end has closed it, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.socket.is_connected()
    }

    /// Whether there is something to receive, or the connection has ended.
    pub(crate) fn is_readable(&self) -> bool {
        self.socket.is_readable()
    }

    /// Has `task` kicked whenever something arrives or the connection ends; `None` kicks nobody.
    ///
    /// Receive once afterwards: what was there before does not kick.
    pub(crate) fn notify(&self, task: Option<ARef<Task>>) {
        self.socket.notify(task);
    }
}

#[pinned_drop]
impl PinnedDrop for Channel {
    fn drop(self: Pin<&mut Self>) {
        self.socket.shutdown();
        registry::remove(&self.socket);
    }
}
