//! `sg-audit plan`: what to change, and proof that it would have denied nothing.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use jiff::Timestamp;

use super::InputArguments;
use super::judgement::{InventoryArguments, LimitArguments, ThresholdArguments};
use super::options::InputOptions;
use super::values::PlanFormat;
use crate::recommend::Limits;
use crate::verdict::Thresholds;

pub(super) const EXAMPLES: &str = "\
Examples:
  What could go, and what could be narrower?
    sg-audit plan logs/ --inventory inventory/

  The script that does it, and beside it plan-undo.sh, which takes it back:
    sg-audit plan logs/ --inventory inventory/ --output aws-cli --out plan.sh
    bash plan.sh --dry-run

  Show it to somebody else, and let them check it against newer logs:
    sg-audit plan logs/ --inventory inventory/ --output json --out plan.json
    sg-audit replay newer-logs/ --inventory inventory/ --proposed plan.json

Exit status: 0 fine, 1 failure, 2 usage.";

/// Arguments of `sg-audit plan`.
#[derive(Debug, Args)]
pub struct PlanArguments {
    /// What is read.
    #[command(flatten)]
    pub input: InputArguments,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArguments,
    /// Form of the plan: table, json, aws-cli or terraform
    #[arg(long, hide_possible_values = true, value_name = "FORM", default_value = "table", help_heading = "Output")]
    pub output: PlanFormat,
    /// Write to this file instead of standard output; it appears whole or not at all
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Remove likely-unused rules too
    #[arg(long, help_heading = "Judgement")]
    pub include_likely: bool,
    /// What a proof needs.
    #[command(flatten)]
    pub thresholds: ThresholdArguments,
    /// How far recommendations may go.
    #[command(flatten)]
    pub limits: LimitArguments,
}

/// All that `sg-audit plan` needs.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanOptions {
    /// What is read.
    pub input: InputOptions,
    /// Files and folders, at least one.
    pub inventory: Vec<PathBuf>,
    /// Form of the plan.
    pub output: PlanFormat,
    /// Where it goes; standard output if `None`.
    pub out: Option<PathBuf>,
    /// Whether likely-unused rules go too.
    pub include_likely: bool,
    /// What a proof needs.
    pub thresholds: Thresholds,
    /// How far recommendations may go.
    pub limits: Limits,
}

impl PlanArguments {
    /// The plain values; ages count back from `now`.
    ///
    /// # Errors
    /// A usage error, ready to print, if the options contradict each other.
    pub fn into_options(self, now: Timestamp) -> Result<PlanOptions, clap::Error> {
        Ok(PlanOptions {
            input: self.input.into_options("plan", now)?,
            inventory: self.inventory.inventory,
            output: self.output,
            out: self.out,
            include_likely: self.include_likely,
            thresholds: self.thresholds.thresholds(),
            limits: self.limits.limits(),
        })
    }
}
