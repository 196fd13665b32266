//! One reading: pages, retries, refusals, and a snapshot that says the same as the AWS CLI.

use crate::stage::{config, impatient, printed, take, told, world};
use inventory::ec2::{Account, Reading, RefusalKind, What};
use inventory::{Inventory, Peer};
use serde_json::Value;
use servers::http::{Reply, Response, Server};
use servers::{AwsStub, Ec2World, Fault};
use std::time::Duration;

const CALLS: [&str; 10] = [
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSecurityGroupRules",
    "DescribeManagedPrefixLists",
    "GetManagedPrefixListEntries",
    "DescribeSubnets",
    "DescribeVpcs",
    "DescribeFlowLogs",
    "DescribeSecurityGroupVpcAssociations",
    "DescribeTrafficMirrorTargets",
];

fn saved(readings: &[Reading]) -> String {
    let mut bytes = Vec::new();
    Reading::write_json(readings, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_snapshot_read_in_pages_of_five_is_what_the_cli_prints() {
    let stub = AwsStub::start();
    let world = world();
    stub.set_ec2(world.clone());
    stub.set_page_size(5);
    let reading = take(&stub.url(), What::Everything).await;
    assert_eq!(reading.refused(), []);
    assert_eq!((reading.account_id(), reading.region()), (Some("123456789012"), Some("us-east-1")));
    assert_eq!(reading.counts(), (23, 13));

    // 23 interfaces in pages of five are five pages; 123 entries are 25, and the other list has one page.
    assert_eq!(stub.calls("DescribeNetworkInterfaces").len(), 5);
    assert_eq!(stub.calls("GetManagedPrefixListEntries").len(), 26);
    for operation in CALLS {
        assert!(stub.calls(operation).iter().all(|call| call.status == 200), "{operation}");
    }
    assert_eq!(stub.calls("DescribeSubnets")[0].parameters["MaxResults"], "1000");
    assert_eq!(stub.calls("GetManagedPrefixListEntries")[0].parameters["MaxResults"], "100");

    let snapshot: Value = serde_json::from_str(&saved(std::slice::from_ref(&reading))).unwrap();
    let captured_at: jiff::Timestamp = snapshot["CapturedAt"].as_str().unwrap().parse().unwrap();
    assert!(captured_at <= jiff::Timestamp::now());
    // All that is kept stands in the snapshot as the CLI prints it.
    let cli = printed(&world, "123456789012");
    assert_kept(&snapshot, &cli, "snapshot");
    for key in ["NetworkInterfaces", "SecurityGroups", "SecurityGroupRules", "PrefixLists", "Subnets", "FlowLogs"] {
        assert_eq!(snapshot[key].as_array().unwrap().len(), cli[key].as_array().unwrap().len(), "{key}");
    }

    let from_snapshot = Inventory::from_texts(&[("a.json", &snapshot.to_string())]).unwrap();
    let from_cli = Inventory::from_texts(&[("a.json", &cli.to_string())]).unwrap();
    let from_reading = Inventory::from_readings(&[reading]).unwrap();
    assert_eq!(told(&from_snapshot.inventory), told(&from_cli.inventory));
    assert_eq!(told(&from_reading.inventory), told(&from_cli.inventory));
    // The entries of a list of AWS that no rule names are there too: it may be recommended.
    let of_aws = from_snapshot.inventory.prefix_lists().filter(|(_, facts)| facts.is_aws_managed());
    assert_eq!(of_aws.map(|(id, _)| id).collect::<Vec<_>>(), ["pl-other"]);
    assert_eq!(from_snapshot.notes, from_cli.notes);
}

/// Every value of `some` is in `all`, at the same place; lists are compared by id. Empty lists may be missing in `all`.
fn assert_kept(some: &Value, all: &Value, place: &str) {
    match (some, all) {
        (Value::Object(some), _) => {
            for (key, value) in some {
                if key == "CapturedAt" || (value.as_array().is_some_and(Vec::is_empty) && all.get(key).is_none()) {
                    continue;
                }
                if key == "AttachTime" {
                    let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
                    assert_eq!(time(value), time(&all[key]), "{place}.{key}");
                    continue;
                }
                assert_kept(value, &all[key], &format!("{place}.{key}"));
            }
        }
        (Value::Array(some), Value::Array(all)) => {
            assert_eq!(some.len(), all.len(), "{place}");
            let sorted = |items: &[Value]| {
                let mut items = items.to_vec();
                let id = |item: &Value| {
                    ["NetworkInterfaceId", "SecurityGroupRuleId", "SubnetId", "Cidr", "GroupId"]
                        .iter()
                        .find_map(|key| item.get(*key).and_then(Value::as_str).map(str::to_owned))
                };
                items.sort_by_key(id);
                items
            };
            for (index, (some, all)) in sorted(some).iter().zip(&sorted(all)).enumerate() {
                assert_kept(some, all, &format!("{place}[{index}]"));
            }
        }
        _ => assert_eq!(some, all, "{place}"),
    }
}

#[tokio::test]
async fn all_sorts_of_addresses_survive() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    let reading = take(&stub.url(), What::Decoration { rules: false }).await;
    let inventory = Inventory::from_readings(&[reading]).unwrap().inventory;
    let number = inventory.interface_ix(Ec2World::interface_id(1).as_bytes()).unwrap();
    let interface = inventory.interface(number);
    let texts = |list: &[std::net::IpAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&interface.private_addresses), ["10.0.0.1", "10.0.9.9"]);
    assert_eq!(texts(&interface.ipv6_addresses), ["2001:db8::1", "2001:db8::2"]);
    let prefixes: Vec<String> = interface.prefixes.iter().map(ToString::to_string).collect();
    assert_eq!(prefixes, ["10.0.32.0/28", "2001:db8:0:1::/80"]);
    assert_eq!(interface.kind, inventory::Kind::Lambda);
    assert_eq!(interface.region.as_deref(), Some("us-east-1"));
    assert_eq!(interface.description, "server 1");
}

#[tokio::test]
async fn decoration_asks_for_what_it_needs_and_no_more() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    take(&stub.url(), What::Decoration { rules: false }).await;
    let made = |operations: &[&str]| {
        let mut made: Vec<String> = stub.all_calls().into_iter().map(|call| call.operation).collect();
        made.sort();
        made.dedup();
        assert_eq!(made, operations);
    };
    made(&["DescribeNetworkInterfaces", "DescribeSecurityGroups"]);

    let reading = take(&stub.url(), What::Decoration { rules: true }).await;
    made(&[
        "DescribeManagedPrefixLists",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroupRules",
        "DescribeSecurityGroups",
        "GetManagedPrefixListEntries",
    ]);
    // Two pages of the list that rules name; none of the other.
    let entries = stub.calls("GetManagedPrefixListEntries");
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|call| call.parameters["PrefixListId"] == "pl-named"));
    let inventory = Inventory::from_readings(&[reading]).unwrap().inventory;
    let group = inventory.group(inventory.group_ix("sg-03").unwrap());
    let rule = group.rules.iter().find(|rule| matches!(rule.peer, Peer::PrefixList(_))).unwrap();
    assert_eq!(rule.id, "sgr-03");
    assert_eq!(inventory.unresolved(rule), None);
}

#[tokio::test]
async fn the_sdk_takes_request_limit_exceeded_as_a_reason_to_try_again() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: 3 });
    let reading = take(&stub.url(), What::Decoration { rules: false }).await;
    assert_eq!(reading.refused(), []);
    assert_eq!(reading.counts().0, 23);
    let statuses: Vec<u16> = stub.calls("DescribeNetworkInterfaces").iter().map(|call| call.status).collect();
    assert_eq!(statuses, [503, 503, 503, 200]);

    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: u32::MAX });
    let reading = take(&stub.url(), What::Decoration { rules: false }).await;
    let [refusal] = reading.refused() else { panic!("{:?}", reading.refused()) };
    assert_eq!((refusal.operation, refusal.kind), ("DescribeNetworkInterfaces", RefusalKind::Throttled));
    assert_eq!(refusal.code.as_deref(), Some("RequestLimitExceeded"));
    assert!(!refusal.is_final());
    assert_eq!(reading.counts(), (0, 13));
}

#[tokio::test]
async fn what_one_call_refuses_is_named_and_the_rest_is_kept() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeFlowLogs", Fault::AccessDenied);
    stub.fault("GetManagedPrefixListEntries", Fault::AccessDenied);
    let reading = take(&stub.url(), What::Everything).await;
    let [flow_logs, entries] = reading.refused() else { panic!("{:?}", reading.refused()) };
    assert_eq!((flow_logs.operation, flow_logs.kind), ("DescribeFlowLogs", RefusalKind::Denied));
    assert_eq!(flow_logs.missing_permission().as_deref(), Some("ec2:DescribeFlowLogs"));
    assert_eq!(flow_logs.place, "us-east-1");
    let text = flow_logs.to_string();
    assert!(text.starts_with("AWS refused DescribeFlowLogs (us-east-1): UnauthorizedOperation: "), "{text}");
    assert!(text.ends_with("; allow ec2:DescribeFlowLogs"), "{text}");
    assert_eq!(entries.missing_permission().as_deref(), Some("ec2:GetManagedPrefixListEntries"));
    // A missing permission does not come with the next list.
    assert_eq!(stub.calls("GetManagedPrefixListEntries").len(), 1);

    let snapshot: Value = serde_json::from_str(&saved(&[reading])).unwrap();
    assert!(snapshot.get("FlowLogs").is_none(), "what was refused is not an empty list");
    assert!(snapshot["PrefixLists"][0].get("Entries").is_none());
    assert_eq!(snapshot["Subnets"].as_array().unwrap().len(), 7);
}

#[tokio::test]
async fn a_list_that_is_empty_is_not_a_list_that_is_unknown() {
    let stub = AwsStub::start();
    let reading = take(&stub.url(), What::Everything).await;
    assert_eq!(reading.refused(), []);
    let snapshot: Value = serde_json::from_str(&saved(&[reading])).unwrap();
    for key in ["NetworkInterfaces", "SecurityGroups", "FlowLogs", "TrafficMirrorTargets"] {
        assert_eq!(snapshot[key], serde_json::json!([]), "{key}");
    }
    assert_eq!(snapshot["AccountId"], "123456789012", "STS told it");
}

#[tokio::test]
async fn whose_snapshot_it_is_is_never_guessed_from_its_groups() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("GetCallerIdentity", Fault::AccessDenied);
    let reading = take(&stub.url(), What::Everything).await;
    assert_eq!((reading.refused(), reading.account_id()), (&[][..], None));
}

#[tokio::test]
async fn silence_and_broken_connections_are_told_apart() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_secs(20)));
    stub.fault("DescribeSecurityGroups", Fault::Drop);
    let config = impatient(&stub.url(), Duration::from_millis(300)).await;
    let reading = Reading::take(&config, &Account::default(), What::Decoration { rules: false }).await;
    let kinds: Vec<_> = reading.refused().iter().map(|refusal| (refusal.operation, refusal.kind)).collect();
    assert_eq!(
        kinds,
        [("DescribeNetworkInterfaces", RefusalKind::TimedOut), ("DescribeSecurityGroups", RefusalKind::Unreachable)]
    );
    assert!(reading.refused()[0].headline().starts_with("AWS did not answer DescribeNetworkInterfaces"));
    assert!(reading.is_empty());
}

#[tokio::test]
async fn a_token_that_comes_again_is_an_error_and_not_an_endless_or_a_short_list() {
    // Two tokens in turn, for ever: the SDK's own check sees only the same token twice in a row, and then ends in silence.
    let server = Server::start(|request, _| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let next = if body.contains("NextToken=a") { "b" } else { "a" };
        let xml = format!(
            "<DescribeNetworkInterfacesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
             <networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId></item></networkInterfaceSet>\
             <nextToken>{next}</nextToken></DescribeNetworkInterfacesResponse>"
        );
        Reply::Answer(Response::new(200, "text/xml", xml))
    });
    let config = config(&format!("http://{}", server.address()), 1).await;
    let reading = Reading::take(&config, &Account::default(), What::Decoration { rules: false }).await;
    let refusal = reading.refused().iter().find(|refusal| refusal.operation == "DescribeNetworkInterfaces").unwrap();
    assert!(refusal.reason.contains("token of an earlier one"), "{refusal}");
    assert_eq!(reading.counts().0, 0);
}

#[tokio::test]
async fn an_account_whose_groups_are_of_several_owners_is_not_guessed() {
    let stub = AwsStub::start();
    let mut world = world();
    world.groups[0]["OwnerId"] = "999999999999".into();
    stub.set_ec2(world);
    let reading = take(&stub.url(), What::Decoration { rules: false }).await;
    assert_eq!(reading.account_id(), None);
}
