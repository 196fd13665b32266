//! Recommendations: fewer ports and fewer addresses that would have let through all that a rule was, or may have been, used
//! for.

pub mod cidr_cover;
pub mod port_cover;

use crate::attribute::tally::{ANY_PORT, HIGH_PORT, PortKey, Tally};
use crate::exposure;
use crate::report::model::{PortSpan, Recommendation, Verdict};
use crate::verdict::RuleVerdict;
use ethnum::U256;
use inventory::{GroupIx, Inventory, Peer, Rule, RulePorts};
use ipnet::IpNet;
use std::net::IpAddr;

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

/// What would do in place of the rules of a group, by position; `None` where nothing opens less, or where it is not proven.
pub fn for_group(
    inventory: &Inventory,
    group: GroupIx,
    tallies: &[Tally],
    verdicts: &[RuleVerdict],
    limits: &Limits,
) -> Vec<Option<Narrower>> {
    let rules = inventory.group(group).rules.iter().zip(tallies).zip(verdicts);
    rules
        .map(|((rule, tally), verdict)| match verdict.verdict {
            Verdict::Used if verdict.proven => recommend(inventory, rule, tally, *limits),
            _ => None,
        })
        .collect()
}

/// What would do in place of a rule that is used; `None` where nothing opens less.
///
/// The caller has checked that all gates of `unused` hold. Rules for groups and prefix lists keep their peer.
fn recommend(inventory: &Inventory, rule: &Rule, tally: &Tally, limits: Limits) -> Option<Narrower> {
    let ports = narrower_ports(rule, tally, limits)?;
    let before = exposure::of_rule(inventory, rule);
    let port_count = if ports.is_empty() { 1 } else { exposure::ports(&ports) };
    let (peers, addresses) = match &rule.peer {
        Peer::Cidr(net) => {
            let peers = narrower_peers(inventory, *net, tally, limits);
            let addresses = exposure::addresses(&peers);
            (peers.into_iter().map(Peer::Cidr).collect(), addresses)
        }
        other => (vec![other.clone()], exposure::addresses_of_rule(inventory, rule)),
    };
    let after = addresses * U256::from(port_count);
    if after >= before || peers.is_empty() {
        return None;
    }
    Some(Narrower { ports, peers, before, after })
}

/// Ranges that cover the used ports; empty for protocols without ports; `None` where a dropped or missing port leaves open
/// which they were.
fn narrower_ports(rule: &Rule, tally: &Tally, limits: Limits) -> Option<Vec<PortSpan>> {
    let (from, to) = match (rule.protocol, rule.ports) {
        (Some(_), RulePorts::Range { from, to }) => (from, to),
        (Some(protocol), RulePorts::All) if protocol.has_ports() => (0, u16::MAX),
        (Some(_), _) => return Some(Vec::new()),
        // All protocols: one rule for ports cannot stand in for it.
        (None, _) => return Some(vec![PortSpan { from: 0, to: u16::MAX }]),
    };
    let all = || Some(vec![PortSpan { from, to }]);
    let dropped = |key: PortKey| tally.ports.contains_key(&key);
    if dropped(ANY_PORT) || dropped(HIGH_PORT) {
        return all();
    }
    let mut used: Vec<u16> = tally.ports.keys().filter_map(|&key| u16::try_from(key).ok()).collect();
    used.retain(|port| (from..=to).contains(port));
    used.sort_unstable();
    if used.is_empty() {
        return all();
    }
    Some(port_cover::cover(&used, limits.max_port_ranges))
}

/// CIDRs inside the rule's own that cover every observed peer. A private peer stands for its subnet: hosts come and go.
fn narrower_peers(inventory: &Inventory, own: IpNet, tally: &Tally, limits: Limits) -> Vec<IpNet> {
    let mut blocks = Vec::new();
    for peer in tally.peers.iter().filter(|peer| own.contains(peer)) {
        let host = IpNet::from(peer);
        let subnet = if inventory.is_public(peer) { None } else { inventory.subnet_of(peer) };
        blocks.push(match subnet {
            Some(subnet) if own.contains(&subnet) => subnet,
            Some(_) => own,
            None => host,
        });
        debug_assert!(matches!((peer, own), (IpAddr::V4(_), IpNet::V4(_)) | (IpAddr::V6(_), IpNet::V6(_))));
    }
    cidr_cover::cover(&blocks, limits.max_cidrs)
}
