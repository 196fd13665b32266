//! Interfaces without logs: in the inventory, but in no record of the range.

use super::made_up::{flows, inventory, without_template};
use super::panel::{NO_INDEX, Panel, Place};
use super::samples::{self, MARCH, SAMPLES};
use dashboards_test::Range;
use serde_json::{Value, json};
use stack::Schema;
use std::collections::BTreeSet;

const NAME: &str = "threats-silent-interfaces";
const SILENT: &str = "eni-0feedc0ffee000001";

/// The inventory of the samples and an interface that never was in the logs.
fn with_one_more(schema: Schema, name: &str) -> String {
    let interface = json!({
        "NetworkInterfaceId": SILENT, "OwnerId": "123456789012", "VpcId": "vpc-0248432460f8bbccd",
        "InterfaceType": "lambda", "Description": "AWS Lambda VPC ENI-quiet",
        "PrivateIpAddress": "10.20.9.9", "Status": "in-use",
        "PrivateIpAddresses": [{"PrivateIpAddress": "10.20.9.9", "Primary": true}],
        "Groups": [{"GroupId": "sg-02ceb0dab9897f4d2", "GroupName": "db"}]
    });
    inventory(schema, name, &[("network-interfaces", "NetworkInterfaces", interface)])
}

#[test]
fn on_the_samples_every_interface_has_logs() {
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        assert!(!panel.obeys_filters(), "a filter makes interfaces look silent");
        let drawn = panel.draw(&samples::place(schema), &MARCH);
        drawn.must_list_nothing("silent");
        drawn.must_say("Every interface of the inventory");
        let heard: BTreeSet<&str> = drawn.texts("heard-interfaces", "interface").into_iter().collect();
        let meant: BTreeSet<&str> = SAMPLES.records.iter().filter_map(|record| record.text("interface-id")).collect();
        assert_eq!(heard, meant);
    }
}

#[test]
fn an_interface_that_is_in_no_record_is_listed() {
    for schema in Schema::ALL {
        let place = Place::new(&samples::place(schema).flows, &with_one_more(schema, "silent"));
        let drawn = Panel::of(schema, NAME).draw(&place, &MARCH);
        assert_eq!(drawn.texts("silent", "interface"), [SILENT]);
        let row = &drawn.rows("shown")[0];
        let told = json!({"group": "db", "type": "lambda", "description": "AWS Lambda VPC ENI-quiet",
            "vpc": "vpc-0248432460f8bbccd", "addresses": "10.20.9.9", "snapshot": "undated"});
        for (field, value) in told.as_object().unwrap() {
            assert_eq!(&row[field], value, "{field}");
        }
        assert_eq!(drawn.count("rows"), 1);
        drawn.must_say_nothing();
        drawn.must_show(SILENT);
    }
}

/// A short range has records of some interfaces only.
#[test]
fn only_records_of_the_range_count() {
    let minutes = Range { from: "2026-03-01T00:00:00Z", to: "2026-03-01T00:02:00Z" };
    let heard: BTreeSet<String> =
        SAMPLES.within(&minutes).map(|record| record.text("interface-id").unwrap().to_owned()).collect();
    let silent: Vec<String> = SAMPLES.interfaces().difference(&heard).cloned().collect();
    assert!(!heard.is_empty() && !silent.is_empty(), "another range is needed: {heard:?} {silent:?}");
    for schema in Schema::ALL {
        let drawn = Panel::of(schema, NAME).draw(&samples::place(schema), &minutes);
        let mut listed = drawn.texts("silent", "interface");
        listed.sort_unstable();
        assert_eq!(listed, silent);
        assert_eq!(drawn.count("rows"), silent.len());
    }
}

/// In a low panel the rest is counted.
#[test]
fn what_has_no_room_is_counted() {
    let minutes = Range { from: "2026-03-01T00:00:00Z", to: "2026-03-01T00:00:47Z" };
    let place = samples::place(Schema::Classic);
    let drawn = Panel::of(Schema::Classic, NAME).draw_in(&place, &minutes, (500, 130));
    let (silent, shown) = (drawn.rows("silent").len(), drawn.count("rows"));
    assert!(shown > 0 && shown < silent, "{shown} of {silent}");
    drawn.must_show(&format!("and {} more", silent - shown));
}

#[test]
fn nothing_is_listed_that_the_answer_could_not_show() {
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let samples = samples::place(schema);
        let more = with_one_more(schema, "silent-guards");
        let nobody = |place: &Place, panel: &Panel, range: &Range<'_>, words: &str| {
            let drawn = panel.draw(place, range);
            drawn.must_list_nothing("silent");
            drawn.must_say(words);
        };

        nobody(&Place::new(&samples.flows, NO_INDEX), &panel, &MARCH, "No inventory index");
        let january = Range { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" };
        nobody(&Place::new(&samples.flows, &more), &panel, &january, "No records at all in this range");

        let limited = panel.clone().limited("flows", "/aggs/interfaces/terms/size", 2);
        nobody(&Place::new(&samples.flows, &more), &limited, &MARCH, "More than 2 interfaces have records");

        let untyped = without_template(schema, "silent");
        let half = Place::new(&format!("{},{untyped}", samples.flows), &more);
        nobody(&half, &panel, &MARCH, "A part of an index did not answer");

        let time = ("time", json!("2026-03-02T00:00:00Z"));
        let nameless = flows(schema, "without-interface", &[time], &[&[("action", json!("ACCEPT"))]]);
        nobody(&Place::new(&nameless, &more), &panel, &MARCH, "No record here names its interface");
    }
}

/// A record that does not name its interface may be of any.
#[test]
fn records_without_an_interface_are_told() {
    for schema in Schema::ALL {
        let time = ("time", json!("2026-03-02T00:00:00Z"));
        let nameless: [(&str, Value); 1] = [("action", json!("ACCEPT"))];
        let index = flows(schema, "some-without-interface", &[time], &[&nameless, &[("interface", json!("eni-1"))]]);
        let place = Place::new(&index, &with_one_more(schema, "silent-some"));
        let drawn = Panel::of(schema, NAME).draw(&place, &MARCH);
        assert_eq!(drawn.rows("silent").len(), SAMPLES.interfaces().len() + 1);
        drawn.must_say("Records that name no interface: 1.");
    }
}

#[test]
fn an_inventory_that_is_only_partly_read_is_told() {
    let schema = Schema::Classic;
    let panel = Panel::of(schema, NAME).limited("inventory", "/size", 2);
    let drawn = panel.draw(&samples::place(schema), &MARCH);
    drawn.must_say("Not complete: 2 of 11 interfaces");
    drawn.must_list_nothing("silent");
}
