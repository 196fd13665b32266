//! A network as the AWS CLI prints it, and its records as S3 gets them.

use crate::network::{ACCOUNT, Attachment, LogFormat, Network, Peer, Record, Rule, Snapshot, State, TCP, UDP};
use ipnet::IpNet;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

impl Network {
    /// Writes `inventory/*.json` and `logs/*.log`.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir(folder.join("inventory")).expect("a new folder");
        for (number, snapshot) in self.snapshots.iter().enumerate() {
            let path = folder.join("inventory").join(format!("snapshot-{number}.json"));
            std::fs::write(path, self.snapshot_json(snapshot).to_string()).expect("a new file");
        }
        std::fs::create_dir(folder.join("logs")).expect("a new folder");
        for (number, format) in self.flow_logs.iter().enumerate() {
            let name =
                format!("{ACCOUNT}_vpcflowlogs_eu-west-1_fl-0000000000000000{number}_20250615T1500Z_abcdef01.log");
            let text = self.log(number, *format).expect("a text can be written to");
            std::fs::write(folder.join("logs").join(name), text).expect("a new file");
        }
    }

    fn snapshot_json(&self, snapshot: &Snapshot) -> Value {
        let states = snapshot.states.iter().map(|state| self.interface_json(state));
        let mut document = json!({
            "NetworkInterfaces": states.collect::<Vec<_>>(),
            "SecurityGroups": snapshot.groups.iter().map(|group| self.group_json(*group, snapshot)).collect::<Vec<_>>(),
            "PrefixLists": self.lists.iter().map(|list| match &list.entries {
                Some(entries) => json!({ "PrefixListId": list.id, "Entries":
                    entries.iter().map(|entry| json!({ "Cidr": entry.to_string() })).collect::<Vec<_>>() }),
                None => json!({ "PrefixListId": list.id }),
            }).collect::<Vec<_>>(),
            "Vpcs": self.vpcs.iter().map(vpc_json).collect::<Vec<_>>(),
            "SecurityGroupVpcAssociations": self.associations.iter().map(|(group, vpc)| json!({
                "GroupId": self.groups[*group].id, "VpcId": self.vpcs[*vpc].id, "State": "associated",
            })).collect::<Vec<_>>(),
        });
        if self.rules_have_ids {
            let rules = snapshot.rules.iter().map(|rule| self.rule_json(*rule));
            document["SecurityGroupRules"] = rules.collect();
        }
        if let Some(time) = snapshot.time {
            document["CapturedAt"] = json!(time);
            document["AccountId"] = json!(ACCOUNT);
            document["Region"] = json!("eu-west-1");
        }
        document
    }

    fn interface_json(&self, state: &State) -> Value {
        let interface = &self.interfaces[state.interface];
        let (v6, v4): (Vec<&IpAddr>, Vec<&IpAddr>) = state.addresses.iter().partition(|address| address.is_ipv6());
        let mut item = json!({
            "NetworkInterfaceId": interface.id, "OwnerId": ACCOUNT, "VpcId": self.vpcs[interface.vpc].id,
            "InterfaceType": interface.kind, "RequesterManaged": interface.requester_managed,
            "PrivateIpAddress": v4[0].to_string(),
            "PrivateIpAddresses": v4.iter().map(|own| json!({ "PrivateIpAddress": own.to_string() })).collect::<Vec<_>>(),
            "Ipv6Addresses": v6.iter().map(|own| json!({ "Ipv6Address": own.to_string() })).collect::<Vec<_>>(),
            "Groups": state.groups.iter().map(|group| json!({ "GroupId": self.groups[*group].id })).collect::<Vec<_>>(),
        });
        if let Some(prefix) = state.prefix {
            item["Ipv4Prefixes"] = json!([{ "Ipv4Prefix": prefix.to_string() }]);
        }
        match interface.attachment {
            Attachment::Always => {}
            Attachment::Since(time) => {
                item["Attachment"] = json!({ "InstanceId": "i-1", "AttachTime": rfc3339(time) });
            }
            Attachment::SinceUnknown => item["Attachment"] = json!({ "InstanceId": "i-1" }),
        }
        item
    }

    fn group_json(&self, number: usize, snapshot: &Snapshot) -> Value {
        let group = &self.groups[number];
        let mut item = json!({
            "GroupId": group.id, "GroupName": group.id, "OwnerId": ACCOUNT, "VpcId": self.vpcs[group.vpc].id,
        });
        for (key, egress) in [("IpPermissions", false), ("IpPermissionsEgress", true)] {
            let rules = snapshot.rules.iter().map(|rule| &self.rules[*rule]);
            let rules = rules.filter(|rule| rule.group == number && rule.egress == egress);
            item[key] = rules.map(|rule| self.permission_json(rule)).collect();
        }
        item
    }

    fn permission_json(&self, rule: &Rule) -> Value {
        let mut item = json!({});
        add_ports(&mut item, rule);
        let (key, mut peer) = match &rule.peer {
            Peer::Cidr(cidr) if cidr.addr().is_ipv6() => ("Ipv6Ranges", json!({ "CidrIpv6": cidr.to_string() })),
            Peer::Cidr(cidr) => ("IpRanges", json!({ "CidrIp": cidr.to_string() })),
            Peer::List(list) => ("PrefixListIds", json!({ "PrefixListId": self.lists[*list].id })),
            Peer::Group(_) | Peer::StaleGroup(_) => ("UserIdGroupPairs", self.reference_json(&rule.peer)),
        };
        peer["Description"] = json!(rule.name);
        item[key] = json!([peer]);
        item
    }

    fn rule_json(&self, number: usize) -> Value {
        let rule = &self.rules[number];
        let mut item = json!({
            "SecurityGroupRuleId": format!("sgr-{number}"), "GroupId": self.groups[rule.group].id,
            "GroupOwnerId": ACCOUNT, "IsEgress": rule.egress, "Description": rule.name,
        });
        add_ports(&mut item, rule);
        match &rule.peer {
            Peer::Cidr(cidr) if cidr.addr().is_ipv6() => item["CidrIpv6"] = json!(cidr.to_string()),
            Peer::Cidr(cidr) => item["CidrIpv4"] = json!(cidr.to_string()),
            Peer::List(list) => item["PrefixListId"] = json!(self.lists[*list].id),
            Peer::Group(_) | Peer::StaleGroup(_) => item["ReferencedGroupInfo"] = self.reference_json(&rule.peer),
        }
        item
    }

    fn reference_json(&self, peer: &Peer) -> Value {
        let id = match peer {
            Peer::Group(group) => &self.groups[*group].id,
            Peer::StaleGroup(id) => id,
            Peer::Cidr(_) | Peer::List(_) => unreachable!("only groups are referred to"),
        };
        json!({ "GroupId": id, "UserId": ACCOUNT })
    }

    fn log(&self, flow_log: usize, format: LogFormat) -> Result<String, std::fmt::Error> {
        let mut log =
            "version account-id interface-id srcaddr dstaddr protocol packets bytes start end action log-status"
                .to_owned();
        log.push_str(if format.ports { " srcport dstport" } else { "" });
        log.push_str(if format.vpc_id { " vpc-id" } else { "" });
        log.push_str(if format.tcp_flags { " tcp-flags" } else { "" });
        log.push_str(if format.flow_direction { " flow-direction" } else { "" });
        log.push_str(if format.pkt_addresses { " pkt-srcaddr pkt-dstaddr" } else { "" });
        log.push('\n');
        for record in self.records.iter().filter(|record| record.flow_log == flow_log) {
            add_line(&mut log, format, record)?;
        }
        Ok(log)
    }
}

fn add_line(log: &mut String, format: LogFormat, record: &Record) -> std::fmt::Result {
    let Record { account, interface, src, dst, protocol, start, end, .. } = record;
    let action = if record.accepted { "ACCEPT" } else { "REJECT" };
    write!(log, "5 {account} {interface} {src} {dst} {protocol} 3 180 {start} {end} {action} OK")?;
    if let Some((src_port, dst_port)) = record.ports {
        write!(log, " {src_port} {dst_port}")?;
    }
    if format.vpc_id {
        write!(log, " {}", record.vpc.as_deref().unwrap_or("-"))?;
    }
    if format.tcp_flags {
        write!(log, " {}", record.flags.map_or("-".to_owned(), |flags| flags.to_string()))?;
    }
    if format.flow_direction {
        log.push_str(match record.egress {
            Some(true) => " egress",
            Some(false) => " ingress",
            None => " -",
        });
    }
    if format.pkt_addresses {
        write!(log, " {} {}", record.pkt_src.unwrap_or(*src), record.pkt_dst.unwrap_or(*dst))?;
    }
    log.push('\n');
    Ok(())
}

fn vpc_json(vpc: &crate::network::Vpc) -> Value {
    let (v6, v4): (Vec<&IpNet>, Vec<&IpNet>) = vpc.blocks.iter().partition(|block| block.addr().is_ipv6());
    json!({
        "VpcId": vpc.id, "OwnerId": ACCOUNT, "CidrBlock": v4[0].to_string(),
        "CidrBlockAssociationSet": v4.iter().map(|block| json!({ "CidrBlock": block.to_string() })).collect::<Vec<_>>(),
        "Ipv6CidrBlockAssociationSet":
            v6.iter().map(|block| json!({ "Ipv6CidrBlock": block.to_string() })).collect::<Vec<_>>(),
    })
}

fn add_ports(item: &mut Value, rule: &Rule) {
    item["IpProtocol"] = match rule.protocol {
        None => json!("-1"),
        Some(TCP) => json!("tcp"),
        Some(UDP) => json!("udp"),
        Some(1) => json!("icmp"),
        Some(other) => json!(other.to_string()),
    };
    match rule.ports {
        Some((from, to)) => {
            item["FromPort"] = json!(from);
            item["ToPort"] = json!(to);
        }
        None if rule.protocol == Some(TCP) => {
            item["FromPort"] = json!(0);
            item["ToPort"] = json!(65535);
        }
        None => {
            item["FromPort"] = json!(-1);
            item["ToPort"] = json!(-1);
        }
    }
}

fn rfc3339(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).expect("a time of these years").to_string()
}
