// SPDX-License-Identifier: GPL-2.0-only

//! How values become bytes and bytes become values.
//!
//! A [`Message`] is a list of fields, declared with [`message!`]; the order of its fields is the order
//! of its bytes.

use super::Kind;

/// The bytes are not what the protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// There is no room for what was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// Somewhere to append bytes to.
pub(crate) trait Put {
    /// Appends all of `bytes`, or fails and leaves the end of what was written undefined.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full>;
}

/// Takes values from the front of bytes that a peer sent.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from the beginning.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Takes the next `len` bytes.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        core::mem::take(&mut self.rest)
    }

    /// Takes one value.
    pub(crate) fn get<F: Field<'a>>(&mut self) -> Result<F, Malformed> {
        F::get(self)
    }

    /// Checks that nothing is left over.
    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Malformed)
        }
    }
}

/// A part of a message.
pub(crate) trait Field<'a>: Sized {
    /// How many bytes it has at least.
    const MIN: usize;

    /// Takes it from a reader.
    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed>;

    /// Appends it.
    fn put(&self, to: &mut dyn Put) -> Result<(), Full>;
}

/// A field that always has [`Field::MIN`] bytes.
pub(crate) trait Fixed<'a>: Field<'a> {}

macro_rules! integers {
    ($($int:ty),*) => { $(
        impl<'a> Field<'a> for $int {
            const MIN: usize = core::mem::size_of::<$int>();

            fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
                Ok(<$int>::from_le_bytes(from.get()?))
            }

            fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
                to.put(&self.to_le_bytes())
            }
        }

        impl<'a> Fixed<'a> for $int {}
    )* };
}

integers!(u8, u16, u32, u64, i32, i64);

impl<'a, const N: usize> Field<'a> for [u8; N] {
    const MIN: usize = N;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        from.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        to.put(self)
    }
}

impl<'a, const N: usize> Fixed<'a> for [u8; N] {}

impl<'a, const N: usize> Field<'a> for [u64; N] {
    const MIN: usize = 8 * N;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let mut values = [0; N];
        for value in &mut values {
            *value = from.get()?;
        }
        Ok(values)
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        self.iter().try_for_each(|value| value.put(to))
    }
}

impl<'a, const N: usize> Fixed<'a> for [u64; N] {}

/// All bytes up to the end of the message; only the last field can be this.
impl<'a> Field<'a> for &'a [u8] {
    const MIN: usize = 0;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(from.rest())
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        to.put(self)
    }
}

/// Records of one type up to the end of the message; only the last field can be this.
///
/// They are decoded one by one as they are iterated over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Records<'a, T> {
    bytes: &'a [u8],
    records: core::marker::PhantomData<T>,
}

impl<'a, T: Fixed<'a>> Records<'a, T> {
    /// The records whose encoded bytes these are.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        if T::MIN == 0 || !bytes.chunks_exact(T::MIN).remainder().is_empty() {
            return Err(Malformed);
        }
        Ok(Self {
            bytes,
            records: core::marker::PhantomData,
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() / T::MIN
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<T, Malformed>> + 'a {
        self.bytes
            .chunks_exact(T::MIN)
            .map(|bytes| Reader::new(bytes).get())
    }
}

impl<'a, T: Fixed<'a>> Field<'a> for Records<'a, T> {
    const MIN: usize = 0;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::new(from.rest())
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        to.put(self.bytes)
    }
}

/// Exactly `N` records of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table<'a, T, const N: usize> {
    records: Records<'a, T>,
}

impl<'a, T: Fixed<'a>, const N: usize> Table<'a, T, N> {
    /// The records whose encoded bytes these are.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let records = Records::new(bytes)?;
        if records.len() != N {
            return Err(Malformed);
        }
        Ok(Self { records })
    }

    /// One after the other.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Result<T, Malformed>> + 'a {
        self.records.iter()
    }
}

impl<'a, T: Fixed<'a>, const N: usize> Field<'a> for Table<'a, T, N> {
    const MIN: usize = N * T::MIN;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        Self::new(from.take(Self::MIN)?)
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        self.records.put(to)
    }
}

/// What a frame of one kind carries.
pub(crate) trait Message<'a>: Field<'a> {
    /// The kind of frame that carries it.
    const KIND: Kind;

    /// Reads a whole payload.
    fn decode(payload: &'a [u8]) -> Result<Self, Malformed> {
        if payload.len() > Self::KIND.max_len() {
            return Err(Malformed);
        }
        let mut from = Reader::new(payload);
        let message = Self::get(&mut from)?;
        from.end()?;
        Ok(message)
    }

    /// Appends the payload to `to`.
    fn encode(&self, to: &mut dyn Put) -> Result<(), Full> {
        self.put(to)
    }
}

/// Declares a plain record: a struct whose fields lie one after the other.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name {
            $( $(#[$field_meta])* pub(crate) $field: $type, )*
        }

        impl<'a> $crate::wire::codec::Field<'a> for $name {
            const MIN: usize = 0 $( + <$type as $crate::wire::codec::Field<'a>>::MIN )*;

            fn get(
                _from: &mut $crate::wire::codec::Reader<'a>,
            ) -> Result<Self, $crate::wire::codec::Malformed> {
                Ok(Self { $( $field: _from.get()?, )* })
            }

            fn put(
                &self,
                _to: &mut dyn $crate::wire::codec::Put,
            ) -> Result<(), $crate::wire::codec::Full> {
                $( $crate::wire::codec::Field::put(&self.$field, _to)?; )*
                Ok(())
            }
        }

        impl<'a> $crate::wire::codec::Fixed<'a> for $name {}
    };
}

/// Declares messages: structs whose fields lie one after the other, each with the [`Kind`] of the same
/// name.
///
/// A message without a lifetime has a fixed size. One with a lifetime ends with a field of variable
/// length.
macro_rules! message {
    () => {};

    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
        }
        $($more:tt)*
    ) => {
        $crate::wire::codec::record! {
            $(#[$meta])*
            pub(crate) struct $name {
                $( $(#[$field_meta])* $field: $type, )*
            }
        }

        impl<'a> $crate::wire::codec::Message<'a> for $name {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$name;
        }

        const _: () = assert!(
            <$name as $crate::wire::codec::Field<'static>>::MIN
                <= $crate::wire::Kind::$name.max_len()
        );

        $crate::wire::codec::message! { $($more)* }
    };

    (
        $(#[$meta:meta])*
        pub(crate) struct $name:ident<$life:lifetime> {
            $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
        }
        $($more:tt)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name<$life> {
            $( $(#[$field_meta])* pub(crate) $field: $type, )*
        }

        impl<$life> $crate::wire::codec::Field<$life> for $name<$life> {
            const MIN: usize = 0 $( + <$type as $crate::wire::codec::Field<$life>>::MIN )*;

            fn get(
                from: &mut $crate::wire::codec::Reader<$life>,
            ) -> Result<Self, $crate::wire::codec::Malformed> {
                Ok(Self { $( $field: from.get()?, )* })
            }

            fn put(
                &self,
                to: &mut dyn $crate::wire::codec::Put,
            ) -> Result<(), $crate::wire::codec::Full> {
                $( $crate::wire::codec::Field::put(&self.$field, to)?; )*
                Ok(())
            }
        }

        impl<$life> $crate::wire::codec::Message<$life> for $name<$life> {
            const KIND: $crate::wire::Kind = $crate::wire::Kind::$name;
        }

        const _: () = assert!(
            <$name<'static> as $crate::wire::codec::Field<'static>>::MIN
                < $crate::wire::Kind::$name.max_len()
        );

        $crate::wire::codec::message! { $($more)* }
    };
}

pub(crate) use {
    message,
    record, //
};
