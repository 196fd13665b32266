//! What a verdict stands on, in words.

use super::{clock, shown};
use crate::attribute::witness::Ground;
use crate::names::Name;
use crate::report::model::RuleReport;
use crate::report::wording::count;

/// The evidence, worded; what is zero and says nothing by that is left out.
pub fn facts(rule: &RuleReport) -> Vec<(&'static str, String)> {
    let evidence = &rule.evidence;
    let mut facts = vec![("Requests, sure", count(evidence.requests))];
    let mut add = |label, number: u64| {
        if number > 0 {
            facts.push((label, count(number)));
        }
    };
    add("Requests, possible", evidence.ambiguous);
    add("Distinct peers", evidence.peers);
    add("Packets", evidence.packets);
    if evidence.bytes > 0 {
        facts.push(("Bytes", bytes(evidence.bytes)));
    }
    for (label, time) in [("First use", &evidence.first_seen), ("Last use", &evidence.last_seen)] {
        if let Some(time) = time {
            facts.push((label, format!("{} UTC", clock::minute(time))));
        }
    }
    let mut add = |label, number: u64| {
        if number > 0 {
            facts.push((label, count(number)));
        }
    };
    add("Allowed by no other rule", evidence.sole_cover);
    add("Taken for replies", evidence.assumed_replies);
    add("Could not be placed", evidence.unplaced);
    add("Untracked answers", evidence.untracked_answers);
    facts.push(("Observed", format!("{:.1} hours", evidence.observed_hours)));
    facts
}

/// Bytes in the largest unit of 1000 that leaves at least one: `1.2 GB`.
pub fn bytes(number: u64) -> String {
    let mut value = number as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB", "PB", "EB"] {
        // Else it would read 1000.0 of the smaller unit.
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    if unit == "B" { format!("{number} B") } else { format!("{value:.1} {unit}") }
}

/// What told that a record is a request.
pub fn ground_in_words(ground: Ground) -> &'static str {
    match ground {
        Ground::Flags => "TCP flags",
        Ground::Rules => "rules that refuse the other reading",
        Ground::Services => "a service known from flags",
        Ground::NamedPorts => "a rule for that very port",
        Ground::PortNumbers => "port numbers",
        Ground::FanIn => "one port against many",
        Ground::Nothing => "nothing: it may be a reply",
    }
}

/// All that is known of an address, the most telling first.
pub fn name_in_words(name: &Name) -> String {
    let mut words = Vec::new();
    if !name.groups.is_empty() {
        words.push(name.groups.join(", "));
    }
    let parts = [&name.description, &name.service, &name.organization, &name.country, &name.interface];
    words.extend(parts.into_iter().flatten().cloned());
    shown(&words.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        for (number, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_234_567_890, "1.2 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(number), words);
        }
    }
}
