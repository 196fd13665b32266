//! The copy beside the traffic: when it is read, what it is when EC2 does not answer, and what it says of itself.

use crate::stage::{config, eventually, groups_of, ids, impatient, knows, patient, restless, soon, world};
use inventory::ec2::{Live, LiveOptions, ReadError};
use servers::{AwsStub, Ec2World, Fault};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

fn listings(stub: &AwsStub) -> usize {
    stub.calls("DescribeNetworkInterfaces").len()
}

#[tokio::test]
async fn the_first_question_waits_and_the_next_does_not_ask() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    let live = Live::with_config(patient(), config(&stub.url(), 5).await);
    assert_eq!(live.state().age_seconds, None);
    assert!(live.state().is_stale);
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(2)), ["db", "web"]);
    for _ in 0..50 {
        assert!(Arc::ptr_eq(&inventory, &live.current(soon()).await.unwrap()));
    }
    assert_eq!(listings(&stub), 1);
    let state = live.state();
    assert_eq!((state.is_stale, state.failed_refreshes, state.interfaces), (false, 0, 23));
    assert!(state.age_seconds.is_some());
    assert_eq!(state.last_error, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_come_together_are_one_reading() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_millis(200)));
    let live = Live::with_config(patient(), config(&stub.url(), 5).await);
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let live = live.clone();
        asking.spawn(async move { live.current(soon()).await.unwrap().interfaces().len() });
    }
    assert_eq!(asking.join_all().await, [23; 20]);
    assert_eq!(listings(&stub), 1);
}

#[tokio::test]
async fn an_old_copy_serves_while_it_is_read_anew() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let live = Live::with_config(restless(), config(&stub.url(), 5).await);
    let first = live.current(soon()).await.unwrap();
    assert_eq!(first.interfaces().len(), 3);
    stub.set_ec2(Ec2World::with_interfaces(4));
    // A minute, while the test has seconds: whoever waits for it fails.
    stub.fault("DescribeSecurityGroups", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
    let at_once = live.current(soon()).await.unwrap();
    assert_eq!(at_once.interfaces().len(), 3);

    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let live = Live::with_config(restless(), config(&stub.url(), 5).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2(Ec2World::with_interfaces(4));
    eventually(&live, |inventory| knows(inventory, 4)).await;
}

#[tokio::test]
async fn a_copy_that_is_far_too_old_is_waited_for() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let options =
        LiveOptions { wait_when_older_than: Some(Duration::ZERO), wait_at_most: Duration::from_secs(30), ..restless() };
    let live = Live::with_config(options.clone(), config(&stub.url(), 5).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2(Ec2World::with_interfaces(4));
    assert!(knows(&live.current(soon()).await.unwrap(), 4));

    // But not longer than it is allowed to.
    let options = LiveOptions { wait_at_most: Duration::from_millis(50), ..options };
    let live = Live::with_config(options, config(&stub.url(), 5).await);
    live.current(soon()).await.unwrap();
    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_secs(60)));
    assert!(knows(&live.current(soon()).await.unwrap(), 4));
}

#[tokio::test]
async fn the_old_copy_serves_while_ec2_throttles_for_ever() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    let live = Live::with_config(restless(), config(&stub.url(), 2).await);
    live.current(soon()).await.unwrap();
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: u32::MAX });
    stub.fault("DescribeSecurityGroups", Fault::Throttle { times: u32::MAX });
    let deadline = soon();
    while live.state().failed_refreshes < 3 {
        let inventory = live.current(deadline).await.unwrap();
        assert_eq!(groups_of(&inventory, &Ec2World::interface_id(2)), ["db", "web"]);
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let state = live.state();
    assert!(state.is_stale);
    assert_eq!(state.failed_accounts, ["default region"]);
    assert!(state.last_error.unwrap().contains("RequestLimitExceeded"));
    stub.fault("DescribeNetworkInterfaces", Fault::Clear);
    stub.fault("DescribeSecurityGroups", Fault::Clear);
    eventually(&live, |_| live.state().failed_refreshes == 0).await;
    assert_eq!(live.state().last_error, None);
}

#[tokio::test]
async fn a_refresh_that_failed_is_not_tried_again_at_once() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    let hour = Duration::from_secs(3_600);
    let options = LiveOptions { retry_after: hour, ..restless() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.fault("DescribeNetworkInterfaces", Fault::AccessDenied);
    eventually(&live, |_| live.state().failed_refreshes == 1).await;
    let before = listings(&stub);
    for _ in 0..50 {
        live.current(soon()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!((listings(&stub), live.state().failed_refreshes), (before, 1));
}

#[tokio::test]
async fn a_missing_permission_at_the_start_is_an_error_that_names_it() {
    for operation in ["DescribeNetworkInterfaces", "DescribeSecurityGroups"] {
        let stub = AwsStub::start();
        stub.set_ec2(world());
        stub.fault(operation, Fault::AccessDenied);
        let options = LiveOptions { retry_after: Duration::from_secs(3_600), ..patient() };
        let live = Live::with_config(options, config(&stub.url(), 5).await);
        let error = live.current(soon()).await.unwrap_err();
        assert!(matches!(error, ReadError::Refused(_)));
        let text = error.to_string();
        assert!(text.contains(operation) && text.ends_with(&format!("allow ec2:{operation}")), "{text}");
        // The next question gets the same answer without asking EC2 again.
        let calls = stub.all_calls().len();
        assert_eq!(live.current(soon()).await.unwrap_err().to_string(), text);
        assert_eq!(stub.all_calls().len(), calls);
    }
}

#[tokio::test]
async fn throttling_at_the_start_is_waited_out() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeSecurityGroups", Fault::Throttle { times: 4 });
    let live = Live::with_config(patient(), config(&stub.url(), 1).await);
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(1)), ["web"]);
    assert_eq!(stub.calls("DescribeSecurityGroups").len(), 5);
}

#[tokio::test]
async fn the_first_question_ends_with_its_deadline() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: u32::MAX });
    let live = Live::with_config(patient(), config(&stub.url(), 1).await);
    let error = live.current(Instant::now() + Duration::from_millis(300)).await.unwrap_err();
    let ReadError::TimedOut { last: Some(last) } = error else { panic!("{error}") };
    assert_eq!(last.code.as_deref(), Some("RequestLimitExceeded"));

    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_secs(60)));
    let live = Live::with_config(patient(), config(&stub.url(), 1).await);
    let error = live.current(Instant::now() + Duration::from_millis(100)).await.unwrap_err();
    assert!(matches!(error, ReadError::TimedOut { last: None }), "{error}");
}

#[tokio::test]
async fn a_refresh_that_hangs_is_given_up_and_tried_again() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
    let options = LiveOptions { refresh_within: Duration::from_millis(500), ..patient() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 23);

    stub.fault("DescribeNetworkInterfaces", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
    let live = Live::with_config(patient(), impatient(&stub.url(), Duration::from_millis(500)).await);
    assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 23);
}

#[tokio::test]
async fn what_one_call_refuses_stays_as_it_was() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    let options = LiveOptions { rules: true, ..restless() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.fault("DescribeSecurityGroupRules", Fault::AccessDenied);
    stub.fault("GetManagedPrefixListEntries", Fault::AccessDenied);
    let mut larger = Ec2World::with_interfaces(30);
    larger.groups = world().groups;
    stub.set_ec2(larger);
    eventually(&live, |inventory| knows(inventory, 30)).await;
    let inventory = live.current(soon()).await.unwrap();
    let group = inventory.group(inventory.group_ix("sg-03").unwrap());
    let by_list = group.rules.iter().find(|rule| rule.id == "sgr-03").expect("rules of before");
    assert_eq!(inventory.unresolved(by_list), None, "entries of before");
    let state = live.state();
    assert!(state.failed_refreshes > 0);
    assert!(state.last_error.unwrap().contains("DescribeSecurityGroupRules"));
}

#[tokio::test]
async fn rule_ids_without_the_permission_for_them_keep_nobody_waiting() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeSecurityGroupRules", Fault::AccessDenied);
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: 2 });
    let options = LiveOptions { rules: true, ..patient() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 23);
    let state = live.state();
    assert!(!state.is_stale, "what was read is fresh");
    assert_eq!(state.failed_refreshes, 3);
    assert!(state.last_error.unwrap().ends_with("allow ec2:DescribeSecurityGroupRules"));
}

#[tokio::test]
async fn an_interface_that_is_gone_stays_a_while() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(4));
    let live = Live::with_config(restless(), config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    let mut smaller = Ec2World::with_interfaces(5);
    smaller.interfaces.remove(1);
    stub.set_ec2(smaller.clone());
    eventually(&live, |inventory| knows(inventory, 5)).await;
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(2)), ["db", "web"]);
    assert_eq!(live.state().interfaces, 5);

    let options = LiveOptions { keep_gone_for: Duration::ZERO, ..restless() };
    stub.set_ec2(Ec2World::with_interfaces(4));
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2(smaller);
    eventually(&live, |inventory| knows(inventory, 5)).await;
    assert!(!knows(&live.current(soon()).await.unwrap(), 2));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_leaves_the_copy_alone() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(4));
    let live = Live::with_config(restless(), config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    let mut broken = Ec2World::with_interfaces(4);
    broken.interfaces[2]["PrivateIpAddress"] = "10.0.0.300".into();
    stub.set_ec2(broken);
    eventually(&live, |_| live.state().failed_refreshes > 0).await;
    assert_eq!(live.current(soon()).await.unwrap().interfaces().len(), 4);
    assert!(live.state().last_error.unwrap().contains("10.0.0.300"));
    stub.set_ec2(Ec2World::with_interfaces(5));
    eventually(&live, |inventory| knows(inventory, 5)).await;
    assert_eq!(live.state().last_error, None);
}

#[tokio::test]
async fn before_the_first_reading_a_look_up_finds_nothing() {
    let stub = AwsStub::start();
    let live = Live::with_config(patient(), config(&stub.url(), 1).await);
    assert_eq!(live.with_interfaces(&ids([1]), soon()).await.interfaces().len(), 0);
    assert_eq!(stub.all_calls().len(), 0);
}

/// Lambda freezes the process in the middle of a refresh; a runtime that ends is the nearest to it.
#[test]
fn a_refresh_that_died_is_started_again() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stub = AwsStub::start();
    stub.set_ec2(world());
    stub.fault("DescribeNetworkInterfaces", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
    let first = runtime();
    let live = first.block_on(async {
        let live = Live::with_config(patient(), config(&stub.url(), 1).await);
        live.current(Instant::now() + Duration::from_millis(200)).await.unwrap_err();
        live
    });
    drop(first);
    // What died counts as failed, so it is tried again after the pause that follows a failure.
    assert_eq!(live.state().failed_refreshes, 1);
    let inventory = runtime().block_on(live.current(soon())).unwrap();
    assert_eq!(inventory.interfaces().len(), 23);
}

/// A function with so little to do that the process is frozen whenever an answer is given: nothing runs but while a question is
/// asked. The refresh that is begun by one is frozen until the next; that one gets the copy of a refresh of its own.
#[test]
fn a_quiet_function_gets_new_copies_although_each_refresh_is_frozen() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let options = LiveOptions {
        time_to_live: Duration::ZERO,
        wait_when_older_than: Some(Duration::from_secs(2)),
        wait_at_most: Duration::from_secs(30),
        refresh_within: Duration::from_secs(2),
        ..LiveOptions::default()
    };
    let live = runtime.block_on(async { Live::with_config(options, config(&stub.url(), 1).await) });
    runtime.block_on(live.current(soon())).unwrap();
    for count in [4, 5] {
        stub.set_ec2(Ec2World::with_interfaces(count));
        // What is sent before the freeze is never answered.
        stub.fault("DescribeNetworkInterfaces", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
        runtime.block_on(async {
            live.current(soon()).await.unwrap();
            tokio::task::yield_now().await;
        });
        std::thread::sleep(Duration::from_secs(3));
        assert!(knows(&runtime.block_on(live.current(soon())).unwrap(), count));
        assert_eq!(live.state().failed_refreshes, 0, "EC2 refused nothing");
    }
}

#[tokio::test]
async fn a_copy_that_is_far_too_old_is_waited_for_after_a_failure_too() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let options = LiveOptions {
        wait_when_older_than: Some(Duration::ZERO),
        wait_at_most: Duration::from_secs(30),
        retry_after: Duration::from_secs(1),
        ..restless()
    };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2(Ec2World::with_interfaces(4));
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: 1 });
    live.current(soon()).await.unwrap();
    assert_eq!(live.state().failed_refreshes, 1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert!(knows(&live.current(soon()).await.unwrap(), 4));
}
