//! What is said on standard error about an inventory that was written.

use std::collections::BTreeSet;

use inventory::Inventory;

use super::super::message::Message;
use super::fields::{Fields, Kind};

/// Ids and accounts that are named; the others are counted.
const NAMED: usize = 5;

/// What keeps documents of flows from naming rules, and what else the reader should know.
pub fn warnings(inventory: &Inventory, things: &[Fields<'_>], shared: &BTreeSet<&str>) -> Vec<Message> {
    let mut warnings = Vec::new();
    let nameless = things.iter().filter(|thing| thing.has_derived_id).count();
    if nameless > 0 {
        let rules = if nameless == 1 { "1 rule has".to_owned() } else { format!("{nameless} rules have") };
        let what = format!("{rules} no id in the inventory, so documents of flows cannot name them");
        let hint = "add the output of `aws ec2 describe-security-group-rules` to the inventory";
        warnings.push(Message::warning(what).hint(hint));
    }
    let unknown = inventory.groups().iter().filter(|group| group.in_last_snapshot && !group.rules_known).count();
    if unknown > 0 {
        let groups = if unknown == 1 { "1 group is".to_owned() } else { format!("{unknown} groups are") };
        warnings.push(Message::warning(format!("{groups} listed without rules, which are left out as unknown")));
    }
    warnings.extend(without_interfaces(inventory, things));
    if !shared.is_empty() {
        let ids = enumerated(shared.iter().map(|id| (*id).to_owned()));
        let what = format!(
            "several things of the inventory have the id {ids}; each is written, under an _id with account and group in front, and a \
             number where that is the same too: with another inventory it may be another's"
        );
        let hint = "delete the index before loading another inventory; give listings of different times a CapturedAt";
        warnings.push(Message::warning(what).hint(hint));
    }
    warnings
}

/// Accounts, or regions of accounts, of which the inventory has rules and no list of interfaces.
fn without_interfaces(inventory: &Inventory, things: &[Fields<'_>]) -> Option<Message> {
    let mut places = BTreeSet::new();
    for thing in things.iter().filter(|thing| thing.kind == Kind::Rule) {
        if inventory.has_interfaces_in(thing.account, thing.region) {
            continue;
        }
        // Without an account nothing tells whose they are.
        let Some(account) = thing.account else { continue };
        places.insert(match thing.region.filter(|_| inventory.has_interfaces_of(Some(account))) {
            Some(region) => format!("{account} in {region}"),
            None => account.to_owned(),
        });
    }
    if places.is_empty() {
        return None;
    }
    let noun = if places.len() == 1 { "account" } else { "accounts" };
    let whose = if places.len() == 1 { "its" } else { "their" };
    let what = format!(
        "the interfaces of {noun} {} are not in the inventory, so documents of flows cannot name {whose} rules",
        enumerated(places.into_iter())
    );
    Some(Message::warning(what).hint("add the output of `aws ec2 describe-network-interfaces` there to the inventory"))
}

/// `a`, `a and b`, `a, b and 7 others`.
fn enumerated(mut names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let mut named: Vec<String> = names.by_ref().take(NAMED).collect();
    match count - named.len() {
        0 if count > 1 => named.pop().map_or(String::new(), |last| format!("{} and {last}", named.join(", "))),
        0 => named.join(", "),
        1 => format!("{} and 1 other", named.join(", ")),
        others => format!("{} and {others} others", named.join(", ")),
    }
}

/// What was written, by kinds.
pub fn summary(things: &[Fields<'_>]) -> String {
    let counted = |kind: Kind| {
        let count = things.iter().filter(|thing| thing.kind == kind).count();
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {}{plural}", kind.name())
    };
    format!("{}, {} and {}", counted(Kind::Rule), counted(Kind::Interface), counted(Kind::Group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_are_counted() {
        let of = |count: u32| enumerated((1..=count).map(|number| number.to_string()).collect::<Vec<_>>().into_iter());
        let found = [0, 1, 2, 3, 5, 6, 7, 1000].map(of);
        let expected = [
            "",
            "1",
            "1 and 2",
            "1, 2 and 3",
            "1, 2, 3, 4 and 5",
            "1, 2, 3, 4, 5 and 1 other",
            "1, 2, 3, 4, 5 and 2 others",
            "1, 2, 3, 4, 5 and 995 others",
        ];
        assert_eq!(found, expected);
    }
}
