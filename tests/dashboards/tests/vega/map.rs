//! Where requests come from and go to.

use super::made_up::flows;
use super::panel::{Panel, Place, number};
use super::samples::{self, MARCH, SAMPLES};
use serde_json::json;
use stack::Schema;
use std::collections::BTreeMap;

const NAME: &str = "overview-map";

/// Country, latitude and longitude of its only city, as in samples/geo/make.py. All lie in different cells of 156 km.
const CITIES: [(&str, f64, f64); 9] = [
    ("Australia", -33.8688, 151.2093),
    ("Japan", 35.6895, 139.6917),
    ("Singapore", 1.2897, 103.8501),
    ("United States", 39.0437, -77.4875),
    ("Brazil", -23.5475, -46.6361),
    ("Canada", 43.7064, -79.3986),
    ("Germany", 50.1155, 8.6842),
    ("United Kingdom", 51.5085, -0.1257),
    ("South Africa", -26.2023, 28.0436),
];

#[test]
fn on_the_samples_there_is_a_circle_for_each_place_of_a_request() {
    // Way, action and country; records and bytes.
    let mut meant: BTreeMap<(&str, &str, &str), (u64, u64)> = BTreeMap::new();
    for record in SAMPLES.requests() {
        let (way, address) = if record.inbound() { ("from", record.source()) } else { ("to", record.destination()) };
        let Some(country) = address.and_then(|address| SAMPLES.places.country(address)) else { continue };
        let action = if record.accepted() { "accepted" } else { "rejected" };
        let sums = meant.entry((way, action, country)).or_default();
        sums.0 += 1;
        sums.1 += record.number("bytes").unwrap();
    }
    println!("{} circles", meant.len());
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = samples::place(schema);
        let drawn = panel.draw(&place, &MARCH);
        let mut shown = BTreeMap::new();
        for row in drawn.rows("places") {
            let text = |field: &str| row[field].as_str().unwrap();
            let sums = (row["records"].as_u64().unwrap(), row["bytes"].as_u64().unwrap());
            shown.insert((text("way"), text("action"), text("countries")), sums);
            let (_, lat, lon) = CITIES.iter().find(|(country, _, _)| row["countries"] == *country).unwrap();
            assert!((number(row, "lat") - lat).abs() < 0.001 && (number(row, "lon") - lon).abs() < 0.001, "{row}");
            let (x, y) = (number(row, "x"), number(row, "y"));
            assert!(x > 0.0 && x < 900.0 && y > 0.0 && y < 500.0, "{row}");
        }
        assert_eq!(shown, meant);
        assert_eq!(drawn.count("circles"), meant.len());
        assert!(drawn.count("land-outline") > 0);
        drawn.must_say_nothing();
        drawn.must_show("ambiguous records");
        panel.draw_in(&place, &MARCH, (300, 150));

        let few = panel.clone().limited("flows", "/aggs/from/aggs/accepted/aggs/cells/geohash_grid/size", 3);
        assert!(few.draw(&place, &MARCH).count("circles") < meant.len());
    }
}

/// Sydney is to the right of and below Frankfurt, and a private address is nowhere.
#[test]
fn places_are_where_the_map_has_them() {
    for schema in Schema::ALL {
        let all = [
            ("time", json!("2026-03-02T00:00:00Z")),
            ("action", json!("REJECT")),
            ("direction", json!("inbound")),
            ("role", json!("request")),
        ];
        let sydney =
            [("source_location", json!({"lat": -33.8688, "lon": 151.2093})), ("source_country", json!("Australia"))];
        let frankfurt =
            [("source_location", json!({"lat": 50.1155, "lon": 8.6842})), ("source_country", json!("Germany"))];
        let index = flows(schema, "two-places", &all, &[&sydney, &frankfurt, &[("source", json!("10.0.0.1"))]]);
        let drawn = Panel::of(schema, NAME).draw(&Place::new(&index, ""), &MARCH);
        assert_eq!(drawn.count("circles"), 2);
        let there = drawn.row("places", "countries", "Australia");
        let here = drawn.row("places", "countries", "Germany");
        assert!(number(there, "x") > number(here, "x") + 200.0, "{there} {here}");
        assert!(number(there, "y") > number(here, "y") + 100.0, "{there} {here}");
        assert_eq!((&here["way"], &here["action"]), (&json!("from"), &json!("rejected")));

        let nowhere = flows(schema, "no-places", &all, &[&[("source", json!("10.0.0.1"))]]);
        let drawn = Panel::of(schema, NAME).draw(&Place::new(&nowhere, ""), &MARCH);
        assert_eq!(drawn.count("circles"), 0);
        drawn.must_say("No request here has a location");
    }
}
