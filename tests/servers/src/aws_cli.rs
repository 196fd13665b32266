//! The AWS CLI, pointed at a server on loopback, and scripts that use it.

use crate::moto::Moto;
use crate::python;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The AWS CLI as a person has it: `aws` on PATH, with credentials and a region in the environment.
///
/// ```no_run
/// use servers::{AwsCli, Moto};
///
/// let moto = Moto::start();
/// let cli = AwsCli::of(&moto);
/// let groups = cli.json(&["ec2", "describe-security-groups"]);
/// assert!(groups["SecurityGroups"].is_array());
/// ```
pub struct AwsCli {
    program: PathBuf,
    environment: Vec<(String, String)>,
}

impl AwsCli {
    /// One that talks to that server and to nothing else.
    pub fn of(moto: &Moto) -> AwsCli {
        let program = python::program("aws");
        let mut environment = moto.environment();
        // Version 1 looks at this one alone.
        environment.push(("AWS_DEFAULT_REGION".to_owned(), "us-east-1".to_owned()));
        AwsCli { program, environment }
    }

    /// Runs `aws` with these words and gives what it prints as JSON; fails the test if it fails.
    pub fn json(&self, words: &[&str]) -> Value {
        let mut command = Command::new(&self.program);
        let output = self.run(command.args(words).args(["--output", "json"]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {}: {}\n{said}", words.join(" "), output.status);
        if output.stdout.trim_ascii().is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("aws {}: {error}", words.join(" ")))
    }

    /// Runs a bash script that finds `aws` on PATH, to its end.
    pub fn bash(&self, script: &Path, words: &[&str]) -> Output {
        self.run(Command::new("bash").arg(script).args(words))
    }

    fn run(&self, command: &mut Command) -> Output {
        let own = self.program.parent().map(Path::to_path_buf);
        let others = std::env::var_os("PATH").unwrap_or_default();
        let folders = own.into_iter().chain(std::env::split_paths(&others));
        let path = std::env::join_paths(folders).unwrap_or_else(|error| panic!("PATH: {error}"));
        // Settings of the person who runs the tests say other things.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"AWS_") {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value))));
        let command = command.env("PATH", path);
        let shown = command.get_program().to_string_lossy().into_owned();
        command.output().unwrap_or_else(|error| panic!("{shown}: {error}; install it"))
    }
}
