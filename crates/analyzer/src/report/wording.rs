//! How numbers, ports, times and rules are put for people.

use ethnum::U256;
use jiff::Timestamp;

use super::model::{PortSpan, PortUse, RuleReport, Verdict};

/// A whole number with a comma every three digits: `1,234,567`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and its noun, in the singular for one: `1 rule`, `2 rules`. The plural is made with an `s`.
pub fn counted(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

/// An exposure (decimal digits, up to 2^144) in at most seven characters: whole below 10,000, else `4.3e9`. `?` for
/// what is not a number, which a rule has whose peer cannot be resolved.
pub fn exposure(decimal: &str) -> String {
    let digits = decimal.as_bytes();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return "?".to_owned();
    }
    let significant = decimal.trim_start_matches('0');
    if significant.len() <= 4 {
        return if significant.is_empty() { "0".to_owned() } else { significant.to_owned() };
    }
    let value_of = |position: usize| u32::from(significant.as_bytes()[position] - b'0');
    let mut exponent = significant.len() - 1;
    let rounds_up = u32::from(value_of(2) >= 5);
    let mut tenths = value_of(0) * 10 + value_of(1) + rounds_up;
    if tenths == 100 {
        tenths = 10;
        exponent += 1;
    }
    format!("{}.{}e{exponent}", tenths / 10, tenths % 10)
}

/// An exposure as a number, to sort and add; 0 for what is not one.
pub fn exposure_value(decimal: &str) -> U256 {
    U256::from_str_radix(decimal, 10).unwrap_or(U256::ZERO)
}

/// Which part of the whole, in whole percent rounded down. The whole is not zero.
pub fn percent(part: U256, whole: U256) -> String {
    let Some(hundredfold) = part.checked_mul(U256::new(100)) else {
        return "?".to_owned();
    };
    match hundredfold.checked_div(whole) {
        Some(share) if share == U256::ZERO && part > U256::ZERO => "< 1 %".to_owned(),
        Some(share) => format!("{share} %"),
        None => "?".to_owned(),
    }
}

/// A share between 0 and 1 in percent with one decimal, never rounded up to a hundred: `99.9 %`.
pub fn share(fraction: f64) -> String {
    let tenths_of_percent = (fraction * 1000.0).floor() / 10.0;
    format!("{tenths_of_percent:.1} %")
}

/// `in` or `out`.
pub fn direction(rule: &RuleReport) -> &'static str {
    if rule.direction == "egress" { "out" } else { "in" }
}

/// Protocol and ports: `tcp 443`, `udp 8000-8010`, `tcp all`, `icmp type 8 code 0`, `all`, `protocol 47`.
pub fn protocol_and_ports(rule: &RuleReport) -> String {
    protocol_with_ports(&rule.protocol, rule.from_port, rule.to_port)
}

/// The same of a rule that is not part of a report: its protocol as reports name it, its first and last port (or ICMP type and
/// code), none for all.
pub fn protocol_with_ports(protocol: &str, from: Option<u16>, to: Option<u16>) -> String {
    match protocol {
        "icmp" | "icmpv6" => match (from, to) {
            (Some(kind), Some(code)) => format!("{protocol} type {kind} code {code}"),
            (Some(kind), None) => format!("{protocol} type {kind}"),
            (None, _) => format!("{protocol} all"),
        },
        "tcp" | "udp" => match (from, to) {
            (Some(0) | None, Some(u16::MAX) | None) => format!("{protocol} all"),
            (from, to) => {
                let span = PortSpan { from: from.unwrap_or(0), to: to.unwrap_or(u16::MAX) };
                format!("{protocol} {}", port_span(span))
            }
        },
        "all" => "all".to_owned(),
        number => format!("protocol {number}"),
    }
}

/// `443` or `8000-8010`.
pub fn port_span(span: PortSpan) -> String {
    if span.from == span.to { span.from.to_string() } else { format!("{}-{}", span.from, span.to) }
}

/// Ranges of ports, one after another: `22, 8000-8010`.
pub fn port_spans(spans: &[PortSpan]) -> String {
    let words: Vec<String> = spans.iter().map(|span| port_span(*span)).collect();
    words.join(", ")
}

/// Ports in use with the records of each: `22 (17), 8000-8010 (3)`.
pub fn ports_in_use(uses: &[PortUse]) -> String {
    let mut words = Vec::with_capacity(uses.len());
    for port in uses {
        let span = PortSpan { from: port.from, to: port.to };
        words.push(format!("{} ({})", port_span(span), port.requests));
    }
    words.join(", ")
}

/// The verdict as people see it: that of a rule without one sure request carries a question mark.
pub fn verdict(rule: &RuleReport) -> &'static str {
    if is_only_possibly_used(rule) { "used?" } else { rule.verdict.name() }
}

/// Whether a rule is `used` only by records that may have needed it.
pub fn is_only_possibly_used(rule: &RuleReport) -> bool {
    rule.verdict == Verdict::Used && rule.evidence.requests == 0
}

/// The evidence in a few words, most telling first: `1,204 requests, last 2024-05-30`.
pub fn evidence(rule: &RuleReport) -> String {
    let evidence = &rule.evidence;
    let mut words = Vec::new();
    if evidence.requests > 0 {
        words.push(counted(evidence.requests, "request"));
    }
    if evidence.ambiguous > 0 {
        words.push(format!("{} possible", count(evidence.ambiguous)));
    }
    if words.is_empty() {
        words.push("no use seen".to_owned());
    }
    if let Some(last_seen) = &evidence.last_seen {
        words.push(format!("last {}", date_of(last_seen)));
    }
    if evidence.assumed_replies > 0 {
        words.push(format!("{} taken for replies", count(evidence.assumed_replies)));
    }
    if evidence.unplaced > 0 {
        words.push(format!("{} unplaced", count(evidence.unplaced)));
    }
    if evidence.untracked_answers > 0 {
        words.push(counted(evidence.untracked_answers, "untracked answer"));
    }
    words.join(", ")
}

/// What less would do, as a sentence; none where the report recommends nothing.
pub fn recommendation(rule: &RuleReport) -> Option<String> {
    let advice = rule.recommendation.as_ref()?;
    let peers = advice.peers.join(", ");
    let preposition = if rule.direction == "egress" { "to" } else { "from" };
    let before = exposure(&advice.exposure_before);
    let after = exposure(&advice.exposure_after);
    let opened = match rule.protocol.as_str() {
        "all" if !advice.ports.is_empty() => format!("ports {}", port_spans(&advice.ports)),
        "tcp" | "udp" if !advice.ports.is_empty() => {
            format!("{} {}", rule.protocol, port_spans(&advice.ports))
        }
        _ => protocol_and_ports(rule),
    };
    Some(format!("{opened} {preposition} {peers} would do: exposure {before} -> {after}."))
}

/// The date of an RFC 3339 time.
fn date_of(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

/// The length between two RFC 3339 times in days, `31.0 days`; none if either is not a time.
pub fn days_between(start: &str, end: &str) -> Option<String> {
    let start: Timestamp = start.parse().ok()?;
    let end: Timestamp = end.parse().ok()?;
    // Both ends are whole seconds that belong to the window.
    let seconds = end.as_second().saturating_sub(start.as_second()).saturating_add(1);
    Some(format!("{:.1} days", seconds as f64 / 86_400.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::report::example::{example, rule};

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(counted(1, "rule"), "1 rule");
        assert_eq!(counted(0, "rule"), "0 rules");
    }

    #[test]
    fn exposures_are_short_and_rounded() {
        assert_eq!(exposure("0"), "0");
        assert_eq!(exposure("256"), "256");
        assert_eq!(exposure("0009999"), "9999");
        assert_eq!(exposure("10000"), "1.0e4");
        assert_eq!(exposure("4294967296"), "4.3e9");
        assert_eq!(exposure("99499"), "9.9e4");
        assert_eq!(exposure("99500"), "1.0e5");
        // 2^144, all of IPv6 on every port.
        assert_eq!(exposure("22300745198530623141535718272648361505980416"), "2.2e43");
        assert_eq!(exposure(""), "?");
        assert_eq!(exposure("-5"), "?");
    }

    #[test]
    fn exposures_of_ipv6_are_added_without_overflow() {
        let whole_world = exposure_value("22300745198530623141535718272648361505980416");
        assert_eq!(whole_world, U256::new(1) << 144);
        assert_eq!(exposure_value("nonsense"), U256::ZERO);
        assert_eq!(percent(U256::new(1), U256::new(3)), "33 %");
        assert_eq!(percent(U256::new(1), U256::new(1000)), "< 1 %");
        assert_eq!(percent(U256::ZERO, U256::new(1000)), "0 %");
        assert_eq!(percent(U256::new(1), U256::ZERO), "?");
    }

    #[test]
    fn a_coverage_below_one_is_never_shown_as_complete() {
        assert_eq!(share(1.0), "100.0 %");
        assert_eq!(share(0.99999), "99.9 %");
        assert_eq!(share(0.5), "50.0 %");
    }

    #[test]
    fn ports_read_as_people_write_them() {
        let mut rule = rule(Verdict::Used);
        rule.protocol = "tcp".to_owned();
        (rule.from_port, rule.to_port) = (Some(22), Some(22));
        assert_eq!(protocol_and_ports(&rule), "tcp 22");
        (rule.from_port, rule.to_port) = (Some(8000), Some(8010));
        assert_eq!(protocol_and_ports(&rule), "tcp 8000-8010");
        (rule.from_port, rule.to_port) = (Some(0), Some(65535));
        assert_eq!(protocol_and_ports(&rule), "tcp all");
        (rule.from_port, rule.to_port) = (None, None);
        assert_eq!(protocol_and_ports(&rule), "tcp all");
        (rule.protocol, rule.from_port, rule.to_port) = ("icmp".to_owned(), Some(8), Some(0));
        assert_eq!(protocol_and_ports(&rule), "icmp type 8 code 0");
        (rule.from_port, rule.to_port) = (Some(3), None);
        assert_eq!(protocol_and_ports(&rule), "icmp type 3");
        (rule.protocol, rule.from_port, rule.to_port) = ("47".to_owned(), None, None);
        assert_eq!(protocol_and_ports(&rule), "protocol 47");
    }

    #[test]
    fn used_without_a_sure_request_is_used_with_a_question_mark() {
        let mut rule = rule(Verdict::Used);
        rule.evidence.requests = 0;
        rule.evidence.ambiguous = 3;
        assert_eq!(verdict(&rule), "used?");
        assert_eq!(evidence(&rule), "3 possible, last 2024-05-30");
        rule.evidence.requests = 1;
        assert_eq!(verdict(&rule), "used");
        rule.verdict = Verdict::Redundant;
        rule.evidence.requests = 0;
        assert_eq!(verdict(&rule), "redundant");
    }

    #[test]
    fn a_recommendation_says_what_would_do() {
        let report = example();
        let wide = &report.groups[0].rules[1];
        assert_eq!(
            recommendation(wide).unwrap(),
            "tcp 443 from 198.51.100.0/24, 203.0.113.7/32 would do: exposure 2.8e14 -> 257."
        );
        assert_eq!(recommendation(&report.groups[0].rules[0]), None);
    }

    #[test]
    fn a_window_counts_both_its_ends() {
        assert_eq!(days_between("2024-05-01T00:00:00Z", "2024-05-31T23:59:59Z").unwrap(), "31.0 days");
        assert_eq!(days_between("", "2024-05-31T23:59:59Z"), None);
        assert_eq!(days_between("2024-05-31T00:00:00Z", "2024-05-01T00:00:00Z").unwrap(), "-30.0 days");
    }
}
