//! Packages from npm, installed once for each content of their lock file.

use crate::cache::{self, run};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs what `package.json` and its lock file name into the cache, if that has not been done. Gives the folder `node_modules`. `name`
/// tells the folders of different parts apart; `cure` says what to install where npm is missing.
pub fn modules(name: &str, package: &str, lock: &str, cure: &str) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    (package, lock).hash(&mut hasher);
    let folder = cache::folder().join(format!("{name}-{:016x}", hasher.finish()));
    let folder = cache::made_once(folder, |folder| {
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        write(&folder.join("package.json"), package);
        write(&folder.join("package-lock.json"), lock);
        let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(options).current_dir(folder), cure);
    });
    folder.join("node_modules")
}

/// Writes a file, and fails the test where that cannot be.
pub fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
