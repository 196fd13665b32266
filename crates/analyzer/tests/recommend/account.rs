//! A small account as the AWS CLI prints it, and rules of one of its groups with what they were used for.

use analyzer::attribute::tally::{PortUses, Tally};
use analyzer::recommend::{Limits, Narrower, for_group};
use analyzer::report::model::Verdict;
use analyzer::verdict::RuleVerdict;
use inventory::{GroupIx, Inventory};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::IpAddr;

/// 2026-03-01T00:00:00Z.
pub const FIRST_DAY: u32 = 1_772_323_200;
pub const DAY: u32 = 86_400;

/// The group whose rules are narrowed; it is in vpc-1.
pub const GROUP: &str = "sg-web";

/// What `describe-*` print at some time.
#[derive(Clone, Default)]
pub struct Account {
    pub interfaces: Vec<Value>,
    pub groups: Vec<(String, String)>,
    pub rules: Vec<Value>,
    pub lists: Vec<Value>,
    pub subnets: Vec<Value>,
}

impl Account {
    /// One subnet, 10.0.1.0/24 in vpc-1, and a few groups there without rules.
    pub fn new() -> Account {
        let mut account = Account::default();
        for group in [GROUP, "sg-app", "sg-all", "sg-other"] {
            account.group(group, "vpc-1");
        }
        account.subnets.push(json!({"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24"}));
        account
    }

    pub fn group(&mut self, id: &str, vpc: &str) {
        self.groups.push((id.to_owned(), vpc.to_owned()));
    }

    /// An interface of vpc-1 with one address.
    pub fn interface(&mut self, id: &str, address: &str, groups: &[&str]) {
        self.interface_in("vpc-1", id, address, groups);
    }

    pub fn interface_in(&mut self, vpc: &str, id: &str, address: &str, groups: &[&str]) {
        let groups: Vec<Value> = groups.iter().map(|group| json!({"GroupId": group})).collect();
        self.interfaces.push(json!({"NetworkInterfaceId": id, "OwnerId": "123456789012", "VpcId": vpc,
            "InterfaceType": "interface", "PrivateIpAddress": address, "Groups": groups}));
    }

    /// An inbound rule of [`GROUP`], for a CIDR, a list or a group. `ports`: none for all protocols.
    pub fn rule(&mut self, id: &str, ports: Option<(u16, u16)>, peer: &str) {
        self.rule_of(id, false, ports, peer);
    }

    pub fn rule_of(&mut self, id: &str, is_egress: bool, ports: Option<(u16, u16)>, peer: &str) {
        let mut rule = json!({"SecurityGroupRuleId": id, "GroupId": GROUP, "GroupOwnerId": "123456789012",
            "IsEgress": is_egress, "IpProtocol": "-1", "FromPort": -1, "ToPort": -1});
        if let Some((from, to)) = ports {
            rule["IpProtocol"] = json!("tcp");
            rule["FromPort"] = json!(from);
            rule["ToPort"] = json!(to);
        }
        match peer {
            peer if peer.starts_with("pl-") => rule["PrefixListId"] = json!(peer),
            peer if peer.starts_with("sg-") => rule["ReferencedGroupInfo"] = json!({"GroupId": peer}),
            peer if peer.contains(':') => rule["CidrIpv6"] = json!(peer),
            peer => rule["CidrIpv4"] = json!(peer),
        }
        self.rules.push(rule);
    }

    /// A list of a customer, or, if it has a name, of AWS.
    pub fn list(&mut self, id: &str, name_of_aws: Option<&str>, entries: &[&str]) {
        let entries: Vec<Value> = entries.iter().map(|entry| json!({"Cidr": entry})).collect();
        let mut list =
            json!({"PrefixListId": id, "PrefixListName": "ours", "OwnerId": "123456789012", "Entries": entries});
        if let Some(name) = name_of_aws {
            list["PrefixListName"] = json!(name);
            list["OwnerId"] = json!("AWS");
        }
        self.lists.push(list);
    }

    fn document(&self, captured_at: Option<u32>) -> Value {
        let groups: Vec<Value> = self
            .groups
            .iter()
            .map(|(id, vpc)| json!({"GroupId": id, "GroupName": id, "OwnerId": "123456789012", "VpcId": vpc}))
            .collect();
        let mut document = json!({"NetworkInterfaces": self.interfaces, "SecurityGroups": groups,
            "SecurityGroupRules": self.rules, "PrefixLists": self.lists, "Subnets": self.subnets,
            "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"VpcId": "vpc-2", "CidrBlock": "10.2.0.0/16"}]});
        if let Some(time) = captured_at {
            document["CapturedAt"] = json!(time);
            document["AccountId"] = json!("123456789012");
            document["Region"] = json!("eu-west-1");
        }
        document
    }

    pub fn load(&self) -> Inventory {
        Inventory::from_texts(&[("a.json", &self.document(None).to_string())]).unwrap().inventory
    }

    /// The account as it was on some days, counted from [`FIRST_DAY`].
    pub fn load_timeline(days: &[(u32, &Account)]) -> Inventory {
        let texts: Vec<(String, String)> = days
            .iter()
            .map(|(day, account)| {
                let captured_at = FIRST_DAY + day * DAY;
                (format!("{day}.json"), account.document(Some(captured_at)).to_string())
            })
            .collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Inventory::from_texts(&texts).unwrap().inventory
    }
}

/// What a rule was used for.
pub struct Use {
    pub verdict: Verdict,
    pub proven: bool,
    /// Address and the days on which it was met.
    pub peers: Vec<(IpAddr, u32, u32)>,
    pub ports: Vec<u32>,
}

/// Used on port 443 by these peers, all on day 1.
pub fn used_by(peers: &[&str]) -> Use {
    let peers = peers.iter().map(|peer| (peer.parse().unwrap(), 1, 1)).collect();
    Use { verdict: Verdict::Used, proven: true, peers, ports: vec![443] }
}

impl Use {
    pub fn on_ports(mut self, ports: &[u32]) -> Use {
        self.ports = ports.to_vec();
        self
    }

    pub fn on_days(mut self, first: u32, last: u32) -> Use {
        for (_, from, to) in &mut self.peers {
            (*from, *to) = (first, last);
        }
        self
    }

    pub fn with_verdict(mut self, verdict: Verdict, proven: bool) -> Use {
        (self.verdict, self.proven) = (verdict, proven);
        self
    }
}

/// What is recommended for the rules of [`GROUP`], by id. Rules that are not mentioned have no evidence.
pub fn recommended(inventory: &Inventory, uses: Vec<(&str, Use)>, limits: &Limits) -> HashMap<String, Narrower> {
    let group: GroupIx = inventory.group_ix(GROUP).unwrap();
    let rules = &inventory.group(group).rules;
    let mut tallies = vec![Tally::default(); rules.len()];
    let unmentioned = RuleVerdict { verdict: Verdict::NoEvidence, reason: String::new(), proven: false };
    let mut verdicts = vec![unmentioned; rules.len()];
    for (id, used) in uses {
        let position = rules.iter().position(|rule| rule.id == id).unwrap();
        let tally = &mut tallies[position];
        for (peer, from, to) in used.peers {
            tally.requests += 1;
            // From noon to one o'clock.
            tally.peers.add(peer, FIRST_DAY + from * DAY + DAY / 2, FIRST_DAY + to * DAY + DAY / 2 + 3600);
        }
        tally.peers.settle();
        tally.ports.extend(used.ports.into_iter().map(|port| (port, PortUses { records: 1, first_seen: 0 })));
        verdicts[position].verdict = used.verdict;
        verdicts[position].proven = used.proven;
    }
    let found = for_group(inventory, group, &tallies, &verdicts, limits, None);
    assert_eq!(found.len(), rules.len());
    let by_id = rules.iter().zip(found).filter_map(|(rule, narrower)| Some((rule.id.clone(), narrower?)));
    by_id.collect()
}

/// The peers that are recommended for the one rule that has a recommendation, and what they open.
pub fn peers(found: &HashMap<String, Narrower>, rule: &str) -> Option<(Vec<String>, u128)> {
    let narrower = found.get(rule)?;
    assert!(narrower.after < narrower.before);
    Some((narrower.peers.iter().map(ToString::to_string).collect(), narrower.after.as_u128()))
}
