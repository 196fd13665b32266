//! `--inventory-index`: what exists, as documents. Expected ones are written by hand.

mod blind_spots;
mod rules;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{INVENTORY, LOGS, Ran, run, text};

/// A folder with these files.
fn folder(files: &[(&str, Value)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content.to_string()).unwrap();
    }
    folder
}

fn index(path: &Path, more: &[&str]) -> Ran {
    run(&[&["-i", text(path), "--inventory-index"], more].concat())
}

/// `_id` and document of each pair of lines.
fn pairs(ran: &Ran) -> Vec<(String, Value)> {
    let lines = ran.documents();
    let (pairs, rest) = lines.as_chunks::<2>();
    assert_eq!(rest, &[] as &[Value]);
    let mut found = Vec::new();
    for [action, document] in pairs {
        let id = action["index"]["_id"].as_str().unwrap();
        assert_eq!(*action, json!({"index": {"_index": "sgflow-inventory", "_id": id}}));
        found.push((id.to_owned(), document.clone()));
    }
    found
}

/// Two accounts: one with a snapshot of March and one of April, the other without a date.
fn two_accounts() -> TempDir {
    let web = json!({"GroupId": "sg-web", "GroupName": "web", "VpcId": "vpc-1", "OwnerId": "111111111111"});
    let gone = json!({"GroupId": "sg-gone", "GroupName": "gone", "VpcId": "vpc-1", "OwnerId": "111111111111"});
    let https = json!({"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp",
        "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0", "Description": "the \"shop\",\nsince \\ 2024"});
    let march = json!({"CapturedAt": "2026-03-01T00:00:00Z", "AccountId": "111111111111", "Region": "eu-west-1",
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-web", "VpcId": "vpc-1", "OwnerId": "111111111111", "InterfaceType": "interface",
             "Description": "before", "PrivateIpAddress": "10.0.0.4", "Groups": [{"GroupId": "sg-gone", "GroupName": "gone"}]},
            {"NetworkInterfaceId": "eni-gone", "VpcId": "vpc-1", "Groups": [{"GroupId": "sg-gone"}]}],
        "SecurityGroups": [web, gone],
        "SecurityGroupRules": [https,
            {"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 80,
             "ToPort": 80, "CidrIpv4": "0.0.0.0/0"},
            {"SecurityGroupRuleId": "sgr-3", "GroupId": "sg-gone", "IsEgress": false, "IpProtocol": "-1", "FromPort": -1,
             "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}]});
    let april = json!({"CapturedAt": "2026-04-01T12:30:00+02:00", "AccountId": "111111111111", "Region": "eu-west-1",
        "NetworkInterfaces": [
            {"NetworkInterfaceId": "eni-web", "VpcId": "vpc-1", "OwnerId": "111111111111", "InterfaceType": "interface",
             "Description": "ELB app/web/1", "PrivateIpAddress": "10.0.0.5",
             "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.6", "Primary": false}, {"PrivateIpAddress": "10.0.0.5", "Primary": true}],
             "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}], "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.0/28"}],
             "Groups": [{"GroupId": "sg-web", "GroupName": "web"}, {"GroupId": "sg-shared", "GroupName": "shared"}]}],
        "SecurityGroups": [web],
        "SecurityGroupRules": [
            {"SecurityGroupRuleId": "sgr-4", "GroupId": "sg-web", "IsEgress": true, "IpProtocol": "tcp", "FromPort": 5432,
             "ToPort": 5433, "ReferencedGroupInfo": {"GroupId": "sg-db", "UserId": "222222222222", "VpcId": "vpc-2"},
             "Description": ""},
            https]});
    let undated = json!({"AccountId": "222222222222",
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-db", "VpcId": "vpc-2", "InterfaceType": "interface",
            "PrivateIpAddress": "10.9.0.9", "Description": "", "Groups": [{"GroupId": "sg-db", "GroupName": "db"}]}],
        "SecurityGroups": [{"GroupId": "sg-db", "GroupName": "db", "VpcId": "vpc-2"}],
        "SecurityGroupVpcAssociations": [{"GroupId": "sg-db", "VpcId": "vpc-3"}],
        "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-5", "GroupId": "sg-db", "IsEgress": false, "IpProtocol": "6",
            "FromPort": 5432, "ToPort": 5432, "ReferencedGroupInfo": {"GroupId": "sg-web", "UserId": "111111111111"}}]});
    folder(&[("a-april.json", april), ("b-march.json", march), ("c-undated.json", undated)])
}

#[test]
fn the_last_snapshot_of_each_account() {
    let folder = two_accounts();
    let ran = index(folder.path(), &[]);
    ran.assert_says(0, &["3 rules, 2 interfaces and 3 groups written for the index sgflow-inventory"]);
    let expected = [
        (
            "sg-db",
            json!({"kind": "group", "account-id": "222222222222", "vpc-id": ["vpc-2", "vpc-3"],
            "security-group-ids": ["sg-db"], "security-group-names": ["db"]}),
        ),
        // Nobody listed it, so whose it is and since when is not known; that eni-web carries it is.
        (
            "sg-shared",
            json!({"kind": "group", "region": "eu-west-1", "vpc-id": "vpc-1",
            "security-group-ids": ["sg-shared"], "security-group-names": ["shared"]}),
        ),
        (
            "sg-web",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "group", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "security-group-ids": ["sg-web"], "security-group-names": ["web"]}),
        ),
        (
            "eni-db",
            json!({"kind": "interface", "account-id": "222222222222", "vpc-id": "vpc-2", "interface-id": "eni-db",
            "security-group-ids": ["sg-db"], "security-group-names": ["db"], "interface-type": "interface",
            "interface-addresses": ["10.9.0.9"]}),
        ),
        (
            "eni-web",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "interface", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "interface-id": "eni-web",
            "security-group-ids": ["sg-shared", "sg-web"], "security-group-names": ["shared", "web"],
            "interface-type": "interface", "interface-description": "ELB app/web/1",
            "interface-addresses": ["10.0.0.5", "10.0.0.6", "2001:db8::5"]}),
        ),
        (
            "sgr-5",
            json!({"kind": "rule", "account-id": "222222222222", "vpc-id": ["vpc-2", "vpc-3"],
            "security-group-ids": ["sg-db"], "security-group-names": ["db"], "security-group-rule-ids": ["sgr-5"],
            "direction": "inbound", "rule-protocol": "tcp", "rule-from-port": 5432, "rule-to-port": 5432,
            "rule-peer": "sg-web", "rule-text": "tcp 5432 from sg-web (web)",
            "rule-blind-spot": "its peer group changed between two snapshots"}),
        ),
        (
            "sgr-1",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "rule", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "security-group-ids": ["sg-web"], "security-group-names": ["web"],
            "security-group-rule-ids": ["sgr-1"], "direction": "inbound", "rule-protocol": "tcp", "rule-from-port": 443,
            "rule-to-port": 443, "rule-peer": "0.0.0.0/0", "rule-description": "the \"shop\",\nsince \\ 2024",
            "rule-text": "tcp 443 from 0.0.0.0/0",
            "rule-blind-spot": "interfaces got or lost its group between two snapshots"}),
        ),
        (
            "sgr-4",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "rule", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "security-group-ids": ["sg-web"], "security-group-names": ["web"],
            "security-group-rule-ids": ["sgr-4"], "direction": "outbound", "rule-protocol": "tcp", "rule-from-port": 5432,
            "rule-to-port": 5433, "rule-peer": "sg-db", "rule-text": "tcp 5432-5433 to sg-db (db)",
            // sg-db can be used in vpc-3 too, and nothing tells whose 10.9.0.9 is there.
            "rule-blind-spot": "whose the addresses of its peer group are is not certain"}),
        ),
    ];
    let found = pairs(&ran);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((found_id, found), (id, expected)) in found.iter().zip(expected) {
        assert_eq!((found_id.as_str(), found), (id, &expected));
    }
}

/// The same things under the names of Elastic Common Schema.
#[test]
fn elastic_common_schema() {
    let folder = two_accounts();
    let ran = index(folder.path(), &["--output-schema", "ecs", "--quiet"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let found = pairs(&ran);
    let of = |id: &str| found.iter().find(|(found, _)| found == id).unwrap().1.clone();
    assert_eq!(found.len(), 8);
    assert_eq!(
        of("sg-shared"),
        json!({"kind": "group", "aws": {"vpcflow": {"vpc_id": "vpc-1"}}, "cloud": {"region": "eu-west-1"},
        "sgflow": {"security_group_ids": ["sg-shared"], "security_group_names": ["shared"]}})
    );
    assert_eq!(
        of("eni-web"),
        json!({"@timestamp": "2026-04-01T10:30:00.000Z", "kind": "interface",
        "aws": {"vpcflow": {"vpc_id": "vpc-1", "interface_id": "eni-web"}},
        "cloud": {"account": {"id": "111111111111"}, "region": "eu-west-1"},
        "sgflow": {"security_group_ids": ["sg-shared", "sg-web"], "security_group_names": ["shared", "web"]},
        "interface-type": "interface", "interface-description": "ELB app/web/1",
        "interface-addresses": ["10.0.0.5", "10.0.0.6", "2001:db8::5"]})
    );
    assert_eq!(
        of("sgr-5"),
        json!({"kind": "rule", "aws": {"vpcflow": {"vpc_id": ["vpc-2", "vpc-3"]}},
        "cloud": {"account": {"id": "222222222222"}},
        "sgflow": {"security_group_ids": ["sg-db"], "security_group_names": ["db"], "security_group_rule_ids": ["sgr-5"],
            "direction": "inbound"},
        "rule-protocol": "tcp", "rule-from-port": 5432, "rule-to-port": 5432, "rule-peer": "sg-web",
        "rule-text": "tcp 5432 from sg-web (web)", "rule-blind-spot": "its peer group changed between two snapshots"})
    );
    assert_eq!(of("sgr-4")["sgflow"]["direction"], "outbound");
}

/// Nothing but an id: what is not known is absent, and no object is empty.
#[test]
fn almost_nothing_is_known() {
    let bare = json!({"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}], "SecurityGroups": [{"GroupId": "sg-1"}]});
    let folder = folder(&[("bare.json", bare)]);
    for schema in ["classic", "ecs"] {
        let ran = index(folder.path(), &["--output-schema", schema]);
        ran.assert_says(0, &["1 group is listed without rules", "0 rules, 1 interface and 1 group written"]);
        let (group, interface) = match schema {
            "classic" => (
                json!({"kind": "group", "security-group-ids": ["sg-1"]}),
                json!({"kind": "interface", "interface-id": "eni-1"}),
            ),
            _ => (
                json!({"kind": "group", "sgflow": {"security_group_ids": ["sg-1"]}}),
                json!({"kind": "interface", "aws": {"vpcflow": {"interface_id": "eni-1"}}}),
            ),
        };
        assert_eq!(pairs(&ran), [("sg-1".to_owned(), group), ("eni-1".to_owned(), interface)]);
    }
}

/// An id is given once, or a document would silently replace another.
#[test]
fn rules_that_share_an_id() {
    let rule = |group: &str, account: &str, port: u16| {
        json!({"SecurityGroupRuleId": "sgr-same", "GroupId": group, "GroupOwnerId": account, "IsEgress": false,
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": "0.0.0.0/0"})
    };
    // The last three differ in nothing but their content; one has the name that is made for another.
    let mut taken = rule("sg-d", "333333333333", 6);
    taken["SecurityGroupRuleId"] = "111111111111/sg-a/sgr-same".into();
    let rules = json!({"SecurityGroupRules": [rule("sg-a", "111111111111", 1), rule("sg-b", "222222222222", 2),
        rule("sg-c", "222222222222", 3), rule("sg-c", "222222222222", 4), rule("sg-c", "222222222222", 5), taken]});
    let folder = folder(&[("rules.json", rules)]);
    let ran = index(folder.path(), &[]);
    ran.assert_says(0, &["warning: several things of the inventory have the id sgr-same; ", "hint: delete the index"]);
    let found: Vec<(String, Value)> = pairs(&ran).into_iter().filter(|(_, thing)| thing["kind"] == "rule").collect();
    let found: Vec<(&str, i64)> =
        found.iter().map(|(id, rule)| (id.as_str(), rule["rule-from-port"].as_i64().unwrap())).collect();
    let expected = [
        ("111111111111/sg-a/sgr-same/2", 1),
        ("222222222222/sg-b/sgr-same", 2),
        ("222222222222/sg-c/sgr-same", 3),
        ("222222222222/sg-c/sgr-same/2", 4),
        ("222222222222/sg-c/sgr-same/3", 5),
        ("111111111111/sg-a/sgr-same", 6),
    ];
    assert_eq!(found, expected);
    let quiet = index(folder.path(), &["--quiet"]);
    assert_eq!((quiet.stderr.as_str(), quiet.stdout), ("", ran.stdout));
}

#[test]
fn equal_inventories_give_equal_bytes() {
    let again = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(INVENTORY).unwrap() {
        let path = entry.unwrap().path();
        let mut content: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        for list in content.as_object_mut().unwrap().values_mut() {
            list.as_array_mut().unwrap().reverse();
        }
        let name = format!("{}.json", path.file_stem().unwrap().to_str().unwrap().chars().rev().collect::<String>());
        fs::write(again.path().join(name), content.to_string()).unwrap();
    }
    let ran = index(Path::new(INVENTORY), &[]);
    ran.assert_says(0, &["39 rules, 11 interfaces and 10 groups written"]);
    assert_eq!(pairs(&ran).len(), 60);
    assert!(index(again.path(), &[]).stdout == ran.stdout);
    // And in a file.
    let out = again.path().join("bulk.ndjson");
    let quiet = index(Path::new(INVENTORY), &["--out", text(&out), "-q"]);
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (Some(0), "", ""));
    assert!(fs::read_to_string(&out).unwrap() == ran.stdout);
    let named = run(&["-i", INVENTORY, "--inventory-index=other"]);
    assert!(named.stdout == ran.stdout.replace("sgflow-inventory", "other"));
}

#[test]
fn what_cannot_be_written() {
    let good = folder(&[("good", json!("good"))]);
    let out = good.path().join("good");
    let says = |content: Value, parts: &[&str]| {
        let folder = folder(&[("inventory.json", content)]);
        let ran = index(folder.path(), &["--out", text(&out)]);
        ran.assert_says(1, parts);
        assert_eq!(fs::read_to_string(&out).unwrap(), "\"good\"");
    };
    says(
        json!({"NetworkInterfaces": [], "SecurityGroups": []}),
        &["hold no group, no interface and no rule", "hint: "],
    );
    says(json!({"SecurityGroups": [{"GroupId": ""}]}), &["a group whose id is empty or too long", "hint: "]);
    says(json!({"SecurityGroups": [{"GroupId": "s".repeat(513)}]}), &["a group whose id is empty or too long"]);
    says(json!({"Reservations": []}), &["inventory.json"]);
    let folder = folder(&[("inventory.json", json!({"SecurityGroups": [{"GroupId": "sg-1"}]}))]);
    index(folder.path(), &["--out", "/dev/full"]).assert_says(1, &["cannot write /dev/full"]);
    let input = folder.path().join("inventory.json");
    index(folder.path(), &["--out", text(&input)]).assert_says(1, &["is both to be read and to be written"]);
}

#[test]
fn what_makes_no_sense_together() {
    for arguments in [
        &["--inventory-index"][..],
        &["-i", INVENTORY, "--inventory-index", LOGS],
        &["-i", INVENTORY, "--inventory-index", "-"],
        &["-i", INVENTORY, "--inventory-index", "--bulk"],
        &["-i", INVENTORY, "--inventory-index", "--rule-ids"],
        &["-i", INVENTORY, "--inventory-index", "--log-format", "${bytes}"],
    ] {
        let ran = run(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.stderr.contains("--inventory"), "{}", ran.stderr);
    }
    let ran = run(&["-i", INVENTORY, "--inventory-index", LOGS]);
    assert!(ran.stderr.contains("'--inventory-index[=<INDEX>]' cannot be used with '[LOGS]...'"), "{}", ran.stderr);
}
