//! The samples of the project, and copies of them that may be damaged.

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub const LOGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/logs");
pub const INVENTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/inventory");

/// All objects with records, sorted by name and so by time.
pub fn objects() -> Vec<PathBuf> {
    let mut found = Vec::new();
    list(Path::new(LOGS), &mut found);
    found.retain(|path| path.to_str().unwrap().ends_with(".log.gz"));
    found.sort();
    assert!(found.len() > 12, "the samples are missing; `make samples` makes them");
    found
}

pub fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Copies of the first so many objects, beside each other, sorted.
pub fn copies(count: usize) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut copied = Vec::new();
    for object in objects().into_iter().take(count) {
        let copy = folder.path().join(object.file_name().unwrap());
        fs::copy(object, &copy).unwrap();
        copied.push(copy);
    }
    (folder, copied)
}

pub fn unpacked(path: &Path) -> String {
    let mut text = Vec::new();
    MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

pub fn packed(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// An object whose lines are all whole: the first after midnight has none of the broken ones.
pub fn whole_object() -> PathBuf {
    let fields = |line: &str| line.split(' ').count();
    let is_whole = |path: &PathBuf| {
        let text = unpacked(path);
        let header = fields(text.lines().next().unwrap());
        text.is_ascii() && text.lines().all(|line| fields(line) == header && line.len() < 400)
    };
    objects().into_iter().find(is_whole).unwrap()
}

/// The fields of the samples, as their flow log was made with.
pub fn log_format() -> String {
    let text = unpacked(&whole_object());
    let fields: Vec<String> = text.lines().next().unwrap().split(' ').map(|field| format!("${{{field}}}")).collect();
    fields.join(" ")
}
