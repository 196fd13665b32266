//! A plan as Terraform configuration: for every changed group all rules that it is to have, as resources of the AWS provider, and
//! `import` blocks that hand the existing ones over.
//!
//! The order of changes is what matters. Terraform knows none but that of dependencies, so a rule that is narrowed in place depends on
//! all others that stand in for it: at no moment is a request without its rule ([`succession`]). What Terraform does not manage it does
//! not delete; rules without a successor are listed, with both ways to be rid of them.
//!
//! Sources: the provider's pages `aws_vpc_security_group_ingress_rule`, `aws_vpc_security_group_egress_rule` (since 4.56.0) and
//! `aws_vpc_security_group_rules_exclusive` (since 6.29.0); its `internal/service/ec2/vpc_security_group_ingress_rule.go`: everything
//! about a rule is updated in place but the kind of its peer, which means another rule.

mod comment;
mod provider;
mod rule_block;
mod succession;

use super::model::{GroupPlan, Plan};
use crate::report::wording::{self, counted};
use comment::{commented, quoted, written};
use hcl::expr::{Traversal, Variable};
use hcl::{Block, Expression, Identifier};
use inventory::{Direction, Rule, RulePorts};
use provider::Places;
use rule_block::{Address, Addresses};
use succession::{Heir, Leftover, Origin, Succession};

const WHERE_TO_PUT_IT: &str = "This file stands on its own: put it into a folder of its own and run `terraform init` and \
     `terraform plan` there. Or put it into a configuration of yours, without the blocks `terraform` and `provider`. Where your \
     configuration has these rules already (as blocks of their own, as aws_security_group_rule, or inside an aws_security_group), change \
     them there instead: two owners of one rule undo each other's work.";

const ICMP_NOTE: &str =
    "ICMP rules for all types or all codes are shown as changed once: the provider reads their -1 as not set.";

/// One group's part of the file.
struct Section<'plan> {
    group: &'plan GroupPlan,
    succession: Succession<'plan>,
    /// What the heirs are called, in their order.
    named: Vec<Address>,
    /// The provider that is meant; none if it has no name.
    alias: Option<String>,
}

/// The plan as a file for Terraform 1.5 or newer.
///
/// Blocks of text that must not take effect unasked, for example those that would delete rules of somebody else, are comments.
pub fn configuration(plan: &Plan) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        text.push_str(&commented("Nothing to change: sg-audit proposes no other rules for these security groups."));
        push_left_alone(plan, &mut text);
        return text;
    }
    let places = Places::of(plan);
    let mut addresses = Addresses::default();
    let mut sections = Vec::new();
    for group in &plan.groups {
        let succession = Succession::of(group);
        let named = succession.heirs.iter().map(|heir| addresses.name(&group.group_id, heir.rule)).collect();
        sections.push(Section { group, succession, named, alias: places.alias(group) });
    }
    push_opening(&sections, &mut text);
    for block in places.blocks() {
        text.push('\n');
        text.push_str(&written(block));
    }
    for section in &sections {
        push_section(plan, section, &mut text);
    }
    push_left_alone(plan, &mut text);
    text
}

fn push_opening(sections: &[Section<'_>], text: &mut String) {
    let (mut imported, mut added, mut changed, mut destroyed, mut unnamed) = (0, 0, 0, 0, 0);
    let mut probes_icmp = false;
    for heir in sections.iter().flat_map(|section| &section.succession.heirs) {
        match heir.origin {
            Origin::Unnamed => unnamed += 1,
            Origin::Stays(_) | Origin::Narrows(_) => imported += 1,
            Origin::New => added += 1,
            Origin::Remakes(_) => {
                imported += 1;
                added += 1;
                destroyed += 1;
            }
        }
        let has_wildcard = matches!(heir.rule.ports, RulePorts::Icmp { ty, code } if ty.is_none() || code.is_none());
        probes_icmp |= has_wildcard && heir.takes().is_some();
        let reads_differently = has_wildcard && matches!(heir.origin, Origin::Stays(_));
        if reads_differently || matches!(heir.origin, Origin::Narrows(_)) {
            changed += 1;
        }
    }
    text.push_str(&commented(&format!(
        "The rules that {} {} to have, as `sg-audit plan` proposes them.",
        counted(sections.len() as u64, "security group"),
        if sections.len() == 1 { "is" } else { "are" },
    )));
    text.push_str("#\n");
    text.push_str(&commented(WHERE_TO_PUT_IT));
    text.push_str("#\n");
    text.push_str(&commented(&format!(
        "`terraform plan` has to say: {imported} to import, {added} to add, {changed} to change, {destroyed} to destroy. If it says anything \
         else, the groups have changed since the inventory was read, or the file is applied to another account or region: do not apply it \
         then."
    )));
    if probes_icmp {
        text.push_str(&commented(ICMP_NOTE));
    }
    if unnamed > 0 {
        text.push_str("#\n");
        let what = "The inventory has no id for some of the rules. Their blocks are comments, so that they stay as they are. Add the \
                    output of `aws ec2 describe-security-group-rules` to the inventory to have them, too.";
        text.push_str(&commented(what));
    }
}

fn push_section(plan: &Plan, section: &Section<'_>, text: &mut String) {
    let Section { group, succession, named, alias } = section;
    text.push_str("\n# ----------------------------------------\n");
    text.push_str(&commented(&heading(group)));
    for warning in plan.warnings.iter().filter(|warning| warning.group_id == group.group_id) {
        let about = warning.rule_id.as_deref().map(|id| format!(" ({id})")).unwrap_or_default();
        text.push_str(&commented(&format!("Warning{about}: {}", warning.text)));
    }
    for (position, heir) in succession.heirs.iter().enumerate() {
        text.push('\n');
        text.push_str(&commented(&about(heir)));
        let mut blocks = String::new();
        if let Some(old) = heir.takes() {
            blocks.push_str(&written(import_block(&named[position], &old.id)));
            blocks.push('\n');
        }
        let waits_for: Vec<&Address> = heir.waits_for.iter().map(|other| &named[*other]).collect();
        let is_remade = matches!(heir.origin, Origin::Remakes(_));
        let resource =
            rule_block::resource(group, heir.rule, &named[position], alias.as_deref(), &waits_for, is_remade);
        blocks.push_str(&written(resource));
        if matches!(heir.origin, Origin::Unnamed) {
            blocks = blocks.lines().map(|line| format!("# {line}\n")).collect();
        }
        text.push_str(&blocks);
    }
    push_leftovers(section, text);
}

fn heading(group: &GroupPlan) -> String {
    let name = if group.group_name.is_empty() { String::new() } else { format!("{} ", group.group_name) };
    let mut place = Vec::new();
    if !group.vpc_id.is_empty() {
        place.push(group.vpc_id.clone());
    }
    if !group.owner_id.is_empty() {
        place.push(format!("account {}", group.owner_id));
    }
    if let Some(region) = &group.region {
        place.push(region.clone());
    }
    let before = wording::exposure(&group.exposure_before.to_string());
    let after = wording::exposure(&group.exposure_after.to_string());
    let place = if place.is_empty() { String::new() } else { format!(" in {}", place.join(", ")) };
    format!("{name}{}{place}. Exposure (addresses x ports): {before} -> {after}.", group.group_id)
}

/// What becomes of a rule, a sentence for the line above its blocks.
fn about(heir: &Heir<'_>) -> String {
    let words = words(heir.rule);
    match heir.origin {
        Origin::Stays(old) => format!("Stays: {words} ({}).", old.id),
        Origin::Unnamed => format!("Stays: {words}. Its id is not in the inventory."),
        Origin::New => format!("New: {words}."),
        Origin::Narrows(old) => {
            let order = if heir.waits_for.is_empty() { "" } else { ", once what it depends on is there" };
            format!("Narrower: {words}. {} ({}) is updated in place{order}.", old.id, self::words(old))
        }
        Origin::Remakes(old) => format!(
            "Narrower: {words}. Its peer is of another kind than that of {} ({}), so it is made first, and that one deleted then.",
            old.id,
            self::words(old)
        ),
    }
}

fn push_leftovers(section: &Section<'_>, text: &mut String) {
    let Section { group, succession, .. } = section;
    if succession.leftovers.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(&commented(&format!(
        "To be removed from {}: {}. Terraform deletes only what it manages, so nothing in this file does it:",
        group.group_id,
        counted(succession.leftovers.len() as u64, "rule")
    )));
    for leftover in &succession.leftovers {
        text.push_str(&commented(&format!("- {}", listed(leftover))));
    }
    text.push_str(&commented("If your configuration has them, delete their blocks there, after this file is applied."));
    if succession.heirs.iter().any(|heir| matches!(heir.origin, Origin::Unnamed)) {
        let what = "If not, remove them with the AWS CLI (`sg-audit plan --output aws-cli`). Not by \
                    aws_vpc_security_group_rules_exclusive: it would remove the rules whose ids the inventory lacks, too.";
        text.push_str(&commented(what));
        return;
    }
    let what = "If not, take the next block out of its comment. It needs version 6.29.0 of the provider, and it removes EVERY rule of \
                the group that it does not list, also one that was added since the inventory was read.";
    text.push_str(&commented(what));
    let block = written(exclusive_block(section));
    for line in block.lines() {
        text.push_str(&format!("# {line}\n"));
    }
}

fn listed(leftover: &Leftover<'_>) -> String {
    let (rule, why) = match leftover {
        Leftover::Removal(removal) => (&removal.rule, format!("{}. {}", removal.verdict.name(), removal.reason)),
        Leftover::Replaced(replacement) => (&replacement.rule, "narrower rules stand in for it".to_owned()),
    };
    let id = if rule.has_own_id() { rule.id.as_str() } else { "(id not in the inventory)" };
    let mut text = format!("{id} {}", words(rule));
    if !rule.description.is_empty() {
        text.push_str(&format!(" \"{}\"", rule.description));
    }
    format!("{text}: {why}")
}

fn push_left_alone(plan: &Plan, text: &mut String) {
    if plan.left_alone.is_empty() {
        return;
    }
    text.push('\n');
    text.push_str(&commented("Left alone:"));
    for group in &plan.left_alone {
        let name = if group.group_name.is_empty() { String::new() } else { format!("{} ", group.group_name) };
        let rules = counted(group.rules, "rule");
        text.push_str(&commented(&format!("- {name}{} ({rules}): {}", group.group_id, group.reason)));
    }
}

/// A rule in words: `in tcp 443 from 10.0.0.0/8`.
fn words(rule: &Rule) -> String {
    let (way, preposition) = match rule.direction {
        Direction::Ingress => ("in", "from"),
        Direction::Egress => ("out", "to"),
    };
    format!("{way} {} {preposition} {}", rule_block::protocol_in_words(rule), rule.peer)
}

fn import_block(address: &Address, id: &str) -> Block {
    Block::builder("import").add_attribute(("to", address.reference())).add_attribute(("id", quoted(id))).build()
}

/// The block that would remove what is not listed.
fn exclusive_block(section: &Section<'_>) -> Block {
    let Section { group, succession, named, alias } = section;
    let mut ingress = Vec::new();
    let mut egress = Vec::new();
    for (heir, address) in succession.heirs.iter().zip(named) {
        match heir.rule.direction {
            Direction::Ingress => ingress.push(address.id()),
            Direction::Egress => egress.push(address.id()),
        }
    }
    let mut block = Block::builder("resource")
        .add_label("aws_vpc_security_group_rules_exclusive")
        .add_label(rule_block::name_from(&group.group_id));
    if let Some(alias) = alias {
        block = block.add_attribute(("provider", provider::reference(alias)));
    }
    block
        .add_attribute(("security_group_id", quoted(&group.group_id)))
        .add_attribute(("ingress_rule_ids", Expression::Array(ingress)))
        .add_attribute(("egress_rule_ids", Expression::Array(egress)))
        .build()
}

/// `first.second.third` as an expression. The parts are identifiers of ours.
fn path(parts: &[&str]) -> Expression {
    let (first, rest) = parts.split_first().unwrap_or((&"", &[]));
    let mut traversal = Traversal::builder(Variable::unchecked(*first));
    for part in rest {
        traversal = traversal.attr(Identifier::unchecked(*part));
    }
    Expression::from(traversal.build())
}
