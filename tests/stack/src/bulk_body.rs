//! Lines on their way into a `_bulk` body: read from one side, given out on the other, a pair at a time.

use std::io::{self, BufRead, Read};

/// Gives out what `next` appends to an empty buffer, until it appends nothing.
struct BulkBody<F> {
    next: F,
    ready: Vec<u8>,
    given: usize,
}

/// Documents, one a line, each after an action that sends it into the index of its day, as Firehose does.
/// `prefix` is the index without the day: `sgflow-flows-`.
pub(crate) fn by_day<'a>(documents: &'a mut impl BufRead, prefix: &'a str) -> impl Read + 'a {
    let mut document = Vec::new();
    let next = move |out: &mut Vec<u8>| {
        if !read_line(documents, &mut document)? {
            return Ok(());
        }
        let day = day(&document).ok_or_else(|| {
            let shown = String::from_utf8_lossy(&document[..document.len().min(200)]);
            io::Error::other(format!("a document has no @timestamp to choose its index by: {shown}"))
        })?;
        out.extend_from_slice(format!("{{\"index\":{{\"_index\":\"{prefix}{day}\"}}}}\n").as_bytes());
        out.extend_from_slice(&document);
        Ok(())
    };
    BulkBody { next, ready: Vec::new(), given: 0 }
}

/// A `_bulk` body of `index` actions as one of updates: what a document had in the other schema's names stays beside.
pub(crate) fn as_updates(body: &mut impl BufRead) -> impl Read + '_ {
    let (mut action, mut document) = (Vec::new(), Vec::new());
    let next = move |out: &mut Vec<u8>| {
        if !read_line(body, &mut action)? {
            return Ok(());
        }
        let (Some(rest), true) = (action.strip_prefix(b"{\"index\":"), read_line(body, &mut document)?) else {
            let shown = String::from_utf8_lossy(&action);
            return Err(io::Error::other(format!("not an index action with its document: {shown}")));
        };
        out.extend_from_slice(b"{\"update\":");
        out.extend_from_slice(rest);
        out.extend_from_slice(b"{\"doc_as_upsert\":true,\"doc\":");
        out.extend_from_slice(document.trim_ascii_end());
        out.extend_from_slice(b"}\n");
        Ok(())
    };
    BulkBody { next, ready: Vec::new(), given: 0 }
}

impl<F: FnMut(&mut Vec<u8>) -> io::Result<()>> Read for BulkBody<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len() {
            self.ready.clear();
            self.given = 0;
            (self.next)(&mut self.ready)?;
        }
        let rest = &self.ready[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        Ok(length)
    }
}

/// The next line with its end into `line`; false where there is none.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    from.read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(false);
    }
    if line.last() != Some(&b'\n') {
        line.push(b'\n');
    }
    Ok(true)
}

/// `2026-03-01` of a document. Inside a JSON string every quote is escaped, so the key is found nowhere else.
fn day(document: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b"\"@timestamp\":\"";
    let at = document.windows(KEY.len()).position(|window| window == KEY)?;
    let day = document.get(at + KEY.len()..at + KEY.len() + 10)?;
    let shape = day.iter().enumerate().all(|(place, byte)| match place {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if shape { std::str::from_utf8(day).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut body: impl Read) -> io::Result<String> {
        let mut text = String::new();
        body.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn each_document_goes_to_the_index_of_its_day() {
        let mut documents = &br#"{"@timestamp":"2026-03-01T23:59:59Z","note":"\"@timestamp\":\"1999-01-01"}
{"note":"\"@timestamp\":\"1999-01-01","@timestamp":"2026-03-02T00:00:00.000Z"}"#[..];
        let expected = r#"{"index":{"_index":"sgflow-flows-2026-03-01"}}
{"@timestamp":"2026-03-01T23:59:59Z","note":"\"@timestamp\":\"1999-01-01"}
{"index":{"_index":"sgflow-flows-2026-03-02"}}
{"note":"\"@timestamp\":\"1999-01-01","@timestamp":"2026-03-02T00:00:00.000Z"}
"#;
        assert_eq!(all(by_day(&mut documents, "sgflow-flows-")).unwrap(), expected);
    }

    #[test]
    fn a_document_without_a_day_is_an_error() {
        for document in [r#"{"a":1}"#, r#"{"@timestamp":"2026"}"#, r#"{"@timestamp":"yesterday, about noon"}"#] {
            let error = all(by_day(&mut document.as_bytes(), "x-")).unwrap_err();
            assert!(error.to_string().contains("no @timestamp"), "{error}");
        }
    }

    #[test]
    fn index_actions_become_updates() {
        let mut body = &b"{\"index\":{\"_index\":\"i\",\"_id\":\"sgr-1\"}}\n{\"kind\":\"rule\"}\n"[..];
        let expected = "{\"update\":{\"_index\":\"i\",\"_id\":\"sgr-1\"}}\n\
            {\"doc_as_upsert\":true,\"doc\":{\"kind\":\"rule\"}}\n";
        assert_eq!(all(as_updates(&mut body)).unwrap(), expected);
        assert_eq!(all(as_updates(&mut &b""[..])).unwrap(), "");
        assert!(all(as_updates(&mut &b"{\"index\":{}}\n"[..])).is_err(), "the document is missing");
        assert!(all(as_updates(&mut &b"{\"delete\":{}}\n{}\n"[..])).is_err());
    }
}
