//! The stub of AWS, called as an SDK would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use servers::http::{Response, call};
use servers::{AwsStub, Ec2World, Fault, Pattern};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

fn address(stub: &AwsStub) -> SocketAddr {
    stub.url().trim_start_matches("http://").parse().unwrap()
}

fn query(stub: &AwsStub, body: &str, key: &str) -> Response {
    let signature = format!("AWS4-HMAC-SHA256 Credential={key}/20260301/eu-west-1/ec2/aws4_request, Signature=none");
    call(address(stub), "POST", "/", &[("authorization", &signature)], body.as_bytes()).unwrap()
}

fn ids(text: &str) -> Vec<&str> {
    text.split("<networkInterfaceId>").skip(1).map(|rest| rest.split('<').next().unwrap()).collect()
}

#[test]
fn interfaces_come_in_pages() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(12));
    stub.set_page_size(5);
    let (mut token, mut seen, mut sizes) = (String::new(), Vec::new(), Vec::new());
    loop {
        let body = format!("Action=DescribeNetworkInterfaces&MaxResults=1000{token}");
        let page = query(&stub, &body, "KEY").text();
        sizes.push(ids(&page).len());
        seen.extend(ids(&page).iter().map(|id| (*id).to_owned()));
        let Some(next) = page.split("<nextToken>").nth(1) else {
            break;
        };
        token = format!("&NextToken={}", next.split('<').next().unwrap());
    }
    assert_eq!(sizes, [5, 5, 2]);
    let expected: Vec<String> = (1..=12).map(Ec2World::interface_id).collect();
    assert_eq!(seen, expected);
    let calls = stub.calls("DescribeNetworkInterfaces");
    assert_eq!(calls.len(), 3);
    assert_eq!((calls[0].credentials.as_str(), calls[0].region.as_str(), calls[0].status), ("KEY", "eu-west-1", 200));
    assert_eq!(calls[1].parameters["NextToken"], "page-at-5");
}

#[test]
fn the_apis_own_limits_hold() {
    let stub = AwsStub::start();
    stub.set_ec2(Ec2World::with_interfaces(3));
    let refused = |body: &str| {
        let answer = query(&stub, body, "KEY");
        assert_eq!(answer.status, 400, "{body}");
        answer.text().split("<Code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    assert_eq!(refused("Action=DescribeNetworkInterfaces&MaxResults=1001"), "InvalidParameterValue");
    assert_eq!(refused("Action=DescribeManagedPrefixLists&MaxResults=101"), "InvalidParameterValue");
    let gone =
        "Action=DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-00000000000000001&NetworkInterfaceId.2=eni-gone";
    assert_eq!(refused(gone), "InvalidNetworkInterfaceID.NotFound");
    let mut many = "Action=DescribeNetworkInterfaces&Filter.1.Name=network-interface-id".to_owned();
    for number in 1..=201 {
        many.push_str(&format!("&Filter.1.Value.{number}=eni-{number:017x}"));
    }
    assert_eq!(refused(&many), "FilterLimitExceeded");
    assert_eq!(refused("Action=DescribeNetworkInterfaces&NextToken=else"), "InvalidPaginationToken");
    assert_eq!(refused("Action=TerminateInstances"), "InvalidAction");
    let some = "Action=DescribeNetworkInterfaces&Filter.1.Name=network-interface-id&Filter.1.Value.1=eni-gone\
        &Filter.1.Value.2=eni-00000000000000002";
    assert_eq!(ids(&query(&stub, some, "KEY").text()), ["eni-00000000000000002"]);
}

#[test]
fn each_role_and_region_sees_its_own_world() {
    let stub = AwsStub::start();
    let role = "arn:aws:iam::210987654321:role/reader";
    stub.set_ec2(Ec2World::with_interfaces(1));
    stub.set_ec2_for(Some(role), None, Ec2World::with_interfaces(2));
    let assumed = query(&stub, &format!("Action=AssumeRole&RoleArn={role}&RoleSessionName=s"), "KEY").text();
    let key = assumed.split("<AccessKeyId>").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(ids(&query(&stub, "Action=DescribeNetworkInterfaces", key).text()).len(), 2);
    assert_eq!(ids(&query(&stub, "Action=DescribeNetworkInterfaces", "KEY").text()).len(), 1);
    stub.set_ec2_for(None, Some("eu-west-1"), Ec2World::with_interfaces(3));
    assert_eq!(ids(&query(&stub, "Action=DescribeNetworkInterfaces", "KEY").text()).len(), 3);
    assert!(query(&stub, "Action=GetCallerIdentity", key).text().contains("<Account>210987654321</Account>"));
}

fn put(stub: &AwsStub, records: &[&[u8]]) -> Result<Value, String> {
    let records: Vec<Value> = records.iter().map(|data| json!({"Data": STANDARD.encode(data)})).collect();
    let body = json!({"DeliveryStreamName": "flows", "Records": records}).to_string();
    let target = [("x-amz-target", "Firehose_20150804.PutRecordBatch")];
    let answer = call(address(stub), "POST", "/", &target, body.as_bytes()).map_err(|error| error.to_string())?;
    let answered: Value = serde_json::from_slice(&answer.body).unwrap();
    if answer.status == 200 {
        Ok(answered)
    } else {
        Err(format!("{} {}", answer.status, answered["__type"].as_str().unwrap()))
    }
}

#[test]
fn firehose_takes_what_its_limits_allow() {
    let stub = AwsStub::start();
    let mebibyte = vec![b'x'; 1_000 << 10];
    assert_eq!(put(&stub, &[b"a", b"b"]).unwrap()["FailedPutCount"], 0);
    assert!(put(&stub, &[]).unwrap_err().contains("ValidationException"));
    assert!(put(&stub, &vec![&b"x"[..]; 501]).unwrap_err().contains("ValidationException"));
    assert!(put(&stub, &[&[b'x'; 1_024_001]]).unwrap_err().contains("InvalidArgumentException"));
    assert_eq!(put(&stub, &[mebibyte.as_slice(); 4]).unwrap()["FailedPutCount"], 0);
    let over = [mebibyte.as_slice(), &mebibyte, &mebibyte, &mebibyte, &[b'x'; (4 << 20) - 4_096_000 + 1]];
    assert!(put(&stub, &over).unwrap_err().contains("InvalidArgumentException"));
    assert_eq!(stub.firehose_records("flows").len(), 6);
    assert_eq!(stub.take_firehose_records("flows")[..2], [b"a".to_vec(), b"b".to_vec()]);
    assert!(stub.firehose_records("flows").is_empty());
}

#[test]
fn faults_strike_as_told() {
    let stub = AwsStub::start();
    stub.fault("PutRecordBatch", Fault::FailRecords(Pattern::Times(1, Box::new(Pattern::Last))));
    let answer = put(&stub, &[b"a", b"b"]).unwrap();
    assert_eq!(answer["FailedPutCount"], 1);
    assert_eq!(answer["RequestResponses"][1]["ErrorCode"], "ServiceUnavailableException");
    assert_eq!(stub.firehose_records("flows"), [b"a"]);
    stub.fault("PutRecordBatch", Fault::Throttle { times: 1 });
    assert_eq!(put(&stub, &[b"c"]).unwrap_err(), "400 ThrottlingException");
    stub.fault("PutRecordBatch", Fault::Drop);
    assert!(put(&stub, &[b"d"]).is_err());
    stub.fault("PutRecordBatch", Fault::DropAfter);
    assert!(put(&stub, &[b"e"]).is_err());
    stub.fault("PutRecordBatch", Fault::Delay(Duration::from_millis(30)));
    let since = Instant::now();
    put(&stub, &[b"f"]).unwrap();
    assert!(since.elapsed() >= Duration::from_millis(30));
    assert_eq!(stub.firehose_records("flows"), [b"a", b"e", b"f"]);
    let statuses: Vec<u16> = stub.calls("PutRecordBatch").iter().map(|call| call.status).collect();
    assert_eq!(statuses, [200, 400, 0, 0, 200]);
    stub.fault("DescribeVpcs", Fault::Throttle { times: 1 });
    let throttled = query(&stub, "Action=DescribeVpcs", "KEY");
    assert_eq!(throttled.status, 503);
    assert!(throttled.text().contains("<Code>RequestLimitExceeded</Code>"));
    assert_eq!(query(&stub, "Action=DescribeVpcs", "KEY").status, 200);
}

#[test]
fn objects_are_kept() {
    let stub = AwsStub::start();
    let s3 = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]| {
        call(address(&stub), method, target, headers, body).unwrap()
    };
    assert_eq!(s3("PUT", "/b/a%20key/1?x-id=PutObject", &[], b"one").status, 200);
    let chunked = [("content-encoding", "aws-chunked")];
    assert_eq!(s3("PUT", "/b/2", &chunked, b"3\r\ntwo\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n").status, 200);
    let got = s3("GET", "/b/a%20key/1", &[], b"");
    assert_eq!(got.text(), "one");
    let unchanged = s3("GET", "/b/a%20key/1", &[("if-none-match", got.header("etag").unwrap())], b"");
    assert_eq!(unchanged.status, 304);
    assert_eq!((s3("GET", "/b/none", &[], b"").status, s3("HEAD", "/b/2", &[], b"").status), (404, 200));
    let listed = s3("GET", "/b?list-type=2&prefix=a%20", &[], b"").text();
    assert!(listed.contains("<KeyCount>1</KeyCount>") && listed.contains("<Key>a key/1</Key>"), "{listed}");
    let objects: Vec<(String, Vec<u8>)> = stub.objects().into_iter().collect();
    assert_eq!(objects, [("b/2".to_owned(), b"two".to_vec()), ("b/a key/1".to_owned(), b"one".to_vec())]);
}
