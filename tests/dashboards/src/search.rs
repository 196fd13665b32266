//! The searches that Dashboards sends for one panel.

use crate::aggregation::aggregations;
use crate::filter::Clauses;
use crate::objects::{Object, SavedObjects};
use crate::vega_url::data_urls;
use serde_json::{Value, json};

/// A time range, RFC 3339.
#[derive(Clone, Copy, Debug)]
pub struct Range<'a> {
    /// Inclusive.
    pub from: &'a str,
    /// Inclusive.
    pub to: &'a str,
}

impl Range<'_> {
    /// Both ends in milliseconds since 1970.
    pub fn milliseconds(&self) -> (i64, i64) {
        let parse = |text: &str| text.parse::<jiff::Timestamp>().expect("a time range in RFC 3339").as_millisecond();
        (parse(self.from), parse(self.to))
    }

    fn seconds(&self) -> u64 {
        let (from, to) = self.milliseconds();
        to.saturating_sub(from).unsigned_abs() / 1_000
    }
}

/// One search.
#[derive(Clone, Debug)]
pub struct Search {
    /// Which of the panel's: empty, the label of a control, or the name of a Vega data set.
    pub what: String,
    /// Title of the index pattern.
    pub index: String,
    /// Its body.
    pub body: Value,
}

/// What is asked for one visualization or saved search; nothing for text.
///
/// # Errors
/// If the object is broken, or uses something that is not known here.
pub fn searches(objects: &SavedObjects, object: &Object, range: &Range<'_>) -> Result<Vec<Search>, String> {
    let named = |error: String| format!("{}: {error}", object.id);
    if object.kind == "search" {
        return records(objects, object, range).map(|search| vec![search]).map_err(named);
    }
    let state = object.json("visState")?;
    match state["type"].as_str().unwrap_or_default() {
        "markdown" => Ok(Vec::new()),
        "input_control_vis" => controls(objects, object, &state, range).map_err(named),
        "vega" => vega(&state, range).map_err(named),
        _ => {
            let pattern = pattern(objects, object, "kibanaSavedObjectMeta.searchSourceJSON.index").map_err(named)?;
            let query = query(object, pattern, range).map_err(named)?;
            let aggs = state["aggs"].as_array().map_or(&[][..], Vec::as_slice);
            let aggs = aggregations(aggs, range.seconds()).map_err(named)?;
            let body = json!({"size": 0, "track_total_hits": true, "query": query, "aggs": aggs});
            Ok(vec![Search { what: String::new(), index: title(pattern), body }])
        }
    }
}

fn pattern<'a>(objects: &'a SavedObjects, object: &Object, name: &str) -> Result<&'a Object, String> {
    objects.get("index-pattern", object.reference(name)?)
}

fn title(pattern: &Object) -> String {
    pattern.text("title").to_owned()
}

/// The panel's filters, and the time range where the index pattern has a time field.
fn query(object: &Object, pattern: &Object, range: &Range<'_>) -> Result<Value, String> {
    let mut clauses = Clauses::of(&object.search_source()?)?;
    let time_field = pattern.text("timeFieldName");
    if !time_field.is_empty() {
        let bounds = json!({"gte": range.from, "lte": range.to, "format": "strict_date_optional_time"});
        clauses.filter.push(json!({"range": {time_field: bounds}}));
    }
    Ok(clauses.query())
}

fn records(objects: &SavedObjects, object: &Object, range: &Range<'_>) -> Result<Search, String> {
    let pattern = pattern(objects, object, "kibanaSavedObjectMeta.searchSourceJSON.index")?;
    let mut sort = Vec::new();
    for pair in object.attribute("sort").as_array().into_iter().flatten() {
        let (Some(field), Some(direction)) = (pair[0].as_str(), pair[1].as_str()) else {
            return Err(format!("a sort that is no pair: {pair}"));
        };
        sort.push(json!({field: {"order": direction, "unmapped_type": "boolean"}}));
    }
    let columns = object.attribute("columns").as_array().cloned().unwrap_or_default();
    let body = json!({"size": 500, "track_total_hits": true, "query": query(object, pattern, range)?, "sort": sort,
        "docvalue_fields": columns});
    Ok(Search { what: String::new(), index: title(pattern), body })
}

fn controls(objects: &SavedObjects, object: &Object, state: &Value, range: &Range<'_>) -> Result<Vec<Search>, String> {
    let mut searches = Vec::new();
    for control in state["params"]["controls"].as_array().into_iter().flatten() {
        let name = control["indexPatternRefName"].as_str().unwrap_or_default();
        let pattern = pattern(objects, object, name)?;
        let field = control["fieldName"].as_str().unwrap_or_default();
        if control["type"] != "list" {
            return Err(format!("a control of type {}", control["type"]));
        }
        let size = control["options"]["size"].as_u64().unwrap_or(10);
        let terms = json!({"terms": {"field": field, "size": size, "order": {"_count": "desc"}}});
        let mut body = json!({"size": 0, "track_total_hits": true, "aggs": {"termsAgg": terms}});
        if state["params"]["useTimeFilter"] == true {
            body["query"] = query(object, pattern, range)?;
        }
        let what = control["label"].as_str().unwrap_or(field).to_owned();
        searches.push(Search { what, index: title(pattern), body });
    }
    Ok(searches)
}

fn vega(state: &Value, range: &Range<'_>) -> Result<Vec<Search>, String> {
    let text = state["params"]["spec"].as_str().unwrap_or_default();
    let spec: Value = serde_json::from_str(text).map_err(|error| format!("the Vega spec is no JSON: {error}"))?;
    let urls = data_urls(&spec, range)?;
    Ok(urls.into_iter().map(|url| Search { what: url.name, index: url.index, body: url.body }).collect())
}
