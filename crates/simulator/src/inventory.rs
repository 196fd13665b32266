//! The inventory as `aws ec2 describe-*` prints it: undated files, or dated snapshots of everything.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context, Result};
use ipnet::IpNet;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::columns::Layout;
use crate::network::*;

/// Writes `network-interfaces.json` and its companions, or one file per snapshot.
pub(crate) fn write(network: &Network, layout: &Layout, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make folder {}", folder.display()))?;
    if network.snapshots.is_empty() {
        for (name, document) in describe(network, layout, None) {
            save(&folder.join(format!("{name}.json")), &document)?;
        }
        return Ok(());
    }
    for at in &network.snapshots {
        let mut whole = Map::new();
        whole.insert("CapturedAt".to_owned(), json!(rfc3339(*at)));
        whole.insert("AccountId".to_owned(), json!(network.account));
        whole.insert("Region".to_owned(), json!(network.region));
        for (_, document) in describe(network, layout, Some(*at)) {
            if let Value::Object(keys) = document {
                whole.extend(keys);
            }
        }
        let name = format!("snapshot-{}.json", rfc3339(*at).replace(':', ""));
        save(&folder.join(name), &Value::Object(whole))?;
    }
    Ok(())
}

fn save(path: &Path, document: &Value) -> Result<()> {
    let mut text = serde_json::to_string_pretty(document)?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

pub(crate) fn rfc3339(at: i64) -> String {
    Timestamp::from_second(at).map(|time| time.to_string()).unwrap_or_default()
}

/// Every document by the name of its file, as things are at a moment, or, undated, as they are at the end.
fn describe(network: &Network, layout: &Layout, at: Option<i64>) -> Vec<(&'static str, Value)> {
    let moment = at.unwrap_or(network.end);
    let interfaces: Vec<Value> = (0..network.interfaces.len())
        .filter(|number| is_shown(&network.interfaces[*number], at))
        .map(|number| interface(network, number, moment))
        .collect();
    let groups: Vec<Value> = network.groups.iter().map(|each| group(network, each, moment)).collect();
    let mut rules = Vec::new();
    for group in &network.groups {
        for each in group.rules.iter().filter(|rule| rule.since <= moment) {
            rules.push(rule(network, group, each));
        }
    }
    let subnets: Vec<Value> = network
        .subnets
        .iter()
        .map(|subnet| {
            json!({
                "SubnetId": subnet.id, "VpcId": network.vpcs[subnet.vpc].id, "OwnerId": network.account,
                "CidrBlock": subnet.v4.to_string(), "AvailabilityZone": subnet.zone, "AvailabilityZoneId": "euw1-az1",
                "State": "available",
            })
        })
        .collect();
    let vpcs: Vec<Value> = network
        .vpcs
        .iter()
        .map(|vpc| {
            json!({
                "VpcId": vpc.id, "OwnerId": network.account, "CidrBlock": vpc.v4.to_string(), "State": "available",
                "CidrBlockAssociationSet": [
                    {"CidrBlock": vpc.v4.to_string(), "CidrBlockState": {"State": "associated"}}],
                "Ipv6CidrBlockAssociationSet": [
                    {"Ipv6CidrBlock": vpc.v6.to_string(), "Ipv6CidrBlockState": {"State": "associated"}}],
            })
        })
        .collect();
    let mut documents = vec![
        ("network-interfaces", json!({"NetworkInterfaces": interfaces})),
        ("security-groups", json!({"SecurityGroups": groups})),
        ("security-group-rules", json!({"SecurityGroupRules": rules})),
        ("prefix-lists", json!({"PrefixLists": network.prefix_lists.iter().map(prefix_list).collect::<Vec<_>>()})),
        ("subnets", json!({"Subnets": subnets})),
        ("vpcs", json!({"Vpcs": vpcs})),
    ];
    if network.flow_logs_listed {
        let logs: Vec<Value> = network.flow_logs.iter().map(|log| flow_log(network, layout, log)).collect();
        documents.push(("flow-logs", json!({"FlowLogs": logs})));
    }
    if network.mirror_targets_listed {
        documents.push(("traffic-mirror-targets", json!({"TrafficMirrorTargets": []})));
    }
    documents
}

/// In a dated snapshot an interface shows while it lives; in an undated inventory, if it was not deleted before.
pub(crate) fn is_shown(interface: &Interface, at: Option<i64>) -> bool {
    match at {
        Some(at) => interface.alive_at(at),
        None => interface.listed,
    }
}

fn interface(network: &Network, number: InterfaceIx, at: i64) -> Value {
    let interface = &network.interfaces[number];
    let subnet = &network.subnets[interface.subnet];
    let groups: Vec<Value> = interface
        .groups_at(at)
        .iter()
        .map(|group| json!({"GroupId": network.groups[*group].id, "GroupName": network.groups[*group].name}))
        .collect();
    let mut addresses = vec![json!({"Primary": true, "PrivateIpAddress": interface.primary.to_string()})];
    for secondary in &interface.secondary {
        addresses.push(json!({"Primary": false, "PrivateIpAddress": secondary.to_string()}));
    }
    let managed = !matches!(interface.kind, Kind::Plain | Kind::Efa);
    let mut shown = json!({
        "NetworkInterfaceId": interface.id,
        "VpcId": network.vpcs[subnet.vpc].id,
        "SubnetId": subnet.id,
        "OwnerId": interface.owner,
        "AvailabilityZone": subnet.zone,
        "Groups": groups,
        "InterfaceType": match interface.kind {
            Kind::Plain | Kind::LoadBalancer => "interface",
            Kind::NetworkLoadBalancer => "network_load_balancer",
            Kind::NatGateway => "nat_gateway",
            Kind::Lambda => "lambda",
            Kind::Efa => "efa",
        },
        "Description": if managed { interface.name.as_str() } else { "" },
        "RequesterManaged": managed,
        "SourceDestCheck": interface.kind != Kind::NatGateway,
        "Status": "in-use",
        "PrivateIpAddress": interface.primary.to_string(),
        "PrivateIpAddresses": addresses,
        "Ipv6Addresses": interface.v6.iter().map(|v6| json!({"Ipv6Address": v6.to_string()})).collect::<Vec<_>>(),
        "TagSet": [{"Key": "Name", "Value": interface.name}],
        "Attachment": attachment(interface),
    });
    if let (Some(prefix), Value::Object(keys)) = (interface.prefix, &mut shown) {
        keys.insert("Ipv4Prefixes".to_owned(), json!([{"Ipv4Prefix": prefix.to_string()}]));
    }
    if let (Some(public), Value::Object(keys)) = (interface.public, &mut shown) {
        let owner = if managed { "amazon-elb" } else { "amazon" };
        keys.insert("Association".to_owned(), json!({"IpOwnerId": owner, "PublicIp": public.to_string()}));
    }
    shown
}

/// Instances show when they were attached; what services attach shows neither instance nor time.
fn attachment(interface: &Interface) -> Value {
    match (&interface.instance, interface.attached) {
        (Some(instance), Some(attached)) => json!({
            "AttachTime": rfc3339(attached), "InstanceId": instance, "InstanceOwnerId": interface.owner,
            "AttachmentId": format!("eni-attach-{}", interface.id.trim_start_matches("eni-")),
            "DeviceIndex": 0, "DeleteOnTermination": true, "Status": "attached",
        }),
        _ => json!({
            "AttachmentId": format!("ela-attach-{}", interface.id.trim_start_matches("eni-")),
            "DeviceIndex": 1, "DeleteOnTermination": false, "InstanceOwnerId": "amazon-aws", "Status": "attached",
        }),
    }
}

pub(crate) fn protocol_name(protocol: Option<u8>) -> String {
    match protocol {
        None => "-1".to_owned(),
        Some(1) => "icmp".to_owned(),
        Some(TCP) => "tcp".to_owned(),
        Some(UDP) => "udp".to_owned(),
        Some(58) => "icmpv6".to_owned(),
        Some(number) => number.to_string(),
    }
}

/// `FromPort` and `ToPort`: the port range, or ICMP type and code, or nothing for protocols without either.
fn ports_of(rule: &Rule) -> Option<(i32, i32)> {
    match rule.protocol {
        Some(TCP | UDP) => Some(rule.ports.map_or((0, 65_535), |(from, to)| (i32::from(from), i32::from(to)))),
        Some(1 | 58) => Some((rule.icmp_type.map_or(-1, i32::from), -1)),
        _ => None,
    }
}

fn rule(network: &Network, group: &Group, rule: &Rule) -> Value {
    let (from, to) = ports_of(rule).unwrap_or((-1, -1));
    let mut shown = json!({
        "SecurityGroupRuleId": rule.id,
        "GroupId": group.id,
        "GroupOwnerId": network.account,
        "IsEgress": rule.direction == Direction::Egress,
        "IpProtocol": protocol_name(rule.protocol),
        "FromPort": from,
        "ToPort": to,
        "Tags": [],
    });
    let Value::Object(keys) = &mut shown else { return shown };
    let (key, value) = match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => ("CidrIpv4", json!(net.to_string())),
        Peer::Cidr(IpNet::V6(net)) => ("CidrIpv6", json!(net.to_string())),
        Peer::PrefixList(list) => ("PrefixListId", json!(network.prefix_lists[*list].id)),
        Peer::Group(peer) => (
            "ReferencedGroupInfo",
            json!({
                "GroupId": network.groups[*peer].id, "UserId": network.account,
                "VpcId": network.vpcs[network.groups[*peer].vpc].id,
            }),
        ),
        Peer::Foreign { group_id, account } => (
            "ReferencedGroupInfo",
            json!({
                "GroupId": group_id, "UserId": account, "PeeringStatus": "active",
                "VpcPeeringConnectionId": "pcx-0f1e2d3c4b5a69788",
            }),
        ),
    };
    keys.insert(key.to_owned(), value);
    if !rule.description.is_empty() {
        keys.insert("Description".to_owned(), json!(rule.description));
    }
    shown
}

fn group(network: &Network, group: &Group, at: i64) -> Value {
    let permissions = |direction: Direction| -> Vec<Value> {
        let of_direction = group.rules.iter().filter(|rule| rule.direction == direction && rule.since <= at);
        of_direction.map(|rule| permission(network, rule)).collect()
    };
    json!({
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "OwnerId": network.account,
        "VpcId": network.vpcs[group.vpc].id,
        "SecurityGroupArn": format!(
            "arn:aws:ec2:{}:{}:security-group/{}", network.region, network.account, group.id),
        "IpPermissions": permissions(Direction::Ingress),
        "IpPermissionsEgress": permissions(Direction::Egress),
    })
}

fn permission(network: &Network, rule: &Rule) -> Value {
    let mut shown = json!({
        "IpProtocol": protocol_name(rule.protocol),
        "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": [],
    });
    let Value::Object(keys) = &mut shown else { return shown };
    if let Some((from, to)) = ports_of(rule) {
        keys.insert("FromPort".to_owned(), json!(from));
        keys.insert("ToPort".to_owned(), json!(to));
    }
    let (list, mut peer) = match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => ("IpRanges", json!({"CidrIp": net.to_string()})),
        Peer::Cidr(IpNet::V6(net)) => ("Ipv6Ranges", json!({"CidrIpv6": net.to_string()})),
        Peer::PrefixList(list) => ("PrefixListIds", json!({"PrefixListId": network.prefix_lists[*list].id})),
        Peer::Group(peer) => {
            ("UserIdGroupPairs", json!({"GroupId": network.groups[*peer].id, "UserId": network.account}))
        }
        Peer::Foreign { group_id, account } => {
            ("UserIdGroupPairs", json!({"GroupId": group_id, "UserId": account, "PeeringStatus": "active"}))
        }
    };
    if let (false, Value::Object(peer)) = (rule.description.is_empty(), &mut peer) {
        peer.insert("Description".to_owned(), json!(rule.description));
    }
    keys.insert(list.to_owned(), json!([peer]));
    shown
}

fn prefix_list(list: &PrefixList) -> Value {
    let mut shown = json!({
        "PrefixListId": list.id,
        "PrefixListName": list.name,
        "AddressFamily": "IPv4",
        "State": "create-complete",
        "MaxEntries": 20,
        "Version": 1,
        "OwnerId": list.owner,
    });
    if let (true, Value::Object(keys)) = (list.listed, &mut shown) {
        let entries: Vec<Value> =
            list.entries.iter().map(|net| json!({"Cidr": net.to_string(), "Description": list.name})).collect();
        keys.insert("Entries".to_owned(), json!(entries));
    }
    shown
}

fn flow_log(network: &Network, layout: &Layout, log: &FlowLog) -> Value {
    json!({
        "FlowLogId": log.id,
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "ResourceId": log.resource,
        "TrafficType": match log.traffic { LogTraffic::All => "ALL", LogTraffic::Reject => "REJECT" },
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::example-flow-logs",
        "LogFormat": layout.template(),
        "MaxAggregationInterval": network.interval,
        "CreationTime": rfc3339(network.start - 90 * 86_400),
        "DestinationOptions": {
            "FileFormat": "plain-text", "HiveCompatiblePartitions": false, "PerHourPartition": false,
        },
    })
}

/// Does an undated inventory, or any snapshot, show an interface that owns this address?
pub(crate) fn shown_owners(network: &Network, address: IpAddr, at: Option<i64>) -> Vec<InterfaceIx> {
    (0..network.interfaces.len())
        .filter(|number| {
            let interface = &network.interfaces[*number];
            is_shown(interface, at) && interface.owns(address)
        })
        .collect()
}
