//! Which logs the arguments mean.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::SAMPLES;
use super::message::Message;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Log {
    /// A file, as given or below the folder that was given.
    File(PathBuf),
    /// Standard input.
    StandardInput,
}

impl Log {
    /// Its name in messages.
    pub fn name(&self) -> String {
        match self {
            Log::File(path) => path.display().to_string(),
            Log::StandardInput => "-".to_owned(),
        }
    }
}

/// What the arguments mean.
#[derive(Debug, Default)]
pub struct Logs {
    /// To read, each once, in the order of the arguments; folders sorted by name.
    pub logs: Vec<Log>,
    /// What is not there or cannot be listed.
    pub missing: Vec<Message>,
    /// Named more than once, by itself or by way of its folder or a link.
    repeated: Vec<PathBuf>,
    /// Below a folder and neither files nor folders: reading a pipe there might wait for ever.
    skipped: Vec<PathBuf>,
    /// Real paths of the files, to know them again.
    known: HashSet<PathBuf>,
}

/// Expands folders; a bad entry costs nothing but itself.
pub fn find(arguments: &[PathBuf]) -> Logs {
    let mut found = Logs::default();
    for argument in arguments {
        if argument.as_os_str() == "-" {
            if found.logs.contains(&Log::StandardInput) {
                let message = Message::error("standard input (-) is given twice, but can be read only once");
                found.missing.push(message);
            } else {
                found.logs.push(Log::StandardInput);
            }
            continue;
        }
        let text = argument.to_string_lossy();
        if text.starts_with("s3://") {
            let cure = format!("download it first: aws s3 sync {text} logs/");
            found.missing.push(Message::error(format!("{text} lies in S3, which is not read from here")).hint(cure));
            continue;
        }
        found.add(argument);
    }
    found
}

impl Logs {
    /// Whether the file at this real path is among them.
    pub fn contain(&self, path: &Path) -> bool {
        self.known.contains(path)
    }

    /// What was passed over without harm.
    pub fn warnings(&self) -> Vec<Message> {
        let mut warnings = Vec::new();
        if !self.repeated.is_empty() {
            warnings.push(naming("named more than once, but read only once", &self.repeated));
        }
        if !self.skipped.is_empty() {
            warnings
                .push(naming("neither file nor folder and left out", &self.skipped).hint("to read a pipe, name it"));
        }
        warnings
    }

    fn add(&mut self, argument: &Path) {
        let name = argument.display();
        if let Err(error) = fs::metadata(argument) {
            let message = match error.kind() {
                io::ErrorKind::NotFound => {
                    Message::error(format!("no such file or folder: {name}")).hint("check the path")
                }
                _ => cannot_list(argument, &error).hint("check the path and its permissions"),
            };
            self.missing.push(message);
            return;
        }
        let mut is_empty = true;
        for entry in WalkDir::new(argument).follow_links(true).sort_by_file_name() {
            match entry {
                Ok(entry) => is_empty &= !self.add_entry(entry),
                Err(error) if is_hidden_dangling_link(&error) => {}
                Err(error) => {
                    is_empty = false;
                    self.missing.push(unlisted(argument, &error));
                }
            }
        }
        if is_empty {
            let message = Message::error(format!("{name} holds no file"));
            self.missing.push(message.hint("download the flow logs into it first, for instance with `aws s3 sync`"));
        }
    }

    /// Returns whether it is something to read, be it known already.
    fn add_entry(&mut self, entry: DirEntry) -> bool {
        let is_named = entry.depth() == 0;
        // A folder may hold what tools leave there; a file that was named is always read.
        let is_hidden = !is_named && is_hidden(entry.path());
        if entry.file_type().is_dir() || is_hidden {
            return false;
        }
        let is_file = entry.file_type().is_file();
        let path = entry.into_path();
        if !is_named && !is_file {
            self.skipped.push(path);
            return false;
        }
        // What has no real path, such as the pipe behind /dev/fd/63, is what it is called.
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if self.known.insert(real) {
            self.logs.push(Log::File(path));
        } else {
            self.repeated.push(path);
        }
        true
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// Editors mark the file being edited with such a link.
fn is_hidden_dangling_link(error: &walkdir::Error) -> bool {
    let is_missing = error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
    is_missing && error.depth() > 0 && error.path().is_some_and(|path| is_hidden(path) && path.is_symlink())
}

fn cannot_list(path: &Path, error: &io::Error) -> Message {
    Message::error(format!("cannot list {}", path.display())).caused_by(error.to_string())
}

/// One entry of a folder, or the folder itself.
fn unlisted(argument: &Path, error: &walkdir::Error) -> Message {
    let path = error.path().unwrap_or(argument);
    if let Some(ancestor) = error.loop_ancestor() {
        return Message::error(format!("{} is a link to {}, which it lies in", path.display(), ancestor.display()))
            .hint("remove the link");
    }
    let Some(error) = error.io_error() else {
        return Message::error(format!("cannot list {}", path.display()));
    };
    if error.kind() == io::ErrorKind::NotFound && path.is_symlink() {
        return Message::error(format!("{} is a link to nowhere", path.display()))
            .hint("remove the link, or download what it stood for");
    }
    cannot_list(path, error).hint("check its permissions")
}

fn naming(what: &str, paths: &[PathBuf]) -> Message {
    let count = paths.len();
    let subject = if count == 1 { "1 path is".to_owned() } else { format!("{count} paths are") };
    let mut message = Message::warning(format!("{subject} {what}"));
    for path in paths.iter().take(SAMPLES) {
        message = message.caused_by(path.display().to_string());
    }
    if count > SAMPLES {
        message = message.caused_by("and more");
    }
    message
}
