//! One rule, one resource: its arguments by hand, from the provider's documentation.

use crate::document::{Document, EGRESS, INGRESS, Resource, read};
use crate::workshop::{ACCOUNT, OTHER_ACCOUNT, group, group_plan, inventory, plan, rule, tcp, v4};
use analyzer::plan::model::Plan;
use analyzer::plan::terraform::configuration;
use hcl::Value;
use inventory::Direction;
use serde_json::json;
use std::collections::BTreeMap;

const GROUP: &str = "sg-0a1b2c3d";

/// The resource that takes over this rule.
fn of<'a>(document: &'a Document, id: &str) -> &'a Resource {
    let (address, _) =
        document.imports.iter().find(|(_, imported)| *imported == id).unwrap_or_else(|| panic!("no {id}"));
    &document.resources[address]
}

/// A plan that keeps all of these rules but one.
fn keeping(rules: Vec<serde_json::Value>) -> Plan {
    let mut rules = rules;
    rules.push(rule("sgr-gone", GROUP, false, ("tcp", 1, 1), v4("192.0.2.1/32")));
    let known = inventory(&[group(GROUP, "web", ACCOUNT, "eu-west-1")], &rules);
    plan(vec![group_plan(&known, GROUP, &["sgr-gone"], Vec::new())])
}

#[test]
fn every_kind_of_rule_has_the_arguments_that_the_provider_documents() {
    let group_of = |owner: &str| ("ReferencedGroupInfo", json!({"GroupId": "sg-0b", "UserId": owner}));
    let rules = vec![
        rule("sgr-01", GROUP, false, ("tcp", 443, 443), v4("10.0.0.0/8")),
        rule("sgr-02", GROUP, false, ("udp", 8000, 8010), ("CidrIpv6", json!("2001:DB8::/56"))),
        rule("sgr-03", GROUP, true, ("-1", -1, -1), v4("0.0.0.0/0")),
        rule("sgr-04", GROUP, false, ("icmp", 8, 0), v4("0.0.0.0/0")),
        rule("sgr-05", GROUP, false, ("icmp", 3, -1), v4("0.0.0.0/0")),
        rule("sgr-06", GROUP, false, ("icmpv6", -1, -1), ("CidrIpv6", json!("::/0"))),
        rule("sgr-07", GROUP, false, ("47", -1, -1), ("PrefixListId", json!("pl-0a"))),
        rule("sgr-08", GROUP, false, ("tcp", 0, 65535), group_of(ACCOUNT)),
        rule("sgr-09", GROUP, true, ("tcp", 22, 22), group_of(OTHER_ACCOUNT)),
        rule("sgr-10", GROUP, true, ("58", -1, -1), ("CidrIpv6", json!("::/0"))),
    ];
    let document = read(&configuration(&keeping(rules)));
    document.check();
    type Expected = (&'static str, &'static str, &'static str, (&'static str, &'static str), Option<(i64, i64)>);
    let expected: [Expected; 10] = [
        ("sgr-01", INGRESS, "tcp", ("cidr_ipv4", "10.0.0.0/8"), Some((443, 443))),
        ("sgr-02", INGRESS, "udp", ("cidr_ipv6", "2001:db8::/56"), Some((8000, 8010))),
        ("sgr-03", EGRESS, "-1", ("cidr_ipv4", "0.0.0.0/0"), None),
        ("sgr-04", INGRESS, "icmp", ("cidr_ipv4", "0.0.0.0/0"), Some((8, 0))),
        ("sgr-05", INGRESS, "icmp", ("cidr_ipv4", "0.0.0.0/0"), Some((3, -1))),
        ("sgr-06", INGRESS, "icmpv6", ("cidr_ipv6", "::/0"), Some((-1, -1))),
        ("sgr-07", INGRESS, "47", ("prefix_list_id", "pl-0a"), None),
        ("sgr-08", INGRESS, "tcp", ("referenced_security_group_id", "sg-0b"), Some((0, 65535))),
        ("sgr-09", EGRESS, "tcp", ("referenced_security_group_id", "444455556666/sg-0b"), Some((22, 22))),
        ("sgr-10", EGRESS, "icmpv6", ("cidr_ipv6", "::/0"), Some((-1, -1))),
    ];
    for (id, kind, protocol, peer, ports) in expected {
        let resource = of(&document, id);
        assert_eq!(resource.kind, kind, "{id}");
        let mut arguments = BTreeMap::from([
            ("security_group_id".to_owned(), Value::from(GROUP)),
            ("ip_protocol".to_owned(), Value::from(protocol)),
            (peer.0.to_owned(), Value::from(peer.1)),
        ]);
        if let Some((from, to)) = ports {
            arguments.insert("from_port".to_owned(), Value::from(from));
            arguments.insert("to_port".to_owned(), Value::from(to));
        }
        assert_eq!(resource.arguments, arguments, "{id}");
    }
    assert_eq!(document.imports.len(), 10, "the rule that goes is in no block");
    assert_eq!(document.resources.len(), 10);
}

#[test]
fn descriptions_and_tags_are_what_they_were() {
    let hostile = [
        "plain",
        "${file(\"/etc/passwd\")} %{ if true }x%{ endif }",
        "$${already} %%{escaped}",
        "a \"quoted\" \\ back\\slash \\n \\u0041",
        "line\nbreak\r\n\ttab",
        "\u{1b}[31mred\u{7} \u{9b}31m \u{7f}",
        "\u{202e}evil \u{200b}\u{feff}\u{e0041}",
        "größe 日本語 🚀",
        "# no comment // nor this /* nor this */",
        "<<EOF\n}\nresource \"x\" \"y\" {}\nEOF",
        "*/ } resource",
        "$%{ if true }run%{ endif } %${run} ${a} $${b} $$${c} %%{d} %%%{e} $%$%{f} ends in $",
    ];
    let mut rules = Vec::new();
    for (number, text) in hostile.iter().enumerate() {
        let port = number as i64 + 1;
        let mut rule = rule(&format!("sgr-{number:02}"), GROUP, false, ("tcp", port, port), v4("10.0.0.0/8"));
        rule["Description"] = json!(text);
        rule["Tags"] = json!([{"Key": text, "Value": text}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}]);
        rules.push(rule);
    }
    let text = configuration(&keeping(rules));
    // Nothing that a terminal would obey.
    assert!(text.chars().all(|character| character == '\n' || !character.is_control()));
    assert!(!text.contains(['\u{202e}', '\u{200b}', '\u{feff}', '\u{e0041}']));
    let document = read(&text);
    document.check();
    assert_eq!(document.resources.len(), hostile.len());
    for (number, hostile) in hostile.iter().enumerate() {
        let tags = of(&document, &format!("sgr-{number:02}")).arguments["tags"].as_object().unwrap();
        // AWS's own tags cannot be set.
        assert_eq!(tags.len(), 1);
        // The HCL library does not read every `%%{` as it is meant; what the text says is decoded by hand.
        let section = text.split(&format!("  id = \"sgr-{number:02}\"\n")).nth(1).unwrap();
        let line = |start: &str| section.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
        let description = line("  description = \"");
        let description = description.strip_prefix("  description = \"").unwrap().strip_suffix('"').unwrap();
        assert_eq!(decoded(description), *hostile);
        let tag = line("    \"");
        assert_eq!(tag, format!("    \"{description}\" = \"{description}\""));
    }
}

/// The string that Terraform makes of a quoted one: the HCL specification, "Template literals" and "Quoted strings". A sign twice before
/// a brace stands for itself; one sign before a brace would be a template.
fn decoded(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < characters.len() {
        let rest = &characters[at..];
        let code = |digits: usize| -> char {
            let hexadecimal: String = rest[2..2 + digits].iter().collect();
            char::from_u32(u32::from_str_radix(&hexadecimal, 16).unwrap()).unwrap()
        };
        let (character, length) = match rest {
            ['\\', 'n', ..] => ('\n', 2),
            ['\\', 'r', ..] => ('\r', 2),
            ['\\', 't', ..] => ('\t', 2),
            ['\\', '"', ..] => ('"', 2),
            ['\\', '\\', ..] => ('\\', 2),
            ['\\', 'u', ..] => (code(4), 6),
            ['\\', 'U', ..] => (code(8), 10),
            ['$', '$', '{', ..] | ['%', '%', '{', ..] => {
                out.push(rest[0]);
                ('{', 3)
            }
            ['$' | '%', '{', ..] | ['"', ..] | ['\\', ..] => panic!("Terraform would not take this for text: {text}"),
            [character, ..] => (*character, 1),
            [] => break,
        };
        out.push(character);
        at += length;
    }
    out
}

/// What Terraform 1.11 prints for such strings in `terraform console`.
#[test]
fn strings_are_decoded_as_terraform_does() {
    for (written, meant) in [
        ("$$${already} %%%{escaped}", "$${already} %%{escaped}"),
        ("$$$${x}", "$$${x}"),
        ("100% $ %% $$", "100% $ %% $$"),
        ("\\u001b \\u202e \\U000e0041", "\u{1b} \u{202e} \u{e0041}"),
    ] {
        assert_eq!(decoded(written), meant);
    }
}

#[test]
fn the_same_rule_has_the_same_name_whatever_else_changes() {
    let one = rule("sgr-01", GROUP, false, ("tcp", 443, 443), v4("10.0.0.0/8"));
    let two = rule("sgr-02", GROUP, true, ("tcp", 443, 443), v4("10.0.0.0/8"));
    let names = |rules: Vec<serde_json::Value>| read(&configuration(&keeping(rules))).imports;
    let few = names(vec![one.clone()]);
    let many = names(vec![two, one]);
    let (address, _) = few.first_key_value().unwrap();
    assert_eq!(address, "aws_vpc_security_group_ingress_rule.sg_0a1b2c3d_tcp_443_10_0_0_0_8");
    assert!(many.contains_key(address));
    // The same name for the way out is another address.
    assert!(many.contains_key("aws_vpc_security_group_egress_rule.sg_0a1b2c3d_tcp_443_10_0_0_0_8"));
}

#[test]
fn names_that_come_out_equal_are_told_apart() {
    // `sg-a` and `sg.a` are no ids of AWS, but nothing else is known of a file.
    let ids = ["sg-a", "sg.a", "9"];
    let mut groups = Vec::new();
    let mut rules = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        groups.push(group(id, "", ACCOUNT, "eu-west-1"));
        rules.push(rule(&format!("sgr-{number}"), id, false, ("tcp", 22, 22), v4("10.0.0.0/8")));
        rules.push(rule(&format!("sgr-gone{number}"), id, false, ("tcp", 1, 1), v4("10.0.0.0/8")));
    }
    let known = inventory(&groups, &rules);
    let gone: Vec<String> = (0..ids.len()).map(|number| format!("sgr-gone{number}")).collect();
    let plans = ids.iter().zip(&gone).map(|(id, gone)| group_plan(&known, id, &[gone], Vec::new())).collect();
    let document = read(&configuration(&plan(plans)));
    document.check();
    assert_eq!(document.resources.len(), 3);
}

#[test]
fn a_rule_that_is_narrowed_keeps_its_id_and_waits_for_the_others() {
    let rules = [
        rule("sgr-wide", GROUP, false, ("tcp", 0, 65535), v4("0.0.0.0/0")),
        rule("sgr-stays", GROUP, false, ("tcp", 80, 80), v4("10.0.0.0/8")),
    ];
    let known = inventory(&[group(GROUP, "web", ACCOUNT, "eu-west-1")], &rules);
    let new = |ports, peer| tcp(&known, GROUP, Direction::Ingress, ports, peer);
    let by = vec![new((443, 443), "sg-0b"), new((443, 443), "10.1.0.0/16"), new((22, 22), "10.1.0.0/16")];
    let stays = crate::workshop::existing(&known, "sgr-stays");
    let plan = plan(vec![group_plan(&known, GROUP, &[], vec![("sgr-wide", by, vec![stays])])]);
    let document = read(&configuration(&plan));
    document.check();
    let narrowed = of(&document, "sgr-wide");
    // The first whose peer is a CIDR of the same family: that one AWS can change it into.
    assert_eq!(narrowed.arguments["cidr_ipv4"].as_str(), Some("10.1.0.0/16"));
    assert_eq!(narrowed.arguments["from_port"].as_i64(), Some(443));
    assert!(!narrowed.create_before_destroy);
    let names = ["sg_0a1b2c3d_tcp_443_sg_0b", "sg_0a1b2c3d_tcp_22_10_1_0_0_16"];
    assert_eq!(narrowed.depends_on, names.map(|name| format!("{INGRESS}.{name}")));
    assert_eq!(document.imports.len(), 2);
    assert_eq!(document.resources.len(), 4);
}
