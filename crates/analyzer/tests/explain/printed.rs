//! How it is put for people: wording, and names that would do harm to a terminal.

use crate::stage::{Record, STRANGER, Stage, interface};
use analyzer::explain::table;
use analyzer::report::table::Style;
use serde_json::json;

/// Clears the screen, turns the line around, breaks it.
const HOSTILE: &str = "evil\u{1b}[2J\u{202e}\r\n\u{9b}31m\t<b>=cmd()";

fn hostile() -> Stage {
    let mut stage = Stage::new();
    let group = &mut stage.inventory["SecurityGroups"][0];
    group["GroupName"] = json!(HOSTILE);
    group["Description"] = json!(HOSTILE);
    group["Tags"] = json!([{"Key": HOSTILE, "Value": HOSTILE}]);
    for rule in stage.inventory["SecurityGroupRules"].as_array_mut().unwrap() {
        rule["Description"] = json!(HOSTILE);
        rule["Tags"] = json!([{"Key": "k", "Value": HOSTILE}]);
    }
    stage.inventory["NetworkInterfaces"][0]["Description"] = json!(HOSTILE);
    let mut peer = interface("eni-2", "10.0.0.6", &["sg-1"]);
    peer["Description"] = json!(HOSTILE);
    stage.add("NetworkInterfaces", peer);
    stage.report("eni-2", 0, 10);
    stage.record(Record { from: ("10.0.0.6", 40_001), at: 7200, ..STRANGER });
    stage
}

fn printed(stage: &Stage, subject: &str, min_days: f64, style: Style) -> String {
    let mut bytes = Vec::new();
    table::write(&stage.explain(subject, min_days), style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn names_cannot_harm_a_terminal() {
    let stage = hostile();
    for subject in ["sgr-used", "sgr-idle", "sg-1"] {
        for width in [60, 100, 160] {
            let text = printed(&stage, subject, 1.0, Style { color: false, width });
            let harmful = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(harmful), "{text:?}");
            assert!(text.contains("evil\\x1b[2J\\u{202e}") || width == 60, "{text}");
        }
        // Our own colours, and nothing else: each begins with what we paint with.
        let colored = printed(&stage, subject, 1.0, Style { color: true, width: 160 });
        for escape in colored.split('\u{1b}').skip(1) {
            assert!(["[0m", "[1m", "[2m", "[33m"].iter().any(|ours| escape.starts_with(ours)), "{escape:?}");
        }
    }
}

#[test]
fn a_used_rule_reads_well() {
    let mut stage = Stage::new();
    stage.record(Record { from: ("10.0.0.5", 443), to: ("192.0.2.7", 40_000), at: 3660, ..STRANGER });
    stage.record(Record { from: ("192.0.2.9", 40_000), at: 30 * 3600, ..STRANGER });
    stage.add("SecurityGroupRules", json!({
        "SecurityGroupRuleId": "sgr-narrow", "GroupId": "sg-1", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
        "CidrIpv4": "192.0.2.7/32"
    }));
    let text = printed(&stage, "sgr-used", 30.0, Style { color: false, width: 100 });
    insta::assert_snapshot!(text, @r#"
    Window     2026-03-01T00:00:00Z to 2026-03-02T23:59:59Z (2.0 days)
    Rule       sgr-used: in tcp 443 from 0.0.0.0/0
    Group      sg-1-name (sg-1) in vpc-1 of account 123456789012: "by hand"
    Verdict    used: 2 requests passed by it.
    Exposure   4.3e9 (addresses x ports)
    Evidence   2 requests, last 2026-03-02
    Seen       2026-03-01T01:00:00Z to 2026-03-02T06:00:50Z: 4 packets and 200 bytes, 2 peers
    Ports      443 (3); records and answers
    Opened by  2 by a guess: rules single out the port of one side
    Answers    1 record as answers to what it allows, or may allow

    Peers (2)

    ADDRESS    RECORDS  BYTES  FIRST                 LAST                  NAME
    192.0.2.7        1    100  2026-03-01T01:00:00Z  2026-03-01T01:01:50Z
    192.0.2.9        1    100  2026-03-02T06:00:00Z  2026-03-02T06:00:50Z

    When it was used (each line is 1 hour, UTC)

    2026-03-01 01:00  1  ████████████████████████████████████████████████████████████
    ...                  28 of them without any
    2026-03-02 06:00  1  ████████████████████████████████████████████████████████████

    What else allows its uses

      - 1 surely by sgr-narrow (in tcp 443 from 192.0.2.7/32)
      - 1 by no other rule of the group, as far as is sure

    What keeps it from being narrowed by proof

      - no-evidence: its interfaces were observed for 2 days at most; a proof asks for 30 days
        (--min-days).
        cure: wait until 2026-03-30T23:59:59Z and give all logs until then, or add older ones;
        --min-days accepts less, at your own risk
    "#);
}

#[test]
fn an_undecided_rule_reads_well() {
    let mut stage = Stage::without_reports();
    stage.report("eni-1", 0, 10).report("eni-1", 20, 48);
    stage.record(Record { interface: "eni-9", to: ("10.0.0.9", 8443), ..STRANGER });
    let text = printed(&stage, "sgr-idle", 1.0, Style { color: false, width: 100 });
    insta::assert_snapshot!(text, @r#"
    Window     2026-03-01T00:00:00Z to 2026-03-02T23:59:59Z (2.0 days)
    Rule       sgr-idle: in tcp 8443 from 192.0.2.0/24
    Group      sg-1-name (sg-1) in vpc-1 of account 123456789012: "by hand"
    Verdict    no-evidence: The logs cover 79.1 % of the life of eni-1, less than 95 % (--min-coverage).
    Exposure   256 (addresses x ports)
    Evidence   no use seen, 1 unplaced

    What is missing for a proof

      - no-evidence: the logs do not cover the whole life of the one interface that carried its group
        inside the window, and of eni-1 only 79.1 %; a proof asks for all of it, and for 95.0 % at least
        (--min-coverage).
          eni-1: 79.1 % covered; gaps: 2026-03-01T10:00:00Z to 2026-03-01T20:00:00Z
        cure: add the log files of these times; `aws ec2 describe-flow-logs` tells whether there were
        any, and only those with TrafficType ALL or ACCEPT count
      - no-evidence: 1 record whose interface no snapshot knows could have used it.
          1 of eni-9 in vpc-1, 2026-03-01T01:00:00Z to 2026-03-01T01:00:50Z, such as with 192.0.2.7
        cure: take snapshots more often (`sg-audit snapshot --out FILE`, from a scheduler), so that each
        interface is in one while it lives; for those that still exist add the output of `aws ec2
        describe-network-interfaces`
    "#);
}
