//! The report as data: what `sgflow.report/1` says, before anybody decides how to show it.
//!
//! Field order here is the order in the JSON. Everything is sorted by whoever fills it, so two runs on the same input
//! serialise to the same bytes.

use super::baseline::Changes;
use serde::{Deserialize, Serialize};

/// The name and version of the JSON contract.
pub const SCHEMA: &str = "sgflow.report/1";

/// What is known of one rule, kebab-case in every output. Ordered as they are tried: the first that fits is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Its peer cannot be resolved from the inventory.
    Unresolved,
    /// Used, but everything it is or may be used for is surely allowed by rules of the same group that are kept.
    Redundant,
    /// An accepted request, or a record that may be one, is or may be allowed by it.
    Used,
    /// It may serve traffic that flow logs never show though it is filtered, or serves only what is neither.
    NotLogged,
    /// The logs could not have shown its use.
    NoEvidence,
    /// No use but by assumption.
    LikelyUnused,
    /// Nothing it allows was accepted, and the logs would have shown it: a proof.
    Unused,
}

impl Verdict {
    /// Every verdict, in the order in which they are tried.
    pub const ALL: [Verdict; 7] = [
        Verdict::Unresolved,
        Verdict::Redundant,
        Verdict::Used,
        Verdict::NotLogged,
        Verdict::NoEvidence,
        Verdict::LikelyUnused,
        Verdict::Unused,
    ];

    /// The word used in every output.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Unresolved => "unresolved",
            Verdict::Redundant => "redundant",
            Verdict::Used => "used",
            Verdict::NotLogged => "not-logged",
            Verdict::NoEvidence => "no-evidence",
            Verdict::LikelyUnused => "likely-unused",
            Verdict::Unused => "unused",
        }
    }
}

/// What is known of a whole group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupVerdict {
    /// Some traffic passed, or may have passed, an interface that carries it.
    Used,
    /// Attached, and its interfaces accepted nothing at all, and the logs would have shown it.
    Idle,
    /// On no interface.
    Unattached,
    /// The logs could not have shown its use.
    NoEvidence,
}

/// A whole report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The time that was judged.
    pub window: Window,
    /// What was read.
    pub logs: Logs,
    /// The version of this program.
    pub tool_version: &'static str,
    /// What the rules were read from.
    pub inventory: InventorySummary,
    /// What had to be taken for granted, sorted by id.
    pub assumptions: Vec<Assumption>,
    /// Sorted by group id.
    pub groups: Vec<GroupReport>,
    /// Sorted by interface id.
    pub interfaces: Vec<InterfaceReport>,
    /// What has changed since an earlier report, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
}

/// The judged window, both ends RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First second.
    pub start: String,
    /// Last second.
    pub end: String,
}

/// Totals over the input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Logs {
    /// Objects that were read.
    pub files: u64,
    /// Records of every kind.
    pub records: u64,
    /// Records with action ACCEPT.
    pub accepted: u64,
    /// Records with action REJECT.
    pub rejected: u64,
    /// Records with log status NODATA.
    pub no_data: u64,
    /// Records with log status SKIPDATA.
    pub skipped: u64,
    /// Lines that could not be parsed.
    pub unparsed: u64,
    /// The first few of them, sorted by file and line.
    pub unparsed_samples: Vec<UnparsedSample>,
    /// Accepted records whose direction could not be determined.
    pub undetermined_direction: u64,
    /// Accepted records of which it is unknown who opened the flow.
    pub ambiguous: u64,
    /// Accepted records that no rule of their interface explains.
    pub contradictions: u64,
    /// Interfaces with records that no snapshot knows.
    pub unknown_interfaces: u64,
    /// Their records.
    pub unknown_interface_records: u64,
    /// Whether some input could not be read to its end.
    pub incomplete: bool,
}

/// One line that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnparsedSample {
    /// The object's name as it was given.
    pub file: String,
    /// Line number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// The snapshots that were read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InventorySummary {
    /// Sorted by account, region and time.
    pub snapshots: Vec<SnapshotSummary>,
}

/// One snapshot; a folder of undated AWS CLI output is one without a time.
#[derive(Clone, Debug, Serialize)]
pub struct SnapshotSummary {
    /// RFC 3339, or null where the files do not say.
    pub captured_at: Option<String>,
    /// 12 digits, or null.
    pub account_id: Option<String>,
    /// Region, or null.
    pub region: Option<String>,
}

/// Something taken for granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assumption {
    /// Kebab-case.
    pub id: String,
    /// A sentence.
    pub text: String,
}

/// One security group.
#[derive(Clone, Debug, Serialize)]
pub struct GroupReport {
    /// `sg-...`
    pub group_id: String,
    /// Its name.
    pub group_name: String,
    /// Its VPC, or "" if unknown.
    pub vpc_id: String,
    /// Its owner's account, or "" if unknown.
    pub owner_id: String,
    /// What is known of it.
    pub verdict: GroupVerdict,
    /// Interfaces that carry it by the last snapshot, sorted.
    pub interfaces: Vec<String>,
    /// Other groups of the same VPC with an equal set of rules, sorted.
    pub same_rules_as: Vec<String>,
    /// Sorted: ingress first, then protocol, ports, peer, id.
    pub rules: Vec<RuleReport>,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    /// `sgr-...`, or an id derived from its content where the inventory has none.
    pub rule_id: String,
    /// `ingress` or `egress`.
    pub direction: &'static str,
    /// tcp, udp, icmp, icmpv6, all, or a number.
    pub protocol: String,
    /// First port, or ICMP type; null for all.
    pub from_port: Option<u16>,
    /// Last port, or ICMP code; null for all.
    pub to_port: Option<u16>,
    /// CIDR, `sg-...` or `pl-...`.
    pub peer: String,
    /// As written in AWS.
    pub description: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, a sentence.
    pub reason: String,
    /// What it stands on.
    pub evidence: Evidence,
    /// What would do, where less would do.
    pub recommendation: Option<Recommendation>,
    /// Addresses times ports that the rule opens; a decimal string. Not part of the JSON contract: for sorting and people.
    #[serde(skip)]
    pub exposure: String,
}

/// Counts are flow log records unless said otherwise.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Evidence {
    /// Requests that it surely allowed.
    pub requests: u64,
    /// Packets of those and of the ambiguous ones.
    pub packets: u64,
    /// Bytes of those and of the ambiguous ones.
    pub bytes: u64,
    /// RFC 3339 of the first use, sure or possible.
    pub first_seen: Option<String>,
    /// RFC 3339 of the last use, sure or possible.
    pub last_seen: Option<String>,
    /// Distinct addresses at the other end.
    pub peers: u64,
    /// Destination ports of its uses, ascending, at most a few hundred ranges.
    pub ports: Vec<PortUse>,
    /// Records that may have used it.
    pub ambiguous: u64,
    /// Records that a guess set aside as replies.
    pub assumed_replies: u64,
    /// Records whose interface, or whose peer's owner, the inventory does not know, and which could have used it.
    pub unplaced: u64,
    /// Replies of untracked connections that pass by it.
    pub untracked_answers: u64,
    /// Uses that no other rule of the group surely allows.
    pub sole_cover: u64,
    /// Hours of the window in which the best observed interface of the group reported.
    pub observed_hours: f64,
}

/// Uses of a range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortUse {
    /// First port.
    pub from: u16,
    /// Last port.
    pub to: u16,
    /// Records.
    pub requests: u64,
}

/// A range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PortSpan {
    /// First port.
    pub from: u16,
    /// Last port.
    pub to: u16,
}

/// Less that would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recommendation {
    /// Ascending; empty for protocols without ports.
    pub ports: Vec<PortSpan>,
    /// CIDRs, `sg-...` or `pl-...`.
    pub peers: Vec<String>,
    /// Decimal.
    pub exposure_before: String,
    /// Decimal.
    pub exposure_after: String,
}

/// One interface.
#[derive(Clone, Debug, Serialize)]
pub struct InterfaceReport {
    /// `eni-...`
    pub interface_id: String,
    /// Groups by the last snapshot that knows it, sorted.
    pub groups: Vec<String>,
    /// Share of its life inside the window that the logs cover, 0 to 1.
    pub coverage: f64,
    /// Its records.
    pub records: u64,
}
