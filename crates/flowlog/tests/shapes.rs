//! Every shape that flow logs come in, recognised by content.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use collect::{Collect, HEADER, Kept, SSH, gzip, read, read_with};
use flowlog::{Action, Format, LeftOut, LogStatus, ReadError, ReadOptions, Shape, Unparsed};

fn ssh() -> Kept {
    Kept::of(&Format::default_v2().parse(SSH.as_bytes()).unwrap())
}

fn with_format(template: &str) -> ReadOptions {
    ReadOptions { log_format: Some(Format::from_template(template).unwrap()), ..ReadOptions::default() }
}

#[test]
fn text_plain_and_gzip_with_any_line_ends() {
    let text = format!("{HEADER}\n{SSH}\n{SSH}\n");
    let variants = [
        text.clone().into_bytes(),
        gzip(text.as_bytes()),
        text.replace('\n', "\r\n").into_bytes(),
        text.trim_end().as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
    ];
    for input in variants {
        let (collect, summary) = read(&input);
        assert_eq!(collect.records, [ssh(), ssh()]);
        assert_eq!((collect.unparsed.len(), summary.lines, summary.shape), (0, 3, Some(Shape::Text)));
        assert_eq!((summary.bytes_read, summary.damage), (input.len() as u64, None));
        assert_eq!(summary.format, Some(Format::default_v2()));
    }
}

#[test]
fn gzip_members_one_after_another_as_zcat_does() {
    let one = gzip(format!("{HEADER}\n{SSH}\n").as_bytes());
    let cut_in_a_line = [gzip(&SSH.as_bytes()[..40]), gzip(format!("{}\n", &SSH[40..]).as_bytes())].concat();
    let all = [one.clone(), cut_in_a_line, one.clone(), gzip(b""), one].concat();
    let (collect, summary) = read(&all);
    assert_eq!(collect.records, vec![ssh(); 4]);
    assert_eq!((collect.unparsed.len(), summary.lines, summary.damage), (0, 7, None));
}

#[test]
fn a_header_in_the_middle_switches_the_format() {
    let text = format!(
        "{HEADER}\n{SSH}\n{HEADER}\n{SSH}\naction interface-id srcaddr dstaddr protocol start end\n\
         ACCEPT eni-7 10.0.0.1 10.0.0.2 17 5 9\n"
    );
    let (collect, summary) = read(text.as_bytes());
    assert_eq!(collect.records.len(), 3);
    assert_eq!(collect.records[2].interface_id.as_deref(), Some("eni-7"));
    assert_eq!(collect.records[2].protocol, Some(17));
    assert!(collect.unparsed.is_empty());
    assert_eq!(summary.format.unwrap().columns().len(), 7);
}

#[test]
fn an_unusable_header_in_the_middle_costs_its_own_lines_only() {
    let text = format!("{HEADER}\n{SSH}\ninterface-id srcaddr\neni-7 10.0.0.1\n{HEADER}\n{SSH}\n");
    let (collect, _) = read(text.as_bytes());
    assert_eq!(collect.records, [ssh(), ssh()]);
    assert_eq!(collect.unparsed, [(4, Unparsed::UnusableHeader(flowlog::Field::Action), b"eni-7 10.0.0.1".to_vec())]);
}

#[test]
fn cloudwatch_export() {
    let text = format!("2014-12-14T04:06:50.000Z {SSH}\n2014-12-14T04:07:50.000Z {SSH}\n");
    let (collect, summary) = read(&gzip(text.as_bytes()));
    assert_eq!(collect.records, [ssh(), ssh()]);
    assert_eq!(summary.shape, Some(Shape::CloudWatchExport));
    let custom = b"2024-05-01T00:00:00.000Z eni-7 10.0.0.1 10.0.0.2 17 5 9 REJECT\n";
    let (collect, result) =
        read_with(custom, &with_format("${interface-id} ${srcaddr} ${dstaddr} ${protocol} ${start} ${end} ${action}"));
    assert_eq!(collect.records[0].action, Some(Action::Reject));
    assert_eq!(result.unwrap().shape, Some(Shape::CloudWatchExport));
}

#[test]
fn lines_without_a_header() {
    let no_data = "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA";
    let (collect, summary) = read(format!("{SSH}\n{no_data}\n").as_bytes());
    assert_eq!(collect.records[0], ssh());
    assert_eq!(collect.records[1].log_status, Some(LogStatus::NoData));
    assert_eq!((summary.shape, summary.format), (Some(Shape::Headerless), Some(Format::default_v2())));
    // Looks like the default format, but for one of its marks.
    for stranger in [SSH.replacen('2', "3", 1), SSH.replace("ACCEPT", "ALLOW"), SSH.replace(" OK", " YES")] {
        let (collect, result) = read_with(stranger.as_bytes(), &ReadOptions::default());
        assert_eq!(collect.kinds(), ["unknown-format"], "{stranger}");
        let message = result.unwrap_err().to_string();
        assert!(message.contains("--log-format"), "{message}");
        // Among lines that do bear them it is one bad line.
        let (collect, _) = read(format!("{SSH}\n{stranger}\n{SSH}\n").as_bytes());
        assert_eq!((collect.records.len(), collect.unparsed.len()), (2, 1));
    }
}

#[test]
fn a_given_format_is_for_lines_without_a_header_only() {
    let options = with_format("${dstaddr} ${srcaddr} ${interface-id} ${protocol} ${start} ${end} ${action}");
    let (collect, result) = read_with(b"10.0.0.2 10.0.0.1 eni-7 17 5 9 ACCEPT\n", &options);
    assert_eq!(collect.records[0].addresses[0], Some("10.0.0.1".parse().unwrap()));
    assert_eq!(result.unwrap().shape, Some(Shape::Headerless));
    let (collect, _) = read_with(format!("{HEADER}\n{SSH}\n").as_bytes(), &options);
    assert_eq!(collect.records, [ssh()]);
    let (_, result) = read_with(SSH.as_bytes(), &options);
    assert!(matches!(result, Err(ReadError::UnknownFormat { .. })));
    let (_, result) = read_with(b"eni-7\n", &with_format("${interface-id}"));
    let message = result.unwrap_err().to_string();
    assert!(message.contains("--log-format") && message.contains("`action`"), "{message}");
}

#[test]
fn json_messages_with_and_without_line_ends() {
    let object = format!("{{\"message\":\"{SSH}\"}}");
    for text in [format!("{object}\n{object}\n"), format!("{object}{object}"), format!("{object} \r\n{object}")] {
        for input in [text.clone().into_bytes(), gzip(text.as_bytes())] {
            let (collect, summary) = read(&input);
            assert_eq!(collect.records, [ssh(), ssh()], "{text}");
            assert_eq!((collect.unparsed.len(), summary.shape), (0, Some(Shape::JsonMessage)));
        }
    }
    let escaped = format!("{{ \"message\" : \"{}\\n\", \"other\": [1, {{}}] }}", SSH.replace("22", "\\u00322"));
    assert_eq!(read(escaped.as_bytes()).0.records, [ssh()]);
    let bad = format!("{object}{{\"message\":\"2 1 eni-0a1 10.0.0.1\"}}{object}");
    let (collect, _) = read(bad.as_bytes());
    assert_eq!((collect.records.len(), collect.kinds()), (2, vec!["wrong-field-count"]));
    assert_eq!(collect.unparsed[0].0, 2);
}

#[test]
fn many_json_objects_cross_every_buffer_boundary() {
    let object = format!("{{\"message\":\"{SSH}\"}}");
    let text = object.repeat(20_000);
    let (collect, summary) = read(text.as_bytes());
    assert_eq!((collect.records.len(), collect.unparsed.len(), summary.lines), (20_000, 0, 20_000));
}

#[test]
fn decorated_records() {
    let text = r#"{"@timestamp":"2014-12-14T04:07:50Z","version":2,"account-id":"123456789010","interface-id":"eni-1235b8ca123456789","srcaddr":"172.31.16.139","dstaddr":"172.31.16.21","srcport":20641,"dstport":22,"protocol":6,"packets":20,"bytes":4249,"start":1418530010,"end":1418530070,"action":"ACCEPT","log-status":"OK","direction":"inbound","security-group-ids":["sg-1"],"source-location":{"lat":1.5,"lon":2}}
{"account-id":"123456789010","interface-id":"eni-1235b8ca123456789","start":"1431280876","end":1431280934,"log-status":"NODATA","srcport":null,"action":"-"}
{"interface-id":"eni-1","srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","srcport":-1,"protocol":6,"start":1,"end":2,"action":"ACCEPT"}
{"interface-id":"eni-1","srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","protocol":6,"start":1,"end":2}
"#;
    let (collect, summary) = read(text.as_bytes());
    assert_eq!(collect.records[0], ssh());
    assert_eq!(collect.records[1].log_status, Some(LogStatus::NoData));
    assert_eq!(collect.records[1].start, Some(1_431_280_876));
    assert_eq!(collect.records.len(), 2);
    assert_eq!(collect.kinds(), ["not-a-number", "no-value"]);
    assert_eq!((summary.shape, summary.format), (Some(Shape::Decorated), None));
}

#[test]
fn write_tests_are_left_out_by_name() {
    let mut collect = Collect::default();
    let text = &b"Permission Check Successful"[..];
    let name = "s3://bucket/exports/aws-logs-write-test";
    let summary = flowlog::read(text, name, &ReadOptions::default(), &mut collect).unwrap();
    assert_eq!((summary.shape, collect.left_out), (None, vec![LeftOut::WriteTest]));
}

#[test]
fn read_file_recognises_by_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no-extension");
    std::fs::write(&path, gzip(format!("{HEADER}\n{SSH}\n").as_bytes())).unwrap();
    let mut collect = Collect::default();
    let summary = flowlog::read_file(&path, &ReadOptions::default(), &mut collect).unwrap();
    assert_eq!(collect.records, [ssh()]);
    assert_eq!(summary.bytes_read, std::fs::metadata(&path).unwrap().len());
}
