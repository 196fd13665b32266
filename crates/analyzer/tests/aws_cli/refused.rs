//! Groups that are no longer what was analysed, calls that AWS refuses, and credentials for another account.

use crate::account::Account;
use crate::plans::{group_plan, narrower, plan, removal, replacement, rule};
use crate::scripts::Scripts;
use analyzer::plan::model::Plan;
use analyzer::report::model::Verdict;
use inventory::{Inventory, Protocol};

/// A group with a wide rule to be replaced, a redundant one to be removed and one that makes it so.
struct Office {
    group: String,
    wide: String,
    redundant: String,
    keeper: String,
}

impl Office {
    fn set_up(account: &Account) -> Office {
        let group = account.group("office");
        let rule = |port: i32, peer: &str| account.rule(&group, "Ingress", ("tcp", Some((port, port))), peer, "x", &[]);
        let (wide, redundant, keeper) = (rule(443, "0.0.0.0/0"), rule(22, "10.0.0.0/24"), rule(22, "10.0.0.0/16"));
        Office { group, wide, redundant, keeper }
    }

    fn replaced(&self, inventory: &Inventory, peers: &[&str]) -> Plan {
        let wide = rule(inventory, &self.wide);
        let by = peers.iter().map(|peer| narrower(inventory, &wide, Protocol::TCP, (443, 443), peer)).collect();
        let removals = vec![removal(rule(inventory, &self.redundant), Verdict::Redundant)];
        let group = inventory.group_ix(&self.group).unwrap();
        plan(vec![group_plan(inventory, group, removals, vec![replacement(wide, by, vec![])])])
    }
}

fn revoke(account: &Account, group: &str, rule: &str) {
    let asked = [("GroupId", group), ("SecurityGroupRuleId.1", rule)];
    account.moto.ec2("RevokeSecurityGroupIngress", &asked);
}

#[test]
fn a_rule_that_was_changed_since_stops_everything() {
    let account = Account::start();
    let office = Office::set_up(&account);
    let scripts = Scripts::of(&office.replaced(&account.inventory(), &["192.0.2.0/24"]));
    account.moto.ec2(
        "ModifySecurityGroupRules",
        &[
            ("GroupId", &office.group),
            ("SecurityGroupRule.1.SecurityGroupRuleId", &office.wide),
            ("SecurityGroupRule.1.SecurityGroupRule.IpProtocol", "tcp"),
            ("SecurityGroupRule.1.SecurityGroupRule.FromPort", "443"),
            ("SecurityGroupRule.1.SecurityGroupRule.ToPort", "8443"),
            ("SecurityGroupRule.1.SecurityGroupRule.CidrIpv4", "0.0.0.0/0"),
        ],
    );
    let changed = account.rules();
    for words in [&[][..], &["--dry-run"]] {
        let ran = scripts.change(&account, words);
        let differs =
            format!("differs: {} of {} is no longer: ingress tcp 443-443 0.0.0.0/0", office.wide, office.group);
        ran.assert_says(1, &[&differs, "nothing was changed; make a new plan"]);
        assert_eq!(account.rules(), changed);
    }
}

#[test]
fn a_redundant_rule_stays_if_what_made_it_redundant_is_gone() {
    let account = Account::start();
    let office = Office::set_up(&account);
    let scripts = Scripts::of(&office.replaced(&account.inventory(), &["192.0.2.0/24"]));
    revoke(&account, &office.group, &office.keeper);
    let changed = account.rules();
    let ran = scripts.change(&account, &[]);
    ran.assert_says(1, &["no longer has a rule because of which others are to go: ingress tcp 22-22 10.0.0.0/16"]);
    assert_eq!(account.rules(), changed);
}

#[test]
fn nothing_comes_in_the_place_of_a_rule_that_somebody_took_away() {
    let account = Account::start();
    let office = Office::set_up(&account);
    let inventory = account.inventory();
    let wide = rule(&inventory, &office.wide);
    let by = narrower(&inventory, &wide, Protocol::TCP, (443, 443), "192.0.2.0/24");
    let group = inventory.group_ix(&office.group).unwrap();
    let replacements = vec![replacement(wide, vec![by], vec![])];
    let scripts = Scripts::of(&plan(vec![group_plan(&inventory, group, vec![], replacements)]));
    revoke(&account, &office.group, &office.wide);
    let changed = account.rules();
    let gone = format!("gone already: {}", office.wide);
    scripts.change(&account, &[]).assert_says(0, &[&gone, "not added: inbound tcp 443 from 192.0.2.0/24"]);
    assert_eq!(account.rules(), changed);
}

#[test]
fn a_refused_call_stops_the_script_and_what_was_done_can_be_taken_back() {
    let account = Account::start();
    let office = Office::set_up(&account);
    let before = account.rules();
    let inventory = account.inventory();
    // The second of them cannot be made: there is no such group.
    let scripts = Scripts::of(&office.replaced(&inventory, &["192.0.2.0/24", "sg-00000000000000000"]));
    let ran = scripts.change(&account, &[]);
    ran.assert_says(1, &["stopped: ", "InvalidGroup.NotFound", "rules added: 1, revoked: 0", "ends in -undo.sh"]);
    let half = account.rules();
    assert_eq!(half[&office.group].len(), before[&office.group].len() + 1);
    assert!(half[&office.group].is_superset(&before[&office.group]), "nothing goes before all has come");
    // Again: it finds the first there already.
    scripts.change(&account, &[]).assert_says(1, &["there already: inbound tcp 443 from 192.0.2.0/24"]);
    assert_eq!(account.rules(), half);

    let wide = rule(&inventory, &office.wide);
    let by = narrower(&inventory, &wide, Protocol::TCP, (443, 443), "192.0.2.0/24");
    let group = inventory.group_ix(&office.group).unwrap();
    let mended = plan(vec![group_plan(&inventory, group, vec![], vec![replacement(wide, vec![by], vec![])])]);
    let undone = Scripts::of(&mended).undo(&account, &[]);
    undone.assert_says(0, &["there already: inbound tcp 443 from 0.0.0.0/0", "rules added: 0, revoked: 1"]);
    assert_eq!(account.rules(), before);
}

#[test]
fn groups_of_other_accounts_are_left_out() {
    let account = Account::start();
    let office = Office::set_up(&account);
    let before = account.rules();
    let inventory = account.inventory();
    let mine = office.replaced(&inventory, &["192.0.2.0/24"]);
    let mut theirs = mine.clone();
    theirs.groups[0].owner_id = "210987654321".to_owned();

    let scripts = Scripts::of(&theirs);
    for ran in [scripts.change(&account, &[]), scripts.undo(&account, &[])] {
        ran.assert_says(1, &["belong to another account than 123456789012", "use those of 210987654321"]);
    }
    assert_eq!(account.rules(), before);

    let mut third = theirs.groups[0].clone();
    third.owner_id = "333333333333".to_owned();
    third.group_id = "sg-3".to_owned();
    let scripts = Scripts::of(&plan(vec![theirs.groups[0].clone(), third.clone()]));
    scripts.change(&account, &[]).assert_says(1, &["no group belongs to account 123456789012; nothing was changed"]);
    assert_eq!(account.rules(), before);

    let scripts = Scripts::of(&plan(vec![mine.groups[0].clone(), third]));
    let ran = scripts.change(&account, &[]);
    let left_out = "account 333333333333: left out (1 group), for the credentials are for account 123456789012";
    ran.assert_says(0, &["rules added: 1, revoked: 2", "account 123456789012: done", left_out]);
    assert_ne!(account.rules(), before);
    scripts.undo(&account, &[]).assert_says(0, &["rules added: 2, revoked: 1"]);
    assert_eq!(account.rules(), before);
}

#[test]
fn words_it_does_not_know_are_a_usage_error_and_an_empty_plan_does_nothing() {
    let account = Account::start();
    let scripts = Scripts::of(&plan(vec![]));
    scripts.change(&account, &[]).assert_says(0, &["There is nothing to change."]);
    scripts.undo(&account, &[]).assert_says(0, &["There is nothing to change."]);
    scripts.change(&account, &["--help"]).assert_says(0, &["usage: bash SCRIPT [--dry-run]"]);
    scripts.change(&account, &["--dryrun"]).assert_says(2, &["unknown option: --dryrun", "usage:"]);
    scripts.undo(&account, &["-n"]).assert_says(2, &["unknown option: -n", "usage:"]);
}
