// SPDX-License-Identifier: GPL-2.0-only
//! The manual pages and completions that the build makes.

use fake::Tree;

#[test]
fn every_program_is_documented() {
    let tree = Tree::new();
    let share = tree.root().display().to_string();
    tree.run(env!("CARGO_BIN_EXE_mosix-docs"), &[&share]).data();
    let programs = [
        ("setpe", 8),
        ("showmap", 8),
        ("migrate", 1),
        ("mosrun", 1),
        ("mosctl", 1),
        ("mps", 1),
        ("mosmon", 1),
        ("mtop", 1),
        ("omdiscd", 8),
        ("omsim", 1),
    ];
    for (name, section) in programs {
        let page = tree.read(&format!("man/man{section}/{name}.{section}"));
        assert!(page.contains(".SH \"EXIT STATUS\"") && page.contains(".SH OPTIONS"), "{name}");
        let bash = tree.read(&format!("bash-completion/completions/{name}"));
        assert!(bash.contains("--version"), "{name}");
        tree.read(&format!("zsh/site-functions/_{name}"));
        tree.read(&format!("fish/vendor_completions.d/{name}.fish"));
    }
    let page = tree.read("man/man1/mosmon.1");
    assert!(page.contains(".SH KEYS\n.nf\nl  load") && page.contains("\nq  quit\n.fi\n"), "{page}");
    let page = tree.read("man/man1/mosctl-node-list.1");
    assert!(page.contains("mosctl node list"), "{page}");
    for name in
        ["nomig", "runhome", "runon", "cpujob", "iojob", "nodecay", "slowdecay", "fastdecay"]
    {
        assert_eq!(tree.read(&format!("man/man1/{name}.1")), ".so man1/mosrun.1\n");
        let bash = tree.read(&format!("bash-completion/completions/{name}"));
        assert!(bash.contains("--until-exec") && bash.contains(&format!(" {name}\n")), "{bash}");
    }
    let page = tree.read("man/man5/openmosix.conf.5");
    assert!(page.contains(".B join\n") && page.contains(".B slow\\-decay\n"), "{page}");
    let missing = tree.run(env!("CARGO_BIN_EXE_mosix-docs"), &[]).failure(2);
    assert_eq!(missing, "usage: mosix-docs SHARE\n");
}

#[test]
fn help_goes_to_standard_output_with_the_exit_status() {
    let help = Tree::new().run(env!("CARGO_BIN_EXE_mosrun"), &["--help"]).data();
    assert!(help.contains("  127  CMD was not found\n"), "{help}");
    let help = Tree::new().run(env!("CARGO_BIN_EXE_migrate"), &["-h"]).data();
    assert!(help.contains("  4  not permitted\n"), "{help}");
    let help = Tree::new().run(env!("CARGO_BIN_EXE_mosmon"), &["--help"]).data();
    assert!(help.contains("\nq  quit\n\nExit status:\n  0  done\n"), "{help}");
}
