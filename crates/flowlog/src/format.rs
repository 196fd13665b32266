//! A format: which field stands in which column, and the one pass over a line that turns it into a [`Record`].

use std::net::IpAddr;

use crate::field::Field;
use crate::record::Record;
use crate::spelling;
use crate::unparsed::Unparsed;
use crate::value::{self, Needed};

/// One column of a format.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// A field up to version 11.
    Known(Field),
    /// A field that AWS added later, or one of transit gateway flow logs. Kept for output, not read.
    Unknown(String),
}

impl Column {
    /// The name as in a header.
    pub fn name(&self) -> &str {
        match self {
            Column::Known(field) => field.name(),
            Column::Unknown(name) => name,
        }
    }

    fn from_name(name: &str) -> Column {
        match Field::from_name(name) {
            Some(field) => Column::Known(field),
            None => Column::Unknown(name.to_owned()),
        }
    }
}

/// A format string that names no fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing between the quotes.
    #[error("the log format is empty; give the fields as in '${{version}} ${{account-id}} ${{interface-id}} ...'")]
    Empty,
    /// A word that is not `${name}`.
    #[error(
        "`{0}` in the log format is not a field; write it as ${{name}} with lower-case letters, digits and hyphens, \
         and quote the format with '...' so that the shell leaves the $ alone"
    )]
    NotAField(String),
}

/// The columns of a log, compiled for parsing.
///
/// ```
/// let format = flowlog::Format::from_template("${interface-id} ${srcaddr} ${dstaddr} ${dstport}")?;
/// let record = format.parse(b"eni-0a1 10.0.0.5 10.0.0.9 443")?;
/// assert_eq!(record.dst_port, Some(443));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    columns: Vec<Column>,
    /// One per column: the field to read, or `None` to pass over. Apart from `columns` so that the hot loop reads single bytes.
    plan: Vec<Option<Field>>,
    needed: Needed,
    is_transit_gateway: bool,
}

/// Fields of the interface that recorded, which flow logs of transit gateways lack: those record at no interface, and refuse nothing
/// (Transit Gateway guide, "Transit Gateway Flow Log records").
pub(crate) const OF_INTERFACES: [Field; 5] =
    [Field::InterfaceId, Field::VpcId, Field::SubnetId, Field::InstanceId, Field::Action];

/// The default format: the fields of version 2 in this order (VPC User Guide, "Flow log records", "Default format").
const DEFAULT_V2: [Field; 14] = [
    Field::Version,
    Field::AccountId,
    Field::InterfaceId,
    Field::SrcAddr,
    Field::DstAddr,
    Field::SrcPort,
    Field::DstPort,
    Field::Protocol,
    Field::Packets,
    Field::Bytes,
    Field::Start,
    Field::End,
    Field::Action,
    Field::LogStatus,
];

impl Format {
    /// A format of these columns. Where a field stands twice, the first column counts.
    pub fn new(columns: Vec<Column>) -> Format {
        let mut plan: Vec<Option<Field>> = Vec::with_capacity(columns.len());
        for column in &columns {
            let wanted = match column {
                Column::Known(field) if field.is_in_record() && !plan.contains(&Some(*field)) => Some(*field),
                _ => None,
            };
            plan.push(wanted);
        }
        let needed = Needed::of(|field| plan.contains(&Some(field)));
        let is_transit_gateway = are_of_transit_gateway(&columns);
        Format { columns, plan, needed, is_transit_gateway }
    }

    /// The default format: the fourteen fields of version 2.
    pub fn default_v2() -> Format {
        Format::new(DEFAULT_V2.iter().map(|field| Column::Known(*field)).collect())
    }

    /// The format that a header line names; `None` if the line is no header.
    ///
    /// A header has nothing but names (lower-case letters, digits, hyphens; underscores as in Parquet are understood), and at least two of
    /// them are known, or the only one is. A record never looks like that: it has a number, an address or capitals.
    pub fn from_header(line: &[u8]) -> Option<Format> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.first()?.is_ascii_lowercase() {
            return None;
        }
        let is_name_byte = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b' ');
        if !line.iter().all(is_name_byte) {
            return None;
        }
        let text = std::str::from_utf8(line).ok()?;
        let mut columns = Vec::new();
        for word in text.split(' ') {
            if !word.starts_with(|first: char| first.is_ascii_lowercase()) {
                return None;
            }
            columns.push(Column::from_name(&word.replace('_', "-")));
        }
        let known = columns.iter().filter(|column| matches!(column, Column::Known(_))).count();
        if known < 2 && !(known == 1 && columns.len() == 1) {
            return None;
        }
        Some(Format::new(columns))
    }

    /// The format of a `${version} ${account-id} ...` string, as `create-flow-logs --log-format` takes it. Bare names are
    /// understood as well; names that we do not know are kept.
    pub fn from_template(template: &str) -> Result<Format, TemplateError> {
        let mut columns = Vec::new();
        for word in template.split_whitespace() {
            let braced = word.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            let name = braced.unwrap_or(word);
            let is_name = name.starts_with(|first: char| first.is_ascii_lowercase())
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if !is_name {
                return Err(TemplateError::NotAField(word.to_owned()));
            }
            columns.push(Column::from_name(name));
        }
        if columns.is_empty() {
            return Err(TemplateError::Empty);
        }
        Ok(Format::new(columns))
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether one of the columns is this field.
    pub fn has(&self, field: Field) -> bool {
        self.columns.contains(&Column::Known(field))
    }

    /// Whether this is a transit gateway flow log (Transit Gateway guide, "Transit Gateway Flow Log records"): those name the
    /// gateway, lie in the same buckets, and know neither interfaces nor security groups. What has a field of interfaces is none, whatever
    /// else AWS may have added to it: its records may be the use of a rule.
    pub fn is_transit_gateway(&self) -> bool {
        self.is_transit_gateway
    }

    /// The first field that a verdict needs and that this format lacks: without it the whole log is unusable for verdicts.
    /// Packet-level addresses do not stand in for `srcaddr` and `dstaddr`.
    pub fn missing_for_verdicts(&self) -> Option<&'static str> {
        self.needed.lacking().map(Field::name)
    }

    pub(crate) fn lacking(&self) -> Option<Field> {
        self.needed.lacking()
    }

    /// Every column with its text, absent values as `-`. Ends with the shorter of line and format.
    pub fn columns_of<'f, 'a>(&'f self, line: &'a [u8]) -> impl Iterator<Item = (&'f Column, &'a [u8])> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.columns.iter().zip(line.split(|byte| *byte == b' '))
    }

    /// Reads one line (without its line end; a carriage return is tolerated).
    ///
    /// This is the hot path: one pass, no allocation, no UTF-8 validation. The common spelling of each value is read while looking for its
    /// end (`spelling`); whatever is unusual goes the slow way through `value`, which also knows the reason if it is wrong.
    ///
    /// # Errors
    /// The reason why the line is no record; a wrong number of fields before anything about their values.
    pub fn parse<'a>(&self, line: &'a [u8]) -> Result<Record<'a>, Unparsed> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut record = Record::default();
        match self.fill(line, &mut record) {
            Ok(()) => Ok(record),
            Err(reason) => Err(self.field_count_or(line, reason)),
        }
    }

    #[inline]
    fn fill<'a>(&self, line: &'a [u8], record: &mut Record<'a>) -> Result<(), Unparsed> {
        let mut at = 0;
        for (index, wanted) in self.plan.iter().enumerate() {
            if index > 0 {
                if line.get(at) != Some(&b' ') {
                    return Err(Unparsed::WrongFieldCount { expected: 0, found: 0 });
                }
                at += 1;
            }
            let Some(field) = *wanted else {
                (at, _) = spelling::word_end(line, at);
                continue;
            };
            at = read_field(line, at, field, record)?;
        }
        if at != line.len() {
            return Err(Unparsed::WrongFieldCount { expected: 0, found: 0 });
        }
        value::complete(record, &self.needed)
    }

    /// A line with the wrong number of fields has its values in the wrong columns, so what is wrong with them says nothing.
    #[cold]
    fn field_count_or(&self, line: &[u8], reason: Unparsed) -> Unparsed {
        let found = memchr::memchr_iter(b' ', line).count() + 1;
        let expected = self.plan.len();
        if found == expected {
            return reason;
        }
        let bounded = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Unparsed::WrongFieldCount { expected: bounded(expected), found: bounded(found) }
    }
}

fn are_of_transit_gateway(columns: &[Column]) -> bool {
    let mut names_gateway = false;
    for column in columns {
        match column {
            Column::Known(field) if OF_INTERFACES.contains(field) => return false,
            Column::Known(_) => {}
            Column::Unknown(name) => names_gateway |= name == "resource-type" || name.starts_with("tgw-"),
        }
    }
    names_gateway
}

/// Reads the field that begins at `at`; gives where it ends.
#[inline(always)]
fn read_field<'a>(line: &'a [u8], at: usize, field: Field, record: &mut Record<'a>) -> Result<usize, Unparsed> {
    macro_rules! number {
        ($place:ident) => {
            if let Some((number, end)) = spelling::number_at(line, at)
                && let Ok(number) = number.try_into()
            {
                record.$place = Some(number);
                return Ok(end);
            }
        };
    }
    macro_rules! address {
        ($place:ident) => {
            if let Some((address, end)) = spelling::ipv4_at(line, at) {
                record.$place = Some(IpAddr::V4(address));
                return Ok(end);
            }
        };
    }
    macro_rules! id {
        ($place:ident) => {{
            let (end, printable) = spelling::word_end(line, at);
            let id = line.get(at..end).unwrap_or_default();
            if printable && id.len() > 1 {
                record.$place = Some(id);
                return Ok(end);
            }
        }};
    }
    match field {
        Field::SrcAddr => address!(src_addr),
        Field::DstAddr => address!(dst_addr),
        Field::PktSrcAddr => address!(pkt_src_addr),
        Field::PktDstAddr => address!(pkt_dst_addr),
        Field::SrcPort => number!(src_port),
        Field::DstPort => number!(dst_port),
        Field::Protocol => number!(protocol),
        Field::Packets => number!(packets),
        Field::Bytes => number!(bytes),
        Field::Start => number!(start),
        Field::End => number!(end),
        Field::TcpFlags => number!(tcp_flags),
        Field::AccountId => id!(account_id),
        Field::InterfaceId => id!(interface_id),
        Field::VpcId => id!(vpc_id),
        _ => {}
    }
    let (end, _) = spelling::word_end(line, at);
    value::set_text(record, field, line.get(at..end).unwrap_or_default())?;
    Ok(end)
}
