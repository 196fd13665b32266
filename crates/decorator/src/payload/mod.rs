//! What the data of one Firehose record is: lines of a flow log, in one of the shapes in which they come.
//!
//! | shape | from |
//! |---|---|
//! | one or several lines, with or without a line end | `flow-ingest`, or any producer |
//! | `{"message":"line"}`, one or several objects | flow logs sent straight to Firehose |
//! | gzip of `{"messageType":"DATA_MESSAGE","logEvents":[{"message":"line"}...]}` | a subscription of CloudWatch Logs |
//! | the same without gzip | a stream that decompresses by itself |
//!
//! ```
//! use decorator::payload::{Payload, Unpacker};
//! let mut unpacker = Unpacker::default();
//! let Payload::Lines(lines) = unpacker.unpack(b"{\"message\":\"2 1 eni-1 -\"}\n2 1 eni-2 -\r\n") else { unreachable!() };
//! let texts: Vec<&[u8]> = lines.iter().map(|line| line.text).collect();
//! assert_eq!(texts, [&b"2 1 eni-1 -"[..], b"2 1 eni-2 -"]);
//! ```
//!
//! Memory is bounded whatever the data: see [`INFLATED_LIMIT`] and [`LINES_LIMIT`]; and no byte is read more than a few times.
//!
//! Gzip is opened once and may hold nothing but JSON, whose texts are UTF-8, which gzip never is. So a line out of gzip, put back as a
//! record of its own, can not be gzip again. A line of a plain text can, once. Hence no record unpacks for ever into records like itself.

mod object;

use std::io::Read;

use flate2::read::MultiGzDecoder;
use memchr::{memchr, memmem};

/// Most bytes that one record may unpack to. A record has at most 1,000 KiB, and flow logs in CloudWatch's JSON shrink about
/// tenfold.
pub const INFLATED_LIMIT: usize = 32 * 1024 * 1024;

/// Most lines that one record may hold: five times what fits into [`INFLATED_LIMIT`] of real ones.
pub const LINES_LIMIT: usize = 1_000_000;

/// What a record's data is.
#[derive(Debug)]
pub enum Payload<'a> {
    /// Nothing but blanks, or a message of CloudWatch Logs without events.
    Blank,
    /// By this CloudWatch Logs tries whether it may send.
    ControlMessage,
    /// At least one line.
    Lines(Lines<'a>),
    /// Nothing that can be taken apart.
    Unreadable(Unreadable),
}

/// Why data cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not base64.
    #[error("not base64")]
    NotBase64,
    /// Begins like gzip, but is not, or not to its end.
    #[error("damaged gzip")]
    DamagedGzip,
    /// Gzip that holds more than [`INFLATED_LIMIT`].
    #[error("gzip of more than 32 MiB")]
    TooLarge,
    /// More than [`LINES_LIMIT`] lines.
    #[error("more than 1,000,000 lines")]
    TooManyLines,
    /// Gzip of something else than messages of CloudWatch Logs.
    #[error("gzip without a message of CloudWatch Logs")]
    UnknownGzip,
    /// A message of CloudWatch Logs that is neither data nor control.
    #[error("a message of CloudWatch Logs of an unknown type")]
    UnknownMessageType,
}

impl Unreadable {
    /// The reason in kebab-case, for counting by reason.
    pub const fn kind(self) -> &'static str {
        match self {
            Unreadable::NotBase64 => "not-base64",
            Unreadable::DamagedGzip => "damaged-gzip",
            Unreadable::TooLarge => "too-large-gzip",
            Unreadable::TooManyLines => "too-many-lines",
            Unreadable::UnknownGzip => "unknown-gzip",
            Unreadable::UnknownMessageType => "unknown-message-type",
        }
    }
}

/// A line, or something else that is no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Without its line end; not blank.
    pub text: &'a [u8],
    /// False for JSON that holds no line.
    pub is_line: bool,
}

/// Where a piece stands in a text.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    /// Length, doubled; and one more if it is a line. A million of these should stay small.
    length_and_kind: u32,
}

impl Span {
    fn new(start: usize, length: usize, is_line: bool) -> Span {
        // Texts are at most 32 MiB.
        let bounded = |number: usize| u32::try_from(number).unwrap_or(u32::MAX >> 1);
        Span { start: bounded(start), length_and_kind: bounded(length) << 1 | u32::from(is_line) }
    }

    fn piece_of(self, text: &[u8]) -> Piece<'_> {
        let start = self.start as usize;
        let length = (self.length_and_kind >> 1) as usize;
        Piece { text: text.get(start..start + length).unwrap_or_default(), is_line: self.length_and_kind & 1 == 1 }
    }
}

/// The pieces of a record, at least one, in order.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    spans: &'a [Span],
}

impl<'a> Lines<'a> {
    /// How many; never 0.
    #[allow(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// The pieces in order.
    pub fn iter(self) -> impl Iterator<Item = Piece<'a>> + Clone {
        self.spans.iter().map(move |span| span.piece_of(self.text))
    }
}

/// Takes records apart; keeps its space for the next one.
#[derive(Debug, Default)]
pub struct Unpacker {
    inflated: Vec<u8>,
    gathered: Gathered,
}

/// Pieces, and where their text is not part of the data as it stands, the text.
#[derive(Debug, Default)]
struct Gathered {
    text: Vec<u8>,
    spans: Vec<Span>,
    saw_control: bool,
}

impl Unpacker {
    /// Takes the data of one record apart.
    pub fn unpack<'a>(&'a mut self, data: &'a [u8]) -> Payload<'a> {
        let gathered = &mut self.gathered;
        gathered.text.clear();
        gathered.spans.clear();
        gathered.saw_control = false;
        if data.starts_with(&[0x1f, 0x8b]) {
            if let Err(reason) = inflate(data, &mut self.inflated) {
                return Payload::Unreadable(reason);
            }
            if let Err(reason) = gathered.walk(&self.inflated, true) {
                return Payload::Unreadable(reason);
            }
            return gathered.payload(None);
        }
        if !may_hold_objects(data) {
            if let Err(reason) = gathered.plain_lines(data) {
                return Payload::Unreadable(reason);
            }
            return gathered.payload(Some(data));
        }
        if let Err(reason) = gathered.walk(data, false) {
            return Payload::Unreadable(reason);
        }
        gathered.payload(None)
    }

    /// Gives back the space that an unusually large record took.
    pub fn shrink(&mut self) {
        const USUAL: usize = 4 * 1024 * 1024;
        self.inflated.clear();
        self.inflated.shrink_to(USUAL);
        self.gathered.text.clear();
        self.gathered.text.shrink_to(USUAL);
        self.gathered.spans.clear();
        self.gathered.spans.shrink_to(USUAL / size_of::<Span>());
    }
}

fn inflate(data: &[u8], out: &mut Vec<u8>) -> Result<(), Unreadable> {
    out.clear();
    let bound = INFLATED_LIMIT as u64 + 1;
    MultiGzDecoder::new(data).take(bound).read_to_end(out).map_err(|_| Unreadable::DamagedGzip)?;
    if out.len() > INFLATED_LIMIT {
        return Err(Unreadable::TooLarge);
    }
    Ok(())
}

/// Whether a line of the data begins with `{`. Nearly every record is one line, for which this is one comparison and one search.
fn may_hold_objects(data: &[u8]) -> bool {
    let mut rest = data;
    loop {
        // This passes over blank lines too, and what it passed over must not be looked at again.
        rest = rest.trim_ascii_start();
        if rest.first() == Some(&b'{') {
            return true;
        }
        match memchr(b'\n', rest) {
            Some(end) => rest = rest.get(end + 1..).unwrap_or_default(),
            None => return false,
        }
    }
}

/// Where the line ends before the next line that begins with `{`, blanks before that or not.
fn before_next_object(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let end = from + memchr(b'\n', text.get(from..)?)?;
        let next = text.get(end..)?.trim_ascii_start();
        if next.first() == Some(&b'{') {
            return Some(end);
        }
        from = text.len() - next.len();
    }
}

impl Gathered {
    fn push(&mut self, start: usize, length: usize, is_line: bool) -> Result<(), Unreadable> {
        if self.spans.len() >= LINES_LIMIT {
            return Err(Unreadable::TooManyLines);
        }
        self.spans.push(Span::new(start, length, is_line));
        Ok(())
    }

    /// Lines that stand in `text` as they are.
    fn plain_lines(&mut self, text: &[u8]) -> Result<(), Unreadable> {
        let mut start = 0;
        while let Some(rest) = text.get(start..).filter(|rest| !rest.is_empty()) {
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            let line = without_line_end(rest.get(..length).unwrap_or_default());
            if !line.trim_ascii().is_empty() {
                self.push(start, line.len(), true)?;
            }
            start += length + 1;
        }
        Ok(())
    }

    /// Copies a text and takes its lines over.
    fn copy_lines(&mut self, text: &[u8]) -> Result<(), Unreadable> {
        for line in text.split(|byte| *byte == b'\n') {
            self.copy_piece(without_line_end(line), true)?;
        }
        Ok(())
    }

    fn copy_piece(&mut self, text: &[u8], is_line: bool) -> Result<(), Unreadable> {
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.push(start, text.len(), is_line)
    }

    /// Goes through lines and JSON objects, in any order. What is broken costs its own line: what follows may be good.
    ///
    /// An object ends before the next line that begins with `{`, as `flowlog` has it. It may have lines that begin with blanks and `{`; but
    /// where one was broken, those that follow on such lines are read only to the next such line. So no byte is read more than three times
    /// as part of an object: in one that is whole, in the first broken one up to a line with `{`, and in one broken after that.
    fn walk(&mut self, text: &[u8], only_objects: bool) -> Result<(), Unreadable> {
        let mut at = 0;
        // Where the next line begins with `{`, and where an object that begins before that must end.
        let mut next_line = 0;
        let mut bound = 0;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_ascii_start().len();
            let rest = text.get(at..).unwrap_or_default();
            let Some(first) = rest.first() else {
                return Ok(());
            };
            if *first == b'{' {
                if next_line <= at {
                    next_line = memmem::find(rest, b"\n{").map_or(text.len(), |length| at + length);
                    bound = next_line;
                } else if bound <= at {
                    let until_then = text.get(at..next_line).unwrap_or_default();
                    bound = before_next_object(until_then).map_or(next_line, |length| at + length);
                }
                if let Some(length) = self.object(text.get(at..bound).unwrap_or_default())? {
                    at += length;
                    continue;
                }
                // The next one, on another line, must not go as far as this one did.
                bound = at;
            }
            if only_objects {
                return Err(Unreadable::UnknownGzip);
            }
            let is_line = *first != b'{';
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            self.copy_piece(without_line_end(rest.get(..length).unwrap_or_default()), is_line)?;
            at += length;
        }
    }

    /// The pieces; `source` is the text that they lie in, if they were not copied.
    fn payload<'a>(&'a self, source: Option<&'a [u8]>) -> Payload<'a> {
        if self.spans.is_empty() {
            return if self.saw_control { Payload::ControlMessage } else { Payload::Blank };
        }
        Payload::Lines(Lines { text: source.unwrap_or(&self.text), spans: &self.spans })
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Lines joined into about `parts` texts of at most `limit` bytes, each line with its line end; `None` if one line alone is longer. Two
/// lines or more never make one text, unless `parts` is 1.
pub fn join<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone, limit: usize, parts: usize) -> Option<Vec<Vec<u8>>> {
    let mut total = 0_usize;
    for line in lines.clone() {
        total = total.saturating_add(line.len() + 1);
    }
    let share = total.div_ceil(parts.max(1)).min(limit);
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for line in lines {
        let length = line.len() + 1;
        if length > limit {
            return None;
        }
        match texts.last_mut() {
            // A line goes where more than half of it belongs.
            Some(last) if last.len() + length.div_ceil(2) <= share && last.len() + length <= limit => {
                append_line(last, line);
            }
            _ => {
                let mut text = Vec::with_capacity(share.max(length));
                append_line(&mut text, line);
                texts.push(text);
            }
        }
    }
    Some(texts)
}

fn append_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.push(b'\n');
}

#[cfg(test)]
mod tests;
