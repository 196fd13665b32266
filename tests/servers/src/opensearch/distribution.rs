//! The unpacked distribution, fetched once by Maven and shared by all test processes.

use super::{Identity, VERSION};
use crate::cache::{self, beside, run};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

const ARTIFACT: &str = "org.opensearch.distribution.integ-test-zip:opensearch";
const NO_MAVEN: &str = "install Maven (apt-get install maven) and let it reach a repository, or name a running OpenSearch \
                        in OPENSEARCH_URL";
const NO_UNZIP: &str = "install python3 (or unzip)";

/// The folder that holds `lib/`, `modules/` and `config/`.
pub(super) fn home(identity: &Identity) -> PathBuf {
    let name = format!("opensearch-{VERSION}");
    let cache = cache_that_is_readable(identity);
    cache::made_once(cache.join(&name), |folder| {
        let beside = beside(folder, "new");
        fs::remove_dir_all(&beside).ok();
        unpack(&fetched(&beside), &beside);
        let unpacked = beside.join(&name);
        run(Command::new("chmod").args(["-R", "a+rX"]).arg(&unpacked), "it comes with every Unix");
        fs::rename(&unpacked, folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        fs::remove_dir_all(&beside).ok();
    })
}

/// The usual cache, unless the server's user cannot get there: `/root` is for root alone.
fn cache_that_is_readable(identity: &Identity) -> PathBuf {
    let usual = cache::folder();
    if *identity == Identity::Ours {
        return usual;
    }
    if open_to_all(&usual) {
        make_open(&usual);
        return usual;
    }
    let folder = PathBuf::from("/var/tmp/sgflow");
    make_open(&folder);
    // Everybody may write in /var/tmp, so somebody may have been here before us.
    let found = fs::symlink_metadata(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let ours = found.is_dir() && found.uid() == 0 && found.mode() & 0o022 == 0;
    assert!(ours, "{} is not a folder of root alone: remove it", folder.display());
    let open = folder.exists() && open_to_all(&folder);
    assert!(open, "OpenSearch does not run as root, and others may not enter {0}: chmod a+rx {0}", folder.display());
    folder
}

/// Makes what is missing of a folder and those above it so that everybody may enter, whatever the umask says.
fn make_open(folder: &Path) {
    let mut missing: Vec<&Path> = folder.ancestors().take_while(|above| !above.exists()).collect();
    while let Some(next) = missing.pop() {
        let made = fs::create_dir(next).and_then(|()| fs::set_permissions(next, fs::Permissions::from_mode(0o755)));
        match made {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.unwrap_or_else(|error| panic!("{}: {error}", next.display())),
        }
    }
}

/// Whether everybody may pass through every folder above it that is there already.
pub(super) fn open_to_all(folder: &Path) -> bool {
    folder.ancestors().all(|above| fs::metadata(above).map_or(true, |found| found.mode() & 0o001 != 0))
}

/// The zip in Maven's own repository on this machine, else a copy in `folder`, for which Maven fetches it.
fn fetched(folder: &Path) -> PathBuf {
    let zip = format!("opensearch-{VERSION}.zip");
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let repository = home.join(".m2/repository/org/opensearch/distribution/integ-test-zip/opensearch");
    let there = repository.join(VERSION).join(&zip);
    if there.is_file() {
        return there;
    }
    // A copy, since the repository may lie elsewhere: by the machine's settings, or by Java's idea of the home folder.
    let artifact = format!("-Dartifact={ARTIFACT}:{VERSION}:zip");
    let output = format!("-DoutputDirectory={}", folder.display());
    run(Command::new("mvn").args(["-q", "-B", "dependency:copy", &artifact, &output]), NO_MAVEN);
    folder.join(zip)
}

fn unpack(zip: &Path, folder: &Path) {
    if cache::on_path("python3").is_some() {
        run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(zip).arg(folder), NO_UNZIP);
    } else {
        run(Command::new("unzip").arg("-q").arg(zip).arg("-d").arg(folder), NO_UNZIP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNDER_UMASK: &str = "SERVERS_TEST_UNDER_UMASK";

    /// The umask is the whole process's, so a process of its own gets the strict one.
    #[test]
    fn everybody_may_enter_what_is_made_under_a_strict_umask() {
        if let Some(folder) = std::env::var_os(UNDER_UMASK) {
            fs::create_dir(Path::new(&folder).join("plain")).unwrap();
            make_open(&Path::new(&folder).join("a/b"));
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut strict = Command::new("sh");
        strict.args(["-c", "umask 077; exec \"$0\" --exact \"$1\""]).arg(std::env::current_exe().unwrap());
        strict.arg("opensearch::distribution::tests::everybody_may_enter_what_is_made_under_a_strict_umask");
        let output = strict.env(UNDER_UMASK, folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let mode = |inside: &str| fs::metadata(folder.path().join(inside)).unwrap().mode() & 0o777;
        assert_eq!((mode("plain"), mode("a"), mode("a/b")), (0o700, 0o755, 0o755));
    }
}
