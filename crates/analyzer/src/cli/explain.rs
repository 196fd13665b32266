//! `sg-audit explain`: the traffic behind one verdict.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::Timestamp;

use super::InputArguments;
use super::judgement::{InventoryArguments, NameArguments, NameOptions, ThresholdArguments};
use super::options::InputOptions;
use super::values::TellFormat;
use crate::verdict::Thresholds;

pub(super) const EXAMPLES: &str = "\
Examples:
  Who needs this rule?
    sg-audit explain sgr-0123456789abcdef0 logs/ --inventory inventory/

  With places, network owners and AWS services of public peers:
    sg-audit explain sg-0123456789abcdef0 logs/ --inventory inventory/ --geo city.mmdb asn.mmdb --ip-ranges ip-ranges.json

Exit status: 0 fine, 1 failure (among others: no such rule or group), 2 usage.";

/// Arguments of `sg-audit explain`.
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Id of a rule (sgr-...) or a group (sg-...), or the name of a group
    #[arg(required = true, value_name = "RULE|GROUP")]
    pub subject: String,
    /// What is read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArguments,
    /// Form of the answer: table or json
    #[arg(long, hide_possible_values = true, value_name = "FORM", default_value = "table", help_heading = "Output")]
    pub output: TellFormat,
    /// Write to this file instead of standard output; it appears whole or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Most peers that are listed for a rule
    #[arg(
        long,
        value_name = "N",
        default_value = "10",
        help_heading = "Output",
        value_parser = clap::value_parser!(u16).range(1..=10_000)
    )]
    pub peers: u16,
    /// What a proof needs.
    #[command(flatten)]
    pub thresholds: ThresholdArguments,
    /// Names of public addresses.
    #[command(flatten)]
    pub names: NameArguments,
}

/// All that `sg-audit explain` needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainOptions {
    /// What is read.
    pub input: InputOptions,
    /// Files and folders, at least one.
    pub inventory: Vec<PathBuf>,
    /// The rule or group.
    pub subject: String,
    /// Form of the answer.
    pub output: TellFormat,
    /// Where it goes; standard output if `None`.
    pub out: Option<PathBuf>,
    /// Most peers that are listed for a rule, at least 1.
    pub peers: usize,
    /// What a proof needs.
    pub thresholds: Thresholds,
    /// Names of public addresses.
    pub names: NameOptions,
}

impl ExplainArguments {
    /// The plain values; ages count back from `now`.
    ///
    /// # Errors
    /// A usage error, ready to print, if the options contradict each other.
    pub fn into_options(self, now: Timestamp) -> Result<ExplainOptions, clap::Error> {
        Ok(ExplainOptions {
            input: self.input.into_options("explain", now)?,
            inventory: self.inventory.inventory,
            subject: self.subject,
            output: self.output,
            out: self.out,
            peers: usize::from(self.peers),
            thresholds: self.thresholds.thresholds(),
            names: self.names.into(),
        })
    }
}
