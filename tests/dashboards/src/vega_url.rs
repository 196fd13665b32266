//! The searches of a Vega panel: data sets whose `url` is an object, with the marks in it replaced that both products replace.
//!
//! `%context%` stands for the dashboard's filters (here: none), `%timefield%` for the time range on that field; inside `aggs` and a
//! `query` of its own, `{"%timefilter%": true}` becomes the bounds of a range, and `"min"` or `"max"` one of them in milliseconds.

use crate::search::Range;
use serde_json::{Value, json};

/// One data set that is asked for.
#[derive(Clone, Debug)]
pub struct DataUrl {
    /// Where it stands in `data`.
    pub position: usize,
    /// Its name.
    pub name: String,
    /// Index pattern.
    pub index: String,
    /// The body of the search.
    pub body: Value,
}

/// The searches of a spec, in the order of its data sets.
///
/// # Errors
/// If a data set asks in a way that one of the products refuses.
pub fn data_urls(spec: &Value, range: &Range<'_>) -> Result<Vec<DataUrl>, String> {
    let mut urls = Vec::new();
    for (position, data) in spec["data"].as_array().into_iter().flatten().enumerate() {
        let Some(url) = data.get("url") else { continue };
        let name = data["name"].as_str().unwrap_or_default().to_owned();
        if !url.is_object() {
            return Err(format!("data set {name} loads {url}: external addresses are switched off in both products"));
        }
        let index = url["index"].as_str().ok_or_else(|| format!("data set {name} names no index"))?.to_owned();
        let mut body = url["body"].clone();
        if !body.is_object() {
            return Err(format!("data set {name} has no body"));
        }
        let time_field = url["%timefield%"].as_str();
        let uses_context = url.get("%context%").is_some() || time_field.is_some();
        if body.get("query").is_some() {
            if uses_context {
                return Err(format!("data set {name} has %context% or %timefield% beside a query: it is refused"));
            }
            replace(&mut body["query"], range)?;
        } else if uses_context {
            let mut must = vec![json!({"match_all": {}})];
            if let Some(field) = time_field {
                must.push(json!({"range": {field: bounds(range)}}));
            }
            body["query"] = json!({"bool": {"must": must, "filter": [], "should": [], "must_not": []}});
        }
        if body.get("aggs").is_some() {
            replace(&mut body["aggs"], range)?;
        }
        urls.push(DataUrl { position, name, index, body });
    }
    Ok(urls)
}

fn bounds(range: &Range<'_>) -> Value {
    json!({"gte": range.from, "lte": range.to, "format": "strict_date_optional_time"})
}

fn replace(value: &mut Value, range: &Range<'_>) -> Result<(), String> {
    match value {
        Value::Array(items) => {
            // No dashboard filter is set: what stands for them goes.
            items.retain(|item| !item.as_str().is_some_and(|text| text.starts_with("%dashboard_context-")));
            items.iter_mut().try_for_each(|item| replace(item, range))
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                match field.get("%timefilter%").cloned() {
                    None => replace(field, range)?,
                    Some(Value::Bool(true)) => {
                        if field.get("shift").is_some() {
                            return Err("a shifted time range is not known here".to_owned());
                        }
                        let Value::Object(parts) = field else { continue };
                        parts.remove("%timefilter%");
                        if let Value::Object(bounds) = bounds(range) {
                            parts.extend(bounds);
                        }
                    }
                    Some(Value::String(bound)) if bound == "min" => *field = json!(range.milliseconds().0),
                    Some(Value::String(bound)) if bound == "max" => *field = json!(range.milliseconds().1),
                    Some(other) => return Err(format!("%timefilter% of {other}")),
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
