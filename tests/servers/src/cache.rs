//! What is fetched or made once and shared by all test processes, under `${XDG_CACHE_HOME:-~/.cache}/sgflow`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// `${XDG_CACHE_HOME:-~/.cache}/sgflow`.
pub(crate) fn folder() -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = named.or_else(home).expect("a home folder: set HOME or XDG_CACHE_HOME");
    cache.join("sgflow")
}

/// Gives `folder`, which `make` fills if it is not there yet or is what an interrupted run left. A lock file beside it
/// lets one process make it while the others wait.
pub(crate) fn made_once(folder: PathBuf, make: impl FnOnce(&Path)) -> PathBuf {
    let parent = folder.parent().expect("a folder inside a cache");
    fs::create_dir_all(parent).unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
    let _held = lock(&beside(&folder, "lock"));
    // Written last: without it the folder is what an interrupted run left.
    let complete = folder.join("complete");
    if !complete.exists() {
        fs::remove_dir_all(&folder).ok();
        make(&folder);
        fs::write(&complete, "").unwrap_or_else(|error| panic!("{}: {error}", complete.display()));
    }
    folder
}

/// The same path with an ending; unlike `with_extension` it leaves the dots of a version alone.
pub(crate) fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Waits until no other process holds that file, and holds it until the value is dropped.
pub(crate) fn lock(path: &Path) -> File {
    let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.lock().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file
}

/// Runs a command to its end and gives its standard output; a failure is told with `cure`.
pub(crate) fn run(command: &mut Command, cure: &str) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{shown}: {error}; {cure}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown} ended with {}; {cure}\n{said}{printed}", output.status);
    printed.into_owned()
}

/// A program on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}
