//! `sg-audit replay` as a person runs it.

use crate::program::{Ran, run};
use crate::samples::{INVENTORY, LOGS, objects, unpacked};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The web servers' group of the samples, and its rule for the shop: tcp 443 from everybody.
const WEB: &str = "sg-045c261ad9e6221b6";
const SHOP: &str = "sgr-0a0fd2ea84828f829";

/// All rules of the samples.
fn rules() -> Vec<Value> {
    let text = fs::read_to_string(Path::new(INVENTORY).join("security-group-rules.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    document["SecurityGroupRules"].as_array().unwrap().clone()
}

fn rules_of(group: &str) -> Vec<Value> {
    rules().into_iter().filter(|rule| rule["GroupId"] == group).collect()
}

/// A file with a proposal, in a folder that goes with the first value.
fn file(document: &Value) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proposed.json");
    fs::write(&path, document.to_string()).unwrap();
    (folder, path)
}

fn replay(document: &Value, more: &[&str]) -> Ran {
    let (_folder, path) = file(document);
    let proposed = path.to_str().unwrap();
    run(["replay", LOGS, "--inventory", INVENTORY, "--proposed", proposed].iter().chain(more))
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Accepted records to port 443 of a web server, from outside of the office, by the lines themselves: how many, the last second of the
/// last one, and from whom. Later windows of a connection show no SYN; the port tells that they are no answers.
fn requests_by_hand() -> (u64, i64, BTreeSet<String>) {
    let interfaces: Value =
        serde_json::from_str(&fs::read_to_string(Path::new(INVENTORY).join("network-interfaces.json")).unwrap())
            .unwrap();
    let carries =
        |interface: &&Value| interface["Groups"].as_array().unwrap().iter().any(|group| group["GroupId"] == WEB);
    let all = interfaces["NetworkInterfaces"].as_array().unwrap();
    let web: Vec<&str> =
        all.iter().filter(carries).map(|interface| interface["NetworkInterfaceId"].as_str().unwrap()).collect();
    let (mut records, mut last, mut peers) = (0, 0, BTreeSet::new());
    for object in objects() {
        let text = unpacked(&object);
        let header: Vec<&str> = text.lines().next().unwrap().split(' ').collect();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(' ').collect();
            if fields.len() != header.len() {
                continue;
            }
            let field = |name: &str| fields[header.iter().position(|field| *field == name).unwrap()];
            let answers = matches!(field("tcp-flags"), "18" | "19" | "22" | "23");
            let is_ours = web.contains(&field("interface-id")) && field("flow-direction") == "ingress";
            let is_office = field("pkt-srcaddr").starts_with("203.0.113.");
            if !answers && is_ours && field("dstport") == "443" && field("action") == "ACCEPT" && !is_office {
                records += 1;
                last = last.max(field("end").parse().unwrap());
                peers.insert(field("pkt-srcaddr").to_owned());
            }
        }
    }
    (records, last, peers)
}

#[test]
fn a_needed_rule_taken_out_is_named_with_its_traffic() {
    let left: Vec<Value> = rules_of(WEB).into_iter().filter(|rule| rule["SecurityGroupRuleId"] != SHOP).collect();
    let proposal = json!({ "SecurityGroupRules": left });
    let (records, last, peers) = requests_by_hand();
    assert!(records > 100);

    let table = replay(&proposal, &[]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(3), ""), "{}", table.stdout);
    for part in [
        "1 group changes: web (sg-045c261ad9e6221b6)".to_owned(),
        format!("{records} requests by 1 rule would be denied."),
        "Would be denied (1 rule)".to_owned(),
        "web in tcp 443 from 0.0.0.0/0 \"shop\"".to_owned(),
        format!("{WEB} {SHOP}"),
        format!("and {} more peers", peers.len() - 3),
    ] {
        assert!(table.stdout.contains(&part), "`{part}` is not in: {}", table.stdout);
    }
    assert!(!table.stdout.contains("possibly") && !table.stdout.contains("rejected"), "{}", table.stdout);

    let json = replay(&proposal, &["--output", "json"]);
    assert_eq!(json.code, Some(3));
    let document = parsed(&json);
    assert_eq!(document["schema"], "sgflow.replay/1");
    assert_eq!(document["changed_groups"], json!([WEB]));
    assert_eq!(document["unknown_groups"], json!([]));
    assert_eq!(document["replayed"]["rules"], 1);
    assert_eq!(document["admitted"], json!([]));
    let denied = document["denied"].as_array().unwrap();
    let mut told = BTreeSet::new();
    for denial in denied {
        let key = (&denial["certainty"], &denial["group_id"], &denial["rule_id"], &denial["direction"]);
        assert_eq!(key, (&json!("surely"), &json!(WEB), &json!(SHOP), &json!("ingress")));
        assert_eq!((&denial["protocol"], &denial["port"]), (&json!("tcp"), &json!(443)));
        assert!(told.insert(denial["peer"].as_str().unwrap().to_owned()), "each peer once");
    }
    assert_eq!(told, peers);
    let sum: u64 = denied.iter().map(|denial| denial["records"].as_u64().unwrap()).sum();
    assert_eq!(sum, records);
    let latest = denied.iter().map(|denial| denial["last_seen"].as_str().unwrap()).max().unwrap();
    assert_eq!(latest, jiff::Timestamp::from_second(last).unwrap().to_string());
    let counts: Vec<u64> = denied.iter().map(|denial| denial["records"].as_u64().unwrap()).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next), "most first");
}

#[test]
fn nothing_changes_where_all_stays() {
    let proposal = json!({ "SecurityGroupRules": rules() });
    let ran = replay(&proposal, &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert_eq!(ran.stdout, "Nothing changes: the proposed groups have the rules that they have now.\n");
    // The other shape, as it lies in the inventory.
    let groups = Path::new(INVENTORY).join("security-groups.json");
    let ran =
        run(["replay", LOGS, "--inventory", INVENTORY, "--proposed", groups.to_str().unwrap(), "--output", "json"]);
    assert_eq!(parsed(&ran)["changed_groups"], json!([]));
    // And the whole folder, where both shapes lie side by side.
    let ran = run(["replay", LOGS, "--inventory", INVENTORY, "--proposed", INVENTORY, "--output", "json"]);
    assert_eq!((ran.code, &parsed(&ran)["changed_groups"]), (Some(0), &json!([])));
}

#[test]
fn what_nobody_needs_can_go() {
    // No record of the samples goes to 3306 at the database, where the rule is older than the migration.
    let database = "sg-02ceb0dab9897f4d2";
    let left: Vec<Value> = rules_of(database).into_iter().filter(|rule| rule["FromPort"] != 3306).collect();
    let ran = replay(&json!({ "SecurityGroupRules": left }), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("Nothing would be denied: 1 rule goes, and no request in these logs used it."),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_rule_that_another_one_stands_in_for_can_go() {
    // All that comes from the office is let in by the rule for everybody.
    let left: Vec<Value> = rules_of(WEB).into_iter().filter(|rule| rule["CidrIpv4"] != "203.0.113.0/24").collect();
    let ran = replay(&json!({ "SecurityGroupRules": left }), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.stdout.contains("by 1 rule that goes would all pass by others."), "{}", ran.stdout);
}

#[test]
fn what_was_rejected_and_would_be_accepted_is_told() {
    let mut open = rules_of(WEB);
    open.push(json!({"GroupId": WEB, "IsEgress": false, "IpProtocol": "tcp", "FromPort": 23, "ToPort": 23,
        "CidrIpv4": "192.0.2.0/24", "Description": "oops \u{1b}[2J"}));
    let ran = replay(&json!({ "SecurityGroupRules": open }), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for part in
        ["Nothing would be denied: no rule is taken away.", "Was rejected and would be accepted (1 rule)", "tcp 23"]
    {
        assert!(ran.stdout.contains(part), "`{part}` is not in: {}", ran.stdout);
    }
    assert!(ran.stdout.contains("oops \\x1b[2J") && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
}

#[test]
fn what_cannot_be_judged_is_told_on_standard_error() {
    let mut strange = rules_of(WEB);
    let rule = |peer: Value| {
        let mut rule = json!({"GroupId": WEB, "IsEgress": false, "IpProtocol": "tcp", "FromPort": 9, "ToPort": 9});
        rule.as_object_mut().unwrap().extend(peer.as_object().unwrap().clone());
        rule
    };
    strange.push(rule(json!({"PrefixListId": "pl-0c5d4e3f2a1bffff"})));
    strange.push(rule(json!({"ReferencedGroupInfo": {"GroupId": "sg-0c5d4e3f2a1bffff"}})));
    strange.push(json!({"GroupId": "sg-typo", "IsEgress": true, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}));
    let proposal = json!({ "SecurityGroupRules": strange });
    let ran = replay(&proposal, &["--output", "json"]);
    ran.assert_says(
        0,
        &[
            "warning: group sg-typo is not in the inventory, so its rules are not replayed",
            "means by pl-0c5d4e3f2a1bffff is not known",
            "get-managed-prefix-list-entries --prefix-list-id pl-0c5d4e3f2a1bffff",
            "means by sg-0c5d4e3f2a1bffff is not known",
            "describe-security-groups",
        ],
    );
    assert_eq!(parsed(&ran)["unknown_groups"], json!(["sg-typo"]));
    assert_eq!(replay(&proposal, &["--output", "json", "--quiet"]).stderr, "");
    // What is not known may be let in, but not surely.
    let admitted = parsed(&ran)["admitted"].as_array().unwrap().clone();
    assert!(admitted.iter().all(|admission| admission["certainty"] == "possibly"), "{admitted:?}");
}

#[test]
fn failures_say_what_to_do_and_write_nothing() {
    let missing = run(["replay", LOGS, "--inventory", INVENTORY, "--proposed", "/no/such/file.json"]);
    missing.assert_says(1, &["the proposed groups cannot be read", "/no/such/file.json"]).assert_nothing_written();
    let typo = json!({"SecurityGroupRules": [{"GroupId": "sg-typo", "IsEgress": true, "IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}]});
    replay(&typo, &[])
        .assert_says(1, &["none of the proposed groups is in the inventory: sg-typo", "hint"])
        .assert_nothing_written();
    let bare = json!({"SecurityGroups": [{"GroupId": WEB}]});
    replay(&bare, &[]).assert_says(1, &["proposed.json", WEB, "IpPermissions"]).assert_nothing_written();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("no/replay.json");
    let whole = json!({ "SecurityGroupRules": rules_of(WEB) });
    replay(&whole, &["--out", out.to_str().unwrap()]).assert_says(1, &["cannot write"]).assert_nothing_written();
    run(["replay", LOGS, "--inventory", INVENTORY]).assert_says(2, &["--proposed"]).assert_nothing_written();
    replay(&whole, &["--output", "html"]).assert_says(2, &["html", "table", "json"]).assert_nothing_written();
}

#[test]
fn the_same_bytes_again_and_into_a_file() {
    let mut left: Vec<Value> =
        rules().into_iter().filter(|rule| rule["FromPort"] != 443 && rule["FromPort"] != 5432).collect();
    left.push(json!({"GroupId": WEB, "IsEgress": false, "IpProtocol": "-1", "CidrIpv4": "192.0.2.0/24"}));
    let proposal = json!({ "SecurityGroupRules": left });
    let folder = tempfile::tempdir().unwrap();
    for output in ["table", "json"] {
        let one = replay(&proposal, &["--output", output, "--threads", "1"]);
        assert_eq!(one.code, Some(3));
        assert!(one.stdout.contains("rejected") || one.stdout.contains("\"sgr-content-"), "{}", one.stdout);
        assert_eq!(replay(&proposal, &["--output", output, "--threads", "3"]).stdout, one.stdout);
        let out = folder.path().join(output);
        let ran = replay(&proposal, &["--output", output, "--out", out.to_str().unwrap()]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""));
        assert_eq!(fs::read_to_string(out).unwrap(), one.stdout);
    }
}

/// A rollup drops high ports where they look like a client's. One that only a proposed rule singles out must be told apart all the same.
#[test]
fn high_ports_of_new_rules_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let interface = json!({"NetworkInterfaceId": "eni-0a", "OwnerId": "123456789012", "VpcId": "vpc-1",
        "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.5", "Groups": [{"GroupId": "sg-a"}]});
    let group = |from: u16, to: u16| {
        let permission =
            json!({"IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]});
        json!({"GroupId": "sg-a", "GroupName": "grpc", "OwnerId": "123456789012", "VpcId": "vpc-1",
            "IpPermissions": [permission], "IpPermissionsEgress": []})
    };
    let inventory = json!({"NetworkInterfaces": [interface], "SecurityGroups": [group(1024, 65535)],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]});
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("inventory.json"), inventory.to_string()).unwrap();
    // No flags, and 10.9.0.9 is nobody that we know: it may have called from any port.
    let record = "2 123456789012 eni-0a 10.9.0.9 10.0.0.5 2000 50051 6 3 180 1772496423 1772496433 ACCEPT OK\n";
    let header = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n";
    fs::write(path("a.log"), format!("{header}{record}")).unwrap();
    let replayed = |from, to| {
        fs::write(path("proposed.json"), json!({"SecurityGroups": [group(from, to)]}).to_string()).unwrap();
        run([
            "replay",
            &path("a.log"),
            "--inventory",
            &path("inventory.json"),
            "--proposed",
            &path("proposed.json"),
            "--output",
            "json",
        ])
    };
    let kept = replayed(50051, 50051);
    assert_eq!((kept.code, &parsed(&kept)["denied"]), (Some(0), &json!([])), "{}", kept.stderr);
    let replayed_json = json!({"rules": 1, "requests": 1, "assumed_replies": 0, "untracked_answers": 0});
    assert_eq!(parsed(&kept)["replayed"], replayed_json);
    for (from, to) in [(50052, 50060), (40000, 50050)] {
        let ran = replayed(from, to);
        let document = parsed(&ran);
        let denied = document["denied"].as_array().unwrap();
        assert_eq!((ran.code, denied.len()), (Some(3), 1), "{document}");
        assert_eq!((&denied[0]["certainty"], &denied[0]["peer"]), (&json!("possibly"), &json!("10.9.0.9")));
    }
    // Of a port that was dropped it is not known which rule would let it in.
    let ran = replayed(50052, 50060);
    assert_eq!(parsed(&ran)["denied"][0]["port"], "32768-65535");
    assert_eq!(parsed(&replayed(40000, 50051))["denied"], json!([]));
}
