//! Rows of interfaces that the inventory knows: the rules that the interface carried at that time are asked.

use super::flow::{Directed, Flow};
use super::reading::{Reading, Role, Weight, opposite, readings};
use super::{Attribution, Worker};
use inventory::{Answer, GroupIx, InterfaceIx, Inventory, Protocol, Rule};
use std::collections::HashMap;
use std::rc::Rc;

/// What an interface carried at some time.
pub struct CarriedRules<'a> {
    groups: Vec<CarriedGroup<'a>>,
    /// May carry any group usable in its VPC besides.
    unknown_groups: bool,
    /// Carries a group whose rules no snapshot lists: they may allow anything.
    unknown_rules: bool,
    /// Has no group, and so nothing that filters: a NAT gateway, a transit gateway attachment.
    unfiltered: bool,
}

struct CarriedGroup<'a> {
    group: GroupIx,
    surely: bool,
    rules: &'a [Rule],
    /// Rules that the group may have had then and that its last snapshot lacks.
    gone: Vec<&'a Rule>,
}

/// Remembers what was carried, by interface and epoch.
pub struct CarriedCache<'a> {
    inventory: &'a Inventory,
    known: HashMap<(InterfaceIx, u64), Rc<CarriedRules<'a>>, foldhash::fast::FixedState>,
    last: Option<((InterfaceIx, u64), Rc<CarriedRules<'a>>)>,
}

impl<'a> CarriedCache<'a> {
    /// Remembers nothing yet.
    pub fn new(inventory: &'a Inventory) -> Self {
        CarriedCache { inventory, known: HashMap::default(), last: None }
    }

    fn of(&mut self, flow: &Flow, interface: InterfaceIx) -> Rc<CarriedRules<'a>> {
        let key = (interface, self.inventory.epoch_of(interface, flow.span));
        if let Some((last, rules)) = &self.last
            && *last == key
        {
            return Rc::clone(rules);
        }
        let inventory = self.inventory;
        let rules = self.known.entry(key).or_insert_with(|| Rc::new(carried_rules(inventory, interface, flow)));
        self.last = Some((key, Rc::clone(rules)));
        Rc::clone(rules)
    }
}

fn carried_rules<'a>(inventory: &'a Inventory, interface: InterfaceIx, flow: &Flow) -> CarriedRules<'a> {
    let carried = inventory.carried(interface, flow.span);
    let mut groups = Vec::new();
    for &(group, surely) in &carried.groups {
        let rules = inventory.group(group).rules.as_slice();
        let is_kept = |rule: &Rule| rules.iter().any(|kept| std::ptr::eq(kept, rule));
        let gone = inventory.rules_at(group, flow.span).filter(|rule| !is_kept(rule)).collect();
        groups.push(CarriedGroup { group, surely, rules, gone });
    }
    CarriedRules {
        unknown_rules: carried.unknown_rules,
        unfiltered: groups.is_empty() && !carried.unknown_groups,
        unknown_groups: carried.unknown_groups,
        groups,
    }
}

impl Worker<'_> {
    pub(super) fn judge_placed(&mut self, flow: &Flow, interface: InterfaceIx, directed: Directed, first_guess: Role) {
        let carried = self.carried.of(flow, interface);
        let records = u64::from(flow.totals.flows);
        for group in &carried.groups {
            self.found.group_records[group.group.0 as usize] += records;
        }
        if carried.unfiltered {
            return;
        }
        let open = carried.unknown_groups || carried.unknown_rules;
        let let_in = open || self.may_be_request(flow, &carried, directed);
        // Evidence 2: what no rule may have let in as a request is an answer, unless its flags say that it opened the flow.
        let refused = !let_in && !self.shared.careless.no_evidence;
        let role = if refused && first_guess != Role::Request { Role::Reply } else { first_guess };
        let mut answers_something = open;
        for reading in readings(flow, directed, role) {
            let allowed = self.ask(flow, &carried, &reading);
            answers_something |= allowed && !reading.forward;
        }
        self.note_untracked(flow, &carried, directed, role);

        if carried.unknown_groups {
            self.judge_unplaced(flow, directed, role, false);
            return;
        }
        // ICMP errors about a tracked connection pass with it, whatever the rules say (AWS, "Security group connection
        // tracking"), so an ICMP record that no rule explains says nothing against the inventory.
        let is_icmp = flow.protocol == Protocol::ICMP || flow.protocol == Protocol::ICMPV6;
        let contradicts = match role {
            _ if is_icmp => false,
            Role::Request => !let_in,
            // The rules make an answer of it, while the ports say that it is a request: then the interface may well have
            // carried another group at that time, above all where one snapshot stands for the whole window.
            Role::Reply => !answers_something || first_guess == Role::GuessedRequest,
            Role::GuessedRequest | Role::GuessedReply | Role::Ambiguous => false,
        };
        if contradicts && !self.shared.careless.no_unplaced {
            let interface = &self.shared.rollup.places.get(flow.place).interface_id;
            self.found.note_contradiction(interface, flow);
            // The inventory is wrong about this interface at this time, so only what flags say still stands.
            let open = match first_guess {
                Role::Request | Role::Reply => first_guess,
                Role::GuessedRequest | Role::GuessedReply | Role::Ambiguous => Role::Ambiguous,
            };
            self.judge_unplaced(flow, directed, open, true);
        }
    }

    /// Whether some rule that the interface may have had may allow the record itself as a request.
    fn may_be_request(&self, flow: &Flow, carried: &CarriedRules<'_>, directed: Directed) -> bool {
        let mut forward = readings(flow, directed, Role::Ambiguous).filter(|reading| reading.forward);
        forward.any(|reading| {
            let query = reading.query(flow);
            let mut rules =
                carried.groups.iter().flat_map(|group| group.rules.iter().chain(group.gone.iter().copied()));
            rules.any(|rule| rule.direction == reading.direction && self.shared.allows(rule, &query) > Answer::No)
        })
    }

    /// Asks every carried rule whether it allows a reading, and counts it where it does. Tells whether any may, rules that
    /// are gone by now among them.
    fn ask(&mut self, flow: &Flow, carried: &CarriedRules<'_>, reading: &Reading) -> bool {
        let query = reading.query(flow);
        let mut allowed = false;
        for group in &carried.groups {
            self.draft.clear(group.rules.len());
            for (position, rule) in group.rules.iter().enumerate() {
                if rule.direction != reading.direction {
                    continue;
                }
                let answer = self.shared.allows(rule, &query);
                if answer == Answer::No {
                    continue;
                }
                allowed = true;
                if answer == Answer::Surely {
                    self.draft.surely(position);
                }
                let answer = if group.surely { answer } else { answer.min(Answer::Possibly) };
                let tally = self.found.tally(group.group, position);
                if count(tally, flow, rule, reading, answer, self.shared.careless.no_unplaced) {
                    self.draft.uses(position);
                }
            }
            let counted = if reading.weight == Weight::Implied { 0 } else { u64::from(flow.totals.flows) };
            self.found.covers[group.group.0 as usize].add(&self.draft, counted);
            allowed = allowed
                || group
                    .gone
                    .iter()
                    .any(|rule| rule.direction == reading.direction && self.shared.allows(rule, &query) > Answer::No);
        }
        allowed
    }

    /// Untracked connections (AWS, "Security group connection tracking"): a TCP or UDP flow whose request a rule for
    /// everybody allows is not tracked if a rule of the other direction lets everything out to everybody; its answers then
    /// pass by that rule.
    fn note_untracked(&mut self, flow: &Flow, carried: &CarriedRules<'_>, directed: Directed, role: Role) {
        if !flow.has_ports() || !matches!(role, Role::Reply | Role::GuessedReply | Role::Ambiguous) {
            return;
        }
        let (Directed::Known(way) | Directed::Inferred(way)) = directed else {
            return;
        };
        let v6 = flow.src_ip.is_ipv6();
        let open_for_answers = |rule: &Rule| {
            rule.direction == way
                && rule.allows_all_ports()
                && rule.peer_is_anywhere(v6)
                && rule.protocol.is_none_or(|protocol| protocol == flow.protocol)
        };
        if !carried.groups.iter().any(|group| group.rules.iter().any(open_for_answers)) {
            return;
        }
        let request = readings(flow, directed, Role::Reply).find(|reading| reading.direction == opposite(way));
        let Some(request) = request else {
            return;
        };
        let query = request.query(flow);
        let lets_request_in = |rule: &Rule| {
            rule.direction == opposite(way)
                && rule.peer_is_anywhere(v6)
                && self.shared.allows(rule, &query) > Answer::Unplaced
        };
        let mut rules = carried.groups.iter().flat_map(|group| group.rules.iter().chain(group.gone.iter().copied()));
        if !rules.any(lets_request_in) {
            return;
        }
        for group in &carried.groups {
            for (position, rule) in group.rules.iter().enumerate() {
                if open_for_answers(rule) {
                    self.found.tally(group.group, position).untracked_answers += u64::from(flow.totals.flows);
                }
            }
        }
    }
}

/// Adds one reading to the tally of a rule that may allow it. Tells whether that is a use.
pub(super) fn count(
    tally: &mut super::Tally,
    flow: &Flow,
    rule: &Rule,
    reading: &Reading,
    answer: Answer,
    ignore_unplaced: bool,
) -> bool {
    let records = u64::from(flow.totals.flows);
    let set_aside = match reading.weight {
        Weight::Opposed => true,
        Weight::Aside => rule.covers_ephemeral(),
        Weight::Sure | Weight::Possible | Weight::Implied => false,
    };
    if set_aside {
        tally.assumed_replies += records;
        return false;
    }
    if answer == Answer::Unplaced {
        if !ignore_unplaced {
            tally.unplaced += records;
        }
        return false;
    }
    match reading.weight {
        Weight::Sure if answer == Answer::Surely => {
            tally.requests += records;
            tally.note_volume(flow);
        }
        Weight::Implied => tally.implied += records,
        _ => {
            tally.ambiguous += records;
            tally.note_volume(flow);
        }
    }
    tally.note_use(flow, reading);
    true
}

impl Attribution {
    /// Whether any accepted record went through an interface that carried the group.
    pub fn had_traffic(&self, group: GroupIx) -> bool {
        self.group_records[group.0 as usize] > 0
    }
}
