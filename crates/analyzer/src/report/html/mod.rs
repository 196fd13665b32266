//! The report as one page for a browser, that needs no network.

use super::model::Report;
use std::io::{self, Write};

/// Writes the page.
pub fn write(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    writeln!(to, "{}", report.schema)
}
