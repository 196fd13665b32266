//! Group, port and source of accepted inbound requests, as ribbons.

use super::made_up::flows;
use super::panel::{Drawn, Panel, Place, number};
use super::samples::{self, MARCH, SAMPLES};
use serde_json::{Value, json};
use stack::{Schema, project};
use std::collections::{BTreeMap, BTreeSet};

const NAME: &str = "overview-sankey";
/// How many of a column have names of their own.
const NAMED: usize = 9;

/// Group, port, source.
type Leaf = [String; 3];

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Sum {
    records: u64,
    bytes: u64,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.records += other.records;
        self.bytes += other.bytes;
    }

    fn of(row: &Value) -> Sum {
        Sum { records: row["records"].as_u64().unwrap(), bytes: row["bytes"].as_u64().unwrap() }
    }
}

/// An accepted request.
struct Request {
    groups: Vec<String>,
    port: String,
    source: String,
    bytes: u64,
}

/// The greatest of a column keep their names.
fn named(requests: &[Request], labels: fn(&Request) -> &[String]) -> BTreeSet<String> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    for request in requests {
        for label in labels(request) {
            *sums.entry(label).or_default() += request.bytes;
        }
    }
    let mut order: Vec<(u64, &str)> = sums.into_iter().map(|(label, bytes)| (bytes, label)).collect();
    order.sort_unstable_by(|a, b| b.cmp(a));
    let tie = order.len() > NAMED && order[NAMED - 1].0 == order[NAMED].0;
    assert!(!tie, "two may both be the last with a name: {order:?}");
    order.into_iter().take(NAMED).map(|(_, label)| label.to_owned()).collect()
}

/// The leaves, with "other ..." for what has no name of its own. A request counts in each of its groups.
fn shown(requests: &[Request]) -> BTreeMap<Leaf, Sum> {
    let groups = named(requests, |request| &request.groups);
    let ports = named(requests, |request| std::slice::from_ref(&request.port));
    let sources = named(requests, |request| std::slice::from_ref(&request.source));
    let label = |named: &BTreeSet<String>, label: &String, other: &str| {
        if named.contains(label) { label.clone() } else { other.to_owned() }
    };
    let mut shown: BTreeMap<Leaf, Sum> = BTreeMap::new();
    for request in requests {
        for group in &request.groups {
            let leaf = [
                label(&groups, group, "other groups"),
                label(&ports, &request.port, "other ports"),
                label(&sources, &request.source, "other sources"),
            ];
            shown.entry(leaf).or_default().add(Sum { records: 1, bytes: request.bytes });
        }
    }
    shown
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap().to_owned()
}

/// What the picture is made of.
fn leaves(drawn: &Drawn) -> BTreeMap<Leaf, Sum> {
    let mut leaves: BTreeMap<Leaf, Sum> = BTreeMap::new();
    for row in drawn.rows("leaves") {
        leaves.insert([text(row, "group"), text(row, "port"), text(row, "peer")], Sum::of(row));
    }
    leaves
}

/// Sums by all columns but the sources.
fn without_sources(leaves: &BTreeMap<Leaf, Sum>) -> BTreeMap<[&str; 2], Sum> {
    let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
    for ([group, port, _], sum) in leaves {
        sums.entry([group.as_str(), port.as_str()]).or_default().add(*sum);
    }
    sums
}

/// The marks are those of the leaves.
fn check_marks(drawn: &Drawn, meant: &BTreeMap<Leaf, Sum>) {
    let mut columns: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let mut links: BTreeSet<(String, String)> = BTreeSet::new();
    for (leaf, sum) in meant {
        for (column, label) in ["group", "port", "peer"].iter().zip(leaf) {
            columns.entry(((*column).to_owned(), label.clone())).or_default().add(*sum);
        }
        links.insert((leaf[0].clone(), leaf[1].clone()));
    }
    for row in drawn.rows("columns") {
        let key = (text(row, "column"), text(row, "label"));
        assert_eq!(columns.get(&key), Some(&Sum::of(row)), "{key:?}");
    }
    assert_eq!(drawn.count("nodes"), columns.len());
    // From group to port one for each pair, from port to source one for each leaf, for it has the colour of the group.
    assert_eq!(drawn.count("ribbons"), links.len() + meant.len());
    check_places(drawn);
}

/// Everything lies in the picture, nothing on another, and no label on another.
fn check_places(drawn: &Drawn) {
    for column in ["group", "port", "peer"] {
        let of_column = drawn.rows("placed").iter().filter(|row| row["column"] == column);
        let mut nodes: Vec<(f64, f64)> = of_column.map(|row| (number(row, "y"), number(row, "high"))).collect();
        nodes.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = nodes.last().unwrap();
        assert!(nodes[0].0 >= 40.0 && last.0 + last.1 <= 500.0, "{column}: {nodes:?}");
        for pair in nodes.windows(2) {
            let ((upper, high), (lower, low)) = (pair[0], pair[1]);
            assert!(upper + high <= lower + 0.01, "{column}: nodes overlap: {pair:?}");
            let between_labels = (lower + low / 2.0) - (upper + high / 2.0);
            assert!(between_labels >= 11.0, "{column}: labels overlap: {pair:?}");
        }
    }
}

#[test]
fn on_the_samples_the_ribbons_are_the_accepted_requests() {
    let mut requests = Vec::new();
    for record in SAMPLES.requests().filter(|record| record.accepted() && record.inbound()) {
        requests.push(Request {
            groups: record.groups.clone(),
            port: record.text("dstport").unwrap().to_owned(),
            source: record.text("srcaddr").unwrap().to_owned(),
            bytes: record.number("bytes").unwrap(),
        });
    }
    let meant = shown(&requests);
    for schema in Schema::ALL {
        let panel = Panel::of(schema, NAME);
        let place = samples::place(schema);
        let drawn = panel.draw(&place, &MARCH);
        let leaves = leaves(&drawn);
        println!("{} accepted requests, {} leaves", requests.len(), leaves.len());
        assert_eq!(without_sources(&leaves), without_sources(&meant));
        // There is an index for each day, and a source that on some day is not among its first 200 counts as another
        // source then.
        for (leaf, sum) in leaves.iter().filter(|([_, _, source], _)| source != "other sources") {
            let all = meant.get(leaf).unwrap_or_else(|| panic!("{leaf:?}"));
            assert!(sum.records <= all.records && sum.records + 5 > all.records, "{leaf:?}: {sum:?} of {all:?}");
            assert!(sum.bytes <= all.bytes, "{leaf:?}: {sum:?} of {all:?}");
        }
        check_marks(&drawn, &leaves);
        drawn.must_say_nothing();
        drawn.must_show("width: bytes");
        drawn.must_show("ambiguous records");
        panel.draw_in(&place, &MARCH, (300, 150));
    }
}

/// Twelve groups, ports and sources, of which three each have no name of their own, and requests in two groups.
#[test]
fn what_is_not_among_the_greatest_is_added_up() {
    let mut requests = Vec::new();
    for number in 0..144_u64 {
        let (port, source) = (number % 12, number / 12);
        let group = (port + 5 * source) % 12;
        let mut groups = vec![format!("group-{group}")];
        if number % 5 == 0 {
            groups.push(format!("group-{}", (group + 3) % 12));
        }
        let bytes = 1_000 + (group + 1) * 100_000 + (port + 1) * 10_000 + (source + 1) * 1_000 + number;
        let (port, source) = ((8_000 + port).to_string(), format!("198.51.100.{source}"));
        requests.push(Request { groups, port, source, bytes });
    }
    let meant = shown(&requests);
    let is_other = |leaf: &Leaf| leaf.each_ref().map(|label| label.starts_with("other "));
    let combinations: BTreeSet<[bool; 3]> = meant.keys().map(is_other).collect();
    assert_eq!(combinations.len(), 8, "groups, ports and sources with and without names, in all combinations");
    let mut documents = Vec::new();
    for Request { groups, port, source, bytes } in &requests {
        documents.push([
            ("group", json!(groups)),
            ("port", json!(port)),
            ("source", json!(source)),
            ("bytes", json!(bytes)),
        ]);
    }
    let documents: Vec<&[_]> = documents.iter().map(<[_; 4]>::as_slice).collect();
    for schema in Schema::ALL {
        let place = load(schema, "twelve", &documents);
        let panel = Panel::of(schema, NAME);
        let drawn = panel.draw(&place, &MARCH);
        assert_eq!(leaves(&drawn), meant);
        check_marks(&drawn, &meant);
        drawn.must_say_nothing();
        drawn.must_show("other groups");

        let limited = panel.limited("flows", "/aggs/requests/aggs/groups/terms/size", 10);
        limited.draw(&place, &MARCH).must_say("records of further groups are not in the picture");
    }
}

/// What is not an accepted inbound request is not in the picture; a record without group or port is, under words that
/// say so.
#[test]
fn only_requests_that_were_let_in_are_drawn() {
    let plain = [("group", json!(["web"])), ("port", json!(443)), ("source", json!("198.51.100.1"))];
    let but = |name: &'static str, value: Value| {
        let mut fields = plain.to_vec();
        fields.push((name, value));
        fields
    };
    let documents = [
        but("bytes", Value::Null),
        but("group", Value::Null),
        but("port", Value::Null),
        but("action", json!("REJECT")),
        but("direction", json!("outbound")),
        but("role", json!("reply")),
        but("role", json!("ambiguous")),
        but("role", Value::Null),
    ];
    let leaf = |group: &str, port: &str| [group.to_owned(), port.to_owned(), "198.51.100.1".to_owned()];
    let one = Sum { records: 1, bytes: 0 };
    let meant = BTreeMap::from([
        (leaf("web", "443"), one),
        (leaf("(no group known)", "443"), one),
        (leaf("web", "no port"), one),
    ]);
    for schema in Schema::ALL {
        let place = load(schema, "let-in", &documents.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let drawn = Panel::of(schema, NAME).draw(&place, &MARCH);
        assert_eq!(leaves(&drawn), meant);
        check_marks(&drawn, &meant);
        drawn.must_show("width: records");
        drawn.must_show("1 ambiguous record");
    }
}

fn load(schema: Schema, name: &str, documents: &[&[(&str, Value)]]) -> Place {
    let all = [
        ("time", json!("2026-03-02T00:00:00Z")),
        ("action", json!("ACCEPT")),
        ("direction", json!("inbound")),
        ("role", json!("request")),
    ];
    Place::new(&flows(schema, name, &all, documents), "")
}

/// The picture of the README: `SGFLOW_PICTURE=sankey.png`, by its path from the project's root.
#[test]
fn a_picture_is_written_where_one_is_asked_for() {
    let Ok(path) = std::env::var("SGFLOW_PICTURE") else { return };
    let path = project(&path);
    Panel::of(Schema::Classic, NAME).picture(&samples::place(Schema::Classic), &MARCH, &path);
    let bytes = std::fs::read(&path).unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000, "{} bytes", bytes.len());
}
