//! Changes made by hand, for the tests of the forms.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;

fn change(rule_id: &str, rule: &str, from: Option<Verdict>, to: Option<Verdict>) -> RuleChange {
    RuleChange {
        group_id: "sg-00000000000000001".to_owned(),
        group_name: "web".to_owned(),
        rule_id: rule_id.to_owned(),
        direction: "ingress",
        rule: rule.to_owned(),
        from,
        to,
    }
}

/// What has become of the rules of the example report; 25 rules are gone with their group.
pub(crate) fn changes() -> Changes {
    let mut gone_rules = Vec::new();
    for port in 1..=25 {
        let rule = format!("tcp {port} from 10.0.0.0/8");
        let gone = change(&format!("sgr-gone{port:02}"), &rule, Some(Verdict::Unused), None);
        gone_rules.push(RuleChange { group_id: "sg-gone".to_owned(), group_name: String::new(), ..gone });
    }
    let ssh = ("sgr-0000000000000011", "tcp 22 from 0.0.0.0/0");
    Changes {
        since: Window { start: "2024-04-01T00:00:00Z".to_owned(), end: "2024-04-30T23:59:59Z".to_owned() },
        newly_unused: vec![change(ssh.0, ssh.1, Some(Verdict::Used), Some(Verdict::LikelyUnused))],
        new_rules: vec![RuleChange {
            group_id: "sg-00000000000000002".to_owned(),
            group_name: "db".to_owned(),
            ..change("sgr-0000000000000023", "udp 4789 from 10.0.0.0/8", None, Some(Verdict::NotLogged))
        }],
        gone_rules,
        gone_groups: vec![GroupChange { group_id: "sg-gone".to_owned(), group_name: String::new(), rules: 25 }],
        ..Changes::default()
    }
}

/// The same where every text tries to break out.
pub(crate) fn hostile_changes() -> Changes {
    let mut changes = changes();
    let hostile = "\x1b[2Jweb|<script>alert(1)</script>\n\u{202e}https://x.example @me";
    changes.since.end = hostile.to_owned();
    for change in [&mut changes.newly_unused[0], &mut changes.new_rules[0], &mut changes.gone_rules[0]] {
        change.group_name = hostile.to_owned();
        change.rule_id = hostile.to_owned();
        change.rule = hostile.to_owned();
    }
    changes.gone_groups[0].group_name = hostile.to_owned();
    changes
}
