//! What told who opened a flow: a few lines for each kind of evidence.

use crate::stage::{Record, STRANGER, Stage, rule};
use analyzer::explain::model::GroundCount;

fn told(grounds: &[GroundCount]) -> Vec<(&'static str, u64)> {
    grounds.iter().map(|ground| (ground.ground, ground.records)).collect()
}

/// A rule for everything from 192.0.2.0/24, and these records.
fn wide(records: &[Record]) -> Stage {
    let mut stage = Stage::new();
    stage.idle(rule("sgr-idle", "sg-1", false, "tcp", (0, 65_535), "192.0.2.0/24"));
    for record in records {
        stage.record(*record);
    }
    stage
}

/// Between ports that tell nothing by their numbers.
const PLAIN: Record = Record { from: ("192.0.2.9", 3000), to: ("10.0.0.5", 5000), ..STRANGER };

#[test]
fn flags_show_it() {
    // SYN (AWS, "Flow log records", tcp-flags: 2), and SYN with FIN.
    let stage = wide(&[Record { flags: Some(2), ..PLAIN }, Record { flags: Some(3), at: 7200, ..PLAIN }]);
    let told = told(&stage.rule("sgr-idle").opened_by);
    // STRANGER's record, which has no flags, is told by sgr-used, which names 443.
    assert_eq!(told, [("tcp-flags", 2), ("named-ports", 1)]);
}

#[test]
fn services_are_seen_elsewhere() {
    let opened = Record { flags: Some(2), to: ("10.0.0.5", 9000), ..PLAIN };
    let later = Record { flags: Some(0), from: ("192.0.2.10", 3001), to: ("10.0.0.5", 9000), ..PLAIN };
    let told = told(&wide(&[opened, later]).rule("sgr-idle").opened_by);
    assert_eq!(told, [("tcp-flags", 1), ("services", 1), ("named-ports", 1)]);
}

#[test]
fn rules_name_ports() {
    let told = told(&Stage::new().rule("sgr-used").opened_by);
    assert_eq!(told, [("named-ports", 1)], "443 is what sgr-used names");
}

#[test]
fn port_numbers_tell_a_server() {
    // 25 is named by no rule; below 512 against 1024 or above.
    let told = told(&wide(&[Record { to: ("10.0.0.5", 25), ..PLAIN }]).rule("sgr-idle").opened_by);
    assert_eq!(told, [("named-ports", 1), ("port-numbers", 1)]);
}

#[test]
fn many_meet_the_same_port() {
    let records: Vec<Record> = (0..8).map(|n| Record { from: ("192.0.2.9", 3000 + n), ..PLAIN }).collect();
    let told = told(&wide(&records).rule("sgr-idle").opened_by);
    assert_eq!(told, [("named-ports", 1), ("fan-in", 8)]);
}

#[test]
fn nothing_tells() {
    let stage = wide(&[PLAIN, Record { at: 7200, ..PLAIN }]);
    let explained = stage.rule("sgr-idle");
    assert_eq!(told(&explained.opened_by), [("named-ports", 1), ("nothing", 2)]);
    assert_eq!(explained.rule.evidence.ambiguous, 2);
}

#[test]
fn guesses_set_aside() {
    let mut stage = Stage::new();
    stage.idle(rule("sgr-idle", "sg-1", false, "tcp", (32_768, 65_535), "192.0.2.0/24"));
    stage.add("SecurityGroupRules", rule("sgr-out", "sg-1", true, "tcp", (25, 25), "192.0.2.0/24"));
    // The answer of a mail server: who else would send from 25 to 50000?
    stage.record(Record { from: ("192.0.2.9", 25), to: ("10.0.0.5", 50_000), ..STRANGER });
    let explained = stage.rule("sgr-idle");
    assert_eq!(told(&explained.opened_by), []);
    assert_eq!(told(&explained.assumed_replies_by), [("named-ports", 1)]);
    assert_eq!(explained.rule.evidence.assumed_replies, 1);
    let out = stage.rule("sgr-out");
    assert_eq!((out.answers, told(&out.opened_by)), (1, vec![]), "it answers a request that is not in the logs");
    assert_eq!(out.peers[0].records, 0);
}
