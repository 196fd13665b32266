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

    // The same for a request: only rules that surely allow it are named.
    let rules =
        |inventory: &str| told(&mut Bench::with_rules(inventory), "in", "172.31.9.9", (20641, 22), "6 2 ACCEPT").1;
    assert_eq!(rules(&other_peer), Value::Null);
    assert_eq!(rules(&group_peer), Value::Null);
    assert_eq!(rules(&list_peer), Value::Null);
    let known_list = list_peer.replace(
        r#""SecurityGroupRules""#,
        r#""PrefixLists": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "172.31.9.0/24"}]}], "SecurityGroupRules""#,
    );
    assert_eq!(rules(&known_list), json!(["sgr-1"]));
}

#[test]
fn either_address_of_the_peer_counts() {
    let mut bench = Bench::with_rules(BASTION);
    let mut rules = |addresses_and_ports: &str, of_packet: &str| {
        let line = format!("eni-1235b8ca123456789 {addresses_and_ports} 6 2 {of_packet} 1418530010 1418530070 ACCEPT");
        bench.read(COLUMNS, &line)["security-group-rule-ids"].clone()
    };
    // The record says 10.9.9.9, the packet 172.31.9.9: the group may have judged either, so a rule for one of them is not sure.
    assert_eq!(rules("10.9.9.9 172.31.16.21 20641 22", "172.31.9.9 -"), Value::Null);
    assert_eq!(rules("172.31.8.8 172.31.16.21 20641 22", "172.31.9.9 -"), json!(["sgr-ssh"]), "it is for both");
    assert_eq!(rules("172.31.8.8 172.31.16.21 20641 22", "- 10.9.9.9"), json!(["sgr-ssh"]), "that is not the peer");
    assert_eq!(rules("172.31.16.21 192.168.1.1 20641 5432", "- 10.9.9.9"), Value::Null);
    assert_eq!(rules("172.31.16.21 10.8.8.8 20641 5432", "- 10.9.9.9"), json!(["sgr-db"]));

    // A reply needs that both are refused.
    let mut role = |addresses_and_ports: &str, of_packet: &str| {
        let line = format!("eni-1235b8ca123456789 {addresses_and_ports} 6 0 {of_packet} 1418530010 1418530070 ACCEPT");
        bench.read(COLUMNS, &line)["flow-role"].clone()
    };
    assert_eq!(role("10.9.9.9 172.31.16.21 20641 22", "172.31.9.9 -"), "ambiguous");
    assert_eq!(role("10.9.9.9 172.31.16.21 20641 22", "10.9.9.8 -"), "reply");
}

#[test]
fn a_rule_without_an_id_is_not_named() {
    let groups = r#"{"GroupId": "sg-a", "GroupName": "a", "OwnerId": "123456789010", "VpcId": "vpc-1", "IpPermissionsEgress": [],
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}]}"#;
    let text = inventory(r#", "Groups": [{"GroupId": "sg-a"}]"#, groups, "");
    let (role, rules) = told(&mut Bench::with_rules(&text), "in", "172.31.9.9", (20641, 22), "6 2 ACCEPT");
    assert_eq!((role.as_str(), rules), ("request", Value::Null));
}

/// A record of an account with these TCP flags, out of port 22 of the bastion: the role that it gets. The rules do not refuse it as a
/// request.
fn role_by_flags(bench: &mut Bench, account: &str, protocol: u8, flags: u16) -> String {
    let columns = "account-id srcaddr dstaddr srcport dstport protocol tcp-flags start end action";
    let line = format!("{account} 172.31.16.21 172.31.9.9 22 20641 {protocol} {flags} 1418530010 1418530070 ACCEPT");
    bench.read(columns, &line)["flow-role"].as_str().unwrap().to_owned()
}

#[test]
fn syn_and_ack_tell_nothing_where_a_source_writes_raw_flags() {
    let mut bench = Bench::classic(BASTION);
    let (raw, documented) = ("111111111111", "222222222222");
    for flags in [18, 19, 22, 23] {
        assert_eq!(role_by_flags(&mut bench, raw, 6, flags), "reply", "nothing raw was seen yet");
    }
    // PSH, of UDP: no flags at all.
    role_by_flags(&mut bench, raw, 17, 8);
    assert_eq!(role_by_flags(&mut bench, raw, 6, 18), "reply");
    // FIN, PSH and ACK without SYN.
    assert_eq!(role_by_flags(&mut bench, raw, 6, 25), "ambiguous");
    for flags in [18, 19, 22, 23] {
        assert_eq!(role_by_flags(&mut bench, raw, 6, flags), "ambiguous", "{flags}");
        assert_eq!(role_by_flags(&mut bench, documented, 6, flags), "reply", "another account has another source");
    }
    assert_eq!(role_by_flags(&mut bench, raw, 6, 2), "request", "SYN alone is one from any source");
    // Interfaces of AWS services name no account: it may be the one with raw flags.
    assert_eq!(role_by_flags(&mut bench, "unknown", 6, 18), "ambiguous");
    assert_eq!(role_by_flags(&mut bench, "-", 6, 18), "ambiguous");
    // And the other way round.
    let mut bench = Bench::classic(BASTION);
    assert_eq!(role_by_flags(&mut bench, "unknown", 6, 18), "reply");
    role_by_flags(&mut bench, "unknown", 6, 16);
    assert_eq!(role_by_flags(&mut bench, documented, 6, 18), "ambiguous");
}

#[test]
fn rules_tell_of_a_raw_syn_and_ack() {
    let mut bench = Bench::with_rules(BASTION);
    let mut role = |way: &str, ports: (u16, u16), flags: u16| {
        told(&mut bench, way, "172.31.9.9", ports, &format!("6 {flags} ACCEPT")).0
    };
    assert_eq!(role("in", (20641, 22), 18), "reply");
    assert_eq!(role("in", (20641, 22), 24), "ambiguous");
    assert_eq!(role("in", (20641, 22), 18), "ambiguous");
    assert_eq!(role("out", (22, 20641), 18), "reply", "no rule lets this out as a request");
}
