//! What the inventory does not tell: records whose interface, or whose other end, may have carried what no snapshot
//! shows.

use super::super::details::{Details, RuleKey, Unplaced};
use super::super::model::{Missing, UnplacedRecords};
use super::super::{Explainer, rfc3339};
use super::{SAMPLES, aws};
use crate::report::model::Verdict;
use crate::report::wording::counted;
use crate::rollup::{Place, PlaceIx};
use inventory::{Group, Span};

/// How many places of records are told.
const PLACES: usize = 10;

/// The unplaced records of a rule by why they could not be placed.
#[derive(Default)]
struct Reasons {
    /// Their interface is in no snapshot.
    unknown_interfaces: Vec<(PlaceIx, Unplaced)>,
    /// Their interface is listed without groups, or not around that time.
    unknown_groups: Vec<(PlaceIx, Unplaced)>,
    /// No rule of their own interface explains them.
    contradicting: Vec<(PlaceIx, Unplaced)>,
    /// Nobody knows whose the address at the other end was.
    unknown_peers: Vec<(PlaceIx, Unplaced)>,
}

impl Explainer<'_> {
    /// One gate for each reason.
    pub(super) fn unplaced_records(&self, (group_ix, position): RuleKey, details: &Details) -> Vec<Missing> {
        let inventory = self.analysis.inventory;
        let group = inventory.group(group_ix);
        let tally = &self.analysis.attribution.tallies[group_ix.0 as usize][position];
        let reasons = self.reasons(details);
        let mut missing = Vec::new();
        let interfaces = aws(group, "describe-network-interfaces");
        let often = "take snapshots more often (`sg-audit snapshot --out FILE`, from a scheduler)";
        if !reasons.unknown_interfaces.is_empty() {
            let what = what(&reasons.unknown_interfaces, "whose interface no snapshot knows");
            missing.push(self.gate("unknown-interfaces", what, &reasons.unknown_interfaces).cure(format!(
                "{often}, so that each interface is in one while it lives; for those that still exist add the output \
                 of {interfaces}"
            )));
        }
        if !reasons.unknown_groups.is_empty() {
            let what = what(&reasons.unknown_groups, "whose interface is known, but not what it carried then");
            missing.push(self.gate("unknown-groups", what, &reasons.unknown_groups).cure(format!(
                "give snapshots of that time, with the \"Groups\" of each interface: the whole output of {interfaces}"
            )));
        }
        if tally.contradicting > 0 {
            let text = format!(
                "{} that no rule of their own interface explains could have used it if that interface carried its \
                 group: the inventory is \
                 wrong there at that time",
                counted(tally.contradicting, "record")
            );
            let mut gate = self.gate("contradictions", text, &reasons.contradicting);
            gate.samples = self.contradiction_samples(group);
            missing.push(
                gate.cure("give snapshots from before and after every change of rules or groups")
                    .cure(format!("compare what the interfaces carry now with the inventory: {interfaces}")),
            );
        }
        if !reasons.unknown_peers.is_empty() {
            let what = what(&reasons.unknown_peers, "whose other end no snapshot knows");
            missing.push(self.gate("unknown-peers", what, &reasons.unknown_peers).cure(format!(
                "{often}, of every account whose interfaces reach this VPC: whoever had these addresses then has to \
                 be in one"
            )));
        }
        missing
    }

    fn reasons(&self, details: &Details) -> Reasons {
        let inventory = self.analysis.inventory;
        let mut reasons = Reasons::default();
        for (place, unplaced) in &details.unplaced {
            let id = &self.analysis.rollup.places.get(*place).interface_id;
            let Some(interface) = inventory.interface_ix(id.as_bytes()) else {
                reasons.unknown_interfaces.push((*place, *unplaced));
                continue;
            };
            if unplaced.of_interface > 0 {
                let span = Span { from: i64::from(unplaced.first_seen), to: i64::from(unplaced.last_seen) };
                let reason = if inventory.carried(interface, span).unknown_groups {
                    &mut reasons.unknown_groups
                } else {
                    &mut reasons.contradicting
                };
                reason.push((*place, Unplaced { records: unplaced.of_interface, ..*unplaced }));
            }
            if unplaced.records > unplaced.of_interface {
                let records = unplaced.records - unplaced.of_interface;
                reasons.unknown_peers.push((*place, Unplaced { records, ..*unplaced }));
            }
        }
        reasons
    }

    fn gate(&self, name: &'static str, what: String, places: &[(PlaceIx, Unplaced)]) -> Missing {
        let mut gate = Missing::new(name, Verdict::NoEvidence, what);
        let mut records: Vec<UnplacedRecords> = places
            .iter()
            .map(|(place, unplaced)| self.explained(self.analysis.rollup.places.get(*place), unplaced))
            .collect();
        records.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.interface_id.cmp(&b.interface_id)));
        if records.len() > PLACES {
            let more = (records.len() - PLACES) as u64;
            gate.samples.push(format!("and {} more", counted(more, "interface")));
            records.truncate(PLACES);
        }
        gate.unplaced = records;
        gate
    }

    fn explained(&self, place: &Place, unplaced: &Unplaced) -> UnplacedRecords {
        let inventory = self.analysis.inventory;
        let known = inventory.interface_ix(place.interface_id.as_bytes());
        let of_inventory = || inventory.interface(known?).vpc.clone();
        UnplacedRecords {
            interface_id: place.interface_id.to_string(),
            vpc_id: place.vpc_id.as_deref().map(str::to_owned).or_else(of_inventory),
            records: unplaced.records,
            first_seen: rfc3339(i64::from(unplaced.first_seen)),
            last_seen: rfc3339(i64::from(unplaced.last_seen)),
            peer: unplaced.peer,
        }
    }

    /// Cases of interfaces that may carry the group, where there are such among the few that are kept.
    fn contradiction_samples(&self, group: &Group) -> Vec<String> {
        let inventory = self.analysis.inventory;
        let may_carry = |id: &str| {
            let vpc = inventory.interface_ix(id.as_bytes()).and_then(|number| inventory.interface(number).vpc.as_ref());
            group.usable_vpcs.is_empty() || vpc.is_none_or(|vpc| group.usable_vpcs.contains(vpc))
        };
        let samples = self.analysis.attribution.contradiction_samples.iter().filter(|(id, _)| may_carry(id));
        samples.take(SAMPLES).map(|(id, at)| format!("{id} at {}", rfc3339(i64::from(*at)))).collect()
    }
}

fn what(places: &[(PlaceIx, Unplaced)], reason: &str) -> String {
    let records = places.iter().fold(0_u64, |sum, (_, unplaced)| sum.saturating_add(unplaced.records));
    format!("{} {reason} could have used it", counted(records, "record"))
}
