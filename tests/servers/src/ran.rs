//! What came of running a program of ours.

use serde_json::Value;
use std::process::Output;

/// How it ended and what it said.
pub struct Ran {
    /// `None`: ended by a signal.
    pub code: Option<i32>,
    /// What it printed as its result.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// The result as JSON; the run must have gone well.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// The result as JSON, one document a line.
    pub fn documents(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Fails unless it ended so and said all of this on standard error, an error only where it is one.
    #[track_caller]
    pub fn assert_says(&self, code: i32, parts: &[&str]) -> &Ran {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        // What stands in several lines is one message.
        let said = self.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(said.contains(part), "`{part}` is not in: {}", self.stderr);
        }
        // 3 is an answer, not an error.
        assert_eq!(self.stderr.contains("error: "), code == 1 || code == 2, "{}", self.stderr);
        self
    }

    /// Fails if there is a result: an error has none.
    #[track_caller]
    pub fn assert_nothing_written(&self) {
        assert_eq!(self.stdout, "", "an error is no result");
    }
}
