//! A plan made by hand, on the page: what it says, and that its commands can be copied as they are.

use crate::stage::{SAMPLES, texts, visit};
use analyzer::analysis::Analysis;
use analyzer::assemble::{self, ReportOptions};
use analyzer::explain::details::{DetailsBook, bucket_for};
use analyzer::names::Names;
use analyzer::plan::aws_cli;
use analyzer::plan::model::{GroupPlan, LeftAlone, Plan, PlanWarning, Removal, Replacement, WarningKind};
use analyzer::report::html::{self, Page};
use analyzer::report::model::Verdict;
use analyzer::rollup::{KeptPorts, Slice};
use analyzer::scan::{ScanOptions, Unwatched, objects, scan};
use ethnum::U256;
use inventory::{Direction, GroupIx, Inventory, Peer, Protocol, RulePorts, Span};
use serde_json::json;
use servers::View;

/// Takes the first rule of a group away and puts two in the place of the second.
fn plan(inventory: &Inventory) -> Plan {
    let (ix, group) = inventory.groups().iter().enumerate().find(|(_, group)| group.name == "web").unwrap();
    let ix = GroupIx(ix as u32);
    let mut gone = group.rules[0].clone();
    gone.description = "old </code></pre><script>window.pwned=1</script>".to_owned();
    let wide = group.rules[1].clone();
    let mut by = Vec::new();
    for cidr in ["198.51.100.0/24", "203.0.113.7/32"] {
        let ports = RulePorts::Range { from: 8443, to: 8444 };
        let peer = Peer::Cidr(cidr.parse().unwrap());
        by.push(inventory.draft(ix, Direction::Ingress, Some(Protocol::TCP), ports, peer));
    }
    let reason = "Nothing it allows was accepted <em>at all</em>.".to_owned();
    let removal = Removal { rule: gone, verdict: Verdict::Unused, reason, exposure: U256::new(1 << 32) };
    let replacement = Replacement {
        rule: wide,
        by,
        shared: Vec::new(),
        exposure_before: U256::new(1 << 33),
        exposure_after: U256::new(514),
    };
    Plan {
        groups: vec![GroupPlan {
            group: ix,
            group_id: group.id.clone(),
            group_name: group.name.clone(),
            vpc_id: group.vpc.clone().unwrap_or_default(),
            owner_id: group.owner.clone().unwrap_or_default(),
            region: Some("eu-west-1".to_owned()),
            removals: vec![removal],
            replacements: vec![replacement],
            kept: group.rules[2..].to_vec(),
            exposure_before: U256::new(3 << 32),
            exposure_after: U256::new(514),
        }],
        left_alone: vec![LeftAlone {
            group_id: "sg-00000000000000009".to_owned(),
            group_name: "eks-cluster-sg".to_owned(),
            reason: "Amazon EKS manages it".to_owned(),
            rules: 2,
        }],
        warnings: vec![PlanWarning {
            group_id: group.id.clone(),
            rule_id: Some(group.rules[0].id.clone()),
            kind: WarningKind::UntrackedConnections,
            text: "Open connections are cut <b>at once</b>.".to_owned(),
        }],
    }
}

#[test]
fn a_plan_says_what_goes_and_comes_and_its_commands_can_be_copied() {
    let loaded = Inventory::load(&[format!("{SAMPLES}/inventory").into()]).unwrap();
    let inventory = &loaded.inventory;
    let options = ScanOptions {
        log_format: None,
        since: None,
        until: None,
        slice: Slice::Hour,
        kept_ports: KeptPorts::new(inventory.kept_ports()),
        threads: 2,
    };
    let scanned = scan(&objects::find(&[format!("{SAMPLES}/logs")]).unwrap(), &options, &Unwatched);
    let bucket = bucket_for(Span { from: 0, to: 3 * 86_400 });
    let (analysis, details) =
        Analysis::before(&scanned.rollup, inventory, &ReportOptions::default(), || DetailsBook::new(None, bucket));
    let report = assemble::report_of(&analysis, &loaded.notes);
    let plan = plan(inventory);
    let names = Names::default();
    let page = Page {
        report: &report,
        analysis: &analysis,
        details: &details,
        plan: Some(&plan),
        names: &names,
        changes: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let mut bytes = Vec::new();
    html::write(&page, &mut bytes).unwrap();
    std::fs::write(&path, bytes).unwrap();

    let steps = json!([
        ["text", "#plan"],
        ["text", "#plan del"],
        ["text", "#plan ins"],
        ["click", "#plan .copy"],
        ["clipboard"],
        ["text", "#plan pre"],
        ["evaluate", "typeof window.pwned"],
        ["open"],
        ["axe"],
    ]);
    let answers = visit(&path, View::default(), &steps);
    let text = &texts(&answers[0])[0];
    for part in [
        "1 rule goes, 1 is replaced by 2 narrower ones, in 1 group",
        "1.3e10 → 514",
        "Nothing it allows was accepted <em>at all</em>.",
        "old </code></pre><script>window.pwned=1</script>",
        "Open connections are cut <b>at once</b>.",
        "Amazon EKS manages it (2 rules would have changed)",
        plan.groups[0].removals[0].rule.id.as_str(),
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert_eq!(texts(&answers[1]).len(), 2);
    assert_eq!(
        texts(&answers[2]),
        ["+ in tcp 8443-8444 198.51.100.0/24", "+ in tcp 8443-8444 203.0.113.7/32"]
            .map(|line| line.trim_start_matches("+ "))
    );
    let commands = aws_cli::commands(&plan.groups[0]);
    assert!(!commands.trim().is_empty());
    assert_eq!(answers[4], commands);
    assert_eq!(texts(&answers[5])[0].trim_end(), commands.trim_end());
    assert_eq!(answers[6], "undefined");
    assert_eq!(answers[8], json!([]));
}
