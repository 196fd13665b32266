//! Everything that a rollup and an inventory together say, worked out once: what reports, plans and explanations are made from.

use crate::assemble::ReportOptions;
use crate::attribute::witness::Witness;
use crate::attribute::{Attribution, Careless, attribute_before};
use crate::recommend::{self, Narrower};
use crate::rollup::Rollup;
use crate::verdict::{Bench, CoverageBook, GroupJudgement, Thresholds};
use inventory::{GroupIx, Inventory, Span};

/// The whole of it.
pub struct Analysis<'a> {
    /// Interfaces, groups and rules.
    pub inventory: &'a Inventory,
    /// What was read and lost.
    pub rollup: &'a Rollup,
    /// What the rows say.
    pub attribution: Attribution,
    /// When interfaces reported.
    pub coverage: CoverageBook,
    /// The judged time.
    pub window: Span,
    /// What a proof asked for.
    pub thresholds: Thresholds,
    /// For tests.
    pub careless: Careless,
    /// By number of the group; `None` for groups that are gone: only rules that exist can be removed.
    pub groups: Vec<Option<JudgedGroup>>,
}

/// One group, judged.
#[derive(Clone, Debug)]
pub struct JudgedGroup {
    /// Verdicts on it and on its rules.
    pub judgement: GroupJudgement,
    /// By position of the rule: what would do in its place.
    pub narrower: Vec<Option<Narrower>>,
}

impl<'a> Analysis<'a> {
    /// Judges everything.
    pub fn new(rollup: &'a Rollup, inventory: &'a Inventory, options: &ReportOptions) -> Analysis<'a> {
        Self::before(rollup, inventory, options, || ()).0
    }

    /// The same before witnesses: one for each thread, made by `witness` and put together at the end.
    pub fn before<W: Witness>(
        rollup: &'a Rollup,
        inventory: &'a Inventory,
        options: &ReportOptions,
        witness: impl Fn() -> W + Sync,
    ) -> (Analysis<'a>, W) {
        let window = window(rollup, options);
        let (attribution, seen) = attribute_before(rollup, inventory, options.threads, options.careless, witness);
        let coverage = CoverageBook::new(rollup, inventory, window);
        let mut analysis = Analysis {
            inventory,
            rollup,
            attribution,
            coverage,
            window,
            thresholds: options.thresholds,
            careless: options.careless,
            groups: Vec::new(),
        };
        let middle = window.from + (window.to - window.from) / 2;
        let settled_at = if options.limits.include_unsettled { None } else { Some(middle) };
        for (ix, group) in inventory.groups().iter().enumerate() {
            if !group.in_last_snapshot {
                analysis.groups.push(None);
                continue;
            }
            let group_ix = GroupIx(ix as u32);
            let judgement = analysis.bench().judge(group_ix);
            let tallies = &analysis.attribution.tallies[ix];
            let narrower =
                recommend::for_group(inventory, group_ix, tallies, &judgement.rules, &options.limits, settled_at);
            analysis.groups.push(Some(JudgedGroup { judgement, narrower }));
        }
        (analysis, seen)
    }

    /// What verdicts stand on.
    pub fn bench(&self) -> Bench<'_> {
        Bench {
            inventory: self.inventory,
            rollup: self.rollup,
            attribution: &self.attribution,
            coverage: &self.coverage,
            window: self.window,
            thresholds: self.thresholds,
            careless: self.careless,
        }
    }

    /// The groups that exist, with their numbers.
    pub fn judged(&self) -> impl Iterator<Item = (GroupIx, &JudgedGroup)> {
        let groups = self.groups.iter().enumerate();
        groups.filter_map(|(ix, judged)| Some((GroupIx(ix as u32), judged.as_ref()?)))
    }
}

/// The time that is judged: as asked for, else from the first record to the last.
pub fn window(rollup: &Rollup, options: &ReportOptions) -> Span {
    let from = options.since.or(rollup.ledger.first).unwrap_or(0);
    let to = options.until.or(rollup.ledger.last).unwrap_or(from);
    Span { from: i64::from(from), to: i64::from(to.max(from)) }
}
