//! What the tests share: a configuration that leads to the stub, a world that is large enough for pages, and comparison.

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_ec2::config::{Credentials, SharedCredentialsProvider};
use inventory::ec2::{Account, Live, LiveOptions, Reading, What, sdk_config};
use inventory::{Inventory, Span};
use serde_json::{Value, json};
use servers::Ec2World;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

pub const ROLE_A: &str = "arn:aws:iam::111122223333:role/flows";
pub const ROLE_B: &str = "arn:aws:iam::444455556666:role/flows";

/// Credentials, region and address of the stub; `attempts` per call with next to no pause between them.
pub async fn config(url: &str, attempts: u32) -> SdkConfig {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "not-a-secret", None, None, "test");
    let retries = RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1));
    sdk_config(Some("us-east-1"))
        .await
        .into_builder()
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retries)
        .build()
}

/// The same, with an end to every attempt.
pub async fn impatient(url: &str, attempt: Duration) -> SdkConfig {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(attempt).build();
    config(url, 1).await.into_builder().timeout_config(timeouts).build()
}

pub async fn take(url: &str, what: What) -> Reading {
    Reading::take(&config(url, 5).await, &Account::default(), what).await
}

/// Nothing is done twice by the clock: a test that wants a refresh or a look-up sets its interval to zero.
pub fn patient() -> LiveOptions {
    let hour = Duration::from_secs(3_600);
    LiveOptions {
        time_to_live: hour,
        wait_when_older_than: Some(2 * hour),
        retry_after: Duration::from_millis(1),
        look_up_every: hour,
        look_up_within: Duration::from_secs(20),
        forget_unknown_after: hour,
        ..LiveOptions::default()
    }
}

/// Every question has the copy read anew.
pub fn restless() -> LiveOptions {
    LiveOptions { time_to_live: Duration::ZERO, retry_after: Duration::ZERO, ..patient() }
}

pub fn role(arn: &str) -> Account {
    Account { region: None, role_arn: Some(arn.to_string()) }
}

/// Long enough for anything on loopback.
pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Asks until it is as wanted; a refresh runs beside, so it takes some questions.
pub async fn eventually(live: &Live, is_as_wanted: impl Fn(&Inventory) -> bool) {
    let deadline = soon();
    loop {
        let inventory = live.current(deadline).await.unwrap();
        if is_as_wanted(&inventory) {
            return;
        }
        assert!(Instant::now() < deadline, "it never came: {:?}", live.state());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub fn ids(numbers: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
    numbers.into_iter().map(Ec2World::interface_id).collect()
}

/// The groups that an interface surely carried, by name.
pub fn groups_of(inventory: &Inventory, interface: &str) -> Vec<String> {
    let number = inventory.interface_ix(interface.as_bytes()).unwrap_or_else(|| panic!("{interface} is not known"));
    let carried = inventory.carried(number, Span { from: 1_772_323_200, to: 1_772_323_260 });
    assert!(!carried.unknown_groups);
    assert!(carried.groups.iter().all(|(_, surely)| *surely), "{carried:?}");
    carried.groups.iter().map(|(group, _)| inventory.group(*group).name.clone()).collect()
}

pub fn knows(inventory: &Inventory, number: usize) -> bool {
    inventory.interface_ix(Ec2World::interface_id(number).as_bytes()).is_some()
}

/// Everything that an inventory says about interfaces, groups and flow logs, as text.
pub fn told(inventory: &Inventory) -> String {
    format!("{:#?}\n{:#?}\n{:#?}", inventory.interfaces(), inventory.groups(), inventory.flow_logs())
}

/// The lists of a world as the AWS CLI would print them, with the head of a snapshot.
pub fn printed(world: &Ec2World, account: &str) -> Value {
    json!({"CapturedAt": "2026-03-01T00:00:00Z", "AccountId": account, "Region": "us-east-1",
        "NetworkInterfaces": world.interfaces, "SecurityGroups": world.groups, "SecurityGroupRules": world.rules,
        "PrefixLists": world.prefix_lists, "Subnets": world.subnets, "Vpcs": world.vpcs, "FlowLogs": world.flow_logs,
        "SecurityGroupVpcAssociations": world.associations, "TrafficMirrorTargets": world.mirror_targets})
}

/// 23 interfaces, of which the first has every sort of address, and some of everything else. The prefix list that a rule
/// names has 123 entries; another one is named by nobody.
pub fn world() -> Ec2World {
    let mut world = Ec2World::with_interfaces(23);
    let first = &mut world.interfaces[0];
    first["PrivateIpAddresses"] = json!([
        {"Primary": true, "PrivateIpAddress": "10.0.0.1"},
        {"Primary": false, "PrivateIpAddress": "10.0.9.9"}
    ]);
    first["Ipv6Addresses"] = json!([{"Ipv6Address": "2001:db8::1"}, {"Ipv6Address": "2001:db8::2"}]);
    first["Ipv4Prefixes"] = json!([{"Ipv4Prefix": "10.0.32.0/28"}]);
    first["Ipv6Prefixes"] = json!([{"Ipv6Prefix": "2001:db8:0:1::/80"}]);
    first["AvailabilityZone"] = json!("us-east-1a");
    first["InterfaceType"] = json!("lambda");
    for number in 0..11 {
        world.groups.push(json!({"GroupId": format!("sg-{number:02}"), "GroupName": format!("group {number}"),
            "Description": "with & < > \" in it", "OwnerId": "123456789012", "VpcId": "vpc-1",
            "SecurityGroupArn": format!("arn:aws:ec2:us-east-1:123456789012:security-group/sg-{number:02}"),
            "IpPermissions": [{"IpProtocol": "udp", "FromPort": 4000 + number, "ToPort": 4010 + number,
                "IpRanges": [{"CidrIp": "10.1.0.0/16", "Description": "from there"}],
                "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
                "PrefixListIds": [{"PrefixListId": "pl-named"}], "UserIdGroupPairs": []}],
            "IpPermissionsEgress": []}));
        world.rules.push(
            json!({"SecurityGroupRuleId": format!("sgr-{number:02}"), "GroupId": format!("sg-{number:02}"),
            "GroupOwnerId": "123456789012", "IsEgress": false, "IpProtocol": "udp", "FromPort": 4000 + number,
            "ToPort": 4010 + number, "PrefixListId": "pl-named", "Description": "by the list",
            "Tags": [{"Key": "team", "Value": "net"}]}),
        );
    }
    let entries: Vec<Value> =
        (0..123).map(|n| json!({"Cidr": format!("198.51.{n}.0/24"), "Description": ""})).collect();
    world.prefix_lists = vec![
        json!({"PrefixListId": "pl-named", "PrefixListName": "named", "OwnerId": "123456789012", "AddressFamily": "IPv4",
            "PrefixListArn": "arn:aws:ec2:us-east-1:123456789012:prefix-list/pl-named", "Entries": entries}),
        json!({"PrefixListId": "pl-other", "PrefixListName": "com.amazonaws.us-east-1.s3", "OwnerId": "AWS",
            "PrefixListArn": "arn:aws:ec2:us-east-1:aws:prefix-list/pl-other",
            "Entries": [{"Cidr": "203.0.113.0/24", "Description": ""}]}),
    ];
    for number in 0..7 {
        world.subnets.push(json!({"SubnetId": format!("subnet-{number}"), "VpcId": "vpc-1", "OwnerId": "123456789012",
            "CidrBlock": format!("10.0.{}.0/20", number * 16), "AvailabilityZone": "us-east-1a",
            "SubnetArn": format!("arn:aws:ec2:us-east-1:123456789012:subnet/subnet-{number}"),
            "Ipv6CidrBlockAssociationSet": [{"AssociationId": "a", "Ipv6CidrBlock": format!("2001:db8:0:{number}::/64"),
                "Ipv6CidrBlockState": {"State": "associated"}}]}));
    }
    world.vpcs =
        vec![json!({"VpcId": "vpc-1", "OwnerId": "123456789012", "CidrBlock": "10.0.0.0/16", "IsDefault": false,
        "CidrBlockAssociationSet": [
            {"AssociationId": "a", "CidrBlock": "10.0.0.0/16", "CidrBlockState": {"State": "associated"}},
            {"AssociationId": "b", "CidrBlock": "10.7.0.0/16", "CidrBlockState": {"State": "associated"}}],
        "Ipv6CidrBlockAssociationSet": [{"AssociationId": "c", "Ipv6CidrBlock": "2001:db8::/56",
            "Ipv6CidrBlockState": {"State": "associated"}}]})];
    world.flow_logs = vec![json!({"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL",
        "FlowLogStatus": "ACTIVE", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::bucket",
        "LogFormat": "${version} ${account-id}", "MaxAggregationInterval": 60})];
    world.associations = vec![json!({"GroupId": "sg-01", "VpcId": "vpc-2", "VpcOwnerId": "123456789012",
        "State": "associated"})];
    world.mirror_targets = vec![json!({"TrafficMirrorTargetId": "tmt-1", "OwnerId": "123456789012",
        "NetworkInterfaceId": Ec2World::interface_id(3), "Type": "network-interface"})];
    world
}
