//! Tag values of version 11 (`instance-tag`, `interface-tag`, `asg-tag`...), which AWS writes percent-encoded so that a space in a
//! tag does not look like the next field.

/// Decodes a tag value. A `%` that no two hexadecimal digits follow stays as it is, and bytes that are not UTF-8 become U+FFFD:
/// a tag is only shown, so a damaged one must not cost the record.
///
/// ```
/// assert_eq!(flowlog::decode_tag(b"web%20server"), "web server");
/// assert_eq!(flowlog::decode_tag(b"100%"), "100%");
/// ```
pub fn decode_tag(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        let pair = match after {
            [high, low, ..] if first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match pair {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            None => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn decodes_utf8_and_survives_damage() {
        // U+00E9 is C3 A9 in UTF-8, U+2713 is E2 9C 93.
        assert_eq!(decode_tag(b"caf%C3%A9%20%e2%9c%93"), "caf\u{e9} \u{2713}");
        assert_eq!(decode_tag(b"%"), "%");
        assert_eq!(decode_tag(b"%4"), "%4");
        assert_eq!(decode_tag(b"%zz%41"), "%zzA");
        assert_eq!(decode_tag(b"%FF"), "\u{fffd}");
        assert_eq!(decode_tag(b"a\xffb"), "a\u{fffd}b");
        assert_eq!(decode_tag(b""), "");
    }
}
