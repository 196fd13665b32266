#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

const HEAD: &str = "id = \"d\"\ntitle = \"D\"\ndescription = \"what\"\n";

fn panel(id: &str, place: &str, rest: &str) -> String {
    format!("[[panel]]\nid = \"{id}\"\ntitle = \"T\"\ndescription = \"A sentence.\"\nplace = {place}\n{rest}\n")
}

fn bars(rest: &str) -> String {
    let base = "kind = \"bars\"\n";
    format!("{HEAD}{}", panel("p", "[0, 0, 24, 10]", &format!("{base}{rest}")))
}

fn refused(text: &str) -> String {
    match Dashboard::read(text, "d.toml") {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn a_panel_is_read_as_it_is_written() {
    let text = bars(
        "metrics = [\"sum bytes as Traffic\", \"count\"]\n\
         splits = [{ field = \"time\" }, { field = \"action\", size = 2, missing = \"none\", order = \"name\" }]\n\
         filters = [{ field = \"status\", is-one-of = [\"OK\", \"NODATA\"] }, { field = \"rule\", exists = false }, \
         { field = \"role\", is-none-of = [\"reply\"] }]",
    );
    let dashboard = Dashboard::read(&text, "d.toml").unwrap();
    let Content::Chart(chart) = &dashboard.panels[0].content else { panic!("not a chart") };
    assert_eq!(chart.kind, ChartKind::Bars);
    assert_eq!(chart.metrics[0].calculation, Calculation::Sum);
    assert_eq!(chart.metrics[0].field.as_deref(), Some("bytes"));
    assert_eq!(chart.metrics[0].label.as_deref(), Some("Traffic"));
    assert_eq!((chart.metrics[1].calculation, &chart.metrics[1].field), (Calculation::Count, &None));
    assert_eq!((chart.splits[0].size, chart.splits[0].order), (None, Order::Most));
    assert_eq!((chart.splits[1].missing.as_deref(), chart.splits[1].order), (Some("none"), Order::Name));
    assert_eq!(chart.filters[0].condition, Condition::IsOneOf(vec!["OK".to_owned(), "NODATA".to_owned()]));
    assert_eq!(chart.filters[1].condition, Condition::Exists(false));
    assert_eq!(chart.filters[2].condition, Condition::IsNoneOf(vec!["reply".to_owned()]));
}

#[test]
fn what_is_missing_is_named_with_file_panel_and_cure() {
    let text =
        format!("{HEAD}[[panel]]\nid = \"p\"\ntitle = \"T\"\nkind = \"text\"\ntext = \"x\"\nplace = [0, 0, 1, 1]\n");
    assert_eq!(
        refused(&text),
        "d.toml: panel `p`: no `description`; give it one: a sentence or two on what it shows and what not"
    );
    let text = format!("{HEAD}[[panel]]\ntitle = \"T\"\n");
    assert!(refused(&text).starts_with("d.toml: panel number 1: no `id`; give it one"));
    let text = format!("{HEAD}[[panel]]\nid = \"p\"\ntitle = \"T\"\ndescription = \" \"\n");
    assert!(refused(&text).contains("no `description`"));
    let text = format!("{HEAD}[[panel]]\nid = \"p\"\ntitle = 3\n");
    assert!(refused(&text).contains("`title` is a integer; it must be text"));
    let text =
        format!("{HEAD}[[panel]]\nid = \"p\"\ntitle = \"T\"\ndescription = \"x\"\nkind = \"text\"\ntext = \"x\"\n");
    assert!(refused(&text).contains("no `place`; give it one: [x, y, width, height]"));
    assert!(refused(&bars("splits = [{ field = \"time\" }]")).contains("no `metrics`"));
    assert!(refused(&bars("metrics = [\"count\"]")).contains("0 `splits`, where this kind needs 1"));
    let vega = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"vega\""));
    assert!(refused(&vega).contains("no `spec`; give it one"));
    let controls = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"controls\""));
    assert!(refused(&controls).contains("no `fields`"));
    let records = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"records\"\ncolumns = []"));
    assert!(refused(&records).contains("no `columns`"));
}

#[test]
fn what_is_unknown_is_named_with_what_is_known() {
    let text = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"gauge\""));
    let error = refused(&text);
    assert!(error.starts_with("d.toml: panel `p`: unknown kind `gauge`; it must be metric, pie, bars"), "{error}");
    let error = refused(&bars("metrics = [\"average bytes\"]"));
    assert!(error.contains("unknown metric `average bytes`; it must be `count`, or `sum`"), "{error}");
    let error = refused(&bars("metrics = [\"count\"]\nsplitz = []"));
    assert!(error.contains("unknown field `splitz`, expected one of `index`, `metrics`, `splits`"), "{error}");
    let error = refused(&bars("metrics = [\"count\"]\nsplits = [{ field = \"a\", order = \"least\" }]"));
    assert!(error.contains("unknown variant `least`"), "{error}");
    let text = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"text\"\ntext = \"x\"\nspec = \"y\""));
    assert!(refused(&text).contains("`spec` means nothing for kind `text`; remove it"));
    assert!(refused(&format!("colour = 1\n{HEAD}panel = []")).starts_with("d.toml: "));
}

#[test]
fn a_filter_asks_one_thing() {
    for wrong in
        ["{ field = \"a\" }", "{ field = \"a\", is = \"x\", exists = true }", "{ field = \"a\", is-none-of = [] }"]
    {
        let error =
            refused(&bars(&format!("metrics = [\"count\"]\nsplits = [{{ field = \"a\" }}]\nfilters = [{wrong}]")));
        assert!(
            error.contains(
                "the filter on `a` must have just one of `is`, `is-one-of`, `is-none-of` (with values) and `exists`"
            ),
            "{error}"
        );
    }
}

#[test]
fn a_kind_has_room_for_so_many() {
    let three = "metrics = [\"count\"]\nsplits = [{ field = \"a\" }, { field = \"b\" }, { field = \"c\" }]";
    assert!(refused(&bars(three)).contains("3 `splits`, where this kind shows 2; leave the others to a table"));
    let pie = format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", "kind = \"pie\"\nmetrics = [\"count\", \"sum b\"]"));
    assert!(refused(&pie).contains("2 metrics, where this kind shows one"));
    let heatmap = "kind = \"heatmap\"\nmetrics = [\"count\"]\nsplits = [{ field = \"a\" }]";
    assert!(
        refused(&format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", heatmap)))
            .contains("1 `splits`, where this kind needs 2")
    );
    let sorted =
        "metrics = [\"count\"]\nsplits = [{ field = \"a\" }]\nsort = { column = 1, direction = \"ascending\" }";
    assert!(refused(&bars(sorted)).contains("`sort` is for tables; remove it"));
    let table = format!("kind = \"table\"\n{}", sorted.replace("column = 1", "column = 3"));
    let error = refused(&format!("{HEAD}{}", panel("p", "[0, 0, 1, 1]", &table)));
    assert!(error.contains("`sort` names column 3, and the table has columns 1 to 2"), "{error}");
}

#[test]
fn places_neither_overlap_nor_leave_the_grid() {
    let text = "kind = \"text\"\ntext = \"x\"";
    let both = format!("{HEAD}{}{}", panel("p", "[0, 0, 24, 10]", text), panel("q", "[23, 9, 10, 10]", text));
    assert_eq!(refused(&both), "d.toml: panel `q`: its place overlaps that of `p`; move one of them");
    let out = format!("{HEAD}{}", panel("p", "[40, 0, 9, 1]", text));
    assert!(refused(&out).contains("place [40, 0, 9, 1] leaves the grid of 48 columns; make x + width 48 or less"));
    let negative = format!("{HEAD}{}", panel("p", "[0, -1, 9, 1]", text));
    assert!(refused(&negative).contains("place: must be [x, y, width, height]"));
}

#[test]
fn ids_are_unique_and_plain() {
    let text = "kind = \"text\"\ntext = \"x\"";
    let both = format!("{HEAD}{}{}", panel("p", "[0, 0, 1, 1]", text), panel("p", "[1, 0, 1, 1]", text));
    assert!(refused(&both).starts_with("d.toml: panel `p`: another panel has that id"));
    let odd = format!("{HEAD}{}", panel("Top talkers", "[0, 0, 1, 1]", text));
    assert!(refused(&odd).contains("id `Top talkers` must be lower-case letters, digits and hyphens"));
    let odd = format!("{}{}", HEAD.replace("\"d\"", "\"d/e\""), panel("p", "[0, 0, 1, 1]", text));
    assert!(refused(&odd).contains("id `d/e` must be"));
}
