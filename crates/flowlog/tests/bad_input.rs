//! Bad input, each with its reason. None of it stops a run, takes memory without bound or panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::io::{self, Read};

use collect::{Collect, HEADER, SSH, gzip, read, read_with};
use flowlog::{Damage, Field, Format, LINE_LIMIT, ReadError, ReadOptions, Shape, Unparsed};

/// A default record with one field replaced.
fn ssh_with(field: Field, value: &str) -> String {
    let format = Format::default_v2();
    let words: Vec<&str> = format
        .columns()
        .iter()
        .zip(SSH.split(' '))
        .map(|(column, word)| if column.name() == field.name() { value } else { word })
        .collect();
    words.join(" ")
}

#[test]
fn bad_values_and_their_reasons() {
    use Unparsed::{NoValue, NotANumber, NotAnAddress, StrayBytes, TooLarge};
    let cases = [
        (Field::SrcPort, "65536", TooLarge(Field::SrcPort)),
        (Field::DstPort, "99999999999999999999999", TooLarge(Field::DstPort)),
        (Field::DstPort, "-1", NotANumber(Field::DstPort)),
        (Field::DstPort, "", NotANumber(Field::DstPort)),
        (Field::DstPort, "4a3", NotANumber(Field::DstPort)),
        (Field::DstPort, "+443", NotANumber(Field::DstPort)),
        (Field::Protocol, "256", TooLarge(Field::Protocol)),
        (Field::Protocol, "tcp", NotANumber(Field::Protocol)),
        (Field::Protocol, "-", NoValue(Field::Protocol)),
        (Field::Packets, "18446744073709551616", TooLarge(Field::Packets)),
        (Field::Bytes, "99999999999999999999", TooLarge(Field::Bytes)),
        (Field::Bytes, "1e6", NotANumber(Field::Bytes)),
        (Field::Start, "4294967296", TooLarge(Field::Start)),
        (Field::End, "4294967296", TooLarge(Field::End)),
        (Field::End, "-", NoValue(Field::End)),
        (Field::Start, "-", NoValue(Field::Start)),
        (Field::Start, "1418530071", Unparsed::StartAfterEnd),
        (Field::SrcAddr, "172.31.16", NotAnAddress(Field::SrcAddr)),
        (Field::SrcAddr, "172.31.16.256", NotAnAddress(Field::SrcAddr)),
        (Field::SrcAddr, "172.31.16.1390", NotAnAddress(Field::SrcAddr)),
        (Field::SrcAddr, "172.31.16.039", NotAnAddress(Field::SrcAddr)),
        (Field::SrcAddr, "172.31.16.139.", NotAnAddress(Field::SrcAddr)),
        (Field::DstAddr, "2001:db8::1::2", NotAnAddress(Field::DstAddr)),
        (Field::DstAddr, "fe80::1%eth0", NotAnAddress(Field::DstAddr)),
        (Field::DstAddr, "example.com", NotAnAddress(Field::DstAddr)),
        (Field::DstAddr, "-", NoValue(Field::DstAddr)),
        (Field::Action, "-", NoValue(Field::Action)),
        (Field::Action, "accept", Unparsed::UnknownAction),
        (Field::Action, "ACCEPTED", Unparsed::UnknownAction),
        (Field::LogStatus, "OKAY", Unparsed::UnknownLogStatus),
        (Field::InterfaceId, "eni-\u{1}", StrayBytes(Field::InterfaceId)),
        (Field::InterfaceId, "eni-\u{e9}", StrayBytes(Field::InterfaceId)),
        (Field::AccountId, "1234\0", StrayBytes(Field::AccountId)),
    ];
    for (field, value, reason) in cases {
        let line = ssh_with(field, value);
        let (collect, _) = read(format!("{HEADER}\n{SSH}\n{line}\n{SSH}\n").as_bytes());
        assert_eq!(collect.unparsed, [(3, reason, line.clone().into_bytes())], "{line}");
        assert_eq!(collect.records.len(), 2);
    }
}

#[test]
fn good_values_that_look_unusual() {
    for (field, value) in [
        (Field::InterfaceId, "-"),
        (Field::AccountId, "unknown"),
        (Field::AccountId, "000000000001"),
        (Field::SrcPort, "-"),
        (Field::Packets, "-"),
        (Field::Bytes, "0"),
        (Field::Start, "1418530070"),
        (Field::SrcAddr, "0.0.0.0"),
        (Field::SrcAddr, "255.255.255.255"),
        (Field::SrcAddr, "::"),
        (Field::LogStatus, "-"),
    ] {
        let line = ssh_with(field, value);
        assert!(Format::default_v2().parse(line.as_bytes()).is_ok(), "{line}");
    }
    let nat = ssh_with(Field::InterfaceId, "-");
    assert_eq!(Format::default_v2().parse(nat.as_bytes()).unwrap().interface_id, None);
}

/// `tcp-flags` of `-` is "not computable" (VPC User Guide): the record is good without. A packet-level address that cannot be read is not:
/// the group may have judged just that one.
#[test]
fn optional_fields() {
    let format = Format::from_template("srcaddr dstaddr tcp-flags flow-direction pkt-srcaddr").unwrap();
    for (flags, direction) in [("-", "-"), ("x", "sideways"), ("65536", ""), ("-2", "INGRESS")] {
        let line = format!("10.0.0.1 10.0.0.2 {flags} {direction} -");
        let record = format.parse(line.as_bytes()).unwrap();
        assert_eq!((record.tcp_flags, record.flow_direction, record.pkt_src_addr), (None, None, None));
    }
    assert_eq!(format.parse(b"10.0.0.1 10.0.0.2 2 ingress nonsense"), Err(Unparsed::NotAnAddress(Field::PktSrcAddr)));
}

#[test]
fn lines_cut_short_too_long_or_full_of_stray_bytes() {
    let text = [
        HEADER.as_bytes(),
        b"\n",
        &SSH.as_bytes()[..50],
        b"\n\xff\xfe\x00 a\n",
        SSH.as_bytes(),
        SSH.as_bytes(),
        b"\n",
        SSH.as_bytes(),
    ]
    .concat();
    let (collect, summary) = read(&text);
    assert_eq!(collect.records.len(), 1);
    let wrong = |found| Unparsed::WrongFieldCount { expected: 14, found };
    let reasons: Vec<Unparsed> = collect.unparsed.iter().map(|(_, reason, _)| *reason).collect();
    assert_eq!(reasons, [wrong(4), wrong(2), wrong(27)]);
    assert_eq!(summary.lines, 5);
}

#[test]
fn a_line_beyond_the_limit_is_passed_over() {
    let long = "x".repeat(3 * LINE_LIMIT);
    let (collect, _) = read(format!("{HEADER}\n{SSH}\n{long}\n{SSH}\n").as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["line-too-long"]));
    assert_eq!(collect.unparsed[0].2.len(), 64 * 1024);
    let object = format!("{{\"message\":\"{long}\"}}");
    let (collect, _) = read(format!("{SSH}\n{object}\n{SSH}\n").as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["line-too-long"]));
}

#[test]
fn empty_objects() {
    for input in [vec![], gzip(b""), b"\n\r\n \n".to_vec()] {
        let (collect, summary) = read(&input);
        assert_eq!((summary.shape, summary.damage), (None, None));
        assert!(collect.records.is_empty() && collect.unparsed.is_empty());
    }
    let (_, summary) = read(format!("{HEADER}\n").as_bytes());
    assert_eq!((summary.shape, summary.lines), (Some(Shape::Text), 1));
}

#[test]
fn truncated_gzip_keeps_what_came_before() {
    let mut text = format!("{HEADER}\n");
    for minute in 0..5000 {
        let line = ssh_with(Field::End, &(1_418_530_070 + minute * 7919 % 100_000).to_string());
        text.push_str(&line);
        text.push('\n');
    }
    let whole = gzip(text.as_bytes());
    let mut seen = 0;
    for cut in [whole.len() - 1, whole.len() - 8, whole.len() / 2, whole.len() / 3] {
        let (collect, summary) = read(&whole[..cut]);
        let lines = summary.lines;
        assert_eq!(summary.damage, Some(Damage::Truncated { lines }));
        assert_eq!(collect.records.len() as u64, lines - 1, "the line that was cut is no record");
        assert!(collect.unparsed.iter().all(|(_, reason, _)| *reason == Unparsed::CutShort));
        seen = lines;
    }
    assert!(seen > 10, "{seen}");
    let message = read(&whole[..whole.len() / 2]).1.damage.unwrap().to_string();
    assert!(message.contains("truncated gzip after line"), "{message}");
}

/// Gzip without compression, so that a test knows where it cuts.
fn stored(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The last number of a cut line may look whole: 443 cut to 44.
#[test]
fn a_cut_number_is_not_believed() {
    let text =
        "interface-id srcaddr dstaddr protocol start end action dstport\neni-1 10.0.0.1 10.0.0.2 6 1 2 ACCEPT 443";
    let whole = stored(text);
    assert_eq!(read(&whole).0.records[0].ports[1], Some(443));
    let (collect, summary) = read(&whole[..whole.len() - 9]);
    assert_eq!((collect.records.len(), collect.kinds()), (0, vec!["cut-short"]));
    assert!(collect.unparsed[0].2.ends_with(b"ACCEPT 44"));
    assert_eq!(summary.damage, Some(Damage::Truncated { lines: 1 }));
}

#[test]
fn corrupt_gzip() {
    // Nothing but the magic.
    let (_, result) = read_with(b"\x1f\x8b\x08\x00garbage and more garbage", &ReadOptions::default());
    let error = result.unwrap_err();
    assert!(matches!(error, ReadError::Gzip { .. }), "{error}");
    assert!(error.to_string().contains("object is not readable as gzip"), "{error}");
    // A wrong block type in the middle.
    let good = [stored(&format!("{HEADER}\n{SSH}\n")), gzip(SSH.as_bytes())].concat();
    let second = good.len() - gzip(SSH.as_bytes()).len() + 10;
    let mut wrong = good;
    wrong[second] |= 0b110;
    let (collect, summary) = read(&wrong);
    assert_eq!(collect.records.len(), 1);
    // zlib's own words for it.
    assert_eq!(summary.damage, Some(Damage::Corrupt { lines: 2, reason: "invalid block type".to_owned() }));
    // A wrong checksum comes after all records.
    let mut wrong = gzip(format!("{HEADER}\n{SSH}\n").as_bytes());
    let checksum = wrong.len() - 8;
    wrong[checksum] ^= 0xff;
    let (collect, summary) = read(&wrong);
    assert_eq!(collect.records.len(), 1);
    assert_eq!(summary.damage, Some(Damage::Corrupt { lines: 2, reason: "incorrect data check".to_owned() }));
}

#[test]
fn what_follows_gzip_data_is_ignored_as_gzip_does() {
    let good = gzip(format!("{HEADER}\n{SSH}\n").as_bytes());
    let (collect, summary) = read(&[&good[..], b"trailing"].concat());
    assert_eq!((collect.records.len(), summary.damage), (1, Some(Damage::TrailingGarbage { lines: 2 })));
    // Zeros are padding.
    let (collect, summary) = read(&[&good[..], &vec![0; 700_000]].concat());
    assert_eq!((collect.records.len(), summary.damage), (1, None));
    let (collect, summary) = read(&[&good[..], &[0; 512], &good].concat());
    assert_eq!((collect.records.len(), summary.damage), (2, None));
}

/// Makes gzip of endless text without holding it, and reads it: 200 MB in one line.
fn bomb(byte: u8, header: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    io::Write::write_all(&mut encoder, header.as_bytes()).unwrap();
    io::copy(&mut io::repeat(byte).take(200_000_000), &mut encoder).unwrap();
    io::Write::write_all(&mut encoder, format!("\n{SSH}\n").as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Peak resident memory of this process in KiB, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn a_gzip_bomb_takes_no_memory() {
    for byte in [0, b'x', b'{'] {
        let input = bomb(byte, &format!("{HEADER}\n"));
        assert!(input.len() < 2_000_000);
        let before = peak_memory();
        let (collect, summary) = read(&input);
        assert_eq!(collect.records.len(), 1);
        assert_eq!(collect.kinds(), ["line-too-long"]);
        assert_eq!((summary.lines, summary.damage), (3, None));
        if let (Some(before), Some(after)) = (before, peak_memory()) {
            assert!(after - before < 50_000, "{before} KiB, then {after} KiB");
        }
    }
    let (_, result) = read_with(&bomb(0, ""), &ReadOptions::default());
    assert!(matches!(result, Err(ReadError::Binary { .. })));
}

#[test]
fn binary_and_other_files() {
    let elf = [&b"\x7fELF\x02\x01\x01\x00"[..], &[7; 5000]].concat();
    let (collect, result) = read_with(&elf, &ReadOptions::default());
    assert!(matches!(result, Err(ReadError::Binary { .. })));
    assert!(collect.unparsed.is_empty());
    let noise: Vec<u8> = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect();
    let (collect, result) = read_with(&noise, &ReadOptions::default());
    assert!(matches!(result, Err(ReadError::UnknownFormat { .. })));
    assert!(collect.unparsed.len() <= 1000, "gives up instead of reading on");
    let (_, result) = read_with(b"{\"Records\":[{\"eventName\":\"RunInstances\"}]}", &ReadOptions::default());
    assert!(matches!(result, Err(ReadError::OtherJson { .. })));
    let (collect, result) = read_with(b"once upon a time\n", &ReadOptions::default());
    assert_eq!(collect.kinds(), ["unknown-format"]);
    assert!(matches!(result, Err(ReadError::UnknownFormat { .. })));
}

#[test]
fn a_header_without_a_needed_field_is_said_once() {
    for (header, field) in [
        ("account-id srcaddr dstaddr protocol start end action", "interface-id"),
        ("interface-id srcaddr dstaddr protocol start end", "action"),
    ] {
        let (collect, result) = read_with(format!("{header}\na b c d e f\n").as_bytes(), &ReadOptions::default());
        let error = result.unwrap_err();
        assert!(matches!(&error, ReadError::LacksField { field: found, .. } if *found == field), "{error}");
        assert!(error.to_string().contains(&format!("`{field}`")), "{error}");
        assert!(collect.unparsed.is_empty());
    }
    let options = ReadOptions { allow_missing_fields: true, ..ReadOptions::default() };
    let (collect, result) = read_with(b"interface-id srcaddr dstaddr\neni-1 10.0.0.1 10.0.0.2\n", &options);
    assert_eq!((collect.records.len(), result.unwrap().shape), (1, Some(Shape::Text)));
}

#[test]
fn broken_json_costs_its_own_line() {
    let object = format!("{{\"message\":\"{SSH}\"}}");
    let cut = &object[..object.len() - 20];
    let (collect, _) =
        read(format!("{object}\n{cut}\n{object}\n{{]}}\n{object}\n{{\"message\":7}}\n{object}").as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (4, vec!["not-json", "not-json", "unknown-json"]));
    let deep = format!("{object}\n{}\n{object}\n", "{\"a\":".repeat(100_000) + &"}".repeat(100_000));
    let (collect, _) = read(deep.as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["not-json"]));
    let (collect, _) = read(format!("{object}\n{cut}").as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (1, vec!["not-json"]));
}

struct FailsAfter<'a>(&'a [u8]);

impl Read for FailsAfter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "the line went dead"));
        }
        self.0.read(buffer)
    }
}

#[test]
fn input_that_fails_in_the_middle() {
    let text = format!("{HEADER}\n{SSH}\n{SSH}");
    for input in [text.clone().into_bytes(), stored(&text)] {
        let cut = &input[..input.len() - 12];
        let mut collect = Collect::default();
        let error = flowlog::read(FailsAfter(cut), "s3://b/k", &ReadOptions::default(), &mut collect).unwrap_err();
        assert_eq!(error.to_string(), "cannot read s3://b/k: the line went dead");
        assert_eq!(collect.records.len(), 1);
    }
}

#[test]
fn a_file_that_does_not_open() {
    let mut collect = Collect::default();
    let path = std::path::Path::new("/nowhere/at/all.log.gz");
    let error = flowlog::read_file(path, &ReadOptions::default(), &mut collect).unwrap_err();
    assert!(error.to_string().starts_with("cannot open /nowhere/at/all.log.gz: "), "{error}");
    let folder = tempfile::tempdir().unwrap();
    assert!(flowlog::read_file(folder.path(), &ReadOptions::default(), &mut collect).is_err());
}
