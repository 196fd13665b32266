//! Which rules each accepted record used, or may have used.
//!
//! Every record has two *readings*: forward, it is itself a request in its direction, to its destination port; backward, it
//! answers a request of the opposite direction, whose destination port is its source port. Who started the flow says what
//! each reading is worth. Where nobody knows which way a record went, it has both readings both ways.

use crate::evidence::{Evidence, Role, Seen};
use crate::matching::{Carried, Match, Request};
use crate::network::{ACCOUNT, ICMP, ICMPV6, Network, Peer, Record, Rule, Snapshot, Span, TCP, UDP};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What a reading is worth to a rule that allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It is a request.
    Request,
    /// It may be one.
    Perhaps,
    /// It proves one, whose own record may be missing.
    Implied,
    /// A guess says that it is none. That is held against rules for the whole ephemeral range only: whoever wrote a rule for
    /// certain ports meant them.
    SetAside,
    /// It would have gone the other way than is assumed.
    AgainstTheWay,
}

/// One reading of a record.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub request: Request,
    pub worth: Worth,
    pub is_forward: bool,
}

/// What is counted for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// A use.
    Request,
    /// A possible use.
    Ambiguous,
    /// A possible use by an answer that proves its request.
    Implied,
    /// No use, if a guess is right.
    AssumedReply,
    /// A use, if the interface or its peer carried what no snapshot shows.
    Unplaced,
    /// No use, but open connections would be cut without the rule.
    UntrackedAnswer,
}

impl Count {
    pub const ALL: [Count; 6] = [
        Count::Request,
        Count::Ambiguous,
        Count::Implied,
        Count::AssumedReply,
        Count::Unplaced,
        Count::UntrackedAnswer,
    ];
}

/// What is counted over all records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub undetermined_direction: u64,
    /// Nothing tells who started them.
    pub ambiguous: u64,
    pub contradictions: u64,
    pub unknown_interfaces: u64,
}

#[derive(Debug, Default)]
pub struct Attribution {
    counts: BTreeMap<(usize, Count), u64>,
    pub totals: Totals,
}

impl Attribution {
    /// By how many records something was counted for a rule.
    pub fn of(&self, rule: usize, count: Count) -> u64 {
        self.counts.get(&(rule, count)).copied().unwrap_or_default()
    }

    /// Whether a rule was used at all, surely or possibly.
    pub fn is_used(&self, rule: usize) -> bool {
        let uses = [Count::Request, Count::Ambiguous, Count::Implied];
        uses.into_iter().any(|count| self.of(rule, count) > 0)
    }
}

pub fn attribute(network: &Network) -> Attribution {
    let evidence = Evidence::new(network);
    let mut attribution = Attribution::default();
    for seen in evidence.seen.iter().filter(|seen| network.is_ours(seen.record)) {
        let judged = Judge { network, evidence: &evidence, seen }.judge();
        let Attribution { counts, totals } = &mut attribution;
        totals.undetermined_direction += u64::from(judged.is_undetermined);
        totals.ambiguous += u64::from(judged.is_ambiguous);
        totals.contradictions += u64::from(judged.is_contradiction);
        // Two readings may say the same for a rule: it is one record all the same.
        let counted: BTreeSet<(usize, Count)> = judged.uses.iter().map(|one| (one.rule, one.count)).collect();
        for counted in counted {
            *counts.entry(counted).or_default() += 1;
        }
    }
    let ours = network.records.iter().filter(|record| network.is_ours(record)).map(|record| &record.interface);
    let unknown: BTreeSet<&String> = ours.filter(|id| network.interface_by_id(id).is_none()).collect();
    attribution.totals.unknown_interfaces = unknown.len() as u64;
    attribution
}

/// What one record counts for one rule.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub rule: usize,
    pub count: Count,
    /// What it would have been; None for an untracked answer.
    pub reading: Option<Reading>,
    /// Whether the rule is one of its interface's own groups, as far as the snapshots know these.
    pub is_placed: bool,
}

/// All that one record counts, reading by reading.
pub fn uses(network: &Network, evidence: &Evidence, seen: &Seen) -> Vec<Use> {
    Judge { network, evidence, seen }.judge().uses
}

/// What came of one record.
#[derive(Debug, Default)]
struct Judged {
    /// Rules, and what counts for them; the same twice if two readings say so.
    uses: Vec<Use>,
    is_undetermined: bool,
    is_ambiguous: bool,
    is_contradiction: bool,
}

fn is_ambiguous(role: Role) -> bool {
    matches!(role, Role::Ambiguous | Role::OpenedOrAnswered)
}

struct Judge<'a> {
    network: &'a Network,
    evidence: &'a Evidence<'a>,
    seen: &'a Seen<'a>,
}

/// Which way a record went through its interface. Egress is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Known(bool),
    /// By the one address that all records of an unknown interface share.
    Assumed(bool),
    Undetermined,
}

impl Judge<'_> {
    fn judge(&self) -> Judged {
        let record = self.seen.record;
        let role = self.evidence.role(self.seen);
        let mut judged = Judged { is_undetermined: self.way() == Way::Undetermined, ..Judged::default() };
        match self.network.interface_by_id(&record.interface) {
            Some(interface) => self.judge_known(interface, role, &mut judged),
            None => {
                judged.is_ambiguous = is_ambiguous(role);
                self.leave_unplaced(role, self.vpc(), false, &mut judged);
            }
        }
        judged
    }

    // ---- which way it went

    fn way(&self) -> Way {
        let record = self.seen.record;
        if let Some(egress) = record.egress {
            return Way::Known(egress);
        }
        let one_side = |is_src_own: bool, is_dst_own: bool| match (is_src_own, is_dst_own) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        };
        match self.network.interface_by_id(&record.interface) {
            Some(interface) => {
                let is_own = |address| self.network.ever_owned(interface, address);
                one_side(is_own(record.src), is_own(record.dst)).map_or(Way::Undetermined, Way::Known)
            }
            None => one_side(self.is_in_all_records(record.src), self.is_in_all_records(record.dst))
                .map_or(Way::Undetermined, Way::Assumed),
        }
    }

    /// Whether the address is in every record of this interface, of its own family.
    fn is_in_all_records(&self, address: IpAddr) -> bool {
        let record = self.seen.record;
        let is_alike =
            |other: &&Record| other.interface == record.interface && other.src.is_ipv6() == record.src.is_ipv6();
        let mut alike = self.network.records.iter().filter(is_alike);
        alike.all(|other| other.src == address || other.dst == address)
    }

    /// The VPC that it was recorded in; None: the logs do not say.
    fn vpc(&self) -> Option<usize> {
        let id = self.seen.record.vpc.as_ref()?;
        // The number of a VPC that is not ours is one that no group has.
        Some(self.network.vpcs.iter().position(|vpc| vpc.id == *id).unwrap_or(usize::MAX))
    }

    // ---- readings

    fn readings(&self, role: Role) -> Vec<Reading> {
        match self.way() {
            Way::Known(egress) => self.readings_one_way(egress, role),
            Way::Assumed(egress) => {
                let mut readings = self.readings_one_way(egress, role);
                for reading in self.readings_one_way(!egress, role) {
                    readings.push(Reading { worth: Worth::AgainstTheWay, ..reading });
                }
                readings
            }
            Way::Undetermined => {
                let mut readings = self.readings_one_way(false, role);
                readings.extend(self.readings_one_way(true, role));
                for reading in &mut readings {
                    if reading.worth != Worth::SetAside {
                        reading.worth = Worth::Perhaps;
                    }
                }
                readings
            }
        }
    }

    fn readings_one_way(&self, egress: bool, role: Role) -> Vec<Reading> {
        let Seen { record, src_port, dst_port, span } = *self.seen;
        let (peer, pkt_peer) = if egress { (record.dst, record.pkt_dst) } else { (record.src, record.pkt_src) };
        let request = Request { span, egress, protocol: record.protocol, port: dst_port, peer, pkt_peer };
        let answered = Request { egress: !egress, port: src_port, ..request };
        let forward = |worth| Reading { request, worth, is_forward: true };
        let backward = |worth| Reading { request: answered, worth, is_forward: false };
        match role {
            Role::Opened => vec![forward(Worth::Request)],
            Role::Answered => vec![backward(Worth::Implied)],
            Role::OpenedOrAnswered | Role::Ambiguous => vec![forward(Worth::Perhaps), backward(Worth::Implied)],
            Role::GuessedRequest => vec![forward(Worth::Request), backward(Worth::SetAside)],
            Role::GuessedReply => vec![forward(Worth::SetAside), backward(Worth::Implied)],
        }
    }

    // ---- an interface that some snapshot knows

    fn judge_known(&self, interface: usize, role: Role, judged: &mut Judged) {
        let carried = self.network.carried(interface, self.seen.span);
        if carried.is_unfiltered() {
            return;
        }
        let is_allowed = |is_forward: bool| {
            // Groups that nobody knows may allow anything.
            let readings = self.readings(Role::Ambiguous);
            carried.maybe_others
                || readings.iter().filter(|reading| reading.is_forward == is_forward).any(|reading| {
                    self.rules_then(&carried).any(|rule| self.network.allows(rule, &reading.request) > Match::No)
                })
        };
        // Evidence 2: what no rule may have let pass as a request is a reply; and what no rule may have let pass as the answer
        // to one is no reply, whatever is guessed.
        let settled = match role {
            Role::Opened => role,
            _ if !is_allowed(true) => Role::Answered,
            Role::GuessedReply if !is_allowed(false) => Role::Ambiguous,
            role => role,
        };
        judged.is_ambiguous = is_ambiguous(settled);
        for reading in self.readings(settled) {
            self.use_rules(&reading, &carried, judged);
        }
        self.pass_untracked(settled, &carried, judged);

        let vpc = Some(self.network.interfaces[interface].vpc);
        if carried.maybe_others {
            self.leave_unplaced(settled, vpc, false, judged);
            return;
        }
        let is_unexplained = match settled {
            Role::Opened => !is_allowed(true),
            Role::Answered => !is_allowed(false) || role == Role::GuessedRequest,
            _ => false,
        };
        // An error about a tracked connection passes with it, whatever the rules say; it may be one.
        judged.is_contradiction = is_unexplained && !matches!(self.seen.record.protocol, ICMP | ICMPV6);
        // A snapshot inside the hour of its like, with other groups or rules before it than after: one of them, alone, may be
        // unexplained.
        let at = |time: i64| self.network.relevant(Span { from: time, to: time });
        let times = |snapshots: Vec<&Snapshot>| snapshots.iter().map(|one| one.time).collect::<Vec<_>>();
        let differs = !carried.possibly.is_subset(&carried.surely)
            || self
                .rules_then(&carried)
                .any(|rule| !self.network.last_rules().any(|(_, last)| std::ptr::eq(last, rule)));
        let is_changing = differs && times(at(self.seen.span.from)) != times(at(self.seen.span.to));
        if is_unexplained || is_changing {
            // The inventory is wrong here, so what is left is what flags say.
            let by_flags = match role {
                Role::GuessedRequest | Role::GuessedReply => Role::Ambiguous,
                role => role,
            };
            self.leave_unplaced(by_flags, vpc, true, judged);
        }
    }

    /// The rules of every group that the interface may have carried: those of the last snapshot, and those of then. Of a group
    /// that nothing shows at that time, all that it ever had.
    fn rules_then<'b>(&'b self, carried: &'b Carried) -> impl Iterator<Item = &'b Rule> {
        let network = self.network;
        let relevant = network.relevant(self.seen.span);
        let rules = network.rules.iter().enumerate().filter(move |(number, rule)| {
            let is_in_last = network.last_snapshot().rules.contains(number);
            let mut listing = relevant.iter().filter(|snapshot| snapshot.groups.contains(&rule.group)).peekable();
            let was_there = listing.peek().is_none() || listing.any(|snapshot| snapshot.rules.contains(number));
            carried.has(rule.group) && (is_in_last || was_there)
        });
        rules.map(|(_, rule)| rule)
    }

    fn use_rules(&self, reading: &Reading, carried: &Carried, judged: &mut Judged) {
        for (number, rule) in self.network.last_rules().filter(|(_, rule)| carried.has(rule.group)) {
            let mut answer = self.network.allows(rule, &reading.request);
            if !carried.surely.contains(&rule.group) {
                answer = answer.min(Match::Possibly);
            }
            if answer == Match::No {
                continue;
            }
            let count = match (reading.worth, answer) {
                (Worth::SetAside | Worth::AgainstTheWay, _) if rule.is_wide() => Count::AssumedReply,
                (_, Match::Unplaced) => Count::Unplaced,
                (Worth::Implied, _) => Count::Implied,
                (Worth::Request, Match::Surely) => Count::Request,
                _ => Count::Ambiguous,
            };
            judged.uses.push(Use { rule: number, count, reading: Some(*reading), is_placed: true });
        }
    }

    /// An untracked connection's answers pass by a rule of their own direction: the request was allowed by a rule for
    /// anywhere, and this one allows all ports to anywhere (AWS, "Security group connection tracking").
    fn pass_untracked(&self, role: Role, carried: &Carried, judged: &mut Judged) {
        let (record, Way::Known(egress)) = (self.seen.record, self.way()) else { return };
        let is_v6 = record.src.is_ipv6();
        let may_be_answer = !matches!(role, Role::Opened | Role::GuessedRequest);
        if !may_be_answer || !matches!(record.protocol, TCP | UDP) {
            return;
        }
        let request = self.readings_one_way(egress, Role::Answered)[0].request;
        let is_untracked = self
            .rules_then(carried)
            .any(|rule| rule.is_for_anywhere(is_v6) && self.network.allows(rule, &request) > Match::No);
        for (number, rule) in self.network.last_rules() {
            let lets_all_pass = rule.egress == egress && rule.is_for_all_ports_anywhere(record.protocol, is_v6);
            if is_untracked && lets_all_pass && carried.has(rule.group) {
                let count = Count::UntrackedAnswer;
                judged.uses.push(Use { rule: number, count, reading: None, is_placed: true });
            }
        }
    }

    // ---- an interface that no snapshot knows, or a record that cannot be

    /// Any rule of any group that is usable in that VPC may have been used.
    ///
    /// Where the record contradicts the inventory, that may be wrong about the members of a peer group or prefix list, too.
    fn leave_unplaced(&self, role: Role, vpc: Option<usize>, contradicts: bool, judged: &mut Judged) {
        for reading in self.readings(role) {
            for (number, rule) in self.network.last_rules() {
                let is_usable = vpc.is_none_or(|vpc| self.network.is_usable_in(rule.group, vpc));
                let may_allow = match rule.peer {
                    Peer::Cidr(_) => self.network.allows(rule, &reading.request) > Match::No,
                    _ if contradicts => self.network.fits(rule, &reading.request) > Match::No,
                    _ => self.network.allows(rule, &reading.request) > Match::No,
                };
                if !is_usable || !may_allow {
                    continue;
                }
                let is_aside = match reading.worth {
                    Worth::AgainstTheWay | Worth::SetAside => rule.is_wide(),
                    _ => false,
                };
                let count = if is_aside { Count::AssumedReply } else { Count::Unplaced };
                judged.uses.push(Use { rule: number, count, reading: Some(reading), is_placed: false });
            }
        }
    }
}

impl Network {
    pub fn interface_by_id(&self, id: &str) -> Option<usize> {
        self.interfaces.iter().position(|interface| interface.id == id)
    }

    /// The rules that are judged, with their numbers.
    pub fn last_rules(&self) -> impl Iterator<Item = (usize, &Rule)> {
        self.last_snapshot().rules.iter().map(|number| (*number, &self.rules[*number]))
    }

    /// Not on an unknown interface of another account in a VPC that is not ours, and not at a regional NAT gateway, which has
    /// neither an interface nor groups.
    pub fn is_ours(&self, record: &Record) -> bool {
        let is_our_account = record.account == ACCOUNT || record.account == "unknown";
        let is_elsewhere = record.vpc.as_ref().is_some_and(|id| self.vpcs.iter().all(|vpc| vpc.id != *id));
        let is_known = self.interface_by_id(&record.interface).is_some();
        record.interface != "-" && (is_our_account || is_known || !is_elsewhere)
    }
}
