//! A security group and its rules, now and before.

use crate::rule::Rule;
use crate::time::Run;

/// Number of a security group in [`crate::Inventory::groups`]: dense, over the union of all snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupIx(pub u32);

/// A security group.
#[derive(Debug, Clone)]
pub struct Group {
    /// `sg-...`
    pub id: String,
    /// `GroupName`, of its own listing or else of the interfaces that carry it; empty if nothing tells.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The VPC it was made in.
    pub vpc: Option<String>,
    /// The account that owns it.
    pub owner: Option<String>,
    /// Its region, as far as snapshot, ARN or VPC tell.
    pub region: Option<String>,
    /// Its tags, sorted by key.
    pub tags: Vec<(String, String)>,
    /// The rules of the last snapshot of its scope, sorted by direction, protocol, ports and peer; empty if it is gone.
    pub rules: Vec<Rule>,
    /// Rules of earlier snapshots that the last one lacks.
    pub former_rules: Vec<Rule>,
    /// Whether the last snapshot of its scope has it.
    pub in_last_snapshot: bool,
    /// False for a group that interfaces carry but no snapshot lists: its rules may be any.
    pub rules_known: bool,
    /// VPCs where interfaces may carry it: its own, those of `SecurityGroupVpcAssociations`, and those of interfaces
    /// seen with it. Empty if none is known.
    pub usable_vpcs: Vec<String>,
    pub(crate) presence: Vec<Run>,
}

impl Group {
    /// Rules of any time.
    pub fn rules_ever(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().chain(&self.former_rules)
    }
}
