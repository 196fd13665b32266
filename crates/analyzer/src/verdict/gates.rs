//! What a proof needs: the gates of `unused`.
//!
//! A rule without any use is unused only if the logs would have shown one. Each gate that does not hold is a sentence.

use super::coverage::UnknownInterface;
use super::{CoverageBook, Thresholds};
use crate::attribute::tally::Tally;
use crate::rollup::Ledger;
use inventory::{Group, GroupIx, InterfaceIx, Inventory, Rule, Span};

/// What holds for all rules of a group.
#[derive(Clone, Debug, Default)]
pub struct GroupGates {
    /// Interfaces that carried it, or may have carried it, at some time of the window.
    pub carried_by: Vec<InterfaceIx>,
    /// Whether some snapshot shows one of them with it.
    pub is_attached: bool,
    /// Seconds for which the best observed of them reported.
    pub observed_seconds: i64,
    /// Why the logs could not have shown a use.
    pub no_evidence: Option<String>,
    /// Why a use is ruled out by assumption alone.
    pub likely: Option<String>,
}

/// Judges a group.
pub fn group_gates(
    inventory: &Inventory,
    group_ix: GroupIx,
    window: Span,
    coverage: &CoverageBook,
    ledger: &Ledger,
    thresholds: &Thresholds,
) -> GroupGates {
    let group = inventory.group(group_ix);
    let carried_by = inventory.carried_ever(group_ix, window);
    let mut gates = GroupGates { carried_by, ..GroupGates::default() };
    if gates.carried_by.is_empty() {
        gates.no_evidence = Some(if inventory.has_interfaces_of(group.owner.as_deref()) {
            "its group was on no interface inside the window, so no traffic could have used it".to_owned()
        } else {
            format!(
                "the inventory lacks the interfaces of {}; add `aws ec2 describe-network-interfaces` for it",
                group.owner.as_deref().map_or("its account".to_owned(), |owner| format!("account {owner}"))
            )
        });
        return gates;
    }
    check_coverage(&mut gates, inventory, group_ix, window, coverage, thresholds);
    check_unknown_interfaces(&mut gates, group, coverage, thresholds);
    if gates.no_evidence.is_none() && missing_seconds(gates.observed_seconds, thresholds) > 0 {
        gates.no_evidence = Some(format!(
            "its interfaces were observed for {:.1} days at most, less than the {} that are asked for (--min-days)",
            gates.observed_seconds as f64 / 86_400.0,
            thresholds.min_days
        ));
    }
    if gates.likely.is_none() {
        gates.likely = lost_input(&gates, inventory, ledger);
    }
    gates
}

/// How much longer an interface would have to be observed; 0 if it was long enough.
pub fn missing_seconds(observed: i64, thresholds: &Thresholds) -> i64 {
    let needed = (thresholds.min_days * 86_400.0) as i64;
    // The first and last slot of a window are cut, so an export of exactly so many days falls short by minutes.
    let slack = 3600.min(needed / 24);
    if observed + slack < needed { needed - observed } else { 0 }
}

fn check_coverage(
    gates: &mut GroupGates,
    inventory: &Inventory,
    group: GroupIx,
    window: Span,
    coverage: &CoverageBook,
    thresholds: &Thresholds,
) {
    let name = |ix: InterfaceIx| inventory.interfaces()[ix.0 as usize].id.as_str();
    let mut least: Option<(f64, InterfaceIx)> = None;
    let mut least_sure: Option<(f64, InterfaceIx)> = None;
    for &interface in &gates.carried_by {
        let Some(covered) = coverage.of(inventory, interface) else {
            continue;
        };
        // An interface whose groups are not known may have carried it: its gaps count, its days do not.
        let mut seconds = 0;
        for span in carrying_spans(inventory, interface, group, window) {
            gates.is_attached = true;
            seconds += coverage.observed(inventory, interface, span);
        }
        gates.observed_seconds = gates.observed_seconds.max(seconds);
        if least.is_none_or(|(share, _)| covered.share_until_last_report < share) {
            least = Some((covered.share_until_last_report, interface));
        }
        if least_sure.is_none_or(|(share, _)| covered.share < share) {
            least_sure = Some((covered.share, interface));
        }
    }
    let (Some((least, worst)), Some((least_sure, worst_sure))) = (least, least_sure) else {
        gates.no_evidence = Some("none of its interfaces lived inside the window".to_owned());
        return;
    };
    if !gates.is_attached {
        gates.no_evidence = Some("no interface inside the window is known to have carried its group".to_owned());
    } else if least < thresholds.min_coverage {
        gates.no_evidence = Some(format!(
            "the logs cover {} of the life of {}, less than {} (--min-coverage)",
            percent(least),
            name(worst),
            percent(thresholds.min_coverage)
        ));
    } else if least < 1.0 {
        gates.likely = Some(format!("the logs cover {} of the life of {}, not all of it", percent(least), name(worst)));
    } else if least_sure < 1.0 {
        gates.likely = Some(format!(
            "{} is gone by a later snapshot, and nothing but the end of its reports tells when it went",
            name(worst_sure)
        ));
    }
}

/// The parts of the window in which an interface surely carried a group. What snapshots say changes at their times alone.
pub fn carrying_spans(inventory: &Inventory, interface: InterfaceIx, group: GroupIx, window: Span) -> Vec<Span> {
    let mut cuts: Vec<i64> = inventory.snapshots().iter().filter_map(|snapshot| snapshot.captured_at).collect();
    cuts.retain(|time| window.from < *time && *time <= window.to);
    cuts.push(window.from);
    cuts.push(window.to.saturating_add(1));
    cuts.sort_unstable();
    cuts.dedup();
    let mut spans: Vec<Span> = Vec::new();
    for pair in cuts.windows(2) {
        let span = Span { from: pair[0], to: pair[1] - 1 };
        let carried = inventory.carried(interface, span);
        if !carried.groups.iter().any(|&(carried, surely)| surely && carried == group) {
            continue;
        }
        // Joined, for a slot that two spans cut would count in neither.
        match spans.last_mut() {
            Some(last) if last.to + 1 == span.from => last.to = span.to,
            _ => spans.push(span),
        }
    }
    spans
}

/// An interface that no snapshot knows may have carried the group, and may have used any of its rules in a gap of its reports.
fn check_unknown_interfaces(gates: &mut GroupGates, group: &Group, coverage: &CoverageBook, thresholds: &Thresholds) {
    let Some(worst) = unknown_carriers(group, coverage).min_by(|a, b| a.share.total_cmp(&b.share)) else {
        return;
    };
    let reason = format!(
        "{}, which no snapshot knows, may have carried its group, and the logs cover {} of the time between its first and last report; take snapshots more often",
        worst.interface,
        percent(worst.share)
    );
    if worst.share < thresholds.min_coverage {
        gates.no_evidence.get_or_insert(reason);
    } else if worst.share < 1.0 {
        gates.likely.get_or_insert(reason);
    }
}

/// Interfaces that no snapshot knows, in a VPC where the group can be used.
pub fn unknown_carriers<'a>(
    group: &'a Group,
    coverage: &'a CoverageBook,
) -> impl Iterator<Item = &'a UnknownInterface> {
    let usable = |vpc: &Option<String>| match vpc {
        Some(vpc) => group.usable_vpcs.is_empty() || group.usable_vpcs.contains(vpc),
        None => true,
    };
    coverage.unknown().iter().filter(move |unknown| usable(&unknown.vpc))
}

/// Rounded down, so that what is not whole never reads as 100 %.
fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).floor() / 10.0;
    format!("{tenths} %")
}

fn lost_input(gates: &GroupGates, inventory: &Inventory, ledger: &Ledger) -> Option<String> {
    if let Some(damaged) = ledger.damaged.first() {
        let name = if damaged.name.is_empty() { "some input" } else { damaged.name.as_str() };
        return Some(format!("{name} could not be read to its end, and what it held may have shown a use"));
    }
    let lost = lost_lines(gates, inventory, ledger);
    if lost > 0 {
        let lines = if lost == 1 { "1 line".to_owned() } else { format!("{lost} lines") };
        return Some(format!("{lines} of the logs could not be parsed and may have shown a use"));
    }
    if ledger.may_be_filtered {
        return Some("the records came through a subscription or a stream, which may leave records out".to_owned());
    }
    None
}

/// Lines that could not be parsed and that may have been records of an interface with the group.
pub fn lost_lines(gates: &GroupGates, inventory: &Inventory, ledger: &Ledger) -> u64 {
    let mut lost = 0_u64;
    for (interface, lines) in &ledger.unparsed {
        // A broken line that names an interface lost a record of that one. If the inventory does not know it the line may
        // be broken just there.
        let elsewhere =
            inventory.interface_ix(interface.as_bytes()).is_some_and(|named| !gates.carried_by.contains(&named));
        if !elsewhere {
            lost = lost.saturating_add(*lines);
        }
    }
    lost
}

/// Why the logs could not have shown a use of this rule, though they would have for others of its group.
pub fn rule_no_evidence(rule: &Rule, tally: &Tally, window: Span, thresholds: &Thresholds) -> Option<String> {
    if tally.contradicting > 0 {
        return Some(format!(
            "{} by no rule of their own interface, and could have used it if that interface carried its group; take snapshots more often",
            records(tally.contradicting, "is explained", "are explained")
        ));
    }
    if tally.unplaced > 0 {
        return Some(format!(
            "{} it whose interface, or whose other end, no snapshot knows; take snapshots more often",
            records(tally.unplaced, "could have used", "could have used")
        ));
    }
    let existed = too_young(rule, window, thresholds)?;
    Some(format!(
        "it exists for {:.1} days of the window, less than the {} that are asked for (--min-days)",
        existed as f64 / 86_400.0,
        thresholds.min_days
    ))
}

/// Seconds of the window for which a rule exists, if that is too short for a proof.
pub fn too_young(rule: &Rule, window: Span, thresholds: &Thresholds) -> Option<i64> {
    let existed = (window.to - rule.exists_since?.max(window.from)).max(0);
    ((existed as f64) < thresholds.min_days * 86_400.0).then_some(existed)
}

/// Why this rule's lack of use rests on an assumption.
pub fn rule_likely(inventory: &Inventory, group: &Group, rule: &Rule, tally: &Tally) -> Option<String> {
    let mut parts = Vec::new();
    if tally.assumed_replies > 0 {
        let records = records(tally.assumed_replies, "is taken", "are taken");
        parts.push(format!("{records} for replies by a guess, and would have used it as requests"));
    }
    if tally.untracked_answers > 0 {
        let records = records(tally.untracked_answers, "passes", "pass");
        parts.push(format!(
            "{records} by it as replies of untracked connections; without it new connections are tracked, but open ones are cut at once"
        ));
    }
    if !parts.is_empty() {
        return Some(parts.join("; "));
    }
    if inventory.may_serve_mirror_by_width(rule, group) {
        return Some(
            "it is wide enough for mirrored traffic (UDP 4789), which is filtered but not logged; add `aws ec2 describe-traffic-mirror-targets` to the inventory to rule that out"
                .to_owned(),
        );
    }
    None
}

fn records(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 record {one}") } else { format!("{count} records {many}") }
}
