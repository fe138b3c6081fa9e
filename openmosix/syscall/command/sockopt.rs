// SPDX-License-Identifier: GPL-2.0-only

//! The options of `getsockopt`.

use super::{
    super::param::*,
    not,
    Commands, //
};

/// The options of `getsockopt`. Some also read the buffer that they fill.
pub(crate) static GETSOCKOPT: Commands = Commands {
    arg: 2,
    others: Some(&[V, V, V, update(Length::Pointee(4)), update(size(4))]),
    list: &[
        // SO_GET_FILTER counts instructions and not bytes. The number means other things at other
        // levels, which lose nothing but a round trip.
        not(26),
        // TCP_AO_GET_KEYS and IP_MSFILTER, MCAST_MSFILTER: the buffer tells how many elements follow.
        not(41),
        not(48),
    ],
};
