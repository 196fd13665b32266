//! One value into one field of a [`Record`], from text or from a typed number, and the last look at the whole record.
//!
//! The fast ways of [`crate::format`] fall back to this module for everything unusual, so this is where the rules are:
//!
//! - `-` is absent, never zero.
//! - `tcp-flags` and `flow-direction` that cannot be read are absent, for the record is good without them.
//! - Everything else that is present must be readable. That includes ports and packet-level addresses: a rule would be judged
//!   without traffic that it carried if they were merely dropped.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::field::Field;
use crate::record::{Action, FlowDirection, LogStatus, Record};
use crate::unparsed::Unparsed;

/// Puts the text of one field into the record.
pub(crate) fn set_text<'a>(record: &mut Record<'a>, field: Field, text: &'a [u8]) -> Result<(), Unparsed> {
    if text == b"-" || !field.is_in_record() {
        return Ok(());
    }
    match field {
        Field::AccountId => record.account_id = Some(id(field, text)?),
        Field::InterfaceId => record.interface_id = Some(id(field, text)?),
        Field::VpcId => record.vpc_id = Some(id(field, text)?),
        Field::SrcAddr => record.src_addr = Some(address(field, text)?),
        Field::DstAddr => record.dst_addr = Some(address(field, text)?),
        Field::PktSrcAddr => record.pkt_src_addr = Some(address(field, text)?),
        Field::PktDstAddr => record.pkt_dst_addr = Some(address(field, text)?),
        Field::Action => {
            record.action = Some(match text {
                b"ACCEPT" => Action::Accept,
                b"REJECT" => Action::Reject,
                _ => return Err(Unparsed::UnknownAction),
            });
        }
        Field::LogStatus => {
            record.log_status = Some(match text {
                b"OK" => LogStatus::Ok,
                b"NODATA" => LogStatus::NoData,
                b"SKIPDATA" => LogStatus::SkipData,
                _ => return Err(Unparsed::UnknownLogStatus),
            });
        }
        Field::FlowDirection => {
            record.flow_direction = match text {
                b"ingress" => Some(FlowDirection::Ingress),
                b"egress" => Some(FlowDirection::Egress),
                _ => None,
            };
        }
        Field::TcpFlags => record.tcp_flags = number(field, text).ok().and_then(|flags| u16::try_from(flags).ok()),
        _ => set_number(record, field, number(field, text)?)?,
    }
    Ok(())
}

/// Puts a number into the record; a number in a text field is an error of that field.
pub(crate) fn set_number(record: &mut Record<'_>, field: Field, value: u64) -> Result<(), Unparsed> {
    let too_large = Unparsed::TooLarge(field);
    match field {
        Field::SrcPort => record.src_port = Some(u16::try_from(value).map_err(|_| too_large)?),
        Field::DstPort => record.dst_port = Some(u16::try_from(value).map_err(|_| too_large)?),
        Field::Protocol => record.protocol = Some(u8::try_from(value).map_err(|_| too_large)?),
        Field::Packets => record.packets = Some(value),
        Field::Bytes => record.bytes = Some(value),
        Field::Start => record.start = Some(u32::try_from(value).map_err(|_| too_large)?),
        Field::End => record.end = Some(u32::try_from(value).map_err(|_| too_large)?),
        Field::TcpFlags => record.tcp_flags = u16::try_from(value).ok(),
        _ => return unreadable(field),
    }
    Ok(())
}

/// What a value of an impossible type (a negative number, a boolean, a list) means for a field.
pub(crate) fn unreadable(field: Field) -> Result<(), Unparsed> {
    match field {
        Field::TcpFlags | Field::FlowDirection => Ok(()),
        Field::SrcAddr | Field::DstAddr | Field::PktSrcAddr | Field::PktDstAddr => Err(Unparsed::NotAnAddress(field)),
        Field::Action => Err(Unparsed::UnknownAction),
        Field::LogStatus => Err(Unparsed::UnknownLogStatus),
        Field::AccountId | Field::InterfaceId | Field::VpcId => Err(Unparsed::StrayBytes(field)),
        field if field.is_in_record() => Err(Unparsed::NotANumber(field)),
        _ => Ok(()),
    }
}

/// Which of the fields that a verdict needs the format has. What it has must have a value in every record with traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needed {
    pub interface: bool,
    pub src_addr: bool,
    pub dst_addr: bool,
    pub protocol: bool,
    pub start: bool,
    pub end: bool,
    pub action: bool,
}

impl Needed {
    /// What is needed of a record whose format has these fields.
    pub fn of(has: impl Fn(Field) -> bool) -> Needed {
        Needed {
            interface: has(Field::InterfaceId),
            // Packet-level addresses do not stand in for them: behind a NAT gateway the group may have judged the gateway's.
            src_addr: has(Field::SrcAddr),
            dst_addr: has(Field::DstAddr),
            protocol: has(Field::Protocol),
            start: has(Field::Start),
            end: has(Field::End),
            action: has(Field::Action),
        }
    }

    /// The first field that a verdict needs and the format lacks.
    pub fn lacking(&self) -> Option<Field> {
        let present = [
            (self.interface, Field::InterfaceId),
            (self.action, Field::Action),
            (self.protocol, Field::Protocol),
            (self.start, Field::Start),
            (self.end, Field::End),
            (self.src_addr, Field::SrcAddr),
            (self.dst_addr, Field::DstAddr),
        ];
        for (has, field) in present {
            if !has {
                return Some(field);
            }
        }
        None
    }
}

/// The last look at a record: what a verdict needs is there.
#[inline]
pub(crate) fn complete(record: &Record<'_>, needed: &Needed) -> Result<(), Unparsed> {
    if needed.start && record.start.is_none() {
        return Err(Unparsed::NoValue(Field::Start));
    }
    if needed.end && record.end.is_none() {
        return Err(Unparsed::NoValue(Field::End));
    }
    if record.start > record.end && record.end.is_some() {
        return Err(Unparsed::StartAfterEnd);
    }
    if !record.has_traffic() {
        return Ok(());
    }
    // Not the interface id: regional NAT gateways have none.
    if needed.action && record.action.is_none() {
        return Err(Unparsed::NoValue(Field::Action));
    }
    if needed.protocol && record.protocol.is_none() {
        return Err(Unparsed::NoValue(Field::Protocol));
    }
    if needed.src_addr && record.src_addr.is_none() {
        return Err(Unparsed::NoValue(Field::SrcAddr));
    }
    if needed.dst_addr && record.dst_addr.is_none() {
        return Err(Unparsed::NoValue(Field::DstAddr));
    }
    Ok(())
}

fn id(field: Field, text: &[u8]) -> Result<&[u8], Unparsed> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_graphic) {
        return Err(Unparsed::StrayBytes(field));
    }
    Ok(text)
}

fn number(field: Field, text: &[u8]) -> Result<u64, Unparsed> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Unparsed::NotANumber(field));
    }
    let mut value = 0_u64;
    for &digit in text {
        let shifted = value.checked_mul(10).ok_or(Unparsed::TooLarge(field))?;
        value = shifted.checked_add(u64::from(digit - b'0')).ok_or(Unparsed::TooLarge(field))?;
    }
    Ok(value)
}

fn address(field: Field, text: &[u8]) -> Result<IpAddr, Unparsed> {
    // No address is longer than ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.
    if text.len() <= 45
        && let Ok(text) = std::str::from_utf8(text)
    {
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Ok(IpAddr::V4(v4));
        }
        if let Ok(v6) = text.parse::<Ipv6Addr>() {
            return Ok(IpAddr::V6(v6));
        }
    }
    Err(Unparsed::NotAnAddress(field))
}
