//! A simulated day that ends now, so that "last 24 hours" shows it.

use crate::guard::Guard;
use jiff::{SignedDuration, Timestamp};
use std::path::PathBuf;
use std::process::Command;

/// Windows of the day begin at multiples of this many seconds, as flow logs' do.
const INTERVAL: i64 = 600;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// When it is.
#[derive(Clone, Copy)]
pub struct Day {
    /// First second.
    pub start: Timestamp,
    /// The second after the last.
    pub end: Timestamp,
}

/// What was simulated, in a folder that goes with it, and with this process.
pub struct Traffic {
    folder: PathBuf,
    guard: Guard,
}

impl Day {
    /// The one that ends now.
    pub fn that_ends_now() -> Day {
        let now = Timestamp::now().as_second();
        let end = Timestamp::from_second(now - now.rem_euclid(INTERVAL)).expect("now is a time");
        Day { start: end - DAY, end }
    }

    /// Runs the real `flow-simulate`.
    pub fn simulate(self, records: u64) -> Traffic {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let guard = Guard::start("rm -rf \"$1\"", &[temporary.path()]);
        let guard = guard.unwrap_or_else(|error| panic!("sh does not start: {error}"));
        let traffic = Traffic { folder: temporary.keep(), guard };
        let mut command = Command::new(servers::binary("flow-simulate"));
        command.args(["--scenario", "bench", "--fields", "v5", "--records", &records.to_string()]);
        command.args(["--start", &self.start.to_string()]).arg("--out").arg(&traffic.folder);
        // It writes into the folder, and a signal to this process alone would not end it.
        let output = traffic.guard.output_of(&mut command);
        let output = output.unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "flow-simulate ended with {}: {said}", output.status);
        traffic
    }
}

impl Traffic {
    /// The records.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Interfaces, groups and rules of the simulated network.
    pub fn inventory(&self) -> PathBuf {
        self.folder.join("inventory")
    }
}
