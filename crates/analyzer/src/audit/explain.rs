//! `sg-audit explain`: the traffic behind one verdict.

use super::Done;
use crate::cli::explain::ExplainOptions;
use crate::cli::message::Message;

/// Runs the command.
pub fn explain(options: &ExplainOptions) -> Done {
    let _ = options;
    Err(Box::new(Message::error("not built yet")))
}
