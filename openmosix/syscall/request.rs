// SPDX-License-Identifier: GPL-2.0-only

//! The bytes of a call's arguments between guest and home.
//!
//! All numbers are little-endian. A request is
//!
//! ```text
//!     u16 count
//!     count times { u8 arg, u8 direction (1 in, 2 out, 3 both), u16 part, u32 len, u64 address }
//!     the bytes of the segments that travel in, in the order of the headers
//! ```
//!
//! and its reply
//!
//! ```text
//!     u16 count, the number of the segments that travel out
//!     count times u32, how many bytes of each come back
//!     those bytes
//! ```
//!
//! The frame around them, with number, registers and result, is the link's.

use super::{
    describe,
    memory::Fault,
    param::{
        Direction,
        Param, //
    },
    walk::{
        walk,
        Place,
        Segment,
        TooLarge,
        Walker,
        MAX_SEGMENTS, //
    },
    Args,
    Memory, //
};

/// The size of the count before the headers.
pub(crate) const COUNT_LEN: usize = 2;
/// The size of one header.
pub(crate) const HEADER_LEN: usize = 16;
/// The size of one length in a reply.
pub(crate) const LEN_LEN: usize = 4;

/// The peer sent something that does not belong to this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// The call has no description, and carries no data.
    Undescribed,
    /// The bytes end early, or go on after the end.
    Length,
    /// A segment is not the one that the registers and the data lead to.
    Segment,
    /// More data than a request takes.
    TooLarge,
}

impl From<TooLarge> for Malformed {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// Why a request or reply was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The peer is to blame.
    Malformed(Malformed),
    /// The memory is.
    Fault,
}

impl From<TooLarge> for Broken {
    fn from(_: TooLarge) -> Self {
        Self::Malformed(Malformed::TooLarge)
    }
}

impl From<Malformed> for Broken {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<Fault> for Broken {
    fn from(_: Fault) -> Self {
        Self::Fault
    }
}

/// The arguments of one call as they travel, checked against its description.
///
/// # Invariants
///
/// A walk over `params` and `args` that takes its answers from `bytes` meets exactly the segments of
/// the headers in `bytes`, and their data fills the rest of `bytes`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    params: &'static [Param],
    args: Args,
    bytes: &'a [u8],
}

impl<'a> Request<'a> {
    /// Checks the bytes of a call.
    pub(crate) fn parse(nr: u64, args: &Args, bytes: &'a [u8]) -> Result<Self, Malformed> {
        let params = describe(nr, args).ok_or(Malformed::Undescribed)?;
        let request = Self {
            params,
            args: *args,
            bytes,
        };
        let mut reader = Reader::new(bytes, |_: &Segment, _: &'a [u8]| Ok::<(), Malformed>(()))?;
        walk(params, args, &mut reader)?;
        reader.finish()?;
        // INVARIANT: The walk met every header, and its data ended with the bytes.
        Ok(request)
    }

    /// The bytes to send.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The description of the call.
    pub(crate) fn params(&self) -> &'static [Param] {
        self.params
    }

    /// The registers of the call, as on the guest.
    pub(crate) fn args(&self) -> &Args {
        &self.args
    }

    /// Shows each segment, with the data that travelled in.
    pub(crate) fn each<F>(&self, visit: F) -> Result<(), Broken>
    where
        F: FnMut(&Segment, &'a [u8]) -> Result<(), Broken>,
    {
        let mut reader = Reader::new(self.bytes, visit)?;
        walk(self.params, &self.args, &mut reader)
    }

    /// The headers.
    fn headers(&self) -> impl Iterator<Item = Header> + 'a {
        let bytes = self.bytes;
        let count = short_at(bytes, 0).unwrap_or(0);
        (0..usize::from(count)).map_while(move |i| Header::at(bytes, i))
    }

    /// On the guest: writes what came back to where the program wants it.
    ///
    /// Nothing is written if the reply is malformed.
    pub(crate) fn finish<M: Memory>(&self, reply: &[u8], mem: &mut M) -> Result<(), Broken> {
        let outs = || self.headers().filter(|header| header.dir.writes());
        let count = short_at(reply, 0).ok_or(Malformed::Length)?;
        if usize::from(count) != outs().count() {
            return Err(Malformed::Segment.into());
        }
        let mut start = COUNT_LEN + usize::from(count) * LEN_LEN;
        let data = start;
        for (i, header) in outs().enumerate() {
            let len = reply_len_at(reply, i)?;
            if len > header.len as usize {
                return Err(Malformed::Segment.into());
            }
            start = start.saturating_add(len);
        }
        if start != reply.len() {
            return Err(Malformed::Length.into());
        }
        start = data;
        for (i, header) in outs().enumerate() {
            let len = reply_len_at(reply, i)?;
            let end = start.saturating_add(len);
            let bytes = reply.get(start..end).ok_or(Malformed::Length)?;
            if !bytes.is_empty() {
                mem.write(header.addr, bytes)?;
            }
            start = end;
        }
        Ok(())
    }
}

/// How many bytes of its `i`th segment a reply carries.
fn reply_len_at(reply: &[u8], i: usize) -> Result<usize, Malformed> {
    let start = COUNT_LEN + i * LEN_LEN;
    let bytes = reply.get(start..).ok_or(Malformed::Length)?;
    let len = bytes.first_chunk().ok_or(Malformed::Length)?;
    usize::try_from(u32::from_le_bytes(*len)).map_err(|_| Malformed::Length)
}

/// One header of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    arg: u8,
    dir: Direction,
    part: u16,
    len: u32,
    addr: u64,
}

impl Header {
    /// The `i`th header.
    fn at(bytes: &[u8], i: usize) -> Option<Self> {
        let start = COUNT_LEN + i * HEADER_LEN;
        let bytes: &[u8; HEADER_LEN] = bytes.get(start..)?.first_chunk()?;
        let [arg, dir, part @ .., _, _, _, _, _, _, _, _, _, _, _, _] = bytes;
        Some(Self {
            arg: *arg,
            dir: match dir {
                1 => Direction::In,
                2 => Direction::Out,
                3 => Direction::InOut,
                _ => return None,
            },
            part: u16::from_le_bytes(*part),
            len: int_at(bytes, 4),
            addr: long_at(bytes, 8),
        })
    }

    /// The header of a segment, as it travels.
    pub(crate) fn encode(segment: &Segment) -> [u8; HEADER_LEN] {
        let dir = match segment.dir {
            Direction::In => 1,
            Direction::Out => 2,
            Direction::InOut => 3,
        };
        let [p0, p1] = segment.part.to_le_bytes();
        let [l0, l1, l2, l3] = segment.len.to_le_bytes();
        let [a0, a1, a2, a3, a4, a5, a6, a7] = segment.addr.to_le_bytes();
        [
            segment.arg,
            dir,
            p0,
            p1,
            l0,
            l1,
            l2,
            l3,
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
        ]
    }

    /// The bytes of data in the request.
    fn data_len(&self) -> usize {
        if self.dir.reads() {
            self.len as usize
        } else {
            0
        }
    }

    /// Whether this is the header of that segment.
    fn describes(&self, segment: &Segment) -> bool {
        self.arg == segment.arg
            && self.dir == segment.dir
            && self.part == segment.part
            && self.len == segment.len
            && self.addr == segment.addr
    }
}

/// Walks a request by its own bytes.
struct Reader<'a, F> {
    bytes: &'a [u8],
    /// How many headers there are.
    count: usize,
    /// How many were met.
    next: usize,
    /// Where the data of the next one starts.
    data: usize,
    visit: F,
}

impl<'a, F> Reader<'a, F> {
    fn new(bytes: &'a [u8], visit: F) -> Result<Self, Malformed> {
        let count = usize::from(short_at(bytes, 0).ok_or(Malformed::Length)?);
        if count > MAX_SEGMENTS {
            return Err(Malformed::TooLarge);
        }
        Ok(Self {
            bytes,
            count,
            next: 0,
            data: COUNT_LEN + count * HEADER_LEN,
            visit,
        })
    }

    /// The header of the next segment.
    fn header(&self) -> Result<Header, Malformed> {
        if self.next >= self.count {
            return Err(Malformed::Segment);
        }
        Header::at(self.bytes, self.next).ok_or(Malformed::Length)
    }

    /// Data of the request.
    fn data(&self, start: usize, len: usize) -> Result<&'a [u8], Malformed> {
        let end = start.checked_add(len).ok_or(Malformed::Length)?;
        self.bytes.get(start..end).ok_or(Malformed::Length)
    }

    /// The data of the segment with this place in the call.
    fn find(&self, place: Place) -> Result<&'a [u8], Malformed> {
        let mut start = COUNT_LEN + self.count * HEADER_LEN;
        for i in 0..self.count {
            let header = Header::at(self.bytes, i).ok_or(Malformed::Length)?;
            if header.arg == place.arg && header.part == place.part {
                return self.data(start, header.data_len());
            }
            start = start.saturating_add(header.data_len());
        }
        Err(Malformed::Segment)
    }

    /// Whether the walk met all that there is.
    fn finish(&self) -> Result<(), Malformed> {
        if self.next != self.count || self.data != self.bytes.len() {
            return Err(Malformed::Length);
        }
        Ok(())
    }
}

impl<'a, F, E> Walker for Reader<'a, F>
where
    F: FnMut(&Segment, &'a [u8]) -> Result<(), E>,
    E: From<TooLarge> + From<Malformed>,
{
    type Error = E;

    fn string(&mut self, _: Place, max: u32) -> Result<u32, E> {
        let header = self.header()?;
        let text = self.data(self.data, header.data_len())?;
        let Some((last, rest)) = text.split_last() else {
            return Err(Malformed::Segment.into());
        };
        let ends = *last == 0 || header.len == max;
        if header.len > max || !ends || rest.contains(&0) {
            return Err(Malformed::Segment.into());
        }
        Ok(header.len)
    }

    fn field(&mut self, place: Place, offset: u32, to: &mut [u8]) -> Result<(), E> {
        let start = offset as usize;
        let data = self.find(place)?;
        let field = data
            .get(start..start.saturating_add(to.len()))
            .ok_or(Malformed::Segment)?;
        to.copy_from_slice(field);
        Ok(())
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), E> {
        let header = self.header()?;
        if !header.describes(segment) {
            return Err(Malformed::Segment.into());
        }
        let data = self.data(self.data, header.data_len())?;
        self.next += 1;
        self.data += data.len();
        (self.visit)(segment, data)
    }
}

/// The `u16` at an offset.
fn short_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map(|bytes| u16::from_le_bytes(*bytes))
}

/// The `u32` at an offset that lies inside the slice; zero elsewhere.
pub(crate) fn int_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The `u64` at an offset that lies inside the slice; zero elsewhere.
pub(crate) fn long_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
