//! Dashboards as they are written in `dashboards/source/*.toml`.
//!
//! A file is one dashboard: `id`, `title`, `description`, and a `[[panel]]` for each panel. What is checked here can be
//! told from the file alone; whether fields exist is for [`crate::field::Names`] to say.

mod chart;
mod panel;

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde::Deserialize;

pub use chart::{Calculation, Chart, ChartKind, Condition, Direction, Filter, Metric, Order, Sort, Split};
pub use panel::{Content, Panel, Records};

/// One dashboard.
#[derive(Debug, Clone)]
pub struct Dashboard {
    /// `overview`; part of the ids of its panels
    pub id: String,
    /// `Overview`
    pub title: String,
    /// what it answers
    pub description: String,
    /// the file, for errors
    pub file: String,
    /// its panels, in the order of the file
    pub panels: Vec<Panel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardFile {
    id: String,
    title: String,
    description: String,
    #[serde(rename = "panel")]
    panels: Vec<toml::Table>,
}

impl Dashboard {
    /// Reads the text of a file; `file` is named in errors.
    pub fn read(text: &str, file: &str) -> anyhow::Result<Dashboard> {
        let read: DashboardFile = toml::from_str(text).with_context(|| file.to_owned())?;
        check_id(&read.id).with_context(|| file.to_owned())?;
        let mut panels: Vec<Panel> = Vec::new();
        let mut ids = BTreeSet::new();
        for (number, table) in read.panels.into_iter().enumerate() {
            let name = match table.get("id").and_then(toml::Value::as_str) {
                Some(id) => format!("{file}: panel `{id}`"),
                None => format!("{file}: panel number {}", number + 1),
            };
            let panel = Panel::read(table).with_context(|| name.clone())?;
            if !ids.insert(panel.id.clone()) {
                bail!("{name}: another panel has that id; an id is unique within its dashboard");
            }
            if let Some(other) = panels.iter().find(|other| other.place.overlaps(panel.place)) {
                bail!("{name}: its place overlaps that of `{}`; move one of them", other.id);
            }
            panels.push(panel);
        }
        Ok(Dashboard { id: read.id, title: read.title, description: read.description, file: file.to_owned(), panels })
    }
}

/// Ids become parts of the ids of saved objects, and of links.
fn check_id(id: &str) -> anyhow::Result<()> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        bail!("id `{id}` must be lower-case letters, digits and hyphens");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
