//! Rules of one group considered together: each direction and family has its quota.

use crate::account::{Account, recommended, used_by};
use analyzer::recommend::Limits;
use analyzer::report::model::Verdict;

const THREE_V4: [&str; 3] = ["198.51.100.1", "198.51.100.66", "203.0.113.9"];

fn limits(max_rules: usize) -> Limits {
    Limits { max_rules, ..Limits::default() }
}

/// How many CIDRs the rule is recommended to be replaced by; 0: none.
fn cidrs(account: &Account, rule: &str, others: Verdict, max_rules: usize) -> usize {
    let v6: Vec<String> = (1..=3).map(|number| format!("2001:db8:{number}::1")).collect();
    let v6: Vec<&str> = v6.iter().map(String::as_str).collect();
    let mut uses = vec![("sgr-v4", used_by(&THREE_V4)), ("sgr-v6", used_by(&v6)), ("sgr-out", used_by(&THREE_V4))];
    for number in 0..5 {
        uses.push((["sgr-a", "sgr-b", "sgr-c", "sgr-d", "sgr-e"][number], used_by(&[]).with_verdict(others, true)));
    }
    let found = recommended(&account.load(), uses, &limits(max_rules));
    found.get(rule).map_or(0, |narrower| narrower.peers.len())
}

fn account() -> Account {
    let mut account = Account::new();
    account.rule("sgr-v4", Some((443, 443)), "0.0.0.0/0");
    account.rule("sgr-v6", Some((443, 443)), "::/0");
    account.rule_of("sgr-out", true, Some((443, 443)), "0.0.0.0/0");
    account.rule("sgr-a", Some((1, 1)), "10.0.0.0/8");
    account.rule("sgr-b", Some((2, 2)), "10.0.0.0/8");
    account.rule("sgr-c", Some((3, 3)), "10.0.0.0/8");
    account.rule("sgr-d", Some((4, 4)), "10.0.0.0/8");
    account.rule("sgr-e", Some((5, 5)), "10.0.0.0/8");
    account
}

#[test]
fn directions_and_families_have_quotas_of_their_own() {
    let account = account();
    let of = |rule, max_rules| cidrs(&account, rule, Verdict::NoEvidence, max_rules);
    // Five others, this one until it goes, and as many as there is room for.
    let expected = [(5, 0), (6, 0), (7, 1), (8, 2), (9, 3), (60, 3)];
    for (max_rules, cidrs) in expected {
        assert_eq!(of("sgr-v4", max_rules), cidrs, "{max_rules}");
    }
    for (max_rules, cidrs) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
        assert_eq!(of("sgr-v6", max_rules), cidrs, "{max_rules}");
        assert_eq!(of("sgr-out", max_rules), cidrs, "{max_rules}");
    }
}

#[test]
fn rules_that_a_plan_removes_first_do_not_count() {
    let account = account();
    let of = |others, max_rules| cidrs(&account, "sgr-v4", others, max_rules);
    assert_eq!(of(Verdict::Unused, 4), 3);
    assert_eq!(of(Verdict::Unused, 2), 1);
    for others in [Verdict::LikelyUnused, Verdict::NotLogged, Verdict::Unresolved, Verdict::Used, Verdict::Redundant] {
        assert_eq!(of(others, 4), 0, "{others:?}");
        assert_eq!(of(others, 9), 3, "{others:?}");
    }
}

#[test]
fn references_count_in_both_families_and_lists_with_their_weight() {
    for (peer, weight) in [("sg-other", 1), ("pl-ours", 2), ("pl-large", 10)] {
        let mut account = account();
        account.list("pl-ours", None, &["192.0.2.0/28", "192.0.2.64/28"]);
        account.list("pl-large", None, &["192.0.2.0/28"]);
        account.lists[1]["MaxEntries"] = serde_json::json!(10);
        account.rule("sgr-by-reference", Some((9, 9)), peer);
        let of = |rule, max_rules| cidrs(&account, rule, Verdict::NoEvidence, max_rules);
        assert_eq!(of("sgr-v6", weight + 1), 0, "{peer}");
        assert_eq!(of("sgr-v6", weight + 1 + 3), 3, "{peer}");
        assert_eq!(of("sgr-v4", weight + 6), 0, "{peer}");
        assert_eq!(of("sgr-v4", weight + 6 + 3), 3, "{peer}");
        assert_eq!(of("sgr-out", 4), 3, "{peer}");
    }
}

#[test]
fn room_goes_to_the_rule_that_saves_most_with_it() {
    let mut account = Account::new();
    account.rule("sgr-1", Some((443, 443)), "0.0.0.0/0");
    account.rule("sgr-2", Some((8000, 8009)), "0.0.0.0/0");
    let uses = |few: bool| {
        let near = used_by(&["198.51.100.1", "198.51.100.2"]);
        let far = used_by(&["198.51.100.1", "203.0.113.9"]).on_ports(if few { &[8000] } else { &[8000, 8009] });
        vec![("sgr-1", near), ("sgr-2", far)]
    };
    let shape = |few: bool, max_rules: usize| {
        let found = recommended(&account.load(), uses(few), &limits(max_rules));
        ["sgr-1", "sgr-2"].map(|rule| found.get(rule).map(|rule| (rule.peers.len(), rule.ports.len())))
    };
    // Three rules and one of the old beside them. Near: 4 addresses in one CIDR, 2 in two. Far: 2^28 (192.0.0.0/4) in one, 2 in two.
    assert_eq!(shape(true, 4), [Some((1, 1)), Some((2, 1))]);
    assert_eq!(shape(true, 5), [Some((2, 1)), Some((2, 1))]);
    assert_eq!(shape(true, 3), [Some((1, 1)), Some((1, 1))]);
    // Two ranges of ports as well: 2 rules save 8/10 of the ports or nearly all addresses.
    assert_eq!(shape(false, 4), [Some((1, 1)), Some((2, 1))]);
    assert_eq!(shape(false, 5), [Some((2, 1)), Some((2, 1))]);
    // Far as 2 x 2 is 4 addresses and ports in place of 20: more than the 2 that near saves.
    assert_eq!(shape(false, 6), [Some((1, 1)), Some((2, 2))]);
    assert_eq!(shape(false, 7), [Some((2, 1)), Some((2, 2))]);
    // Two may not both be replaced where there is no room for the second one beside the first.
    assert_eq!(shape(true, 2), [None, None]);
}
