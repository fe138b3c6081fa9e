// SPDX-License-Identifier: GPL-2.0-only
//! The cluster key: any bytes in a file that only its owner may read; the kernel gets their
//! SHA-256.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Where the key is, unless the command line says otherwise; below the root directory.
pub const PATH: &str = "etc/openmosix/key";

/// Far more than any key needs; protects from a wrong file.
const MAX_LEN: u64 = 1 << 20;

/// A cluster key in the form that the kernel takes. Never printed.
pub struct Key([u8; 32]);

impl Key {
    /// Read the key from `path`, and refuse one that others could have read.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |what: &str| Error::Key { path: path.to_path_buf(), what: what.to_string() };
        let file = File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                wrong("is missing: make one, the same on every node, of mode 600")
            }
            _ => Error::io(path, error),
        })?;
        let meta = file.metadata().map_err(|error| Error::io(path, error))?;
        if !meta.is_file() {
            return Err(wrong("is not a regular file"));
        }
        if meta.mode() & 0o077 != 0 {
            let mode = meta.mode() & 0o777;
            return Err(wrong(&format!("is open to others (mode {mode:03o}): chmod 600 it")));
        }
        if meta.uid() != 0 && meta.uid() != crate::user::myself() {
            return Err(wrong(&format!("belongs to user {}", crate::user::name(meta.uid()))));
        }
        let mut bytes = Vec::new();
        let mut limited = file.take(MAX_LEN + 1);
        limited.read_to_end(&mut bytes).map_err(|error| Error::io(path, error))?;
        match bytes.len() as u64 {
            0 => Err(wrong("is empty")),
            1..=MAX_LEN => Ok(Self(Sha256::digest(&bytes).into())),
            _ => Err(wrong("is longer than 1 MiB")),
        }
    }

    /// A seal of `message` by this key, for one `purpose`.
    pub fn seal(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        self.mac(purpose, message).finalize().into_bytes().into()
    }

    /// Whether `seal` is the one of `message`; takes the same time for all wrong ones.
    pub fn is_sealed(&self, purpose: &str, message: &[u8], seal: &[u8]) -> bool {
        self.mac(purpose, message).verify_slice(seal).is_ok()
    }

    /// The message under a key of its own for each purpose.
    fn mac(&self, purpose: &str, message: &[u8]) -> Hmac<Sha256> {
        let own = Self::hmac(&self.0).chain_update(purpose).finalize().into_bytes();
        Self::hmac(&own.into()).chain_update(message)
    }

    fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
        // A short key is followed by zeros, by the definition of HMAC.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Hmac::new(&block.into())
    }

    /// The key as 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fake::Tree;

    fn read(tree: &Tree) -> Result<Key> {
        Key::read(&tree.root().join(PATH))
    }

    fn error(tree: &Tree) -> String {
        read(tree).err().expect("a bad key").to_string()
    }

    #[test]
    fn the_key_is_the_hash_of_the_file() {
        let tree = Tree::new();
        tree.write_mode(PATH, "abc", 0o600);
        // The example of FIPS 180-2.
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read(&tree).unwrap().hex(), hash);
    }

    #[test]
    fn seals_are_of_a_key_a_purpose_and_a_message() {
        let (tree, other) = (Tree::new(), Tree::new());
        tree.write_mode(PATH, "abc", 0o600);
        other.write_mode(PATH, "abd", 0o600);
        let (key, other) = (read(&tree).unwrap(), read(&other).unwrap());
        let seal = key.seal("a", b"message");
        assert!(key.is_sealed("a", b"message", &seal));
        assert!(!key.is_sealed("b", b"message", &seal));
        assert!(!key.is_sealed("a", b"messagf", &seal));
        assert!(!key.is_sealed("a", b"message", &seal[1..]));
        assert!(!other.is_sealed("a", b"message", &seal));
    }

    #[test]
    fn bad_keys_are_refused() {
        let tree = Tree::new();
        assert!(error(&tree).contains("is missing"));
        tree.write_mode(PATH, "", 0o600);
        assert!(error(&tree).ends_with("is empty"));
        for mode in [0o640, 0o604, 0o602] {
            tree.write_mode(PATH, "secret", mode);
            assert!(error(&tree).contains(&format!("(mode {mode:03o})")), "{}", error(&tree));
        }
        tree.write_mode(PATH, &"x".repeat(MAX_LEN as usize + 1), 0o600);
        assert!(error(&tree).ends_with("is longer than 1 MiB"));
    }
}
