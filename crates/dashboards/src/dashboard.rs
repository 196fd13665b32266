//! A dashboard as a saved object: its panels by reference, and the time range it opens with.

use serde_json::{Value, json};

use crate::saved_object::{Kind, Reference, SavedObject, compact};
use crate::schema::Schema;
use crate::source::Dashboard;

/// Makes the saved object of a dashboard from its source and the objects of its panels, in the same order.
pub fn saved_object(source: &Dashboard, panels: &[SavedObject], schema: Schema) -> SavedObject {
    let mut placed = Vec::new();
    let mut references = Vec::new();
    for (number, (panel, object)) in source.panels.iter().zip(panels).enumerate() {
        let name = format!("panel_{number}");
        let place = panel.place;
        placed.push(json!({
            "panelIndex": panel.id,
            "panelRefName": name,
            "version": "7.10.0",
            // Without the prefix that tells titles apart in a list of all visualisations.
            "title": panel.title,
            "embeddableConfig": {"enhancements": {}, "title": panel.title},
            "gridData": {"x": place.x, "y": place.y, "w": place.width, "h": place.height, "i": panel.id},
        }));
        references.push(Reference { name, kind: object.kind, id: object.id.clone() });
    }
    let attributes = json!({
        "title": format!("{}{}", schema.title_prefix(), source.title),
        "description": source.description,
        "hits": 0,
        "panelsJSON": compact(Value::Array(placed)),
        "optionsJSON": compact(json!({"useMargins": true, "hidePanelTitles": false})),
        "version": 1,
        "timeRestore": true,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "refreshInterval": {"pause": true, "value": 0},
        "kibanaSavedObjectMeta": {
            "searchSourceJSON": compact(json!({"query": {"query": "", "language": "kuery"}, "filter": []})),
        },
    });
    SavedObject { id: schema.id(&source.id), kind: Kind::Dashboard, attributes, references }
}
