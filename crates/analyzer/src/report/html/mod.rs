//! The report as one page for a browser, that needs no network.
//!
//! What everybody reads stands in the page as HTML (`templates/page.html`): totals, warnings, the picture of who talks
//! to whom, the plan, coverage, assumptions. The rules, which may be ten thousand, are data ([`rule_data`]) that a
//! small script of ours makes a table of, a page of rows at a time. [`policy`] forbids everything else.

mod changed;
mod clock;
mod coverage;
mod drawing;
mod evidence;
mod network_map;
mod planned;
pub mod policy;
mod rule_data;
mod summary;

use super::baseline::Changes;
use super::model::Report;
use super::printable::printable;
use super::warnings::warnings;
use super::wording::{counted, share};
use crate::analysis::Analysis;
use crate::explain::details::DetailsBook;
use crate::names::Names;
use crate::plan::model::Plan;
use askama::Template;
use changed::ChangeList;
use coverage::{Coverage, Groups};
use drawing::Drawing;
use network_map::{ListedLine, NetworkMap};
use planned::Planned;
use rule_data::{KINDS, RuleData};
use std::io::{self, Write};
use summary::Summary;

/// All that the page shows.
pub struct Page<'a> {
    /// What is said of every rule.
    pub report: &'a Report,
    /// What it was made from.
    pub analysis: &'a Analysis<'a>,
    /// When and with whom each rule was used.
    pub details: &'a DetailsBook,
    /// What to change, where there is a plan.
    pub plan: Option<&'a Plan>,
    /// What peers are called.
    pub names: &'a Names,
    /// What has changed since an earlier report, where one was given.
    pub changes: Option<&'a Changes>,
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate {
    policy: String,
    style: &'static str,
    script: &'static str,
    data: String,
    summary: Summary,
    warnings: Vec<WarningView>,
    drawing: Drawing,
    lines: Vec<ListedLine>,
    more_lines: usize,
    kinds: [(&'static str, &'static str, &'static str); 8],
    rule_count: String,
    planned: Option<Planned>,
    changes: Option<Vec<ChangeList>>,
    groups: Groups,
    coverage: Coverage,
    assumptions: Vec<String>,
    needed: String,
    logs: Vec<(&'static str, String)>,
    snapshots: Vec<String>,
    tool_version: &'static str,
}

struct WarningView {
    what: String,
    samples: Vec<String>,
    cure: &'static str,
}

/// Writes the page. The same input gives the same bytes.
///
/// # Errors
/// When `to` refuses the bytes.
pub fn write(page: &Page<'_>, to: &mut dyn Write) -> io::Result<()> {
    let report = page.report;
    let map = NetworkMap::of(page);
    let (lines, more_lines) = map.listed();
    let rules: usize = report.groups.iter().map(|group| group.rules.len()).sum();
    let thresholds = page.analysis.thresholds;
    let template = PageTemplate {
        policy: policy::policy(),
        style: policy::STYLE,
        script: policy::SCRIPT,
        data: policy::embedded(&serde_json::to_string(&RuleData::of(page))?),
        summary: Summary::of(page),
        warnings: warning_views(report),
        drawing: Drawing::of(&map),
        lines,
        more_lines,
        kinds: KINDS,
        rule_count: counted(rules as u64, "rule"),
        planned: page.plan.map(Planned::of),
        changes: page.changes.map(changed::lists),
        groups: Groups::of(report),
        coverage: Coverage::of(report, thresholds.min_coverage),
        assumptions: report.assumptions.iter().map(|assumption| shown(&assumption.text)).collect(),
        needed: format!(
            "at least {} of an interface's life covered by logs, and at least {} days of observation",
            share(thresholds.min_coverage),
            thresholds.min_days
        ),
        logs: logs(report),
        snapshots: snapshots(report),
        tool_version: report.tool_version,
    };
    template.write_into(to)
}

/// Text from elsewhere, safe to show.
fn shown(text: &str) -> String {
    printable(text).into_owned()
}

fn warning_views(report: &Report) -> Vec<WarningView> {
    let mut views = Vec::new();
    for warning in warnings(report) {
        views.push(WarningView {
            what: shown(&warning.what),
            samples: warning.samples.iter().map(|sample| shown(sample)).collect(),
            cure: warning.cure,
        });
    }
    views
}

fn logs(report: &Report) -> Vec<(&'static str, String)> {
    use super::wording::count;
    let logs = &report.logs;
    let mut facts = vec![
        ("Files", count(logs.files)),
        ("Records", count(logs.records)),
        ("Accepted", count(logs.accepted)),
        ("Rejected", count(logs.rejected)),
    ];
    for (label, number) in [
        ("Without data", logs.no_data),
        ("Skipped by AWS", logs.skipped),
        ("Not parsed", logs.unparsed),
        ("Direction unknown", logs.undetermined_direction),
        ("Opener unknown", logs.ambiguous),
        ("Explained by no rule", logs.contradictions),
        ("On unknown interfaces", logs.unknown_interface_records),
    ] {
        if number > 0 {
            facts.push((label, count(number)));
        }
    }
    facts
}

fn snapshots(report: &Report) -> Vec<String> {
    let mut snapshots = Vec::new();
    for snapshot in &report.inventory.snapshots {
        let time = match &snapshot.captured_at {
            Some(time) => format!("{} UTC", clock::minute(time)),
            None => "without a time".to_owned(),
        };
        let words = [snapshot.account_id.as_deref(), snapshot.region.as_deref()];
        let scope: Vec<String> = words.into_iter().flatten().map(shown).collect();
        snapshots.push(if scope.is_empty() { time } else { format!("{}: {time}", scope.join(" ")) });
    }
    snapshots
}
