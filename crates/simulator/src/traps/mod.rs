//! The traps: everyday traffic that misleads a program which reads flow logs.
//!
//! Each is one function with a paragraph on why it is a trap. A scenario of the matrix draws from them by seed; every
//! one adds behaviour, the rules that the behaviour needs, and sometimes a rule that only looks needed.

mod addresses;
mod decoys;
mod gaps;
mod load_balancers;
mod one_way;
mod past;
mod ports;
mod sessions;
mod timeline;

use std::net::IpAddr;

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::{InterfaceIx, TCP};
use crate::options::Scenario;

pub(crate) use decoys::{foreign_groups, unneeded_rules};
pub(crate) use gaps::mend_small_holes;

/// The hosts and places that traps play with.
pub(crate) struct Cast {
    pub vpc: usize,
    pub front: usize,
    pub app: usize,
    pub data: usize,
    /// Subnet of the peered VPC.
    pub peered: usize,
    /// Plain hosts that live through the whole window and never change.
    pub hosts: Vec<InterfaceIx>,
    /// Service ports that no behaviour uses yet.
    pub fresh_ports: Vec<u16>,
}

impl Cast {
    pub fn pair(&self, builder: &mut Builder) -> (InterfaceIx, InterfaceIx) {
        let client = builder.between(0, self.hosts.len() as i64 - 1) as usize;
        let step = builder.between(1, self.hosts.len() as i64 - 1) as usize;
        (self.hosts[client], self.hosts[(client + step) % self.hosts.len()])
    }

    /// A port that nothing else in this network uses.
    pub fn fresh_port(&mut self, builder: &mut Builder) -> u16 {
        match self.fresh_ports.pop() {
            Some(port) => port,
            None => builder.rng.random_range(10_000..20_000),
        }
    }
}

use rand::RngExt as _;

/// A trap, how often a network has it, and where it is written.
pub(crate) type Trap = (&'static str, f64, fn(&mut Builder, &mut Cast));

/// Traps of every scenario.
pub(crate) const ALWAYS: &[Trap] = &[
    ("long-connection", 0.7, sessions::long_connection),
    ("began-before", 0.6, sessions::began_before),
    ("used-once", 0.9, sessions::used_once),
    ("reset-answers", 0.5, sessions::reset_answers),
    ("nfs-reserved-ports", 0.6, ports::nfs_reserved_ports),
    ("rsh", 0.4, ports::rsh),
    ("equal-ports", 0.5, ports::equal_ports),
    ("ephemeral-in-narrow-rule", 0.7, ports::ephemeral_in_narrow_rule),
    ("server-on-ephemeral-port", 0.6, ports::server_on_ephemeral_port),
    ("ftp-active", 0.4, ports::ftp_active),
    ("windows-clients", 0.5, ports::windows_clients),
    ("public-clients-any-port", 0.6, ports::public_clients_any_port),
    ("alb-dynamic-ports", 0.5, load_balancers::alb_dynamic_ports),
    ("nlb-preserves-clients", 0.4, load_balancers::nlb_preserves_clients),
    ("nat-gateway", 0.5, load_balancers::nat_gateway),
    ("lambda", 0.4, load_balancers::lambda),
    ("pods", 0.5, addresses::pods),
    ("secondary-address", 0.6, addresses::secondary_address),
    ("dual-stack", 0.5, addresses::dual_stack),
    ("peered-vpc", 0.4, addresses::peered_vpc),
    ("group-reference", 0.8, addresses::group_reference),
    ("icmp", 0.4, one_way::icmp),
    ("gre-esp", 0.3, one_way::gre_esp),
    ("one-way-udp", 0.5, one_way::one_way_udp),
    ("rejected-scans", 0.8, one_way::rejected_scans),
    ("unanswered-scans", 0.5, one_way::unanswered_scans),
    ("mirrored", 0.25, one_way::mirrored),
    ("efa", 0.15, one_way::efa),
    ("untracked-web", 0.6, decoys::untracked_web),
    ("return-rules", 0.8, decoys::return_rules),
    ("open-inside", 0.4, decoys::open_inside),
    ("redundant-rules", 0.7, decoys::redundant_rules),
    ("several-groups", 0.6, decoys::several_groups),
    ("prefix-lists", 0.5, decoys::prefix_lists),
    ("unattached-groups", 0.5, decoys::unattached_groups),
];

/// Only where interfaces were deleted before the (undated) inventory was taken.
pub(crate) const DELETED: &[Trap] = &[
    ("deleted-peer", 0.9, past::deleted_peer),
    ("deleted-carrier", 0.6, past::deleted_carrier),
    ("taken-over-address", 0.7, past::taken_over_address),
];

/// Only where dated snapshots were taken while things changed.
pub(crate) const TIMELINE: &[Trap] = &[
    ("regrouped", 0.8, timeline::regrouped),
    ("regrouped-peer", 0.8, timeline::regrouped_peer),
    ("replaced-instance", 0.6, timeline::replaced_instance),
    ("address-passed-on", 0.5, timeline::address_passed_on),
    ("short-lived", 0.4, timeline::short_lived),
    ("rule-added", 0.5, timeline::rule_added),
];

/// Only where logs have gaps.
pub(crate) const GAPS: &[Trap] = &[
    ("long-gap", 0.8, gaps::long_gap),
    ("gap-everywhere", 0.12, gaps::gap_everywhere),
    ("skipped-windows", 0.7, gaps::skipped_windows),
    ("short-gap", 0.7, gaps::short_gap),
];

/// In every gapped network and some others.
pub(crate) const REJECT_ONLY: Trap = ("reject-only-log", 1.0, gaps::reject_only_log);

/// Names of all traps that a scenario may hold.
pub(crate) fn names(scenario: Scenario) -> Vec<&'static str> {
    let special = match scenario {
        Scenario::V2Deleted => DELETED,
        Scenario::V5Timeline => TIMELINE,
        Scenario::V2Gaps => GAPS,
        Scenario::V2 | Scenario::V5 => &[],
        Scenario::Samples | Scenario::Bench { .. } => return Vec::new(),
    };
    let mut names: Vec<&'static str> = ALWAYS.iter().chain(special).map(|(name, _, _)| *name).collect();
    names.extend([REJECT_ONLY.0, FOREIGN_GROUP]);
    names
}

/// A rule that names a group of another account.
pub(crate) const FOREIGN_GROUP: &str = "foreign-group";

pub(crate) fn set(builder: &mut Builder, cast: &mut Cast, traps: &[Trap]) {
    for (name, probability, make) in traps {
        if builder.chance(*probability) {
            make(builder, cast);
            builder.traps.insert(name);
        }
    }
}

/// A number of ordinary TCP connections from one host to another, spread over the window, with the rules they need.
fn regular(b: &mut Builder, from: Who, to: Who, port: u16, count: i64, dialer: Dialer) {
    let moments = b.moments(count);
    regular_at(b, from, to, port, &moments, dialer);
}

fn regular_at(b: &mut Builder, from: Who, to: Who, port: u16, moments: &[i64], dialer: Dialer) {
    let Some(first) = moments.first() else { return };
    b.permit(from, to, TCP, (port, port), *first);
    for at in moments {
        let source_port = b.client_port(dialer);
        let seconds = b.between(0, 90);
        b.call(Call::tcp(from, to, source_port, port, *at).lasting(seconds, 15));
    }
}

/// What everybody does all day: hosts call each other's services, and the public calls some of them.
pub(crate) fn ordinary(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(6, 10) {
        let (client, server) = cast.pair(b);
        let port = cast.fresh_port(b);
        let count = b.between(5, 60);
        let dialer = if b.chance(0.85) { Dialer::Linux } else { Dialer::Windows };
        regular(b, Who::Host(client), Who::Host(server), port, count, dialer);
    }
    for _ in 0..b.between(1, 3) {
        let (client, _) = cast.pair(b);
        let elsewhere = Who::Outside(IpAddr::V4(b.stranger()));
        let port = b.pick(&[443, 80, 22, 587]).unwrap_or(443);
        let count = b.between(3, 40);
        regular(b, Who::Host(client), elsewhere, port, count, Dialer::Linux);
    }
}
