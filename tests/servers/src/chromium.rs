//! A headless Chromium, a new one for each page.

use crate::cache::{self, on_path, run};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The variable that names the program.
const NAMED: &str = "CHROMIUM";
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const CURE: &str = "install it (apt-get install chromium fonts-dejavu-core) or name the program in CHROMIUM";
/// For a page of a few seconds, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(180);
/// How much of the page's own time passes before a picture is taken.
const SETTLING: Duration = Duration::from_secs(10);
/// No wrapper around a browser is a longer script, in bytes.
const SCRIPT: u64 = 64 << 10;

/// A Chromium (or Chrome) on this machine. Pages are files, and reach no network.
pub struct Chromium {
    program: PathBuf,
}

impl Chromium {
    /// The one that `CHROMIUM` names, else one on PATH that is no snap; else, as root on Debian or Ubuntu, it is installed.
    pub fn find() -> Chromium {
        if let Some(named) = std::env::var_os(NAMED).filter(|named| !named.is_empty()) {
            let program = PathBuf::from(named);
            assert!(program.is_file(), "{NAMED}={}: no such file", program.display());
            return Chromium { program };
        }
        let program = installed().unwrap_or_else(install);
        Chromium { program }
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Opens a page, lets `budget` of its own time pass (timers are fast-forwarded, so this is no waiting) and gives
    /// its DOM as HTML.
    pub fn dom(&self, html: &Path, budget: Duration) -> String {
        self.open(html, budget, &["--dump-dom".to_owned()])
    }

    /// Writes a picture of a page, of exactly that many pixels.
    pub fn screenshot(&self, html: &Path, png: &Path, width: u32, height: u32) {
        // A page could not be seen to fail by a picture that was there before.
        fs::remove_file(png).ok();
        let shot = format!("--screenshot={}", absolute(png).display());
        self.open(html, SETTLING, &[shot, format!("--window-size={width},{height}")]);
        assert!(png.is_file(), "{} wrote no picture of {}", self.program.display(), html.display());
    }

    fn open(&self, html: &Path, budget: Duration, options: &[String]) -> String {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| {
            let path = profile.path().join(name);
            let file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, file)
        };
        let (printed_path, printed) = file("printed");
        let (said_path, said) = file("said");
        let mut command = Command::new(&self.program);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--disable-extensions", "--disable-breakpad", "--force-device-scale-factor=1"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.path().join("profile").display()))
            .arg(format!("--virtual-time-budget={}", budget.as_millis()))
            .args(options)
            .arg(file_url(html))
            .stdin(Stdio::null())
            .stdout(printed)
            .stderr(said);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}; {CURE}", self.program.display()));
        let since = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status.to_string(),
                Ok(None) if since.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
                Ok(None) => {
                    child.kill().ok();
                    child.wait().ok();
                    break format!("no end after {} s", PATIENCE.as_secs());
                }
                Err(error) => panic!("{}: {error}", self.program.display()),
            }
        };
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let said = read(&said_path);
        assert_eq!(status, "exit status: 0", "{} on {}: {said}", self.program.display(), html.display());
        read(&printed_path)
    }
}

fn installed() -> Option<PathBuf> {
    NAMES.iter().filter_map(|name| on_path(name)).find(|program| !is_snap(program))
}

/// A snap, as Ubuntu has it, sees a /tmp of its own, and so none of our pages. What lies in `/snap/bin` is a link to
/// `/usr/bin/snap`, and `/usr/bin/chromium-browser` is a script that calls it.
fn is_snap(program: &Path) -> bool {
    let found = program.canonicalize().unwrap_or_else(|_| program.to_owned());
    if program.starts_with("/snap") || found.starts_with("/snap") || found.ends_with("bin/snap") {
        return true;
    }
    let mut beginning = Vec::new();
    let read = File::open(&found).and_then(|file| file.take(SCRIPT).read_to_end(&mut beginning));
    read.is_ok() && beginning.starts_with(b"#!") && String::from_utf8_lossy(&beginning).contains("/snap/bin/")
}

fn install() -> PathBuf {
    let root = crate::process::is_root();
    let apt = on_path("apt-get");
    assert!(root && apt.is_some(), "there is no Chromium ({} on PATH, and no snap): {CURE}", NAMES.join(", "));
    let cache = cache::folder();
    fs::create_dir_all(&cache).unwrap_or_else(|error| panic!("{}: {error}", cache.display()));
    let _held = cache::lock(&cache.join("chromium.lock"));
    // Another process may have installed it while this one waited.
    if let Some(program) = installed() {
        return program;
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(["-q", "-o", "DPkg::Lock::Timeout=300"]).args(arguments);
        run(command.env("DEBIAN_FRONTEND", "noninteractive"), CURE);
    };
    apt(&["update"]);
    apt(&["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]);
    installed().unwrap_or_else(|| panic!("apt-get installed chromium, but it is not on PATH: {CURE}"))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `file:///...`, with every byte escaped that could mean something in a URL.
pub(crate) fn file_url(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut url = "file://".to_owned();
    for byte in absolute(path).as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte) {
            url.push(char::from(*byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snaps_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let script = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        assert!(is_snap(Path::new("/snap/bin/chromium")));
        let linked = folder.path().join("chromium");
        fs::create_dir(folder.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(script("bin/snap", ""), &linked).unwrap();
        assert!(is_snap(&linked));
        assert!(is_snap(&script("wrapper", "#!/bin/sh\nexec /snap/bin/chromium \"$@\"\n")));
        assert!(!is_snap(&script("usual", "#!/bin/sh\nexec /usr/lib/chromium/chromium \"$@\"\n")));
        assert!(!is_snap(&script("program", "\u{7f}ELF... /snap/bin/ ...")));
    }

    #[test]
    fn a_path_becomes_a_url() {
        assert_eq!(file_url(Path::new("/tmp/a b#c/%é.html")), "file:///tmp/a%20b%23c/%25%C3%A9.html");
    }
}
