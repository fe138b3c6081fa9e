// SPDX-License-Identifier: GPL-2.0-only

//! Properties that hold for all calls and all bytes.

use proptest::{
    collection::vec,
    prelude::*, //
};

use super::{
    calls::{
        iovecs,
        nr, //
    },
    forward::{
        request,
        same,
        window,
        BASE, //
    },
    space::Space, //
};
use crate::syscall::{
    home::WINDOW,
    route,
    Args,
    Memory,
    Request,
    COUNT, //
};

const A: u64 = 0x1000_0000;
const B: u64 = 0x2000_0000;
/// How much is mapped at `B`.
const ROOM: u64 = 4096;

/// A number of the table and registers that are often pointers or small.
fn call() -> impl Strategy<Value = (u64, Args)> {
    let register = prop_oneof![
        2 => 0..64u64,
        4 => B..B + ROOM,
        1 => any::<u64>(),
    ];
    let registers = [
        register.clone().boxed(),
        register.clone().boxed(),
        register.clone().boxed(),
        register.clone().boxed(),
        register.clone().boxed(),
        register.boxed(),
    ];
    (0..COUNT as u64, registers)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    /// Home never panics, and never writes outside the window, whatever it is sent.
    #[test]
    fn home_survives_any_bytes((nr, args) in call(), bytes in vec(any::<u8>(), 0..256)) {
        if let Ok(request) = Request::parse(nr, &args, &bytes) {
            let mut home = window();
            let placed = request.place(BASE, &mut home).expect("it fits");
            let len = placed.reply_len(0, &home).expect("a length");
            let mut reply = vec![0; len];
            prop_assert_eq!(placed.reply(0, &home, &mut reply), Ok(()));
        }
    }

    /// Whatever a program passes, the guest sends nothing that home refuses, everything fits the
    /// window, any result is answered, and a call that writes nothing changes nothing when it fails.
    #[test]
    fn any_call_fits((nr, args) in call(), memory in vec(any::<u8>(), ROOM as usize), result: i64) {
        let mut guest = Space::default().map(B, &memory);
        if let Ok(sent) = request(nr, &args, &guest) {
            let request = Request::parse(nr, &args, &sent).expect("home accepts it");
            let mut home = window();
            let placed = request.place(BASE, &mut home).expect("it fits");
            for (ours, theirs) in placed.args().iter().zip(&args) {
                let inside = (BASE..BASE + WINDOW as u64).contains(ours);
                prop_assert!(ours == theirs || inside);
            }
            for result in [result, -14] {
                let len = placed.reply_len(result, &home).expect("a length");
                let mut reply = vec![0; len];
                prop_assert_eq!(placed.reply(result, &home, &mut reply), Ok(()));
                if result == -14 {
                    let before = guest.clone();
                    prop_assert_eq!(request.finish(&reply, &mut guest), Ok(()));
                    prop_assert_eq!(&guest, &before);
                }
            }
        }
        // The route is always defined.
        let _ = route(nr, &args);
    }

    /// One changed byte anywhere is refused or harmless.
    #[test]
    fn one_wrong_byte((nr, args) in call(), at: proptest::sample::Index, value: u8) {
        let guest = Space::default().map(B, &[7; ROOM as usize]);
        if let Ok(mut sent) = request(nr, &args, &guest) {
            let at = at.index(sent.len());
            sent[at] = value;
            if let Ok(request) = Request::parse(nr, &args, &sent) {
                let mut home = window();
                prop_assert!(request.place(BASE, &mut home).is_ok());
            }
        }
    }

    /// A vector of any shape is filled like the program's own.
    #[test]
    fn vectors_of_any_shape(iov in vec((B..B + ROOM, 0..200u64), 0..40)) {
        let array = iovecs(&iov);
        let guest = Space::default()
            .map(A, &array)
            .map(B, &[7; ROOM as usize + 200]);
        let args = [0, A, iov.len() as u64, 0, 0, 0];
        // Fills half of it.
        let result = same(nr("readv"), &args, &guest, |args, mem| {
            let elements: Vec<(u64, u64)> = (0..args[2])
                .map(|i| {
                    let element = args[1] + 16 * i;
                    (mem.long(element).unwrap(), mem.long(element + 8).unwrap())
                })
                .collect();
            let mut left = elements.iter().map(|(_, len)| len).sum::<u64>() / 2;
            let total = left;
            for (i, (base, len)) in elements.iter().enumerate() {
                let now = left.min(*len);
                if now > 0 {
                    mem.write(*base, &vec![i as u8 + 100; now as usize]).unwrap();
                }
                left -= now;
            }
            total as i64
        });
        prop_assert!(result >= 0);
    }
}
