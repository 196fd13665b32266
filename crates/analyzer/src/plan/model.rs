//! A plan as data, before anybody decides how to write it down.

use crate::report::model::Verdict;
use ethnum::U256;
use inventory::{GroupIx, Proposal, Rule};

/// Changes to some groups of an inventory. Groups without a change are not in it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted by group id.
    pub groups: Vec<GroupPlan>,
    /// Groups in which something could change and that are left alone, sorted by group id.
    pub left_alone: Vec<LeftAlone>,
    /// What to know before doing it, sorted by group id.
    pub warnings: Vec<PlanWarning>,
}

/// The changes to one group.
#[derive(Clone, Debug)]
pub struct GroupPlan {
    /// Its number in the inventory.
    pub group: GroupIx,
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// Its VPC, or "".
    pub vpc_id: String,
    /// Its owner's account, or "".
    pub owner_id: String,
    /// Its region, where it is known.
    pub region: Option<String>,
    /// Rules that go without a replacement, in the order of the report.
    pub removals: Vec<Removal>,
    /// Rules in whose place narrower ones come, in the order of the report.
    pub replacements: Vec<Replacement>,
    /// Rules that stay as they are, in the order of the report.
    pub kept: Vec<Rule>,
    /// What all rules of the group open, rule by rule: addresses times ports.
    pub exposure_before: U256,
    /// What they open afterwards.
    pub exposure_after: U256,
}

/// A rule that goes.
#[derive(Clone, Debug)]
pub struct Removal {
    /// The rule.
    pub rule: Rule,
    /// `unused`, `redundant` or `likely-unused`.
    pub verdict: Verdict,
    /// Why, a sentence.
    pub reason: String,
    /// What it opens.
    pub exposure: U256,
}

/// A rule in whose place narrower ones come.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The rule that goes.
    pub rule: Rule,
    /// What comes: its own direction and protocol, its description and tags. No two of the group's new rules have the same content, and
    /// none has that of a rule that stays: where two replaced rules come to need the same one, the first has it here.
    pub by: Vec<Rule>,
    /// Rules that stand in for it besides: ones that stay, and new ones that are listed with another replacement.
    pub shared: Vec<Rule>,
    /// What it opens.
    pub exposure_before: U256,
    /// What all in its place open.
    pub exposure_after: U256,
}

/// A group that the plan does not touch though it could.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftAlone {
    /// `sg-...`
    pub group_id: String,
    /// Its name, or "".
    pub group_name: String,
    /// Why, a sentence: the AWS service that manages it.
    pub reason: String,
    /// How many of its rules would have changed.
    pub rules: u64,
}

/// Something to know before the change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanWarning {
    /// `sg-...`
    pub group_id: String,
    /// The rule, where it is about one.
    pub rule_id: Option<String>,
    /// What it is about.
    pub kind: WarningKind,
    /// A sentence, with what to do.
    pub text: String,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningKind {
    /// Open connections that are not tracked would be cut.
    UntrackedConnections,
    /// Rules of other groups name the group.
    ReferencedElsewhere,
    /// The group or its rules are kept by somebody else: another account, a CloudFormation stack.
    OtherOwner,
    /// Old and new rules together are more than a group may have.
    Quota,
    /// A rule for everybody comes to name the addresses of the logs alone.
    NewPeers,
    /// Rules stay wide because new peers or ports still came in the second half of the window.
    Unsettled,
}

impl GroupPlan {
    /// The rules that are new, in the order in which they are listed.
    pub fn additions(&self) -> impl Iterator<Item = &Rule> {
        self.replacements.iter().flat_map(|replacement| &replacement.by)
    }

    /// All rules that the group has afterwards: those that stay, then the new ones.
    pub fn rules_after(&self) -> impl Iterator<Item = &Rule> {
        self.kept.iter().chain(self.additions())
    }
}

impl Plan {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups as they are to be.
    pub fn proposal(&self) -> Proposal {
        let mut proposal = Proposal::default();
        for group in &self.groups {
            proposal.groups.insert(group.group, group.rules_after().cloned().collect());
        }
        proposal
    }
}
