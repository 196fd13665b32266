//! Small random rules: what is recommended opens as little as any set of rules could, found by trying all of them.

use crate::account::{Account, Use, recommended};
use analyzer::recommend::Limits;
use analyzer::report::model::Verdict;
use inventory::Peer;
use ipnet::IpNet;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::net::IpAddr;

/// The fewest of 64 places that at most so many aligned runs of `shortest` or more places cover.
fn fewest_addresses(left: u64, at_most: usize, shortest: u32) -> u128 {
    if left == 0 {
        return 0;
    }
    if at_most == 0 {
        return u128::from(u32::MAX);
    }
    let lowest = left.trailing_zeros();
    let lengths = (0..=6).map(|power| 1_u32 << power).filter(|length| *length >= shortest);
    let tried = lengths.map(|length| {
        let run: u64 = (0..64).filter(|place| place / length == lowest / length).map(|place| 1_u64 << place).sum();
        u128::from(length) + fewest_addresses(left & !run, at_most - 1, shortest)
    });
    tried.min().unwrap()
}

/// The fewest ports in at most so many ranges, each from one used port to another.
fn fewest_ports(ports: &[u32], at_most: usize) -> u128 {
    if ports.is_empty() {
        return 0;
    }
    if at_most == 0 {
        return u128::from(u32::MAX);
    }
    let tried = (1..=ports.len())
        .map(|end| u128::from(ports[end - 1] - ports[0] + 1) + fewest_ports(&ports[end..], at_most - 1));
    tried.min().unwrap()
}

#[test]
fn opens_as_little_as_any_rules_could() {
    let mut random = StdRng::seed_from_u64(11);
    let mut narrowed = 0;
    for _ in 0..1000 {
        let is_v6 = random.random_bool(0.3);
        let (own, whole, first) = match is_v6 {
            true => ("2001:db8::40/122", 128, u128::from("2001:db8::40".parse::<std::net::Ipv6Addr>().unwrap())),
            false => ("192.0.2.64/26", 32, u128::from(u32::from("192.0.2.64".parse::<std::net::Ipv4Addr>().unwrap()))),
        };
        let at = |place: u32| -> IpAddr {
            let number = first + u128::from(place);
            if is_v6 { IpAddr::V6(number.into()) } else { IpAddr::V4((number as u32).into()) }
        };
        let mut account = Account::new();
        account.rule("sgr-1", Some((100, 140)), own);
        let mut places: Vec<u32> = (0..random.random_range(1..7)).map(|_| random.random_range(0..64)).collect();
        let mut ports: Vec<u32> = (0..random.random_range(1..6)).map(|_| random.random_range(100..=140)).collect();
        for list in [&mut places, &mut ports] {
            list.sort_unstable();
            list.dedup();
        }
        let shortest_power = if random.random_bool(0.5) { 0 } else { random.random_range(0..8) };
        let limits = Limits {
            max_cidrs: random.random_range(1..5),
            max_port_ranges: random.random_range(1..4),
            max_rules: random.random_range(1..12),
            min_prefix_v4: 32 - shortest_power,
            min_prefix_v6: 128 - shortest_power,
            exact_peers: true,
            include_unsettled: true,
        };
        let peers = places.iter().map(|place| (at(*place), 1, 1)).collect();
        let used = Use { verdict: Verdict::Used, proven: true, peers, ports: ports.clone() };
        let found = recommended(&account.load(), vec![("sgr-1", used)], &limits);

        // No CIDR is shorter than asked for, nor wider than the rule.
        let shortest = 1_u32 << shortest_power.min(6);
        let set: u64 = places.iter().map(|place| 1_u64 << place).sum();
        let before = 64 * 41;
        let mut least = before;
        for cidrs in 1..=limits.max_cidrs {
            for ranges in 1..=limits.max_port_ranges {
                // The rule itself is revoked after the others are added.
                if cidrs * ranges < limits.max_rules {
                    least = least.min(fewest_addresses(set, cidrs, shortest) * fewest_ports(&ports, ranges));
                }
            }
        }
        let Some(narrower) = found.get("sgr-1") else {
            assert_eq!(least, before, "{places:?} {ports:?} {limits:?}");
            continue;
        };
        narrowed += 1;
        assert_eq!(narrower.after.as_u128(), least, "{places:?} {ports:?} {limits:?} {narrower:?}");
        assert_eq!(narrower.before.as_u128(), before);
        let mut cidrs: Vec<IpNet> = Vec::new();
        for peer in &narrower.peers {
            let Peer::Cidr(net) = peer else { panic!("{peer:?}") };
            cidrs.push(*net);
        }
        let longest = (whole - shortest_power).max(own.parse::<IpNet>().unwrap().prefix_len());
        assert!(cidrs.iter().all(|net| net.prefix_len() <= longest), "{cidrs:?} {limits:?}");
        assert!(cidrs.len() <= limits.max_cidrs && narrower.ports.len() <= limits.max_port_ranges);
        assert!(cidrs.len() * narrower.ports.len() < limits.max_rules);
        for place in &places {
            assert!(cidrs.iter().any(|net| net.contains(&at(*place))), "{places:?} {cidrs:?}");
        }
        for port in &ports {
            let covers = |range: &analyzer::report::model::PortSpan| {
                u32::from(range.from) <= *port && *port <= u32::from(range.to)
            };
            assert!(narrower.ports.iter().any(covers), "{ports:?} {:?}", narrower.ports);
        }
        // As many as are counted, so none overlaps another.
        let addresses: u128 = cidrs.iter().map(|net| 1_u128 << (whole - net.prefix_len())).sum();
        let opened: u128 = narrower.ports.iter().map(|range| u128::from(range.to - range.from) + 1).sum();
        assert_eq!(addresses * opened, least);
    }
    assert!(narrowed > 600, "{narrowed}");
}

#[test]
fn private_peers_stand_for_their_subnets() {
    let mut account = Account::new();
    account.rule("sgr-1", Some((443, 443)), "10.0.0.0/8");
    account.rule("sgr-2", Some((444, 445)), "10.0.1.64/26");
    let uses = || {
        let peers = |list: &[&str]| crate::account::used_by(list);
        vec![
            ("sgr-1", peers(&["10.0.1.70", "10.0.1.71", "10.0.2.1"])),
            ("sgr-2", peers(&["10.0.1.70", "10.0.1.71"]).on_ports(&[444])),
        ]
    };
    let inventory = account.load();
    let of = |limits: Limits| {
        let found = recommended(&inventory, uses(), &limits);
        ["sgr-1", "sgr-2"].map(|rule| found[rule].peers.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    // 10.0.2.1 is in no subnet that the inventory lists. A subnet wider than the rule is the rule's own range.
    assert_eq!(of(Limits::default()), [vec!["10.0.1.0/24", "10.0.2.1/32"], vec!["10.0.1.64/26"]]);
    let widened = Limits { min_prefix_v4: 28, ..Limits::default() };
    assert_eq!(of(widened), [vec!["10.0.1.0/24", "10.0.2.0/28"], vec!["10.0.1.64/26"]]);
    let exact = Limits { exact_peers: true, ..Limits::default() };
    assert_eq!(of(exact), [vec!["10.0.1.70/31", "10.0.2.1/32"], vec!["10.0.1.70/31"]]);
    let exact_and_widened = Limits { exact_peers: true, min_prefix_v4: 20, ..Limits::default() };
    assert_eq!(of(exact_and_widened), [vec!["10.0.0.0/20"], vec!["10.0.1.64/26"]]);
}
