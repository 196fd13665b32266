#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

const LINE: &str = "2 123456789010 eni-1 10.0.0.5 10.0.0.9 49152 443 6 8 900 1418530010 1418530070 ACCEPT OK";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Pieces as text, those that are no lines with a mark before them.
fn pieces(data: &[u8]) -> Vec<String> {
    let mut unpacker = Unpacker::default();
    match unpacker.unpack(data) {
        Payload::Lines(lines) => {
            assert_eq!(lines.len(), lines.iter().count());
            let show =
                |piece: Piece<'_>| format!("{}{}", if piece.is_line { "" } else { "!" }, piece.text.escape_ascii());
            lines.iter().map(show).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

#[test]
fn lines_with_and_without_line_ends() {
    for text in [LINE.to_owned(), format!("{LINE}\n"), format!("{LINE}\r\n"), format!("\n{LINE}\n\n")] {
        assert_eq!(pieces(text.as_bytes()), [LINE]);
    }
    assert_eq!(pieces(b"a\nb\r\n \n\nc"), ["a", "b", "c"]);
    for blank in [&b""[..], b"\n", b" \r\n\t", b"\0"] {
        let expected = if blank == b"\0" { "\\x00" } else { "Blank" };
        assert_eq!(pieces(blank), [expected]);
    }
    assert_eq!(pieces(b"\xff\xfe"), ["\\xff\\xfe"]);
}

#[test]
fn objects_with_a_message() {
    let object = format!(r#"{{"message":"{LINE}"}}"#);
    assert_eq!(pieces(object.as_bytes()), [LINE]);
    assert_eq!(pieces(format!("{object}{object}\n{object}").as_bytes()), [LINE, LINE, LINE]);
    assert_eq!(pieces(b" {\"x\": [{}], \"message\": \"a\\u0020b\\nc\\r\\n\"} "), ["a b", "c"]);
    assert_eq!(pieces(b"{\"message\":\"\"}"), ["Blank"]);
    // Lines and objects mixed.
    assert_eq!(pieces(format!("{LINE}\n{object}\n{LINE}").as_bytes()), [LINE, LINE, LINE]);
}

#[test]
fn what_is_broken_costs_its_own_line() {
    assert_eq!(pieces(b"{\"message\":\"a\"\n{\"message\":\"b\"}"), ["!{\\\"message\\\":\\\"a\\\"", "b"]);
    assert_eq!(pieces(b"{\"message\":5}"), ["!{\\\"message\\\":5}"]);
    assert_eq!(pieces(b"{\"other\":\n 1}\nx"), ["!{\\\"other\\\":\\n 1}", "x"]);
    assert_eq!(pieces(b"{}{\"message\":\"a\"}"), ["!{}", "a"]);
    assert_eq!(pieces(b"{\"message\":\"a\"}}"), ["a", "}"]);
    // Two messages in one object: which one counts is not known.
    let twice = br#"{"message":"a","message":"b"}"#;
    assert_eq!(pieces(twice).len(), 2);
}

fn subscription(message_type: &str, events: &[&str]) -> Vec<u8> {
    let events: Vec<serde_json::Value> = events
        .iter()
        .map(|message| serde_json::json!({"id": "1", "timestamp": 1_440_442_987_000_i64, "message": message}))
        .collect();
    serde_json::to_vec(&serde_json::json!({"messageType": message_type, "owner": "123456789012", "logGroup": "flows",
        "logStream": "eni-1", "subscriptionFilters": ["all"], "logEvents": events}))
    .unwrap()
}

#[test]
fn messages_of_cloudwatch_logs() {
    let data = subscription("DATA_MESSAGE", &[LINE, "x y\n", LINE]);
    assert_eq!(pieces(&gzip(&data)), [LINE, "x y", LINE]);
    assert_eq!(pieces(&data), [LINE, "x y", LINE]);
    let control = subscription("CONTROL_MESSAGE", &["CWL CONTROL MESSAGE: Checking health of destination Firehose."]);
    assert_eq!(pieces(&gzip(&control)), ["ControlMessage"]);
    assert_eq!(pieces(&gzip(&subscription("DATA_MESSAGE", &[]))), ["Blank"]);
    assert_eq!(pieces(&gzip(&subscription("NEWS", &[LINE]))), ["Unreadable(UnknownMessageType)"]);
    // Two members, each with a message.
    let both = [gzip(&data), gzip(&subscription("DATA_MESSAGE", &["z"]))].concat();
    assert_eq!(pieces(&both), [LINE, "x y", LINE, "z"]);
}

#[test]
fn an_event_without_a_message_is_not_passed_over() {
    let text = br#"{"messageType":"DATA_MESSAGE","logEvents":[{"message":"a"},{"id":"2"}]}"#;
    assert_eq!(pieces(text).len(), 1);
    assert!(pieces(text)[0].starts_with('!'));
    assert_eq!(pieces(&gzip(text)), ["Unreadable(UnknownGzip)"]);
}

#[test]
fn gzip_is_opened_once_bounded_and_holds_nothing_but_messages() {
    assert_eq!(pieces(&gzip(LINE.as_bytes())), ["Unreadable(UnknownGzip)"]);
    assert_eq!(pieces(&gzip(&gzip(&subscription("DATA_MESSAGE", &[LINE])))), ["Unreadable(UnknownGzip)"]);
    let whole = gzip(&subscription("DATA_MESSAGE", &[LINE; 50]));
    assert_eq!(pieces(&whole[..whole.len() / 2]), ["Unreadable(DamagedGzip)"]);
    let mut damaged = whole.clone();
    damaged[20] ^= 0x55;
    assert_eq!(pieces(&damaged), ["Unreadable(DamagedGzip)"]);
    assert_eq!(pieces(b"\x1f\x8b"), ["Unreadable(DamagedGzip)"]);
    let bomb = gzip(&vec![b' '; INFLATED_LIMIT + 1]);
    assert!(bomb.len() < 100_000);
    assert_eq!(pieces(&bomb), ["Unreadable(TooLarge)"]);
}

#[test]
fn lines_are_bounded() {
    let many = vec![b"a\n".as_slice(); LINES_LIMIT].concat();
    let mut unpacker = Unpacker::default();
    let Payload::Lines(lines) = unpacker.unpack(&many) else { panic!("lines") };
    assert_eq!(lines.len(), LINES_LIMIT);
    let one_more = [many, b"a\n".to_vec()].concat();
    assert!(matches!(unpacker.unpack(&one_more), Payload::Unreadable(Unreadable::TooManyLines)));
    let message = format!("{{\"message\":\"{}\"}}", "a\\n".repeat(LINES_LIMIT + 1));
    assert!(matches!(unpacker.unpack(message.as_bytes()), Payload::Unreadable(Unreadable::TooManyLines)));
    unpacker.shrink();
    assert!(unpacker.gathered.spans.capacity() * size_of::<Span>() <= 4 * 1024 * 1024);
}

/// Broken beginnings of objects, one a line, must not make reading quadratic: each is read once, or at most as deep as JSON may nest.
#[test]
fn many_broken_objects() {
    for line in ["{", "{\"a\":[", "{\"a", "{}", "{\"message\":[{", "[", "{\"a\":1,"] {
        let text = format!("{line}\n").repeat(200_000);
        let mut unpacker = Unpacker::default();
        let Payload::Lines(lines) = unpacker.unpack(text.as_bytes()) else { panic!("{line}") };
        assert_eq!(lines.len(), 200_000, "{line}");
    }
}

/// The largest record there is, of what could make reading go over the same bytes again and again: that would take minutes here.
#[test]
fn the_largest_records_of_the_worst_kinds() {
    const LARGEST: usize = 1000 * 1024;
    // What the record begins with, what it repeats after that; and how many pieces it has, by hand: so many, and so many for each
    // repetition. A whole object is a piece, and so is every line of everything else.
    let cases = [
        ("", "\n", 0, 0),
        ("", " \n", 0, 0),
        ("", "\r\n", 0, 0),
        ("", "\n\t\x0c ", 0, 0),
        ("x", "\n", 1, 0),
        ("{", "\n", 1, 0),
        ("", " {\"a\":[\n", 0, 1),
        ("", "\t{\"a\":[\r\n", 0, 1),
        ("", "\n {\"a\":[\n", 0, 1),
        ("", " {\n", 0, 1),
        ("", " {\"a\n", 0, 1),
        ("", " {\"message\":[{\n", 0, 1),
        ("", " {\"message\":\"x\",\n", 0, 1),
        ("", " {\"message\":\"x\",\nx\n", 0, 2),
        ("{\"a\":[\n", " {\"a\":1,\n", 1, 1),
        // Whole objects on one line, after a broken one.
        ("{\"a\":[\n ", "{}", 1, 1),
        (" {\"a\":[\n ", "{\"a\":\n1}", 1, 1),
        ("", "{}", 0, 1),
        ("", "{}\n", 0, 1),
        ("", " {}", 0, 1),
        // One line that nothing comes of.
        ("", "{", 1, 0),
        ("", "}", 1, 0),
        ("", "\"", 1, 0),
        ("", "[", 1, 0),
        ("", "{\"", 1, 0),
        ("", "{\"a\":", 1, 0),
        ("", "{\"a\":[", 1, 0),
        ("{\"a\":", "[", 1, 0),
        ("{\"messageType\":", "1", 1, 0),
        ("{\"message\":\"", "\\n", 1, 0),
        ("{\"message\":\"", "\\u0041", 1, 0),
    ];
    let mut unpacker = Unpacker::default();
    for (beginning, part, once, each) in cases {
        let times = (LARGEST - beginning.len()) / part.len();
        let text = format!("{beginning}{}", part.repeat(times));
        let pieces = match unpacker.unpack(text.as_bytes()) {
            Payload::Lines(lines) => lines.len(),
            Payload::Blank => 0,
            other => panic!("{other:?}"),
        };
        assert_eq!(pieces, once + each * times, "{beginning:?} and then {part:?}");
    }
}

/// Objects that stand on several indented lines are read as long as nothing before them is broken, and simple ones even then.
#[test]
fn objects_on_indented_lines() {
    let message: serde_json::Value = serde_json::from_slice(&subscription("DATA_MESSAGE", &[LINE, "x y"])).unwrap();
    let pretty = serde_json::to_string_pretty(&message).unwrap();
    assert!(pretty.contains("\n    {\n"), "events on lines of their own");
    assert_eq!(pieces(pretty.as_bytes()), [LINE, "x y"]);
    assert_eq!(pieces(&gzip(pretty.as_bytes())), [LINE, "x y"]);
    let indented = pretty.replace('\n', "\n  ");
    assert_eq!(pieces(format!("  {indented}\n  {indented}").as_bytes()), [LINE, "x y", LINE, "x y"]);
    let broken = "{\"message\":\"a\"";
    let as_shown = format!("!{}", broken.escape_default());
    // What is broken ends at the next line that begins with `{`.
    assert_eq!(pieces(format!("{broken}\n{pretty}").as_bytes()), [&as_shown, LINE, "x y"]);
    for whole in ["{\"message\":\"b\"}", "{\"message\":\n \"b\"}", "{\"message\":\"b\"}{\"message\":\"b\"}"] {
        let mut expected = vec![as_shown.as_str(), as_shown.as_str()];
        expected.extend(std::iter::repeat_n("b", whole.matches("\"b\"").count()));
        assert_eq!(pieces(format!(" {broken}\n {broken}\r\n\n\t{whole}\n").as_bytes()), expected);
    }
}

#[test]
fn joining_lines() {
    let join = |lines: &[&str], limit: usize, parts: usize| {
        let texts = super::join(lines.iter().map(|line| line.as_bytes()), limit, parts)?;
        Some(texts.into_iter().map(|text| String::from_utf8(text).unwrap()).collect::<Vec<String>>())
    };
    let some = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>());
    assert_eq!(join(&["a", "b", "c"], 100, 1), some(&["a\nb\nc\n"]));
    assert_eq!(join(&["a", "b", "c", "d"], 100, 2), some(&["a\nb\n", "c\nd\n"]));
    assert_eq!(join(&["a", "b", "c"], 100, usize::MAX), some(&["a\n", "b\n", "c\n"]));
    assert_eq!(join(&["aaaa", "b"], 5, 1), some(&["aaaa\n", "b\n"]));
    assert_eq!(join(&["aaaaa", "b"], 5, 1), None);
    // Two halves are each less than the whole, wherever the longest line stands.
    for lines in [["a", "bbbbbbbbb"], ["bbbbbbbbb", "a"]] {
        assert_eq!(join(&lines, 100, 2).unwrap().len(), 2);
    }
}
