//! Where flags do not say who opened a flow: would services, named ports and port numbers guess right?
//!
//! A guess frees a wide rule from a record only if every reading of the evidence that is at hand agrees with the truth.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use crate::network::*;
use crate::rows::Row;

use super::observer::Observer;

pub(crate) struct Guesses {
    right: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Source,
    Target,
}

impl Guesses {
    pub fn new(network: &Network, observer: &Observer<'_>, rows: &[&Row], has_flags: bool) -> Guesses {
        let services = if has_flags { flagged_services(rows) } else { HashSet::new() };
        let mut named: HashMap<(IpAddr, u16, IpAddr, u8), bool> = HashMap::new();
        let mut right = Vec::with_capacity(rows.len());
        for row in rows {
            let truth = if row.is_request { Side::Target } else { Side::Source };
            let by_services = exactly_one(
                services.contains(&(row.source, row.protocol, row.source_port)),
                services.contains(&(row.target, row.protocol, row.target_port)),
            );
            let mut strictly = |side: IpAddr, port: u16, other: IpAddr| {
                *named
                    .entry((side, port, other, row.protocol))
                    .or_insert_with(|| is_named_for(network, observer, side, port, other, row.protocol))
            };
            let strict = exactly_one(
                strictly(row.source, row.source_port, row.target),
                strictly(row.target, row.target_port, row.source),
            );
            let loose = exactly_one(
                is_named_anywhere(network, row.protocol, row.source_port),
                is_named_anywhere(network, row.protocol, row.target_port),
            );
            let numbers = by_numbers(network, observer, row);
            let guess = by_services.or(strict).or(numbers);
            let disagrees = [strict, loose].into_iter().flatten().any(|side| side != truth);
            right.push(
                guess == Some(truth)
                    && (by_services.is_some() || !disagrees || numbers == Some(truth) && strict.is_none()),
            );
        }
        Guesses { right }
    }

    pub fn is_right(&self, row: usize) -> bool {
        self.right.get(row).copied().unwrap_or(false)
    }
}

fn exactly_one(source: bool, target: bool) -> Option<Side> {
    match (source, target) {
        (true, false) => Some(Side::Source),
        (false, true) => Some(Side::Target),
        _ => None,
    }
}

/// Ends that flags show to have been opened or to have answered.
fn flagged_services(rows: &[&Row]) -> HashSet<(IpAddr, u8, u16)> {
    let mut services = HashSet::new();
    for row in rows.iter().filter(|row| row.protocol == TCP) {
        match row.flags & 18 {
            2 => services.insert((row.target, TCP, row.target_port)),
            18 => services.insert((row.source, TCP, row.source_port)),
            _ => false,
        };
    }
    services
}

/// A rule that singles out this side's port and lets the other side in to it, or out to it.
fn is_named_for(
    network: &Network,
    observer: &Observer<'_>,
    side: IpAddr,
    port: u16,
    other: IpAddr,
    protocol: u8,
) -> bool {
    let one_way = |own: IpAddr, peer: IpAddr, direction: Direction| {
        (0..network.interfaces.len()).any(|number| {
            let interface = &network.interfaces[number];
            observer.knows(number)
                && interface.owns(own)
                && interface.groups.iter().flat_map(|(_, groups)| groups).any(|group| {
                    network.groups[*group].rules.iter().any(|rule| {
                        rule.direction == direction
                            && rule.singles_out(protocol, port)
                            && may_ever_match(network, observer, rule, peer)
                    })
                })
        })
    };
    one_way(side, other, Direction::Ingress) || one_way(other, side, Direction::Egress)
}

fn may_ever_match(network: &Network, observer: &Observer<'_>, rule: &Rule, peer: IpAddr) -> bool {
    match &rule.peer {
        Peer::Cidr(net) => net.contains(&peer),
        Peer::PrefixList(list) => network.prefix_lists[*list].entries.iter().any(|net| net.contains(&peer)),
        Peer::Group(group) => (0..network.interfaces.len()).any(|number| {
            let interface = &network.interfaces[number];
            observer.knows(number) && interface.owns(peer) && interface.ever_carries(*group)
        }),
        Peer::Foreign { .. } => false,
    }
}

fn is_named_anywhere(network: &Network, protocol: u8, port: u16) -> bool {
    network.groups.iter().any(|group| group.rules.iter().any(|rule| rule.singles_out(protocol, port)))
}

/// One side below 512 and the other 1024 or above; or one below 32768 and the other not, where the low side is public or
/// a plain interface that we know. Port 20 calls back.
fn by_numbers(network: &Network, observer: &Observer<'_>, row: &Row) -> Option<Side> {
    let source_is_low = row.source_port < row.target_port;
    let (low, high) =
        if source_is_low { (row.source_port, row.target_port) } else { (row.target_port, row.source_port) };
    let (side, address) = if source_is_low { (Side::Source, row.source) } else { (Side::Target, row.target) };
    if low == 20 {
        return None;
    }
    if low < 512 && high >= 1_024 {
        return Some(side);
    }
    let inside = network.vpcs.iter().any(|vpc| vpc.v4.contains(&address) || vpc.v6.contains(&address));
    let plain = observer.sure_owner(address, row).is_some_and(|owner| network.interfaces[owner].kind == Kind::Plain);
    (low < 32_768 && high >= 32_768 && (!inside || plain)).then_some(side)
}
