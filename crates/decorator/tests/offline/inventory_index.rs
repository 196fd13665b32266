//! `--inventory-index`: what exists, as documents. Expected ones are written by hand.

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
            "rule-peer": "sg-web", "rule-text": "tcp 5432 from sg-web (web)"}),
        ),
        (
            "sgr-1",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "rule", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "security-group-ids": ["sg-web"], "security-group-names": ["web"],
            "security-group-rule-ids": ["sgr-1"], "direction": "inbound", "rule-protocol": "tcp", "rule-from-port": 443,
            "rule-to-port": 443, "rule-peer": "0.0.0.0/0", "rule-description": "the \"shop\",\nsince \\ 2024",
            "rule-text": "tcp 443 from 0.0.0.0/0"}),
        ),
        (
            "sgr-4",
            json!({"@timestamp": "2026-04-01T10:30:00Z", "kind": "rule", "account-id": "111111111111",
            "region": "eu-west-1", "vpc-id": "vpc-1", "security-group-ids": ["sg-web"], "security-group-names": ["web"],
            "security-group-rule-ids": ["sgr-4"], "direction": "outbound", "rule-protocol": "tcp", "rule-from-port": 5432,
            "rule-to-port": 5433, "rule-peer": "sg-db", "rule-text": "tcp 5432-5433 to sg-db (db)"}),
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
        "rule-text": "tcp 5432 from sg-web (web)"})
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

const NOT_TCP: &str = "only of TCP a record tells whether it is a request";

/// A rule as `describe-security-group-rules` prints it, and what is said of it.
#[test]
fn rules_with_every_oddity() {
    let more_than_tcp = "it allows more than TCP, and only of TCP a record tells whether it is a request";
    let cases = [
        (
            json!({"IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}),
            json!({"rule-protocol": "all", "rule-peer": "0.0.0.0/0", "rule-text": "all to 0.0.0.0/0",
                "rule-blind-spot": more_than_tcp}),
        ),
        (
            json!({"IsEgress": true, "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "CidrIpv6": "2001:DB8:0::/32"}),
            json!({"rule-protocol": "tcp", "rule-from-port": 0, "rule-to-port": 65535, "rule-peer": "2001:db8::/32",
                "rule-text": "tcp all to 2001:db8::/32"}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": -1, "ToPort": -1, "CidrIpv4": "10.1.2.3/8"}),
            json!({"rule-protocol": "tcp", "rule-peer": "10.0.0.0/8", "rule-text": "tcp all from 10.0.0.0/8"}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 0, "CidrIpv4": "192.0.2.1/32"}),
            json!({"rule-protocol": "tcp", "rule-from-port": 0, "rule-to-port": 0, "rule-peer": "192.0.2.1/32",
                "rule-text": "tcp 0 from 192.0.2.1/32"}),
        ),
        (
            json!({"IpProtocol": "udp", "FromPort": 1024, "ToPort": 65535, "ReferencedGroupInfo": {"GroupId": "sg-odd"}}),
            json!({"rule-protocol": "udp", "rule-from-port": 1024, "rule-to-port": 65535, "rule-peer": "sg-odd",
                "rule-text": "udp 1024-65535 from sg-odd (\"odd\"\t\u{1f512})", "rule-blind-spot": NOT_TCP}),
        ),
        // FromPort and ToPort of ICMP are its type and code.
        (
            json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0, "CidrIpv4": "10.0.0.0/8"}),
            json!({"rule-protocol": "icmp", "rule-peer": "10.0.0.0/8", "rule-text": "icmp type 8 code 0 from 10.0.0.0/8",
                "rule-blind-spot": NOT_TCP}),
        ),
        (
            json!({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}),
            json!({"rule-protocol": "icmp", "rule-peer": "0.0.0.0/0", "rule-text": "icmp all from 0.0.0.0/0",
                "rule-blind-spot": NOT_TCP}),
        ),
        (
            json!({"IpProtocol": "icmpv6", "FromPort": 128, "ToPort": -1, "CidrIpv6": "::/0"}),
            json!({"rule-protocol": "icmpv6", "rule-peer": "::/0", "rule-text": "icmpv6 type 128 from ::/0",
                "rule-blind-spot": NOT_TCP}),
        ),
        (
            json!({"IpProtocol": "47", "FromPort": 5, "ToPort": 5, "CidrIpv4": "192.0.2.0/24"}),
            json!({"rule-protocol": "47", "rule-peer": "192.0.2.0/24", "rule-text": "protocol 47 from 192.0.2.0/24",
                "rule-blind-spot": NOT_TCP}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListId": "pl-known"}),
            json!({"rule-protocol": "tcp", "rule-from-port": 22, "rule-to-port": 22, "rule-peer": "pl-known",
                "rule-text": "tcp 22 from pl-known"}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "PrefixListId": "pl-unknown"}),
            json!({"rule-protocol": "tcp", "rule-from-port": 22, "rule-to-port": 22, "rule-peer": "pl-unknown",
                "rule-text": "tcp 22 from pl-unknown",
                "rule-blind-spot": "the entries of its prefix list are not in the inventory"}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": 25, "ToPort": 25,
                "ReferencedGroupInfo": {"GroupId": "sg-other", "UserId": "333333333333"}}),
            json!({"rule-protocol": "tcp", "rule-from-port": 25, "rule-to-port": 25, "rule-peer": "sg-other",
                "rule-text": "tcp 25 from sg-other",
                "rule-blind-spot": "the interfaces of its peer group are not in the inventory"}),
        ),
        // Instance metadata: no flow log shows it.
        (
            json!({"IsEgress": true, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv4": "169.254.169.254/32"}),
            json!({"rule-protocol": "tcp", "rule-from-port": 80, "rule-to-port": 80, "rule-peer": "169.254.169.254/32",
                "rule-text": "tcp 80 to 169.254.169.254/32", "rule-blind-spot": "it may serve traffic that is not logged"}),
        ),
        // Mirrored traffic, which is not logged either; that comes before its being UDP.
        (
            json!({"IpProtocol": "udp", "FromPort": 4789, "ToPort": 4789, "CidrIpv4": "10.0.0.0/8"}),
            json!({"rule-protocol": "udp", "rule-from-port": 4789, "rule-to-port": 4789, "rule-peer": "10.0.0.0/8",
                "rule-text": "udp 4789 from 10.0.0.0/8", "rule-blind-spot": "it may serve traffic that is not logged"}),
        ),
        (
            json!({"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080, "ReferencedGroupInfo": {"GroupId": "sg-nlb"}}),
            json!({"rule-protocol": "tcp", "rule-from-port": 8080, "rule-to-port": 8080, "rule-peer": "sg-nlb",
                "rule-text": "tcp 8080 from sg-nlb (nlb)",
                "rule-blind-spot": "its peers may pass on the addresses of their clients"}),
        ),
    ];
    let mut rules = Vec::new();
    for (number, (rule, _)) in cases.iter().enumerate() {
        let mut rule = rule.clone();
        let is_egress = rule["IsEgress"] == true;
        rule["IsEgress"] = is_egress.into();
        rule["GroupId"] = "sg-odd".into();
        rule["SecurityGroupRuleId"] = format!("sgr-{number}").into();
        rules.push(rule);
    }
    let interface = |id: &str, kind: &str, group: &str| {
        json!({"NetworkInterfaceId": id, "VpcId": "vpc-1", "OwnerId": "111111111111", "InterfaceType": kind,
            "PrivateIpAddress": "10.0.0.7", "Groups": [{"GroupId": group}]})
    };
    let group =
        |id: &str, name: &str| json!({"GroupId": id, "GroupName": name, "OwnerId": "111111111111", "VpcId": "vpc-1"});
    let folder = folder(&[
        (
            "interfaces.json",
            json!({"NetworkInterfaces": [
            interface("eni-1", "interface", "sg-odd"), interface("eni-2", "network_load_balancer", "sg-nlb")]}),
        ),
        ("groups.json", json!({"SecurityGroups": [group("sg-odd", "\"odd\"\t\u{1f512}"), group("sg-nlb", "nlb")]})),
        ("rules.json", json!({"SecurityGroupRules": rules})),
        (
            "lists.json",
            json!({"PrefixLists": [
            {"PrefixListId": "pl-known", "Entries": [{"Cidr": "192.0.2.0/24"}]}, {"PrefixListId": "pl-unknown"}]}),
        ),
    ]);
    let found = pairs(&index(folder.path(), &[]));
    for (number, (rule, expected)) in cases.iter().enumerate() {
        let id = format!("sgr-{number}");
        let (_, mut found) = found.iter().find(|(found, _)| *found == id).unwrap().clone();
        let direction = if rule["IsEgress"] == true { "outbound" } else { "inbound" };
        assert_eq!(found["direction"], direction, "{rule}");
        found.as_object_mut().unwrap().retain(|name, _| name.starts_with("rule-"));
        assert_eq!(found, *expected, "{rule}");
    }
}

/// Only `SecurityGroups`: flows cannot name such rules, so neither does the document.
#[test]
fn rules_without_an_id() {
    let old = json!({"SecurityGroups": [{"GroupId": "sg-old", "OwnerId": "111111111111", "IpPermissionsEgress": [], "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "web"}]}]}]});
    let folder = folder(&[("groups.json", old)]);
    let ran = index(folder.path(), &[]);
    ran.assert_says(
        0,
        &["1 rule has no id in the inventory", "describe-security-group-rules", "1 rule, 0 interfaces and 1 group"],
    );
    let (id, document) = pairs(&ran).pop().unwrap();
    // FNV-1a of `sg-old|ingress|6|443-443|0.0.0.0/0`, 64 bits.
    assert_eq!(id, "sgr-content-6281391187d6e89a");
    assert_eq!(
        document,
        json!({"kind": "rule", "account-id": "111111111111", "security-group-ids": ["sg-old"],
        "direction": "inbound", "rule-protocol": "tcp", "rule-from-port": 443, "rule-to-port": 443,
        "rule-peer": "0.0.0.0/0", "rule-description": "web", "rule-text": "tcp 443 from 0.0.0.0/0",
        "rule-blind-spot": "the inventory has no id for it"})
    );
}

/// An id is given once, or a document would silently replace another.
#[test]
fn rules_that_share_an_id() {
    let rule = |group: &str, account: &str, port: u16| {
        json!({"SecurityGroupRuleId": "sgr-same", "GroupId": group, "GroupOwnerId": account, "IsEgress": false,
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": "0.0.0.0/0"})
    };
    let rules = json!({"SecurityGroupRules": [rule("sg-a", "111111111111", 1), rule("sg-b", "222222222222", 2),
        rule("sg-c", "222222222222", 3)]});
    let folder = folder(&[("rules.json", rules)]);
    let found: Vec<String> = pairs(&index(folder.path(), &[])).into_iter().map(|(id, _)| id).collect();
    let expected =
        ["sg-a", "sg-b", "sg-c", "111111111111/sgr-same", "222222222222/sgr-same", "222222222222/sgr-same/2"];
    assert_eq!(found, expected);
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
