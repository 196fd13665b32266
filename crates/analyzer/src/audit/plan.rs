//! `sg-audit plan`: what to change.

use super::Done;
use crate::cli::message::Message;
use crate::cli::plan::PlanOptions;

/// Runs the command.
pub fn plan(options: &PlanOptions) -> Done {
    let _ = options;
    Err(Box::new(Message::error("not built yet")))
}
