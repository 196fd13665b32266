//! Documents into an OpenSearch, and how many there are then.

use crate::bulk_body::{as_updates, by_day};
use crate::decorated::Decorated;
use crate::schema::{INVENTORY_INDEX, Schema, project};
use crate::templates;
use serde_json::Value;
use servers::{Bulk, OpenSearch};
use std::io::{BufReader, Read};
use std::path::Path;

/// An OpenSearch, seen as the place where the dashboards look.
#[derive(Clone, Copy)]
pub struct Stack<'a> {
    server: &'a OpenSearch,
}

/// Where flow documents go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `sgflow-flows-2026-03-01`: the day of each document's `@timestamp`.
    DailyIndices,
    /// `sgflow-flows`.
    DataStream,
}

/// What a load did. No document was refused: that would have failed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Documents that OpenSearch took.
    pub documents: u64,
    /// What `flow-decorate` said on standard error: lines that are no records, and its totals.
    pub said: String,
}

impl<'a> Stack<'a> {
    /// The OpenSearch to load into.
    pub fn on(server: &'a OpenSearch) -> Stack<'a> {
        Stack { server }
    }

    /// Deletes every flow and inventory document: what a test counts must not have been there before it, in an OpenSearch
    /// that `OPENSEARCH_URL` names. Templates stay.
    pub fn clear(&self) {
        for schema in Schema::ALL {
            let path = format!("/_data_stream/{}", schema.data_stream());
            let (status, answer) = self.server.call("DELETE", &path, "", b"");
            assert!(status < 300 || status == 404, "DELETE {path} answered {status}: {answer}");
        }
        for pattern in [Schema::Classic.pattern(), Schema::Ecs.pattern(), "sgflow-inventory*"] {
            self.server.delete(&format!("/{pattern}"), &Value::Null);
        }
    }

    /// Index templates, data stream templates, and policies where the server knows them; gives the names of all that
    /// were put.
    pub fn put_templates(&self) -> Vec<String> {
        templates::put(self.server)
    }

    /// The samples' documents, one a line.
    pub fn decorate_samples(&self, schema: Schema) -> Vec<u8> {
        let mut decorated = Decorated::documents(schema, &project("samples/logs"), &project("samples/inventory"));
        let mut documents = Vec::new();
        decorated.output.read_to_end(&mut documents).unwrap_or_else(|error| panic!("from flow-decorate: {error}"));
        decorated.finish();
        documents
    }

    /// Loads the samples into daily indices: 2026-03-01 to 2026-03-03.
    pub fn load_samples(&self, schema: Schema) -> Loaded {
        self.load(schema, &project("samples/logs"), &project("samples/inventory"), Place::DailyIndices)
    }

    /// Decorates the records in `logs` and loads them; searches see them when it returns.
    pub fn load(&self, schema: Schema, logs: &Path, inventory: &Path, place: Place) -> Loaded {
        let mut decorated = Decorated::documents(schema, logs, inventory);
        let bulk = match place {
            Place::DailyIndices => {
                let prefix = schema.day_index("");
                let mut body = BufReader::with_capacity(1 << 20, by_day(&mut decorated.output, &prefix));
                self.server.bulk(None, &mut body)
            }
            Place::DataStream => self.server.bulk_documents(schema.data_stream(), "create", &mut decorated.output),
        };
        self.loaded(bulk, decorated, schema.pattern())
    }

    /// Loads rules, interfaces and groups into `sgflow-inventory`, under the names of that schema. What the other
    /// schema's load put there stays: then each document answers both schemas' dashboards.
    pub fn load_inventory(&self, schema: Schema, inventory: &Path) -> Loaded {
        let mut decorated = Decorated::inventory(schema, inventory);
        let mut body = BufReader::new(as_updates(&mut decorated.output));
        let bulk = self.server.bulk(None, &mut body);
        drop(body);
        self.loaded(bulk, decorated, INVENTORY_INDEX)
    }

    /// The number of documents that a search in `pattern` sees, by OpenSearch's own count; 0 where there is no such
    /// index yet.
    pub fn count(&self, pattern: &str) -> u64 {
        let path = format!("/{pattern}/_count?ignore_unavailable=true");
        let (status, answer) = self.server.call("GET", &path, "", b"");
        let count = answer["count"].as_u64().filter(|_| status == 200 && answer["_shards"]["failed"] == 0);
        count.unwrap_or_else(|| panic!("GET {path} answered {status}: {answer}"))
    }

    fn loaded(&self, bulk: Bulk, decorated: Decorated, pattern: &str) -> Loaded {
        let said = decorated.finish();
        if let Some(first) = bulk.refused.first() {
            let (refused, first) = (bulk.refused.len(), shown(first));
            panic!(
                "OpenSearch refused {refused} documents for {pattern} and took {}; the first: {first}",
                bulk.indexed
            );
        }
        self.server.refresh(pattern);
        Loaded { documents: bulk.indexed, said }
    }
}

fn shown(answer: &Value) -> String {
    let text = answer.to_string();
    text.chars().take(2_000).collect()
}
