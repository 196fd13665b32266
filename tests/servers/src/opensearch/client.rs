//! Calls to OpenSearch, blocking and plain. A path may begin with a slash or not.

use super::OpenSearch;
use crate::http::call;
use serde_json::Value;
use std::io;

const JSON: &str = "application/json";

impl OpenSearch {
    /// Any call. An empty `content_type` is for a call without a body. Gives the status and the answer: its JSON, null
    /// for none, and text (what `_cat` gives) as a string.
    pub fn call(&self, method: &str, path: &str, content_type: &str, body: &[u8]) -> (u16, Value) {
        let answer = self.try_call(method, path, content_type, body);
        answer.unwrap_or_else(|error| panic!("OpenSearch: {method} {path}: {error}\n{}", super::tail(&self.log())))
    }

    /// A GET; null for no body. Fails the test on any status but 2xx, as do the next three.
    pub fn get(&self, path: &str, body: &Value) -> Value {
        self.checked("GET", path, body)
    }

    /// A PUT; null for no body.
    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.checked("PUT", path, body)
    }

    /// A POST; null for no body.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.checked("POST", path, body)
    }

    /// A DELETE; null for no body.
    pub fn delete(&self, path: &str, body: &Value) -> Value {
        self.checked("DELETE", path, body)
    }

    /// Makes what was written to these indices visible to searches.
    pub fn refresh(&self, index: &str) {
        self.post(&format!("/{index}/_refresh"), &Value::Null);
    }

    /// Searches; gives the whole answer.
    pub fn search(&self, index: &str, body: &Value) -> Value {
        self.post(&format!("/{index}/_search"), body)
    }

    fn checked(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = match body {
            Value::Null => self.call(method, path, "", b""),
            body => self.call(method, path, JSON, body.to_string().as_bytes()),
        };
        assert!(status < 300, "OpenSearch: {method} {path}: {status}: {answer}");
        answer
    }

    pub(super) fn try_call(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: &[u8],
    ) -> io::Result<(u16, Value)> {
        let slash = if path.starts_with('/') { "" } else { "/" };
        let target = format!("{slash}{path}");
        let header = [("content-type", content_type)];
        let headers = if content_type.is_empty() { &[][..] } else { &header };
        let answer = call(self.address, method, &target, headers, body)?;
        if answer.body.is_empty() {
            return Ok((answer.status, Value::Null));
        }
        let told = serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(answer.text()));
        Ok((answer.status, told))
    }
}
