//! The two schemas of decorated documents, and what is named after them.

use serde::Deserialize;

/// How the documents of a set of dashboards name their fields: AWS's own names, or the Elastic Common Schema's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// `OUTPUT_SCHEMA=classic`: `srcaddr`, `security-group-ids`
    Classic,
    /// `OUTPUT_SCHEMA=ecs`: `source.ip`, `sgflow.security_group_ids`
    Ecs,
}

/// An index that panels ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Index {
    /// decorated flow logs: documents with a time
    #[default]
    Flows,
    /// what `flow-decorate --inventory-index` writes: rules, interfaces and groups, without regard to time
    Inventory,
}

impl Schema {
    /// Both.
    pub const ALL: [Schema; 2] = [Schema::Classic, Schema::Ecs];

    /// `classic`, `ecs`.
    pub fn name(self) -> &'static str {
        match self {
            Schema::Classic => "classic",
            Schema::Ecs => "ecs",
        }
    }

    /// What titles begin with, since both sets may be in one Dashboards.
    pub fn title_prefix(self) -> &'static str {
        match self {
            Schema::Classic => "sgflow: ",
            Schema::Ecs => "sgflow ECS: ",
        }
    }

    /// The pattern of the indices, as an index pattern has it for its title and a Vega spec asks it.
    pub fn index_title(self, index: Index) -> &'static str {
        match (self, index) {
            (Schema::Classic, Index::Flows) => "sgflow-flows*",
            (Schema::Ecs, Index::Flows) => "sgflow-ecs*",
            (_, Index::Inventory) => "sgflow-inventory*",
        }
    }

    /// The saved object of that index pattern. Both schemas have one of their own for the inventory: ids are unique
    /// over both files.
    pub fn index_pattern_id(self, index: Index) -> String {
        match index {
            Index::Flows => self.id("flows"),
            Index::Inventory => self.id("inventory"),
        }
    }

    /// `sgflow-classic-overview` for `overview`.
    pub fn id(self, name: &str) -> String {
        format!("sgflow-{}-{name}", self.name())
    }

    /// The file that holds the index template, in `dashboards/`.
    pub fn template_file(self, index: Index) -> &'static str {
        match (self, index) {
            (Schema::Classic, Index::Flows) => "index-template.json",
            (Schema::Ecs, Index::Flows) => "index-template-ecs.json",
            (_, Index::Inventory) => "index-template-inventory.json",
        }
    }

    /// The file that holds the saved objects, in `dashboards/`.
    pub fn saved_objects_file(self) -> &'static str {
        match self {
            Schema::Classic => "classic.ndjson",
            Schema::Ecs => "ecs.ndjson",
        }
    }

    /// The file that holds the template of the data stream, in `dashboards/`.
    pub fn data_stream_template_file(self) -> &'static str {
        match self {
            Schema::Classic => "data-stream-template.json",
            Schema::Ecs => "data-stream-template-ecs.json",
        }
    }

    /// The data stream that can take the place of one index a day.
    pub fn data_stream(self) -> &'static str {
        match self {
            Schema::Classic => "sgflow-flows",
            Schema::Ecs => "sgflow-ecs",
        }
    }
}
