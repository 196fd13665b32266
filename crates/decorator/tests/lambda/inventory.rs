//! Where groups come from.

use std::time::Duration;

use serde_json::{Value, json};
use servers::{AwsStub, Ec2World, Fault, Moto};

use crate::running::{Running, document, event, line, results};

fn groups(data: &[u8]) -> Value {
    document(data)["security-group-ids"].clone()
}

/// A cold start decorates its first batch, with every page of EC2's answer.
#[test]
fn the_first_batch_has_groups() {
    let aws = AwsStub::start();
    aws.set_ec2(Ec2World::with_interfaces(500));
    aws.set_page_size(100);
    let running = Running::with_aws(aws, &[]);
    let records: Vec<Vec<u8>> = (1..=500).map(|number| line(number, number).into_bytes()).collect();
    for (number, (_, result, data)) in (1..).zip(running.transform(&records)) {
        assert_eq!(result, "Ok");
        let expected = if number % 2 == 0 { json!(["sg-db", "sg-web"]) } else { json!(["sg-web"]) };
        assert_eq!(groups(&data), expected);
    }
    assert_eq!(running.metrics(1)["UnknownInterfaces"], 0);
    // Warm: EC2 is not asked again.
    let calls = running.aws.calls("DescribeNetworkInterfaces").len();
    running.transform(&records);
    assert_eq!(running.aws.calls("DescribeNetworkInterfaces").len(), calls);
}

#[test]
fn five_hundred_interfaces_in_moto() {
    let moto = Moto::start();
    let (interfaces, group) = moto.create_interfaces(500, "web");
    let environment = moto.environment();
    let settings: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let running = Running::start(&settings);
    let records: Vec<Vec<u8>> = interfaces
        .iter()
        .map(|(id, address)| {
            format!("2 123456789012 {id} {address} 203.0.113.9 443 49152 6 8 900 1772323100 1772323160 ACCEPT OK")
                .into_bytes()
        })
        .collect();
    for (_, result, data) in running.transform(&records) {
        assert_eq!(result, "Ok");
        let document = document(&data);
        assert_eq!(document["security-group-ids"], json!([group]));
        assert_eq!(document["security-group-names"], json!(["web"]));
        assert_eq!(document["direction"], "outbound");
    }
}

/// An interface that came after the inventory was read is looked up, for all records of the batch at once, and they have their groups.
#[test]
fn a_new_interface_is_looked_up() {
    let running = Running::start(&[]);
    running.transform(&[line(1, 1).into_bytes()]);
    running.aws.set_ec2(Ec2World::with_interfaces(40));
    let before = running.aws.calls("DescribeNetworkInterfaces").len();
    let records: Vec<Vec<u8>> = (15..=45).map(|number| line(number, 1).into_bytes()).collect();
    let answers = running.transform(&records);
    for (number, (_, result, data)) in (15..=45).zip(&answers) {
        assert_eq!(result, "Ok");
        assert_eq!(groups(data).is_array(), number <= 40, "{number}");
    }
    assert_eq!(running.aws.calls("DescribeNetworkInterfaces").len(), before + 1);
    assert_eq!(running.metrics(2)["UnknownInterfaces"], 5, "41 to 45");
    // What EC2 does not know is not asked for with every batch.
    running.transform(&records);
    assert_eq!(running.aws.calls("DescribeNetworkInterfaces").len(), before + 1);
}

/// When EC2 throttles, the copy that is there serves, and the metrics say how old it is.
#[test]
fn a_stale_copy_serves() {
    let running = Running::start(&[("INVENTORY_TTL_SECONDS", "1"), ("AWS_MAX_ATTEMPTS", "1")]);
    running.transform(&[line(1, 1).into_bytes()]);
    running.aws.fault("DescribeNetworkInterfaces", Fault::Throttle { times: u32::MAX });
    let mut invocations = 1;
    // Until it is older than a second and says so.
    let stale = loop {
        std::thread::sleep(Duration::from_millis(300));
        let answers = running.transform(&[line(2, 1).into_bytes()]);
        assert_eq!(groups(&answers[0].2), json!(["sg-db", "sg-web"]));
        invocations += 1;
        let metrics = running.metrics(invocations);
        if metrics["InventoryStale"] == 1 {
            break metrics;
        }
        assert!(invocations < 100, "never stale");
    };
    assert!(stale["InventoryAgeSeconds"].as_u64().unwrap() >= 1);
    // And when EC2 answers again, it is fresh again.
    running.aws.fault("DescribeNetworkInterfaces", Fault::Clear);
    loop {
        std::thread::sleep(Duration::from_millis(300));
        running.transform(&[line(2, 1).into_bytes()]);
        invocations += 1;
        if running.metrics(invocations)["InventoryStale"] == 0 {
            break;
        }
        assert!(invocations < 200, "never fresh");
    }
}

/// Without a permission there is no inventory; the invocation fails, with the permission's name, and nothing is delivered without groups.
#[test]
fn a_missing_permission_fails_the_invocation() {
    let running = Running::start(&[]);
    running.aws.fault("DescribeNetworkInterfaces", Fault::AccessDenied);
    running.aws.fault("DescribeSecurityGroups", Fault::AccessDenied);
    let (kind, message) = running.error(&event(&[line(1, 1).into_bytes()], false));
    assert_eq!(kind, "NoInventory");
    assert!(message.contains("ec2:Describe"), "{message}");
    assert_eq!(running.metrics(1)["InvocationFailed"], 1);
}

fn snapshot(world: &Ec2World) -> String {
    json!({"NetworkInterfaces": world.interfaces, "SecurityGroups": world.groups, "SecurityGroupRules": world.rules})
        .to_string()
}

#[test]
fn an_inventory_in_s3_is_read_again_when_it_changes() {
    let aws = AwsStub::start();
    aws.put_object("bucket/a/snapshot.json", snapshot(&Ec2World::with_interfaces(1)));
    let settings = [("INVENTORY", "s3://bucket/a/snapshot.json"), ("INVENTORY_TTL_SECONDS", "0")];
    let running = Running::with_aws(aws, &settings);
    let ask = |number: usize| groups(&running.transform(&[line(number, 1).into_bytes()])[0].2);
    assert_eq!(ask(1), json!(["sg-web"]));
    assert_eq!(ask(2), Value::Null);
    assert!(running.aws.calls("DescribeNetworkInterfaces").is_empty());
    running.aws.put_object("bucket/a/snapshot.json", snapshot(&Ec2World::with_interfaces(2)));
    wait_until(|| ask(2) == json!(["sg-db", "sg-web"]));
    // Unchanged, it is not fetched again (304), and a broken one leaves the old.
    wait_until(|| {
        ask(2);
        running.aws.calls("GetObject").iter().any(|call| call.status == 304)
    });
    running.aws.put_object("bucket/a/snapshot.json", "no longer JSON");
    wait_until(|| {
        assert_eq!(ask(2), json!(["sg-db", "sg-web"]));
        running.function.output().contains("the inventory is not as it should be")
    });
}

#[test]
fn an_inventory_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.json");
    std::fs::write(&path, snapshot(&Ec2World::with_interfaces(1))).unwrap();
    let settings = [("INVENTORY", folder.path().to_str().unwrap()), ("INVENTORY_TTL_SECONDS", "0")];
    let running = Running::start(&settings);
    let ask = |number: usize| groups(&running.transform(&[line(number, 1).into_bytes()])[0].2);
    assert_eq!(ask(1), json!(["sg-web"]));
    assert_eq!(ask(2), Value::Null);
    std::fs::write(&path, snapshot(&Ec2World::with_interfaces(2))).unwrap();
    wait_until(|| ask(2) == json!(["sg-db", "sg-web"]));
    std::fs::remove_file(&path).unwrap();
    wait_until(|| {
        assert_eq!(ask(2), json!(["sg-db", "sg-web"]));
        running.function.output().contains("the inventory is not as it should be")
    });
}

#[test]
fn an_inventory_that_is_not_there_fails_the_invocation() {
    for place in ["/no/such/inventory", "s3://bucket/no/such.json"] {
        let running = Running::start(&[("INVENTORY", place)]);
        let (kind, message) = running.error(&event(&[line(1, 1).into_bytes()], false));
        assert_eq!(kind, "NoInventory");
        assert!(message.contains(place), "{message}");
    }
}

#[test]
fn each_region_and_role_is_asked() {
    let role = "arn:aws:iam::210987654321:role/reader";
    let aws = AwsStub::start();
    aws.set_ec2_for(None, Some("us-east-1"), Ec2World::with_interfaces(1));
    let mut other = Ec2World::with_interfaces(2);
    other.interfaces.remove(0);
    aws.set_ec2_for(Some(role), Some("us-east-1"), other);
    let running = Running::with_aws(aws, &[("ASSUME_ROLE_ARNS", role)]);
    let answers = running.transform(&[line(1, 1).into_bytes(), line(2, 1).into_bytes()]);
    assert_eq!(results(&answers), ["Ok", "Ok"]);
    assert_eq!(groups(&answers[0].2), json!(["sg-web"]));
    assert_eq!(groups(&answers[1].2), json!(["sg-db", "sg-web"]));
}

/// Waits for something that happens beside the traffic.
#[track_caller]
fn wait_until(mut happened: impl FnMut() -> bool) {
    for _ in 0..600 {
        if happened() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("it never happened");
}
