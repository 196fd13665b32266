//! Flow log fields: their names, versions and types, and a record's value for each.
//!
//! Source: "Flow log records" in the Amazon VPC user guide (fields through version 11).

use std::io::Write as _;

use anyhow::{Result, bail};

use crate::network::{Direction, Kind, Network};
use crate::options::Fields;
use crate::rows::{Row, Status};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Int,
    Long,
    Text,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    Version,
    AccountId,
    InterfaceId,
    Source,
    Target,
    SourcePort,
    TargetPort,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    LogStatus,
    VpcId,
    SubnetId,
    InstanceId,
    TcpFlags,
    IpType,
    PktSource,
    PktTarget,
    Region,
    ZoneId,
    FlowDirection,
    TrafficPath,
    InterfaceTag,
    InterfaceType,
    /// A field that none of the simulated records has a value for.
    Absent,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub name: &'static str,
    pub version: u8,
    pub kind: Type,
    value: Value,
}

const fn column(name: &'static str, version: u8, kind: Type, value: Value) -> Column {
    Column { name, version, kind, value }
}

/// Every field through version 11, in the order of the user guide.
const COLUMNS: [Column; 54] = [
    column("version", 2, Type::Int, Value::Version),
    column("account-id", 2, Type::Text, Value::AccountId),
    column("interface-id", 2, Type::Text, Value::InterfaceId),
    column("srcaddr", 2, Type::Text, Value::Source),
    column("dstaddr", 2, Type::Text, Value::Target),
    column("srcport", 2, Type::Int, Value::SourcePort),
    column("dstport", 2, Type::Int, Value::TargetPort),
    column("protocol", 2, Type::Int, Value::Protocol),
    column("packets", 2, Type::Long, Value::Packets),
    column("bytes", 2, Type::Long, Value::Bytes),
    column("start", 2, Type::Long, Value::Start),
    column("end", 2, Type::Long, Value::End),
    column("action", 2, Type::Text, Value::Action),
    column("log-status", 2, Type::Text, Value::LogStatus),
    column("vpc-id", 3, Type::Text, Value::VpcId),
    column("subnet-id", 3, Type::Text, Value::SubnetId),
    column("instance-id", 3, Type::Text, Value::InstanceId),
    column("tcp-flags", 3, Type::Int, Value::TcpFlags),
    column("type", 3, Type::Text, Value::IpType),
    column("pkt-srcaddr", 3, Type::Text, Value::PktSource),
    column("pkt-dstaddr", 3, Type::Text, Value::PktTarget),
    column("region", 4, Type::Text, Value::Region),
    column("az-id", 4, Type::Text, Value::ZoneId),
    column("sublocation-type", 4, Type::Text, Value::Absent),
    column("sublocation-id", 4, Type::Text, Value::Absent),
    column("pkt-src-aws-service", 5, Type::Text, Value::Absent),
    column("pkt-dst-aws-service", 5, Type::Text, Value::Absent),
    column("flow-direction", 5, Type::Text, Value::FlowDirection),
    column("traffic-path", 5, Type::Int, Value::TrafficPath),
    column("ecs-cluster-arn", 7, Type::Text, Value::Absent),
    column("ecs-cluster-name", 7, Type::Text, Value::Absent),
    column("ecs-container-instance-arn", 7, Type::Text, Value::Absent),
    column("ecs-container-instance-id", 7, Type::Text, Value::Absent),
    column("ecs-container-id", 7, Type::Text, Value::Absent),
    column("ecs-second-container-id", 7, Type::Text, Value::Absent),
    column("ecs-service-name", 7, Type::Text, Value::Absent),
    column("ecs-task-definition-arn", 7, Type::Text, Value::Absent),
    column("ecs-task-arn", 7, Type::Text, Value::Absent),
    column("ecs-task-id", 7, Type::Text, Value::Absent),
    column("reject-reason", 8, Type::Text, Value::Absent),
    column("resource-id", 9, Type::Text, Value::Absent),
    column("encryption-status", 10, Type::Int, Value::Absent),
    column("instance-tag", 11, Type::Text, Value::Absent),
    column("instance-tag-2", 11, Type::Text, Value::Absent),
    column("interface-tag", 11, Type::Text, Value::InterfaceTag),
    column("interface-tag-2", 11, Type::Text, Value::Absent),
    column("asg-tag", 11, Type::Text, Value::Absent),
    column("asg-tag-2", 11, Type::Text, Value::Absent),
    column("interface-type", 11, Type::Text, Value::InterfaceType),
    column("next-hop-interface-id", 11, Type::Text, Value::Absent),
    column("next-hop-subnet-id", 11, Type::Text, Value::Absent),
    column("next-hop-az-id", 11, Type::Text, Value::Absent),
    column("next-hop-vpc-id", 11, Type::Text, Value::Absent),
    column("next-hop-interface-type", 11, Type::Text, Value::Absent),
];

/// The columns of a record and the version they amount to.
pub(crate) struct Layout {
    pub columns: Vec<Column>,
    version: u8,
}

impl Layout {
    pub fn new(fields: &Fields) -> Result<Layout> {
        let all = || COLUMNS.into_iter();
        let columns: Vec<Column> = match fields {
            Fields::V2Default => all().filter(|column| column.version <= 2).collect(),
            Fields::V5 => all().filter(|column| column.version <= 5).collect(),
            Fields::All => all().collect(),
            Fields::Custom(template) => {
                let mut columns = Vec::new();
                for part in template.split_whitespace() {
                    let name = part.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                    let Some(column) = name.and_then(|name| all().find(|column| column.name == name)) else {
                        bail!("`{part}` is not a flow log field; write fields as ${{srcaddr}}");
                    };
                    columns.push(column);
                }
                columns
            }
        };
        if columns.is_empty() {
            bail!("the format string names no field; write fields as ${{srcaddr}}");
        }
        let version = columns.iter().map(|column| column.version).max().unwrap_or(2);
        Ok(Layout { columns, version })
    }

    fn has(&self, value: Value) -> bool {
        self.columns.iter().any(|column| column.value == value)
    }

    /// Do the records show TCP flags?
    pub fn has_flags(&self) -> bool {
        self.has(Value::TcpFlags)
    }

    /// Do the records show packet-level addresses?
    pub fn has_packet_addresses(&self) -> bool {
        self.has(Value::PktSource) && self.has(Value::PktTarget)
    }

    /// The header line, without a line end.
    pub fn header(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        names.join(" ")
    }

    /// The format string as `LogFormat` of `describe-flow-logs` shows it.
    pub fn template(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("${{{}}}", column.name)).collect();
        names.join(" ")
    }

    /// Appends a record as text, without a line end.
    pub fn line(&self, network: &Network, row: &Row, out: &mut Vec<u8>) {
        for (position, column) in self.columns.iter().enumerate() {
            if position > 0 {
                out.push(b' ');
            }
            self.value(*column, network, row, out);
        }
    }

    /// Appends one value as text, `-` for none.
    pub fn value(&self, column: Column, network: &Network, row: &Row, out: &mut Vec<u8>) {
        let interface = &network.interfaces[row.interface];
        let subnet = &network.subnets[interface.subnet];
        let flowing = row.status == Status::Ok;
        match column.value {
            Value::Version => push_number(out, u64::from(self.version)),
            Value::AccountId => out.extend_from_slice(interface.log_account.as_bytes()),
            Value::InterfaceId => out.extend_from_slice(interface.id.as_bytes()),
            Value::Start => push_number(out, row.start.unsigned_abs()),
            Value::End => push_number(out, row.end.unsigned_abs()),
            Value::LogStatus => out.extend_from_slice(match row.status {
                Status::Ok => b"OK",
                Status::NoData => b"NODATA",
                Status::SkipData => b"SKIPDATA",
            }),
            Value::VpcId => out.extend_from_slice(network.vpcs[subnet.vpc].id.as_bytes()),
            Value::SubnetId => out.extend_from_slice(subnet.id.as_bytes()),
            Value::InstanceId => out.extend_from_slice(interface.instance.as_deref().unwrap_or("-").as_bytes()),
            Value::Region => out.extend_from_slice(network.region.as_bytes()),
            Value::ZoneId => out.extend_from_slice(b"euw1-az1"),
            Value::InterfaceTag => push_percent_encoded(out, &interface.name),
            Value::InterfaceType if interface.kind == Kind::NatGateway => out.extend_from_slice(b"nat_gateway"),
            Value::InterfaceType if interface.kind == Kind::NetworkLoadBalancer => {
                out.extend_from_slice(b"network_load_balancer");
            }
            Value::InterfaceType | Value::Absent => out.push(b'-'),
            _ if !flowing => out.push(b'-'),
            Value::Source => push_address(out, row.source),
            Value::Target => push_address(out, row.target),
            Value::PktSource => push_address(out, row.pkt_source.unwrap_or(row.source)),
            Value::PktTarget => push_address(out, row.pkt_target.unwrap_or(row.target)),
            Value::SourcePort => push_number(out, u64::from(row.source_port)),
            Value::TargetPort => push_number(out, u64::from(row.target_port)),
            Value::Protocol => push_number(out, u64::from(row.protocol)),
            Value::Packets => push_number(out, row.packets),
            Value::Bytes => push_number(out, row.bytes),
            Value::Action => out.extend_from_slice(if row.accepted { b"ACCEPT" } else { b"REJECT" }),
            Value::TcpFlags => push_number(out, u64::from(row.flags)),
            Value::IpType => out.extend_from_slice(if row.source.is_ipv4() { b"IPv4" } else { b"IPv6" }),
            Value::FlowDirection => out.extend_from_slice(match row.direction {
                Direction::Ingress => b"ingress",
                Direction::Egress => b"egress",
            }),
            Value::TrafficPath => match row.direction {
                // 1: another resource in the same VPC; 8: through an internet gateway.
                Direction::Egress if is_private(row.target) => out.push(b'1'),
                Direction::Egress => out.push(b'8'),
                Direction::Ingress => out.push(b'-'),
            },
        }
    }
}

fn is_private(address: std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(v4) => v4.is_private(),
        std::net::IpAddr::V6(_) => true,
    }
}

/// Decimal digits without the machinery of `format!`: the benchmark writes tens of millions of them.
fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn push_address(out: &mut Vec<u8>, address: std::net::IpAddr) {
    match address {
        std::net::IpAddr::V4(v4) => {
            for (position, octet) in v4.octets().into_iter().enumerate() {
                if position > 0 {
                    out.push(b'.');
                }
                push_number(out, u64::from(octet));
            }
        }
        // Writing into a Vec cannot fail.
        std::net::IpAddr::V6(v6) => drop(write!(out, "{v6}")),
    }
}

/// Tag values are percent-encoded UTF-8 since version 11.
fn push_percent_encoded(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte);
        } else {
            drop(write!(out, "%{byte:02X}"));
        }
    }
}
