//! Longest prefixes and lists, against plain loops over all entries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use enrich::{Atlas, Sources};
use ipnet::IpNet;
use proptest::prelude::*;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses that are close to each other, so that prefixes nest and neighbours differ in few bits.
fn close_address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0_u32..64).prop_map(|low| IpAddr::V4(Ipv4Addr::from(0xcb00_7100 + low))),
        (0_u128..64).prop_map(|low| IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) + (low << 64)))),
    ]
}

/// Host bits are left in: the readers must cut them.
fn close_net() -> impl Strategy<Value = IpNet> {
    (close_address(), 0_u8..=10).prop_map(|(address, shorter)| {
        let longest = if address.is_ipv4() { 32 } else { 66 };
        IpNet::new(address, longest - shorter).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_longest_prefix_and_the_best_service(
        entries in prop::collection::vec((close_net(), prop::sample::select(vec!["AMAZON", "EC2", "S3", "CLOUDFRONT"])), 1..24),
        addresses in prop::collection::vec(close_address(), 32),
    ) {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (net, service) in &entries {
            match net {
                IpNet::V4(net) => v4.push(serde_json::json!({"ip_prefix": net, "service": service, "region": "x"})),
                IpNet::V6(net) => v6.push(serde_json::json!({"ipv6_prefix": net, "service": service, "region": "x"})),
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ip-ranges.json");
        std::fs::write(&path, serde_json::json!({"prefixes": v4, "ipv6_prefixes": v6}).to_string()).unwrap();
        let atlas = Atlas::open(&Sources { ip_ranges: Some(path), ..Sources::default() }).unwrap();

        for address in addresses {
            let mut best: Option<(u8, u8, &str)> = None;
            for (net, service) in entries.iter().filter(|(net, _)| net.contains(&address)) {
                let (rank, name) = match *service {
                    "AMAZON" => (0, "AMAZON"),
                    "EC2" => (1, "EC2"),
                    "S3" => (2, "S3"),
                    // C before S: the alphabet decides.
                    _ => (3, "CLOUDFRONT"),
                };
                best = best.max(Some((net.prefix_len(), rank, name)));
            }
            let expected = best.map(|(_, _, name)| name.to_owned());
            prop_assert_eq!(atlas.facts(address).aws_service, expected, "{}", address);
        }
    }

    #[test]
    fn every_list_that_names_an_address(
        lists in prop::collection::vec(prop::collection::vec(close_net(), 0..8), 1..4),
        addresses in prop::collection::vec(close_address(), 32),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut sources = Sources::default();
        for (number, nets) in lists.iter().enumerate() {
            let mut text = "# a list\n".to_owned();
            for net in nets {
                writeln!(text, "{net} ; {number}").unwrap();
            }
            let path = folder.path().join(format!("{number}.txt"));
            std::fs::write(&path, text).unwrap();
            sources.threat_lists.push((format!("list-{number}"), path));
        }
        let atlas = Atlas::open(&sources).unwrap();
        for address in addresses {
            let mut expected = Vec::new();
            for (number, nets) in lists.iter().enumerate() {
                if nets.iter().any(|net| net.contains(&address)) {
                    expected.push(format!("list-{number}"));
                }
            }
            prop_assert_eq!(atlas.facts(address).threat_lists, expected, "{}", address);
        }
    }
}
