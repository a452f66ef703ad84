//! Words that many kinds print: ages, selectors, labels, containers.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// What stands where there is nothing.
pub(super) const NONE: &str = "<none>";

/// A field's text; empty where it is none.
pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A field's text, or another one where it is empty.
pub(super) fn text_or<'a>(value: &'a Value, otherwise: &'a str) -> &'a str {
    Some(text(value)).filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

/// A field's number; 0 where it is none.
pub(super) fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// The elements of a list; none where it is no list.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How long ago a time was: `11m`, and `<unknown>` for no time.
pub(super) fn ago(value: &Value, now: Timestamp) -> String {
    time(value).map_or_else(|| "<unknown>".to_owned(), |then| human(now.duration_since(then)))
}

/// A time of an object.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// apimachinery's duration.HumanDuration: the coarser the longer.
pub(super) fn human(duration: SignedDuration) -> String {
    const DAY: i64 = 24;
    const YEAR: i64 = 365 * DAY;
    let seconds = duration.as_secs();
    let with = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{unit}"),
        small => format!("{large}{unit}{small}{small_unit}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match () {
        // up to two seconds of the future are clocks that differ
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 0 => "0s".to_owned(),
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => with(minutes, "m", seconds % 60, "s"),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => with(hours, "h", minutes % 60, "m"),
        () if hours < 2 * DAY => format!("{hours}h"),
        () if hours < 8 * DAY => with(hours / DAY, "d", hours % DAY, "h"),
        () if hours < 2 * YEAR => format!("{}d", hours / DAY),
        () if hours < 8 * YEAR => with(hours / YEAR, "y", hours / DAY % 365, "d"),
        () => format!("{}y", hours / YEAR),
    }
}

/// A LabelSelector as text: `app=web,tier in (a,b)`; empty where it selects by nothing.
pub(super) fn selector(value: &Value) -> String {
    let mut parts: Vec<(String, String)> = pairs(&value["matchLabels"]).map(|(key, label)| (key.clone(), format!("{key}={label}"))).collect();
    for expression in items(&value["matchExpressions"]) {
        let key = text(&expression["key"]);
        let mut values: Vec<&str> = items(&expression["values"]).iter().map(text).collect();
        values.sort_unstable();
        let shown = match text(&expression["operator"]) {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_owned(), shown));
    }
    parts.sort_by(|one, other| one.0.cmp(&other.0));
    parts.into_iter().map(|(_, shown)| shown).collect::<Vec<_>>().join(",")
}

/// A LabelSelector as text, `<none>` where it selects by nothing.
pub(super) fn selector_or_none(value: &Value) -> String {
    Some(selector(value)).filter(|text| !text.is_empty()).unwrap_or_else(|| NONE.to_owned())
}

/// `a=1,b=2` in the order of keys, `<none>` for no labels.
pub(super) fn labels(value: &Value) -> String {
    let mut all: Vec<String> = pairs(value).map(|(key, label)| format!("{key}={label}")).collect();
    all.sort_unstable();
    if all.is_empty() { NONE.to_owned() } else { all.join(",") }
}

/// Names and images of a template's containers.
pub(super) fn containers(pod_spec: &Value) -> (String, String) {
    let all = items(&pod_spec["containers"]);
    let joined = |field: &str| all.iter().map(|container| text(&container[field])).collect::<Vec<_>>().join(",");
    (joined("name"), joined("image"))
}

fn pairs(value: &Value) -> impl Iterator<Item = (&String, &str)> {
    let map: Option<&Map<String, Value>> = value.as_object();
    map.into_iter().flatten().map(|(key, value)| (key, text(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn durations_are_the_coarser_the_longer() {
        for (seconds, expected) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (120, "2m"),
            (146, "2m26s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_160, "3h6m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(human(SignedDuration::from_secs(seconds)), expected, "{seconds} s");
        }
    }

    #[test]
    fn selectors_are_sorted_by_key_whatever_their_form() {
        let value = json!({"matchLabels": {"z": "1", "b": "2"}, "matchExpressions": [{"key": "c", "operator": "In", "values": ["y", "x"]}, {"key": "a", "operator": "DoesNotExist"}]});
        assert_eq!(selector(&value), "!a,b=2,c in (x,y),z=1");
        assert_eq!(selector_or_none(&json!({})), "<none>");
    }
}
