//! Where results go: standard output, or a file that appears whole or not at all.
//!
//! A file is written under another name beside its place and renamed once it is complete, so a reader of the old one
//! is not disturbed, and a failure leaves the old one there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Hands `write` the place where results go: the file, or standard output if there is none. What it wrote is flushed
/// and, for a file, made durable before the rename.
///
/// # Errors
/// What `write` or the system refuses. With a file, the place is then as it was before.
pub fn write_results(file: Option<&Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let Some(path) = file else {
        let mut out = BufWriter::new(io::stdout().lock());
        write(&mut out)?;
        return out.flush();
    };
    let mut file = PendingFile::create(path)?;
    {
        let mut out = BufWriter::new(&mut file);
        write(&mut out)?;
        out.flush()?;
    }
    file.commit()
}

/// Whether an error only says that the reader of our output has gone (`sg-audit ... | head`), which is not a failure.
pub fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// A file in the making. Dropped without [`PendingFile::commit`], it leaves no trace.
#[derive(Debug)]
pub struct PendingFile {
    file: File,
    /// The name under which it is written; none where it is written in its place.
    aside: Option<PathBuf>,
    place: PathBuf,
}

impl PendingFile {
    /// Begins a file that will stand at `path`. A link is followed. What exists there and is not a file (`/dev/null`,
    /// a named pipe) cannot be replaced by a rename, and is written to directly.
    ///
    /// # Errors
    /// When the folder does not exist or cannot be written to, or when `path` is a folder.
    pub fn create(path: &Path) -> io::Result<PendingFile> {
        let place = match fs::canonicalize(path) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(error),
        };
        let existing = fs::metadata(&place).ok();
        if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name a file in it"));
        }
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let file = OpenOptions::new().write(true).open(&place)?;
            return Ok(PendingFile { file, aside: None, place });
        }
        let Some(name) = place.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it does not name a file"));
        };
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}.partial", std::process::id()));
        let aside = place.with_file_name(hidden);
        // A leftover of a process with our number is nobody's: only one process has it at a time.
        if let Err(error) = fs::remove_file(&aside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&aside)?;
        let pending = PendingFile { file, aside: Some(aside), place };
        if let Some(metadata) = existing {
            pending.file.set_permissions(metadata.permissions())?;
        }
        Ok(pending)
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// When it cannot be made durable or renamed; then it is gone, and what was in its place is still there.
    pub fn commit(mut self) -> io::Result<()> {
        self.file.flush()?;
        let Some(aside) = &self.aside else {
            return Ok(());
        };
        self.file.sync_all()?;
        fs::rename(aside, &self.place)?;
        self.aside = None;
        Ok(())
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if let Some(aside) = &self.aside {
            // It may be gone already, and there is nobody to tell.
            let _ = fs::remove_file(aside);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_file_appears_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        write_results(Some(&path), |out| {
            out.write_all(b"new")?;
            assert_eq!(fs::read_to_string(&path)?, "old");
            Ok(())
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn a_failure_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old").unwrap();
        let result = write_results(Some(&path), |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("no"))
        });
        assert_eq!(result.unwrap_err().to_string(), "no");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(folder.path()), ["report.json"]);
    }

    #[test]
    fn folders_and_missing_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = PendingFile::create(folder.path()).unwrap_err();
        assert_eq!(error.to_string(), "it is a folder; name a file in it");
        let error = PendingFile::create(&folder.path().join("missing/report.json")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[cfg(unix)]
    #[test]
    fn devices_stay_devices_and_links_stay_links() {
        write_results(Some(Path::new("/dev/null")), |out| out.write_all(b"x")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());

        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_results(Some(&link), |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }
}
