// SPDX-License-Identifier: GPL-2.0-only

//! The handshake: how two nodes prove to each other that they hold the cluster key.
//!
//! ```text
//! client                                   server
//!   Hello (nonce c)            ────▶
//!                              ◀────       Hello (nonce s)
//!   HMAC(key, client, hellos)  ────▶
//!                              ◀────       HMAC(key, server, hellos)
//! ```
//!
//! The server proves nothing before the client did, and each proof names its role, so that neither can be
//! played back at the other. A server that refuses a client with the key
//! proves that with another role, which says why. A [`Hello`] is all that is ever parsed from a stranger.

use super::{
    codec::Reader,
    VERSION, //
};

/// First bytes of every connection.
const MAGIC: [u8; 8] = *b"openMosi";

/// Bytes of a proof.
pub(crate) const PROOF: usize = 32;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Purpose {
    /// Joins two nodes.
    Control = 1,
    /// The call lane of a migrated process.
    Process = 2,
    /// The page lane of a migrated process.
    Pages = 3,
}

impl Purpose {
    fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::Control),
            2 => Some(Self::Process),
            3 => Some(Self::Pages),
            _ => None,
        }
    }
}

/// Why a hello is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// This is no node of openMosix, or a broken one.
    Malformed,
    /// It speaks another protocol.
    Version(u16),
}

/// Who calls, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The node that the sender says it is.
    pub(crate) node: u16,
    /// What the connection is for; the server repeats the client's.
    pub(crate) purpose: Purpose,
    /// What the sender can do beyond the protocol's version; both sides use what both can do.
    pub(crate) features: u64,
    /// Never used before.
    pub(crate) nonce: [u8; 32],
}

impl Hello {
    /// Bytes on the wire, in every version of the protocol.
    pub(crate) const SIZE: usize = 64;

    /// The bytes to send.
    pub(crate) fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let parts: [&[u8]; 6] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &self.node.to_le_bytes(),
            &(self.purpose as u32).to_le_bytes(),
            &self.features.to_le_bytes(),
            &self.nonce,
        ];
        for (byte, value) in bytes.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *value;
        }
        bytes
    }

    /// Reads and checks a stranger's hello.
    pub(crate) fn decode(bytes: &[u8; Self::SIZE]) -> Result<Self, Unfit> {
        let mut from = Reader::new(bytes);
        let mut read = || {
            let magic: [u8; 8] = from.get()?;
            let version: u16 = from.get()?;
            let node: u16 = from.get()?;
            let purpose: u32 = from.get()?;
            let features: u64 = from.get()?;
            let nonce: [u8; 32] = from.get()?;
            let zero: u64 = from.get()?;
            Ok((magic, version, node, purpose, features, nonce, zero))
        };
        let (magic, version, node, purpose, features, nonce, zero) =
            read().map_err(|_: super::Malformed| Unfit::Malformed)?;
        if magic != MAGIC {
            return Err(Unfit::Malformed);
        }
        if version != VERSION {
            return Err(Unfit::Version(version));
        }
        let purpose = u16::try_from(purpose)
            .ok()
            .and_then(Purpose::from_number)
            .ok_or(Unfit::Malformed)?;
        if node == 0 || zero != 0 {
            return Err(Unfit::Malformed);
        }
        Ok(Self {
            node,
            purpose,
            features,
            nonce,
        })
    }
}

/// Who gives a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The side that called.
    Client,
    /// The side that was called.
    Server,
    /// The same, which refuses the client: another node has its id.
    Taken,
    /// The same, which refuses the client: it lets in only nodes that it was told of.
    Closed,
}

/// Bytes that a proof is computed over.
pub(crate) const TRANSCRIPT: usize = 16 + 2 * Hello::SIZE;

/// What `role` has to sign with the cluster key: its role, and both hellos as they were sent.
pub(crate) fn transcript(
    role: Role,
    client: &[u8; Hello::SIZE],
    server: &[u8; Hello::SIZE],
) -> [u8; TRANSCRIPT] {
    let label: &[u8; 16] = match role {
        Role::Client => b"openMosix client",
        Role::Server => b"openMosix server",
        Role::Taken => b"openMosix taken\0",
        Role::Closed => b"openMosix closed",
    };
    let mut bytes = [0; TRANSCRIPT];
    let signed = label.iter().chain(client).chain(server);
    for (byte, value) in bytes.iter_mut().zip(signed) {
        *byte = *value;
    }
    bytes
}
