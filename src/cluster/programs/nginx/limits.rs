//! `limit_req`: a leaky bucket for each key, and an error for what overflows. With
//! `limit_req_status 500` a server fails under load.

use std::collections::BTreeMap;
use std::time::Duration;

use super::template::Template;
use super::tokens::{Fault, Spot};
use crate::clock::SimTime;

/// A `limit_req_zone`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// What requests are counted by; those for which it is empty are not.
    pub key: Template,
    /// Thousandths of a request a second, which is nginx' own unit.
    rate: u64,
}

/// A `limit_req`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub zone: String,
    /// Thousandths of a request.
    burst: u64,
    /// Requests of the burst are let through at once.
    at_once: bool,
}

/// How full the buckets are: by zone and key, thousandths of a request above the rate, and since
/// when.
#[derive(Clone, Debug, Default)]
pub struct Buckets(BTreeMap<(String, String), (u64, SimTime)>);

/// What a bucket says to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It goes on after this time.
    After(Duration),
    /// It is rejected. How far it is above the rate, in thousandths.
    Busy(u64),
}

impl Zone {
    /// Reads `limit_req_zone KEY zone=NAME:SIZE rate=RATE`: the name and the zone.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(words: &[String], spot: &Spot) -> Result<(String, Zone), Fault> {
        let (mut name, mut rate) = (None, 1_000);
        for word in &words[1..] {
            let invalid = || spot.fault(format!("invalid parameter \"{word}\""));
            match word.split_once('=') {
                Some(("zone", zone)) => {
                    let (zone, _) = zone
                        .split_once(':')
                        .ok_or_else(|| spot.fault(format!("invalid zone size \"{word}\"")))?;
                    name = Some(zone.to_owned());
                }
                Some(("rate", text)) => {
                    let invalid = || spot.fault(format!("invalid rate \"{word}\""));
                    let (number, seconds) =
                        match (text.strip_suffix("r/s"), text.strip_suffix("r/m")) {
                            (Some(number), _) => (number, 1),
                            (_, Some(number)) => (number, 60),
                            _ => return Err(invalid()),
                        };
                    let number: u64 = number.parse().map_err(|_| invalid())?;
                    rate = number.saturating_mul(1_000) / seconds;
                    if rate == 0 {
                        return Err(invalid());
                    }
                }
                _ => return Err(invalid()),
            }
        }
        let name =
            name.ok_or_else(|| spot.fault("\"limit_req_zone\" must have \"zone\" parameter"))?;
        Ok((name, Zone { key: Template::new(&words[0]), rate }))
    }
}

impl Limit {
    /// Reads `limit_req zone=NAME [burst=NUMBER] [nodelay]`.
    ///
    /// # Errors
    /// In nginx's words.
    pub fn read(words: &[String], spot: &Spot) -> Result<Limit, Fault> {
        let mut limit = Limit { zone: String::new(), burst: 0, at_once: false };
        for word in words {
            let invalid = || spot.fault(format!("invalid parameter \"{word}\""));
            match word.split_once('=') {
                Some(("zone", name)) => name.clone_into(&mut limit.zone),
                Some(("burst", number)) => {
                    let number: u32 = number
                        .parse()
                        .map_err(|_| spot.fault(format!("invalid burst value \"{word}\"")))?;
                    limit.burst = u64::from(number) * 1_000;
                }
                None if word == "nodelay" => limit.at_once = true,
                _ => return Err(invalid()),
            }
        }
        if limit.zone.is_empty() {
            return Err(spot.fault("\"limit_req\" directive must have \"zone\" parameter"));
        }
        Ok(limit)
    }
}

impl Buckets {
    /// Puts a request into its bucket, if there is room.
    pub fn admit(&mut self, zone: &Zone, limit: &Limit, key: String, now: SimTime) -> Admission {
        let place = (limit.zone.clone(), key);
        let excess = match self.0.get(&place) {
            Some((excess, since)) => {
                let passed = u64::try_from(now.since(*since).as_millis()).unwrap_or(u64::MAX);
                let drained = zone.rate.saturating_mul(passed) / 1_000;
                (excess + 1_000).saturating_sub(drained)
            }
            None => 0,
        };
        if excess > limit.burst {
            return Admission::Busy(excess);
        }
        self.0.insert(place, (excess, now));
        match limit.at_once {
            true => Admission::After(Duration::ZERO),
            false => {
                Admission::After(Duration::from_millis(excess.saturating_mul(1_000) / zone.rate))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_bucket_takes_its_burst_and_drains_at_its_rate() {
        let spot = Spot { file: "nginx.conf".into(), line: 1 };
        let (_, zone) = Zone::read(&words("$remote_addr zone=one:10m rate=2r/s"), &spot).unwrap();
        let limit = Limit::read(&words("zone=one burst=1 nodelay"), &spot).unwrap();
        let mut buckets = Buckets::default();
        let mut ask = |millis| {
            buckets.admit(&zone, &limit, "10.244.1.2".to_owned(), SimTime::from_millis(millis))
        };
        let pass = Admission::After(Duration::ZERO);
        assert_eq!([ask(0), ask(0), ask(0)], [pass, pass, Admission::Busy(2_000)]);
        assert_eq!([ask(500), ask(500)], [pass, Admission::Busy(2_000)]);
    }

    #[test]
    fn a_burst_that_may_wait_waits() {
        let spot = Spot { file: "nginx.conf".into(), line: 1 };
        let (_, zone) = Zone::read(&words("$remote_addr zone=one:1m rate=30r/m"), &spot).unwrap();
        let limit = Limit::read(&words("zone=one burst=5"), &spot).unwrap();
        let mut buckets = Buckets::default();
        let mut ask = || buckets.admit(&zone, &limit, String::new(), SimTime::START);
        ask();
        assert_eq!(ask(), Admission::After(Duration::from_secs(2)));
        assert!(Zone::read(&words("$x rate=1r/s"), &spot).is_err());
        assert!(Limit::read(&words("burst=1"), &spot).is_err());
    }
}
