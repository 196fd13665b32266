#![allow(clippy::unwrap_used)]
use super::Doubt;
use crate::Inventory;
use crate::rule::Rule;

/// An interface of account 1 in a VPC, with one address and these groups; none: without the key.
fn interface(id: &str, vpc: &str, address: &str, groups: Option<&[&str]>) -> String {
    let groups: Option<Vec<String>> =
        groups.map(|groups| groups.iter().map(|group| format!(r#"{{"GroupId": "{group}"}}"#)).collect());
    let groups = groups.map_or(String::new(), |groups| format!(r#", "Groups": [{}]"#, groups.join(",")));
    format!(
        r#"{{"NetworkInterfaceId": "{id}", "VpcId": "{vpc}", "OwnerId": "1", "InterfaceType": "interface",
            "PrivateIpAddress": "{address}"{groups}}}"#
    )
}

fn snapshot(day: u32, interfaces: &[String]) -> String {
    let interfaces = interfaces.join(",");
    format!(r#"{{"CapturedAt": "2026-03-0{day}T00:00:00Z", "AccountId": "1", "NetworkInterfaces": [{interfaces}]}}"#)
}

/// Groups sg-a and sg-b of vpc-1, and sg-a's rules for peers; beside these files.
fn inventory(peers: &[&str], files: &[String]) -> Inventory {
    let rules: Vec<String> = peers
        .iter()
        .zip(1..)
        .map(|(peer, port)| {
            format!(
                r#"{{"SecurityGroupRuleId": "sgr-{port}", "GroupId": "sg-a", "GroupOwnerId": "1", "IsEgress": false,
                    "IpProtocol": "tcp", "FromPort": {port}, "ToPort": {port}, {peer}}}"#
            )
        })
        .collect();
    let group = |id: &str| format!(r#"{{"GroupId": "{id}", "OwnerId": "1", "VpcId": "vpc-1"}}"#);
    let groups = format!(
        r#"{{"CapturedAt": "2026-03-01T00:00:00Z", "AccountId": "1",
            "SecurityGroups": [{}, {}], "SecurityGroupRules": [{}]}}"#,
        group("sg-a"),
        group("sg-b"),
        rules.join(",")
    );
    let names: Vec<String> = (0..files.len()).map(|number| format!("{number}.json")).collect();
    let mut texts: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(files.iter().map(String::as_str)).collect();
    texts.push(("groups.json", &groups));
    Inventory::from_texts(&texts).unwrap().inventory
}

const OF_B: &str = r#""ReferencedGroupInfo": {"GroupId": "sg-b"}"#;

fn rules(inventory: &Inventory) -> &[Rule] {
    &inventory.group(inventory.group_ix("sg-a").unwrap()).rules
}

fn of_carriers(files: &[String]) -> Option<Doubt> {
    let inventory = inventory(&[], files);
    inventory.doubt_of_carriers(inventory.group_ix("sg-a").unwrap())
}

fn of_peer(files: &[String]) -> Option<Doubt> {
    let inventory = inventory(&[OF_B], files);
    inventory.doubt_of_peer(&rules(&inventory)[0])
}

#[test]
fn carriers() {
    let a = || interface("eni-a", "vpc-1", "10.0.0.1", Some(&["sg-a"]));
    assert_eq!(of_carriers(&[]), Some(Doubt::Unlisted));
    assert_eq!(of_carriers(&[snapshot(1, &[])]), None, "read, and on no interface");
    assert_eq!(of_carriers(&[snapshot(1, &[a()])]), None);
    assert_eq!(of_carriers(&[snapshot(1, &[]), snapshot(2, &[a()]), snapshot(3, &[])]), None, "it came and went whole");
    let open = |vpc| snapshot(1, &[a(), interface("eni-x", vpc, "10.0.0.9", None)]);
    assert_eq!(of_carriers(&[open("vpc-1")]), Some(Doubt::Open));
    assert_eq!(of_carriers(&[open("vpc-2")]), None, "sg-a cannot be used in vpc-2");
    let other = || interface("eni-a", "vpc-1", "10.0.0.1", Some(&["sg-b"]));
    assert_eq!(of_carriers(&[snapshot(1, &[other()]), snapshot(2, &[a()])]), Some(Doubt::Changed));
    assert_eq!(of_carriers(&[snapshot(1, &[other(), a()])]), Some(Doubt::Open), "listed twice");
    let both = interface("eni-a", "vpc-1", "10.0.0.1", Some(&["sg-b", "sg-a"]));
    assert_eq!(of_carriers(&[snapshot(1, &[both]), snapshot(2, &[a()])]), None, "sg-b alone went");
}

#[test]
fn members_of_a_peer_group() {
    let b = || interface("eni-b", "vpc-1", "10.0.0.2", Some(&["sg-b"]));
    assert_eq!(of_peer(&[]), Some(Doubt::Unlisted));
    assert_eq!(of_peer(&[snapshot(1, &[])]), Some(Doubt::Nobody));
    assert_eq!(of_peer(&[snapshot(1, &[b()])]), None);
    assert_eq!(of_peer(&[snapshot(1, &[b()]), snapshot(2, &[b()])]), None);
    let open = interface("eni-x", "vpc-1", "10.0.0.9", None);
    assert_eq!(of_peer(&[snapshot(1, &[b(), open])]), Some(Doubt::Open));
    // It came, it went, it got the group, it got another address.
    let changed = Some(Doubt::Changed);
    assert_eq!(of_peer(&[snapshot(1, &[]), snapshot(2, &[b()])]), changed);
    assert_eq!(of_peer(&[snapshot(1, &[b()]), snapshot(2, &[])]), changed);
    let with = |address: &str, group: &str| interface("eni-b", "vpc-1", address, Some(&[group]));
    assert_eq!(of_peer(&[snapshot(1, &[with("10.0.0.2", "sg-a")]), snapshot(2, &[b()])]), changed);
    assert_eq!(of_peer(&[snapshot(1, &[with("10.0.0.3", "sg-b")]), snapshot(2, &[b()])]), changed);
}

#[test]
fn addresses_that_may_be_of_others() {
    let b = || interface("eni-b", "vpc-1", "10.0.0.2", Some(&["sg-b"]));
    // The same address in another VPC, of somebody else.
    let twin = interface("eni-c", "vpc-2", "10.0.0.2", Some(&["sg-a"]));
    assert_eq!(of_peer(&[snapshot(1, &[b(), twin])]), Some(Doubt::Addresses));
    // sg-b can be used in vpc-3 too, and the blocks of neither are known.
    let association = r#"{"SecurityGroupVpcAssociations": [{"GroupId": "sg-b", "VpcId": "vpc-3"}]}"#.to_owned();
    assert_eq!(of_peer(&[snapshot(1, &[b()]), association.clone()]), Some(Doubt::Addresses));
    let blocks =
        r#"{"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-3", "CidrBlock": "10.3.0.0/16"}]}"#;
    assert_eq!(of_peer(&[snapshot(1, &[b()]), association, blocks.to_owned()]), None);
    // In a VPC that nothing but the rule names.
    let inventory =
        inventory(&[r#""ReferencedGroupInfo": {"GroupId": "sg-b", "VpcId": "vpc-far"}"#], &[snapshot(1, &[b()])]);
    assert_eq!(inventory.doubt_of_peer(&rules(&inventory)[0]), Some(Doubt::Addresses));
    // Attached to an instance, and since when is missing.
    let attached = b().replacen('{', r#"{"Attachment": {"InstanceId": "i-1"},"#, 1);
    assert_eq!(of_peer(&[snapshot(1, &[attached])]), Some(Doubt::Addresses));
    // No address at all.
    let bare = r#"{"NetworkInterfaceId": "eni-b", "VpcId": "vpc-1", "Groups": [{"GroupId": "sg-b"}]}"#.to_owned();
    assert_eq!(of_peer(&[snapshot(1, &[bare])]), Some(Doubt::Addresses));
}

#[test]
fn ranges_and_prefix_lists() {
    let list = |day: u32, entries: &str| {
        format!(
            r#"{{"CapturedAt": "2026-03-0{day}T00:00:00Z", "AccountId": "1",
                "PrefixLists": [{{"PrefixListId": "pl-1"{entries}}}]}}"#
        )
    };
    let doubt = |files: &[String]| {
        let inventory = inventory(&[r#""CidrIpv4": "10.0.0.0/8""#, r#""PrefixListId": "pl-1""#], files);
        assert_eq!(inventory.doubt_of_peer(&rules(&inventory)[0]), None);
        inventory.doubt_of_peer(&rules(&inventory)[1])
    };
    let (one, same, more) = (
        r#", "Entries": [{"Cidr": "192.0.2.0/24"}]"#,
        r#", "Entries": [{"Cidr": "192.0.2.128/25"}, {"Cidr": "192.0.2.0/25"}]"#,
        r#", "Entries": [{"Cidr": "192.0.2.0/23"}]"#,
    );
    assert_eq!(doubt(&[]), Some(Doubt::Unlisted));
    assert_eq!(doubt(&[list(1, "")]), Some(Doubt::Unlisted));
    assert_eq!(doubt(&[list(1, one)]), None);
    assert_eq!(doubt(&[list(1, one), list(2, same)]), None);
    assert_eq!(doubt(&[list(1, one), list(2, more)]), Some(Doubt::Changed));
    assert_eq!(doubt(&[list(1, one), list(2, "")]), Some(Doubt::Changed));
}
