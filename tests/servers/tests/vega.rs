//! Vega specs are rendered, and what is wrong with one is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use servers::{Chromium, Rendered, Vega};
use std::time::Duration;

/// A bar for each row of `counted`, which holds the rows above 1.
fn bars() -> Value {
    json!({
        "$schema": "https://vega.github.io/schema/vega/v5.json",
        "autosize": {"type": "fit", "contains": "padding"},
        "data": [
            {"name": "given", "values": [{"k": "a", "n": 1}, {"k": "b</script>", "n": 2}, {"k": "c", "n": 5}]},
            {"name": "counted", "source": "given", "transform": [{"type": "filter", "expr": "datum.n > 1"}]},
            {"name": "empty", "values": []},
        ],
        "scales": [
            {"name": "x", "type": "band", "domain": {"data": "counted", "field": "k"}, "range": "width"},
            {"name": "y", "domain": [0, 5], "range": "height"},
        ],
        "axes": [{"orient": "left", "scale": "y"}],
        "marks": [
            {"name": "bars", "type": "rect", "from": {"data": "counted"}, "encode": {"enter": {
                "x": {"scale": "x", "field": "k"}, "width": {"scale": "x", "band": 1}, "y2": {"scale": "y", "value": 0},
                "y": {"scale": "y", "field": "n"}, "fill": {"value": "#0072b2"},
                "tooltip": {"signal": "format(datum.n, ',') + ' of ' + length(data('given'))"},
            }}},
            {"name": "columns", "type": "group", "from": {"facet": {"name": "facet", "data": "given", "groupby": "k"}},
                "marks": [{"name": "dots", "type": "symbol", "from": {"data": "facet"}}]},
            {"name": "notice", "type": "text", "from": {"data": "counted"},
                "encode": {"enter": {"text": {"field": "k"}}}},
            {"name": "nothing", "type": "rule", "from": {"data": "empty"}},
        ],
    })
}

fn render(spec: &Value) -> Rendered {
    Vega::install().render(&Chromium::find(), spec, 400, 200)
}

/// The spec with one thing changed, or added.
fn with(pointer: &str, value: Value) -> Value {
    let mut spec = bars();
    let (above, key) = pointer.rsplit_once('/').unwrap();
    let above = spec.pointer_mut(above).unwrap();
    match above {
        Value::Array(list) => list[key.parse::<usize>().unwrap()] = value,
        _ => above[key] = value,
    }
    spec
}

fn error_of(spec: &Value) -> String {
    let rendered = render(spec);
    rendered.error.unwrap_or_else(|| panic!("no error, but these warnings: {:?}", rendered.warnings))
}

#[test]
fn a_spec_gives_its_picture_rows_and_marks() {
    let rendered = render(&bars());
    assert_eq!((rendered.error, rendered.warnings), (None, vec![]));
    assert_eq!(rendered.data["counted"], json!([{"k": "b</script>", "n": 2}, {"k": "c", "n": 5}]));
    assert_eq!(rendered.data["given"].as_array().unwrap().len(), 3);
    assert_eq!(rendered.data["empty"], json!([]));
    let marks: Vec<_> = rendered.marks.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(marks, [("bars", 2), ("columns", 3), ("dots", 3), ("nothing", 0), ("notice", 2)]);
    // The panel's size, which Vega takes for the whole of it.
    assert!(rendered.svg.starts_with("<svg") && rendered.svg.contains("width=\"400\" height=\"200\""));
    assert!(rendered.svg.contains("b&lt;/script") && rendered.svg.contains("#0072b2"), "{}", rendered.svg);
}

#[test]
fn a_broken_spec_gives_an_error() {
    let error = error_of(&with("/scales/0/domain", json!({"data": "absent", "field": "k"})));
    assert!(error.contains("absent"), "{error}");
    let error = error_of(&with("/marks/0/encode/enter/y/scale", json!("nowhere")));
    assert!(error.contains("no scale is named nowhere"), "{error}");
    let error = error_of(&with("/marks/0/encode/enter/y", json!({"signal": "scale('lost', datum.n)"})));
    assert!(error.contains("no scale is named lost"), "{error}");
    assert!(error_of(&with("/marks/0/type", json!("banana"))).contains("Error"));
    assert!(error_of(&with("/scales/1/type", json!("banana"))).contains("banana"));
}

#[test]
fn an_unknown_function_of_expressions_gives_an_error() {
    for call in ["kibanaAddFilter({})", "opensearchDashboardsAddFilter({})", "eval('1')", "datum.n >"] {
        let error = error_of(&with("/marks/0/encode/enter/tooltip/signal", json!(call)));
        assert!(error.contains("Unrecognized function") || error.contains("Expression parse error"), "{call}: {error}");
    }
}

#[test]
fn nothing_is_loaded() {
    let elsewhere = json!({"name": "empty", "url": "http://127.0.0.1:9/data.json"});
    let error = error_of(&with("/data/2", elsewhere));
    assert!(error.contains("loads from the network: http://127.0.0.1:9/data.json"), "{error}");
    // A query that the caller should have answered.
    let query = json!({"name": "empty", "url": {"index": "flows"}, "format": {"property": "aggregations"}});
    assert!(error_of(&with("/data/2", query)).contains("loads from the network"));
    let image = json!({"type": "image", "encode": {"enter": {"url": {"value": "https://example.com/a.png"}}}});
    assert!(error_of(&with("/marks/3", image)).contains("loads from the network"));
}

#[test]
fn warnings_of_vega_and_of_the_dashboards_are_told() {
    let rendered = render(&with("/width", json!(300)));
    assert_eq!(rendered.error, None);
    assert_eq!(rendered.warnings, ["the width and height of the spec are ignored with autosize=fit"]);
    let rendered = render(&with("/scales/1/domain", json!({"data": "empty", "field": "n"})));
    assert!(rendered.warnings.iter().any(|warning| warning.contains("Infinite extent")), "{rendered:?}");
}

#[test]
fn a_spec_without_autosize_fits_and_one_with_its_own_size_keeps_it() {
    let mut spec = bars();
    spec.as_object_mut().unwrap().remove("autosize");
    assert!(render(&spec).svg.contains("width=\"400\" height=\"200\""));
    spec["autosize"] = json!("none");
    spec["width"] = json!(120);
    spec["height"] = json!(80);
    let rendered = render(&spec);
    assert!(rendered.svg.contains("width=\"120\" height=\"80\""), "{}", rendered.svg);
    assert_eq!((rendered.error, rendered.warnings), (None, vec![]));
}

/// The bars' colour and white are both in it; Chromium itself tells the pixels.
#[test]
fn a_picture_is_not_blank() {
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("bars.png");
    let chromium = Chromium::find();
    Vega::install().picture(&chromium, &bars(), 400, 200, &png);
    let picture = STANDARD.encode(std::fs::read(&png).unwrap());
    let script = format!(
        "const image = new Image();
        image.onload = () => {{
            const canvas = document.createElement('canvas');
            canvas.width = image.width;
            canvas.height = image.height;
            const context = canvas.getContext('2d');
            context.drawImage(image, 0, 0);
            const pixels = context.getImageData(0, 0, image.width, image.height).data;
            let blue = 0, white = 0;
            for (let at = 0; at < pixels.length; at += 4) {{
                const colour = pixels.slice(at, at + 3).join(',');
                blue += colour === '0,114,178';
                white += colour === '255,255,255';
            }}
            document.title = `${{image.width}}x${{image.height}} ${{blue > 10000}} ${{white > 10000}}`;
        }};
        image.src = 'data:image/png;base64,{picture}';"
    );
    let html = folder.path().join("pixels.html");
    std::fs::write(&html, format!("<!doctype html><body><script>{script}</script>")).unwrap();
    let dom = chromium.dom(&html, Duration::from_secs(10));
    assert!(dom.contains("<title>400x200 true true</title>"), "{}", dom.get(..300).unwrap_or(&dom));
}

#[test]
#[should_panic(expected = "no picture of a broken spec")]
fn there_is_no_picture_of_a_broken_spec() {
    let folder = tempfile::tempdir().unwrap();
    let spec = with("/marks/0/type", json!("banana"));
    Vega::install().picture(&Chromium::find(), &spec, 400, 200, &folder.path().join("never.png"));
}
