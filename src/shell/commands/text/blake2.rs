//! BLAKE2b without a key (RFC 7693).

const START: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// Which words of the message each round takes, in hexadecimal digits.
const ORDER: [&str; 10] = [
    "0123456789abcdef",
    "ea489fd61c02b753",
    "b8c052fdae367194",
    "7931dcbe265a40f8",
    "905724afe1bc683d",
    "2c6a0b834d75fe19",
    "c51fed4a0763928b",
    "db7ec13950f4862a",
    "6fe9b308c2d714a5",
    "a2847615fb9e3cd0",
];

fn mix(state: &mut [u64; 16], [a, b, c, d]: [usize; 4], one: u64, other: u64) {
    for (word, turns) in [(one, [32, 24]), (other, [16, 63])] {
        state[a] = state[a].wrapping_add(state[b]).wrapping_add(word);
        state[d] = (state[d] ^ state[a]).rotate_right(turns[0]);
        state[c] = state[c].wrapping_add(state[d]);
        state[b] = (state[b] ^ state[c]).rotate_right(turns[1]);
    }
}

fn compress(hash: &mut [u64; 8], block: &[u8], count: u128, last: bool) {
    const PLACES: [[usize; 4]; 8] = [
        [0, 4, 8, 12],
        [1, 5, 9, 13],
        [2, 6, 10, 14],
        [3, 7, 11, 15],
        [0, 5, 10, 15],
        [1, 6, 11, 12],
        [2, 7, 8, 13],
        [3, 4, 9, 14],
    ];
    let word = |at: usize| {
        let mut bytes = [0; 8];
        for (place, byte) in bytes.iter_mut().zip(block.iter().skip(8 * at)) {
            *place = *byte;
        }
        u64::from_le_bytes(bytes)
    };
    let mut state = [0; 16];
    state[..8].copy_from_slice(hash);
    state[8..].copy_from_slice(&START);
    state[12] ^= count as u64;
    state[13] ^= (count >> 64) as u64;
    if last {
        state[14] = !state[14];
    }
    for round in 0..12 {
        let order: Vec<usize> = ORDER[round % 10]
            .chars()
            .filter_map(|digit| Some(digit.to_digit(16)? as usize))
            .collect();
        for (place, pair) in PLACES.iter().zip(order.chunks_exact(2)) {
            mix(&mut state, *place, word(pair[0]), word(pair[1]));
        }
    }
    for (at, place) in hash.iter_mut().enumerate() {
        *place ^= state[at] ^ state[at + 8];
    }
}

/// The digest of so many bytes, at most 64.
pub(super) fn blake2b(message: &[u8], length: usize) -> Vec<u8> {
    let mut hash = START;
    hash[0] ^= 0x0101_0000 ^ length as u64;
    let blocks = message.len().div_ceil(128).max(1);
    for at in 0..blocks {
        let end = message.len().min(128 * (at + 1));
        compress(&mut hash, &message[128 * at..end], end as u128, at + 1 == blocks);
    }
    let bytes: Vec<u8> = hash.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes[..length.min(64)].to_vec()
}
