//! A JDK that is new enough: the default `java` of a machine may be older.

use crate::cache;
use std::path::{Path, PathBuf};
use std::process::Command;

/// OpenSearch 3 is compiled for Java 21.
const LEAST: u32 = 21;
const CURE: &str = "install one (on Debian 13: apt-get install openjdk-21-jre-headless; else adoptium.net) or name its \
                    folder in OPENSEARCH_JAVA_HOME";

/// The home folder of a JDK (or JRE) that OpenSearch runs on.
pub(super) fn home() -> PathBuf {
    if let Some(named) = variable("OPENSEARCH_JAVA_HOME") {
        let found = version(&named);
        let told = found.map_or("no JDK".to_owned(), |found| format!("Java {found}"));
        assert!(
            found >= Some(LEAST),
            "OPENSEARCH_JAVA_HOME={}: {told}, but OpenSearch needs Java {LEAST}",
            named.display()
        );
        return named;
    }
    let mut candidates: Vec<PathBuf> = variable("JAVA_HOME").into_iter().collect();
    let java = cache::on_path("java").and_then(|java| java.canonicalize().ok());
    candidates.extend(java.and_then(|java| Some(java.parent()?.parent()?.to_owned())));
    let mut installed: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    installed.sort();
    candidates.extend(installed);
    for candidate in &candidates {
        if version(candidate) >= Some(LEAST) {
            return candidate.clone();
        }
    }
    panic!("OpenSearch needs Java {LEAST} or newer, and none is in JAVA_HOME, on PATH or in /usr/lib/jvm: {CURE}");
}

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The feature release of the JDK in that folder.
fn version(home: &Path) -> Option<u32> {
    let java = home.join("bin/java");
    if !java.is_file() {
        return None;
    }
    if let Ok(release) = std::fs::read_to_string(home.join("release")) {
        let found = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="));
        if let Some(found) = found.and_then(feature_release) {
            return Some(found);
        }
    }
    let output = Command::new(java).arg("-version").output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    feature_release(said.split("version ").nth(1)?)
}

/// 21 of `"21.0.5"`, 1 of `"1.8.0_402"`, 25 of `"25-ea"`.
fn feature_release(text: &str) -> Option<u32> {
    let digits: String = text.trim_start_matches('"').chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_jdks_write_them() {
        assert_eq!(feature_release("\"21.0.5\""), Some(21));
        assert_eq!(feature_release("\"1.8.0_402\" 2024-01-16"), Some(1));
        assert_eq!(feature_release("\"25-ea\""), Some(25));
        assert_eq!(feature_release("unknown"), None);
    }
}
