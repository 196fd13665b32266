//! A panel as a saved object: a visualisation, or for `records` a saved search.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::aggregation::aggregations;
use crate::axes;
use crate::field::Names;
use crate::filter::filters;
use crate::saved_object::{Kind, Reference, SEARCH_SOURCE_INDEX, SavedObject, compact};
use crate::schema::Index;
use crate::source::{Chart, Content, Panel, Records};
use crate::vega::Specs;

/// What a panel may speak of besides fields.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// the Vega specs
    pub specs: &'a Specs,
    /// the ids of all dashboards
    pub dashboards: BTreeSet<&'a str>,
}

/// What `visState` and its neighbours hold.
struct Drawn {
    state: Value,
    ui_state: Value,
    search_source: Value,
    references: Vec<Reference>,
}

/// Makes the saved object of a panel; `dashboard` is the dashboard's id.
///
/// # Errors
///
/// Fields, specs or dashboards that the panel names and that are not there.
pub fn saved_object(
    panel: &Panel,
    dashboard: &str,
    names: &Names<'_>,
    surroundings: &Surroundings<'_>,
) -> anyhow::Result<SavedObject> {
    let id = names.schema.id(&format!("{dashboard}-{}", panel.id));
    let title = format!("{}{}", names.schema.title_prefix(), panel.title);
    let drawn = match &panel.content {
        Content::Records(records) => return saved_search(panel, id, title, records, names),
        Content::Chart(chart) => draw_chart(chart, names)?,
        Content::Vega(spec) => draw_vega(spec, names, surroundings.specs)?,
        Content::Controls(fields) => draw_controls(fields, names)?,
        Content::Text(text) => draw_text(text, names, surroundings)?,
    };
    let mut state = drawn.state;
    if let Some(state) = state.as_object_mut() {
        state.insert("title".to_owned(), Value::String(title.clone()));
    }
    let attributes = json!({
        "title": title,
        "description": panel.description,
        "visState": compact(state),
        "uiStateJSON": compact(drawn.ui_state),
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": compact(drawn.search_source)},
    });
    Ok(SavedObject { id, kind: Kind::Visualization, attributes, references: drawn.references })
}

fn draw_chart(chart: &Chart, names: &Names<'_>) -> anyhow::Result<Drawn> {
    let (aggs, series) = aggregations(chart, names)?;
    let (filter, filter_references) = filters(&chart.filters, chart.index, names)?;
    let mut references = vec![search_source_reference(chart.index, names)];
    references.extend(filter_references);

    let mut ui_state = json!({});
    if chart.splits.iter().any(|split| split.field == "action") {
        ui_state = axes::action_colors();
    }
    if let Some(sort) = chart.sort {
        ui_state = axes::sorted_table(sort);
    }
    Ok(Drawn {
        state: json!({
            "type": axes::visualization_type(chart.kind), "params": axes::params(chart.kind, &series), "aggs": aggs,
        }),
        ui_state,
        search_source: json!({
            "query": {"query": "", "language": "kuery"}, "filter": filter, "indexRefName": SEARCH_SOURCE_INDEX,
        }),
        references,
    })
}

fn draw_vega(spec: &str, names: &Names<'_>, specs: &Specs) -> anyhow::Result<Drawn> {
    let spec = specs.filled(spec, names)?;
    Ok(without_index(json!({"type": "vega", "params": {"spec": compact(spec)}, "aggs": []})))
}

fn draw_controls(fields: &[String], names: &Names<'_>) -> anyhow::Result<Drawn> {
    let mut controls = Vec::new();
    let mut references = Vec::new();
    for (number, name) in fields.iter().enumerate() {
        let field = names.field(name, Index::Flows).context("controls")?;
        if !field.has_terms() {
            bail!("controls: `{}` is a {}, which has no values to choose; take another field", field.name, field.kind);
        }
        // A list of texts asks the index again while a person types; a list of numbers is what it is.
        let typed = field.kind == "keyword";
        let reference = format!("control_{number}_index_pattern");
        controls.push(json!({
            "id": format!("sgflow-{name}"), "type": "list", "label": field.label, "fieldName": field.name, "parent": "",
            "indexPatternRefName": reference,
            "options": {
                "type": "terms", "multiselect": true, "dynamicOptions": typed, "size": if typed { 10 } else { 200 },
                "order": "desc",
            },
        }));
        references.push(Reference {
            name: reference,
            kind: Kind::IndexPattern,
            id: names.schema.index_pattern_id(Index::Flows),
        });
    }
    let params =
        json!({"controls": controls, "updateFiltersOnChange": true, "useTimeFilter": true, "pinFilters": false});
    let mut drawn = without_index(json!({"type": "input_control_vis", "params": params, "aggs": []}));
    drawn.references = references;
    Ok(drawn)
}

fn draw_text(text: &str, names: &Names<'_>, surroundings: &Surroundings<'_>) -> anyhow::Result<Drawn> {
    let text = linked(text, names, surroundings)?;
    let params = json!({"fontSize": 12, "openLinksInNewTab": false, "markdown": text});
    Ok(without_index(json!({"type": "markdown", "params": params, "aggs": []})))
}

fn without_index(state: Value) -> Drawn {
    Drawn {
        state,
        ui_state: json!({}),
        search_source: json!({"query": {"query": "", "language": "kuery"}, "filter": []}),
        references: Vec::new(),
    }
}

/// `(dashboard:overview)` becomes a link inside the product, wherever it is mounted: dashboards differ only behind the
/// `#`.
fn linked(text: &str, names: &Names<'_>, surroundings: &Surroundings<'_>) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("(dashboard:") {
        let Some((id, after)) = after.split_once(')') else {
            bail!("text: a link `(dashboard:` has no `)`; close it");
        };
        if !surroundings.dashboards.contains(id) {
            bail!("text: links the dashboard `{id}`, which is in no file of dashboards/source/; correct its id");
        }
        out.push_str(before);
        out.push_str(&format!("(#/view/{})", names.schema.id(id)));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn saved_search(
    panel: &Panel,
    id: String,
    title: String,
    records: &Records,
    names: &Names<'_>,
) -> anyhow::Result<SavedObject> {
    let index = Index::Flows;
    let mut columns = Vec::new();
    for name in &records.columns {
        columns.push(names.field(name, index).context("columns")?.name);
    }
    let time = names.field("time", index)?.name;
    let (filter, filter_references) = filters(&records.filters, index, names)?;
    let mut references = vec![search_source_reference(index, names)];
    references.extend(filter_references);
    let search_source = json!({
        "query": {"query": "", "language": "kuery"}, "filter": filter, "highlightAll": true, "version": true,
        "indexRefName": SEARCH_SOURCE_INDEX,
    });
    let attributes = json!({
        "title": title,
        "description": panel.description,
        "hits": 0,
        "columns": columns,
        "sort": [[time, "desc"]],
        "version": 1,
        "kibanaSavedObjectMeta": {"searchSourceJSON": compact(search_source)},
    });
    Ok(SavedObject { id, kind: Kind::Search, attributes, references })
}

fn search_source_reference(index: Index, names: &Names<'_>) -> Reference {
    Reference {
        name: SEARCH_SOURCE_INDEX.to_owned(),
        kind: Kind::IndexPattern,
        id: names.schema.index_pattern_id(index),
    }
}
