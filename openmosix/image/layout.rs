// SPDX-License-Identifier: GPL-2.0-only

//! The layout of the address space: which mappings there are, and where the heap ends.

use crate::{
    error::Growing,
    link::lane::{
        Frame,
        Lane, //
    },
    sys::{
        guest::{
            self,
            HomeFile, //
        },
        mm::{
            Mm,
            Vma, //
        },
    },
    wire::{
        image::{
            self,
            Mm as Numbers,
            Vmas, //
        },
        Fixed,
        Records, //
    },
};
use kernel::{
    alloc::KVVec,
    bindings,
    prelude::*, //
};

/// Mappings per frame.
const BATCH: usize = 512;

fn to_wire(vma: &Vma) -> image::Vma {
    let stack = if vma.growsdown != 0 {
        image::Vma::GROWS_DOWN
    } else {
        0
    };
    image::Vma {
        start: vma.start as u64,
        end: vma.end as u64,
        flags: u64::from(vma.prot) | stack,
        kind: u64::from(vma.kind),
    }
}

fn from_wire(vma: &image::Vma) -> Result<Vma> {
    let mut out = Vma::default();
    if vma.start >= vma.end || vma.end > usize::MAX as u64 {
        return Err(EPROTO);
    }
    out.start = vma.start as usize;
    out.end = vma.end as usize;
    out.prot = (vma.flags & 7) as u32;
    out.growsdown = u32::from(vma.flags & image::Vma::GROWS_DOWN != 0);
    out.kind = u32::try_from(vma.kind).map_err(|_| EPROTO)?;
    Ok(out)
}

/// Sends that of the current task.
pub(crate) fn capture(lane: &Lane, mm: &Mm) -> Result {
    let (start_brk, brk) = guest::brk();
    lane.say(
        0,
        &Numbers {
            start_brk,
            brk,
            vdso: mm.vdso(),
        },
    )?;
    let mut from = 0;
    loop {
        let mut bytes = KVVec::new();
        let mut count = 0;
        while count < BATCH {
            let Some(vma) = mm.next_vma(from) else {
                break;
            };
            from = vma.end as u64;
            if vma.kind != bindings::openmosix_vma_kind_OPENMOSIX_VMA_SPECIAL {
                put(&to_wire(&vma), &mut bytes)?;
                count += 1;
            }
        }
        if count == 0 {
            return Ok(());
        }
        lane.say(
            0,
            &Vmas {
                areas: Records::new(&bytes).map_err(|_| EINVAL)?,
            },
        )?;
    }
}

fn put<'a, T: Fixed<'a>>(record: &T, to: &mut KVVec<u8>) -> Result {
    record.put(&mut Growing(to)).map_err(|_| ENOMEM)
}

/// Makes the numbers those of the current guest. Its vDSO is mapped before all else.
pub(crate) fn install_numbers(frame: &Frame) -> Result {
    let numbers: Numbers = frame.read()?;
    if numbers.vdso != 0 {
        guest::map_vdso(numbers.vdso)?;
    }
    guest::set_brk(numbers.start_brk, numbers.brk)
}

/// Makes mappings of the current guest.
pub(crate) fn install_mappings(frame: &Frame, home: &HomeFile) -> Result {
    let vmas: Vmas<'_> = frame.read()?;
    for vma in vmas.areas.iter() {
        home.map(&from_wire(&vma.map_err(|_| EPROTO)?)?)?;
    }
    Ok(())
}
