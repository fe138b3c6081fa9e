// SPDX-License-Identifier: GPL-2.0-only

//! One function that puts any bytes through the decoder of any kind of frame. The fuzz target uses it, too.

use crate::wire::{
    call::{Call, Reply},
    control::{Leave, Ping, Pong},
    gossip::Gossip,
    image::{Cpu, ImageEnd, ImageStart, Installed, Mm, Signals, Task, Vmas},
    life::{
        ComeHome, Evict, Fault, Grown, Kill, Pause, Paused, Recall, Resume, Signal, Stale, Usage,
    },
    pages::{Bytes, Done, Fetch, NoPage, Pages, Peek, Poke, UsageAsked},
    prepare::{Abort, Clock, ClockAsked, Commit, Committed, Join, Prepare, Ready, Refused},
    Full, Kind, Malformed, Message, Put,
};

/// A [`Put`] that the host has.
pub(crate) struct Grow(pub(crate) Vec<u8>);

impl Put for Grow {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The payload of a message.
pub(crate) fn encode<'a, M: Message<'a>>(message: &M) -> Vec<u8> {
    let mut to = Grow(Vec::new());
    assert_eq!(message.encode(&mut to), Ok(()));
    to.0
}

fn again<'a, M: Message<'a>>(payload: &'a [u8]) -> Result<Vec<u8>, Malformed> {
    M::decode(payload).map(|message| encode(&message))
}

fn vmas(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    let vmas = Vmas::decode(payload)?;
    assert_eq!(
        vmas.areas.iter().filter(|area| area.is_ok()).count(),
        vmas.areas.len()
    );
    Ok(encode(&vmas))
}

fn signals(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    let signals = Signals::decode(payload)?;
    assert_eq!(
        signals
            .actions
            .iter()
            .filter(|action| action.is_ok())
            .count(),
        64
    );
    Ok(encode(&signals))
}

fn gossip(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    let gossip = Gossip::decode(payload)?;
    assert_eq!(
        gossip
            .vectors
            .iter()
            .filter(|vector| vector.is_ok())
            .count(),
        gossip.vectors.len()
    );
    Ok(encode(&gossip))
}

fn pages(payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    let pages = Pages::decode(payload)?;
    assert!(pages.count() > 0);
    assert_eq!(pages.iter().count(), pages.count());
    Ok(encode(&pages))
}

/// Decodes a payload and encodes it again. What was accepted must come out as it went in: there is one way to say
/// each thing.
///
/// Every kind is here, or this does not compile.
pub(crate) fn decode(kind: Kind, payload: &[u8]) -> Result<Vec<u8>, Malformed> {
    match kind {
        Kind::Ping => again::<Ping>(payload),
        Kind::Pong => again::<Pong>(payload),
        Kind::Leave => again::<Leave>(payload),
        Kind::Gossip => gossip(payload),
        Kind::Prepare => again::<Prepare>(payload),
        Kind::Ready => again::<Ready>(payload),
        Kind::Refused => again::<Refused<'_>>(payload),
        Kind::Join => again::<Join>(payload),
        Kind::ClockAsked => again::<ClockAsked>(payload),
        Kind::Clock => again::<Clock>(payload),
        Kind::ImageStart => again::<ImageStart>(payload),
        Kind::Mm => again::<Mm>(payload),
        Kind::Vmas => vmas(payload),
        Kind::Pages => pages(payload),
        Kind::Cpu => again::<Cpu<'_>>(payload),
        Kind::Signals => signals(payload),
        Kind::Task => again::<Task>(payload),
        Kind::ImageEnd => again::<ImageEnd>(payload),
        Kind::Installed => again::<Installed>(payload),
        Kind::Commit => again::<Commit>(payload),
        Kind::Committed => again::<Committed>(payload),
        Kind::Abort => again::<Abort<'_>>(payload),
        Kind::Call => again::<Call<'_>>(payload),
        Kind::Reply => again::<Reply<'_>>(payload),
        Kind::Signal => again::<Signal>(payload),
        Kind::Pause => again::<Pause>(payload),
        Kind::Paused => again::<Paused>(payload),
        Kind::Resume => again::<Resume>(payload),
        Kind::Recall => again::<Recall>(payload),
        Kind::ComeHome => again::<ComeHome>(payload),
        Kind::Stale => again::<Stale>(payload),
        Kind::Grown => again::<Grown>(payload),
        Kind::Usage => again::<Usage>(payload),
        Kind::Kill => again::<Kill>(payload),
        Kind::Fault => again::<Fault>(payload),
        Kind::Evict => again::<Evict>(payload),
        Kind::Fetch => again::<Fetch>(payload),
        Kind::NoPage => again::<NoPage>(payload),
        Kind::Peek => again::<Peek>(payload),
        Kind::Bytes => again::<Bytes<'_>>(payload),
        Kind::Poke => again::<Poke<'_>>(payload),
        Kind::Done => again::<Done>(payload),
        Kind::UsageAsked => again::<UsageAsked>(payload),
    }
}
