//! A group or a prefix list in place of a range: exactly where every peer surely was in it, and where it opens no more.

use crate::account::{Account, Use, peers, recommended, used_by};
use analyzer::attribute::tally::HIGH_PORT;
use analyzer::recommend::Limits;
use analyzer::report::model::{PortSpan, Verdict};
use inventory::Inventory;

const CLOUDFRONT: &str = "com.amazonaws.global.cloudfront.origin-facing";
const HEALTH_CHECKS: &str = "com.amazonaws.eu-west-1.route53-healthchecks";

/// What comes in place of the one rule, for port 443, and what it opens.
fn found(inventory: &Inventory, used: Use, limits: &Limits) -> Option<(Vec<String>, u128)> {
    peers(&recommended(inventory, vec![("sgr-1", used)], limits), "sgr-1")
}

fn one(peer: &str, opens: u128) -> Option<(Vec<String>, u128)> {
    Some((vec![peer.to_owned()], opens))
}

/// Two hosts of sg-app; the first has sg-all besides, as a third host does.
fn hosts() -> Account {
    let mut account = Account::new();
    account.interface("eni-1", "10.0.1.11", &["sg-app", "sg-all"]);
    account.interface("eni-2", "10.0.1.12", &["sg-app", "sg-all"]);
    account.interface("eni-3", "10.0.1.13", &["sg-all"]);
    account.rule("sgr-1", Some((443, 443)), "10.0.0.0/8");
    account
}

#[test]
fn the_smallest_group_that_every_peer_carried() {
    let inventory = hosts().load();
    let limits = Limits::default();
    // Both carry sg-app, with two addresses, and sg-all, with three. The subnet has 256.
    assert_eq!(found(&inventory, used_by(&["10.0.1.11", "10.0.1.12"]), &limits), one("sg-app", 2));
    assert_eq!(found(&inventory, used_by(&["10.0.1.11", "10.0.1.13"]), &limits), one("sg-all", 3));
    // An address that nobody is known to have had.
    assert_eq!(found(&inventory, used_by(&["10.0.1.11", "10.0.1.99"]), &limits), one("10.0.1.0/24", 256));
    // One that is in no VPC.
    let with_public = found(&inventory, used_by(&["10.0.1.11", "10.99.0.1"]), &limits);
    assert_eq!(with_public.unwrap().0, ["10.0.1.0/24", "10.99.0.1/32"]);
}

#[test]
fn a_group_that_opens_more_than_the_cidrs_do_is_none() {
    let inventory = hosts().load();
    let limits = Limits { exact_peers: true, ..Limits::default() };
    assert_eq!(found(&inventory, used_by(&["10.0.1.13"]), &limits), one("10.0.1.13/32", 1));
    // As many addresses, and one rule in place of two.
    assert_eq!(found(&inventory, used_by(&["10.0.1.11", "10.0.1.12"]), &limits), one("sg-app", 2));
}

#[test]
fn a_group_is_never_recommended_where_it_opens_what_was_closed() {
    let mut account = hosts();
    account.interface("eni-4", "10.0.9.9", &["sg-app"]);
    account.rules.clear();
    account.rule("sgr-1", Some((1, 1000)), "10.0.1.0/24");
    let used = || used_by(&["10.0.1.11", "10.0.1.12"]);
    // The subnet is the rule's own range, so only ports are saved; 10.0.9.9 is not in it.
    assert_eq!(found(&account.load(), used(), &Limits::default()), one("sg-all", 3));
    account.interface("eni-5", "10.0.9.8", &["sg-all"]);
    assert_eq!(found(&account.load(), used(), &Limits::default()), one("10.0.1.0/24", 256));
}

#[test]
fn a_group_of_another_vpc_or_one_that_is_gone_is_none() {
    let mut account = Account::new();
    account.group("sg-far", "vpc-2");
    account.interface_in("vpc-2", "eni-1", "10.2.0.11", &["sg-far"]);
    account.rule("sgr-1", Some((443, 443)), "10.0.0.0/8");
    assert_eq!(found(&account.load(), used_by(&["10.2.0.11"]), &Limits::default()), one("10.2.0.11/32", 1));

    // Deleted with its interfaces by the second snapshot.
    let before = hosts();
    let mut after = hosts();
    after.groups.retain(|(id, _)| id == "sg-web");
    after.interfaces.clear();
    let used = || used_by(&["10.0.1.11", "10.0.1.12"]);
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used(), &Limits::default()), one("10.0.1.0/24", 256));
    // There still, but nobody carries it.
    after.groups.clone_from(&before.groups);
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used(), &Limits::default()), one("10.0.1.0/24", 256));
    // Carried by others now.
    after.interface("eni-9", "10.0.1.99", &["sg-app"]);
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used(), &Limits::default()), one("sg-app", 1));
}

#[test]
fn a_peer_that_changed_its_groups_has_none() {
    let before = hosts();
    let mut after = hosts();
    after.interfaces.remove(1);
    after.interface("eni-2", "10.0.1.12", &["sg-other"]);
    let used = || used_by(&["10.0.1.11", "10.0.1.12"]);
    let subnet = one("10.0.1.0/24", 256);
    let limits = Limits::default();
    // It called while it carried sg-app, and when it no longer did.
    let inventory = Account::load_timeline(&[(0, &before), (5, &after)]);
    assert_eq!(found(&inventory, used().on_days(1, 8), &limits), subnet);
    // Between the snapshots nobody knows which it carried.
    assert_eq!(found(&inventory, used().on_days(1, 2), &limits), subnet);
    // It surely carried it when it called, but does so no more.
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used().on_days(1, 2), &limits), subnet);
    // It has carried it since, and not before.
    let inventory = Account::load_timeline(&[(0, &after), (5, &before), (10, &before)]);
    assert_eq!(found(&inventory, used().on_days(6, 7), &limits), one("sg-app", 2));
    assert_eq!(found(&inventory, used().on_days(4, 7), &limits), subnet);
}

#[test]
fn an_address_that_another_interface_took_over_has_none() {
    let before = hosts();
    let mut after = hosts();
    after.interfaces.remove(1);
    after.interface("eni-9", "10.0.1.12", &["sg-other"]);
    let used = || used_by(&["10.0.1.11", "10.0.1.12"]);
    let subnet = one("10.0.1.0/24", 256);
    let inventory = Account::load_timeline(&[(0, &before), (5, &after)]);
    assert_eq!(found(&inventory, used().on_days(1, 2), &Limits::default()), subnet);
    // It was eni-2 that called; eni-9 may do so as well as not.
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used().on_days(1, 2), &Limits::default()), subnet);
    // Nobody has it now.
    after.interfaces.pop();
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used().on_days(1, 2), &Limits::default()), one("sg-app", 1));
}

#[test]
fn groups_of_interfaces_that_are_not_known_are_none() {
    let mut account = hosts();
    account.interfaces[1].as_object_mut().unwrap().remove("Groups");
    let used = used_by(&["10.0.1.11", "10.0.1.12"]);
    assert_eq!(found(&account.load(), used, &Limits::default()), one("10.0.1.0/24", 256));
    // Attached to an instance, nobody says since when: somebody else may have had the address before.
    let mut account = hosts();
    account.interfaces[1]["Attachment"] = serde_json::json!({"InstanceId": "i-1", "DeviceIndex": 1});
    let used = used_by(&["10.0.1.11", "10.0.1.12"]);
    assert_eq!(found(&account.load(), used, &Limits::default()), one("10.0.1.0/24", 256));
}

#[test]
fn a_list_of_aws_wins_over_narrower_cidrs() {
    let mut account = Account::new();
    account.rule("sgr-1", Some((443, 443)), "0.0.0.0/0");
    account.list("pl-cloudfront", Some(CLOUDFRONT), &["198.51.100.0/24", "203.0.113.0/25"]);
    account.list("pl-health", Some(HEALTH_CHECKS), &["198.51.100.0/25"]);
    account.list("pl-ours", None, &["198.51.100.7/32"]);
    // Nobody knows what it weighs.
    account.list("pl-new", Some("com.amazonaws.global.new"), &["198.51.100.0/28"]);
    let inventory = account.load();
    let limits = Limits::default();
    // The smallest of AWS's that has them all.
    assert_eq!(found(&inventory, used_by(&["198.51.100.7"]), &limits), one("pl-health", 128));
    assert_eq!(found(&inventory, used_by(&["198.51.100.7", "203.0.113.9"]), &limits), one("pl-cloudfront", 256 + 128));
    // One peer is elsewhere.
    let elsewhere = found(&inventory, used_by(&["198.51.100.7", "203.0.113.200"]), &limits);
    assert_eq!(elsewhere.unwrap().0, ["198.51.100.7/32", "203.0.113.200/32"]);
}

#[test]
fn a_list_of_aws_that_opens_what_was_closed_is_none() {
    let mut account = Account::new();
    account.rule("sgr-1", Some((443, 443)), "198.51.100.0/24");
    account.list("pl-cloudfront", Some(CLOUDFRONT), &["198.51.100.0/25", "203.0.113.0/28"]);
    assert_eq!(found(&account.load(), used_by(&["198.51.100.7"]), &Limits::default()), one("198.51.100.7/32", 1));
}

#[test]
fn where_a_list_of_aws_does_not_fit_the_range_stays_and_ports_are_saved() {
    let mut account = Account::new();
    account.list("pl-cloudfront", Some(CLOUDFRONT), &["198.51.100.0/24"]);
    account.rule("sgr-1", Some((80, 443)), "0.0.0.0/0");
    for number in 0..4 {
        account.rule(&format!("sgr-other-{number}"), Some((number, number)), "10.0.0.0/8");
    }
    let used = || used_by(&["198.51.100.7"]).on_ports(&[80, 443]);
    let of = |account: &Account, max_rules| {
        let limits = Limits { max_rules, ..Limits::default() };
        let found = recommended(&account.load(), vec![("sgr-1", used())], &limits);
        let narrower = &found["sgr-1"];
        (narrower.peers[0].to_string(), narrower.ports.clone())
    };
    let both = vec![PortSpan { from: 80, to: 80 }, PortSpan { from: 443, to: 443 }];
    // Four others, this one until it is revoked, and 55 for the list: with 60 there is room for one rule with it.
    assert_eq!(of(&account, 60), ("pl-cloudfront".to_owned(), vec![PortSpan { from: 80, to: 443 }]));
    assert_eq!(of(&account, 59), ("0.0.0.0/0".to_owned(), both.clone()));
    assert_eq!(of(&account, 4 + 1 + 110), ("pl-cloudfront".to_owned(), both));
}

#[test]
fn a_customers_list_is_taken_where_it_opens_no_more_than_the_cidrs() {
    let mut account = Account::new();
    account.rule("sgr-1", Some((443, 443)), "0.0.0.0/0");
    account.list("pl-offices", None, &["198.51.100.8/30", "203.0.113.4/32"]);
    account.list("pl-more", None, &["198.51.100.8/29", "203.0.113.4/32"]);
    let inventory = account.load();
    let few = Limits { max_cidrs: 2, ..Limits::default() };
    let used = || used_by(&["198.51.100.8", "198.51.100.11", "203.0.113.4"]);
    // With two CIDRs these are 198.51.100.8/30 and 203.0.113.4/32: five addresses, as on the list.
    assert_eq!(found(&inventory, used(), &few), one("pl-offices", 5));
    // With three CIDRs they are three addresses.
    assert_eq!(found(&inventory, used(), &Limits::default()).unwrap().1, 3);
}

#[test]
fn a_list_whose_entries_changed_is_none() {
    let mut before = Account::new();
    before.rule("sgr-1", Some((443, 443)), "0.0.0.0/0");
    let mut after = before.clone();
    before.list("pl-1", Some(CLOUDFRONT), &["198.51.100.0/24"]);
    after.list("pl-1", Some(CLOUDFRONT), &["198.51.100.0/25"]);
    let limits = Limits::default();
    let used = |peer: &str| used_by(&[peer]).on_days(1, 2);
    let cloudfront = |opens| one("pl-1", opens);
    let inventory = Account::load_timeline(&[(0, &before), (5, &after)]);
    assert_eq!(found(&inventory, used("198.51.100.7"), &limits), cloudfront(128), "on it before and after");
    assert_eq!(found(&inventory, used("198.51.100.200"), &limits), one("198.51.100.200/32", 1), "taken off it");
    let inventory = Account::load_timeline(&[(0, &before), (5, &before), (10, &after)]);
    assert_eq!(found(&inventory, used("198.51.100.200"), &limits), one("198.51.100.200/32", 1), "since taken off it");
    let inventory = Account::load_timeline(&[(0, &after), (5, &before)]);
    assert_eq!(found(&inventory, used("198.51.100.200"), &limits), one("198.51.100.200/32", 1), "not yet on it");
    assert_eq!(found(&inventory, used("198.51.100.200").on_days(6, 7), &limits), cloudfront(256));
}

#[test]
fn groups_and_lists_keep_their_peer_and_lose_ports() {
    let mut account = hosts();
    account.list("pl-offices", None, &["198.51.100.8/30"]);
    account.rule("sgr-2", Some((1, 1000)), "sg-app");
    account.rule("sgr-3", Some((1, 1000)), "pl-offices");
    account.rule("sgr-4", None, "sg-all");
    account.rule("sgr-5", None, "0.0.0.0/0");
    account.rule("sgr-6", Some((1, 65535)), "sg-all");
    let inventory = account.load();
    let uses = vec![
        ("sgr-2", used_by(&["10.0.1.11"]).on_ports(&[22, 443])),
        ("sgr-3", used_by(&["198.51.100.8"])),
        ("sgr-4", used_by(&["10.0.1.13"])),
        ("sgr-5", used_by(&["8.8.8.8"])),
        ("sgr-6", used_by(&["10.0.1.13"]).on_ports(&[443, HIGH_PORT])),
    ];
    let found = recommended(&inventory, uses, &Limits::default());
    let range = |from, to| PortSpan { from, to };
    assert_eq!(peers(&found, "sgr-2"), Some((vec!["sg-app".to_owned()], 2 * 2)));
    assert_eq!(found["sgr-2"].ports, [range(22, 22), range(443, 443)]);
    assert_eq!(peers(&found, "sgr-3"), Some((vec!["pl-offices".to_owned()], 4)));
    assert_eq!(peers(&found, "sgr-4"), None, "all protocols for the same group");
    assert_eq!(peers(&found, "sgr-5"), Some((vec!["8.8.8.8/32".to_owned()], 65_536)));
    assert_eq!(found["sgr-5"].ports, [range(0, 65535)]);
    assert_eq!(peers(&found, "sgr-6"), None, "a port that was dropped");
}

#[test]
fn what_is_not_proven_or_not_used_is_left_alone() {
    let inventory = hosts().load();
    for (verdict, proven) in [
        (Verdict::Used, false),
        (Verdict::Unused, true),
        (Verdict::Redundant, true),
        (Verdict::LikelyUnused, true),
        (Verdict::NoEvidence, true),
    ] {
        let used = used_by(&["10.0.1.11"]).with_verdict(verdict, proven);
        assert_eq!(found(&inventory, used, &Limits::default()), None, "{verdict:?}");
    }
}
