//! What documents of flows cannot tell of rules.
//!
//! A document names a rule only if the rule *surely* allowed the record, of which it is sure that it is a request. Where something about
//! a rule keeps that from being sure, or from being logged, who lists rules without a hit must set it apart. What may befall any record
//! cannot be told rule by rule, and is not told here: interfaces that the inventory lacks, at this end or the other; a packet-level address
//! that differs and does not match too; an instance that was attached while a record ran, or after it; log formats without TCP flags. Such
//! records are requests or `ambiguous`, and name no rule: who lists rules without a hit must count them too.

use std::collections::HashMap;

use inventory::{Direction, Doubt, Group, GroupIx, Interface, Inventory, Kind, Peer, Protocol, Rule, Span, UNDATED};

use super::logged::{Logged, Share};

/// All time.
const EVER: Span = Span { from: 0, to: UNDATED };

/// Finds the blind spots of rules, group by group.
pub struct BlindSpots<'a> {
    inventory: &'a Inventory,
    logged: Logged<'a>,
    /// By id of the peer: what was worked out for rules that name it.
    peers: HashMap<String, Option<Doubt>>,
}

/// What is the same for all rules of a group.
#[derive(Clone, Copy, Debug)]
pub struct OfGroup {
    doubt: Option<Doubt>,
    share: Share,
}

impl<'a> BlindSpots<'a> {
    /// Those of rules of this inventory.
    pub fn new(inventory: &'a Inventory) -> BlindSpots<'a> {
        BlindSpots { inventory, logged: Logged::new(inventory), peers: HashMap::new() }
    }

    /// For [`BlindSpots::of_rule`].
    pub fn of_group(&self, group: GroupIx) -> OfGroup {
        OfGroup {
            doubt: self.inventory.doubt_of_carriers(group),
            share: self.logged.share(self.inventory, group, &self.inventory.carried_ever(group, EVER)),
        }
    }

    /// Why documents of flows cannot show the rule's use, or not all of it; none where they name it for every request that it allows, as
    /// far as that depends on the rule. The first reason of several: first those for which it is never named. Short: an index may cut
    /// what is long.
    pub fn of_rule(&mut self, of_group: OfGroup, group: &Group, rule: &Rule) -> Option<&'static str> {
        let inventory = self.inventory;
        if !rule.has_own_id() {
            return Some("the inventory has no id for it");
        }
        if of_group.doubt == Some(Doubt::Unlisted) {
            return Some("the interfaces of its group are not in the inventory");
        }
        if of_group.share == Share::Nothing {
            return Some("no flow log is known to record accepted traffic of its VPC");
        }
        let of_peer = self.of_peer(rule);
        if of_peer == Some(Doubt::Unlisted) {
            return Some(match rule.peer {
                Peer::PrefixList(_) => "the entries of its prefix list are not in the inventory",
                _ => "the interfaces of its peer group are not in the inventory",
            });
        }
        if inventory.serves_unlogged(rule, group).is_some() {
            return Some("it may serve traffic that is not logged");
        }
        // Only a request names its rules, and only TCP has flags that tell a request.
        if rule.protocol.is_some_and(|protocol| protocol != Protocol::TCP) {
            return Some("only of TCP a record tells whether it is a request");
        }
        if of_group.doubt == Some(Doubt::Open) {
            return Some("an interface that may carry its group is listed without its groups");
        }
        if may_mean_clients(inventory, rule) {
            return Some("its peers may pass on the addresses of their clients");
        }
        if let Some(doubt) = of_peer {
            return Some(words(doubt, &rule.peer));
        }
        if of_group.doubt.is_some() {
            return Some("interfaces got or lost its group between two snapshots");
        }
        if of_group.share == Share::Part {
            return Some("not of all its interfaces a flow log is known to record accepted traffic");
        }
        if rule.exists_since.is_some() {
            return Some("it came between two snapshots, and use before the second does not show");
        }
        if rule.protocol.is_none() {
            return Some("it allows more than TCP, and only of TCP a record tells whether it is a request");
        }
        None
    }

    fn of_peer(&mut self, rule: &Rule) -> Option<Doubt> {
        let (Peer::PrefixList(id) | Peer::Group { id, .. }) = &rule.peer else { return None };
        if let Some(known) = self.peers.get(id) {
            return *known;
        }
        let doubt = self.inventory.doubt_of_peer(rule);
        self.peers.insert(id.clone(), doubt);
        doubt
    }
}

fn words(doubt: Doubt, peer: &Peer) -> &'static str {
    match (doubt, peer) {
        (_, Peer::PrefixList(_)) => "its prefix list differs between snapshots",
        (Doubt::Nobody, _) => "no interface in the inventory carries its peer group",
        (Doubt::Open, _) => "an interface that may carry its peer group is listed without its groups",
        (Doubt::Changed, _) => "its peer group changed between two snapshots",
        (Doubt::Unlisted | Doubt::Addresses, _) => "whose the addresses of its peer group are is not certain",
    }
}

/// Whether packets from the peer group may bear the addresses of others: through a Network Load Balancer or Global Accelerator.
fn may_mean_clients(inventory: &Inventory, rule: &Rule) -> bool {
    let (Direction::Ingress, Peer::Group { id, .. }) = (rule.direction, &rule.peer) else { return false };
    let Some(number) = inventory.group_ix(id) else { return false };
    let keeps_addresses = |interface: &Interface| {
        matches!(interface.kind, Kind::NetworkLoadBalancer | Kind::GlobalAccelerator | Kind::Unknown)
    };
    inventory.carried_ever(number, EVER).into_iter().any(|number| keeps_addresses(inventory.interface(number)))
}
