//! Two reports made by hand for tests: one as it should be, one whose every text is hostile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::model::*;

/// A rule that was last seen on 30 May 2024 and opens one port of one address.
pub(crate) fn rule(verdict: Verdict) -> RuleReport {
    RuleReport {
        rule_id: "sgr-0000000000000000".to_owned(),
        direction: "ingress",
        protocol: "tcp".to_owned(),
        from_port: Some(443),
        to_port: Some(443),
        peer: "10.0.0.5/32".to_owned(),
        description: String::new(),
        verdict,
        reason: format!("A reason for {}.", verdict.name()),
        evidence: Evidence {
            last_seen: Some("2024-05-30T08:15:00Z".to_owned()),
            observed_hours: 744.0,
            ..Evidence::default()
        },
        recommendation: None,
        exposure: "1".to_owned(),
    }
}

fn numbered(number: u32, verdict: Verdict, peer: &str, exposure: &str) -> RuleReport {
    RuleReport {
        rule_id: format!("sgr-00000000000000{number:02}"),
        peer: peer.to_owned(),
        exposure: exposure.to_owned(),
        ..rule(verdict)
    }
}

fn group(number: u32, name: &str, verdict: GroupVerdict, rules: Vec<RuleReport>) -> GroupReport {
    GroupReport {
        group_id: format!("sg-{number:017}"),
        group_name: name.to_owned(),
        vpc_id: "vpc-0a1b2c3d".to_owned(),
        owner_id: "111122223333".to_owned(),
        verdict,
        interfaces: vec![format!("eni-{number:017}")],
        same_rules_as: Vec::new(),
        rules,
    }
}

fn web_rules() -> Vec<RuleReport> {
    let mut ssh = numbered(11, Verdict::LikelyUnused, "0.0.0.0/0", "4294967296");
    (ssh.from_port, ssh.to_port) = (Some(22), Some(22));
    ssh.description = "ssh, temporary".to_owned();
    ssh.evidence.last_seen = None;
    ssh.evidence.assumed_replies = 12;

    let mut wide = numbered(12, Verdict::Used, "0.0.0.0/0", "281474976710656");
    (wide.from_port, wide.to_port) = (Some(0), Some(65535));
    wide.evidence = Evidence {
        requests: 120_400,
        packets: 900_000,
        bytes: 1_234_567_890,
        first_seen: Some("2024-05-01T00:00:10Z".to_owned()),
        last_seen: Some("2024-05-31T23:58:00Z".to_owned()),
        peers: 200,
        ports: vec![PortUse { from: 443, to: 443, requests: 120_400 }],
        sole_cover: 120_400,
        observed_hours: 744.0,
        ..Evidence::default()
    };
    wide.recommendation = Some(Recommendation {
        ports: vec![PortSpan { from: 443, to: 443 }],
        peers: vec!["198.51.100.0/24".to_owned(), "203.0.113.7/32".to_owned()],
        exposure_before: "281474976710656".to_owned(),
        exposure_after: "257".to_owned(),
    });

    let mut ping = numbered(13, Verdict::NoEvidence, "10.0.0.0/8", "16777216");
    (ping.protocol, ping.from_port, ping.to_port) = ("icmp".to_owned(), Some(8), None);
    ping.evidence.last_seen = None;

    let mut database = numbered(14, Verdict::Used, "sg-00000000000000002", "2");
    (database.direction, database.from_port, database.to_port) = ("egress", Some(5432), Some(5432));
    database.evidence.requests = 1;
    vec![ssh, wide, ping, database]
}

fn database_rules() -> Vec<RuleReport> {
    let mut everything = numbered(21, Verdict::Unused, "0.0.0.0/0", "281474976710656");
    (everything.from_port, everything.to_port) = (None, None);
    everything.evidence.last_seen = None;

    let mut covered = numbered(22, Verdict::Redundant, "10.0.0.0/16", "65536");
    covered.evidence.requests = 7;

    let mut mirror = numbered(23, Verdict::NotLogged, "0.0.0.0/0", "4294967296");
    (mirror.protocol, mirror.from_port, mirror.to_port) = ("udp".to_owned(), Some(4789), Some(4789));
    mirror.evidence.last_seen = None;

    let mut clock = numbered(24, Verdict::Used, "2001:db8::7/128", "1");
    (clock.direction, clock.protocol) = ("egress", "udp".to_owned());
    (clock.from_port, clock.to_port) = (Some(123), Some(123));
    clock.evidence.ambiguous = 5;

    let mut unresolved = numbered(25, Verdict::Unresolved, "pl-0123456789abcdef0", "");
    unresolved.rule_id = "sgr-content-00000000deadbeef".to_owned();
    unresolved.evidence.last_seen = None;
    vec![everything, covered, mirror, clock, unresolved]
}

/// Four groups with nine rules, at least one of every verdict.
pub(crate) fn example() -> Report {
    let mut first_twin = group(3, "old-a", GroupVerdict::Idle, Vec::new());
    first_twin.same_rules_as = vec!["sg-00000000000000004".to_owned()];
    let mut second_twin = group(4, "old-b", GroupVerdict::Unattached, Vec::new());
    second_twin.same_rules_as = vec!["sg-00000000000000003".to_owned()];
    second_twin.interfaces.clear();

    Report {
        schema: SCHEMA,
        window: Window { start: "2024-05-01T00:00:00Z".to_owned(), end: "2024-05-31T23:59:59Z".to_owned() },
        logs: Logs {
            files: 16,
            records: 4_000_000,
            accepted: 3_800_000,
            rejected: 150_000,
            no_data: 40_000,
            skipped: 10_000,
            unparsed: 3,
            unparsed_samples: vec![UnparsedSample {
                file: "logs/a.log.gz".to_owned(),
                line: 17,
                reason: "13 fields where the header names 14".to_owned(),
            }],
            undetermined_direction: 5,
            ambiguous: 1_000,
            contradictions: 2,
            unknown_interfaces: 1,
            unknown_interface_records: 99,
            incomplete: true,
        },
        tool_version: "0.1.0",
        inventory: InventorySummary {
            snapshots: vec![SnapshotSummary {
                captured_at: None,
                account_id: Some("111122223333".to_owned()),
                region: None,
            }],
        },
        assumptions: vec![Assumption {
            id: "undated-snapshot".to_owned(),
            text: "The inventory carries no time and is taken to hold for the whole window.".to_owned(),
        }],
        groups: vec![
            group(1, "web", GroupVerdict::Used, web_rules()),
            group(2, "db", GroupVerdict::Used, database_rules()),
            first_twin,
            second_twin,
        ],
        interfaces: vec![
            InterfaceReport {
                interface_id: "eni-00000000000000001".to_owned(),
                groups: vec!["sg-00000000000000001".to_owned()],
                coverage: 1.0,
                records: 3_000_000,
            },
            InterfaceReport {
                interface_id: "eni-00000000000000002".to_owned(),
                groups: vec!["sg-00000000000000002".to_owned()],
                coverage: 0.8125,
                records: 1_000_000,
            },
        ],
        changes: None,
    }
}

/// The same where names, descriptions, reasons and file names try to break out of every form.
pub(crate) fn nasty() -> Report {
    let mut report = example();
    report.logs.unparsed_samples[0].file = "logs/\x1b]0;owned\x07.gz".to_owned();
    report.logs.unparsed_samples[0].reason = "bad field \"\x1b[2J|<script>\"".to_owned();
    report.assumptions[0].text = "Taken\x1b[1A for | granted <img src=x>.".to_owned();
    report.groups[0].group_name = "=HYPERLINK(\"http://x.example\",\"click\")".to_owned();
    report.groups[1].group_name = "db | `x`\n| <b>bold</b> \u{202e}gnp\x1b[31m".to_owned();
    report.groups[2].group_name = "@team ![](https://x.example/p.png) #1 www.x.example".to_owned();
    report.groups[0].rules[0].rule_id = "@SUM(1+1)".to_owned();
    report.groups[0].rules[0].description = "=cmd|' /C calc'!A0".to_owned();
    report.groups[0].rules[1].description = "+1|<script>alert(1)</script>".to_owned();
    report.groups[0].rules[2].description = "\t=1+1\r\n-2".to_owned();
    report.groups[0].rules[3].description = "-1 \x1b[8mhidden\x1b[0m".to_owned();
    report.groups[0].rules[0].reason = "Because of \x1b[5m`this` | <that>\nand *more*.".to_owned();
    report
}
