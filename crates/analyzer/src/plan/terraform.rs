//! A plan as Terraform configuration.

use super::model::Plan;

/// Import and resource blocks.
pub fn configuration(plan: &Plan) -> String {
    let _ = plan;
    String::new()
}
