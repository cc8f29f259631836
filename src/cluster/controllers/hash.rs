//! Hashes of pod templates, as `pod-template-hash` and `controller-revision-hash` show them.
//!
//! Kubernetes hashes Go's dump of the template, which nothing but Go can make. Here it is the
//! template's JSON; length and alphabet are Kubernetes' own (`controller.ComputeHash`).

use serde::Serialize;

/// The hash of `value`: FNV-1a in decimal, each digit as a character that spells no words.
pub(super) fn of<T: Serialize>(value: &T, collisions: i32) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    if collisions > 0 {
        bytes.extend(collisions.to_le_bytes());
    }
    let hash = bytes
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let digits = hash.to_string();
    digits.bytes().map(|digit| char::from(ALPHABET[digit as usize % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_stable_and_spells_no_words() {
        let hash = of(&"template", 0);
        assert_eq!(hash, of(&"template", 0));
        assert_ne!(hash, of(&"template", 1));
        assert!((5..=10).contains(&hash.len()));
        assert!(hash.chars().all(|letter| "456789bcdf".contains(letter)), "{hash}");
    }
}
