//! In which order `for (key in array)` goes: neither awk promises one, and each has its own, that of
//! its hash tables. People see it, so it is kept.

use std::collections::BTreeMap;

/// Whose tables they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    Gawk,
    BusyBox,
}

/// Keys in the order in which they came, in the order of the table.
pub(super) fn ordered(keys: Vec<String>, tables: Tables) -> Vec<String> {
    match tables {
        Tables::BusyBox => busybox(keys),
        Tables::Gawk => gawk(keys),
    }
}

/// Chains that new keys are put in front of.
fn chained(keys: Vec<String>, place: impl Fn(&str) -> usize) -> Vec<String> {
    let mut chains: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for key in keys {
        chains.entry(place(&key)).or_default().insert(0, key);
    }
    chains.into_values().flatten().collect()
}

fn busybox(keys: Vec<String>) -> Vec<String> {
    let hash = |key: &str| {
        key.bytes().fold(0_u32, |hash, byte| {
            hash.wrapping_mul(63).wrapping_add(i32::from(byte as i8) as u32)
        })
    };
    let sizes = [61, 251, 1_021, 4_093, 16_381, 65_521];
    let fits = |size: &&u32| keys.len() / **size as usize <= 10;
    let size = sizes.iter().find(fits).copied().unwrap_or(65_521);
    chained(keys, |key| (hash(key) % size) as usize)
}

/// A key that gawk keeps among whole numbers.
fn whole(key: &str) -> Option<i64> {
    let digits = key.strip_prefix('-').unwrap_or(key);
    let plain =
        !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let clean = digits == "0" && key == "0" || !digits.starts_with('0');
    if plain && clean { key.parse().ok() } else { None }
}

fn gawk(keys: Vec<String>) -> Vec<String> {
    let mut numbers: Vec<i64> = keys.iter().filter_map(|key| whole(key)).collect();
    numbers.sort_unstable();
    let texts: Vec<String> = keys.into_iter().filter(|key| whole(key).is_none()).collect();
    // The table grows when its chains get longer than two; what moves turns its chain around.
    let mut sizes = [127, 1_021, 8_191, 16_381, 32_749, 65_497].into_iter();
    let mut size = 13_usize;
    let mut chains: Vec<Vec<String>> = vec![Vec::new(); size];
    for (count, key) in texts.into_iter().enumerate() {
        if count / size > 2
            && let Some(wider) = sizes.next()
        {
            size = wider;
            let mut moved: Vec<Vec<String>> = vec![Vec::new(); size];
            for key in chains.into_iter().flatten() {
                moved[hash(&key) as usize % size].insert(0, key);
            }
            chains = moved;
        }
        chains[hash(&key) as usize % size].insert(0, key);
    }
    let mut all: Vec<String> = chains.into_iter().flatten().collect();
    all.extend(numbers.into_iter().map(|number| number.to_string()));
    all
}

/// gawk's hash of a text.
fn hash(key: &str) -> u32 {
    let step =
        |hash: u32, byte: u8| hash.wrapping_mul(65_599).wrapping_add(i32::from(byte as i8) as u32);
    key.bytes().fold(0, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str, tables: Tables) -> String {
        ordered(text.split(' ').map(str::to_owned).collect(), tables).join(" ")
    }

    /// What gawk 5.2.1 and BusyBox 1.35 print.
    #[test]
    fn keys_come_in_the_order_of_the_tables() {
        assert_eq!(keys("one two three four", Tables::Gawk), "three two four one");
        assert_eq!(keys("one two three four", Tables::BusyBox), "two four three one");
        assert_eq!(keys("3 1 2 10", Tables::Gawk), "1 2 3 10");
        assert_eq!(keys("3 1 2 10", Tables::BusyBox), "10 1 2 3");
        assert_eq!(keys("web api db cache job svc", Tables::Gawk), "cache api web db job svc");
        assert_eq!(keys("a 1 b 2", Tables::Gawk), "a b 1 2");
    }
}
