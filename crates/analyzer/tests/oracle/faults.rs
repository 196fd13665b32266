//! Small networks on which attribution once went wrong, or must never.

use crate::network::{
    ACCOUNT, Attachment, Group, ICMP, Interface, LogFormat, Network, Peer, Record, Rule, Snapshot, State, TCP, UDP, Vpc,
};
use crate::random::DAWN;
use analyzer::report::model::{RuleReport, Verdict};
use std::collections::BTreeSet;

/// One interface, `eni-0` with 10.0.0.10, that carries sg-0; another group, sg-1, is on `eni-1` with 10.0.0.11.
fn network(rules: Vec<Rule>, records: Vec<Record>) -> Network {
    let interface = |number: usize| Interface {
        id: format!("eni-{number}"),
        vpc: 0,
        kind: "interface",
        requester_managed: false,
        attachment: Attachment::Always,
    };
    let state = |number: usize, address: &str| State {
        interface: number,
        addresses: vec![address.parse().unwrap()],
        prefix: None,
        groups: BTreeSet::from([number]),
    };
    let snapshot = Snapshot {
        time: None,
        states: vec![state(0, "10.0.0.10"), state(1, "10.0.0.11")],
        groups: BTreeSet::from([0, 1]),
        rules: (0..rules.len()).collect(),
    };
    Network {
        vpcs: vec![Vpc { id: "vpc-0".to_owned(), blocks: vec!["10.0.0.0/16".parse().unwrap()] }],
        interfaces: vec![interface(0), interface(1)],
        groups: vec![Group { id: "sg-0".to_owned(), vpc: 0 }, Group { id: "sg-1".to_owned(), vpc: 0 }],
        rules,
        snapshots: vec![snapshot],
        flow_logs: vec![LogFormat { ports: true, tcp_flags: true, ..LogFormat::default() }],
        records,
        ..Network::default()
    }
}

fn rule(name: &str, group: usize, egress: bool, protocol: u8, ports: (u16, u16), peer: &str) -> Rule {
    let peer = Peer::Cidr(peer.parse().unwrap());
    Rule { name: name.to_owned(), group, egress, protocol: Some(protocol), ports: Some(ports), peer }
}

/// Accepted on `eni-0`.
fn record(protocol: u8, src: (&str, u16), dst: (&str, u16), flags: u8) -> Record {
    Record {
        flow_log: 0,
        account: ACCOUNT.to_owned(),
        vpc: None,
        interface: "eni-0".to_owned(),
        egress: None,
        protocol,
        src: src.0.parse().unwrap(),
        dst: dst.0.parse().unwrap(),
        pkt_src: None,
        pkt_dst: None,
        ports: Some((src.1, dst.1)),
        flags: Some(flags),
        start: DAWN,
        end: DAWN + 59,
        accepted: true,
    }
}

fn judged(network: &Network, name: &str) -> RuleReport {
    let folder = tempfile::tempdir().unwrap();
    network.write(folder.path());
    let groups = crate::report(folder.path()).groups;
    groups.into_iter().flat_map(|group| group.rules).find(|rule| rule.description == name).unwrap()
}

/// Both sides of a connection showed SYN and ACK, so neither is known to be the server. That must not make a service of port
/// 800, from which the host then calls somebody else.
#[test]
fn a_mirrored_answer_makes_no_service() {
    let rules = vec![
        rule("in", 0, false, TCP, (0, 65535), "0.0.0.0/0"),
        rule("calls", 0, true, TCP, (1024, 65535), "10.0.0.11/32"),
    ];
    let records = vec![
        record(TCP, ("10.0.0.12", 1592), ("10.0.0.10", 800), 18),
        record(TCP, ("10.0.0.10", 800), ("10.0.0.12", 1592), 18),
        record(TCP, ("10.0.0.10", 800), ("10.0.0.11", 9000), 0),
    ];
    let calls = judged(&network(rules, records), "calls");
    assert_eq!(calls.evidence.ambiguous, 1, "{calls:?}");
    assert!(matches!(calls.verdict, Verdict::Used | Verdict::Redundant), "{calls:?}");
}

/// A ping reached an interface whose groups have no rule for it. It may answer for an error about a tracked connection, but the
/// interface may as well have carried the other group then: TCP and UDP rules get the benefit of that doubt.
#[test]
fn a_ping_that_no_rule_explains_may_have_needed_any_rule() {
    let rules = vec![
        rule("in", 0, false, TCP, (443, 443), "0.0.0.0/0"),
        Rule { ports: None, ..rule("ping", 1, false, ICMP, (0, 0), "10.0.0.0/16") },
    ];
    let records = vec![record(ICMP, ("10.0.0.12", 0), ("10.0.0.10", 0), 0)];
    let ping = judged(&network(rules, records), "ping");
    assert_eq!(ping.evidence.unplaced, 1, "{ping:?}");
}

/// Nobody knows which way it went, so a rule may allow it twice over; it is one record all the same.
#[test]
fn a_record_counts_once() {
    let rules = vec![rule("in", 0, false, UDP, (0, 65535), "0.0.0.0/0")];
    let records = vec![record(UDP, ("10.0.0.10", 5000), ("10.0.0.10", 5001), 0)];
    let inward = judged(&network(rules, records), "in");
    assert_eq!(inward.evidence.ambiguous, 1, "{inward:?}");
}
