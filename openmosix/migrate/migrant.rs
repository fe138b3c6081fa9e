// SPDX-License-Identifier: GPL-2.0-only

//! A process that may move, and which half of it a task is.
//!
//! There is one [`Migrant`] per task that openMosix knows of ([`crate::task`] says which these are). The task's
//! `openmosix` pointer owns one reference; it is set once, by whoever is first, and taken away when
//! the task exits. Only the task itself changes its role.
//!
//! Locks: `Migrant::role`, a spinlock under which nothing sleeps. See
//! Documentation/openmosix/locking.rst.

use crate::{
    deputy::Deputy,
    guest::Guest,
    task::Process, //
};
use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        aref::ARef,
        Arc,
        SpinLock, //
    },
    task::Task, //
};

/// Which half of a process a task is.
#[derive(Clone)]
pub(crate) enum Role {
    /// A whole process, at home.
    Local,
    /// The half at home: its user part is at [`Deputy::node`].
    Deputy(Arc<Deputy>),
    /// A task that is being made into a guest.
    Arriving,
    /// The half that computes, away from its home.
    Guest(Arc<Guest>),
}

/// See the module.
#[pin_data]
pub(crate) struct Migrant {
    #[pin]
    process: Process,
    #[pin]
    role: SpinLock<Role>,
}

impl Migrant {
    /// A task of which nothing was known.
    pub(crate) fn new(task: ARef<Task>, role: Role) -> Result<Arc<Self>> {
        Arc::pin_init(
            pin_init!(Self {
                process <- Process::new(task),
                role <- new_spinlock!(role, "Migrant::role"),
            }),
            GFP_KERNEL,
        )
    }

    /// The process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Which half the task is.
    pub(crate) fn role(&self) -> Role {
        self.role.lock().clone()
    }

    /// Makes it another half; returns what it was, to be dropped without a lock.
    pub(crate) fn set_role(&self, role: Role) -> Role {
        core::mem::replace(&mut *self.role.lock(), role)
    }
}
