//! A process that is frozen between questions, and what counts as stale.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use aws_sdk_s3::config::Credentials;
use serde_json::json;
use servers::{AwsStub, Ec2World, Fault};
use tokio::runtime::Runtime;

/// Nothing runs on it but while a question is asked.
fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// Always to be read anew; from some age on that is waited for.
fn restless(wait_when_older_than: Duration) -> Times {
    let wait_at_most = Duration::from_secs(20);
    Times { wait_when_older_than, wait_at_most, ..Times::of(Duration::ZERO) }
}

fn snapshot(interfaces: usize) -> String {
    let world = Ec2World::with_interfaces(interfaces);
    json!({"NetworkInterfaces": world.interfaces, "SecurityGroups": world.groups}).to_string()
}

async fn client(url: &str) -> Client {
    let credentials = Credentials::new("AKIAIOSFODNN7EXAMPLE", "not-a-secret", None, None, "test");
    let shared = inventory::ec2::sdk_config(Some("us-east-1")).await;
    let config = aws_sdk_s3::config::Builder::from(&shared)
        .endpoint_url(url)
        .credentials_provider(credentials)
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

#[test]
fn a_file_that_changed_is_waited_for_when_the_copy_is_far_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshot.json");
    std::fs::write(&path, snapshot(1)).unwrap();
    let stored = Stored::new(Place::Path(path.clone()), restless(Duration::ZERO));
    let runtime = runtime();
    let ask = || runtime.block_on(Arc::clone(&stored).current(soon())).unwrap().interfaces().len();
    assert_eq!(ask(), 1);
    std::fs::write(&path, snapshot(2)).unwrap();
    assert_eq!(ask(), 2);
    // What cannot be read is no reason to wait for ever, or to have nothing.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(ask(), 2);
    assert!(stored.state().is_stale && stored.state().last_error.is_some());
}

#[test]
fn a_quiet_function_gets_new_copies_although_each_reading_is_frozen() {
    let stub = AwsStub::start();
    stub.put_object("bucket/snapshot.json", snapshot(1));
    let runtime = runtime();
    let client = runtime.block_on(client(&stub.url()));
    let place = Place::Object { client, bucket: "bucket".to_string(), key: "snapshot.json".to_string() };
    let times = Times { read_within: Duration::from_secs(2), ..restless(Duration::from_secs(2)) };
    let stored = Stored::new(place, times);
    let ask = || runtime.block_on(Arc::clone(&stored).current(soon())).unwrap().interfaces().len();
    assert_eq!(ask(), 1);
    for count in [2, 3] {
        stub.put_object("bucket/snapshot.json", snapshot(count));
        // What is sent before the freeze is never answered.
        stub.fault("GetObject", Fault::Times(1, Box::new(Fault::Delay(Duration::from_secs(60)))));
        ask();
        runtime.block_on(tokio::task::yield_now());
        std::thread::sleep(Duration::from_secs(3));
        assert_eq!(ask(), count);
        assert_eq!(stored.state().last_error, None, "S3 refused nothing");
    }
}

#[test]
fn a_copy_is_stale_while_readings_fail_or_when_it_is_three_times_as_old_as_it_should_be() {
    let seconds = Duration::from_secs;
    // Age in seconds, failures, whether it is stale, with a time to live of 300 s.
    let cases = [
        (10, 0, false),
        (10, 3, false),
        (310, 0, false),
        (310, 1, true),
        (900, 0, false),
        (901, 0, true),
        (901, 1, true),
    ];
    for (age, failures, expected) in cases {
        assert_eq!(is_stale(seconds(age), failures, seconds(300)), expected, "{age} s, {failures} failures");
    }
    assert!(Stored::file("/no/such".into(), seconds(300)).state().is_stale, "there is none");
}
