//! RFC 1951: what `gzip` writes and reads.

/// How far back a repetition may lie, and how long it may be.
const WINDOW: usize = 32_768;
const LONGEST: usize = 258;
const SHORTEST: usize = 3;

/// How many places are tried for a repetition.
const TRIES: usize = 64;

/// The first length of each code from 257 on, and how many bits follow it.
const LENGTHS: [(usize, u32); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// The first distance of a code, and how many bits follow it.
fn distance(code: usize) -> (usize, u32) {
    match code {
        0..4 => (code + 1, 0),
        _ => {
            let bits = code as u32 / 2 - 1;
            (((2 + code % 2) << bits) + 1, bits)
        }
    }
}

#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    bits: u64,
    count: u32,
}

impl Writer {
    fn put(&mut self, value: usize, bits: u32) {
        self.bits |= (value as u64) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.out.push((self.bits & 255) as u8);
            self.bits >>= 8;
            self.count -= 8;
        }
    }

    /// A code, whose highest bit comes first.
    fn code(&mut self, code: usize, bits: u32) {
        let turned = (0..bits).fold(0, |turned, bit| turned << 1 | code >> bit & 1);
        self.put(turned, bits);
    }

    /// A literal, the end (256) or a length's code in the fixed alphabet.
    fn symbol(&mut self, symbol: usize) {
        match symbol {
            0..144 => self.code(0x30 + symbol, 8),
            144..256 => self.code(0x190 + symbol - 144, 9),
            256..280 => self.code(symbol - 256, 7),
            _ => self.code(0xc0 + symbol - 280, 8),
        }
    }

    fn repetition(&mut self, length: usize, back: usize) {
        let at = LENGTHS.iter().rposition(|(first, _)| *first <= length).unwrap_or(0);
        self.symbol(257 + at);
        self.put(length - LENGTHS[at].0, LENGTHS[at].1);
        let code = (0..30).rev().find(|code| distance(*code).0 <= back).unwrap_or(0);
        self.code(code, 5);
        self.put(back - distance(code).0, distance(code).1);
    }
}

/// The longest repetition of what came before at a place: its length and how far back it lies.
fn repeated(bytes: &[u8], at: usize, chains: &[Vec<usize>]) -> Option<(usize, usize)> {
    let chain = chains.get(hash(bytes, at)?)?;
    let mut best = None;
    let near = chain.iter().rev().take(TRIES).take_while(|start| at - **start <= WINDOW);
    for start in near {
        let pairs = bytes[at..].iter().zip(&bytes[*start..]).take(LONGEST);
        let length = pairs.take_while(|(one, other)| one == other).count();
        if length >= SHORTEST && best.is_none_or(|(longest, _)| length > longest) {
            best = Some((length, at - start));
        }
    }
    best
}

fn hash(bytes: &[u8], at: usize) -> Option<usize> {
    let three = bytes.get(at..at + 3)?;
    Some(
        (usize::from(three[0]) << 10 ^ usize::from(three[1]) << 5 ^ usize::from(three[2]))
            & (WINDOW - 1),
    )
}

/// The bytes in one block of the fixed alphabet.
pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.put(1, 1);
    writer.put(1, 2);
    let mut chains: Vec<Vec<usize>> = vec![Vec::new(); WINDOW];
    let mut at = 0;
    while at < bytes.len() {
        let found = repeated(bytes, at, &chains);
        let length = match found {
            Some((length, back)) => {
                writer.repetition(length, back);
                length
            }
            None => {
                writer.symbol(usize::from(bytes[at]));
                1
            }
        };
        for passed in at..at + length {
            if let Some(hash) = hash(bytes, passed) {
                chains[hash].push(passed);
            }
        }
        at += length;
    }
    writer.symbol(256);
    writer.put(0, (8 - writer.count) % 8);
    writer.out
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    bit: u32,
}

impl Reader<'_> {
    fn take(&mut self, bits: u32) -> Option<usize> {
        let mut value = 0;
        for place in 0..bits {
            let byte = *self.bytes.get(self.at)?;
            value |= usize::from(byte >> self.bit & 1) << place;
            self.bit += 1;
            if self.bit == 8 {
                (self.bit, self.at) = (0, self.at + 1);
            }
        }
        Some(value)
    }

    fn symbol(&mut self, alphabet: &Alphabet) -> Option<usize> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &alphabet.counts[1..] {
            code |= self.take(1)?;
            if code < first + count {
                return alphabet.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// Codes by their lengths: how many there are of each, and what they stand for.
struct Alphabet {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Alphabet {
    fn of(lengths: &[usize]) -> Alphabet {
        let mut counts = [0; 16];
        for length in lengths.iter().filter(|length| **length > 0) {
            counts[*length & 15] += 1;
        }
        let mut symbols: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at] > 0).collect();
        symbols.sort_by_key(|at| lengths[*at]);
        Alphabet { counts, symbols }
    }

    fn fixed() -> (Alphabet, Alphabet) {
        let length = |symbol: usize| match symbol {
            0..144 => 8,
            144..256 => 9,
            256..280 => 7,
            _ => 8,
        };
        let lengths: Vec<usize> = (0..288).map(length).collect();
        (Alphabet::of(&lengths), Alphabet::of(&[5; 30]))
    }

    /// The alphabets that a block brings along.
    fn read(reader: &mut Reader<'_>) -> Option<(Alphabet, Alphabet)> {
        const ORDER: [usize; 19] =
            [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances) = (reader.take(5)? + 257, reader.take(5)? + 1);
        let count = reader.take(4)? + 4;
        let mut own = [0; 19];
        for place in &ORDER[..count] {
            own[*place] = reader.take(3)?;
        }
        let own = Alphabet::of(&own);
        let mut lengths: Vec<usize> = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match reader.symbol(&own)? {
                16 => (*lengths.last()?, 3 + reader.take(2)?),
                17 => (0, 3 + reader.take(3)?),
                18 => (0, 11 + reader.take(7)?),
                length => (length, 1),
            };
            lengths.extend(std::iter::repeat_n(length, times));
        }
        let distances = lengths.get(literals..literals + distances)?;
        Some((Alphabet::of(&lengths[..literals]), Alphabet::of(distances)))
    }
}

/// What was packed, and how many bytes of the packed ones it took.
///
/// # Errors
/// Whether it only came to its end too early; else it is no such text, or longer than `most`.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Result<(Vec<u8>, usize), bool> {
    let mut reader = Reader { bytes, at: 0, bit: 0 };
    let mut out = Vec::new();
    match blocks(&mut reader, &mut out, most) {
        Some(()) => Ok((out, reader.at + usize::from(reader.bit > 0))),
        None => Err(reader.at >= bytes.len()),
    }
}

fn blocks(reader: &mut Reader<'_>, out: &mut Vec<u8>, most: usize) -> Option<()> {
    loop {
        let last = reader.take(1)? == 1;
        match reader.take(2)? {
            0 => {
                if reader.bit > 0 {
                    (reader.bit, reader.at) = (0, reader.at + 1);
                }
                let length = reader.take(16)?;
                reader.take(16)?;
                out.extend_from_slice(reader.bytes.get(reader.at..reader.at + length)?);
                reader.at += length;
            }
            1 => block(reader, out, &Alphabet::fixed(), most)?,
            2 => {
                let alphabets = Alphabet::read(reader)?;
                block(reader, out, &alphabets, most)?;
            }
            _ => return None,
        }
        if last {
            return Some(());
        }
    }
}

fn block(
    reader: &mut Reader<'_>,
    out: &mut Vec<u8>,
    (literals, distances): &(Alphabet, Alphabet),
    most: usize,
) -> Option<()> {
    loop {
        match reader.symbol(literals)? {
            literal @ 0..256 => out.push(literal as u8),
            256 => return Some(()),
            symbol => {
                let (length, bits) = *LENGTHS.get(symbol - 257)?;
                let length = length + reader.take(bits)?;
                let (back, bits) = distance(reader.symbol(distances)?);
                let back = back + reader.take(bits)?;
                let start = out.len().checked_sub(back)?;
                (start..start + length).for_each(|at| out.push(out[at]));
            }
        }
        if out.len() > most {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let long: Vec<u8> =
            (0..100_000_u32).map(|at| (at.wrapping_mul(at) / 977 % 251) as u8).collect();
        let texts = [&b""[..], b"a", b"banana banana banana", &[0; 5_000], &long];
        for text in texts {
            let packed = deflate(text);
            assert_eq!(inflate(&packed, 1 << 20), Ok((text.to_vec(), packed.len())));
        }
        assert!(deflate(&[0; 5_000]).len() < 100);
    }

    /// What Python's zlib writes with an alphabet of its own.
    #[test]
    fn a_block_may_bring_its_alphabet_along() {
        assert_eq!(inflate(b"\x07\x06", 10), Err(false));
        let packed = PACKED;
        let (text, taken) = inflate(packed, 1 << 20).expect("it is one");
        assert_eq!(taken, packed.len());
        let expected: String =
            (0..200).map(|at| format!("line {at} {}\n", at * 37 % 101)).collect();
        assert_eq!(String::from_utf8_lossy(&text), expected);
    }

    const PACKED: &[u8] = &[
        0x45, 0xd4, 0x4b, 0x8e, 0x1c, 0x49, 0x10, 0x03, 0xd1, 0xbd, 0x4e, 0xe1, 0x47, 0x48, 0x66,
        0x64, 0xfc, 0x0e, 0x34, 0x0b, 0x01, 0x82, 0xee, 0xbf, 0x1c, 0x1b, 0xb4, 0x93, 0xb3, 0x0b,
        0xc1, 0x0d, 0xea, 0x2e, 0x4a, 0xf5, 0xfe, 0xfc, 0xfe, 0xfb, 0x4f, 0x3d, 0xf5, 0xfc, 0xfa,
        0xf3, 0xdf, 0x43, 0x35, 0xf6, 0xcf, 0xeb, 0xad, 0xfd, 0xfd, 0xbc, 0x46, 0xa9, 0xaf, 0x5f,
        0x7d, 0x7d, 0x9d, 0x75, 0xfa, 0xba, 0xea, 0xed, 0xeb, 0xae, 0xd9, 0xd7, 0x53, 0xb7, 0xaf,
        0xb7, 0x86, 0xff, 0xe6, 0xa7, 0x56, 0x9f, 0xc5, 0x4f, 0xe9, 0xd7, 0x5b, 0x9f, 0xef, 0xa3,
        0xb6, 0xef, 0x1f, 0x7f, 0xea, 0xe7, 0xac, 0xe9, 0x60, 0xd5, 0x71, 0xb0, 0xeb, 0x75, 0x70,
        0x6a, 0x39, 0xb8, 0x75, 0xfd, 0xcb, 0x3f, 0x35, 0x3a, 0x78, 0x55, 0xbb, 0x83, 0xf7, 0xad,
        0xd5, 0xaf, 0x51, 0x9f, 0xef, 0x5f, 0x1d, 0xdf, 0x27, 0x3f, 0xa4, 0x9f, 0xab, 0xa6, 0x83,
        0x5d, 0xd7, 0xc1, 0xe1, 0xd0, 0xcf, 0x5b, 0xab, 0x83, 0xf1, 0xf0, 0xe1, 0xba, 0x18, 0x7c,
        0xb4, 0x2e, 0x06, 0x0b, 0xba, 0x18, 0x75, 0xfb, 0xc5, 0x84, 0xbe, 0xb3, 0xa1, 0xef, 0x8b,
        0x5f, 0xbe, 0x9f, 0xac, 0xe8, 0x80, 0x19, 0x1d, 0x5c, 0x7e, 0x60, 0xff, 0x1b, 0xb0, 0x63,
        0x07, 0x9f, 0xea, 0xed, 0xd7, 0x4b, 0xd2, 0x4f, 0x76, 0xf4, 0x9d, 0x1d, 0x1d, 0xcc, 0xfa,
        0x1c, 0xb0, 0xa3, 0x03, 0x76, 0x74, 0x70, 0x6a, 0x3a, 0x60, 0xc7, 0x0e, 0x26, 0x3b, 0x76,
        0x30, 0x55, 0xab, 0x83, 0xf9, 0xd6, 0xec, 0x17, 0x3b, 0xfa, 0xfe, 0xd5, 0xf6, 0x9d, 0x1d,
        0x1d, 0xb0, 0xa3, 0x83, 0x5d, 0xc7, 0x01, 0x3b, 0x3a, 0x60, 0xc7, 0x0e, 0xd6, 0x53, 0xb7,
        0x83, 0xc5, 0x8c, 0x1d, 0x2c, 0x66, 0x74, 0x30, 0xea, 0xf4, 0x8b, 0x19, 0x7d, 0x67, 0x46,
        0xdf, 0x99, 0xd1, 0x01, 0x33, 0x3a, 0x60, 0x46, 0x07, 0xcc, 0xd8, 0xc1, 0x66, 0xc6, 0x0e,
        0xb6, 0x4a, 0xfd, 0x62, 0x46, 0xdf, 0x99, 0xd1, 0x77, 0x66, 0x74, 0xc0, 0x8c, 0x0e, 0x98,
        0xd1, 0x01, 0x33, 0x3a, 0x60, 0x46, 0x07, 0xcc, 0xd8, 0xc1, 0x61, 0xc6, 0x0e, 0x0e, 0x33,
        0x76, 0x70, 0xf8, 0xcf, 0xdf, 0x2f, 0x66, 0xf4, 0x9d, 0x19, 0x7d, 0x67, 0x46, 0x07, 0xcc,
        0xe8, 0x80, 0x19, 0x1d, 0x30, 0xa3, 0x03, 0x66, 0xec, 0xe0, 0x32, 0x63, 0x07, 0x97, 0x19,
        0xfd, 0x45, 0x64, 0x46, 0x07, 0x7c, 0xb4, 0x7e, 0x31, 0xa3, 0xef, 0xcc, 0xe8, 0x3b, 0x33,
        0x3a, 0x60, 0x46, 0x07, 0xcc, 0xe8, 0x80, 0x19, 0xfd, 0x4d, 0x7c, 0xd8, 0xf1, 0xf3, 0x5b,
        0x61, 0xe4, 0x79, 0x03, 0x89, 0x9e, 0x11, 0x4a, 0xf4, 0x7c, 0xc1, 0x44, 0xcf, 0x0c, 0x27,
        0x7a, 0x56, 0x40, 0xd1, 0xb3, 0x43, 0x8a, 0x9e, 0x13, 0x54, 0xf4, 0xdc, 0xb0, 0x22, 0x34,
        0x09, 0x2c, 0x70, 0xf2, 0xbf, 0x2c, 0x6f, 0x68, 0x01, 0x94, 0xd8, 0x82, 0x28, 0xc1, 0x05,
        0x52, 0xa2, 0x0b, 0xa6, 0x84, 0x17, 0x50, 0x89, 0x2f, 0xa8, 0x12, 0x60, 0x60, 0x25, 0xc2,
        0xe0, 0x8a, 0x89, 0x11, 0xb0, 0x8c, 0x30, 0xf6, 0x06, 0x19, 0x61, 0xcb, 0xf2, 0xf3, 0x0b,
        0x33, 0x02, 0x97, 0x93, 0x64, 0x05, 0x1a, 0xc1, 0xcb, 0x4c, 0x73, 0x42, 0x8d, 0x00, 0xc6,
        0xd6, 0x08, 0x61, 0x8c, 0x8d, 0x10, 0x26, 0xda, 0x08, 0x63, 0x46, 0xa2, 0x11, 0x6f, 0x04,
        0x33, 0xd7, 0xcf, 0x19, 0x71, 0x84, 0x33, 0x27, 0xc9, 0x8e, 0x39, 0x42, 0x9a, 0x99, 0xe6,
        0x46, 0x1d, 0x61, 0x8d, 0xd9, 0x11, 0xd8, 0xd8, 0x1d, 0xc1, 0xcd, 0xeb, 0xe7, 0x88, 0x3c,
        0xc2, 0x9b, 0x9d, 0x64, 0xc6, 0x1e, 0x21, 0xce, 0x97, 0x66, 0x47, 0x1f, 0x61, 0xce, 0x9b,
        0xe6, 0xc6, 0x1f, 0xa1, 0x8e, 0x01, 0x12, 0xec, 0x58, 0x20, 0xe1, 0xce, 0x4a, 0x33, 0x6c,
        0x90, 0x90, 0xe7, 0x4b, 0x32, 0xa3, 0x90, 0xb0, 0x47, 0x69, 0x76, 0x1c, 0x12, 0xfa, 0x9c,
        0x34, 0x37, 0x12, 0x09, 0x7f, 0x4c, 0x91, 0x00, 0xc8, 0x16, 0x09, 0x81, 0x46, 0x9a, 0x11,
        0x8d, 0x04, 0x42, 0xc7, 0xcf, 0x19, 0x8f, 0x84, 0x42, 0x27, 0xc9, 0x8e, 0x48, 0xc2, 0xa1,
        0x99, 0xe6, 0xc6, 0x24, 0x21, 0x91, 0x51, 0x12, 0x14, 0x59, 0x25, 0x81, 0x91, 0xfc, 0x1c,
        0x71, 0x49, 0x68, 0xb4, 0x93, 0xcc, 0xc8, 0x24, 0x3c, 0xfa, 0xd2, 0xec, 0xd8, 0x24, 0x44,
        0x7a, 0xd3, 0xdc, 0xe8, 0x24, 0x4c, 0x32, 0x4f, 0x02, 0x25, 0xfb, 0x24, 0x54, 0x5a, 0x69,
        0x86, 0x85, 0x12, 0x2e, 0x7d, 0x49, 0x66, 0x8c, 0x12, 0x32, 0x29, 0xcd, 0x8e, 0x52, 0xc2,
        0xa6, 0x93, 0xe6, 0xc6, 0x29, 0xa1, 0x93, 0xa1, 0x12, 0x3c, 0x59, 0x2a, 0xe1, 0xd3, 0x48,
        0x33, 0x62, 0x95, 0x20, 0xca, 0x5f, 0x38, 0x88, 0xfa, 0x92, 0xac, 0x70, 0x25, 0x90, 0x52,
        0x9a, 0x13, 0xb0, 0x04, 0x53, 0x88, 0xf5, 0x2f,
    ];
}
