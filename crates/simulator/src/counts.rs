//! How many records the logs hold of each kind that a dashboard tells apart.
//!
//! ```text
//! {"action": "REJECT", "status": "OK", "groups": ["sg-0a..."], "port": 443, "direction": "inbound", "records": 12}
//! {"action": null, "status": "NODATA", "groups": ["sg-0a..."], "port": null, "direction": null, "records": 1480}
//! ```

use std::collections::BTreeMap;

use serde::Serialize;

use crate::network::{Direction, GroupIx, Network};
use crate::rows::{Row, Status};

/// Records that have all of this in common; each counts once. NODATA and SKIPDATA records have no action, port or direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordCount {
    /// `ACCEPT` or `REJECT`.
    pub action: Option<&'static str>,
    /// `OK`, `NODATA` or `SKIPDATA`.
    pub status: &'static str,
    /// `sg-...`, all that the interface carried when the record began, in their order there.
    pub groups: Vec<String>,
    /// Destination port; 0 for protocols without ports.
    pub port: Option<u16>,
    /// `inbound` or `outbound`, seen from the interface.
    pub direction: Option<&'static str>,
    /// How many.
    pub records: u64,
}

/// Action, status, groups, port and direction.
type Kind<'a> = (Option<&'static str>, &'static str, &'a [GroupIx], Option<u16>, Option<&'static str>);

/// Counts all rows, in the order of the fields.
pub(crate) fn count(network: &Network, rows: &[Row]) -> Vec<RecordCount> {
    let mut counts: BTreeMap<Kind<'_>, u64> = BTreeMap::new();
    for row in rows {
        let (action, port, direction) = match row.status {
            Status::Ok => (
                Some(if row.accepted { "ACCEPT" } else { "REJECT" }),
                Some(row.target_port),
                Some(match row.direction {
                    Direction::Ingress => "inbound",
                    Direction::Egress => "outbound",
                }),
            ),
            Status::NoData | Status::SkipData => (None, None, None),
        };
        let status = match row.status {
            Status::Ok => "OK",
            Status::NoData => "NODATA",
            Status::SkipData => "SKIPDATA",
        };
        let groups = network.interfaces[row.interface].groups_at(row.start);
        *counts.entry((action, status, groups, port, direction)).or_default() += 1;
    }
    let mut list = Vec::with_capacity(counts.len());
    for ((action, status, groups, port, direction), records) in counts {
        let groups = groups.iter().map(|group| network.groups[*group].id.clone()).collect();
        list.push(RecordCount { action, status, groups, port, direction, records });
    }
    list
}
