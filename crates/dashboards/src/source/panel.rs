//! One panel: what every panel has, and what its kind asks for.

use anyhow::{Context, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::chart::{Chart, ChartKind, Filter};
use super::check_id;
use crate::layout::Place;

/// One panel.
#[derive(Debug, Clone)]
pub struct Panel {
    /// unique within the dashboard
    pub id: String,
    /// what stands above it
    pub title: String,
    /// what it shows and what not: both products show it beside the title
    pub description: String,
    /// where it is
    pub place: Place,
    /// what it holds
    pub content: Content,
}

/// What a panel holds, by its `kind`.
#[derive(Debug, Clone)]
pub enum Content {
    /// `metric`, `pie`, `bars`, `horizontal-bars`, `line`, `area`, `table`, `heatmap`: numbers that the index counts
    Chart(Chart),
    /// `vega`: a picture of our own; the name of its spec in `source/vega/`
    Vega(String),
    /// `controls`: one list of values for each of these logical fields
    Controls(Vec<String>),
    /// `text`: Markdown. `[Overview](dashboard:overview)` links another dashboard
    Text(String),
    /// `records`: the documents themselves
    Records(Records),
}

/// A list of documents, newest first.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Records {
    /// logical fields
    pub columns: Vec<String>,
    /// which documents; all, if none
    #[serde(default)]
    pub filters: Vec<Filter>,
}

const KINDS: &str = "metric, pie, bars, horizontal-bars, line, area, table, heatmap, vega, controls, text or records";

impl Panel {
    /// Reads a `[[panel]]`.
    ///
    /// # Errors
    ///
    /// Something missing, unknown, or that does not go with the panel's kind; the text says what to do.
    pub fn read(mut table: Table) -> anyhow::Result<Panel> {
        let id = take_text(&mut table, "id", "a short name in lower case, unique within the dashboard")?;
        check_id(&id)?;
        let title = take_text(&mut table, "title", "a few words")?;
        let description = take_text(&mut table, "description", "a sentence or two on what it shows and what not")?;
        let kind = take_text(&mut table, "kind", KINDS)?;
        let Some(place) = table.remove("place") else {
            bail!("no `place`; give it one: [x, y, width, height] on the grid of 48 columns");
        };
        let place: [u32; 4] = place.try_into().context("place: must be [x, y, width, height]")?;
        let place = Place::new(place)?;
        let content = read_content(&kind, table)?;
        Ok(Panel { id, title, description, place, content })
    }
}

fn read_content(kind: &str, rest: Table) -> anyhow::Result<Content> {
    let chart = match kind {
        "metric" => ChartKind::Metric,
        "pie" => ChartKind::Pie,
        "bars" => ChartKind::Bars,
        "horizontal-bars" => ChartKind::HorizontalBars,
        "line" => ChartKind::Line,
        "area" => ChartKind::Area,
        "table" => ChartKind::Table,
        "heatmap" => ChartKind::Heatmap,
        _ => return read_other_content(kind, rest),
    };
    Ok(Content::Chart(Chart::read(chart, rest)?))
}

fn read_other_content(kind: &str, mut rest: Table) -> anyhow::Result<Content> {
    if kind == "records" {
        let records: Records = rest.try_into()?;
        if records.columns.is_empty() {
            bail!("no `columns`; name the logical fields to show");
        }
        return Ok(Content::Records(records));
    }
    let content = match kind {
        "vega" => {
            Content::Vega(take_text(&mut rest, "spec", "the name of a spec in dashboards/source/vega/, without .json")?)
        }
        "text" => Content::Text(take_text(&mut rest, "text", "some Markdown")?),
        "controls" => {
            let fields = rest.remove("fields").unwrap_or(Value::Array(Vec::new()));
            let fields: Vec<String> = fields.try_into().context("fields: must be a list of logical fields")?;
            if fields.is_empty() {
                bail!("no `fields`; name the logical fields that can be chosen");
            }
            Content::Controls(fields)
        }
        _ => bail!("unknown kind `{kind}`; it must be {KINDS}"),
    };
    if let Some(name) = rest.keys().next() {
        bail!("`{name}` means nothing for kind `{kind}`; remove it");
    }
    Ok(content)
}

fn take_text(table: &mut Table, name: &str, cure: &str) -> anyhow::Result<String> {
    match table.remove(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Some(Value::String(_)) | None => bail!("no `{name}`; give it one: {cure}"),
        Some(other) => bail!("`{name}` is a {}; it must be text: {cure}", other.type_str()),
    }
}
