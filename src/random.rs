//! Seeded randomness: one stream for each purpose, so that drawing from one never shifts another.
//!
//! Names, addresses, UIDs and load balancing each have a [`Stream`]. A change that draws one more
//! pod name leaves every load-balancing choice as it was, and a transcript stays comparable.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One purpose's source of chance.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `purpose` under `seed`. Equal arguments give equal draws, on every platform.
    pub fn new(seed: u64, purpose: &str) -> Stream {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        // FNV-1a: the purpose's name picks one of ChaCha's 2^64 independent streams.
        let stream = purpose.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        generator.set_stream(stream);
        Stream(generator)
    }

    /// Sixty-four random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 when `bound` is 0 or 1. Unbiased (Lemire's multiplication with
    /// rejection).
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// True with probability `numerator / denominator`.
    pub fn chance(&mut self, numerator: u64, denominator: u64) -> bool {
        self.below(denominator) < numerator
    }

    /// One of `items`, or `None` when there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(items.len() as u64) as usize;
        items.get(index)
    }

    /// Shuffles `items` in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// `length` characters of the alphabet that Kubernetes uses for generated names: no vowels and
    /// no look-alikes, so that no word comes out (apimachinery `util/rand`, rule R3.1).
    pub fn name_suffix(&mut self, length: usize) -> String {
        const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length)
            .map(|_| char::from(ALPHABET[self.below(ALPHABET.len() as u64) as usize]))
            .collect()
    }

    /// A version 4 UUID, as `metadata.uid` holds it.
    pub fn uuid(&mut self) -> String {
        let high = (self.bits() & !0xf000) | 0x4000;
        let low = (self.bits() & !(0b11 << 62)) | (0b10 << 62);
        let digits = (u128::from(high) << 64) | u128::from(low);
        let mut text = String::with_capacity(36);
        for at in 0..32 {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            let digit = (digits >> (124 - 4 * at)) as u32 & 15;
            text.push(char::from_digit(digit, 16).unwrap_or('0'));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_are_independent() {
        let mut names = Stream::new(7, "names");
        let mut addresses = Stream::new(7, "addresses");
        let first = addresses.bits();
        names.bits();
        assert_eq!(Stream::new(7, "addresses").bits(), first);
        assert_ne!(Stream::new(7, "names").bits(), first);
    }

    #[test]
    fn a_uuid_is_version_four() {
        let uuid = Stream::new(1, "uids").uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn a_draw_stays_below_its_bound() {
        let mut stream = Stream::new(3, "x");
        assert!((0..1000).all(|_| stream.below(7) < 7));
    }
}
