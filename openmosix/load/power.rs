// SPDX-License-Identifier: GPL-2.0-only

//! Powers of two with any exponent, in integers.
//!
//! Numbers are fixed point: [`ONE`] is 1, so there are 16 bits behind the point.

/// One.
pub(crate) const ONE: u64 = 1 << FRACTION;

/// Bits behind the point.
const FRACTION: u32 = 16;

/// The greatest exponent that counts; above it a power stays the same.
pub(crate) const MOST: u64 = 40 * ONE;

/// Bits behind the point of [`ROOTS`].
const PRECISION: u32 = 30;

/// 2 to the power of 1/2, of 1/4, of 1/8 and so on.
const ROOTS: [u64; FRACTION as usize] = [
    1518500249, 1276901416, 1170923761, 1121280435, 1097253708, 1085434105, 1079572135, 1076653033,
    1075196443, 1074468887, 1074105294, 1073923543, 1073832680, 1073787251, 1073764537, 1073753180,
];

/// 2 to the power of `x`; never falls while `x` rises.
pub(crate) fn exp2(x: u64) -> u64 {
    let x = x.min(MOST);
    let mut power = 1 << PRECISION;
    let mut bit = ONE;
    for root in ROOTS {
        bit >>= 1;
        if x & bit != 0 {
            // Both are below 2.
            power = (power * root) >> PRECISION;
        }
    }
    (power << (x >> FRACTION).min(32)) >> (PRECISION - FRACTION)
        << (x >> FRACTION).saturating_sub(32)
}

/// 1 divided by 2 to the power of `x`.
pub(crate) fn fraction(x: u64) -> u64 {
    ONE * ONE / exp2(x).max(1)
}

/// `a` times `b`, as large as it gets.
pub(crate) fn product(a: u64, b: u64) -> u64 {
    let wide = (u128::from(a) * u128::from(b)) >> FRACTION;
    u64::try_from(wide).unwrap_or(u64::MAX)
}

/// The least `n` with 2 to the power of `n` not below `count`; 0 for 0.
pub(crate) fn log2_up(count: u64) -> u32 {
    u64::BITS - count.saturating_sub(1).leading_zeros()
}
