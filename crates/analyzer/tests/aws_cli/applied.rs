//! A whole plan on real groups: tried, made, made again, taken back, taken back again.

use crate::account::{Account, Rules, planned_line};
use crate::plans::{all_out, group_plan, narrower, plan, removal, replacement, rule};
use crate::scripts::Scripts;
use analyzer::plan::aws_cli::commands;
use analyzer::plan::model::Plan;
use analyzer::report::model::Verdict;
use inventory::Protocol;
use std::fs;

/// Every character that AWS allows in a description, put so that a shell would like to do something with it.
const ODD: &str = "$(touch x) #{a,b}* !! =~ [z]; & -rf / $HOME @ +:";

/// The rules that the groups are to have, each as one line.
fn wanted(plan: &Plan, before: &Rules) -> Rules {
    let mut wanted = before.clone();
    for (group, rules) in plan.proposal().groups {
        let id = &plan.groups.iter().find(|changed| changed.group == group).unwrap().group_id;
        wanted.insert(id.clone(), rules.iter().map(planned_line).collect());
    }
    wanted
}

#[test]
fn groups_are_as_planned_afterwards_and_as_they_were_after_the_undo() {
    let account = Account::start();
    let (web, app, db) = (account.group("web"), account.group("it's \"app\""), account.group("db"));
    let list = account.prefix_list();
    let tags = [("Owner's \"key\"", "`id` $(id) \\ [31m\n-n \u{202e}\u{e9}"), ("cost", "")];
    let wide = account.rule(&web, "Ingress", ("tcp", Some((443, 443))), "0.0.0.0/0", ODD, &tags);
    let half = account.rule(&web, "Ingress", ("tcp", Some((443, 443))), "0.0.0.0/1", "half of it", &[]);
    let six = account.rule(&web, "Ingress", ("tcp", Some((443, 443))), "::/0", "six", &[("a", "b")]);
    let from_app = account.rule(&web, "Ingress", ("-1", None), &app, "from (app) & friends", &[]);
    let resolvers = account.rule(&web, "Ingress", ("udp", Some((53, 53))), &list, "", &[("k", "v")]);
    let echo = account.rule(&web, "Ingress", ("icmp", Some((8, -1))), "10.0.0.0/8", "echo", &[]);
    account.rule(&web, "Ingress", ("icmp", Some((-1, -1))), "10.0.0.0/8", "all of icmp", &[]);
    let office = account.rule(&web, "Ingress", ("tcp", Some((443, 443))), "64.0.0.0/24", "stays", &[("t", "'")]);
    let to_db = account.rule(&web, "Egress", ("tcp", Some((5432, 5432))), &db, "to db", &[]);
    let old = account.rule(&db, "Ingress", ("tcp", Some((3306, 3306))), "10.0.0.0/8", "old", &[]);
    let before = account.rules();
    let inventory = account.inventory();
    let old_of = |id: &str| rule(&inventory, id);
    let (tcp, udp) = (Protocol::TCP, Protocol::UDP);

    let (wide, half, six) = (old_of(&wide), old_of(&half), old_of(&six));
    let clients = narrower(&inventory, &wide, tcp, (443, 443), "8.8.8.0/24");
    let one = narrower(&inventory, &wide, tcp, (443, 443), "203.0.113.7/32");
    let by_six = narrower(&inventory, &six, tcp, (443, 443), "2001:db8::/32");
    let from_app = old_of(&from_app);
    let by_app = narrower(&inventory, &from_app, tcp, (8000, 8010), &app);
    let out = all_out(&inventory, &web);
    let https = narrower(&inventory, &out, tcp, (443, 443), "0.0.0.0/0");
    let dns = narrower(&inventory, &out, udp, (53, 53), &list);
    let web_plan = group_plan(
        &inventory,
        inventory.group_ix(&web).unwrap(),
        vec![removal(old_of(&resolvers), Verdict::Unused), removal(old_of(&echo), Verdict::Redundant)],
        vec![
            replacement(wide, vec![clients.clone(), one], vec![]),
            replacement(half, vec![], vec![clients, old_of(&office)]),
            replacement(six, vec![by_six], vec![]),
            replacement(from_app, vec![by_app], vec![]),
            replacement(out, vec![https, dns], vec![]),
        ],
    );
    assert!(web_plan.kept.iter().any(|rule| rule.id == to_db));
    let db_plan = group_plan(
        &inventory,
        inventory.group_ix(&db).unwrap(),
        vec![removal(old_of(&old), Verdict::LikelyUnused)],
        vec![],
    );
    let plan = plan(vec![web_plan, db_plan]);
    assert_eq!(plan.groups[0].region.as_deref(), Some("us-east-1"), "moto prints an ARN");
    let wanted = wanted(&plan, &before);
    assert_ne!(wanted, before);
    let scripts = Scripts::of(&plan);

    let tried = scripts.change(&account, &["--dry-run"]);
    tried.assert_says(0, &["nothing was changed; rules to add: 6, to revoke: 8", "would be added: inbound tcp 443"]);
    assert_eq!(account.rules(), before, "a dry run changes nothing");

    scripts.change(&account, &[]).assert_says(0, &["rules added: 6, revoked: 8, found as they should be: 0"]);
    assert_eq!(account.rules(), wanted);

    scripts.change(&account, &[]).assert_says(0, &["rules added: 0, revoked: 0, found as they should be: 14"]);
    assert_eq!(account.rules(), wanted, "a second time changes nothing");

    let tried = scripts.undo(&account, &["--dry-run"]);
    tried.assert_says(0, &["nothing was changed; rules to add: 8, to revoke: 6"]);
    assert_eq!(account.rules(), wanted, "a dry run changes nothing");

    scripts.undo(&account, &[]).assert_says(0, &["rules added: 8, revoked: 6, found as they should be: 0"]);
    assert_eq!(account.rules(), before, "descriptions and tags included");

    scripts.undo(&account, &[]).assert_says(0, &["rules added: 0, revoked: 0, found as they should be: 14"]);
    assert_eq!(account.rules(), before);

    // The ids are new, so the same plan finds its rules gone and opens nothing in their place.
    let again = scripts.change(&account, &[]);
    again.assert_says(1, &["is gone, and other rules are to go because it allows", "nothing was changed"]);
    assert_eq!(account.rules(), before);
}

#[test]
fn the_commands_for_copying_do_the_same() {
    let account = Account::start();
    let web = account.group("web");
    let wide = account.rule(&web, "Ingress", ("tcp", Some((22, 22))), "0.0.0.0/0", ODD, &[("who's", "\"!!\"")]);
    let unused = account.rule(&web, "Ingress", ("udp", Some((1, 9))), "10.0.0.0/8", "", &[]);
    let inventory = account.inventory();
    let before = account.rules();
    let wide = rule(&inventory, &wide);
    let by = narrower(&inventory, &wide, Protocol::TCP, (22, 22), "10.1.2.0/24");
    let removals = vec![removal(rule(&inventory, &unused), Verdict::Unused)];
    let replacements = vec![replacement(wide, vec![by], vec![])];
    let plan = plan(vec![group_plan(&inventory, inventory.group_ix(&web).unwrap(), removals, replacements)]);

    let lines = commands(&plan.groups[0]);
    let verbs: Vec<&str> = lines.lines().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(verbs, ["authorize-security-group-ingress", "revoke-security-group-ingress"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.sh");
    fs::write(&path, format!("set -e\n{lines}")).unwrap();
    let output = account.cli.bash(&path, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(account.rules(), wanted(&plan, &before));

    // Pasted into a shell that goes on after failures: nothing is revoked once an addition was refused.
    fs::write(&path, format!("aws() {{ printf '%s\\n' \"$2\"; false; }}\n{lines}")).unwrap();
    let output = account.cli.bash(&path, &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "authorize-security-group-ingress\n");
}

/// A group was deleted after the change: what belonged to it cannot come back, but all else does.
#[test]
fn one_rule_that_cannot_be_restored_keeps_no_other_from_it() {
    let account = Account::start();
    let groups = [account.group("one"), account.group("two"), account.group("three")];
    let ids =
        groups.each_ref().map(|group| account.rule(group, "Ingress", ("tcp", Some((22, 22))), "10.0.0.0/8", "", &[]));
    let inventory = account.inventory();
    let before = account.rules();
    let mut sorted: Vec<(&String, &String)> = groups.iter().zip(&ids).collect();
    sorted.sort();
    let plans = sorted.iter().map(|(group, id)| {
        let removals = vec![removal(rule(&inventory, id), Verdict::Unused)];
        group_plan(&inventory, inventory.group_ix(group).unwrap(), removals, vec![])
    });
    let plan = plan(plans.collect());
    let scripts = Scripts::of(&plan);
    scripts.change(&account, &[]).assert_says(0, &["rules added: 0, revoked: 3"]);
    let deleted = sorted[0].0;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("delete.sh");
    fs::write(&path, format!("aws ec2 delete-security-group --group-id {deleted}\n")).unwrap();
    assert!(account.cli.bash(&path, &[]).status.success());
    scripts
        .undo(&account, &[])
        .assert_says(1, &["refused:", "not restored", "rules added: 2, revoked: 0", "refused calls: 1"]);
    let mut expected = before;
    expected.remove(deleted);
    assert_eq!(account.rules(), expected);
}

#[test]
fn rules_without_ids_go_by_their_content() {
    let account = Account::start();
    let web = account.group("web");
    account.rule(&web, "Ingress", ("tcp", Some((22, 22))), "0.0.0.0/0", "wide", &[]);
    account.rule(&web, "Ingress", ("icmp", Some((3, 4))), "10.0.0.0/8", "unused", &[]);
    account.rule(&web, "Ingress", ("-1", None), "2001:db8::/32", "stays", &[]);
    let before = account.rules();
    // Groups alone: their permissions have no ids.
    let groups = account.cli.json(&["ec2", "describe-security-groups"]).to_string();
    let inventory = inventory::Inventory::from_texts(&[("groups.json", &groups)]).unwrap().inventory;
    let group = inventory.group_ix(&web).unwrap();
    let by_description = |text: &str| {
        let found = inventory.group(group).rules.iter().find(|rule| rule.description == text);
        found.unwrap().clone()
    };
    let wide = by_description("wide");
    assert!(!wide.has_own_id());
    let by = narrower(&inventory, &wide, Protocol::TCP, (22, 22), "10.1.2.0/24");
    let removals = vec![removal(by_description("unused"), Verdict::Unused)];
    let plan = plan(vec![group_plan(&inventory, group, removals, vec![replacement(wide, vec![by], vec![])])]);
    let wanted = wanted(&plan, &before);
    let scripts = Scripts::of(&plan);

    scripts.change(&account, &["--dry-run"]).assert_says(0, &["rules to add: 1, to revoke: 2"]);
    assert_eq!(account.rules(), before);
    scripts.change(&account, &[]).assert_says(0, &["rules added: 1, revoked: 2"]);
    assert_eq!(account.rules(), wanted);
    let again = scripts.change(&account, &[]);
    again.assert_says(0, &["rules added: 0, revoked: 0, found as they should be: 3"]);
    assert_eq!(account.rules(), wanted);
    scripts.undo(&account, &[]).assert_says(0, &["rules added: 2, revoked: 1"]);
    assert_eq!(account.rules(), before);
}
