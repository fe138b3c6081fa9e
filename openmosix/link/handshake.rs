// SPDX-License-Identifier: GPL-2.0-only

//! Proving both sides of a new connection; [`crate::wire::hello`] says what is exchanged.

use kernel::prelude::*;

use super::refused::Refusal;
use crate::{
    node::{
        self,
        Ip,
        NodeId, //
    },
    sys::{
        crypto,
        socket::Socket,
        wait::{
            Deadline,
            Wait, //
        },
    },
    wire::hello::{
        transcript,
        Hello,
        Purpose,
        Role,
        Unfit,
        PROOF, //
    },
};

/// What this node can do beyond the protocol's version: nothing yet, whatever the other one can do.
const FEATURES: u64 = 0;

/// Who called, and what for.
pub(super) struct Caller {
    pub(super) node: NodeId,
    pub(super) purpose: Purpose,
}

fn my_hello(purpose: Purpose) -> Result<Hello> {
    Ok(Hello {
        node: node::id_self().ok_or(ESHUTDOWN)?.get(),
        purpose,
        features: FEATURES,
        nonce: crypto::random(),
    })
}

/// The side that calls: proves this node to `to`, or to whoever is there, and that one to this node. Who it is.
///
/// # Errors
///
/// `EADDRINUSE`: the other side says that another node has this node's id. `EHOSTUNREACH`: it is another node, or does
/// not let this one in.
pub(super) fn call(
    socket: &Socket,
    to: Option<NodeId>,
    purpose: Purpose,
    deadline: Deadline,
) -> Result<NodeId> {
    let mine = my_hello(purpose)?.encode();
    socket.send(&[&mine], Wait::Killable, deadline)?;

    let mut theirs = [0; Hello::SIZE];
    socket.recv_exact(&mut theirs, Wait::Killable, deadline)?;
    let hello = Hello::decode(&theirs).map_err(|unfit| match unfit {
        Unfit::Version(_) => Refusal::Version,
        Unfit::Malformed => Refusal::Malformed,
    })?;
    let node = NodeId::new(hello.node).ok_or(EPROTO)?;
    if to.is_some_and(|to| to != node) || hello.purpose != purpose {
        return Err(Refusal::UnknownNode.into());
    }

    let proof = node::sign(&transcript(Role::Client, &mine, &theirs))?;
    socket.send(&[&proof], Wait::Killable, deadline)?;

    let mut proof = [0; PROOF];
    socket
        .recv_exact(&mut proof, Wait::Killable, deadline)
        // A node that does not like our proof says nothing.
        .map_err(|error| {
            if error == ECONNRESET {
                EKEYREJECTED
            } else {
                error
            }
        })?;
    let says = |role| -> Result<bool> {
        let wanted = node::sign(&transcript(role, &mine, &theirs))?;
        Ok(crypto::same(&proof, &wanted))
    };
    if says(Role::Server)? {
        return Ok(node);
    }
    if says(Role::Taken)? {
        return Err(Refusal::Conflict.into());
    }
    if says(Role::Closed)? {
        return Err(Refusal::UnknownNode.into());
    }
    Err(Refusal::NoKey.into())
}

/// The side that is called: finds out who it is, and proves this node to it.
pub(super) fn answer(socket: &Socket, deadline: Deadline) -> core::result::Result<Caller, Refusal> {
    let lost = |error| {
        if error == ETIMEDOUT {
            Refusal::Timeout
        } else {
            Refusal::Malformed
        }
    };
    let receive = |to: &mut [u8]| {
        socket
            .recv_exact(to, Wait::Killable, deadline)
            .map_err(lost)
    };
    let send = |bytes: &[u8]| {
        socket
            .send(&[bytes], Wait::Killable, deadline)
            .map_err(lost)
    };

    let mut theirs = [0; Hello::SIZE];
    receive(&mut theirs)?;
    let hello = match Hello::decode(&theirs) {
        Ok(hello) => hello,
        Err(Unfit::Malformed) => return Err(Refusal::Malformed),
        Err(Unfit::Version(_)) => {
            // It should learn why.
            if let Ok(mine) = my_hello(Purpose::Control) {
                let _ = send(&mine.encode());
            }
            return Err(Refusal::Version);
        }
    };
    let mine = my_hello(hello.purpose)
        .map_err(|_| Refusal::UnknownNode)?
        .encode();
    send(&mine)?;

    let mut proof = [0; PROOF];
    receive(&mut proof)?;
    let wanted =
        node::sign(&transcript(Role::Client, &theirs, &mine)).map_err(|_| Refusal::NoKey)?;
    if !crypto::same(&proof, &wanted) {
        return Err(Refusal::NoKey);
    }

    let peer = socket.peer().map_err(lost)?;
    let node = NodeId::new(hello.node).ok_or(Refusal::Malformed)?;
    let verdict = node::admits(node, Ip::from_bits(peer.ip), hello.purpose);
    let role = match verdict {
        Ok(()) => Role::Server,
        Err(Refusal::Conflict) => Role::Taken,
        Err(_) => Role::Closed,
    };
    let proof = node::sign(&transcript(role, &theirs, &mine)).map_err(|_| Refusal::NoKey)?;
    send(&proof)?;
    verdict?;
    Ok(Caller {
        node,
        purpose: hello.purpose,
    })
}
