//! The document in Elastic Common Schema; what is written, and from which version of Elastic's integration, is told in [`super`].

use super::community_id::community_id;
use super::ecs_columns::{EcsColumns, Texts, Told};
use super::json::{Object, push_escaped, push_number, push_text, push_texts};
use super::place::told_address;
use super::{Decoration, Desk, protocol};
use flowlog::{Action, Field, decode_tag};
use std::net::IpAddr;

/// Appends the document.
pub(crate) fn write(columns: &EcsColumns, desk: &mut Desk, decoration: &Decoration<'_>, out: &mut Vec<u8>) {
    let texts = columns.texts(decoration.line);
    let document = Object::open(out, b"");
    desk.push_timestamp(decoration, true, out);
    push_aws(columns, decoration, &texts, out);
    push_cloud(&texts, out);
    push_end(desk, decoration, &texts, &DESTINATION, out);
    out.extend_from_slice(br#","ecs":{"version":"8.11.0"}"#);
    push_event(desk, decoration, &texts, out);
    push_network(decoration, &texts, out);
    push_orchestrator(&texts, out);
    if let (Some(source), Some(destination)) = (texts.of(Field::SrcAddr), texts.of(Field::DstAddr)) {
        let related = Object::open(out, br#","related":"#);
        out.extend_from_slice(br#","ip":[""#);
        push_escaped(out, source);
        out.extend_from_slice(br#"",""#);
        push_escaped(out, destination);
        out.extend_from_slice(br#""]"#);
        related.close(out);
    }
    let service = Object::open(out, br#","service":"#);
    push_field(out, br#","name":""#, &texts, Field::EcsServiceName);
    service.close(out);
    push_end(desk, decoration, &texts, &SOURCE, out);
    push_ours(columns, desk, decoration, out);
    document.close(out);
}

fn push_field(out: &mut Vec<u8>, key: &[u8], texts: &Texts<'_>, field: Field) {
    push_text(out, key, texts.of(field).unwrap_or_default());
}

/// Fields of `aws.vpcflow`, all of them keywords.
const VPCFLOW: [(&[u8], Field); 20] = [
    (br#","account_id":""#, Field::AccountId),
    (br#","action":""#, Field::Action),
    (br#","ecs_container_id":""#, Field::EcsContainerId),
    (br#","ecs_second_container_id":""#, Field::EcsSecondContainerId),
    (br#","ecs_task_arn":""#, Field::EcsTaskArn),
    (br#","ecs_task_definition_arn":""#, Field::EcsTaskDefinitionArn),
    (br#","ecs_task_id":""#, Field::EcsTaskId),
    (br#","instance_id":""#, Field::InstanceId),
    (br#","interface_id":""#, Field::InterfaceId),
    (br#","log_status":""#, Field::LogStatus),
    (br#","pkt_dst_service":""#, Field::PktDstAwsService),
    (br#","pkt_dstaddr":""#, Field::PktDstAddr),
    (br#","pkt_src_service":""#, Field::PktSrcAwsService),
    (br#","pkt_srcaddr":""#, Field::PktSrcAddr),
    (br#","subnet_id":""#, Field::SubnetId),
    (br#","tcp_flags":""#, Field::TcpFlags),
    (br#","traffic_path":""#, Field::TrafficPath),
    (br#","type":""#, Field::Type),
    (br#","version":""#, Field::Version),
    (br#","vpc_id":""#, Field::VpcId),
];

/// Names of `tcp_flags_array`, from the lowest bit on.
const FLAGS: [&str; 6] = ["fin", "syn", "rst", "psh", "ack", "urg"];

fn push_aws(columns: &EcsColumns, decoration: &Decoration<'_>, texts: &Texts<'_>, out: &mut Vec<u8>) {
    let aws = Object::open(out, br#","aws":"#);
    let vpcflow = Object::open(out, br#","vpcflow":"#);
    for (key, field) in &VPCFLOW {
        push_field(out, key, texts, *field);
    }
    for (name, told) in columns.of_transit_gateway(decoration.line) {
        out.extend_from_slice(br#",""#);
        out.extend_from_slice(name.as_bytes());
        match told {
            Told::Text(text) => push_text(out, br#"":""#, text),
            Told::Count(count) => push_number(out, br#"":"#, count),
        }
    }
    let sublocation = Object::open(out, br#","sublocation":"#);
    push_field(out, br#","id":""#, texts, Field::SublocationId);
    push_field(out, br#","type":""#, texts, Field::SublocationType);
    sublocation.close(out);
    if let Some(flags) = decoration.record.tcp_flags {
        let is_set = |bit: &usize| flags & 1 << bit != 0;
        let names = FLAGS.iter().enumerate().filter(|(bit, _)| is_set(bit)).map(|(_, name)| *name);
        push_texts(out, br#","tcp_flags_array":"#, names);
    }
    vpcflow.close(out);
    aws.close(out);
}

fn push_cloud(texts: &Texts<'_>, out: &mut Vec<u8>) {
    let cloud = Object::open(out, br#","cloud":"#);
    let account = Object::open(out, br#","account":"#);
    push_field(out, br#","id":""#, texts, Field::AccountId);
    account.close(out);
    push_field(out, br#","availability_zone":""#, texts, Field::AzId);
    let instance = Object::open(out, br#","instance":"#);
    push_field(out, br#","id":""#, texts, Field::InstanceId);
    instance.close(out);
    out.extend_from_slice(br#","provider":"aws""#);
    push_field(out, br#","region":""#, texts, Field::Region);
    cloud.close(out);
}

/// One of the two ends of a record.
struct End {
    key: &'static [u8],
    address: Field,
    is_source: bool,
}

const SOURCE: End = End { key: br#","source":"#, address: Field::SrcAddr, is_source: true };
const DESTINATION: End = End { key: br#","destination":"#, address: Field::DstAddr, is_source: false };

fn push_end(desk: &mut Desk, decoration: &Decoration<'_>, texts: &Texts<'_>, end: &End, out: &mut Vec<u8>) {
    let record = decoration.record;
    let (address, port) =
        if end.is_source { (record.src_addr, record.src_port) } else { (record.dst_addr, record.dst_port) };
    let object = Object::open(out, end.key);
    push_field(out, br#","address":""#, texts, end.address);
    if end.is_source {
        push_counts(decoration, out);
    }
    push_field(out, br#","ip":""#, texts, end.address);
    if let Some(port) = port {
        push_number(out, br#","port":"#, port);
    }
    // The integration looks at this address alone, not at the packet-level one.
    if let Some(place) = address.and_then(|address| desk.places.of(address)) {
        out.extend_from_slice(&place.end);
    }
    object.close(out);
}

/// `bytes` and `packets`; an index refuses numbers beyond `long`, so those are in `sgflow.record`.
fn push_counts(decoration: &Decoration<'_>, out: &mut Vec<u8>) {
    if let Some(bytes) = decoration.record.bytes.filter(|bytes| fits_long(*bytes)) {
        push_number(out, br#","bytes":"#, bytes);
    }
    if let Some(packets) = decoration.record.packets.filter(|packets| fits_long(*packets)) {
        push_number(out, br#","packets":"#, packets);
    }
}

fn fits_long(number: u64) -> bool {
    i64::try_from(number).is_ok()
}

fn push_event(desk: &mut Desk, decoration: &Decoration<'_>, texts: &Texts<'_>, out: &mut Vec<u8>) {
    let record = decoration.record;
    let event = Object::open(out, br#","event":"#);
    push_field(out, br#","action":""#, texts, Field::Action);
    out.extend_from_slice(br#","category":["network"]"#);
    if let Some(end) = record.end {
        out.extend_from_slice(br#","end":""#);
        desk.clock.push_seconds(out, end, true);
        out.push(b'"');
    }
    out.extend_from_slice(br#","kind":"event""#);
    match record.action {
        Some(Action::Accept) => out.extend_from_slice(br#","outcome":"success","type":["connection","allowed"]"#),
        Some(Action::Reject) => out.extend_from_slice(br#","outcome":"failure","type":["connection","denied"]"#),
        None => out.extend_from_slice(br#","type":["connection"]"#),
    }
    push_field(out, br#","reason":""#, texts, Field::RejectReason);
    if let Some(start) = record.start {
        out.extend_from_slice(br#","start":""#);
        desk.clock.push_seconds(out, start, true);
        out.push(b'"');
    }
    event.close(out);
}

fn push_network(decoration: &Decoration<'_>, texts: &Texts<'_>, out: &mut Vec<u8>) {
    let record = decoration.record;
    let network = Object::open(out, br#","network":"#);
    push_counts(decoration, out);
    if let Some(id) = community_id(record) {
        push_text(out, br#","community_id":""#, &id);
    }
    push_field(out, br#","direction":""#, texts, Field::FlowDirection);
    push_field(out, br#","iana_number":""#, texts, Field::Protocol);
    if let Some(transport) = record.protocol.and_then(protocol::transport) {
        push_text(out, br#","transport":""#, transport.as_bytes());
    }
    match record.src_addr {
        Some(IpAddr::V4(_)) => out.extend_from_slice(br#","type":"ipv4""#),
        Some(IpAddr::V6(_)) => out.extend_from_slice(br#","type":"ipv6""#),
        None => {}
    }
    network.close(out);
}

fn push_orchestrator(texts: &Texts<'_>, out: &mut Vec<u8>) {
    let orchestrator = Object::open(out, br#","orchestrator":"#);
    let cluster = Object::open(out, br#","cluster":"#);
    push_field(out, br#","id":""#, texts, Field::EcsClusterArn);
    push_field(out, br#","name":""#, texts, Field::EcsClusterName);
    cluster.close(out);
    let resource = Object::open(out, br#","resource":"#);
    push_field(out, br#","id":""#, texts, Field::EcsContainerInstanceId);
    push_field(out, br#","name":""#, texts, Field::EcsContainerInstanceArn);
    resource.close(out);
    orchestrator.close(out);
}

/// Our own object.
fn push_ours(columns: &EcsColumns, desk: &mut Desk, decoration: &Decoration<'_>, out: &mut Vec<u8>) {
    let record = decoration.record;
    let ours = Object::open(out, br#","sgflow":"#);
    if let Some(interface) = decoration.interface {
        out.extend_from_slice(&interface.group_members);
    }
    push_texts(out, br#","security_group_rule_ids":"#, decoration.rule_ids());
    push_text(out, br#","direction":""#, decoration.direction_name().unwrap_or_default().as_bytes());
    push_text(out, br#","flow_role":""#, decoration.role.map_or("", |role| role.name()).as_bytes());
    let source = told_address(record.src_addr, record.pkt_src_addr);
    if let Some(place) = source.and_then(|address| desk.places.of(address)) {
        out.extend_from_slice(&place.source);
    }
    let destination = told_address(record.dst_addr, record.pkt_dst_addr);
    if let Some(place) = destination.and_then(|address| desk.places.of(address)) {
        out.extend_from_slice(&place.destination);
    }
    if let Some(interface) = decoration.interface {
        out.extend_from_slice(&interface.interface_members);
    }
    let leftovers = Object::open(out, br#","record":"#);
    for (name, text, is_tag) in columns.leftovers(decoration.line) {
        out.extend_from_slice(br#",""#);
        push_escaped(out, name.as_bytes());
        if is_tag {
            push_text(out, br#"":""#, decode_tag(text).as_bytes());
        } else {
            push_text(out, br#"":""#, text);
        }
    }
    for (name, number) in [(&br#","bytes":""#[..], record.bytes), (br#","packets":""#, record.packets)] {
        if let Some(number) = number.filter(|number| !fits_long(*number)) {
            push_text(out, name, itoa::Buffer::new().format(number).as_bytes());
        }
    }
    leftovers.close(out);
    ours.close(out);
}
