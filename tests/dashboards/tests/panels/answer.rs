//! What OpenSearch answers to a panel's search, as rows.

use super::levels::Level;
use super::rows::Rows;
use serde_json::Value;

/// A panel's levels of buckets and its numbers, in the order of `visState.aggs`.
pub struct Columns {
    levels: Vec<(String, Level)>,
    /// Id and type.
    numbers: Vec<(String, String)>,
}

impl Columns {
    pub fn of(state: &Value) -> Columns {
        let mut columns = Columns { levels: Vec::new(), numbers: Vec::new() };
        for agg in state["aggs"].as_array().into_iter().flatten() {
            let id = agg["id"].as_str().unwrap().to_owned();
            let kind = agg["type"].as_str().unwrap();
            if agg["schema"] == "metric" {
                columns.numbers.push((id, kind.to_owned()));
                continue;
            }
            let params = &agg["params"];
            let level = match (kind, params["orderBy"].as_str(), params["order"].as_str()) {
                ("date_histogram", ..) if params["field"] == "@timestamp" => Level::Time,
                // The numbers stand first, so the first of them has the id 1.
                ("terms", Some("1"), Some("desc")) => Level::Top(params["size"].as_u64().unwrap()),
                ("terms", Some("_key"), Some("asc")) => Level::ByName(params["size"].as_u64().unwrap()),
                _ => panic!("a level of unknown form: {agg}"),
            };
            columns.levels.push((id, level));
        }
        columns
    }

    /// The levels from the outermost in.
    pub fn levels(&self) -> Vec<Level> {
        self.levels.iter().map(|(_, level)| *level).collect()
    }

    /// Whether a number is an estimate: of different values.
    pub fn is_estimate(&self, number: usize) -> bool {
        self.numbers[number].1 == "cardinality"
    }

    /// The rows, and their paths in the order that they are shown.
    pub fn rows(&self, answer: &Value) -> (Rows, Vec<Vec<String>>) {
        let mut rows = Rows::new();
        let mut order = Vec::new();
        let total = answer["hits"]["total"]["value"].as_f64().unwrap_or_default();
        self.walk(&answer["aggregations"], total, &mut Vec::new(), &mut |path, numbers| {
            order.push(path.to_vec());
            assert!(rows.insert(path.to_vec(), numbers).is_none(), "{path:?} is there twice");
        });
        (rows, order)
    }

    /// The rows without their times, added up.
    pub fn rows_of_all_time(&self, answer: &Value) -> Rows {
        let mut sums = Rows::new();
        for (path, numbers) in self.rows(answer).0 {
            let keys = path.into_iter().zip(&self.levels).filter(|(_, (_, level))| *level != Level::Time);
            let sum = sums.entry(keys.map(|(key, _)| key).collect()).or_insert_with(|| vec![0.0; numbers.len()]);
            for (sum, number) in sum.iter_mut().zip(&numbers) {
                *sum += number;
            }
        }
        sums
    }

    fn walk(&self, bucket: &Value, count: f64, path: &mut Vec<String>, give: &mut impl FnMut(&[String], Vec<f64>)) {
        let Some((id, _)) = self.levels.get(path.len()) else {
            let number = |(id, kind): &(String, String)| {
                if kind == "count" { count } else { bucket[id]["value"].as_f64().unwrap_or_default() }
            };
            give(path, self.numbers.iter().map(number).collect());
            return;
        };
        for inner in bucket[id]["buckets"].as_array().into_iter().flatten() {
            path.push(inner["key"].as_str().map_or_else(|| inner["key"].to_string(), str::to_owned));
            self.walk(inner, inner["doc_count"].as_f64().unwrap_or_default(), path, give);
            path.pop();
        }
    }
}
