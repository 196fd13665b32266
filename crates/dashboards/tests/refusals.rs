//! What cannot be made is refused with file, panel and cure, and nothing is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod project;

use project::{FINE, Project, panel};

const HERE: &str = "dashboards/source/overview.toml: panel `p`: ";

fn chart(kind: &str, metrics: &str, splits: &str) -> String {
    format!("kind = \"{kind}\"\nmetrics = [{metrics}]\nsplits = [{splits}]")
}

#[track_caller]
fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
}

#[test]
fn a_field_that_fields_toml_does_not_have() {
    let project = Project::new();
    let unknown = "unknown field `grup`; name one of dashboards/source/fields.toml, or add it there";
    let said = project.refusal(&chart("pie", "\"count\"", "{ field = \"grup\", size = 5 }"));
    assert_says(&said, &[HERE, "split by `grup`: ", unknown]);
    let said = project.refusal(&chart("pie", "\"sum grup\"", "{ field = \"group\", size = 5 }"));
    assert_says(&said, &[HERE, "metric `sum grup`: ", unknown]);
    assert_says(&project.refusal(&format!("{FINE}\nfilters = [{{ field = \"grup\", is = \"x\" }}]")), &[HERE, unknown]);
    assert_says(&project.refusal("kind = \"controls\"\nfields = [\"grup\"]"), &[HERE, unknown]);
    assert_says(&project.refusal("kind = \"records\"\ncolumns = [\"grup\"]"), &[HERE, unknown]);
}

#[test]
fn a_field_that_the_template_does_not_have() {
    let project = Project::new();
    let said = project.refusal(&chart("pie", "\"count\"", "{ field = \"gone\", size = 5 }"));
    let cure = "field `gone` is `gone`, which dashboards/index-template.json does not have; \
        add it there or correct fields.toml";
    assert_says(&said, &[HERE, cure]);
    // A field of the flow documents is none of the inventory's, and the reverse.
    let said = project.refusal(&format!("index = \"inventory\"\n{FINE}"));
    assert_says(&said, &[HERE, "`security-group-names`, which dashboards/index-template-inventory.json does not have"]);
    let said = project.refusal(&chart("pie", "\"count\"", "{ field = \"rule_text\", size = 5 }"));
    assert_says(&said, &[HERE, "which dashboards/index-template.json does not have"]);
    // Both schemas are looked at.
    let fields = project.read("dashboards/source/fields.toml").replace("sgflow.security_group_names", "sgflow.nothing");
    project.write("dashboards/source/fields.toml", &fields);
    assert_says(&project.refusal(FINE), &["`sgflow.nothing`, which dashboards/index-template-ecs.json does not have"]);
}

#[test]
fn a_field_of_a_type_that_does_not_serve() {
    let project = Project::new();
    let pie = |metric: &str, split: &str| chart("pie", metric, split);
    let said = project.refusal(&pie("\"sum group\"", "{ field = \"group\", size = 5 }"));
    assert_says(&said, &[HERE, "metric `sum group`: `security-group-names` is a keyword, of which there is no sum"]);
    let said = project.refusal(&pie("\"max source\"", "{ field = \"group\", size = 5 }"));
    assert_says(&said, &["`srcaddr` is a ip, of which there is no max; take another field"]);
    let said = project.refusal(&pie("\"count\"", "{ field = \"location\", size = 5 }"));
    assert_says(&said, &["`source-location` is a geo_point, which has no values to split by"]);
    let said = project.refusal(&pie("\"count\"", "{ field = \"source\", size = 5, missing = \"none\" }"));
    assert_says(&said, &["`missing` needs a keyword, and `srcaddr` is a ip; remove `missing`"]);
    let said = project.refusal(&pie("\"count\"", "{ field = \"time\", size = 5 }"));
    assert_says(&said, &["a time is split into intervals; remove `size`"]);
    assert_says(&project.refusal(&pie("\"count\"", "{ field = \"group\" }")), &["no `size`; say how many values"]);
    let nested = "{ field = \"group\", size = 5 }, { field = \"port\", size = 5, other = true }";
    assert_says(&project.refusal(&pie("\"count\"", nested)), &["`other` is only possible for the first split"]);
    assert_says(&project.refusal("kind = \"controls\"\nfields = [\"location\"]"), &["which has no values to choose"]);
}

#[test]
fn values_that_would_be_hidden() {
    let project = Project::new();
    let bars = |splits: &str, filters: &str| format!("{}\nfilters = [{filters}]", chart("bars", "\"count\"", splits));
    // Of ACCEPT, REJECT and "none" two are shown in each interval, and the third in none.
    let three_of_two = "{ field = \"time\" }, { field = \"action\", size = 2, missing = \"none\" }";
    let said = project.refusal(&bars(three_of_two, ""));
    let cure = "split by `action`: size 2 hides some of the 3 it has (ACCEPT, REJECT, `none`); make it 3 or more";
    assert_says(&said, &[HERE, cure]);
    let said = project.refusal(&chart("pie", "\"count\"", "{ field = \"action\", size = 1 }"));
    assert_says(&said, &["size 1 hides some of the 2 it has (ACCEPT, REJECT); make it 2 or more"]);
    // What a filter leaves out needs no room.
    for filter in [
        "{ field = \"action\", is = \"REJECT\" }",
        "{ field = \"action\", is-one-of = [\"REJECT\"] }",
        "{ field = \"action\", is-none-of = [\"ACCEPT\"] }",
    ] {
        project.dashboard(
            "overview",
            &panel(
                "p",
                "Panel of overview",
                &format!("{}\nfilters = [{filter}]", chart("pie", "\"count\"", "{ field = \"action\", size = 1 }")),
            ),
        );
        let output = project.run(&[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::remove_file(project.path("dashboards/classic.ndjson")).unwrap();
    }
    let said =
        project.refusal(&bars("{ field = \"action\", size = 2 }", "{ field = \"action\", is-none-of = [\"DENY\"] }"));
    assert_says(&said, &[HERE, "the filter on `action` names `DENY`, and it has ACCEPT, REJECT only"]);

    // Below a time, the first of many values are others in each interval.
    let anew = "{ field = \"time\" }, { field = \"group\", size = 25 }";
    let cure =
        "split by `group`: below a time its first 25 would be chosen anew in each interval; put it before the time";
    assert_says(&project.refusal(&bars(anew, "")), &[HERE, cure]);
    assert_says(&project.refusal(&chart("heatmap", "\"count\"", anew)), &[HERE, cure]);
}

#[test]
fn a_spec_that_cannot_be_filled() {
    let project = Project::new();
    let spec = "kind = \"vega\"\nspec = \"river\"";
    assert_says(&project.refusal(spec), &[HERE, "there is no spec dashboards/source/vega/river.json; write it"]);
    project.vega("river", r#"{"a": ["{{flows}} {{no-such}}"]}"#);
    let said = project.refusal(spec);
    assert_says(
        &said,
        &[HERE, "dashboards/source/vega/river.json: unknown placeholder `{{no-such}}`; it must be flows"],
    );
    project.vega("river", r#"{"{{port": 1}"#);
    assert_says(&project.refusal(spec), &["`{{` without `}}` in `{{port`; close the placeholder"]);
    project.vega("river", r#"{"a": "{{gone}}"}"#);
    assert_says(&project.refusal(spec), &["field `gone` is `gone`, which"]);
    project.vega("river", "{");
    assert_says(&project.refusal(spec), &["dashboards/source/vega/river.json: EOF while parsing"]);
}

#[test]
fn a_link_to_a_dashboard_that_is_not_there() {
    let project = Project::new();
    let said = project.refusal("kind = \"text\"\ntext = \"[x](dashboard:nowhere)\"");
    assert_says(&said, &[HERE, "text: links the dashboard `nowhere`, which is in no file of dashboards/source/"]);
    let said = project.refusal("kind = \"text\"\ntext = \"[x](dashboard:threats\"");
    assert_says(&said, &["text: a link `(dashboard:` has no `)`; close it"]);
}

#[test]
fn two_of_what_must_be_one() {
    let project = Project::new();
    project.dashboard("overview", &panel("q", "Panel of threats", FINE));
    let said = project.refusal_as_is();
    assert_says(&said, &["dashboards/source/threats.toml: panel `p`: another panel has the title `Panel of threats`"]);

    let project = Project::new();
    project
        .write("dashboards/source/threats.toml", "id = \"threat\"\ntitle = \"T\"\ndescription = \"D\"\npanel = []\n");
    let said = project.refusal_as_is();
    assert_says(&said, &["dashboards/source/threats.toml: its id is `threat`; it must be `threats`"]);
}

#[test]
fn a_folder_that_is_no_project() {
    let project = Project::new();
    std::fs::remove_file(project.path("dashboards/source/fields.toml")).unwrap();
    let said = project.refusal_as_is();
    assert_says(
        &said,
        &["error: cannot read dashboards/source/fields.toml; run make-dashboards in the project's root"],
    );
    let output = Project::new().run(&["--chek"]);
    assert!(!output.status.success());
    assert_says(&String::from_utf8(output.stderr).unwrap(), &["`--chek` is no argument of make-dashboards; usage:"]);
}

#[test]
fn check_says_which_file_differs_and_writes_nothing() {
    let project = Project::new();
    let output = project.run(&["--check"]);
    assert!(!output.status.success(), "nothing has been made yet");
    assert!(!project.path("dashboards/classic.ndjson").exists());

    assert!(project.run(&[]).status.success());
    assert!(project.run(&["--check"]).status.success());
    let first = project.read("dashboards/classic.ndjson");
    assert!(project.run(&[]).status.success());
    assert_eq!(project.read("dashboards/classic.ndjson"), first, "equal sources give equal bytes");

    project.write("dashboards/data-stream-template-ecs.json", "{}\n");
    let output = project.run(&["--check"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_says(
        &said,
        &["error: dashboards/data-stream-template-ecs.json would be made differently", "run `make dashboards`"],
    );
    assert!(!said.contains("classic.ndjson"), "{said}");
    assert_eq!(project.read("dashboards/data-stream-template-ecs.json"), "{}\n");
}
