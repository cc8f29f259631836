//! The packed text within gzip's frame: RFC 1951.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// The least room that is made for a text.
const LEAST: usize = 1 << 10;

/// A text, packed; `level` says how hard to try, from 1 to 9.
pub(super) fn deflate(bytes: &[u8], level: u8) -> Vec<u8> {
    compress_to_vec(bytes, level)
}

/// What was packed, and how many bytes of the packed ones it took.
///
/// # Errors
/// Whether it only came to its end too early; else it is no such text, or longer than `most`.
pub(super) fn inflate(bytes: &[u8], most: usize) -> Result<(Vec<u8>, usize), bool> {
    let mut state = Box::<DecompressorOxide>::default();
    let mut out = vec![0; bytes.len().saturating_mul(4).clamp(LEAST, most.max(LEAST))];
    let (mut taken, mut written) = (0, 0);
    loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, read, wrote) =
            decompress(&mut state, &bytes[taken..], &mut out, written, flags);
        (taken, written) = (taken + read, written + wrote);
        match status {
            TINFLStatus::Done if written <= most => {
                out.truncate(written);
                return Ok((out, taken));
            }
            TINFLStatus::HasMoreOutput if out.len() < most => {
                out.resize(out.len().saturating_mul(2).min(most), 0);
            }
            status => {
                let short = [TINFLStatus::FailedCannotMakeProgress, TINFLStatus::NeedsMoreInput];
                return Err(short.contains(&status));
            }
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
            let packed = deflate(text, 6);
            assert_eq!(inflate(&packed, 1 << 20), Ok((text.to_vec(), packed.len())));
            let behind = [&packed[..], b"more"].concat();
            assert_eq!(inflate(&behind, 1 << 20), Ok((text.to_vec(), packed.len())));
        }
        assert!(deflate(&[0; 5_000], 6).len() < 100);
    }

    #[test]
    fn what_ends_too_early_is_told_from_what_is_no_packed_text() {
        let packed = deflate(b"banana banana banana bread", 6);
        assert_eq!(inflate(&packed[..packed.len() - 2], 1 << 20), Err(true));
        assert_eq!(inflate(b"\x07\x06", 10), Err(false));
        assert_eq!(inflate(&deflate(&[0; 5_000], 6), 4_999), Err(false));
    }
}
