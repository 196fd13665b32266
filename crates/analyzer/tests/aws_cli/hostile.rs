//! Texts that a shell would run if it could: none of them is ever more than text.

use crate::account::Account;
use crate::plans::{group_plan, plan, removal, replacement};
use crate::scripts::Scripts;
use analyzer::plan::aws_cli::commands;
use analyzer::plan::model::{PlanWarning, WarningKind};
use analyzer::report::model::Verdict;
use inventory::Inventory;
use serde_json::json;
use std::fs;

#[test]
fn nothing_in_an_inventory_is_run_by_the_scripts() {
    let account = Account::start();
    let folder = tempfile::tempdir().unwrap();
    let marker = folder.path().join("marker");
    let touch = format!("touch {}", marker.display());
    let texts = [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("'; {touch}; '"),
        format!("\"; {touch}; \""),
        format!("\n{touch}\n"),
        format!("\r\n{touch} #"),
        format!("END\n{touch}"),
        format!("\\'; {touch} \\"),
        format!("a[$({touch})]"),
        format!("-x ${{IFS}} !! ^a^b ~ * ? {{a,b}} > {} & | ", marker.display()),
        "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{2028}\0".to_owned(),
    ];
    for text in texts {
        let rule = |id: &str, port: u16, peer: (&str, &str)| {
            let mut rule = json!({"SecurityGroupRuleId": format!("sgr-{id}{text}"), "GroupId": format!("sg-{text}"),
                "IsEgress": false, "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                "Description": text, "Tags": [{"Key": text, "Value": text}]});
            rule[peer.0] = json!(peer.1);
            rule
        };
        let list = format!("pl-{text}");
        let document = json!({
            "SecurityGroups": [{"GroupId": format!("sg-{text}"), "GroupName": text, "OwnerId": text, "VpcId": text,
                "SecurityGroupArn": format!("arn:aws:ec2:{}:1:x", text.replace(':', ""))}],
            "SecurityGroupRules": [rule("1", 1, ("CidrIpv4", "10.0.0.0/8")), rule("2", 2, ("PrefixListId", &list)),
                rule("3", 3, ("CidrIpv4", "10.0.0.0/8"))],
        });
        let inventory = Inventory::from_texts(&[("hostile.json", &document.to_string())]).unwrap().inventory;
        let group = inventory.group_ix(&format!("sg-{text}")).unwrap();
        let rules = inventory.group(group).rules.clone();
        let mut gone = removal(rules[0].clone(), Verdict::Redundant);
        gone.reason.clone_from(&text);
        let mut by =
            inventory.draft(group, rules[1].direction, rules[1].protocol, rules[1].ports, rules[0].peer.clone());
        (by.description, by.tags) = (rules[1].description.clone(), rules[1].tags.clone());
        let replacements = vec![replacement(rules[1].clone(), vec![by], vec![])];
        let mut plan = plan(vec![group_plan(&inventory, group, vec![gone], replacements)]);
        plan.warnings.push(PlanWarning {
            group_id: plan.groups[0].group_id.clone(),
            rule_id: None,
            kind: WarningKind::OtherOwner,
            text: text.clone(),
        });
        // Known, unknown, and one of several accounts.
        for owners in [&[text.as_str()][..], &[""], &["123456789012", &text, ""]] {
            let mut several = plan.clone();
            several.groups.clear();
            for owner in owners {
                let mut group = plan.groups[0].clone();
                group.owner_id = (*owner).to_owned();
                several.groups.push(group);
            }
            let scripts = Scripts::of(&several);
            if owners.len() > 1 {
                scripts.change(&account, &[]);
                scripts.undo(&account, &["--dry-run"]);
                assert!(!marker.exists(), "{text:?}");
            }
        }
        let lines = commands(&plan.groups[0]);
        assert_eq!(lines.lines().count(), 2, "{lines}");
        let path = folder.path().join("lines.sh");
        fs::write(&path, lines).unwrap();
        account.cli.bash(&path, &[]);
        assert!(!marker.exists(), "{text:?}");
    }
}
