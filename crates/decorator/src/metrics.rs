//! One line an invocation in CloudWatch's embedded metric format: CloudWatch makes metrics of it (CloudWatch user guide, "Specification:
//! Embedded metric format").

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::firehose::counts::Counts;
use crate::inventory_source::InventoryState;

/// What is told of an invocation.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// What became of the records.
    pub counts: Counts,
    /// Interfaces of the batch that the inventory does not know, after looking them up.
    pub unknown_interfaces: u64,
    /// How the inventory is; none: there is none.
    pub inventory: Option<InventoryState>,
    /// Bytes of the response.
    pub response_bytes: u64,
    /// From the payload to the response.
    pub milliseconds: f64,
    /// Whether this is the first of the process.
    pub cold_start: bool,
    /// Whether it failed as a whole.
    pub is_failed: bool,
}

impl Invocation {
    /// The line, without a line end; `timestamp` in epoch milliseconds.
    pub fn line(&self, function_name: &str, timestamp: i64) -> String {
        let mut metrics: Vec<(&str, &str, Value)> = Vec::new();
        let counts = &self.counts;
        for (name, count) in [
            ("RecordsIn", counts.records_in),
            ("Decorated", counts.decorated),
            ("Unparsed", counts.unparsed),
            ("TransitGatewayRecords", counts.transit_gateway),
            ("Dropped", counts.dropped),
            ("ProcessingFailed", counts.failed),
            ("PutBack", counts.put_back),
            ("PutBackFailed", counts.put_back_failed),
            ("UnknownInterfaces", self.unknown_interfaces),
            ("ColdStart", u64::from(self.cold_start)),
            ("InvocationFailed", u64::from(self.is_failed)),
        ] {
            metrics.push((name, "Count", json!(count)));
        }
        metrics.push(("ResponseBytes", "Bytes", json!(self.response_bytes)));
        metrics.push(("Milliseconds", "Milliseconds", json!(self.milliseconds)));
        if let Some(inventory) = &self.inventory {
            // An age that is not known is left out: 0 would say that it is fresh.
            if let Some(age) = inventory.age_seconds {
                metrics.push(("InventoryAgeSeconds", "Seconds", json!(age)));
            }
            metrics.push(("InventoryStale", "Count", json!(u64::from(inventory.is_stale))));
        }
        let definitions: Vec<Value> =
            metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({"Timestamp": timestamp, "CloudWatchMetrics": [
                {"Namespace": "sgflow", "Dimensions": [["FunctionName"]], "Metrics": definitions}]}),
        );
        line.insert("FunctionName".to_owned(), json!(function_name));
        for (name, _, value) in metrics {
            line.insert(name.to_owned(), value);
        }
        Value::Object(line).to_string()
    }

    /// Prints the line to standard output, at once.
    pub fn print(&self, function_name: &str) {
        let mut line = self.line(function_name, jiff::Timestamp::now().as_millisecond());
        line.push('\n');
        // If standard output is gone, nobody is left to be told.
        let _ = std::io::stdout().lock().write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn every_metric_is_defined_and_has_its_value() {
        let invocation = Invocation {
            counts: Counts { records_in: 3, decorated: 2, unparsed: 1, failed: 1, ..Counts::default() },
            inventory: Some(InventoryState { age_seconds: Some(12), is_stale: true, last_error: None }),
            response_bytes: 1234,
            milliseconds: 1.5,
            cold_start: true,
            ..Invocation::default()
        };
        let line: Value = serde_json::from_str(&invocation.line("decorate", 1_700_000_000_000)).unwrap();
        assert_eq!(line["_aws"]["Timestamp"], 1_700_000_000_000_i64);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "sgflow");
        assert_eq!(directive["Dimensions"], json!([["FunctionName"]]));
        assert_eq!(line["FunctionName"], "decorate");
        let expected = [
            ("RecordsIn", json!(3)),
            ("Decorated", json!(2)),
            ("Unparsed", json!(1)),
            ("ProcessingFailed", json!(1)),
            ("PutBack", json!(0)),
            ("InventoryAgeSeconds", json!(12)),
            ("InventoryStale", json!(1)),
            ("ResponseBytes", json!(1234)),
            ("Milliseconds", json!(1.5)),
            ("ColdStart", json!(1)),
        ];
        for (name, value) in expected {
            assert_eq!(line[name], value, "{name}");
        }
        // Each definition has its number, and there are no more than the 100 that the format allows.
        let definitions = directive["Metrics"].as_array().unwrap();
        assert!(definitions.len() <= 100);
        for definition in definitions {
            assert!(line[definition["Name"].as_str().unwrap()].is_number());
        }
    }

    #[test]
    fn an_unknown_age_is_not_zero() {
        let line = Invocation { inventory: Some(InventoryState::default()), ..Invocation::default() }.line("f", 0);
        assert!(!line.contains("InventoryAgeSeconds"));
        assert!(!Invocation::default().line("f", 0).contains("InventoryStale"));
    }
}
