//! The plan, as people read it before they copy it.

use super::shown;
use crate::plan::aws_cli;
use crate::plan::model::{GroupPlan, Plan, WarningKind};
use crate::report::wording;
use ethnum::U256;
use inventory::{Direction, Protocol, Rule, RulePorts};

/// At most so many groups are shown; `sg-audit plan` writes all.
const GROUPS: usize = 300;
/// At most so many changes are told one by one, of one group and of all: the commands have them all.
const STEPS_OF_GROUP: usize = 25;
const STEPS: usize = 500;

/// The whole plan.
pub struct Planned {
    pub groups: Vec<PlannedGroup>,
    pub group_count: usize,
    pub left_alone: Vec<(String, String, String)>,
    pub warnings: Vec<PlannedWarning>,
    pub removed: usize,
    pub replaced: usize,
    pub added: usize,
}

/// One group.
pub struct PlannedGroup {
    pub id: String,
    pub name: String,
    pub place: String,
    pub before: String,
    pub after: String,
    pub saved: String,
    pub goes: Vec<Gone>,
    pub goes_count: usize,
    pub changes: Vec<Changed>,
    pub changes_count: usize,
    /// Changes that are not told.
    pub more: usize,
    pub kept: usize,
    pub commands: String,
    pub warnings: Vec<PlannedWarning>,
}

/// A rule that goes.
pub struct Gone {
    pub rule: RuleInWords,
    pub verdict: &'static str,
    pub tone: &'static str,
    pub reason: String,
    pub exposure: String,
}

/// A rule in whose place others come.
pub struct Changed {
    pub rule: RuleInWords,
    pub by: Vec<RuleInWords>,
    pub shared: Vec<RuleInWords>,
    pub before: String,
    pub after: String,
}

/// A rule in a line.
pub struct RuleInWords {
    pub id: String,
    pub opens: String,
    pub peer: String,
    pub description: String,
}

/// What to know before.
#[derive(Clone)]
pub struct PlannedWarning {
    pub group: String,
    pub rule: String,
    pub kind: &'static str,
    pub text: String,
}

impl Planned {
    /// Puts a plan in words.
    pub fn of(plan: &Plan) -> Planned {
        let mut warnings = Vec::new();
        for warning in &plan.warnings {
            warnings.push(PlannedWarning {
                group: shown(&warning.group_id),
                rule: warning.rule_id.as_deref().map(shown).unwrap_or_default(),
                kind: kind(warning.kind),
                text: shown(&warning.text),
            });
        }
        let mut left_alone = Vec::new();
        for group in &plan.left_alone {
            let name = if group.group_name.is_empty() { &group.group_id } else { &group.group_name };
            let reason = format!("{} ({} would have changed)", group.reason, wording::counted(group.rules, "rule"));
            left_alone.push((shown(name), shown(&group.group_id), shown(&reason)));
        }
        let mut steps = STEPS;
        let mut groups = Vec::new();
        for group in plan.groups.iter().take(GROUPS) {
            let planned = planned_group(group, &warnings, steps.min(STEPS_OF_GROUP));
            steps -= planned.goes.len() + planned.changes.len();
            groups.push(planned);
        }
        Planned {
            groups,
            group_count: plan.groups.len(),
            left_alone,
            removed: plan.groups.iter().map(|group| group.removals.len()).sum(),
            replaced: plan.groups.iter().map(|group| group.replacements.len()).sum(),
            added: plan.groups.iter().map(|group| group.additions().count()).sum(),
            // Those of groups that are planned stand there; these are about others.
            warnings: warnings
                .into_iter()
                .filter(|warning| !plan.groups.iter().any(|group| shown(&group.group_id) == warning.group))
                .collect(),
        }
    }

    /// Whether there is nothing to say but that nothing changes.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.left_alone.is_empty() && self.warnings.is_empty()
    }
}

/// Tells at most so many of its changes.
fn planned_group(group: &GroupPlan, warnings: &[PlannedWarning], steps: usize) -> PlannedGroup {
    let id = shown(&group.group_id);
    let place: Vec<String> = [Some(group.owner_id.as_str()), group.region.as_deref(), Some(group.vpc_id.as_str())]
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .map(shown)
        .collect();
    let mut goes = Vec::new();
    for removal in group.removals.iter().take(steps) {
        goes.push(Gone {
            rule: in_words(&removal.rule),
            verdict: removal.verdict.name(),
            tone: if removal.verdict == crate::report::model::Verdict::LikelyUnused { "maybe" } else { "go" },
            reason: shown(&removal.reason),
            exposure: short(removal.exposure),
        });
    }
    let mut changes = Vec::new();
    for replacement in group.replacements.iter().take(steps - goes.len()) {
        changes.push(Changed {
            rule: in_words(&replacement.rule),
            by: replacement.by.iter().map(in_words).collect(),
            shared: replacement.shared.iter().map(in_words).collect(),
            before: short(replacement.exposure_before),
            after: short(replacement.exposure_after),
        });
    }
    let saved = group.exposure_before.saturating_sub(group.exposure_after);
    PlannedGroup {
        name: if group.group_name.is_empty() { id.clone() } else { shown(&group.group_name) },
        place: place.join(" · "),
        before: short(group.exposure_before),
        after: short(group.exposure_after),
        saved: wording::percent(saved, group.exposure_before),
        more: group.removals.len() + group.replacements.len() - goes.len() - changes.len(),
        goes,
        goes_count: group.removals.len(),
        changes,
        changes_count: group.replacements.len(),
        kept: group.kept.len(),
        // Not made printable: it is to be copied, and its quoting is the script's affair. Line breaks are its own.
        commands: aws_cli::commands(group),
        warnings: warnings.iter().filter(|warning| warning.group == id).cloned().collect(),
        id,
    }
}

fn short(exposure: U256) -> String {
    wording::exposure(&exposure.to_string())
}

fn kind(kind: WarningKind) -> &'static str {
    match kind {
        WarningKind::UntrackedConnections => "Open connections",
        WarningKind::ReferencedElsewhere => "Named by other groups",
        WarningKind::OtherOwner => "Kept by somebody else",
        WarningKind::NewPeers => "New peers",
        WarningKind::Unsettled => "Still changing",
        WarningKind::Quota => "Quota",
    }
}

fn in_words(rule: &Rule) -> RuleInWords {
    let direction = match rule.direction {
        Direction::Ingress => "in",
        Direction::Egress => "out",
    };
    RuleInWords {
        id: if rule.has_own_id() { shown(&rule.id) } else { String::new() },
        opens: format!("{direction} {}", ports_in_words(rule.protocol, rule.ports)),
        peer: shown(&rule.peer.to_string()),
        description: shown(&rule.description),
    }
}

fn ports_in_words(protocol: Option<Protocol>, ports: RulePorts) -> String {
    let Some(protocol) = protocol else { return "all".to_owned() };
    let name = protocol.name();
    let is_icmp = protocol == Protocol::ICMP || protocol == Protocol::ICMPV6;
    match ports {
        RulePorts::Range { from: 0, to: u16::MAX } => format!("{name} all"),
        RulePorts::Range { from, to } if from == to => format!("{name} {from}"),
        RulePorts::Range { from, to } => format!("{name} {from}-{to}"),
        RulePorts::Icmp { ty: Some(ty), code: Some(code) } => format!("{name} type {ty} code {code}"),
        RulePorts::Icmp { ty: Some(ty), code: None } => format!("{name} type {ty}"),
        RulePorts::Icmp { .. } => format!("{name} all"),
        RulePorts::All if protocol.has_ports() || is_icmp => format!("{name} all"),
        RulePorts::All => format!("protocol {name}"),
    }
}
