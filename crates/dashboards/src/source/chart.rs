//! A chart: what is counted (`metrics`), by what (`splits`), of which documents (`filters`).

use anyhow::bail;
use serde::Deserialize;
use toml::Table;

use crate::schema::Index;

/// The pictures that numbers can be put into. Only those that Kibana 7.10 to 9 and OpenSearch Dashboards 2 and 3 all
/// have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChartKind {
    /// big numbers
    Metric,
    /// slices
    Pie,
    /// upright bars, stacked by the second split
    Bars,
    /// lying bars, stacked by the second split
    HorizontalBars,
    /// lines, one for each value of the second split
    Line,
    /// areas, stacked by the second split
    Area,
    /// rows
    Table,
    /// cells: time, or else the first split, from left to right, the other from top to bottom
    Heatmap,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// its picture
    pub kind: ChartKind,
    /// what it asks
    pub index: Index,
    /// what is counted; terms are ordered by the first
    pub metrics: Vec<Metric>,
    /// by what, outermost first; a time comes after what has more values than are shown, so that these are the same in
    /// each interval
    pub splits: Vec<Split>,
    /// of which documents; all, if none
    pub filters: Vec<Filter>,
    /// how the rows of a table are sorted once they are there, if not as they come
    pub sort: Option<Sort>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChartTable {
    #[serde(default)]
    index: Index,
    #[serde(default)]
    metrics: Vec<Metric>,
    #[serde(default)]
    splits: Vec<Split>,
    #[serde(default)]
    filters: Vec<Filter>,
    sort: Option<Sort>,
}

/// A number: `count`, `sum bytes`, `cardinality port`, `min time`, `max time`; with ` as LABEL` after it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Metric {
    /// how it is computed
    pub calculation: Calculation,
    /// of which logical field; none for a count
    pub field: Option<String>,
    /// what a person calls it, if not as usual
    pub label: Option<String>,
}

/// How a number is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calculation {
    /// documents
    Count,
    /// of the values
    Sum,
    /// different values; about, when there are thousands
    Cardinality,
    /// least value
    Min,
    /// greatest value
    Max,
}

/// Documents by the values of a field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// a logical field; a date is split into intervals that suit the time range
    pub field: String,
    /// how many values at most; none for a date
    pub size: Option<u32>,
    /// which values come first, and stay when there are more than `size`
    #[serde(default)]
    pub order: Order,
    /// whether a bucket "Other" holds the values beyond `size`
    #[serde(default)]
    pub other: bool,
    /// the name of a bucket for documents without the field; without a name there is none
    pub missing: Option<String>,
}

/// Which values come first.
///
/// There is no "least first": each shard answers with its own first values, so a rule last seen last week on one shard
/// and today on another could be shown as last seen last week. The greatest `max` first, or by name, is exact whatever
/// the shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// those with the greatest first metric
    #[default]
    Most,
    /// by the alphabet, or by number
    Name,
}

/// Which documents.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "FilterTable")]
pub struct Filter {
    /// a logical field
    pub field: String,
    /// what is asked of it
    pub condition: Condition,
}

/// What a filter asks of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// it has this value
    Is(String),
    /// it has one of these values
    IsOneOf(Vec<String>),
    /// it has none of these values, or none at all
    IsNoneOf(Vec<String>),
    /// it has some value, or (`false`) none
    Exists(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FilterTable {
    field: String,
    is: Option<String>,
    is_one_of: Option<Vec<String>>,
    is_none_of: Option<Vec<String>>,
    exists: Option<bool>,
}

/// How the rows of a table are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sort {
    /// the column's number from the left, the first is 1: splits first, then metrics
    pub column: usize,
    /// which way
    pub direction: Direction,
}

/// Which way rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// least first
    Ascending,
    /// greatest first
    Descending,
}

impl TryFrom<String> for Metric {
    type Error = String;

    fn try_from(text: String) -> Result<Metric, String> {
        let (what, label) = match text.split_once(" as ") {
            Some((what, label)) => (what, Some(label.trim().to_owned())),
            None => (text.as_str(), None),
        };
        let words: Vec<&str> = what.split_whitespace().collect();
        let (calculation, field) = match words.as_slice() {
            ["count"] => (Calculation::Count, None),
            ["sum", field] => (Calculation::Sum, Some(field)),
            ["cardinality", field] => (Calculation::Cardinality, Some(field)),
            ["min", field] => (Calculation::Min, Some(field)),
            ["max", field] => (Calculation::Max, Some(field)),
            _ => {
                return Err(format!(
                    "unknown metric `{text}`; it must be `count`, or \
                     `sum`, `cardinality`, `min` or `max` with a logical field"
                ));
            }
        };
        Ok(Metric { calculation, field: field.map(|field| (*field).to_owned()), label })
    }
}

impl Filter {
    /// The values that it names.
    pub fn values(&self) -> &[String] {
        match &self.condition {
            Condition::Is(value) => std::slice::from_ref(value),
            Condition::IsOneOf(values) | Condition::IsNoneOf(values) => values,
            Condition::Exists(_) => &[],
        }
    }

    /// Whether a document with that value passes.
    pub fn lets_pass(&self, value: &str) -> bool {
        let is_named = self.values().iter().any(|named| named == value);
        match &self.condition {
            Condition::Is(_) | Condition::IsOneOf(_) => is_named,
            Condition::IsNoneOf(_) => !is_named,
            Condition::Exists(exists) => *exists,
        }
    }
}

impl TryFrom<FilterTable> for Filter {
    type Error = String;

    fn try_from(table: FilterTable) -> Result<Filter, String> {
        let condition = match (table.is, table.is_one_of, table.is_none_of, table.exists) {
            (Some(value), None, None, None) => Condition::Is(value),
            (None, Some(values), None, None) if !values.is_empty() => Condition::IsOneOf(values),
            (None, None, Some(values), None) if !values.is_empty() => Condition::IsNoneOf(values),
            (None, None, None, Some(exists)) => Condition::Exists(exists),
            _ => {
                return Err(format!(
                    "the filter on `{}` must have just one of `is`, `is-one-of`, `is-none-of` \
                     (with values) and `exists`",
                    table.field
                ));
            }
        };
        Ok(Filter { field: table.field, condition })
    }
}

impl Chart {
    /// Reads what is left of a `[[panel]]` once id, title, description, kind and place are taken.
    ///
    /// # Errors
    ///
    /// Metrics or splits that the kind has no room for; a key that charts do not have.
    pub(super) fn read(kind: ChartKind, rest: Table) -> anyhow::Result<Chart> {
        let table: ChartTable = rest.try_into()?;
        let chart = Chart {
            kind,
            index: table.index,
            metrics: table.metrics,
            splits: table.splits,
            filters: table.filters,
            sort: table.sort,
        };
        chart.check()?;
        Ok(chart)
    }

    fn check(&self) -> anyhow::Result<()> {
        let (metrics, splits) = (self.metrics.len(), self.splits.len());
        if metrics == 0 {
            bail!("no `metrics`; say what is counted: [\"count\"], [\"sum bytes\"]...");
        }
        let one_metric = matches!(self.kind, ChartKind::Pie | ChartKind::Heatmap);
        if one_metric && metrics > 1 {
            bail!("{metrics} metrics, where this kind shows one; leave the others to a table");
        }
        let (least, most) = match self.kind {
            ChartKind::Metric => (0, 1),
            ChartKind::Heatmap => (2, 2),
            ChartKind::Pie | ChartKind::Table => (1, usize::MAX),
            ChartKind::Bars | ChartKind::HorizontalBars | ChartKind::Line | ChartKind::Area => (1, 2),
        };
        if splits < least {
            bail!("{splits} `splits`, where this kind needs {least}; say by which field documents are counted");
        }
        if splits > most {
            bail!("{splits} `splits`, where this kind shows {most}; leave the others to a table");
        }
        if let Some(sort) = self.sort {
            if self.kind != ChartKind::Table {
                bail!("`sort` is for tables; remove it");
            }
            if sort.column == 0 || sort.column > splits + metrics {
                bail!("`sort` names column {}, and the table has columns 1 to {}", sort.column, splits + metrics);
            }
        }
        Ok(())
    }
}
