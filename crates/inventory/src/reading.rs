//! From paths to JSON documents: files, folders, encodings, several documents in one file.

use crate::document::{Document, Documents};
use crate::error::LoadError;
use std::path::{Path, PathBuf};

/// One file that was read, with the documents in it.
pub(crate) struct Source {
    pub path: PathBuf,
    pub documents: Vec<Document>,
}

/// Reads every path: a file as it is, a folder with all `*.json` in it and below it, in the order of their names.
pub(crate) fn read_paths(paths: &[PathBuf]) -> Result<Vec<Source>, LoadError> {
    if paths.is_empty() {
        return Err(LoadError::NothingGiven);
    }
    let mut files = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).map_err(|source| unreadable(path, source))?;
        if !metadata.is_dir() {
            files.push(path.clone());
            continue;
        }
        let count_before = files.len();
        list_folder(path, &mut files)?;
        if files.len() == count_before {
            return Err(LoadError::EmptyFolder { path: path.clone() });
        }
    }
    // A file that is named and lies in a named folder too is one file.
    let mut seen = std::collections::BTreeSet::new();
    let mut sources = Vec::new();
    for path in files {
        let identity = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if !seen.insert(identity) {
            continue;
        }
        let bytes = std::fs::read(&path).map_err(|source| unreadable(&path, source))?;
        let documents = read_documents(&path, &bytes)?;
        sources.push(Source { path, documents });
    }
    Ok(sources)
}

fn unreadable(path: &Path, source: std::io::Error) -> LoadError {
    LoadError::Unreadable { path: path.to_path_buf(), source }
}

/// Links to folders are not followed, so a loop of links cannot hold us.
fn list_folder(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let mut folders = vec![folder.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|source| unreadable(&folder, source))? {
            let entry = entry.map_err(|source| unreadable(&folder, source))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|source| unreadable(&path, source))?;
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
            if is_json && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    files.append(&mut found);
    Ok(())
}

/// Reads every JSON document of one file: one, several one after another, or arrays of them.
pub(crate) fn read_documents(path: &Path, bytes: &[u8]) -> Result<Vec<Document>, LoadError> {
    let decoded;
    let mut text = bytes;
    if let Some(utf16) = decode_utf16(bytes) {
        decoded = utf16;
        text = decoded.as_bytes();
    } else if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        text = rest;
    }
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_slice(text).into_iter::<Documents>();
    loop {
        match stream.next() {
            None => break,
            Some(Ok(Documents(mut some))) => documents.append(&mut some),
            Some(Err(error)) => return Err(json_error(path, &error)),
        }
    }
    if documents.is_empty() && text.iter().all(u8::is_ascii_whitespace) {
        let reason = "the file is empty".to_string();
        return Err(LoadError::NotJson { path: path.to_path_buf(), reason, line: 1, column: 0 });
    }
    if !documents.iter().any(Document::is_inventory) {
        return Err(LoadError::NotInventory { path: path.to_path_buf() });
    }
    Ok(documents)
}

/// Windows PowerShell's `>` writes UTF-16 with a byte order mark.
fn decode_utf16(bytes: &[u8]) -> Option<String> {
    let read: fn([u8; 2]) -> u16 = match bytes.get(..2)? {
        [0xFF, 0xFE] => u16::from_le_bytes,
        [0xFE, 0xFF] => u16::from_be_bytes,
        _ => return None,
    };
    let mut units = Vec::with_capacity(bytes.len() / 2);
    for pair in bytes[2..].chunks_exact(2) {
        units.push(read([pair[0], pair[1]]));
    }
    Some(String::from_utf16_lossy(&units))
}

fn json_error(path: &Path, error: &serde_json::Error) -> LoadError {
    let path = path.to_path_buf();
    let reason = error.to_string();
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => LoadError::WrongShape { path, reason, line, column },
        _ => LoadError::NotJson { path, reason, line, column },
    }
}
