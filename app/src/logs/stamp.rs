//! Instants of lines: RFC 3339 with nanoseconds in, clock times and whole seconds out.

use krateyard_shared::time;

/// When a line was written. Orders as time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp {
    /// Seconds since 1970.
    pub secs: i64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

impl Stamp {
    /// Reads an API server's timestamp.
    pub fn parse(text: &str) -> Option<Stamp> {
        time::parse(text).map(|(secs, nanos)| Stamp { secs, nanos })
    }

    /// The clock time `14:05:31` at an offset from UTC.
    pub fn clock(self, offset_secs: i64) -> String {
        let of_day = (self.secs + offset_secs).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// The second as RFC 3339 in UTC, for `sinceTime`.
    pub fn rfc3339(self) -> String {
        let (year, month, day) = civil_from_days(self.secs.div_euclid(86_400));
        format!("{year:04}-{month:02}-{day:02}T{}Z", self.clock(0))
    }

    /// Date and time to the millisecond in UTC, for copies and downloads.
    pub fn full(self) -> String {
        let text = self.rfc3339();
        format!("{}.{:03}Z", &text[..text.len() - 1], self.nanos / 1_000_000)
    }
}

/// Year, month and day of a day since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_is_written_as_it_was_read() {
        let stamp = Stamp::parse("2026-11-21T14:05:31.25Z").unwrap();
        assert_eq!((stamp.clock(0).as_str(), stamp.clock(3600).as_str(), stamp.clock(-15 * 3600).as_str()), ("14:05:31", "15:05:31", "23:05:31"));
        assert_eq!((stamp.rfc3339().as_str(), stamp.full().as_str()), ("2026-11-21T14:05:31Z", "2026-11-21T14:05:31.250Z"));
    }

    proptest! {
        #[test]
        fn every_second_survives_a_round_trip(secs in -62_000_000_000_i64..250_000_000_000) {
            prop_assert_eq!(Stamp::parse(&Stamp { secs, nanos: 0 }.rfc3339()), Some(Stamp { secs, nanos: 0 }));
        }
    }
}
