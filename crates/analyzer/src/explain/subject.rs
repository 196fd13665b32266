//! What is to be explained: the rules or the group that a text means, or why it means none.

use super::details::RuleKey;
use inventory::{Epoch, Group, GroupIx, Inventory, Peer, UNDATED};

/// What a text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Rules of this id: one, or one for each group that has it.
    Rules(Vec<RuleKey>),
    /// A group.
    Group(GroupIx),
}

/// Why a text means nothing that could be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing {
    /// What is the matter; lowercase, without a full stop.
    pub what: String,
    /// What to try.
    pub hint: String,
}

/// How many suggestions are made.
const SUGGESTIONS: usize = 3;

impl Subject {
    /// The rule with this id, the group with this id, or the one group with this name, in the last snapshot.
    ///
    /// # Errors
    /// Says that it is gone, that several groups have that name, or what is called nearly so.
    pub fn find(inventory: &Inventory, text: &str) -> Result<Subject, Nothing> {
        let mut rules = Vec::new();
        for (number, group) in current(inventory) {
            for (position, _) in group.rules.iter().enumerate().filter(|(_, rule)| rule.id == text) {
                rules.push((number, position));
            }
        }
        if !rules.is_empty() {
            return Ok(Subject::Rules(rules));
        }
        if let Some(number) = inventory.group_ix(text) {
            let group = inventory.group(number);
            return if group.in_last_snapshot { Ok(Subject::Group(number)) } else { Err(gone_group(inventory, group)) };
        }
        let named: Vec<(GroupIx, &Group)> = current(inventory).filter(|(_, group)| group.name == text).collect();
        match named[..] {
            [(number, _)] => return Ok(Subject::Group(number)),
            [] => {}
            _ => {
                let ids: Vec<&str> = named.iter().map(|(_, group)| group.id.as_str()).collect();
                return Err(Nothing {
                    what: format!("{} groups are called {text}", named.len()),
                    hint: format!("name one of them by its id: {}", ids.join(", ")),
                });
            }
        }
        Err(gone(inventory, text).unwrap_or_else(|| nowhere(inventory, text)))
    }
}

fn current(inventory: &Inventory) -> impl Iterator<Item = (GroupIx, &Group)> {
    let groups = inventory.groups().iter().enumerate();
    groups.filter(|(_, group)| group.in_last_snapshot).map(|(number, group)| (GroupIx(number as u32), group))
}

const ONLY_LAST: &str =
    "only rules of the last snapshot are judged; to explain what was, give no snapshot later than that one";

/// A rule that only earlier snapshots have, or a group by its former name.
fn gone(inventory: &Inventory, text: &str) -> Option<Nothing> {
    for group in inventory.groups() {
        let of_gone_group = if group.in_last_snapshot { &[][..] } else { &group.rules[..] };
        let Some(rule) = group.former_rules.iter().chain(of_gone_group).find(|rule| rule.id == text) else {
            continue;
        };
        let last = last_seen(inventory.rule_last_seen(rule));
        return Some(Nothing {
            what: format!("rule {text} of group {} is gone: {last} is the last that has it", group.id),
            hint: ONLY_LAST.to_owned(),
        });
    }
    let group = inventory.groups().iter().find(|group| !group.name.is_empty() && group.name == text)?;
    Some(gone_group(inventory, group))
}

fn gone_group(inventory: &Inventory, group: &Group) -> Nothing {
    let Some(time) = inventory.group_last_seen(group) else {
        return Nothing {
            what: format!("group {} is on interfaces, but no snapshot lists it", group.id),
            hint: format!(
                "add the output of `aws ec2 describe-security-groups` of {} to the inventory",
                group.owner.as_deref().map_or("its account".to_owned(), |owner| format!("account {owner}"))
            ),
        };
    };
    Nothing {
        what: format!("group {} is gone: {} is the last that has it", group.id, last_seen(Some(time))),
        hint: ONLY_LAST.to_owned(),
    }
}

fn last_seen(time: Option<Epoch>) -> String {
    match time {
        Some(time) if time != UNDATED => match jiff::Timestamp::from_second(time) {
            Ok(time) => format!("the snapshot of {time}"),
            Err(_) => "an earlier snapshot".to_owned(),
        },
        _ => "an earlier snapshot".to_owned(),
    }
}

fn nowhere(inventory: &Inventory, text: &str) -> Nothing {
    let what = format!("no rule and no group of the inventory is called {text}");
    let names_it = |peer: &Peer| matches!(peer, Peer::Group { id, .. } if id == text);
    let mut rules = current(inventory).flat_map(|(_, group)| &group.rules);
    if let Some(rule) = rules.find(|rule| names_it(&rule.peer)) {
        let hint = format!("rule {} names it as its peer: add the account that owns it to the inventory", rule.id);
        return Nothing { what, hint };
    }
    let near = nearest(inventory, text);
    let hint = if near.is_empty() {
        "ids of rules and groups are in `sg-audit report`; a group may be given by its exact name, too".to_owned()
    } else {
        format!("nearly so: {}", near.join(", "))
    };
    Nothing { what, hint }
}

/// Ids and names that a person may have meant: begun alike, or apart by few letters; the nearest first.
fn nearest(inventory: &Inventory, text: &str) -> Vec<String> {
    let wanted = text.to_lowercase();
    let mut near: Vec<(usize, String)> = Vec::new();
    for (_, group) in current(inventory) {
        let ids = group.rules.iter().map(|rule| &rule.id).chain([&group.id, &group.name]);
        for candidate in ids.filter(|candidate| !candidate.is_empty()) {
            if let Some(distance) = distance(&wanted, &candidate.to_lowercase()) {
                near.push((distance, candidate.clone()));
            }
        }
    }
    near.sort();
    near.dedup();
    near.into_iter().take(SUGGESTIONS).map(|(_, candidate)| candidate).collect()
}

/// Ids are random, so those that are not meant differ in nearly all letters: a quarter of them is a slip.
fn distance(wanted: &str, candidate: &str) -> Option<usize> {
    // The letters after the dash, for all ids of a kind begin alike.
    let own = |text: &str| text.rsplit('-').next().unwrap_or_default().chars().count();
    if own(wanted) >= 3 && candidate.starts_with(wanted) {
        return Some(0);
    }
    let most = (own(wanted).max(own(candidate)) / 4).max(1);
    let distance = strsim::osa_distance(wanted, candidate);
    (distance <= most).then_some(distance)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn rule(id: &str, group: &str, port: u16, peer: &str) -> String {
        format!(
            r#"{{"SecurityGroupRuleId": "{id}", "GroupId": "{group}", "IsEgress": false, "IpProtocol": "tcp", "FromPort": {port},
                "ToPort": {port}, {peer}}}"#
        )
    }

    /// In March two rules more, and a group; `web` is the name of two groups.
    fn inventory() -> Inventory {
        let anywhere = r#""CidrIpv4": "0.0.0.0/0""#;
        let other = r#""ReferencedGroupInfo": {"GroupId": "sg-0ffffffffffffffff", "UserId": "999999999999"}"#;
        let kept = [
            rule("sgr-0123456789abcdef0", "sg-0aaaaaaaaaaaaaaaa", 443, anywhere),
            rule("sgr-0fedcba9876543210", "sg-0bbbbbbbbbbbbbbbb", 22, other),
        ];
        let gone = [
            rule("sgr-0000000000000gone", "sg-0aaaaaaaaaaaaaaaa", 80, anywhere),
            rule("sgr-00000000000000old", "sg-0cccccccccccccccc", 80, anywhere),
        ];
        let group = |id: &str, name: &str| format!(r#"{{"GroupId": "{id}", "GroupName": "{name}"}}"#);
        let groups = [
            group("sg-0aaaaaaaaaaaaaaaa", "web"),
            group("sg-0bbbbbbbbbbbbbbbb", "database"),
            group("sg-0dddddddddddddddd", "web"),
        ];
        let snapshot = |time: &str, groups: &[String], rules: &[String]| {
            format!(
                r#"{{"CapturedAt": "{time}", "AccountId": "123456789012", "SecurityGroups": [{}], "SecurityGroupRules": [{}]}}"#,
                groups.join(","),
                rules.join(",")
            )
        };
        let mut before = groups.to_vec();
        before.push(group("sg-0cccccccccccccccc", "former"));
        let march = snapshot("2026-03-01T00:00:00Z", &before, &[kept.clone(), gone].concat());
        let april = snapshot("2026-04-01T00:00:00Z", &groups, &kept);
        Inventory::from_texts(&[("march.json", &march), ("april.json", &april)]).unwrap().inventory
    }

    fn refused(text: &str) -> Nothing {
        Subject::find(&inventory(), text).unwrap_err()
    }

    #[test]
    fn rules_and_groups_by_id_and_groups_by_name() {
        let inventory = inventory();
        let group = |id: &str| inventory.group_ix(id).unwrap();
        let find = |text: &str| Subject::find(&inventory, text).unwrap();
        assert_eq!(find("sgr-0123456789abcdef0"), Subject::Rules(vec![(group("sg-0aaaaaaaaaaaaaaaa"), 0)]));
        assert_eq!(find("sg-0bbbbbbbbbbbbbbbb"), Subject::Group(group("sg-0bbbbbbbbbbbbbbbb")));
        assert_eq!(find("database"), Subject::Group(group("sg-0bbbbbbbbbbbbbbbb")));
    }

    #[test]
    fn a_name_of_several_is_no_name() {
        let nothing = refused("web");
        assert_eq!(nothing.what, "2 groups are called web");
        assert!(nothing.hint.contains("sg-0aaaaaaaaaaaaaaaa, sg-0dddddddddddddddd"), "{}", nothing.hint);
    }

    #[test]
    fn what_is_gone_is_said_to_be() {
        let last = "the snapshot of 2026-03-01T00:00:00Z is the last that has it";
        for (text, start) in [
            ("sgr-0000000000000gone", "rule sgr-0000000000000gone of group sg-0aaaaaaaaaaaaaaaa is gone: "),
            ("sgr-00000000000000old", "rule sgr-00000000000000old of group sg-0cccccccccccccccc is gone: "),
            ("sg-0cccccccccccccccc", "group sg-0cccccccccccccccc is gone: "),
            ("former", "group sg-0cccccccccccccccc is gone: "),
        ] {
            assert_eq!(refused(text).what, format!("{start}{last}"));
        }
    }

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        for (slip, meant) in [
            ("sgr-0123456789abcdfe0", "sgr-0123456789abcdef0"), // two letters swapped
            ("sgr-123456789abcdef0", "sgr-0123456789abcdef0"),  // one is missing
            ("sgr-0123456", "sgr-0123456789abcdef0"),           // cut
            ("SGR-0123456789ABCDEF0", "sgr-0123456789abcdef0"),
            ("sg-0bbbbbbbbbbbbbbbc", "sg-0bbbbbbbbbbbbbbbb"),
            ("databse", "database"),
        ] {
            assert_eq!(refused(slip).hint, format!("nearly so: {meant}"), "{slip}");
        }
        assert_eq!(refused("we").hint, "nearly so: web");
        for stranger in ["sgr-0987654321fedcba9", "sgr-", "sg-", "", "payments"] {
            assert!(refused(stranger).hint.starts_with("ids of rules and groups"), "{stranger}");
        }
    }

    #[test]
    fn a_group_that_is_only_named_belongs_to_somebody_else() {
        let nothing = refused("sg-0ffffffffffffffff");
        assert!(nothing.hint.contains("sgr-0fedcba9876543210 names it as its peer"), "{}", nothing.hint);
    }
}
