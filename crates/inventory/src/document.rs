//! What `aws ec2 describe-*` prints, as far as it is read: one struct for each shape, every field optional.
//!
//! The names are those of the EC2 API reference (data types `NetworkInterface`, `SecurityGroup`, `IpPermission`,
//! `SecurityGroupRule`, `ManagedPrefixList`, `PrefixListEntry`, `Vpc`, `Subnet`, `FlowLog`,
//! `SecurityGroupVpcAssociation`, `TrafficMirrorTarget`). Keys that are not named here are ignored: AWS adds some
//! every year. A key that is missing stays `None` and is never mistaken for an empty list.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use std::fmt;

/// The top-level keys of which at least one makes a JSON document an inventory.
pub(crate) const TOP_LEVEL_KEYS: &str = "NetworkInterfaces, SecurityGroups, SecurityGroupRules, PrefixLists, Subnets, \
     Vpcs, FlowLogs, SecurityGroupVpcAssociations or TrafficMirrorTargets";

/// One JSON document: the output of one command, or a snapshot with several of them and its date.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Document {
    pub captured_at: Option<Moment>,
    pub account_id: Option<String>,
    pub region: Option<String>,
    pub next_token: Option<String>,
    pub network_interfaces: Option<Vec<NetworkInterface>>,
    pub security_groups: Option<Vec<SecurityGroup>>,
    pub security_group_rules: Option<Vec<SecurityGroupRule>>,
    pub prefix_lists: Option<Vec<PrefixListItem>>,
    /// With `prefix_list_id`: the output of `get-managed-prefix-list-entries`, to which the id was added.
    pub entries: Option<Vec<PrefixListEntry>>,
    pub prefix_list_id: Option<String>,
    pub subnets: Option<Vec<Subnet>>,
    pub vpcs: Option<Vec<Vpc>>,
    pub flow_logs: Option<Vec<FlowLogItem>>,
    pub security_group_vpc_associations: Option<Vec<Association>>,
    pub traffic_mirror_targets: Option<Vec<TrafficMirrorTarget>>,
}

impl Document {
    /// Whether any key that an inventory has is there.
    pub(crate) fn is_inventory(&self) -> bool {
        self.network_interfaces.is_some()
            || self.security_groups.is_some()
            || self.security_group_rules.is_some()
            || self.prefix_lists.is_some()
            || self.entries.is_some()
            || self.subnets.is_some()
            || self.vpcs.is_some()
            || self.flow_logs.is_some()
            || self.security_group_vpc_associations.is_some()
            || self.traffic_mirror_targets.is_some()
    }
}

/// A point in time as text (RFC 3339) or as epoch seconds (`cli_timestamp_format = wire` of older CLIs).
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Moment {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct NetworkInterface {
    pub network_interface_id: Option<String>,
    pub vpc_id: Option<String>,
    pub subnet_id: Option<String>,
    pub owner_id: Option<String>,
    pub description: Option<String>,
    pub interface_type: Option<String>,
    pub requester_managed: Option<bool>,
    pub availability_zone: Option<String>,
    pub groups: Option<Vec<GroupIdentifier>>,
    pub private_ip_address: Option<String>,
    pub private_ip_addresses: Option<Vec<PrivateAddress>>,
    pub ipv6_address: Option<String>,
    pub ipv6_addresses: Option<Vec<Ipv6Address>>,
    pub ipv4_prefixes: Option<Vec<Ipv4Prefix>>,
    pub ipv6_prefixes: Option<Vec<Ipv6Prefix>>,
    pub attachment: Option<Attachment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct GroupIdentifier {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PrivateAddress {
    pub private_ip_address: Option<String>,
    pub primary: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Ipv6Address {
    pub ipv6_address: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Ipv4Prefix {
    pub ipv4_prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Ipv6Prefix {
    pub ipv6_prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Attachment {
    pub attach_time: Option<Moment>,
    pub instance_id: Option<String>,
    pub device_index: Option<i64>,
    pub delete_on_termination: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SecurityGroup {
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    pub description: Option<String>,
    pub vpc_id: Option<String>,
    pub owner_id: Option<String>,
    pub security_group_arn: Option<String>,
    pub ip_permissions: Option<Vec<IpPermission>>,
    pub ip_permissions_egress: Option<Vec<IpPermission>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct IpPermission {
    pub ip_protocol: Option<String>,
    pub from_port: Option<i64>,
    pub to_port: Option<i64>,
    pub ip_ranges: Option<Vec<IpRange>>,
    pub ipv6_ranges: Option<Vec<Ipv6Range>>,
    pub prefix_list_ids: Option<Vec<PrefixListReference>>,
    pub user_id_group_pairs: Option<Vec<GroupReference>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct IpRange {
    pub cidr_ip: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Ipv6Range {
    pub cidr_ipv6: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PrefixListReference {
    pub prefix_list_id: Option<String>,
    pub description: Option<String>,
}

/// `UserIdGroupPairs` of an `IpPermission` and `ReferencedGroupInfo` of a `SecurityGroupRule` have the same fields.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct GroupReference {
    pub group_id: Option<String>,
    pub user_id: Option<String>,
    pub vpc_id: Option<String>,
    pub description: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct SecurityGroupRule {
    pub security_group_rule_id: Option<String>,
    pub group_id: Option<String>,
    pub group_owner_id: Option<String>,
    pub is_egress: Option<bool>,
    pub ip_protocol: Option<String>,
    pub from_port: Option<i64>,
    pub to_port: Option<i64>,
    pub cidr_ipv4: Option<String>,
    pub cidr_ipv6: Option<String>,
    pub prefix_list_id: Option<String>,
    pub referenced_group_info: Option<GroupReference>,
    pub description: Option<String>,
    pub tags: Option<Vec<Tag>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Tag {
    pub key: Option<String>,
    pub value: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PrefixListItem {
    pub prefix_list_id: Option<String>,
    pub owner_id: Option<String>,
    pub prefix_list_arn: Option<String>,
    pub entries: Option<Vec<PrefixListEntry>>,
    /// What the older `describe-prefix-lists` prints instead of `Entries`.
    pub cidrs: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct PrefixListEntry {
    pub cidr: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Vpc {
    pub vpc_id: Option<String>,
    pub owner_id: Option<String>,
    pub cidr_block: Option<String>,
    pub cidr_block_association_set: Option<Vec<CidrBlockAssociation>>,
    pub ipv6_cidr_block_association_set: Option<Vec<Ipv6CidrBlockAssociation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Subnet {
    pub subnet_id: Option<String>,
    pub vpc_id: Option<String>,
    pub owner_id: Option<String>,
    pub availability_zone: Option<String>,
    pub subnet_arn: Option<String>,
    pub cidr_block: Option<String>,
    pub ipv6_cidr_block_association_set: Option<Vec<Ipv6CidrBlockAssociation>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct CidrBlockAssociation {
    pub cidr_block: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Ipv6CidrBlockAssociation {
    pub ipv6_cidr_block: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct FlowLogItem {
    pub flow_log_id: Option<String>,
    pub resource_id: Option<String>,
    pub traffic_type: Option<String>,
    pub max_aggregation_interval: Option<i64>,
    pub log_format: Option<String>,
    pub log_destination: Option<String>,
    pub log_destination_type: Option<String>,
    pub flow_log_status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Association {
    pub group_id: Option<String>,
    pub vpc_id: Option<String>,
    pub vpc_owner_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct TrafficMirrorTarget {
    pub network_interface_id: Option<String>,
    pub network_load_balancer_arn: Option<String>,
    pub gateway_load_balancer_endpoint_id: Option<String>,
    pub owner_id: Option<String>,
}

/// One document, or a JSON array of them (pages that somebody collected into a list).
pub(crate) struct Documents(pub Vec<Document>);

impl<'de> Deserialize<'de> for Documents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentsVisitor)
    }
}

struct DocumentsVisitor;

impl<'de> Visitor<'de> for DocumentsVisitor {
    type Value = Documents;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an object as `aws ec2 describe-*` prints it, or a list of such objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Documents, A::Error> {
        let document = Document::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Documents(vec![document]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Documents, A::Error> {
        let mut all = Vec::new();
        while let Some(Documents(mut some)) = sequence.next_element()? {
            all.append(&mut some);
        }
        Ok(Documents(all))
    }
}
