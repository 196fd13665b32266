//! When one rule does for a request what another one does.
//!
//! It is not enough that both *may* allow it: the one has to allow it whenever the other does. That is so where the one surely allows it,
//! and where it has every port and every peer of the other that could be meant, whichever it was.

use crate::attribute::is_for_kept_ports;
use crate::rollup::KeptPorts;
use crate::rollup::kept_ports::LOWEST_DROPPED;
use inventory::{Answer, GroupIx, Inventory, Peer, Port, Query, Rule, RulePorts};
use std::net::IpAddr;

/// Asks rules about requests.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// Who is meant by peers.
    pub inventory: &'a Inventory,
    /// Ports that a dropped one cannot be.
    pub kept_ports: &'a KeptPorts,
}

impl Judge<'_> {
    /// What a rule answers.
    pub fn allows(&self, rule: &Rule, query: &Query) -> Answer {
        if is_for_kept_ports(self.kept_ports, rule, query) { Answer::No } else { self.inventory.allows(rule, query) }
    }

    /// Addresses of the other end that a rule may mean, at most two. `by_anybody`: nothing may be taken for granted about who is in its
    /// peer group or prefix list.
    pub fn meant<'q>(
        &'q self,
        rule: &'q Rule,
        query: &'q Query,
        by_anybody: bool,
    ) -> impl Iterator<Item = IpAddr> + use<'q> {
        let other = query.other_peer.filter(|other| *other != query.peer);
        let is_open = by_anybody && !matches!(rule.peer, Peer::Cidr(_));
        let may_mean =
            move |address: &IpAddr| is_open || self.inventory.is_peer(rule, *address, query.span) > Answer::No;
        std::iter::once(query.peer).chain(other).filter(may_mean)
    }

    /// Whether one of the rules lets the request pass if `rule` does and the group looks at this address. `others`: groups that the
    /// interface surely carried besides, with `rules_of` telling their rules.
    pub fn is_covered<'r>(
        &self,
        rule: &Rule,
        query: &Query,
        address: IpAddr,
        carried: &[(GroupIx, bool)],
        rules_of: impl Fn(GroupIx) -> &'r [Rule],
    ) -> bool {
        let stands_in = |other: &Rule| self.stands_in(other, rule, query, address);
        if rules_of(rule.group).iter().any(stands_in) {
            return true;
        }
        let surely_carried = carried.iter().filter(|(group, surely)| *surely && *group != rule.group);
        surely_carried.into_iter().any(|(group, _)| rules_of(*group).iter().any(stands_in))
    }

    /// Whether `other` allows the request whenever `rule` does, seen at this address.
    pub fn stands_in(&self, other: &Rule, rule: &Rule, query: &Query, address: IpAddr) -> bool {
        !other.disputed
            && other.direction == rule.direction
            && has_ports_of(other, rule, query)
            && (has_peers_of(other, rule)
                || (!other.may_be_bypassed() && self.inventory.is_peer(other, address, query.span) == Answer::Surely))
    }
}

/// Whether `other` allows every port that the request may have had if `rule` allows it.
fn has_ports_of(other: &Rule, rule: &Rule, query: &Query) -> bool {
    match other.fits(query.protocol, query.port) {
        Answer::Surely => return true,
        Answer::No => return false,
        Answer::Unplaced | Answer::Possibly => {}
    }
    match (other.ports, rule.ports) {
        (RulePorts::Range { from: other_from, to: other_to }, RulePorts::Range { from, to }) => {
            let from = if query.port == Port::High { from.max(LOWEST_DROPPED) } else { from };
            other_from <= from && to <= other_to
        }
        (RulePorts::Icmp { ty: other_ty, code: other_code }, RulePorts::Icmp { ty, code }) => {
            ty == other_ty && (other_code.is_none() || other_code == code)
        }
        _ => false,
    }
}

/// Whether everybody whom `rule` means is meant by `other`, too.
fn has_peers_of(other: &Rule, rule: &Rule) -> bool {
    match (&other.peer, &rule.peer) {
        (Peer::Cidr(other), Peer::Cidr(net)) => other.contains(net),
        (Peer::Group { id: other, .. }, Peer::Group { id, .. }) => other == id,
        (other, peer) => other == peer,
    }
}
