//! Snapshots put together into an [`Inventory`].

use crate::address_set::AddressSet;
use crate::error::LoadError;
use crate::group::{Group, GroupIx};
use crate::interface::{Interface, InterfaceIx};
use crate::inventory::{InterfaceListings, Inventory, Loaded, Map, Scope, SnapshotInfo};
use crate::named_port::NamedPorts;
use crate::note::{Note, NoteKind};
use crate::ownership::{NO_VPC, Owners};
use crate::prefix_list::{PrefixList, Versions};
use crate::reading::Source;
use crate::snapshot::{Collected, ScopeItems, collect};
use crate::time::{Timeline, UNDATED};
use crate::vpc::Vpc;
use std::collections::{BTreeMap, BTreeSet};

/// Builds the inventory from everything that was read.
pub(crate) fn assemble(sources: Vec<Source>) -> Result<Loaded, LoadError> {
    let mut collected = collect(sources)?;
    let has_groups = |scope: &ScopeItems| scope.snapshots.values().any(|s| s.groups.is_some() || s.rules.is_some());
    if !collected.scopes.iter().any(has_groups) {
        return Err(LoadError::LacksGroups);
    }
    let mut notes = std::mem::take(&mut collected.notes);
    note_dates(&collected, &mut notes);

    let scopes: Vec<Scope> = collected.scopes.iter().map(scope_times).collect();
    let snapshots = list_snapshots(&collected.scopes);
    let listings = list_listings(&collected.scopes);
    let (lists, list_numbers) = build_lists(&collected.scopes);

    let group_ids = crate::group_history::all_group_ids(&collected.scopes);
    let mut group_numbers = Map::default();
    for (number, id) in group_ids.iter().enumerate() {
        group_numbers.insert(id.clone(), GroupIx(number as u32));
    }
    let interfaces = crate::interface_history::build(&collected.scopes, &group_numbers);
    let mut groups = crate::group_history::build(&collected, &group_ids);
    let (carriers, open_carriers) = list_carriers(&interfaces, groups.len());
    complete_groups(&mut groups, &carriers, &interfaces, &collected);

    let vpcs = build_vpcs(&mut collected, &interfaces, &groups);
    let mut vpc_numbers = Map::default();
    for (number, vpc) in vpcs.iter().enumerate() {
        vpc_numbers.insert(vpc.id.clone(), number as u32);
    }
    let mut owners = Owners::default();
    let mut interface_numbers = Map::default();
    for (number, interface) in interfaces.iter().enumerate() {
        let number = InterfaceIx(number as u32);
        let vpc = interface.vpc.as_ref().and_then(|vpc| vpc_numbers.get(vpc)).copied();
        owners.add(number, vpc.unwrap_or(NO_VPC), interface);
        interface_numbers.insert(interface.id.clone().into_bytes().into_boxed_slice(), number);
    }
    // Lists of interfaces and lists of groups may be of different times.
    let mut times: Vec<i64> =
        scopes.iter().flat_map(|scope| scope.interfaces.times.iter().chain(&scope.groups.times).copied()).collect();
    times.sort_unstable();
    times.dedup();

    let mut inventory = Inventory {
        scopes,
        snapshots,
        interfaces,
        interface_numbers,
        named_ports: NamedPorts::of(&groups),
        groups,
        group_numbers,
        vpcs,
        vpc_numbers,
        owners,
        lists,
        list_numbers,
        list_facts: collected.list_facts,
        peer_groups: Vec::new(),
        peer_numbers: Map::default(),
        detours: crate::peer_resolution::Detours::default(),
        carriers,
        open_carriers,
        flow_logs_were_read: collected.flow_logs.are_read,
        flow_logs: collected.flow_logs.into_sorted(),
        mirror_targets: collected.mirror_targets,
        accounts: collected.accounts,
        listings,
        snapshot_times: Timeline { times },
        confirmed_until: None,
    };
    crate::peer_resolution::resolve_peers(&mut inventory);
    note_gaps(&inventory, &mut notes);
    notes.sort();
    notes.dedup();
    Ok(Loaded { inventory, notes })
}

fn scope_times(scope: &ScopeItems) -> Scope {
    let mut times = Scope { interfaces: Timeline::default(), groups: Timeline::default() };
    for (time, snapshot) in &scope.snapshots {
        if snapshot.interfaces.is_some() {
            times.interfaces.times.push(*time);
        }
        if snapshot.groups.is_some() || snapshot.rules.is_some() {
            times.groups.times.push(*time);
        }
    }
    times
}

fn list_snapshots(scopes: &[ScopeItems]) -> Vec<SnapshotInfo> {
    let mut snapshots = BTreeSet::new();
    for scope in scopes {
        for time in scope.snapshots.keys() {
            if scope.contents.is_empty() {
                snapshots.insert(SnapshotInfo::new(*time, scope.account.clone(), scope.region.clone()));
            }
            for (account, region) in &scope.contents {
                // Things that do not tell their region are of those that do.
                let told = |other: &(Option<String>, Option<String>)| other.0 == *account && other.1.is_some();
                if region.is_none() && scope.contents.iter().any(told) {
                    continue;
                }
                snapshots.insert(SnapshotInfo::new(*time, account.clone(), region.clone()));
            }
        }
    }
    snapshots.into_iter().collect()
}

fn list_listings(scopes: &[ScopeItems]) -> InterfaceListings {
    let mut listings = InterfaceListings::default();
    for scope in scopes {
        let mut is_listed = false;
        let mut any_interface = false;
        for interfaces in scope.snapshots.values().filter_map(|snapshot| snapshot.interfaces.as_ref()) {
            is_listed = true;
            for interface in interfaces.values() {
                any_interface = true;
                if scope.account.is_none()
                    && let Some(owner) = &interface.owner
                {
                    listings.of.insert((owner.clone(), interface.region.clone()));
                }
            }
        }
        if !is_listed {
            continue;
        }
        listings.any = true;
        if let Some(account) = &scope.account {
            listings.of.insert((account.clone(), scope.region.clone()));
            continue;
        }
        // An empty list belongs to the only account that there is.
        let accounts: BTreeSet<&String> = scope.contents.iter().filter_map(|(account, _)| account.as_ref()).collect();
        if let (false, 1, Some(account)) = (any_interface, accounts.len(), accounts.first()) {
            listings.of.insert((account.to_string(), None));
        }
    }
    listings
}

fn build_lists(scopes: &[ScopeItems]) -> (Vec<PrefixList>, BTreeMap<String, u32>) {
    let mut by_id: BTreeMap<String, PrefixList> = BTreeMap::new();
    for scope in scopes {
        let mut versions_by_id: BTreeMap<&String, Versions> = BTreeMap::new();
        for (time, snapshot) in &scope.snapshots {
            for (id, entries) in &snapshot.lists {
                let versions = versions_by_id.entry(id).or_default();
                versions.timeline.times.push(*time);
                versions.entries.push(entries.as_ref().map(AddressSet::from_nets));
                if let Some(entries) = entries {
                    versions.entry_count = Some(entries.iter().collect::<BTreeSet<_>>().len() as u32);
                }
            }
        }
        for (id, versions) in versions_by_id {
            let list = by_id.entry(id.clone()).or_insert_with(|| PrefixList { versions: Vec::new() });
            list.versions.push(versions);
        }
    }
    let mut lists = Vec::new();
    let mut numbers = BTreeMap::new();
    for (id, list) in by_id {
        if list.is_resolved() {
            numbers.insert(id, lists.len() as u32);
            lists.push(list);
        }
    }
    (lists, numbers)
}

fn list_carriers(interfaces: &[Interface], group_count: usize) -> (Vec<Vec<InterfaceIx>>, Vec<InterfaceIx>) {
    let mut carriers = vec![Vec::new(); group_count];
    let mut open = Vec::new();
    for (number, interface) in interfaces.iter().enumerate() {
        let number = InterfaceIx(number as u32);
        for item in &interface.history {
            let Some(groups) = &item.state.groups else {
                open.push(number);
                continue;
            };
            for group in groups {
                carriers[group.0 as usize].push(number);
            }
        }
    }
    for list in &mut carriers {
        list.dedup();
    }
    open.dedup();
    (carriers, open)
}

/// What the interfaces that carry a group tell about it.
fn complete_groups(
    groups: &mut [Group],
    carriers: &[Vec<InterfaceIx>],
    interfaces: &[Interface],
    collected: &Collected,
) {
    for (group, carriers) in groups.iter_mut().zip(carriers) {
        let mut usable: BTreeSet<String> = group.vpc.iter().cloned().collect();
        for number in carriers {
            let interface = &interfaces[number.0 as usize];
            usable.extend(interface.vpc.clone());
            if group.region.is_none() {
                group.region = interface.region.clone();
            }
            // Without a listing of its own, a group is taken to belong to the account that uses it.
            if group.owner.is_none() {
                group.owner = interface.owner.clone();
            }
        }
        for (_, vpc) in
            collected.associations.range((group.id.clone(), String::new())..).take_while(|a| a.0 == group.id)
        {
            usable.insert(vpc.clone());
        }
        group.usable_vpcs = usable.into_iter().collect();
    }
}

fn build_vpcs(collected: &mut Collected, interfaces: &[Interface], groups: &[Group]) -> Vec<Vpc> {
    let mut items = std::mem::take(&mut collected.vpcs);
    for vpc in groups.iter().flat_map(|group| &group.usable_vpcs) {
        items.add_mention(vpc);
    }
    for (_, vpc) in &collected.associations {
        items.add_mention(vpc);
    }
    for interface in interfaces {
        let Some(vpc) = &interface.vpc else { continue };
        items.add_mention(vpc);
        for net in interface.history.iter().flat_map(|item| item.state.nets()) {
            items.add_address(vpc, net);
        }
    }
    items.into_vpcs()
}

fn note_dates(collected: &Collected, notes: &mut Vec<Note>) {
    let mut any_undated = false;
    for scope in &collected.scopes {
        if !scope.snapshots.contains_key(&UNDATED) {
            continue;
        }
        any_undated = true;
        if scope.snapshots.len() > 1 {
            let whose = scope.account.as_deref().map_or(String::new(), |account| format!(" of account {account}"));
            let text = format!(
                "the inventory{whose} has snapshots with and without a date; what has no date is taken as the latest, after \
                 all dated ones"
            );
            notes.push(Note { kind: NoteKind::UndatedCountsAsLatest, text });
        }
    }
    if any_undated {
        let text = "an inventory without a date (CapturedAt) is taken to hold for the whole window of the logs; only the \
                    AttachTime of interfaces tells what came later";
        notes.push(Note { kind: NoteKind::UndatedSnapshot, text: text.to_string() });
    }
}

fn note_gaps(inventory: &Inventory, notes: &mut Vec<Note>) {
    if !inventory.listings.any {
        let text = "the inventory lacks network interfaces: which interface carries which group is not known, and no rule \
                    with a group as peer can be resolved; add the output of `aws ec2 describe-network-interfaces`";
        notes.push(Note { kind: NoteKind::LacksInterfaces, text: text.to_string() });
    }
    let guessed: Vec<&str> = inventory.vpcs.iter().filter(|vpc| vpc.is_guessed).map(|vpc| vpc.id.as_str()).collect();
    if let Some(first) = guessed.first() {
        let others = if guessed.len() > 1 { format!(" and {} others", guessed.len() - 1) } else { String::new() };
        let text = format!(
            "the address ranges of {first}{others} are not in the inventory and are taken from subnets, else as all private \
             addresses; add the output of `aws ec2 describe-vpcs`"
        );
        notes.push(Note { kind: NoteKind::GuessedVpcRanges, text });
    }
    let is_unread = |group: &Group| {
        !inventory.mirror_targets.are_read_for(
            group.owner.as_deref(),
            group.region.as_deref(),
            inventory.accounts.len(),
        )
    };
    if inventory.groups.iter().any(is_unread) {
        let text = "traffic mirror targets are not in the inventory: any interface may receive mirrored traffic (UDP 4789), \
                    which is never logged; add the output of `aws ec2 describe-traffic-mirror-targets`";
        notes.push(Note { kind: NoteKind::MirrorTargetsUnread, text: text.to_string() });
    }
    let unknown: Vec<&str> = inventory.groups.iter().filter(|g| !g.rules_known).map(|g| g.id.as_str()).collect();
    if let Some(first) = unknown.first() {
        let others = if unknown.len() > 1 { format!(" and {} others", unknown.len() - 1) } else { String::new() };
        let text = format!(
            "interfaces carry {first}{others}, whose rules are not in the inventory; add the output of `aws ec2 \
             describe-security-groups` of the account that owns it"
        );
        notes.push(Note { kind: NoteKind::UnknownGroups, text });
    }
}
