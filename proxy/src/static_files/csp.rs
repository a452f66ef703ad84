use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The policy of a page: nothing from elsewhere, and of inline scripts only those that stand in `html` now (Trunk writes a module script and an import map).
///
/// Inline styles are allowed, since xterm.js writes `<style>` elements; scripts are not.
pub(super) fn policy(html: &str) -> String {
    let hashes: String = inline_scripts(html).map(|script| format!(" 'sha256-{}'", STANDARD.encode(Sha256::digest(script)))).collect();
    format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
         connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// The text of every script element without `src`.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let start = find(rest, "<script")?;
            let open = &rest[start..];
            let tag_end = open.find('>')?;
            let (tag, after) = (&open[..tag_end], &open[tag_end + 1..]);
            let end = find(after, "</script")?;
            rest = &after[end..];
            if !has_src(tag) {
                return Some(&after[..end]);
            }
        }
    })
}

fn has_src(tag: &str) -> bool {
    tag.split_ascii_whitespace().skip(1).any(|attribute| attribute.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case("src")))
}

fn find(text: &str, lower_needle: &str) -> Option<usize> {
    text.as_bytes().windows(lower_needle.len()).position(|window| window.eq_ignore_ascii_case(lower_needle.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_and_others_left_alone() {
        let html = "<SCRIPT type=module>\nimport 'x';\n</SCRIPT><script src=\"/a.js\"></script><script type=\"importmap\">{}</script><p>é<script>a()</script >";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["\nimport 'x';\n", "{}", "a()"]);
        assert_eq!(inline_scripts("<script>never closed").count(), 0);
    }

    #[test]
    fn a_script_is_named_by_its_hash_and_never_by_unsafe_inline() {
        let policy = policy("<script>alert(1)</script>");
        // echo -n 'alert(1)' | openssl dgst -sha256 -binary | base64
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
        let scripts = policy.split("; ").find(|part| part.starts_with("script-src")).unwrap();
        assert!(!scripts.contains("unsafe-inline") && !scripts.contains("'unsafe-eval'"), "{scripts}");
    }
}
