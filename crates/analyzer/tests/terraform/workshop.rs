//! Inventories and plans made by hand.

use analyzer::plan::model::{GroupPlan, Plan, Removal, Replacement};
use analyzer::report::model::Verdict;
use ethnum::U256;
use inventory::{Direction, GroupIx, Inventory, Peer, Protocol, Rule, RulePorts};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "111122223333";
pub const OTHER_ACCOUNT: &str = "444455556666";

/// A group as `describe-security-groups` prints it, without its rules.
pub fn group(id: &str, name: &str, owner: &str, region: &str) -> Value {
    let arn = format!("arn:aws:ec2:{region}:{owner}:security-group/{id}");
    json!({"GroupId": id, "GroupName": name, "VpcId": "vpc-0a", "OwnerId": owner, "SecurityGroupArn": arn})
}

/// A rule as `describe-security-group-rules` prints it; `peer` is its key and value.
pub fn rule(id: &str, group: &str, egress: bool, matches: (&str, i64, i64), peer: (&str, Value)) -> Value {
    let (protocol, from, to) = matches;
    let mut rule = json!({"SecurityGroupRuleId": id, "GroupId": group, "GroupOwnerId": ACCOUNT, "IsEgress": egress,
        "IpProtocol": protocol, "FromPort": from, "ToPort": to});
    rule[peer.0] = peer.1;
    rule
}

pub fn v4(cidr: &str) -> (&'static str, Value) {
    ("CidrIpv4", json!(cidr))
}

pub fn inventory(groups: &[Value], rules: &[Value]) -> Inventory {
    let document = json!({"SecurityGroups": groups, "SecurityGroupRules": rules}).to_string();
    Inventory::from_texts(&[("inventory.json", &document)]).unwrap().inventory
}

/// The rule of this id.
pub fn existing(inventory: &Inventory, id: &str) -> Rule {
    let mut rules = inventory.groups().iter().flat_map(|group| &group.rules);
    rules.find(|rule| rule.id == id).unwrap_or_else(|| panic!("no rule {id}")).clone()
}

pub fn group_ix(inventory: &Inventory, id: &str) -> GroupIx {
    inventory.group_ix(id).unwrap()
}

/// `10.0.0.0/8`, `2001:db8::/32`, `pl-...` or `sg-...`.
pub fn peer(text: &str) -> Peer {
    if text.starts_with("pl-") {
        Peer::PrefixList(text.to_owned())
    } else if text.starts_with("sg-") {
        Peer::Group { id: text.to_owned(), owner: None, vpc: None }
    } else {
        Peer::Cidr(text.parse().unwrap())
    }
}

/// A TCP rule of the group that does not exist yet.
pub fn tcp(inventory: &Inventory, group: &str, direction: Direction, ports: (u16, u16), other: &str) -> Rule {
    let ports = RulePorts::Range { from: ports.0, to: ports.1 };
    inventory.draft(group_ix(inventory, group), direction, Some(Protocol::TCP), ports, peer(other))
}

/// The plan for a group: these rules go, these are replaced, all others stay.
pub fn group_plan(
    inventory: &Inventory,
    id: &str,
    removed: &[&str],
    replaced: Vec<(&str, Vec<Rule>, Vec<Rule>)>,
) -> GroupPlan {
    let number = group_ix(inventory, id);
    let group = inventory.group(number);
    let goes = |rule: &Rule| removed.contains(&rule.id.as_str()) || replaced.iter().any(|(id, ..)| *id == rule.id);
    let kept = group.rules.iter().filter(|rule| !goes(rule)).cloned().collect();
    let removals = removed.iter().map(|id| Removal {
        rule: existing(inventory, id),
        verdict: Verdict::Unused,
        reason: "Nothing it allows was accepted in 31 days of complete logs.".to_owned(),
        exposure: U256::ONE,
    });
    let removals = removals.collect();
    let replacements = replaced.into_iter().map(|(id, by, shared)| Replacement {
        rule: existing(inventory, id),
        by,
        shared,
        exposure_before: U256::new(1 << 40),
        exposure_after: U256::ONE,
    });
    GroupPlan {
        group: number,
        group_id: group.id.clone(),
        group_name: group.name.clone(),
        vpc_id: group.vpc.clone().unwrap_or_default(),
        owner_id: group.owner.clone().unwrap_or_default(),
        region: group.region.clone(),
        removals,
        replacements: replacements.collect(),
        kept,
        exposure_before: U256::new(1 << 40),
        exposure_after: U256::new(257),
    }
}

pub fn plan(groups: Vec<GroupPlan>) -> Plan {
    Plan { groups, ..Plan::default() }
}
