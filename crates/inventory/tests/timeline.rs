//! What held then: snapshots, attach times, lives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inventory::{Answer, Direction, Inventory, Life, NoteKind, Port, Protocol, Query, Span, UNDATED};
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const ACCOUNT: &str = "123456789012";

fn interface(id: &str, address: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|group| json!({ "GroupId": group })).collect();
    json!({"NetworkInterfaceId": id, "OwnerId": ACCOUNT, "VpcId": "vpc-1", "InterfaceType": "interface",
        "RequesterManaged": false, "PrivateIpAddress": address, "Groups": groups})
}

fn group(id: &str, peers: &[&str]) -> Value {
    let pairs: Vec<Value> = peers.iter().map(|peer| json!({"GroupId": peer, "UserId": ACCOUNT})).collect();
    json!({"GroupId": id, "OwnerId": ACCOUNT, "VpcId": "vpc-1", "IpPermissionsEgress": [], "IpPermissions":
        [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": pairs}]})
}

fn snapshot(day: i64, interfaces: Value, groups: Value) -> Value {
    json!({"CapturedAt": day * DAY, "AccountId": ACCOUNT, "Region": "eu-west-1", "NetworkInterfaces": interfaces,
        "SecurityGroups": groups})
}

fn load(documents: &[Value]) -> Inventory {
    let vpcs = json!({"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]}).to_string();
    let texts: Vec<String> = documents.iter().map(Value::to_string).chain([vpcs]).collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|text| ("a.json", text.as_str())).collect();
    Inventory::from_texts(&texts).unwrap().inventory
}

/// Whether sg-db lets the peer in to 5432 on that day.
fn lets_in(inventory: &Inventory, peer: &str, day: f64) -> Answer {
    let from = (day * DAY as f64) as i64;
    let query = Query {
        span: Span { from, to: from + 60 },
        direction: Direction::Ingress,
        protocol: Protocol::TCP,
        port: Port::Known(5432),
        peer: peer.parse().unwrap(),
        other_peer: None,
    };
    let rule = &inventory.group(inventory.group_ix("sg-db").unwrap()).rules[0];
    inventory.allows(rule, &query)
}

#[test]
fn settled_is_what_no_later_snapshot_can_contradict() {
    let nothing = || json!([]);
    assert_eq!(Inventory::default().settled_until(), UNDATED);
    let two = [snapshot(1, nothing(), nothing()), snapshot(4, nothing(), nothing())];
    assert_eq!(load(&two).settled_until(), 4 * DAY);
    let mut elsewhere = snapshot(3, nothing(), nothing());
    elsewhere["Region"] = json!("us-east-1");
    assert_eq!(
        load(&[two[0].clone(), two[1].clone(), elsewhere]).settled_until(),
        3 * DAY,
        "the region seen longest ago"
    );
    let mut of_interfaces = snapshot(6, nothing(), nothing());
    of_interfaces.as_object_mut().unwrap().remove("SecurityGroups");
    assert_eq!(load(&[two[1].clone(), of_interfaces]).settled_until(), 4 * DAY, "its groups were last seen before");
    let mut undated = snapshot(1, nothing(), nothing());
    undated.as_object_mut().unwrap().remove("CapturedAt");
    assert_eq!(load(&[undated.clone()]).settled_until(), UNDATED);
    undated["Region"] = json!("us-east-1");
    assert_eq!(load(&[undated, two[0].clone()]).settled_until(), DAY);
}

#[test]
fn an_address_that_was_taken_over_means_either_in_between() {
    let groups = || json!([group("sg-db", &["sg-app"]), group("sg-app", &[])]);
    let inventory = load(&[
        snapshot(1, json!([interface("eni-app", "10.0.0.5", &["sg-app"])]), groups()),
        snapshot(2, json!([interface("eni-app", "10.0.0.5", &["sg-app"])]), groups()),
        snapshot(4, json!([interface("eni-new", "10.0.0.5", &["sg-db"])]), groups()),
        snapshot(5, json!([interface("eni-new", "10.0.0.5", &["sg-db"])]), groups()),
        snapshot(7, json!([]), groups()),
    ]);
    assert_eq!(lets_in(&inventory, "10.0.0.5", 0.5), Answer::Surely, "before all: the first after");
    assert_eq!(lets_in(&inventory, "10.0.0.5", 1.5), Answer::Surely);
    assert_eq!(lets_in(&inventory, "10.0.0.5", 3.0), Answer::Possibly, "as before, as after, or nobody known");
    assert_eq!(lets_in(&inventory, "10.0.0.5", 4.5), Answer::No, "its owner is known and is not in sg-app");
    assert_eq!(lets_in(&inventory, "10.0.0.5", 6.0), Answer::Unplaced, "eni-new, or somebody unknown");
    assert_eq!(lets_in(&inventory, "10.0.0.5", 8.0), Answer::Unplaced, "nobody known, inside the VPC");
    assert_eq!(lets_in(&inventory, "10.1.0.5", 8.0), Answer::No, "outside the VPC");
    assert_eq!(lets_in(&inventory, "203.0.113.5", 8.0), Answer::No);
    let number = |id: &str| inventory.interface_ix(id.as_bytes()).unwrap();
    let window = Span { from: 0, to: 10 * DAY };
    let gone = Life { from: 0, until_seen_absent: 4 * DAY, last_known: 2 * DAY, gone: true };
    assert_eq!(inventory.life(number("eni-app"), window), gone);
    let later = Life { from: 2 * DAY, until_seen_absent: 7 * DAY, last_known: 5 * DAY, gone: true };
    assert_eq!(inventory.life(number("eni-new"), window), later);
    let app = inventory.group_ix("sg-app").unwrap();
    assert_eq!(inventory.carried_ever(app, window), [number("eni-app")]);
    assert_eq!(inventory.carried_ever(app, Span { from: 5 * DAY, to: 6 * DAY }), []);
    assert_eq!(inventory.carried_now(app), []);
    assert!(inventory.plain_owner("10.0.0.5".parse().unwrap(), Span { from: DAY, to: 2 * DAY }));
    assert!(!inventory.plain_owner("10.0.0.5".parse().unwrap(), Span { from: 3 * DAY, to: 3 * DAY }));
}

#[test]
fn membership_that_changed_is_possible_in_between() {
    let groups = || json!([group("sg-db", &["sg-app"]), group("sg-app", &[])]);
    let inventory = load(&[
        snapshot(1, json!([interface("eni-1", "10.0.0.5", &["sg-app", "sg-db"])]), groups()),
        snapshot(3, json!([interface("eni-1", "10.0.0.5", &["sg-db"])]), groups()),
        // This snapshot says nothing about interfaces.
        json!({"CapturedAt": 4 * DAY, "AccountId": ACCOUNT, "Region": "eu-west-1", "SecurityGroups": groups()}),
        snapshot(5, json!([interface("eni-1", "10.0.0.5", &["sg-db"])]), groups()),
        snapshot(6, json!([]), groups()),
    ]);
    let number = inventory.interface_ix(b"eni-1").unwrap();
    let at = |day: i64| Span { from: day * DAY, to: day * DAY };
    let named = |span: Span| -> Vec<(&str, bool)> {
        let carried = inventory.carried(number, span).groups;
        carried.into_iter().map(|(group, surely)| (inventory.group(group).id.as_str(), surely)).collect()
    };
    assert_eq!(named(at(1)), [("sg-app", true), ("sg-db", true)]);
    assert_eq!(named(at(2)), [("sg-app", false), ("sg-db", true)]);
    assert_eq!(named(at(4)), [("sg-db", true)]);
    assert_eq!(lets_in(&inventory, "10.0.0.5", 2.0), Answer::Possibly);
    assert_eq!(lets_in(&inventory, "10.0.0.5", 4.0), Answer::No);
    // Seen in logs after the last snapshot that has it, and after one that lacks it: it existed, but carried what?
    let late = inventory.carried(number, at(9));
    assert!(late.unknown_groups);
    assert!(late.groups.iter().all(|(_, surely)| !surely));
    assert_eq!(late.groups.len(), 2);
}

#[test]
fn another_scope_does_not_end_a_life() {
    let first = snapshot(1, json!([interface("eni-1", "10.0.0.5", &["sg-app"])]), json!([group("sg-app", &[])]));
    let elsewhere =
        json!({"CapturedAt": 2 * DAY, "AccountId": ACCOUNT, "Region": "us-east-1", "NetworkInterfaces": []});
    let inventory = load(&[first, elsewhere]);
    let number = inventory.interface_ix(b"eni-1").unwrap();
    assert!(!inventory.life(number, Span { from: 0, to: 9 * DAY }).gone);
    assert!(inventory.interface(number).in_last_snapshot);
}

#[test]
fn peers_own_their_address_from_the_attach_time() {
    let attached = |id: &str, address: &str, attachment: Value| {
        let mut item = interface(id, address, &["sg-app"]);
        item["Attachment"] = attachment;
        item
    };
    let inventory = load(&[json!({
        "NetworkInterfaces": [
            attached("eni-1", "10.0.0.1", json!({"InstanceId": "i-1", "AttachTime": "1970-01-04T00:00:00Z", "DeviceIndex": 0, "DeleteOnTermination": true})),
            attached("eni-2", "10.0.0.2", json!({"InstanceId": "i-2"})),
            attached("eni-3", "10.0.0.3", json!({"Status": "attached"})),
            interface("eni-4", "10.0.0.4", &["sg-app"]),
            attached("eni-5", "10.0.0.5", json!({"InstanceId": "i-5", "AttachTime": "1970-01-04T00:00:00Z", "DeviceIndex": 1, "DeleteOnTermination": true})),
        ],
        "SecurityGroups": [group("sg-db", &["sg-app"]), group("sg-app", &[])],
    })]);
    // 1970-01-04 is day 3.
    assert_eq!(lets_in(&inventory, "10.0.0.1", 2.0), Answer::Unplaced, "somebody else had it");
    let straddling = 3.0 - 30.0 / DAY as f64;
    assert_eq!(lets_in(&inventory, "10.0.0.1", straddling), Answer::Possibly);
    assert_eq!(lets_in(&inventory, "10.0.0.1", 3.0), Answer::Surely);
    assert_eq!(lets_in(&inventory, "10.0.0.2", 3.0), Answer::Possibly, "attached since nobody knows when");
    assert_eq!(lets_in(&inventory, "10.0.0.3", 3.0), Answer::Surely, "a service's");
    assert_eq!(lets_in(&inventory, "10.0.0.4", 3.0), Answer::Surely, "not attached at all");
    let from =
        |id: &str| inventory.life(inventory.interface_ix(id.as_bytes()).unwrap(), Span { from: DAY, to: 9 * DAY }).from;
    assert_eq!(from("eni-1"), 3 * DAY, "made with its instance");
    assert_eq!(from("eni-5"), DAY, "a second interface may have been attached elsewhere before");
}

#[test]
fn rules_have_a_history_and_are_the_same_if_their_content_is() {
    let rule = |id: &str, port: i64| {
        json!({"SecurityGroupRuleId": id, "GroupId": "sg-db", "GroupOwnerId": ACCOUNT, "IsEgress": false,
            "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": "10.0.0.0/8"})
    };
    let at = |day: i64, rules: Value| {
        json!({"CapturedAt": day * DAY, "AccountId": ACCOUNT, "Region": "eu-west-1", "SecurityGroupRules": rules,
            "SecurityGroups": [{"GroupId": "sg-db", "OwnerId": ACCOUNT, "VpcId": "vpc-1"}]})
    };
    let inventory = load(&[
        at(1, json!([rule("sgr-a", 80), rule("sgr-b", 443)])),
        at(2, json!([rule("sgr-a", 80), rule("sgr-c", 22)])),
        at(3, json!([rule("sgr-a2", 80), rule("sgr-c", 22), rule("sgr-b2", 443)])),
        at(4, json!([rule("sgr-a2", 80), rule("sgr-b2", 443)])),
    ]);
    let number = inventory.group_ix("sg-db").unwrap();
    let group = inventory.group(number);
    let found: Vec<(&str, Option<i64>)> =
        group.rules.iter().map(|rule| (rule.id.as_str(), rule.exists_since)).collect();
    assert_eq!(found, [("sgr-a2", None), ("sgr-b2", Some(3 * DAY))], "443 was away on day 2");
    assert_eq!(group.former_rules.len(), 1);
    assert_eq!((group.former_rules[0].id.as_str(), group.former_rules[0].exists_since), ("sgr-c", Some(2 * DAY)));
    let ids = |from: i64, to: i64| {
        let mut ids: Vec<&str> =
            inventory.rules_at(number, Span { from: from * DAY, to: to * DAY }).map(|rule| rule.id.as_str()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(1, 1), ["sgr-a2", "sgr-b2"]);
    assert_eq!(ids(2, 2), ["sgr-a2", "sgr-c"]);
    assert_eq!(ids(1, 2), ["sgr-a2", "sgr-b2", "sgr-c"]);
    assert_eq!(ids(8, 9), ["sgr-a2", "sgr-b2"]);
}

#[test]
fn undated_files_are_the_latest_beside_dated_ones() {
    let groups = json!([group("sg-db", &["sg-app"]), group("sg-app", &[])]);
    let dated = snapshot(1, json!([interface("eni-1", "10.0.0.5", &["sg-db"])]), groups.clone());
    let undated = json!({"NetworkInterfaces": [interface("eni-1", "10.0.0.5", &["sg-app"])]});
    let texts = [dated.to_string(), undated.to_string()];
    let loaded = Inventory::from_texts(&[("1.json", &texts[0]), ("2.json", &texts[1])]).unwrap();
    assert!(loaded.notes.iter().any(|note| note.kind == NoteKind::UndatedCountsAsLatest));
    assert_eq!(lets_in(&loaded.inventory, "10.0.0.5", 0.5), Answer::No);
    assert_eq!(lets_in(&loaded.inventory, "10.0.0.5", 2.0), Answer::Possibly);
    let infos = loaded.inventory.snapshots();
    let found: Vec<Option<i64>> = infos.iter().map(|info| info.captured_at).collect();
    assert_eq!(found, [None, Some(DAY)]);
    assert_eq!(infos[0].region.as_deref(), Some("eu-west-1"), "it joined the dated scope");

    // A rule that only the undated files have: since when, nobody knows.
    let more = json!({"SecurityGroups": [group("sg-db", &["sg-app", "sg-db"])]}).to_string();
    let inventory = Inventory::from_texts(&[("1.json", &texts[0]), ("2.json", &more)]).unwrap().inventory;
    let rules = &inventory.group(inventory.group_ix("sg-db").unwrap()).rules;
    let found: Vec<(String, Option<i64>)> =
        rules.iter().map(|rule| (rule.peer.to_string(), rule.exists_since)).collect();
    assert_eq!(found, [("sg-app".to_string(), None), ("sg-db".to_string(), Some(UNDATED))]);
}

#[test]
fn one_thing_listed_twice_in_one_snapshot_is_either() {
    let texts = [
        json!({"NetworkInterfaces": [interface("eni-1", "10.0.0.5", &["sg-app"])]}).to_string(),
        json!({"NetworkInterfaces": [interface("eni-1", "10.0.0.6", &["sg-db"])],
            "SecurityGroups": [group("sg-db", &["sg-app"]), group("sg-app", &[])]})
        .to_string(),
    ];
    let loaded = Inventory::from_texts(&[("1.json", &texts[0]), ("2.json", &texts[1])]).unwrap();
    assert!(loaded.notes.iter().any(|note| note.kind == NoteKind::Conflicting && note.text.contains("eni-1")));
    assert_eq!(lets_in(&loaded.inventory, "10.0.0.5", 1.0), Answer::Possibly);
    assert_eq!(lets_in(&loaded.inventory, "10.0.0.6", 1.0), Answer::Possibly);
}
