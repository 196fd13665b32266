//! The two shapes of documents, and what each is called in OpenSearch.

use std::path::{Path, PathBuf};

/// Where inventory documents go, of both schemas.
pub const INVENTORY_INDEX: &str = "sgflow-inventory";

/// A shape of documents: `flow-decorate --output-schema`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// AWS's own field names.
    Classic,
    /// Elastic Common Schema.
    Ecs,
}

impl Schema {
    /// Both.
    pub const ALL: [Schema; 2] = [Schema::Classic, Schema::Ecs];

    /// The value of `--output-schema`.
    pub fn name(self) -> &'static str {
        match self {
            Schema::Classic => "classic",
            Schema::Ecs => "ecs",
        }
    }

    /// The index of one day, as Firehose rotates them; `day` is `2026-03-01`.
    pub fn day_index(self, day: &str) -> String {
        format!("{}-{day}", self.data_stream())
    }

    /// The name of the data stream.
    pub fn data_stream(self) -> &'static str {
        match self {
            Schema::Classic => "sgflow-flows",
            Schema::Ecs => "sgflow-ecs",
        }
    }

    /// What the dashboards search: daily indices and the data stream.
    pub fn pattern(self) -> &'static str {
        match self {
            Schema::Classic => "sgflow-flows*",
            Schema::Ecs => "sgflow-ecs*",
        }
    }

    /// The file of the index template of daily indices.
    pub fn template(self) -> PathBuf {
        dashboards(match self {
            Schema::Classic => "index-template.json",
            Schema::Ecs => "index-template-ecs.json",
        })
    }

    /// The file of the saved objects: index patterns, panels, dashboards.
    pub fn saved_objects(self) -> PathBuf {
        dashboards(match self {
            Schema::Classic => "classic.ndjson",
            Schema::Ecs => "ecs.ndjson",
        })
    }
}

/// A file or folder of the project, by its path from the root.
pub fn project(path: &str) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.ancestors().nth(2).expect("this crate lies two folders below the project's root");
    root.join(path)
}

fn dashboards(file: &str) -> PathBuf {
    project("dashboards").join(file)
}
