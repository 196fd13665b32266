//! Flow logs as lines that can be changed: an export is read from disk once and written anew, changed, as often as needed.

use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

/// One object: its header and its lines, in bytes, for a changed line need not be text.
#[derive(Clone)]
pub struct LogFile {
    /// Without `.gz`: changed objects are stored plain.
    pub name: String,
    pub columns: Columns,
    pub lines: Vec<Vec<u8>>,
}

/// Where a field stands in a line.
#[derive(Clone)]
pub struct Columns(Vec<String>);

impl Columns {
    pub fn at(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// A field of a whole line.
    pub fn get<'a>(&self, line: &'a [u8], name: &str) -> &'a str {
        let at = self.at(name).unwrap();
        std::str::from_utf8(line).unwrap().split(' ').nth(at).unwrap()
    }

    pub fn set(&self, fields: &mut [String], name: &str, value: impl ToString) {
        if let Some(at) = self.at(name) {
            fields[at] = value.to_string();
        }
    }

    pub fn header(&self) -> String {
        self.0.join(" ")
    }

    /// Seconds that a line spans, both included.
    pub fn span(&self, line: &[u8]) -> (u32, u32) {
        (self.get(line, "start").parse().unwrap(), self.get(line, "end").parse().unwrap())
    }
}

impl LogFile {
    /// The same records in a format that lacks some fields.
    pub fn without(&self, left_out: &[&str]) -> LogFile {
        let kept: Vec<usize> =
            (0..self.columns.0.len()).filter(|&at| !left_out.contains(&self.columns.0[at].as_str())).collect();
        let columns = Columns(kept.iter().map(|&at| self.columns.0[at].clone()).collect());
        let mut lines = Vec::new();
        for line in &self.lines {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
            let shorter: Vec<&[u8]> = kept.iter().filter_map(|&at| fields.get(at).copied()).collect();
            lines.push(if is_whole(self, line) { shorter.join(&b' ') } else { line.clone() });
        }
        LogFile { name: self.name.clone(), columns, lines }
    }
}

/// Reads every object below a folder that holds records with a header, sorted by name.
pub fn load(folder: &Path) -> Vec<LogFile> {
    let mut paths = Vec::new();
    list(folder, &mut paths);
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if !path.to_str().unwrap().ends_with(".log.gz") {
            continue; // what the delivery writes to test its permissions
        }
        let mut content = Vec::new();
        MultiGzDecoder::new(fs::File::open(&path).unwrap()).read_to_end(&mut content).unwrap();
        let mut lines = content.split(|byte| *byte == b'\n').map(<[u8]>::to_vec);
        let header = String::from_utf8(lines.next().unwrap()).unwrap();
        let name = path.strip_prefix(folder).unwrap().to_str().unwrap().trim_end_matches(".gz").to_owned();
        let columns = Columns(header.split(' ').map(str::to_owned).collect());
        files.push(LogFile { name, columns, lines: lines.filter(|line| !line.is_empty()).collect() });
    }
    files
}

fn list(folder: &Path, paths: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

pub fn store(files: &[LogFile], folder: &Path) {
    for file in files {
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut content = file.columns.header().into_bytes();
        content.push(b'\n');
        for line in &file.lines {
            content.extend_from_slice(line);
            content.push(b'\n');
        }
        fs::write(path, content).unwrap();
    }
}

/// All objects of a flow log as one: fewer files are written and read sooner.
pub fn by_flow_log(files: &[LogFile]) -> Vec<LogFile> {
    let mut joined: BTreeMap<&str, LogFile> = BTreeMap::new();
    for file in files {
        let flow_log = file.name.split('_').find(|part| part.starts_with("fl-")).unwrap();
        match joined.get_mut(flow_log) {
            Some(known) => known.lines.extend_from_slice(&file.lines),
            None => {
                joined.insert(flow_log, file.clone());
            }
        }
    }
    joined.into_values().collect()
}

/// Whether a line is a whole record of the simulator: the samples hold broken ones too.
pub fn is_whole(file: &LogFile, line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    let fields: Vec<&str> = text.split(' ').collect();
    let number = |name: &str| file.columns.at(name).and_then(|at| fields.get(at)?.parse::<u32>().ok());
    fields.len() == file.columns.0.len() && number("start").is_some() && number("end").is_some()
}

/// Ids of all interfaces with records, sorted.
pub fn interfaces(files: &[LogFile]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for file in files {
        for line in file.lines.iter().filter(|line| is_whole(file, line)) {
            found.insert(file.columns.get(line, "interface-id").to_owned());
        }
    }
    found.into_iter().collect()
}
