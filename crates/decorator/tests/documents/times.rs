//! Groups and rules of that time, not of now.

use serde_json::{Value, json};

use crate::bench::Bench;

/// A snapshot in which the interface carries these groups, and group `sg-a` has these rules besides.
fn snapshot(captured_at: &str, groups: &[&str], ports: &[u16]) -> String {
    let carried: Vec<String> = groups.iter().map(|id| format!(r#"{{"GroupId": "{id}"}}"#)).collect();
    let rules: Vec<String> = ports
        .iter()
        .map(|port| {
            format!(
                r#"{{"SecurityGroupRuleId": "sgr-{port}", "GroupId": "sg-a", "IsEgress": false, "IpProtocol": "tcp",
                    "FromPort": {port}, "ToPort": {port}, "CidrIpv4": "0.0.0.0/0"}}"#
            )
        })
        .collect();
    format!(
        r#"{{"CapturedAt": "{captured_at}", "AccountId": "123456789010", "Region": "us-east-1",
            "NetworkInterfaces": [{{"NetworkInterfaceId": "eni-1", "OwnerId": "123456789010", "VpcId": "vpc-1",
                "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.5", "Groups": [{}]}}],
            "SecurityGroups": [{{"GroupId": "sg-a", "GroupName": "a", "VpcId": "vpc-1"}},
                {{"GroupId": "sg-b", "GroupName": "b", "VpcId": "vpc-1"}}],
            "SecurityGroupRules": [{}]}}"#,
        carried.join(","),
        rules.join(",")
    )
}

#[test]
fn groups_and_rules_are_those_of_the_time() {
    // 1 March 2026 is day 20,513. Snapshots at midnight of 1, 2, 3 and 4 March: sg-b joins between the second and the third, and so
    // does the rule for port 443, while the one for port 80 goes. The one for port 22 stays.
    let snapshots = [
        snapshot("2026-03-01T00:00:00Z", &["sg-a"], &[22, 80]),
        snapshot("2026-03-02T00:00:00Z", &["sg-a"], &[22, 80]),
        snapshot("2026-03-03T00:00:00Z", &["sg-a", "sg-b"], &[22, 443]),
        snapshot("2026-03-04T00:00:00Z", &["sg-a", "sg-b"], &[22, 443]),
    ];
    let mut bench = Bench::over_time(&snapshots.each_ref().map(String::as_str));
    let columns = "interface-id srcaddr dstaddr dstport protocol tcp-flags start end action";
    let mut told_at = |second: i64, port: u16, flags: u16| {
        let start = 20_513 * 86_400 + second;
        let line = format!("eni-1 203.0.113.9 10.0.0.5 {port} 6 {flags} {start} {} ACCEPT", start + 60);
        let document = bench.read(columns, &line);
        let role = document["flow-role"].as_str().unwrap().to_owned();
        (document["security-group-ids"].clone(), document["security-group-rule-ids"].clone(), role)
    };
    let mut told = |hour: i64, port: u16, flags: u16| told_at(hour * 3600, port, flags);
    let (a, both) = (json!(["sg-a"]), json!(["sg-a", "sg-b"]));
    let request = |groups: &Value, rules: Value| (groups.clone(), rules, "request".to_owned());
    // On the first day.
    assert_eq!(told(12, 80, 2), request(&a, json!(["sgr-80"])));
    assert_eq!(told(12, 443, 2), request(&a, Value::Null));
    // On the second day, snapshots differ: only what is sure of groups and of rules.
    assert_eq!(told(36, 22, 2), request(&a, json!(["sgr-22"])));
    assert_eq!(told(36, 80, 2), request(&a, Value::Null));
    assert_eq!(told(36, 443, 2), request(&a, Value::Null));
    // On the third day.
    assert_eq!(told(60, 80, 2), request(&both, Value::Null));
    assert_eq!(told(60, 443, 2), request(&both, json!(["sgr-443"])));
    // Back to the first day, and without flags: what is refused is a reply where nothing else may have been.
    assert_eq!(told(12, 443, 0).2, "reply");
    assert_eq!(told(36, 443, 0).2, "ambiguous");
    assert_eq!(told(60, 80, 0).2, "reply");
    assert_eq!(told(12, 443, 0).0, a);
    // `start` lags by up to a minute: what began 59 s after the third snapshot may be from before it, 60 s is after it.
    let third = 2 * 86_400;
    assert_eq!(told_at(third + 59, 443, 2), request(&a, Value::Null));
    assert_eq!(told_at(third + 59, 22, 2), request(&a, json!(["sgr-22"])));
    assert_eq!(told_at(third + 60, 443, 2), request(&both, json!(["sgr-443"])));
    assert_eq!(told_at(third + 60, 80, 2), request(&both, Value::Null));
    // After the last snapshot, groups and rules are those of the last one. But what it refuses is no proof of a reply: a rule may have come
    // since. The record ends 60 s after it began.
    let fourth = 3 * 86_400;
    assert_eq!(told_at(fourth - 60, 80, 0).2, "reply");
    assert_eq!(told_at(fourth - 59, 80, 0).2, "ambiguous");
    assert_eq!(told_at(fourth + 60, 80, 0), (both.clone(), Value::Null, "ambiguous".to_owned()));
    assert_eq!(told_at(fourth + 60, 443, 2), request(&both, json!(["sgr-443"])));
    // Before the first one, what that says.
    assert_eq!(told_at(-3600, 443, 0), (a.clone(), Value::Null, "reply".to_owned()));
}

#[test]
fn records_of_two_times_may_alternate() {
    // Between two snapshots that differ, records of before and after come mixed.
    let snapshots = [
        snapshot("2026-03-01T00:00:00Z", &["sg-a"], &[80]),
        snapshot("2026-03-02T00:00:00Z", &["sg-a", "sg-b"], &[443]),
        snapshot("2026-03-03T00:00:00Z", &["sg-b"], &[443]),
    ];
    let mut bench = Bench::over_time(&snapshots.each_ref().map(String::as_str));
    let columns = "interface-id srcaddr dstaddr dstport protocol tcp-flags start end action";
    let mut told = |hour: i64| {
        let start = 20_513 * 86_400 + hour * 3600;
        let document =
            bench.read(columns, &format!("eni-1 203.0.113.9 10.0.0.5 443 6 2 {start} {} ACCEPT", start + 60));
        (document["security-group-ids"].clone(), document["security-group-rule-ids"].clone())
    };
    let before = (json!(["sg-a"]), Value::Null);
    let between = (json!(["sg-b"]), Value::Null);
    let after = (json!(["sg-b"]), Value::Null);
    for _ in 0..3 {
        assert_eq!(told(12), before);
        assert_eq!(told(36), between);
        assert_eq!(told(60), after);
        assert_eq!(told(36), between);
        assert_eq!(told(12), before);
        assert_eq!(told(-12), before);
    }
}

#[test]
fn a_record_without_a_time_may_be_of_any() {
    let snapshots = [
        snapshot("2026-03-01T00:00:00Z", &["sg-a"], &[22, 80]),
        snapshot("2026-03-02T00:00:00Z", &["sg-a", "sg-b"], &[22, 443]),
    ];
    let mut bench = Bench::over_time(&snapshots.each_ref().map(String::as_str));
    let columns = "interface-id srcaddr dstaddr dstport protocol tcp-flags";
    let document = bench.read(columns, "eni-1 203.0.113.9 10.0.0.5 22 6 2");
    assert_eq!(document["security-group-ids"], json!(["sg-a"]));
    assert_eq!(document["security-group-rule-ids"], json!(["sgr-22"]));
    for port in [80, 443] {
        let document = bench.read(columns, &format!("eni-1 203.0.113.9 10.0.0.5 {port} 6 2"));
        assert_eq!(document.get("security-group-rule-ids"), None);
    }
}

/// The ids of the groups of `eni-1`, whose second group joined at midnight of 2 March 2026, for a record of these columns and values that
/// arrived so many seconds after that midnight.
fn groups_by(columns: &str, values: &str, arrived: Option<i64>) -> Value {
    let snapshots = [
        snapshot("2026-03-01T00:00:00Z", &["sg-a"], &[80]),
        snapshot("2026-03-02T00:00:00Z", &["sg-a", "sg-b"], &[443]),
    ];
    let mut bench = Bench::over_time(&snapshots.each_ref().map(String::as_str));
    let arrived = arrived.map(|seconds| (MIDNIGHT + seconds) * 1000);
    let line = format!("eni-1 203.0.113.9 10.0.0.5 {values}");
    let (document, _) = bench.write(&format!("interface-id srcaddr dstaddr {columns}"), line.as_bytes(), arrived);
    crate::strict_json::read(document.as_bytes())["security-group-ids"].clone()
}

/// 2026-03-02T00:00:00Z
const MIDNIGHT: i64 = 20_514 * 86_400;

#[test]
fn a_record_without_a_time_is_of_the_hour_before_it_arrived() {
    assert_eq!(groups_by("bytes", "1", Some(3600)), json!(["sg-a", "sg-b"]));
    assert_eq!(groups_by("bytes", "1", Some(3599)), json!(["sg-a"]));
}

#[test]
fn a_record_with_one_time_lasted_ten_minutes_at_most() {
    // `start` lags by up to a minute, so 660 s before its end the record has surely not begun.
    let end = |seconds: i64| groups_by("end", &(MIDNIGHT + seconds).to_string(), None);
    assert_eq!(end(660), json!(["sg-a", "sg-b"]));
    assert_eq!(end(659), json!(["sg-a"]));
    let start = |seconds: i64| groups_by("start", &(MIDNIGHT + seconds).to_string(), None);
    assert_eq!(start(60), json!(["sg-a", "sg-b"]));
    assert_eq!(start(59), json!(["sg-a"]));
}
