// SPDX-License-Identifier: GPL-2.0-only

//! What a peer may send that is not right.

use super::{every::decode, samples::payload};
use crate::wire::{pages::Pages, Kind, Malformed, Records, BULK, PAGE};
use proptest::prelude::*;

/// Kinds whose last field takes all that is left, in units of so many bytes.
fn unit_of_rest(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Refused | Kind::Abort | Kind::Cpu | Kind::Call | Kind::Reply => Some(1),
        Kind::Bytes | Kind::Poke => Some(1),
        Kind::Vmas => Some(32),
        Kind::Gossip => Some(80),
        _ => None,
    }
}

#[test]
fn samples_come_back() {
    for kind in Kind::ALL {
        let payload = payload(*kind);
        assert!(payload.len() <= kind.max_len(), "{}", kind.name());
        assert_eq!(decode(*kind, &payload), Ok(payload), "{}", kind.name());
    }
}

#[test]
fn messages_of_fixed_size_have_that_size_only() {
    for kind in Kind::ALL
        .iter()
        .filter(|kind| unit_of_rest(**kind).is_none())
    {
        let payload = payload(*kind);
        for len in 0..payload.len() {
            assert_eq!(
                decode(*kind, &payload[..len]),
                Err(Malformed),
                "{} {len}",
                kind.name()
            );
        }
        let longer = [&payload[..], &[0]].concat();
        assert_eq!(decode(*kind, &longer), Err(Malformed), "{}", kind.name());
    }
}

#[test]
fn a_rest_is_cut_at_whole_units_only() {
    for kind in Kind::ALL {
        let Some(unit) = unit_of_rest(*kind) else {
            continue;
        };
        let payload = payload(*kind);
        let accepted: Vec<usize> = (0..=payload.len())
            .filter(|len| decode(*kind, &payload[..*len]).is_ok())
            .collect();
        assert!(!accepted.is_empty(), "{}", kind.name());
        for len in &accepted {
            assert_eq!((payload.len() - len) % unit, 0, "{} {len}", kind.name());
        }
        let shortest = accepted[0];
        assert_eq!(
            accepted.len(),
            (payload.len() - shortest) / unit + 1,
            "{}",
            kind.name()
        );
    }
}

#[test]
fn oversized_payloads_are_refused_even_if_they_would_parse() {
    for kind in [Kind::Call, Kind::Reply, Kind::Bytes, Kind::Poke, Kind::Cpu] {
        let mut payload = payload(kind);
        payload.resize(kind.max_len(), 0);
        assert!(decode(kind, &payload).is_ok(), "{}", kind.name());
        payload.push(0);
        assert_eq!(decode(kind, &payload), Err(Malformed), "{}", kind.name());
    }
}

#[test]
fn runs_of_pages_are_whole_and_in_the_address_space() {
    let data = vec![1; 2 * PAGE];
    assert!(Pages::new(0, &data).is_ok());
    assert_eq!(Pages::new(1, &data), Err(Malformed));
    assert_eq!(Pages::new(0, &data[1..]), Err(Malformed));
    assert_eq!(Pages::new(0, &[]), Err(Malformed));
    assert_eq!(Pages::new(u64::MAX - 0xfff, &data), Err(Malformed));
    let most = vec![0; BULK + PAGE];
    assert!(Pages::new(0, &most[PAGE..]).is_ok());
    assert_eq!(Pages::new(0, &most), Err(Malformed));

    let right = payload(Kind::Pages);
    for (byte, bit) in [(0, 1), (8, 1), (8, 2), (12, 1), (15, 0x80)] {
        let mut wrong = right.clone();
        wrong[byte] ^= bit;
        assert_eq!(decode(Kind::Pages, &wrong), Err(Malformed), "byte {byte}");
    }
}

#[test]
fn pages_have_their_addresses() {
    let data: Vec<u8> = [[1; PAGE], [2; PAGE]].concat();
    let pages = Pages::new(0x5000, &data).unwrap();
    let seen: Vec<(u64, u8, usize)> = pages
        .iter()
        .map(|(addr, page)| (addr, page[0], page.len()))
        .collect();
    assert_eq!(seen, [(0x5000, 1, PAGE), (0x6000, 2, PAGE)]);
    assert_eq!(
        Pages::head(0x5000, 2)[..],
        decode(Kind::Pages, &[&Pages::head(0x5000, 2)[..], &data].concat()).unwrap()[..16]
    );
}

#[test]
fn records_are_whole() {
    assert_eq!(Records::<u64>::new(&[0; 9]), Err(Malformed));
    let bytes = [1, 0, 0, 0, 2, 0, 0, 0];
    let records = Records::<u32>::new(&bytes).unwrap();
    assert_eq!(records.iter().collect::<Vec<_>>(), [Ok(1), Ok(2)]);
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL)
}

proptest! {
    /// Noise is refused or understood, and what is understood is said in the only way there is.
    #[test]
    fn accepted_noise_is_canonical(
        kind in any_kind(),
        noise in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        if let Ok(again) = decode(kind, &noise) {
            prop_assert_eq!(again, noise);
        }
    }

    /// The same for bytes that are nearly right.
    #[test]
    fn accepted_damage_is_canonical(
        kind in any_kind(),
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
        len in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = payload(kind);
        if !bytes.is_empty() {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if cut {
            bytes.truncate(len.index(bytes.len() + 1));
        }
        if let Ok(again) = decode(kind, &bytes) {
            prop_assert_eq!(again, bytes);
        }
    }
}
