//! Rules that do not exist yet, and what is asked to write them: which groups an address was in, which prefix lists there are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inventory::{
    Answer, Direction, Epoch, GroupIx, Inventory, Peer, Port, PrefixListFacts, Protocol, Query, RulePorts, Span,
};
use std::net::IpAddr;

const MARCH: Epoch = 20_513 * 86_400; // 2026-03-01
const DAY: Epoch = 86_400;

/// One account: `eni-1` keeps 10.0.0.1 and `sg-app`, and has `sg-late` from 11 March on; 10.0.0.2 goes from `eni-2` (sg-app) to `eni-3`
/// (sg-app) at that time; 10.0.0.4 is of an interface whose groups nobody listed.
fn inventory() -> Inventory {
    let snapshot = |date: &str, first: &str, second: &str| {
        format!(
            r#"{{"CapturedAt": "{date}T00:00:00Z", "AccountId": "111111111111",
            "Vpcs": [{{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}}],
            "NetworkInterfaces": [
                {{"NetworkInterfaceId": "eni-1", "VpcId": "vpc-1", "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.1",
                  "Groups": {first}}},
                {{"NetworkInterfaceId": "{second}", "VpcId": "vpc-1", "InterfaceType": "interface",
                  "PrivateIpAddress": "10.0.0.2", "Groups": [{{"GroupId": "sg-app"}}]}},
                {{"NetworkInterfaceId": "eni-4", "VpcId": "vpc-1", "InterfaceType": "interface",
                  "PrivateIpAddress": "10.0.0.4"}}],
            "PrefixLists": [
                {{"PrefixListId": "pl-1", "PrefixListName": "com.amazonaws.global.cloudfront.origin-facing", "OwnerId": "AWS",
                  "Entries": [{{"Cidr": "198.51.100.0/24"}}]}},
                {{"PrefixListId": "pl-2", "PrefixListName": "offices", "OwnerId": "111111111111", "MaxEntries": 20,
                  "Entries": [{{"Cidr": "203.0.113.0/28"}}]}},
                {{"PrefixListId": "pl-3", "PrefixListName": "unread", "OwnerId": "111111111111"}}],
            "SecurityGroups": [
                {{"GroupId": "sg-app", "VpcId": "vpc-1", "OwnerId": "111111111111",
                  "Tags": [{{"Key": "b", "Value": "2"}}, {{"Key": "a", "Value": "1"}}],
                  "IpPermissions": [], "IpPermissionsEgress": []}},
                {{"GroupId": "sg-late", "VpcId": "vpc-1", "OwnerId": "111111111111",
                  "IpPermissions": [], "IpPermissionsEgress": []}}]}}"#
        )
    };
    let early = snapshot("2026-03-01", r#"[{"GroupId": "sg-app"}]"#, "eni-2");
    let late = snapshot("2026-03-11", r#"[{"GroupId": "sg-app"}, {"GroupId": "sg-late"}]"#, "eni-3");
    Inventory::from_texts(&[("early.json", &early), ("late.json", &late)]).unwrap().inventory
}

fn span(from: Epoch, to: Epoch) -> Span {
    Span { from: MARCH + from * DAY, to: MARCH + to * DAY }
}

#[test]
fn groups_that_an_address_was_surely_in() {
    let inventory = inventory();
    let ids = |address: &str, span: Span| -> Vec<String> {
        let groups = inventory.groups_of(address.parse().unwrap(), span);
        groups.iter().map(|&group| inventory.group(group).id.clone()).collect()
    };
    assert_eq!(ids("10.0.0.1", span(11, 12)), ["sg-app", "sg-late"]);
    assert_eq!(ids("10.0.0.1", span(1, 12)), ["sg-app"], "sg-late came only then");
    assert_eq!(ids("10.0.0.2", span(11, 12)), ["sg-app"]);
    assert!(ids("10.0.0.2", span(1, 12)).is_empty(), "somebody unknown may have had it in between");
    assert!(ids("10.0.0.4", span(11, 12)).is_empty(), "its groups are not listed");
    assert!(ids("10.0.0.9", span(11, 12)).is_empty());
    assert!(ids("203.0.113.1", span(11, 12)).is_empty());

    let owners = |address: &str, span: Span| -> Vec<String> {
        let owners = inventory.owners_of(address.parse().unwrap(), span);
        owners.iter().map(|&owner| inventory.interface(owner).id.clone()).collect()
    };
    assert_eq!(owners("10.0.0.2", span(1, 12)), ["eni-2", "eni-3"]);
    assert_eq!(owners("10.0.0.1", span(1, 12)), ["eni-1"]);
    assert!(owners("10.0.0.9", span(1, 12)).is_empty());
}

#[test]
fn a_draft_is_asked_like_a_rule() {
    let inventory = inventory();
    let group = inventory.group_ix("sg-app").unwrap();
    let (protocol, ports) = (Some(Protocol::TCP), RulePorts::Range { from: 443, to: 443 });
    let answer = |peer: Peer, address: &str| {
        let rule = inventory.draft(group, Direction::Ingress, protocol, ports, peer);
        let peer: IpAddr = address.parse().unwrap();
        let port = Port::Known(443);
        let (direction, protocol, other_peer) = (Direction::Ingress, Protocol::TCP, None);
        inventory.allows(&rule, &Query { span: span(1, 12), direction, protocol, port, peer, other_peer })
    };
    let of_group = |id: &str| Peer::Group { id: id.to_owned(), owner: None, vpc: None };
    let list = |id: &str| Peer::PrefixList(id.to_owned());
    assert_eq!(answer(Peer::Cidr("10.0.0.0/24".parse().unwrap()), "10.0.0.9"), Answer::Surely);
    assert_eq!(answer(Peer::Cidr("10.0.0.0/24".parse().unwrap()), "10.0.1.9"), Answer::No);
    // No rule of the inventory names these groups.
    assert_eq!(answer(of_group("sg-app"), "10.0.0.1"), Answer::Surely);
    assert_eq!(answer(of_group("sg-late"), "10.0.0.1"), Answer::Possibly);
    assert_eq!(answer(of_group("sg-late"), "203.0.113.1"), Answer::No);
    assert_eq!(answer(of_group("sg-unheard-of"), "203.0.113.1"), Answer::Possibly, "it may be anybody's");
    assert_eq!(answer(list("pl-2"), "203.0.113.15"), Answer::Surely);
    assert_eq!(answer(list("pl-2"), "203.0.113.16"), Answer::No);
    assert_eq!(answer(list("pl-3"), "203.0.113.16"), Answer::Possibly, "its entries are not known");
}

#[test]
fn what_is_known_of_lists_and_groups() {
    let inventory = inventory();
    let lists: Vec<(&str, PrefixListFacts)> = inventory.prefix_lists().collect();
    assert_eq!(lists.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["pl-1", "pl-2"], "only lists with entries");
    assert!(lists[0].1.is_aws_managed() && !lists[1].1.is_aws_managed());
    assert_eq!((lists[1].1.name.as_str(), lists[1].1.max_entries), ("offices", Some(20)));
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(inventory.groups()[0].tags, [pair("a", "1"), pair("b", "2")]);
    assert_eq!(inventory.group(GroupIx(1)).tags, []);
}

/// Two files without a date, of different days or one of them a wish: what only one of them has may not exist.
#[test]
fn what_two_listings_of_one_snapshot_do_not_agree_on_never_surely_allows() {
    let listing = |cidrs: &[&str]| {
        let ranges: Vec<String> = cidrs.iter().map(|cidr| format!(r#"{{"CidrIp": "{cidr}"}}"#)).collect();
        format!(
            r#"{{"NetworkInterfaces": [], "SecurityGroups": [{{"GroupId": "sg-1", "VpcId": "vpc-1", "OwnerId": "111111111111",
            "IpPermissions": [{{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{}]}}],
            "IpPermissionsEgress": []}}]}}"#,
            ranges.join(", ")
        )
    };
    let (one, other) = (listing(&["10.0.0.0/8", "192.0.2.0/24"]), listing(&["10.0.0.0/8", "203.0.113.0/24"]));
    let inventory = Inventory::from_texts(&[("one.json", &one), ("other.json", &other)]).unwrap().inventory;
    let answer = |peer: &str| {
        let (direction, protocol, other_peer) = (Direction::Ingress, Protocol::TCP, None);
        let (port, peer) = (Port::Known(443), peer.parse().unwrap());
        let query = Query { span: span(1, 2), direction, protocol, port, peer, other_peer };
        inventory.groups()[0].rules.iter().map(|rule| inventory.allows(rule, &query)).max()
    };
    assert_eq!(answer("10.1.2.3"), Some(Answer::Surely));
    assert_eq!(answer("192.0.2.1"), Some(Answer::Possibly));
    assert_eq!(answer("203.0.113.1"), Some(Answer::Possibly));
    assert_eq!(answer("198.51.100.1"), Some(Answer::No));
}

#[test]
fn a_plan_is_no_inventory() {
    let plan = r#"{"Schema": "sgflow.plan/1", "SecurityGroups": [], "SecurityGroupRules": []}"#;
    let error = Inventory::from_texts(&[("plan.json", plan)]).unwrap_err().to_string();
    assert!(error.starts_with("plan.json is a plan, not an inventory"), "{error}");
}
