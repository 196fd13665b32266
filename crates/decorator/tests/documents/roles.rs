//! `flow-role` and `security-group-rule-ids`.

use serde_json::{Value, json};

use crate::bench::{BASTION, Bench};

const COLUMNS: &str =
    "interface-id srcaddr dstaddr srcport dstport protocol tcp-flags pkt-srcaddr pkt-dstaddr start end action";

/// A record of the bastion between 172.31.16.21 and a peer: its role and the rules that allow it.
fn told(bench: &mut Bench, way: &str, peer: &str, ports: (u16, u16), protocol_flags_action: &str) -> (String, Value) {
    let own = if peer.contains(':') { "2001:db8:1234:a102:3304:8879:34cf:4071" } else { "172.31.16.21" };
    let (source, destination) = if way == "in" { (peer, own) } else { (own, peer) };
    let [protocol, flags, action] = protocol_flags_action.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let line = format!(
        "eni-1235b8ca123456789 {source} {destination} {} {} {protocol} {flags} - - 1418530010 1418530070 {action}",
        ports.0, ports.1
    );
    let document = bench.read(COLUMNS, &line);
    let role = document["flow-role"].as_str().unwrap().to_owned();
    (role, document["security-group-rule-ids"].clone())
}

#[test]
fn by_flags_and_rules() {
    let mut bench = Bench::with_rules(BASTION);
    let none = Value::Null;
    let cases = [
        // SYN alone: a request, and the rule that allows it.
        ("in", "172.31.9.9", (20641, 22), "6 2 ACCEPT", "request", json!(["sgr-ssh"])),
        ("in", "2001:db8::7", (20641, 22), "6 3 ACCEPT", "request", json!(["sgr-ssh6"])),
        ("out", "203.0.113.9", (20641, 443), "6 2 ACCEPT", "request", json!(["sgr-out"])),
        // A request that a network ACL refused: the group would have let it in.
        ("in", "172.31.9.9", (20641, 22), "6 2 REJECT", "request", json!(["sgr-ssh"])),
        // A request that no rule allows: refused by the groups, or a contradiction. Flags go before rules.
        ("in", "203.0.113.9", (20641, 22), "6 2 REJECT", "request", none.clone()),
        ("in", "203.0.113.9", (20641, 22), "6 2 ACCEPT", "request", none.clone()),
        // SYN and ACK: the answer; it needs no rule.
        ("out", "172.31.9.9", (22, 20641), "6 18 ACCEPT", "reply", none.clone()),
        ("in", "172.31.9.9", (20641, 22), "6 18 ACCEPT", "reply", none.clone()),
        // No flags that tell: what rules allow may be either, what they refuse and went through is a reply.
        ("in", "172.31.9.9", (20641, 22), "6 - ACCEPT", "ambiguous", none.clone()),
        ("in", "172.31.9.9", (20641, 22), "6 0 ACCEPT", "ambiguous", none.clone()),
        ("out", "172.31.9.9", (22, 20641), "6 0 ACCEPT", "reply", none.clone()),
        ("out", "172.31.9.9", (0, 0), "1 - ACCEPT", "reply", none.clone()),
        // Refused and not let through: nothing is known about it.
        ("out", "172.31.9.9", (22, 20641), "6 0 REJECT", "ambiguous", none.clone()),
    ];
    for (way, peer, ports, rest, role, rules) in cases {
        assert_eq!(told(&mut bench, way, peer, ports, rest), (role.to_owned(), rules), "{way} {peer} {ports:?} {rest}");
    }
}

#[test]
fn without_rule_lookup_only_flags_tell() {
    let mut bench = Bench::classic(BASTION);
    let mut role = |rest: &str| told(&mut bench, "out", "172.31.9.9", (22, 20641), rest);
    assert_eq!(role("6 0 ACCEPT"), ("ambiguous".to_owned(), Value::Null));
    assert_eq!(role("6 2 ACCEPT"), ("request".to_owned(), Value::Null));
    assert_eq!(role("6 18 ACCEPT"), ("reply".to_owned(), Value::Null));
}

/// An inventory with the bastion's interface, other groups on it, and these rules.
fn inventory(interface_groups: &str, groups: &str, rules: &str) -> String {
    format!(
        r#"{{"NetworkInterfaces": [{{"NetworkInterfaceId": "eni-1235b8ca123456789", "OwnerId": "123456789010",
            "VpcId": "vpc-1", "InterfaceType": "interface", "PrivateIpAddress": "172.31.16.21"{interface_groups}}}],
            "Vpcs": [{{"VpcId": "vpc-1", "CidrBlock": "172.31.0.0/16"}}],
            "SecurityGroups": [{groups}]{rules}}}"#
    )
}

#[test]
fn what_is_not_known_refuses_nothing() {
    let a = r#"{"GroupId": "sg-a", "GroupName": "a", "OwnerId": "123456789010", "VpcId": "vpc-1"}"#;
    let a_without_rules = a.replace('}', r#", "IpPermissions": [], "IpPermissionsEgress": []}"#);
    let carries_a = r#", "Groups": [{"GroupId": "sg-a"}]"#;
    let role =
        |inventory: &str| told(&mut Bench::with_rules(inventory), "in", "172.31.9.9", (20641, 22), "6 0 ACCEPT").0;
    assert_eq!(role(&inventory(carries_a, &a_without_rules, "")), "reply", "a group that surely has no rule");
    assert_eq!(role(&inventory(carries_a, a, "")), "ambiguous", "a group whose rules nobody listed");
    assert_eq!(role(&inventory("", &a_without_rules, "")), "ambiguous", "groups of the interface missing");
    assert_eq!(role(&inventory(r#", "Groups": []"#, &a_without_rules, "")), "ambiguous", "no group: nothing filters");

    let rule = |peer: &str| {
        format!(
            r#", "SecurityGroupRules": [{{"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-a", "GroupOwnerId": "123456789010",
                "IsEgress": false, "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, {peer}}}]"#
        )
    };
    let other_peer = inventory(carries_a, a, &rule(r#""CidrIpv4": "10.0.0.0/8""#));
    assert_eq!(role(&other_peer), "reply");
    let group_peer = inventory(carries_a, a, &rule(r#""ReferencedGroupInfo": {"GroupId": "sg-a"}"#));
    assert_eq!(role(&group_peer), "ambiguous", "nobody knows whether 172.31.9.9 carried the group");
    let list_peer = inventory(carries_a, a, &rule(r#""PrefixListId": "pl-1""#));
    assert_eq!(role(&list_peer), "ambiguous", "entries of the list are missing");

    // The same for a request: what a rule possibly allows is named, what hangs on an unknown owner alone is not.
    let rules =
        |inventory: &str| told(&mut Bench::with_rules(inventory), "in", "172.31.9.9", (20641, 22), "6 2 ACCEPT").1;
    assert_eq!(rules(&other_peer), Value::Null);
    assert_eq!(rules(&group_peer), Value::Null);
    assert_eq!(rules(&list_peer), json!(["sgr-1"]));
}

#[test]
fn either_address_of_the_peer_counts() {
    let mut bench = Bench::with_rules(BASTION);
    let mut rules = |addresses_and_ports: &str, of_packet: &str| {
        let line = format!("eni-1235b8ca123456789 {addresses_and_ports} 6 2 {of_packet} 1418530010 1418530070 ACCEPT");
        bench.read(COLUMNS, &line)["security-group-rule-ids"].clone()
    };
    // The record says 10.9.9.9, the packet 172.31.9.9: the group may have judged either.
    assert_eq!(rules("10.9.9.9 172.31.16.21 20641 22", "172.31.9.9 -"), json!(["sgr-ssh"]));
    assert_eq!(rules("10.9.9.9 172.31.16.21 20641 22", "- 172.31.9.9"), Value::Null, "that is not the peer");
    assert_eq!(rules("172.31.16.21 192.168.1.1 20641 5432", "- 10.9.9.9"), json!(["sgr-db"]));
    assert_eq!(rules("172.31.16.21 192.168.1.1 20641 5432", "10.9.9.9 -"), Value::Null);
}

#[test]
fn rules_without_an_id_have_one_of_their_content() {
    let groups = r#"{"GroupId": "sg-a", "GroupName": "a", "OwnerId": "123456789010", "VpcId": "vpc-1", "IpPermissionsEgress": [],
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}]}"#;
    let text = inventory(r#", "Groups": [{"GroupId": "sg-a"}]"#, groups, "");
    let (_, rules) = told(&mut Bench::with_rules(&text), "in", "172.31.9.9", (20641, 22), "6 2 ACCEPT");
    let id = rules[0].as_str().unwrap();
    assert!(id.starts_with("sgr-content-"), "{id}");
    assert_eq!(rules.as_array().unwrap().len(), 1);
}
