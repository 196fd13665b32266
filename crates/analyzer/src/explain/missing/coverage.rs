//! What the logs do not cover: gaps of interfaces that carried the group, known and unknown ones.

use super::super::model::{GapExplained, Gapped, Missing};
use super::super::{Explainer, rfc3339, rounded};
use super::{SAMPLES, aws};
use crate::report::model::Verdict;
use crate::report::wording::{counted, share};
use crate::verdict::coverage::{Covered, Gap, is_silent_about_accepted};
use crate::verdict::gates::{self, GroupGates};
use inventory::{FlowLog, Group, GroupIx, Interface, InterfaceIx, TrafficType};
use std::collections::BTreeSet;

/// How many gaps of one interface are told.
const GAPS: usize = 5;
/// How many interfaces with gaps are told.
const INTERFACES: usize = 10;

impl Explainer<'_> {
    /// Gates of the coverage of interfaces that the inventory knows.
    pub(super) fn coverage(&self, group: GroupIx, gates: &GroupGates) -> Vec<Missing> {
        let (inventory, book) = (self.analysis.inventory, &self.analysis.coverage);
        let facts = inventory.group(group);
        let mut covered: Vec<(InterfaceIx, Covered)> = Vec::new();
        for &interface in &gates.carried_by {
            covered.extend(book.of(inventory, interface).map(|covered| (interface, covered)));
        }
        if covered.is_empty() {
            let what = "none of its interfaces lived inside the window";
            let missing = Missing::new("not-alive", Verdict::NoEvidence, what);
            return vec![missing.cure("give logs of the time in which they lived: older files, or an earlier --since")];
        }
        let mut missing = Vec::new();
        if !gates.is_attached {
            let what = "no interface inside the window is known to have carried its group";
            missing.push(Missing::new("unsure-carriers", Verdict::NoEvidence, what).cure(format!(
                "take snapshots more often, each with the output of {}: those there are differ, or leave out the \
                 interfaces' \"Groups\"",
                aws(facts, "describe-network-interfaces")
            )));
        }
        missing.extend(self.gaps(facts, &covered));
        missing.extend(self.gone(facts, &covered));
        missing
    }

    fn gaps(&self, group: &Group, covered: &[(InterfaceIx, Covered)]) -> Option<Missing> {
        let (inventory, book) = (self.analysis.inventory, &self.analysis.coverage);
        let mut gapped: Vec<(InterfaceIx, f64)> =
            covered.iter().map(|(interface, covered)| (*interface, covered.share_until_last_report)).collect();
        gapped.retain(|(_, share)| *share < 1.0);
        gapped.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let (worst, least) = *gapped.first()?;
        let verdict = self.verdict_of_share(least);
        let of_all = match covered.len() {
            1 => "the one interface".to_owned(),
            all => format!("{} of the {all} interfaces", gapped.len()),
        };
        let what = format!(
            "the logs do not cover the whole life of {of_all} that carried its group inside the window, and of {} \
             only {}; a proof asks for \
             all of it, and for {} at least (--min-coverage)",
            inventory.interface(worst).id,
            share(least),
            share(self.analysis.thresholds.min_coverage)
        );
        let mut missing = Missing::new("coverage", verdict, what);
        for (interface, share) in gapped.iter().take(INTERFACES) {
            let gaps = book.gaps(inventory, *interface);
            missing.interfaces.push(explained(&inventory.interface(*interface).id, *share, gaps));
        }
        if gapped.len() > INTERFACES {
            missing.samples.push(format!("and {} more", counted((gapped.len() - INTERFACES) as u64, "interface")));
        }
        let interfaces: Vec<&Interface> = gapped.iter().map(|(interface, _)| inventory.interface(*interface)).collect();
        missing.cures = self.cures_of_gaps(group, &interfaces);
        if missing.interfaces.iter().flat_map(|interface| &interface.gaps).any(|gap| gap.skipped) {
            missing.cures.push(
                "what AWS skipped (SKIPDATA) is lost for good: give logs that begin after it, with --since".to_owned(),
            );
        }
        Some(missing)
    }

    /// What could be done about gaps, by why they may be there.
    fn cures_of_gaps(&self, group: &Group, interfaces: &[&Interface]) -> Vec<String> {
        let inventory = self.analysis.inventory;
        let ids: BTreeSet<&str> = interfaces.iter().map(|interface| interface.id.as_str()).collect();
        let mut cures = Vec::new();
        let silent = self.silent_sources(&ids);
        if !silent.is_empty() {
            cures.push(format!(
                "{} of rejected traffic alone, or of none that was accepted, and so proves nothing: log with \
                 --traffic-type ALL",
                if silent.len() == 1 {
                    format!("flow log {} tells", silent[0])
                } else {
                    format!("flow logs {} tell", silent.join(", "))
                },
            ));
        }
        let mut watching: BTreeSet<&str> = BTreeSet::new();
        let mut unwatched: BTreeSet<&str> = BTreeSet::new();
        for interface in interfaces {
            let logs = inventory.flow_logs().iter().filter(|log| log.traffic_type != TrafficType::Reject);
            let its: Vec<&str> = logs.filter(|log| watches(log, interface)).map(|log| log.id.as_str()).collect();
            if its.is_empty() {
                unwatched.insert(interface.vpc.as_deref().unwrap_or(&interface.id));
            }
            watching.extend(its);
        }
        if inventory.flow_logs_were_read() {
            for resource in unwatched {
                let kind = if resource.starts_with("vpc-") { "VPC" } else { "NetworkInterface" };
                let command = aws(
                    group,
                    &format!(
                        "create-flow-logs --resource-type {kind} --resource-ids {resource} --traffic-type ALL \
                         --log-destination-type s3 \
                         --log-destination arn:aws:s3:::BUCKET"
                    ),
                );
                cures.push(format!("no flow log of the inventory records accepted traffic of {resource}: {command}"));
            }
        }
        if !watching.is_empty() {
            let watching: Vec<&str> = watching.into_iter().collect();
            cures.push(format!("add the log files of these times that {} wrote", watching.join(", ")));
        } else if cures.is_empty() {
            cures.push(format!(
                "add the log files of these times; {} tells whether there were any, and only those with TrafficType \
                 ALL or ACCEPT count",
                aws(group, "describe-flow-logs")
            ));
        }
        cures
    }

    /// Flow logs that reported on one of the interfaces and prove nothing.
    fn silent_sources(&self, interfaces: &BTreeSet<&str>) -> Vec<String> {
        let (inventory, rollup) = (self.analysis.inventory, self.analysis.rollup);
        let mut silent = BTreeSet::new();
        for (place, source, _) in rollup.coverage.iter() {
            let reports_on_one = interfaces.contains(&*rollup.places.get(place).interface_id);
            if reports_on_one && is_silent_about_accepted(rollup, inventory, source.0 as usize) {
                let name = rollup.ledger.sources.get(source.0 as usize).map(|source| source.name.as_str());
                silent.insert(name.filter(|name| !name.is_empty()).unwrap_or("without an id").to_owned());
            }
        }
        silent.into_iter().collect()
    }

    fn gone(&self, group: &Group, covered: &[(InterfaceIx, Covered)]) -> Option<Missing> {
        let unsure = |covered: &Covered| covered.share < 1.0 && covered.share_until_last_report >= 1.0;
        let gone: Vec<&str> = covered
            .iter()
            .filter(|(_, covered)| unsure(covered))
            .map(|(interface, _)| self.analysis.inventory.interface(*interface).id.as_str())
            .collect();
        let first = gone.first()?;
        let what = match gone.len() {
            1 => format!(
                "{first} is gone by a later snapshot, and nothing but the end of its reports tells when it went"
            ),
            count => format!(
                "{count} interfaces, such as {first}, are gone by a later snapshot, and nothing but the end of their \
                 reports tells when they \
                 went"
            ),
        };
        Some(Missing::new("gone-interfaces", Verdict::LikelyUnused, what).cure(format!(
            "take snapshots more often ({}), so that the end of an interface lies between two that are close",
            aws(group, "describe-network-interfaces")
        )))
    }

    /// Gaps of interfaces that no snapshot knows, and that may have carried the group.
    pub(super) fn unknown_carriers(&self, group: GroupIx) -> Option<Missing> {
        let book = &self.analysis.coverage;
        let group = self.analysis.inventory.group(group);
        let mut gapped: Vec<_> = gates::unknown_carriers(group, book).filter(|unknown| unknown.share < 1.0).collect();
        gapped.sort_by(|a, b| a.share.total_cmp(&b.share).then_with(|| a.interface.cmp(&b.interface)));
        let least = gapped.first()?.share;
        let what = format!(
            "{} that no snapshot knows may have carried its group, and the logs have gaps between the first and the \
             last report of {}",
            counted(gapped.len() as u64, "interface"),
            if gapped.len() == 1 { "it" } else { "each" }
        );
        let mut missing = Missing::new("unknown-interfaces-coverage", self.verdict_of_share(least), what);
        for unknown in gapped.iter().take(SAMPLES) {
            let gaps = book.gaps_of_unknown(&unknown.interface);
            missing.interfaces.push(explained(&unknown.interface, unknown.share, gaps));
        }
        if gapped.len() > SAMPLES {
            missing.samples.push(format!("and {} more", counted((gapped.len() - SAMPLES) as u64, "interface")));
        }
        Some(missing.cure(format!(
            "take snapshots more often ({}), so that each interface is in one while it lives",
            aws(group, "describe-network-interfaces")
        )))
    }

    fn verdict_of_share(&self, share: f64) -> Verdict {
        if share < self.analysis.thresholds.min_coverage { Verdict::NoEvidence } else { Verdict::LikelyUnused }
    }
}

fn watches(log: &FlowLog, interface: &Interface) -> bool {
    let Some(resource) = log.resource_id.as_deref() else {
        return false;
    };
    [Some(interface.id.as_str()), interface.subnet.as_deref(), interface.vpc.as_deref()].contains(&Some(resource))
}

fn explained(interface: &str, share: f64, mut gaps: Vec<Gap>) -> Gapped {
    gaps.sort_by_key(|gap| (gap.from - gap.to, gap.from));
    let more_gaps = gaps.len().saturating_sub(GAPS) as u64;
    gaps.truncate(GAPS);
    let explained = |gap: Gap| GapExplained { from: rfc3339(gap.from), to: rfc3339(gap.to), skipped: gap.skipped };
    Gapped {
        interface_id: interface.to_owned(),
        coverage: rounded(share),
        gaps: gaps.into_iter().map(explained).collect(),
        more_gaps,
    }
}
