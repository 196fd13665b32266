//! Records that can be told apart wherever they turn up.
//!
//! Every record has a number, its *mark*. A flow log line carries it in `start`, which every kind of line has, also
//! NODATA and SKIPDATA; anything else carries the text `mark=N.` somewhere in its bytes.

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use servers::{Ec2World, events};
use std::io::Read;

/// The number of a record.
pub type Mark = usize;

/// `start` of record 0.
const EPOCH: usize = 1_700_000_000;
/// Interfaces that EC2 knows.
pub const KNOWN_INTERFACES: usize = 200;
/// Interfaces that appear in records; the last ones have gone since.
const INTERFACES: usize = 210;

/// A line in the default format.
pub fn good(mark: Mark) -> String {
    let number = interface_of(mark);
    let (interface, address) = (Ec2World::interface_id(number), Ec2World::address(number));
    let (start, end) = (EPOCH + mark, EPOCH + mark + 60);
    match mark % 50 {
        48 => format!("2 123456789012 {interface} - - - - - - - {start} {end} - NODATA"),
        49 => format!("2 123456789012 {interface} - - - - - - - {start} {end} - SKIPDATA"),
        _ => format!("2 123456789012 {interface} 203.0.113.9 {address} 50000 443 6 10 840 {start} {end} ACCEPT OK"),
    }
}

/// A line that is no record.
pub fn bad(mark: Mark) -> String {
    format!("2 123456789012 cut off mark={mark}.")
}

/// The number of the interface that a good line names.
fn interface_of(mark: Mark) -> usize {
    mark % INTERFACES + 1
}

/// The mark of a document, which is checked against what must be in it.
pub fn read_document(document: &[u8]) -> Mark {
    let text = String::from_utf8_lossy(document);
    let document: Value = serde_json::from_slice(document).unwrap_or_else(|error| panic!("{error}: {text}"));
    let start = document["start"].as_u64().unwrap_or_else(|| panic!("no start in {text}")) as usize;
    let mark = start - EPOCH;
    let number = interface_of(mark);
    assert_eq!(document["interface-id"], Ec2World::interface_id(number), "{text}");
    let groups = &document["security-group-ids"];
    if number > KNOWN_INTERFACES {
        assert!(groups.is_null(), "{text}");
    } else {
        let expected = if number.is_multiple_of(2) { vec!["sg-db", "sg-web"] } else { vec!["sg-web"] };
        let mut found: Vec<&str> = groups.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }
    mark
}

/// The marks in any data: lines, JSON around lines, gzip of either, or bytes with the text.
pub fn marks(data: &[u8]) -> Vec<Mark> {
    if data.starts_with(&[0x1f, 0x8b]) {
        return text_mark(data).map_or_else(|| marks(&gunzip(data)), |mark| vec![mark]);
    }
    let mut found = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        found.extend(marks_of_line(line));
    }
    found
}

fn marks_of_line(line: &[u8]) -> Vec<Mark> {
    if line.starts_with(b"{") {
        let parsed: Value = serde_json::from_slice(line).unwrap_or_default();
        if let Some(message) = parsed["message"].as_str() {
            return marks(message.as_bytes());
        }
        if let Some(events) = parsed["logEvents"].as_array() {
            let message = |event: &Value| event["message"].as_str().unwrap_or_default().as_bytes().to_vec();
            return events.iter().flat_map(|event| marks(&message(event))).collect();
        }
    }
    if let Some(mark) = text_mark(line) {
        return vec![mark];
    }
    let text = String::from_utf8_lossy(line);
    let start = text.split_whitespace().nth(10).and_then(|field| field.parse::<usize>().ok());
    start.map(|start| start - EPOCH).into_iter().collect()
}

/// The number in the first `mark=N.` of the bytes.
fn text_mark(bytes: &[u8]) -> Option<Mark> {
    let at = bytes.windows(5).position(|window| window == b"mark=")?;
    let digits: Vec<u8> = bytes[at + 5..].iter().copied().take_while(u8::is_ascii_digit).collect();
    String::from_utf8(digits).ok()?.parse().ok()
}

pub fn gunzip(data: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(data).read_to_end(&mut plain).expect("gzip of the test's own, or of the function");
    plain
}

/// The log events of a subscription, packed as CloudWatch Logs puts them into a stream.
pub fn packed_message(lines: &[String]) -> Vec<u8> {
    events::gzip(events::data_message(lines).to_string().as_bytes())
}

/// A gzip bomb with its mark in the header's comment.
pub fn marked_bomb(mark: Mark) -> Vec<u8> {
    let comment = format!("mark={mark}.");
    let mut encoder = flate2::GzBuilder::new().comment(comment).write(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..4 {
        std::io::Write::write_all(&mut encoder, &zeros).expect("gzip into memory");
    }
    encoder.finish().expect("gzip into memory")
}

#[test]
fn marks_are_found_again() {
    let lines = [good(1), bad(2), good(48), good(99)];
    let expected = vec![1, 2, 48, 99];
    assert_eq!(marks(lines.join("\n").as_bytes()), expected);
    assert_eq!(marks(&packed_message(&lines)), expected);
    assert_eq!(marks(format!("{}\n", serde_json::json!({"message": lines.join("\n")})).as_bytes()), expected);
    assert_eq!(marks(&marked_bomb(7)), [7]);
    assert_eq!(marks(b" \n"), Vec::<Mark>::new());
}
