//! What was typed, as plain values: the only form in which the rest of the program sees the command line.

use std::num::NonZero;
use std::path::PathBuf;

use clap::CommandFactory;
use clap::error::ErrorKind;
use jiff::Timestamp;

use super::judgement::NameOptions;
use super::values::{OutputFormat, Slice, TimeBound};
use super::{Cli, Exit, InputArguments, ReportArguments, RollupArguments};
use crate::recommend::Limits;
use crate::report::model::{PortSpan, Report, Verdict};
use crate::verdict::Thresholds;

/// The time that was asked for, both ends in epoch seconds and included; `None` is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowOptions {
    /// First second.
    pub since: Option<i64>,
    /// Last second.
    pub until: Option<i64>,
}

/// What is read, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct InputOptions {
    /// Files, folders, globs, or `-`; at least one.
    pub logs: Vec<PathBuf>,
    /// The time that was asked for.
    pub window: WindowOptions,
    /// Format of lines without a header.
    pub log_format: Option<String>,
    /// Whether input that cannot be read to its end is a failure.
    pub strict: bool,
    /// Files read at a time, at least 1.
    pub threads: usize,
    /// Whether bar and warnings are left out.
    pub quiet: bool,
}

/// All that `sg-audit report` needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportOptions {
    /// What is read.
    pub input: InputOptions,
    /// Files and folders, at least one.
    pub inventory: Vec<PathBuf>,
    /// Form of the report.
    pub output: OutputFormat,
    /// Where it goes; standard output if `None`.
    pub out: Option<PathBuf>,
    /// Verdicts that make the program end with [`Exit::FailOn`]; sorted, each once.
    pub fail_on: Vec<Verdict>,
    /// An earlier report.
    pub baseline: Option<PathBuf>,
    /// What a proof needs.
    pub thresholds: Thresholds,
    /// How far recommendations may go.
    pub limits: Limits,
    /// Names of public addresses.
    pub names: NameOptions,
}

/// All that `sg-audit rollup` needs.
#[derive(Clone, Debug, PartialEq)]
pub struct RollupOptions {
    /// What is read.
    pub input: InputOptions,
    /// The Parquet file to write.
    pub out: PathBuf,
    /// Length of slices.
    pub slice: Slice,
    /// Ports to keep: ascending, without overlap.
    pub keep_ports: Vec<PortSpan>,
}

impl ReportArguments {
    /// The plain values; ages count back from `now`.
    ///
    /// # Errors
    /// A usage error, ready to print, if the options contradict each other.
    pub fn into_options(self, now: Timestamp) -> Result<ReportOptions, clap::Error> {
        let mut fail_on = self.fail_on;
        fail_on.sort_unstable();
        fail_on.dedup();
        Ok(ReportOptions {
            input: self.input.into_options("report", now)?,
            inventory: self.inventory.inventory,
            output: self.output,
            out: self.out,
            fail_on,
            baseline: self.baseline,
            thresholds: self.thresholds.thresholds(),
            limits: self.limits.limits(),
            names: self.names.into(),
        })
    }
}

impl RollupArguments {
    /// The plain values; ages count back from `now`.
    ///
    /// # Errors
    /// A usage error, ready to print, if the options contradict each other.
    pub fn into_options(self, now: Timestamp) -> Result<RollupOptions, clap::Error> {
        Ok(RollupOptions {
            input: self.input.into_options("rollup", now)?,
            out: self.out,
            slice: self.slice,
            keep_ports: self.keep_ports.unwrap_or_default().0,
        })
    }
}

impl InputArguments {
    pub(super) fn into_options(self, command: &str, now: Timestamp) -> Result<InputOptions, clap::Error> {
        let window = WindowOptions {
            since: self.since.map(|bound| TimeBound::first_second(bound, now)),
            until: self.until.map(|bound| TimeBound::last_second(bound, now)),
        };
        if let (Some(since), Some(until)) = (window.since, window.until)
            && since > until
        {
            let what = "--since is after --until, so no record would be left";
            return Err(usage_error(command, what));
        }
        if self.logs.iter().filter(|log| log.as_os_str() == "-").count() > 1 {
            return Err(usage_error(command, "standard input (-) is given twice, but can be read only once"));
        }
        let threads = match self.threads {
            Some(threads) => usize::from(threads),
            None => std::thread::available_parallelism().map_or(1, NonZero::get),
        };
        Ok(InputOptions {
            logs: self.logs,
            window,
            log_format: self.log_format,
            strict: self.strict,
            threads,
            quiet: self.quiet,
        })
    }
}

impl ReportOptions {
    /// How the program is to end once this report is written.
    pub fn exit_after(&self, report: &Report) -> Exit {
        let rules = report.groups.iter().flat_map(|group| &group.rules);
        for rule in rules {
            if self.fail_on.contains(&rule.verdict) {
                return Exit::FailOn;
            }
        }
        Exit::Fine
    }
}

/// An error that prints like clap's own, with the usage of the command.
fn usage_error(command: &str, what: &str) -> clap::Error {
    let mut program = Cli::command();
    program.build();
    match program.find_subcommand_mut(command) {
        Some(subcommand) => subcommand.error(ErrorKind::ArgumentConflict, what),
        None => program.error(ErrorKind::ArgumentConflict, what),
    }
}
