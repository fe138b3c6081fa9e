// SPDX-License-Identifier: GPL-2.0-only

//! Home's half: from a request to the arguments of a native system call, and from its result to a
//! reply.
//!
//! The segments are laid out in a *window*, a stretch of the deputy's own user address space which
//! holds nothing else. A segment keeps its address modulo the largest of 16, 512 and 4096 that is
//! not above its length: calls that care for alignment, as direct I/O does, answer as on the guest.

use super::{
    memory::Fault,
    param::{
        register,
        Back,
        Length,
        Param,
        Width, //
    },
    request::{
        int_at,
        long_at,
        Broken,
        Malformed,
        Request,
        COUNT_LEN,
        LEN_LEN, //
    },
    walk::{
        Holder,
        Segment,
        MAX_SEGMENTS,
        MESSAGE_POINTERS, //
    },
    Args,
    Memory,
    MAX_DATA, //
};

/// The size of a window that every request fits into. Its base is aligned to [`PAGE`].
pub(crate) const WINDOW: usize = (2 * MAX_DATA + 16 * MAX_SEGMENTS).next_multiple_of(PAGE as usize);

/// What the base of a window is aligned to.
pub(crate) const PAGE: u64 = 4096;

/// Where segments go, one after another.
struct Layout {
    /// The base of the window.
    base: u64,
    /// What is taken, from the base on.
    used: u64,
}

impl Layout {
    const fn new(base: u64) -> Self {
        Self { base, used: 0 }
    }

    /// The window address of the next segment.
    fn next(&mut self, segment: &Segment) -> Result<u64, Broken> {
        let grain: u64 = match segment.len {
            0..512 => 16,
            512..4096 => 512,
            _ => PAGE,
        };
        let gap = segment.addr.wrapping_sub(self.used) & (grain - 1);
        let start = self.used + gap;
        let end = start + u64::from(segment.len);
        if end > WINDOW as u64 {
            return Err(Malformed::TooLarge.into());
        }
        self.used = end;
        self.base.checked_add(start).ok_or(Broken::Fault)
    }
}

impl<'a> Request<'a> {
    /// How much of the window this request uses.
    pub(crate) fn window_len(&self) -> Result<usize, Broken> {
        let mut layout = Layout::new(0);
        self.each(|segment, _| layout.next(segment).map(|_| ()))?;
        usize::try_from(layout.used).map_err(|_| Broken::Fault)
    }

    /// Writes the request's data into the window at `base`, and rewrites the pointers to it.
    pub(crate) fn place<M: Memory>(self, base: u64, window: &mut M) -> Result<Placed<'a>, Broken> {
        if base & (PAGE - 1) != 0 {
            return Err(Broken::Fault);
        }
        let mut layout = Layout::new(base);
        let mut args = *self.args();
        let mut root: u64 = 0;
        let mut array: u64 = 0;
        self.each(|segment, data| {
            let addr = layout.next(segment)?;
            if !data.is_empty() {
                window.write(addr, data)?;
            }
            match segment.holder {
                Holder::Register => {
                    root = addr;
                    if let Some(register) = args.get_mut(usize::from(segment.arg)) {
                        *register = addr;
                    }
                }
                Holder::Root(offset) => {
                    window.write(root.wrapping_add(u64::from(offset)), &addr.to_le_bytes())?;
                }
                Holder::Array(offset) => {
                    window.write(array.wrapping_add(u64::from(offset)), &addr.to_le_bytes())?;
                }
            }
            if segment.array {
                array = addr;
            }
            Ok(())
        })?;
        Ok(Placed {
            request: self,
            base,
            args,
        })
    }
}

/// A request whose data is in the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    request: Request<'a>,
    base: u64,
    args: Args,
}

impl Placed<'_> {
    /// The same call of a process whose table has room for so many descriptors: in a set it looks at no more.
    pub(crate) fn within(mut self, fds: u32) -> Self {
        for param in self.request.params() {
            let Param::Buffer {
                len: Length::Bits(arg),
                ..
            } = param
            else {
                continue;
            };
            let count = self.args.get_mut(usize::from(*arg));
            if let Some(count) = count.filter(|count| Width::Int.value(**count) > u64::from(fds)) {
                *count = u64::from(fds);
            }
        }
        self
    }

    /// The arguments for the native system call.
    pub(crate) fn args(&self) -> &Args {
        &self.args
    }

    /// The user address on the guest that a window address stands for.
    ///
    /// A call that is interrupted by a signal may leave pointers in the task's restart block. They
    /// have to be the program's, because the window will hold something else by then.
    pub(crate) fn user_address(&self, addr: u64) -> Option<u64> {
        let mut layout = Layout::new(self.base);
        let mut found = None;
        self.request
            .each(|segment, _| {
                let start = layout.next(segment)?;
                if let Some(offset) = addr.checked_sub(start) {
                    if offset < u64::from(segment.len) {
                        found = segment.addr.checked_add(offset);
                    }
                }
                Ok(())
            })
            .ok()?;
        found
    }

    /// Puts into the window what the program has already of a call that is gone on with: what came back when the
    /// call had done so much.
    pub(crate) fn take_up<M: Memory>(
        &self,
        done: i64,
        window: &M,
        memory: &mut impl Memory,
    ) -> Result<(), Broken> {
        self.each_back(done, window, |segment, sent, addr, back| {
            if sent.is_empty() {
                copy(memory, segment.addr, addr, back)?;
            }
            Ok(())
        })
    }

    /// The most bytes that a reply can have.
    pub(crate) fn reply_room(&self) -> Result<usize, Broken> {
        let mut len = COUNT_LEN;
        self.request.each(|segment, _| {
            if segment.dir.writes() {
                len += LEN_LEN + segment.len as usize;
            }
            Ok(())
        })?;
        Ok(len)
    }

    /// The size of the reply to a call that returned `result`.
    pub(crate) fn reply_len<M: Memory>(&self, result: i64, window: &M) -> Result<usize, Broken> {
        let mut len = COUNT_LEN;
        self.each_back(result, window, |_, _, _, back| {
            len += LEN_LEN + back;
            Ok(())
        })?;
        Ok(len)
    }

    /// Writes the reply into `out`, which is [`Self::reply_len`] bytes long.
    pub(crate) fn reply<M: Memory>(
        &self,
        result: i64,
        window: &M,
        out: &mut [u8],
    ) -> Result<(), Broken> {
        let mut count: u16 = 0;
        self.each_back(result, window, |_, _, _, _| {
            count += 1;
            Ok(())
        })?;
        let (counted, rest) = out
            .split_first_chunk_mut::<COUNT_LEN>()
            .ok_or(Malformed::Length)?;
        *counted = count.to_le_bytes();
        let (mut lens, mut bytes) = rest
            .split_at_mut_checked(usize::from(count) * LEN_LEN)
            .ok_or(Malformed::Length)?;
        self.each_back(result, window, |segment, sent, addr, back| {
            let (len, more) = core::mem::take(&mut lens)
                .split_first_chunk_mut::<LEN_LEN>()
                .ok_or(Malformed::Length)?;
            *len = u32::try_from(back)
                .map_err(|_| Malformed::Length)?
                .to_le_bytes();
            lens = more;
            let (data, more) = core::mem::take(&mut bytes)
                .split_at_mut_checked(back)
                .ok_or(Malformed::Length)?;
            if !data.is_empty() {
                window.read(addr, data)?;
            }
            restore(segment, sent, data);
            bytes = more;
            Ok(())
        })
    }

    /// Shows each segment that travels out, with the data that travelled in, its window address,
    /// and how many bytes of it come back.
    fn each_back<M: Memory>(
        &self,
        result: i64,
        window: &M,
        mut visit: impl FnMut(&Segment, &[u8], u64, usize) -> Result<(), Broken>,
    ) -> Result<(), Broken> {
        let mut layout = Layout::new(self.base);
        // What is left of the result for the elements of an array.
        let mut left = u64::try_from(result).unwrap_or(0);
        self.request.each(|segment, sent| {
            let addr = layout.next(segment)?;
            if !segment.dir.writes() {
                return Ok(());
            }
            let back = match (segment.back, u64::try_from(result)) {
                (Back::Always, _) => u64::MAX,
                (_, Err(_)) => 0,
                (Back::Success, Ok(_)) => u64::MAX,
                (Back::Positive, Ok(result)) if result > 0 => u64::MAX,
                (Back::Positive, Ok(_)) => 0,
                (Back::Returned { unit, plus }, Ok(result)) => result
                    .saturating_mul(u64::from(unit))
                    .saturating_add(u64::from(plus)),
                (Back::Bits(arg), Ok(_)) => Length::Bits(arg).of(&self.args).unwrap_or(0),
                (Back::Scattered, Ok(_)) => left,
                (Back::Field { arg, offset, long }, Ok(_)) => {
                    self.field(arg, offset, long, window)?
                }
            };
            let back = back.min(u64::from(segment.len));
            if segment.back == Back::Scattered {
                left -= back;
            }
            let back = usize::try_from(back).map_err(|_| Broken::Fault)?;
            visit(segment, sent, addr, back)
        })
    }

    /// The length that the call left in a structure.
    fn field<M: Memory>(
        &self,
        arg: u8,
        offset: u32,
        long: bool,
        window: &M,
    ) -> Result<u64, Broken> {
        let addr = register(&self.args, arg)
            .checked_add(u64::from(offset))
            .ok_or(Broken::Fault)?;
        let mut value = [0; 8];
        if long {
            window.read(addr, &mut value)?;
            return Ok(long_at(&value, 0));
        }
        let (int, _) = value.split_at_mut(4);
        window.read(addr, int)?;
        Ok(Width::Int.value(u64::from(int_at(&value, 0))))
    }
}

/// Copies bytes to another place.
fn copy(memory: &mut impl Memory, from: u64, to: u64, len: usize) -> Result<(), Fault> {
    let mut bytes = [0; 128];
    for at in (0..len).step_by(bytes.len()) {
        let part = bytes.len().min(len - at);
        let part = bytes.get_mut(..part).ok_or(Fault)?;
        let at = at as u64;
        memory.read(from.checked_add(at).ok_or(Fault)?, part)?;
        memory.write(to.checked_add(at).ok_or(Fault)?, part)?;
    }
    Ok(())
}

/// Puts the program's own pointers back into message headers.
fn restore(segment: &Segment, sent: &[u8], back: &mut [u8]) {
    if segment.messages == 0 {
        return;
    }
    let stride = segment.messages as usize;
    for (sent, back) in sent.chunks(stride).zip(back.chunks_mut(stride)) {
        for start in MESSAGE_POINTERS {
            let range = start..start + 8;
            if let (Some(sent), Some(back)) = (sent.get(range.clone()), back.get_mut(range)) {
                back.copy_from_slice(sent);
            }
        }
    }
}
