//! What stands for a secret value outside its cluster: a mark and how large the value is. No base64 begins with `*`, so it cannot be taken for a value.

/// How every masked value begins.
const MARK: &str = "***";

/// The mask of a value, which is base64 as the API server writes it.
pub fn mask(base64: &str) -> String {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    format!("{MARK} {} bytes", (base64.len() / 4 * 3).saturating_sub(padding))
}

/// The mask of a text of which not even the size is said.
pub fn hidden() -> String {
    MARK.into()
}

/// How many bytes a masked value has; `None` for what is no mask, or one without a size.
pub fn bytes_of(masked: &str) -> Option<usize> {
    masked.strip_prefix(MARK)?.trim_start().strip_suffix(" bytes")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_says_how_large_a_value_is_and_nothing_else() {
        for (base64, bytes) in [("", 0), ("YQ==", 1), ("YWI=", 2), ("c2Vlc2F3", 6)] {
            assert_eq!(bytes_of(&mask(base64)), Some(bytes), "{base64}");
        }
        assert_eq!(bytes_of(&hidden()), None);
        assert_eq!(bytes_of("c2Vlc2F3"), None);
    }
}
