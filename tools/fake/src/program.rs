// SPDX-License-Identifier: GPL-2.0-only
//! Running a program on a fake tree.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};

use crate::Tree;

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: i32,
    /// What it wrote to standard output.
    pub out: String,
    /// What it wrote to standard error.
    pub err: String,
}

/// A program that goes on until it is dropped.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Tree {
    /// Start a program on this tree, and do not wait for it.
    pub fn start(&self, program: &str, args: &[&str]) -> Running {
        let mut command = Command::new(program);
        let command = command.args(args).env("OPENMOSIX_ROOT", self.root()).stdin(Stdio::null());
        Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect(program))
    }

    /// Run a program on this tree.
    pub fn run(&self, program: &str, args: &[&str]) -> Ended {
        self.run_with_input(program, args, "")
    }

    /// Run a program on this tree whose output nobody reads; its exit status.
    pub fn run_unread(&self, program: &str, args: &[&str]) -> i32 {
        let mut command = Command::new(program);
        let command = command.args(args).env("OPENMOSIX_ROOT", self.root()).stdin(Stdio::null());
        let status = command.stdout(unread()).stderr(unread()).status().expect(program);
        status.code().expect("an exit status")
    }

    /// Run a program on this tree with something on its standard input.
    pub fn run_with_input(&self, program: &str, args: &[&str], input: &str) -> Ended {
        let mut child = Command::new(program)
            .args(args)
            .env("OPENMOSIX_ROOT", self.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect(program);
        // A program that does not read its input may be gone already.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let Output { status, stdout, stderr } = child.wait_with_output().expect(program);
        Ended {
            status: status.code().expect("an exit status"),
            out: String::from_utf8(stdout).expect("text"),
            err: String::from_utf8(stderr).expect("text"),
        }
    }
}

/// A pipe that nobody reads any more.
fn unread() -> Stdio {
    let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().expect("true");
    let pipe = reader.stdin.take().expect("a pipe");
    reader.wait().expect("true");
    pipe.into()
}

impl Ended {
    /// The output of a program that must have succeeded without talking.
    pub fn data(self) -> String {
        assert_eq!((self.status, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The message of a program that must have failed with `status` and printed no data.
    pub fn failure(self, status: i32) -> String {
        assert_eq!((self.status, self.out.as_str()), (status, ""), "{}", self.err);
        self.err
    }
}
