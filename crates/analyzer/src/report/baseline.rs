//! What has changed since an earlier report.
//!
//! A rule is the same rule if its group and its content are: direction, protocol, ports and peer. Its id may be another, for an earlier
//! inventory may have had none.

mod earlier;

use super::model::{GroupReport, Report, RuleReport, Verdict, Window};
use super::wording::{self, count, counted};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Differences between an earlier report and this one. Rules are sorted by group, then as in the group: ingress first, then protocol,
/// ports and peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The window of the earlier report.
    pub since: Window,
    /// `unused`, `redundant` or `likely-unused` now, and none of these before.
    pub newly_unused: Vec<RuleChange>,
    /// `used` now, and not before.
    pub newly_used: Vec<RuleChange>,
    /// Every other change of a verdict.
    pub other_verdicts: Vec<RuleChange>,
    /// Rules that the earlier report has not; those of new groups too.
    pub new_rules: Vec<RuleChange>,
    /// Rules that only the earlier report has; those of gone groups too.
    pub gone_rules: Vec<RuleChange>,
    /// Groups that the earlier report has not, sorted by id.
    pub new_groups: Vec<GroupChange>,
    /// Groups that only the earlier report has, sorted by id.
    pub gone_groups: Vec<GroupChange>,
}

/// A rule that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleChange {
    /// `sg-...`
    pub group_id: String,
    /// The group's name, or "".
    pub group_name: String,
    /// The rule's id in this report; of a rule that is gone, in the earlier one.
    pub rule_id: String,
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// The rule in words: `tcp 22 from 0.0.0.0/0`.
    pub rule: String,
    /// The earlier verdict; none for a new rule.
    pub from: Option<Verdict>,
    /// The verdict now; none for a rule that is gone.
    pub to: Option<Verdict>,
}

/// A group that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupChange {
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// How many rules it has, or had.
    pub rules: u64,
}

/// Changes of one kind, put for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangePart {
    /// What they are: `Newly unused or redundant`.
    pub title: &'static str,
    /// One line each. Text from elsewhere stands in them as it was found.
    pub lines: Vec<String>,
}

/// Why an earlier report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// The file cannot be read.
    #[error("cannot read the earlier report {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It holds something else.
    #[error("{} is no report of sg-audit: line {line}, column {column}: {problem}", path.display())]
    NoReport {
        /// The file.
        path: PathBuf,
        /// Where reading ended, from 1.
        line: usize,
        /// Where in the line, from 1; 0 is the end of the line before.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
}

impl BaselineError {
    /// What to do about any of them.
    pub const CURE: &'static str =
        "give --baseline an earlier report; make it with `sg-audit report --output json --out FILE`";
}

/// An earlier report, as far as it is compared.
#[derive(Clone, Debug)]
pub struct Baseline {
    window: Window,
    groups: Vec<EarlierGroup>,
}

/// A group of it.
#[derive(Clone, Debug)]
struct EarlierGroup {
    group_id: String,
    group_name: String,
    rules: Vec<RuleReport>,
}

/// A group and what makes two rules of it the same, in the order in which changes are listed.
type Key<'a> = (&'a str, bool, &'a str, Option<u16>, Option<u16>, &'a str);

/// The same thing in the earlier report and in this one; a rule comes with its group's name.
struct Pair<T> {
    before: Option<T>,
    now: Option<T>,
}

impl<T> Default for Pair<T> {
    fn default() -> Self {
        Pair { before: None, now: None }
    }
}

impl Baseline {
    /// Reads an earlier report.
    ///
    /// # Errors
    /// When the file is no `sgflow.report/1`. Keys that are not needed, or not known, may be anything.
    pub fn load(path: &Path) -> Result<Baseline, BaselineError> {
        earlier::read(path)
    }

    /// What has changed in a later report.
    pub fn changes(&self, report: &Report) -> Changes {
        let mut groups: BTreeMap<&str, Pair<GroupChange>> = BTreeMap::new();
        let mut rules: BTreeMap<Key<'_>, Pair<(&str, &RuleReport)>> = BTreeMap::new();
        for group in &self.groups {
            let EarlierGroup { group_id, group_name, rules: listed } = group;
            let pair = groups.entry(group_id).or_default();
            let mut number = 0;
            for rule in listed {
                let pair = rules.entry(key(group_id, rule)).or_default();
                // What an odd file lists twice counts once.
                if pair.before.is_none() {
                    pair.before = Some((group_name, rule));
                    number += 1;
                }
            }
            let known = pair.before.get_or_insert_with(|| GroupChange::of(group_id, group_name));
            known.rules += number;
        }
        for group in &report.groups {
            let GroupReport { group_id, group_name, rules: listed, .. } = group;
            for rule in listed {
                rules.entry(key(group_id, rule)).or_default().now = Some((group_name, rule));
            }
            let change = GroupChange { rules: listed.len() as u64, ..GroupChange::of(group_id, group_name) };
            groups.entry(group_id).or_default().now = Some(change);
        }

        let mut changes = Changes { since: self.window.clone(), ..Changes::default() };
        for pair in groups.into_values() {
            match (pair.before, pair.now) {
                (None, Some(group)) => changes.new_groups.push(group),
                (Some(group), None) => changes.gone_groups.push(group),
                _ => {}
            }
        }
        for ((group_id, ..), pair) in rules {
            changes.add(group_id, &pair);
        }
        changes
    }
}

fn key<'a>(group_id: &'a str, rule: &'a RuleReport) -> Key<'a> {
    (group_id, rule.direction == "egress", &rule.protocol, rule.from_port, rule.to_port, &rule.peer)
}

impl Changes {
    fn add(&mut self, group_id: &str, pair: &Pair<(&str, &RuleReport)>) {
        let Some((group_name, rule)) = pair.now.or(pair.before) else {
            return;
        };
        let from = pair.before.map(|(_, rule)| rule.verdict);
        let to = pair.now.map(|(_, rule)| rule.verdict);
        let list = match (from, to) {
            (None, _) => &mut self.new_rules,
            (_, None) => &mut self.gone_rules,
            (Some(from), Some(to)) if from == to => return,
            (Some(from), Some(to)) if is_removable(to) && !is_removable(from) => &mut self.newly_unused,
            (_, Some(Verdict::Used)) => &mut self.newly_used,
            _ => &mut self.other_verdicts,
        };
        list.push(RuleChange {
            group_id: group_id.to_owned(),
            group_name: group_name.to_owned(),
            rule_id: rule.rule_id.clone(),
            direction: rule.direction,
            rule: in_words(rule),
            from,
            to,
        });
    }

    /// Whether nothing has changed.
    pub fn is_empty(&self) -> bool {
        self.parts().is_empty()
    }

    /// The kinds of changes of which there are some, those to act on first.
    pub fn parts(&self) -> Vec<ChangePart> {
        let rules = [
            ("Newly unused or redundant", &self.newly_unused),
            ("Newly used", &self.newly_used),
            ("Other verdicts", &self.other_verdicts),
            ("New rules", &self.new_rules),
            ("Gone rules", &self.gone_rules),
        ];
        let groups = [("New groups", &self.new_groups), ("Gone groups", &self.gone_groups)];
        let mut parts = Vec::new();
        for (title, changes) in rules {
            parts.push(ChangePart { title, lines: changes.iter().map(RuleChange::line).collect() });
        }
        for (title, changes) in groups {
            parts.push(ChangePart { title, lines: changes.iter().map(GroupChange::line).collect() });
        }
        parts.retain(|part| !part.lines.is_empty());
        parts
    }

    /// `Since the report of 2024-05-31T23:59:59Z`: the end of its window. The text is the file's own.
    pub fn heading(&self) -> String {
        format!("Since the report of {}", self.since.end)
    }

    /// How many of each kind: `2 newly unused or redundant, 1 gone rule`; a sentence where there are none.
    pub fn summary(&self) -> String {
        let mut words = Vec::new();
        for part in self.parts() {
            let many = part.title.to_lowercase();
            let one = many.strip_suffix('s').unwrap_or(&many);
            let words_for = if part.lines.len() == 1 { one } else { &many };
            words.push(format!("{} {words_for}", count(part.lines.len() as u64)));
        }
        if words.is_empty() {
            "No rule has another verdict, none came and none went".to_owned()
        } else {
            words.join(", ")
        }
    }

    /// The earlier verdict of every rule of the report whose verdict is another now, by group and rule id; none for a new rule.
    pub fn verdicts_before(&self) -> BTreeMap<(&str, &str), Option<Verdict>> {
        let changed = [&self.newly_unused, &self.newly_used, &self.other_verdicts, &self.new_rules];
        let mut verdicts = BTreeMap::new();
        for change in changed.into_iter().flatten() {
            verdicts.insert((change.group_id.as_str(), change.rule_id.as_str()), change.from);
        }
        verdicts
    }
}

impl RuleChange {
    /// The change as a line: `web (sg-1) sgr-2, in tcp 22 from 0.0.0.0/0: used -> unused`.
    pub fn line(&self) -> String {
        let way = if self.direction == "egress" { "out" } else { "in" };
        let verdicts = match (self.from, self.to) {
            (Some(from), Some(to)) => format!("{} -> {}", from.name(), to.name()),
            (Some(from), None) => format!("was {}", from.name()),
            (None, Some(to)) => to.name().to_owned(),
            (None, None) => String::new(),
        };
        format!(
            "{} {}, {way} {}: {verdicts}",
            group_in_words(&self.group_id, &self.group_name),
            self.rule_id,
            self.rule
        )
    }
}

impl GroupChange {
    fn of(group_id: &str, group_name: &str) -> GroupChange {
        GroupChange { group_id: group_id.to_owned(), group_name: group_name.to_owned(), rules: 0 }
    }

    /// The group as a line: `web (sg-1), 3 rules`.
    pub fn line(&self) -> String {
        format!("{}, {}", group_in_words(&self.group_id, &self.group_name), counted(self.rules, "rule"))
    }
}

fn group_in_words(group_id: &str, group_name: &str) -> String {
    if group_name.is_empty() { group_id.to_owned() } else { format!("{group_name} ({group_id})") }
}

fn in_words(rule: &RuleReport) -> String {
    let preposition = if rule.direction == "egress" { "to" } else { "from" };
    format!("{} {preposition} {}", wording::protocol_and_ports(rule), rule.peer)
}

fn is_removable(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Unused | Verdict::Redundant | Verdict::LikelyUnused)
}

#[cfg(test)]
pub(crate) mod example;

#[cfg(test)]
mod tests;
