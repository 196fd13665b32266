//! `rule-blind-spot`: each case is built by hand around one rule, and where documents are to lack the rule they are asked.

use std::fs;

use serde_json::{Value, json};

use super::{folder, index, pairs};
use crate::program::{Ran, run, text};

/// The rule is tcp 5432 into sg-db (on eni-db, 10.0.0.2) from sg-app (on eni-app, 10.0.0.1), all in vpc-1.
fn base() -> Value {
    json!({"AccountId": "111111111111",
        "NetworkInterfaces": [interface("eni-app", "vpc-1", "10.0.0.1", "sg-app"), interface("eni-db", "vpc-1", "10.0.0.2", "sg-db")],
        "SecurityGroups": [group("sg-app", "vpc-1"), group("sg-db", "vpc-1")],
        "SecurityGroupRules": [{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-db", "GroupOwnerId": "111111111111",
            "IsEgress": false, "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
            "ReferencedGroupInfo": {"GroupId": "sg-app"}}]})
}

fn interface(id: &str, vpc: &str, address: &str, group: &str) -> Value {
    json!({"NetworkInterfaceId": id, "VpcId": vpc, "SubnetId": format!("subnet-{vpc}"), "OwnerId": "111111111111",
        "InterfaceType": "interface", "PrivateIpAddress": address, "Groups": [{"GroupId": group}]})
}

fn group(id: &str, vpc: &str) -> Value {
    json!({"GroupId": id, "VpcId": vpc, "OwnerId": "111111111111"})
}

/// [`base`], changed.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut files = base();
    change(&mut files);
    files
}

/// The same as seen on a day of March.
fn on(day: u32, mut files: Value) -> Value {
    files["CapturedAt"] = format!("2026-03-{day:02}T00:00:00Z").into();
    files
}

fn without(files: &mut Value, key: &str) {
    files.as_object_mut().unwrap().remove(key).unwrap();
}

fn add(files: &mut Value, list: &str, thing: Value) {
    files[list].as_array_mut().unwrap().push(thing);
}

/// What is said of the rule, and whether the document of a request that only it allows names it. The record is of 2 March.
#[track_caller]
fn ask(files: &[Value]) -> (Option<String>, bool, Ran) {
    let names: Vec<String> = (0..files.len()).map(|number| format!("{number}.json")).collect();
    let folder = folder(&names.iter().map(String::as_str).zip(files.iter().cloned()).collect::<Vec<_>>());
    let ran = index(folder.path(), &[]);
    let found = pairs(&ran);
    let (_, rule) = found.iter().find(|(id, _)| id == "sgr-1").unwrap();
    let blind_spot = rule.get("rule-blind-spot").map(|reason| reason.as_str().unwrap().to_owned());

    let logs = tempfile::tempdir().unwrap();
    let log = logs.path().join("a.log");
    // 2026-03-02T12:00:00Z is day 20,514 after the epoch, at noon; flag 2 is SYN.
    let end = 20_514 * 86_400 + 43_200;
    let record = format!("eni-db 10.0.0.1 10.0.0.2 40000 5432 6 3 {} {end} ACCEPT OK 2", end - 60);
    let header = "interface-id srcaddr dstaddr srcport dstport protocol packets start end action log-status tcp-flags";
    fs::write(&log, format!("{header}\n{record}\n")).unwrap();
    let decorated = run(&[text(&log), "-i", text(folder.path()), "--rule-ids", "--quiet"]);
    let document = decorated.documents().pop().unwrap();
    assert_eq!(document["flow-role"], "request", "{document}");
    (blind_spot, document["security-group-rule-ids"] == json!(["sgr-1"]), ran)
}

#[track_caller]
fn shows(files: &[Value]) {
    let (blind_spot, is_named, _) = ask(files);
    assert_eq!((blind_spot, is_named), (None, true));
}

/// The reason is given, and it is true: no document names the rule.
#[track_caller]
fn hides(files: &[Value], reason: &str) -> Ran {
    let (blind_spot, is_named, ran) = ask(files);
    assert_eq!((blind_spot.as_deref(), is_named), (Some(reason), false));
    ran
}

#[test]
fn nothing_is_hidden() {
    shows(&[base()]);
    shows(&[on(1, base()), on(3, base())]);
}

#[test]
fn interfaces_that_were_not_read() {
    let reason = "the interfaces of its group are not in the inventory";
    let ran = hides(&[with(|files| without(files, "NetworkInterfaces"))], reason);
    ran.assert_says(
        0,
        &[
            "warning: the interfaces of account 111111111111 are not in the inventory, so documents of flows cannot name its rules",
            "describe-network-interfaces",
        ],
    );
    // They were, of another region.
    let elsewhere = json!({"AccountId": "111111111111", "Region": "us-east-1",
        "NetworkInterfaces": [interface("eni-far", "vpc-far", "10.0.0.1", "sg-far")]});
    let here = with(|files| {
        without(files, "NetworkInterfaces");
        files["Region"] = "eu-west-1".into();
    });
    let ran = hides(&[here, elsewhere], reason);
    ran.assert_says(0, &["warning: the interfaces of account 111111111111 in eu-west-1 are not in the inventory"]);
    // An empty list is a list.
    let ran = hides(
        &[with(|files| files["NetworkInterfaces"] = json!([]))],
        "no interface in the inventory carries its peer group",
    );
    assert!(!ran.stderr.contains("are not in the inventory"), "{}", ran.stderr);
}

/// It cannot be known that eni-x, or the other eni-db, does not carry the group.
#[test]
fn interfaces_without_groups() {
    let open = |id: &str, vpc: &str| {
        let mut interface = interface(id, vpc, "10.0.0.9", "");
        without(&mut interface, "Groups");
        interface
    };
    let reason = "an interface that may carry its group is listed without its groups";
    let (blind_spot, _, _) = ask(&[with(|files| add(files, "NetworkInterfaces", open("eni-x", "vpc-1")))]);
    assert_eq!(blind_spot.as_deref(), Some(reason), "the record of another interface is named all the same");
    hides(&[with(|files| without(&mut files["NetworkInterfaces"][1], "Groups"))], reason);
    // Neither group can be used in vpc-9.
    shows(&[with(|files| add(files, "NetworkInterfaces", open("eni-x", "vpc-9")))]);
    // The peers alone are in vpc-2.
    let peered = with(|files| {
        files["NetworkInterfaces"][0] = open("eni-app", "vpc-2");
        files["SecurityGroups"][0] = group("sg-app", "vpc-2");
    });
    hides(&[peered], "an interface that may carry its peer group is listed without its groups");
}

#[test]
fn peers_that_cannot_be_told() {
    let gone = with(|files| drop(files["NetworkInterfaces"].as_array_mut().unwrap().remove(0)));
    hides(&[gone], "no interface in the inventory carries its peer group");
    let reason = "whose the addresses of its peer group are is not certain";
    // Another's in another VPC, which may be peered.
    let twin = interface("eni-twin", "vpc-2", "10.0.0.1", "sg-twin");
    hides(&[with(|files| add(files, "NetworkInterfaces", twin))], reason);
    // Associated with a VPC of which nothing is known.
    let association = json!([{"GroupId": "sg-app", "VpcId": "vpc-2"}]);
    hides(&[with(|files| files["SecurityGroupVpcAssociations"] = association.clone())], reason);
    // And with one whose addresses are others.
    shows(&[with(|files| {
        files["SecurityGroupVpcAssociations"] = association;
        files["Vpcs"] =
            json!([{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "CidrBlock": "10.2.0.0/16"}]);
    })]);
}

/// The record is between the two snapshots.
#[test]
fn snapshots_that_differ() {
    let groups = |number: usize, group: &str| {
        with(|files| files["NetworkInterfaces"][number]["Groups"] = json!([{"GroupId": group}]))
    };
    let of_group = "interfaces got or lost its group between two snapshots";
    hides(&[on(1, groups(1, "sg-other")), on(3, base())], of_group);
    let lost = [
        on(1, base()),
        on(3, with(|files| add(files, "NetworkInterfaces", interface("eni-2", "vpc-1", "10.0.0.3", "sg-db")))),
    ];
    shows(&lost);
    let of_peers = "its peer group changed between two snapshots";
    hides(&[on(1, groups(0, "sg-other")), on(3, base())], of_peers);
    let before = with(|files| drop(files["NetworkInterfaces"].as_array_mut().unwrap().remove(0)));
    hides(&[on(1, before.clone()), on(3, base())], of_peers);
    hides(&[on(1, base()), on(3, before)], of_peers);
    let no_rule = with(|files| files["SecurityGroupRules"] = json!([]));
    hides(&[on(1, no_rule), on(3, base())], "it came between two snapshots, and use before the second does not show");
    let list = |cidr: &str| {
        with(|files| {
            without(&mut files["SecurityGroupRules"][0], "ReferencedGroupInfo");
            files["SecurityGroupRules"][0]["PrefixListId"] = "pl-1".into();
            files["PrefixLists"] = json!([{"PrefixListId": "pl-1", "Entries": [{"Cidr": cidr}]}]);
        })
    };
    hides(&[on(1, list("10.0.0.0/24")), on(3, list("10.0.1.0/24"))], "its prefix list differs between snapshots");
    shows(&[on(1, list("10.0.0.0/24")), on(3, list("10.0.0.0/24"))]);
}

/// Documents come from somewhere; but not of this group, if what `describe-flow-logs` printed is right.
#[test]
fn flow_logs_that_do_not_record_it() {
    let logged = |flow_logs: Value| ask(&[with(|files| files["FlowLogs"] = flow_logs)]).0;
    let log = |number: u32, resource: &str, kind: &str| json!({"FlowLogId": format!("fl-{number}"), "ResourceId": resource, "TrafficType": kind});
    let none = Some("no flow log is known to record accepted traffic of its VPC".to_owned());
    for resource in ["vpc-1", "subnet-vpc-1", "eni-db"] {
        assert_eq!(logged(json!([log(1, resource, "ALL")])), None, "{resource}");
        assert_eq!(logged(json!([log(1, resource, "ACCEPT"), log(2, "vpc-1", "REJECT")])), None, "{resource}");
        assert_eq!(logged(json!([log(1, resource, "REJECT"), log(2, "vpc-2", "ALL")])), none, "{resource}");
    }
    // What the peer's interface shows is no document of this rule's group.
    assert_eq!(logged(json!([log(1, "eni-app", "ALL")])), none);
    assert_eq!(logged(json!([{"FlowLogId": "fl-1", "ResourceId": "vpc-1"}])), none, "nothing says what it records");
    assert_eq!(logged(json!([{"FlowLogId": "fl-1", "TrafficType": "ALL"}])), none, "nothing says of what");
    assert_eq!(logged(json!([])), none);
    // A second interface, in a subnet without a flow log.
    let two = |flow_logs: Value| {
        ask(&[with(|files| {
            let mut second = interface("eni-2", "vpc-1", "10.0.0.3", "sg-db");
            second["SubnetId"] = "subnet-2".into();
            add(files, "NetworkInterfaces", second);
            files["FlowLogs"] = flow_logs;
        })])
        .0
    };
    let part = Some("not of all its interfaces a flow log is known to record accepted traffic".to_owned());
    assert_eq!(two(json!([log(1, "subnet-vpc-1", "ALL")])), part);
    assert_eq!(two(json!([log(1, "subnet-vpc-1", "ALL"), log(2, "eni-2", "ACCEPT")])), None);
    assert_eq!(two(json!([log(1, "vpc-1", "ALL")])), None);
}

/// Without interfaces nothing is missed as long as something is logged in its VPC.
#[test]
fn flow_logs_and_a_group_on_no_interface() {
    let unattached = |flow_logs: Value| {
        let files = with(|files| {
            files["NetworkInterfaces"][1]["Groups"] = json!([{"GroupId": "sg-app"}]);
            files["FlowLogs"] = flow_logs;
        });
        let folder = folder(&[("inventory.json", files)]);
        let found = pairs(&index(folder.path(), &[]));
        found.into_iter().find(|(id, _)| id == "sgr-1").unwrap().1.get("rule-blind-spot").cloned()
    };
    let log = |resource: &str| json!([{"FlowLogId": "fl-1", "ResourceId": resource, "TrafficType": "ALL"}]);
    for resource in ["vpc-1", "subnet-vpc-1", "eni-app"] {
        assert_eq!(unattached(log(resource)), None, "{resource}");
    }
    assert_eq!(unattached(log("vpc-2")), Some("no flow log is known to record accepted traffic of its VPC".into()));
}
