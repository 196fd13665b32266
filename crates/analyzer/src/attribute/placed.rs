//! Rows of interfaces that the inventory knows: the rules that the interface carried at that time are asked.

use super::flow::{Directed, Flow};
use super::reading::{Reading, Role, opposite, readings};
use super::tally::Effect;
use super::witness::{Ground, Seen, Witness};
use super::{Attribution, Worker};
use inventory::{Answer, Direction, GroupIx, InterfaceIx, Inventory, Protocol, Rule, Span};
use std::collections::HashMap;
use std::rc::Rc;

/// What an interface carried at some time.
pub struct CarriedRules<'a> {
    /// As the inventory says it.
    carried: Vec<(GroupIx, bool)>,
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
        let key = (interface, self.inventory.epoch_of(flow.span));
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
        carried: carried.groups,
        groups,
    }
}

/// A rule that may allow a reading.
pub struct Allowed {
    /// Direction of the reading, and whether it is the record itself.
    of: (Direction, bool),
    /// Which of the carried groups.
    slot: usize,
    /// Which of its rules.
    position: usize,
    answer: Answer,
}

/// Whether any rule that the interface may have had may allow a record as a request, and as an answer to one.
#[derive(Clone, Copy)]
struct Heard {
    forward: bool,
    backward: bool,
}

impl<W: Witness> Worker<'_, W> {
    pub(super) fn judge_placed(
        &mut self,
        flow: &Flow,
        interface: InterfaceIx,
        directed: Directed,
        (first_guess, first_ground): (Role, Ground),
    ) {
        let carried = self.carried.of(flow, interface);
        let records = u64::from(flow.totals.flows);
        for group in &carried.groups {
            self.found.group_records[group.group.0 as usize] += records;
        }
        if carried.unknown_groups {
            self.note_traffic_of_any_group(flow, records);
        }
        if carried.unfiltered {
            return;
        }
        let heard = self.ask(flow, &carried, directed, first_guess);
        let role = self.settle(first_guess, heard);
        let ground = match (role, first_guess) {
            (role, first_guess) if role == first_guess => first_ground,
            (Role::Reply, _) => Ground::Rules,
            _ => Ground::Nothing,
        };
        self.found.ambiguous += if role == Role::Ambiguous { records } else { 0 };
        for reading in readings(flow, directed, role) {
            self.count(flow, &carried, directed, &reading, ground);
        }
        self.note_untracked(flow, &carried, directed, role);

        if carried.unknown_groups {
            self.judge_unplaced(flow, directed, (role, ground), false);
            return;
        }
        let is_unexplained = match role {
            Role::Request => !heard.forward,
            // The rules make an answer of it, while the ports say that it is a request: then the interface may well have
            // carried another group at that time, above all where one snapshot stands for the whole window.
            Role::Reply => !heard.backward || first_guess == Role::GuessedRequest,
            Role::GuessedRequest | Role::GuessedReply | Role::Ambiguous => false,
        };
        let contradicts = is_unexplained || self.changes_within(flow, &carried);
        if contradicts && !self.shared.careless.no_unplaced {
            // ICMP errors about a tracked connection pass with it, whatever the rules say (AWS, "Security group connection
            // tracking"): such a record need not speak against the inventory, though it may.
            let is_icmp = flow.protocol == Protocol::ICMP || flow.protocol == Protocol::ICMPV6;
            if is_unexplained && !is_icmp {
                let interface = &self.shared.rollup.places.get(flow.place).interface_id;
                self.found.note_contradiction(interface, flow);
            }
            // The inventory is wrong about this interface at this time, so only what flags say still stands.
            let open = match first_guess {
                Role::Request | Role::Reply => (first_guess, first_ground),
                Role::GuessedRequest | Role::GuessedReply | Role::Ambiguous => (Role::Ambiguous, Ground::Nothing),
            };
            self.judge_unplaced(flow, directed, open, true);
        }
    }

    /// Whether a snapshot lies inside the span of a row and the interface's groups, or their rules, differ around it. Rows add
    /// up records of an hour or a day, so one that is explained may hold one that, alone, would contradict the inventory.
    fn changes_within(&self, flow: &Flow, carried: &CarriedRules<'_>) -> bool {
        let differ = carried.groups.iter().any(|group| !group.surely || !group.gone.is_empty());
        let at = |time: i64| self.shared.inventory.epoch_of(Span { from: time, to: time });
        differ && at(flow.span.from) != at(flow.span.to)
    }

    /// Asks every rule that the interface may have had, for every reading that the record may have.
    fn ask(&mut self, flow: &Flow, carried: &CarriedRules<'_>, directed: Directed, first_guess: Role) -> Heard {
        let open = carried.unknown_groups || carried.unknown_rules;
        let mut heard = Heard { forward: open, backward: open };
        self.answers.clear();
        // What surely is a request has no second reading.
        let asked = if first_guess == Role::Request { Role::Request } else { Role::Ambiguous };
        for reading in readings(flow, directed, asked) {
            let query = reading.query(flow);
            let before = self.answers.len();
            let mut by_gone_rules = false;
            for (slot, group) in carried.groups.iter().enumerate() {
                for (position, rule) in group.rules.iter().enumerate() {
                    if rule.direction != reading.direction {
                        continue;
                    }
                    let answer = self.shared.allows(rule, &query);
                    if answer > Answer::No {
                        let of = (reading.direction, reading.forward);
                        self.answers.push(Allowed { of, slot, position, answer });
                    }
                }
                let allows =
                    |rule: &&Rule| rule.direction == reading.direction && self.shared.allows(rule, &query) > Answer::No;
                by_gone_rules = by_gone_rules || group.gone.iter().any(allows);
            }
            let known = if reading.forward { &mut heard.forward } else { &mut heard.backward };
            *known |= by_gone_rules || self.answers.len() > before;
        }
        heard
    }

    /// Evidence 2, which is stronger than any guess: what no rule may have let in as a request is an answer, unless its flags
    /// say that it opened the flow; and what answers nothing that a rule may have let in is none.
    fn settle(&self, first_guess: Role, heard: Heard) -> Role {
        if self.shared.careless.no_evidence {
            return first_guess;
        }
        match first_guess {
            Role::Request => Role::Request,
            _ if !heard.forward => Role::Reply,
            Role::GuessedReply if !heard.backward => Role::Ambiguous,
            role => role,
        }
    }

    /// Counts a reading for every rule that allows it.
    fn count(
        &mut self,
        flow: &Flow,
        carried: &CarriedRules<'_>,
        directed: Directed,
        reading: &Reading,
        ground: Ground,
    ) {
        // Where direction or groups are not known, two readings may mean the same for one rule: it is one record all the same.
        let once = !matches!(directed, Directed::Known(_)) || carried.unknown_groups;
        for (slot, group) in carried.groups.iter().enumerate() {
            self.draft.clear(group.rules.len());
            let mut records = 0;
            for allowed in &mut self.answers {
                if allowed.slot != slot || allowed.of != (reading.direction, reading.forward) {
                    continue;
                }
                let position = allowed.position;
                if allowed.answer == Answer::Surely && !group.rules[position].may_be_bypassed() {
                    self.draft.surely(position);
                }
                let answer = if group.surely { allowed.answer } else { allowed.answer.min(Answer::Possibly) };
                let effect = Effect::of(&group.rules[position], reading.weight, answer);
                if effect == Effect::Unplaced && self.shared.careless.no_unplaced {
                    continue;
                }
                let tally = &mut self.found.tallies[group.group.0 as usize][position];
                // What is unplaced here may be so again where the record contradicts the inventory.
                let may_recur = once || effect == Effect::Unplaced;
                let is_new = !may_recur || self.counted.insert((group.group, position, effect));
                if is_new {
                    tally.count(effect, flow);
                }
                self.witness.see(&Seen {
                    flow,
                    reading,
                    group: group.group,
                    rule: position,
                    answer,
                    effect,
                    ground,
                    carried: &carried.carried,
                    is_new,
                });
                if effect.is_use() {
                    tally.note_use(flow, reading, is_new);
                    self.draft.uses(position);
                    if is_new && effect != Effect::Implied {
                        records = u64::from(flow.totals.flows);
                    }
                }
            }
            self.found.covers[group.group.0 as usize].add(&self.draft, records);
        }
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

impl Attribution {
    /// Whether any accepted record went through an interface that carried the group.
    pub fn had_traffic(&self, group: GroupIx) -> bool {
        self.group_records[group.0 as usize] > 0
    }
}
