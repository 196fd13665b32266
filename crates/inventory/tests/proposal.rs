//! Proposals: both shapes that the AWS CLI prints, what they leave open, and rules that do not exist yet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use inventory::{
    Answer, Direction, Inventory, LoadError, Peer, Port, Proposal, Protocol, Query, Rule, RulePorts, Span,
};
use serde_json::{Value, json};

const ACCOUNT: &str = "123456789012";

/// sg-web (on eni-1, 10.0.0.5), sg-db and sg-empty, in vpc-1; prefix list pl-1 with entries, pl-2 without.
fn inventory() -> Inventory {
    let document = json!({
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": ACCOUNT, "VpcId": "vpc-1",
            "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.5", "Groups": [{"GroupId": "sg-web"}]}],
        "SecurityGroups": [group("sg-web", json!([https("0.0.0.0/0")]), json!([])),
            group("sg-db", json!([]), json!([])), group("sg-empty", json!([]), json!([]))],
        "PrefixLists": [{"PrefixListId": "pl-1", "Entries": [{"Cidr": "203.0.113.0/24"}]}],
        "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}],
    });
    Inventory::from_texts(&[("inventory.json", &document.to_string())]).unwrap().inventory
}

fn group(id: &str, ingress: Value, egress: Value) -> Value {
    json!({"GroupId": id, "GroupName": id, "OwnerId": ACCOUNT, "VpcId": "vpc-1", "IpPermissions": ingress,
        "IpPermissionsEgress": egress})
}

fn https(cidr: &str) -> Value {
    json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": cidr}]})
}

fn https_rule(id: &str, group: &str, cidr: &str) -> Value {
    json!({"SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": ACCOUNT, "IsEgress": false,
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": cidr, "Description": "web",
        "Tags": [{"Key": "team", "Value": "shop"}]})
}

fn read(documents: &[Value]) -> Result<Proposal, LoadError> {
    let texts: Vec<(String, String)> = documents
        .iter()
        .enumerate()
        .map(|(number, document)| (format!("{number}.json"), document.to_string()))
        .collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Proposal::from_texts(&texts, &inventory())
}

/// The rules of a group in words, by id of the group.
fn rules(proposal: &Proposal, id: &str) -> Option<Vec<String>> {
    let rules = proposal.groups.get(&inventory().group_ix(id).unwrap())?;
    let words = |rule: &Rule| {
        format!("{:?} {:?} {:?} {}", rule.direction, rule.protocol.map(|protocol| protocol.0), rule.ports, rule.peer)
    };
    Some(rules.iter().map(words).collect())
}

const HTTPS: &str = "Ingress Some(6) Range { from: 443, to: 443 } 198.51.100.0/24";

#[track_caller]
fn assert_refused(documents: &[Value], file: &str, parts: &[&str]) {
    let error = read(documents).unwrap_err();
    assert!(matches!(error, LoadError::Proposal { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("proposal {file}: ")), "{text}");
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn both_shapes_say_the_same() {
    let permissions = json!({"SecurityGroups": [group("sg-web", json!([https("198.51.100.0/24")]), json!([]))]});
    let listed = json!({"SecurityGroupRules": [https_rule("sgr-1", "sg-web", "198.51.100.0/24")]});
    for document in [&permissions, &listed] {
        let proposal = read(std::slice::from_ref(document)).unwrap();
        assert_eq!(rules(&proposal, "sg-web").unwrap(), [HTTPS]);
        assert_eq!((proposal.groups.len(), proposal.unknown_groups.len()), (1, 0), "the others stay as they are");
    }
    let both = read(&[permissions.clone(), listed.clone()]).unwrap();
    let turned = read(&[listed.clone(), permissions]).unwrap();
    for proposal in [both, turned] {
        let rule = &proposal.groups.values().next().unwrap()[0];
        assert_eq!((rule.id.as_str(), rule.description.as_str()), ("sgr-1", "web"), "the list with ids is taken");
        assert_eq!(rule.tags, [("team".to_owned(), "shop".to_owned())]);
    }
    let bare =
        read(&[json!({"SecurityGroups": [group("sg-web", json!([https("198.51.100.0/24")]), json!([]))]})]).unwrap();
    assert!(!bare.groups.values().next().unwrap()[0].has_own_id());
}

/// One permission with several peers is a rule for each; host bits do not count; AWS writes protocols by name and by number.
#[test]
fn permissions_are_split_into_rules() {
    let permission = json!({"IpProtocol": "6", "FromPort": 443, "ToPort": 443,
        "IpRanges": [{"CidrIp": "198.51.100.77/24"}, {"CidrIp": "192.0.2.1/32"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}], "PrefixListIds": [{"PrefixListId": "pl-1"}],
        "UserIdGroupPairs": [{"GroupId": "sg-db", "UserId": ACCOUNT}]});
    let everything = json!({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]});
    let proposal =
        read(&[json!({"SecurityGroups": [group("sg-web", json!([permission]), json!([everything]))]})]).unwrap();
    let found = rules(&proposal, "sg-web").unwrap();
    assert_eq!(found.len(), 6);
    for peer in ["198.51.100.0/24", "192.0.2.1/32", "2001:db8::/32", "pl-1", "sg-db"] {
        assert!(found.contains(&format!("Ingress Some(6) Range {{ from: 443, to: 443 }} {peer}")), "{peer}: {found:?}");
    }
    assert!(found.contains(&"Egress None All 0.0.0.0/0".to_owned()), "{found:?}");
}

/// As a plan prints it: groups by name, all rules beside them; a group without rules is there all the same.
#[test]
fn groups_without_permissions_beside_a_list_of_rules() {
    let plan = json!({
        "schema": "whatever",
        "SecurityGroups": [{"GroupId": "sg-web", "GroupName": "web"}, {"GroupId": "sg-db", "GroupName": "db"}],
        "SecurityGroupRules": [https_rule("sgr-1", "sg-web", "198.51.100.0/24")],
    });
    let proposal = read(std::slice::from_ref(&plan)).unwrap();
    assert_eq!(rules(&proposal, "sg-web").unwrap(), [HTTPS]);
    assert_eq!(rules(&proposal, "sg-db").unwrap(), Vec::<String>::new());
    assert_eq!(rules(&proposal, "sg-empty"), None);
    // Another file that gives sg-db a rule says something else.
    let other = json!({"SecurityGroupRules": [https_rule("sgr-2", "sg-db", "0.0.0.0/0")]});
    assert_refused(&[plan.clone(), other.clone()], "1.json", &["sg-db", "listed twice in SecurityGroupRules"]);
    assert_refused(&[other, plan], "1.json", &["sg-db", "listed twice in SecurityGroupRules"]);
}

#[test]
fn a_group_without_rules_loses_all() {
    let empty = json!({"SecurityGroups": [group("sg-web", json!([]), json!([]))]});
    let proposal = read(&[empty]).unwrap();
    assert_eq!(rules(&proposal, "sg-web").unwrap(), Vec::<String>::new());
}

#[test]
fn order_makes_no_difference() {
    let one = https_rule("sgr-1", "sg-web", "198.51.100.0/24");
    let two = https_rule("sgr-2", "sg-web", "192.0.2.0/24");
    // The same content twice, once without an id and once with another one.
    let mut nameless = one.clone();
    nameless.as_object_mut().unwrap().remove("SecurityGroupRuleId");
    let again = https_rule("sgr-0", "sg-web", "198.51.100.0/24");
    let orders = [
        vec![one.clone(), two.clone(), nameless.clone(), again.clone()],
        vec![nameless.clone(), again.clone(), two.clone(), one.clone()],
        vec![two, nameless, one, again],
    ];
    for order in orders {
        let proposal = read(&[json!({ "SecurityGroupRules": order })]).unwrap();
        let ids: Vec<&str> = proposal.groups.values().flatten().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["sgr-2", "sgr-0"], "in the order of their content, 192.0.2.0 first");
    }
}

#[test]
fn the_same_group_in_two_files() {
    let file = |cidr| json!({"SecurityGroups": [group("sg-web", json!([https(cidr)]), json!([]))]});
    let rules_file = |cidr| json!({"SecurityGroupRules": [https_rule("sgr-1", "sg-web", cidr)]});
    assert_eq!(read(&[file("10.0.0.0/8"), file("10.0.0.0/8")]).unwrap().groups.len(), 1);
    let same = read(&[rules_file("10.0.0.0/8"), rules_file("10.0.0.0/8")]).unwrap();
    assert_eq!(same.groups.values().map(Vec::len).sum::<usize>(), 1);
    let cure = "leave one of the lists out";
    let before = "10.0.0.0/8";
    let after = "10.1.0.0/16";
    assert_refused(&[file(before), file(after)], "1.json", &["sg-web", "twice in SecurityGroups", cure]);
    assert_refused(&[rules_file(before), rules_file(after)], "1.json", &["twice in SecurityGroupRules", cure]);
    assert_refused(
        &[file(before), rules_file(after)],
        "0.json",
        &["in SecurityGroups and in SecurityGroupRules", cure],
    );
    // All rules of the group were taken out of the one list and not of the other.
    let emptied = json!({ "SecurityGroupRules": [] });
    assert_refused(&[file(before), emptied], "0.json", &["with none, in SecurityGroupRules", cure]);
}

#[test]
fn what_leaves_open_which_rules_are_meant_is_refused() {
    assert_refused(&[json!({ "Vpcs": [] })], "0.json", &["names no security group"]);
    assert_refused(&[json!({ "SecurityGroups": [] })], "0.json", &["names no security group"]);
    // A plan that changes nothing.
    let nothing = read(&[json!({ "SecurityGroups": [], "SecurityGroupRules": [] })]).unwrap();
    assert!(nothing.groups.is_empty() && nothing.unknown_groups.is_empty());
    let bare = json!({"SecurityGroups": [{"GroupId": "sg-web"}]});
    assert_refused(&[bare], "0.json", &["group sg-web has neither IpPermissions"]);
    let half = json!({"SecurityGroups": [{"GroupId": "sg-web", "IpPermissions": [https("10.0.0.0/8")]}]});
    assert_refused(&[half], "0.json", &["group sg-web has one of", "give both"]);
    let page = json!({"NextToken": "x", "SecurityGroupRules": [https_rule("sgr-1", "sg-web", "10.0.0.0/8")]});
    assert_refused(&[page], "0.json", &["one page", "--max-items"]);
}

#[test]
fn what_is_no_proposal_is_refused_like_what_is_no_inventory() {
    let inventory = inventory();
    let refused = |text: &str| Proposal::from_texts(&[("p.json", text)], &inventory).unwrap_err();
    assert!(matches!(refused("{"), LoadError::NotJson { .. }));
    assert!(matches!(refused(r#"{"a": 1}"#), LoadError::NotInventory { .. }));
    assert!(matches!(refused(r#"{"SecurityGroups": 1}"#), LoadError::WrongShape { .. }));
    let no_peer = r#"{"SecurityGroupRules": [{"GroupId": "sg-web", "IsEgress": false, "IpProtocol": "tcp"}]}"#;
    assert!(matches!(refused(no_peer), LoadError::Item { .. }));
    let no_id = r#"{"SecurityGroups": [{"IpPermissions": [], "IpPermissionsEgress": []}]}"#;
    assert!(matches!(refused(no_id), LoadError::Item { .. }));
    assert!(matches!(Proposal::load(&["/no/such/file".into()], &inventory).unwrap_err(), LoadError::Unreadable { .. }));
    let empty = tempfile::tempdir().unwrap();
    let error = Proposal::load(&[empty.path().to_path_buf()], &inventory).unwrap_err();
    assert!(matches!(error, LoadError::EmptyFolder { .. }));
}

#[test]
fn unknown_groups_are_named() {
    let ids = ["sg-z", "sg-web", "sg-a"];
    let listed: Vec<Value> = ids.iter().map(|id| https_rule("sgr-1", id, "10.0.0.0/8")).collect();
    let proposal = read(&[json!({ "SecurityGroupRules": listed })]).unwrap();
    assert_eq!(proposal.unknown_groups, ["sg-a", "sg-z"]);
    assert_eq!(proposal.groups.len(), 1);
}

#[test]
fn peers_that_cannot_be_resolved_are_told_with_the_cure() {
    let peers = [
        json!({"PrefixListIds": [{"PrefixListId": "pl-1"}]}),
        json!({"PrefixListIds": [{"PrefixListId": "pl-2"}]}),
        json!({"UserIdGroupPairs": [{"GroupId": "sg-db"}]}),
        json!({"UserIdGroupPairs": [{"GroupId": "sg-elsewhere"}]}),
    ];
    let permissions: Vec<Value> = peers
        .into_iter()
        .map(|mut permission| {
            permission["IpProtocol"] = json!("-1");
            permission
        })
        .collect();
    let inventory = inventory();
    let proposal = read(&[json!({"SecurityGroups": [group("sg-db", json!(permissions), json!([]))]})]).unwrap();
    let missing = proposal.unresolved(&inventory);
    let told: Vec<String> = missing.iter().map(|(rule, text)| format!("{}: {text}", rule.peer)).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("pl-2: the entries of prefix list pl-2 are not in the inventory; add "), "{told:?}");
    assert!(told[1].starts_with("sg-elsewhere: group sg-elsewhere is not in the inventory; add "), "{told:?}");
    // Whom they let in is possible, never sure and never impossible.
    for (rule, _) in missing {
        let query = Query {
            span: Span { from: 0, to: 60 },
            direction: Direction::Ingress,
            protocol: Protocol::TCP,
            port: Port::Known(443),
            peer: "198.51.100.1".parse().unwrap(),
            other_peer: None,
        };
        assert_eq!(inventory.allows(rule, &query), Answer::Possibly);
    }
}

#[test]
fn high_ports_that_new_rules_single_out_are_kept() {
    let permission = |from: u16, to: u16| json!({"IpProtocol": "tcp", "FromPort": from, "ToPort": to, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]});
    let ranges = [(443, 443), (50051, 50051), (30000, 40000), (1024, 65535)].map(|(from, to)| permission(from, to));
    let proposal = read(&[json!({"SecurityGroups": [group("sg-db", json!(ranges), json!([]))]})]).unwrap();
    let mut kept = proposal.kept_ports();
    kept.sort_by_key(|range| *range.start());
    assert_eq!(kept, [32768..=40000, 50051..=50051], "1024-65535 is for clients, and what lies below is never dropped");
}

#[test]
fn a_draft_is_judged_like_a_rule_that_exists() {
    let inventory = inventory();
    let group = inventory.group_ix("sg-db").unwrap();
    let peer = Peer::Group { id: "sg-web".to_owned(), owner: None, vpc: None };
    let ports = RulePorts::Range { from: 5432, to: 5432 };
    let draft = inventory.draft(group, Direction::Ingress, Some(Protocol::TCP), ports, peer);
    let answer = |peer: &str, port| {
        let (span, direction) = (Span { from: 0, to: 60 }, Direction::Ingress);
        let (protocol, peer, other_peer) = (Protocol::TCP, peer.parse().unwrap(), None);
        inventory.allows(&draft, &Query { span, direction, protocol, port: Port::Known(port), peer, other_peer })
    };
    // eni-1 has 10.0.0.5 and carries sg-web; whose 10.0.0.6 was, nobody knows; a public address is in no group.
    assert_eq!(answer("10.0.0.5", 5432), Answer::Surely);
    assert_eq!(answer("10.0.0.6", 5432), Answer::Unplaced);
    assert_eq!(answer("198.51.100.1", 5432), Answer::No);
    assert_eq!(answer("10.0.0.5", 5433), Answer::No);
    assert!(!draft.has_own_id());
}

#[test]
fn content_is_what_makes_two_rules_the_same() {
    let inventory = inventory();
    let group = inventory.group_ix("sg-web").unwrap();
    let cidr = |text: &str| Peer::Cidr(text.parse().unwrap());
    let draft = |direction, protocol, ports, peer| inventory.draft(group, direction, protocol, ports, peer);
    let ports = RulePorts::Range { from: 443, to: 443 };
    let there = &inventory.group(group).rules[0];
    let tcp = Some(Protocol::TCP);
    assert!(there.has_content_of(&draft(Direction::Ingress, tcp, ports, cidr("0.0.0.0/0"))));
    for other in [
        draft(Direction::Egress, tcp, ports, cidr("0.0.0.0/0")),
        draft(Direction::Ingress, Some(Protocol::UDP), ports, cidr("0.0.0.0/0")),
        draft(Direction::Ingress, tcp, RulePorts::All, cidr("0.0.0.0/0")),
        draft(Direction::Ingress, tcp, ports, cidr("::/0")),
    ] {
        assert!(!there.has_content_of(&other), "{other:?}");
    }
    // Some commands print a group's owner, some do not.
    let named =
        |owner: Option<&str>| Peer::Group { id: "sg-db".to_owned(), owner: owner.map(str::to_owned), vpc: None };
    let one = draft(Direction::Ingress, tcp, ports, named(None));
    assert!(one.has_content_of(&draft(Direction::Ingress, tcp, ports, named(Some(ACCOUNT)))));
}
