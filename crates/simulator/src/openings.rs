//! Records that show by themselves that they open a connection, and the rules that let them pass.
//!
//! ```text
//! {"interface_id": "eni-0a...", "port": 443, "records": 12, "sure": 12}
//! {"interface_id": "eni-0a...", "port": 5432, "records": 7, "sure": 0}      the balancer hides who called
//! ```
//!
//! TCP flags with SYN and without ACK prove a request. So whoever names the rules that allow a record has to name this
//! rule for `sure` of them, and may name it for no more than `records`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::columns::Layout;
use crate::hard::Observer;
use crate::network::{InterfaceIx, Network};
use crate::rows::{Row, Status};
use crate::traffic::Flow;

/// Accepted TCP records of one interface to one port with a SYN alone, all allowed by one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Openings {
    /// `eni-...`, where they were recorded.
    pub interface_id: String,
    /// Destination port.
    pub port: u16,
    /// How many the rule truly allows.
    pub records: u64,
    /// Those of them that it surely allows for anybody who has the inventory and the record: interface, groups and rule
    /// are there before and after, and every address of the peer is one that the rule names, or has one sure owner.
    pub sure: u64,
}

/// `records` and `sure` by interface and port.
type Counts = BTreeMap<(InterfaceIx, u16), (u64, u64)>;

/// By group and rule; all empty where the records show no flags.
pub(crate) fn count(network: &Network, layout: &Layout, flows: &[Flow], rows: &[Row]) -> Vec<Vec<Vec<Openings>>> {
    let mut counts: Vec<Vec<Counts>> =
        network.groups.iter().map(|group| vec![Counts::new(); group.rules.len()]).collect();
    let observer = Observer::new(network);
    for row in rows {
        if !layout.has_flags() || row.status != Status::Ok || !row.accepted || !row.opens() {
            continue;
        }
        let Some(flow) = flows.get(row.flow as usize) else { continue };
        let Some(view) = flow.views.get(row.view as usize) else { continue };
        for group in network.interfaces[row.interface].groups_at(flow.judged_at(network)) {
            for (position, rule) in network.groups[*group].rules.iter().enumerate() {
                if !flow.allowed_by(network, view, rule) {
                    continue;
                }
                let surely = observer.surely_carries(*group, row) && observer.surely_matches(rule, row);
                let (records, sure) = counts[*group][position].entry((row.interface, row.target_port)).or_default();
                *records += 1;
                *sure += u64::from(surely);
            }
        }
    }
    let table = |counts: Counts| {
        let mut openings = Vec::new();
        for ((interface, port), (records, sure)) in counts {
            openings.push(Openings { interface_id: network.interfaces[interface].id.clone(), port, records, sure });
        }
        openings
    };
    counts.into_iter().map(|rules| rules.into_iter().map(table).collect()).collect()
}
