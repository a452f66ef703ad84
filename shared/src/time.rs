//! Instants on the wire: whole seconds since 1970, UTC. Kubernetes writes RFC 3339; nothing here reads a clock.

/// Seconds since 1970-01-01T00:00:00Z.
pub type Seconds = i64;

/// Parses RFC 3339 as Kubernetes writes it (`2026-11-21T14:05:31Z`, `2026-11-21T14:05:31.123456Z`, or with an offset): whole seconds and the nanoseconds within.
pub fn parse(text: &str) -> Option<(Seconds, u32)> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|b| any.contains(b));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0;
    if is(at, b".") {
        let digits = bytes[at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let kept = number(at + 1, at + 1 + digits.min(9))?;
        nanos = u32::try_from(kept * 10_i64.pow(9 - u32::try_from(digits.min(9)).ok()?)).ok()?;
        at += 1 + digits;
    }
    let offset_secs = match bytes.get(at)? {
        b'Z' | b'z' if bytes.len() == at + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == at + 6 && is(at + 3, b":") => {
            let secs = number(at + 1, at + 3)? * 3600 + number(at + 4, at + 6)? * 60;
            if *sign == b'+' { secs } else { -secs }
        }
        _ => return None,
    };
    Some((days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset_secs, nanos))
}

/// Whole seconds of [`parse`].
pub fn seconds(text: &str) -> Option<Seconds> {
    parse(text).map(|(seconds, _)| seconds)
}

/// An age as kubectl prints it (`duration.HumanDuration` of k8s.io/apimachinery): two units at most, `26m`, `3d4h`, `2y11d`. Negative spans are `0s`.
pub fn age(span_secs: i64) -> String {
    let (s, m, h, d) = (span_secs.max(0), span_secs / 60, span_secs / 3600, span_secs / 86_400);
    let pair = |whole: i64, unit: &str, part: i64, small: &str| if part == 0 { format!("{whole}{unit}") } else { format!("{whole}{unit}{part}{small}") };
    match s {
        0..120 => format!("{s}s"),
        120..600 => pair(m, "m", s % 60, "s"),
        600..10_800 => format!("{m}m"),
        10_800..28_800 => pair(h, "h", m % 60, "m"),
        28_800..172_800 => format!("{h}h"),
        172_800..691_200 => pair(d, "d", h % 24, "h"),
        _ if d < 730 => format!("{d}d"),
        _ if d < 2920 => pair(d / 365, "y", d % 365, "d"),
        _ => format!("{}y", d / 365),
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_times_are_read() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some((0, 0)));
        assert_eq!(parse("2026-11-21T14:05:31Z"), Some((1_795_269_931, 0)));
        assert_eq!(parse("2026-11-21T14:05:31.25Z"), Some((1_795_269_931, 250_000_000)));
        assert_eq!(parse("2026-11-21T15:05:31+01:00"), Some((1_795_269_931, 0)));
        assert_eq!(parse("2024-02-29T00:00:00.123456789123Z"), Some((1_709_164_800, 123_456_789)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "２026-01-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        let ages = [
            (-5, "0s"),
            (7, "7s"),
            (119, "119s"),
            (120, "2m"),
            (185, "3m5s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (691_200, "8d"),
            (62_985_600, "729d"),
            (63_072_000, "2y"),
            (64_022_400, "2y11d"),
            (252_288_000, "8y"),
        ];
        for (secs, text) in ages {
            assert_eq!(age(secs), text, "{secs}");
        }
    }
}
