//! The oracle: what the design says, by listing every situation that was possible.

use crate::world::{Attachment, InterfaceState, Peer, Rule, Scope, Snapshot, World};
use inventory::{Answer, Direction, Port, Query, Span};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A set of interfaces that may have owned an address at one time.
type Situation = BTreeSet<usize>;

pub fn allows(world: &World, rule: &Rule, query: &Query) -> Answer {
    let rule_direction = if rule.egress { Direction::Egress } else { Direction::Ingress };
    if rule_direction != query.direction {
        return Answer::No;
    }
    let ports = ports(rule, query);
    let one = peer(world, rule, query.peer, query.span);
    let peer = match query.other_peer {
        None => one,
        Some(other) => {
            let other = peer(world, rule, other, query.span);
            match (one, other) {
                (Answer::Surely, Answer::Surely) => Answer::Surely,
                (Answer::Surely | Answer::Possibly, _) | (_, Answer::Surely | Answer::Possibly) => Answer::Possibly,
                (Answer::Unplaced, _) | (_, Answer::Unplaced) => Answer::Unplaced,
                _ => Answer::No,
            }
        }
    };
    // The same address twice is one address.
    let peer = if query.other_peer == Some(query.peer) { one } else { peer };
    match (ports, peer) {
        (Answer::No, _) | (_, Answer::No) => Answer::No,
        (_, Answer::Unplaced) => Answer::Unplaced,
        (Answer::Surely, Answer::Surely) => Answer::Surely,
        _ => Answer::Possibly,
    }
}

fn ports(rule: &Rule, query: &Query) -> Answer {
    if rule.protocol == -1 {
        return Answer::Surely;
    }
    if rule.protocol != i64::from(query.protocol.0) {
        return Answer::No;
    }
    match (rule.protocol, rule.ports) {
        (6 | 17, Some((from, to))) if from >= 0 => {
            let candidates: Vec<i64> = match query.port {
                Port::Known(port) => vec![i64::from(port)],
                Port::High => (32768..=65535).collect(),
                Port::Unknown => (0..=65535).collect(),
            };
            let inside = candidates.iter().filter(|port| from <= **port && **port <= to).count();
            match (inside, query.port) {
                (all, _) if all == candidates.len() => Answer::Surely,
                (_, Port::Unknown) => Answer::Possibly,
                (0, _) => Answer::No,
                _ => Answer::Possibly,
            }
        }
        (1 | 58, Some((ty, _))) if ty >= 0 => Answer::Possibly,
        _ => Answer::Surely,
    }
}

fn peer(world: &World, rule: &Rule, address: IpAddr, span: Span) -> Answer {
    match &rule.peer {
        Peer::Cidr(cidr) if cidr.parse::<IpNet>().unwrap().contains(&address) => Answer::Surely,
        Peer::Cidr(_) => Answer::No,
        Peer::List(id) => list(world, id, address, span),
        Peer::Group { id, owner, vpc } => group(world, rule, id, owner.as_deref(), vpc.as_deref(), address, span),
    }
}

/// The snapshots of those given that speak about the span.
fn relevant<'a>(snapshots: &[&'a Snapshot], span: Span) -> Vec<&'a Snapshot> {
    let time = |snapshot: &Snapshot| snapshot.time.unwrap_or(i64::MAX);
    let before = snapshots.iter().filter(|s| time(s) <= span.from).max_by_key(|s| time(s));
    let after = snapshots.iter().filter(|s| time(s) >= span.to).min_by_key(|s| time(s));
    let mut result: Vec<&Snapshot> = Vec::new();
    for snapshot in snapshots {
        let is_inside = span.from < time(snapshot) && time(snapshot) < span.to;
        let is = |other: Option<&&Snapshot>| other.is_some_and(|other| time(other) == time(snapshot));
        let is_first_after = before.is_none() && time(snapshot) == time(snapshots[0]);
        let is_last_before = after.is_none() && time(snapshot) == time(snapshots[snapshots.len() - 1]);
        if is_inside || is(before) || is(after) || is_first_after || is_last_before {
            result.push(snapshot);
        }
    }
    result
}

fn relevant_listings(scope: &Scope, span: Span) -> Vec<&Vec<(usize, InterfaceState)>> {
    let listings: Vec<&Snapshot> = scope.snapshots.iter().filter(|s| s.interfaces.is_some()).collect();
    relevant(&listings, span).into_iter().map(|snapshot| snapshot.interfaces.as_ref().unwrap()).collect()
}

fn list(world: &World, id: &str, address: IpAddr, span: Span) -> Answer {
    let snapshots = || world.scopes.iter().flat_map(|scope| &scope.snapshots);
    let versions = |snapshot: &Snapshot| snapshot.lists.iter().find(|(other, _)| other == id).cloned();
    if !snapshots().any(|snapshot| versions(snapshot).is_some_and(|(_, entries)| entries.is_some())) {
        return Answer::Possibly;
    }
    let mut said = Vec::new();
    for scope in &world.scopes {
        let with_list: Vec<&Snapshot> = scope.snapshots.iter().filter(|s| versions(s).is_some()).collect();
        for snapshot in relevant(&with_list, span) {
            said.push(versions(snapshot).unwrap().1);
        }
    }
    let contains = |entries: &Vec<String>| entries.iter().any(|cidr| cidr.parse::<IpNet>().unwrap().contains(&address));
    if said.iter().all(|entries| entries.as_ref().is_some_and(contains)) {
        return Answer::Surely;
    }
    if said.iter().any(|entries| entries.as_ref().is_none_or(contains)) { Answer::Possibly } else { Answer::No }
}

fn owns(state: &InterfaceState, address: IpAddr) -> bool {
    state.addresses.iter().any(|own| own.parse::<IpAddr>().unwrap() == address)
        || state.prefix.as_ref().is_some_and(|prefix| prefix.parse::<IpNet>().unwrap().contains(&address))
}

/// Every set of interfaces of a VPC that may have owned the address, by one scope.
fn situations(world: &World, scope: &Scope, vpc: &str, address: IpAddr, span: Span) -> BTreeSet<Situation> {
    let mut result = BTreeSet::new();
    let mut said = BTreeSet::new();
    let mut constant = None;
    for listing in relevant_listings(scope, span) {
        let (mut surely, mut maybe) = (Situation::new(), Situation::new());
        for (number, state) in listing {
            if world.interfaces[*number].vpc != vpc || !owns(state, address) {
                continue;
            }
            match state.attachment {
                Attachment::Absent | Attachment::Service => surely.insert(*number),
                Attachment::Instance(None) => maybe.insert(*number),
                Attachment::Instance(Some(time)) if span.from >= time => surely.insert(*number),
                Attachment::Instance(Some(time)) if span.to < time => false,
                Attachment::Instance(Some(_)) => maybe.insert(*number),
            };
        }
        let mut sets = vec![surely.clone()];
        for number in &maybe {
            for mut set in sets.clone() {
                set.insert(*number);
                sets.push(set);
            }
        }
        result.extend(sets);
        constant = constant
            .map(|constant: Situation| constant.intersection(&surely).copied().collect())
            .or(Some(surely.clone()));
        said.insert((surely, maybe));
    }
    // Snapshots that differ leave room for somebody unknown, but not beside an interface that had it all the time.
    if said.len() != 1 && constant.is_none_or(|constant| constant.is_empty()) {
        result.insert(Situation::new());
    }
    result
}

fn carries(world: &World, interface: usize, group: &str, span: Span) -> Answer {
    let mut said = Vec::new();
    for scope in &world.scopes {
        for listing in relevant_listings(scope, span) {
            let states = listing.iter().filter(|(number, _)| *number == interface);
            said.extend(states.map(|(_, state)| state.groups.as_ref().map(|groups| groups.iter().any(|g| g == group))));
        }
    }
    if said.iter().all(|carried| *carried == Some(true)) {
        return Answer::Surely;
    }
    if said.iter().any(|carried| *carried != Some(false)) { Answer::Possibly } else { Answer::No }
}

fn group(
    world: &World,
    rule: &Rule,
    id: &str,
    said_owner: Option<&str>,
    said_vpc: Option<&str>,
    address: IpAddr,
    span: Span,
) -> Answer {
    let listed = world.groups.iter().find(|group| group.id == id);
    let all_states = || {
        let snapshots = world.scopes.iter().flat_map(|scope| &scope.snapshots);
        snapshots.flat_map(|snapshot| snapshot.interfaces.iter().flatten())
    };
    let carriers: BTreeSet<usize> = all_states()
        .filter(|(_, state)| state.groups.as_ref().is_some_and(|groups| groups.iter().any(|group| group == id)))
        .map(|(number, _)| *number)
        .collect();
    let owner = match (listed, carriers.first()) {
        (Some(group), _) => Some(group.owner.as_str()),
        (None, Some(first)) => Some(world.interfaces[*first].owner.as_str()),
        (None, None) => said_owner,
    };
    if owner.is_none() || !interfaces_read(world, owner) {
        return Answer::Possibly;
    }
    let mut vpcs: BTreeSet<&str> = said_vpc.into_iter().chain(listed.map(|group| group.vpc.as_str())).collect();
    vpcs.extend(carriers.iter().map(|number| world.interfaces[*number].vpc.as_str()));
    if listed.is_some() || !carriers.is_empty() {
        vpcs.extend(world.associations.iter().filter(|(group, _)| group == id).map(|(_, vpc)| vpc.as_str()));
    }

    // Every owner that was possible in any situation, by VPC and scope.
    let every_vpc = ["vpc-1", "vpc-2", "vpc-3"];
    let mut possible = Situation::new();
    let mut owned_in: BTreeSet<&str> = BTreeSet::new();
    for vpc in every_vpc {
        for scope in &world.scopes {
            let situations = situations(world, scope, vpc, address, span);
            possible.extend(situations.iter().flatten());
            if !situations.contains(&Situation::new()) {
                owned_in.insert(vpc);
            }
        }
    }
    let answers: Vec<Answer> = possible.iter().map(|number| carries(world, *number, id, span)).collect();
    let is_settled = vpcs.iter().all(|vpc| owned_in.contains(vpc) || !in_vpc(world, vpc, address));
    if !owned_in.is_empty() && is_settled && answers.iter().all(|answer| *answer == Answer::Surely) {
        return Answer::Surely;
    }
    if answers.iter().any(|answer| *answer >= Answer::Possibly) {
        return Answer::Possibly;
    }
    let keeps = |number: &usize| {
        matches!(
            world.interfaces[*number].kind.as_deref(),
            None | Some("network_load_balancer" | "global_accelerator_managed")
        )
    };
    let may_carry = |number: &usize| vpcs.is_empty() || vpcs.contains(world.interfaces[*number].vpc.as_str());
    let open: BTreeSet<usize> =
        all_states().filter(|(_, state)| state.groups.is_none()).map(|(number, _)| *number).collect();
    if !rule.egress && (carriers.iter().any(keeps) || open.iter().any(|number| keeps(number) && may_carry(number))) {
        return Answer::Possibly;
    }
    if vpcs.is_empty() && in_any_vpc(address) {
        return Answer::Unplaced;
    }
    for vpc in vpcs {
        if !owned_in.contains(vpc) && in_vpc(world, vpc, address) {
            return Answer::Unplaced;
        }
    }
    Answer::No
}

fn interfaces_read(world: &World, account: Option<&str>) -> bool {
    let Some(account) = account else {
        // Every account that occurs.
        let mut accounts: BTreeSet<&str> = world.groups.iter().map(|group| group.owner.as_str()).collect();
        for scope in world.scopes.iter().filter(|scope| !scope.snapshots.is_empty()) {
            accounts.extend(scope.account.as_deref());
            let listed = scope.snapshots.iter().flat_map(|snapshot| snapshot.interfaces.iter().flatten());
            accounts.extend(listed.map(|(number, _)| world.interfaces[*number].owner.as_str()));
        }
        let snapshots = world.scopes.iter().flat_map(|scope| &scope.snapshots);
        return snapshots.into_iter().any(|snapshot| snapshot.interfaces.is_some())
            && accounts.iter().all(|account| interfaces_read(world, Some(account)));
    };
    for scope in &world.scopes {
        let listings: Vec<_> = scope.snapshots.iter().filter_map(|snapshot| snapshot.interfaces.as_ref()).collect();
        if scope.account.as_deref() == Some(account) && !listings.is_empty() {
            return true;
        }
        if scope.account.is_none() {
            let is_his = |(number, _): &(usize, InterfaceState)| world.interfaces[*number].owner == account;
            if listings.iter().any(|listing| listing.iter().any(is_his)) {
                return true;
            }
            // An empty list of the only account.
            let accounts: BTreeSet<&str> = world.groups.iter().map(|group| group.owner.as_str()).collect();
            let is_empty = !listings.is_empty() && listings.iter().all(|listing| listing.is_empty());
            if is_empty && accounts.len() == 1 && accounts.contains(account) {
                return true;
            }
        }
    }
    false
}

fn in_any_vpc(address: IpAddr) -> bool {
    match address {
        IpAddr::V6(_) => true,
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private() || (first == 100 && (64..128).contains(&second))
        }
    }
}

fn in_vpc(world: &World, vpc: &str, address: IpAddr) -> bool {
    let Some((_, blocks)) = world.vpcs.iter().find(|(id, _)| id == vpc) else {
        return in_any_vpc(address);
    };
    if world.vpcs_read {
        return blocks.iter().any(|block| block.parse::<IpNet>().unwrap().contains(&address));
    }
    if world.subnets_read {
        let subnets = world.subnets().into_iter().filter(|(id, _)| id == vpc);
        return subnets.into_iter().any(|(_, subnet)| same_block(&subnet, address));
    }
    let listings = world.scopes.iter().flat_map(|scope| &scope.snapshots).flat_map(|s| s.interfaces.iter().flatten());
    let mut addresses =
        listings.filter(|(number, _)| world.interfaces[*number].vpc == vpc).flat_map(|(_, state)| &state.addresses);
    in_any_vpc(address) || addresses.any(|own| same_block(own, address))
}

/// Equal in the first 16 bits (IPv4) or 44 bits (IPv6).
fn same_block(net: &str, address: IpAddr) -> bool {
    let base: IpAddr = net.split('/').next().unwrap().parse().unwrap();
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => base.octets()[..2] == address.octets()[..2],
        (IpAddr::V6(base), IpAddr::V6(address)) => u128::from(base) >> 84 == u128::from(address) >> 84,
        _ => false,
    }
}

/// Groups with whether they were surely carried, and whether others may have been.
pub fn carried(world: &World, id: &str, span: Span) -> (Vec<(String, bool)>, bool) {
    let is_it = |number: &usize| world.interfaces[*number].id == id;
    let mut said = Vec::new();
    for scope in &world.scopes {
        for listing in relevant_listings(scope, span) {
            said.extend(listing.iter().filter(|(number, _)| is_it(number)).map(|(_, state)| state.groups.clone()));
        }
    }
    let is_known = !said.is_empty();
    if !is_known {
        let snapshots = world.scopes.iter().flat_map(|scope| &scope.snapshots);
        let listed = snapshots.flat_map(|snapshot| snapshot.interfaces.iter().flatten());
        said.extend(listed.filter(|(number, _)| is_it(number)).map(|(_, state)| state.groups.clone()));
    }
    let ids: BTreeSet<&String> = said.iter().flatten().flatten().collect();
    let unknown = !is_known || said.iter().any(Option::is_none);
    let surely = |id: &String| is_known && said.iter().all(|groups| groups.as_ref().is_some_and(|g| g.contains(id)));
    (ids.into_iter().map(|id| (id.clone(), surely(id))).collect(), unknown)
}
