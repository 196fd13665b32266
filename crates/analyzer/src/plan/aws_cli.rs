//! A plan as a script for the AWS CLI, and the script that takes it back.

use super::model::{GroupPlan, Plan};

/// The script that makes the change.
pub fn script(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}

/// The script that takes it back.
pub fn undo_script(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}

/// The bare commands for one group, to be copied: additions first, then revocations.
pub fn commands(group: &GroupPlan) -> String {
    let _ = group;
    String::new()
}
