//! What held when a record was made, in a copy that is read again and again: records are minutes old when they come.

use crate::stage::{ROLE_A, config, eventually, ids, knows, restless, role, soon, world};
use inventory::ec2::{Account, Live, LiveOptions};
use inventory::{Epoch, Inventory, Span};
use serde_json::json;
use servers::{AwsStub, Ec2World, Fault};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The interface whose groups are swapped: it has web and db at first.
const SWAPPED: usize = 2;

fn now() -> Epoch {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().try_into().unwrap()
}

fn span(from: Epoch, to: Epoch) -> Span {
    Span { from, to }
}

/// Minutes before the test, and minutes after it.
fn before() -> Span {
    span(now() - 600, now() - 540)
}

fn after() -> Span {
    span(now() + 540, now() + 600)
}

/// From the first date of the timeline to the last.
fn between(inventory: &Inventory) -> Span {
    let dates: Vec<Epoch> = inventory.snapshots().iter().map(|snapshot| snapshot.captured_at.unwrap()).collect();
    span(*dates.first().unwrap(), *dates.last().unwrap())
}

/// The groups that an interface surely carried, by name; whether it may have carried others.
fn carried(inventory: &Inventory, number: usize, span: Span) -> (Vec<&str>, bool) {
    let interface = inventory.interface_ix(Ec2World::interface_id(number).as_bytes()).unwrap();
    let carried = inventory.carried(interface, span);
    let sure = carried.groups.iter().filter(|(_, surely)| *surely);
    let names: Vec<&str> = sure.map(|(group, _)| inventory.group(*group).name.as_str()).collect();
    let is_open = carried.unknown_groups || names.len() < carried.groups.len();
    (names, is_open)
}

/// The rules that sg-web may have had, by id.
fn rules(inventory: &Inventory, span: Span) -> Vec<&str> {
    let rules = inventory.rules_at(inventory.group_ix("sg-web").unwrap(), span);
    let mut ids: Vec<&str> = rules.map(|rule| rule.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// The swapped interface has admin in the place of db.
fn swapped() -> Ec2World {
    let mut world = Ec2World::with_interfaces(4);
    let mut admin = world.groups[0].clone();
    admin["GroupId"] = json!("sg-admin");
    admin["GroupName"] = json!("admin");
    world.groups.push(admin);
    world.interfaces[SWAPPED - 1]["Groups"] =
        json!([{"GroupId": "sg-web", "GroupName": "web"}, {"GroupId": "sg-admin", "GroupName": "admin"}]);
    world
}

async fn of_four(options: LiveOptions) -> (AwsStub, Live) {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(4));
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    (stub, live)
}

fn has_admin(inventory: &Inventory) -> bool {
    inventory.group_ix("sg-admin").is_some_and(|group| inventory.group(group).rules_known)
}

#[tokio::test]
async fn a_group_swap_counts_from_when_it_was_seen() {
    let (stub, live) = of_four(restless()).await;
    stub.set_ec2(swapped());
    eventually(&live, |inventory| carried(inventory, SWAPPED, after()).0 == ["admin", "web"]).await;
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(carried(&inventory, SWAPPED, before()), (vec!["db", "web"], false));
    assert_eq!(carried(&inventory, SWAPPED, after()), (vec!["admin", "web"], false));
    assert_eq!(carried(&inventory, SWAPPED, between(&inventory)), (vec!["web"], true));
    // What did not change is sure at any time.
    for span in [before(), between(&inventory), after()] {
        assert_eq!(carried(&inventory, 4, span), (vec!["db", "web"], false));
    }
}

#[tokio::test]
async fn so_do_rules_that_come_and_go() {
    let (stub, live) = of_four(LiveOptions { rules: true, ..restless() }).await;
    let mut changed = Ec2World::with_interfaces(4);
    changed.groups[0]["IpPermissions"][0]["FromPort"] = json!(8443);
    changed.groups[0]["IpPermissions"][0]["ToPort"] = json!(8443);
    changed.rules[0]["SecurityGroupRuleId"] = json!("sgr-new");
    changed.rules[0]["FromPort"] = json!(8443);
    changed.rules[0]["ToPort"] = json!(8443);
    stub.set_ec2(changed);
    eventually(&live, |inventory| rules(inventory, after()) == ["sgr-all", "sgr-new"]).await;
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(rules(&inventory, before()), ["sgr-all", "sgr-web"]);
    assert_eq!(rules(&inventory, between(&inventory)), ["sgr-all", "sgr-new", "sgr-web"]);
    assert_eq!(rules(&inventory, after()), ["sgr-all", "sgr-new"]);
}

#[tokio::test]
async fn readings_that_say_the_same_are_one_snapshot_that_is_settled_ever_longer() {
    let (stub, live) = of_four(LiveOptions { rules: true, ..restless() }).await;
    let first = live.current(soon()).await.unwrap();
    assert_eq!(first.snapshots().len(), 1);
    assert!(first.settled_until() <= now());
    let settled = first.settled_until();
    eventually(&live, |inventory| inventory.settled_until() >= settled + 2).await;
    assert_eq!(live.current(soon()).await.unwrap().snapshots(), first.snapshots());
    // Nothing is settled that was not read.
    stub.fault("DescribeSecurityGroupRules", Fault::AccessDenied);
    eventually(&live, |_| live.state().failed_refreshes > 0).await;
    let settled = live.current(soon()).await.unwrap().settled_until();
    let more = live.state().failed_refreshes + 2;
    eventually(&live, |_| live.state().failed_refreshes >= more && now() > settled + 2).await;
    assert_eq!(live.current(soon()).await.unwrap().settled_until(), settled);
}

#[tokio::test]
async fn what_was_before_is_forgotten_when_no_record_can_come_from_then() {
    let (stub, live) = of_four(LiveOptions { keep_gone_for: Duration::from_millis(50), ..restless() }).await;
    stub.set_ec2(swapped());
    eventually(&live, |inventory| {
        has_admin(inventory) && carried(inventory, SWAPPED, before()) == (vec!["admin", "web"], false)
    })
    .await;
    // One date of the interfaces, one of the groups.
    let inventory = live.current(soon()).await.unwrap();
    assert!(inventory.snapshots().len() <= 2, "{:?}", inventory.snapshots());
}

#[tokio::test]
async fn an_interface_that_is_gone_is_known_for_the_time_when_it_was_there() {
    let (stub, live) = of_four(restless()).await;
    let mut smaller = Ec2World::with_interfaces(5);
    smaller.interfaces.remove(SWAPPED - 1);
    stub.set_ec2(smaller);
    eventually(&live, |inventory| knows(inventory, 5)).await;
    let inventory = live.current(soon()).await.unwrap();
    // A record proves that its interface was there, so in between it was as before.
    for span in [before(), between(&inventory)] {
        assert_eq!(carried(&inventory, SWAPPED, span), (vec!["db", "web"], false));
    }
    assert_eq!(carried(&inventory, SWAPPED, after()), (vec![], true));
}

/// Where something changes with every reading, what changed first is still known.
#[tokio::test]
async fn many_changes_are_remembered_one_by_one() {
    let (stub, live) = of_four(restless()).await;
    let mut world = swapped();
    stub.set_ec2(world.clone());
    eventually(&live, has_admin).await;
    for count in 5..9 {
        world.interfaces.extend(Ec2World::with_interfaces(count).interfaces.pop());
        stub.set_ec2(world.clone());
        eventually(&live, |inventory| knows(inventory, count)).await;
    }
    let inventory = live.current(soon()).await.unwrap();
    assert_eq!(carried(&inventory, SWAPPED, before()), (vec!["db", "web"], false));
    assert_eq!(carried(&inventory, SWAPPED, after()), (vec!["admin", "web"], false));
}

#[tokio::test]
async fn refused_rules_take_no_prefix_list_with_them() {
    let stub = AwsStub::start();
    stub.set_ec2(world());
    // Nothing is left of what was before the last version.
    let options = LiveOptions { rules: true, keep_gone_for: Duration::ZERO, ..restless() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    live.current(soon()).await.unwrap();
    stub.fault("DescribeSecurityGroupRules", Fault::AccessDenied);
    stub.fault("DescribeSecurityGroups", Fault::AccessDenied);
    eventually(&live, |_| live.state().failed_refreshes >= 2).await;
    let inventory = live.current(soon()).await.unwrap();
    let group = inventory.group(inventory.group_ix("sg-03").unwrap());
    let by_list = group.rules.iter().find(|rule| rule.id == "sgr-03").unwrap();
    assert_eq!(inventory.unresolved(by_list), None);
}

#[tokio::test]
async fn what_a_look_up_finds_while_a_listing_is_under_way_stays() {
    let (stub, live) = of_four(LiveOptions { look_up_every: Duration::ZERO, ..restless() }).await;
    // The listing is made from four interfaces and held back; meanwhile a fifth is made and looked up.
    let mut larger = Ec2World::with_interfaces(5);
    larger.interfaces[0]["Description"] = json!("changed");
    let slow = Fault::Times(1, Box::new(Fault::Delay(Duration::from_millis(1_500))));
    stub.fault("DescribeSecurityGroups", slow);
    eventually(&live, |_| stub.calls("DescribeSecurityGroups").len() >= 2).await;
    let before = stub.calls("DescribeNetworkInterfaces").len();
    stub.set_ec2(larger);
    let inventory = live.with_interfaces(&ids([5]), soon()).await;
    assert!(knows(&inventory, 5));
    assert!(stub.calls("DescribeNetworkInterfaces").len() > before);
    // Never again unknown: neither in the listing that lacks it nor in those that have it.
    let calls = stub.calls("DescribeSecurityGroups").len();
    eventually(&live, |inventory| {
        assert_eq!(carried(inventory, 5, after()), (vec!["web"], false));
        stub.calls("DescribeSecurityGroups").len() > calls + 1
    })
    .await;
}

/// Groups that are all shared by another account make the own one look like it.
#[tokio::test]
async fn accounts_that_seem_to_be_the_same_do_not_tell_each_others_past() {
    let stub = AwsStub::start();
    let mut owners = Ec2World::with_interfaces(3);
    for item in owners.interfaces.iter_mut().chain(&mut owners.groups) {
        item["OwnerId"] = json!("111122223333");
    }
    stub.set_ec2_for(Some(ROLE_A), None, owners.clone());
    owners.interfaces.clear();
    stub.set_ec2(owners.clone());
    let options = LiveOptions { accounts: vec![Account::default(), role(ROLE_A)], ..restless() };
    let live = Live::with_config(options, config(&stub.url(), 1).await);
    eventually(&live, |inventory| knows(inventory, 3) && live.state().age_seconds.is_some()).await;
    // The own account's listing is the latest, and lacks what is not its own.
    owners.interfaces.extend(Ec2World::with_interfaces(9).interfaces.pop());
    stub.set_ec2(owners);
    eventually(&live, |inventory| knows(inventory, 9)).await;
    let inventory = live.current(soon()).await.unwrap();
    for number in [1, 2, 3, 9] {
        let address = Ec2World::address(number).parse().unwrap();
        assert!(inventory.plain_owner(address, after()), "{address} is owned surely");
    }
}
