//! One pass over an event: every record is answered once, in order, within the limit of the response.
//!
//! # What a record is answered
//!
//! | record | answer |
//! |---|---|
//! | blank, or a control message of CloudWatch Logs | `Dropped` |
//! | cannot be taken apart, or no line of it is a record | `ProcessingFailed` with its data untouched |
//! | one line | `Ok` with its document |
//! | several lines, `DESTINATION=s3` | `Ok` with their documents; lines that are no records are put back alone |
//! | several lines, `DESTINATION=opensearch` | each line is put back as a record of its own, `Dropped` |
//!
//! OpenSearch takes one document a record, and a record that comes in can only go out as one: hence the last row.
//!
//! # What does not fit
//!
//! The response may have [`Transformation::limit`] bytes. A record is answered with documents only while every record after it can still
//! be answered `Dropped`; from the first that does not fit, all are put back into the stream, whole, and answered `Dropped`. Putting
//! back is the last act before answering ([`super::put_back`]), so nothing that is put back is answered otherwise, unless the put is
//! refused.
//!
//! What the put refuses is `ProcessingFailed`, and how room is found for that is told in [`super::settlement`].
//!
//! From a stream that reads a Kinesis data stream nothing can be put back. There room for the echo of what follows is kept, and what does
//! not fit is `ProcessingFailed`. If that room alone is more than the limit, so is everything that is not dropped.
//!
//! # Why it ends
//!
//! The first record of a batch is never put back whole. It is answered; or, if it has several lines, put back in single lines, in halves, or
//! as its bad lines without the good ones that are answered: never all lines in one. A single line that is bad or does not fit is
//! `ProcessingFailed`. So what is put back of a record is always less than the record, if its size is the bytes of its text after unpacking,
//! line ends left out. Unpacking takes wrappers and escapes away and adds nothing but line ends, so this holds even where a line is itself
//! JSON with more lines in it; the number of lines may grow by that: one line `{"message":"a\nb\nc"}` becomes three. (A line may unpack to
//! more only if it is gzip, and that is at most one of the lines that come of one another: see [`crate::payload`].) A record turns into
//! finitely many smaller ones, each of which does the same or is answered, and none becomes smaller for ever.

use std::collections::BTreeSet;

use base64::Engine;
use flowlog::{Format, Headerless};

use super::counts::Counts;
use super::event::{Event, EventRecord};
use super::put_back::{PutBack, RECORD_LIMIT, What};
use super::response::{self, FRAME, Response};
use crate::base64_engine;
use crate::decorate::Decorator;
use crate::payload::{self, Lines, Payload, Unpacker, Unreadable};

/// Where the stream delivers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// One document a record.
    OpenSearch,
    /// Any number of documents a record, each on a line.
    S3,
}

/// Unknown interfaces that are remembered of one pass; more are looked up with the next batch.
const UNKNOWN_LIMIT: usize = 10_000;

/// Bytes of lines kept for putting back, beyond which the rest of the batch is put back whole.
const KEPT_LIMIT: usize = 32 * 1024 * 1024;

/// How events are transformed.
#[derive(Clone, Debug)]
pub struct Transformation {
    /// Where documents go.
    pub destination: Destination,
    /// Most bytes of a response body.
    pub limit: usize,
    /// How lines are read.
    pub headerless: Headerless,
}

/// Space that is used again for every record.
#[derive(Debug, Default)]
pub struct Scratch {
    data: Vec<u8>,
    unpacker: Unpacker,
    documents: Vec<u8>,
}

/// A pass's result: nothing has been put back yet.
#[derive(Debug)]
pub struct Transformed {
    /// The answers, if the stream takes back what is to be put back.
    pub response: Response,
    /// By record, ascending.
    pub put_backs: Vec<PutBack>,
    /// Interfaces that the inventory does not know, sorted.
    pub unknown: BTreeSet<String>,
    /// Without what is put back.
    pub counts: Counts,
    /// Documents in each answer.
    pub(super) documents: Vec<u32>,
}

impl Transformation {
    /// One pass. It changes nothing but caches, so it can be done again with a better inventory.
    pub fn transform(&self, event: &Event<'_>, decorator: &mut Decorator, scratch: &mut Scratch) -> Transformed {
        let can_put_back = event.stream_for_put_back().is_some();
        let mut reserve = 0_usize;
        for record in &event.records {
            reserve = reserve.saturating_add(reserve_for(record, can_put_back));
        }
        let attainable = FRAME.saturating_add(reserve) <= self.limit;
        let likely_size = self.limit.min(reserve.saturating_mul(8)).max(1024);
        let mut pass = Pass {
            rules: self,
            decorator,
            can_put_back,
            attainable,
            rest: reserve,
            progress: false,
            full: false,
            kept: 0,
            out: Transformed {
                response: Response::with_capacity(event.records.len(), likely_size),
                put_backs: Vec::new(),
                unknown: BTreeSet::new(),
                counts: Counts { records_in: event.records.len() as u64, ..Counts::default() },
                documents: vec![0; event.records.len()],
            },
        };
        for (index, record) in event.records.iter().enumerate() {
            pass.rest = pass.rest.saturating_sub(reserve_for(record, can_put_back));
            if pass.full {
                pass.put_back(index, record, What::Whole);
                continue;
            }
            pass.record(index, record, scratch);
        }
        scratch.unpacker.shrink();
        pass.out
    }
}

fn reserve_for(record: &EventRecord<'_>, can_put_back: bool) -> usize {
    if can_put_back { response::dropped_len(record) } else { response::failed_len(record) }
}

/// The way through one event.
struct Pass<'p> {
    rules: &'p Transformation,
    decorator: &'p mut Decorator,
    can_put_back: bool,
    /// Whether the shortest possible response is within the limit at all.
    attainable: bool,
    /// What the shortest answers of the records after this one take.
    rest: usize,
    /// Whether some record before this one was answered, or put back in smaller parts.
    progress: bool,
    /// Whether everything from here on is put back.
    full: bool,
    /// Bytes of lines kept for putting back.
    kept: usize,
    out: Transformed,
}

/// What became of the lines of a record.
struct Decoration {
    documents: u32,
    bad: BadLines,
    fits: bool,
}

#[derive(Default)]
struct BadLines {
    transit_gateway: u64,
    /// Reasons of the others; there are few different ones.
    reasons: Vec<(&'static str, u64)>,
    count: u64,
}

impl BadLines {
    fn add(&mut self, reason: &'static str) {
        self.count += 1;
        match self.reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, times)) => *times += 1,
            None => self.reasons.push((reason, 1)),
        }
    }
}

impl Pass<'_> {
    fn record(&mut self, index: usize, record: &EventRecord<'_>, scratch: &mut Scratch) {
        let Scratch { data, unpacker, documents } = scratch;
        data.clear();
        if base64_engine().decode_vec(record.data(), data).is_err() {
            return self.unreadable(index, record, Unreadable::NotBase64);
        }
        let lines = match unpacker.unpack(data) {
            Payload::Blank | Payload::ControlMessage => {
                self.out.response.dropped(record);
                self.out.counts.dropped += 1;
                self.progress = true;
                return;
            }
            Payload::Unreadable(reason) => return self.unreadable(index, record, reason),
            Payload::Lines(lines) => lines,
        };
        if self.rules.destination == Destination::OpenSearch && lines.len() > 1 {
            return self.split(index, record, lines, Split::EachLine);
        }
        documents.clear();
        let decoration = self.decorate(record, lines, documents);
        if !decoration.fits {
            return self.does_not_fit(index, record, lines);
        }
        if decoration.documents == 0 {
            return self.fail(index, record, &decoration.bad);
        }
        if decoration.bad.count > 0 {
            let Some(parts) = self.can_put_back.then(|| self.bad_lines(lines)).flatten() else {
                return self.fail(index, record, &decoration.bad);
            };
            self.keep(index, parts);
        }
        self.out.response.ok(record, documents);
        self.out.documents[index] = decoration.documents;
        self.progress = true;
    }

    /// How many bytes the answer of this record may take.
    fn room(&self) -> usize {
        if !self.attainable && !self.progress && self.can_put_back {
            // There is no right response. Let the first record through, or it would come back for ever. (Where nothing comes back, the echo
            // of everything is all there is, and is shorter than the event.)
            return self.rules.limit.saturating_sub(FRAME);
        }
        self.rules.limit.saturating_sub(self.out.response.len().max(FRAME)).saturating_sub(self.rest)
    }

    fn decorate(&mut self, record: &EventRecord<'_>, lines: Lines<'_>, documents: &mut Vec<u8>) -> Decoration {
        let room = self.room();
        let mut decoration = Decoration { documents: 0, bad: BadLines::default(), fits: true };
        let format: &Format = self.rules.headerless.format();
        for piece in lines.iter() {
            let parsed = match piece.is_line {
                true => self.rules.headerless.parse(piece.text).map_err(|reason| reason.kind()),
                false => Err("unknown-json"),
            };
            let parsed = match parsed {
                Ok(parsed) => parsed,
                // With a gateway's own format such a line has a reason why it is bad.
                Err(_)
                    if piece.is_line
                        && !self.rules.headerless.is_transit_gateway()
                        && Headerless::is_transit_gateway_record(piece.text) =>
                {
                    decoration.bad.transit_gateway += 1;
                    decoration.bad.count += 1;
                    continue;
                }
                Err(reason) => {
                    decoration.bad.add(reason);
                    continue;
                }
            };
            let decorated = self.decorator.decorate(&parsed, format, piece.text, record.arrived(), documents);
            documents.push(b'\n');
            decoration.documents = decoration.documents.saturating_add(1);
            if decorated.unknown_interface
                && let Some(id) = parsed.interface_id
            {
                self.note_unknown(id);
            }
            if response::ok_len(record, documents.len()) > room {
                decoration.fits = false;
                break;
            }
        }
        decoration
    }

    fn note_unknown(&mut self, id: &[u8]) {
        let Ok(id) = std::str::from_utf8(id) else { return };
        if self.out.unknown.len() < UNKNOWN_LIMIT && id.starts_with("eni-") && !self.out.unknown.contains(id) {
            self.out.unknown.insert(id.to_owned());
        }
    }

    fn does_not_fit(&mut self, index: usize, record: &EventRecord<'_>, lines: Lines<'_>) {
        if self.can_put_back && self.progress {
            self.full = true;
            return self.put_back(index, record, What::Whole);
        }
        if self.can_put_back && lines.len() > 1 {
            return self.split(index, record, lines, Split::Halves);
        }
        self.answer_failed(index, record, |counts| counts.note("does-not-fit", 1));
    }

    /// Puts the lines of a record back as records of their own, or in halves.
    fn split(&mut self, index: usize, record: &EventRecord<'_>, lines: Lines<'_>, split: Split) {
        if !self.can_put_back {
            return self.answer_failed(index, record, |counts| counts.note("several-lines-from-kinesis", 1));
        }
        let texts = lines.iter().map(|piece| piece.text);
        let parts = match split {
            Split::EachLine => payload::join(texts, RECORD_LIMIT, usize::MAX),
            Split::Halves => payload::join(texts, RECORD_LIMIT, 2),
        };
        match parts {
            Some(parts) => {
                self.keep(index, parts);
                self.out.response.dropped(record);
                self.progress = true;
            }
            None => {
                self.answer_failed(index, record, |counts| counts.note("line-too-long", 1));
            }
        }
    }

    /// The lines that are no records, joined into as few texts as possible; `None` if one is too long to be put back.
    fn bad_lines(&self, lines: Lines<'_>) -> Option<Vec<Vec<u8>>> {
        let headerless = &self.rules.headerless;
        let is_bad = |piece: &payload::Piece<'_>| !piece.is_line || headerless.parse(piece.text).is_err();
        payload::join(lines.iter().filter(is_bad).map(|piece| piece.text), RECORD_LIMIT, 1)
    }

    fn keep(&mut self, index: usize, parts: Vec<Vec<u8>>) {
        for part in &parts {
            self.kept = self.kept.saturating_add(part.len());
        }
        self.full |= self.kept > KEPT_LIMIT;
        self.out.put_backs.push(PutBack { record: index, what: What::Parts(parts) });
    }

    fn put_back(&mut self, index: usize, record: &EventRecord<'_>, what: What) {
        self.out.put_backs.push(PutBack { record: index, what });
        self.out.response.dropped(record);
    }

    fn unreadable(&mut self, index: usize, record: &EventRecord<'_>, reason: Unreadable) {
        self.answer_failed(index, record, |counts| counts.note(reason.kind(), 1));
    }

    fn fail(&mut self, index: usize, record: &EventRecord<'_>, bad: &BadLines) {
        self.answer_failed(index, record, |counts| {
            counts.transit_gateway += bad.transit_gateway;
            counts.unparsed += bad.count - bad.transit_gateway;
            for (reason, times) in &bad.reasons {
                counts.note(reason, *times);
            }
        });
    }

    /// Answers with the data as it came, and has it counted why.
    fn answer_failed(&mut self, index: usize, record: &EventRecord<'_>, count: impl FnOnce(&mut Counts)) {
        if self.can_put_back && self.progress && response::failed_len(record) > self.room() {
            // It is judged again when it comes back.
            self.full = true;
            return self.put_back(index, record, What::Whole);
        }
        count(&mut self.out.counts);
        self.out.response.failed(record);
        self.out.counts.failed += 1;
        self.progress = true;
    }
}

/// How a record of several lines is put back.
#[derive(Clone, Copy)]
enum Split {
    EachLine,
    Halves,
}

#[cfg(test)]
mod tests;
