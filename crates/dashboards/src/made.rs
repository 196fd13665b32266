//! All files at once: sources in, text of files out. Nothing is written here.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};

use crate::dashboard;
use crate::field::{Fields, Names};
use crate::index_pattern;
use crate::saved_object::{SavedObject, export};
use crate::schema::{Index, Schema};
use crate::source::Dashboard;
use crate::template::Template;
use crate::vega::Specs;
use crate::visualization::{self, Surroundings};

/// One file as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// from the project's root: `dashboards/classic.ndjson`
    pub path: String,
    /// all of it
    pub text: String,
}

/// The sources of dashboards, in the order in which they are exported and a reader meets them.
const DASHBOARDS: [&str; 4] = ["security-groups", "overview", "threats", "rule-usage"];

/// Everything that `dashboards/source/` says.
#[derive(Debug)]
pub struct Sources {
    /// `fields.toml`
    pub fields: Fields,
    /// the dashboards
    pub dashboards: Vec<Dashboard>,
    /// `vega/*.json`
    pub specs: Specs,
}

/// Makes every file from the project at `root`.
///
/// # Errors
///
/// A file that cannot be read, or that says something which cannot be made; the text names file, panel and cure.
pub fn make(root: &Path) -> anyhow::Result<Vec<Made>> {
    let sources = Sources::read(root)?;
    let inventory = read_template(root, Schema::Classic, Index::Inventory)?;
    let mut made = Vec::new();
    for schema in Schema::ALL {
        let flows = read_template(root, schema, Index::Flows)?;
        let names = Names { schema, fields: &sources.fields, flows: &flows, inventory: &inventory };
        let objects = sources.saved_objects(&names)?;
        made.push(Made { path: in_dashboards(schema.saved_objects_file()), text: export(&objects) });
        made.push(Made { path: in_dashboards(schema.data_stream_template_file()), text: flows.data_stream(schema) });
    }
    Ok(made)
}

impl Sources {
    /// Reads the sources below `root`.
    ///
    /// # Errors
    ///
    /// As [`make`].
    pub fn read(root: &Path) -> anyhow::Result<Sources> {
        let (text, file) = read_source(root, "fields.toml")?;
        let fields = Fields::read(&text, &file)?;

        let mut dashboards = Vec::new();
        for name in DASHBOARDS {
            let (text, file) = read_source(root, &format!("{name}.toml"))?;
            let dashboard = Dashboard::read(&text, &file)?;
            if dashboard.id != name {
                bail!("{file}: its id is `{}`; it must be `{name}`, as the file's name", dashboard.id);
            }
            dashboards.push(dashboard);
        }
        titles_differ(&dashboards)?;
        Ok(Sources { fields, dashboards, specs: read_specs(root)? })
    }

    /// The saved objects for one schema: what is referred to before what refers to it.
    ///
    /// # Errors
    ///
    /// As [`make`].
    pub fn saved_objects(&self, names: &Names<'_>) -> anyhow::Result<Vec<SavedObject>> {
        let ids: BTreeSet<&str> = self.dashboards.iter().map(|dashboard| dashboard.id.as_str()).collect();
        let surroundings = Surroundings { specs: &self.specs, dashboards: ids };
        let mut objects = vec![
            index_pattern::saved_object(Index::Flows, names)?,
            index_pattern::saved_object(Index::Inventory, names)?,
        ];
        for source in &self.dashboards {
            let mut panels = Vec::new();
            for panel in &source.panels {
                let object = visualization::saved_object(panel, &source.id, names, &surroundings)
                    .with_context(|| format!("{}: panel `{}`", source.file, panel.id))?;
                panels.push(object);
            }
            let dashboard = dashboard::saved_object(source, &panels, names.schema);
            objects.extend(panels);
            objects.push(dashboard);
        }
        ids_differ(&objects)?;
        Ok(objects)
    }
}

/// Two visualisations of one title could not be told apart in the list of them.
fn titles_differ(dashboards: &[Dashboard]) -> anyhow::Result<()> {
    let mut titles = BTreeSet::new();
    for dashboard in dashboards {
        for panel in &dashboard.panels {
            if !titles.insert(panel.title.as_str()) {
                bail!(
                    "{}: panel `{}`: another panel has the title `{}`; give it another",
                    dashboard.file,
                    panel.id,
                    panel.title
                );
            }
        }
    }
    Ok(())
}

/// `a` + `b-c` and `a-b` + `c` would be one id.
fn ids_differ(objects: &[SavedObject]) -> anyhow::Result<()> {
    let mut ids = BTreeSet::new();
    for object in objects {
        if !ids.insert(object.id.as_str()) {
            bail!("two saved objects would have the id `{}`; rename a panel or a dashboard", object.id);
        }
    }
    Ok(())
}

fn in_dashboards(file: &str) -> String {
    format!("dashboards/{file}")
}

fn read_source(root: &Path, name: &str) -> anyhow::Result<(String, String)> {
    let file = in_dashboards(&format!("source/{name}"));
    let text = read(root, &file)?;
    Ok((text, file))
}

fn read(root: &Path, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(file))
        .with_context(|| format!("cannot read {file}; run make-dashboards in the project's root"))
}

fn read_template(root: &Path, schema: Schema, index: Index) -> anyhow::Result<Template> {
    let file = in_dashboards(schema.template_file(index));
    Template::read(&read(root, &file)?, &file)
}

fn read_specs(root: &Path) -> anyhow::Result<Specs> {
    let folder = "dashboards/source/vega";
    let mut specs = Specs::default();
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {folder}"))? {
        let path = entry.with_context(|| format!("cannot read {folder}"))?.path();
        let (Some(stem), Some("json")) = (path.file_stem(), path.extension().and_then(|end| end.to_str())) else {
            continue;
        };
        let name = stem.to_string_lossy();
        specs.add(&name, &read(root, &format!("{folder}/{name}.json"))?)?;
    }
    Ok(specs)
}
