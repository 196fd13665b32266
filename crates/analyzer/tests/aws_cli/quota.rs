//! A group that is nearly full: moto refuses the 61st rule as EC2 does by default.

use crate::account::{Account, planned_line};
use crate::plans::{group_plan, narrower, plan, removal, replacement, rule};
use crate::scripts::Scripts;
use analyzer::report::model::Verdict;
use inventory::Protocol;
use std::collections::BTreeSet;

#[test]
fn additions_and_revocations_alternate_where_all_would_not_fit() {
    let account = Account::start();
    let web = account.group("web");
    for number in 0..52 {
        account.rule(&web, "Ingress", ("tcp", Some((22, 22))), &format!("10.0.{number}.0/24"), "stays", &[]);
    }
    let unused = account.rule(&web, "Ingress", ("udp", Some((1, 9))), "10.0.0.0/8", "unused", &[]);
    let mut wide = Vec::new();
    for port in 1..=3 {
        wide.push(account.rule(&web, "Ingress", ("tcp", Some((port, port))), "0.0.0.0/0", "wide", &[]));
    }
    let before = account.rules();
    let inventory = account.inventory();
    let mut replacements = Vec::new();
    for (port, id) in (1..).zip(&wide) {
        let old = rule(&inventory, id);
        let by = ["192.0.2.0/25", "198.51.100.0/24"]
            .map(|peer| narrower(&inventory, &old, Protocol::TCP, (port, port), peer));
        replacements.push(replacement(old, by.to_vec(), vec![]));
    }
    let removals = vec![removal(rule(&inventory, &unused), Verdict::Unused)];
    // 56 rules, and 6 more; never more than 59 at once. moto counts the one outbound rule too.
    let plan = plan(vec![group_plan(&inventory, inventory.group_ix(&web).unwrap(), removals, replacements)]);
    let scripts = Scripts::of(&plan);

    scripts.change(&account, &[]).assert_says(0, &["rules added: 6, revoked: 4"]);
    let wanted: BTreeSet<String> = plan.groups[0].rules_after().map(planned_line).collect();
    let mut after = account.rules();
    let inbound: BTreeSet<String> = after.remove(&web).unwrap();
    assert_eq!(inbound, wanted);

    scripts.undo(&account, &[]).assert_says(0, &["rules added: 4, revoked: 6"]);
    assert_eq!(account.rules(), before);
}
