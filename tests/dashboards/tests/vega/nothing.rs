//! Where there is nothing, every panel says so, and nothing else.

use super::made_up::empty;
use super::panel::{NO_INDEX, Panel, Place};
use super::samples::MARCH;
use stack::Schema;

/// Of each panel, the marks that show data.
const SHOWING: [(&str, &[&str]); 7] = [
    ("overview-map", &["circles"]),
    ("overview-sankey", &["ribbons", "nodes"]),
    ("overview-totals", &["numbers", "changes"]),
    ("rule-usage-unhit-rules", &["rows"]),
    ("threats-new-countries", &["rows"]),
    ("threats-silent-interfaces", &["rows"]),
    ("threats-unused-ports", &["rows"]),
];

#[test]
fn every_vega_panel_is_tested_here() {
    for schema in Schema::ALL {
        let mut names: Vec<String> = Panel::all(schema).into_iter().map(|panel| panel.name).collect();
        names.sort();
        assert_eq!(names, SHOWING.map(|(name, _)| name), "tests for a new panel are missing");
    }
}

#[test]
fn without_indices_every_panel_says_so() {
    for schema in Schema::ALL {
        show_nothing(schema, &Place::new(NO_INDEX, NO_INDEX));
    }
}

#[test]
fn on_empty_indices_every_panel_says_so() {
    for schema in Schema::ALL {
        let flows = empty(&schema.day_index("empty"));
        let inventory = empty(&format!("sgflow-inventory-empty-{}", schema.name()));
        show_nothing(schema, &Place::new(&flows, &inventory));
    }
}

fn show_nothing(schema: Schema, place: &Place) {
    for (name, marks) in SHOWING {
        let drawn = Panel::of(schema, name).draw(place, &MARCH);
        for mark in marks {
            assert_eq!(drawn.count(mark), 0, "{name}: {mark}");
        }
        drawn.must_say("No ");
        drawn.must_not_show("NaN");
        drawn.must_not_show("undefined");
        drawn.must_not_show(">null<");
    }
}
