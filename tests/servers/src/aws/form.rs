//! `application/x-www-form-urlencoded` and percent-encoding.

use std::collections::BTreeMap;

pub(super) fn decode(text: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        fields.insert(percent_decode(&name.replace('+', " ")), percent_decode(&value.replace('+', " ")));
    }
    fields
}

pub(super) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let (b'%', Some(value)) = (bytes[at], value) {
            decoded.push(value);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let form = decode("Action=Describe&Filter.1.Name=group%2Did&Filter.1.Value.1=a+b%3D&Empty=");
        assert_eq!(form["Filter.1.Name"], "group-id");
        assert_eq!(form["Filter.1.Value.1"], "a b=");
        assert_eq!(form["Empty"], "");
        assert_eq!(percent_decode("100%"), "100%");
    }
}
