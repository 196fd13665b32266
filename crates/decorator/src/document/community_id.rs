//! `network.community_id`: Community ID version 1, a hash that names a flow the same in both directions and in every tool
//! (Corelight, "Community ID Flow Hashing", specification version 1), with seed 0.
//!
//! It is filled as Elasticsearch's processor `community_id` does from what a flow log record has: TCP, UDP and SCTP without ports, or with
//! port 0, have none (the specification has nothing against port 0, and neither has a change of the processor that is not released yet:
//! elastic/elasticsearch, pull request 125733); ICMP, whose type and code a record lacks, counts as type 0 and code 0; the reserved protocol
//! number 255 has none.

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
const RESERVED: u8 = 255;

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
        RESERVED => return None,
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

    /// Source, destination, protocol, ports, and the Community ID.
    type Case = (&'static str, &'static str, u8, Option<(u16, u16)>, &'static str);

    /// Of the values that the specification publishes (`baseline/baseline_deflt.json` of corelight/community-id-spec) those of protocols
    /// other than ICMP, and of ICMP those whose type is 0 (echo reply), for a record has no type.
    #[test]
    fn baseline_of_the_specification() {
        let cases = [
            (
                "2001:470:e5bf:dead:4957:2174:e82c:4887",
                "2607:f8b0:400c:c03::1a",
                6,
                Some((63943, 25)),
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
            ),
            (
                "2607:f8b0:400c:c03::1a",
                "2001:470:e5bf:dead:4957:2174:e82c:4887",
                6,
                Some((25, 63943)),
                "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=",
            ),
            ("128.232.110.120", "66.35.250.204", 6, Some((34855, 80)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("66.35.250.204", "128.232.110.120", 6, Some((80, 34855)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg="),
            ("192.168.1.52", "8.8.8.8", 17, Some((54585, 53)), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            ("8.8.8.8", "192.168.1.52", 17, Some((53, 54585)), "1:d/FP5EW3wiY1vCndhwleRRKHowQ="),
            ("192.168.170.8", "192.168.170.56", 132, Some((7, 7)), "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
            ("192.168.170.56", "192.168.170.8", 132, Some((7, 7)), "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="),
            ("10.1.12.1", "10.1.12.2", 46, None, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="),
            ("10.1.12.2", "10.1.12.1", 46, Some((0, 0)), "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="),
            ("192.168.0.1", "192.168.0.89", 1, Some((0, 0)), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="),
        ];
        check(&cases);
    }

    /// Values that tests of Elasticsearch's processor (`CommunityIdProcessorTests`) and of Elastic's AWS integration expect; the last is
    /// the SHA-1 of 0000, both addresses, 3a00 and 00000000, made with `sha1sum`.
    #[test]
    fn ids_of_the_processor() {
        let cases = [
            ("128.232.110.120", "66.35.250.204", 1, Some((34855, 80)), "1:PAE85ZfR4SbNXl5URZwWYyDehwU="),
            ("128.232.110.120", "66.35.250.204", 2, None, "1:D3t8Q1aFA6Ev0A/AO4i9PnU3AeI="),
            ("192.168.1.2", "10.1.2.3", 4, None, "1:KXQzmk3bdsvD6UXj7dvQ4bM6Zvw="),
            (
                "2001:db8:85a3::8a2e:370:7334",
                "2001:0:9d38:6ab8:1c48:3a1c:a95a:b1c2",
                6,
                Some((34855, 80)),
                "1:YC1+javPJ2LpK5xVyw1udfT83Qs=",
            ),
            ("2a02:cf40::", "1.128.0.0", 17, Some((42910, 80)), "1:6Lxpa8XQj/6l+zLv/BSTAHZoSJ0="),
            ("1.128.0.0", "2a02:cf40::", 6, Some((39464, 22)), "1:yMxrbWtpAzdDF0dFnvIBRb/Ys5c="),
            ("89.160.20.156", "89.160.20.156", 6, Some((20641, 22)), "1:CEGBlG6oEeW2Y5LLdr9GONITz00="),
            ("203.0.113.12", "172.31.16.139", 1, Some((0, 0)), "1:H//CCQJhRqDUJ9c23S0VrQ+drxU="),
            ("172.31.16.139", "203.0.113.12", 1, None, "1:cfQqw/Kh6+4yqhEKgkCw/m3WoJM="),
            ("2001:db8::2", "2001:db8::1", 58, Some((0, 0)), "1:Z6xGETZ/TcOPCYO1U6q1xond9TU="),
        ];
        check(&cases);
    }

    fn check(cases: &[Case]) {
        for (source, destination, protocol, ports, expected) in cases {
            assert_eq!(
                id(source, destination, *protocol, *ports).as_deref(),
                Some(*expected),
                "{source} -> {destination}"
            );
        }
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(id("10.0.0.1", "10.0.0.2", 6, None), None);
        assert_eq!(id("10.0.0.1", "10.0.0.2", 17, Some((0, 53))), None);
        assert_eq!(id("10.0.0.1", "10.0.0.2", 255, None), None);
        assert_eq!(community_id(&Record::default()), None);
        // Protocols without ports have one of addresses and protocol alone, the same both ways.
        let forth = id("10.0.0.1", "10.0.0.2", 47, Some((0, 0)));
        assert_eq!(forth, id("10.0.0.2", "10.0.0.1", 47, None));
        assert!(forth.is_some());
    }
}
