//! The colour of a namespace: the same for everybody, on every day, in every browser.

/// So many hues have both themes (`--ns-1` to `--ns-12` in tokens.css).
pub const HUES: u32 = 12;

/// A namespace's hue, 1 to [`HUES`]: FNV-1a, 32 bits, of the name's UTF-8 bytes (offset basis 2166136261, prime 16777619; Fowler, Noll and Vo), its upper
/// half folded into the lower (as they advise for small ranges), modulo 12, plus 1. Part of what people remember: it never changes.
pub fn namespace_hue(name: &str) -> u8 {
    let hash = name.bytes().fold(2_166_136_261_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
    let folded = (hash >> 16) ^ (hash & 0xffff);
    (folded % HUES) as u8 + 1
}

/// The custom property with a namespace's colour, such as `var(--ns-4)`; without one, that of the whole cluster.
pub fn namespace_colour(name: Option<&str>) -> String {
    name.map_or_else(|| "var(--ns-all)".into(), |name| format!("var(--ns-{})", namespace_hue(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_keeps_its_hue_for_ever() {
        let known = [("default", 10), ("kube-system", 4), ("payments", 8), ("web", 9), ("search", 11), ("a", 1), ("", 6)];
        assert_eq!(known.map(|(name, _)| (name, namespace_hue(name))), known);
        assert_eq!(namespace_colour(Some("payments")), "var(--ns-8)");
        assert_eq!(namespace_colour(None), "var(--ns-all)");
    }

    #[test]
    fn every_hue_is_used_and_none_much_more_than_others() {
        let mut counts = [0; 12];
        for i in 0..1_200 {
            counts[usize::from(namespace_hue(&format!("team-{i}"))) - 1] += 1;
        }
        assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
    }
}
