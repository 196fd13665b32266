//! A reader of simulated exports, apart from the writer: plain maps from field names to text.
// Each test file uses its own part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use polars::prelude::{ParquetReader, SerReader};

pub type Record = BTreeMap<String, String>;

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

pub fn unzipped(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn lines(path: &Path) -> Vec<Vec<u8>> {
    unzipped(path).split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn record(names: &[&str], line: &str) -> Record {
    let values: Vec<&str> = line.split(' ').collect();
    assert_eq!(names.len(), values.len(), "{line}");
    names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value.to_owned())).collect()
}

/// Every record of a text export with headers.
pub fn text_records(logs: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    for path in files(logs) {
        let lines = lines(&path);
        let header = String::from_utf8(lines[0].clone()).unwrap();
        let names: Vec<&str> = header.split(' ').collect();
        for line in &lines[1..] {
            records.push(record(&names, std::str::from_utf8(line).unwrap()));
        }
    }
    records
}

/// Every record of an export whose lines need something taken off first.
pub fn bare_records(logs: &Path, names: &[&str], unwrap: fn(&str) -> String) -> Vec<Record> {
    let mut records = Vec::new();
    for path in files(logs) {
        for line in lines(&path) {
            records.push(record(names, &unwrap(std::str::from_utf8(&line).unwrap())));
        }
    }
    records
}

/// Every record of a Parquet export.
pub fn parquet_records(logs: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    for path in files(logs) {
        let frame = ParquetReader::new(File::open(path).unwrap()).finish().unwrap();
        for row in 0..frame.height() {
            let mut record = Record::new();
            for column in frame.columns() {
                let value = column.get(row).unwrap();
                let text = if value.is_null() { "-".to_owned() } else { value.str_value().into_owned() };
                record.insert(column.name().replace('_', "-"), text);
            }
            records.push(record);
        }
    }
    records
}
