//! What one invocation counts, as one line that CloudWatch turns into metrics.
//!
//! The line follows the "Embedded metric format specification" of the CloudWatch User Guide. Namespace `sgflow`, dimension `FunctionName`:
//!
//! | metric | counts |
//! |---|---|
//! | `RecordsIn` | log events that came |
//! | `RecordsPut` | of these, accepted by Firehose |
//! | `Leftovers` | of these, written to `LEFTOVERS` |
//! | `Failed` | of these, neither: the invocation fails, and Lambda tries it again |
//! | `Oversize` | of the leftovers and failed ones, those too large for a Firehose record |
//! | `PutAgain` | records sent after their first time, each time |
//! | `ControlMessages` | control messages acknowledged |
//! | `UndecodableEvents` | events that could not be opened |
//! | `Milliseconds` | the time of the invocation, without the Runtime API's |
//!
//! `RecordsIn` = `RecordsPut` + `Leftovers` + `Failed`, always. Of an event that cannot be opened nobody knows how many records it
//! holds: these counts are then missing from the line, not zero.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Counts of one invocation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Counts of records; none if the event could not be opened.
    pub records: Option<RecordCounts>,
    /// Control messages acknowledged: 0 or 1.
    pub control_messages: u64,
    /// Events that could not be opened: 0 or 1.
    pub undecodable_events: u64,
    /// How long the invocation took.
    pub elapsed: Duration,
}

/// What became of the records of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Log events in the message.
    pub records_in: u64,
    /// Accepted by Firehose.
    pub put: u64,
    /// Sent again, each time.
    pub put_again: u64,
    /// Written to the place for leftovers, oversize ones included.
    pub leftovers: u64,
    /// Too large for Firehose, whether kept or not.
    pub oversize: u64,
    /// Neither accepted nor kept.
    pub failed: u64,
}

impl Metrics {
    /// The line, without a line feed.
    pub fn line(&self, function_name: &str, request_id: &str, now: Timestamp) -> String {
        let mut values = vec![
            ("ControlMessages", "Count", self.control_messages),
            ("UndecodableEvents", "Count", self.undecodable_events),
            ("Milliseconds", "Milliseconds", u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX)),
        ];
        if let Some(records) = self.records {
            values.extend([
                ("RecordsIn", "Count", records.records_in),
                ("RecordsPut", "Count", records.put),
                ("PutAgain", "Count", records.put_again),
                ("Leftovers", "Count", records.leftovers),
                ("Oversize", "Count", records.oversize),
                ("Failed", "Count", records.failed),
            ]);
        }

        let definitions: Vec<Value> =
            values.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [
                    {"Namespace": "sgflow", "Dimensions": [["FunctionName"]], "Metrics": definitions}
                ],
            }),
        );
        line.insert("FunctionName".to_owned(), json!(function_name));
        line.insert("requestId".to_owned(), json!(request_id));
        for (name, _, value) in values {
            line.insert(name.to_owned(), json!(value));
        }
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// The rules of the specification that a line can break: one `_aws` with a timestamp in milliseconds, every dimension a string
    /// member and every metric a number member of the root.
    fn read(metrics: &Metrics) -> Value {
        let now: Timestamp = "2026-03-09T07:59:59.25Z".parse().unwrap();
        let text = metrics.line("flow-ingest", "id-1", now);
        assert!(!text.contains('\n'));
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["_aws"]["Timestamp"], 1_773_043_199_250_i64);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "sgflow");
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(line["FunctionName"], "flow-ingest");
        for definition in directive["Metrics"].as_array().unwrap() {
            assert!(line[definition["Name"].as_str().unwrap()].is_u64(), "{definition}");
        }
        line
    }

    #[test]
    fn all_counts() {
        let records = RecordCounts { records_in: 10, put: 6, put_again: 2, leftovers: 3, oversize: 1, failed: 1 };
        let elapsed = Duration::from_micros(12_900);
        let line = read(&Metrics { records: Some(records), elapsed, ..Metrics::default() });
        let wanted = [
            ("RecordsIn", 10),
            ("RecordsPut", 6),
            ("PutAgain", 2),
            ("Leftovers", 3),
            ("Oversize", 1),
            ("Failed", 1),
            ("ControlMessages", 0),
            ("UndecodableEvents", 0),
            ("Milliseconds", 12),
        ];
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap().len(), wanted.len());
        for (name, value) in wanted {
            assert_eq!(line[name], value, "{name}");
        }
    }

    #[test]
    fn what_is_unknown_is_missing() {
        let line = read(&Metrics { undecodable_events: 1, ..Metrics::default() });
        assert_eq!(line["UndecodableEvents"], 1);
        for name in ["RecordsIn", "RecordsPut", "PutAgain", "Leftovers", "Oversize", "Failed"] {
            assert_eq!(line.get(name), None, "{name}");
        }
    }
}
