//! The response body, encoded as it grows, so that its length is known to the byte before it is too long.
//!
//! ```text
//! {"records":[{"recordId":"1","result":"Ok","data":"..."},{"recordId":"2","result":"Dropped","data":""}]}
//! ```

use base64::Engine;

use super::event::EventRecord;
use crate::base64_engine;

/// What a record is answered (Data Firehose developer guide, "Required parameters for data transformation").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `Ok`: with documents.
    Ok,
    /// `Dropped`: nothing of it goes on from here, by intention.
    Dropped,
    /// `ProcessingFailed`: with the data as it came; Firehose keeps it in S3.
    Failed,
}

impl Answer {
    const fn name(self) -> &'static str {
        match self {
            Answer::Ok => "Ok",
            Answer::Dropped => "Dropped",
            Answer::Failed => "ProcessingFailed",
        }
    }
}

const BEFORE: &[u8] = b"{\"records\":[";
const AFTER: &[u8] = b"]}";
const ID: &[u8] = b"{\"recordId\":\"";
const RESULT: &[u8] = b"\",\"result\":\"";
const DATA: &[u8] = b"\",\"data\":\"";
/// The comma before the next answer is counted with each; the last one has none.
const END: &[u8] = b"\"}";

/// Length of a response without a record, less the comma that its first record does not have.
pub const FRAME: usize = BEFORE.len() + AFTER.len() - 1;

/// Length of an answer with these parts, and of the comma that parts it from its neighbour.
fn answer_len(id_len: usize, answer: Answer, data_len: usize) -> usize {
    ID.len() + id_len + RESULT.len() + answer.name().len() + DATA.len() + data_len + END.len() + 1
}

/// Length of `Ok` with this many bytes of documents.
pub fn ok_len(record: &EventRecord<'_>, document_len: usize) -> usize {
    answer_len(json_len(record.id()), Answer::Ok, base64_len(document_len))
}

/// Length of `Dropped`.
pub fn dropped_len(record: &EventRecord<'_>) -> usize {
    answer_len(json_len(record.id()), Answer::Dropped, 0)
}

/// Length of `ProcessingFailed` with the data that came.
pub fn failed_len(record: &EventRecord<'_>) -> usize {
    answer_len(json_len(record.id()), Answer::Failed, json_len(record.data()))
}

/// Base64 with padding: four characters for every three bytes begun.
fn base64_len(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// A response in the making: one answer for each record of the event, in its order.
#[derive(Debug)]
pub struct Response {
    body: Vec<u8>,
    /// Of each answer: what it is, and where it ends in the body.
    answers: Vec<(Answer, usize)>,
}

impl Response {
    /// Room for about so many bytes is taken at once.
    pub fn with_capacity(records: usize, bytes: usize) -> Response {
        let mut body = Vec::with_capacity(bytes);
        body.extend_from_slice(BEFORE);
        Response { body, answers: Vec::with_capacity(records) }
    }

    /// Length of the body, were it closed now.
    pub fn len(&self) -> usize {
        self.body.len() + AFTER.len()
    }

    /// Whether no record is answered yet.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answers so far.
    pub fn answers(&self) -> impl Iterator<Item = Answer> {
        self.answers.iter().map(|(answer, _)| *answer)
    }

    /// Answers the next record with documents, each with its line end.
    pub fn ok(&mut self, record: &EventRecord<'_>, documents: &[u8]) {
        self.begin(record, Answer::Ok);
        let begin = self.body.len();
        self.body.resize(begin + base64_len(documents.len()), b'=');
        if let Some(room) = self.body.get_mut(begin..) {
            // It fails only where there is too little room.
            let written = base64_engine().encode_slice(documents, room);
            debug_assert_eq!(written, Ok(base64_len(documents.len())));
        }
        self.end(Answer::Ok);
    }

    /// Answers that nothing of the next record goes on from here.
    pub fn dropped(&mut self, record: &EventRecord<'_>) {
        self.begin(record, Answer::Dropped);
        self.end(Answer::Dropped);
    }

    /// Answers with the data of the next record as it came.
    pub fn failed(&mut self, record: &EventRecord<'_>) {
        self.begin(record, Answer::Failed);
        push_json(&mut self.body, record.data());
        self.end(Answer::Failed);
    }

    fn begin(&mut self, record: &EventRecord<'_>, answer: Answer) {
        if !self.answers.is_empty() {
            self.body.push(b',');
        }
        self.body.extend_from_slice(ID);
        push_json(&mut self.body, record.id());
        self.body.extend_from_slice(RESULT);
        self.body.extend_from_slice(answer.name().as_bytes());
        self.body.extend_from_slice(DATA);
    }

    fn end(&mut self, answer: Answer) {
        self.body.extend_from_slice(END);
        self.answers.push((answer, self.body.len()));
    }

    /// The same response with these records failed; `records` are those of the event.
    pub fn with_failed(&self, records: &[EventRecord<'_>], is_failed: impl Fn(usize) -> bool) -> Response {
        let mut other = Response::with_capacity(records.len(), self.body.len());
        let mut begin = BEFORE.len();
        for (index, ((answer, end), record)) in self.answers.iter().zip(records).enumerate() {
            if is_failed(index) {
                other.failed(record);
            } else {
                let kept = self.body.get(begin..*end).unwrap_or_default();
                let kept = kept.strip_prefix(b",").unwrap_or(kept);
                if !other.answers.is_empty() {
                    other.body.push(b',');
                }
                other.body.extend_from_slice(kept);
                other.answers.push((*answer, other.body.len()));
            }
            begin = *end;
        }
        other
    }

    /// Length of the answer of that record, its comma counted.
    pub fn answer_len(&self, index: usize) -> usize {
        let Some((_, end)) = self.answers.get(index) else {
            return 0;
        };
        let begin = match index.checked_sub(1).and_then(|before| self.answers.get(before)) {
            Some((_, begin)) => *begin,
            None => BEFORE.len() - 1,
        };
        end - begin
    }

    /// The closed body.
    pub fn into_body(mut self) -> Vec<u8> {
        self.body.extend_from_slice(AFTER);
        self.body
    }
}

/// Whether a character must be escaped in JSON (RFC 8259, section 7).
fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Length of a text inside a JSON string. Ids and base64 never need an escape; what comes instead of base64 may.
fn json_len(text: &str) -> usize {
    let extra = |byte: u8| match byte {
        b'"' | b'\\' => 1,
        0..0x20 => 5,
        _ => 0,
    };
    // A plain sum over bytes, so that the compiler makes vector instructions of it.
    if !text.bytes().fold(false, |any, byte| any | needs_escape(byte)) {
        return text.len();
    }
    text.len() + text.bytes().map(extra).sum::<usize>()
}

fn push_json(out: &mut Vec<u8>, text: &str) {
    if !text.bytes().fold(false, |any, byte| any | needs_escape(byte)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                let digit = |value: u8| b"0123456789abcdef"[usize::from(value & 15)];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)]);
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::firehose::event::Event;

    #[test]
    fn every_length_is_what_is_written() {
        let event = r#"{"records": [{"recordId": "1", "data": "eA=="}, {"recordId": "q\"\\\u0001é", "data": "no \"base64\"\n"},
            {"recordId": "3", "data": ""}]}"#;
        let event = Event::read(event).unwrap();
        let [first, second, third] = &event.records[..] else { panic!("three records") };
        for document in ["", "x", "xy", "xyz", "{\"a\":1}\n"] {
            let mut response = Response::with_capacity(3, 100);
            response.ok(first, document.as_bytes());
            response.failed(second);
            response.dropped(third);
            let expected = FRAME + ok_len(first, document.len()) + failed_len(second) + dropped_len(third);
            assert_eq!(response.len(), expected);
            assert_eq!(response.answer_len(0), ok_len(first, document.len()));
            assert_eq!(response.answer_len(1), failed_len(second));
            assert_eq!(response.answer_len(2), dropped_len(third));

            let other = response.with_failed(&event.records, |index| index == 0);
            assert_eq!(other.len(), FRAME + failed_len(first) + failed_len(second) + dropped_len(third));
            let other: serde_json::Value = serde_json::from_slice(&other.into_body()).unwrap();
            assert_eq!(other["records"][0]["data"], "eA==");
            assert_eq!(other["records"][2]["result"], "Dropped");

            let body = response.into_body();
            assert_eq!(body.len(), expected);
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let records = &body["records"];
            assert_eq!(records[0]["result"], "Ok");
            let decoded = base64_engine().decode(records[0]["data"].as_str().unwrap()).unwrap();
            assert_eq!(decoded, document.as_bytes());
            assert_eq!(records[1]["recordId"], "q\"\\\u{1}é");
            assert_eq!(records[1]["data"], "no \"base64\"\n");
            assert_eq!(records[2]["data"], "");
        }
    }
}
