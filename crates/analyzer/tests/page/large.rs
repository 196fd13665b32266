//! Ten thousand rules: the page opens, and of them only a page of rows is ever there.

use crate::made_up::{Group, Rule, page};
use crate::rows::{found, rows};
use crate::stage::{Stage, sorted, texts};
use serde_json::{Value, json};
use servers::View;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const GROUPS: usize = 200;
const RULES: usize = 50;

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| {
        let mut groups = Vec::new();
        for group in 0..GROUPS {
            let mut rules = Vec::new();
            for place in 0..RULES {
                let number = group * RULES + place;
                let from = (1024 + number * 7 % 6000) as u16;
                rules.push(Rule {
                    id: format!("sgr-{number:017}"),
                    from,
                    to: from + [0, 0, 0, 10, 1000][number % 5],
                    cidr: match number {
                        // The one that is used: without any traffic nothing would be proven.
                        0 => "0.0.0.0/0".to_owned(),
                        _ => format!("10.{}.{}.0/{}", number % 256, number / 256, [24, 25, 28, 30][number % 4]),
                    },
                    description: format!("ticket {} for team {}", 20_000 + number, number % 31),
                    tags: Vec::new(),
                });
            }
            groups.push(Group {
                id: format!("sg-{group:017}"),
                name: format!("service {group} of team-{}", group % 13),
                description: "made up".to_owned(),
                tags: Vec::new(),
                rules,
            });
        }
        page(&groups, "", &[1024])
    })
}

#[test]
fn ten_thousand_rules_are_searched_and_sorted_a_page_at_a_time() {
    let stage = stage();
    let rows = rows(&stage.report);
    assert_eq!(rows.len(), GROUPS * RULES);
    let searches = ["29999", "port:3100 team-7", "group:sg-00000000000000042", "10.7.3.0/24", "\"nothing\""];
    let mut steps = vec![
        json!(["text", "#matches"]),
        json!(["tags"]),
        json!(["text", "#place"]),
        json!(["click", "#after"]),
        json!(["text", "#place"]),
        json!(["tags"]),
    ];
    steps.extend(searches.iter().map(|search| json!(["search", search])));
    steps.extend([
        json!(["clear"]),
        json!(["click", "[data-sort=exposure] button"]),
        json!(["attribute", "#rows tr.rule .open", "aria-label"]),
    ]);
    let answers = stage.visit(View::default(), json!(steps));
    assert_eq!(texts(&answers[0]), ["10,000 rules"]);
    assert_eq!(
        (texts(&answers[2]), texts(&answers[4])),
        (vec!["1–100 of 10,000".to_owned()], vec!["101–200 of 10,000".to_owned()])
    );
    for tags in [&answers[1], &answers[5]] {
        let elements: u64 = tags.as_object().unwrap().values().filter_map(Value::as_u64).sum();
        let lines = tags["tr"].as_u64().unwrap();
        assert!(elements < 20_000, "{elements} elements: {tags}");
        // A hundred of this table and its head; three hundred of the one beside the picture; one of coverage.
        assert!(lines < 410, "{lines} lines");
    }
    let mut sizes = Vec::new();
    for (search, answer) in searches.iter().zip(&answers[6..]) {
        let expected = found(&rows, search);
        assert_eq!(sorted(&answer["ids"]), expected, "{search}");
        sizes.push(expected.len());
    }
    assert!(sizes.contains(&0) && sizes.contains(&50) && sizes.contains(&1), "{sizes:?}");

    // The widest hundred, by exposures worked out here: addresses times ports.
    let mut exposure: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &rows {
        let (_, prefix) = row.peer.split_once('/').unwrap();
        let addresses = 1_u64 << (32 - prefix.parse::<u32>().unwrap());
        exposure.insert(&row.id, addresses * (row.to.unwrap() - row.from.unwrap() + 1));
    }
    let mut widest: Vec<u64> = exposure.values().copied().collect();
    widest.sort_by(|left, right| right.cmp(left));
    let shown = texts(answers.last().unwrap());
    let shown: Vec<u64> = shown.iter().map(|label| exposure[label.strip_prefix("Details of ").unwrap()]).collect();
    assert_eq!(shown, widest[..100]);
}

#[test]
fn paper_has_a_bound_and_says_what_is_left_out() {
    let answers = stage().visit(View::default(), json!([["search", "team-1"], ["clear"], ["print"]]));
    assert_eq!(answers[2]["rows"], 1000);
    assert_eq!(answers[2]["left"], "9,000 more rules fit and are not printed: narrow the search first.");
    assert_eq!(answers[2]["after"], 100);
}
