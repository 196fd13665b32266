//! The Python environment of the servers that are written in it, or come as wheels.
//!
//! It is made once with `venv` and `pip`, under `${XDG_CACHE_HOME:-~/.cache}/sgflow`, in a folder named for the pinned
//! versions in `requirements.txt` and `requirements-alone.txt`, and shared by all test processes: a lock file lets one
//! of them make it while the others wait.

use crate::cache::{self, beside, run};
use std::fs;
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
    cache::made_once(cache::folder().join(format!("servers-{:016x}", hasher.finish())), make)
}

fn make(folder: &Path) {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder), CURE);
    install(folder, REQUIREMENTS, &[]);
    install(folder, ALONE, &["--no-deps"]);
}

fn install(folder: &Path, requirements: &str, options: &[&str]) {
    let file = beside(folder, "txt");
    fs::write(&file, requirements).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
    run(Command::new(folder.join("bin/python")).args(pip).args(options).arg("--requirement").arg(&file), CURE);
}
