//! Every panel of every dashboard on a real OpenSearch: the search that Dashboards makes of the saved object, over the decorated
//! samples, against what the panel means.
//!
//! What it means is said again in `meaning.rs`, over the samples read by other means than the product's (`records.rs`, `rules.rs`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answer;
mod comparison;
mod controls;
mod decoys;
mod fields;
mod levels;
mod listed;
mod meaning;
mod odd;
mod records;
mod rows;
mod rules;

use answer::Columns;
use dashboards_test::{Object, Range, SavedObjects, searches};
use fields::Template;
use meaning::{Meaning, World};
use rows::Rows;
use serde_json::{Value, json};
use servers::OpenSearch;
use stack::{Schema, Stack, project};
use std::io::Write as _;

const MARCH: Range<'static> = Range { from: "2026-03-01T00:00:00Z", to: "2026-03-04T00:00:00Z" };

#[test]
fn every_panel_shows_what_it_means() {
    let server = OpenSearch::shared();
    let stack = Stack::on(server);
    stack.clear();
    stack.put_templates();
    let world = World::new(records::samples());
    let (mut panels, mut with_rows, mut faults) = (0, 0, Vec::new());
    for schema in Schema::ALL {
        stack.load_samples(schema);
        stack.load_inventory(schema, &project("samples/inventory"));
        odd::load(&stack, schema);
        decoys::put(server, schema);
        let objects = SavedObjects::read(&schema.saved_objects()).unwrap();
        let template = Template::of(schema);
        for object in
            objects.objects.iter().filter(|object| ["visualization", "search"].contains(&object.kind.as_str()))
        {
            panels += 1;
            let panel = Panel { server, objects: &objects, object, name: name(object, schema), template: &template };
            match panel.check(&world) {
                Ok(true) => with_rows += 1,
                Ok(false) => {}
                Err(fault) => faults.push(format!("{}: {fault}", object.id)),
            }
        }
    }
    // Not `println`, which is shown only when a test fails.
    writeln!(std::io::stderr(), "{panels} panels, of which {with_rows} returned rows over the samples").unwrap();
    assert!(faults.is_empty(), "{} panels are wrong:\n{}", faults.len(), faults.join("\n"));
    // Of 62 panels a schema, five are text, and two are empty, which is good.
    assert_eq!((panels, with_rows), (2 * 62, 2 * 55));
}

/// The id without the part that all ids of a schema have.
fn name(object: &Object, schema: Schema) -> String {
    let prefix = format!("sgflow-{}-", schema.name());
    object.id.strip_prefix(&prefix).unwrap_or_else(|| panic!("{} is no id of {}", object.id, schema.name())).to_owned()
}

struct Panel<'a> {
    server: &'a OpenSearch,
    objects: &'a SavedObjects,
    object: &'a Object,
    name: String,
    template: &'a Template,
}

impl Panel<'_> {
    /// Whether it returned rows.
    fn check(&self, world: &World) -> Result<bool, String> {
        let meaning = world.meaning(&self.name).ok_or("nobody has said in meaning.rs what it means")?;
        let searches = searches(self.objects, self.object, &MARCH)?;
        let mut answers = Vec::new();
        for search in &searches {
            self.template.check(search)?;
            let answer = self.server.search(&search.index, &search.body);
            if answer["_shards"]["failed"] != 0 || answer["timed_out"] != false {
                return Err(format!("{}: {answer}", search.what));
            }
            answers.push(answer);
        }
        self.check_odd()?;
        self.check_decoys()?;
        match meaning {
            Meaning::Text => need(searches.is_empty(), "text that asks for something").map(|()| false),
            Meaning::Hits(count) => self.check_hits(&answers[0], count),
            Meaning::Controls => controls::check(&searches, &answers, world).map(|()| true),
            // The drawings are held against the world in vega.rs; here only that their searches find something.
            Meaning::Drawn => need(answers.iter().any(found), "no search of it finds anything").map(|()| true),
            Meaning::Empty => {
                need(!found(&answers[0]), "it should be empty on the samples")?;
                need(odd::rows_of(&self.name).is_some(), "nobody has said in odd.rs when it is not empty")
                    .map(|()| false)
            }
            Meaning::Rows(expected) => self.check_rows(&answers[0], &expected).map(|()| true),
            Meaning::Inventory => self.check_inventory(&answers[0]).map(|()| true),
        }
    }

    /// Records that lack fields are in its rows.
    fn check_odd(&self) -> Result<(), String> {
        let Some(expected) = odd::rows_of(&self.name) else { return Ok(()) };
        let search = &searches(self.objects, self.object, &odd::APRIL)?[0];
        let answer = self.server.search(&search.index, &search.body);
        let shown = Columns::of(&self.object.json("visState")?).rows_of_all_time(&answer);
        need(shown == expected, &format!("records that lack fields: {shown:?}, means {expected:?}"))
    }

    fn check_hits(&self, answer: &Value, count: usize) -> Result<bool, String> {
        let hits = answer["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
        need(answer["hits"]["total"]["value"] == json!(count), &format!("{} hits", answer["hits"]["total"]))?;
        let times: Vec<&str> = hits.iter().map(|hit| hit["_source"]["@timestamp"].as_str().unwrap()).collect();
        need(times.is_sorted_by(|a, b| a >= b), "not newest first")?;
        let columns = self.object.attribute("columns").as_array().unwrap();
        for column in columns.iter().map(|column| column.as_str().unwrap()) {
            let shown = hits.iter().any(|hit| hit["fields"].get(column).is_some());
            need(shown, &format!("no record has the column {column}"))?;
        }
        Ok(true)
    }

    /// Records that it must leave out are in none of its rows.
    fn check_decoys(&self) -> Result<(), String> {
        if !decoys::BLIND.contains(&&*self.name) {
            return Ok(());
        }
        let search = &searches(self.objects, self.object, &decoys::MAY)?[0];
        let answer = self.server.search(&search.index, &search.body);
        let (shown, _) = self.columns()?.rows(&answer);
        need(shown.is_empty(), &format!("records that it must leave out: {shown:?}"))
    }

    /// Its levels are as promised.
    fn columns(&self) -> Result<Columns, String> {
        let columns = Columns::of(&self.object.json("visState")?);
        let promised = levels::levels(&self.name);
        need(columns.levels() == promised, &format!("shows {:?}, promised are {promised:?}", columns.levels()))?;
        Ok(columns)
    }

    fn check_rows(&self, answer: &Value, expected: &Rows) -> Result<(), String> {
        let columns = self.columns()?;
        let (shown, order) = columns.rows(answer);
        need(!shown.is_empty(), "no rows")?;
        comparison::compare(&columns, &shown, &order, expected)
    }

    fn check_inventory(&self, answer: &Value) -> Result<(), String> {
        let (shown, _) = self.columns()?.rows(answer);
        if self.name.ends_with("-groups") { listed::check_groups(&shown) } else { listed::check_rules(&shown) }
    }
}

fn found(answer: &Value) -> bool {
    answer["hits"]["total"]["value"].as_u64().is_some_and(|total| total > 0)
}

fn need(is_so: bool, otherwise: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.to_owned()) }
}
