//! Recommendations: fewer ports and fewer addresses that would have let through all that a rule was, or may have been, used
//! for.
//!
//! For each rule: all [`ways`] to write it with fewer ports ([`port_cover`]) and for fewer addresses ([`cidr_cover`]), or for [`one_peer`]
//! in place of a range. For each group: the ways that, all together, open least within AWS's [`quota`]. Nothing that is recommended opens a
//! port, or in the rule's own family an address, that the rule does not open now.
//!
//! Logs tell who came, not who will. So peers and ports are only narrowed once they have [`settled`].

pub mod cidr_cover;
mod one_peer;
pub mod port_cover;
mod quota;
mod settled;
mod ways;

use crate::attribute::tally::Tally;
use crate::report::model::{PortSpan, Recommendation, Verdict};
use crate::verdict::RuleVerdict;
use ethnum::U256;
use inventory::{Direction, GroupIx, Inventory, Peer};
use ways::{Ways, weight};

/// How far a recommendation may be cut up, and how narrow it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At most so many CIDRs in place of one rule, at least 1.
    pub max_cidrs: usize,
    /// At most so many ranges of ports in place of one rule, at least 1.
    pub max_port_ranges: usize,
    /// At most so many rules of a group in one direction (AWS quota "Inbound or outbound rules per security group").
    pub max_rules: usize,
    /// No IPv4 CIDR has a longer prefix than this.
    pub min_prefix_v4: u8,
    /// No IPv6 CIDR has a longer prefix than this.
    pub min_prefix_v6: u8,
    /// Private peers stand for themselves, not for their subnet.
    pub exact_peers: bool,
    /// Peers and ports are narrowed too of which new ones still came in the second half of the window. Whoever calls [`for_group`] sees to
    /// it with `settled_at`.
    pub include_unsettled: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_cidrs: 8,
            max_port_ranges: 8,
            max_rules: 60,
            min_prefix_v4: 32,
            min_prefix_v6: 128,
            exact_peers: false,
            include_unsettled: false,
        }
    }
}

/// Less that would do in place of a rule: every range of ports for every peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrower {
    /// Ascending; empty for protocols without ports, and for all protocols the whole range.
    pub ports: Vec<PortSpan>,
    /// CIDRs ascending; or one prefix list, or one group.
    pub peers: Vec<Peer>,
    /// What the rule opens now.
    pub before: U256,
    /// What these open.
    pub after: U256,
}

impl From<&Narrower> for Recommendation {
    fn from(narrower: &Narrower) -> Recommendation {
        Recommendation {
            ports: narrower.ports.clone(),
            peers: narrower.peers.iter().map(ToString::to_string).collect(),
            exposure_before: narrower.before.to_string(),
            exposure_after: narrower.after.to_string(),
        }
    }
}

/// What would do in place of the rules of a group, by position; `None` where nothing opens less, where it is not proven, or where the
/// quota leaves no room for it.
///
/// `settled_at`: the time (epoch seconds) after which nothing new may have come for peers or ports to be narrowed; `None`: that is not asked.
pub fn for_group(
    inventory: &Inventory,
    group: GroupIx,
    tallies: &[Tally],
    verdicts: &[RuleVerdict],
    limits: &Limits,
    settled_at: Option<i64>,
) -> Vec<Option<Narrower>> {
    let rules = &inventory.group(group).rules;
    let mut narrower = vec![None; rules.len()];
    for direction in [Direction::Ingress, Direction::Egress] {
        let mut found: Vec<(usize, Ways)> = Vec::new();
        let mut others = [0; 2];
        for (position, ((rule, tally), verdict)) in rules.iter().zip(tallies).zip(verdicts).enumerate() {
            if rule.direction != direction {
                continue;
            }
            let is_candidate = verdict.verdict == Verdict::Used && verdict.proven;
            let ways = if is_candidate { Ways::of(inventory, rule, tally, limits, settled_at) } else { None };
            match ways {
                Some(ways) if !ways.item.ways.is_empty() => found.push((position, ways)),
                // A plan removes it before anything else.
                _ if verdict.verdict == Verdict::Unused => {}
                // Redundant ones go too, but need not be gone yet while others are replaced.
                _ => {
                    // What nobody knows has found its room already, and takes at least this.
                    let weight = weight(inventory, rule).unwrap_or([1, 1]);
                    others = [others[0] + weight[0], others[1] + weight[1]];
                }
            }
        }
        let items: Vec<quota::Item> = found.iter().map(|(_, ways)| ways.item.clone()).collect();
        let quota = u32::try_from(limits.max_rules).unwrap_or(u32::MAX);
        let chosen = quota::choose(&items, others, quota);
        for ((position, ways), choice) in found.into_iter().zip(chosen) {
            narrower[position] = choice.and_then(|number| ways.narrower(number));
        }
    }
    narrower
}
