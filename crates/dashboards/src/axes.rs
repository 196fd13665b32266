//! `params` of a visualisation: how the renderer draws the numbers.
//!
//! Each product has renderers of its own, and each was changed several times; what they have in common are the
//! parameters that Kibana 7.10 saves for a new panel, all of them. So all are given, also where one product would do
//! without.

use serde_json::{Value, json};

use crate::aggregation::Series;
use crate::source::{ChartKind, Direction, Sort};

/// The visualisation type, as `visState.type` names it.
pub fn visualization_type(kind: ChartKind) -> &'static str {
    match kind {
        ChartKind::Metric => "metric",
        ChartKind::Pie => "pie",
        ChartKind::Bars => "histogram",
        ChartKind::HorizontalBars => "horizontal_bar",
        ChartKind::Line => "line",
        ChartKind::Area => "area",
        ChartKind::Table => "table",
        ChartKind::Heatmap => "heatmap",
    }
}

/// The parameters of that kind of chart.
pub fn params(kind: ChartKind, series: &[Series]) -> Value {
    match kind {
        ChartKind::Metric => metric(),
        ChartKind::Pie => pie(),
        ChartKind::Table => table(),
        ChartKind::Heatmap => heatmap(),
        ChartKind::Bars | ChartKind::HorizontalBars | ChartKind::Line | ChartKind::Area => axes(kind, series),
    }
}

/// `uiStateJSON` for a table that is sorted once its rows are there. Kibana and OpenSearch Dashboards look in different
/// places.
pub fn sorted_table(sort: Sort) -> Value {
    let direction = match sort.direction {
        Direction::Ascending => "asc",
        Direction::Descending => "desc",
    };
    let column = sort.column.saturating_sub(1);
    json!({"vis": {
        "params": {"sort": {"columnIndex": column, "direction": direction}},
        "sortColumn": {"colIndex": column, "direction": direction},
    }})
}

/// `uiStateJSON` for a chart of actions: a blue and an orange that also colour-blind people tell apart (Okabe and
/// Ito's).
pub fn action_colors() -> Value {
    json!({"vis": {"colors": {"ACCEPT": "#0072B2", "REJECT": "#D55E00"}}})
}

fn metric() -> Value {
    json!({
        "type": "metric", "addTooltip": true, "addLegend": false,
        "metric": {
            "percentageMode": false, "useRanges": false, "colorSchema": "Green to Red", "metricColorMode": "None",
            "colorsRange": [{"from": 0, "to": 10000}], "labels": {"show": true}, "invertColors": false,
            "style": {"bgFill": "#000", "bgColor": false, "labelColor": false, "subText": "", "fontSize": 36},
        },
    })
}

fn pie() -> Value {
    json!({
        "type": "pie", "addTooltip": true, "addLegend": true, "legendPosition": "right", "isDonut": true,
        "labels": {"show": false, "values": true, "last_level": true, "truncate": 100},
    })
}

fn table() -> Value {
    json!({
        "perPage": 10, "showPartialRows": false, "showMetricsAtAllLevels": false, "showTotal": false,
        "totalFunc": "sum", "percentageCol": "", "sort": {"columnIndex": null, "direction": null},
    })
}

fn heatmap() -> Value {
    json!({
        "type": "heatmap", "addTooltip": true, "addLegend": true, "enableHover": false,
        "legendPosition": "right", "times": [],
        "colorsNumber": 6, "colorSchema": "Blues", "setColorRange": false, "colorsRange": [], "invertColors": false,
        "percentageMode": false,
        "valueAxes": [{
            "id": "ValueAxis-1", "type": "value", "show": false, "scale": {"type": "linear", "defaultYExtents": false},
            "labels": {"show": false, "rotate": 0, "overwriteColor": false, "color": "black"},
        }],
    })
}

fn axes(kind: ChartKind, series: &[Series]) -> Value {
    let lying = kind == ChartKind::HorizontalBars;
    let (shape, mode) = match kind {
        ChartKind::Line => ("line", "normal"),
        ChartKind::Area => ("area", "stacked"),
        _ => ("histogram", "stacked"),
    };
    let drawn: Vec<Value> = series
        .iter()
        .map(|one| {
            json!({
                "show": true, "type": shape, "mode": mode, "data": {"id": one.id, "label": one.label},
                "valueAxis": "ValueAxis-1", "drawLinesBetweenPoints": true, "lineWidth": 2, "showCircles": true,
                "interpolate": "linear",
            })
        })
        .collect();
    let category_labels = if lying {
        json!({"show": true, "rotate": 0, "filter": false, "truncate": 200})
    } else {
        json!({"show": true, "filter": true, "truncate": 100})
    };
    let value_labels = if lying {
        json!({"show": true, "rotate": 75, "filter": true, "truncate": 100})
    } else {
        json!({"show": true, "rotate": 0, "filter": false, "truncate": 100})
    };
    let value_title = series.first().map(|one| one.label.as_str()).unwrap_or_default();
    json!({
        "type": if lying { "histogram" } else { shape },
        "grid": {"categoryLines": false},
        "categoryAxes": [{
            "id": "CategoryAxis-1", "type": "category", "position": if lying { "left" } else { "bottom" },
            "show": true, "style": {}, "scale": {"type": "linear"}, "labels": category_labels, "title": {},
        }],
        "valueAxes": [{
            "id": "ValueAxis-1", "name": "LeftAxis-1", "type": "value",
            "position": if lying { "bottom" } else { "left" }, "show": true, "style": {},
            "scale": {"type": "linear", "mode": "normal"}, "labels": value_labels,
            "title": {"text": value_title},
        }],
        "seriesParams": drawn,
        "addTooltip": true, "addLegend": true, "legendPosition": "right", "times": [], "addTimeMarker": false,
        "labels": {"show": false}, "radiusRatio": 9,
        "thresholdLine": {"show": false, "value": 10, "width": 1, "style": "full", "color": "#E7664C"},
    })
}
