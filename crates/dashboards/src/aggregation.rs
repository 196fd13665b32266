//! `aggs` of a visualisation: what the product asks the index for, in the words of its aggregation editor.

use anyhow::{Context, bail};
use serde_json::{Map, Value, json};

use crate::field::{Field, Names};
use crate::saved_object::compact;
use crate::source::{Calculation, Chart, ChartKind, Filter, Metric, Order, Split};

/// A metric as the renderers need it beside its aggregation.
#[derive(Debug, Clone)]
pub struct Series {
    /// the aggregation's id
    pub id: String,
    /// what a person calls it
    pub label: String,
}

/// The aggregations of a chart, metrics first, and its metrics once more for the renderer.
///
/// # Errors
///
/// Fields that are unknown, or of a type that cannot be added up, split or be missing.
pub fn aggregations(chart: &Chart, names: &Names<'_>) -> anyhow::Result<(Vec<Value>, Vec<Series>)> {
    let mut aggregations = Vec::new();
    let mut series = Vec::new();
    for metric in &chart.metrics {
        let id = (aggregations.len() + 1).to_string();
        let (aggregation, label) = metric_aggregation(metric, &id, chart, names)?;
        aggregations.push(aggregation);
        series.push(Series { id, label });
    }
    let mut are_times = Vec::new();
    for split in &chart.splits {
        // A field that is unknown is told below, with the split that names it.
        are_times.push(names.field(&split.field, chart.index).is_ok_and(|field| field.is_date()));
    }
    let time_is_there = are_times.contains(&true);
    for (level, (split, is_time)) in chart.splits.iter().zip(are_times).enumerate() {
        let id = (aggregations.len() + 1).to_string();
        let parents = &chart.splits[..level];
        let role = bucket_role(chart, level, is_time, time_is_there);
        let aggregation = split_aggregation(split, &id, role, parents, chart, names)
            .with_context(|| format!("split by `{}`", split.field))?;
        aggregations.push(aggregation);
    }
    Ok((aggregations, series))
}

/// The slot that the visualisation type has for a split.
///
/// Where there are two slots, time lies along the axis (`segment`) whatever the order of the splits, which is that of
/// the question: both products know the axis by its slot, and sort times along it (OpenSearch Dashboards and Kibana
/// 7.10: `orderXValues` of vislib; Kibana 8 and later: `xAccessor` of the heat map, the x dimension of `xy`).
fn bucket_role(chart: &Chart, level: usize, is_time: bool, time_is_there: bool) -> &'static str {
    match chart.kind {
        ChartKind::Table => "bucket",
        ChartKind::Metric => "group",
        ChartKind::Pie => "segment",
        _ if is_time || (level == 0 && !time_is_there) => "segment",
        _ => "group",
    }
}

/// Refuses splits that would hide a value without anybody's noticing.
fn check_room(split: &Split, field: &Field, size: u32, below_time: bool, chart: &Chart) -> anyhow::Result<()> {
    if field.values.is_empty() {
        if below_time {
            bail!("below a time its first {size} would be chosen anew in each interval; put it before the time");
        }
        return Ok(());
    }
    let filters: Vec<&Filter> = chart.filters.iter().filter(|filter| filter.field == split.field).collect();
    let passes = |value: &&String| filters.iter().all(|filter| filter.lets_pass(value));
    let mut shown: Vec<String> = field.values.iter().filter(passes).cloned().collect();
    shown.extend(split.missing.as_ref().map(|name| format!("`{name}`")));
    if (size as usize) < shown.len() {
        let (all, names) = (shown.len(), shown.join(", "));
        bail!("size {size} hides some of the {all} it has ({names}); make it {all} or more");
    }
    Ok(())
}

fn metric_aggregation(metric: &Metric, id: &str, chart: &Chart, names: &Names<'_>) -> anyhow::Result<(Value, String)> {
    let kind = match metric.calculation {
        Calculation::Count => "count",
        Calculation::Sum => "sum",
        Calculation::Cardinality => "cardinality",
        Calculation::Min => "min",
        Calculation::Max => "max",
    };
    let mut params = Map::new();
    let mut label = "Records".to_owned();
    if let Some(name) = &metric.field {
        let field = names.field(name, chart.index).with_context(|| format!("metric `{kind} {name}`"))?;
        let fits = match metric.calculation {
            Calculation::Count => true,
            Calculation::Sum => field.is_number(),
            Calculation::Cardinality => field.has_terms() || field.is_date(),
            Calculation::Min | Calculation::Max => field.is_number() || field.is_date(),
        };
        if !fits {
            bail!(
                "metric `{kind} {name}`: `{}` is a {}, of which there is no {kind}; take another field",
                field.name,
                field.kind
            );
        }
        params.insert("field".to_owned(), Value::String(field.name));
        label = field.label;
    }
    if let Some(given) = &metric.label {
        label.clone_from(given);
    }
    params.insert("customLabel".to_owned(), Value::String(label.clone()));
    Ok((json!({"id": id, "enabled": true, "type": kind, "schema": "metric", "params": params}), label))
}

fn split_aggregation(
    split: &Split,
    id: &str,
    role: &str,
    parents: &[Split],
    chart: &Chart,
    names: &Names<'_>,
) -> anyhow::Result<Value> {
    let field = names.field(&split.field, chart.index)?;
    if field.is_date() {
        if split.size.is_some() || split.other || split.missing.is_some() {
            bail!("a time is split into intervals; remove `size`, `other` and `missing`");
        }
        let params = json!({
            "field": field.name, "interval": "auto", "drop_partials": false, "min_doc_count": 1, "extended_bounds": {},
            "scaleMetricValues": false, "customLabel": field.label,
        });
        return Ok(json!({"id": id, "enabled": true, "type": "date_histogram", "schema": role, "params": params}));
    }
    if !field.has_terms() {
        bail!("`{}` is a {}, which has no values to split by; take another field", field.name, field.kind);
    }
    let Some(size) = split.size.filter(|size| *size > 0) else {
        bail!("no `size`; say how many values at most are shown");
    };
    if split.missing.is_some() && !field.can_be_missing_bucket() {
        bail!("`missing` needs a keyword, and `{}` is a {}; remove `missing`", field.name, field.kind);
    }
    let below_time = parents.iter().any(|parent| parent.size.is_none());
    check_room(split, &field, size, below_time, chart)?;
    // OpenSearch Dashboards finds the place of "Other" by cutting the names of the buckets above it at hyphens:
    // `sg-0a1` is lost.
    let is_first = parents.is_empty();
    if split.other && !is_first {
        bail!("`other` is only possible for the first split; remove it");
    }
    let (order_by, order) = match split.order {
        Order::Most => ("1", "desc"),
        Order::Name => ("_key", "asc"),
    };
    let mut params = json!({
        "field": field.name, "orderBy": order_by, "order": order, "size": size,
        "otherBucket": split.other, "otherBucketLabel": "Other",
        "missingBucket": split.missing.is_some(), "missingBucketLabel": split.missing.as_deref().unwrap_or("Missing"),
        "customLabel": field.label,
    });
    if let (true, Some(asked), Some(params)) = (is_first, asked_of_each_shard(&chart.splits), params.as_object_mut()) {
        // What both products call "JSON input": it is merged into the aggregation that they send.
        params.insert("json".to_owned(), Value::String(compact(json!({"shard_size": asked}))));
    }
    Ok(json!({"id": id, "enabled": true, "type": "terms", "schema": role, "params": params}))
}

/// How many values the first split asks of each shard; none where the index's own choice serves.
///
/// With an index a day, each day answers with its own first values, and what is not among them on some day is missing
/// in the sum: a talker in the tenth place was seen 12 % too small. So shards are asked for thousands, as many as their
/// limit on buckets allows.
fn asked_of_each_shard(splits: &[Split]) -> Option<u32> {
    let (first, inner) = splits.split_first()?;
    let size = first.size.filter(|size| *size >= FEW_VALUES)?;
    let mut buckets_of_each: u64 = 1;
    let mut product: u64 = 1;
    for split in inner {
        product = product.saturating_mul(split.size.map_or(TIME_BUCKETS, asked_by_default));
        buckets_of_each = buckets_of_each.saturating_add(product);
    }
    let asked = (SHARD_BUCKETS / buckets_of_each).min(MOST_ASKED);
    if asked <= asked_by_default(size) {
        return None;
    }
    u32::try_from(asked).ok()
}

/// Buckets that a shard may answer with: below `search.max_buckets`, 65,535.
const SHARD_BUCKETS: u64 = 60_000;
/// Values that are asked of a shard at most: reducing more would take longer than anybody waits for a panel.
const MOST_ASKED: u64 = 10_000;
/// Intervals that a time is split into at most (`histogram:maxBars`).
const TIME_BUCKETS: u64 = 100;
/// Below this a split is of things of which there are few: actions, directions, roles.
const FEW_VALUES: u32 = 10;

/// `shard_size` when nobody says, as OpenSearch and Elasticsearch document it.
fn asked_by_default(size: u32) -> u64 {
    u64::from(size) * 3 / 2 + 10
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn split(size: Option<u32>) -> Split {
        Split { field: "f".to_owned(), size, order: Order::Most, other: false, missing: None }
    }

    #[test]
    fn shards_are_asked_for_more_than_is_shown_and_less_than_they_refuse() {
        let asked = |sizes: &[Option<u32>]| {
            let splits: Vec<Split> = sizes.iter().map(|size| split(*size)).collect();
            asked_of_each_shard(&splits)
        };
        assert_eq!(asked(&[Some(20)]), Some(10_000));
        assert_eq!(asked(&[Some(10), None]), Some(594), "60,000 / (1 + 100 intervals)");
        assert_eq!(asked(&[Some(50), Some(20)]), Some(1_463), "60,000 / (1 + 40)");
        assert_eq!(asked(&[Some(100), Some(10), Some(2)]), Some(170), "60,000 / (1 + 25 + 25 * 13)");
        assert_eq!(asked(&[Some(500), Some(500), Some(500)]), None, "the default asks for 760");
        assert_eq!(asked(&[Some(2)]), None, "actions");
        assert_eq!(asked(&[None, Some(2)]), None, "a time");
    }
}
