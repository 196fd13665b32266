//! What every command asks that judges rules: the inventory, what a proof needs, how far a recommendation may go.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::values::{self, MinPrefix};
use crate::recommend::Limits;
use crate::verdict::Thresholds;

/// The inventory.
#[derive(Debug, Args)]
pub struct InventoryArguments {
    /// Output of aws ec2 describe-*, or snapshots: files or folders, several after one another
    #[arg(
        long,
        short,
        required = true,
        display_order = 0,
        num_args = 1..,
        value_name = "PATH",
        help_heading = "Input",
        value_hint = ValueHint::AnyPath
    )]
    pub inventory: Vec<PathBuf>,
}

/// What a proof needs.
#[derive(Debug, Args)]
pub struct ThresholdArguments {
    /// Share of its life, 0 to 1, that logs must cover of an interface to judge its rules
    #[arg(
        long,
        value_name = "SHARE",
        default_value = "0.95",
        help_heading = "Judgement",
        value_parser = values::parse_share
    )]
    pub min_coverage: f64,
    /// Days that a rule must have been observed to be judged
    #[arg(
        long,
        value_name = "DAYS",
        default_value = "30",
        help_heading = "Judgement",
        value_parser = values::parse_days
    )]
    pub min_days: f64,
}

impl ThresholdArguments {
    /// The plain values.
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { min_coverage: self.min_coverage, min_days: self.min_days }
    }
}

/// How far a recommendation may go.
#[derive(Debug, Args)]
pub struct LimitArguments {
    /// Most CIDRs that a recommendation may name for one rule
    #[arg(
        long,
        value_name = "N",
        default_value = "8",
        help_heading = "Recommendations",
        value_parser = clap::value_parser!(u16).range(1..=60)
    )]
    pub max_cidrs: u16,
    /// Most ranges of ports that a recommendation may name for one rule
    #[arg(
        long,
        value_name = "N",
        default_value = "8",
        help_heading = "Recommendations",
        value_parser = clap::value_parser!(u16).range(1..=60)
    )]
    pub max_port_ranges: u16,
    /// Most rules of a group in one direction (AWS quota, 60 unless raised)
    #[arg(
        long,
        value_name = "N",
        default_value = "60",
        help_heading = "Recommendations",
        value_parser = clap::value_parser!(u16).range(1..=1000)
    )]
    pub max_rules: u16,
    /// Name no CIDR narrower than this prefix, for IPv4 and IPv6
    #[arg(
        long,
        value_name = "V4[,V6]",
        default_value = "32,128",
        help_heading = "Recommendations",
        value_parser = values::parse_min_prefix
    )]
    pub min_prefix: MinPrefix,
    /// Name private peers as they are, not the subnet around them
    #[arg(long, help_heading = "Recommendations")]
    pub exact_peers: bool,
    /// Narrow rules too whose peers or ports still changed in the second half of the window
    #[arg(long, help_heading = "Recommendations")]
    pub include_unsettled: bool,
}

impl LimitArguments {
    /// The plain values.
    pub fn limits(&self) -> Limits {
        Limits {
            max_cidrs: usize::from(self.max_cidrs),
            max_port_ranges: usize::from(self.max_port_ranges),
            max_rules: usize::from(self.max_rules),
            min_prefix_v4: self.min_prefix.v4,
            min_prefix_v6: self.min_prefix.v6,
            exact_peers: self.exact_peers,
            include_unsettled: self.include_unsettled,
        }
    }
}

/// Where names of public addresses come from.
#[derive(Debug, Args)]
pub struct NameArguments {
    /// Databases of places and network owners (MMDB), several after one another
    #[arg(long, num_args = 1.., value_name = "FILE", help_heading = "Names", value_hint = ValueHint::FilePath)]
    pub geo: Vec<PathBuf>,
    /// AWS's list of its own addresses (ip-ranges.json)
    #[arg(long, value_name = "FILE", help_heading = "Names", value_hint = ValueHint::FilePath)]
    pub ip_ranges: Option<PathBuf>,
}

/// The same as plain values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameOptions {
    /// MMDB files, the most trusted first.
    pub geo: Vec<PathBuf>,
    /// `ip-ranges.json`.
    pub ip_ranges: Option<PathBuf>,
}

impl From<NameArguments> for NameOptions {
    fn from(arguments: NameArguments) -> NameOptions {
        NameOptions { geo: arguments.geo, ip_ranges: arguments.ip_ranges }
    }
}
