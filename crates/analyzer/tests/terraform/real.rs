//! The real Terraform with the real AWS provider, against moto: it finds the file valid, means to do what the file says, and does it.
//!
//! Neither can be had everywhere. `terraform` is looked for in `PATH`; the provider in the folder that `TERRAFORM_PLUGIN_DIR` names, in
//! those where packages put it, else Terraform asks its registry. Where that fails a sentence on standard error says so, and the other
//! tests of this program have to do.

use crate::chance::draw;
use crate::workshop::{ACCOUNT, existing, group, group_plan, inventory, plan, rule, tcp, v4};
use analyzer::plan::terraform::configuration;
use inventory::{Direction, Inventory, Rule, RulePorts};
use serde_json::{Value, json};
use servers::Moto;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which Terraform has its provider.
struct Terraform {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// Folders that hold `registry.terraform.io/hashicorp/aws`.
fn plugin_folder() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("TERRAFORM_PLUGIN_DIR") {
        return Some(PathBuf::from(named));
    }
    let mut folders: Vec<PathBuf> =
        ["/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"].map(PathBuf::from).to_vec();
    let others = fs::read_dir("/opt").into_iter().flatten().flatten();
    folders.extend(others.map(|entry| entry.path()));
    folders.sort();
    folders.into_iter().find(|folder| folder.join("registry.terraform.io/hashicorp/aws").is_dir())
}

impl Terraform {
    /// None, and a sentence on standard error, if it cannot be had.
    fn start(configuration: &str, environment: Vec<(String, String)>) -> Option<Terraform> {
        let terraform = Terraform { folder: tempfile::tempdir().unwrap(), environment };
        terraform.write(configuration);
        let mut arguments = vec!["init".to_owned(), "-input=false".to_owned(), "-no-color".to_owned()];
        if let Some(folder) = plugin_folder() {
            arguments.push(format!("-plugin-dir={}", folder.display()));
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let why = match terraform.command(&arguments).output() {
            Ok(output) if output.status.success() => return Some(terraform),
            Ok(output) => format!("terraform init failed: {}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => format!("terraform cannot be started: {error}"),
        };
        let cure = "install terraform 1.5 or newer, and name a folder with its AWS provider in TERRAFORM_PLUGIN_DIR";
        // Not by `eprintln!`, which tests keep to themselves.
        #[allow(clippy::explicit_write)]
        writeln!(std::io::stderr(), "not tested with the real Terraform: {why}; {cure}").unwrap();
        None
    }

    fn write(&self, configuration: &str) {
        fs::write(self.folder.path().join("main.tf"), configuration).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.current_dir(self.folder.path()).args(arguments).envs(self.environment.iter().cloned());
        command.env("CHECKPOINT_DISABLE", "1").env("TF_IN_AUTOMATION", "1").env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terraform {arguments:?}: {said}{errors}");
        output
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_slice(&self.run(arguments).stdout).unwrap()
    }
}

/// Groups of every kind of rule and of many plans by chance, in one file.
fn many() -> String {
    const GROUP: &str = "sg-0a1b2c3d";
    let mut hostile = rule("sgr-20", GROUP, false, ("tcp", 1, 1), v4("10.0.0.0/8"));
    hostile["Description"] = json!("${file(\"x\")} %{ if } \"quoted\" \\ line\nbreak \u{202e} größe");
    hostile["Tags"] = json!([{"Key": "a.b c/${d}", "Value": "%{x}"}]);
    let rules = [
        rule("sgr-21", GROUP, true, ("-1", -1, -1), v4("0.0.0.0/0")),
        rule("sgr-22", GROUP, false, ("icmp", 3, -1), v4("0.0.0.0/0")),
        rule("sgr-23", GROUP, false, ("icmpv6", -1, -1), ("CidrIpv6", json!("::/0"))),
        rule("sgr-24", GROUP, false, ("47", -1, -1), ("PrefixListId", json!("pl-0a"))),
        rule(
            "sgr-25",
            GROUP,
            false,
            ("udp", 0, 65535),
            ("ReferencedGroupInfo", json!({"GroupId": "sg-0b", "UserId": "444455556666"})),
        ),
        rule("sgr-26", GROUP, false, ("tcp", 9, 9), v4("10.0.0.0/8")),
        hostile,
    ];
    let known = inventory(&[group(GROUP, "web", ACCOUNT, "eu-west-1")], &rules);
    let mut groups = vec![group_plan(&known, GROUP, &["sgr-26"], Vec::new())];
    for seed in 0..60 {
        for mut group in draw(seed).groups {
            // Ids are those of other groups: what is valid does not depend on them.
            group.group_id = format!("sg-{seed:08}");
            groups.push(group);
        }
    }
    configuration(&plan(groups))
}

#[test]
fn terraform_finds_it_valid() {
    let Some(terraform) = Terraform::start(&many(), Vec::new()) else { return };
    let found = terraform.json(&["validate", "-json"]);
    assert_eq!(found["valid"], true, "{found:#}");
    assert_eq!((&found["error_count"], &found["warning_count"]), (&json!(0), &json!(0)), "{found:#}");
    // It would have noticed.
    terraform.write(&many().replacen("ip_protocol", "protocol", 1));
    assert!(!terraform.command(&["validate", "-json"]).output().unwrap().status.success());
}

/// The groups of moto, by the program's own snapshot.
fn snapshot(moto: &Moto, folder: &Path) -> Inventory {
    let out = folder.join("inventory.json");
    let _ = fs::remove_file(&out);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sg-audit"));
    command.envs(moto.environment()).args(["snapshot", "--quiet", "--out"]).arg(&out);
    // moto lacks one of its calls, which makes no difference here.
    let output = command.output().unwrap();
    assert!(out.exists(), "{}", String::from_utf8_lossy(&output.stderr));
    Inventory::load(&[out]).unwrap().inventory
}

fn authorize(moto: &Moto, group: &str, way: &str, fields: &[(&str, &str)]) {
    let mut parameters = vec![("GroupId", group.to_owned())];
    parameters.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let named: Vec<(String, String)> = parameters
        .into_iter()
        .map(|(name, value)| {
            let name = if name == "GroupId" || name.starts_with("Tag") {
                name.to_owned()
            } else {
                format!("IpPermissions.1.{name}")
            };
            (name, value)
        })
        .collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    moto.ec2(&format!("AuthorizeSecurityGroup{way}"), &named);
}

/// Everything about a rule but its id.
fn told(rule: &Rule) -> String {
    let Rule { direction, protocol, ports, peer, description, tags, .. } = rule;
    format!("{direction:?} {protocol:?} {ports:?} {peer} {description:?} {tags:?}")
}

#[test]
fn terraform_does_what_the_plan_says() {
    let moto = Moto::start();
    let (_, web) = moto.create_interfaces(1, "web");
    let vpc = moto.ec2("DescribeSecurityGroups", &[("GroupId.1", &web)]);
    let vpc = vpc.split("<vpcId>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let asked = [("GroupName", "clients"), ("GroupDescription", "made by a test"), ("VpcId", vpc.as_str())];
    let clients = moto.ec2("CreateSecurityGroup", &asked);
    let clients = clients.split("<groupId>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let tagged = [
        ("TagSpecification.1.ResourceType", "security-group-rule"),
        ("TagSpecification.1.Tag.1.Key", "team"),
        ("TagSpecification.1.Tag.1.Value", "pay $%{ments} ${x}"),
    ];
    let ports = |from, to| [("IpProtocol", "tcp"), ("FromPort", from), ("ToPort", to)];
    let hostile = "a ${rule} $%{ if true }\"of\" %%{ours}\\ $${x} <&> größe \u{202e} $";
    let v4 = |cidr| [("IpRanges.1.CidrIp", cidr), ("IpRanges.1.Description", hostile)];
    authorize(&moto, &web, "Ingress", &[&ports("0", "65535")[..], &v4("0.0.0.0/0"), &tagged].concat());
    // Without a description: moto does not give back that of a rule whose peer is a group, which it will be.
    authorize(&moto, &web, "Ingress", &[&ports("5432", "5432")[..], &v4("10.0.0.0/8")[..1]].concat());
    authorize(
        &moto,
        &web,
        "Ingress",
        &[&[("IpProtocol", "icmp"), ("FromPort", "-1"), ("ToPort", "-1")][..], &v4("192.0.2.0/24")].concat(),
    );
    authorize(&moto, &web, "Ingress", &[&ports("22", "22")[..], &v4("192.0.2.0/24")].concat());
    authorize(&moto, &web, "Ingress", &[&ports("80", "80")[..], &v4("198.51.100.0/24"), &tagged].concat());
    let folder = tempfile::tempdir().unwrap();
    let known = snapshot(&moto, folder.path());
    let rules = known.group(known.group_ix(&web).unwrap()).rules.clone();
    let find = |last_port: u16, peer: &str| -> Rule {
        let ends_there = |rule: &Rule| matches!(rule.ports, RulePorts::Range { to, .. } if to == last_port);
        let found = rules.iter().find(|rule| ends_there(rule) && rule.peer.to_string() == peer);
        found.unwrap_or_else(|| panic!("no {last_port} {peer}")).clone()
    };
    let wide = find(65535, "0.0.0.0/0");
    let wide = &wide;
    let (database, ssh) = (find(5432, "10.0.0.0/8"), find(22, "192.0.2.0/24"));
    let like = |old: &Rule, ports: (u16, u16), peer: &str| {
        let mut new = tcp(&known, &web, Direction::Ingress, ports, peer);
        new.description.clone_from(&old.description);
        new.tags.clone_from(&old.tags);
        new
    };
    let replaced = vec![
        (
            wide.id.as_str(),
            vec![like(wide, (443, 443), "10.1.0.0/16"), like(wide, (8443, 8443), "10.2.0.0/16")],
            Vec::new(),
        ),
        // Another kind of peer.
        (database.id.as_str(), vec![like(&database, (5432, 5432), &clients)], Vec::new()),
    ];
    let plan = plan(vec![group_plan(&known, &web, &[&ssh.id], replaced)]);
    let text = configuration(&plan);
    let mut environment = moto.environment();
    environment.push(("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned()));
    let Some(terraform) = Terraform::start(&text, environment) else { return };

    terraform.run(&["plan", "-input=false", "-no-color", "-out=plan.bin"]);
    let planned = terraform.json(&["show", "-json", "plan.bin"]);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for change in planned["resource_changes"].as_array().unwrap() {
        if change["change"]["importing"].is_object() {
            *counts.entry("import").or_default() += 1;
        }
        let actions: Vec<&str> =
            change["change"]["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect();
        for action in &actions {
            *counts.entry(action).or_default() += 1;
        }
        // Never deleted first.
        assert!(actions.first() != Some(&"delete"), "{change:#}");
    }
    let count = |what: &str| counts.get(what).copied().unwrap_or(0);
    let sentence = format!(
        "{} to import, {} to add, {} to change, {} to destroy.",
        count("import"),
        count("create"),
        count("update"),
        count("delete")
    );
    assert!(text.contains(&sentence), "Terraform means to do other things: {sentence}\n{text}");
    // Changed in place: the wide rule, and the one for ICMP, of which the file says why.
    assert_eq!((count("import"), count("create"), count("delete"), count("update")), (5, 2, 1, 2), "{counts:?}");
    assert!(text.contains("ICMP rules"));
    terraform.run(&["apply", "-input=false", "-no-color", "plan.bin"]);

    let after = snapshot(&moto, folder.path());
    let after = &after.group(after.group_ix(&web).unwrap()).rules;
    let found: BTreeSet<String> = after.iter().map(told).collect();
    let wanted: BTreeSet<String> = plan.groups[0].rules_after().chain([&ssh]).map(told).collect();
    assert_eq!(found, wanted);
    // What is narrowed in place keeps its id.
    let narrowed = existing_in(after, &wide.id);
    assert_eq!(told(narrowed), told(&plan.groups[0].replacements[0].by[0]));
    assert!(!after.iter().any(|rule| rule.id == database.id));
    assert_eq!(existing(&known, &ssh.id).id, existing_in(after, &ssh.id).id, "left for somebody to delete");
    // And now there is nothing to do.
    terraform.run(&["plan", "-input=false", "-no-color", "-detailed-exitcode"]);
}

fn existing_in<'a>(rules: &'a [Rule], id: &str) -> &'a Rule {
    rules.iter().find(|rule| rule.id == id).unwrap_or_else(|| panic!("{id} is gone"))
}
