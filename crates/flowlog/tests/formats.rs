//! Fields, headers and format strings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use flowlog::{Column, Field, FieldType, Format, Record, TemplateError, Unparsed};

/// Copied by hand from the VPC User Guide, "Available fields": version and name, with the type where it is not text.
const DOCUMENTED: &[(u8, &str, FieldType)] = {
    use FieldType::{Int, Ip, Long, Text};
    &[
        (2, "version", Int),
        (2, "account-id", Text),
        (2, "interface-id", Text),
        (2, "srcaddr", Ip),
        (2, "dstaddr", Ip),
        (2, "srcport", Int),
        (2, "dstport", Int),
        (2, "protocol", Int),
        (2, "packets", Long),
        (2, "bytes", Long),
        (2, "start", Long),
        (2, "end", Long),
        (2, "action", Text),
        (2, "log-status", Text),
        (3, "vpc-id", Text),
        (3, "subnet-id", Text),
        (3, "instance-id", Text),
        (3, "tcp-flags", Int),
        (3, "type", Text),
        (3, "pkt-srcaddr", Ip),
        (3, "pkt-dstaddr", Ip),
        (4, "region", Text),
        (4, "az-id", Text),
        (4, "sublocation-type", Text),
        (4, "sublocation-id", Text),
        (5, "pkt-src-aws-service", Text),
        (5, "pkt-dst-aws-service", Text),
        (5, "flow-direction", Text),
        (5, "traffic-path", Int),
        (7, "ecs-cluster-arn", Text),
        (7, "ecs-cluster-name", Text),
        (7, "ecs-container-instance-arn", Text),
        (7, "ecs-container-instance-id", Text),
        (7, "ecs-container-id", Text),
        (7, "ecs-second-container-id", Text),
        (7, "ecs-service-name", Text),
        (7, "ecs-task-definition-arn", Text),
        (7, "ecs-task-arn", Text),
        (7, "ecs-task-id", Text),
        (8, "reject-reason", Text),
        (9, "resource-id", Text),
        (10, "encryption-status", Int),
        (11, "instance-tag", Text),
        (11, "instance-tag-2", Text),
        (11, "interface-tag", Text),
        (11, "interface-tag-2", Text),
        (11, "asg-tag", Text),
        (11, "asg-tag-2", Text),
        (11, "interface-type", Text),
        (11, "next-hop-interface-id", Text),
        (11, "next-hop-subnet-id", Text),
        (11, "next-hop-az-id", Text),
        (11, "next-hop-vpc-id", Text),
        (11, "next-hop-interface-type", Text),
    ]
};

#[test]
fn every_documented_field_is_known() {
    assert_eq!(Field::ALL.len(), DOCUMENTED.len());
    for (field, (version, name, field_type)) in Field::ALL.iter().zip(DOCUMENTED) {
        assert_eq!((field.version(), field.name(), field.field_type()), (*version, *name, *field_type));
        assert_eq!(field.parquet_column(), name.replace('-', "_"));
        assert_eq!(Field::from_name(name), Some(*field));
        assert_eq!(Field::from_parquet_column(&name.replace('-', "_")), Some(*field));
        assert_eq!(field.to_string(), *name);
    }
    assert_eq!(Field::from_name("colour"), None);
}

#[test]
fn a_header_of_all_fields_and_one_unknown() {
    let mut names: Vec<&str> = DOCUMENTED.iter().map(|(_, name, _)| *name).collect();
    names.insert(7, "colour-of-2031");
    let format = Format::from_header(names.join(" ").as_bytes()).unwrap();
    let columns: Vec<&str> = format.columns().iter().map(Column::name).collect();
    assert_eq!(columns, names);
    assert_eq!(format.columns()[7], Column::Unknown("colour-of-2031".to_owned()));
    assert_eq!(format.missing_for_verdicts(), None);
    let line: Vec<String> = (0..names.len()).map(|index| format!("v{index}")).collect();
    let line = line.join(" ");
    let shown: Vec<(&str, &[u8])> =
        format.columns_of(line.as_bytes()).map(|(column, text)| (column.name(), text)).collect();
    assert_eq!(shown.len(), names.len());
    assert_eq!(shown[7], ("colour-of-2031", &b"v7"[..]));
}

#[test]
fn what_is_a_header_and_what_is_not() {
    for line in ["version account-id", "srcaddr", "interface_id log_status", "dstaddr srcaddr x-new\r"] {
        assert!(Format::from_header(line.as_bytes()).is_some(), "{line}");
    }
    for line in [
        "",
        collect::SSH,
        "eni-0a1 vpc-0b2 ingress",
        "hello world",
        "version",
        "version of",
        "Version account-id",
        "version  account-id",
        "version account-id 12",
        "us-east-1 fe80::1",
    ] {
        let expected = line == "version";
        assert_eq!(Format::from_header(line.as_bytes()).is_some(), expected, "{line}");
    }
}

#[test]
fn format_strings() {
    let format = Format::from_template("${version} ${account-id}\n ${x-new}").unwrap();
    let names: Vec<&str> = format.columns().iter().map(Column::name).collect();
    assert_eq!(names, ["version", "account-id", "x-new"]);
    assert_eq!(Format::from_template("version account-id"), Format::from_template("${version} ${account-id}"));
    assert_eq!(Format::from_template("  "), Err(TemplateError::Empty));
    for bad in ["${version", "$version", "${}", "${Version}", "version,account-id", "${srcaddr}${dstaddr}"] {
        assert_eq!(Format::from_template(bad), Err(TemplateError::NotAField(bad.to_owned())), "{bad}");
    }
}

#[test]
fn missing_fields_in_the_order_of_need() {
    let missing = |header: &str| Format::from_template(header).unwrap().missing_for_verdicts();
    let all = "interface-id action protocol start end srcaddr dstaddr";
    assert_eq!(missing(all), None);
    for field in all.split(' ') {
        assert_eq!(missing(&all.replace(field, "region")), Some(field));
    }
    assert_eq!(missing("interface-id action protocol start end pkt-srcaddr pkt-dstaddr"), Some("srcaddr"));
    assert_eq!(missing("srcaddr dstaddr"), Some("interface-id"));
}

/// Behind a NAT gateway a group may have judged the gateway's address, which packet-level ones do not tell.
#[test]
fn packet_addresses_do_not_stand_in_for_others() {
    let packet_only = Format::from_template("pkt-srcaddr pkt-dstaddr").unwrap();
    let record = packet_only.parse(b"10.0.0.1 10.0.0.2").unwrap();
    assert_eq!((record.src_addr, record.dst_addr), (None, None));
    let both = Format::from_template("srcaddr pkt-srcaddr").unwrap();
    assert_eq!(both.parse(b"- 10.0.0.1"), Err(Unparsed::NoValue(Field::SrcAddr)));
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// Values of one record, by field; every other field has a value that nobody reads.
const VALUES: &[(&str, &str)] = &[
    ("account-id", "012345678901"),
    ("interface-id", "eni-0a1"),
    ("vpc-id", "vpc-0b2"),
    ("srcaddr", "10.1.2.3"),
    ("dstaddr", "2001:db8::7"),
    ("pkt-srcaddr", "203.0.113.9"),
    ("pkt-dstaddr", "::ffff:1.2.3.4"),
    ("srcport", "0"),
    ("dstport", "65535"),
    ("protocol", "255"),
    ("packets", "18446744073709551615"),
    ("bytes", "9999999999999999999"),
    ("start", "0"),
    ("end", "4294967295"),
    ("action", "REJECT"),
    ("log-status", "OK"),
    ("tcp-flags", "19"),
    ("flow-direction", "egress"),
];

fn expected_record(names: &[&str]) -> Record<'static> {
    let mut record = Record::default();
    for name in names {
        match *name {
            "account-id" => record.account_id = Some(b"012345678901"),
            "interface-id" => record.interface_id = Some(b"eni-0a1"),
            "vpc-id" => record.vpc_id = Some(b"vpc-0b2"),
            "srcaddr" => record.src_addr = Some("10.1.2.3".parse().unwrap()),
            "dstaddr" => record.dst_addr = Some("2001:db8::7".parse().unwrap()),
            "pkt-srcaddr" => record.pkt_src_addr = Some("203.0.113.9".parse().unwrap()),
            "pkt-dstaddr" => record.pkt_dst_addr = Some("::ffff:1.2.3.4".parse().unwrap()),
            "srcport" => record.src_port = Some(0),
            "dstport" => record.dst_port = Some(65535),
            "protocol" => record.protocol = Some(255),
            "packets" => record.packets = Some(u64::MAX),
            "bytes" => record.bytes = Some(9_999_999_999_999_999_999),
            "start" => record.start = Some(0),
            "end" => record.end = Some(u32::MAX),
            "action" => record.action = Some(flowlog::Action::Reject),
            "log-status" => record.log_status = Some(flowlog::LogStatus::Ok),
            "tcp-flags" => record.tcp_flags = Some(19),
            "flow-direction" => record.flow_direction = Some(flowlog::FlowDirection::Egress),
            _ => {}
        }
    }
    record
}

#[test]
fn any_order_and_any_subset_give_the_same_record() {
    let mut random = Random(7);
    for _ in 0..3000 {
        let mut names: Vec<&str> = DOCUMENTED.iter().map(|(_, name, _)| *name).collect();
        for index in (1..names.len()).rev() {
            names.swap(index, random.below(index + 1));
        }
        names.truncate(1 + random.below(names.len()));
        let values: Vec<&str> = names
            .iter()
            .map(|name| VALUES.iter().find(|(known, _)| known == name).map_or("some:%20thing", |(_, value)| *value))
            .collect();
        let format = Format::from_header(names.join(" ").as_bytes()).unwrap();
        let line = values.join(" ");
        assert_eq!(format.parse(line.as_bytes()), Ok(expected_record(&names)), "{names:?}");
        // One field more or less is never a record.
        let found = names.len() as u32;
        let longer = format!("{line} -");
        assert_eq!(
            format.parse(longer.as_bytes()),
            Err(Unparsed::WrongFieldCount { expected: found, found: found + 1 })
        );
        if let Some((shorter, _)) = line.rsplit_once(' ') {
            assert_eq!(
                format.parse(shorter.as_bytes()),
                Err(Unparsed::WrongFieldCount { expected: found, found: found - 1 })
            );
        }
    }
}

/// Any bytes at all: a record or a reason, never a panic, and what is a record reads the same without the fast ways.
#[test]
fn random_damage_never_panics() {
    let mut random = Random(99);
    let format = Format::default_v2();
    let mut good = 0;
    for _ in 0..200_000 {
        let mut line = collect::SSH.as_bytes().to_vec();
        for _ in 0..random.below(4) {
            let at = random.below(line.len());
            match random.below(4) {
                0 => line[at] = random.below(256) as u8,
                1 => line.truncate(at.max(1)),
                2 => line.insert(at, b"0123456789. -"[random.below(13)]),
                _ => {
                    line.remove(at);
                }
            }
            if line.is_empty() {
                break;
            }
        }
        let parsed = format.parse(&line);
        let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
        if let Ok(record) = parsed {
            good += 1;
            let text = |index: usize| std::str::from_utf8(fields[index]).unwrap();
            assert_eq!(fields.len(), 14);
            assert_eq!(record.src_addr, text(3).parse().ok());
            assert_eq!(record.dst_addr, text(4).parse().ok());
            let number = |index: usize| (fields[index] != b"-").then(|| text(index).parse::<u64>().unwrap());
            assert_eq!(record.src_port.map(u64::from), number(5));
            assert_eq!(record.dst_port.map(u64::from), number(6));
            assert_eq!(record.protocol.map(u64::from), number(7));
            assert_eq!((record.packets, record.bytes), (number(8), number(9)));
            assert_eq!((record.start.map(u64::from), record.end.map(u64::from)), (number(10), number(11)));
            assert!(record.start <= record.end);
        }
    }
    assert!(good > 50_000, "{good}");
}
