//! Cuts the bytes of an object into what is judged at once: a line, or a JSON object.
//!
//! Firehose writes JSON objects to S3 without a line end between them, so objects are found by their braces. Memory is
//! bounded whatever the input: a line or object longer than [`LINE_LIMIT`] (a
//! message of a subscription: [`MESSAGE_LIMIT`]) is given up and passed over, never kept.

use std::io::Read;

use memchr::memchr;

use crate::bytes::{Bytes, CHUNK, Stop};
use crate::log_events;

/// Longest line or JSON object that is read, in bytes. Real records are below 2 KiB.
pub const LINE_LIMIT: usize = 1024 * 1024;

/// Longest message of a CloudWatch Logs subscription that is read, in bytes. One has at most 1 MiB as gzip, and flow logs in it shrink about
/// tenfold.
pub const MESSAGE_LIMIT: usize = 32 * 1024 * 1024;

/// Most of a bad line that is shown to the caller.
pub(crate) const SHOWN: usize = 64 * 1024;

/// One piece of the input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unit<'a> {
    /// A line without its line feed.
    Line(&'a [u8]),
    /// A balanced `{...}`.
    Object(&'a [u8]),
    /// A line that begins with `{` and in which no object ends.
    BrokenObject(&'a [u8]),
    /// The beginning of a line beyond the limit.
    TooLong(&'a [u8]),
    /// The last piece before the damage.
    CutShort(&'a [u8]),
    /// No more; see [`Units::stop`].
    End,
}

/// How far into an object the scan has come, so that more input does not mean starting over.
#[derive(Clone, Copy, Default)]
struct Braces {
    scanned: usize,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

enum Found {
    Object(usize),
    Broken,
    Unfinished,
}

/// What the buffer's beginning is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    AfterObject,
    InsideLongLine,
}

/// See the module.
pub(crate) struct Units<R> {
    bytes: Bytes<R>,
    buffer: Vec<u8>,
    begin: usize,
    end: usize,
    place: Place,
    ended: bool,
    stop: Option<Stop>,
}

impl<R: Read> Units<R> {
    pub fn new(bytes: Bytes<R>) -> Units<R> {
        Units { bytes, buffer: vec![0; CHUNK], begin: 0, end: 0, place: Place::LineStart, ended: false, stop: None }
    }

    /// Why the input ended early; ask after [`Unit::End`].
    pub fn take_stop(&mut self) -> Option<Stop> {
        self.stop.take()
    }

    pub fn bytes(&self) -> &Bytes<R> {
        &self.bytes
    }

    /// Drops a byte order mark; some tools on Windows add one.
    pub fn skip_byte_order_mark(&mut self) {
        while self.end - self.begin < 3 && self.fill() {}
        if self.unread().starts_with(b"\xef\xbb\xbf") {
            self.begin += 3;
        }
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.begin..self.end).unwrap_or_default()
    }

    /// The next piece. Lines are by far the most common, so they come first and cost one search.
    #[inline]
    pub fn next(&mut self) -> Unit<'_> {
        if self.place == Place::LineStart
            && self.begin < self.end
            && self.buffer[self.begin] != b'{'
            && let Some(length) = memchr(b'\n', &self.buffer[self.begin..self.end])
        {
            let begin = self.begin;
            self.begin = begin + length + 1;
            return Unit::Line(&self.buffer[begin..begin + length]);
        }
        self.next_slowly()
    }

    fn next_slowly(&mut self) -> Unit<'_> {
        if self.place == Place::InsideLongLine {
            self.pass_over_line();
        }
        if self.place == Place::AfterObject {
            self.pass_over_line_end();
        }
        if self.begin == self.end && !self.fill() {
            return Unit::End;
        }
        if self.buffer[self.begin] == b'{' {
            return self.object();
        }
        let mut searched = 0;
        loop {
            let unread = self.unread();
            if let Some(length) = memchr(b'\n', &unread[searched..]) {
                let begin = self.begin;
                let length = searched + length;
                self.begin += length + 1;
                return Unit::Line(&self.buffer[begin..begin + length]);
            }
            searched = unread.len();
            if searched > LINE_LIMIT {
                return self.too_long();
            }
            if !self.fill() {
                return self.last();
            }
        }
    }

    fn object(&mut self) -> Unit<'_> {
        let mut braces = Braces::default();
        loop {
            match braces.scan(self.unread()) {
                Found::Object(length) => {
                    let begin = self.begin;
                    self.begin += length;
                    self.place = Place::AfterObject;
                    return Unit::Object(&self.buffer[begin..begin + length]);
                }
                Found::Broken => return self.broken_object(),
                Found::Unfinished => {}
            }
            if braces.scanned > LINE_LIMIT && (braces.scanned > MESSAGE_LIMIT || !self.begins_with_log_events()) {
                return self.broken_object();
            }
            if !self.fill() {
                if memchr(b'\n', self.unread()).is_some() {
                    return self.broken_object();
                }
                return self.last();
            }
        }
    }

    /// Whether the object shows that it holds many lines; the few names before its events take much less room than what is searched.
    fn begins_with_log_events(&self) -> bool {
        let unread = self.unread();
        log_events::may_be_in(unread.get(..SHOWN).unwrap_or(unread))
    }

    /// Gives up on an object, but only on its first line: what follows may be good.
    fn broken_object(&mut self) -> Unit<'_> {
        let Some(length) = memchr(b'\n', self.unread()) else {
            return self.too_long();
        };
        let begin = self.begin;
        self.begin += length + 1;
        Unit::BrokenObject(&self.buffer[begin..begin + length])
    }

    fn too_long(&mut self) -> Unit<'_> {
        let begin = self.begin;
        self.begin = self.end;
        self.place = Place::InsideLongLine;
        Unit::TooLong(&self.buffer[begin..self.end.min(begin + SHOWN)])
    }

    /// What is left without a line end. After damage its last field may be cut, and a cut number is still a number.
    fn last(&mut self) -> Unit<'_> {
        let begin = self.begin;
        self.begin = self.end;
        let text = &self.buffer[begin..self.end];
        if matches!(self.stop, Some(Stop::Io(_) | Stop::Truncated | Stop::Corrupt(_))) {
            return Unit::CutShort(text);
        }
        if text.starts_with(b"{") {
            return Unit::BrokenObject(text);
        }
        Unit::Line(text)
    }

    fn pass_over_line(&mut self) {
        self.place = Place::LineStart;
        loop {
            if let Some(length) = memchr(b'\n', self.unread()) {
                self.begin += length + 1;
                return;
            }
            self.begin = self.end;
            if !self.fill() {
                return;
            }
        }
    }

    /// Passes over blanks and one line feed after an object.
    fn pass_over_line_end(&mut self) {
        self.place = Place::LineStart;
        loop {
            match self.unread().first() {
                Some(b' ' | b'\t' | b'\r') => self.begin += 1,
                Some(b'\n') => {
                    self.begin += 1;
                    return;
                }
                Some(_) => return,
                None => {
                    if !self.fill() {
                        return;
                    }
                }
            }
        }
    }

    /// Gets more bytes behind the unread ones; false at the end.
    fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 4 {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        match self.bytes.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(count) => self.end += count,
            Err(stop) => {
                self.ended = true;
                self.stop = Some(stop);
            }
        }
        !self.ended
    }
}

impl Braces {
    /// Goes on to the end of `text`, whose beginning was scanned before. An object is broken by a line end inside a string, which JSON does
    /// not allow, and by a line that begins with `{`, which is the next object; so no broken one swallows its neighbours.
    fn scan(&mut self, text: &[u8]) -> Found {
        while let Some(&byte) = text.get(self.scanned) {
            let at_line_start = self.scanned > 0 && text.get(self.scanned - 1) == Some(&b'\n');
            self.scanned += 1;
            if self.in_string {
                match byte {
                    b'\n' => return Found::Broken,
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' if at_line_start => return Found::Broken,
                b'{' => self.depth = self.depth.saturating_add(1),
                b'}' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Found::Object(self.scanned);
                    }
                }
                _ => {}
            }
        }
        Found::Unfinished
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// Hands out one byte at a time, so that every boundary falls everywhere.
    struct Dribble<'a>(&'a [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            buffer[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn pieces(text: &[u8]) -> Vec<String> {
        let mut units = Units::new(Bytes::open(Dribble(text)).unwrap());
        let mut out = Vec::new();
        loop {
            let unit = units.next();
            if unit == Unit::End {
                return out;
            }
            out.push(match unit {
                Unit::Line(text) => format!("line {}", text.escape_ascii()),
                Unit::Object(text) => format!("object {}", text.escape_ascii()),
                Unit::BrokenObject(text) => format!("broken {}", text.escape_ascii()),
                other => format!("{other:?}"),
            });
        }
    }

    #[test]
    fn lines_and_objects() {
        assert_eq!(pieces(b"a b\nc\n\nd"), ["line a b", "line c", "line ", "line d"]);
        assert_eq!(
            pieces(b"{\"a\":\"}\\\"{\"}{\"b\":{}} \r\nx\n"),
            [
                "object {\"a\":\"}\\\"{\"}".replace('\\', "\\\\").replace('"', "\\\""),
                "object {\"b\":{}}".replace('"', "\\\""),
                "line x".to_owned(),
            ]
        );
        assert_eq!(pieces(b""), [] as [&str; 0]);
    }

    #[test]
    fn a_broken_object_costs_its_own_line_only() {
        assert_eq!(pieces(b"{\"a\n{}\n"), ["broken {\\\"a", "object {}"]);
        assert_eq!(pieces(b"{[\n{}\n"), ["broken {[", "object {}"]);
        assert_eq!(pieces(b"{\n  \"a\": {}\n}\n"), ["object {\\n  \\\"a\\\": {}\\n}"]);
        assert_eq!(pieces(b"{\nplain\n"), ["broken {", "line plain"]);
    }

    #[test]
    fn a_long_line_is_given_up_and_the_next_is_read() {
        let mut text = vec![b'x'; LINE_LIMIT + CHUNK * 3];
        text.extend_from_slice(b"\nshort\n");
        let mut units = Units::new(Bytes::open(&text[..]).unwrap());
        assert_eq!(units.next(), Unit::TooLong(&vec![b'x'; SHOWN][..]));
        assert_eq!(units.next(), Unit::Line(b"short"));
        assert_eq!(units.next(), Unit::End);
        assert!(units.buffer.len() <= LINE_LIMIT + 3 * CHUNK, "{}", units.buffer.len());
    }
}
