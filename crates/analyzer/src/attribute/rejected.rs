//! Rejected rows. No rule is judged by them; a replay asks which would have been accepted.

use super::flow::Flow;
use super::place::{self, PlaceFacts};
use super::reading::{Reading, Role, readings};
use super::{in_parallel, shares};
use crate::rollup::Rollup;
use crate::rollup::row::Addr;
use flowlog::Action;
use flowlog::opener::Opener;
use inventory::{InterfaceIx, Inventory};

/// One rejected row, read as a request in its own direction.
pub struct Rejected<'a> {
    /// The row.
    pub flow: &'a Flow,
    /// Where it was turned away.
    pub interface: InterfaceIx,
    /// The request: [`super::reading::Weight::Sure`] if it surely is one.
    pub reading: &'a Reading,
}

/// Shows every rejected row of an interface that the inventory knows to `see`. Each thread begins with what `start` makes; what came of
/// them is given back in the order of the rows.
pub fn each_rejected<T: Send>(
    rollup: &Rollup,
    inventory: &Inventory,
    threads: usize,
    start: impl Fn() -> T + Sync,
    see: impl Fn(&mut T, &Rejected<'_>) + Sync,
) -> Vec<T> {
    let places = place::facts(rollup, inventory);
    in_parallel(&shares(rollup, threads), |&(from, to)| {
        let mut seen = start();
        for row in &rollup.table.rows()[from..to] {
            if row.key.action() != Action::Reject {
                continue;
            }
            let facts = &places[row.key.place().at()];
            let Some(interface) = facts.interface else {
                continue;
            };
            let flow = Flow::new(&row.key.parts(), &row.totals, Some(interface), |addr: Addr| rollup.table.ip(addr));
            let Some(role) = role(&flow, facts) else {
                continue;
            };
            // Which answer it might be does not matter: an answer needs no rule.
            let requests = readings(&flow, facts.directed(&flow, inventory), role).filter(|reading| reading.forward);
            for reading in requests {
                see(&mut seen, &Rejected { flow: &flow, interface, reading: &reading });
            }
        }
        seen
    })
}

/// What the flags make of a rejected row; `None` for an answer. A source of raw flags ORs a caller's own ACK to its SYN.
fn role(flow: &Flow, facts: &PlaceFacts) -> Option<Role> {
    match flow.opener {
        Some(Opener::Source) => Some(Role::Request),
        Some(Opener::Destination) if !facts.raw => None,
        _ => Some(Role::Ambiguous),
    }
}
