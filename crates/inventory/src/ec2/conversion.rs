//! From the SDK's values to the shapes of [`crate::document`]: field by field, nothing is judged.
//!
//! A list that is absent in an answer is an empty list: the call succeeded, and AWS had nothing to put there. Only a call
//! that was refused leaves a key out.

use crate::document as raw;
use aws_sdk_ec2::types as sdk;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// Every item of a list, converted; an absent list is empty.
fn all<S, T: From<S>>(list: Option<Vec<S>>) -> Option<Vec<T>> {
    Some(list.unwrap_or_default().into_iter().map(T::from).collect())
}

/// RFC 3339; a time that text cannot hold is unknown.
pub(super) fn moment(time: &DateTime) -> Option<raw::Moment> {
    time.fmt(Format::DateTime).ok().map(raw::Moment::Text)
}

impl From<sdk::NetworkInterface> for raw::NetworkInterface {
    fn from(item: sdk::NetworkInterface) -> Self {
        raw::NetworkInterface {
            network_interface_id: item.network_interface_id,
            vpc_id: item.vpc_id,
            subnet_id: item.subnet_id,
            owner_id: item.owner_id,
            description: item.description,
            interface_type: item.interface_type.map(|kind| kind.as_str().to_string()),
            requester_managed: item.requester_managed,
            availability_zone: item.availability_zone,
            groups: all(item.groups),
            private_ip_address: item.private_ip_address,
            private_ip_addresses: all(item.private_ip_addresses),
            ipv6_address: item.ipv6_address,
            ipv6_addresses: all(item.ipv6_addresses),
            ipv4_prefixes: all(item.ipv4_prefixes),
            ipv6_prefixes: all(item.ipv6_prefixes),
            attachment: item.attachment.map(raw::Attachment::from),
        }
    }
}

impl From<sdk::GroupIdentifier> for raw::GroupIdentifier {
    fn from(item: sdk::GroupIdentifier) -> Self {
        raw::GroupIdentifier { group_id: item.group_id, group_name: item.group_name }
    }
}

impl From<sdk::NetworkInterfacePrivateIpAddress> for raw::PrivateAddress {
    fn from(item: sdk::NetworkInterfacePrivateIpAddress) -> Self {
        raw::PrivateAddress { private_ip_address: item.private_ip_address, primary: item.primary }
    }
}

impl From<sdk::NetworkInterfaceIpv6Address> for raw::Ipv6Address {
    fn from(item: sdk::NetworkInterfaceIpv6Address) -> Self {
        raw::Ipv6Address { ipv6_address: item.ipv6_address }
    }
}

impl From<sdk::Ipv4PrefixSpecification> for raw::Ipv4Prefix {
    fn from(item: sdk::Ipv4PrefixSpecification) -> Self {
        raw::Ipv4Prefix { ipv4_prefix: item.ipv4_prefix }
    }
}

impl From<sdk::Ipv6PrefixSpecification> for raw::Ipv6Prefix {
    fn from(item: sdk::Ipv6PrefixSpecification) -> Self {
        raw::Ipv6Prefix { ipv6_prefix: item.ipv6_prefix }
    }
}

impl From<sdk::NetworkInterfaceAttachment> for raw::Attachment {
    fn from(item: sdk::NetworkInterfaceAttachment) -> Self {
        raw::Attachment {
            attach_time: item.attach_time.as_ref().and_then(moment),
            instance_id: item.instance_id,
            device_index: item.device_index.map(i64::from),
            delete_on_termination: item.delete_on_termination,
        }
    }
}

impl From<sdk::SecurityGroup> for raw::SecurityGroup {
    fn from(item: sdk::SecurityGroup) -> Self {
        raw::SecurityGroup {
            group_id: item.group_id,
            group_name: item.group_name,
            description: item.description,
            vpc_id: item.vpc_id,
            owner_id: item.owner_id,
            security_group_arn: item.security_group_arn,
            ip_permissions: all(item.ip_permissions),
            ip_permissions_egress: all(item.ip_permissions_egress),
            tags: all(item.tags),
        }
    }
}

impl From<sdk::IpPermission> for raw::IpPermission {
    fn from(item: sdk::IpPermission) -> Self {
        raw::IpPermission {
            ip_protocol: item.ip_protocol,
            from_port: item.from_port.map(i64::from),
            to_port: item.to_port.map(i64::from),
            ip_ranges: all(item.ip_ranges),
            ipv6_ranges: all(item.ipv6_ranges),
            prefix_list_ids: all(item.prefix_list_ids),
            user_id_group_pairs: all(item.user_id_group_pairs),
        }
    }
}

impl From<sdk::IpRange> for raw::IpRange {
    fn from(item: sdk::IpRange) -> Self {
        raw::IpRange { cidr_ip: item.cidr_ip, description: item.description }
    }
}

impl From<sdk::Ipv6Range> for raw::Ipv6Range {
    fn from(item: sdk::Ipv6Range) -> Self {
        raw::Ipv6Range { cidr_ipv6: item.cidr_ipv6, description: item.description }
    }
}

impl From<sdk::PrefixListId> for raw::PrefixListReference {
    fn from(item: sdk::PrefixListId) -> Self {
        raw::PrefixListReference { prefix_list_id: item.prefix_list_id, description: item.description }
    }
}

impl From<sdk::UserIdGroupPair> for raw::GroupReference {
    fn from(item: sdk::UserIdGroupPair) -> Self {
        raw::GroupReference {
            group_id: item.group_id,
            user_id: item.user_id,
            vpc_id: item.vpc_id,
            description: item.description,
        }
    }
}

impl From<sdk::ReferencedSecurityGroup> for raw::GroupReference {
    fn from(item: sdk::ReferencedSecurityGroup) -> Self {
        raw::GroupReference { group_id: item.group_id, user_id: item.user_id, vpc_id: item.vpc_id, description: None }
    }
}

impl From<sdk::SecurityGroupRule> for raw::SecurityGroupRule {
    fn from(item: sdk::SecurityGroupRule) -> Self {
        raw::SecurityGroupRule {
            security_group_rule_id: item.security_group_rule_id,
            group_id: item.group_id,
            group_owner_id: item.group_owner_id,
            is_egress: item.is_egress,
            ip_protocol: item.ip_protocol,
            from_port: item.from_port.map(i64::from),
            to_port: item.to_port.map(i64::from),
            cidr_ipv4: item.cidr_ipv4,
            cidr_ipv6: item.cidr_ipv6,
            prefix_list_id: item.prefix_list_id,
            referenced_group_info: item.referenced_group_info.map(raw::GroupReference::from),
            description: item.description,
            tags: all(item.tags),
        }
    }
}

impl From<sdk::Tag> for raw::Tag {
    fn from(item: sdk::Tag) -> Self {
        raw::Tag { key: item.key, value: item.value }
    }
}

impl From<sdk::ManagedPrefixList> for raw::PrefixListItem {
    fn from(item: sdk::ManagedPrefixList) -> Self {
        raw::PrefixListItem {
            prefix_list_id: item.prefix_list_id,
            prefix_list_name: item.prefix_list_name,
            owner_id: item.owner_id,
            prefix_list_arn: item.prefix_list_arn,
            max_entries: item.max_entries.map(i64::from),
            entries: None,
            cidrs: None,
        }
    }
}

impl From<sdk::PrefixListEntry> for raw::PrefixListEntry {
    fn from(item: sdk::PrefixListEntry) -> Self {
        raw::PrefixListEntry { cidr: item.cidr }
    }
}

impl From<sdk::Vpc> for raw::Vpc {
    fn from(item: sdk::Vpc) -> Self {
        raw::Vpc {
            vpc_id: item.vpc_id,
            owner_id: item.owner_id,
            cidr_block: item.cidr_block,
            cidr_block_association_set: all(item.cidr_block_association_set),
            ipv6_cidr_block_association_set: all(item.ipv6_cidr_block_association_set),
        }
    }
}

impl From<sdk::VpcCidrBlockAssociation> for raw::CidrBlockAssociation {
    fn from(item: sdk::VpcCidrBlockAssociation) -> Self {
        raw::CidrBlockAssociation { cidr_block: item.cidr_block }
    }
}

impl From<sdk::VpcIpv6CidrBlockAssociation> for raw::Ipv6CidrBlockAssociation {
    fn from(item: sdk::VpcIpv6CidrBlockAssociation) -> Self {
        raw::Ipv6CidrBlockAssociation { ipv6_cidr_block: item.ipv6_cidr_block }
    }
}

impl From<sdk::SubnetIpv6CidrBlockAssociation> for raw::Ipv6CidrBlockAssociation {
    fn from(item: sdk::SubnetIpv6CidrBlockAssociation) -> Self {
        raw::Ipv6CidrBlockAssociation { ipv6_cidr_block: item.ipv6_cidr_block }
    }
}

impl From<sdk::Subnet> for raw::Subnet {
    fn from(item: sdk::Subnet) -> Self {
        raw::Subnet {
            subnet_id: item.subnet_id,
            vpc_id: item.vpc_id,
            owner_id: item.owner_id,
            availability_zone: item.availability_zone,
            subnet_arn: item.subnet_arn,
            cidr_block: item.cidr_block,
            ipv6_cidr_block_association_set: all(item.ipv6_cidr_block_association_set),
        }
    }
}

impl From<sdk::FlowLog> for raw::FlowLogItem {
    fn from(item: sdk::FlowLog) -> Self {
        raw::FlowLogItem {
            flow_log_id: item.flow_log_id,
            resource_id: item.resource_id,
            traffic_type: item.traffic_type.map(|kind| kind.as_str().to_string()),
            max_aggregation_interval: item.max_aggregation_interval.map(i64::from),
            log_format: item.log_format,
            log_destination: item.log_destination,
            log_destination_type: item.log_destination_type.map(|kind| kind.as_str().to_string()),
            flow_log_status: item.flow_log_status,
        }
    }
}

impl From<sdk::SecurityGroupVpcAssociation> for raw::Association {
    fn from(item: sdk::SecurityGroupVpcAssociation) -> Self {
        raw::Association { group_id: item.group_id, vpc_id: item.vpc_id, vpc_owner_id: item.vpc_owner_id }
    }
}

impl From<sdk::TrafficMirrorTarget> for raw::TrafficMirrorTarget {
    fn from(item: sdk::TrafficMirrorTarget) -> Self {
        raw::TrafficMirrorTarget {
            network_interface_id: item.network_interface_id,
            network_load_balancer_arn: item.network_load_balancer_arn,
            gateway_load_balancer_endpoint_id: item.gateway_load_balancer_endpoint_id,
            owner_id: item.owner_id,
        }
    }
}
