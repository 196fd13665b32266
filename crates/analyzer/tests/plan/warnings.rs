//! Each warning where it was set up, and nowhere else.

use crate::small::{DB, Small, WEB, group, rule, rule_for_group};
use analyzer::plan::model::WarningKind;
use serde_json::json;

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(group, rule)| ((*group).to_owned(), (*rule).to_owned())).collect()
}

const ALL: [WarningKind; 5] = [
    WarningKind::UntrackedConnections,
    WarningKind::ReferencedElsewhere,
    WarningKind::OtherOwner,
    WarningKind::Quota,
    WarningKind::NewPeers,
];

/// Every kind but these stays silent.
#[track_caller]
fn assert_warned(small: &Small, expected: &[(WarningKind, &[(&str, &str)])]) {
    for kind in ALL {
        let pairs_of = expected.iter().find(|(of, _)| *of == kind).map_or(Vec::new(), |(_, list)| pairs(list));
        assert_eq!(small.warned(kind), pairs_of, "{kind:?}");
    }
}

const WEB_IS_PUBLIC: (WarningKind, &[(&str, &str)]) = (WarningKind::NewPeers, &[("sg-web", "sgr-443")]);

#[test]
fn what_is_unused_goes_and_what_is_wide_is_replaced() {
    let small = Small::new();
    let (removed, replaced) = small.changed();
    assert_eq!(removed, ["sgr-3306", "sgr-8443"]);
    assert_eq!(replaced, ["sgr-443"]);
    assert_warned(&small, &[WEB_IS_PUBLIC]);
}

#[test]
fn a_rule_for_everybody_beside_an_open_way_out_is_not_tracked() {
    let mut small = Small::new();
    small.rules.push(rule("sg-web", "sgr-out", true, (0, 65535), "0.0.0.0/0"));
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::UntrackedConnections, &[("sg-web", "sgr-443")])]);

    // The way out belongs to a group that the interface carries beside.
    let mut small = Small::new();
    small.groups.push(group("sg-out"));
    small.rules.push(rule("sg-out", "sgr-out", true, (0, 65535), "0.0.0.0/0"));
    assert_warned(&small, &[WEB_IS_PUBLIC]);
    small.interfaces[0]["Groups"] = json!([{"GroupId": "sg-web"}, {"GroupId": "sg-out"}]);
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::UntrackedConnections, &[("sg-web", "sgr-443")])]);

    // Of the other family, of another protocol, for some ports, or for some peers it makes no difference.
    for out in [
        rule("sg-web", "sgr-out", true, (0, 65535), "::/0"),
        rule("sg-web", "sgr-out", true, (1024, 65535), "0.0.0.0/0"),
        rule("sg-web", "sgr-out", true, (0, 65535), "0.0.0.0/1"),
    ] {
        let mut small = Small::new();
        small.rules.push(out);
        assert_warned(&small, &[WEB_IS_PUBLIC]);
    }
    let mut small = Small::new();
    let mut udp = rule("sg-web", "sgr-out", true, (0, 65535), "0.0.0.0/0");
    udp["IpProtocol"] = json!("udp");
    small.rules.push(udp);
    assert_warned(&small, &[WEB_IS_PUBLIC]);
}

#[test]
fn answers_of_untracked_connections_pass_by_the_rule_that_goes() {
    let mut small = Small::new();
    small.rules.push(rule("sg-web", "sgr-out", true, (0, 65535), "0.0.0.0/0"));
    small.accepted.push((WEB, 50, "10.0.0.1 203.0.113.5 443 40000 6"));
    assert_eq!(small.changed().0, ["sgr-3306", "sgr-8443"]);
    small.include_likely = true;
    assert_eq!(small.changed().0, ["sgr-3306", "sgr-8443", "sgr-out"]);
    let untracked: &[(&str, &str)] = &[("sg-web", "sgr-443"), ("sg-web", "sgr-out")];
    let warned = small.warned(WarningKind::UntrackedConnections);
    for pair in pairs(untracked) {
        assert!(warned.contains(&pair), "{warned:?}");
    }
}

#[test]
fn a_group_that_others_name_and_that_lets_nothing_through_any_more() {
    let mut small = Small::new();
    small.rules.push(rule_for_group("sg-web", "sgr-9090", 9090, "sg-db"));
    // It is still used itself.
    assert_warned(&small, &[WEB_IS_PUBLIC]);
    small.rules.retain(|rule| rule["SecurityGroupRuleId"] != "sgr-5432");
    small.accepted.retain(|(interface, ..)| *interface != DB);
    // The one rule that named it goes as well.
    assert_eq!(small.changed().0, ["sgr-3306", "sgr-8443", "sgr-9090"]);
    assert_warned(&small, &[WEB_IS_PUBLIC]);
    small.accepted.push((WEB, 61, "10.0.0.2 10.0.0.1 40001 9090 6"));
    assert_eq!(small.changed().0, ["sgr-3306", "sgr-8443"]);
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::ReferencedElsewhere, &[("sg-db", "")])]);
}

#[test]
fn interfaces_of_another_account() {
    let mut small = Small::new();
    small.interfaces[1]["OwnerId"] = json!("444455556666");
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::OtherOwner, &[("sg-db", "")])]);
}

#[test]
fn a_stack_keeps_its_rules_in_its_template() {
    let mut small = Small::new();
    small.groups[0]["Tags"] = json!([{"Key": "aws:cloudformation:stack-name", "Value": "shop"}]);
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::OtherOwner, &[("sg-web", "")])]);
    // A group that does not change is nobody's concern.
    small.rules.retain(|rule| rule["SecurityGroupRuleId"] != "sgr-443" && rule["SecurityGroupRuleId"] != "sgr-8443");
    small.accepted.retain(|(interface, ..)| *interface == DB);
    assert_warned(&small, &[]);
}

#[test]
fn a_group_of_which_only_the_rules_are_known_may_be_anybodys() {
    let mut small = Small::new();
    small.groups.retain(|group| group["GroupId"] != "sg-db");
    assert_warned(&small, &[WEB_IS_PUBLIC, (WarningKind::OtherOwner, &[("sg-db", "")])]);
}
