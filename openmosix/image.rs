// SPDX-License-Identifier: GPL-2.0-only

//! The image of a process: one serialiser for whatever a process is moved by.
//!
//! An image is a sequence of parts, each a message of [`crate::wire::image`]. Each part has a module
//! with `capture` and `install`. They come in this order:
//!
//! ```text
//! ImageStart  Task  [Mm  Vmas…]  Cpu  Signals  Pages…  ImageEnd
//! ```
//!
//! What may fail comes last: who passes an image on, or gets only a part of it, knows all else by then.
//!
//! `Mm` and `Vmas` are sent by home only: home keeps the layout.

pub(crate) mod cpu;
pub(crate) mod layout;
pub(crate) mod memory;
pub(crate) mod signals;
pub(crate) mod task;

use crate::{
    fault::{
        self,
        Point, //
    },
    link::lane::Lane,
    sys::mm::Mm,
    task::clock::Ahead,
    wire::image::{
        ImageEnd,
        ImageStart, //
    },
};
use kernel::prelude::*;

/// Milliseconds that a peer may take for the next part of an image.
pub(crate) const PATIENCE_MS: u32 = 20_000;

/// Which way an image goes.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// From home, layout and all, to a node whose clocks are so far behind.
    Out(Ahead),
    /// To home, which has the layout, or by way of home to another node.
    Back,
}

/// Sends the image of the current task; returns how many pages there were.
pub(crate) fn send(lane: &Lane, mm: &Mm, way: Way) -> Result<u64> {
    lane.say(0, &ImageStart {})?;
    match way {
        Way::Out(ahead) => {
            task::capture(lane, ahead)?;
            layout::capture(lane, mm)?;
        }
        Way::Back => task::capture(lane, Ahead::default())?,
    }
    cpu::capture(lane)?;
    signals::capture(lane)?;
    if matches!(way, Way::Back) {
        fault::hit(Point::LeaveCopy)?;
    }
    let pages = memory::capture(lane, mm)?;
    lane.say(0, &ImageEnd { pages })?;
    Ok(pages)
}
