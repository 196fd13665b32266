//! The page of the samples: whatever can be done on it agrees with the JSON report.

use crate::rows::{Row, found, rows};
use crate::stage::{SAMPLES, Stage, sorted, texts, written};
use serde_json::{Value, json};
use servers::View;
use std::collections::BTreeMap;
use std::path::Path;

const WIDE: View = View { width: 1280, height: 900, dark: false, scripts: true };
const NARROW: View = View { width: 390, height: 844, dark: false, scripts: true };

fn sample_rows() -> Vec<Row> {
    rows(&Stage::of_samples().report)
}

#[test]
fn it_stands_alone_and_shows_every_rule() {
    let stage = Stage::of_samples();
    let answers = stage.visit(WIDE, json!([["ids"], ["text", "#matches"], ["text", "h1"], ["overflow"]]));
    let mut ids: Vec<String> = sample_rows().iter().map(|row| row.id.clone()).collect();
    ids.sort();
    assert_eq!(sorted(&answers[0]), ids);
    assert_eq!(texts(&answers[1]), [format!("{} rules", ids.len())]);
    assert_eq!(texts(&answers[2]), ["Security group rules and their use"]);
    assert_eq!(answers[3], 0, "wider than the window");
    assert_eq!(stage.visit(NARROW, json!([["overflow"]]))[0], 0, "wider than a telephone");
}

#[test]
fn a_search_leaves_what_plain_loops_find() {
    let rows = sample_rows();
    let searches = [
        "443",
        "port:443",
        "22",
        "5432",
        "53",
        "65535",
        "99999",
        "web",
        "WEB",
        "group:web",
        "peer:web",
        "10.",
        "peer:10.0.",
        "udp",
        "shop office",
        "web 443",
        "sgr-0",
        "id:sgr-0a",
        "unused",
        "no such thing",
        "0.0.0.0/0",
        "port:web",
        "office:",
        "  443   peer:0.0.0.0  ",
    ];
    let steps: Vec<Value> = searches.iter().map(|search| json!(["search", search])).collect();
    let answers = Stage::of_samples().visit(WIDE, json!(steps));
    let mut sizes = Vec::new();
    for (search, answer) in searches.iter().zip(&answers) {
        let expected = found(&rows, search);
        assert_eq!(sorted(&answer["ids"]), expected, "{search}");
        let said = answer["said"].as_str().unwrap();
        let words = if expected.len() == rows.len() {
            format!("{} rules", rows.len())
        } else {
            format!("{} of {} rules", expected.len(), rows.len())
        };
        assert_eq!(said, words, "{search}");
        sizes.push(expected.len());
    }
    // The searches tell rules apart: some, none and all but few.
    assert!(sizes.contains(&0) && sizes.iter().any(|size| *size > 0 && *size < rows.len() / 3), "{sizes:?}");
}

/// What a column is sorted by, as text that sorts alike.
fn key(row: &Row, column: &str) -> String {
    let order = ["unused", "redundant", "likely-unused", "too-wide", "no-evidence", "not-logged", "unresolved", "used"];
    let number = |port: Option<u64>| port.map_or("-".to_owned(), |port| format!("{port:05}"));
    match column {
        "verdict" => {
            let place = order.iter().position(|kind| *kind == row.kind()).unwrap();
            format!("{place} {}", row.verdict)
        }
        "group" => format!(
            "{} {}",
            if row.group_name.is_empty() { &row.group_id } else { &row.group_name }.to_lowercase(),
            row.group_id
        ),
        "direction" => row.direction.to_owned(),
        "ports" => format!("{} {} {}", row.protocol, number(row.from), number(row.to)),
        "requests" => format!("{:020}", row.requests),
        // To the minute, as it is shown.
        "last" => row.last_seen.get(..16).unwrap_or_default().to_owned(),
        other => panic!("no column {other}"),
    }
}

#[test]
fn columns_sort_both_ways() {
    let rows = sample_rows();
    let by_id: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let columns = ["verdict", "group", "direction", "ports", "requests", "last"];
    let mut steps = vec![json!(["ids"])];
    for column in columns {
        steps.push(json!(["sort", column]));
        steps.push(json!(["sort", column]));
    }
    let answers = Stage::of_samples().visit(WIDE, json!(steps));
    let unsorted = texts(&answers[0]);
    for (number, column) in columns.iter().enumerate() {
        let first_down = ["requests", "last"].contains(column);
        for (press, answer) in answers[1 + 2 * number..][..2].iter().enumerate() {
            let down = first_down != (press == 1);
            let mut expected: Vec<(String, usize)> =
                unsorted.iter().enumerate().map(|(place, id)| (key(by_id[id.as_str()], column), place)).collect();
            expected.sort_by(|left, right| {
                let order = left.0.cmp(&right.0);
                if down { order.reverse() } else { order }.then(left.1.cmp(&right.1))
            });
            let expected: Vec<&String> = expected.iter().map(|(_, place)| &unsorted[*place]).collect();
            assert_eq!(texts(&answer["ids"]).iter().collect::<Vec<_>>(), expected, "{column}, press {}", press + 1);
            let orders = answer["orders"].as_object().unwrap();
            for (other, order) in orders {
                let wanted = if other != column {
                    "none"
                } else if down {
                    "descending"
                } else {
                    "ascending"
                };
                assert_eq!(order, wanted, "{other} while {column} is sorted");
            }
        }
    }
}

#[test]
fn chips_and_directions_part_the_rules() {
    let rows = sample_rows();
    let kinds = ["unused", "redundant", "likely-unused", "too-wide", "no-evidence", "not-logged", "unresolved", "used"];
    let mut steps = Vec::new();
    for kind in kinds {
        // Pressed, and let go again.
        steps.push(json!(["chip", kind]));
        steps.push(json!(["chip", kind]));
    }
    steps.extend([json!(["direction", "in"]), json!(["direction", "out"]), json!(["direction", ""])]);
    steps.extend([json!(["chip", "used"]), json!(["chip", "unused"]), json!(["direction", "in"]), json!(["clear"])]);
    let answers = Stage::of_samples().visit(WIDE, json!(steps));
    let mut several = 0;
    for (number, kind) in kinds.iter().enumerate() {
        let (pressed, free) = (&answers[2 * number], &answers[2 * number + 1]);
        let mut expected: Vec<String> =
            rows.iter().filter(|row| row.kind() == *kind).map(|row| row.id.clone()).collect();
        expected.sort();
        several += usize::from(!expected.is_empty());
        assert_eq!(sorted(&pressed["ids"]), expected, "{kind}");
        assert_eq!(pressed["count"], expected.len().to_string());
        assert_eq!((&pressed["pressed"], &free["pressed"]), (&json!("true"), &json!("false")));
        assert_eq!(texts(&free["ids"]).len(), rows.len());
    }
    assert!(several >= 5, "the samples have only {several} kinds of rules");
    let of = |holds: &dyn Fn(&Row) -> bool| {
        let mut ids: Vec<String> = rows.iter().filter(|row| holds(row)).map(|row| row.id.clone()).collect();
        ids.sort();
        ids
    };
    let rest = &answers[2 * kinds.len()..];
    assert_eq!(sorted(&rest[0]), of(&|row| row.direction == "in"));
    assert_eq!(sorted(&rest[1]), of(&|row| row.direction == "out"));
    assert_eq!(sorted(&rest[2]), of(&|_| true));
    assert_eq!(sorted(&rest[4]["ids"]), of(&|row| ["used", "unused"].contains(&row.kind())));
    assert_eq!(sorted(&rest[5]), of(&|row| ["used", "unused"].contains(&row.kind()) && row.direction == "in"));
    assert_eq!(sorted(&rest[6]), of(&|_| true), "clear takes everything back");
}

#[test]
fn a_row_opens_to_what_its_verdict_stands_on() {
    let rows = sample_rows();
    let mut steps = Vec::new();
    for row in &rows {
        steps.push(json!(["toggle", row.id]));
        steps.push(json!(["toggle", row.id]));
    }
    let answers = Stage::of_samples().visit(WIDE, json!(steps));
    for (number, row) in rows.iter().enumerate() {
        let (open, closed) = (&answers[2 * number], &answers[2 * number + 1]);
        assert_eq!((&open["expanded"], &closed["expanded"]), (&json!("true"), &json!("false")), "{}", row.id);
        assert_eq!(closed["text"], Value::Null, "{}", row.id);
        let text = open["text"].as_str().unwrap();
        for part in [&row.reason, &row.description, &row.id, &row.group_id] {
            assert!(text.contains(part.as_str()), "{}: `{part}` is not in: {text}", row.id);
        }
        assert_eq!(text.contains("Less would do"), row.is_wide, "{}", row.id);
        // Ports by use, the busiest first, at most thirty.
        let mut ports: Vec<(u64, u64, u64)> = Vec::new();
        for port in row.evidence["ports"].as_array().unwrap() {
            let at = |key: &str| port[key].as_u64().unwrap();
            ports.push((at("requests"), at("from"), at("to")));
        }
        ports.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let mut words: Vec<String> = Vec::new();
        for (_, from, to) in ports.iter().take(30) {
            words.push(if from == to { from.to_string() } else { format!("{from}–{to}") });
        }
        assert_eq!(texts(&open["ports"]), words, "{}", row.id);
        let peers = row.evidence["peers"].as_u64().unwrap();
        assert_eq!(texts(&open["peers"]).len() as u64, peers.min(20), "{}", row.id);
        assert_eq!(
            open["columns"].as_u64().unwrap() > 0,
            row.requests > 0 || row.evidence["ambiguous"] != 0 && peers > 0 && text.contains("When"),
            "{}",
            row.id
        );
    }
}

#[test]
fn the_keyboard_is_enough() {
    let steps = json!([
        ["keys", "Tab", 1],
        ["keys", "Enter", 1],
        ["focus", "#search"],
        ["type", "443"],
        ["text", "#matches"],
        ["keys", "Tab", 6],
        ["keys", "Space", 1],
        ["attribute", ".chip", "aria-pressed"],
        ["keys", "Space", 1],
        ["focus", "[data-sort=requests] button"],
        ["keys", "Enter", 1],
        ["attribute", "[data-sort=requests]", "aria-sort"],
        ["focus", "#rows tr:first-child .open"],
        ["keys", "Enter", 1],
        ["expanded"],
        ["keys", "Space", 1],
        ["expanded"],
    ]);
    let answers = Stage::of_samples().visit(WIDE, steps);
    assert_eq!(texts(&answers[0]), ["a||Skip to the content"]);
    assert!(texts(&answers[1])[0].starts_with("main|content|"), "{}", answers[1]);
    let rows = sample_rows();
    assert_eq!(texts(&answers[4]), [format!("{} of {} rules", found(&rows, "443").len(), rows.len())]);
    let places = texts(&answers[5]);
    assert_eq!(places[..4], ["button||Both", "button||In", "button||Out", "button|clear|Clear"]);
    assert!(places[4].starts_with("button||Unused") && places[5].starts_with("button||Redundant"), "{places:?}");
    assert_eq!(texts(&answers[7]).iter().position(|pressed| pressed == "true"), Some(1));
    assert_eq!(texts(&answers[11]), ["descending"]);
    for focused in [&answers[2], &answers[9], &answers[12]] {
        assert_eq!(focused, "solid", "the focus is not to be seen");
    }
    assert_eq!(texts(&answers[14])[0], "true");
    assert_eq!(texts(&answers[16])[0], "false");
}

#[test]
fn nothing_keeps_people_out() {
    for view in [WIDE, View { dark: true, ..WIDE }, NARROW, View { dark: true, ..NARROW }] {
        let first = &Stage::of_samples().visit(view, json!([["ids"]]))[0];
        let opened = texts(first).into_iter().take(3);
        let mut steps: Vec<Value> = opened.map(|id| json!(["toggle", id])).collect();
        steps.extend([json!(["chip", "unused"]), json!(["chip", "unused"]), json!(["open"]), json!(["axe"])]);
        let answers = Stage::of_samples().visit(view, json!(steps));
        assert_eq!(answers.last().unwrap(), &json!([]), "{view:?}");
    }
}

#[test]
fn colours_can_be_switched() {
    let steps = json!([
        ["evaluate", "getComputedStyle(document.body).backgroundColor"],
        ["click", "#theme"],
        ["click", "#theme"],
        ["evaluate", "getComputedStyle(document.body).backgroundColor"],
        ["text", "#theme"],
        ["click", "#theme"],
        ["evaluate", "getComputedStyle(document.body).backgroundColor"],
    ]);
    let light = Stage::of_samples().visit(WIDE, steps.clone());
    let dark = Stage::of_samples().visit(View { dark: true, ..WIDE }, steps);
    assert_ne!(light[0], dark[0]);
    assert_eq!((&light[3], &light[6]), (&dark[0], &light[0]));
    assert_eq!((&dark[3], &dark[6]), (&dark[0], &dark[0]));
    assert_eq!(texts(&light[4]), ["Dark"]);
}

#[test]
fn without_scripts_all_but_the_table_can_be_read() {
    let view = View { scripts: false, ..WIDE };
    let steps = json!([["text", "main"], ["visible", "#browser"], ["visible", ".switches"], ["visible", "noscript"]]);
    let answers = Stage::of_samples().visit(view, steps);
    let text = &texts(&answers[0])[0];
    let report = &Stage::of_samples().report;
    assert!(text.contains("needs JavaScript"), "{text}");
    for assumption in report["assumptions"].as_array().unwrap() {
        assert!(text.contains(assumption["text"].as_str().unwrap()), "{assumption}");
    }
    for interface in report["interfaces"].as_array().unwrap() {
        assert!(text.contains(interface["interface_id"].as_str().unwrap()), "{interface}");
    }
    assert!(text.contains("Plan") && text.contains("Who may talk to whom"));
    assert_eq!(
        answers[1..],
        [json!(false), json!(false), json!(true)],
        "what needs scripts is not there, and the page says so"
    );
}

#[test]
fn paper_shows_everything_and_the_screen_comes_back() {
    let rows = sample_rows().len();
    let answers = Stage::of_samples().visit(WIDE, json!([["print"]]));
    assert_eq!(answers[0]["rows"], rows);
    assert_eq!((&answers[0]["left"], &answers[0]["closed"]), (&json!(""), &json!(0)));
    assert_eq!(answers[0]["after"], rows.min(100));
    assert!(answers[0]["bytes"].as_u64().unwrap() > 10_000);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let samples = Path::new(SAMPLES);
    let folder = tempfile::tempdir().unwrap();
    let page = |threads: &str| {
        let more = ["--min-days", "2", "--threads", threads];
        let html = written(folder.path(), "html", &samples.join("logs"), &samples.join("inventory"), &more);
        std::fs::read(html).unwrap()
    };
    assert!(page("1") == page("3"), "two runs differ");
}
