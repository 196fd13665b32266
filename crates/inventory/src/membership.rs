//! Which interface carried which group at which time, and when it lived.

use crate::answer::Answer;
use crate::group::GroupIx;
use crate::interface::{Interface, InterfaceIx, StateRun};
use crate::inventory::Inventory;
use crate::time::{AttachTime, Epoch, Span};
use std::net::IpAddr;

/// The groups of an interface during a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    /// Groups, sorted, and whether the interface surely carried them all the time (else possibly).
    pub groups: Vec<(GroupIx, bool)>,
    /// It may have carried any other group that is usable in its VPC: its `Groups` are missing, or no snapshot around
    /// the span knows it.
    pub unknown_groups: bool,
    /// It carries a group whose rules nobody listed: whether some rule allows a packet cannot be denied.
    pub unknown_rules: bool,
}

/// When an interface existed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Start of the window, or later: after the last snapshot that lacks it before the first that has it; or when it
    /// was attached, if it was made with its instance (device 0, deleted on termination).
    pub from: Epoch,
    /// Time of the first snapshot after its last that lacks it, else the end of the window. Before `from` if it was
    /// gone before the window.
    pub until_seen_absent: Epoch,
    /// Time of the last snapshot that has it; the end of the window if it is in the last.
    pub last_known: Epoch,
    /// Whether the last snapshot of its scope lacks it.
    pub gone: bool,
}

impl Inventory {
    /// What the snapshots around the span say about an interface.
    fn states_at<'a>(&'a self, interface: &'a Interface, span: Span) -> impl Iterator<Item = &'a StateRun> + Clone {
        interface.history.iter().filter(move |item| {
            let range = self.scopes[item.run.scope as usize].interfaces.relevant(span);
            range.is_some_and(|range| item.run.overlap(range) > 0)
        })
    }

    /// The groups that an interface carried during the span.
    ///
    /// Snapshots that lack the interface say nothing about its groups: a record proves that its interface existed.
    pub fn carried(&self, number: InterfaceIx, span: Span) -> Carried {
        let interface = self.interface(number);
        let mut carried = Carried::default();
        let mut states: Vec<&StateRun> = self.states_at(interface, span).collect();
        let is_known_then = !states.is_empty();
        if !is_known_then {
            states = interface.history.iter().collect();
            carried.unknown_groups = true;
        }
        let mut all: Vec<GroupIx> = Vec::new();
        for item in &states {
            match &item.state.groups {
                Some(groups) => all.extend(groups),
                None => carried.unknown_groups = true,
            }
        }
        all.sort_unstable();
        all.dedup();
        for group in all {
            let in_every_state =
                states.iter().all(|item| item.state.groups.as_ref().is_some_and(|g| g.contains(&group)));
            carried.groups.push((group, is_known_then && in_every_state));
            carried.unknown_rules |= !self.group(group).rules_known;
        }
        carried
    }

    /// Groups that whoever had the address during the span surely carried all the time, sorted; none where it is not sure who that was.
    pub fn groups_of(&self, address: IpAddr, span: Span) -> Vec<GroupIx> {
        if !self.is_owned_surely(address, span, None) {
            return Vec::new();
        }
        let mut shared: Option<Vec<GroupIx>> = None;
        for owner in self.possible_owners(address, span) {
            let carried = self.carried(owner.interface, span);
            let surely = carried.groups.iter().filter(|(_, surely)| *surely).map(|(group, _)| *group);
            match &mut shared {
                None => shared = Some(surely.collect()),
                Some(shared) => {
                    let known: Vec<GroupIx> = surely.collect();
                    shared.retain(|group| known.contains(group));
                }
            }
        }
        shared.unwrap_or_default()
    }

    /// Interfaces that may have had the address at some time of the span, sorted.
    pub fn owners_of(&self, address: IpAddr, span: Span) -> Vec<InterfaceIx> {
        let mut owners: Vec<InterfaceIx> = self.possible_owners(address, span).map(|owner| owner.interface).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// A key for keeping results of [`Inventory::carried`] and [`Inventory::rules_at`]: spans with equal keys give equal ones.
    pub fn epoch_of(&self, span: Span) -> u64 {
        // Which snapshots are relevant depends only on how many lie at or before the start and before the end.
        let times = &self.snapshot_times.times;
        let at_or_before_start = times.partition_point(|time| *time <= span.from) as u64;
        let before_end = times.partition_point(|time| *time < span.to) as u64;
        at_or_before_start << 32 | before_end
    }

    /// Whether an interface carried the group during the span: in all that is known, in some, or in none of it.
    pub(crate) fn carries(&self, number: InterfaceIx, group: Option<GroupIx>, span: Span) -> Answer {
        let interface = self.interface(number);
        let (mut known, mut all, mut some) = (false, true, false);
        for item in self.states_at(interface, span) {
            known = true;
            match (&item.state.groups, group) {
                (None, _) => {
                    all = false;
                    some = true;
                }
                (Some(groups), Some(group)) if groups.contains(&group) => some = true,
                (Some(_), _) => all = false,
            }
        }
        if known { Answer::of_alternatives(all, some) } else { Answer::Possibly }
    }

    /// Interfaces that carried the group, or may have, at some time in the window; sorted.
    pub fn carried_ever(&self, group: GroupIx, window: Span) -> Vec<InterfaceIx> {
        let mut result = Vec::new();
        for number in &self.carriers[group.0 as usize] {
            let interface = self.interface(*number);
            let has_it = |item: &StateRun| item.state.groups.as_ref().is_some_and(|groups| groups.contains(&group));
            if self.states_at(interface, window).any(has_it) {
                result.push(*number);
            }
        }
        for number in &self.open_carriers {
            let interface = self.interface(*number);
            let is_open = |item: &StateRun| item.state.groups.is_none();
            if self.is_usable_by(group, interface) && self.states_at(interface, window).any(is_open) {
                result.push(*number);
            }
        }
        result.sort_unstable();
        result.dedup();
        result
    }

    /// Interfaces that carry the group in the last snapshot of their scope; sorted.
    pub fn carried_now(&self, group: GroupIx) -> Vec<InterfaceIx> {
        let mut result = Vec::new();
        for number in &self.carriers[group.0 as usize] {
            let carries_now = |item: &StateRun| {
                let is_last = item.run.last as usize + 1 == self.scopes[item.run.scope as usize].interfaces.times.len();
                is_last && item.state.groups.as_ref().is_some_and(|groups| groups.contains(&group))
            };
            if self.interface(*number).history.iter().any(carries_now) {
                result.push(*number);
            }
        }
        result
    }

    /// Interfaces that carry the group in some snapshot, or may carry it because their groups are missing in one.
    pub(crate) fn carriers_of_any_time(&self, group: GroupIx) -> impl Iterator<Item = &Interface> {
        let carriers = self.carriers[group.0 as usize].iter().map(|number| self.interface(*number));
        carriers.chain(self.open_carriers_of(group))
    }

    /// Interfaces that may carry the group because their groups are missing in some snapshot.
    pub(crate) fn open_carriers_of(&self, group: GroupIx) -> impl Iterator<Item = &Interface> {
        let open = self.open_carriers.iter().map(|number| self.interface(*number));
        open.filter(move |interface| self.is_usable_by(group, interface))
    }

    /// Whether the interface's VPC is one where the group can be used, or either is not known.
    fn is_usable_by(&self, group: GroupIx, interface: &Interface) -> bool {
        let usable = &self.group(group).usable_vpcs;
        usable.is_empty() || interface.vpc.as_ref().is_none_or(|vpc| usable.contains(vpc))
    }

    /// When an interface existed, as far as it matters for the window.
    pub fn life(&self, number: InterfaceIx, window: Span) -> Life {
        let history = &self.interface(number).history;
        let mut life = Life { from: Epoch::MAX, until_seen_absent: Epoch::MIN, last_known: Epoch::MIN, gone: true };
        // Runs are sorted by scope and time, so the first and last of each scope stand at its borders.
        for (index, item) in history.iter().enumerate() {
            let times = &self.scopes[item.run.scope as usize].interfaces.times;
            let is_first = index == 0 || history[index - 1].run.scope != item.run.scope;
            if is_first {
                let absent_before = (item.run.first as usize).checked_sub(1).map_or(Epoch::MIN, |before| times[before]);
                let born = match item.state.attach_time {
                    AttachTime::At(time) if item.state.born_attached => time,
                    _ => Epoch::MIN,
                };
                life.from = life.from.min(absent_before.max(born));
            }
            let is_last = history.get(index + 1).is_none_or(|next| next.run.scope != item.run.scope);
            if is_last {
                match times.get(item.run.last as usize + 1) {
                    Some(absent) => life.until_seen_absent = life.until_seen_absent.max(*absent),
                    None => life.gone = false,
                }
                life.last_known = life.last_known.max(times[item.run.last as usize]);
            }
        }
        life.from = life.from.max(window.from);
        if !life.gone {
            life.until_seen_absent = window.to;
            life.last_known = window.to;
        }
        life.until_seen_absent = life.until_seen_absent.min(window.to);
        life.last_known = life.last_known.min(window.to);
        life
    }
}
