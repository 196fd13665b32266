//! `network.community_id`: Community ID version 1, a hash that names a flow the same in both directions and in every tool
//! (Corelight, "Community ID Flow Hashing", specification version 1), with seed 0.
//!
//! It is filled as Elasticsearch's processor `community_id` does from what a flow log record has: TCP, UDP and SCTP without ports, or with
//! port 0, have none; ICMP, whose type and code a record lacks, counts as type 0 and code 0.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flowlog::Record;
use sha1::{Digest, Sha1};
use std::net::IpAddr;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

/// Length of a Community ID: `1:` and 20 bytes in base64.
const LENGTH: usize = 30;

/// The Community ID of a record; none if the record lacks what it is made from.
pub(crate) fn community_id(record: &Record<'_>) -> Option<[u8; LENGTH]> {
    let (source, destination) = (record.src_addr?, record.dst_addr?);
    let protocol = record.protocol?;
    // With a second number in the place of the port: type 0 (echo reply) is answered by type 8 (echo), while ICMPv6 has no type 0,
    // so that it is one way.
    let (ports, is_one_way) = match protocol {
        TCP | UDP | SCTP => {
            let (source, destination) = (record.src_port?, record.dst_port?);
            if source == 0 || destination == 0 {
                return None;
            }
            (Some((source, destination)), false)
        }
        ICMP => (Some((0, 8)), false),
        ICMPV6 => (Some((0, 0)), true),
        _ => (None, false),
    };
    let is_in_order =
        is_one_way || (number_of(source), ports.map(|p| p.0)) < (number_of(destination), ports.map(|p| p.1));
    let mut hash = Sha1::new();
    hash.update([0, 0]);
    let (first, second) = if is_in_order { (source, destination) } else { (destination, source) };
    update_address(&mut hash, first);
    update_address(&mut hash, second);
    hash.update([protocol, 0]);
    if let Some((source, destination)) = ports {
        let (first, second) = if is_in_order { (source, destination) } else { (destination, source) };
        hash.update(first.to_be_bytes());
        hash.update(second.to_be_bytes());
    }
    let mut id = *b"1:0000000000000000000000000000";
    STANDARD.encode_slice(hash.finalize(), id.get_mut(2..)?).ok()?;
    Some(id)
}

/// Addresses are put in order as numbers, whatever their families.
fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn update_address(hash: &mut Sha1, address: IpAddr) {
    match address {
        IpAddr::V4(address) => hash.update(address.octets()),
        IpAddr::V6(address) => hash.update(address.octets()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn id(source: &str, destination: &str, protocol: u8, ports: Option<(u16, u16)>) -> Option<String> {
        let record = Record {
            src_addr: Some(source.parse().unwrap()),
            dst_addr: Some(destination.parse().unwrap()),
            src_port: ports.map(|ports| ports.0),
            dst_port: ports.map(|ports| ports.1),
            protocol: Some(protocol),
            ..Record::default()
        };
        community_id(&record).map(|id| String::from_utf8(id.to_vec()).unwrap())
    }

    /// The specification's own example, and values that Elasticsearch's processor gives for flow log records.
    #[test]
    fn known_ids() {
        let cases = [
            ("128.232.110.120", "66.35.250.204", 6, Some((34855, 80)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("66.35.250.204", "128.232.110.120", 6, Some((80, 34855)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("89.160.20.156", "10.200.0.0", 17, Some((50041, 33004)), "1:+zLdyx7gcy2L5ERP4Je5AZMgl3A="),
            ("203.0.113.12", "172.31.16.139", 1, Some((0, 0)), "1:H//CCQJhRqDUJ9c23S0VrQ+drxU="),
            ("172.31.16.139", "203.0.113.12", 1, None, "1:cfQqw/Kh6+4yqhEKgkCw/m3WoJM="),
            (
                "2001:db8:1234:a100:8d6e:3477:df66:f105",
                "2001:db8:1234:a102:3304:8879:34cf:4071",
                6,
                Some((34892, 22)),
                "1:hXZclvxUJScaVf0xMIJR6yW6tBQ=",
            ),
            ("2a02:cf40::", "1.128.0.0", 17, Some((42910, 80)), "1:6Lxpa8XQj/6l+zLv/BSTAHZoSJ0="),
        ];
        for (source, destination, protocol, ports, expected) in cases {
            assert_eq!(
                id(source, destination, protocol, ports).as_deref(),
                Some(expected),
                "{source} -> {destination}"
            );
        }
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(id("10.0.0.1", "10.0.0.2", 6, None), None);
        assert_eq!(id("10.0.0.1", "10.0.0.2", 17, Some((0, 53))), None);
        assert_eq!(community_id(&Record::default()), None);
        // Protocols without ports have one of addresses and protocol alone, the same both ways.
        let forth = id("10.0.0.1", "10.0.0.2", 47, Some((0, 0)));
        assert_eq!(forth, id("10.0.0.2", "10.0.0.1", 47, None));
        assert!(forth.is_some());
    }
}
