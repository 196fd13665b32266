//! Where documents go: standard output, or a file that appears whole or not at all, and keeps the permissions of the old one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// See the module.
#[derive(Debug)]
pub enum Output {
    /// Standard output.
    Standard(io::Stdout),
    /// A file in the making.
    File(PendingFile),
}

impl Output {
    /// The file, or standard output if there is none.
    ///
    /// # Errors
    /// If the file cannot be begun.
    pub fn open(path: Option<&Path>) -> io::Result<Output> {
        match path {
            None => Ok(Output::Standard(io::stdout())),
            Some(path) => Ok(Output::File(PendingFile::begin(path)?)),
        }
    }

    /// Writes whole documents.
    ///
    /// # Errors
    /// From the system.
    pub fn write(&mut self, documents: &[u8]) -> io::Result<()> {
        match self {
            // Not by lines, as the standard library would: documents come by the hundred.
            Output::Standard(stdout) => {
                let mut stdout = stdout.lock();
                stdout.write_all(documents)?;
                stdout.flush()
            }
            Output::File(file) => file.file.write_all(documents),
        }
    }

    /// All is written.
    ///
    /// # Errors
    /// If the file cannot be put in its place.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Output::Standard(_) => Ok(()),
            Output::File(file) => file.put_in_place(),
        }
    }
}

/// A file written under another name beside its place. Dropped before it is put there, it leaves no trace.
#[derive(Debug)]
pub struct PendingFile {
    file: File,
    /// Its name for now; none where it is written in its place: `/dev/null` or a pipe cannot be replaced.
    aside: Option<PathBuf>,
    place: PathBuf,
}

impl PendingFile {
    fn begin(path: &Path) -> io::Result<PendingFile> {
        let place = match fs::canonicalize(path) {
            Ok(place) => place,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        let existing = fs::metadata(&place).ok();
        if let Some(metadata) = &existing {
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file in it"));
            }
            if !metadata.is_file() {
                let file = OpenOptions::new().write(true).open(&place)?;
                return Ok(PendingFile { file, aside: None, place });
            }
        }
        let (file, aside) = new_file_beside(&place)?;
        let pending = PendingFile { file, aside: Some(aside), place };
        if let Some(metadata) = existing {
            // Who may not read the old documents may not read the new ones.
            pending.file.set_permissions(metadata.permissions())?;
        }
        Ok(pending)
    }

    fn put_in_place(mut self) -> io::Result<()> {
        let Some(aside) = &self.aside else {
            return Ok(());
        };
        self.file.sync_all()?;
        fs::rename(aside, &self.place)?;
        self.aside = None;
        Ok(())
    }
}

/// Begins a file under a name that nobody foresees, and never opens what is there: in a folder that others can write to,
/// that could be a link of theirs to a file of ours.
fn new_file_beside(place: &Path) -> io::Result<(File, PathBuf)> {
    let Some(name) = place.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file"));
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let mut other = std::ffi::OsString::from(".");
        other.push(name);
        other.push(format!(".{:016x}.partial", fastrand::u64(..)));
        let aside = place.with_file_name(other);
        match OpenOptions::new().write(true).create_new(true).open(&aside) {
            Ok(file) => return Ok((file, aside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 10 => {}
            Err(error) => return Err(error),
        }
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(aside) = &self.aside {
            let _ = fs::remove_file(aside);
        }
    }
}
