//! Flows: true connections, who opened them, and how each interface on their path sees them.

use std::net::IpAddr;

use crate::network::{Direction, InterfaceIx, Judged, Network, Rule, TCP, UDP};

/// What comes back to the opener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// An ordinary conversation.
    Full,
    /// Nothing: one-way protocols, and scans of ports where nobody listens.
    Silent,
    /// A TCP reset.
    Reset,
}

/// One interface's view of a flow. Addresses are as the record shows them.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub interface: InterfaceIx,
    /// Direction of the request at this interface.
    pub direction: Direction,
    pub local: IpAddr,
    pub peer: IpAddr,
    /// Packet-level addresses where they differ.
    pub pkt_local: Option<IpAddr>,
    pub pkt_peer: Option<IpAddr>,
    pub judged: Judged,
}

#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub protocol: u8,
    /// The opener's port and the port it asked for; 0 for protocols without ports.
    pub source_port: u16,
    pub target_port: u16,
    /// First and last packet, epoch seconds; may begin before the window and end after it.
    pub start: i64,
    pub end: i64,
    /// Seconds between packets in between.
    pub pulse: i64,
    pub answer: Answer,
    /// Bytes of a packet, roughly.
    pub size: u32,
    /// Must its request pass? Otherwise (scans) whatever the rules say.
    pub must_pass: bool,
    /// Traffic that flow logs never show (mirrored, EFA).
    pub unlogged: bool,
    /// In the order of its path.
    pub views: Vec<View>,
}

impl Flow {
    /// The moment at which rules and group membership count: its first packet, or the window's first second.
    pub fn judged_at(&self, network: &Network) -> i64 {
        self.start.max(network.start)
    }

    /// Would this rule's content let the request through at that interface?
    pub fn allowed_by(&self, network: &Network, view: &View, rule: &Rule) -> bool {
        rule.direction == view.direction
            && rule.covers(self.protocol, self.target_port)
            // Pings are the only ICMP here: type 8 (echo request).
            && (self.protocol == TCP || self.protocol == UDP || rule.icmp_type.is_none_or(|kind| kind == 8))
            && network.peer_matches(rule, view.judged, self.judged_at(network))
    }

    /// Number of views that accept the request: all, or those before the one that refuses it.
    pub fn passes(&self, network: &Network) -> usize {
        let at = self.judged_at(network);
        for (position, view) in self.views.iter().enumerate() {
            if !network.is_filtered(view.interface) {
                continue;
            }
            let allowed = network
                .rules_on(view.interface, at)
                .any(|(_, rule)| rule.since <= at && self.allowed_by(network, view, rule));
            if !allowed {
                return position;
            }
        }
        self.views.len()
    }
}
