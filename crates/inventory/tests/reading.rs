//! Files as `aws ec2 describe-*` writes them, and what is understood of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inventory::{
    Direction, Inventory, Kind, LoadError, Loaded, NoteKind, Peer, Protocol, Rule, RulePorts, TrafficType,
};
use std::path::PathBuf;

fn load(texts: &[&str]) -> Loaded {
    let named: Vec<(&str, &str)> = texts.iter().map(|text| ("some.json", *text)).collect();
    Inventory::from_texts(&named).unwrap()
}

fn error(texts: &[&str]) -> String {
    let named: Vec<(&str, &str)> = texts.iter().map(|text| ("some.json", *text)).collect();
    Inventory::from_texts(&named).unwrap_err().to_string()
}

fn rules(inventory: &Inventory, group: &str) -> Vec<String> {
    let group = inventory.group(inventory.group_ix(group).unwrap());
    group.rules.iter().map(short).collect()
}

fn short(rule: &Rule) -> String {
    let way = if rule.direction == Direction::Ingress { "in" } else { "out" };
    let protocol = rule.protocol.map_or("all".to_string(), Protocol::name);
    let ports = match rule.ports {
        RulePorts::All => "all".to_string(),
        RulePorts::Range { from, to } => format!("{from}-{to}"),
        RulePorts::Icmp { ty, code } => format!("{ty:?}/{code:?}"),
    };
    format!("{way} {protocol} {ports} {}", rule.peer)
}

/// As the CLI prints a group (AWS CLI reference, `describe-security-groups`, example output, shortened).
const GROUPS: &str = r#"{
    "SecurityGroups": [
        {
            "Description": "web servers",
            "GroupName": "web",
            "IpPermissions": [
                {"FromPort": 80, "IpProtocol": "tcp", "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.1.2.3/8", "Description": "office"}],
                 "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [{"PrefixListId": "pl-1"}], "ToPort": 81,
                 "UserIdGroupPairs": [{"GroupId": "sg-lb", "UserId": "123456789012"},
                     {"GroupId": "sg-far", "UserId": "210987654321", "VpcId": "vpc-far", "PeeringStatus": "active"}]},
                {"FromPort": 8, "IpProtocol": "icmp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "ToPort": -1},
                {"FromPort": 3, "IpProtocol": "icmp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}], "ToPort": 4},
                {"FromPort": -1, "IpProtocol": "icmpv6", "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "ToPort": -1},
                {"IpProtocol": "47", "FromPort": 5, "ToPort": 6, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
                {"IpProtocol": "udp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
            ],
            "OwnerId": "123456789012", "GroupId": "sg-web",
            "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}],
            "VpcId": "vpc-1", "SecurityGroupArn": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-web"
        }
    ]
}"#;

#[test]
fn every_kind_of_rule_is_read_from_groups_alone() {
    let inventory = load(&[GROUPS]).inventory;
    let mut found = rules(&inventory, "sg-web");
    found.sort();
    let mut expected = vec![
        "in tcp 80-81 0.0.0.0/0",
        "in tcp 80-81 10.0.0.0/8",
        "in tcp 80-81 ::/0",
        "in tcp 80-81 pl-1",
        "in tcp 80-81 sg-lb",
        "in tcp 80-81 sg-far",
        "in icmp Some(8)/None 10.0.0.0/8",
        "in icmp Some(3)/Some(4) 10.0.0.0/8",
        "in icmpv6 None/None ::/0",
        "in 47 all 10.0.0.0/8",
        "in udp all 10.0.0.0/8",
        "out all all 0.0.0.0/0",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let group = inventory.group(inventory.group_ix("sg-web").unwrap());
    assert_eq!((group.name.as_str(), group.region.as_deref()), ("web", Some("eu-west-1")));
    let office = group.rules.iter().find(|rule| rule.description == "office").unwrap();
    assert_eq!(office.peer.to_string(), "10.0.0.0/8", "host bits are cut off");
    assert!(
        group.rules.iter().any(|rule| matches!(&rule.peer, Peer::Group { vpc: Some(vpc), .. } if vpc == "vpc-far"))
    );
}

#[test]
fn a_rule_without_an_id_gets_one_from_its_content() {
    let one = load(&[GROUPS]).inventory;
    let other = load(&[GROUPS]).inventory;
    let ids = |inventory: &Inventory| -> Vec<String> {
        inventory.groups()[0].rules.iter().map(|rule| rule.id.clone()).collect()
    };
    assert_eq!(ids(&one), ids(&other));
    assert!(ids(&one).iter().all(|id| id.starts_with("sgr-content-") && id.len() == 12 + 16));
    let distinct: std::collections::BTreeSet<String> = ids(&one).into_iter().collect();
    assert_eq!(distinct.len(), 12);
    // 64-bit FNV-1a of "sg-a|ingress|6|443-443|10.0.0.0/8", worked out outside of this program.
    let group = r#"{"SecurityGroups": [{"GroupId": "sg-a", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443,
        "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}]}"#;
    assert_eq!(load(&[group]).inventory.groups()[0].rules[0].id, "sgr-content-5b54bf6e57bf8f8f");
}

#[test]
fn rules_with_ids_and_permissions_are_the_same_rules() {
    let with_ids = r#"{"SecurityGroupRules": [
        {"SecurityGroupRuleId": "sgr-1", "GroupId": "sg-web", "GroupOwnerId": "123456789012", "IsEgress": false,
         "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "CidrIpv4": "0.0.0.0/0", "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]},
        {"SecurityGroupRuleId": "sgr-2", "GroupId": "sg-web", "IsEgress": true, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"},
        {"SecurityGroupRuleId": "sgr-3", "GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81,
         "ReferencedGroupInfo": {"GroupId": "sg-far", "UserId": "210987654321"}},
        {"SecurityGroupRuleId": "sgr-4", "GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "CidrIpv6": "::/0"},
        {"SecurityGroupRuleId": "sgr-5", "GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81, "PrefixListId": "pl-1"}
    ]}"#;
    for texts in [[GROUPS, with_ids], [with_ids, GROUPS]] {
        let inventory = load(&texts).inventory;
        let group = inventory.group(inventory.group_ix("sg-web").unwrap());
        assert_eq!(group.rules.len(), 12, "not doubled");
        let with_id = group.rules.iter().filter(|rule| !rule.id.starts_with("sgr-content-")).count();
        assert_eq!(with_id, 5);
        let first = group.rules.iter().find(|rule| rule.id == "sgr-1").unwrap();
        assert_eq!(first.tags, [("a".to_string(), "1".to_string()), ("b".to_string(), "2".to_string())]);
        // What only one of both says of the peer is kept.
        let far = group.rules.iter().find(|rule| rule.id == "sgr-3").unwrap();
        let expected = Peer::Group {
            id: "sg-far".to_string(),
            owner: Some("210987654321".to_string()),
            vpc: Some("vpc-far".to_string()),
        };
        assert_eq!(far.peer, expected);
    }
    let alone = load(&[with_ids]).inventory;
    assert_eq!(alone.groups()[0].rules.len(), 5);
    assert_eq!(alone.groups()[0].owner.as_deref(), Some("123456789012"));
}

/// As the CLI prints an interface (`describe-network-interfaces`), shortened.
const INTERFACE: &str = r#"{"NetworkInterfaces": [{
    "Association": {"PublicIp": "203.0.113.12"},
    "Attachment": {"AttachTime": "2026-02-01T10:00:00+00:00", "AttachmentId": "eni-attach-1", "DeleteOnTermination": true,
        "DeviceIndex": 0, "NetworkCardIndex": 0, "InstanceId": "i-1", "InstanceOwnerId": "123456789012", "Status": "attached"},
    "AvailabilityZone": "eu-west-1a", "Description": "Primary network interface",
    "Groups": [{"GroupName": "web", "GroupId": "sg-web"}, {"GroupName": "x", "GroupId": "sg-x"}],
    "InterfaceType": "interface", "NetworkInterfaceId": "eni-1", "OwnerId": "123456789012",
    "Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}], "PrivateIpAddress": "10.0.0.5",
    "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": "10.0.0.5"}, {"Primary": false, "PrivateIpAddress": "10.0.0.6"}],
    "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}], "Ipv6Prefixes": [{"Ipv6Prefix": "2001:db8:0:1::/80"}],
    "RequesterManaged": false, "Status": "in-use", "SubnetId": "subnet-1", "VpcId": "vpc-1"}]}"#;

#[test]
fn an_interface_has_all_its_addresses_but_not_the_public_one() {
    let loaded = load(&[GROUPS, INTERFACE]);
    let inventory = loaded.inventory;
    let number = inventory.interface_ix(b"eni-1").unwrap();
    for own in ["10.0.0.5", "10.0.0.6", "10.0.1.16", "10.0.1.31", "2001:db8::5", "2001:db8:0:1::9"] {
        assert!(inventory.may_own(number, own.parse().unwrap()), "{own}");
    }
    for foreign in ["203.0.113.12", "10.0.1.15", "10.0.1.32", "10.0.0.7"] {
        assert!(!inventory.may_own(number, foreign.parse().unwrap()), "{foreign}");
    }
    let interface = inventory.interface(number);
    assert_eq!(interface.private_addresses[0].to_string(), "10.0.0.5");
    assert_eq!((interface.kind, interface.requester_managed), (Kind::Plain, Some(false)));
    assert_eq!(interface.region.as_deref(), Some("eu-west-1"));
    // sg-x is carried, but nobody listed its rules.
    assert!(!inventory.group(inventory.group_ix("sg-x").unwrap()).rules_known);
    assert!(loaded.notes.iter().any(|note| note.kind == NoteKind::UnknownGroups && note.text.contains("sg-x")));
    let carried = inventory.carried(number, inventory::Span { from: 0, to: 1 });
    assert!(carried.unknown_rules && !carried.unknown_groups);
}

#[test]
fn pages_and_encodings() {
    let pages = r#"{"SecurityGroups": [{"GroupId": "sg-a"}]} {"SecurityGroups": [{"GroupId": "sg-b"}]}"#;
    assert_eq!(load(&[pages]).inventory.groups().len(), 2);
    let list = r#"[{"SecurityGroups": [{"GroupId": "sg-a"}]}, {"SecurityGroups": [{"GroupId": "sg-b"}], "Other": 1}]"#;
    assert_eq!(load(&[list]).inventory.groups().len(), 2);
    let both = r#"{"SecurityGroups": [{"GroupId": "sg-a"}], "NetworkInterfaces": [], "Vpcs": [{"VpcId": "vpc-1"}]}"#;
    assert!(load(&[both]).inventory.vpc_is_ours("vpc-1"));
    let cut = r#"{"SecurityGroups": [{"GroupId": "sg-a"}], "NextToken": "abc"}"#;
    assert!(load(&[cut]).notes.iter().any(|note| note.kind == NoteKind::Truncated));

    let folder = tempfile::tempdir().unwrap();
    let sub = folder.path().join("sub");
    std::fs::create_dir(&sub).unwrap();
    let text = r#"{"SecurityGroups": [{"GroupId": "sg-utf16"}]}"#;
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    std::fs::write(sub.join("windows.JSON"), utf16).unwrap();
    let with_mark = format!("\u{feff}{}", r#"{"SecurityGroups": [{"GroupId": "sg-mark"}]}"#);
    std::fs::write(folder.path().join("mark.json"), with_mark).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let paths = [folder.path().to_path_buf(), sub.join("windows.JSON")];
    let inventory = Inventory::load(&paths).unwrap().inventory;
    let ids: Vec<&str> = inventory.groups().iter().map(|group| group.id.as_str()).collect();
    assert_eq!(ids, ["sg-mark", "sg-utf16"]);
}

#[test]
fn flow_logs_and_accounts() {
    let flow_logs = r#"{"FlowLogs": [{"FlowLogId": "fl-2", "ResourceId": "vpc-1", "TrafficType": "REJECT", "MaxAggregationInterval": 60,
        "LogFormat": "${version} ${account-id}", "LogDestinationType": "s3"}, {"FlowLogId": "fl-1"}]}"#;
    let inventory = load(&[GROUPS, INTERFACE, flow_logs]).inventory;
    let found: Vec<(&str, TrafficType, Option<u32>)> = inventory
        .flow_logs()
        .iter()
        .map(|log| (log.id.as_str(), log.traffic_type, log.max_aggregation_interval))
        .collect();
    assert_eq!(found, [("fl-1", TrafficType::Unknown, None), ("fl-2", TrafficType::Reject, Some(60))]);
    assert!(inventory.accounts_known("123456789012") && !inventory.accounts_known("210987654321"));
    assert!(inventory.vpc_is_ours("vpc-1") && !inventory.vpc_is_ours("vpc-far"));
    assert!(inventory.has_interfaces_of(Some("123456789012")) && !inventory.has_interfaces_of(Some("210987654321")));
}

#[test]
fn an_empty_list_is_not_a_missing_one() {
    let missing = load(&[GROUPS]);
    assert!(!missing.inventory.has_interfaces_of(Some("123456789012")));
    assert!(missing.notes.iter().any(|note| note.kind == NoteKind::LacksInterfaces));
    let empty = load(&[GROUPS, r#"{"NetworkInterfaces": []}"#]);
    assert!(empty.inventory.has_interfaces_of(Some("123456789012")), "the only account that there is");
    assert!(!empty.notes.iter().any(|note| note.kind == NoteKind::LacksInterfaces));
    // Two accounts: whose list is empty?
    let second = r#"{"SecurityGroups": [{"GroupId": "sg-2", "OwnerId": "210987654321"}]}"#;
    let unclear = load(&[GROUPS, second, r#"{"NetworkInterfaces": []}"#]).inventory;
    assert!(!unclear.has_interfaces_of(Some("123456789012")));
    let clear = load(&[GROUPS, second, r#"{"AccountId": "210987654321", "NetworkInterfaces": []}"#]).inventory;
    assert!(clear.has_interfaces_of(Some("210987654321")) && !clear.has_interfaces_of(Some("123456789012")));
}

#[test]
fn what_is_missing_to_resolve_a_peer_is_said() {
    let unresolved = |texts: &[&str], peer: &str| {
        let inventory = load(texts).inventory;
        let group = inventory.group(inventory.group_ix("sg-web").unwrap());
        let rule = group.rules.iter().find(|rule| rule.peer.to_string() == peer).unwrap();
        inventory.unresolved(rule)
    };
    let texts = [GROUPS, INTERFACE];
    assert_eq!(unresolved(&texts, "sg-lb"), None, "a group that is gone, of an account whose interfaces we have");
    assert_eq!(unresolved(&texts, "0.0.0.0/0"), None);
    assert_eq!(
        unresolved(&texts, "sg-far").unwrap(),
        "the network interfaces of account 210987654321 in eu-west-1, to which group sg-far belongs, are not in the \
         inventory; add the output of `aws ec2 describe-network-interfaces` there"
    );
    assert_eq!(
        unresolved(&texts, "pl-1").unwrap(),
        "the entries of prefix list pl-1 are not in the inventory; add the output of `aws ec2 \
         get-managed-prefix-list-entries --prefix-list-id pl-1`, with its \"PrefixListId\""
    );
    for entries in [
        r#"{"PrefixListId": "pl-1", "Entries": []}"#,
        r#"{"PrefixLists": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "198.51.100.0/24", "Description": "x"}]}]}"#,
        r#"{"PrefixLists": [{"PrefixListId": "pl-1", "Cidrs": ["198.51.100.0/24"]}]}"#,
    ] {
        assert_eq!(unresolved(&[GROUPS, INTERFACE, entries], "pl-1"), None, "{entries}");
    }
    let without = r#"{"PrefixLists": [{"PrefixListId": "pl-1"}]}"#;
    assert!(unresolved(&[GROUPS, INTERFACE, without], "pl-1").is_some());
}

#[test]
fn errors_say_what_happened_where_and_the_cure() {
    const CURE: &str = "; run the command again and save its output unchanged";
    let item = |text: &str| error(&[text]).strip_suffix(CURE).unwrap().to_string();
    assert_eq!(
        item(r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}, {"VpcId": "vpc-1"}]}"#),
        "inventory some.json: NetworkInterfaces[1] has no NetworkInterfaceId"
    );
    assert_eq!(
        item(r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0"}]}"#),
        "inventory some.json: NetworkInterfaces[0] has PrivateIpAddress \"10.0.0\", which is not an address"
    );
    assert_eq!(
        item(r#"{"SecurityGroups": [{"GroupName": "x"}]}"#),
        "inventory some.json: SecurityGroups[0] has no GroupId"
    );
    let permission = |inner: &str| {
        item(&format!(r#"{{"SecurityGroups": [{{"GroupId": "sg-1", "IpPermissions": [{{{inner}}}]}}]}}"#))
    };
    assert_eq!(
        permission(r#""IpProtocol": "tcp", "FromPort": 90, "ToPort": 80"#),
        "inventory some.json: SecurityGroups[0] has ports 90 to 80, which is no range of ports"
    );
    assert_eq!(
        permission(r#""IpProtocol": "tcp", "FromPort": 90, "ToPort": 70000"#),
        "inventory some.json: SecurityGroups[0] has ports 90 to 70000, which is no range of ports"
    );
    assert_eq!(
        permission(r#""IpProtocol": "tpc""#),
        "inventory some.json: SecurityGroups[0] has IpProtocol \"tpc\", which is no protocol"
    );
    assert_eq!(
        permission(r#""IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/99"}]"#),
        "inventory some.json: SecurityGroups[0] has CidrIp \"10.0.0.0/99\", which is not an address range"
    );
    assert_eq!(
        item(r#"{"SecurityGroupRules": [{"GroupId": "sg-1", "IsEgress": false}]}"#),
        "inventory some.json: SecurityGroupRules[0] has no peer (CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupInfo)"
    );
    assert_eq!(
        item(r#"{"Entries": []}"#),
        "inventory some.json: Entries has no PrefixListId beside it; add \"PrefixListId\": \"pl-...\" to the file"
    );
    assert_eq!(
        error(&["not json"]),
        "inventory some.json is not JSON: expected ident at line 1 column 2; save the output of `aws ec2 describe-* \
         --output json`"
    );
    assert!(error(&[" \n"]).contains("is not JSON: the file is empty"));
    assert!(error(&["{\"SecurityGroups\": [\n  {\"GroupId\": \"sg-1\""]).contains("at line 2 column"));
    assert_eq!(
        error(&["{\"SecurityGroups\": [\n{\"GroupId\": 5}]}"]),
        "inventory some.json has not the shape that `aws ec2 describe-*` prints: invalid type: integer `5`, expected a \
         string at line 2 column 13; save its output unchanged, without --query"
    );
    let message = error(&[r#"{"Reservations": []}"#]);
    assert!(
        message.starts_with("some.json is JSON but not an inventory: it has no key NetworkInterfaces, SecurityGroups")
    );
    assert!(message.contains("`aws ec2 describe-security-groups`"));
    assert_eq!(
        error(&[r#"{"NetworkInterfaces": []}"#]),
        "the inventory lacks security groups: no file has SecurityGroups or SecurityGroupRules; add the output of `aws ec2 \
         describe-security-groups`"
    );
    let folder = tempfile::tempdir().unwrap();
    let message = Inventory::load(&[folder.path().to_path_buf()]).unwrap_err().to_string();
    assert!(message.contains("holds no .json file; save the output of"), "{message}");
    let message = Inventory::load(&[PathBuf::from("/nowhere/at/all")]).unwrap_err().to_string();
    assert!(message.starts_with("cannot read inventory /nowhere/at/all: "), "{message}");
    assert!(matches!(Inventory::load(&[]), Err(LoadError::NothingGiven)));
}

#[test]
fn nonsense_never_panics() {
    let texts = [
        r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "", "Groups": [{}], "PrivateIpAddresses": [{}], "Ipv6Prefixes": [{"Ipv6Prefix": "::/0"}]}], "SecurityGroups": [{"GroupId": ""}], "CapturedAt": 1e300}"#,
        r#"{"SecurityGroups": null, "SecurityGroupRules": [], "CapturedAt": -9223372036854775808}"#,
        r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "tcp", "FromPort": -9223372036854775808, "ToPort": 9223372036854775807}]}]}"#,
        r#"{"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "icmp", "FromPort": 300, "ToPort": -300, "IpRanges": [{"CidrIp": "1.2.3.4"}]}]}]}"#,
        r#"{"Vpcs": [{"VpcId": "v", "CidrBlock": "255.255.255.255/32", "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "::/0"}]}], "SecurityGroups": []}"#,
        r#"{"FlowLogs": [{"FlowLogId": "f", "MaxAggregationInterval": -5}], "SecurityGroups": []}"#,
    ];
    let mut readable = 0;
    for text in texts {
        let Ok(loaded) = Inventory::from_texts(&[("x", text)]) else { continue };
        readable += 1;
        let inventory = loaded.inventory;
        let window = inventory::Span { from: i64::MIN, to: i64::MAX };
        for group in inventory.groups() {
            for rule in &group.rules {
                inventory.serves_unlogged(rule, group);
                rule.exposure_parts(&inventory);
            }
        }
        for number in 0..inventory.interfaces().len() {
            let number = inventory::InterfaceIx(number as u32);
            inventory.life(number, window);
            inventory.carried(number, window);
        }
        inventory.plain_owner("::1".parse().unwrap(), window);
    }
    assert!(readable >= 4);
    assert!(Inventory::from_texts(&[("deep", &"[".repeat(100_000))]).is_err());
}
