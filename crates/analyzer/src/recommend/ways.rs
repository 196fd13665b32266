//! All that would do in place of one rule: how many ranges of ports, for how many CIDRs or for one peer.
//!
//! Ports and peers of a rule are a product, so they are minimised apart.

use super::cidr_cover::{self, widened};
use super::one_peer::{self, OnePeer};
use super::quota::{Item, Way};
use super::{Limits, Narrower, port_cover, settled};
use crate::attribute::tally::{ANY_PORT, HIGH_PORT, Tally};
use crate::exposure;
use crate::report::model::PortSpan;
use ethnum::U256;
use inventory::{Inventory, Peer, Rule, RulePorts, Span};
use ipnet::IpNet;
use std::net::IpAddr;

/// What a rule was, or may have been, used for, made small in every way that the limits allow.
pub struct Ways {
    /// As the quota sees it.
    pub item: Item,
    /// What each of `item.ways` stands for.
    forms: Vec<Form>,
    /// By number of ranges, one less; empty ranges for protocols without ports.
    ports: Vec<Vec<PortSpan>>,
    covers: cidr_cover::Covers,
    before: U256,
}

/// How one way is put together.
struct Form {
    /// Which of the covers of ports.
    ports: usize,
    peers: Peers,
}

enum Peers {
    /// The best cover with so many CIDRs.
    Cidrs(usize),
    One(Peer),
}

impl Ways {
    /// Finds them. The caller has checked that all gates of `unused` hold for the rule. `None` where its weight in the quota is not known.
    pub fn of(
        inventory: &Inventory,
        rule: &Rule,
        tally: &Tally,
        limits: &Limits,
        settled_at: Option<i64>,
    ) -> Option<Ways> {
        // Used in the first part alone: nothing is left to hold a choice against.
        let is_silent = settled_at.is_some_and(|at| tally.seen.is_none_or(|(_, last)| i64::from(last) < at));
        if is_silent {
            return None;
        }
        let before = exposure::of_rule(inventory, rule);
        let now = Way { counts: weight(inventory, rule)?, exposure: before, preferred: false, rules: 1, cidrs: 1 };
        let mut ways = Ways {
            item: Item { now, ways: Vec::new() },
            forms: Vec::new(),
            ports: narrower_ports(rule, tally, limits, settled_at),
            covers: cidr_cover::Covers::new(&[], 1),
            before,
        };
        match &rule.peer {
            Peer::Cidr(own) => {
                let met: Vec<(IpAddr, Span)> = tally.peers.met().filter(|(peer, _)| own.contains(peer)).collect();
                ways.find_for_cidr(inventory, rule, *own, &met, limits, settled_at);
            }
            own @ (Peer::PrefixList(_) | Peer::Group { .. }) => {
                let addresses = exposure::addresses_of_rule(inventory, rule);
                ways.add_one_peer(own, addresses, now.counts, false);
            }
        }
        Some(ways)
    }

    fn find_for_cidr(
        &mut self,
        inventory: &Inventory,
        rule: &Rule,
        own: IpNet,
        met: &[(IpAddr, Span)],
        limits: &Limits,
        settled_at: Option<i64>,
    ) {
        // Of what came late alone nobody could have made a choice.
        let is_new = settled_at.is_some_and(|at| met.iter().all(|(_, span)| span.from >= at));
        if met.is_empty() || is_new {
            self.covers = cidr_cover::Covers::new(&[own], 1);
            self.add_cidrs(limits);
            return;
        }
        let preferred = one_peer::aws_list(inventory, rule, own, met);
        if let Some(OnePeer { peer, addresses, weight }) = preferred {
            self.add_one_peer(&peer, addresses, weight, true);
            // Its entries change by themselves, so CIDRs around today's would deny tomorrow's: where it does not fit into the quota,
            // the rule keeps its own range.
            self.covers = cidr_cover::Covers::new(&[own], 1);
            self.add_cidrs(limits);
            return;
        }
        let blocks = blocks(inventory, own, met, limits);
        let are_settled = settled_at.is_none_or(|at| settled::are_peers_settled(&blocks, at, limits.max_cidrs));
        let nets: Vec<IpNet> = if are_settled { blocks.iter().map(|(net, _)| *net).collect() } else { vec![own] };
        self.covers = cidr_cover::Covers::new(&nets, limits.max_cidrs);
        self.add_cidrs(limits);
        let least = exposure::addresses(&self.covers.cidrs(limits.max_cidrs));
        let other = one_peer::group(inventory, rule, own, met, least)
            .or_else(|| one_peer::customers_list(inventory, rule, own, met, least));
        if let Some(OnePeer { peer, addresses, weight }) = other {
            self.add_one_peer(&peer, addresses, weight, false);
        }
    }

    fn add_cidrs(&mut self, limits: &Limits) {
        // The best for each number of rules that the quota could hold.
        let mut best: Vec<Option<(U256, usize, usize)>> = vec![None; limits.max_rules + 1];
        for cidrs in 1..=self.covers.most() {
            let cover = self.covers.cidrs(cidrs);
            if cover.len() < cidrs {
                continue;
            }
            let addresses = exposure::addresses(&cover);
            for (ports, ranges) in self.ports.iter().enumerate() {
                let exposure = addresses * U256::from(port_count(ranges));
                let Some(known) = best.get_mut(cidrs * ranges.len().max(1)) else {
                    continue;
                };
                if known.is_none_or(|(least, _, _)| exposure < least) {
                    *known = Some((exposure, cidrs, ports));
                }
            }
        }
        let own_family = self.item.now.counts;
        let mut least = self.before;
        for (rules, best) in best.into_iter().enumerate() {
            let Some((exposure, cidrs, ports)) = best.filter(|(exposure, _, _)| *exposure < least) else {
                continue;
            };
            least = exposure;
            let rules = rules as u32;
            let counts = own_family.map(|count| count * rules);
            self.item.ways.push(Way { counts, exposure, preferred: false, rules, cidrs: cidrs as u32 });
            self.forms.push(Form { ports, peers: Peers::Cidrs(cidrs) });
        }
    }

    fn add_one_peer(&mut self, peer: &Peer, addresses: U256, weight: [u32; 2], preferred: bool) {
        for ports in 0..self.ports.len() {
            let ranges = &self.ports[ports];
            let exposure = addresses * U256::from(port_count(ranges));
            if exposure >= self.before {
                continue;
            }
            let rules = ranges.len().max(1) as u32;
            let counts = weight.map(|weight| weight.saturating_mul(rules));
            self.item.ways.push(Way { counts, exposure, preferred, rules, cidrs: 0 });
            self.forms.push(Form { ports, peers: Peers::One(peer.clone()) });
        }
    }

    /// The rules that a chosen way means.
    pub fn narrower(&self, chosen: usize) -> Option<Narrower> {
        let (form, way) = (self.forms.get(chosen)?, self.item.ways.get(chosen)?);
        let peers = match &form.peers {
            Peers::One(peer) => vec![peer.clone()],
            Peers::Cidrs(count) => self.covers.cidrs(*count).into_iter().map(Peer::Cidr).collect(),
        };
        Some(Narrower { ports: self.ports[form.ports].clone(), peers, before: self.before, after: way.exposure })
    }
}

/// What a rule counts for in the quotas of IPv4 and of IPv6 rules; `None` where nobody knows. A reference to a group or a list counts in
/// both.
pub fn weight(inventory: &Inventory, rule: &Rule) -> Option<[u32; 2]> {
    match &rule.peer {
        Peer::Cidr(IpNet::V4(_)) => Some([1, 0]),
        Peer::Cidr(IpNet::V6(_)) => Some([0, 1]),
        Peer::Group { .. } => Some([1, 1]),
        // No quota is so high; sums of more would not fit.
        Peer::PrefixList(id) => inventory.prefix_list_weight(id).map(|weight| [weight.min(1 << 16); 2]),
    }
}

fn port_count(ranges: &[PortSpan]) -> u32 {
    if ranges.is_empty() { 1 } else { exposure::ports(ranges) }
}

/// Covers of the used ports with ever more ranges, at least one cover; that of protocols without ports has no range. The rule's own
/// range where a dropped or missing port leaves open which they were.
fn narrower_ports(rule: &Rule, tally: &Tally, limits: &Limits, settled_at: Option<i64>) -> Vec<Vec<PortSpan>> {
    let (from, to) = match (rule.protocol, rule.ports) {
        (Some(_), RulePorts::Range { from, to }) => (from, to),
        (Some(protocol), RulePorts::All) if protocol.has_ports() => (0, u16::MAX),
        (Some(_), _) => return vec![Vec::new()],
        // All protocols: one rule for ports cannot stand in for it.
        (None, _) => return vec![vec![PortSpan { from: 0, to: u16::MAX }]],
    };
    let as_it_is = || vec![vec![PortSpan { from, to }]];
    if tally.ports.contains_key(&ANY_PORT) || tally.ports.contains_key(&HIGH_PORT) {
        return as_it_is();
    }
    let mut used: Vec<(u16, i64)> = Vec::new();
    for (&key, uses) in &tally.ports {
        if let Some(port) = u16::try_from(key).ok().filter(|port| (from..=to).contains(port)) {
            used.push((port, i64::from(uses.first_seen)));
        }
    }
    used.sort_unstable();
    let are_settled = settled_at.is_none_or(|at| settled::are_ports_settled(&used, at, limits.max_port_ranges));
    if used.is_empty() || !are_settled {
        return as_it_is();
    }
    let ports: Vec<u16> = used.iter().map(|(port, _)| *port).collect();
    port_cover::covers(&ports, limits.max_port_ranges)
}

/// What must be covered inside the rule's own range, and since when (epoch seconds). A private peer stands for its subnet: hosts come and go.
fn blocks(inventory: &Inventory, own: IpNet, met: &[(IpAddr, Span)], limits: &Limits) -> Vec<(IpNet, i64)> {
    let longest = match own {
        IpNet::V4(_) => limits.min_prefix_v4,
        IpNet::V6(_) => limits.min_prefix_v6,
    };
    let mut blocks: Vec<(IpNet, i64)> = Vec::new();
    for (peer, span) in met {
        let is_exact = limits.exact_peers || inventory.is_public(*peer);
        let block = match if is_exact { None } else { inventory.subnet_of(*peer) } {
            Some(subnet) if own.contains(&subnet) => subnet,
            Some(_) => own,
            None => IpNet::from(*peer),
        };
        let block = widened(block, longest, own);
        // They come in order, so most of a subnet's peers follow one another.
        match blocks.last_mut() {
            Some((last, since)) if *last == block => *since = (*since).min(span.from),
            _ => blocks.push((block, span.from)),
        }
    }
    blocks
}
