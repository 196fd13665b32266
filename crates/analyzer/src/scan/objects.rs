//! Which objects the arguments mean: files, folders, globs, standard input.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// A file and its size in bytes.
    File {
        /// As given, or below the folder that was given.
        path: PathBuf,
        /// Bytes as stored.
        size: u64,
    },
    /// Standard input.
    Stdin,
}

impl Object {
    /// The name used in messages and totals.
    pub fn name(&self) -> String {
        match self {
            Object::File { path, .. } => path.display().to_string(),
            Object::Stdin => "-".to_owned(),
        }
    }
}

/// Why the arguments could not be followed.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// Nothing is there.
    #[error("no such file or folder: {0}; check the path, or quote a glob so that sg-audit expands it")]
    Missing(String),
    /// A glob that means nothing.
    #[error("nothing matches {0}; check the pattern")]
    NoMatch(String),
    /// A glob that cannot be read.
    #[error("{pattern} is not a pattern: {reason}")]
    Pattern {
        /// As given.
        pattern: String,
        /// From the glob library.
        reason: String,
    },
    /// A folder without a file.
    #[error("{0} holds no file; download the flow logs into it first, for instance with `aws s3 sync`")]
    Empty(String),
    /// Not readable.
    #[error("cannot list {path}: {reason}")]
    Unreadable {
        /// The folder or file.
        path: String,
        /// From the system.
        reason: String,
    },
    /// S3 is not read directly.
    #[error("{0} lies in S3, which this version does not read by itself; download it first: aws s3 sync {0} logs/")]
    S3(String),
    /// Standard input twice.
    #[error("standard input (-) can be read once only; name it once")]
    StdinTwice,
}

/// Expands the arguments, sorted and each file once.
pub fn find(arguments: &[String]) -> Result<Vec<Object>, ObjectError> {
    let mut files: Vec<(PathBuf, u64)> = Vec::new();
    let mut stdin = false;
    for argument in arguments {
        if argument == "-" {
            if stdin {
                return Err(ObjectError::StdinTwice);
            }
            stdin = true;
            continue;
        }
        if argument.starts_with("s3://") {
            return Err(ObjectError::S3(argument.clone()));
        }
        let path = Path::new(argument);
        if path.exists() {
            add_path(path, argument, &mut files)?;
        } else if argument.contains(['*', '?', '[']) {
            add_glob(argument, &mut files)?;
        } else {
            return Err(ObjectError::Missing(argument.clone()));
        }
    }
    files.sort();
    files.dedup();
    let mut objects: Vec<Object> = files.into_iter().map(|(path, size)| Object::File { path, size }).collect();
    if stdin {
        objects.push(Object::Stdin);
    }
    Ok(objects)
}

fn add_glob(pattern: &str, files: &mut Vec<(PathBuf, u64)>) -> Result<(), ObjectError> {
    let paths = glob::glob(pattern)
        .map_err(|error| ObjectError::Pattern { pattern: pattern.to_owned(), reason: error.to_string() })?;
    let before = files.len();
    for path in paths {
        let path =
            path.map_err(|error| ObjectError::Unreadable { path: pattern.to_owned(), reason: error.to_string() })?;
        add_path(&path, pattern, files)?;
    }
    if files.len() == before {
        return Err(ObjectError::NoMatch(pattern.to_owned()));
    }
    Ok(())
}

fn add_path(path: &Path, argument: &str, files: &mut Vec<(PathBuf, u64)>) -> Result<(), ObjectError> {
    let before = files.len();
    for entry in walkdir::WalkDir::new(path).follow_links(true) {
        let entry =
            entry.map_err(|error| ObjectError::Unreadable { path: argument.to_owned(), reason: error.to_string() })?;
        if entry.file_type().is_dir() {
            continue;
        }
        // A folder may hold what tools leave there; a file that was named is always read.
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if hidden && entry.depth() > 0 {
            continue;
        }
        let size = entry.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        files.push((entry.into_path(), size));
    }
    if files.len() == before {
        return Err(ObjectError::Empty(argument.to_owned()));
    }
    Ok(())
}
