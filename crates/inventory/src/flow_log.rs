//! Flow logs as `describe-flow-logs` lists them.

use crate::document::FlowLogItem;
use crate::error::LoadError;
use crate::item::Place;
use std::collections::BTreeMap;

/// What a flow log records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TrafficType {
    /// Accepted traffic only.
    Accept,
    /// Rejected traffic only: it proves nothing about what is used.
    Reject,
    /// Both.
    All,
    /// `TrafficType` is missing (transit gateway logs have none) or new.
    Unknown,
}

/// One flow log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowLog {
    /// `fl-...`
    pub id: String,
    /// The VPC, subnet or interface that it watches.
    pub resource_id: Option<String>,
    /// What it records.
    pub traffic_type: TrafficType,
    /// Seconds, 60 or 600.
    pub max_aggregation_interval: Option<u32>,
    /// `${version} ${account-id} ...`
    pub log_format: Option<String>,
    /// ARN of bucket, log group or stream.
    pub log_destination: Option<String>,
    /// `s3`, `cloud-watch-logs` or `kinesis-data-firehose`.
    pub log_destination_type: Option<String>,
    /// `FlowLogStatus`, `ACTIVE` as a rule.
    pub status: Option<String>,
}

/// Flow logs by id; a later listing of the same one replaces an earlier one.
#[derive(Default)]
pub(crate) struct FlowLogs {
    by_id: BTreeMap<String, FlowLog>,
    /// Some document has such a list, be it empty.
    pub are_read: bool,
}

impl FlowLogs {
    pub(crate) fn add(&mut self, item: FlowLogItem, place: Place) -> Result<(), LoadError> {
        let id = place.needed(item.flow_log_id, "FlowLogId")?;
        let traffic_type = match item.traffic_type.as_deref() {
            Some("ACCEPT") => TrafficType::Accept,
            Some("REJECT") => TrafficType::Reject,
            Some("ALL") => TrafficType::All,
            _ => TrafficType::Unknown,
        };
        let flow_log = FlowLog {
            id: id.clone(),
            resource_id: item.resource_id,
            traffic_type,
            max_aggregation_interval: item.max_aggregation_interval.and_then(|seconds| u32::try_from(seconds).ok()),
            log_format: item.log_format,
            log_destination: item.log_destination,
            log_destination_type: item.log_destination_type,
            status: item.flow_log_status,
        };
        self.by_id.insert(id, flow_log);
        Ok(())
    }

    pub(crate) fn into_sorted(self) -> Vec<FlowLog> {
        self.by_id.into_values().collect()
    }
}
