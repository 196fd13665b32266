//! One rule in the words of the EC2 API and of the shell: the `IpPermissions` that make it, its tags, and how it is listed.

use crate::report::model::PortSpan;
use crate::report::printable::printable;
use crate::report::wording;
use inventory::{Direction, Peer, Protocol, Rule, RulePorts};
use ipnet::IpNet;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::Write;

/// `IpPermission` of the EC2 API reference. What is empty is left out: an empty description is none.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct IpPermission<'a> {
    ip_protocol: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_port: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_port: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_ranges: Option<[IpRange<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6_ranges: Option<[Ipv6Range<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_list_ids: Option<[PrefixListId<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id_group_pairs: Option<[UserIdGroupPair<'a>; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct IpRange<'a> {
    cidr_ip: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Ipv6Range<'a> {
    cidr_ipv6: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixListId<'a> {
    prefix_list_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserIdGroupPair<'a> {
    group_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagSpecification<'a> {
    resource_type: &'a str,
    tags: Vec<Tag<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Filter<'a> {
    name: &'a str,
    values: &'a [&'a str],
}

/// The rule with its description, to make it.
pub(super) fn to_authorize(rule: &Rule) -> String {
    let description = Some(rule.description.as_str()).filter(|text| !text.is_empty());
    ascii_json(&[permission(rule, description)])
}

/// The rule without its description, which need not be given to revoke it and so cannot differ (EC2 API reference,
/// `RevokeSecurityGroupIngress`).
pub(super) fn to_revoke(rule: &Rule) -> String {
    ascii_json(&[permission(rule, None)])
}

/// `TagSpecifications` with the tags of a rule; none if it has none that can be given: keys that begin with `aws:` only AWS sets
/// (Tagging AWS Resources User Guide, "Tag naming limits and requirements").
pub(super) fn tags(rule: &Rule) -> Option<String> {
    let mut tags = Vec::new();
    for (key, value) in &rule.tags {
        let is_reserved = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
        if !is_reserved {
            tags.push(Tag { key, value });
        }
    }
    if tags.is_empty() {
        return None;
    }
    Some(ascii_json(&[TagSpecification { resource_type: "security-group-rule", tags }]))
}

/// The filter of `describe-security-group-rules` for the rules of some groups, at most 200.
pub(super) fn filter_of_groups(groups: &[&str]) -> String {
    ascii_json(&[Filter { name: "group-id", values: groups }])
}

fn permission<'a>(rule: &'a Rule, description: Option<&'a str>) -> IpPermission<'a> {
    let (from_port, to_port) = ports(rule);
    let ip_protocol = rule.protocol.map_or("-1".to_owned(), Protocol::name);
    let mut permission = IpPermission { ip_protocol, from_port, to_port, ..IpPermission::default() };
    match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => {
            permission.ip_ranges = Some([IpRange { cidr_ip: net.to_string(), description }]);
        }
        Peer::Cidr(IpNet::V6(net)) => {
            permission.ipv6_ranges = Some([Ipv6Range { cidr_ipv6: net.to_string(), description }]);
        }
        Peer::PrefixList(id) => {
            permission.prefix_list_ids = Some([PrefixListId { prefix_list_id: id, description }]);
        }
        Peer::Group { id, owner, vpc } => {
            let (user_id, vpc_id) = (owner.as_deref(), vpc.as_deref());
            permission.user_id_group_pairs = Some([UserIdGroupPair { group_id: id, user_id, vpc_id, description }]);
        }
    }
    permission
}

/// `FromPort` and `ToPort`: for ICMP type and code, -1 being all; none for protocols whose ports AWS ignores.
fn ports(rule: &Rule) -> (Option<i32>, Option<i32>) {
    match rule.ports {
        RulePorts::Range { from, to } => (Some(i32::from(from)), Some(i32::from(to))),
        RulePorts::Icmp { ty, code } => (Some(ty.map_or(-1, i32::from)), Some(code.map_or(-1, i32::from))),
        // For these two ports must be given.
        RulePorts::All if rule.protocol.is_some_and(Protocol::has_ports) => (Some(0), Some(65535)),
        RulePorts::All => (None, None),
    }
}

/// JSON in which everything but ASCII is escaped, so that it means the same in every locale and nothing in it is invisible.
fn ascii_json(value: &impl Serialize) -> String {
    // Strings, numbers and lists always have a form.
    let json = serde_json::to_string(value).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() && !character.is_ascii_control() {
            ascii.push(character);
            continue;
        }
        // Only inside strings is there anything else.
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

/// Direction, protocol, ports and peer as the script's `read_rules` puts together what EC2 lists.
pub(super) fn content(rule: &Rule) -> String {
    let protocol = rule.protocol.map_or("-1".to_owned(), Protocol::name);
    let ports = match rule.ports {
        RulePorts::All => "all".to_owned(),
        RulePorts::Range { from, to } => format!("{from}-{to}"),
        RulePorts::Icmp { ty, code } => format!("{}/{}", ty.map_or(-1, i32::from), code.map_or(-1, i32::from)),
    };
    format!("{} {protocol} {ports} {}", direction(rule.direction), rule.peer)
}

/// The rule for people: `inbound tcp 443 from 10.0.0.0/8`. Safe to print.
pub(super) fn words(rule: &Rule) -> String {
    let protocol = rule.protocol.map_or("all".to_owned(), Protocol::name);
    let ports = match rule.ports {
        RulePorts::Range { from: 0, to: u16::MAX } => " all".to_owned(),
        RulePorts::Range { from, to } => format!(" {}", wording::port_span(PortSpan { from, to })),
        RulePorts::Icmp { ty: None, .. } => " all".to_owned(),
        RulePorts::Icmp { ty: Some(ty), code: None } => format!(" type {ty}"),
        RulePorts::Icmp { ty: Some(ty), code: Some(code) } => format!(" type {ty} code {code}"),
        RulePorts::All if rule.protocol.is_some_and(Protocol::has_ports) => " all".to_owned(),
        RulePorts::All => String::new(),
    };
    let named = rule.protocol.is_none_or(|known| known.name() != known.0.to_string());
    let kind = if named { "" } else { "protocol " };
    let preposition = match rule.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let way = way(rule.direction);
    format!("{way} {kind}{protocol}{ports} {preposition} {}", printable(&rule.peer.to_string()))
}

/// The last word of the commands that change rules of a direction.
pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    }
}

/// The direction for people.
pub(super) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "inbound",
        Direction::Egress => "outbound",
    }
}

/// One word for the shell. Control characters, which no id of AWS has, become visible escapes first.
pub(super) fn quoted(text: &str) -> String {
    let text = printable(text);
    // Only NUL cannot be quoted, and it is a control character.
    shlex::try_quote(&text).unwrap_or(Cow::Borrowed("''")).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use inventory::Inventory;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::process::Command;

    /// The rules of a group that the AWS CLI printed so.
    fn rules(items: &[Value]) -> Vec<Rule> {
        let mut listed = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mut rule = json!({"SecurityGroupRuleId": format!("sgr-{index}"), "GroupId": "sg-1", "IsEgress": false});
            rule.as_object_mut().unwrap().append(&mut item.as_object().unwrap().clone());
            listed.push(rule);
        }
        let text = json!({ "SecurityGroupRules": listed }).to_string();
        let inventory = Inventory::from_texts(&[("rules.json", &text)]).unwrap().inventory;
        let mut rules = inventory.groups()[0].rules.clone();
        rules.sort_by(|left, right| left.id.cmp(&right.id));
        rules
    }

    fn rule(item: Value) -> Rule {
        rules(&[item]).remove(0)
    }

    /// Shapes of `IpPermission` from the EC2 API reference.
    #[test]
    fn permissions_have_the_shape_of_the_ec2_api() {
        let reference = json!({"GroupId": "sg-2", "UserId": "210987654321", "VpcId": "vpc-9"});
        let cases = [
            (
                json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444, "CidrIpv4": "10.0.0.0/8", "Description": "a"}),
                json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444,
                    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}]}),
            ),
            (
                json!({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv6": "::/0", "Description": ""}),
                json!({"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
            ),
            (
                json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "PrefixListId": "pl-1", "Description": "b"}),
                json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1,
                    "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "b"}]}),
            ),
            (
                json!({"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1, "CidrIpv6": "2001:db8::/32"}),
                json!({"IpProtocol": "icmpv6", "FromPort": -1, "ToPort": -1,
                    "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}),
            ),
            (
                json!({"IpProtocol": "50", "FromPort": -1, "ToPort": -1, "ReferencedGroupInfo": reference,
                    "Description": "c"}),
                json!({"IpProtocol": "50", "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "210987654321",
                    "VpcId": "vpc-9", "Description": "c"}]}),
            ),
            (
                json!({"IpProtocol": "udp", "CidrIpv4": "10.0.0.0/8"}),
                json!({"IpProtocol": "udp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}),
            ),
        ];
        for (listed, mut expected) in cases {
            let rule = rule(listed);
            let given: Value = serde_json::from_str(&to_authorize(&rule)).unwrap();
            assert_eq!(given, json!([expected]));
            for key in ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"] {
                if let Some(peer) = expected.get_mut(key) {
                    peer[0].as_object_mut().unwrap().remove("Description");
                }
            }
            let revoked: Value = serde_json::from_str(&to_revoke(&rule)).unwrap();
            assert_eq!(revoked, json!([expected]), "the description need not match");
        }
    }

    #[test]
    fn tags_that_only_aws_sets_are_left_out() {
        let tag = |key: &str| json!({"Key": key, "Value": "v"});
        let mut item = json!({"IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8"});
        item["Tags"] = json!([tag("aws:cloudformation:stack-name"), tag("AWS:x"), tag("awsome"), tag("\u{e9}:")]);
        let given: Value = serde_json::from_str(&tags(&rule(item.clone())).unwrap()).unwrap();
        let specification = json!([{"ResourceType": "security-group-rule", "Tags": [tag("awsome"), tag("\u{e9}:")]}]);
        assert_eq!(given, specification);
        item["Tags"] = json!([tag("aws:x")]);
        assert_eq!(tags(&rule(item)), None);
    }

    #[test]
    fn rules_read_as_people_say_them_and_as_the_script_lists_them() {
        let said = |item: Value| {
            let rule = rule(item);
            (words(&rule), content(&rule))
        };
        let pair = |words: &str, content: &str| (words.to_owned(), content.to_owned());
        assert_eq!(
            said(json!({"IpProtocol": "6", "FromPort": 80, "ToPort": 89, "CidrIpv4": "10.0.0.0/8", "IsEgress": true})),
            pair("outbound tcp 80-89 to 10.0.0.0/8", "egress tcp 80-89 10.0.0.0/8")
        );
        assert_eq!(
            said(json!({"IpProtocol": "-1", "PrefixListId": "pl-1"})),
            pair("inbound all from pl-1", "ingress -1 all pl-1")
        );
        assert_eq!(
            said(json!({"IpProtocol": "icmp", "FromPort": 3, "ToPort": 4, "CidrIpv4": "10.0.0.0/8"})),
            pair("inbound icmp type 3 code 4 from 10.0.0.0/8", "ingress icmp 3/4 10.0.0.0/8")
        );
        assert_eq!(
            said(json!({"IpProtocol": "47", "ReferencedGroupInfo": {"GroupId": "sg-2"}})),
            pair("inbound protocol 47 from sg-2", "ingress 47 all sg-2")
        );
        assert_eq!(
            said(json!({"IpProtocol": "udp", "FromPort": 0, "ToPort": 65535, "CidrIpv6": "::/0"})),
            pair("inbound udp all from ::/0", "ingress udp 0-65535 ::/0")
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// bash itself says what it makes of the words.
        #[test]
        fn every_text_is_one_word_to_bash(texts in prop::collection::vec("(?s)[ -~]{0,12}|.{0,12}", 1..20)) {
            let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            let script = format!("printf '%s\\0' {}", quoted.join(" "));
            let output = Command::new("bash").arg("-c").arg(script).output().unwrap();
            let printed: String = texts.iter().map(|text| format!("{}\0", printable(text))).collect();
            prop_assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
        }

        #[test]
        fn json_is_visible_ascii_and_says_the_same(text in "(?s).{0,40}") {
            let json = ascii_json(&[&text]);
            prop_assert!(json.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{}", json);
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), vec![text]);
        }
    }
}
