//! What changed rules would have denied, and what they would have let in that was rejected.
//!
//! All rows are attributed once more, to the rules as they were ([`crate::attribute`]). Whatever then counts as a use of a rule that is
//! to go (surely, possibly, or by traffic that cannot be placed) has to be allowed by a rule that is to be ([`stand_in`]); what is not, is
//! *denied* ([`denials`]). The other way round, rejected rows that a new rule would let in are *admitted* ([`admissions`]).
//!
//! A replay knows what was logged, and no more: that nothing was denied in the past is no promise for the future.

pub mod admissions;
pub mod change;
pub mod denials;
pub mod json;
pub mod model;
pub mod stand_in;
pub mod table;

use crate::attribute::rejected::{Rejected, each_rejected};
use crate::attribute::{Careless, attribute_before};
use crate::rollup::Rollup;
use admissions::Admissions;
use change::Change;
use denials::Denials;
use inventory::{GroupIx, Inventory, Proposal};
use model::Replay;
use stand_in::Judge;

/// Replays all rows under a proposal. `threads` share the work.
pub fn replay(rollup: &Rollup, inventory: &Inventory, proposal: &Proposal, threads: usize) -> Replay {
    let change = Change::new(inventory, proposal);
    let mut outcome = Replay {
        changed_groups: change.groups().map(|group| inventory.group(group).id.clone()).collect(),
        unknown_groups: proposal.unknown_groups.clone(),
        replayed_rules: change.gone_rules(),
        ..Replay::default()
    };
    let is_unlisted = |group: &&GroupIx| !inventory.group(**group).rules_known;
    outcome
        .unknown_groups
        .extend(proposal.groups.keys().filter(is_unlisted).map(|group| inventory.group(*group).id.clone()));
    outcome.changed_groups.sort();
    outcome.unknown_groups.sort();

    let judge = Judge { inventory, kept_ports: &rollup.kept_ports };
    if outcome.replayed_rules > 0 {
        let look_on = || Denials::new(&change, judge);
        let (attribution, denials) = attribute_before(rollup, inventory, threads, Careless::default(), look_on);
        outcome.replayed_requests = denials.requests();
        outcome.assumed_replies = denials.assumed_replies();
        for group in change.groups() {
            for (position, tally) in attribution.tallies[group.0 as usize].iter().enumerate() {
                if change.goes(group, position) {
                    outcome.untracked_answers = outcome.untracked_answers.saturating_add(tally.untracked_answers);
                }
            }
        }
        outcome.denied = denials.denied(inventory);
    }
    if change.has_new_rules() {
        let see = |found: &mut Admissions, rejected: &Rejected<'_>| found.see(rejected, &change, judge);
        let found = each_rejected(rollup, inventory, threads, Admissions::default, see);
        outcome.admitted = admissions::admitted(found, &change, inventory);
    }
    outcome.sort();
    outcome
}
