//! What surrounds the blocks: who applies them where, what stays in comments, and why.

use crate::document::{Document, read};
use crate::workshop::{ACCOUNT, OTHER_ACCOUNT, group, group_plan, inventory, plan, rule, tcp, v4};
use analyzer::plan::model::{LeftAlone, Plan, PlanWarning, WarningKind};
use analyzer::plan::terraform::configuration;
use hcl::Value;
use inventory::Direction;
use serde_json::json;

const GROUP: &str = "sg-0a1b2c3d";
const EXCLUSIVE: &str = "aws_vpc_security_group_rules_exclusive";

/// One group with everything that can become of a rule.
fn example() -> Plan {
    let mut ssh = rule("sgr-ssh", GROUP, false, ("tcp", 22, 22), v4("0.0.0.0/0"));
    ssh["Description"] = json!("ssh, temporary");
    let mut wide = rule("sgr-wide", GROUP, false, ("tcp", 0, 65535), v4("0.0.0.0/0"));
    wide["Description"] = json!("service");
    wide["Tags"] = json!([{"Key": "team", "Value": "payments"}]);
    let rules = [
        rule("sgr-out", GROUP, true, ("-1", -1, -1), v4("0.0.0.0/0")),
        rule("sgr-ping", GROUP, false, ("icmp", -1, -1), v4("10.0.0.0/8")),
        rule("sgr-db", GROUP, false, ("tcp", 5432, 5432), v4("10.0.0.0/8")),
        ssh,
        wide,
    ];
    let known = inventory(&[group(GROUP, "web", ACCOUNT, "eu-west-1")], &rules);
    let like = |mut rule: inventory::Rule| {
        rule.description = "service".to_owned();
        rule.tags = vec![("team".to_owned(), "payments".to_owned())];
        rule
    };
    let new = |port, peer| tcp(&known, GROUP, Direction::Ingress, (port, port), peer);
    let by = vec![like(new(443, "10.1.0.0/16")), like(new(8443, "10.1.0.0/16"))];
    let replaced = vec![("sgr-db", vec![new(5432, "sg-0b")], Vec::new()), ("sgr-wide", by, Vec::new())];
    let mut plan = plan(vec![group_plan(&known, GROUP, &["sgr-ssh"], replaced)]);
    plan.warnings.push(PlanWarning {
        group_id: GROUP.to_owned(),
        rule_id: Some("sgr-wide".to_owned()),
        kind: WarningKind::UntrackedConnections,
        text: "Open connections are cut.".to_owned(),
    });
    plan.left_alone.push(LeftAlone {
        group_id: "sg-eks".to_owned(),
        group_name: "eks".to_owned(),
        reason: "EKS manages it.".to_owned(),
        rules: 3,
    });
    plan
}

#[test]
fn the_whole_file() {
    insta::assert_snapshot!(configuration(&example()));
}

#[test]
fn the_expected_numbers_are_those_of_the_blocks() {
    let document = read(&configuration(&example()));
    let remade = document.resources.values().filter(|resource| resource.create_before_destroy).count();
    // By hand: out, ping, db and wide exist; sg-0b and 8443 are made; db is deleted, for its peer is of another kind.
    assert_eq!((document.imports.len(), remade), (4, 1));
    let text = configuration(&example());
    assert!(text.contains("4 to import, 2 to add, 2 to change, 1 to destroy."), "{text}");
    assert_eq!(document.resources.len() - document.imports.len() + remade, 2);
}

/// The lines of a comment, from the one that begins so.
fn uncommented(text: &str, first: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines().skip_while(|line| !line.starts_with(first)) {
        lines.push(line.strip_prefix("# ").unwrap());
        if line == "# }" {
            break;
        }
    }
    lines.join("\n") + "\n"
}

/// The provider's page: security_group_id, ingress_rule_ids and egress_rule_ids are required; region is optional.
#[test]
fn what_would_delete_unlisted_rules_is_a_comment_and_lists_every_rule() {
    let text = configuration(&example());
    let document = read(&text);
    assert!(document.resources.values().all(|resource| resource.kind != EXCLUSIVE));
    let block = uncommented(&text, &format!("# resource \"{EXCLUSIVE}\""));
    let taken: Document = read(&block);
    let resource = &taken.resources[&format!("{EXCLUSIVE}.sg_0a1b2c3d")];
    assert_eq!(resource.arguments.len(), 3);
    assert_eq!(resource.arguments["security_group_id"].as_str(), Some(GROUP));
    let mut listed = Vec::new();
    for key in ["ingress_rule_ids", "egress_rule_ids"] {
        for id in resource.arguments[key].as_array().unwrap() {
            listed.push(id.as_str().unwrap().strip_suffix(".id").unwrap().to_owned());
        }
    }
    listed.sort();
    let named: Vec<String> = document.resources.keys().cloned().collect();
    assert_eq!(listed, named);
}

#[test]
fn rules_without_ids_are_left_as_they_are() {
    let groups = [json!({"GroupId": GROUP, "GroupName": "web", "OwnerId": ACCOUNT, "IpPermissionsEgress": [],
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]})];
    let document = json!({"SecurityGroups": groups}).to_string();
    let known = inventory::Inventory::from_texts(&[("inventory.json", &document)]).unwrap().inventory;
    let ssh =
        known.groups()[0].rules.iter().find(|rule| rule.allows_all_ports() || rule.peer.to_string() == "0.0.0.0/0");
    let ssh = ssh.unwrap().id.clone();
    let new = tcp(&known, GROUP, Direction::Ingress, (22, 22), "10.1.0.0/16");
    let text = configuration(&plan(vec![group_plan(&known, GROUP, &[], vec![(&ssh, vec![new], Vec::new())])]));
    let document = read(&text);
    document.check();
    // A resource for a rule that is there but has no id would be made again, and AWS refuses that.
    assert_eq!(document.imports.len(), 0);
    assert_eq!(document.resources.len(), 1);
    assert!(text.contains("0 to import, 1 to add, 0 to change, 0 to destroy."));
    assert!(text.contains("aws ec2 describe-security-group-rules"));
    assert!(text.contains("# - (id not in the inventory) in tcp 22 from 0.0.0.0/0: narrower rules stand in for it\n"));
    assert!(!text.contains("sgr-content-"), "an id of ours means nothing to AWS");
    assert!(!text.contains(&format!("# resource \"{EXCLUSIVE}\"")));
    // The comment holds the block that would be right.
    let block = uncommented(&text, "# resource \"aws_vpc_security_group_ingress_rule\"");
    assert_eq!(read(&block).resources.len(), 1);
}

#[test]
fn every_account_and_region_has_its_provider() {
    let places = [("sg-1", ACCOUNT, "eu-west-1"), ("sg-2", ACCOUNT, "us-east-1"), ("sg-3", OTHER_ACCOUNT, "eu-west-1")];
    let groups: Vec<_> = places.iter().map(|(id, owner, region)| group(id, "", owner, region)).collect();
    let mut rules = Vec::new();
    for (id, ..) in places {
        rules.push(rule(&format!("sgr-a{id}"), id, false, ("tcp", 22, 22), v4("10.0.0.0/8")));
        rules.push(rule(&format!("sgr-b{id}"), id, false, ("tcp", 23, 23), v4("10.0.0.0/8")));
    }
    let known = inventory(&groups, &rules);
    let plan_of = |id: &str| group_plan(&known, id, &[format!("sgr-b{id}").as_str()], Vec::new());

    let one = read(&configuration(&plan(vec![plan_of("sg-1")])));
    assert_eq!(one.providers.len(), 1);
    assert_eq!(one.providers[0]["region"].as_str(), Some("eu-west-1"));
    assert_eq!(one.providers[0]["allowed_account_ids"], Value::Array(vec![Value::from(ACCOUNT)]));
    assert!(!one.providers[0].contains_key("alias"));
    assert!(one.resources.values().all(|resource| resource.provider.is_none()));

    let mut unknown = plan_of("sg-3");
    (unknown.owner_id, unknown.region) = (String::new(), None);
    let text = configuration(&plan(vec![plan_of("sg-1"), plan_of("sg-2"), unknown.clone()]));
    let three = read(&text);
    three.check();
    assert_eq!(three.providers.len(), 2);
    for (id, region) in [("sg-1", "eu-west-1"), ("sg-2", "us-east-1")] {
        let resource =
            three.resources.values().find(|resource| resource.arguments["security_group_id"].as_str() == Some(id));
        let alias = resource.unwrap().provider.as_ref().unwrap().strip_prefix("aws.").unwrap();
        let provider = three.providers.iter().find(|provider| provider["alias"].as_str() == Some(alias)).unwrap();
        assert_eq!(provider["region"].as_str(), Some(region));
    }
    let of_unknown = three.resources.values().filter(|resource| resource.provider.is_none()).count();
    assert_eq!(of_unknown, 1, "of that group nothing is known: whoever applies it chooses");

    let nothing_known = read(&configuration(&plan(vec![unknown])));
    assert_eq!(nothing_known.providers.len(), 0);
}

#[test]
fn a_plan_without_changes_is_a_comment() {
    let mut empty = Plan::default();
    assert!(read(&configuration(&empty)).blocks.is_empty());
    assert!(configuration(&empty).starts_with("# Nothing to change"));
    empty.left_alone = example().left_alone;
    assert!(configuration(&empty).contains("# - eks sg-eks (3 rules): EKS manages it.\n"));
}

#[test]
fn no_text_leaves_its_comment() {
    let hostile = "x\n}\nresource \"aws_instance\" \"mine\" {}\r\n\u{2028}\u{1b}[2J ${x}";
    let mut plan = example();
    let group = &mut plan.groups[0];
    group.group_name = hostile.to_owned();
    group.vpc_id = hostile.to_owned();
    group.removals[0].reason = hostile.to_owned();
    group.removals[0].rule.description = hostile.to_owned();
    plan.warnings[0].text = hostile.to_owned();
    plan.left_alone[0].group_name = hostile.to_owned();
    plan.left_alone[0].reason = hostile.to_owned();
    let text = configuration(&plan);
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
    let document = read(&text);
    document.check();
    assert_eq!(document.resources.len(), 5);
}

#[test]
fn two_runs_give_the_same_bytes() {
    assert_eq!(configuration(&example()), configuration(&example()));
}
