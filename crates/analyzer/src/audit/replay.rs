//! `sg-audit replay`: what changed rules would have denied.

use super::Done;
use crate::cli::message::Message;
use crate::cli::replay::ReplayOptions;

/// Runs the command.
pub fn replay(options: &ReplayOptions) -> Done {
    let _ = options;
    Err(Box::new(Message::error("not built yet")))
}
