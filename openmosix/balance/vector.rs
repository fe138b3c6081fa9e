// SPDX-License-Identifier: GPL-2.0-only

//! What is known of a node: who it is, how it stands with it, and what it said about itself.

use super::rules::{
    Limits,
    Scope, //
};
use crate::{
    load::{
        Memory,
        Processors, //
    },
    node::map::NodeId,
    wire::{
        gossip,
        Malformed, //
    },
};

/// Bits of a node's status, up to 64 with openMosix's numbers. 64, `nomfs`, is kept for nodes whose files are not for
/// others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status(u16);

impl Status {
    /// In the map.
    pub(crate) const CONF: Self = Self(1);
    /// It is there.
    pub(crate) const UP: Self = Self(2);
    /// No process leaves by itself.
    pub(crate) const STAY: Self = Self(4);
    /// No process of its own leaves by itself; guests may.
    pub(crate) const LSTAY: Self = Self(8);
    /// It takes no guests.
    pub(crate) const BLOCK: Self = Self(16);
    /// It asks nobody, and nobody sends it processes; it answers, so that it does not count as lost.
    pub(crate) const QUIET: Self = Self(32);
    /// Its guests have to leave.
    pub(crate) const EXPEL: Self = Self(128);

    /// The bits as a number.
    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    /// The status that is this number.
    pub(crate) const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether all of `other` is set.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This with `other` set or not.
    pub(crate) const fn with(self, other: Self, set: bool) -> Self {
        if set {
            Self(self.0 | other.0)
        } else {
            Self(self.0 & !other.0)
        }
    }
}

/// How it stands with a node. The later ones are worse, and win if all else is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It lives.
    Alive,
    /// Somebody had no answer from it.
    Suspect,
    /// It crashed, or cannot be reached.
    Gone,
    /// It left in order.
    Left,
}

impl Standing {
    /// Whether it is no longer there.
    pub(crate) fn is_down(self) -> bool {
        self >= Self::Gone
    }

    const fn number(self) -> u16 {
        match self {
            Self::Alive => gossip::Vector::ALIVE,
            Self::Suspect => gossip::Vector::SUSPECT,
            Self::Gone => gossip::Vector::GONE,
            Self::Left => gossip::Vector::LEFT,
        }
    }

    const fn from_number(number: u16) -> Result<Self, Malformed> {
        match number {
            gossip::Vector::ALIVE => Ok(Self::Alive),
            gossip::Vector::SUSPECT => Ok(Self::Suspect),
            gossip::Vector::GONE => Ok(Self::Gone),
            gossip::Vector::LEFT => Ok(Self::Left),
            _ => Err(Malformed),
        }
    }
}

/// An address: IPv6, or IPv4 mapped into IPv6.
pub(crate) type Address = [u8; 16];

/// When a node said something: in which life, and how much it had said before. Later is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edition {
    /// Which life: the second in which the node was switched on, or a greater number.
    pub(crate) life: u32,
    /// Counts up in a life.
    pub(crate) version: u32,
}

/// What a node said about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vector {
    /// Its id.
    pub(crate) node: NodeId,
    /// Its address.
    pub(crate) address: Address,
    /// When it said this.
    pub(crate) edition: Edition,
    /// The administrator's switches there.
    pub(crate) status: Status,
    /// Its processors.
    pub(crate) processors: Processors,
    /// Hundredths of processes that run or wait for a processor.
    pub(crate) running: u32,
    /// Those of them that are guests.
    pub(crate) running_guests: u32,
    /// Guests there.
    pub(crate) guests: u16,
    /// Its memory.
    pub(crate) memory: Memory,
    /// What it may carry.
    pub(crate) limits: Limits,
}

/// What was told of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// What it said about itself.
    pub(crate) vector: Vector,
    /// How it stands with it.
    pub(crate) standing: Standing,
    /// How many milliseconds ago it said that.
    pub(crate) age_ms: u64,
}

/// Milliseconds that count as for ever.
const AGES: u64 = u32::MAX as u64;

impl Vector {
    /// This vector as a message tells it: how it stands with the node, and how many milliseconds ago it said this.
    pub(crate) fn tell(&self, standing: Standing, age_ms: u64) -> gossip::Vector {
        gossip::Vector {
            node: self.node.get(),
            status: self.status.bits(),
            standing: standing.number(),
            cpus: self.processors.count(),
            address: self.address,
            life: self.edition.life,
            version: self.edition.version,
            age: age_ms.min(AGES) as u32,
            running: self.running,
            speed: self.processors.speed(),
            guests: self.guests,
            pressure: self.memory.pressure,
            free: self.memory.free,
            total: self.memory.total,
            load_limit: self.limits.load,
            cpu_limit: self.limits.cpu,
            load_mode: self.limits.load_scope.number(),
            cpu_mode: self.limits.cpu_scope.number(),
            most_guests: self.limits.guests,
            running_guests: self.running_guests,
        }
    }
}

impl Told {
    /// What a peer told, if that makes sense.
    pub(crate) fn read(wire: &gossip::Vector) -> Result<Self, Malformed> {
        let node = NodeId::new(wire.node).ok_or(Malformed)?;
        let standing = Standing::from_number(wire.standing)?;
        if wire.cpus == 0
            || wire.speed == 0
            || wire.free > wire.total
            || wire.pressure > 1_000
            || wire.running_guests > wire.running
        {
            return Err(Malformed);
        }
        let scope = |mode: u8| Scope::from_number(mode.into()).ok_or(Malformed);
        let vector = Vector {
            node,
            address: wire.address,
            edition: Edition {
                life: wire.life,
                version: wire.version,
            },
            status: Status::from_bits(wire.status),
            processors: Processors::new(wire.cpus, wire.speed),
            running: wire.running,
            running_guests: wire.running_guests,
            guests: wire.guests,
            memory: Memory {
                free: wire.free,
                total: wire.total,
                pressure: wire.pressure,
            },
            limits: Limits {
                load: wire.load_limit,
                load_scope: scope(wire.load_mode)?,
                cpu: wire.cpu_limit,
                cpu_scope: scope(wire.cpu_mode)?,
                guests: wire.most_guests,
            },
        };
        Ok(Self {
            vector,
            standing,
            age_ms: wire.age.into(),
        })
    }
}
