//! The command line of `sg-audit`: what can be asked, and how the program speaks.
//!
//! [`Cli`] is the one definition of commands and options; help, completions and man pages ([`generate`]) come from it.
//! The rest of the program never sees it: [`options`] turns what was typed into plain values, with the present time
//! and the number of cores filled in.
//!
//! ```
//! use analyzer::cli::{Cli, Command};
//! use clap::Parser;
//!
//! let cli = Cli::parse_from(["sg-audit", "report", "logs/", "--inventory", "inventory/", "--since", "30d"]);
//! let Command::Report(arguments) = cli.command else { unreachable!() };
//! let now = "2024-06-01T00:00:00Z".parse()?;
//! let options = arguments.into_options(now)?;
//! assert_eq!(options.input.window.since, Some(1_714_608_000)); // 2 May 2024, 30 days before
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Results go to standard output or `--out` ([`destination`]), everything else to standard error: [`message`] for
//! errors and warnings, [`progress`] for the bar. [`terminal`] decides about colours and width.

pub mod destination;
pub mod explain;
pub mod generate;
pub mod judgement;
pub mod message;
pub mod options;
pub mod plan;
pub mod progress;
pub mod replay;
#[cfg(feature = "aws")]
pub mod snapshot;
pub mod terminal;
pub mod values;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueHint};

use crate::report::model::Verdict;
use judgement::{InventoryArguments, LimitArguments, NameArguments, ThresholdArguments};
use values::{KeptPorts, OutputFormat, Slice, TimeBound};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Fine,
    /// 1: something failed, and a message has said what.
    Failure,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: some rule has a verdict of `--fail-on`, or changed rules would deny a request.
    FailOn,
}

impl Exit {
    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Fine => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::FailOn => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

#[cfg(feature = "aws")]
const OVERVIEW: &str = "\
Examples:
  What is open that nobody used in the last five weeks?
    sg-audit snapshot --out inventory.json
    sg-audit report logs/ --inventory inventory.json --since 35d

  What to change, as a script, and beside it the one that takes it back:
    sg-audit plan logs/ --inventory inventory.json --output aws-cli --out plan.sh

  Make a completion script, and read the manual:
    sg-audit completions bash > ~/.local/share/bash-completion/completions/sg-audit
    sg-audit man | man -l -

Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on, or changed rules would deny a request.";

#[cfg(not(feature = "aws"))]
const OVERVIEW: &str = "\
Examples:
  What is open that nobody used in the last five weeks?
    sg-audit report logs/ --inventory inventory/ --since 35d

  What to change, as a script, and beside it the one that takes it back:
    sg-audit plan logs/ --inventory inventory/ --output aws-cli --out plan.sh

  Make a completion script, and read the manual:
    sg-audit completions bash > ~/.local/share/bash-completion/completions/sg-audit
    sg-audit man | man -l -

Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on, or changed rules would deny a request.";

const REPORT_EXAMPLES: &str = "\
Examples:
  Get an inventory, then judge what was downloaded from S3:
    mkdir inventory
    for kind in security-groups security-group-rules network-interfaces managed-prefix-lists
    do aws ec2 describe-$kind > inventory/$kind.json; done
    sg-audit report logs/ --inventory inventory/

  As a page to show around; as a spreadsheet, from standard input:
    sg-audit report logs/ --inventory inventory/ --output html --out report.html
    zcat *.log.gz | sg-audit report - --inventory inventory/ --output csv --out rules.csv

  Fail a pipeline when anything is proven unused:
    sg-audit report logs/ --inventory inventory/ --quiet --strict --fail-on unused

  A log with a custom format and no header line (single quotes!):
    sg-audit report logs/ --inventory inventory/ --log-format '${interface-id} ${srcaddr} ...'

Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on.";

const ROLLUP_EXAMPLES: &str = "\
Examples:
  Scan each day once, report on all of them later:
    sg-audit rollup logs/2024/05/30/ --out rollups/2024-05-30.parquet
    sg-audit report rollups/ --inventory inventory/

  Keep high ports that some rule singles out, so that the rule can be judged:
    sg-audit rollup logs/ --out may.parquet --keep-ports 51820,60000-60010

Exit status: 0 fine, 1 failure, 2 usage.";

/// Find out from VPC Flow Logs which security group rules are used
#[derive(Debug, Parser)]
#[command(
    name = "sg-audit",
    version,
    about = "Find out from VPC Flow Logs which security group rules are used",
    after_help = OVERVIEW,
    styles = STYLES,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Give every rule a verdict, with its evidence
    #[command(after_help = REPORT_EXAMPLES, arg_required_else_help = true)]
    Report(Box<ReportArguments>),
    /// Say what to change: rules to remove and to narrow, replayed against the logs first
    #[command(after_help = plan::EXAMPLES, arg_required_else_help = true)]
    Plan(Box<plan::PlanArguments>),
    /// Find the requests in the logs that changed rules would deny
    #[command(after_help = replay::EXAMPLES, arg_required_else_help = true)]
    Replay(Box<replay::ReplayArguments>),
    /// Show the traffic behind the verdict on a rule or a group
    #[command(after_help = explain::EXAMPLES, arg_required_else_help = true)]
    Explain(Box<explain::ExplainArguments>),
    /// Reduce logs to a small file that later reports accept in their place
    #[command(after_help = ROLLUP_EXAMPLES, arg_required_else_help = true)]
    Rollup(RollupArguments),
    /// Read interfaces, groups and rules from AWS, and save them as an inventory
    #[cfg(feature = "aws")]
    #[command(after_help = snapshot::EXAMPLES, arg_required_else_help = true)]
    Snapshot(snapshot::SnapshotArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write those of all commands to a folder
    Man {
        /// Write one page for each command to this folder
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        out: Option<PathBuf>,
    },
}

/// What is read, by every command that reads logs.
#[derive(Debug, Args)]
pub struct InputArguments {
    /// Flow logs or rollups: files, folders, globs, or - for standard input
    #[arg(required = true, value_name = "LOGS", value_hint = ValueHint::AnyPath)]
    pub logs: Vec<PathBuf>,
    /// Leave out what ended earlier: 2024-05-01T00:00:00Z, 2024-05-01 (UTC) or 30d (m, h, d, w ago)
    #[arg(long, value_name = "TIME", help_heading = "Input", value_parser = values::parse_time_bound)]
    pub since: Option<TimeBound>,
    /// Leave out what began later; a day counts to its end
    #[arg(long, value_name = "TIME", help_heading = "Input", value_parser = values::parse_time_bound)]
    pub until: Option<TimeBound>,
    /// Fields of lines that have no header, as AWS writes them: '${version} ${account-id} ...'
    #[arg(long, value_name = "STRING", help_heading = "Input", value_parser = values::parse_log_format)]
    pub log_format: Option<String>,
    /// Fail if any input cannot be read to its end, rather than warn
    #[arg(long, help_heading = "Input")]
    pub strict: bool,
    /// Files read at a time [default: number of cores]
    #[arg(long, value_name = "N", help_heading = "Input", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// No progress bar and no warnings
    #[arg(long, short)]
    pub quiet: bool,
}

/// Arguments of `sg-audit report`.
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// What is read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArguments,
    /// Form of the report: table, json, csv, markdown or html
    #[arg(long, hide_possible_values = true, value_name = "FORM", default_value = "table", help_heading = "Output")]
    pub output: OutputFormat,
    /// Write to this file instead of standard output; it appears whole or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Exit with status 3 if any rule has one of these verdicts
    #[arg(long, value_name = "VERDICT,...", value_delimiter = ',', help_heading = "Output")]
    pub fail_on: Vec<Verdict>,
    /// An earlier report (--output json): tell what has changed since
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub baseline: Option<PathBuf>,
    /// What a proof needs.
    #[command(flatten)]
    pub thresholds: ThresholdArguments,
    /// How far recommendations may go.
    #[command(flatten)]
    pub limits: LimitArguments,
    /// Names of public addresses, for the page.
    #[command(flatten)]
    pub names: NameArguments,
}

/// Arguments of `sg-audit rollup`.
#[derive(Debug, Args)]
pub struct RollupArguments {
    /// What is read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The Parquet file to write; it appears whole or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// Length of the slices that records are added up in: 1h or 1d
    #[arg(long, value_name = "LENGTH", hide_possible_values = true, default_value = "1h", help_heading = "Output")]
    pub slice: Slice,
    /// Ports to keep that would be dropped as a client's, for rules that single them out
    #[arg(long, value_name = "RANGE,...", help_heading = "Output", value_parser = values::parse_kept_ports)]
    pub keep_ports: Option<KeptPorts>,
}

#[cfg(test)]
mod tests;
