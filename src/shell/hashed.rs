//! The order in which bash goes through what it keeps by name: FNV-1 of 32 bits, bucket by bucket (`hashlib.c`).

use std::collections::BTreeMap;

use crate::cluster::Place;

/// The bucket of a variable or of a named array's key, of 1024.
pub(super) fn bucket(key: &str) -> u32 {
    const BUCKETS: u32 = 1_024;
    hash(key) % BUCKETS
}

/// FNV-1, as bash has it.
pub(super) fn hash(key: &str) -> u32 {
    let step = |hash: u32, byte: u8| hash.wrapping_mul(16_777_619) ^ u32::from(byte);
    key.bytes().fold(2_166_136_261, step)
}

/// Variables in the order in which bash, the laptop's shell, hands them on: bucket by bucket, `_` last. By
/// name where they are not a shell's (`env -i A=1 env`).
pub(super) fn in_order<'e>(
    environment: &'e BTreeMap<String, String>,
    place: &Place,
) -> Vec<(&'e String, &'e String)> {
    let mut all: Vec<(&String, &String)> = environment.iter().collect();
    if *place == Place::Laptop && environment.contains_key("SHLVL") {
        all.sort_by_key(|(name, _)| (*name == "_", bucket(name)));
    }
    all
}
