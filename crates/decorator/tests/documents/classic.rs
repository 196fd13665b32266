//! The classic document.

use decorator::decorate::Decorated;
use serde_json::json;

use crate::bench::{BASTION, Bench, DEFAULT, NOTHING, load};
use crate::strict_json;

const ACCEPTED: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 \
                        ACCEPT OK";

#[test]
fn an_accepted_record_byte_for_byte() {
    let (document, decorated) = Bench::classic(BASTION).write(DEFAULT, ACCEPTED.as_bytes(), Some(1_418_530_100_000));
    let expected = concat!(
        r#"{"@timestamp":"2014-12-14T04:07:50Z","#,
        r#""version":2,"account-id":"123456789010","interface-id":"eni-1235b8ca123456789","#,
        r#""srcaddr":"172.31.16.139","dstaddr":"172.31.16.21","srcport":20641,"dstport":22,"protocol":6,"#,
        r#""packets":20,"bytes":4249,"start":1418530010,"end":1418530070,"action":"ACCEPT","log-status":"OK","#,
        r#""security-group-ids":["sg-all","sg-bastion"],"security-group-names":["everyone","bastion"],"#,
        r#""direction":"inbound","flow-role":"ambiguous","#,
        r#""protocol-name":"tcp","interface-description":"bastion \"one\"","interface-owner":"123456789010"}"#,
    );
    assert_eq!(document, expected);
    assert_eq!(decorated, Decorated::default());
}

#[test]
fn an_ipv6_record() {
    let line = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
                2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK";
    let document = Bench::classic(BASTION).read(DEFAULT, line);
    assert_eq!(document["@timestamp"], "2016-10-31T11:37:00Z");
    assert_eq!(document["srcaddr"], "2001:db8:1234:a100:8d6e:3477:df66:f105");
    assert_eq!(document["direction"], "inbound");
}

#[test]
fn intervals_without_data_are_kept_and_marked() {
    for status in ["NODATA", "SKIPDATA"] {
        let line = format!("2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - {status}");
        let (document, decorated) = Bench::with_rules(BASTION).write(DEFAULT, line.as_bytes(), None);
        assert_eq!(decorated, Decorated::default(), "no traffic, so no direction is missing");
        let expected = json!({
            "@timestamp": "2015-05-10T18:02:14Z", "version": 2, "account-id": "123456789010",
            "interface-id": "eni-1235b8ca123456789", "start": 1431280876, "end": 1431280934, "log-status": status,
            "security-group-ids": ["sg-all", "sg-bastion"], "security-group-names": ["everyone", "bastion"],
            "interface-description": "bastion \"one\"", "interface-owner": "123456789010",
        });
        assert_eq!(strict_json::read(document.as_bytes()), expected);
    }
}

/// The guide's "AWS service name, traffic path, and flow direction": every field up to version 5, in an order of its own.
#[test]
fn a_record_of_version_5_with_all_fields() {
    let columns = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes account-id vpc-id subnet-id \
                   instance-id interface-id region az-id sublocation-type sublocation-id action tcp-flags pkt-srcaddr \
                   pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status";
    let line = "5 52.95.128.179 10.0.0.71 80 34210 6 1616729292 1616729349 IPv4 14 15044 123456789012 vpc-abcdefab012345678 \
                subnet-aaaaaaaa012345678 i-0c50d5961bcb2d47b eni-1235b8ca123456789 ap-southeast-2 apse2-az3 - - ACCEPT 19 \
                52.95.128.179 10.0.0.71 S3 - - ingress OK";
    let (document, decorated) = Bench::classic(NOTHING).write(columns, line.as_bytes(), None);
    assert_eq!(decorated, Decorated { unknown_interface: true, undetermined_direction: false });
    let expected = json!({
        "@timestamp": "2021-03-26T03:29:09Z", "version": 5, "srcaddr": "52.95.128.179", "dstaddr": "10.0.0.71",
        "srcport": 80, "dstport": 34210, "protocol": 6, "start": 1616729292, "end": 1616729349, "type": "IPv4",
        "packets": 14, "bytes": 15044, "account-id": "123456789012", "vpc-id": "vpc-abcdefab012345678",
        "subnet-id": "subnet-aaaaaaaa012345678", "instance-id": "i-0c50d5961bcb2d47b",
        "interface-id": "eni-1235b8ca123456789", "region": "ap-southeast-2", "az-id": "apse2-az3", "action": "ACCEPT",
        "tcp-flags": 19, "pkt-srcaddr": "52.95.128.179", "pkt-dstaddr": "10.0.0.71", "pkt-src-aws-service": "S3",
        "flow-direction": "ingress", "log-status": "OK",
        "direction": "inbound", "flow-role": "reply", "protocol-name": "tcp",
    });
    assert_eq!(strict_json::read(document.as_bytes()), expected);
}

#[test]
fn later_versions_and_decoded_tags() {
    let columns = "interface-id ecs-service-name reject-reason resource-id encryption-status traffic-path instance-tag \
                   interface-tag asg-tag interface-type next-hop-vpc-id action end";
    let line = "eni-9 payments BPA eni-7 2 8 web%20server%20%22A%22 caf%C3%A9 100% nat_gateway vpc-2 REJECT 1616729349";
    let expected = json!({
        "@timestamp": "2021-03-26T03:29:09Z", "interface-id": "eni-9", "ecs-service-name": "payments",
        "reject-reason": "BPA", "resource-id": "eni-7", "encryption-status": 2, "traffic-path": 8,
        "instance-tag": "web server \"A\"", "interface-tag": "café", "asg-tag": "100%", "interface-type": "nat_gateway",
        "next-hop-vpc-id": "vpc-2", "action": "REJECT", "end": 1616729349, "flow-role": "ambiguous",
    });
    assert_eq!(Bench::classic(NOTHING).read(columns, line), expected);
}

#[test]
fn an_unknown_interface_has_its_own_fields_and_what_flags_say() {
    let columns = "interface-id srcaddr dstaddr protocol tcp-flags start end action";
    let (document, decorated) =
        Bench::with_rules(BASTION).write(columns, b"eni-0gone 10.0.0.1 10.0.0.2 6 2 100 160 ACCEPT", None);
    assert_eq!(decorated, Decorated { unknown_interface: true, undetermined_direction: true });
    let expected = json!({
        "@timestamp": "1970-01-01T00:02:40Z", "interface-id": "eni-0gone", "srcaddr": "10.0.0.1", "dstaddr": "10.0.0.2",
        "protocol": 6, "tcp-flags": 2, "start": 100, "end": 160, "action": "ACCEPT", "flow-role": "request",
        "protocol-name": "tcp",
    });
    assert_eq!(strict_json::read(document.as_bytes()), expected);
    // A regional NAT gateway's records name no interface: that is not an unknown one.
    let (_, decorated) = Bench::classic(BASTION).write(columns, b"- 10.0.0.1 10.0.0.2 6 - 100 160 ACCEPT", None);
    assert_eq!(decorated, Decorated { unknown_interface: false, undetermined_direction: true });
}

#[test]
fn the_side_of_an_own_address_tells_the_direction() {
    let columns = "interface-id srcaddr dstaddr";
    let cases = [
        ("172.31.16.139", "172.31.16.21", Some("inbound"), "primary"),
        ("172.31.16.22", "203.0.113.9", Some("outbound"), "secondary"),
        ("203.0.113.9", "172.31.20.30", Some("inbound"), "inside the delegated prefix 172.31.20.16/28"),
        ("203.0.113.9", "172.31.20.32", None, "just outside of it"),
        ("2001:db8:1234:a102:3304:8879:34cf:4071", "2001:db8::1", Some("outbound"), "IPv6"),
        ("172.31.16.21", "172.31.16.22", None, "a hairpin: both are its own"),
        ("10.0.0.1", "224.0.0.5", None, "multicast: neither is"),
        ("172.31.16.21", "224.0.0.5", Some("outbound"), "multicast sent by itself"),
    ];
    let mut bench = Bench::classic(BASTION);
    for (source, destination, expected, why) in cases {
        let line = format!("eni-1235b8ca123456789 {source} {destination}");
        let (document, decorated) = bench.write(columns, line.as_bytes(), None);
        let document = strict_json::read(document.as_bytes());
        assert_eq!(document.get("direction").and_then(|direction| direction.as_str()), expected, "{why}");
        assert_eq!(decorated.undetermined_direction, expected.is_none(), "{why}");
    }
    // The record itself knows best.
    let document =
        bench.read("interface-id srcaddr dstaddr flow-direction", "eni-1235b8ca123456789 10.0.0.1 224.0.0.5 ingress");
    assert_eq!(document["direction"], "inbound");
    // A format with packet-level addresses alone.
    let document = bench.read("interface-id pkt-srcaddr pkt-dstaddr", "eni-1235b8ca123456789 172.31.16.22 203.0.113.9");
    assert_eq!(document["direction"], "outbound");
}

#[test]
fn the_timestamp_is_the_end_else_the_start_else_the_arrival() {
    let mut bench = Bench::classic(NOTHING);
    let mut timestamp = |columns: &str, line: &str, arrived: Option<i64>| {
        let document = strict_json::read(bench.write(columns, line.as_bytes(), arrived).0.as_bytes());
        document.get("@timestamp").map(|time| time.as_str().unwrap().to_owned())
    };
    let arrived = Some(1_418_530_123_045);
    assert_eq!(timestamp("bytes start end", "1 10 1418530070", arrived).as_deref(), Some("2014-12-14T04:07:50Z"));
    assert_eq!(timestamp("bytes start", "1 1418530010", arrived).as_deref(), Some("2014-12-14T04:06:50Z"));
    assert_eq!(timestamp("bytes", "1", arrived).as_deref(), Some("2014-12-14T04:08:43.045Z"));
    assert_eq!(timestamp("bytes", "1", None), None);
    assert_eq!(timestamp("bytes", "1", Some(-1)), None);
    assert_eq!(timestamp("bytes", "1", Some(i64::MAX)), None);
}

#[test]
fn what_no_typed_index_takes_is_kept_as_text() {
    let mut bench = Bench::classic(NOTHING);
    let number = |column: &str, value: &str| (column.to_owned(), value.to_owned());
    let cases = [
        (number("tcp-flags", "-"), json!({})),
        (number("tcp-flags", "0x12"), json!({"tcp-flags-text": "0x12"})),
        (number("tcp-flags", "2147483647"), json!({"tcp-flags": 2147483647})),
        (number("tcp-flags", "2147483648"), json!({"tcp-flags-text": "2147483648"})),
        (number("encryption-status", "\"1\""), json!({"encryption-status-text": "\"1\""})),
        (number("version", "-2"), json!({"version-text": "-2"})),
        (number("packets", "9223372036854775807"), json!({"packets": i64::MAX})),
        (number("packets", "9223372036854775808"), json!({"packets-text": "9223372036854775808"})),
        (number("traffic-path", "99999999999999999999999"), json!({"traffic-path-text": "99999999999999999999999"})),
        (number("bytes", "0000000000000000000042"), json!({"bytes": 42})),
        (number("bytes", "000"), json!({"bytes": 0})),
        (number("bytes", "0"), json!({"bytes": 0})),
    ];
    for ((column, value), expected) in cases {
        let document = bench.read(&column, &value);
        let mut members = document.as_object().unwrap().clone();
        members.remove("flow-role");
        assert_eq!(serde_json::Value::Object(members), expected, "{column} {value}");
    }
}

#[test]
fn unknown_columns_are_strings_and_never_take_our_names() {
    let columns = "bytes colour direction flow-role tcp-flags-text tcp-flags colour bytes";
    let document = Bench::classic(NOTHING).read(columns, "7 42 up red x y 43 8");
    let expected = json!({
        "bytes": 7, "colour": "42", "direction-text": "up", "flow-role-text": "red",
        // That name is already the one for flags that are no number.
        "tcp-flags-text-text": "x", "tcp-flags-text": "y", "flow-role": "ambiguous",
    });
    assert_eq!(document, expected);
}

#[test]
fn hostile_bytes_come_out_as_json() {
    let format = "interface-id colour bytes";
    let mut line = b"eni-1 \xff\"\\\x00\x1b[31m\xe2\x9c\x93\t}".to_vec();
    line.extend_from_slice(b" 7\r");
    let (document, _) = Bench::classic(NOTHING).write(format, &line, None);
    let document = strict_json::read(document.as_bytes());
    assert_eq!(document["colour"], "\u{fffd}\"\\\0\u{1b}[31m\u{2713}\t}");
    assert_eq!(document["bytes"], 7, "the carriage return is no part of the last value");
    // Two spaces in a row: a column without a value, which is absent like any other.
    let (document, _) = Bench::classic(NOTHING).write(format, b"eni-1  7", None);
    assert!(!document.contains("colour"), "{document}");
}

#[test]
fn another_inventory_is_taken_at_once() {
    let columns = "interface-id srcaddr dstaddr dstport protocol tcp-flags end";
    let line = "eni-1235b8ca123456789 172.31.9.9 172.31.16.21 22 6 2 1418530070";
    let mut bench = Bench::with_rules(BASTION);
    let told = |bench: &mut Bench| {
        let document = bench.read(columns, line);
        (document["security-group-ids"].clone(), document["security-group-rule-ids"].clone())
    };
    assert_eq!(told(&mut bench), (json!(["sg-all", "sg-bastion"]), json!(["sgr-ssh"])));
    let other = BASTION.replace("sg-bastion", "sg-other").replace("172.31.0.0/16", "10.0.0.0/8");
    bench.decorator().set_inventory(load(&[&other]));
    assert_eq!(told(&mut bench), (json!(["sg-all", "sg-other"]), json!(null)));
    // With two rules before the one that allows it.
    let rule = |port: u16| {
        format!(
            r#"{{"SecurityGroupRuleId": "sgr-{port}", "GroupId": "sg-bastion", "IsEgress": false, "IpProtocol": "tcp",
                "FromPort": {port}, "ToPort": {port}, "CidrIpv4": "172.31.0.0/16"}},"#
        )
    };
    let key = r#""SecurityGroupRules": ["#;
    let more = BASTION.replace(key, &format!("{key}{}{}", rule(20), rule(21)));
    bench.decorator().set_inventory(load(&[&more]));
    assert_eq!(told(&mut bench), (json!(["sg-all", "sg-bastion"]), json!(["sgr-ssh"])));
    bench.decorator().set_inventory(load(&[NOTHING]));
    assert_eq!(told(&mut bench), (json!(null), json!(null)));
}
