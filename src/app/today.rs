//! The date, as far as the game knows one. It is UTC's, so that a day's incident is the same everywhere.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::level::incident::Address;

const SECONDS: u64 = 24 * 3600;

/// Today, counted in days from 1970-01-01.
pub fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs() / SECONDS).unwrap_or(u32::MAX)
}

/// A seed that nobody has asked for, short enough to be told on.
pub fn any_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(since.subsec_micros()) % 100_000
}

/// A day's incident: its seed is the date, as 20260105; its difficulty goes with the day of the week.
pub fn daily(day: u32, difficulty: Option<u8>) -> Address {
    // 1970-01-01 was a Thursday.
    const WEEK: [u8; 7] = [3, 3, 4, 5, 1, 2, 2];
    let usual = WEEK[(day % 7) as usize];
    let (year, month, date) = civil(day);
    Address::new(year * 10_000 + month * 100 + date, Some(difficulty.unwrap_or(usual)))
}

/// Year, month and day of a day from 1970 on, in the Gregorian calendar (Howard Hinnant,
/// chrono-compatible low-level date algorithms, `civil_from_days`).
fn civil(day: u32) -> (u64, u64, u64) {
    let shifted = u64::from(day) + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_date_and_is_harder_towards_sunday() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_454), (2026, 1, 1));
        // Monday, 2026-01-05, and the Sunday after it.
        assert_eq!(daily(20_458, None), Address::new(20_260_105, Some(1)));
        assert_eq!(daily(20_464, None), Address::new(20_260_111, Some(5)));
        assert_eq!(daily(20_464, Some(2)).difficulty, 2);
    }
}
