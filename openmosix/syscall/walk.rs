// SPDX-License-Identifier: GPL-2.0-only

//! From a description and six registers to a list of memory segments.
//!
//! The guest and home make this list independently, by the same walk: the guest from user memory,
//! home from the bytes that the guest sent. That is how home checks them.

use super::{
    param::{
        register,
        Back,
        Direction,
        Length,
        Param,
        Width, //
    },
    request::{
        int_at,
        long_at, //
    },
    Args,
    MAX_DATA, //
};

/// The most elements of one array of `struct iovec`, as in the kernel.
pub(crate) const MAX_IOV: u64 = 1024;
/// The most messages of one `sendmmsg`.
const MAX_MESSAGES: u64 = 16;
/// The most segments of one request.
pub(crate) const MAX_SEGMENTS: usize = 1040;

const IOVEC: u64 = 16;
/// `struct msghdr`: name 0, its length 8, iov 16, its count 24, control 32, its length 40, flags 48.
const MSGHDR: usize = 56;
/// `struct mmsghdr`: a message, and how much of it was sent.
const MMSGHDR: u32 = 64;
/// The pointers in both, from the start of each.
pub(crate) const MESSAGE_POINTERS: [usize; 3] = [0, 16, 32];

/// A stretch of user memory that takes part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The argument that leads to it.
    pub(crate) arg: u8,
    /// Its number among the segments of this argument; 0 is what the register points at.
    pub(crate) part: u16,
    /// Which way it travels.
    pub(crate) dir: Direction,
    /// Its user address on the guest. Not zero.
    pub(crate) addr: u64,
    /// Its length. Not zero.
    pub(crate) len: u32,
    /// How much of it comes back.
    pub(crate) back: Back,
    /// Where the pointer to it is.
    pub(crate) holder: Holder,
    /// Whether it is an array with pointers to others, other than part 0.
    pub(crate) array: bool,
    /// The size of the message headers that it consists of, or zero: their pointers are not for the
    /// guest to see after home rewrote them.
    pub(crate) messages: u32,
}

/// Where the pointer to a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// In the register of the argument.
    Register,
    /// In part 0 of the argument, at this offset.
    Root(u32),
    /// In the last array of the argument, at this offset.
    Array(u32),
}

/// A structure from which the walk reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The argument that leads to it.
    pub(crate) arg: u8,
    /// Its number among the segments of this argument.
    pub(crate) part: u16,
    /// Its user address.
    pub(crate) addr: u64,
}

/// The call has more data than a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Who walks: answers what the registers do not say, and is told of each segment in order.
pub(crate) trait Walker {
    /// Why the walk ends early.
    type Error: From<TooLarge>;

    /// The bytes that a string at this place takes, its NUL included, `max` at most.
    fn string(&mut self, place: Place, max: u32) -> Result<u32, Self::Error>;

    /// Reads part of a structure which is a segment of its own, told before or later.
    fn field(&mut self, place: Place, offset: u32, to: &mut [u8]) -> Result<(), Self::Error>;

    /// A segment.
    fn segment(&mut self, segment: &Segment) -> Result<(), Self::Error>;
}

/// Walks through all segments of a call.
pub(crate) fn walk<W: Walker>(
    params: &[Param],
    args: &Args,
    walker: &mut W,
) -> Result<(), W::Error> {
    let mut walk = Walk {
        args,
        walker,
        arg: 0,
        part: 0,
        segments: 0,
        total: 0,
    };
    for (arg, param) in (0u8..).zip(params) {
        walk.arg = arg;
        walk.part = 0;
        walk.param(param)?;
    }
    Ok(())
}

/// A walk under way.
struct Walk<'w, W> {
    args: &'w Args,
    walker: &'w mut W,
    arg: u8,
    part: u16,
    segments: usize,
    total: u64,
}

/// What is special about a segment, beside its place and length.
#[derive(Clone, Copy)]
struct Traits {
    dir: Direction,
    back: Back,
    holder: Holder,
    array: bool,
    messages: u32,
}

impl Traits {
    /// A plain buffer to which the register points.
    const fn plain(dir: Direction, back: Back) -> Self {
        Self {
            dir,
            back,
            holder: Holder::Register,
            array: false,
            messages: 0,
        }
    }

    /// The same, pointed at from elsewhere.
    const fn held_by(self, holder: Holder) -> Self {
        Self { holder, ..self }
    }
}

/// Something that the call only reads.
const READ: Traits = Traits::plain(Direction::In, Back::Success);

impl<W: Walker> Walk<'_, W> {
    fn param(&mut self, param: &Param) -> Result<(), W::Error> {
        let addr = register(self.args, self.arg);
        if addr == 0 {
            return Ok(());
        }
        match *param {
            Param::Value => Ok(()),
            Param::Str { max } => {
                let len = self.walker.string(self.here(addr), max)?;
                self.tell(addr, u64::from(len), READ)
            }
            Param::Buffer { dir, len, back } => {
                let len = self.length(len)?;
                self.tell(addr, len, Traits::plain(dir, back))
            }
            Param::Iov { dir, count } => {
                let count = register(self.args, count);
                self.iov(addr, count, dir, Holder::Register)
            }
            Param::Msg { dir } => self.message(addr, dir),
            Param::Messages { count } => self.messages(addr, count),
            Param::MaskPair => self.mask_pair(addr),
        }
    }

    /// The place of the next segment.
    fn here(&self, addr: u64) -> Place {
        Place {
            arg: self.arg,
            part: self.part,
            addr,
        }
    }

    fn length(&mut self, length: Length) -> Result<u64, W::Error> {
        if let Length::Pointee(arg) = length {
            let place = Place {
                arg,
                part: 0,
                addr: register(self.args, arg),
            };
            let mut value = [0; 4];
            self.walker.field(place, 0, &mut value)?;
            return Ok(Width::Int.value(u64::from(u32::from_le_bytes(value))));
        }
        Ok(length.of(self.args).unwrap_or(0))
    }

    /// Tells the walker of a segment, unless it is empty: then its pointer passes as it is.
    fn tell(&mut self, addr: u64, len: u64, traits: Traits) -> Result<(), W::Error> {
        if addr == 0 || len == 0 {
            return Ok(());
        }
        self.total = self.total.saturating_add(len);
        self.segments = self.segments.saturating_add(1);
        if self.total > MAX_DATA as u64 || self.segments > MAX_SEGMENTS {
            return Err(TooLarge.into());
        }
        let segment = Segment {
            arg: self.arg,
            part: self.part,
            dir: traits.dir,
            addr,
            len: u32::try_from(len).map_err(|_| TooLarge)?,
            back: traits.back,
            holder: traits.holder,
            array: traits.array,
            messages: traits.messages,
        };
        self.part = self.part.saturating_add(1);
        self.walker.segment(&segment)
    }

    /// An array of `struct iovec`, and what its elements point at.
    fn iov(
        &mut self,
        addr: u64,
        count: u64,
        dir: Direction,
        holder: Holder,
    ) -> Result<(), W::Error> {
        if count > MAX_IOV {
            return Err(TooLarge.into());
        }
        let array = self.here(addr);
        self.tell(
            addr,
            count * IOVEC,
            Traits {
                array: array.part != 0,
                ..READ.held_by(holder)
            },
        )?;
        for offset in (0..count as u32).map(|i| i * IOVEC as u32) {
            let mut element = [0; IOVEC as usize];
            self.walker.field(array, offset, &mut element)?;
            let holder = if array.part == 0 {
                Holder::Root(offset)
            } else {
                Holder::Array(offset)
            };
            let back = match dir {
                Direction::InOut => Back::Always,
                _ => Back::Scattered,
            };
            self.tell(
                long_at(&element, 0),
                long_at(&element, 8),
                Traits::plain(dir, back).held_by(holder),
            )?;
        }
        Ok(())
    }

    /// A `struct msghdr`, and what it points at.
    fn message(&mut self, addr: u64, dir: Direction) -> Result<(), W::Error> {
        let root = self.here(addr);
        let header = if dir.writes() {
            Traits {
                messages: MSGHDR as u32,
                ..Traits::plain(Direction::InOut, Back::Always)
            }
        } else {
            READ
        };
        self.tell(addr, MSGHDR as u64, header)?;
        self.body(root, 0, dir)
    }

    /// An array of `struct mmsghdr` to send, and what they point at.
    fn messages(&mut self, addr: u64, count: u8) -> Result<(), W::Error> {
        let count = Width::Uint.value(register(self.args, count));
        if count > MAX_MESSAGES {
            return Err(TooLarge.into());
        }
        let root = self.here(addr);
        self.tell(
            addr,
            count * u64::from(MMSGHDR),
            Traits {
                messages: MMSGHDR,
                ..Traits::plain(Direction::InOut, Back::Always)
            },
        )?;
        for i in 0..count as u32 {
            self.body(root, i * MMSGHDR, Direction::In)?;
        }
        Ok(())
    }

    /// What the message header at an offset in part 0 points at.
    fn body(&mut self, root: Place, base: u32, dir: Direction) -> Result<(), W::Error> {
        let mut header = [0; MSGHDR];
        self.walker.field(root, base, &mut header)?;
        let field = |dir, offset, long| {
            Traits::plain(
                dir,
                Back::Field {
                    arg: root.arg,
                    offset: base + offset,
                    long,
                },
            )
        };
        // What is between two control messages nobody writes to.
        let control = match dir {
            Direction::Out => Direction::InOut,
            dir => dir,
        };
        self.tell(
            long_at(&header, 0),
            Width::Int.value(u64::from(int_at(&header, 8))),
            field(dir, 8, false).held_by(Holder::Root(base)),
        )?;
        self.tell(
            long_at(&header, 32),
            long_at(&header, 40),
            field(control, 40, true).held_by(Holder::Root(base + 32)),
        )?;
        let iov = long_at(&header, 16);
        if iov == 0 {
            return Ok(());
        }
        self.iov(iov, long_at(&header, 24), dir, Holder::Root(base + 16))
    }

    /// The pair of a signal set and its size.
    fn mask_pair(&mut self, addr: u64) -> Result<(), W::Error> {
        let root = self.here(addr);
        let mut pair = [0; 16];
        self.tell(addr, pair.len() as u64, READ)?;
        self.walker.field(root, 0, &mut pair)?;
        self.tell(
            long_at(&pair, 0),
            long_at(&pair, 8),
            READ.held_by(Holder::Root(0)),
        )
    }
}
