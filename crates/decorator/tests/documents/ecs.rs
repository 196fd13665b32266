//! The document in Elastic Common Schema: fields and types as the integration's, for records of the VPC User Guide.

use decorator::decorate::Schema;
use enrich::Sources;
use serde_json::json;

use crate::bench::{BASTION, Bench, DEFAULT, NOTHING};
use crate::strict_json;

#[test]
fn a_default_record() {
    let line = "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
                2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK";
    let expected = json!({
        "@timestamp": "2016-10-31T11:37:00.000Z",
        "aws": {"vpcflow": {
            "account_id": "123456789010", "action": "ACCEPT", "interface_id": "eni-1235b8ca123456789", "log_status": "OK",
            "version": "2",
        }},
        "cloud": {"account": {"id": "123456789010"}, "provider": "aws"},
        "destination": {
            "address": "2001:db8:1234:a102:3304:8879:34cf:4071", "ip": "2001:db8:1234:a102:3304:8879:34cf:4071", "port": 22,
        },
        "ecs": {"version": "8.11.0"},
        "event": {
            "action": "ACCEPT", "category": ["network"], "end": "2016-10-31T11:37:00.000Z", "kind": "event",
            "outcome": "success", "start": "2016-10-31T11:35:08.000Z", "type": ["connection", "allowed"],
        },
        "network": {
            "bytes": 8855, "community_id": "1:hXZclvxUJScaVf0xMIJR6yW6tBQ=", "iana_number": "6", "packets": 54,
            "transport": "tcp", "type": "ipv6",
        },
        "related": {"ip": ["2001:db8:1234:a100:8d6e:3477:df66:f105", "2001:db8:1234:a102:3304:8879:34cf:4071"]},
        "source": {
            "address": "2001:db8:1234:a100:8d6e:3477:df66:f105", "bytes": 8855,
            "ip": "2001:db8:1234:a100:8d6e:3477:df66:f105", "packets": 54, "port": 34892,
        },
        "sgflow": {
            "security_group_ids": ["sg-all", "sg-bastion"], "security_group_names": ["everyone", "bastion"],
            "direction": "inbound", "flow_role": "ambiguous",
            "interface_description": "bastion \"one\"", "interface_owner": "123456789010",
        },
    });
    assert_eq!(Bench::ecs(BASTION).read(DEFAULT, line), expected);
}

#[test]
fn an_interval_without_data() {
    let line = "2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA";
    let expected = json!({
        "@timestamp": "2015-05-10T18:02:14.000Z",
        "aws": {"vpcflow": {
            "account_id": "123456789010", "interface_id": "eni-11111111aaaaaaaaa", "log_status": "SKIPDATA", "version": "2",
        }},
        "cloud": {"account": {"id": "123456789010"}, "provider": "aws"},
        "ecs": {"version": "8.11.0"},
        "event": {
            "category": ["network"], "end": "2015-05-10T18:02:14.000Z", "kind": "event",
            "start": "2015-05-10T18:01:16.000Z", "type": ["connection"],
        },
    });
    assert_eq!(Bench::ecs(NOTHING).read(DEFAULT, line), expected);
}

#[test]
fn icmp_that_was_rejected() {
    let line =
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK";
    let document = Bench::ecs(NOTHING).read(DEFAULT, line);
    assert_eq!(document["event"]["outcome"], "failure");
    assert_eq!(document["event"]["type"], json!(["connection", "denied"]));
    assert_eq!(document["event"]["action"], "REJECT");
    assert_eq!(document["source"]["port"], 0);
    let network = json!({
        "bytes": 336, "community_id": "1:cfQqw/Kh6+4yqhEKgkCw/m3WoJM=", "iana_number": "1", "packets": 4,
        "transport": "icmp", "type": "ipv4",
    });
    assert_eq!(document["network"], network);
}

/// The fields of versions 3 to 8 that the integration has a place for.
#[test]
fn all_fields_that_the_integration_knows() {
    let columns = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action \
                   log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id \
                   sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path \
                   ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id \
                   ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason";
    let line = "8 123456789012 eni-9 10.0.0.71 52.95.128.179 34210 80 6 14 15044 1616729292 1616729349 REJECT OK vpc-1 \
                subnet-1 i-1 19 IPv4 10.0.0.71 52.95.128.179 ap-southeast-2 apse2-az3 wavelength wlz-1 EC2 S3 egress 8 \
                cluster-arn cluster-name instance-arn instance-id container-1 container-2 orders task-definition \
                task-arn task-id BPA";
    let document = Bench::ecs(NOTHING).read(columns, line);
    let vpcflow = json!({
        "account_id": "123456789012", "action": "REJECT", "ecs_container_id": "container-1",
        "ecs_second_container_id": "container-2", "ecs_task_arn": "task-arn", "ecs_task_definition_arn": "task-definition",
        "ecs_task_id": "task-id", "instance_id": "i-1", "interface_id": "eni-9", "log_status": "OK",
        "pkt_dst_service": "S3", "pkt_dstaddr": "52.95.128.179", "pkt_src_service": "EC2", "pkt_srcaddr": "10.0.0.71",
        "subnet_id": "subnet-1", "tcp_flags": "19", "tcp_flags_array": ["fin", "syn", "ack"], "traffic_path": "8",
        "type": "IPv4", "version": "8", "vpc_id": "vpc-1", "sublocation": {"type": "wavelength", "id": "wlz-1"},
    });
    assert_eq!(document["aws"]["vpcflow"], vpcflow);
    let cloud = json!({
        "account": {"id": "123456789012"}, "availability_zone": "apse2-az3", "instance": {"id": "i-1"}, "provider": "aws",
        "region": "ap-southeast-2",
    });
    assert_eq!(document["cloud"], cloud);
    let orchestrator = json!({
        "cluster": {"id": "cluster-arn", "name": "cluster-name"}, "resource": {"id": "instance-id", "name": "instance-arn"},
    });
    assert_eq!(document["orchestrator"], orchestrator);
    assert_eq!(document["service"], json!({"name": "orders"}));
    assert_eq!(document["event"]["reason"], "BPA");
    assert_eq!(document["network"]["direction"], "egress");
    assert_eq!(document["sgflow"], json!({"direction": "outbound", "flow_role": "reply"}));
}

#[test]
fn later_fields_are_kept_apart() {
    let columns = "resource-id encryption-status instance-tag colour packets tcp-flags bytes";
    let line = "eni-7 2 web%20server 42 18446744073709551615 0x2 7";
    let expected = json!({
        "aws": {"vpcflow": {"tcp_flags": "0x2"}},
        "cloud": {"provider": "aws"},
        "ecs": {"version": "8.11.0"},
        "event": {"category": ["network"], "kind": "event", "type": ["connection"]},
        "network": {"bytes": 7},
        "source": {"bytes": 7},
        "sgflow": {"flow_role": "ambiguous", "record": {
            "resource_id": "eni-7", "encryption_status": "2", "instance_tag": "web server", "colour": "42",
            "packets": "18446744073709551615",
        }},
    });
    assert_eq!(Bench::ecs(NOTHING).read(columns, line), expected);
}

#[test]
fn flags_that_are_no_number_have_no_names() {
    let mut bench = Bench::ecs(NOTHING);
    let mut names = |text: &str| bench.read("tcp-flags", text)["aws"]["vpcflow"].clone();
    assert_eq!(names("18"), json!({"tcp_flags": "18", "tcp_flags_array": ["syn", "ack"]}));
    assert_eq!(names("0"), json!({"tcp_flags": "0"}));
    for text in ["+18", "0x12", "18446744073709551616", "1e1"] {
        assert_eq!(names(text), json!({"tcp_flags": text}), "{text}");
    }
}

#[test]
fn rules_and_lists_are_in_our_own_object() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("drop.txt");
    std::fs::write(&list, "203.0.113.0/24 ; SBL1\n").unwrap();
    let sources = Sources { threat_lists: vec![("drop".to_owned(), list)], ..Sources::default() };
    let mut bench = Bench::new(Schema::Ecs, true, BASTION, &sources);
    let columns = "interface-id srcaddr dstaddr srcport dstport protocol tcp-flags pkt-srcaddr start end action";
    let mut read = |of_packet: &str| {
        let addresses = "172.31.9.9 172.31.16.21 20641 22 6 2";
        bench.read(columns, &format!("eni-1235b8ca123456789 {addresses} {of_packet} 1418530010 1418530070 ACCEPT"))
    };
    let document = read("172.31.9.9");
    assert_eq!(document["sgflow"]["security_group_rule_ids"], json!(["sgr-ssh"]));
    assert_eq!(document["sgflow"]["flow_role"], "request");
    let document = read("203.0.113.5");
    assert_eq!(document["sgflow"]["source_threat_lists"], json!(["drop"]), "of the packet behind the private address");
    assert!(document["source"].get("geo").is_none());
}

#[test]
fn hostile_bytes_come_out_as_json() {
    let (document, _) = Bench::ecs(NOTHING).write("region colour bytes", b"a\"\xff\x01 {\xc3\xa9\\ 7", None);
    let document = strict_json::read(document.as_bytes());
    assert_eq!(document["cloud"]["region"], "a\"\u{fffd}\u{1}");
    assert_eq!(document["sgflow"]["record"]["colour"], "{\u{e9}\\");
}
