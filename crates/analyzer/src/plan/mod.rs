//! What to change: rules to remove, rules to put in the place of wider ones, and what to know before doing it.

pub mod aws_cli;
pub mod model;
pub mod terraform;

use crate::analysis::Analysis;
use crate::recommend::Limits;
use crate::replay::model::Replay;
use model::Plan;

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
    #[error("the plan would have denied {} requests that it must not", .0.denied.len())]
    Denies(Box<Replay>),
}

/// Makes a plan and replays it.
///
/// # Errors
/// When a request, observed or possible, would lose its last rule.
pub fn build(analysis: &Analysis<'_>, options: &PlanOptions) -> Result<Plan, PlanError> {
    let _ = (analysis, options);
    Ok(Plan::default())
}
