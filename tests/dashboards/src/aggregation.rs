//! `visState.aggs` as aggregations of a search.

use serde_json::{Map, Value, json};

/// The aggregations of a panel: buckets in their order, each inside the one before, and all metrics in each.
pub(crate) fn aggregations(aggs: &[Value], seconds: u64) -> Result<Value, String> {
    let enabled: Vec<&Value> = aggs.iter().filter(|agg| agg["enabled"] != false).collect();
    let mut metrics = Map::new();
    for agg in enabled.iter().filter(|agg| agg["schema"] == "metric") {
        if let Some(body) = metric(agg)? {
            metrics.insert(id(agg)?, body);
        }
    }
    let mut inner = metrics.clone();
    for agg in enabled.iter().rev().filter(|agg| agg["schema"] != "metric") {
        let mut body = bucket(agg, &enabled, seconds)?;
        if !inner.is_empty() {
            body["aggs"] = Value::Object(inner);
        }
        inner = metrics.clone();
        inner.insert(id(agg)?, body);
    }
    Ok(Value::Object(inner))
}

fn id(agg: &Value) -> Result<String, String> {
    agg["id"].as_str().map(str::to_owned).ok_or_else(|| format!("an aggregation without id: {agg}"))
}

fn field(agg: &Value) -> Result<&str, String> {
    agg["params"]["field"].as_str().ok_or_else(|| format!("an aggregation without field: {agg}"))
}

/// Nothing for a count: every bucket has it.
fn metric(agg: &Value) -> Result<Option<Value>, String> {
    let kind = agg["type"].as_str().unwrap_or_default();
    match kind {
        "count" => Ok(None),
        "sum" | "min" | "max" | "avg" | "cardinality" => Ok(Some(json!({kind: {"field": field(agg)?}}))),
        other => Err(format!("a metric that is not known here: {other}")),
    }
}

fn bucket(agg: &Value, all: &[&Value], seconds: u64) -> Result<Value, String> {
    let params = &agg["params"];
    match agg["type"].as_str().unwrap_or_default() {
        "terms" => terms(agg, all),
        "date_histogram" => {
            let interval = match params["interval"].as_str() {
                Some("auto") => automatic_interval(seconds),
                Some("h") => "1h",
                Some("d") => "1d",
                other => return Err(format!("an interval that is not known here: {other:?}")),
            };
            let body =
                json!({"field": field(agg)?, "fixed_interval": interval, "time_zone": "UTC", "min_doc_count": 1});
            Ok(json!({"date_histogram": body}))
        }
        "filters" => {
            let mut filters = Map::new();
            for filter in params["filters"].as_array().into_iter().flatten() {
                let text = filter["input"]["query"].as_str().unwrap_or_default();
                let label = filter["label"].as_str().filter(|label| !label.is_empty()).unwrap_or(text);
                filters.insert(label.to_owned(), json!({"query_string": {"query": text}}));
            }
            Ok(json!({"filters": {"filters": filters}}))
        }
        other => Err(format!("a bucket aggregation that is not known here: {other}")),
    }
}

fn terms(agg: &Value, all: &[&Value]) -> Result<Value, String> {
    let params = &agg["params"];
    let direction = params["order"].as_str().unwrap_or("desc");
    let by = params["orderBy"].as_str().unwrap_or("_key");
    let order = if by == "_key" {
        json!({"_key": direction})
    } else {
        let metric = all.iter().find(|other| other["id"] == by);
        let metric = metric.ok_or_else(|| format!("ordered by {by}, which is no aggregation of the panel"))?;
        if metric["type"] == "count" { json!({"_count": direction}) } else { json!({by: direction}) }
    };
    let mut body = json!({"field": field(agg)?, "order": order, "size": params["size"].as_u64().unwrap_or(5)});
    if params["missingBucket"] == true {
        body["missing"] = json!("__missing__");
    }
    // What a person writes into "JSON input" is laid over the parameters.
    if let Some(text) = params["json"].as_str().filter(|text| !text.is_empty()) {
        let given: Value = serde_json::from_str(text).map_err(|error| format!("JSON input {text}: {error}"))?;
        for (name, value) in given.as_object().ok_or_else(|| format!("JSON input that is no object: {text}"))? {
            body[name.as_str()] = value.clone();
        }
    }
    for limit in ["include", "exclude"] {
        if let Some(text) = params[limit].as_str().filter(|text| !text.is_empty()) {
            body[limit] = json!(text);
        }
    }
    Ok(json!({"terms": body}))
}

/// Some fifty bars, at a length that people count in.
fn automatic_interval(seconds: u64) -> &'static str {
    match seconds / 50 {
        0..60 => "1m",
        60..600 => "10m",
        600..7_200 => "1h",
        7_200..86_400 => "12h",
        _ => "1d",
    }
}
