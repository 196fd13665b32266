//! What to change: rules to remove, rules to put in the place of wider ones, and what to know before doing it.
//!
//! A plan is made group by group from the verdicts (module `group`): what is proven unused or redundant goes, what is proven wider
//! than its traffic is replaced, and everything else stays, above all what the logs cannot judge. Groups that an AWS service
//! keeps by itself ([`managed`]) are left alone. Before anybody sees it the plan is replayed against all that was read.
//!
//! It is written as a [`table`], as [`json`] in the shape of an inventory, as scripts ([`aws_cli`]) or as [`terraform`].

pub mod aws_cli;
mod group;
pub mod json;
pub mod managed;
pub mod model;
pub mod table;
pub mod terraform;
mod unsettled;
mod warnings;

use crate::analysis::Analysis;
use crate::recommend::Limits;
use crate::replay::model::Replay;
use crate::replay::replay;
use model::{LeftAlone, Plan};

/// What a plan is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlanOptions {
    /// Whether likely-unused rules go too.
    pub include_likely: bool,
    /// How far recommendations may go; the quota counts here too.
    pub limits: Limits,
    /// Threads that share the replay; at least one is used.
    pub threads: usize,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It would have denied something: a fault of ours, and better no plan than that one.
    #[error("the plan would have denied requests that are in the logs, or may be: {} of rule, port and peer", .0.denied.len())]
    Denies(Box<Replay>),
}

/// Makes a plan and replays it.
///
/// # Errors
/// When a request, observed or possible, would lose its last rule.
pub fn build(analysis: &Analysis<'_>, options: &PlanOptions) -> Result<Plan, PlanError> {
    let plan = draw_up(analysis, options);
    if plan.is_empty() {
        return Ok(plan);
    }
    let replayed = replay(analysis.rollup, analysis.inventory, &plan.proposal(), options.threads);
    if !replayed.denied.is_empty() {
        return Err(PlanError::Denies(Box::new(replayed)));
    }
    Ok(plan)
}

/// The plan before its replay.
fn draw_up(analysis: &Analysis<'_>, options: &PlanOptions) -> Plan {
    let mut plan = Plan::default();
    for (group_ix, judged) in analysis.judged() {
        let Some(changes) = group::changes(analysis, group_ix, judged, options) else {
            continue;
        };
        match managed::manager(analysis.inventory.group(group_ix)) {
            None => plan.groups.push(changes),
            Some(reason) => plan.left_alone.push(LeftAlone {
                group_id: changes.group_id,
                group_name: changes.group_name,
                reason,
                rules: (changes.removals.len() + changes.replacements.len()) as u64,
            }),
        }
    }
    plan.groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
    plan.left_alone.sort();
    plan.warnings = warnings::warnings(analysis, &plan.groups, &options.limits);
    plan.warnings.extend(unsettled::unsettled(analysis, &options.limits));
    plan.warnings.sort();
    plan
}
