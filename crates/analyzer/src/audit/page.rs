//! `sg-audit report --output html`: a page needs more than a report, so it looks on while records are attributed.

use super::{Done, asked, load_baseline, load_inventory, not_written, read, strict};
use crate::analysis::{Analysis, window};
use crate::assemble;
use crate::cli::destination::{is_closed_pipe, write_results};
use crate::cli::message::Message;
use crate::cli::options::ReportOptions;
use crate::explain::details::{DetailsBook, bucket_for};
use crate::names::Names;
use crate::plan;
use crate::report::html::{self, Page};
use crate::rollup::{KeptPorts, Slice};

/// Runs the command.
pub fn page(options: &ReportOptions) -> Done {
    let names = Names::load(&options.names).map_err(|error| Box::new(Message::from_error(&error)))?;
    let baseline = load_baseline(options)?;
    let loaded = load_inventory(&options.inventory, &options.input)?;
    let kept_ports = KeptPorts::new(loaded.inventory.kept_ports());
    let scanned = read(&options.input, Slice::Hour, kept_ports)?;
    let asked = asked(&options.input, options.thresholds, options.limits);
    let part = bucket_for(window(&scanned.rollup, &asked)).max(scanned.rollup.slice.seconds());
    let witness = || DetailsBook::new(None, part);
    let (analysis, details) = Analysis::before(&scanned.rollup, &loaded.inventory, &asked, witness);
    let mut report = assemble::report_of(&analysis, &loaded.notes);
    report.changes = baseline.map(|baseline| baseline.changes(&report));
    let plan_options =
        plan::PlanOptions { include_likely: false, limits: options.limits, threads: options.input.threads };
    let plan = plan::build(&analysis, &plan_options).map_err(|error| Box::new(Message::from_error(&error)))?;
    let page = Page {
        report: &report,
        analysis: &analysis,
        details: &details,
        plan: Some(&plan),
        names: &names,
        changes: report.changes.as_ref(),
    };
    let out = options.out.as_deref();
    match write_results(out, |to| html::write(&page, to)) {
        Ok(()) => {}
        Err(error) if is_closed_pipe(&error) => {}
        Err(error) => return Err(not_written(out, &error)),
    }
    if options.input.strict && report.logs.incomplete {
        return Err(strict());
    }
    Ok(options.exit_after(&report))
}
