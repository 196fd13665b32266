//! Traffic to unused ports: rejected requests on ports where the group accepted nothing.

use super::made_up::{flows, without_template};
use super::panel::{Drawn, Panel, Place};
use super::samples::{self, MARCH, SAMPLES, milliseconds};
use serde_json::{Value, json};
use stack::Schema;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const NAME: &str = "threats-unused-ports";

/// Group and port.
type Asked = (String, u64);

#[derive(Default)]
struct Tally {
    rejected: u64,
    sources: BTreeSet<String>,
    last: i64,
}

fn listed(drawn: &Drawn) -> BTreeSet<Asked> {
    let rows = drawn.rows("unused").iter();
    rows.map(|row| (row["group"].as_str().unwrap().to_owned(), row["port"].as_u64().unwrap())).collect()
}

#[test]
fn on_the_samples_ports_are_listed_that_were_asked_for_in_vain() {
    let mut asked: BTreeMap<Asked, Tally> = BTreeMap::new();
    let mut accepted: BTreeSet<Asked> = BTreeSet::new();
    for record in SAMPLES.records.iter().filter(|record| record.inbound() && !record.is_answer()) {
        let Some(port) = record.number("dstport") else { continue };
        for group in &record.group_ids {
            let key = (group.clone(), port);
            if record.accepted() {
                accepted.insert(key);
            } else if record.rejected() {
                let tally = asked.entry(key).or_default();
                tally.rejected += 1;
                tally.sources.insert(record.text("srcaddr").unwrap().to_owned());
                tally.last = tally.last.max(milliseconds(record));
            }
        }
    }
    let mut ports: HashMap<&str, usize> = HashMap::new();
    for (group, _) in asked.keys() {
        *ports.entry(group).or_default() += 1;
    }
    let meant: BTreeSet<Asked> = asked.keys().filter(|key| !accepted.contains(*key)).cloned().collect();
    println!("{} ports asked for, {} of them in vain, groups {ports:?}", asked.len(), meant.len());
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        assert!(!panel.obeys_filters(), "a filter on rejected records makes every port look unused");
        let drawn = panel.draw_in(&samples::place(schema), &MARCH, (900, 2000));
        let listed = listed(&drawn);
        // Of a group, the forty ports with the most rejected records are asked for.
        let is_cut = ports.values().any(|count| *count > 40);
        assert!(listed.is_subset(&meant), "{:?}", listed.difference(&meant));
        if is_cut {
            drawn.must_say("Not complete");
        } else {
            assert_eq!(listed, meant);
            drawn.must_say_nothing();
        }
        assert!(listed.len() >= 20, "{}", listed.len());
        assert_eq!(drawn.count("rows"), listed.len());
        for row in drawn.rows("unused") {
            let tally = &asked[&(row["group"].as_str().unwrap().to_owned(), row["port"].as_u64().unwrap())];
            assert_eq!(row["rejected"], tally.rejected, "{row}");
            assert_eq!(row["sources"], tally.sources.len(), "{row}");
            assert_eq!(row["last"], tally.last, "{row}");
        }
    }
}

const TIME: &str = "2026-03-02T00:00:00Z";

/// A record, inbound and a request unless it says otherwise.
fn record(group: &str, port: u16, action: &str, others: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut fields = vec![("group_id", json!([group])), ("port", json!(port)), ("action", json!(action))];
    fields.extend_from_slice(others);
    fields
}

fn load(schema: Schema, name: &str, records: &[Vec<(&'static str, Value)>]) -> Place {
    let all = [
        ("time", json!(TIME)),
        ("direction", json!("inbound")),
        ("role", json!("request")),
        ("source", json!("198.51.100.1")),
    ];
    let records: Vec<&[(&str, Value)]> = records.iter().map(Vec::as_slice).collect();
    let inventory = samples::place(schema).inventory;
    Place::new(&flows(schema, name, &all, &records), &inventory)
}

/// Each group is one case, asked for port 23 in vain.
#[test]
fn whatever_may_have_been_accepted_there_counts() {
    let other = [("source", json!("198.51.100.2")), ("time", json!("2026-03-02T05:00:00Z"))];
    let mut records = vec![
        record("sg-plain", 23, "REJECT", &[]),
        record("sg-plain", 23, "REJECT", &other),
        record("sg-plain", 443, "REJECT", &[]),
        record("sg-plain", 443, "ACCEPT", &[]),
    ];
    let accepted = |others: &[(&'static str, Value)]| record("", 23, "ACCEPT", others);
    let cases = [
        ("sg-outbound", accepted(&[("direction", json!("outbound"))]), true),
        ("sg-reply", accepted(&[("role", json!("reply"))]), true),
        ("sg-used", accepted(&[]), false),
        ("sg-ambiguous", accepted(&[("role", json!("ambiguous"))]), false),
        ("sg-no-role", accepted(&[("role", Value::Null)]), false),
        ("sg-no-direction", accepted(&[("direction", Value::Null)]), false),
        ("sg-no-port", accepted(&[("port", Value::Null)]), false),
        // Its logs may leave out what is accepted.
        ("sg-only-rejected", record("", 23, "REJECT", &[]), false),
    ];
    let mut meant = BTreeSet::from([("sg-plain".to_owned(), 23)]);
    for (group, mut case, is_listed) in cases {
        case[0].1 = json!([group]);
        records.push(case);
        records.push(record(group, 23, "REJECT", &[]));
        if group != "sg-only-rejected" {
            records.push(record(group, 8080, "ACCEPT", &[]));
        }
        if is_listed {
            meant.insert((group.to_owned(), 23));
        }
    }
    // In two groups: either may have let it in.
    records.push(record("sg-first", 23, "REJECT", &[]));
    records.push(record("sg-second", 23, "REJECT", &[]));
    records.push(record("sg-first", 23, "ACCEPT", &[("group_id", json!(["sg-first", "sg-second"]))]));
    // Of no known group: any may have.
    records.push(record("sg-plain", 7777, "REJECT", &[]));
    records.push(record("", 7777, "ACCEPT", &[("group_id", Value::Null)]));
    // What AWS lost may have held anything.
    records.push(record(
        "sg-plain",
        0,
        "",
        &[("action", Value::Null), ("port", Value::Null), ("status", json!("SKIPDATA"))],
    ));
    for schema in Schema::ALL {
        let place = load(schema, "asked-in-vain", &records);
        let drawn = Panel::of(schema, NAME).draw(&place, &MARCH);
        assert_eq!(listed(&drawn), meant, "{}", schema.name());
        let row = drawn.row("shown", "group", "sg-plain");
        assert_eq!((&row["rejected"], &row["sources"]), (&json!(2), &json!(2)));
        drawn.must_show("2026-03-02 05:00");
        drawn.must_say("Left out: ports of groups without any accepted record, 1.");
        drawn.must_say("Windows whose records AWS lost (SKIPDATA): 1.");
    }
}

/// An accepted record without group and port may have been for any port of any group.
#[test]
fn one_accepted_record_of_nowhere_speaks_for_all_ports() {
    let records = [
        record("sg-plain", 23, "REJECT", &[]),
        record("sg-plain", 443, "ACCEPT", &[]),
        record("", 0, "ACCEPT", &[("group_id", Value::Null), ("port", Value::Null)]),
    ];
    for schema in Schema::ALL {
        let drawn = Panel::of(schema, NAME).draw(&load(schema, "accepted-nowhere", &records), &MARCH);
        drawn.must_list_nothing("unused");
    }
}

#[test]
fn what_the_answer_could_not_show_is_left_out_and_told() {
    // Port 23 of sg-many was accepted once, port 80 and 443 more often: with room for one port, it would not be in the
    // answer.
    let mut records = vec![record("sg-many", 23, "REJECT", &[]), record("sg-many", 23, "ACCEPT", &[])];
    for _ in 0..3 {
        records.push(record("sg-many", 443, "ACCEPT", &[]));
        records.push(record("sg-many", 80, "ACCEPT", &[]));
        records.push(record("sg-rest", 80, "ACCEPT", &[]));
    }
    records.push(record("sg-rest", 25, "REJECT", &[]));
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = load(schema, "many-ports", &records);
        let rest = BTreeSet::from([("sg-rest".to_owned(), 25)]);
        assert_eq!(listed(&panel.draw(&place, &MARCH)), rest);

        let few_ports = panel.clone().limited("flows", "/aggs/accepted/aggs/groups/aggs/ports/terms/size", 1);
        let drawn = few_ports.draw(&place, &MARCH);
        assert_eq!(listed(&drawn), rest);
        drawn.must_say("left out");

        // Then of sg-rest, which is not in the answer, nobody knows.
        let few_groups = panel.clone().limited("flows", "/aggs/accepted/aggs/groups/terms/size", 1);
        let drawn = few_groups.draw(&place, &MARCH);
        drawn.must_list_nothing("unused");
        drawn.must_say("left out");

        let few_asked = panel.clone().limited("flows", "/aggs/asked/aggs/groups/terms/size", 1);
        few_asked.draw(&place, &MARCH).must_say("Not complete");

        let untyped = without_template(schema, "ports");
        let half = Place::new(&format!("{},{untyped}", place.flows), &place.inventory);
        let drawn = panel.draw(&half, &MARCH);
        drawn.must_list_nothing("unused");
        drawn.must_say("A part of the index did not answer");
    }
}

#[test]
fn accepted_records_of_no_group_are_not_cut_in_silence() {
    let nowhere = [("group_id", Value::Null)];
    let mut records = vec![record("sg-plain", 23, "REJECT", &[]), record("sg-plain", 443, "ACCEPT", &[])];
    records.push(record("", 23, "ACCEPT", &nowhere));
    records.extend([record("", 80, "ACCEPT", &nowhere), record("", 80, "ACCEPT", &nowhere)]);
    for schema in Schema::ALL {
        let place = load(schema, "many-nowhere", &records);
        let panel = Panel::of(schema, NAME).limited("flows", "/aggs/accepted/aggs/unplaced/aggs/ports/terms/size", 1);
        let panel = panel.limited("flows", "/aggs/accepted/aggs/unplaced/aggs/ports/terms/shard_size", 1);
        let drawn = panel.draw(&place, &MARCH);
        drawn.must_list_nothing("unused");
        drawn.must_say("left out");
    }
}
