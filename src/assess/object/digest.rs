//! Digests of contents, as texts that are short enough for names, keys and fields. What a digest covers is
//! decided by the caller.

use sha2::{Digest as _, Sha256};

/// The first hexadecimal digits of the SHA-256 of `content`, at most 64.
pub(crate) fn digest(content: impl AsRef<[u8]>, digits: usize) -> String {
    let mut text = format!("{:x}", Sha256::digest(content));
    text.truncate(digits);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_beginning_of_sha_256() {
        let whole = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for digits in [0, 16, 32, 64, 100] {
            assert_eq!(digest("abc", digits), whole[..digits.min(64)]);
        }
    }
}
