//! One item of a list in a document, read into our own types, with the file and index it came from for errors.

use crate::address_set::read_net;
use crate::document as raw;
use crate::error::LoadError;
use crate::interface::Kind;
use crate::note::{Note, NoteKind};
use crate::region::region_of_zone;
use crate::time::{AttachTime, read_moment};
use ipnet::IpNet;
use std::net::IpAddr;
use std::path::Path;

/// Where an item stands, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub path: &'a Path,
    pub key: &'static str,
    pub index: usize,
}

impl Place<'_> {
    pub(crate) fn error(&self, problem: String) -> LoadError {
        let item = format!("{}[{}]", self.key, self.index);
        LoadError::Item { path: self.path.to_path_buf(), item, problem }
    }

    /// The value of a field without which the item means nothing.
    pub(crate) fn needed<T>(&self, value: Option<T>, field: &str) -> Result<T, LoadError> {
        value.ok_or_else(|| self.error(format!("has no {field}")))
    }

    pub(crate) fn net(&self, text: &str, field: &str) -> Result<IpNet, LoadError> {
        read_net(text).ok_or_else(|| self.error(format!("has {field} {text:?}, which is not an address range")))
    }

    fn address(&self, text: &str, field: &str) -> Result<IpAddr, LoadError> {
        let parsed = text.trim().parse();
        parsed.map_err(|_| self.error(format!("has {field} {text:?}, which is not an address")))
    }
}

/// An interface as one snapshot shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InterfaceItem {
    pub id: String,
    pub vpc: Option<String>,
    pub subnet: Option<String>,
    pub owner: Option<String>,
    pub region: Option<String>,
    pub description: String,
    pub kind: Kind,
    pub interface_type: Option<String>,
    pub requester_managed: Option<bool>,
    pub groups: Option<Vec<String>>,
    pub attach_time: AttachTime,
    pub born_attached: bool,
    pub private_addresses: Vec<IpAddr>,
    pub ipv6_addresses: Vec<IpAddr>,
    pub prefixes: Vec<IpNet>,
}

impl InterfaceItem {
    pub(crate) fn read(item: raw::NetworkInterface, place: Place, notes: &mut Vec<Note>) -> Result<Self, LoadError> {
        let id = place.needed(item.network_interface_id, "NetworkInterfaceId")?;
        let mut private_addresses = Vec::new();
        if let Some(text) = &item.private_ip_address {
            private_addresses.push(place.address(text, "PrivateIpAddress")?);
        }
        for listed in item.private_ip_addresses.unwrap_or_default() {
            let Some(text) = listed.private_ip_address else { continue };
            let address = place.address(&text, "PrivateIpAddress")?;
            if private_addresses.contains(&address) {
                continue;
            }
            if listed.primary == Some(true) {
                private_addresses.insert(0, address);
            } else {
                private_addresses.push(address);
            }
        }
        let mut ipv6_addresses = Vec::new();
        let listed = item.ipv6_addresses.unwrap_or_default();
        for text in item.ipv6_address.into_iter().chain(listed.into_iter().filter_map(|listed| listed.ipv6_address)) {
            let address = place.address(&text, "Ipv6Address")?;
            if !ipv6_addresses.contains(&address) {
                ipv6_addresses.push(address);
            }
        }
        let mut prefixes = Vec::new();
        for text in item.ipv4_prefixes.unwrap_or_default().into_iter().filter_map(|listed| listed.ipv4_prefix) {
            prefixes.push(place.net(&text, "Ipv4Prefix")?);
        }
        for text in item.ipv6_prefixes.unwrap_or_default().into_iter().filter_map(|listed| listed.ipv6_prefix) {
            prefixes.push(place.net(&text, "Ipv6Prefix")?);
        }
        prefixes.sort_unstable();
        prefixes.dedup();

        let (attach_time, born_attached) = match &item.attachment {
            None => (AttachTime::Always, false),
            Some(attachment) => read_attachment(attachment, &id, notes),
        };
        let description = item.description.unwrap_or_default();
        let kind = Kind::from_type(item.interface_type.as_deref(), &description);
        Ok(InterfaceItem {
            kind,
            interface_type: item.interface_type,
            groups: read_group_ids(item.groups),
            region: item.availability_zone.as_deref().and_then(region_of_zone),
            vpc: item.vpc_id,
            subnet: item.subnet_id,
            owner: item.owner_id,
            requester_managed: item.requester_managed,
            id,
            description,
            attach_time,
            born_attached,
            private_addresses,
            ipv6_addresses,
            prefixes,
        })
    }
}

/// A listed group without an id leaves open which groups the interface carries.
fn read_group_ids(listed: Option<Vec<raw::GroupIdentifier>>) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    for group in listed? {
        ids.push(group.group_id?);
    }
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}

/// Interfaces of services and pods have an attachment without instance, and no time: taken as always. The first
/// interface (device 0) of an instance that goes with it (`DeleteOnTermination`) was made with it.
fn read_attachment(attachment: &raw::Attachment, id: &str, notes: &mut Vec<Note>) -> (AttachTime, bool) {
    let Some(moment) = &attachment.attach_time else {
        let attach_time = if attachment.instance_id.is_some() { AttachTime::Unknown } else { AttachTime::Always };
        return (attach_time, false);
    };
    let Some(time) = read_moment(moment) else {
        let text = format!("the AttachTime of interface {id} is neither RFC 3339 nor epoch seconds; taken as unknown");
        notes.push(Note { kind: NoteKind::UnreadTime, text });
        return (AttachTime::Unknown, false);
    };
    let born_attached = attachment.instance_id.is_some()
        && attachment.device_index == Some(0)
        && attachment.delete_on_termination == Some(true);
    (AttachTime::At(time), born_attached)
}
