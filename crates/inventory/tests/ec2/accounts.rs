//! Several accounts and regions in one copy.

use crate::stage::{ROLE_A, ROLE_B, config, groups_of, ids, knows, patient, restless, role, soon};
use inventory::Inventory;
use inventory::ec2::{Account, Live, LiveOptions, Reading, What};
use serde_json::json;
use servers::{AwsStub, Ec2World, Fault};
use std::time::Duration;
use tokio::time::Instant;

/// An account with interfaces that nobody else has.
fn world_of(account: &str, numbers: std::ops::RangeInclusive<usize>) -> Ec2World {
    let mut world = Ec2World::with_interfaces(*numbers.end());
    world.interfaces.drain(..numbers.start() - 1);
    for interface in &mut world.interfaces {
        interface["OwnerId"] = json!(account);
    }
    for group in &mut world.groups {
        group["OwnerId"] = json!(account);
    }
    world
}

fn two_accounts() -> (AwsStub, LiveOptions) {
    let stub = AwsStub::start();
    stub.set_ec2_for(Some(ROLE_A), None, world_of("111122223333", 1..=3));
    stub.set_ec2_for(Some(ROLE_B), None, world_of("444455556666", 4..=6));
    (stub, LiveOptions { accounts: vec![role(ROLE_A), role(ROLE_B)], ..patient() })
}

#[tokio::test]
async fn each_is_read_in_its_role_and_what_holds_now_holds_of_all() {
    let (stub, options) = two_accounts();
    let live = Live::with_config(options, config(&stub.url(), 5).await);
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(inventory.interfaces().len(), 6);
    // Each account has one snapshot, which holds at any time.
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(2)), ["db", "web"]);
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(5)), ["web"]);
    assert!(inventory.has_interfaces_of(Some("111122223333")) && inventory.has_interfaces_of(Some("444455556666")));
    let of: Vec<_> = inventory.snapshots().into_iter().map(|snapshot| (snapshot.account_id, snapshot.region)).collect();
    let region = Some("us-east-1".to_string());
    let account = |id: &str| (Some(id.to_string()), region.clone());
    assert!(of.contains(&account("111122223333")) && of.contains(&account("444455556666")), "{of:?}");
    assert_eq!(of.len(), 2);
    let mut signers: Vec<String> =
        stub.calls("DescribeNetworkInterfaces").into_iter().map(|call| call.credentials).collect();
    signers.sort();
    signers.dedup();
    assert_eq!(signers.len(), 2);
    assert!(signers.iter().all(|key| key.starts_with("ASIA")), "{signers:?}");
    assert_eq!(stub.calls("AssumeRole").len(), 2, "once an account");
}

#[tokio::test]
async fn regions_are_read_with_the_same_credentials() {
    let stub = AwsStub::start();
    stub.set_ec2_for(None, Some("us-east-1"), world_of("123456789012", 1..=3));
    stub.set_ec2_for(None, Some("eu-west-1"), world_of("123456789012", 4..=6));
    let region = |name: &str| Account { region: Some(name.to_string()), role_arn: None };
    let options = LiveOptions { accounts: vec![region("us-east-1"), region("eu-west-1")], ..patient() };
    let live = Live::with_config(options, config(&stub.url(), 5).await);
    assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 6);
}

#[tokio::test]
async fn one_that_cannot_be_read_does_not_keep_the_others() {
    let (stub, mut options) = two_accounts();
    options.accounts.push(role("arn:aws:iam::1:nonsense"));
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    // Half a second of these is for those that may still answer.
    let inventory = live.current(Instant::now() + Duration::from_secs(2)).await.unwrap();
    assert_eq!(inventory.interfaces().len(), 6);
    let state = live.state();
    assert!(state.is_stale, "an account has no copy");
    assert_eq!(state.failed_accounts, ["default region, role arn:aws:iam::1:nonsense"]);
    assert!(state.last_error.unwrap().contains("AssumeRole"));
    // It is asked like the others, and as long as it does not answer nobody is said not to exist.
    let inventory = live.with_interfaces(&ids([77]), soon()).await;
    assert_eq!(inventory.interfaces().len(), 6);
    assert_eq!(live.state().unknown_interfaces, 0);
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_an_error_that_says_so() {
    let (stub, options) = two_accounts();
    stub.fault("AssumeRole", Fault::AccessDenied);
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    let text = live.current(soon()).await.unwrap_err().to_string();
    assert!(text.contains("AWS refused AssumeRole (us-east-1, role arn:aws:iam::111122223333:role/flows)"), "{text}");
    assert!(text.contains("allow the caller sts:AssumeRole on that role"), "{text}");
    assert!(text.ends_with("(and 1 more)"), "{text}");
}

#[tokio::test]
async fn one_that_fails_later_keeps_its_copy() {
    let (stub, options) = two_accounts();
    let options = LiveOptions { accounts: options.accounts, ..restless() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2_for(Some(ROLE_A), None, world_of("111122223333", 1..=7));
    let mut broken = world_of("444455556666", 4..=6);
    broken.interfaces[0]["PrivateIpAddress"] = json!("nowhere");
    stub.set_ec2_for(Some(ROLE_B), None, broken);
    crate::stage::eventually(&live, |inventory| knows(inventory, 7)).await;
    crate::stage::eventually(&live, |_| live.state().failed_refreshes > 0).await;
    assert_eq!(live.state().failed_accounts, [format!("default region, role {ROLE_B}")]);
    assert!(knows(&live.current(soon()).await.unwrap(), 5));
}

#[tokio::test]
async fn look_ups_ask_every_account() {
    let (stub, options) = two_accounts();
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2_for(Some(ROLE_B), None, world_of("444455556666", 4..=8));
    stub.clear_calls();
    let inventory = live.with_interfaces(&ids([8, 99]), soon()).await;
    assert_eq!(
        inventory.interface(inventory.interface_ix(Ec2World::interface_id(8).as_bytes()).unwrap()).owner.as_deref(),
        Some("444455556666")
    );
    assert_eq!(stub.all_calls().len(), 2);
    assert_eq!(live.state().unknown_interfaces, 1);
}

/// The owner of a shared VPC sees the interfaces of those it shares with; the account is still its own.
#[tokio::test]
async fn interfaces_of_others_do_not_make_their_accounts_known() {
    let stub = AwsStub::start();
    let mut world = world_of("111122223333", 1..=3);
    world.interfaces[2]["OwnerId"] = json!("999999999999");
    stub.set_ec2_for(Some(ROLE_A), None, world);
    let reading = Reading::take(&config(&stub.url(), 1).await, &role(ROLE_A), What::Decoration { rules: false }).await;
    assert_eq!(reading.account_id(), Some("111122223333"));
    let inventory = Inventory::from_readings(&[reading]).unwrap().inventory;
    assert!(inventory.has_interfaces_of(Some("111122223333")));
    assert!(!inventory.has_interfaces_of(Some("999999999999")), "only some of its interfaces are seen here");
}

#[tokio::test]
async fn the_first_question_waits_for_one_that_was_refused_in_passing() {
    let (stub, options) = two_accounts();
    // One of the two accounts is throttled.
    stub.fault("DescribeSecurityGroups", Fault::Throttle { times: 1 });
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(inventory.interfaces().len(), 6);
    assert!(!live.state().is_stale);
}

#[tokio::test]
async fn one_that_does_not_answer_keeps_the_first_question_a_quarter_of_its_time_and_later_ones_no_longer_than_set() {
    let (stub, options) = two_accounts();
    stub.fault("DescribeNetworkInterfaces", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
    let options = LiveOptions { wait_at_most: Duration::from_millis(50), ..options };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    let deadline = Instant::now() + Duration::from_secs(20);
    let inventory = live.current(deadline).await.unwrap();
    assert_eq!(inventory.interfaces().len(), 3);
    assert!(Instant::now() < deadline, "it would wait for the answer, which takes a minute");
    for _ in 0..50 {
        assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 3);
    }
    assert!(Instant::now() < deadline);
    assert!(live.state().is_stale);
}
