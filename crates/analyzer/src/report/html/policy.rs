//! What the page may do: nothing but what stands in it.
//!
//! A Content-Security-Policy in the page itself lets just one style sheet and one script run, each known by its hash,
//! and nothing be loaded: should a name or a description ever get out of its place, it could still neither run nor call
//! anybody. The hashes are taken of the very texts that are put in, so they cannot fall behind them.
//!
//! Blocks of data (`<script type="application/json">`) never run, and no policy asks about them (HTML, "prepare the
//! script element": what is neither a script nor a module ends there, before the policy is asked).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The style sheet of the page.
pub const STYLE: &str = concat!(
    include_str!("../../../templates/page/colours.css"),
    include_str!("../../../templates/page/layout.css"),
    include_str!("../../../templates/page/rules.css"),
    include_str!("../../../templates/page/paper.css"),
);

/// The script of the page.
pub const SCRIPT: &str = concat!(
    include_str!("../../../templates/page/elements.js"),
    include_str!("../../../templates/page/search.js"),
    include_str!("../../../templates/page/charts.js"),
    include_str!("../../../templates/page/details.js"),
    include_str!("../../../templates/page/table.js"),
    include_str!("../../../templates/page/page.js"),
);

/// The policy, as the `content` of its meta element.
pub fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// A hash source of Content Security Policy Level 3, section 2.3.1.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// A JSON text that may stand inside a script element: what could end the element, or be taken for markup, is written
/// as an escape, which is possible because in JSON these characters stand in strings only. U+2028 and U+2029 end lines
/// in older scripts.
pub fn embedded(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 16);
    for character in json.chars() {
        match character {
            '<' => safe.push_str("\\u003c"),
            '>' => safe.push_str("\\u003e"),
            '&' => safe.push_str("\\u0026"),
            '\u{2028}' => safe.push_str("\\u2028"),
            '\u{2029}' => safe.push_str("\\u2029"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// The example of Content Security Policy Level 3, section 8.3 ("alert('Hello, world.');").
    #[test]
    fn a_hash_is_the_one_of_the_specification() {
        assert_eq!(hash("alert('Hello, world.');"), "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }

    #[test]
    fn data_cannot_end_its_element_and_stays_the_same_data() {
        let hostile = "</script><!--<script>&lt;\u{2028}\u{2029}\"\\";
        let json = serde_json::to_string(hostile).unwrap();
        let safe = embedded(&json);
        assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), hostile);
    }

    /// Nothing that the policy would forbid is asked for: no text is turned into markup or code.
    #[test]
    fn the_script_makes_no_markup_of_text() {
        for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
        assert!(!SCRIPT.contains("</script") && !STYLE.contains("</style"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
