//! An account in memory with a VPC, security groups and rules, and how it looks at a moment.

use inventory::{Direction, Inventory, Peer, Protocol, Rule, RulePorts};
use serde_json::{Value, json};
use servers::{AwsCli, Moto};
use std::collections::{BTreeMap, BTreeSet};

/// By group id: its rules in lines that leave nothing out but their ids.
pub type Rules = BTreeMap<String, BTreeSet<String>>;

pub struct Account {
    pub moto: Moto,
    pub cli: AwsCli,
    vpc: String,
}

impl Account {
    pub fn start() -> Account {
        let moto = Moto::start();
        let cli = AwsCli::of(&moto);
        let vpc = element(&moto.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]), "vpcId");
        Account { moto, cli, vpc }
    }

    /// A group with the rule that every new group has: everything out to anywhere.
    pub fn group(&self, name: &str) -> String {
        let asked = [("GroupName", name), ("GroupDescription", "made by a test"), ("VpcId", self.vpc.as_str())];
        element(&self.moto.ec2("CreateSecurityGroup", &asked), "groupId")
    }

    pub fn prefix_list(&self) -> String {
        let asked = [
            ("PrefixListName", "resolvers"),
            ("MaxEntries", "5"),
            ("AddressFamily", "IPv4"),
            ("Entry.1.Cidr", "203.0.113.0/24"),
        ];
        element(&self.moto.ec2("CreateManagedPrefixList", &asked), "prefixListId")
    }

    /// Makes a rule and gives its id. `way` is `Ingress` or `Egress`; `ports` are none for all protocols.
    pub fn rule(
        &self,
        group: &str,
        way: &str,
        (protocol, ports): (&str, Option<(i32, i32)>),
        peer: &str,
        description: &str,
        tags: &[(&str, &str)],
    ) -> String {
        let (list, key) = match peer {
            _ if peer.starts_with("sg-") => ("Groups", "GroupId"),
            _ if peer.starts_with("pl-") => ("PrefixListIds", "PrefixListId"),
            _ if peer.contains(':') => ("Ipv6Ranges", "CidrIpv6"),
            _ => ("IpRanges", "CidrIp"),
        };
        let mut asked = vec![("GroupId".to_owned(), group.to_owned())];
        let mut give = |name: String, value: &str| asked.push((name, value.to_owned()));
        give("IpPermissions.1.IpProtocol".to_owned(), protocol);
        if let Some((from, to)) = ports {
            give("IpPermissions.1.FromPort".to_owned(), &from.to_string());
            give("IpPermissions.1.ToPort".to_owned(), &to.to_string());
        }
        give(format!("IpPermissions.1.{list}.1.{key}"), peer);
        if !description.is_empty() {
            give(format!("IpPermissions.1.{list}.1.Description"), description);
        }
        for (index, (key, value)) in tags.iter().enumerate() {
            give("TagSpecification.1.ResourceType".to_owned(), "security-group-rule");
            give(format!("TagSpecification.1.Tag.{}.Key", index + 1), key);
            give(format!("TagSpecification.1.Tag.{}.Value", index + 1), value);
        }
        let asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = self.moto.ec2(&format!("AuthorizeSecurityGroup{way}"), &asked);
        element(&answer, "securityGroupRuleId")
    }

    /// An inventory document: what the AWS CLI prints of groups and rules.
    pub fn described(&self) -> Value {
        let groups = self.cli.json(&["ec2", "describe-security-groups"])["SecurityGroups"].take();
        let mut rules = self.cli.json(&["ec2", "describe-security-group-rules"])["SecurityGroupRules"].take();
        for rule in rules.as_array_mut().unwrap() {
            if let Some(description) = description_of_reference(&groups, rule) {
                rule["Description"] = json!(description);
            }
        }
        json!({"SecurityGroups": groups, "SecurityGroupRules": rules})
    }

    pub fn inventory(&self) -> Inventory {
        Inventory::from_texts(&[("account.json", &self.described().to_string())]).unwrap().inventory
    }

    /// All rules as they are now.
    pub fn rules(&self) -> Rules {
        let mut found = Rules::new();
        for rule in self.described()["SecurityGroupRules"].as_array().unwrap() {
            found.entry(text(rule, "GroupId")).or_default().insert(listed_line(rule));
        }
        found
    }
}

/// The text of the first element of that name.
pub fn element(xml: &str, name: &str) -> String {
    let after = xml.split(&format!("<{name}>")).nth(1).unwrap_or_else(|| panic!("no <{name}> in {xml}"));
    after.split(&format!("</{name}>")).next().unwrap().to_owned()
}

/// moto tells it only here.
fn description_of_reference(groups: &Value, rule: &Value) -> Option<String> {
    let peer = rule["ReferencedGroupInfo"]["GroupId"].as_str()?;
    let group = groups.as_array()?.iter().find(|group| group["GroupId"] == rule["GroupId"])?;
    let way = if rule["IsEgress"] == true { "IpPermissionsEgress" } else { "IpPermissions" };
    for permission in group[way].as_array()? {
        let same = ["IpProtocol", "FromPort", "ToPort"].iter().all(|key| permission[*key] == rule[*key]);
        let pairs = permission["UserIdGroupPairs"].as_array()?;
        if let Some(pair) = pairs.iter().find(|pair| same && pair["GroupId"] == peer) {
            return pair["Description"].as_str().map(str::to_owned);
        }
    }
    None
}

fn text(item: &Value, key: &str) -> String {
    item[key].as_str().unwrap_or_default().to_owned()
}

fn listed_line(rule: &Value) -> String {
    let way = if rule["IsEgress"] == true { "out" } else { "in" };
    let peers = [&rule["CidrIpv4"], &rule["CidrIpv6"], &rule["PrefixListId"], &rule["ReferencedGroupInfo"]["GroupId"]];
    let peer = peers.iter().find_map(|peer| peer.as_str()).unwrap();
    let mut tags = Vec::new();
    for tag in rule["Tags"].as_array().into_iter().flatten() {
        tags.push((text(tag, "Key"), text(tag, "Value")));
    }
    tags.sort();
    let has_ports = rule["IpProtocol"] != "-1";
    let port = |key: &str| rule[key].as_i64().filter(|_| has_ports);
    let (from, to) = (port("FromPort"), port("ToPort"));
    let description = text(rule, "Description");
    format!("{way} {} {from:?} {to:?} {peer} {description:?} {tags:?}", text(rule, "IpProtocol"))
}

/// The line of a rule of ours, put together anew rather than by the code under test.
pub fn planned_line(rule: &Rule) -> String {
    let way = if rule.direction == Direction::Egress { "out" } else { "in" };
    let protocol = match rule.protocol {
        None => "-1".to_owned(),
        Some(Protocol(1)) => "icmp".to_owned(),
        Some(Protocol(6)) => "tcp".to_owned(),
        Some(Protocol(17)) => "udp".to_owned(),
        Some(Protocol(58)) => "icmpv6".to_owned(),
        Some(Protocol(other)) => other.to_string(),
    };
    let (from, to): (Option<i64>, Option<i64>) = match rule.ports {
        RulePorts::All => (None, None),
        RulePorts::Range { from, to } => (Some(from.into()), Some(to.into())),
        RulePorts::Icmp { ty, code } => (Some(ty.map_or(-1, i64::from)), Some(code.map_or(-1, i64::from))),
    };
    let peer = match &rule.peer {
        Peer::Cidr(net) => net.to_string(),
        Peer::PrefixList(id) | Peer::Group { id, .. } => id.clone(),
    };
    format!("{way} {protocol} {from:?} {to:?} {peer} {:?} {:?}", rule.description, rule.tags)
}
