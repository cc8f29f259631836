//! AGE: how long ago something was, in the few letters that fit a column (R14.1).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::clock::SimTime;

/// How long `time` was before `now`; `<unknown>` when there is no time.
pub fn since(time: Option<&Time>, now: SimTime) -> String {
    time.map_or_else(|| "<unknown>".to_owned(), |time| since_timestamp(time.0, now))
}

/// How long `time` was before `now`.
pub(super) fn since_timestamp(time: Timestamp, now: SimTime) -> String {
    let micros = now.timestamp().as_microsecond() - time.as_microsecond();
    human_duration(micros.div_euclid(1_000_000))
}

/// A number of seconds for people: `95s`, `5m3s`, `42m`, `4h5m`, `30h`, `3d4h`, then days and
/// years. A moment that lies a little ahead counts as now (R14.1).
pub fn human_duration(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let (minutes, hours, days) = (seconds / MINUTE, seconds / HOUR, seconds / DAY);
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two_units(minutes, "m", seconds % MINUTE, "s"),
        _ if seconds < 3 * HOUR => format!("{minutes}m"),
        _ if seconds < 8 * HOUR => two_units(hours, "h", minutes % 60, "m"),
        _ if seconds < 2 * DAY => format!("{hours}h"),
        _ if seconds < 8 * DAY => two_units(days, "d", hours % 24, "h"),
        _ if seconds < 2 * YEAR => format!("{days}d"),
        _ if seconds < 8 * YEAR => two_units(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// `5m3s`, or `5m` when there are no seconds.
fn two_units(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large}{large_unit}")
    } else {
        format!("{large}{large_unit}{small}{small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R14.1
    #[test]
    fn ages_grow_coarser_with_time() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (303, "5m3s"),
            (42 * 60 + 5, "42m"),
            (4 * 3600 + 300, "4h5m"),
            (30 * 3600, "30h"),
            (76 * 3600, "3d4h"),
            (9 * 86_400, "9d"),
            (3 * 365 * 86_400 + 86_400, "3y1d"),
            (-1, "0s"),
            (-5, "<invalid>"),
        ];
        for (seconds, text) in cases {
            assert_eq!(human_duration(seconds), text);
        }
    }
}
