// SPDX-License-Identifier: GPL-2.0-only

//! What the administrator has set (`/proc/hpc/admin`). It outlives openMosix being switched off.

use super::speed;
use crate::{
    balance::{
        own::Own,
        rules::Limits,
        vector::Status, //
    },
    load::{
        process::Decay,
        Processors, //
    },
    sys::machine,
};

/// Whether processes of this node are placed (`balance`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Only by hand.
    Off,
    /// By load, memory and communication.
    On,
    /// Also when they begin to run a program.
    Exec,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// `stay`, `lstay`, `block` and `quiet`.
    pub(crate) switches: Status,
    /// All guests have to leave (`expel`).
    pub(crate) expel: bool,
    /// All processes of this node have to come home (`bring`).
    pub(crate) bring: bool,
    /// Whether processes are placed.
    pub(crate) policy: Policy,
    /// Speed of a processor; 0 is the one that was measured last.
    pub(crate) speed: u32,
    /// What the node may carry.
    pub(crate) limits: Limits,
    /// How slow processes of this node forget.
    pub(crate) slow: Decay,
    /// How fast others do.
    pub(crate) fast: Decay,
}

impl Settings {
    /// Nothing was set.
    pub(crate) fn new() -> Self {
        Self {
            switches: Status::default(),
            expel: false,
            bring: false,
            policy: Policy::On,
            speed: 0,
            limits: Limits::NONE,
            slow: Decay::SLOW,
            fast: Decay::FAST,
        }
    }

    /// The speed that counts.
    pub(crate) fn speed(&self) -> u32 {
        if self.speed == 0 {
            speed::measured()
        } else {
            self.speed
        }
    }

    /// Makes a node what was set.
    pub(super) fn apply(&self, own: &mut Own) {
        own.status = Status::CONF
            .with(Status::UP, true)
            .with(self.switches, true);
        own.expel = self.expel;
        own.bring = self.bring;
        own.processors = Processors::new(machine::cpus(), self.speed());
        own.limits = self.limits;
    }
}
