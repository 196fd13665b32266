//! Which column goes where in an ECS document.

use flowlog::{Column, Field, Format};
use std::collections::HashSet;

/// What becomes of one column.
enum Slot {
    /// Nothing: an earlier column has the same name.
    Nothing,
    /// The integration knows the field.
    Field(Field),
    /// It knows the field, which is one of a transit gateway flow log.
    TransitGateway(TransitGateway),
    /// It does not: the value goes into `sgflow.record` under this key.
    Leftover(Leftover),
}

struct Leftover {
    key: Box<str>,
    is_tag: bool,
}

struct TransitGateway {
    /// The name in `aws.vpcflow`, and in `sgflow.record` for a count that is none.
    name: &'static str,
    is_count: bool,
}

/// Fields that only transit gateway flow logs have (Transit Gateway guide, "Transit Gateway Flow Log records"), with their names in
/// `aws.vpcflow`. The integration's published examples show those of the gateway, its attachment, the two VPCs and the two interfaces; the
/// others have the names and types that Elastic's own processor `parse_aws_vpc_flow_log` gives them, whose names of the first are the same.
const TRANSIT_GATEWAY: [(&str, &str, bool); 18] = [
    ("resource-type", "resource_type", false),
    ("tgw-id", "tgw_id", false),
    ("tgw-attachment-id", "tgw_attachment_id", false),
    ("tgw-src-vpc-account-id", "tgw_src_vpc_account_id", false),
    ("tgw-dst-vpc-account-id", "tgw_dst_vpc_account_id", false),
    ("tgw-src-vpc-id", "tgw_src_vpc_id", false),
    ("tgw-dst-vpc-id", "tgw_dst_vpc_id", false),
    ("tgw-src-subnet-id", "tgw_src_subnet_id", false),
    ("tgw-dst-subnet-id", "tgw_dst_subnet_id", false),
    ("tgw-src-eni", "tgw_src_eni", false),
    ("tgw-dst-eni", "tgw_dst_eni", false),
    ("tgw-src-az-id", "tgw_src_az_id", false),
    ("tgw-dst-az-id", "tgw_dst_az_id", false),
    ("tgw-pair-attachment-id", "tgw_pair_attachment_id", false),
    ("packets-lost-no-route", "packets_lost_no_route", true),
    ("packets-lost-blackhole", "packets_lost_blackhole", true),
    ("packets-lost-mtu-exceeded", "packets_lost_mtu_exceeded", true),
    ("packets-lost-ttl-expired", "packets_lost_ttl_expired", true),
];

fn of_transit_gateway(column: &Column) -> Option<TransitGateway> {
    let (_, name, is_count) = TRANSIT_GATEWAY.iter().find(|(known, _, _)| *known == column.name())?;
    Some(TransitGateway { name, is_count: *is_count })
}

/// A value of a transit gateway field.
pub(crate) enum Told<'a> {
    /// As it stands.
    Text(&'a [u8]),
    /// A count of packets that an index takes.
    Count(i64),
}

/// The columns of a log format, sorted for writing.
pub(crate) struct EcsColumns {
    columns: Vec<Column>,
    slots: Vec<Slot>,
    has_leftovers: bool,
    is_transit_gateway: bool,
}

/// The values of one line, by field; those without a value are none.
pub(crate) struct Texts<'a>([Option<&'a [u8]>; Field::ALL.len()]);

impl<'a> Texts<'a> {
    /// The text of a field.
    pub fn of(&self, field: Field) -> Option<&'a [u8]> {
        self.0.get(field as usize).copied().flatten()
    }
}

impl EcsColumns {
    pub fn of(format: &Format) -> EcsColumns {
        let columns = format.columns().to_vec();
        // `sgflow.record.packets` and `.bytes` hold what is too large for `source.packets` and `.bytes`.
        let mut taken: HashSet<String> = ["packets", "bytes"].map(String::from).into();
        let mut slots = Vec::with_capacity(columns.len());
        let mut seen = HashSet::new();
        for column in &columns {
            if !seen.insert(column) {
                slots.push(Slot::Nothing);
                continue;
            }
            let field = match column {
                Column::Known(field) => Some(*field),
                Column::Unknown(_) => None,
            };
            if let Some(field) = field
                && integration_knows(field)
            {
                slots.push(Slot::Field(field));
                continue;
            }
            if let Some(field) = of_transit_gateway(column) {
                slots.push(Slot::TransitGateway(field));
                continue;
            }
            let mut name = column.name().replace('-', "_");
            while !taken.insert(name.clone()) {
                name.push_str("_text");
            }
            let is_tag = field.is_some_and(super::classic::is_tag);
            slots.push(Slot::Leftover(Leftover { key: name.into_boxed_str(), is_tag }));
        }
        let has_leftovers = slots.iter().any(|slot| match slot {
            Slot::Leftover(_) => true,
            Slot::TransitGateway(field) => field.is_count,
            Slot::Nothing | Slot::Field(_) => false,
        });
        let is_transit_gateway = slots.iter().any(|slot| matches!(slot, Slot::TransitGateway(_)));
        EcsColumns { columns, slots, has_leftovers, is_transit_gateway }
    }

    /// Whether these are the columns of the format.
    pub fn are_of(&self, format: &Format) -> bool {
        self.columns == format.columns()
    }

    /// The values of a line that the integration knows a place for.
    pub fn texts<'a>(&self, line: &'a [u8]) -> Texts<'a> {
        let mut texts = Texts([None; Field::ALL.len()]);
        for (slot, text) in self.slots.iter().zip(words(line)) {
            if let Slot::Field(field) = slot
                && has_value(text)
                && let Some(place) = texts.0.get_mut(*field as usize)
            {
                *place = Some(text);
            }
        }
        texts
    }

    /// The values of a line that only transit gateways have, by their names in `aws.vpcflow`.
    pub fn of_transit_gateway<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = (&'static str, Told<'a>)> {
        let slots = if self.is_transit_gateway { self.slots.as_slice() } else { &[] };
        slots.iter().zip(words(line)).filter_map(|(slot, text)| match slot {
            Slot::TransitGateway(field) if has_value(text) => match field.is_count {
                false => Some((field.name, Told::Text(text))),
                true => count(text).map(|count| (field.name, Told::Count(count))),
            },
            _ => None,
        })
    }

    /// The other values of a line, among them counts that no index takes: name, text, and whether it is a tag's.
    pub fn leftovers<'a>(&'a self, line: &'a [u8]) -> impl Iterator<Item = (&'a str, &'a [u8], bool)> {
        let slots = if self.has_leftovers { self.slots.as_slice() } else { &[] };
        slots.iter().zip(words(line)).filter_map(|(slot, text)| match slot {
            Slot::Leftover(leftover) if has_value(text) => Some((&*leftover.key, text, leftover.is_tag)),
            Slot::TransitGateway(field) if field.is_count && has_value(text) && count(text).is_none() => {
                Some((field.name, text, false))
            }
            _ => None,
        })
    }
}

/// A number that an index takes as `long`.
fn count(text: &[u8]) -> Option<i64> {
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The values of a line, as `Format::columns_of` has them.
fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.split(|byte| *byte == b' ')
}

fn has_value(text: &[u8]) -> bool {
    !text.is_empty() && text != b"-"
}

/// Whether the integration reads the field: it reads those up to version 8.
fn integration_knows(field: Field) -> bool {
    field.version() <= 8
}
