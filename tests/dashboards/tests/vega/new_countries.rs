//! Countries that are first seen in the last quarter of the range.

use super::made_up::{flows, without_template};
use super::panel::{Panel, Place};
use super::samples::{self, MARCH, SAMPLES, milliseconds};
use dashboards_test::Range;
use serde_json::{Value, json};
use stack::Schema;
use std::collections::{BTreeMap, BTreeSet};

const NAME: &str = "threats-new-countries";

#[derive(Default)]
struct Seen {
    /// Surely requests.
    requests: u64,
    /// All but sure answers.
    at_most: u64,
    rejected: u64,
    first_request: Option<i64>,
}

/// By way and country.
fn seen() -> BTreeMap<(&'static str, &'static str), Seen> {
    let mut countries: BTreeMap<_, Seen> = BTreeMap::new();
    for record in SAMPLES.records.iter().filter(|record| !record.is_answer()) {
        let (way, address) = if record.inbound() { ("from", record.source()) } else { ("to", record.destination()) };
        let Some(country) = address.and_then(|address| SAMPLES.places.country(address)) else { continue };
        let seen = countries.entry((way, country)).or_default();
        seen.at_most += 1;
        seen.rejected += u64::from(record.rejected());
        if record.is_request() {
            seen.requests += 1;
            let at = milliseconds(record);
            seen.first_request = Some(seen.first_request.map_or(at, |first| first.min(at)));
        }
    }
    countries
}

#[test]
fn on_the_samples_no_country_is_new() {
    let (from, to) = MARCH.milliseconds();
    let quarter = from + (to - from) / 4 * 3;
    let meant = seen();
    // Who sends requests before the last quarter is not new, whatever else is counted.
    let known: BTreeSet<_> =
        meant.iter().filter(|(_, seen)| seen.first_request.is_some_and(|first| first < quarter)).collect_keys();
    println!("{} ways and countries, {} known early", meant.len(), known.len());
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = samples::place(schema);
        let drawn = panel.draw(&place, &MARCH);
        for row in drawn.rows("newcomers") {
            let key = (row["way"].as_str().unwrap(), row["country"].as_str().unwrap());
            assert!(!known.contains(&key), "{row}");
        }
        let mut shown = BTreeSet::new();
        for row in drawn.rows("countries") {
            let key = (row["way"].as_str().unwrap(), row["country"].as_str().unwrap());
            let seen = meant.get(&key).unwrap_or_else(|| panic!("{row}"));
            let records = row["records"].as_u64().unwrap();
            assert!((seen.requests..=seen.at_most).contains(&records), "{row}: {} to {}", seen.requests, seen.at_most);
            assert_eq!(row["rejected"], seen.rejected, "{row}");
            shown.insert(key);
        }
        assert!(known.is_subset(&shown));
        drawn.must_list_nothing("newcomers");
        drawn.must_say("No new country");
    }
}

trait Keys<K> {
    fn collect_keys(self) -> BTreeSet<K>;
}

impl<'a, K: Ord + Copy + 'a, V: 'a, I: Iterator<Item = (&'a K, &'a V)>> Keys<K> for I {
    fn collect_keys(self) -> BTreeSet<K> {
        self.map(|(key, _)| *key).collect()
    }
}

/// The range of the made-up documents: the last quarter begins on the fourth day.
const APRIL: Range<'static> = Range { from: "2026-04-01T00:00:00Z", to: "2026-04-05T00:00:00Z" };

fn load(schema: Schema, name: &str, extra: &[Vec<(&str, Value)>]) -> Place {
    let all = [("direction", json!("inbound")), ("role", json!("request")), ("action", json!("ACCEPT"))];
    let at = |day: u8, country: &str| {
        vec![("time", json!(format!("2026-04-0{day}T12:00:00Z"))), ("source_country", json!(country))]
    };
    let mut documents = vec![at(1, "Germany"), at(4, "Germany"), at(4, "Peru"), at(4, "Peru")];
    let with = |mut document: Vec<(&'static str, Value)>, name: &'static str, value: Value| {
        document.push((name, value));
        document
    };
    documents.push(with(at(4, "Peru"), "action", json!("REJECT")));
    // An answer from there is no visit.
    documents.push(with(at(4, "Chile"), "role", json!("reply")));
    documents.push(with(at(2, "Norway"), "direction", json!("outbound")));
    let outbound = vec![
        ("time", json!("2026-04-04T18:00:00Z")),
        ("direction", json!("outbound")),
        ("destination_country", json!("Norway")),
    ];
    documents.push(outbound);
    let documents: Vec<&[_]> = documents.iter().chain(extra).map(Vec::as_slice).collect();
    Place::new(&flows(schema, name, &all, &documents), "")
}

#[test]
fn a_country_that_is_first_seen_in_the_last_quarter_is_listed() {
    for schema in Schema::ALL {
        let place = load(schema, "peru", &[]);
        let drawn = Panel::of(schema, NAME).draw(&place, &APRIL);
        // Latest first. Norway sent something before, but was not called.
        for (n, way, country) in [(1, "to", "Norway"), (2, "from", "Peru")] {
            let row = drawn.row("shown", "country", country);
            assert_eq!((&row["n"], &row["way"]), (&json!(n), &json!(way)), "{row}");
        }
        let peru = drawn.row("shown", "country", "Peru");
        assert_eq!([&peru["records"], &peru["accepted"], &peru["rejected"]], [3, 2, 1]);
        assert_eq!(drawn.count("rows"), 2);
        drawn.must_say_nothing();
        drawn.must_show("2026-04-04 12:00");
        drawn.must_show("from 2026-04-04 00:00 UTC on");
    }
}

#[test]
fn without_a_base_no_country_is_new() {
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = load(schema, "peru-guards", &[]);
        // Records begin in the second half of this range.
        let longer = Range { from: "2026-03-20T00:00:00Z", to: "2026-04-05T00:00:00Z" };
        let drawn = panel.draw(&place, &longer);
        drawn.must_list_nothing("newcomers");
        drawn.must_say("Not enough history");

        let limited = panel.clone().limited("flows", "/aggs/from/aggs/countries/terms/size", 1);
        let drawn = limited.draw(&place, &APRIL);
        drawn.must_list_nothing("newcomers");
        drawn.must_say("Not complete");

        let untyped = without_template(schema, "countries");
        let half = Place::new(&format!("{},{untyped}", place.flows), "");
        let drawn = panel.draw(&half, &Range { from: "2026-03-01T00:00:00Z", to: APRIL.to });
        drawn.must_list_nothing("newcomers");
        drawn.must_say("A part of the index did not answer");
    }
}
