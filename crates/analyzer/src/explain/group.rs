//! A whole group: who carries it, its rules, who names it, whom it talked to.

use super::group_peers::GroupPeers;
use super::model::{Carrier, GroupExplained, NamedBy};
use super::rule::words;
use super::{Explainer, rounded};
use crate::report::model::RuleReport;
use inventory::{GroupIx, InterfaceIx};

impl Explainer<'_> {
    /// None for a group that is gone.
    pub(super) fn group(&self, group: GroupIx, peers: &GroupPeers) -> Option<GroupExplained> {
        let report = self.report_of(group)?;
        let judged = self.analysis.groups[group.0 as usize].as_ref()?;
        let (peers, more_peers) = self.busiest(peers.iter());
        Some(GroupExplained {
            group: self.facts(group),
            verdict: report.verdict,
            same_rules_as: report.same_rules_as.clone(),
            interfaces: self.carriers(group, &judged.judgement.gates.carried_by),
            rules: report.rules.clone(),
            named_by: self.named_by(&report.group_id),
            peers,
            more_peers,
            missing: self.missing_of_group(group),
        })
    }

    fn carriers(&self, group: GroupIx, carried_by: &[InterfaceIx]) -> Vec<Carrier> {
        let inventory = self.analysis.inventory;
        let now = inventory.carried_now(group);
        let records = &self.analysis.attribution.interface_records;
        // By number is by id.
        let carrier = |number: &InterfaceIx| {
            let interface = inventory.interface(*number);
            Carrier {
                interface_id: interface.id.clone(),
                description: interface.description.clone(),
                carries_now: now.contains(number),
                coverage: self.analysis.coverage.of(inventory, *number).map(|covered| rounded(covered.share)),
                records: records.get(&interface.id).copied().unwrap_or_default(),
            }
        };
        carried_by.iter().map(carrier).collect()
    }

    fn named_by(&self, id: &str) -> Vec<NamedBy> {
        let mut found = Vec::new();
        for group in self.groups {
            let names_it = |rule: &&RuleReport| rule.peer == id;
            for rule in group.rules.iter().filter(names_it) {
                found.push(NamedBy {
                    group_id: group.group_id.clone(),
                    group_name: group.group_name.clone(),
                    rule_id: rule.rule_id.clone(),
                    rule: words(rule),
                    verdict: rule.verdict,
                });
            }
        }
        found
    }
}
