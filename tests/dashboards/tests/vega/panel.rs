//! One panel, drawn.

use dashboards_test::{Range, SavedObjects, data_urls};
use serde_json::{Value, json};
use servers::{Chromium, OpenSearch, Rendered, Vega};
use stack::{Schema, Stack};
use std::path::Path;
use std::sync::LazyLock;

/// The size of a panel over the whole width of a dashboard.
pub const WIDE: (u32, u32) = (900, 500);

static BROWSER: LazyLock<(Chromium, Vega)> = LazyLock::new(|| (Chromium::find(), Vega::install()));

/// The OpenSearch of these tests, with all templates.
pub fn server() -> &'static OpenSearch {
    static SERVER: LazyLock<&'static OpenSearch> = LazyLock::new(|| {
        let server = OpenSearch::shared();
        Stack::on(server).put_templates();
        server
    });
    *SERVER
}

/// Which indices a panel finds where it looks for flows and for the inventory. So tests that run side by side on one
/// server do not see each other's documents.
#[derive(Clone, Debug)]
pub struct Place {
    pub flows: String,
    pub inventory: String,
}

impl Place {
    pub fn new(flows: &str, inventory: &str) -> Place {
        Place { flows: flows.to_owned(), inventory: inventory.to_owned() }
    }
}

/// An index pattern that matches nothing.
pub const NO_INDEX: &str = "sgflow-there-is-none*";

#[derive(Clone, Debug)]
pub struct Panel {
    pub schema: Schema,
    /// `overview-sankey`.
    pub name: String,
    spec: Value,
}

impl Panel {
    /// All Vega panels of a schema.
    pub fn all(schema: Schema) -> Vec<Panel> {
        let objects = SavedObjects::read(&schema.saved_objects()).unwrap();
        let prefix = format!("sgflow-{}-", schema.name());
        let mut panels = Vec::new();
        for object in objects.of_type("visualization") {
            let state = object.json("visState").unwrap();
            if state["type"] == "vega" {
                let spec = serde_json::from_str(state["params"]["spec"].as_str().unwrap()).unwrap();
                panels.push(Panel { schema, name: object.id.replacen(&prefix, "", 1), spec });
            }
        }
        panels
    }

    pub fn of(schema: Schema, name: &str) -> Panel {
        let found = Panel::all(schema).into_iter().find(|panel| panel.name == name);
        found.unwrap_or_else(|| panic!("no Vega panel {name} in {}", schema.saved_objects().display()))
    }

    /// Sets a limit in the search of a data set: `/aggs/rules/terms/size`.
    pub fn limited(mut self, data: &str, pointer: &str, limit: u32) -> Panel {
        let sets = self.spec["data"].as_array_mut().unwrap();
        let set = sets.iter_mut().find(|set| set["name"] == data).unwrap();
        let there = set["url"]["body"].pointer_mut(pointer);
        *there.unwrap_or_else(|| panic!("{}: {data} has no {pointer}", self.name)) = json!(limit);
        self
    }

    /// Whether some search of it obeys the filters and controls of its dashboard.
    pub fn obeys_filters(&self) -> bool {
        let text = self.spec["data"].to_string();
        text.contains("%context%") || text.contains("%dashboard_context")
    }

    /// Draws it; an error or a warning fails the test.
    pub fn draw(&self, place: &Place, range: &Range<'_>) -> Drawn {
        self.draw_in(place, range, WIDE)
    }

    /// The same in a panel of that size.
    pub fn draw_in(&self, place: &Place, range: &Range<'_>, (width, height): (u32, u32)) -> Drawn {
        let spec = self.answered(place, range);
        let (chromium, vega) = &*BROWSER;
        let rendered = vega.render(chromium, &spec, width, height);
        let name = format!("{} {} on {place:?}", self.schema.name(), self.name);
        assert_eq!(rendered.error, None, "{name}");
        assert_eq!(rendered.warnings, Vec::<String>::new(), "{name}");
        Drawn { name, rendered }
    }

    pub fn picture(&self, place: &Place, range: &Range<'_>, png: &Path) {
        let (chromium, vega) = &*BROWSER;
        vega.picture(chromium, &self.answered(place, range), WIDE.0, WIDE.1, png);
    }

    /// The spec with OpenSearch's answers in place of its searches.
    fn answered(&self, place: &Place, range: &Range<'_>) -> Value {
        let mut spec = self.spec.clone();
        for url in data_urls(&spec, range).unwrap() {
            let index = if url.index == self.schema.pattern() {
                &place.flows
            } else if url.index == "sgflow-inventory*" {
                &place.inventory
            } else {
                panic!("{}: {} looks in {}", self.name, url.name, url.index)
            };
            let mut answer = server().search(index, &url.body);
            // The dashboards of 7.10 hand total hits on as a number, later ones as OpenSearch tells them: a spec must
            // read both.
            if self.schema == Schema::Ecs {
                answer["hits"]["total"] = answer["hits"]["total"]["value"].take();
            }
            let data = spec["data"][url.position].as_object_mut().unwrap();
            data.remove("url");
            data.insert("values".to_owned(), answer);
        }
        spec
    }
}

/// What a panel shows.
pub struct Drawn {
    name: String,
    pub rendered: Rendered,
}

impl Drawn {
    /// The rows of a data set.
    pub fn rows(&self, data: &str) -> &[Value] {
        let rows = self.rendered.data[data].as_array();
        rows.unwrap_or_else(|| panic!("{}: no data set {data}", self.name))
    }

    /// The only row of a data set that has this value.
    pub fn row(&self, data: &str, field: &str, value: &str) -> &Value {
        let mut found = self.rows(data).iter().filter(|row| row[field] == value);
        match (found.next(), found.next()) {
            (Some(row), None) => row,
            _ => panic!("{}: not one row of {data} has {field} {value}: {:#?}", self.name, self.rows(data)),
        }
    }

    /// A text of each row, in the order of the data set.
    pub fn texts(&self, data: &str, field: &str) -> Vec<&str> {
        self.rows(data).iter().map(|row| row[field].as_str().unwrap()).collect()
    }

    /// How many items a named mark has.
    pub fn count(&self, mark: &str) -> usize {
        let count = self.rendered.marks.get(mark);
        *count.unwrap_or_else(|| panic!("{}: no mark {mark}", self.name))
    }

    /// Fails unless one of the notices holds these words and can be read in the picture.
    pub fn must_say(&self, words: &str) {
        let said = self.texts("notices", "text");
        assert!(said.iter().any(|text| text.contains(words)), "{} does not say {words:?} but {said:?}", self.name);
        assert_eq!(self.count("notice"), said.len(), "{}", self.name);
        self.must_show(words);
    }

    /// Fails unless these words can be read in the picture, notice or not.
    pub fn must_show(&self, words: &str) {
        let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(self.rendered.svg.contains(&escaped), "{}: {words:?} is not in the picture", self.name);
    }

    pub fn must_not_show(&self, words: &str) {
        assert!(!self.rendered.svg.contains(words), "{}: {words:?} is in the picture", self.name);
    }

    /// Fails if there is any notice.
    pub fn must_say_nothing(&self) {
        assert_eq!(self.texts("notices", "text"), Vec::<&str>::new(), "{}", self.name);
    }

    /// Fails if a data set has rows, or the table shows any.
    pub fn must_list_nothing(&self, data: &str) {
        assert_eq!(self.rows(data), &[] as &[Value], "{}", self.name);
        assert_eq!(self.count("rows"), 0, "{}", self.name);
    }
}

/// A number of a row.
pub fn number(row: &Value, field: &str) -> f64 {
    row[field].as_f64().unwrap_or_else(|| panic!("{field} is no number in {row}"))
}
