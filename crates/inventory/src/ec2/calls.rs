//! The calls, each with all of its pages.
//!
//! The SDK's paginators end in silence when a token comes twice, and a list cut short would say "gone" of what is there.
//! So they are told to go on, and a token that was seen before is an error.

use crate::document as raw;
use crate::ec2::refusal::Refusal;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::Filter;
use std::collections::HashSet;

/// The largest page of most calls (EC2 API reference, `MaxResults` of each).
const PAGE: i32 = 1_000;

/// The largest page of `DescribeManagedPrefixLists` and `GetManagedPrefixListEntries`.
const PREFIX_LIST_PAGE: i32 = 100;

/// The most values that one filter takes (EC2 user guide, "List and filter using the CLI and API").
pub(super) const FILTER_VALUES: usize = 200;

/// All pages of a paginator, converted page by page.
macro_rules! all_pages {
    ($operation:literal, $paginator:expr, $items:ident) => {{
        let mut pages = $paginator.stop_on_duplicate_token(false).send();
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| Refusal::of($operation, error))?;
            all.extend(page.$items.unwrap_or_default().into_iter().map(From::from));
            check_token($operation, page.next_token, &mut seen)?;
        }
        all
    }};
}

fn check_token(operation: &'static str, token: Option<String>, seen: &mut HashSet<String>) -> Result<(), Refusal> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(()) };
    if seen.insert(token) {
        return Ok(());
    }
    let reason = format!("page {} bears the token of an earlier one, so the list has no end", seen.len() + 1);
    Err(Refusal::senseless(operation, reason))
}

/// Sorts by id and keeps the last of what pages list twice, since a list may change between pages.
fn in_order<T>(mut items: Vec<T>, id: impl Fn(&T) -> Option<&String>) -> Vec<T> {
    items.sort_by(|a, b| id(a).cmp(&id(b)));
    let mut once: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        match once.last_mut() {
            Some(last) if id(last).is_some() && id(last) == id(&item) => *last = item,
            _ => once.push(item),
        }
    }
    once
}

pub(super) async fn network_interfaces(client: &Client) -> Result<Vec<raw::NetworkInterface>, Refusal> {
    let pages = client.describe_network_interfaces().max_results(PAGE).into_paginator();
    let all = all_pages!("DescribeNetworkInterfaces", pages, network_interfaces);
    Ok(in_order(all, |item: &raw::NetworkInterface| item.network_interface_id.as_ref()))
}

/// Those of the ids that exist, at most [`FILTER_VALUES`] a call. A filter leaves out what is gone; asking by id fails for
/// all when one is gone.
pub(super) async fn interfaces_with_ids(
    client: &Client,
    ids: &[String],
) -> Result<Vec<raw::NetworkInterface>, Refusal> {
    let mut found = Vec::new();
    for some in ids.chunks(FILTER_VALUES) {
        let filter = Filter::builder().name("network-interface-id").set_values(Some(some.to_vec())).build();
        let pages = client.describe_network_interfaces().filters(filter).max_results(PAGE).into_paginator();
        let mut some: Vec<raw::NetworkInterface> = all_pages!("DescribeNetworkInterfaces", pages, network_interfaces);
        found.append(&mut some);
    }
    Ok(in_order(found, |item| item.network_interface_id.as_ref()))
}

pub(super) async fn security_groups(client: &Client) -> Result<Vec<raw::SecurityGroup>, Refusal> {
    let pages = client.describe_security_groups().max_results(PAGE).into_paginator();
    let all = all_pages!("DescribeSecurityGroups", pages, security_groups);
    Ok(in_order(all, |item: &raw::SecurityGroup| item.group_id.as_ref()))
}

pub(super) async fn security_group_rules(client: &Client) -> Result<Vec<raw::SecurityGroupRule>, Refusal> {
    let pages = client.describe_security_group_rules().max_results(PAGE).into_paginator();
    let all = all_pages!("DescribeSecurityGroupRules", pages, security_group_rules);
    Ok(in_order(all, |item: &raw::SecurityGroupRule| item.security_group_rule_id.as_ref()))
}

/// The lists, without their entries.
pub(super) async fn managed_prefix_lists(client: &Client) -> Result<Vec<raw::PrefixListItem>, Refusal> {
    let pages = client.describe_managed_prefix_lists().max_results(PREFIX_LIST_PAGE).into_paginator();
    let all = all_pages!("DescribeManagedPrefixLists", pages, prefix_lists);
    Ok(in_order(all, |item: &raw::PrefixListItem| item.prefix_list_id.as_ref()))
}

/// The entries of one list.
pub(super) async fn prefix_list_entries(client: &Client, id: &str) -> Result<Vec<raw::PrefixListEntry>, Refusal> {
    let call = client.get_managed_prefix_list_entries().prefix_list_id(id).max_results(PREFIX_LIST_PAGE);
    let all = all_pages!("GetManagedPrefixListEntries", call.into_paginator(), entries);
    Ok(in_order(all, |item: &raw::PrefixListEntry| item.cidr.as_ref()))
}

pub(super) async fn subnets(client: &Client) -> Result<Vec<raw::Subnet>, Refusal> {
    let all = all_pages!("DescribeSubnets", client.describe_subnets().max_results(PAGE).into_paginator(), subnets);
    Ok(in_order(all, |item: &raw::Subnet| item.subnet_id.as_ref()))
}

pub(super) async fn vpcs(client: &Client) -> Result<Vec<raw::Vpc>, Refusal> {
    let all = all_pages!("DescribeVpcs", client.describe_vpcs().max_results(PAGE).into_paginator(), vpcs);
    Ok(in_order(all, |item: &raw::Vpc| item.vpc_id.as_ref()))
}

pub(super) async fn flow_logs(client: &Client) -> Result<Vec<raw::FlowLogItem>, Refusal> {
    let pages = client.describe_flow_logs().max_results(PAGE).into_paginator();
    let all = all_pages!("DescribeFlowLogs", pages, flow_logs);
    Ok(in_order(all, |item: &raw::FlowLogItem| item.flow_log_id.as_ref()))
}

pub(super) async fn security_group_vpc_associations(client: &Client) -> Result<Vec<raw::Association>, Refusal> {
    let pages = client.describe_security_group_vpc_associations().max_results(PAGE).into_paginator();
    let mut all: Vec<raw::Association> =
        all_pages!("DescribeSecurityGroupVpcAssociations", pages, security_group_vpc_associations);
    // A group has one with each VPC.
    all.sort_by(|a, b| (&a.group_id, &a.vpc_id).cmp(&(&b.group_id, &b.vpc_id)));
    Ok(all)
}

pub(super) async fn traffic_mirror_targets(client: &Client) -> Result<Vec<raw::TrafficMirrorTarget>, Refusal> {
    let pages = client.describe_traffic_mirror_targets().max_results(PAGE).into_paginator();
    let mut all: Vec<raw::TrafficMirrorTarget> =
        all_pages!("DescribeTrafficMirrorTargets", pages, traffic_mirror_targets);
    let ids = |item: &raw::TrafficMirrorTarget| {
        (
            item.network_interface_id.clone(),
            item.network_load_balancer_arn.clone(),
            item.gateway_load_balancer_endpoint_id.clone(),
        )
    };
    all.sort_by_key(ids);
    Ok(all)
}
