//! Kubernetes quantities (`apimachinery/pkg/api/resource`): `250m`, `1.5`, `512Mi`, `2e3`.

/// The value in thousandths of the unit (millicores for CPU, milli-bytes for memory); `None` for what is no quantity.
pub fn milli(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    let factor = match suffix {
        // Divided, and not multiplied by what no float is exactly: it is rounded up below.
        "n" => return thousandths(number / 1e6),
        "u" => return thousandths(number / 1e3),
        "m" => return thousandths(number),
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024f64.powi(2),
        "Gi" => 1024f64.powi(3),
        "Ti" => 1024f64.powi(4),
        "Pi" => 1024f64.powi(5),
        "Ei" => 1024f64.powi(6),
        _ => 10f64.powi(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    thousandths(number * factor * 1000.0)
}

fn thousandths(value: f64) -> Option<i64> {
    value.is_finite().then_some(value.ceil() as i64)
}

/// The value in whole units, rounded up (bytes for memory).
pub fn whole(text: &str) -> Option<i64> {
    milli(text).map(|value| value.div_euclid(1000) + i64::from(value.rem_euclid(1000) > 0))
}

/// Bytes as a person reads them: `71Mi`, `3.1Gi`; one decimal below ten.
pub fn bytes(bytes: i64) -> String {
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["Ki", "Mi", "Gi", "Ti", "Pi"] {
        if value.abs() < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let rounded = (value * 10.0).round() / 10.0;
    if rounded < 10.0 && rounded.fract() != 0.0 { format!("{rounded:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

/// Millicores as a person reads them: `4m`, `1500m`, and whole cores from ten: `12`.
pub fn cores(milli: i64) -> String {
    if milli >= 10_000 || (milli >= 1000 && milli % 1000 == 0) { format!("{}", (milli as f64 / 1000.0).round()) } else { format!("{milli}m") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read() {
        for (text, expect) in
            [("250m", 250), ("1", 1000), ("1.5", 1500), ("2e3", 2_000_000), ("1Ki", 1_024_000), ("0", 0), ("100n", 1), ("150000000n", 150), ("0.25u", 1)]
        {
            assert_eq!(milli(text), Some(expect), "{text}");
        }
        assert_eq!(whole("512Mi"), Some(536_870_912));
        assert_eq!(whole("100m"), Some(1));
        for (count, expect) in [(0, "0"), (1023, "1023"), (1024, "1Ki"), (71 << 20, "71Mi"), (3_328_599_654, "3.1Gi"), (24_684_092 << 10, "24Gi")] {
            assert_eq!(bytes(count), expect);
        }
        for (milli, expect) in [(0, "0m"), (4, "4m"), (1000, "1"), (1500, "1500m"), (12_300, "12")] {
            assert_eq!(cores(milli), expect);
        }
        for text in ["", "m", "1Zi", "one", "1e", "--1"] {
            assert_eq!(milli(text), None, "{text}");
        }
    }
}
