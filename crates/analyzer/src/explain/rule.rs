//! One rule: its traffic, and what else allows it.

use super::details::{Details, DetailsBook, RuleKey};
use super::model::{AlsoAllowed, Covered, GroundCount, RuleExplained, Timeline, TimelinePart};
use super::{Explainer, rfc3339, tags};
use crate::attribute::witness::Ground;
use crate::report::model::{GroupReport, RuleReport};
use crate::report::wording;
use inventory::{Direction, GroupIx, Rule, RulePorts, UNDATED};

impl Explainer<'_> {
    /// None for a rule of a group that is gone.
    pub(super) fn rule(&self, key: RuleKey, book: &DetailsBook) -> Option<RuleExplained> {
        let (group, position) = key;
        let rule = self.analysis.inventory.group(group).rules.get(position)?;
        let report = report_of_rule(self.report_of(group)?, rule)?;
        let nothing = Details::default();
        let details = book.of(key).unwrap_or(&nothing);
        let (peers, more_peers) = self.busiest(details.peers.iter().map(|(address, peer)| (*address, *peer)));
        let parts = details.timeline.iter().map(|(at, records)| TimelinePart {
            start: rfc3339(i64::from(*at)),
            at: *at,
            records: *records,
        });
        Some(RuleExplained {
            group: self.facts(group),
            rule: report.clone(),
            exposure: report.exposure.clone(),
            tags: tags(&rule.tags),
            exists_since: rule.exists_since.filter(|since| *since != UNDATED).map(rfc3339),
            peers,
            more_peers,
            opened_by: counts(&details.grounds),
            assumed_replies_by: counts(&details.set_aside),
            answers: details.implied,
            timeline: Timeline { part_seconds: book.bucket(), parts: parts.collect() },
            covered: self.covered(group, position, report.evidence.sole_cover)?,
            missing: self.missing_of_rule(key, details),
        })
    }

    fn covered(&self, group: GroupIx, position: usize, only_this: u64) -> Option<Covered> {
        let rules = &self.analysis.inventory.group(group).rules;
        let report = self.report_of(group)?;
        let mut records = vec![0_u64; rules.len()];
        for cover in self.analysis.attribution.covers[group.0 as usize].iter().filter(|cover| cover.uses(position)) {
            for (other, sum) in records.iter_mut().enumerate() {
                if other != position && cover.surely(other) {
                    *sum = sum.saturating_add(cover.records);
                }
            }
        }
        let mut also = Vec::new();
        for (rule, records) in rules.iter().zip(records).filter(|(_, records)| *records > 0) {
            let report = report_of_rule(report, rule)?;
            also.push(AlsoAllowed { rule_id: rule.id.clone(), rule: words(report), records });
        }
        also.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.rule_id.cmp(&b.rule_id)));
        Some(Covered { only_this, also })
    }
}

/// The rule as the report has it.
pub(super) fn report_of_rule<'r>(group: &'r GroupReport, rule: &Rule) -> Option<&'r RuleReport> {
    let ports = match rule.ports {
        RulePorts::All => (None, None),
        RulePorts::Range { from, to } => (Some(from), Some(to)),
        RulePorts::Icmp { ty, code } => (ty.map(u16::from), code.map(u16::from)),
    };
    let protocol = rule.protocol.map_or_else(|| "all".to_owned(), |protocol| protocol.name());
    let peer = rule.peer.to_string();
    group.rules.iter().find(|report| {
        report.rule_id == rule.id
            && (report.direction == "egress") == (rule.direction == Direction::Egress)
            && report.protocol == protocol
            && (report.from_port, report.to_port) == ports
            && report.peer == peer
    })
}

/// A rule in words: `in tcp 443 from 0.0.0.0/0`.
pub(super) fn words(rule: &RuleReport) -> String {
    let preposition = if rule.direction == "egress" { "to" } else { "from" };
    format!("{} {} {preposition} {}", wording::direction(rule), wording::protocol_and_ports(rule), rule.peer)
}

fn counts(records: &[u64; Ground::ALL.len()]) -> Vec<GroundCount> {
    let told = Ground::ALL.into_iter().zip(records).filter(|(_, records)| **records > 0);
    told.map(|(ground, records)| GroundCount { ground: ground.name(), meaning: meaning(ground), records: *records })
        .collect()
}

fn meaning(ground: Ground) -> &'static str {
    match ground {
        Ground::Flags => "by their TCP flags",
        Ground::Rules => "for no rule allows them the other way round",
        Ground::Services => "by a guess: one side answered as a server elsewhere in these logs",
        Ground::NamedPorts => "by a guess: rules single out the port of one side",
        Ground::PortNumbers => "by a guess: the numbers of the ports, a server's and a client's",
        Ground::FanIn => "by a guess: one port stays the same against many",
        Ground::Nothing => "nothing tells: they may be requests, or answers to some",
    }
}
