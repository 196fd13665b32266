//! A world as the AWS CLI would print it.

use crate::world::{Attachment, Group, InterfaceState, Peer, Rule, Snapshot, World};
use serde_json::{Value, json};

impl World {
    pub fn to_texts(&self) -> Vec<(String, String)> {
        let mut texts = Vec::new();
        for (number, scope) in self.scopes.iter().enumerate() {
            for (index, snapshot) in scope.snapshots.iter().enumerate() {
                let mut document = json!({ "PrefixLists": self.lists_json(snapshot) });
                if let Some(interfaces) = &snapshot.interfaces {
                    let items: Vec<Value> =
                        interfaces.iter().map(|(number, state)| self.interface_json(*number, state)).collect();
                    document["NetworkInterfaces"] = Value::Array(items);
                }
                let groups: Vec<&Group> = self
                    .groups
                    .iter()
                    .filter(|group| scope.account.as_ref().is_none_or(|a| *a == group.owner))
                    .collect();
                document["SecurityGroups"] = groups.iter().map(|group| self.group_json(group)).collect();
                if self.as_rules {
                    let rules = self.rules.iter().filter(|rule| groups.iter().any(|group| group.id == rule.group));
                    document["SecurityGroupRules"] = rules.map(rule_json).collect();
                }
                if let (Some(time), Some(account)) = (snapshot.time, &scope.account) {
                    document["CapturedAt"] = json!(time);
                    document["AccountId"] = json!(account);
                    document["Region"] = json!("eu-west-1");
                }
                texts.push((format!("scope-{number}-{index}.json"), document.to_string()));
            }
        }
        let groups: Vec<Value> = self.groups.iter().map(|group| self.group_json(group)).collect();
        let has_all = |account: &str| {
            self.scopes.iter().any(|scope| {
                scope.account.as_deref().is_none_or(|other| other == account) && !scope.snapshots.is_empty()
            })
        };
        // An account without any snapshot still has its groups, undated.
        let missing: Vec<Value> = groups
            .into_iter()
            .zip(&self.groups)
            .filter(|(_, group)| !has_all(&group.owner))
            .map(|(value, _)| value)
            .collect();
        if !missing.is_empty() {
            texts.push(("groups.json".to_string(), json!({ "SecurityGroups": missing }).to_string()));
        }
        if self.vpcs_read {
            texts.push(("vpcs.json".to_string(), self.vpcs_json().to_string()));
        }
        if self.subnets_read {
            texts.push(("subnets.json".to_string(), self.subnets_json().to_string()));
        }
        let associations: Vec<Value> =
            self.associations.iter().map(|(group, vpc)| json!({"GroupId": group, "VpcId": vpc})).collect();
        texts.push((
            "associations.json".to_string(),
            json!({ "SecurityGroupVpcAssociations": associations }).to_string(),
        ));
        texts
    }

    fn lists_json(&self, snapshot: &Snapshot) -> Value {
        let mut items = Vec::new();
        for (id, entries) in &snapshot.lists {
            let mut item = json!({ "PrefixListId": id });
            if let Some(entries) = entries {
                item["Entries"] = entries.iter().map(|cidr| json!({ "Cidr": cidr })).collect();
            }
            items.push(item);
        }
        Value::Array(items)
    }

    fn interface_json(&self, number: usize, state: &InterfaceState) -> Value {
        let interface = &self.interfaces[number];
        let mut item = json!({
            "NetworkInterfaceId": interface.id, "OwnerId": interface.owner, "VpcId": interface.vpc,
            "PrivateIpAddress": state.addresses[0],
        });
        let (v6, v4): (Vec<&String>, Vec<&String>) = state.addresses.iter().partition(|address| address.contains(':'));
        item["PrivateIpAddresses"] = v4.iter().map(|address| json!({ "PrivateIpAddress": address })).collect();
        item["Ipv6Addresses"] = v6.iter().map(|address| json!({ "Ipv6Address": address })).collect();
        if let Some(prefix) = &state.prefix {
            item["Ipv4Prefixes"] = json!([{ "Ipv4Prefix": prefix }]);
        }
        if let Some(kind) = &interface.kind {
            item["InterfaceType"] = json!(kind);
        }
        if let Some(groups) = &state.groups {
            item["Groups"] = groups.iter().map(|group| json!({ "GroupId": group })).collect();
        }
        match state.attachment {
            Attachment::Absent => {}
            Attachment::Service => item["Attachment"] = json!({ "Status": "attached" }),
            Attachment::Instance(None) => item["Attachment"] = json!({ "InstanceId": "i-1" }),
            Attachment::Instance(Some(time)) => {
                item["Attachment"] = json!({ "InstanceId": "i-1", "AttachTime": time });
            }
        }
        item
    }

    fn group_json(&self, group: &Group) -> Value {
        let mut item = json!({ "GroupId": group.id, "OwnerId": group.owner, "VpcId": group.vpc });
        for (key, egress) in [("IpPermissions", false), ("IpPermissionsEgress", true)] {
            let rules = self.rules.iter().filter(|rule| rule.group == group.id && rule.egress == egress);
            item[key] = rules.map(permission_json).collect();
        }
        item
    }

    fn vpcs_json(&self) -> Value {
        let mut items = Vec::new();
        for (id, blocks) in &self.vpcs {
            let (v6, v4): (Vec<&String>, Vec<&String>) = blocks.iter().partition(|block| block.contains(':'));
            let mut item = json!({ "VpcId": id, "CidrBlock": v4[0] });
            item["CidrBlockAssociationSet"] = v4.iter().map(|block| json!({ "CidrBlock": block })).collect();
            item["Ipv6CidrBlockAssociationSet"] = v6.iter().map(|block| json!({ "Ipv6CidrBlock": block })).collect();
            items.push(item);
        }
        json!({ "Vpcs": items })
    }

    /// One small subnet in each block, so that what is guessed from subnets holds the block.
    fn subnets_json(&self) -> Value {
        let mut items = Vec::new();
        for (id, subnet) in self.subnets() {
            let mut item = json!({ "SubnetId": format!("subnet-{}", items.len()), "VpcId": id });
            if subnet.contains(':') {
                item["Ipv6CidrBlockAssociationSet"] = json!([{ "Ipv6CidrBlock": subnet }]);
            } else {
                item["CidrBlock"] = json!(subnet);
            }
            items.push(item);
        }
        json!({ "Subnets": items })
    }
}

fn ports_json(item: &mut Value, rule: &Rule) {
    item["IpProtocol"] = match rule.protocol {
        6 => json!("tcp"),
        17 => json!("udp"),
        1 => json!("icmp"),
        58 => json!("icmpv6"),
        other => json!(other.to_string()),
    };
    if let Some((from, to)) = rule.ports {
        item["FromPort"] = json!(from);
        item["ToPort"] = json!(to);
    }
}

fn reference_json(id: &str, owner: &Option<String>, vpc: &Option<String>) -> Value {
    let mut item = json!({ "GroupId": id });
    if let Some(owner) = owner {
        item["UserId"] = json!(owner);
    }
    if let Some(vpc) = vpc {
        item["VpcId"] = json!(vpc);
    }
    item
}

fn permission_json(rule: &Rule) -> Value {
    let mut item = json!({});
    ports_json(&mut item, rule);
    let (key, mut peer) = match &rule.peer {
        Peer::Cidr(cidr) if cidr.contains(':') => ("Ipv6Ranges", json!({ "CidrIpv6": cidr })),
        Peer::Cidr(cidr) => ("IpRanges", json!({ "CidrIp": cidr })),
        Peer::List(id) => ("PrefixListIds", json!({ "PrefixListId": id })),
        Peer::Group { id, owner, vpc } => ("UserIdGroupPairs", reference_json(id, owner, vpc)),
    };
    peer["Description"] = json!(rule.name);
    item[key] = json!([peer]);
    item
}

fn rule_json(rule: &Rule) -> Value {
    let mut item = json!({
        "SecurityGroupRuleId": format!("sgr-{}", rule.name), "GroupId": rule.group, "IsEgress": rule.egress,
        "Description": rule.name,
    });
    ports_json(&mut item, rule);
    match &rule.peer {
        Peer::Cidr(cidr) if cidr.contains(':') => item["CidrIpv6"] = json!(cidr),
        Peer::Cidr(cidr) => item["CidrIpv4"] = json!(cidr),
        Peer::List(id) => item["PrefixListId"] = json!(id),
        Peer::Group { id, owner, vpc } => item["ReferencedGroupInfo"] = reference_json(id, owner, vpc),
    }
    item
}
