//! Each kind of missing evidence, set up by hand, is told with its cure.

use crate::stage::{ACCOUNT, HOUR, MARCH, Record, STRANGER, Stage, gate, gates, group, idle, interface, rule};
use analyzer::explain::model::Missing;
use analyzer::report::model::Verdict;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::fs;
use std::io::Write as _;

/// What the cures say together.
fn cures(missing: &Missing) -> String {
    missing.cures.join("\n")
}

#[track_caller]
fn assert_cured(missing: &Missing, verdict: Verdict, parts: &[&str]) {
    assert_eq!(missing.verdict, verdict);
    for part in parts {
        assert!(cures(missing).contains(part), "`{part}` is not in: {}", cures(missing));
    }
}

/// To the port of `sgr-idle`.
const TO_IDLE: Record = Record { to: ("10.0.0.5", 8443), at: 2 * HOUR, ..STRANGER };

#[test]
fn nothing_is_missing_for_a_proof() {
    let explained = Stage::new().rule("sgr-idle");
    assert_eq!((explained.rule.verdict, gates(&explained)), (Verdict::Unused, vec![]));
}

#[test]
fn gaps_are_told_the_longest_first() {
    let mut stage = Stage::without_reports();
    for (from, to) in [(0, 3), (4, 10), (20, 30), (32, 34), (36, 38), (39, 41), (42, 48)] {
        stage.report("eni-1", from, to);
    }
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["coverage"]);
    let gate = gate(&explained, "coverage");
    assert_cured(gate, Verdict::NoEvidence, &["add the log files of these times", "aws ec2 describe-flow-logs"]);
    let eni = &gate.interfaces[0];
    // 1 + 10 + 2 + 2 + 1 + 1 of 48 hours are not covered: 31 / 48 is 0.6458.
    assert_eq!((eni.interface_id.as_str(), eni.coverage, eni.more_gaps), ("eni-1", 0.6458, 1));
    let gaps: Vec<(&str, &str)> = eni.gaps.iter().map(|gap| (gap.from.as_str(), gap.to.as_str())).collect();
    assert_eq!(
        gaps,
        [
            ("2026-03-01T10:00:00Z", "2026-03-01T20:00:00Z"),
            ("2026-03-02T06:00:00Z", "2026-03-02T08:00:00Z"),
            ("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z"),
            ("2026-03-01T03:00:00Z", "2026-03-01T04:00:00Z"),
            ("2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z"),
        ]
    );
}

#[test]
fn a_gap_of_minutes_is_told_too() {
    let mut stage = Stage::new();
    stage.skip("eni-1", 5);
    let explained = stage.rule("sgr-idle");
    let gate = gate(&explained, "coverage");
    assert_cured(gate, Verdict::LikelyUnused, &["SKIPDATA", "--since"]);
    let gap = &gate.interfaces[0].gaps[0];
    assert_eq!((gap.from.as_str(), gap.to.as_str()), ("2026-03-01T05:00:00Z", "2026-03-01T05:10:00Z"));
    assert!(gap.skipped);
}

#[test]
fn a_log_of_rejected_traffic_proves_nothing() {
    let mut stage = Stage::new();
    stage.object = format!("{ACCOUNT}_vpcflowlogs_eu-west-1_fl-00000000000000001_20260301T0000Z_abcdef01.log");
    stage.add(
        "FlowLogs",
        json!({"FlowLogId": "fl-00000000000000001", "ResourceId": "vpc-1", "TrafficType": "REJECT", "FlowLogStatus": "ACTIVE"}),
    );
    let explained = stage.rule("sgr-idle");
    let cures =
        ["fl-00000000000000001", "create-flow-logs --resource-type VPC --resource-ids vpc-1 --traffic-type ALL"];
    assert_cured(gate(&explained, "coverage"), Verdict::NoEvidence, &cures);
}

#[test]
fn the_log_that_watches_is_named() {
    let mut stage = Stage::without_reports();
    stage.report("eni-1", 0, 40);
    stage.record(Record { at: 48 * HOUR - 60, ..STRANGER });
    stage.add("FlowLogs", json!({"FlowLogId": "fl-7", "ResourceId": "subnet-1", "TrafficType": "ALL"}));
    let explained = stage.rule("sgr-idle");
    assert_cured(
        gate(&explained, "coverage"),
        Verdict::NoEvidence,
        &["add the log files of these times that fl-7 wrote"],
    );
}

#[test]
fn an_interface_went_and_nothing_tells_when() {
    let mut stage = Stage::new();
    stage.report("eni-2", 0, 24);
    let mut later = stage.inventory.clone();
    stage.add("NetworkInterfaces", interface("eni-2", "10.0.0.6", &["sg-1"]));
    Stage::captured(&mut stage.inventory, 0);
    Stage::captured(&mut later, 48);
    stage.more.push(later);
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["gone-interfaces"]);
    let gate = gate(&explained, "gone-interfaces");
    assert!(gate.what.contains("eni-2"), "{}", gate.what);
    assert_cured(
        gate,
        Verdict::LikelyUnused,
        &["take snapshots more often", "describe-network-interfaces --region eu-west-1"],
    );
}

#[test]
fn too_few_days_have_a_date() {
    let explained = Stage::new().explain("sgr-idle", 30.0).rules.remove(0);
    // Two days were observed, to the last second of March 2; 28 more are needed.
    assert_cured(gate(&explained, "min-days"), Verdict::NoEvidence, &["wait until 2026-03-30T23:59:59Z"]);
    assert!(gate(&explained, "min-days").what.contains("2 days"), "{}", explained.missing[0].what);
}

#[test]
fn a_young_rule_has_a_date() {
    let mut stage = Stage::new();
    let mut later = stage.inventory.clone();
    stage.inventory["SecurityGroupRules"].as_array_mut().unwrap().pop();
    Stage::captured(&mut stage.inventory, 0);
    Stage::captured(&mut later, 36);
    stage.more.push(later);
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["young-rule"]);
    assert_eq!(explained.exists_since.as_deref(), Some("2026-03-02T12:00:00Z"));
    assert_cured(gate(&explained, "young-rule"), Verdict::NoEvidence, &["wait until 2026-03-03T12:00:00Z"]);
}

#[test]
fn a_rule_of_the_snapshot_without_a_date_is_of_unknown_age() {
    let mut stage = Stage::new();
    let undated = stage.inventory.clone();
    stage.inventory["SecurityGroupRules"].as_array_mut().unwrap().pop();
    Stage::captured(&mut stage.inventory, 0);
    let mut undated = undated;
    Stage::captured(&mut undated, 0);
    undated.as_object_mut().unwrap().remove("CapturedAt");
    stage.more.push(undated);
    let explained = stage.rule("sgr-idle");
    assert_cured(gate(&explained, "young-rule"), Verdict::NoEvidence, &["CapturedAt"]);
}

#[test]
fn interfaces_that_no_snapshot_knows() {
    let mut stage = Stage::new();
    stage.record(Record { interface: "eni-9", to: ("10.0.0.9", 8443), ..TO_IDLE });
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unknown-interfaces"]);
    let gate = gate(&explained, "unknown-interfaces");
    assert_cured(gate, Verdict::NoEvidence, &["sg-audit snapshot", "aws ec2 describe-network-interfaces"]);
    let unplaced = &gate.unplaced[0];
    assert_eq!((unplaced.interface_id.as_str(), unplaced.vpc_id.as_deref()), ("eni-9", Some("vpc-1")));
    assert_eq!((unplaced.records, unplaced.peer.to_string().as_str()), (1, "192.0.2.7"));
    assert_eq!(
        (unplaced.first_seen.as_str(), unplaced.last_seen.as_str()),
        ("2026-03-01T02:00:00Z", "2026-03-01T02:00:50Z")
    );
}

#[test]
fn their_gaps_count_too() {
    let mut stage = Stage::new();
    for hour in [3, 8] {
        // To a port of no rule: nothing of it could have used one.
        stage.record(Record { interface: "eni-9", to: ("10.0.0.9", 9999), at: hour * HOUR, ..STRANGER });
    }
    let explained = stage.rule("sgr-idle");
    let gate = gate(&explained, "unknown-interfaces-coverage");
    assert_cured(gate, Verdict::NoEvidence, &["take snapshots more often"]);
    let gap = &gate.interfaces[0].gaps[0];
    assert_eq!((gap.from.as_str(), gap.to.as_str()), ("2026-03-01T03:10:00Z", "2026-03-01T08:00:00Z"));
}

#[test]
fn peers_that_no_snapshot_knows() {
    let mut stage = Stage::new();
    stage.add("SecurityGroups", group("sg-2"));
    stage.add("NetworkInterfaces", interface("eni-2", "10.0.0.6", &["sg-2"]));
    let mut from_group = idle((8443, 8443));
    from_group.as_object_mut().unwrap().remove("CidrIpv4");
    from_group["ReferencedGroupInfo"] = json!({"GroupId": "sg-2", "UserId": ACCOUNT});
    stage.idle(from_group);
    stage.record(Record { from: ("10.0.0.77", 40_000), ..TO_IDLE });
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unknown-peers"]);
    let gate = gate(&explained, "unknown-peers");
    assert_cured(gate, Verdict::NoEvidence, &["take snapshots more often"]);
    assert_eq!(
        (gate.unplaced[0].interface_id.as_str(), gate.unplaced[0].peer.to_string().as_str()),
        ("eni-1", "10.0.0.77")
    );
}

#[test]
fn records_that_contradict_the_inventory() {
    let mut stage = Stage::new();
    stage.add("SecurityGroups", group("sg-2"));
    stage.add("NetworkInterfaces", interface("eni-2", "10.0.0.6", &["sg-2"]));
    stage.idle(rule("sgr-idle", "sg-2", false, "tcp", (8443, 8443), "192.0.2.0/24"));
    stage.report("eni-2", 0, 48);
    stage.record(Record { flags: Some(2), ..TO_IDLE });
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["contradictions"]);
    let gate = gate(&explained, "contradictions");
    assert_cured(gate, Verdict::NoEvidence, &["before and after every change", "aws ec2 describe-network-interfaces"]);
    assert_eq!(gate.samples, ["eni-1 at 2026-03-01T02:00:00Z"]);
    assert_eq!(gate.unplaced[0].interface_id, "eni-1");
}

#[test]
fn interfaces_listed_without_groups() {
    let mut stage = Stage::new();
    let mut open = interface("eni-3", "10.0.0.7", &[]);
    open.as_object_mut().unwrap().remove("Groups");
    stage.add("NetworkInterfaces", open);
    stage.report("eni-3", 0, 48);
    stage.record(Record { interface: "eni-3", to: ("10.0.0.7", 8443), ..TO_IDLE });
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unknown-groups"]);
    let gate = gate(&explained, "unknown-groups");
    assert_cured(gate, Verdict::NoEvidence, &["\"Groups\"", "aws ec2 describe-network-interfaces"]);
    assert_eq!(gate.unplaced[0].interface_id, "eni-3");
}

#[test]
fn nobody_surely_carried_it() {
    let mut stage = Stage::new();
    let mut open = interface("eni-3", "10.0.0.7", &[]);
    open.as_object_mut().unwrap().remove("Groups");
    stage.add("NetworkInterfaces", open).add("SecurityGroups", group("sg-2"));
    stage.idle(rule("sgr-idle", "sg-2", false, "tcp", (8443, 8443), "192.0.2.0/24"));
    stage.report("eni-3", 0, 48);
    let explained = stage.rule("sgr-idle");
    assert_cured(gate(&explained, "unsure-carriers"), Verdict::NoEvidence, &["take snapshots more often"]);
}

#[test]
fn its_interfaces_came_later() {
    let mut stage = Stage::new();
    let mut later = interface("eni-2", "10.0.0.6", &["sg-2"]);
    later["Attachment"] = json!({
        "InstanceId": "i-1", "DeviceIndex": 0, "DeleteOnTermination": true, "AttachTime": "2026-04-01T00:00:00Z"
    });
    stage.add("NetworkInterfaces", later).add("SecurityGroups", group("sg-2"));
    stage.idle(rule("sgr-idle", "sg-2", false, "tcp", (8443, 8443), "192.0.2.0/24"));
    let explained = stage.rule("sgr-idle");
    assert_cured(gate(&explained, "not-alive"), Verdict::NoEvidence, &["give logs of the time in which they lived"]);
}

#[test]
fn groups_on_no_interface_and_inventories_without_any() {
    let mut stage = Stage::new();
    stage.add("SecurityGroups", group("sg-2"));
    stage.idle(rule("sgr-idle", "sg-2", false, "tcp", (8443, 8443), "192.0.2.0/24"));
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unattached"]);
    assert_cured(gate(&explained, "unattached"), Verdict::NoEvidence, &["after 1 day of logs"]);

    stage.inventory.as_object_mut().unwrap().remove("NetworkInterfaces");
    let explained = stage.rule("sgr-idle");
    let cures = ["aws ec2 describe-network-interfaces", "account 123456789012"];
    assert_cured(gate(&explained, "lacks-interfaces"), Verdict::NoEvidence, &cures);
}

#[test]
fn input_that_was_lost() {
    let stage = Stage::new();
    let (logs, _) = stage.write();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"interface-id srcaddr dstaddr start end action log-status\n").unwrap();
    let whole = encoder.finish().unwrap();
    fs::write(logs.join("cut.log.gz"), &whole[..whole.len() - 6]).unwrap();
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["damaged-input"]);
    let damaged = gate(&explained, "damaged-input");
    assert!(damaged.samples[0].contains("cut.log.gz: "), "{:?}", damaged.samples);
    assert_cured(damaged, Verdict::LikelyUnused, &["fetch these files again"]);
    fs::remove_file(logs.join("cut.log.gz")).unwrap();

    let text = fs::read_to_string(logs.join("a.log")).unwrap();
    let header = text.lines().next().unwrap();
    fs::write(logs.join("broken.log"), format!("{header}\n{ACCOUNT} vpc-1 eni-1 half a line\n")).unwrap();
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unparsed-lines"]);
    let unparsed = gate(&explained, "unparsed-lines");
    assert!(unparsed.samples[0].contains("broken.log:2: "), "{:?}", unparsed.samples);
    assert_cured(unparsed, Verdict::LikelyUnused, &["--log-format"]);
    fs::remove_file(logs.join("broken.log")).unwrap();

    let (start, end) = (MARCH + 600, MARCH + 650);
    let line = format!("2 {ACCOUNT} eni-1 192.0.2.7 10.0.0.5 40001 443 6 1 40 {start} {end} ACCEPT OK\n");
    fs::write(logs.join("stream.log"), line).unwrap();
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["filtered-input"]);
    assert_cured(gate(&explained, "filtered-input"), Verdict::LikelyUnused, &["S3"]);
}

/// Answers of a mail server, set aside for a rule that is open for all client ports.
#[test]
fn guesses_and_untracked_connections() {
    let mut stage = Stage::new();
    stage.idle(rule("sgr-idle", "sg-1", false, "tcp", (32_768, 65_535), "192.0.2.0/24"));
    stage.add("SecurityGroupRules", rule("sgr-out", "sg-1", true, "-1", (-1, -1), "0.0.0.0/0"));
    stage.record(Record { from: ("192.0.2.9", 25), to: ("10.0.0.5", 50_000), ..STRANGER });
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["guessed-replies"]);
    let guessed = gate(&explained, "guessed-replies");
    assert_eq!(guessed.samples, ["1 because of the numbers of the ports"]);
    assert_cured(guessed, Verdict::LikelyUnused, &["add ${tcp-flags} to the format"]);

    // What sgr-used lets in from everywhere is answered through sgr-out, which lets out everything.
    stage.record(Record { from: ("10.0.0.5", 443), to: ("192.0.2.7", 40_000), ..STRANGER });
    let explained = stage.rule("sgr-out");
    assert_cured(gate(&explained, "untracked-answers"), Verdict::LikelyUnused, &["open ones are cut at once"]);
}

#[test]
fn traffic_that_is_never_logged() {
    let mut stage = Stage::new();
    stage.idle(rule("sgr-idle", "sg-1", false, "udp", (0, 65_535), "192.0.2.0/24"));
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["mirrored-traffic"]);
    assert_cured(
        gate(&explained, "mirrored-traffic"),
        Verdict::LikelyUnused,
        &["aws ec2 describe-traffic-mirror-targets"],
    );

    stage.idle(rule("sgr-idle", "sg-1", false, "udp", (4789, 4789), "192.0.2.0/24"));
    let explained = stage.rule("sgr-idle");
    assert_cured(gate(&explained, "not-logged"), Verdict::NotLogged, &["no flow log will ever show this traffic: "]);
    stage.idle(rule("sgr-idle", "sg-1", true, "udp", (53, 53), "169.254.169.253/32"));
    let explained = stage.rule("sgr-idle");
    assert_cured(gate(&explained, "not-logged"), Verdict::NotLogged, &["it passes without any rule"]);
}

#[test]
fn peers_that_cannot_be_resolved() {
    let mut stage = Stage::new();
    let mut open = idle((8443, 8443));
    open.as_object_mut().unwrap().remove("CidrIpv4");
    let mut list = open.clone();
    list["PrefixListId"] = json!("pl-1");
    stage.idle(list);
    let explained = stage.rule("sgr-idle");
    assert_eq!(gates(&explained), ["unresolved-peer"]);
    let cure = "aws ec2 get-managed-prefix-list-entries --prefix-list-id pl-1";
    assert_cured(gate(&explained, "unresolved-peer"), Verdict::Unresolved, &[cure]);

    open["ReferencedGroupInfo"] = json!({"GroupId": "sg-elsewhere", "UserId": "999999999999"});
    stage.idle(open);
    let explained = stage.rule("sgr-idle");
    let cures = ["aws ec2 describe-network-interfaces", "account 999999999999", "sg-elsewhere"];
    assert_cured(gate(&explained, "unresolved-peer"), Verdict::Unresolved, &cures);
}

/// All that fails is told at once, the gravest first, and not only the first as in the verdict.
#[test]
fn everything_is_told_at_once() {
    let mut stage = Stage::without_reports();
    stage.report("eni-1", 0, 10).report("eni-1", 20, 48);
    stage.record(Record { interface: "eni-9", to: ("10.0.0.9", 8443), ..TO_IDLE });
    let (logs, _) = stage.write();
    let text = fs::read_to_string(logs.join("a.log")).unwrap();
    fs::write(logs.join("broken.log"), format!("{}\nhalf a line\n", text.lines().next().unwrap())).unwrap();
    let explained = stage.explain("sgr-idle", 30.0).rules.remove(0);
    assert_eq!(gates(&explained), ["coverage", "min-days", "unknown-interfaces", "unparsed-lines"]);
    assert_eq!(explained.rule.verdict, Verdict::NoEvidence);

    let group = stage.explain("sg-1-name", 30.0).group.unwrap();
    let of_group: Vec<&str> = group.missing.iter().map(|missing| missing.gate).collect();
    assert_eq!(of_group, ["coverage", "min-days", "unparsed-lines"], "what holds for all of its rules");
}
