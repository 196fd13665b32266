//! A small project of its own for each test: templates, fields and four dashboards with a panel each.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder like the project's root, thrown away at the end.
pub struct Project {
    folder: tempfile::TempDir,
}

/// A panel that is fine, for `panel()`.
pub const FINE: &str = r#"kind = "pie"
metrics = ["count"]
splits = [{ field = "group", size = 5 }]"#;

impl Project {
    /// Nothing is wrong with it.
    pub fn new() -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(project.path("dashboards/source/vega")).unwrap();
        project.template(
            "index-template.json",
            r#""@timestamp": {"type": "date"}, "security-group-names": {"type": "keyword"}, "bytes": {"type": "long"},
               "action": {"type": "keyword"}, "srcaddr": {"type": "ip"}, "dstport": {"type": "integer"}, "source-location": {"type": "geo_point"}"#,
        );
        project.template(
            "index-template-ecs.json",
            r#""@timestamp": {"type": "date"}, "network": {"properties": {"bytes": {"type": "long"}}},
               "aws": {"properties": {"vpcflow": {"properties": {"action": {"type": "keyword"}}}}},
               "sgflow": {"properties": {"security_group_names": {"type": "keyword"}}},
               "source": {"properties": {"ip": {"type": "ip"}, 
                   "geo": {"properties": {"location": {"type": "geo_point"}}}}},
               "destination": {"properties": {"port": {"type": "long"}}}"#,
        );
        project.template("index-template-inventory.json", r#""rule-text": {"type": "keyword"}"#);
        project.write(
            "dashboards/source/fields.toml",
            r#"
time = { label = "Time", classic = "@timestamp", ecs = "@timestamp" }
group = { label = "Group", classic = "security-group-names", ecs = "sgflow.security_group_names" }
action = { label = "Action", classic = "action", ecs = "aws.vpcflow.action", values = ["ACCEPT", "REJECT"] }
bytes = { label = "Bytes", classic = "bytes", ecs = "network.bytes", format = "bytes" }
source = { label = "Source", classic = "srcaddr", ecs = "source.ip" }
port = { label = "Port", classic = "dstport", ecs = "destination.port", format = "plain" }
location = { label = "Location", classic = "source-location", ecs = "source.geo.location" }
rule_text = { label = "Rule", classic = "rule-text", ecs = "rule-text" }
gone = { label = "Gone", classic = "gone", ecs = "gone.too" }
"#,
        );
        for id in ["security-groups", "overview", "threats", "rule-usage"] {
            project.dashboard(id, &panel("p", &format!("Panel of {id}"), FINE));
        }
        project
    }

    /// Puts one dashboard in the place of another.
    pub fn dashboard(&self, id: &str, panels: &str) {
        let text = format!("id = \"{id}\"\ntitle = \"T {id}\"\ndescription = \"D\"\n{panels}");
        self.write(&format!("dashboards/source/{id}.toml"), &text);
    }

    /// Puts a Vega spec there.
    pub fn vega(&self, name: &str, text: &str) {
        self.write(&format!("dashboards/source/vega/{name}.json"), text);
    }

    /// Runs the real binary in the project's root.
    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_make-dashboards"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// What it says when it refuses, with the dashboard `overview` made of that panel.
    pub fn refusal(&self, content: &str) -> String {
        self.dashboard("overview", &panel("p", "Panel of overview", content));
        self.refusal_as_is()
    }

    /// What it says when it refuses.
    pub fn refusal_as_is(&self) -> String {
        let output = self.run(&[]);
        assert!(!output.status.success(), "it should have refused");
        assert!(!self.path("dashboards/classic.ndjson").exists(), "it should have written nothing");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The text of a file.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    /// Puts a file there.
    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    /// Where a file is.
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn template(&self, file: &str, properties: &str) {
        let text =
            format!(r#"{{"index_patterns": ["x-*"], "template": {{"mappings": {{"properties": {{{properties}}}}}}}}}"#);
        self.write(&format!("dashboards/{file}"), &text);
    }
}

/// One `[[panel]]`.
pub fn panel(id: &str, title: &str, content: &str) -> String {
    format!(
        "[[panel]]\nid = \"{id}\"\ntitle = \"{title}\"\ndescription = \"A sentence.\"\n\
         place = [0, 0, 48, 10]\n{content}\n"
    )
}
