//! EC2: the describe calls that an inventory is read from, with pages, filters and the API's own limits on both.

use super::{Ec2World, Question, Service, xml};
use crate::http::Response;
use serde_json::Value;

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
/// Values of one filter ("Using filtering" in the EC2 API Reference).
const MOST_FILTER_VALUES: usize = 200;

#[derive(Default)]
pub(crate) struct Ec2 {
    worlds: Vec<(Option<String>, Option<String>, Ec2World)>,
    pub page_size: Option<usize>,
}

/// How one describe call is asked and answered.
struct Describe {
    operation: &'static str,
    /// The element of the list in the answer.
    set: &'static str,
    /// The CLI's name of the list.
    shape: &'static str,
    /// The member that holds an item's id, and the parameter that asks by it.
    id: &'static str,
    /// The range of `MaxResults`.
    pages: (usize, usize),
}

const fn describe(
    operation: &'static str,
    set: &'static str,
    shape: &'static str,
    id: &'static str,
    pages: (usize, usize),
) -> Describe {
    Describe { operation, set, shape, id, pages }
}

/// Element names and ranges of `MaxResults` as in the EC2 API Reference.
const CALLS: [Describe; 10] = [
    describe("DescribeNetworkInterfaces", "networkInterfaceSet", "NetworkInterfaces", "NetworkInterfaceId", (5, 1000)),
    describe("DescribeSecurityGroups", "securityGroupInfo", "SecurityGroups", "GroupId", (5, 1000)),
    describe(
        "DescribeSecurityGroupRules",
        "securityGroupRuleSet",
        "SecurityGroupRules",
        "SecurityGroupRuleId",
        (5, 1000),
    ),
    describe("DescribeManagedPrefixLists", "prefixListSet", "PrefixLists", "PrefixListId", (1, 100)),
    describe("GetManagedPrefixListEntries", "entrySet", "Entries", "Cidr", (1, 100)),
    describe("DescribeSubnets", "subnetSet", "Subnets", "SubnetId", (5, 1000)),
    describe("DescribeVpcs", "vpcSet", "Vpcs", "VpcId", (5, 1000)),
    describe("DescribeFlowLogs", "flowLogSet", "FlowLogs", "FlowLogId", (1, 1000)),
    describe(
        "DescribeSecurityGroupVpcAssociations",
        "securityGroupVpcAssociationSet",
        "SecurityGroupVpcAssociations",
        "GroupId",
        (5, 1000),
    ),
    describe(
        "DescribeTrafficMirrorTargets",
        "trafficMirrorTargetSet",
        "TrafficMirrorTargets",
        "TrafficMirrorTargetId",
        (5, 1000),
    ),
];

type Refusal = (&'static str, String);

impl Ec2 {
    pub fn set(&mut self, role: Option<&str>, region: Option<&str>, world: Ec2World) {
        let key = (role.map(str::to_owned), region.map(str::to_owned));
        self.worlds.retain(|(role, region, _)| (role, region) != (&key.0, &key.1));
        self.worlds.push((key.0, key.1, world));
    }

    /// The world that was set for the most of what is known about the caller.
    fn world(&self, role: Option<&str>, region: &str) -> Ec2World {
        for wanted in [(role, Some(region)), (role, None), (None, Some(region)), (None, None)] {
            let found = self.worlds.iter().find(|(role, region, _)| (role.as_deref(), region.as_deref()) == wanted);
            if let Some((_, _, world)) = found {
                return world.clone();
            }
        }
        Ec2World::default()
    }

    pub fn answer(&self, question: &Question, role: Option<&str>) -> Response {
        let Some(call) = CALLS.iter().find(|call| call.operation == question.operation) else {
            return Service::Ec2.refuse(400, "InvalidAction", &format!("{} is not played", question.operation));
        };
        match self.page(call, question, role) {
            Ok(body) => Response::new(200, "text/xml;charset=UTF-8", body),
            Err((code, message)) => Service::Ec2.refuse(400, code, &message),
        }
    }

    fn page(&self, call: &Describe, question: &Question, role: Option<&str>) -> Result<String, Refusal> {
        let items = select(call, question, &self.world(role, &question.region))?;
        let asked = asked_page_size(call, question)?;
        let size = [asked, self.page_size].into_iter().flatten().min().unwrap_or(items.len()).max(1);
        let from = match question.parameter("NextToken") {
            None => 0,
            Some(token) => token
                .strip_prefix("page-at-")
                .and_then(|number| number.parse().ok())
                .filter(|from| *from < items.len())
                .ok_or_else(|| ("InvalidPaginationToken", format!("the token {token} is not one of ours")))?,
        };
        let until = (from + size).min(items.len());
        let operation = call.operation;
        let mut body = format!("<{operation}Response xmlns=\"{NAMESPACE}\"><requestId>{}</requestId>", xml::REQUEST_ID);
        body.push_str(&format!("<{}>", call.set));
        for item in &items[from..until] {
            body.push_str("<item>");
            xml::write_item(&mut body, call.shape, call.id, item);
            body.push_str("</item>");
        }
        body.push_str(&format!("</{}>", call.set));
        if until < items.len() {
            body.push_str(&format!("<nextToken>page-at-{until}</nextToken>"));
        }
        body.push_str(&format!("</{operation}Response>"));
        Ok(body)
    }
}

fn asked_page_size(call: &Describe, question: &Question) -> Result<Option<usize>, Refusal> {
    let Some(text) = question.parameter("MaxResults") else {
        return Ok(None);
    };
    let (least, most) = call.pages;
    let size: usize = text.parse().unwrap_or(0);
    if size < least || size > most {
        return Err(("InvalidParameterValue", format!("MaxResults {text}: must be {least} to {most}")));
    }
    if !question.list(call.id).is_empty() {
        return Err(("InvalidParameterCombination", format!("MaxResults and {} cannot be given together", call.id)));
    }
    Ok(Some(size))
}

fn select(call: &Describe, question: &Question, world: &Ec2World) -> Result<Vec<Value>, Refusal> {
    let mut items = match call.shape {
        "NetworkInterfaces" => world.interfaces.clone(),
        "SecurityGroups" => world.groups.clone(),
        "SecurityGroupRules" => world.rules.clone(),
        "PrefixLists" => lists_without_entries(world),
        "Entries" => entries(world, question.parameter("PrefixListId").unwrap_or_default())?,
        "Subnets" => world.subnets.clone(),
        "Vpcs" => world.vpcs.clone(),
        "FlowLogs" => world.flow_logs.clone(),
        "SecurityGroupVpcAssociations" => world.associations.clone(),
        _ => world.mirror_targets.clone(),
    };
    let ids = question.list(call.id);
    // Asking by id fails for all when one of them is gone.
    if let Some(gone) = ids.iter().find(|id| !items.iter().any(|item| item[call.id] == **id)) {
        let (code, what) = match call.id {
            "NetworkInterfaceId" => ("InvalidNetworkInterfaceID.NotFound", "network interface"),
            "GroupId" => ("InvalidGroup.NotFound", "security group"),
            _ => ("InvalidParameterValue", "resource"),
        };
        return Err((code, format!("the {what} '{gone}' does not exist")));
    }
    if !ids.is_empty() {
        items.retain(|item| ids.iter().any(|id| item[call.id] == **id));
    }
    let mut number = 1;
    while let Some(name) = question.parameter(&format!("Filter.{number}.Name")) {
        let values = question.list(&format!("Filter.{number}.Value"));
        if values.len() > MOST_FILTER_VALUES {
            return Err(("FilterLimitExceeded", format!("{} values: at most {MOST_FILTER_VALUES}", values.len())));
        }
        let member = member_of_filter(name);
        if !items.is_empty() && !items.iter().any(|item| item.get(&member).is_some() || name == "group-id") {
            return Err(("InvalidParameterValue", format!("the filter '{name}' is invalid")));
        }
        items.retain(|item| values.iter().any(|value| has(item, name, &member, value)));
        number += 1;
    }
    Ok(items)
}

fn has(item: &Value, filter: &str, member: &str, value: &str) -> bool {
    if filter == "group-id"
        && let Some(groups) = item["Groups"].as_array()
    {
        return groups.iter().any(|group| group["GroupId"] == value);
    }
    item[member] == value
}

/// `network-interface-id` filters by `NetworkInterfaceId`.
fn member_of_filter(name: &str) -> String {
    let mut member = String::new();
    for word in name.split('-') {
        let mut letters = word.chars();
        member.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        member.extend(letters);
    }
    member
}

fn lists_without_entries(world: &Ec2World) -> Vec<Value> {
    let mut lists = world.prefix_lists.clone();
    for list in lists.iter_mut().filter_map(Value::as_object_mut) {
        list.remove("Entries");
    }
    lists
}

fn entries(world: &Ec2World, id: &str) -> Result<Vec<Value>, Refusal> {
    let list = world.prefix_lists.iter().find(|list| list["PrefixListId"] == id);
    let list =
        list.ok_or_else(|| ("InvalidPrefixListID.NotFound", format!("the prefix list '{id}' does not exist")))?;
    Ok(list["Entries"].as_array().cloned().unwrap_or_default())
}
