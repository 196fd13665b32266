//! The traffic behind one verdict.
//!
//! ```text
//! subject ──► what is meant                 details, group_peers ──► look on while records are attributed
//!                        └──► rule, group ◄──┘      missing ──► every gate that does not hold, with its cure
//!                                  │
//!                                model ──► table, JSON
//! ```
//!
//! Nothing is judged here: verdicts and their evidence are those of the report.

pub mod details;
mod group;
mod group_peers;
mod missing;
pub mod model;
mod rule;
pub mod subject;
pub mod table;

use crate::analysis::{Analysis, window};
use crate::assemble::{self, ReportOptions, rfc3339, rounded};
use crate::attribute::witness::{Seen, Witness};
use crate::names::Names;
use crate::report::model::{GroupReport, Window};
use crate::rollup::Rollup;
use details::{DetailsBook, PeerUse, RuleKey, bucket_for};
use group_peers::GroupPeers;
use inventory::{GroupIx, Inventory, Span};
use model::{Asked, Explanation, GroupFacts, PeerExplained, SCHEMA, Tag};
use std::net::IpAddr;
use subject::Subject;

/// What is asked beside the subject.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// How to judge.
    pub options: &'a ReportOptions,
    /// Names of public addresses.
    pub names: &'a Names,
    /// Most peers that are listed.
    pub peers: usize,
}

/// Explains the verdict on a rule or group.
pub fn explain(rollup: &Rollup, inventory: &Inventory, subject: &Subject, question: Question<'_>) -> Explanation {
    let wanted: &[RuleKey] = match subject {
        Subject::Rules(rules) => rules,
        Subject::Group(_) => &[],
    };
    let group = match subject {
        Subject::Rules(_) => None,
        Subject::Group(group) => Some(*group),
    };
    // A row begins in its slice, and nothing finer is known.
    let part = bucket_for(window(rollup, question.options)).max(rollup.slice.seconds());
    let witness = || Onlooker { details: DetailsBook::new(Some(wanted), part), peers: GroupPeers::new(group) };
    let (analysis, seen) = Analysis::before(rollup, inventory, question.options, witness);
    let report = assemble::report_of(&analysis, &[]);
    let bench = Explainer { analysis: &analysis, groups: &report.groups, question };
    Explanation {
        schema: SCHEMA,
        window: Window { start: report.window.start.clone(), end: report.window.end.clone() },
        tool_version: report.tool_version,
        asked: Asked { min_coverage: analysis.thresholds.min_coverage, min_days: analysis.thresholds.min_days },
        group: group.and_then(|group| bench.group(group, &seen.peers)),
        rules: wanted.iter().filter_map(|rule| bench.rule(*rule, &seen.details)).collect(),
    }
}

/// Sees what both see.
struct Onlooker {
    details: DetailsBook,
    peers: GroupPeers,
}

impl Witness for Onlooker {
    fn see(&mut self, seen: &Seen<'_>) {
        self.details.see(seen);
        self.peers.see(seen);
    }

    fn absorb(&mut self, other: Onlooker) {
        self.details.absorb(other.details);
        self.peers.absorb(other.peers);
    }
}

/// All that explanations are made from.
struct Explainer<'a> {
    analysis: &'a Analysis<'a>,
    /// The report on it, by group.
    groups: &'a [GroupReport],
    question: Question<'a>,
}

impl Explainer<'_> {
    fn report_of(&self, group: GroupIx) -> Option<&GroupReport> {
        let id = &self.analysis.inventory.group(group).id;
        self.groups.iter().find(|report| report.group_id == *id)
    }

    fn facts(&self, group: GroupIx) -> GroupFacts {
        let group = self.analysis.inventory.group(group);
        GroupFacts {
            group_id: group.id.clone(),
            group_name: group.name.clone(),
            vpc_id: group.vpc.clone().unwrap_or_default(),
            owner_id: group.owner.clone().unwrap_or_default(),
            description: group.description.clone(),
            tags: tags(&group.tags),
        }
    }

    /// The busiest peers, named, and how many are left out.
    fn busiest(&self, peers: impl Iterator<Item = (IpAddr, PeerUse)>) -> (Vec<PeerExplained>, u64) {
        let mut all: Vec<(IpAddr, PeerUse)> = peers.collect();
        all.sort_by(|(a, of_a), (b, of_b)| {
            of_b.records.cmp(&of_a.records).then(of_b.bytes.cmp(&of_a.bytes)).then(a.cmp(b))
        });
        let more = all.len().saturating_sub(self.question.peers) as u64;
        all.truncate(self.question.peers);
        let explained = |(address, peer): (IpAddr, PeerUse)| {
            let span = Span {
                from: i64::from(peer.first_seen) - crate::attribute::flow::LAG,
                to: i64::from(peer.last_seen.max(peer.first_seen)),
            };
            PeerExplained {
                address,
                records: peer.records,
                bytes: peer.bytes,
                first_seen: rfc3339(i64::from(peer.first_seen)),
                last_seen: rfc3339(i64::from(peer.last_seen)),
                name: self.question.names.of(self.analysis.inventory, address, span),
            }
        };
        (all.into_iter().map(explained).collect(), more)
    }
}

fn tags(tags: &[(String, String)]) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}
