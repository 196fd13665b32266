//! Totals with their change.

use super::made_up::flows;
use super::panel::{Panel, Place, number};
use super::records::Record;
use super::samples::{self, MARCH, SAMPLES, milliseconds};
use dashboards_test::Range;
use serde_json::json;
use stack::Schema;
use std::collections::HashSet;

const NAME: &str = "overview-totals";

/// What a record adds to a total.
type Count = fn(&Record) -> u64;

#[test]
#[allow(clippy::cast_precision_loss)]
fn on_the_samples_totals_and_changes_are_those_of_the_records() {
    // In three days the histogram has hours, so the halves meet in the middle of the second day.
    let (from, to) = MARCH.milliseconds();
    let middle = i64::midpoint(from, to);
    let sums: [(&str, Count); 4] = [
        ("records", |_| 1),
        ("accepted", |record| u64::from(record.accepted())),
        ("rejected", |record| u64::from(record.rejected())),
        ("bytes", |record| record.number("bytes").unwrap_or(0)),
    ];
    let distinct =
        |field: &str| SAMPLES.records.iter().filter_map(|record| record.text(field)).collect::<HashSet<_>>().len();
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = samples::place(schema);
        let drawn = panel.draw(&place, &MARCH);
        assert_eq!(drawn.count("numbers"), 6);
        drawn.must_say_nothing();
        for (name, count) in sums {
            let sum = |is_later: bool| {
                let half = SAMPLES.records.iter().filter(|record| (milliseconds(record) >= middle) == is_later);
                half.map(count).sum::<u64>()
            };
            let (before, after) = (sum(false), sum(true));
            let tile = drawn.row("tiles", "of", name);
            assert_eq!(tile["total"], before + after, "{name}");
            assert_eq!((&tile["before"], &tile["after"]), (&json!(before), &json!(after)), "{name}");
            let change = after as f64 / before as f64 - 1.0;
            assert!((number(tile, "change") - change).abs() < 1e-9, "{name}: {tile} instead of {change}");
        }
        for (name, field) in [("interfaces", "interface-id"), ("sources", "srcaddr")] {
            let tile = drawn.row("tiles", "of", name);
            let (told, meant) = (number(tile, "total"), distinct(field) as f64);
            assert!((told - meant).abs() <= meant * 0.005, "{name}: {told} instead of {meant}");
            assert_eq!(tile["words"], "distinct, about");
        }
        assert_eq!(SAMPLES.records.len(), 15_310);
        drawn.must_show("15,310");
        panel.draw_in(&place, &MARCH, (300, 150));
    }
}

/// Nothing before is new, and not infinitely more; nothing at all is no change; without bytes in the records their sum
/// is unknown, not 0.
#[test]
fn what_cannot_be_compared_is_not() {
    let range = Range { from: "2026-04-01T00:00:00Z", to: "2026-04-03T00:00:00Z" };
    for schema in Schema::ALL {
        let mut documents = Vec::new();
        for hour in 0..24 {
            let accepted = format!("2026-04-02T{hour:02}:30:00Z");
            documents.push([("time", json!(accepted)), ("action", json!("ACCEPT"))]);
        }
        let documents: Vec<&[_]> = documents.iter().map(<[_; 2]>::as_slice).collect();
        let index = flows(schema, "second-half", &[("interface", json!("eni-1"))], &documents);
        let drawn = Panel::of(schema, NAME).draw(&Place::new(&index, ""), &range);
        let words = |of: &str| drawn.row("tiles", "of", of)["words"].as_str().unwrap().to_owned();
        assert_eq!((words("records"), words("accepted")), ("new".to_owned(), "new".to_owned()));
        assert_eq!(words("rejected"), "none in both");
        let bytes = drawn.row("tiles", "of", "bytes");
        assert_eq!((&bytes["value"], &bytes["words"]), (&json!("unknown"), &json!("")));
        drawn.must_say("the first half is not full");
        drawn.must_not_show("Infinity");
    }
}
