//! The head of the page: what was judged, and what can go, in a few numbers.

use super::{Page, clock, shown};
use crate::report::model::{Report, RuleReport, Verdict};
use crate::report::ranking::Part;
use crate::report::totals::Totals;
use crate::report::wording::{self, count};
use ethnum::U256;

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Can go: unused or redundant.
    Go,
    /// Likely unused: can go once an assumption is checked.
    Maybe,
    /// Can be narrowed.
    Wide,
    /// Is needed as it is.
    Used,
    /// Not known.
    Unknown,
}

impl Tone {
    /// All, in the order of reading.
    pub const ALL: [Tone; 5] = [Tone::Go, Tone::Maybe, Tone::Wide, Tone::Used, Tone::Unknown];

    /// Name of its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Go => "go",
            Tone::Maybe => "maybe",
            Tone::Wide => "wide",
            Tone::Used => "used",
            Tone::Unknown => "unknown",
        }
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Tone::Go => "can go",
            Tone::Maybe => "likely unused",
            Tone::Wide => "can be narrowed",
            Tone::Used => "used",
            Tone::Unknown => "not decidable",
        }
    }

    /// Of a rule.
    pub fn of(rule: &RuleReport) -> Tone {
        match Part::of(rule) {
            Part::Removable if rule.verdict == Verdict::LikelyUnused => Tone::Maybe,
            Part::Removable => Tone::Go,
            Part::TooWide => Tone::Wide,
            Part::Undecided => Tone::Unknown,
            Part::Kept => Tone::Used,
        }
    }
}

/// A big number.
pub struct Figure {
    pub number: String,
    pub label: &'static str,
    pub note: String,
    pub tone: &'static str,
}

/// A part of the bar of all rules; its numbers are thousandths of the whole.
pub struct Portion {
    pub x: u64,
    pub width: u64,
    pub tone: &'static str,
    pub label: String,
}

/// The head of the page.
pub struct Summary {
    pub start: String,
    pub end: String,
    pub days: Option<String>,
    pub scopes: Vec<String>,
    pub figures: Vec<Figure>,
    pub portions: Vec<Portion>,
    pub rules_line: String,
    pub exposure_line: Option<String>,
}

impl Summary {
    /// Adds up a report.
    pub fn of(page: &Page<'_>) -> Summary {
        let report = page.report;
        let totals = Totals::of(report);
        Summary {
            start: clock::minute(&report.window.start),
            end: clock::minute(&report.window.end),
            days: wording::days_between(&report.window.start, &report.window.end),
            scopes: scopes(report),
            figures: figures(&totals),
            portions: portions(report),
            rules_line: totals.rules_line(),
            exposure_line: totals.exposure_line(),
        }
    }
}

/// Accounts with their regions, each once.
fn scopes(report: &Report) -> Vec<String> {
    let mut scopes = Vec::new();
    for snapshot in &report.inventory.snapshots {
        let words: Vec<String> =
            [&snapshot.account_id, &snapshot.region].into_iter().flatten().map(|word| shown(word)).collect();
        if !words.is_empty() {
            scopes.push(words.join(" "));
        }
    }
    if scopes.is_empty() {
        scopes.extend(
            report.groups.iter().filter(|group| !group.owner_id.is_empty()).map(|group| shown(&group.owner_id)),
        );
    }
    scopes.sort();
    scopes.dedup();
    scopes
}

fn figures(totals: &Totals) -> Vec<Figure> {
    let short = |value: U256| wording::exposure(&value.to_string());
    let (unused, redundant) = (totals.with(Verdict::Unused), totals.with(Verdict::Redundant));
    let likely = totals.with(Verdict::LikelyUnused);
    let undecided =
        totals.with(Verdict::NoEvidence) + totals.with(Verdict::NotLogged) + totals.with(Verdict::Unresolved);
    let mut figures = vec![
        Figure {
            number: count(unused + redundant),
            label: if unused + redundant == 1 { "rule can go" } else { "rules can go" },
            note: format!("{} unused, {} redundant", count(unused), count(redundant)),
            tone: Tone::Go.class(),
        },
        Figure {
            number: count(totals.too_wide),
            label: if totals.too_wide == 1 { "rule can be narrowed" } else { "rules can be narrowed" },
            note: match totals.too_wide {
                0 => "none is proven to open more than was needed".to_owned(),
                _ => format!("by {} addresses x ports", short(totals.narrowable)),
            },
            tone: Tone::Wide.class(),
        },
    ];
    let could_go = totals.removable.saturating_add(totals.narrowable);
    if totals.exposure > U256::ZERO {
        figures.push(Figure {
            number: wording::percent(could_go, totals.exposure),
            label: "of what is open could go",
            note: format!("{} of {} addresses x ports", short(could_go), short(totals.exposure)),
            tone: "plain",
        });
    }
    figures.push(Figure {
        number: count(undecided + likely),
        label: "not proven either way",
        note: format!("{} likely unused, {} undecided", count(likely), count(undecided)),
        tone: Tone::Unknown.class(),
    });
    figures
}

fn portions(report: &Report) -> Vec<Portion> {
    let mut rules = [0_u64; Tone::ALL.len()];
    for rule in report.groups.iter().flat_map(|group| &group.rules) {
        rules[Tone::of(rule) as usize] += 1;
    }
    let all: u64 = rules.iter().sum();
    let (mut portions, mut before) = (Vec::new(), 0);
    for (tone, here) in Tone::ALL.into_iter().zip(rules) {
        if here == 0 {
            continue;
        }
        let x = before * 1000 / all;
        before += here;
        portions.push(Portion {
            x,
            width: before * 1000 / all - x,
            tone: tone.class(),
            label: format!("{} {}", count(here), tone.words()),
        });
    }
    portions
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::example::example;

    /// By hand, from the example: one unused, one redundant, one likely unused, one too wide, two used, three
    /// undecided.
    #[test]
    fn the_bar_holds_every_rule_once() {
        let portions = portions(&example());
        let told: Vec<(&str, &str, u64, u64)> =
            portions.iter().map(|part| (part.tone, part.label.as_str(), part.x, part.width)).collect();
        assert_eq!(
            told,
            [
                ("go", "2 can go", 0, 222),
                ("maybe", "1 likely unused", 222, 111),
                ("wide", "1 can be narrowed", 333, 111),
                ("used", "2 used", 444, 222),
                ("unknown", "3 not decidable", 666, 334),
            ]
        );
    }

    #[test]
    fn the_numbers_say_what_can_go() {
        let figures = figures(&Totals::of(&example()));
        let told: Vec<(&str, &str)> =
            figures.iter().map(|figure| (figure.number.as_str(), figure.note.as_str())).collect();
        // 2^48 + 65,536 of all that is open, and 2^48 - 257 that the wide rule opens too much; 2^40 and 2^32 and less
        // stay.
        assert_eq!(told[0], ("2", "1 unused, 1 redundant"));
        assert_eq!(told[1], ("1", "by 2.8e14 addresses x ports"));
        assert_eq!(told[2], ("99 %", "5.6e14 of 5.6e14 addresses x ports"));
        assert_eq!(told[3], ("4", "1 likely unused, 3 undecided"));
    }
}
