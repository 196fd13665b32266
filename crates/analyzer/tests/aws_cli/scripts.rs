//! The two scripts of a plan as files, and what came of running them.

use crate::account::Account;
use analyzer::plan::aws_cli::{script, undo_script};
use analyzer::plan::model::Plan;
use servers::faults_of_script;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

pub struct Scripts {
    folder: TempDir,
}

pub struct Ran {
    pub code: Option<i32>,
    pub said: String,
}

impl Scripts {
    /// Writes both, and fails if bash or shellcheck find a fault in either.
    pub fn of(plan: &Plan) -> Scripts {
        let scripts = Scripts { folder: tempfile::tempdir().unwrap() };
        for (name, text) in [("change.sh", script(plan)), ("change-undo.sh", undo_script(plan))] {
            let path = scripts.path(name);
            fs::write(&path, &text).unwrap();
            assert_eq!(faults_of_script(&path), "", "{name}");
        }
        scripts
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn change(&self, account: &Account, words: &[&str]) -> Ran {
        Ran::from(account.cli.bash(&self.path("change.sh"), words))
    }

    pub fn undo(&self, account: &Account, words: &[&str]) -> Ran {
        Ran::from(account.cli.bash(&self.path("change-undo.sh"), words))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let said = [output.stdout, output.stderr].concat();
        Ran { code: output.status.code(), said: String::from_utf8(said).unwrap() }
    }
}

impl Ran {
    /// Fails unless it ended so and said all of this.
    #[track_caller]
    pub fn assert_says(&self, code: i32, parts: &[&str]) -> &Ran {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for part in parts {
            assert!(self.said.contains(part), "`{part}` is not in: {}", self.said);
        }
        self
    }
}
