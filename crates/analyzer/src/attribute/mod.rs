//! Attribution: which rules each accepted row used, or may have used.
//!
//! Rows are read one by one ([`flow`]); the evidence says who opened the flow ([`opener`]); each record is read as a request,
//! as the answer to one, or as both ([`reading`]); and every rule that its interface may have carried is asked whether it
//! allows that ([`placed`]). Rows of interfaces that the inventory does not know ask every rule that is usable in that VPC
//! ([`unplaced`]). What adds up for a rule is a [`Tally`]; which rules stand in for each other is in [`Covers`].
//!
//! Rows that no single record explains wait until all others are seen: how many ports met the same one is the last evidence.

pub mod cover;
pub mod elsewhere;
pub mod flow;
pub mod named;
pub mod opener;
pub mod peers;
pub mod place;
pub mod placed;
pub mod reading;
pub mod rejected;
pub mod tally;
pub mod unplaced;
pub mod witness;

use crate::rollup::row::Addr;
use crate::rollup::{KeptPorts, Rollup, RowPort};
use cover::Covers;
use elsewhere::{Elsewhere, FanIns};
use flow::{Directed, Flow};
use flowlog::Action;
use inventory::{Answer, GroupIx, Inventory, Port, Query, Rule, RulePorts};
use named::NamedPorts;
use place::PlaceFacts;
use reading::Role;
use std::collections::{BTreeMap, HashSet};
use tally::{Effect, Tally};
use witness::{Ground, Witness};

/// Leaves out one kind of care, to show that the tests notice. Never set outside of tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Careless {
    /// Every accepted record counts as a request.
    pub no_evidence: bool,
    /// Traffic of unknown interfaces and peers is ignored.
    pub no_unplaced: bool,
    /// Every interface counts as fully covered.
    pub no_coverage: bool,
}

/// What the rows say of the rules.
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    /// By group, then by position of the rule in it.
    pub tallies: Vec<Vec<Tally>>,
    /// By group.
    pub covers: Vec<Covers>,
    /// Accepted records on interfaces that carried the group, surely or possibly; by group.
    pub group_records: Vec<u64>,
    /// Accepted and rejected records by interface.
    pub interface_records: BTreeMap<String, u64>,
    /// Accepted records whose direction nothing tells.
    pub undetermined_direction: u64,
    /// Accepted records of which nothing tells who opened the flow.
    pub ambiguous: u64,
    /// Accepted records that no rule of their interface explains.
    pub contradictions: u64,
    /// A few interfaces and seconds of contradictions, sorted.
    pub contradiction_samples: Vec<(String, u32)>,
    /// Interfaces that the inventory does not know, with their accepted and rejected records.
    pub unknown_interfaces: BTreeMap<String, u64>,
    /// Of those, interfaces of another account in a VPC that is not ours: counted, and nothing else.
    pub foreign_interfaces: BTreeMap<String, u64>,
}

/// How many contradictions are kept as samples.
const SAMPLES: usize = 10;

impl Attribution {
    fn new(inventory: &Inventory) -> Self {
        let groups = inventory.groups();
        Attribution {
            tallies: groups.iter().map(|group| vec![Tally::default(); group.rules.len()]).collect(),
            covers: vec![Covers::default(); groups.len()],
            group_records: vec![0; groups.len()],
            ..Attribution::default()
        }
    }

    /// The tally of a rule.
    pub fn tally(&mut self, group: GroupIx, rule: usize) -> &mut Tally {
        &mut self.tallies[group.0 as usize][rule]
    }

    fn merge(&mut self, other: Attribution) {
        for (mine, theirs) in self.tallies.iter_mut().flatten().zip(other.tallies.into_iter().flatten()) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.covers.iter_mut().zip(&other.covers) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.group_records.iter_mut().zip(&other.group_records) {
            *mine += theirs;
        }
        for (mine, theirs) in [
            (&mut self.interface_records, other.interface_records),
            (&mut self.unknown_interfaces, other.unknown_interfaces),
            (&mut self.foreign_interfaces, other.foreign_interfaces),
        ] {
            for (interface, count) in theirs {
                *mine.entry(interface).or_default() += count;
            }
        }
        self.undetermined_direction += other.undetermined_direction;
        self.ambiguous += other.ambiguous;
        self.contradictions += other.contradictions;
        self.contradiction_samples.extend(other.contradiction_samples);
        self.trim_samples();
    }

    fn note_contradiction(&mut self, interface: &str, flow: &Flow) {
        self.contradictions += u64::from(flow.totals.flows);
        self.contradiction_samples.push((interface.to_owned(), flow.totals.first_seen));
        if self.contradiction_samples.len() > SAMPLES * 8 {
            self.trim_samples();
        }
    }

    fn trim_samples(&mut self) {
        self.contradiction_samples.sort();
        self.contradiction_samples.dedup();
        self.contradiction_samples.truncate(SAMPLES);
    }
}

/// Attributes every row. `threads` share the work.
pub fn attribute(rollup: &Rollup, inventory: &Inventory, threads: usize, careless: Careless) -> Attribution {
    attribute_before(rollup, inventory, threads, careless, || ()).0
}

/// The same before witnesses: one for each thread, made by `witness` and put together at the end.
pub fn attribute_before<W: Witness>(
    rollup: &Rollup,
    inventory: &Inventory,
    threads: usize,
    careless: Careless,
    witness: impl Fn() -> W + Sync,
) -> (Attribution, W) {
    let places = place::facts(rollup, inventory);
    let elsewhere = Elsewhere::gather(&rollup.table, |key| places[key.place().at()].raw);
    let shared = Shared {
        rollup,
        inventory,
        places: &places,
        elsewhere: &elsewhere,
        usable: unplaced::Usable::new(inventory),
        careless,
        high_may_be_named: {
            let needed = crate::rollup::KeptPorts::new(inventory.kept_ports());
            rollup.kept_ports.intersection(&needed) != needed
        },
    };

    let rows = rollup.table.rows().len();
    let ranges = shares(rollup, threads);

    // First everything that a row tells by itself; what is left waits.
    let firsts = in_parallel(&ranges, |&(from, to)| {
        let mut worker = Worker::new(&shared, witness());
        let waiting = worker.first_pass(from, to);
        ((worker.found, worker.witness), waiting)
    });
    let mut fan_ins = FanIns::default();
    for (_, waiting) in &firsts {
        for &row in waiting {
            fan_ins.ask(&shared.flow(row));
        }
    }
    if !fan_ins.is_empty() {
        for row in (0..rows).filter(|&row| shared.counts(row)) {
            let flow = shared.flow(row);
            if flow.has_ports() {
                fan_ins.observe(&flow);
            }
        }
    }
    let (mut found, waiting): (Vec<(Attribution, W)>, Vec<Vec<usize>>) = firsts.into_iter().unzip();
    found.extend(in_parallel(&waiting, |rows| {
        let mut worker = Worker::new(&shared, witness());
        for &row in rows {
            let flow = shared.flow(row);
            let (role, ground) = opener::by_fan_in(&flow, &fan_ins);
            worker.judge(&flow, role, ground);
        }
        (worker.found, worker.witness)
    }));

    let mut merged = Attribution::new(inventory);
    let mut seen = witness();
    for (part, witness) in found {
        merged.merge(part);
        seen.absorb(witness);
    }
    count_records(rollup, &places, &mut merged);
    for tally in merged.tallies.iter_mut().flatten() {
        tally.peers.settle();
    }
    (merged, seen)
}

/// The rows in as many ranges as there are threads.
fn shares(rollup: &Rollup, threads: usize) -> Vec<(usize, usize)> {
    let rows = rollup.table.rows().len();
    let share = rows.div_ceil(threads.max(1)).max(1);
    (0..rows).step_by(share).map(|from| (from, (from + share).min(rows))).collect()
}

/// Runs one job for each item, each on a thread of its own; the results keep the order of the items.
fn in_parallel<T: Sync, R: Send>(items: &[T], job: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if items.len() < 2 {
        return items.iter().map(job).collect();
    }
    let job = &job;
    std::thread::scope(|scope| {
        let handles: Vec<_> = items.iter().map(|item| scope.spawn(move || job(item))).collect();
        let mut results = Vec::with_capacity(items.len());
        for handle in handles {
            match handle.join() {
                Ok(result) => results.push(result),
                // A fault in our own code: it must not end as a report that looks whole.
                Err(fault) => std::panic::resume_unwind(fault),
            }
        }
        results
    })
}

fn count_records(rollup: &Rollup, places: &[PlaceFacts], found: &mut Attribution) {
    let mut records = vec![0_u64; places.len()];
    for row in rollup.table.rows() {
        records[row.key.place().at()] += u64::from(row.totals.flows);
    }
    for (ix, place) in rollup.places.iter().enumerate() {
        // A regional NAT gateway has no interface of its own, and no security groups.
        if place.interface_id.is_empty() {
            continue;
        }
        *found.interface_records.entry(place.interface_id.to_string()).or_default() += records[ix];
        if places[ix].interface.is_none() {
            let unknown =
                if places[ix].foreign { &mut found.foreign_interfaces } else { &mut found.unknown_interfaces };
            *unknown.entry(place.interface_id.to_string()).or_default() += records[ix];
        }
    }
}

/// A dropped port is none of those that were kept, so a rule for kept ports alone does not allow it.
pub fn is_for_kept_ports(kept_ports: &KeptPorts, rule: &Rule, query: &Query) -> bool {
    let RulePorts::Range { from, to } = rule.ports else {
        return false;
    };
    query.port == Port::High && kept_ports.holds_all(from, to) && !rule.covers_ephemeral()
}

/// What all threads read.
struct Shared<'a> {
    rollup: &'a Rollup,
    inventory: &'a Inventory,
    places: &'a [PlaceFacts],
    elsewhere: &'a Elsewhere,
    usable: unplaced::Usable,
    careless: Careless,
    high_may_be_named: bool,
}

impl Shared<'_> {
    fn flow(&self, row: usize) -> Flow {
        let row = &self.rollup.table.rows()[row];
        let parts = row.key.parts();
        let interface = self.places[parts.place.at()].interface;
        Flow::new(&parts, &row.totals, interface, |addr: Addr| self.rollup.table.ip(addr))
    }

    /// Whether a row was accepted on an interface that has security groups of ours. A regional NAT gateway has no interface.
    fn counts(&self, row: usize) -> bool {
        let key = &self.rollup.table.rows()[row].key;
        let place = key.place();
        key.action() == Action::Accept
            && !self.places[place.at()].foreign
            && !self.rollup.places.get(place).interface_id.is_empty()
    }

    /// What a rule answers.
    fn allows(&self, rule: &Rule, query: &Query) -> Answer {
        if self.is_for_kept_ports(rule, query) { Answer::No } else { self.inventory.allows(rule, query) }
    }

    /// Whether a rule might allow it, taking nothing for granted about who is in its peer group or prefix list.
    fn might_allow(&self, rule: &Rule, query: &Query) -> bool {
        self.inventory.might_allow(rule, query) && !self.is_for_kept_ports(rule, query)
    }

    fn is_for_kept_ports(&self, rule: &Rule, query: &Query) -> bool {
        is_for_kept_ports(&self.rollup.kept_ports, rule, query)
    }

    fn directed(&self, flow: &Flow) -> Directed {
        self.places[flow.place.at()].directed(flow, self.inventory)
    }
}

/// One thread's work.
struct Worker<'a, W> {
    shared: &'a Shared<'a>,
    named: NamedPorts<'a>,
    carried: placed::CarriedCache<'a>,
    draft: cover::Draft,
    /// Rules that allow a reading of the row at hand.
    answers: Vec<placed::Allowed>,
    /// What the row at hand was counted for, where two readings may mean the same.
    counted: HashSet<(GroupIx, usize, Effect)>,
    found: Attribution,
    witness: W,
}

impl<'a, W: Witness> Worker<'a, W> {
    fn new(shared: &'a Shared<'a>, witness: W) -> Self {
        Worker {
            shared,
            named: NamedPorts::new(shared.inventory, shared.high_may_be_named),
            carried: placed::CarriedCache::new(shared.inventory),
            draft: cover::Draft::default(),
            answers: Vec::new(),
            counted: HashSet::new(),
            found: Attribution::new(shared.inventory),
            witness,
        }
    }

    /// Judges all rows that evidence decides; gives back the others.
    fn first_pass(&mut self, from: usize, to: usize) -> Vec<usize> {
        let mut waiting = Vec::new();
        for row in from..to {
            if !self.shared.counts(row) {
                continue;
            }
            let flow = self.shared.flow(row);
            match self.role(&flow) {
                Some((role, ground)) => self.judge(&flow, role, ground),
                None => waiting.push(row),
            }
        }
        waiting
    }

    /// The part that a record plays and what tells it, unless only the last guess can.
    fn role(&mut self, flow: &Flow) -> Option<(Role, Ground)> {
        if self.shared.careless.no_evidence {
            return Some((Role::Request, Ground::Nothing));
        }
        let raw = self.shared.places[flow.place.at()].raw;
        if let Some(role) = opener::by_flags(flow, raw, self.shared.elsewhere) {
            return Some((role, Ground::Flags));
        }
        if !flow.has_ports() {
            return Some((Role::Ambiguous, Ground::Nothing));
        }
        let server = opener::server(flow, self.shared.elsewhere, &mut self.named, self.shared.inventory);
        if let Some((server, ground)) = server {
            return Some((opener::by_server(server), ground));
        }
        let both_known = matches!((flow.src_port, flow.dst_port), (RowPort::Known(_), RowPort::Known(_)));
        if both_known { None } else { Some((Role::Ambiguous, Ground::Nothing)) }
    }

    fn judge(&mut self, flow: &Flow, role: Role, ground: Ground) {
        let directed = self.shared.directed(flow);
        self.counted.clear();
        let records = u64::from(flow.totals.flows);
        if directed == Directed::Undetermined {
            self.found.undetermined_direction += records;
        }
        match flow.interface {
            Some(interface) => self.judge_placed(flow, interface, directed, (role, ground)),
            None => {
                self.found.ambiguous += if role == Role::Ambiguous { records } else { 0 };
                self.judge_unplaced(flow, directed, (role, ground), false);
            }
        }
    }
}
