//! Documents in bulk, in requests of some 5 MB whatever the length of the whole.

use super::OpenSearch;
use serde_json::{Value, json};
use std::io::BufRead;

/// A request is sent once it has grown to this.
const PIECE: usize = 5 << 20;
const NDJSON: &str = "application/x-ndjson";

/// What became of the documents.
#[derive(Debug, Default)]
pub struct Bulk {
    /// Actions that were carried out.
    pub indexed: u64,
    /// What OpenSearch said of each of the others: `{"index": {"_id", "status", "error": {...}}}`.
    pub refused: Vec<Value>,
}

/// The part of a `_bulk` body that is sent next.
struct Piece {
    path: String,
    body: Vec<u8>,
    actions: usize,
}

impl OpenSearch {
    /// Sends a `_bulk` body of any length. `default_index` is for actions that name none.
    pub fn bulk(&self, default_index: Option<&str>, body: &mut dyn BufRead) -> Bulk {
        let mut done = Bulk::default();
        let mut piece = Piece::new(default_index);
        let mut line = Vec::new();
        while read_line(body, &mut line) {
            let action: Value = serde_json::from_slice(&line)
                .unwrap_or_else(|error| panic!("no bulk action ({error}): {}", String::from_utf8_lossy(&line)));
            piece.push(&line);
            piece.actions += 1;
            // Every action but `delete` is followed by a line of its own.
            if action.get("delete").is_none() {
                read_any_line(body, &mut line);
                piece.push(&line);
            }
            if piece.body.len() >= PIECE {
                self.send(&mut piece, &mut done);
            }
        }
        self.send(&mut piece, &mut done);
        done
    }

    /// Sends newline-delimited documents, each with the action `op`: `index`, or `create` as data streams want it.
    pub fn bulk_documents(&self, index: &str, op: &str, documents: &mut dyn BufRead) -> Bulk {
        let mut done = Bulk::default();
        let mut piece = Piece::new(Some(index));
        let action = json!({ op: {} }).to_string();
        let mut line = Vec::new();
        while read_line(documents, &mut line) {
            piece.push(action.as_bytes());
            piece.push(&line);
            piece.actions += 1;
            if piece.body.len() >= PIECE {
                self.send(&mut piece, &mut done);
            }
        }
        self.send(&mut piece, &mut done);
        done
    }

    fn send(&self, piece: &mut Piece, done: &mut Bulk) {
        if piece.actions == 0 {
            return;
        }
        let (status, mut answer) = self.call("POST", &piece.path, NDJSON, &piece.body);
        assert!(status < 300, "OpenSearch: {}: {status}: {answer}", piece.path);
        let Value::Array(items) = answer["items"].take() else {
            panic!("OpenSearch: {}: an answer without items: {answer}", piece.path);
        };
        assert_eq!(items.len(), piece.actions, "OpenSearch: {}: not one answer for each action", piece.path);
        for item in items {
            let result = item.as_object().and_then(|item| item.values().next());
            if result.and_then(|result| result["status"].as_u64()).is_some_and(|status| status < 300) {
                done.indexed += 1;
            } else {
                done.refused.push(item);
            }
        }
        piece.body.clear();
        piece.actions = 0;
    }
}

impl Piece {
    fn new(index: Option<&str>) -> Piece {
        let index = index.map(|index| format!("/{index}")).unwrap_or_default();
        // Only what is read here: the whole answer is as long as the documents.
        let wanted = "filter_path=items.*._id,items.*.status,items.*.error";
        Piece { path: format!("{index}/_bulk?{wanted}"), body: Vec::new(), actions: 0 }
    }

    fn push(&mut self, line: &[u8]) {
        self.body.extend_from_slice(line);
        self.body.push(b'\n');
    }
}

/// The next line that is not blank, without its end; `false` after the last.
fn read_line(from: &mut dyn BufRead, line: &mut Vec<u8>) -> bool {
    while read_any_line(from, line) {
        if !line.is_empty() {
            return true;
        }
    }
    false
}

/// The next line without its end; `false` and empty after the last.
fn read_any_line(from: &mut dyn BufRead, line: &mut Vec<u8>) -> bool {
    line.clear();
    let read = from.read_until(b'\n', line).unwrap_or_else(|error| panic!("reading a bulk body: {error}"));
    while line.last().is_some_and(u8::is_ascii_whitespace) {
        line.pop();
    }
    read > 0
}
