// SPDX-License-Identifier: GPL-2.0-only

//! The language in which the table describes parameters.
//!
//! A description says which registers point at memory, how long that memory is, which way it
//! travels, and how much of it comes back. It need not be complete: a pointer that is described as
//! [`Param::Value`] reaches home unchanged, and home fetches the page when the call touches it.

use super::Args;

/// Which way the bytes of a parameter travel, seen from the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The call reads them.
    In,
    /// The call writes them.
    Out,
    /// The call reads or keeps some and writes others.
    InOut,
}

impl Direction {
    /// Whether bytes travel with the request.
    pub(crate) const fn reads(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }

    /// Whether bytes travel with the reply.
    pub(crate) const fn writes(self) -> bool {
        matches!(self, Self::Out | Self::InOut)
    }
}

/// How a register that holds a length is declared in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// `size_t`, `unsigned long`.
    Long,
    /// `unsigned int`: the upper half of the register is ignored.
    Uint,
    /// `int`: as `Uint`; a negative one is refused by the call before it touches memory.
    Int,
}

impl Width {
    /// The value of a register that is declared so.
    pub(crate) fn value(self, register: u64) -> u64 {
        let low = register & u64::from(u32::MAX);
        match self {
            Self::Long => register,
            Self::Uint => low,
            Self::Int if low > i32::MAX as u64 => 0,
            Self::Int => low,
        }
    }
}

/// How long a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// A structure of fixed size.
    Const(u32),
    /// `argument * unit + plus` bytes.
    Arg {
        /// The index of the argument.
        arg: u8,
        /// How the kernel reads it.
        width: Width,
        /// The size of one element.
        unit: u32,
        /// Bytes that are not counted by the argument.
        plus: u32,
    },
    /// An `fd_set` of as many bits as the argument (an `int`) says, in whole longs.
    Bits(u8),
    /// The `int` at which the argument points, a `socklen_t *`.
    Pointee(u8),
}

impl Length {
    /// The length for these arguments; [`u64::MAX`] where it overflows, and none where it is to be
    /// read from memory.
    pub(crate) fn of(self, args: &Args) -> Option<u64> {
        match self {
            Self::Const(len) => Some(u64::from(len)),
            Self::Arg {
                arg,
                width,
                unit,
                plus,
            } => Some(
                width
                    .value(register(args, arg))
                    .saturating_mul(u64::from(unit))
                    .saturating_add(u64::from(plus)),
            ),
            Self::Bits(arg) => Some(Width::Int.value(register(args, arg)).div_ceil(64) * 8),
            Self::Pointee(_) => None,
        }
    }
}

/// How much of a written buffer comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// All of it, whatever the call returned. Right for [`Direction::InOut`]: what the call did not
    /// write comes back as it went.
    Always,
    /// All of it when the call did not fail.
    Success,
    /// All of it when the call returned more than zero.
    Positive,
    /// `result * unit + plus` bytes.
    Returned {
        /// The size of what the result counts.
        unit: u32,
        /// Bytes that are not counted by the result.
        plus: u32,
    },
    /// When the call did not fail, as many bits as the argument (an `int`) says with which home made it, in whole
    /// longs.
    Bits(u8),
    /// As many bytes as the result says, spread over the elements of an array in their order.
    Scattered,
    /// As many bytes as the call left in a length field.
    Field {
        /// The argument that points at the structure with the field.
        arg: u8,
        /// Where the field is.
        offset: u32,
        /// Whether it is a `size_t`; an `int` otherwise.
        long: bool,
    },
}

/// One parameter of a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// Passed on as it is.
    Value,
    /// A string that ends with a NUL, of which at most `max` bytes matter. A longer one travels as
    /// `max` bytes without NUL, so that home gives the right error.
    Str {
        /// The most bytes that the call looks at, NUL included.
        max: u32,
    },
    /// A buffer.
    Buffer {
        /// Which way it travels.
        dir: Direction,
        /// How long it is.
        len: Length,
        /// How much comes back.
        back: Back,
    },
    /// An array of `struct iovec`.
    Iov {
        /// Which way the bytes travel that the array describes.
        dir: Direction,
        /// The argument with the number of elements, an `unsigned long`.
        count: u8,
    },
    /// A `struct msghdr` with name, control data and `struct iovec` array.
    Msg {
        /// `In` to send, `Out` to receive, `InOut` to go on receiving.
        dir: Direction,
    },
    /// An array of `struct mmsghdr` to send.
    Messages {
        /// The argument with the number of elements, an `unsigned int`.
        count: u8,
    },
    /// A structure of a pointer to a signal set and its size, as `pselect6` takes it.
    MaskPair,
}

/// The value of an argument; zero for an index that no call has.
pub(crate) fn register(args: &Args, arg: u8) -> u64 {
    args.get(usize::from(arg)).copied().unwrap_or(0)
}

// The words of the tables. Short, because they stand there hundreds of times.

/// A value.
pub(super) const V: Param = Param::Value;
/// A path.
pub(super) const PATH: Param = Param::Str { max: 4096 };

/// A string of at most `max` bytes.
pub(super) const fn text(max: u32) -> Param {
    Param::Str { max }
}

/// A buffer that the call reads.
pub(super) const fn get(len: Length) -> Param {
    Param::Buffer {
        dir: Direction::In,
        len,
        back: Back::Success,
    }
}

/// A buffer that the call fills when it succeeds.
pub(super) const fn put(len: Length) -> Param {
    put_when(len, Back::Success)
}

/// A buffer that the call fills as far as `back` says.
pub(super) const fn put_when(len: Length, back: Back) -> Param {
    Param::Buffer {
        dir: Direction::Out,
        len,
        back,
    }
}

/// A buffer of which the call reads or keeps some and writes some.
pub(super) const fn update(len: Length) -> Param {
    Param::Buffer {
        dir: Direction::InOut,
        len,
        back: Back::Always,
    }
}

/// A buffer of which the call fills as many bytes as it returns.
pub(super) const fn returned(len: Length) -> Param {
    put_when(len, Back::Returned { unit: 1, plus: 0 })
}

/// A socket address that the call writes, with its length in the `socklen_t *` of argument `arg`.
pub(super) const fn address(arg: u8) -> Param {
    put_when(
        Length::Pointee(arg),
        Back::Field {
            arg,
            offset: 0,
            long: false,
        },
    )
}

/// A fixed size.
pub(super) const fn size(len: u32) -> Length {
    Length::Const(len)
}

/// A `size_t` argument.
pub(super) const fn long(arg: u8) -> Length {
    times(arg, Width::Long, 1)
}

/// An `unsigned int` argument.
pub(super) const fn uint(arg: u8) -> Length {
    times(arg, Width::Uint, 1)
}

/// An `int` argument.
pub(super) const fn int(arg: u8) -> Length {
    times(arg, Width::Int, 1)
}

/// As many elements of `unit` bytes as the argument says.
pub(super) const fn times(arg: u8, width: Width, unit: u32) -> Length {
    Length::Arg {
        arg,
        width,
        unit,
        plus: 0,
    }
}
