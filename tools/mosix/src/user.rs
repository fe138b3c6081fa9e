// SPDX-License-Identifier: GPL-2.0-only
//! Users: their numbers and names.

use nix::unistd::{Uid, User};

/// The user who runs this program.
pub fn myself() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// The name of a user, or the number if nobody knows a name.
pub fn name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

/// The number of a user who is given by name or number.
pub fn number(name: &str) -> Option<u32> {
    match User::from_name(name) {
        Ok(Some(user)) => Some(user.uid.as_raw()),
        _ => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        assert_eq!(name(0), "root");
        assert_eq!(number("root"), Some(0));
        assert_eq!(number("4242"), Some(4242));
        assert_eq!(number("no such user"), None);
    }
}
