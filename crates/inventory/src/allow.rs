//! The one three-valued matcher: does this rule allow this packet?

use crate::answer::Answer;
use crate::inventory::Inventory;
use crate::rule::{Direction, Peer, Port, Protocol, Resolved, Rule};
use crate::time::Span;
use std::net::IpAddr;

/// A packet that opens a flow, seen from the interface whose rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Query {
    /// When it passed, at some time in this span.
    pub span: Span,
    /// To or from the interface.
    pub direction: Direction,
    /// Its protocol.
    pub protocol: Protocol,
    /// Its destination port, whatever the direction.
    pub port: Port,
    /// The other end's address in the record.
    pub peer: IpAddr,
    /// The packet-level address of the other end, where it differs.
    pub other_peer: Option<IpAddr>,
}

impl Inventory {
    /// Whether the rule allows the packet: surely, possibly, only if an unknown owner's address was in its peer group,
    /// or not. Whether the interface carried the rule's group, and whether the rule existed then, is not asked here.
    ///
    /// This is asked millions of times: protocol and port first, which settle most, and nothing is allocated.
    pub fn allows(&self, rule: &Rule, query: &Query) -> Answer {
        if rule.direction != query.direction {
            return Answer::No;
        }
        let fits = rule.fits(query.protocol, query.port);
        if fits == Answer::No {
            return Answer::No;
        }
        let mut is_peer = self.is_peer(rule, query.peer, query.span);
        if let Some(other) = query.other_peer
            && other != query.peer
        {
            is_peer = Answer::of_either_address(is_peer, self.is_peer(rule, other, query.span));
        }
        // `Unplaced` is below `Possibly`, so it survives a port that only may fit.
        let answer = is_peer.min(fits);
        if rule.disputed { answer.min(Answer::Possibly) } else { answer }
    }

    /// As [`Inventory::allows`] at its loosest: who is in a security group or on a prefix list is taken as unknown. For packets
    /// that show the inventory to be wrong about that time.
    pub fn might_allow(&self, rule: &Rule, query: &Query) -> bool {
        match rule.peer {
            Peer::Cidr(_) => self.allows(rule, query) > Answer::No,
            Peer::PrefixList(_) | Peer::Group { .. } => {
                rule.direction == query.direction && rule.fits(query.protocol, query.port) > Answer::No
            }
        }
    }

    /// Whether the rule's peer means the address, during the span. Never asks for direction, protocol or port.
    pub fn is_peer(&self, rule: &Rule, address: IpAddr, span: Span) -> Answer {
        match (rule.resolved, &rule.peer) {
            (Resolved::Net, Peer::Cidr(net)) if net.contains(&address) => Answer::Surely,
            (Resolved::Net, _) => Answer::No,
            (Resolved::Unknown, _) => Answer::Possibly,
            (Resolved::List(number), _) => match self.lists.get(number as usize) {
                Some(list) => list.contains(address, span),
                None => Answer::Possibly,
            },
            (Resolved::Group(number), _) => match self.peer_groups.get(number as usize) {
                Some(peer) => self.group_has(peer, rule.direction == Direction::Ingress, address, span),
                None => Answer::Possibly,
            },
        }
    }

    /// Whether the rule's peer means the address at any time, surely or possibly.
    pub(crate) fn is_ever_peer(&self, rule: &Rule, address: IpAddr) -> bool {
        match (rule.resolved, &rule.peer) {
            (Resolved::Net, Peer::Cidr(net)) => net.contains(&address),
            (Resolved::Net, _) => false,
            (Resolved::Unknown, _) => true,
            (Resolved::List(number), _) => {
                self.lists.get(number as usize).is_none_or(|list| list.ever_contains(address))
            }
            (Resolved::Group(number), _) => {
                let is_ingress = rule.direction == Direction::Ingress;
                let peer = self.peer_groups.get(number as usize);
                peer.is_none_or(|peer| self.group_ever_has(peer, is_ingress, address))
            }
        }
    }
}
