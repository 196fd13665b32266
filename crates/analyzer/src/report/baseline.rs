//! What has changed since an earlier report.

use super::model::Report;
use serde::Serialize;
use std::path::Path;

/// Differences between an earlier report and this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {}

/// Why an earlier report cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {}

/// Reads an earlier report and compares.
///
/// # Errors
/// When the file is no `sgflow.report/1`.
pub fn changes_since(baseline: &Path, report: &Report) -> Result<Changes, BaselineError> {
    let _ = (baseline, report);
    Ok(Changes::default())
}
