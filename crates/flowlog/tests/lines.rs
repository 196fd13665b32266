//! A sink is handed the line and its format beside the record, wherever there is a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use collect::{HEADER, SSH};
use flowlog::{Column, Field, Format, Headerless, LeftOut, ReadOptions, Record, Sink, Unparsed};

/// Keeps lines with the value of one column, and counts records that had no line.
#[derive(Default)]
struct Lines {
    lines: Vec<(String, String)>,
    without_line: u32,
}

impl Sink for Lines {
    fn record(&mut self, _record: &Record<'_>) {
        self.without_line += 1;
    }

    fn line(&mut self, record: &Record<'_>, format: &Format, line: &[u8]) {
        assert_eq!(record.interface_id, Some(&b"eni-1235b8ca123456789"[..]));
        let bytes = format.columns_of(line).find(|(column, _)| **column == Column::Known(Field::Bytes)).unwrap().1;
        self.lines.push((String::from_utf8(line.to_vec()).unwrap(), String::from_utf8(bytes.to_vec()).unwrap()));
    }

    fn unparsed(&mut self, _line: u64, reason: Unparsed, _text: &[u8]) {
        panic!("{reason}");
    }

    fn left_out(&mut self, what: LeftOut) {
        panic!("{what:?}");
    }
}

fn lines(text: &str) -> Lines {
    let mut lines = Lines::default();
    flowlog::read(text.as_bytes(), "object", &ReadOptions::default(), &mut lines).unwrap();
    lines
}

#[test]
fn the_line_comes_without_what_its_object_put_around_it() {
    let expected = [(SSH.to_owned(), "4249".to_owned())];
    assert_eq!(lines(&format!("{HEADER}\n{SSH}\n")).lines, expected);
    assert_eq!(lines(SSH).lines, expected);
    assert_eq!(lines(&format!("2014-12-14T04:06:50.000Z {SSH}\n")).lines, expected);
    assert_eq!(lines(&format!("{{\"message\":\"{SSH}\"}}")).lines, expected);
    assert_eq!(lines(&format!("{{\"id\": 1, \"message\":\"{SSH}\"}}")).lines, expected);
}

#[test]
fn a_decorated_record_has_no_line() {
    let text = r#"{"interface-id":"eni-1","srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","protocol":6,"start":5,"end":9,
        "action":"ACCEPT","log-status":"OK"}"#
        .replace('\n', "");
    let read = lines(&text);
    assert_eq!((read.lines.len(), read.without_line), (0, 1));
}

#[test]
fn a_line_without_a_header_is_the_given_format_or_bears_the_marks_of_the_default_one() {
    let default = Headerless::new(None);
    assert_eq!(default.parse(SSH.as_bytes()).unwrap().dst_port, Some(22));
    let reason = |line: &str| default.parse(line.as_bytes()).unwrap_err();
    assert_eq!(reason(&SSH.replacen('2', "3", 1)), Unparsed::UnknownFormat);
    assert_eq!(reason(&SSH.replace(" OK", " -")), Unparsed::UnknownLogStatus);
    assert_eq!(reason(&SSH.replace(" OK", "")), Unparsed::WrongFieldCount { expected: 14, found: 13 });
    let given = Headerless::new(Some(Format::from_template("${dstport} ${interface-id}").unwrap()));
    assert_eq!(given.parse(b"22 eni-1").unwrap().dst_port, Some(22));
}
