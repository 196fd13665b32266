//! Peers by group: load balancers, other accounts, overlapping VPCs, prefixes; named ports; traffic that is not logged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inventory::{Answer, Direction, Exposure, Inventory, Port, Protocol, Query, Rule, Span, UnloggedKind};
use serde_json::{Value, json};

const OURS: &str = "123456789012";

fn load(document: Value) -> Inventory {
    let text = document.to_string();
    Inventory::from_texts(&[("a.json", &text)]).unwrap().inventory
}

fn interface(id: &str, kind: &str, vpc: &str, address: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|group| json!({ "GroupId": group })).collect();
    json!({"NetworkInterfaceId": id, "OwnerId": OURS, "VpcId": vpc, "InterfaceType": kind, "RequesterManaged": false,
        "PrivateIpAddress": address, "Groups": groups})
}

/// A group with one ingress rule for each (protocol, from, to, peer).
fn group(id: &str, rules: &[(&str, i64, i64, &str)]) -> Value {
    let mut permissions = Vec::new();
    for (protocol, from, to, peer) in rules {
        let mut permission = json!({"IpProtocol": protocol, "FromPort": from, "ToPort": to});
        if peer.starts_with("sg-") {
            permission["UserIdGroupPairs"] = json!([{"GroupId": peer, "UserId": OURS}]);
        } else if peer.contains(':') {
            permission["Ipv6Ranges"] = json!([{ "CidrIpv6": peer }]);
        } else if peer.starts_with("pl-") {
            permission["PrefixListIds"] = json!([{ "PrefixListId": peer }]);
        } else {
            permission["IpRanges"] = json!([{ "CidrIp": peer }]);
        }
        permissions.push(permission);
    }
    json!({"GroupId": id, "OwnerId": OURS, "VpcId": "vpc-1", "IpPermissions": permissions, "IpPermissionsEgress": []})
}

fn rule<'a>(inventory: &'a Inventory, group: &str, index: usize) -> &'a Rule {
    &inventory.group(inventory.group_ix(group).unwrap()).rules[index]
}

fn ask(inventory: &Inventory, rule: &Rule, peer: &str, other_peer: Option<&str>) -> Answer {
    let query = Query {
        span: Span { from: 1_000, to: 2_000 },
        direction: rule.direction,
        protocol: Protocol::TCP,
        port: Port::Known(80),
        peer: peer.parse().unwrap(),
        other_peer: other_peer.map(|other| other.parse().unwrap()),
    };
    inventory.allows(rule, &query)
}

#[test]
fn a_network_load_balancer_may_keep_any_client_address() {
    for kind in ["network_load_balancer", "global_accelerator_managed"] {
        let mut target = group("sg-target", &[("tcp", 80, 80, "sg-nlb")]);
        target["IpPermissionsEgress"] = target["IpPermissions"].clone();
        let inventory = load(json!({
            "NetworkInterfaces": [interface("eni-nlb", kind, "vpc-1", "10.0.0.9", &["sg-nlb"]),
                interface("eni-t", "interface", "vpc-1", "10.0.0.5", &["sg-target"])],
            "SecurityGroups": [target, group("sg-nlb", &[])],
        }));
        let ingress = rule(&inventory, "sg-target", 0);
        assert_eq!(ingress.direction, Direction::Ingress);
        assert_eq!(ask(&inventory, ingress, "10.0.0.9", None), Answer::Surely);
        assert_eq!(ask(&inventory, ingress, "203.0.113.9", None), Answer::Possibly, "a public client");
        assert_eq!(ask(&inventory, ingress, "10.0.0.5", None), Answer::Possibly, "a private client");
        let egress = rule(&inventory, "sg-target", 1);
        assert_eq!(ask(&inventory, egress, "203.0.113.9", None), Answer::No, "outbound nothing is kept");
    }
}

#[test]
fn either_address_of_a_packet_may_have_been_judged() {
    let inventory = load(json!({
        "NetworkInterfaces": [interface("eni-1", "interface", "vpc-1", "10.0.0.5", &["sg-app"])],
        "SecurityGroups": [group("sg-db", &[("tcp", 80, 80, "10.0.0.0/24"), ("tcp", 80, 80, "sg-app")])],
    }));
    let cidr = rule(&inventory, "sg-db", 0);
    assert_eq!(ask(&inventory, cidr, "10.0.0.5", Some("10.0.0.6")), Answer::Surely);
    assert_eq!(ask(&inventory, cidr, "10.0.0.5", Some("10.0.1.6")), Answer::Possibly);
    assert_eq!(ask(&inventory, cidr, "10.0.1.5", Some("10.0.0.6")), Answer::Possibly);
    assert_eq!(ask(&inventory, cidr, "10.0.1.5", Some("10.0.1.6")), Answer::No);
    let reference = rule(&inventory, "sg-db", 1);
    assert_eq!(ask(&inventory, reference, "203.0.113.1", Some("10.0.0.5")), Answer::Possibly);
    assert_eq!(ask(&inventory, reference, "203.0.113.1", Some("10.0.0.77")), Answer::Unplaced);
}

#[test]
fn overlapping_vpcs_leave_open_whose_address_it_was() {
    let inventory = load(json!({
        "NetworkInterfaces": [interface("eni-1", "interface", "vpc-1", "10.0.0.5", &["sg-app"]),
            interface("eni-2", "interface", "vpc-2", "10.0.0.5", &[]),
            interface("eni-3", "interface", "vpc-2", "10.0.0.6", &[])],
        "SecurityGroups": [group("sg-db", &[("tcp", 80, 80, "sg-app")]), group("sg-app", &[])],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "CidrBlock": "10.0.0.0/16"}],
    }));
    let rule = rule(&inventory, "sg-db", 0);
    assert_eq!(ask(&inventory, rule, "10.0.0.5", None), Answer::Possibly);
    assert_eq!(
        ask(&inventory, rule, "10.0.0.6", None),
        Answer::Unplaced,
        "known in the other VPC, but not in this one"
    );
}

#[test]
fn groups_of_peered_vpcs_and_other_accounts() {
    let far = "210987654321";
    let mut app = group("sg-db", &[]);
    app["IpPermissions"] = json!([{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs":
        [{"GroupId": "sg-far", "UserId": far, "VpcId": "vpc-far", "VpcPeeringConnectionId": "pcx-1", "PeeringStatus": "active"}]}]);
    let groups = json!([app]);
    let mut theirs = interface("eni-far", "interface", "vpc-far", "10.7.0.5", &["sg-far"]);
    theirs["OwnerId"] = json!(far);
    let ours = interface("eni-1", "interface", "vpc-1", "10.0.0.5", &["sg-db"]);
    let without = load(json!({"NetworkInterfaces": [ours], "SecurityGroups": groups}));
    assert_eq!(ask(&without, rule(&without, "sg-db", 0), "203.0.113.1", None), Answer::Possibly, "who knows");
    assert!(without.unresolved(rule(&without, "sg-db", 0)).unwrap().contains(far));
    let with = load(json!({"NetworkInterfaces": [ours, theirs], "SecurityGroups": groups,
        "Vpcs": [{"VpcId": "vpc-far", "CidrBlock": "10.7.0.0/16"}]}));
    let reference = rule(&with, "sg-db", 0);
    assert_eq!(ask(&with, reference, "10.7.0.5", None), Answer::Surely);
    assert_eq!(ask(&with, reference, "10.7.0.6", None), Answer::Unplaced);
    assert_eq!(ask(&with, reference, "10.0.0.6", None), Answer::No, "not in the peer's VPC");
    assert!(!with.group(with.group_ix("sg-far").unwrap()).rules_known);
}

#[test]
fn associated_vpcs_count_as_the_groups_own() {
    let inventory = |associations: Value| {
        load(json!({
            "NetworkInterfaces": [interface("eni-1", "interface", "vpc-1", "10.0.0.5", &[])],
            "SecurityGroups": [group("sg-db", &[("tcp", 80, 80, "sg-app")]), group("sg-app", &[])],
            "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "CidrBlock": "10.2.0.0/16"}],
            "SecurityGroupVpcAssociations": associations,
        }))
    };
    let without = inventory(json!([]));
    assert_eq!(ask(&without, rule(&without, "sg-db", 0), "10.2.0.5", None), Answer::No);
    let with = inventory(json!([{"GroupId": "sg-app", "VpcId": "vpc-2", "VpcOwnerId": OURS, "State": "associated"}]));
    assert_eq!(ask(&with, rule(&with, "sg-db", 0), "10.2.0.5", None), Answer::Unplaced);
    assert_eq!(with.group(with.group_ix("sg-app").unwrap()).usable_vpcs, ["vpc-1", "vpc-2"]);
}

#[test]
fn prefixes_and_ipv6_addresses_belong_to_their_interface() {
    let mut node = interface("eni-1", "interface", "vpc-1", "10.0.0.5", &["sg-app"]);
    node["Ipv4Prefixes"] = json!([{"Ipv4Prefix": "10.0.1.16/28"}]);
    node["Ipv6Prefixes"] = json!([{"Ipv6Prefix": "2001:db8:0:0:1::/80"}]);
    node["Ipv6Addresses"] = json!([{"Ipv6Address": "2001:db8::7"}]);
    let inventory = load(json!({
        "NetworkInterfaces": [node],
        "SecurityGroups": [group("sg-db", &[("tcp", 80, 80, "sg-app")]), group("sg-app", &[])],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56"}]}],
    }));
    let reference = rule(&inventory, "sg-db", 0);
    for peer in ["10.0.0.5", "10.0.1.20", "2001:db8::7", "2001:db8:0:0:1::9"] {
        assert_eq!(ask(&inventory, reference, peer, None), Answer::Surely, "{peer}");
    }
    for peer in ["10.0.1.32", "2001:db8:0:0:2::9"] {
        assert_eq!(ask(&inventory, reference, peer, None), Answer::Unplaced, "{peer}");
    }
    assert_eq!(ask(&inventory, reference, "2001:db9::1", None), Answer::No);
    // 1 + 16 IPv4, 1 + 2^48 IPv6 addresses.
    let exposure = Exposure { address_overflows: 0, addresses: 18 + (1 << 48), ports: 1 };
    assert_eq!(reference.exposure_parts(&inventory), exposure);
}

#[test]
fn prefix_lists_mean_their_entries() {
    let inventory = load(json!({
        "SecurityGroups": [group("sg-db", &[("tcp", 80, 89, "pl-1"), ("tcp", 80, 80, "pl-2"), ("tcp", 80, 80, "pl-3")])],
        "PrefixLists": [{"PrefixListId": "pl-1", "OwnerId": "AWS", "Entries": [{"Cidr": "198.51.100.0/24"}, {"Cidr": "198.51.100.0/25"}, {"Cidr": "2001:db8::/127"}]},
            {"PrefixListId": "pl-2", "Entries": []}],
    }));
    let by_peer = |peer: &str| {
        let group = inventory.group(inventory.group_ix("sg-db").unwrap());
        group.rules.iter().find(|rule| rule.peer.to_string() == peer).unwrap()
    };
    assert_eq!(ask(&inventory, by_peer("pl-1"), "198.51.100.7", None), Answer::Surely);
    assert_eq!(ask(&inventory, by_peer("pl-1"), "198.51.101.7", None), Answer::No);
    assert_eq!(ask(&inventory, by_peer("pl-2"), "198.51.100.7", None), Answer::No, "read, and empty");
    assert_eq!(ask(&inventory, by_peer("pl-3"), "198.51.100.7", None), Answer::Possibly, "not read");
    let exposure = Exposure { address_overflows: 0, addresses: 256 + 2, ports: 10 };
    assert_eq!(by_peer("pl-1").exposure_parts(&inventory), exposure);
    assert!(!inventory.accounts_known("AWS"));
}

#[test]
fn named_ports_point_at_the_server() {
    let inventory = load(json!({
        "NetworkInterfaces": [interface("eni-db", "interface", "vpc-1", "10.0.0.5", &["sg-db"]),
            interface("eni-app", "interface", "vpc-1", "10.0.0.6", &["sg-app"])],
        "SecurityGroups": [group("sg-db", &[("tcp", 50051, 50051, "sg-app"), ("tcp", 1024, 65535, "0.0.0.0/0"), ("udp", 60000, 60010, "10.0.0.0/8")]),
            group("sg-app", &[("tcp", 60005, 60999, "10.0.0.0/8"), ("tcp", 30000, 32767, "10.0.0.0/8")])],
    }));
    let strictly = |side: &str, port: u16, other: &str, protocol: Protocol| {
        inventory.named_strictly(side.parse().unwrap(), port, other.parse().unwrap(), protocol)
    };
    assert!(strictly("10.0.0.5", 50051, "10.0.0.6", Protocol::TCP));
    assert!(!strictly("10.0.0.6", 50051, "10.0.0.5", Protocol::TCP), "no rule of the client's own");
    assert!(!strictly("10.0.0.5", 50051, "203.0.113.1", Protocol::TCP), "a peer that the rule does not let in");
    assert!(!strictly("10.0.0.5", 50051, "10.0.0.6", Protocol::UDP));
    assert!(!strictly("10.0.0.5", 40000, "10.0.0.6", Protocol::TCP), "only in a rule for all client ports");
    assert!(inventory.named_loosely(50051, Protocol::TCP) && !inventory.named_loosely(50052, Protocol::TCP));
    assert!(inventory.named_loosely(60010, Protocol::UDP) && !inventory.named_loosely(60011, Protocol::UDP));
    assert_eq!(inventory.kept_ports(), [50051..=50051, 60000..=60999]);
}

#[test]
fn an_egress_rule_names_the_far_servers_port() {
    let mut app = group("sg-app", &[]);
    app["IpPermissionsEgress"] =
        json!([{"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}]);
    let inventory = load(json!({
        "NetworkInterfaces": [interface("eni-app", "interface", "vpc-1", "10.0.0.6", &["sg-app"])],
        "SecurityGroups": [app],
    }));
    let named = |side: &str, other: &str| {
        inventory.named_strictly(side.parse().unwrap(), 8443, other.parse().unwrap(), Protocol::TCP)
    };
    assert!(named("203.0.113.7", "10.0.0.6"));
    assert!(!named("198.51.100.7", "10.0.0.6"));
    assert!(!named("10.0.0.6", "203.0.113.7"));
}

fn unlogged(extra: Value, rules: &[(&str, i64, i64, &str)]) -> (Option<UnloggedKind>, bool) {
    let mut document = json!({
        "NetworkInterfaces": [interface("eni-1", "interface", "vpc-1", "10.0.0.5", &["sg-a"])],
        "SecurityGroups": [group("sg-a", rules)],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
        "Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.3.0/24"}],
        "TrafficMirrorTargets": [],
    });
    for (key, value) in extra.as_object().unwrap() {
        document[key] = value.clone();
    }
    if document["TrafficMirrorTargets"].is_null() {
        document.as_object_mut().unwrap().remove("TrafficMirrorTargets");
    }
    let inventory = load(document);
    let group = inventory.group(inventory.group_ix("sg-a").unwrap());
    let rule = &group.rules[0];
    (inventory.serves_unlogged(rule, group).map(|found| found.kind), inventory.may_serve_mirror_by_width(rule, group))
}

#[test]
fn mirrored_traffic_is_filtered_but_not_logged() {
    let vxlan = [("udp", 4789, 4789, "10.0.0.0/8")];
    let wide = [("-1", -1, -1, "10.0.0.0/8")];
    let unread = json!({ "TrafficMirrorTargets": null });
    let target = json!({"TrafficMirrorTargets": [{"TrafficMirrorTargetId": "tmt-1", "NetworkInterfaceId": "eni-1", "Type": "network-interface"}]});
    let balancer =
        json!({"TrafficMirrorTargets": [{"TrafficMirrorTargetId": "tmt-1", "NetworkLoadBalancerArn": "arn:x"}]});
    let filtered = Some(UnloggedKind::Filtered);
    assert_eq!(unlogged(unread.clone(), &vxlan), (filtered, false));
    assert_eq!(unlogged(unread, &wide), (None, true));
    assert_eq!(
        unlogged(json!({}), &vxlan),
        (filtered, false),
        "a list of one day says nothing against a rule that names it"
    );
    assert_eq!(unlogged(json!({}), &wide), (None, false));
    assert_eq!(unlogged(target.clone(), &vxlan), (filtered, false));
    assert_eq!(unlogged(target, &wide), (filtered, false));
    assert_eq!(unlogged(balancer.clone(), &vxlan), (filtered, false), "what is behind the load balancer is a target");
    assert_eq!(unlogged(balancer, &wide), (None, true));
    assert_eq!(unlogged(json!({}), &[("tcp", 4789, 4789, "10.0.0.0/8")]), (None, false));
}

#[test]
fn load_balancers_and_fabric_adapters_hide_traffic() {
    let with = |kind: &str| json!({"NetworkInterfaces": [interface("eni-1", kind, "vpc-1", "10.0.0.5", &["sg-a"])]});
    let filtered = (Some(UnloggedKind::Filtered), false);
    assert_eq!(unlogged(with("network_load_balancer"), &[("tcp", 443, 443, "0.0.0.0/0")]), filtered);
    assert_eq!(unlogged(with("efa"), &[("-1", -1, -1, "sg-a")]), filtered);
    assert_eq!(unlogged(with("efa"), &[("tcp", 443, 443, "0.0.0.0/0")]), (None, false));
    assert_eq!(unlogged(with("interface"), &[("-1", -1, -1, "sg-a")]), (None, false));
    let mut unknown = interface("eni-1", "", "vpc-1", "10.0.0.5", &["sg-a"]);
    unknown.as_object_mut().unwrap().remove("InterfaceType");
    assert_eq!(unlogged(json!({"NetworkInterfaces": [unknown]}), &[("tcp", 443, 443, "0.0.0.0/0")]), filtered);
}

#[test]
fn aws_services_in_the_vpc_need_no_rule() {
    let kind = |rule: (&str, i64, i64, &str)| unlogged(json!({}), &[rule]).0;
    let unfiltered = Some(UnloggedKind::Unfiltered);
    for peer in [
        "169.254.169.254/32",
        "169.254.169.253/32",
        "fd00:ec2::123/128",
        "10.0.0.2/32",
        "10.0.3.1/32",
        "169.254.169.250/31",
    ] {
        assert_eq!(kind(("tcp", 80, 80, peer)), unfiltered, "{peer}");
    }
    for peer in ["169.254.0.0/16", "10.0.0.2/31", "10.0.0.3/32", "10.0.3.2/32", "0.0.0.0/0"] {
        assert_eq!(kind(("tcp", 80, 80, peer)), None, "{peer}");
    }
    assert_eq!(kind(("udp", 67, 68, "0.0.0.0/0")), unfiltered);
    assert_eq!(kind(("udp", 546, 546, "::/0")), unfiltered);
    assert_eq!(kind(("udp", 67, 69, "0.0.0.0/0")), None);
    assert_eq!(kind(("tcp", 67, 68, "0.0.0.0/0")), None);
    let list = json!({"PrefixLists": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "169.254.169.254/32"}, {"Cidr": "10.0.0.2/32"}]}]});
    assert_eq!(unlogged(list, &[("tcp", 80, 80, "pl-1")]).0, unfiltered);
    let empty = json!({"PrefixLists": [{"PrefixListId": "pl-1", "Entries": []}]});
    assert_eq!(unlogged(empty, &[("tcp", 80, 80, "pl-1")]).0, None);
}
