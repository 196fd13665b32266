//! Documents of rules, one by one.

use serde_json::json;

use super::{folder, index, pairs};

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
