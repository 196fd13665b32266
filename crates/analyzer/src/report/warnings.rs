//! What is wrong with the input of a report, and how to cure it.
//!
//! Each of these weakens verdicts; none of them ever makes a rule `unused`.

use super::model::Report;
use super::wording::{self, count, counted};

/// How many interfaces with gaps are named.
const GAPS_SHOWN: usize = 5;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What it is, and what it does to the verdicts.
    pub what: String,
    /// Cases of it, as they were found: file, line and reason, or an interface. Not yet made printable.
    pub samples: Vec<String>,
    /// What to do about it.
    pub cure: &'static str,
}

/// Everything that is wrong, the worst first.
pub fn warnings(report: &Report) -> Vec<Warning> {
    let found = [
        incomplete(report),
        unparsed(report),
        unknown_interfaces(report),
        contradictions(report),
        gaps(report),
        undetermined_direction(report),
    ];
    found.into_iter().flatten().collect()
}

fn incomplete(report: &Report) -> Option<Warning> {
    if !report.logs.incomplete {
        return None;
    }
    Some(Warning {
        what: "Some input could not be read to its end. What it held is missing here, so no rule is called unused for \
               lack of it."
            .to_owned(),
        samples: Vec::new(),
        cure: "fetch the files again that the messages name; --strict makes this a failure",
    })
}

fn unparsed(report: &Report) -> Option<Warning> {
    let lines = report.logs.unparsed;
    if lines == 0 {
        return None;
    }
    let mut samples = Vec::with_capacity(report.logs.unparsed_samples.len());
    for sample in &report.logs.unparsed_samples {
        samples.push(format!("{}:{}: {}", sample.file, sample.line, sample.reason));
    }
    Some(Warning {
        what: format!("{} could not be parsed.", counted(lines, "line")),
        samples,
        cure: "give --log-format if the log has a custom format and no header line; else fetch the files again",
    })
}

fn unknown_interfaces(report: &Report) -> Option<Warning> {
    let interfaces = report.logs.unknown_interfaces;
    if interfaces == 0 {
        return None;
    }
    let are = if interfaces == 1 { "is" } else { "are" };
    Some(Warning {
        what: format!(
            "{} with {} {are} in no snapshot. Any rule that would allow that traffic may have served it.",
            counted(interfaces, "interface"),
            counted(report.logs.unknown_interface_records, "record"),
        ),
        samples: Vec::new(),
        cure: "take snapshots more often and give them all; check that every account and region is among them",
    })
}

fn contradictions(report: &Report) -> Option<Warning> {
    let records = report.logs.contradictions;
    if records == 0 {
        return None;
    }
    Some(Warning {
        what: format!(
            "{} allowed by no rule that its interface is known to have had: the inventory is wrong there at that time.",
            if records == 1 {
                "1 accepted record is".to_owned()
            } else {
                format!("{} accepted records are", count(records))
            },
        ),
        samples: Vec::new(),
        cure: "give snapshots from before and after every change of rules or groups",
    })
}

fn gaps(report: &Report) -> Option<Warning> {
    let mut with_gaps: Vec<_> = report.interfaces.iter().filter(|interface| interface.coverage < 1.0).collect();
    if with_gaps.is_empty() {
        return None;
    }
    // A stable sort: interfaces of equal coverage stay sorted by id.
    with_gaps.sort_by(|left, right| left.coverage.total_cmp(&right.coverage));
    let mut samples = Vec::new();
    for interface in with_gaps.iter().take(GAPS_SHOWN) {
        samples.push(format!("{}: {}", interface.interface_id, wording::share(interface.coverage)));
    }
    if with_gaps.len() > GAPS_SHOWN {
        samples.push(format!("and {} more", count((with_gaps.len() - GAPS_SHOWN) as u64)));
    }
    Some(Warning {
        what: format!(
            "The logs have gaps for {} of {}.",
            count(with_gaps.len() as u64),
            counted(report.interfaces.len() as u64, "interface"),
        ),
        samples,
        cure: "add the log files that are missing, and log every interface of the VPC with filter ALL",
    })
}

fn undetermined_direction(report: &Report) -> Option<Warning> {
    let records = report.logs.undetermined_direction;
    if records == 0 {
        return None;
    }
    Some(Warning {
        what: format!(
            "{} may be inbound or outbound, and counts as a possible use both ways.",
            if records == 1 {
                "1 accepted record".to_owned()
            } else {
                format!("Each of {} accepted records", count(records))
            }
        ),
        samples: Vec::new(),
        cure: "add ${flow-direction} to the format of the flow log",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example::example;
    use crate::report::model::Logs;

    #[test]
    fn every_fault_of_the_example_is_named_with_its_cure() {
        let found = warnings(&example());
        let what: Vec<&str> = found.iter().map(|warning| warning.what.as_str()).collect();
        assert_eq!(
            what,
            [
                "Some input could not be read to its end. What it held is missing here, so no rule is called unused \
                 for lack of it.",
                "3 lines could not be parsed.",
                "1 interface with 99 records is in no snapshot. Any rule that would allow that traffic may have \
                 served it.",
                "2 accepted records are allowed by no rule that its interface is known to have had: the inventory is \
                 wrong there at that time.",
                "The logs have gaps for 1 of 2 interfaces.",
                "Each of 5 accepted records may be inbound or outbound, and counts as a possible use both ways.",
            ]
        );
        assert_eq!(found[1].samples, ["logs/a.log.gz:17: 13 fields where the header names 14"]);
        assert_eq!(found[4].samples, ["eni-00000000000000002: 81.2 %"]);
        assert!(found.iter().all(|warning| !warning.cure.is_empty()));
    }

    #[test]
    fn sound_input_has_no_warnings() {
        let mut report = example();
        report.logs = Logs { records: 10, accepted: 10, ambiguous: 3, ..Logs::default() };
        report.interfaces[1].coverage = 1.0;
        assert_eq!(warnings(&report), []);
    }

    #[test]
    fn the_least_covered_interfaces_come_first_and_the_rest_is_counted() {
        let mut report = example();
        let pattern = report.interfaces[0].clone();
        report.interfaces = (0..8_u8)
            .map(|number| {
                let mut interface = pattern.clone();
                interface.interface_id = format!("eni-{number}");
                interface.coverage = 0.9 - f64::from(number) / 10.0;
                interface
            })
            .collect();
        let found = warnings(&report);
        let gaps = found.iter().find(|warning| warning.what.contains("8 of 8 interfaces"));
        let samples = gaps.map(|warning| warning.samples.clone()).unwrap_or_default();
        assert_eq!(samples.len(), 6);
        assert!(samples[0].starts_with("eni-7: "));
        assert_eq!(samples[5], "and 3 more");
    }
}
