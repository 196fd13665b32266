//! Which rules of one direction of a group are narrowed how far, so that all of them together open least within AWS's quota.
//!
//! The quota counts IPv4 and IPv6 apart (Amazon VPC quotas, "Inbound or outbound rules per security group": "enforced separately for
//! IPv4 rules and IPv6 rules"). What comes in a rule's place is added before the rule is revoked, one rule after another and in any
//! order, so the rule that is replaced last must have room beside all that there is in the end.
//!
//! It is a knapsack in two dimensions from whose items one of several ways each is taken: dynamic programming, exact.

use ethnum::U256;

/// Slots of the table, states times rules, that a group may take. The quota of 60 takes 250,000; beyond this limit, which needs a raised
/// quota and hundreds of rules of both families, less of the quota is used than there is.
const MOST_SLOTS: usize = 1 << 20;

/// IPv4 and IPv6.
const FAMILIES: [usize; 2] = [0, 1];

/// One way to write a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it counts for in the quota: of IPv4 rules, and of IPv6 rules.
    pub counts: [u32; 2],
    /// What it opens.
    pub exposure: U256,
    /// Of ways that fit, one like this is taken, whatever the others open.
    pub preferred: bool,
    /// How many rules it takes.
    pub rules: u32,
    /// How many CIDRs they name.
    pub cidrs: u32,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Item {
    /// As it is.
    pub now: Way,
    /// What may come in its place; in neither family does any count for less.
    pub ways: Vec<Way>,
}

/// What is to be as small as can be: the first first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// Rules that have a preferred way and do not take one.
    passed_over: u32,
    exposure: U256,
    rules: u32,
    cidrs: u32,
}

impl Cost {
    const NOTHING: Cost = Cost { passed_over: 0, exposure: U256::ZERO, rules: 0, cidrs: 0 };

    fn of(item: &Item, way: &Way) -> Cost {
        let has_preferred = item.ways.iter().any(|way| way.preferred);
        let passed_over = u32::from(has_preferred && !way.preferred);
        Cost { passed_over, exposure: way.exposure, rules: way.rules, cidrs: way.cidrs }
    }

    fn and(self, other: Cost) -> Cost {
        Cost {
            passed_over: self.passed_over + other.passed_over,
            exposure: self.exposure + other.exposure,
            rules: self.rules + other.rules,
            cidrs: self.cidrs + other.cidrs,
        }
    }
}

/// Chooses for each rule one of its ways, or `None`: as it is.
///
/// `others`: what the rules count for that stay as they are anyway. Where these and the rules as they are exceed the quota of a family,
/// nothing is chosen that adds to it.
pub fn choose(items: &[Item], others: [u32; 2], quota: u32) -> Vec<Option<usize>> {
    let best_alone: Vec<Option<usize>> = items.iter().map(best_way).collect();
    if fits(items, &best_alone, others, quota) {
        return best_alone;
    }
    let mut best: Option<(Cost, Vec<Option<usize>>)> = None;
    for room_v4 in rooms(items, 0) {
        for room_v6 in rooms(items, 1) {
            let Some(table) = Table::new(items, others, quota, [room_v4, room_v6]) else {
                continue;
            };
            let found = table.solve();
            if best.as_ref().is_none_or(|(least, _)| found.0 < *least) {
                best = Some(found);
            }
        }
    }
    best.map_or_else(|| vec![None; items.len()], |(_, chosen)| chosen)
}

/// The way that would be taken if there were no quota.
fn best_way(item: &Item) -> Option<usize> {
    let mut best = (Cost::of(item, &item.now), None);
    for (number, way) in item.ways.iter().enumerate() {
        let cost = Cost::of(item, way);
        if cost < best.0 {
            best = (cost, Some(number));
        }
    }
    best.1
}

fn fits(items: &[Item], chosen: &[Option<usize>], others: [u32; 2], quota: u32) -> bool {
    FAMILIES.into_iter().all(|family| {
        let (mut total, mut room, mut adds) = (others[family], 0, false);
        for (item, choice) in items.iter().zip(chosen) {
            let way = choice.and_then(|number| item.ways.get(number));
            total += way.unwrap_or(&item.now).counts[family];
            if way.is_some_and(|way| way.counts[family] > 0) {
                adds = true;
                room = room.max(item.now.counts[family]);
            }
        }
        !adds || total + room <= quota
    })
}

/// How much room the rule that is replaced last may need in a family, largest first; `None`: nothing is added there.
fn rooms(items: &[Item], family: usize) -> Vec<Option<u32>> {
    let mut rooms: Vec<Option<u32>> =
        items.iter().filter(|item| !item.ways.is_empty()).map(|item| Some(item.now.counts[family])).collect();
    rooms.push(None);
    rooms.sort_unstable();
    rooms.dedup();
    rooms.reverse();
    rooms
}

/// The knapsack for one choice of what must stay free.
struct Table<'a> {
    items: &'a [Item],
    /// How much may be added to each family beside what the rules count for as they are; 0 too where nothing can exceed it.
    capacity: [usize; 2],
    /// For each rule, the ways that may be taken: number, what it adds to each family, what it costs.
    steps: Vec<Vec<(usize, [usize; 2], Cost)>>,
}

impl<'a> Table<'a> {
    /// `None` where the rules as they are leave no room.
    fn new(items: &'a [Item], others: [u32; 2], quota: u32, rooms: [Option<u32>; 2]) -> Option<Table<'a>> {
        let mut capacity = [0; 2];
        for family in FAMILIES {
            if let Some(room) = rooms[family] {
                let now = items.iter().fold(others[family] + room, |sum, item| sum + item.now.counts[family]);
                capacity[family] = quota.checked_sub(now)? as usize;
            }
        }
        let may_take = |item: &Item, way: &Way| {
            FAMILIES.into_iter().all(|family| match rooms[family] {
                Some(room) => item.now.counts[family] <= room,
                None => way.counts[family] == 0,
            })
        };
        let added = |item: &Item, way: &Way, family: usize| {
            debug_assert!(way.counts[family] >= item.now.counts[family]);
            way.counts[family].saturating_sub(item.now.counts[family]) as usize
        };
        let mut steps = Vec::with_capacity(items.len());
        for item in items {
            let mut of_item = Vec::new();
            for (number, way) in item.ways.iter().enumerate() {
                if may_take(item, way) {
                    of_item.push((number, [added(item, way, 0), added(item, way, 1)], Cost::of(item, way)));
                }
            }
            steps.push(of_item);
        }
        let mut table = Table { items, capacity, steps };
        table.leave_out_what_never_binds();
        Some(table)
    }

    /// A family whose quota holds whatever is chosen needs no dimension.
    fn leave_out_what_never_binds(&mut self) {
        for family in FAMILIES {
            let most = |ways: &Vec<(usize, [usize; 2], Cost)>| ways.iter().map(|(_, added, _)| added[family]).max();
            let at_most: usize = self.steps.iter().filter_map(most).sum();
            if at_most <= self.capacity[family] {
                self.capacity[family] = 0;
                self.steps.iter_mut().flatten().for_each(|(_, added, _)| added[family] = 0);
            }
        }
        let slots = |capacity: [usize; 2], items: usize| (capacity[0] + 1) * (capacity[1] + 1) * items;
        while slots(self.capacity, self.items.len()) > MOST_SLOTS && self.capacity != [0, 0] {
            let larger = usize::from(self.capacity[1] > self.capacity[0]);
            self.capacity[larger] /= 2;
        }
    }

    /// The least cost, and the ways that make it.
    fn solve(&self) -> (Cost, Vec<Option<usize>>) {
        let width = self.capacity[1] + 1;
        let states = (self.capacity[0] + 1) * width;
        // The least cost of the rules so far, by how much they may add to each family at most.
        let mut costs = vec![Cost::NOTHING; states];
        let mut taken: Vec<Vec<u16>> = Vec::with_capacity(self.items.len());
        for (item, steps) in self.items.iter().zip(&self.steps) {
            let as_it_is = Cost::of(item, &item.now);
            let mut next = Vec::with_capacity(states);
            let mut taken_here = vec![0_u16; states];
            for state in 0..states {
                let (v4, v6) = (state / width, state % width);
                let mut least = costs[state].and(as_it_is);
                for (step, (_, added, cost)) in steps.iter().enumerate() {
                    if added[0] > v4 || added[1] > v6 {
                        continue;
                    }
                    let cost = costs[state - added[0] * width - added[1]].and(*cost);
                    if cost < least {
                        least = cost;
                        taken_here[state] = step as u16 + 1;
                    }
                }
                next.push(least);
            }
            costs = next;
            taken.push(taken_here);
        }

        let mut chosen = vec![None; self.items.len()];
        let mut state = states - 1;
        for (position, taken) in taken.iter().enumerate().rev() {
            let Some(step) = usize::from(taken[state]).checked_sub(1) else {
                continue;
            };
            let (number, added, _) = self.steps[position][step];
            chosen[position] = Some(number);
            state -= added[0] * width + added[1];
        }
        (costs[states - 1], chosen)
    }
}

#[cfg(test)]
mod tests;
