// SPDX-License-Identifier: GPL-2.0-only
//! Programs whose output nobody reads any more, as with `mps | head -1`.

use fake::Tree;

#[test]
fn they_end_as_if_somebody_had_read_it() {
    let tree = Tree::cluster();
    tree.myself();
    tree.process(42, 0, "xz");
    for (program, args, status) in [
        (env!("CARGO_BIN_EXE_mps"), &["-e"][..], 0),
        (env!("CARGO_BIN_EXE_mps"), &["-e", "--json"], 0),
        (env!("CARGO_BIN_EXE_mps"), &["44"], 1),
        (env!("CARGO_BIN_EXE_mtop"), &["--once"], 0),
        (env!("CARGO_BIN_EXE_mosctl"), &["getnodes"], 0),
        (env!("CARGO_BIN_EXE_mosctl"), &["--help"], 0),
        (env!("CARGO_BIN_EXE_mosctl"), &["last", "42"], 0),
        (env!("CARGO_BIN_EXE_mosctl"), &["isup", "3"], 3),
        (env!("CARGO_BIN_EXE_mosctl"), &["dance"], 2),
        (env!("CARGO_BIN_EXE_migrate"), &["43", "2"], 1),
        (env!("CARGO_BIN_EXE_mosrun"), &["-F", "-3", "true"], 0),
        (env!("CARGO_BIN_EXE_mosrun"), &["-3", "true"], 125),
        (env!("CARGO_BIN_EXE_showmap"), &[], 0),
    ] {
        assert_eq!(tree.run_unread(program, args), status, "{program} {args:?}");
    }
}
