//! S3 by path: put, get, head, list and delete an object. Every bucket exists.

use super::form::{decode, percent_decode};
use super::{Question, Service, xml};
use crate::http::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

#[derive(Default)]
pub(crate) struct S3 {
    objects: BTreeMap<String, Vec<u8>>,
}

/// The operation that a request means, and its bucket and key.
pub(super) fn understand(request: &Request) -> (String, Value) {
    let path = percent_decode(request.path.trim_start_matches('/'));
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    let operation = match (request.method.as_str(), key.is_empty()) {
        ("PUT", false) => "PutObject",
        ("GET", false) => "GetObject",
        ("HEAD", false) => "HeadObject",
        ("DELETE", false) => "DeleteObject",
        ("GET", true) => "ListObjectsV2",
        ("PUT", true) => "CreateBucket",
        ("HEAD", true) => "HeadBucket",
        _ => "Unknown",
    };
    (operation.to_owned(), json!({"Bucket": bucket, "Key": key, "Size": request.body.len()}))
}

impl S3 {
    pub fn objects(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.objects
    }

    pub fn put(&mut self, name: &str, body: Vec<u8>) {
        self.objects.insert(name.to_owned(), body);
    }

    pub fn answer(&mut self, request: &Request, question: &Question) -> Response {
        let bucket = question.parameters["Bucket"].as_str().unwrap_or_default();
        let key = question.parameters["Key"].as_str().unwrap_or_default();
        let name = format!("{bucket}/{key}");
        match question.operation.as_str() {
            "PutObject" => self.put_object(request, name),
            "GetObject" | "HeadObject" => self.get_object(request, &name),
            "DeleteObject" => {
                self.objects.remove(&name);
                Response { status: 204, ..Response::default() }
            }
            "ListObjectsV2" => self.list(bucket, &request.query),
            "CreateBucket" | "HeadBucket" => Response { status: 200, ..Response::default() },
            _ => Service::S3.refuse(405, "MethodNotAllowed", "this request is not played"),
        }
    }

    fn put_object(&mut self, request: &Request, name: String) -> Response {
        let body = match plain_body(request) {
            Ok(body) => body,
            Err(error) => return Service::S3.refuse(400, "IncompleteBody", &error),
        };
        if request.header("if-none-match") == Some("*") && self.objects.contains_key(&name) {
            return Service::S3.refuse(412, "PreconditionFailed", "the object exists");
        }
        let tag = entity_tag(&body);
        self.objects.insert(name, body);
        Response { status: 200, ..Response::default() }.with("etag", tag)
    }

    fn get_object(&self, request: &Request, name: &str) -> Response {
        let Some(body) = self.objects.get(name) else {
            return Service::S3.refuse(404, "NoSuchKey", "the specified key does not exist");
        };
        let tag = entity_tag(body);
        if request.header("if-none-match") == Some(tag.as_str()) {
            return Response { status: 304, ..Response::default() }.with("etag", tag);
        }
        Response::new(200, "binary/octet-stream", body.clone())
            .with("etag", tag)
            .with("last-modified", "Sun, 01 Mar 2026 00:00:00 GMT")
    }

    fn list(&self, bucket: &str, query: &str) -> Response {
        let prefix = decode(query).get("prefix").cloned().unwrap_or_default();
        let mut contents = String::new();
        let mut count = 0;
        for (name, body) in &self.objects {
            let Some(key) = name.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            if !key.starts_with(&prefix) {
                continue;
            }
            count += 1;
            let (key, tag, size) = (xml::escape(key), xml::escape(&entity_tag(body)), body.len());
            contents.push_str(&format!(
                "<Contents><Key>{key}</Key><LastModified>2026-03-01T00:00:00.000Z</LastModified><ETag>{tag}</ETag>\
                 <Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            ));
        }
        let (bucket, prefix) = (xml::escape(bucket), xml::escape(&prefix));
        let head = format!(
            "<Name>{bucket}</Name><Prefix>{prefix}</Prefix><KeyCount>{count}</KeyCount><MaxKeys>1000</MaxKeys>"
        );
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
        let all = format!("{head}<IsTruncated>false</IsTruncated>{contents}");
        let body = format!("<ListBucketResult xmlns=\"{namespace}\">{all}</ListBucketResult>");
        Response::new(200, "application/xml", body)
    }
}

/// SDKs may send a body in chunks of their own inside the HTTP body (`aws-chunked`), with a checksum behind it.
fn plain_body(request: &Request) -> Result<Vec<u8>, String> {
    if !request.header("content-encoding").is_some_and(|coding| coding.contains("aws-chunked")) {
        return Ok(request.body.clone());
    }
    crate::http::read_chunks(&mut request.body.as_slice()).map_err(|error| error.to_string())
}

fn entity_tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:032x}\"", hasher.finish())
}
