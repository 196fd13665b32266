//! `sg-audit replay`: what changed rules would have denied.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::Timestamp;

use super::InputArguments;
use super::judgement::InventoryArguments;
use super::options::InputOptions;
use super::values::TellFormat;

pub(super) const EXAMPLES: &str = "\
Examples:
  Would this change have denied anything that was accepted?
    aws ec2 describe-security-groups --group-ids sg-0123456789abcdef0 > proposed.json
    $EDITOR proposed.json
    sg-audit replay logs/ --inventory inventory/ --proposed proposed.json

Exit status: 0 nothing would be denied, 1 failure, 2 usage, 3 something would be, surely or possibly.";

/// Arguments of `sg-audit replay`.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// What is read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArguments,
    /// The groups as they are to be: aws ec2 describe-* output, edited, or a plan (--output json)
    #[arg(
        long,
        required = true,
        num_args = 1..,
        value_name = "PATH",
        help_heading = "Input",
        value_hint = ValueHint::AnyPath
    )]
    pub proposed: Vec<PathBuf>,
    /// Form of the answer: table or json
    #[arg(long, hide_possible_values = true, value_name = "FORM", default_value = "table", help_heading = "Output")]
    pub output: TellFormat,
    /// Write to this file instead of standard output; it appears whole or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
}

/// All that `sg-audit replay` needs.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayOptions {
    /// What is read.
    pub input: InputOptions,
    /// Files and folders, at least one.
    pub inventory: Vec<PathBuf>,
    /// Files and folders with the groups as they are to be, at least one.
    pub proposed: Vec<PathBuf>,
    /// Form of the answer.
    pub output: TellFormat,
    /// Where it goes; standard output if `None`.
    pub out: Option<PathBuf>,
}

impl ReplayArguments {
    /// The plain values; ages count back from `now`.
    ///
    /// # Errors
    /// A usage error, ready to print, if the options contradict each other.
    pub fn into_options(self, now: Timestamp) -> Result<ReplayOptions, clap::Error> {
        Ok(ReplayOptions {
            input: self.input.into_options("replay", now)?,
            inventory: self.inventory.inventory,
            proposed: self.proposed,
            output: self.output,
            out: self.out,
        })
    }
}
