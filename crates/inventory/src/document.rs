//! What `aws ec2 describe-*` prints, as far as it is read: one struct for each shape, every field optional.
//!
//! The names are those of the EC2 API reference (data types `NetworkInterface`, `SecurityGroup`, `IpPermission`,
//! `SecurityGroupRule`, `ManagedPrefixList`, `PrefixListEntry`, `Vpc`, `Subnet`, `FlowLog`,
//! `SecurityGroupVpcAssociation`, `TrafficMirrorTarget`). Keys that are not named here are ignored: AWS adds some
//! every year. A key that is missing stays `None` and is never mistaken for an empty list; what the EC2 API was asked for
//! takes the same shapes (`ec2`), and a snapshot is these shapes written down.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The top-level keys of which at least one makes a JSON document an inventory.
pub(crate) const TOP_LEVEL_KEYS: &str = "NetworkInterfaces, SecurityGroups, SecurityGroupRules, PrefixLists, Subnets, \
     Vpcs, FlowLogs, SecurityGroupVpcAssociations or TrafficMirrorTargets";

/// Declares shapes: each field becomes an `Option` that is left out where it is not known, and is named as AWS names it.
macro_rules! shapes {
    ($($(#[$about:meta])* struct $name:ident { $($(#[$note:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        pub(crate) struct $name {
            $($(#[$note])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }
    )*};
}

shapes! {
    /// One JSON document: the output of one command, or a snapshot with several of them and its date.
    struct Document {
        /// What kind of document it is, where one of ours says so: `sgflow.plan/1` is none of what exists.
        schema: String,
        captured_at: Moment,
        account_id: String,
        region: String,
        next_token: String,
        network_interfaces: Vec<NetworkInterface>,
        security_groups: Vec<SecurityGroup>,
        security_group_rules: Vec<SecurityGroupRule>,
        prefix_lists: Vec<PrefixListItem>,
        /// With `prefix_list_id`: the output of `get-managed-prefix-list-entries`, to which the id was added.
        entries: Vec<PrefixListEntry>,
        prefix_list_id: String,
        subnets: Vec<Subnet>,
        vpcs: Vec<Vpc>,
        flow_logs: Vec<FlowLogItem>,
        security_group_vpc_associations: Vec<Association>,
        traffic_mirror_targets: Vec<TrafficMirrorTarget>,
    }

    struct NetworkInterface {
        network_interface_id: String,
        vpc_id: String,
        subnet_id: String,
        owner_id: String,
        description: String,
        interface_type: String,
        requester_managed: bool,
        availability_zone: String,
        groups: Vec<GroupIdentifier>,
        private_ip_address: String,
        private_ip_addresses: Vec<PrivateAddress>,
        ipv6_address: String,
        ipv6_addresses: Vec<Ipv6Address>,
        ipv4_prefixes: Vec<Ipv4Prefix>,
        ipv6_prefixes: Vec<Ipv6Prefix>,
        attachment: Attachment,
    }

    struct GroupIdentifier {
        group_id: String,
        group_name: String,
    }

    struct PrivateAddress {
        private_ip_address: String,
        primary: bool,
    }

    struct Ipv6Address {
        ipv6_address: String,
    }

    struct Ipv4Prefix {
        ipv4_prefix: String,
    }

    struct Ipv6Prefix {
        ipv6_prefix: String,
    }

    struct Attachment {
        attach_time: Moment,
        instance_id: String,
        device_index: i64,
        delete_on_termination: bool,
    }

    struct SecurityGroup {
        group_id: String,
        group_name: String,
        description: String,
        vpc_id: String,
        owner_id: String,
        security_group_arn: String,
        ip_permissions: Vec<IpPermission>,
        ip_permissions_egress: Vec<IpPermission>,
        tags: Vec<Tag>,
    }

    struct IpPermission {
        ip_protocol: String,
        from_port: i64,
        to_port: i64,
        ip_ranges: Vec<IpRange>,
        ipv6_ranges: Vec<Ipv6Range>,
        prefix_list_ids: Vec<PrefixListReference>,
        user_id_group_pairs: Vec<GroupReference>,
    }

    struct IpRange {
        cidr_ip: String,
        description: String,
    }

    struct Ipv6Range {
        cidr_ipv6: String,
        description: String,
    }

    struct PrefixListReference {
        prefix_list_id: String,
        description: String,
    }

    /// `UserIdGroupPairs` of an `IpPermission` and `ReferencedGroupInfo` of a `SecurityGroupRule` have the same fields.
    struct GroupReference {
        group_id: String,
        user_id: String,
        vpc_id: String,
        description: String,
    }

    struct SecurityGroupRule {
        security_group_rule_id: String,
        group_id: String,
        group_owner_id: String,
        is_egress: bool,
        ip_protocol: String,
        from_port: i64,
        to_port: i64,
        cidr_ipv4: String,
        cidr_ipv6: String,
        prefix_list_id: String,
        referenced_group_info: GroupReference,
        description: String,
        tags: Vec<Tag>,
    }

    struct Tag {
        key: String,
        value: String,
    }

    struct PrefixListItem {
        prefix_list_id: String,
        prefix_list_name: String,
        owner_id: String,
        prefix_list_arn: String,
        max_entries: i64,
        entries: Vec<PrefixListEntry>,
        /// What the older `describe-prefix-lists` prints instead of `Entries`.
        cidrs: Vec<String>,
    }

    struct PrefixListEntry {
        cidr: String,
    }

    struct Vpc {
        vpc_id: String,
        owner_id: String,
        cidr_block: String,
        cidr_block_association_set: Vec<CidrBlockAssociation>,
        ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
    }

    struct Subnet {
        subnet_id: String,
        vpc_id: String,
        owner_id: String,
        availability_zone: String,
        subnet_arn: String,
        cidr_block: String,
        ipv6_cidr_block_association_set: Vec<Ipv6CidrBlockAssociation>,
    }

    struct CidrBlockAssociation {
        cidr_block: String,
    }

    struct Ipv6CidrBlockAssociation {
        ipv6_cidr_block: String,
    }

    struct FlowLogItem {
        flow_log_id: String,
        resource_id: String,
        traffic_type: String,
        max_aggregation_interval: i64,
        log_format: String,
        log_destination: String,
        log_destination_type: String,
        flow_log_status: String,
    }

    struct Association {
        group_id: String,
        vpc_id: String,
        vpc_owner_id: String,
    }

    struct TrafficMirrorTarget {
        network_interface_id: String,
        network_load_balancer_arn: String,
        gateway_load_balancer_endpoint_id: String,
        owner_id: String,
    }
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Moment {
    Whole(i64),
    Fraction(f64),
    Text(String),
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
