// SPDX-License-Identifier: GPL-2.0-only

//! The guest's half: from user memory to a request.
//!
//! Two steps, so that the caller can allocate exactly what is needed: [`Plan::new`] measures,
//! [`Plan::encode`] copies. What changes in between, because another thread writes to it, is noticed
//! and the call goes home undescribed. Afterwards [`Request::finish`] writes the reply back.

use super::{
    describe,
    memory::{
        Fault,
        UserMemory, //
    },
    param::Param,
    request::{
        Header,
        Malformed,
        Request,
        COUNT_LEN,
        HEADER_LEN, //
    },
    walk::{
        walk,
        Place,
        Segment,
        TooLarge,
        Walker, //
    },
    Args, //
};

/// Why a call goes home without its arguments. There home fetches the pages it touches, so that the
/// call means exactly what it would have meant there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fallback {
    /// There is no description.
    Undescribed,
    /// Some of the memory cannot be read or written; what comes of it is for the call to say.
    Fault,
    /// There is more data than one request takes.
    TooLarge,
    /// The arguments changed while they were copied.
    Changed,
}

impl From<Fault> for Fallback {
    fn from(_: Fault) -> Self {
        Self::Fault
    }
}

impl From<TooLarge> for Fallback {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl From<Malformed> for Fallback {
    fn from(_: Malformed) -> Self {
        Self::Changed
    }
}

/// A call whose arguments fit its description, measured and not yet copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    nr: u64,
    args: Args,
    params: &'static [Param],
    segments: u16,
    /// The bytes that travel in.
    data: usize,
}

impl Plan {
    /// Measures the arguments of a call.
    pub(crate) fn new<M: UserMemory>(nr: u64, args: &Args, mem: &M) -> Result<Self, Fallback> {
        let params = describe(nr, args).ok_or(Fallback::Undescribed)?;
        let mut measure = Measure {
            mem,
            segments: 0,
            data: 0,
        };
        walk(params, args, &mut measure)?;
        Ok(Self {
            nr,
            args: *args,
            params,
            segments: measure.segments,
            data: measure.data,
        })
    }

    /// Do the arguments point at nothing?
    pub(crate) fn is_empty(&self) -> bool {
        self.segments == 0
    }

    /// The exact size of the request.
    pub(crate) fn request_len(&self) -> usize {
        self.data_start() + self.data
    }

    /// Copies the arguments into `out`, which is [`Self::request_len`] bytes long.
    pub(crate) fn encode<'a, M: UserMemory>(
        &self,
        mem: &M,
        out: &'a mut [u8],
    ) -> Result<Request<'a>, Fallback> {
        let count = out.first_chunk_mut().ok_or(Fallback::Changed)?;
        *count = self.segments.to_le_bytes();
        let mut copier = Copier {
            mem,
            out: &mut *out,
            header: COUNT_LEN,
            data: self.data_start(),
        };
        walk(self.params, &self.args, &mut copier)?;
        // What home will check is checked here, so that home never has to blame a race on us.
        Ok(Request::parse(self.nr, &self.args, out)?)
    }

    /// Where the data starts.
    fn data_start(&self) -> usize {
        COUNT_LEN + usize::from(self.segments) * HEADER_LEN
    }
}

/// The bytes that a string takes in a request.
fn string<M: UserMemory>(mem: &M, addr: u64, max: u32) -> Result<u32, Fallback> {
    let len = u32::try_from(mem.string_len(addr, max as usize)?).map_err(|_| TooLarge)?;
    Ok(len.saturating_add(1).min(max))
}

/// Reads part of a structure.
fn field<M: UserMemory>(mem: &M, place: Place, offset: u32, to: &mut [u8]) -> Result<(), Fallback> {
    let addr = place.addr.checked_add(u64::from(offset)).ok_or(Fault)?;
    Ok(mem.read(addr, to)?)
}

/// The walk that measures.
struct Measure<'m, M> {
    mem: &'m M,
    segments: u16,
    data: usize,
}

impl<M: UserMemory> Walker for Measure<'_, M> {
    type Error = Fallback;

    fn string(&mut self, place: Place, max: u32) -> Result<u32, Fallback> {
        string(self.mem, place.addr, max)
    }

    fn field(&mut self, place: Place, offset: u32, to: &mut [u8]) -> Result<(), Fallback> {
        field(self.mem, place, offset, to)
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), Fallback> {
        let len = segment.len as usize;
        self.segments = self.segments.checked_add(1).ok_or(TooLarge)?;
        if segment.dir.reads() {
            self.data = self.data.saturating_add(len);
        }
        // Home's window is always writable: were the program's memory not, the call would succeed where
        // it has to fail.
        if segment.dir.writes() && !self.mem.writable(segment.addr, len) {
            return Err(Fallback::Fault);
        }
        Ok(())
    }
}

/// The walk that copies.
struct Copier<'m, 'o, M> {
    mem: &'m M,
    out: &'o mut [u8],
    /// Where the next header goes.
    header: usize,
    /// Where the next data goes.
    data: usize,
}

impl<M: UserMemory> Walker for Copier<'_, '_, M> {
    type Error = Fallback;

    fn string(&mut self, place: Place, max: u32) -> Result<u32, Fallback> {
        string(self.mem, place.addr, max)
    }

    fn field(&mut self, place: Place, offset: u32, to: &mut [u8]) -> Result<(), Fallback> {
        field(self.mem, place, offset, to)
    }

    fn segment(&mut self, segment: &Segment) -> Result<(), Fallback> {
        let end = self.header + HEADER_LEN;
        let header = self
            .out
            .get_mut(self.header..end)
            .ok_or(Fallback::Changed)?;
        header.copy_from_slice(&Header::encode(segment));
        self.header = end;
        if segment.dir.reads() {
            let end = self.data.saturating_add(segment.len as usize);
            let data = self.out.get_mut(self.data..end).ok_or(Fallback::Changed)?;
            self.mem.read(segment.addr, data)?;
            self.data = end;
        }
        Ok(())
    }
}
