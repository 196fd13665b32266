//! A plan as JSON: `sgflow.plan/1`, in the shape of an inventory.
//!
//! `SecurityGroups` (without permissions) and `SecurityGroupRules` are what `aws ec2 describe-security-groups` and
//! `describe-security-group-rules` would print of the changed groups once the change is made, as far as a plan can tell, so
//! that [`inventory::Proposal::load`] and [`inventory::Inventory::load`] read them. `Changes`, `LeftAlone` and `Warnings` say
//! what is behind it, with rules named as reports name them.

use super::model::{GroupPlan, LeftAlone, Plan, PlanWarning, Removal, Replacement, WarningKind};
use crate::report::model::Verdict;
use inventory::{Direction, Inventory, Peer, Rule, RulePorts};
use ipnet::IpNet;
use serde::Serialize;
use std::io::{self, Write};

/// The name and version of the form.
pub const SCHEMA: &str = "sgflow.plan/1";

/// Writes the plan, indented by two spaces and with a line feed at its end. The same plan gives the same bytes.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(plan: &Plan, inventory: &Inventory, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document {
        schema: SCHEMA,
        security_groups: Vec::new(),
        security_group_rules: Vec::new(),
        changes: Vec::new(),
        left_alone: plan.left_alone.iter().map(LeftAloneItem::from).collect(),
        warnings: plan.warnings.iter().map(WarningItem::from).collect(),
    };
    for group in &plan.groups {
        document.security_groups.push(group_item(group, inventory));
        let owner = filled(&group.owner_id);
        for rule in &group.kept {
            document.security_group_rules.push(rule_item(rule, &group.group_id, owner, rule.has_own_id()));
        }
        for rule in group.additions() {
            document.security_group_rules.push(rule_item(rule, &group.group_id, owner, false));
        }
        document.changes.push(change_item(group));
    }
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    schema: &'static str,
    security_groups: Vec<GroupItem<'a>>,
    security_group_rules: Vec<RuleItem<'a>>,
    changes: Vec<ChangeItem<'a>>,
    left_alone: Vec<LeftAloneItem<'a>>,
    warnings: Vec<WarningItem<'a>>,
}

/// A group as the EC2 API prints it, without its permissions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupItem<'a> {
    group_id: &'a str,
    group_name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

/// A rule as the EC2 API prints it (data type `SecurityGroupRule`).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RuleItem<'a> {
    /// Of rules that stay and have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    security_group_rule_id: Option<&'a str>,
    group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_owner_id: Option<&'a str>,
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    tags: Vec<Tag<'a>>,
}

/// What makes a rule the rule that it is, in the words of the EC2 API.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Content<'a> {
    is_egress: bool,
    ip_protocol: String,
    /// Or ICMP type; -1 for all.
    from_port: i32,
    /// Or ICMP code; -1 for all.
    to_port: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cidr_ipv4: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cidr_ipv6: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_list_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referenced_group_info: Option<ReferencedGroup<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReferencedGroup<'a> {
    group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<&'a str>,
}

/// What happens to one group. Exposures are decimal strings: addresses times ports reach 2^144.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeItem<'a> {
    group_id: &'a str,
    group_name: &'a str,
    region: Option<&'a str>,
    exposure_before: String,
    exposure_after: String,
    removed: Vec<RemovedItem<'a>>,
    replaced: Vec<ReplacedItem<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RemovedItem<'a> {
    #[serde(flatten)]
    rule: NamedRule<'a>,
    verdict: Verdict,
    reason: &'a str,
    exposure: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReplacedItem<'a> {
    #[serde(flatten)]
    rule: NamedRule<'a>,
    /// Rules that are new.
    by: Vec<NamedRule<'a>>,
    /// Rules that stay, or are new for the sake of another one, and stand in for it too.
    shared: Vec<NamedRule<'a>>,
    exposure_before: String,
    exposure_after: String,
}

/// A rule with the id that reports give it: its own, or one made from its content.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamedRule<'a> {
    rule_id: &'a str,
    #[serde(flatten)]
    content: Content<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LeftAloneItem<'a> {
    group_id: &'a str,
    group_name: &'a str,
    reason: &'a str,
    rules: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WarningItem<'a> {
    group_id: &'a str,
    rule_id: Option<&'a str>,
    kind: &'static str,
    text: &'a str,
}

fn group_item<'a>(group: &'a GroupPlan, inventory: &'a Inventory) -> GroupItem<'a> {
    let known = inventory.group(group.group);
    GroupItem {
        group_id: &group.group_id,
        group_name: &group.group_name,
        description: &known.description,
        vpc_id: filled(&group.vpc_id),
        owner_id: filled(&group.owner_id),
        tags: tags(&known.tags),
    }
}

fn rule_item<'a>(rule: &'a Rule, group_id: &'a str, owner: Option<&'a str>, with_id: bool) -> RuleItem<'a> {
    RuleItem {
        security_group_rule_id: with_id.then_some(rule.id.as_str()),
        group_id,
        group_owner_id: owner,
        content: content(rule),
        description: &rule.description,
        tags: tags(&rule.tags),
    }
}

fn content(rule: &Rule) -> Content<'_> {
    let (from_port, to_port) = match rule.ports {
        RulePorts::All => (-1, -1),
        RulePorts::Range { from, to } => (i32::from(from), i32::from(to)),
        RulePorts::Icmp { ty, code } => (ty.map_or(-1, i32::from), code.map_or(-1, i32::from)),
    };
    let mut content = Content {
        is_egress: rule.direction == Direction::Egress,
        ip_protocol: rule.protocol.map_or_else(|| "-1".to_owned(), |protocol| protocol.name()),
        from_port,
        to_port,
        cidr_ipv4: None,
        cidr_ipv6: None,
        prefix_list_id: None,
        referenced_group_info: None,
    };
    match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => content.cidr_ipv4 = Some(net.to_string()),
        Peer::Cidr(IpNet::V6(net)) => content.cidr_ipv6 = Some(net.to_string()),
        Peer::PrefixList(id) => content.prefix_list_id = Some(id),
        Peer::Group { id, owner, vpc } => {
            content.referenced_group_info =
                Some(ReferencedGroup { group_id: id, user_id: owner.as_deref(), vpc_id: vpc.as_deref() });
        }
    }
    content
}

fn change_item(group: &GroupPlan) -> ChangeItem<'_> {
    ChangeItem {
        group_id: &group.group_id,
        group_name: &group.group_name,
        region: group.region.as_deref(),
        exposure_before: group.exposure_before.to_string(),
        exposure_after: group.exposure_after.to_string(),
        removed: group.removals.iter().map(removed_item).collect(),
        replaced: group.replacements.iter().map(replaced_item).collect(),
    }
}

fn removed_item(removal: &Removal) -> RemovedItem<'_> {
    RemovedItem {
        rule: named(&removal.rule),
        verdict: removal.verdict,
        reason: &removal.reason,
        exposure: removal.exposure.to_string(),
    }
}

fn replaced_item(replacement: &Replacement) -> ReplacedItem<'_> {
    ReplacedItem {
        rule: named(&replacement.rule),
        by: replacement.by.iter().map(named).collect(),
        shared: replacement.shared.iter().map(named).collect(),
        exposure_before: replacement.exposure_before.to_string(),
        exposure_after: replacement.exposure_after.to_string(),
    }
}

fn named(rule: &Rule) -> NamedRule<'_> {
    NamedRule { rule_id: &rule.id, content: content(rule), description: &rule.description }
}

fn tags(tags: &[(String, String)]) -> Vec<Tag<'_>> {
    tags.iter().map(|(key, value)| Tag { key, value }).collect()
}

fn filled(text: &str) -> Option<&str> {
    if text.is_empty() { None } else { Some(text) }
}

impl<'a> From<&'a LeftAlone> for LeftAloneItem<'a> {
    fn from(left: &'a LeftAlone) -> LeftAloneItem<'a> {
        LeftAloneItem {
            group_id: &left.group_id,
            group_name: &left.group_name,
            reason: &left.reason,
            rules: left.rules,
        }
    }
}

impl<'a> From<&'a PlanWarning> for WarningItem<'a> {
    fn from(warning: &'a PlanWarning) -> WarningItem<'a> {
        WarningItem {
            group_id: &warning.group_id,
            rule_id: warning.rule_id.as_deref(),
            kind: warning.kind.name(),
            text: &warning.text,
        }
    }
}

impl WarningKind {
    /// Kebab-case name.
    pub fn name(self) -> &'static str {
        match self {
            WarningKind::UntrackedConnections => "untracked-connections",
            WarningKind::ReferencedElsewhere => "referenced-elsewhere",
            WarningKind::OtherOwner => "other-owner",
            WarningKind::Quota => "quota",
            WarningKind::NewPeers => "new-peers",
            WarningKind::Unsettled => "unsettled",
        }
    }
}
