//! Flow logs of transit gateways lie in the same buckets and come through the same streams. They know no interface and no security group.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use collect::{HEADER, Kept, SSH, read, read_with};
use flowlog::{Format, Headerless, LeftOut, ReadOptions, Record, Shape, Sink, Unparsed};

/// As many fields as those of an interface's log below, which stand in the same places as far as both have them.
const GATEWAY: &str = "version resource-type tgw-id srcaddr dstaddr srcport dstport protocol start end log-status";
const GATEWAY_LINE: &str = "6 TransitGateway tgw-0a1 10.0.0.1 10.1.0.1 40000 443 6 1 2 OK";
const VPC: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol start end log-status";
const VPC_LINE: &str = "2 123456789010 eni-0a1 10.0.0.1 10.1.0.1 40000 443 6 1 2 OK";

fn format(fields: &str) -> Format {
    Format::from_template(fields).unwrap()
}

fn given(fields: &str) -> ReadOptions {
    ReadOptions { log_format: Some(format(fields)), allow_missing_fields: true }
}

/// Fields: VPC User Guide, "Flow log records", and Transit Gateway guide, "Transit Gateway Flow Log records".
#[test]
fn what_names_an_interface_is_no_gateways() {
    for fields in [GATEWAY, "srcaddr tgw-attachment-id", "account-id resource-type srcaddr", "tgw-src-vpc-id bytes"] {
        assert!(format(fields).is_transit_gateway(), "{fields}");
    }
    for fields in [
        VPC,
        HEADER,
        "srcaddr dstaddr",
        "interface-id srcaddr resource-type resource-id",
        "tgw-id interface-id srcaddr",
        "action srcaddr resource-type",
        "vpc-id srcaddr resource-type",
        "subnet-id srcaddr tgw-id",
        "instance-id srcaddr tgw-attachment-id",
    ] {
        assert!(!format(fields).is_transit_gateway(), "{fields}");
    }
}

/// AWS adds fields every year: version 9 has `resource-id`.
#[test]
fn a_record_of_an_interface_is_read_whatever_else_it_has() {
    let expected = Kept::of(&Format::default_v2().parse(SSH.as_bytes()).unwrap());
    for (more, value) in [("resource-type", "NetworkInterface"), ("tgw-id", "-"), ("tgw-id", "tgw-0a1")] {
        let text = format!("{HEADER} {more}\n{SSH} {value}\n");
        let (collect, summary) = read(text.as_bytes());
        assert_eq!((collect.records, summary.shape), (vec![expected.clone()], Some(Shape::Text)), "{more}");
        assert!(collect.left_out.is_empty() && collect.unparsed.is_empty());

        let (collect, result) = read_with(format!("{SSH} {value}\n").as_bytes(), &given(&format!("{HEADER} {more}")));
        assert_eq!(result.unwrap().shape, Some(Shape::Headerless));
        assert_eq!((collect.records, collect.left_out.len()), (vec![expected.clone()], 0), "{more}");

        let object = format!(
            r#"{{"interface-id":"eni-1","srcaddr":"10.0.0.1","dstaddr":"10.0.0.2","protocol":6,"start":1,"end":2,"action":"ACCEPT","{more}":"{value}"}}"#
        );
        let (collect, _) = read(object.as_bytes());
        assert_eq!((collect.records.len(), collect.left_out.len()), (1, 0), "{more}");
    }
}

#[test]
fn transit_gateway_logs_are_left_out() {
    let header = "version resource-type account-id tgw-id tgw-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status";
    let record = "6 TransitGateway 123456789010 tgw-0a1 tgw-attach-0b2 10.0.0.1 10.1.0.1 40000 443 6 1 40 1 2 OK";
    let (collect, summary) = read(format!("{header}\n{record}\n{record}\n{HEADER}\n{SSH}\n").as_bytes());
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord; 2]);
    assert_eq!((collect.records.len(), collect.unparsed.len()), (1, 0));
    assert_eq!(summary.shape, Some(Shape::Text));
    let export = format!("2024-05-01T00:00:00.000Z {record}\n{record}\n{{\"message\":\"{record}\"}}\n");
    let (collect, _) = read(export.as_bytes());
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord; 3]);
    assert!(collect.unparsed.is_empty());
    let (collect, _) = read(br#"{"tgw-id":"tgw-0a1","srcaddr":"10.0.0.1","dstaddr":"10.1.0.1","log-status":"OK"}"#);
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord]);
}

/// Keeps the lines of transit gateways, as `destination port: line`.
#[derive(Default)]
struct Gateways {
    lines: Vec<String>,
    others: usize,
}

impl Sink for Gateways {
    fn record(&mut self, _record: &Record<'_>) {
        self.others += 1;
    }

    fn line(&mut self, record: &Record<'_>, format: &Format, line: &[u8]) {
        assert!(format.is_transit_gateway());
        self.lines.push(format!("{:?}: {}", record.dst_port, String::from_utf8_lossy(line)));
    }

    fn unparsed(&mut self, line: u64, reason: Unparsed, _text: &[u8]) {
        self.lines.push(format!("{line}: {}", reason.kind()));
    }

    fn left_out(&mut self, _what: LeftOut) {
        self.others += 1;
    }

    fn takes_transit_gateways(&self) -> bool {
        true
    }
}

#[test]
fn a_sink_may_want_the_lines_of_transit_gateways() {
    let read = |text: &str, options: &ReadOptions| {
        let mut gateways = Gateways::default();
        flowlog::read(text.as_bytes(), "object", options, &mut gateways).unwrap();
        (gateways.lines, gateways.others)
    };
    let good = format!("Some(443): {GATEWAY_LINE}");
    let bad = "wrong-field-count";
    let text = format!("{GATEWAY}\n{GATEWAY_LINE}\n{GATEWAY_LINE} 1\n");
    assert_eq!(read(&text, &ReadOptions::default()), (vec![good.clone(), format!("3: {bad}")], 0));

    let text = format!(
        "2024-05-01T00:00:00.000Z {GATEWAY_LINE}\n{GATEWAY_LINE} 1\n{{\"message\":\"{GATEWAY_LINE}\"}}\n{VPC_LINE}\n"
    );
    let wanted = vec![good.clone(), format!("2: {bad}"), good, "4: other-flow-log".to_owned()];
    assert_eq!(read(&text, &given(GATEWAY)), (wanted, 0));

    // Nobody told the columns, or nobody wants them.
    assert_eq!(read(&format!("{GATEWAY_LINE}\n"), &ReadOptions::default()), (vec![], 1));
    let (collect, result) = read_with(text.as_bytes(), &given(GATEWAY));
    assert!(result.is_ok() && collect.records.is_empty());
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord; 2]);
    assert_eq!(collect.kinds(), [bad, "other-flow-log"]);
}

/// A format speaks for lines without a header only as far as they bear it out.
#[test]
fn a_line_of_the_other_kind_than_the_format() {
    let of_gateway = Headerless::new(Some(format(GATEWAY)));
    assert_eq!(of_gateway.parse(GATEWAY_LINE.as_bytes()).unwrap().dst_port, Some(443));
    assert_eq!(of_gateway.parse(VPC_LINE.as_bytes()), Err(Unparsed::OtherFlowLog));
    for (from, to, is_gateways) in [
        // Elastic's published examples have records without a resource type.
        ("TransitGateway", "-", true),
        ("tgw-0a1", "-", true),
        ("TransitGateway", "Vpc", false),
        ("TransitGateway", "TransitGatewayX", false),
        ("tgw-0a1", "eni-0a1", false),
        ("tgw-0a1", "tgw", false),
    ] {
        let parsed = of_gateway.parse(GATEWAY_LINE.replacen(from, to, 1).as_bytes()).map(|_| ());
        assert_eq!(parsed, if is_gateways { Ok(()) } else { Err(Unparsed::OtherFlowLog) }, "{from} {to}");
    }
    let by_attachment = Headerless::new(Some(format("tgw-attachment-id srcaddr dstaddr tgw-pair-attachment-id")));
    assert!(by_attachment.parse(b"tgw-attach-0b2 10.0.0.1 10.1.0.1 -\r").is_ok());
    for line in ["eni-0a1 10.0.0.1 10.1.0.1 -", "tgw-attach-0b2 10.0.0.1 10.1.0.1 OK"] {
        assert_eq!(by_attachment.parse(line.as_bytes()), Err(Unparsed::OtherFlowLog));
    }

    let of_interface = Headerless::new(Some(format(VPC)));
    assert_eq!(of_interface.parse(VPC_LINE.as_bytes()).unwrap().dst_port, Some(443));
    assert_eq!(of_interface.parse(GATEWAY_LINE.as_bytes()), Err(Unparsed::OtherFlowLog));
    // The same fields without a resource type.
    let line = VPC_LINE.replace("eni-0a1", "tgw-0a1");
    assert_eq!(of_interface.parse(line.as_bytes()), Err(Unparsed::OtherFlowLog));
    let (collect, _) = read_with(format!("{VPC_LINE}\n{GATEWAY_LINE}\n{line}\n").as_bytes(), &given(VPC));
    assert_eq!((collect.records.len(), collect.kinds()), (1, vec!["other-flow-log"]));
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord]);
}

/// What is left out is not missed, so a bad line of an interface must not pass for a gateway's, whatever its tags say.
#[test]
fn a_line_with_an_action_is_no_gateways() {
    assert!(Headerless::is_transit_gateway_record(b"6 TransitGateway 123456789012"));
    assert!(!Headerless::is_transit_gateway_record(SSH.as_bytes()));
    let tagged = format!("{SSH} TransitGateway");
    assert!(!Headerless::is_transit_gateway_record(tagged.as_bytes()));
    let (collect, _) = read_with(format!("{SSH} blue\n{tagged} 1\n").as_bytes(), &given(&format!("{HEADER} asg-tag")));
    assert_eq!((collect.records.len(), collect.kinds(), collect.left_out.len()), (1, vec!["wrong-field-count"], 0));
}
