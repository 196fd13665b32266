//! An explanation as data: what `sgflow.explain/1` says, before anybody decides how to show it.
//!
//! Field order here is the order in the JSON. Everything is sorted, so two runs on the same input serialise to the
//! same bytes.

use crate::names::Name;
use crate::report::model::{GroupVerdict, RuleReport, Verdict, Window};
use serde::Serialize;
use std::net::IpAddr;

/// The name and version of the JSON contract.
pub const SCHEMA: &str = "sgflow.explain/1";

/// The traffic behind the verdict on a group, or on a rule; on several where groups share its id.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The time that was judged.
    pub window: Window,
    /// The version of this program.
    pub tool_version: &'static str,
    /// What a proof asked for.
    pub asked: Asked,
    /// The group, where a group was asked for.
    pub group: Option<GroupExplained>,
    /// The rules, where a rule was asked for.
    pub rules: Vec<RuleExplained>,
}

/// What a proof asked for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Asked {
    /// Least share of an interface's life that must be covered, 0 to 1.
    pub min_coverage: f64,
    /// Least days of observation.
    pub min_days: f64,
}

/// What a group is.
#[derive(Clone, Debug, Serialize)]
pub struct GroupFacts {
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// Its VPC, or "" if unknown.
    pub vpc_id: String,
    /// Its owner's account, or "" if unknown.
    pub owner_id: String,
    /// As written in AWS.
    pub description: String,
    /// Sorted by key.
    pub tags: Vec<Tag>,
}

/// A tag.
#[derive(Clone, Debug, Serialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// One rule and its traffic. All counts are flow log records unless said otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct RuleExplained {
    /// The group that has it.
    pub group: GroupFacts,
    /// The rule, its verdict and evidence, as `sgflow.report/1` has them.
    pub rule: RuleReport,
    /// Addresses times ports that it opens, a decimal string.
    pub exposure: String,
    /// Sorted by key.
    pub tags: Vec<Tag>,
    /// RFC 3339 of the first snapshot with it, where an earlier one lacks it.
    pub exists_since: Option<String>,
    /// Whom its uses were with: most records first, at most as many as were asked for.
    pub peers: Vec<PeerExplained>,
    /// How many more there are.
    pub more_peers: u64,
    /// What told who opened the flows that used it.
    pub opened_by: Vec<GroundCount>,
    /// What a guess set aside as replies, by what guessed.
    pub assumed_replies_by: Vec<GroundCount>,
    /// Answers to requests that it may have allowed and that need not be in the logs.
    pub answers: u64,
    /// When it was used.
    pub timeline: Timeline,
    /// What else allows its uses.
    pub covered: Covered,
    /// Everything that keeps a verdict from being proven; empty if nothing does.
    pub missing: Vec<Missing>,
}

/// One peer.
#[derive(Clone, Debug, Serialize)]
pub struct PeerExplained {
    /// Its address.
    pub address: IpAddr,
    /// Requests, sure and possible; 0 where only answers prove one.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// RFC 3339 of the least `start`.
    pub first_seen: String,
    /// RFC 3339 of the greatest `end`.
    pub last_seen: String,
    /// What it was called then.
    pub name: Name,
}

/// What one kind of evidence told.
#[derive(Clone, Debug, Serialize)]
pub struct GroundCount {
    /// Kebab-case, as `attribute::witness::Ground` names them.
    pub ground: &'static str,
    /// In words.
    pub meaning: &'static str,
    /// How many.
    pub records: u64,
}

/// Uses over time.
#[derive(Clone, Debug, Serialize)]
pub struct Timeline {
    /// Seconds that each part is long.
    pub part_seconds: u32,
    /// Parts with uses, ascending.
    pub parts: Vec<TimelinePart>,
}

/// One part of a timeline.
#[derive(Clone, Debug, Serialize)]
pub struct TimelinePart {
    /// RFC 3339 of its first second.
    pub start: String,
    /// The same in epoch seconds, for whoever draws it.
    #[serde(skip)]
    pub at: u32,
    /// Requests, sure and possible, that began in it.
    pub records: u64,
}

/// What else allows the uses of a rule.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Covered {
    /// Uses that no other rule of the group surely allows.
    pub only_this: u64,
    /// Other rules of the group that surely allow some: most first.
    pub also: Vec<AlsoAllowed>,
}

/// Another rule that surely allows uses of this one.
#[derive(Clone, Debug, Serialize)]
pub struct AlsoAllowed {
    /// Its id.
    pub rule_id: String,
    /// It in words.
    pub rule: String,
    /// How many of the uses it surely allows.
    pub records: u64,
}

/// Something that keeps a rule from being proven, and what would cure it.
#[derive(Clone, Debug, Serialize)]
pub struct Missing {
    /// Kebab-case.
    pub gate: &'static str,
    /// What it makes of a rule that nothing was seen to use.
    pub verdict: Verdict,
    /// What is missing, a sentence.
    pub what: String,
    /// Interfaces that the logs do not cover, the worst first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<Gapped>,
    /// Records that could not be placed: most first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unplaced: Vec<UnplacedRecords>,
    /// Cases of it in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<String>,
    /// What to do about it, each a sentence.
    pub cures: Vec<String>,
}

/// An interface and the gaps in its logs.
#[derive(Clone, Debug, Serialize)]
pub struct Gapped {
    /// `eni-...`
    pub interface_id: String,
    /// Share of its life inside the window that the logs cover, 0 to 1, rounded down.
    pub coverage: f64,
    /// The longest, longest first.
    pub gaps: Vec<GapExplained>,
    /// How many more there are.
    pub more_gaps: u64,
}

/// A time in which an interface did not report.
#[derive(Clone, Debug, Serialize)]
pub struct GapExplained {
    /// RFC 3339 of its first second.
    pub from: String,
    /// RFC 3339 of the first second after it.
    pub to: String,
    /// Whether AWS says that it skipped records in it (SKIPDATA).
    pub skipped: bool,
}

/// Records of one interface that could have used the rule.
#[derive(Clone, Debug, Serialize)]
pub struct UnplacedRecords {
    /// `eni-...`
    pub interface_id: String,
    /// Its VPC, where records or inventory tell.
    pub vpc_id: Option<String>,
    /// How many.
    pub records: u64,
    /// RFC 3339 of the least `start`.
    pub first_seen: String,
    /// RFC 3339 of the greatest `end`.
    pub last_seen: String,
    /// One of the addresses at the other end.
    pub peer: IpAddr,
}

/// A group, its rules and its traffic.
#[derive(Clone, Debug, Serialize)]
pub struct GroupExplained {
    /// What it is.
    pub group: GroupFacts,
    /// What is known of it.
    pub verdict: GroupVerdict,
    /// Other groups of the same VPC with an equal set of rules, sorted.
    pub same_rules_as: Vec<String>,
    /// Interfaces that carried it inside the window, or may have; sorted.
    pub interfaces: Vec<Carrier>,
    /// Its rules as `sgflow.report/1` has them.
    pub rules: Vec<RuleReport>,
    /// Rules of any group that name it as their peer.
    pub named_by: Vec<NamedBy>,
    /// Whom uses of any of its rules were with: most records first, each record once.
    pub peers: Vec<PeerExplained>,
    /// How many more there are.
    pub more_peers: u64,
    /// What keeps all of its rules from being proven; empty if nothing does.
    pub missing: Vec<Missing>,
}

/// An interface that carried a group.
#[derive(Clone, Debug, Serialize)]
pub struct Carrier {
    /// `eni-...`
    pub interface_id: String,
    /// AWS's or its owner's description.
    pub description: String,
    /// Whether it carries the group by the last snapshot.
    pub carries_now: bool,
    /// Share of its life inside the window that the logs cover, 0 to 1, rounded down; null if it did not live then.
    pub coverage: Option<f64>,
    /// Its accepted and rejected records.
    pub records: u64,
}

/// A rule that names the group as its peer.
#[derive(Clone, Debug, Serialize)]
pub struct NamedBy {
    /// The group that has the rule.
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// The rule.
    pub rule_id: String,
    /// It in words.
    pub rule: String,
    /// The verdict on it.
    pub verdict: Verdict,
}
