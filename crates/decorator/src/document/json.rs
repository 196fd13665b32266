//! JSON by hand, into a byte vector: no tree, no allocation for a record.
//!
//! Every member of an object is written with a comma before it; [`Object::close`] turns the first comma of the object into its brace. So
//! nobody needs to know who comes first.

/// An object whose members are being written.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    /// Length of the output before the object's key.
    before: usize,
    /// Length of the output before its first member.
    body: usize,
}

impl Object {
    /// Begins an object. `key` is what stands before its brace, such as `,"source":`; nothing for the document itself.
    pub fn open(out: &mut Vec<u8>, key: &[u8]) -> Object {
        let before = out.len();
        out.extend_from_slice(key);
        Object { before, body: out.len() }
    }

    /// Ends the object. An inner one without members is taken back, key and all.
    pub fn close(self, out: &mut Vec<u8>) {
        match out.get_mut(self.body) {
            Some(comma) => {
                debug_assert_eq!(*comma, b',');
                *comma = b'{';
                out.push(b'}');
            }
            None if self.before == self.body => out.extend_from_slice(b"{}"),
            None => out.truncate(self.before),
        }
    }
}

/// Whether text can stand between quotation marks as it is. Looked at once for a whole line, so that its values need not be.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    // No early return: a loop without one is done sixteen bytes at a time.
    let mut is_special = false;
    for byte in text {
        is_special |= *byte < 0x20 || *byte > 0x7e || *byte == b'"' || *byte == b'\\';
    }
    !is_special
}

/// Text between quotation marks, which the caller writes. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain(text) {
        out.extend_from_slice(text);
        return;
    }
    for chunk in text.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'"' => out.extend_from_slice(br#"\""#),
                b'\\' => out.extend_from_slice(br"\\"),
                b'\n' => out.extend_from_slice(br"\n"),
                b'\r' => out.extend_from_slice(br"\r"),
                b'\t' => out.extend_from_slice(br"\t"),
                0..0x20 => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    out.extend_from_slice(br"\u00");
                    out.push(b'0' + (byte >> 4));
                    out.push(DIGITS[usize::from(byte & 15)]);
                }
                byte => out.push(byte),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

/// A member that is a string; nothing if the text is empty. `key` is such as `,"srcaddr":"`, its value's first quotation mark included.
pub(crate) fn push_text(out: &mut Vec<u8>, key: &[u8], text: &[u8]) {
    if text.is_empty() {
        return;
    }
    out.extend_from_slice(key);
    push_escaped(out, text);
    out.push(b'"');
}

/// A member that is a whole number. `key` is such as `,"srcport":`.
pub(crate) fn push_number(out: &mut Vec<u8>, key: &[u8], number: impl itoa::Integer) {
    out.extend_from_slice(key);
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A member that is an array of strings; nothing if there is none that is not empty. `key` is such as `,"threat-lists":`.
pub(crate) fn push_texts<'a>(out: &mut Vec<u8>, key: &[u8], texts: impl IntoIterator<Item = &'a str>) {
    let before = out.len();
    out.extend_from_slice(key);
    let opening = out.len();
    for text in texts {
        push_text(out, br#",""#, text.as_bytes());
    }
    match out.get_mut(opening) {
        Some(comma) => {
            *comma = b'[';
            out.push(b']');
        }
        None => out.truncate(before),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn escaped(text: &[u8]) -> String {
        let mut out = Vec::new();
        push_escaped(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_escaped_as_rfc_8259_says() {
        assert_eq!(escaped(b"eni-0a1"), "eni-0a1");
        assert_eq!(escaped(b"\"\\/\n\r\t\x00\x1f\x7f"), "\\\"\\\\/\\n\\r\\t\\u0000\\u001f\x7f");
        assert_eq!(escaped("caf\u{e9} \u{1f512}".as_bytes()), "caf\u{e9} \u{1f512}");
        // A lone byte, a cut sequence and a surrogate: one U+FFFD for each part that can be no beginning of a character.
        assert_eq!(escaped(b"a\xffb\xe2\x9c"), "a\u{fffd}b\u{fffd}");
        assert_eq!(escaped(b"\xed\xa0\x80"), "\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn every_byte_comes_back_from_a_json_reader() {
        for byte in 0..=255_u8 {
            let text = [b'a', byte, b'z'];
            let document = format!("\"{}\"", escaped(&text));
            let read: String = serde_json::from_str(&document).unwrap();
            assert_eq!(read, String::from_utf8_lossy(&text), "{byte}");
            assert!(!is_plain(&text) || escaped(&text).as_bytes() == text, "{byte}");
        }
    }

    #[test]
    fn empty_objects_and_lists_leave_nothing() {
        let mut out = Vec::new();
        let document = Object::open(&mut out, b"");
        let inner = Object::open(&mut out, br#","aws":"#);
        let innermost = Object::open(&mut out, br#","vpcflow":"#);
        push_texts(&mut out, br#","names":"#, ["", ""]);
        push_text(&mut out, br#","name":""#, b"");
        innermost.close(&mut out);
        inner.close(&mut out);
        push_number(&mut out, br#","port":"#, 0_u16);
        push_texts(&mut out, br#","names":"#, ["a", "", "b"]);
        document.close(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"port":0,"names":["a","b"]}"#);
        let mut nothing = Vec::new();
        Object::open(&mut nothing, b"").close(&mut nothing);
        assert_eq!(nothing, b"{}");
    }
}
