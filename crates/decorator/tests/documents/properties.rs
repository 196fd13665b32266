//! Any format, any values: the document is JSON without repeated keys, and nothing of the line is lost.

use std::collections::BTreeMap;

use flowlog::opener::from_tcp_flags;
use flowlog::{Column, Field, FieldType, Format, decode_tag};
use proptest::prelude::*;
use serde_json::Value;

use crate::bench::{BASTION, Bench};
use crate::strict_json;

/// Names that AWS may add, some of them ours already.
const NEW_NAMES: [&str; 8] = [
    "colour",
    "direction",
    "flow-role",
    "source-city",
    "tcp-flags-text",
    "colour-text",
    "packets",
    "security-group-ids",
];

/// Names that only transit gateway flow logs have.
const TRANSIT_GATEWAY_NAMES: [&str; 4] =
    ["resource-type", "tgw-id", "packets-lost-blackhole", "packets-lost-ttl-expired"];

fn column() -> impl Strategy<Value = Column> {
    prop_oneof![
        8 => prop::sample::select(Field::ALL).prop_map(Column::Known),
        1 => prop::sample::select(&NEW_NAMES[..]).prop_map(|name| Column::Unknown(name.to_owned())),
        1 => prop::sample::select(&TRANSIT_GATEWAY_NAMES[..]).prop_map(|name| Column::Unknown(name.to_owned())),
        1 => "[a-z\"\\\\\u{e9}]{1,6}".prop_map(Column::Unknown),
    ]
}

/// A value that may stand in a column: often a good one, else any bytes that do not end a value.
fn value(column: &Column) -> BoxedStrategy<Vec<u8>> {
    let text = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(|text| text.as_bytes().to_vec());
    let wild = prop::collection::vec(any::<u8>().prop_filter("ends a value", |byte| !b" \n\r".contains(byte)), 0..12);
    let number = prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        (0..100_u32).prop_map(|number| format!("00{number}")),
        (0..70_000_u32).prop_map(|number| number.to_string()),
    ]
    .prop_map(String::into_bytes);
    let good: BoxedStrategy<Vec<u8>> = match column {
        Column::Known(Field::Action) => text(&["ACCEPT", "REJECT"]).boxed(),
        Column::Known(Field::LogStatus) => text(&["OK", "NODATA", "SKIPDATA"]).boxed(),
        Column::Known(Field::FlowDirection) => text(&["ingress", "egress"]).boxed(),
        Column::Known(Field::InterfaceId) => text(&["eni-1235b8ca123456789", "eni-2"]).boxed(),
        Column::Known(Field::Protocol) => (0..=255_u8).prop_map(|number| number.to_string().into_bytes()).boxed(),
        Column::Known(Field::TcpFlags) => (0..=255_u16).prop_map(|number| number.to_string().into_bytes()).boxed(),
        Column::Known(Field::InstanceTag | Field::AsgTag2) => text(&["web%20server", "%", "%2D", "%ff"]).boxed(),
        Column::Known(field) => match field.field_type() {
            FieldType::Ip => {
                text(&["172.31.16.21", "203.0.113.9", "2001:db8::1", "::ffff:1.2.3.4", "224.0.0.1"]).boxed()
            }
            FieldType::Int | FieldType::Long => number.boxed(),
            FieldType::Text => text(&["vpc-1", "IPv4", "us-east-1"]).boxed(),
        },
        Column::Unknown(_) => text(&["7", "x", "2026-03-01"]).boxed(),
    };
    prop_oneof![8 => good, 1 => text(&["-", "-", ""]), 1 => wild].boxed()
}

fn line() -> impl Strategy<Value = (Format, Vec<u8>)> {
    prop::collection::vec(column(), 1..24).prop_flat_map(|columns| {
        let values: Vec<BoxedStrategy<Vec<u8>>> = columns.iter().map(value).collect();
        values.prop_map(move |values| (Format::new(columns.clone()), values.join(&b' ')))
    })
}

/// What a column of a line must be in a document, whatever its name there.
fn expected(column: &Column, text: &[u8]) -> Option<Value> {
    if text.is_empty() || text == b"-" {
        return None;
    }
    let as_text = Value::String(String::from_utf8_lossy(text).into_owned());
    let Column::Known(field) = column else { return Some(as_text) };
    let largest = match field.field_type() {
        FieldType::Int => i64::from(i32::MAX),
        FieldType::Long => i64::MAX,
        FieldType::Text if field.name().contains("-tag") => return Some(Value::String(decode_tag(text))),
        FieldType::Text | FieldType::Ip => return Some(as_text),
    };
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse::<i64>().ok()).filter(|number| *number <= largest);
    Some(number.map_or(as_text, |number| Value::Number(number.into())))
}

/// Where the integration has the text of a field, as JSON pointers. None for fields that it does not know, and for the few that are more
/// than a text there: see [`expected_in_ecs`].
fn ecs_places(field: Field) -> &'static [&'static str] {
    match field {
        Field::Version => &["/aws/vpcflow/version"],
        Field::AccountId => &["/aws/vpcflow/account_id", "/cloud/account/id"],
        Field::InterfaceId => &["/aws/vpcflow/interface_id"],
        Field::SrcAddr => &["/source/address", "/source/ip"],
        Field::DstAddr => &["/destination/address", "/destination/ip"],
        Field::Protocol => &["/network/iana_number"],
        Field::Action => &["/aws/vpcflow/action", "/event/action"],
        Field::LogStatus => &["/aws/vpcflow/log_status"],
        Field::VpcId => &["/aws/vpcflow/vpc_id"],
        Field::SubnetId => &["/aws/vpcflow/subnet_id"],
        Field::InstanceId => &["/aws/vpcflow/instance_id", "/cloud/instance/id"],
        Field::TcpFlags => &["/aws/vpcflow/tcp_flags"],
        Field::Type => &["/aws/vpcflow/type"],
        Field::PktSrcAddr => &["/aws/vpcflow/pkt_srcaddr"],
        Field::PktDstAddr => &["/aws/vpcflow/pkt_dstaddr"],
        Field::Region => &["/cloud/region"],
        Field::AzId => &["/cloud/availability_zone"],
        Field::SublocationType => &["/aws/vpcflow/sublocation/type"],
        Field::SublocationId => &["/aws/vpcflow/sublocation/id"],
        Field::PktSrcAwsService => &["/aws/vpcflow/pkt_src_service"],
        Field::PktDstAwsService => &["/aws/vpcflow/pkt_dst_service"],
        Field::FlowDirection => &["/network/direction"],
        Field::TrafficPath => &["/aws/vpcflow/traffic_path"],
        Field::EcsClusterArn => &["/orchestrator/cluster/id"],
        Field::EcsClusterName => &["/orchestrator/cluster/name"],
        Field::EcsContainerInstanceArn => &["/orchestrator/resource/name"],
        Field::EcsContainerInstanceId => &["/orchestrator/resource/id"],
        Field::EcsContainerId => &["/aws/vpcflow/ecs_container_id"],
        Field::EcsSecondContainerId => &["/aws/vpcflow/ecs_second_container_id"],
        Field::EcsServiceName => &["/service/name"],
        Field::EcsTaskDefinitionArn => &["/aws/vpcflow/ecs_task_definition_arn"],
        Field::EcsTaskArn => &["/aws/vpcflow/ecs_task_arn"],
        Field::EcsTaskId => &["/aws/vpcflow/ecs_task_id"],
        Field::RejectReason => &["/event/reason"],
        _ => &[],
    }
}

/// What a field must be in an ECS document, place by place. The record was parsed, so numbers that it computes with are numbers.
fn expected_in_ecs(field: Field, text: &[u8]) -> Vec<(String, Value)> {
    let as_text = Value::String(String::from_utf8_lossy(text).into_owned());
    let number = || std::str::from_utf8(text).unwrap().parse::<u64>().unwrap();
    let at = |places: &[&str], value: Value| -> Vec<(String, Value)> {
        places.iter().map(|place| ((*place).to_owned(), value.clone())).collect()
    };
    match field {
        Field::SrcPort => at(&["/source/port"], number().into()),
        Field::DstPort => at(&["/destination/port"], number().into()),
        Field::Packets | Field::Bytes => {
            let name = field.name();
            let number = number();
            if i64::try_from(number).is_err() {
                return at(&[&format!("/sgflow/record/{name}")], number.to_string().into());
            }
            at(&[&format!("/source/{name}"), &format!("/network/{name}")], number.into())
        }
        Field::Start | Field::End => {
            let second = jiff::Timestamp::from_second(number().try_into().unwrap()).unwrap();
            at(&[&format!("/event/{}", field.name())], format!("{second:.3}").into())
        }
        _ if field.version() <= 8 => at(ecs_places(field), as_text),
        _ => {
            let value = if field.name().contains("-tag") { Value::String(decode_tag(text)) } else { as_text };
            at(&[&format!("/sgflow/record/{}", field.name().replace('-', "_"))], value)
        }
    }
}

/// Where a transit gateway's field must be, and what: a count is a number, unless no index takes it.
fn expected_of_transit_gateway(name: &str, text: &[u8]) -> (String, Value) {
    let key = name.replace('-', "_");
    let as_text = Value::String(String::from_utf8_lossy(text).into_owned());
    if !name.starts_with("packets-") {
        return (format!("/aws/vpcflow/{key}"), as_text);
    }
    let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse::<i64>().ok()) {
        Some(count) => (format!("/aws/vpcflow/{key}"), count.into()),
        None => (format!("/sgflow/record/{key}"), as_text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_are_sound((format, line) in line(), rule_ids: bool, arrived: Option<i64>) {
        let Ok(record) = format.parse(&line) else { return Ok(()) };
        let mut bench = if rule_ids { Bench::with_rules(BASTION) } else { Bench::classic(BASTION) };
        let mut out = Vec::new();
        bench.decorator().decorate(&record, &format, &line, arrived, &mut out);
        let document = strict_json::read(&out);
        let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
        for (column, text) in format.columns_of(&line) {
            // Where a column stands twice, the first counts.
            let is_first = match column {
                Column::Known(field) => seen.insert(field.name(), ()).is_none(),
                Column::Unknown(_) => continue,
            };
            let Some(expected) = expected(column, text).filter(|_| is_first) else { continue };
            let name = if expected.is_string() && !matches!(field_type(column), FieldType::Ip | FieldType::Text) {
                format!("{}-text", column.name())
            } else {
                column.name().to_owned()
            };
            prop_assert_eq!(document.get(&name), Some(&expected), "{} in {}", name, document);
        }
        for (index, (column, text)) in format.columns_of(&line).enumerate() {
            let Column::Unknown(name) = column else { continue };
            let is_first = !format.columns()[..index].contains(column);
            let Some(expected) = expected(column, text).filter(|_| is_first) else { continue };
            let mut key = name.clone();
            while document.get(&key) != Some(&expected) {
                key.push_str("-text");
                prop_assert!(key.len() < 100, "{} is lost in {}", name, document);
            }
        }
    }

    #[test]
    fn ecs_documents_are_sound((format, line) in line(), arrived: Option<i64>) {
        let Ok(record) = format.parse(&line) else { return Ok(()) };
        let mut bench = Bench::ecs(BASTION);
        let mut out = Vec::new();
        bench.decorator().decorate(&record, &format, &line, arrived, &mut out);
        let document = strict_json::read(&out);
        for (index, (column, text)) in format.columns_of(&line).enumerate() {
            // Where a column stands twice, the first counts.
            let is_first = !format.columns()[..index].contains(column);
            if !is_first || text.is_empty() || text == b"-" {
                continue;
            }
            match column {
                Column::Known(field) => {
                    let expected = expected_in_ecs(*field, text);
                    prop_assert!(!expected.is_empty(), "{:?} has no place", field);
                    for (place, value) in expected {
                        prop_assert_eq!(document.pointer(&place), Some(&value), "{} in {}", place, document);
                    }
                }
                Column::Unknown(name) if TRANSIT_GATEWAY_NAMES.contains(&name.as_str()) => {
                    let (place, expected) = expected_of_transit_gateway(name, text);
                    prop_assert_eq!(document.pointer(&place), Some(&expected), "{} in {}", place, document);
                }
                Column::Unknown(name) => {
                    let expected = Value::String(String::from_utf8_lossy(text).into_owned());
                    let mut key = name.replace('-', "_");
                    while document["sgflow"]["record"].get(&key) != Some(&expected) {
                        key.push_str("_text");
                        prop_assert!(key.len() < 100, "{} is lost in {}", name, document);
                    }
                }
            }
        }
        // What has no text in the line is nowhere.
        for field in Field::ALL {
            let is_of_field = |(column, text): &(&Column, &[u8])| {
                **column == Column::Known(*field) && !text.is_empty() && *text != b"-"
            };
            let has_text = format.columns_of(&line).any(|item| is_of_field(&item));
            for place in ecs_places(*field).iter().filter(|_| !has_text) {
                prop_assert_eq!(document.pointer(place), None, "{} in {}", place, document);
            }
        }
    }

    /// One decorator for records of many formats does the same as a new one for each; but what SYN with ACK means depends on whether raw
    /// flags were seen.
    #[test]
    fn nothing_else_is_carried_over(lines in prop::collection::vec(line(), 1..6)) {
        let mut lasting = Bench::with_rules(BASTION);
        let mut raw_flags_seen = false;
        for (format, line) in &lines {
            let Ok(record) = format.parse(line) else { continue };
            let (mut one, mut other) = (Vec::new(), Vec::new());
            lasting.decorator().decorate(&record, format, line, None, &mut one);
            Bench::with_rules(BASTION).decorator().decorate(&record, format, line, None, &mut other);
            let (mut one, mut other) = (strict_json::read(&one), strict_json::read(&other));
            if raw_flags_seen && one["flow-role"] == "ambiguous" && other["flow-role"] == "reply" {
                one["flow-role"].take();
                other["flow-role"].take();
            }
            prop_assert_eq!(one, other);
            raw_flags_seen |= record.tcp_flags.is_some_and(|flags| from_tcp_flags(flags).raw);
        }
    }
}

fn field_type(column: &Column) -> FieldType {
    match column {
        Column::Known(field) => field.field_type(),
        Column::Unknown(_) => FieldType::Text,
    }
}
