//! What to know before making the change.

use super::model::{GroupPlan, PlanWarning, WarningKind};
use crate::analysis::Analysis;
use crate::recommend::Limits;
use crate::report::model::{GroupVerdict, Verdict};
use inventory::{Direction, GroupIx, Inventory, Peer, PrefixListFacts, Protocol, Rule, Span};
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};

const DIRECTIONS: [(Direction, &str); 2] = [(Direction::Ingress, "inbound"), (Direction::Egress, "outbound")];

/// More ids than this are counted, not named.
const NAMED: usize = 5;

/// Everything to know about the changed groups, sorted, each once.
pub(super) fn warnings(analysis: &Analysis<'_>, groups: &[GroupPlan], limits: &Limits) -> Vec<PlanWarning> {
    let lists: BTreeMap<&str, PrefixListFacts> = analysis.inventory.prefix_lists().collect();
    let mut found = BTreeSet::new();
    for group in groups {
        untracked_answers(analysis, group, &mut found);
        untracked_requests(analysis, group, &mut found);
        new_peers(group, &mut found);
        named_by_others(analysis, groups, group, &mut found);
        names_others(analysis.inventory, group, &mut found);
        other_account(analysis.inventory, group, &mut found);
        stack(analysis.inventory, group, &mut found);
        not_listed(analysis.inventory, group, &mut found);
        quota(analysis.inventory, group, limits, &lists, &mut found);
    }
    found.into_iter().collect()
}

/// Replies of untracked connections pass by a rule that goes.
fn untracked_answers(analysis: &Analysis<'_>, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let tallies = &analysis.attribution.tallies[group.group.0 as usize];
    let rules = &analysis.inventory.group(group.group).rules;
    for rule in changed(group) {
        let position = rules.iter().position(|other| other.has_content_of(rule));
        let answers = position.and_then(|position| tallies.get(position)).map_or(0, |tally| tally.untracked_answers);
        if answers == 0 {
            continue;
        }
        let records = if answers == 1 { "1 record passes".to_owned() } else { format!("{answers} records pass") };
        let text = format!(
            "{records} by this rule as answers of connections that are not tracked: those that are open when it goes are cut at \
             once. Make the change when few are open, or let them reconnect."
        );
        found.insert(about_rule(group, rule, WarningKind::UntrackedConnections, text));
    }
}

/// A rule for everybody goes whose connections are not tracked, because a rule of the other direction lets all ports out to
/// everybody (EC2 User Guide, "Amazon EC2 security group connection tracking", "Untracked connections": they are interrupted at
/// once when the rule that allows them is removed or changed). By a rule that is proven unused none was opened.
fn untracked_requests(analysis: &Analysis<'_>, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let inventory = analysis.inventory;
    let unproven = group.removals.iter().filter(|removal| removal.verdict != Verdict::Unused);
    let replaced = group.replacements.iter().map(|replacement| &replacement.rule);
    let mut together: Option<Vec<GroupIx>> = None;
    for rule in unproven.map(|removal| &removal.rule).chain(replaced) {
        let v6 = match &rule.peer {
            Peer::Cidr(net) if net.prefix_len() == 0 => matches!(net, IpNet::V6(_)),
            _ => continue,
        };
        if rule.protocol.is_some_and(|protocol| !protocol.has_ports()) {
            continue;
        }
        let groups = together.get_or_insert_with(|| carried_together(inventory, group.group, analysis.window.to));
        let opens_answers = |other: &&Rule| {
            other.direction != rule.direction
                && other.allows_all_ports()
                && other.peer_is_anywhere(v6)
                && may_share_a_protocol(rule, other)
        };
        let opener = groups.iter().find_map(|&group| inventory.group(group).rules.iter().find(opens_answers));
        let Some(opener) = opener else {
            continue;
        };
        let text = format!(
            "Connections by this rule are not tracked, because rule {} of group {} lets all ports through the other way. Those that \
             are open when it goes, with an address or port that no other rule allows, are cut at once rather than left to end.",
            opener.id,
            inventory.group(opener.group).id,
        );
        found.insert(about_rule(group, rule, WarningKind::UntrackedConnections, text));
    }
}

/// A rule for everybody comes to name addresses: logs tell who came, not who will.
fn new_peers(group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let is_for_anywhere = |rule: &Rule| rule.peer_is_anywhere(false) || rule.peer_is_anywhere(true);
    for replacement in &group.replacements {
        let mut coming = replacement.by.iter().chain(&replacement.shared);
        if !is_for_anywhere(&replacement.rule) || coming.any(is_for_anywhere) {
            continue;
        }
        let text = match replacement.rule.direction {
            Direction::Ingress => {
                "This rule is for everybody, and those in its place are for who came while the logs were written: others are denied \
                 from then on. Leave it as it is if the service is public."
            }
            Direction::Egress => {
                "This rule is for everywhere, and those in its place are for what was called while the logs were written. Leave it as \
                 it is if what is called changes its addresses."
            }
        };
        found.insert(about_rule(group, &replacement.rule, WarningKind::NewPeers, text.to_owned()));
    }
}

/// The group, and those that its interfaces carry beside it now.
fn carried_together(inventory: &Inventory, group: GroupIx, now: i64) -> Vec<GroupIx> {
    let mut together = BTreeSet::from([group]);
    for interface in inventory.carried_now(group) {
        let carried = inventory.carried(interface, Span { from: now, to: now });
        together.extend(carried.groups.iter().map(|(group, _)| *group));
    }
    together.into_iter().collect()
}

/// Only TCP and UDP connections can be untracked by a rule.
fn may_share_a_protocol(rule: &Rule, other: &Rule) -> bool {
    match (rule.protocol, other.protocol) {
        (Some(protocol), Some(other)) => protocol == other,
        (Some(protocol), None) | (None, Some(protocol)) => Protocol::has_ports(protocol),
        (None, None) => true,
    }
}

/// Rules of other groups name a group that lets nothing through any more, or that nobody carries: somebody still counts on it,
/// and it cannot be deleted as long as they are there.
fn named_by_others(
    analysis: &Analysis<'_>,
    groups: &[GroupPlan],
    group: &GroupPlan,
    found: &mut BTreeSet<PlanWarning>,
) {
    let inventory = analysis.inventory;
    let names_it = |rule: &&Rule| matches!(&rule.peer, Peer::Group { id, .. } if *id == group.group_id);
    let mut naming: BTreeSet<&str> = BTreeSet::new();
    for (other_ix, _) in analysis.judged() {
        if other_ix == group.group {
            continue;
        }
        let planned = groups.iter().find(|planned| planned.group == other_ix);
        let names = match planned {
            Some(planned) => planned.rules_after().any(|rule| names_it(&rule)),
            None => inventory.group(other_ix).rules.iter().any(|rule| names_it(&rule)),
        };
        if names {
            naming.insert(&inventory.group(other_ix).id);
        }
    }
    if naming.is_empty() {
        return;
    }
    let by = format!("Rules of {} name this group", listed(&naming, "group"));
    let judged = analysis.groups.get(group.group.0 as usize).and_then(Option::as_ref);
    if judged.is_some_and(|judged| judged.judgement.verdict == GroupVerdict::Unattached) {
        let text =
            format!("{by}, which is on no interface: they allow nobody, and it cannot be deleted before they are.");
        found.insert(about_group(group, WarningKind::ReferencedElsewhere, text));
        return;
    }
    for (direction, word) in DIRECTIONS {
        let had = inventory.group(group.group).rules.iter().any(|rule| rule.direction == direction);
        let has = group.rules_after().any(|rule| rule.direction == direction);
        if had && !has {
            let text =
                format!("{by}, which loses all its {word} rules. Ask their owners whether they still count on it.");
            found.insert(about_group(group, WarningKind::ReferencedElsewhere, text));
        }
    }
}

/// New rules name a group that no rule of this one named: whoever is given that group passes, and it cannot be deleted.
fn names_others(inventory: &Inventory, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let rules = &inventory.group(group.group).rules;
    for rule in group.additions() {
        let Peer::Group { id, .. } = &rule.peer else {
            continue;
        };
        let is_named_before = rules.iter().any(|old| matches!(&old.peer, Peer::Group { id: named, .. } if named == id));
        if *id == group.group_id || is_named_before {
            continue;
        }
        let text = format!(
            "New rules name group {id}: every interface that is given it passes by them, and it cannot be deleted as long as they \
             are there."
        );
        found.insert(about_group(group, WarningKind::ReferencedElsewhere, text));
    }
}

/// Interfaces of other accounts carry the group: those of a shared VPC.
fn other_account(inventory: &Inventory, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    if group.owner_id.is_empty() {
        return;
    }
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for interface in inventory.carried_now(group.group) {
        let owner = inventory.interface(interface).owner.as_deref();
        others.extend(owner.filter(|owner| *owner != group.owner_id));
    }
    if others.is_empty() {
        return;
    }
    let text = format!(
        "Interfaces of {} carry this group, which account {} owns. Tell them before the change.",
        listed(&others, "account"),
        group.owner_id
    );
    found.insert(about_group(group, WarningKind::OtherOwner, text));
}

/// The group belongs to a stack, whose template says what its rules are.
fn stack(inventory: &Inventory, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let tags = &inventory.group(group.group).tags;
    let Some((_, stack)) = tags.iter().find(|(key, _)| key == "aws:cloudformation:stack-name") else {
        return;
    };
    let text = format!(
        "This group belongs to the CloudFormation stack {stack}. Change its template instead: else the stack drifts, and an update may \
         put the old rules back."
    );
    found.insert(about_group(group, WarningKind::OtherOwner, text));
}

/// Only the rules of the group were read: what would say that a service manages it is missing.
fn not_listed(inventory: &Inventory, group: &GroupPlan, found: &mut BTreeSet<PlanWarning>) {
    let known = inventory.group(group.group);
    if !known.description.is_empty() || !known.tags.is_empty() {
        return;
    }
    let text = "Description and tags of this group are not in the inventory, so an AWS service may manage it unnoticed. Add the output of \
                `aws ec2 describe-security-groups`."
        .to_owned();
    found.insert(about_group(group, WarningKind::OtherOwner, text));
}

/// Old and new rules together are more than a group may have (VPC User Guide, "Amazon VPC quotas": counted by direction and by IP
/// family; a rule for a group counts in both, and one for a prefix list as its maximum number of entries).
fn quota(
    inventory: &Inventory,
    group: &GroupPlan,
    limits: &Limits,
    lists: &BTreeMap<&str, PrefixListFacts>,
    found: &mut BTreeSet<PlanWarning>,
) {
    let rules = &inventory.group(group.group).rules;
    for (direction, word) in DIRECTIONS {
        if !group.additions().any(|rule| rule.direction == direction) {
            continue;
        }
        for v6 in [false, true] {
            let of_direction = rules.iter().chain(group.additions()).filter(|rule| rule.direction == direction);
            let together = of_direction.fold(0_usize, |sum, rule| sum.saturating_add(weight(rule, v6, lists)));
            if together <= limits.max_rules {
                continue;
            }
            let family = if v6 { "IPv6" } else { "IPv4" };
            let text = format!(
                "Its {word} rules and the new ones count {together} together for {family}, and a group may have {}. Each rule is \
                 therefore revoked as soon as those in its place are there.",
                limits.max_rules
            );
            found.insert(about_group(group, WarningKind::Quota, text));
        }
    }
}

fn weight(rule: &Rule, v6: bool, lists: &BTreeMap<&str, PrefixListFacts>) -> usize {
    match &rule.peer {
        Peer::Cidr(net) => usize::from(matches!(net, IpNet::V6(_)) == v6),
        Peer::Group { .. } => 1,
        Peer::PrefixList(id) => {
            let entries = lists.get(id.as_str()).and_then(|list| list.max_entries);
            entries.map_or(1, |entries| usize::try_from(entries).unwrap_or(usize::MAX))
        }
    }
}

fn changed(group: &GroupPlan) -> impl Iterator<Item = &Rule> {
    let removed = group.removals.iter().map(|removal| &removal.rule);
    removed.chain(group.replacements.iter().map(|replacement| &replacement.rule))
}

/// `group sg-1`, `groups sg-1, sg-2`, `groups sg-1, ..., sg-5 and 3 more`.
fn listed(ids: &BTreeSet<&str>, noun: &str) -> String {
    let named: Vec<&str> = ids.iter().copied().take(NAMED).collect();
    let ending = if ids.len() == 1 { "" } else { "s" };
    let more = match ids.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{noun}{ending} {}{more}", named.join(", "))
}

fn about_rule(group: &GroupPlan, rule: &Rule, kind: WarningKind, text: String) -> PlanWarning {
    PlanWarning { group_id: group.group_id.clone(), rule_id: Some(rule.id.clone()), kind, text }
}

fn about_group(group: &GroupPlan, kind: WarningKind, text: String) -> PlanWarning {
    PlanWarning { group_id: group.group_id.clone(), rule_id: None, kind, text }
}

#[cfg(test)]
mod tests;
