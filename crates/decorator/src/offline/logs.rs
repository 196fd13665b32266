//! Which logs the arguments mean.

use std::path::{Path, PathBuf};

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

/// Expands folders, each sorted by name; and says what is not there.
pub fn find(arguments: &[PathBuf]) -> (Vec<Log>, Vec<Message>) {
    let (mut logs, mut missing) = (Vec::new(), Vec::new());
    for argument in arguments {
        if argument.as_os_str() == "-" {
            if logs.contains(&Log::StandardInput) {
                missing.push(Message::error("standard input (-) is given twice, but can be read only once"));
            } else {
                logs.push(Log::StandardInput);
            }
            continue;
        }
        let text = argument.to_string_lossy();
        if text.starts_with("s3://") {
            let cure = format!("download it first: aws s3 sync {text} logs/");
            missing.push(Message::error(format!("{text} lies in S3, which is not read from here")).hint(cure));
            continue;
        }
        if let Err(message) = add(argument, &mut logs) {
            missing.push(message);
        }
    }
    (logs, missing)
}

fn add(argument: &Path, logs: &mut Vec<Log>) -> Result<(), Message> {
    let name = argument.display();
    if !argument.exists() {
        return Err(Message::error(format!("no such file or folder: {name}")).hint("check the path"));
    }
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(argument).follow_links(true).sort_by_file_name() {
        let entry = entry.map_err(|error| {
            Message::error(format!("cannot list {name}")).caused_by(error.to_string()).hint("check its permissions")
        })?;
        // A folder may hold what tools leave there; a file that was named is always read.
        let is_hidden = entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
        if !entry.file_type().is_dir() && !is_hidden {
            found.push(Log::File(entry.into_path()));
        }
    }
    if found.is_empty() {
        return Err(Message::error(format!("{name} holds no file"))
            .hint("download the flow logs into it first, for instance with `aws s3 sync`"));
    }
    logs.append(&mut found);
    Ok(())
}
