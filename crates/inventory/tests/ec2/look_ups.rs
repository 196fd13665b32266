//! Unknown interfaces: asked for together, seldom, and within a bounded time.

use crate::stage::{config, groups_of, ids, knows, patient, soon};
use inventory::Span;
use inventory::ec2::{Live, LiveOptions};
use serde_json::json;
use servers::{AwsStub, Call, Ec2World, Fault};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// A copy of three interfaces, in a world that has ten by now.
async fn of_three(options: LiveOptions) -> (AwsStub, Live) {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.set_ec2(Ec2World::with_interfaces(10));
    stub.clear_calls();
    (stub, live)
}

fn values(call: &Call) -> usize {
    let parameters = call.parameters.as_object().unwrap();
    parameters.keys().filter(|name| name.starts_with("Filter.1.Value")).count()
}

#[tokio::test]
async fn those_that_exist_are_found_together() {
    let (stub, live) = of_three(patient()).await;
    let inventory = live.with_interfaces(&ids([2, 5, 6, 77, 78]), soon()).await;
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(6)), ["db", "web"]);
    assert!(knows(&inventory, 2) && knows(&inventory, 5) && !knows(&inventory, 77) && !knows(&inventory, 7));
    let calls = stub.calls("DescribeNetworkInterfaces");
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].parameters["Filter.1.Name"], "network-interface-id");
    // The one that is known is not asked for.
    assert_eq!(values(&calls[0]), 4);
    let state = live.state();
    assert_eq!((state.look_ups, state.unknown_interfaces, state.interfaces), (1, 2, 5));
    assert_eq!(state.last_error, None);
}

#[tokio::test]
async fn once_in_a_while_whatever_their_number() {
    let (stub, live) = of_three(patient()).await;
    live.with_interfaces(&ids([77]), soon()).await;
    for number in 5..10 {
        live.with_interfaces(&ids([number, 77, 1_000 + number]), soon()).await;
    }
    assert_eq!(stub.all_calls().len(), 1);
    assert_eq!(live.state().look_ups, 1);
}

#[tokio::test]
async fn what_ec2_does_not_know_is_remembered_for_a_while() {
    let options = LiveOptions { look_up_every: Duration::ZERO, ..patient() };
    let (stub, live) = of_three(options.clone()).await;
    live.with_interfaces(&ids([77, 78]), soon()).await;
    live.with_interfaces(&ids([77, 78]), soon()).await;
    assert_eq!(stub.all_calls().len(), 1, "nothing is left to ask for");
    live.with_interfaces(&ids([77, 78, 79]), soon()).await;
    assert_eq!(values(&stub.all_calls()[1]), 1);

    let (stub, live) = of_three(LiveOptions { forget_unknown_after: Duration::ZERO, ..options }).await;
    live.with_interfaces(&ids([77]), soon()).await;
    live.with_interfaces(&ids([77]), soon()).await;
    assert_eq!(stub.all_calls().len(), 2);
}

#[tokio::test]
async fn many_are_asked_for_in_filters_of_200_and_the_rest_waits() {
    let (stub, live) = of_three(patient()).await;
    stub.set_ec2(Ec2World::with_interfaces(450));
    let inventory = live.with_interfaces(&ids(1..=450), soon()).await;
    assert_eq!(inventory.interfaces().len(), 450);
    assert_eq!(stub.all_calls().iter().map(values).collect::<Vec<_>>(), [200, 200, 47]);

    let (stub, live) = of_three(LiveOptions { look_up_every: Duration::ZERO, ..patient() }).await;
    stub.set_ec2(Ec2World::with_interfaces(1_300));
    assert_eq!(live.with_interfaces(&ids(1..=1_300), soon()).await.interfaces().len(), 1_003);
    assert_eq!(stub.all_calls().len(), 5);
    assert_eq!(live.with_interfaces(&ids(1..=1_300), soon()).await.interfaces().len(), 1_300);
}

#[tokio::test]
async fn what_is_no_interface_is_not_asked_for() {
    let (stub, live) = of_three(patient()).await;
    let nonsense: BTreeSet<String> =
        ["-", "", "eni-", "eni-xyz", "i-0123456789abcdef0", "eni-0 OR 1", &format!("eni-{}", "a".repeat(500))]
            .map(str::to_string)
            .into();
    live.with_interfaces(&nonsense, soon()).await;
    assert_eq!(stub.all_calls().len(), 0);
    assert_eq!(live.state().look_ups, 0);
}

#[tokio::test]
async fn a_look_up_that_fails_says_nothing_about_what_exists() {
    let options = LiveOptions { look_up_every: Duration::ZERO, ..patient() };
    let (stub, live) = of_three(options).await;
    stub.fault("DescribeNetworkInterfaces", Fault::Throttle { times: 1 });
    let inventory = live.with_interfaces(&ids([5]), soon()).await;
    assert!(!knows(&inventory, 5) && knows(&inventory, 3));
    assert!(live.state().last_error.unwrap().contains("RequestLimitExceeded"));
    assert_eq!(live.state().unknown_interfaces, 0);
    assert!(knows(&*live.with_interfaces(&ids([5]), soon()).await, 5));
    assert_eq!(live.state().last_error, None);
}

#[tokio::test]
async fn a_look_up_is_not_waited_for_longer_than_allowed() {
    let options = LiveOptions { look_up_within: Duration::from_millis(100), ..patient() };
    let (stub, live) = of_three(options).await;
    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_secs(60)));
    assert!(!knows(&*live.with_interfaces(&ids([5]), soon()).await, 5));

    let (stub, live) = of_three(patient()).await;
    stub.fault("DescribeNetworkInterfaces", Fault::Delay(Duration::from_secs(60)));
    assert!(!knows(&*live.with_interfaces(&ids([5]), Instant::now() + Duration::from_millis(100)).await, 5));
    assert_eq!(live.state().unknown_interfaces, 0);
}

#[tokio::test]
async fn a_group_that_nothing_lists_has_the_name_that_its_interface_tells() {
    let (stub, live) = of_three(patient()).await;
    let mut world = Ec2World::with_interfaces(4);
    world.interfaces[3]["Groups"] = json!([{"GroupId": "sg-new", "GroupName": "made just now"}]);
    stub.set_ec2(world);
    let inventory = live.with_interfaces(&ids([4]), soon()).await;
    assert_eq!(groups_of(&inventory, &Ec2World::interface_id(4)), ["made just now"]);
    let group = inventory.group(inventory.group_ix("sg-new").unwrap());
    assert!(!group.rules_known, "its rules may be any");
    let span = Span { from: 1_900_000_000, to: 1_900_000_060 };
    let carried = |number| {
        let interface = inventory.interface_ix(Ec2World::interface_id(number).as_bytes()).unwrap();
        inventory.carried(interface, span)
    };
    assert!(carried(4).unknown_rules, "what they refuse cannot be told");
    assert!(!carried(2).unknown_rules);
}
