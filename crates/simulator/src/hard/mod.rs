//! Why a rule that nobody needs may still not be found: plain loops over the true flows and the written records.
//!
//! Each reason is one small function. A reason is only given where a record, a hole or a missing fact is at hand that
//! would make a careful reader of these very logs and this inventory doubt; a rule without any must be found.

mod guess;
mod observer;

use crate::columns::Layout;
use crate::network::*;
use crate::rows::{Row, Status};

use guess::Guesses;
pub(crate) use observer::Observer;

pub(crate) struct Doubts<'a> {
    network: &'a Network,
    observer: Observer<'a>,
    guesses: Guesses,
    /// Accepted records with traffic.
    rows: Vec<&'a Row>,
    /// By interface: share of its slots that were reported; None where no accepted traffic would show.
    coverage: Vec<Option<f64>>,
    contradictions: Vec<usize>,
    has_flags: bool,
}

/// What a record could be to a rule: the request itself, or the reply to a request that the rule allowed.
struct Senses {
    as_request: bool,
    as_reply: bool,
}

impl Senses {
    fn any(&self) -> bool {
        self.as_request || self.as_reply
    }
}

impl<'a> Doubts<'a> {
    pub fn new(network: &'a Network, layout: &Layout, rows: &'a [Row]) -> Doubts<'a> {
        let observer = Observer::new(network);
        let accepted: Vec<&Row> = rows.iter().filter(|row| row.status == Status::Ok && row.accepted).collect();
        let guesses = Guesses::new(network, &observer, &accepted, layout.has_flags());
        let coverage = (0..network.interfaces.len()).map(|interface| coverage(network, &observer, rows, interface));
        let mut doubts = Doubts {
            network,
            guesses,
            coverage: coverage.collect(),
            observer,
            rows: accepted,
            contradictions: Vec::new(),
            has_flags: layout.has_flags(),
        };
        doubts.contradictions = doubts.find_contradictions();
        doubts
    }

    /// Every reason for which this rule need not be found, sorted.
    pub fn about(&self, group: GroupIx, rule: &Rule) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        let carriers: Vec<InterfaceIx> = (0..self.network.interfaces.len())
            .filter(|interface| {
                self.observer.knows(*interface) && self.network.interfaces[*interface].ever_carries(group)
            })
            .collect();
        if self.is_unattached(group) {
            reasons.push("unattached");
        }
        if self.is_unresolved(rule) {
            reasons.push("unresolved");
        }
        if self.serves_unlogged(group, rule, &carriers) {
            reasons.push("unlogged");
        }
        if carriers.iter().any(|interface| self.coverage[*interface].is_none_or(|share| share < 0.95)) {
            reasons.push("coverage");
        }
        if self.is_short(group, rule, &carriers) {
            reasons.push("short");
        }
        if self.is_contradicted(rule) {
            reasons.push("contradiction");
        }
        if self.may_be_unplaced(group, rule) {
            reasons.push("unplaced");
        }
        self.records_in_doubt(group, rule, &mut reasons);
        reasons.sort_unstable();
        reasons.dedup();
        reasons
    }

    /// No interface carries the group in the last inventory.
    fn is_unattached(&self, group: GroupIx) -> bool {
        let last = self.network.snapshots.last().copied();
        !self.network.interfaces.iter().any(|interface| {
            let at = last.unwrap_or(self.network.end);
            crate::inventory::is_shown(interface, last) && interface.groups_at(at).contains(&group)
        })
    }

    /// A prefix list without entries, or a group whose members are another account's.
    fn is_unresolved(&self, rule: &Rule) -> bool {
        match &rule.peer {
            Peer::PrefixList(list) => !self.network.prefix_lists[*list].listed,
            Peer::Foreign { .. } => true,
            Peer::Cidr(_) | Peer::Group(_) => false,
        }
    }

    /// Traffic that no flow log shows could use it: mirrored traffic, endpoints behind a Network Load Balancer, EFA; or
    /// it serves nothing but Amazon's own services, which are never logged.
    fn serves_unlogged(&self, group: GroupIx, rule: &Rule, carriers: &[InterfaceIx]) -> bool {
        let ingress = rule.direction == Direction::Ingress;
        let has_kind = |kind: Kind| carriers.iter().any(|interface| self.network.interfaces[*interface].kind == kind);
        let mirrored = ingress && !self.network.mirror_targets_listed && rule.singles_out(UDP, 4_789);
        let behind_balancer = ingress && has_kind(Kind::NetworkLoadBalancer);
        let efa = rule.peer == Peer::Group(group) && has_kind(Kind::Efa);
        let resolver = self.network.vpcs.iter().map(|vpc| host_address(vpc.v4, 2));
        let amazon_only = match &rule.peer {
            Peer::Cidr(ipnet::IpNet::V4(net)) => {
                (net.prefix_len() >= 16 && net.network().is_link_local())
                    || (net.prefix_len() == 32 && resolver.into_iter().any(|own| own == net.network()))
            }
            _ => false,
        };
        mirrored || behind_balancer || efa || amazon_only
    }

    /// Rule or interfaces are too young for the days of observation that a proof takes.
    fn is_short(&self, group: GroupIx, rule: &Rule, carriers: &[InterfaceIx]) -> bool {
        let least = self.network.least_days * 86_400;
        let first_shown = self.network.snapshots.iter().copied().find(|at| rule.since <= *at);
        let young_rule = rule.since > self.network.start && first_shown.is_some_and(|at| self.network.end - at < least);
        let longest = carriers.iter().map(|interface| self.shown_with(*interface, group)).max();
        young_rule || longest.is_some_and(|longest| longest < least)
    }

    /// Seconds of the window for which the snapshots around show an interface with a group: what lies between two that differ
    /// is shown by neither.
    fn shown_with(&self, interface: InterfaceIx, group: GroupIx) -> i64 {
        let (start, end) = (self.network.start, self.network.end);
        let interface = &self.network.interfaces[interface];
        let snapshots: Vec<i64> =
            if self.network.snapshots.is_empty() { vec![end] } else { self.network.snapshots.clone() };
        let mut cuts: Vec<i64> = snapshots.iter().copied().filter(|at| start < *at && *at < end).collect();
        cuts.insert(0, start);
        cuts.push(end);
        let mut seconds = 0;
        for pair in cuts.windows(2) {
            let before = snapshots.iter().rev().find(|at| **at <= pair[0]);
            let after = snapshots.iter().find(|at| **at >= pair[1]);
            let known = before.into_iter().chain(after).filter(|at| {
                let undated = self.network.snapshots.is_empty();
                undated || (interface.born <= **at && **at < interface.gone)
            });
            let carried: Vec<bool> = known.map(|at| interface.groups_at(*at).contains(&group)).collect();
            if !carried.is_empty() && carried.iter().all(|carried| *carried) {
                seconds += (pair[1].min(interface.gone) - pair[0].max(interface.born)).max(0);
            }
        }
        seconds
    }

    /// Requests (SYN alone) that no rule of the inventory allows: anything could have let them in.
    fn find_contradictions(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for (number, row) in self.rows.iter().enumerate() {
            let opens = self.has_flags && row.opens();
            if !opens || !self.observer.knows(row.interface) || !self.network.is_filtered(row.interface) {
                continue;
            }
            let groups = self.observer.may_carry(row);
            let allowed = groups.iter().any(|group| {
                self.network.groups[*group].rules.iter().any(|rule| {
                    let unresolved = self.is_unresolved(rule);
                    let peer = unresolved
                        || self.observer.may_match(rule, row)
                        || self.observer.owner_in_doubt(rule, row)
                        || self.observer.is_behind_balancer(rule);
                    rule.direction == row.direction && rule.covers(row.protocol, row.target_port) && peer
                })
            });
            if !allowed {
                found.push(number);
            }
        }
        found
    }

    fn is_contradicted(&self, rule: &Rule) -> bool {
        self.contradictions.iter().any(|number| {
            let row = self.rows[*number];
            rule.direction == row.direction && rule.covers(row.protocol, row.target_port)
        })
    }

    /// Which way round could this record matter to the rule? Flags decide where they show how the flow began.
    fn senses(&self, rule: &Rule, row: &Row) -> Senses {
        let opened = self.has_flags && row.opens();
        let answered = self.has_flags && row.protocol == TCP && row.flags & 18 == 18;
        let same = rule.direction == row.direction;
        Senses {
            as_request: !answered && same && rule.covers(row.protocol, row.target_port),
            as_reply: !opened && !same && rule.covers(row.protocol, row.source_port),
        }
    }

    /// Traffic of an interface that no inventory knows; or a peer inside the VPC of the group that the rule names whose
    /// owner at that time is unknown.
    fn may_be_unplaced(&self, group: GroupIx, rule: &Rule) -> bool {
        self.rows.iter().any(|row| {
            if !self.observer.knows(row.interface) {
                let senses = self.senses(rule, row);
                let turned = Rule {
                    direction: if rule.direction == Direction::Ingress {
                        Direction::Egress
                    } else {
                        Direction::Ingress
                    },
                    ..rule.clone()
                };
                // An interface with one single peer does not even show which of the two addresses is its own.
                return senses.any() || self.senses(&turned, row).any();
            }
            self.observer.may_carry(row).contains(&group)
                && self.senses(rule, row).any()
                && self.observer.owner_in_doubt(rule, row)
        })
    }

    /// Records that the rule could have allowed as far as a reader of the logs can tell.
    fn records_in_doubt(&self, group: GroupIx, rule: &Rule, reasons: &mut Vec<&'static str>) {
        for (number, row) in self.rows.iter().enumerate() {
            let senses = self.senses(rule, row);
            if !senses.any() || !self.observer.knows(row.interface) || !self.observer.may_carry(row).contains(&group) {
                continue;
            }
            if rule.direction == Direction::Ingress && self.observer.is_behind_balancer(rule) {
                reasons.push("nlb-preserved");
            }
            if !self.observer.may_match(rule, row) {
                continue;
            }
            if row.protocol != TCP && row.protocol != UDP {
                reasons.push("no-ports-protocol");
                continue;
            }
            let truly = (row.is_request && senses.as_request) || (row.is_reply && senses.as_reply);
            let wrongly = (row.is_reply && senses.as_request) || (row.is_request && senses.as_reply);
            if truly {
                reasons.push(if row.pkt_peer().is_some() { "pkt-address" } else { "timeline" });
            }
            if wrongly {
                reasons.extend(self.ambiguity(number, row, rule));
            }
        }
    }

    /// Why this record could be taken for what it is not, if it could.
    fn ambiguity(&self, number: usize, row: &Row, rule: &Rule) -> Option<&'static str> {
        if row.source_port == row.target_port {
            return Some("equal-ports");
        }
        if row.source_port >= 32_768 && row.target_port >= 32_768 && (!self.has_flags || row.protocol == UDP) {
            return Some("ephemeral-both");
        }
        if !rule.covers_ephemeral() {
            return Some("named-port");
        }
        if self.guesses.is_right(number) { None } else { Some("service-caller") }
    }
}

/// Share of the interface's slots in which it reported; None if its log never shows accepted traffic. Slots count by the
/// start of a record, which is the least that one can count, and life as the longest that the inventory allows.
fn coverage(network: &Network, observer: &Observer<'_>, rows: &[Row], interface: InterfaceIx) -> Option<f64> {
    let log = network.interfaces[interface].flow_log;
    // A log in which nothing was ever accepted looks like a REJECT-only one.
    let shows_accepted = rows.iter().any(|row| row.accepted && network.interfaces[row.interface].flow_log == log);
    if network.flow_logs[log].traffic == LogTraffic::Reject || !shows_accepted {
        return None;
    }
    let (from, until) = observer.life(interface);
    let first = (from - network.start).div_euclid(network.interval);
    let slots = ((until - network.start + network.interval - 1).div_euclid(network.interval) - first).max(1);
    let mut reported = vec![false; slots as usize];
    for row in rows.iter().filter(|row| row.interface == interface && row.status != Status::SkipData) {
        let slot = (row.start - network.start).div_euclid(network.interval) - first;
        if let Some(mark) = usize::try_from(slot).ok().and_then(|slot| reported.get_mut(slot)) {
            *mark = true;
        }
    }
    let count = reported.iter().filter(|mark| **mark).count();
    Some(count as f64 / slots as f64)
}
