//! Traps of missing logs: what happened in a hole is as true as the rest.

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::{Hole, InterfaceIx, LogTraffic, Network, TCP};
use crate::traffic::Flow;

use super::Cast;

/// A hole of 8 to 16 percent of the window somewhere inside of it, on the grid.
fn long_hole(b: &mut Builder) -> (i64, i64) {
    let whole = b.network.end - b.network.start;
    let length = whole * b.between(8, 16) / 100;
    let from = b.network.start + b.between(whole / 20, whole - length - whole / 20);
    let from = from - from.rem_euclid(b.network.interval);
    (from, from + length - length.rem_euclid(b.network.interval))
}

/// The one use of a rule happened inside `from..until`.
fn sole_use(b: &mut Builder, cast: &mut Cast, client: InterfaceIx, server: InterfaceIx, span: (i64, i64)) {
    let port = cast.fresh_port(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let at = b.between(span.0 + 700, span.1 - 1_400);
    b.permit(client, server, TCP, (port, port), at);
    let source_port = b.client_port(Dialer::Linux);
    b.call(Call::tcp(client, server, source_port, port, at).lasting(20, 5));
}

/// Days of one interface's logs are missing, and a rule was used only then.
pub(super) fn long_gap(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let span = long_hole(b);
    let blind = if b.chance(0.7) { server } else { client };
    b.network.interfaces[blind].holes.push((span.0, span.1, Hole::Missing));
    sole_use(b, cast, client, server, span);
}

/// Nobody's logs were delivered for days.
pub(super) fn gap_everywhere(b: &mut Builder, cast: &mut Cast) {
    let span = long_hole(b);
    for interface in &mut b.network.interfaces {
        interface.holes.push((span.0, span.1, Hole::Missing));
    }
    let (client, server) = cast.pair(b);
    sole_use(b, cast, client, server, span);
}

/// AWS was too busy and says so: SKIPDATA stands for windows whose records are lost.
pub(super) fn skipped_windows(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    if b.chance(0.5) {
        let span = long_hole(b);
        b.network.interfaces[server].holes.push((span.0, span.1, Hole::Skipped));
        sole_use(b, cast, client, server, span);
        return;
    }
    let (from, _) = long_hole(b);
    let hours = b.between(1, 6);
    b.network.interfaces[server].holes.push((from, from + hours * 3_600, Hole::Skipped));
}

/// Some hours are missing: too little to doubt everything, enough to make a proof impossible. No rule's only use lies in
/// such a hole (see [`mend_small_holes`]), for no reader of these logs could know.
pub(super) fn short_gap(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 3) {
        let (victim, _) = cast.pair(b);
        let (from, _) = long_hole(b);
        let hours = b.between(1, 10);
        b.network.interfaces[victim].holes.push((from, from + hours * 3_600, Hole::Missing));
    }
}

/// A flow log that records rejected traffic only: its NODATA says nothing about accepted traffic.
pub(super) fn reject_only_log(b: &mut Builder, cast: &mut Cast) {
    let subnet = b.subnet(cast.vpc, 9);
    let group = b.group("legacy", cast.vpc);
    let host = b.host("legacy", subnet, vec![group]);
    let resource =
        if b.chance(0.5) { b.network.subnets[subnet].id.clone() } else { b.network.interfaces[host].id.clone() };
    let log = b.flow_log(resource, LogTraffic::Reject);
    b.network.interfaces[host].flow_log = log;
    let (client, _) = cast.pair(b);
    let port = cast.fresh_port(b);
    let count = b.between(1, 20);
    super::regular(b, Who::Host(client), Who::Host(host), port, count, Dialer::Linux);
    for at in b.moments(30) {
        let scanner = Who::Outside(std::net::IpAddr::V4(b.stranger()));
        let call = Call::tcp(scanner, Who::Host(host), 45_000, 23, at).answered(crate::traffic::Answer::Silent);
        b.call(call.whatever_the_rules());
    }
}

/// Takes away holes of less than six percent where they would hide the only use of a rule.
pub(crate) fn mend_small_holes(network: &mut Network, flows: &[Flow]) {
    let whole = network.end - network.start;
    let hidden = rules_used_only_in_holes(network, flows);
    for interface in &mut network.interfaces {
        let lost: i64 = interface.holes.iter().map(|(from, until, _)| until - from).sum();
        let touched = hidden.iter().any(|group| interface.ever_carries(*group));
        if touched && lost * 100 < whole * 6 {
            interface.holes.clear();
        }
    }
}

/// Groups with a rule whose every accepted request began in a hole of the interface that it passed.
fn rules_used_only_in_holes(network: &Network, flows: &[Flow]) -> Vec<usize> {
    let passes: Vec<usize> = flows.iter().map(|flow| flow.passes(network)).collect();
    let mut found = Vec::new();
    for (number, group) in network.groups.iter().enumerate() {
        for rule in &group.rules {
            let (mut used, mut seen) = (false, false);
            for (flow, passes) in flows.iter().zip(&passes) {
                let at = flow.judged_at(network);
                for view in flow.views.iter().take(*passes) {
                    let interface = &network.interfaces[view.interface];
                    let applies = interface.groups_at(at).contains(&number) && flow.allowed_by(network, view, rule);
                    if !applies || flow.unlogged {
                        continue;
                    }
                    used = true;
                    let margin = network.interval;
                    seen |= !interface.holes.iter().any(|(from, until, _)| from - margin < at && at < until + margin);
                }
            }
            if used && !seen {
                found.push(number);
            }
        }
    }
    found
}
