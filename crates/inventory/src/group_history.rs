//! Security groups and their rules over all snapshots.

use crate::group::{Group, GroupIx};

use crate::rule::{Peer, Resolved, Rule};
use crate::rule_item::{Content, GroupItem, RuleItem};
use crate::snapshot::{Collected, ScopeItems, Snapshot};
use crate::time::{Epoch, Run};
use std::collections::{BTreeMap, BTreeSet};

/// A group while its snapshots are read.
struct Building {
    group: Group,
    latest: Epoch,
    rules: BTreeMap<Content, BuildingRule>,
}

/// A rule while its snapshots are read.
struct BuildingRule {
    latest: Epoch,
    item: RuleItem,
    presence: Vec<Run>,
    in_last_snapshot: bool,
}

/// Ids of all groups that a snapshot lists or shows on an interface, sorted.
pub(crate) fn all_group_ids(scopes: &[ScopeItems]) -> Vec<String> {
    let mut ids = BTreeSet::new();
    for snapshot in scopes.iter().flat_map(|scope| scope.snapshots.values()) {
        ids.extend(snapshot.groups.iter().flatten().map(|(id, _)| id));
        ids.extend(snapshot.rules.iter().flatten().map(|(id, _)| id));
        let interfaces = snapshot.interfaces.iter().flat_map(|interfaces| interfaces.values());
        ids.extend(interfaces.filter_map(|interface| interface.groups.as_ref()).flatten());
    }
    ids.into_iter().cloned().collect()
}

/// All groups, in the order of the ids given.
pub(crate) fn build(collected: &Collected, ids: &[String]) -> Vec<Group> {
    let mut by_id: BTreeMap<&str, Building> = BTreeMap::new();
    for id in ids {
        let mut building = Building::new(id);
        building.group.owner = collected.group_owners.get(id).cloned();
        by_id.insert(id, building);
    }
    for (scope_number, scope) in collected.scopes.iter().enumerate() {
        add_scope(scope_number as u32, scope, &mut by_id);
    }
    let mut times = Vec::new();
    for scope in &collected.scopes {
        let has_rules = |snapshot: &&Snapshot| snapshot.groups.is_some() || snapshot.rules.is_some();
        let listed = scope.snapshots.iter().filter(|(_, snapshot)| has_rules(snapshot));
        times.push(listed.map(|(time, _)| *time).collect::<Vec<Epoch>>());
    }
    for (id, name) in &collected.group_names {
        if let Some(building) = by_id.get_mut(id.as_str())
            && building.group.name.is_empty()
        {
            building.group.name.clone_from(name);
        }
    }
    let buildings = by_id.into_values().enumerate();
    buildings.map(|(number, building)| building.finish(GroupIx(number as u32), &times)).collect()
}

fn add_scope<'a>(scope_number: u32, scope: &'a ScopeItems, by_id: &mut BTreeMap<&'a str, Building>) {
    let listed = |snapshot: &&Snapshot| snapshot.groups.is_some() || snapshot.rules.is_some();
    let count = scope.snapshots.values().filter(listed).count();
    let rules_listed = scope.snapshots.values().any(|snapshot| snapshot.rules.is_some());
    let mut number = 0;
    let mut present: BTreeSet<&str> = BTreeSet::new();
    for (time, snapshot) in &scope.snapshots {
        // A list of rules alone does not tell that a group is gone: groups without rules are not in it.
        if snapshot.groups.is_some() {
            present.clear();
        } else if snapshot.rules.is_none() {
            continue;
        }
        present.extend(snapshot.groups.iter().flatten().map(|(id, _)| id.as_str()));
        present.extend(snapshot.rules.iter().flatten().map(|(id, _)| id.as_str()));
        let run = Run { scope: scope_number, first: number, last: number };
        let is_last = number as usize + 1 == count;
        for id in &present {
            let Some(building) = by_id.get_mut(id) else { continue };
            let group_item = snapshot.groups.as_ref().and_then(|groups| groups.get(*id));
            if let Some(item) = group_item {
                building.group.rules_known |= item.has_permissions;
                let is_latest = *time >= building.latest;
                building.learn(item, is_latest);
                building.latest = building.latest.max(*time);
            }
            building.group.rules_known |= rules_listed;
            building.group.in_last_snapshot |= is_last;
            extend_runs(&mut building.group.presence, run);
            let by_rule = snapshot.rules.as_ref().and_then(|rules| rules.get(*id));
            // Rules with ids first: the same rules without ids add nothing.
            let by_group = group_item.map(|item| &item.rules);
            for item in by_rule.into_iter().flatten().chain(by_group.into_iter().flatten()) {
                building.add_rule(item, *time, run, is_last);
            }
        }
        number += 1;
    }
}

/// Adds a snapshot to runs; the same one twice counts once.
fn extend_runs(runs: &mut Vec<Run>, run: Run) {
    if let Some(last) = runs.last_mut()
        && last.scope == run.scope
        && last.last + 1 >= run.first
    {
        last.last = run.last;
        return;
    }
    runs.push(run);
}

impl Building {
    fn new(id: &str) -> Building {
        let group = Group {
            id: id.to_string(),
            name: String::new(),
            description: String::new(),
            vpc: None,
            owner: None,
            region: None,
            tags: Vec::new(),
            rules: Vec::new(),
            former_rules: Vec::new(),
            in_last_snapshot: false,
            rules_known: false,
            usable_vpcs: Vec::new(),
            presence: Vec::new(),
        };
        Building { group, latest: Epoch::MIN, rules: BTreeMap::new() }
    }

    fn learn(&mut self, item: &GroupItem, is_latest: bool) {
        let known = &mut self.group;
        let take = |known: &mut Option<String>, new: &Option<String>| {
            if new.is_some() && (is_latest || known.is_none()) {
                known.clone_from(new);
            }
        };
        take(&mut known.vpc, &item.vpc);
        take(&mut known.owner, &item.owner);
        take(&mut known.region, &item.region);
        if is_latest {
            known.name.clone_from(&item.name);
            known.description.clone_from(&item.description);
            known.tags.clone_from(&item.tags);
        }
    }

    fn add_rule(&mut self, item: &RuleItem, time: Epoch, run: Run, is_last: bool) {
        let known = self.rules.entry(item.content.clone()).or_insert_with(|| BuildingRule {
            latest: Epoch::MIN,
            item: item.clone(),
            presence: Vec::new(),
            in_last_snapshot: false,
        });
        // In one snapshot the first one wins: it is the one with an id, if there is one.
        if time > known.latest {
            known.latest = time;
            let mut item = item.clone();
            item.id = item.id.or_else(|| known.item.id.take());
            item.peer = joined_peer(item.peer, &known.item.peer);
            known.item = item;
        } else {
            known.item.peer = joined_peer(known.item.peer.clone(), &item.peer);
        }
        known.in_last_snapshot |= is_last;
        extend_runs(&mut known.presence, run);
    }

    fn finish(self, number: GroupIx, times: &[Vec<Epoch>]) -> Group {
        let mut group = self.group;
        for (content, building) in self.rules {
            let in_last_snapshot = building.in_last_snapshot;
            let rule = building.finish(&group.id, number, content, times);
            if in_last_snapshot {
                group.rules.push(rule);
            } else {
                group.former_rules.push(rule);
            }
        }
        group
    }
}

impl BuildingRule {
    fn finish(self, group_id: &str, group: GroupIx, content: Content, times: &[Vec<Epoch>]) -> Rule {
        let exists_since = exists_since(&self.presence, times);
        Rule {
            id: self.item.id.unwrap_or_else(|| content.id(group_id)),
            group,
            direction: content.direction,
            protocol: content.protocol,
            ports: content.ports,
            peer: self.item.peer,
            description: self.item.description,
            tags: self.item.tags,
            exists_since,
            disputed: self.item.disputed,
            may_be_bypassed: false,
            resolved: Resolved::Net,
            presence: self.presence,
        }
    }
}

/// The last run of each scope tells since when the rule is there without a break; none if a scope always had it.
fn exists_since(presence: &[Run], times: &[Vec<Epoch>]) -> Option<Epoch> {
    let mut since: Option<Epoch> = None;
    for (index, run) in presence.iter().enumerate() {
        if presence.get(index + 1).is_some_and(|next| next.scope == run.scope) {
            continue;
        }
        if run.first == 0 {
            return None;
        }
        let time = *times.get(run.scope as usize)?.get(run.first as usize)?;
        since = Some(since.map_or(time, |known| known.min(time)));
    }
    since
}

/// What two listings of one rule say about its peer group.
fn joined_peer(peer: Peer, other: &Peer) -> Peer {
    match (peer, other) {
        (Peer::Group { id, owner, vpc }, Peer::Group { owner: other_owner, vpc: other_vpc, .. }) => {
            Peer::Group { id, owner: owner.or_else(|| other_owner.clone()), vpc: vpc.or_else(|| other_vpc.clone()) }
        }
        (peer, _) => peer,
    }
}
