//! moto: EC2, Firehose, S3 and the rest of AWS in memory.

use crate::aws::sdk_environment;
use crate::http::{Response, call, free_port};
use crate::process::Process;
use crate::python;
use serde_json::{Value, json};
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::Command;
use std::time::{Duration, Instant};

/// The variable that names a running one, such as `http://127.0.0.1:5000`.
const RUNNING: &str = "MOTO_SERVER_URL";
const PATIENCE: Duration = Duration::from_secs(120);

/// A moto server of its own on a free port, or a running one that `MOTO_SERVER_URL` names.
pub struct Moto {
    address: SocketAddr,
    process: Option<Process>,
}

impl Moto {
    /// Starts it and waits until it answers.
    pub fn start() -> Moto {
        if let Ok(url) = std::env::var(RUNNING) {
            let host = url.trim_start_matches("http://").trim_end_matches('/');
            let address = host.to_socket_addrs().ok().and_then(|mut found| found.next());
            let address = address.unwrap_or_else(|| panic!("{RUNNING}={url}: not http://HOST:PORT"));
            return Moto { address, process: None };
        }
        let port = free_port();
        let mut command = Command::new(python::program("moto_server"));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let process = Process::start(command);
        let moto = Moto { address: SocketAddr::from(([127, 0, 0, 1], port)), process: Some(process) };
        moto.wait();
        moto
    }

    fn wait(&self) {
        let since = Instant::now();
        while call(self.address, "GET", "/moto-api/", &[], b"").is_err() {
            let process = self.process.as_ref();
            let ended = process.and_then(Process::ended);
            if ended.is_some() || since.elapsed() > PATIENCE {
                let output = process.map(Process::output).unwrap_or_default();
                panic!("moto_server does not answer ({}): {output}", ended.unwrap_or_else(|| "it runs".into()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// For `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What leads an AWS SDK to it.
    pub fn environment(&self) -> Vec<(String, String)> {
        sdk_environment(&self.url())
    }

    /// Calls EC2; parameters as the Query protocol names them. Gives the XML.
    pub fn ec2(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let mut body = format!("Action={action}&Version=2016-11-15");
        for (name, value) in parameters {
            body.push_str(&format!("&{name}={}", percent_encode(value)));
        }
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.checked(action, "ec2", "POST", "/", &[form], body.as_bytes()).text()
    }

    /// Calls Firehose; gives the answer's JSON.
    pub fn firehose(&self, operation: &str, parameters: &Value) -> Value {
        let target = format!("Firehose_20150804.{operation}");
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target.as_str())];
        let answer = self.checked(operation, "firehose", "POST", "/", &headers, parameters.to_string().as_bytes());
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// Makes a bucket.
    pub fn create_bucket(&self, bucket: &str) {
        self.checked("CreateBucket", "s3", "PUT", &format!("/{bucket}"), &[], b"");
    }

    /// Makes a delivery stream that writes to a bucket, under `prefix`.
    pub fn create_stream(&self, stream: &str, bucket: &str, prefix: &str) {
        let destination = json!({"RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "BucketARN": format!("arn:aws:s3:::{bucket}"), "Prefix": prefix});
        let parameters = json!({"DeliveryStreamName": stream, "DeliveryStreamType": "DirectPut",
            "ExtendedS3DestinationConfiguration": destination});
        self.firehose("CreateDeliveryStream", &parameters);
    }

    /// The objects of a bucket by key, in the order of their keys.
    pub fn objects(&self, bucket: &str) -> Vec<(String, Vec<u8>)> {
        let listed = self.checked("ListObjectsV2", "s3", "GET", &format!("/{bucket}?list-type=2"), &[], b"").text();
        let mut objects = Vec::new();
        for part in listed.split("<Key>").skip(1) {
            let key = part.split("</Key>").next().unwrap_or_default().to_owned();
            let body =
                self.checked("GetObject", "s3", "GET", &format!("/{bucket}/{}", percent_encode(&key)), &[], b"").body;
            objects.push((key, body));
        }
        objects
    }

    /// Makes a VPC (10.0.0.0/16), a subnet, a security group and so many interfaces that carry it.
    /// Gives interface id and private address of each, and the group's id.
    pub fn create_interfaces(&self, count: usize, group_name: &str) -> (Vec<(String, String)>, String) {
        let vpc = element(&self.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]), "vpcId");
        let subnet = self.ec2("CreateSubnet", &[("VpcId", &vpc), ("CidrBlock", "10.0.0.0/20")]);
        let subnet = element(&subnet, "subnetId");
        let group = [("GroupName", group_name), ("GroupDescription", "made by a test"), ("VpcId", vpc.as_str())];
        let group = element(&self.ec2("CreateSecurityGroup", &group), "groupId");
        let mut interfaces = Vec::new();
        for number in 0..count {
            // The first four addresses of a subnet are AWS's own.
            let address = format!("10.0.{}.{}", (number + 10) / 256, (number + 10) % 256);
            let asked = [
                ("SubnetId", subnet.as_str()),
                ("PrivateIpAddress", address.as_str()),
                ("SecurityGroupId.1", group.as_str()),
                ("Description", "made by a test"),
            ];
            interfaces.push((element(&self.ec2("CreateNetworkInterface", &asked), "networkInterfaceId"), address));
        }
        (interfaces, group)
    }

    fn checked(
        &self,
        what: &str,
        service: &str,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        // moto tells services apart by the scope of the signature, and does not look at the signature itself.
        let scope = format!("AKIAIOSFODNN7EXAMPLE/20260301/us-east-1/{service}/aws4_request");
        let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none");
        let mut headers = headers.to_vec();
        headers.push(("authorization", &authorization));
        let answer = call(self.address, method, target, &headers, body);
        let answer = answer.unwrap_or_else(|error| panic!("moto: {what}: {error}"));
        assert!(answer.status < 300, "moto: {what}: status {}: {}", answer.status, answer.text());
        answer
    }
}

/// The text of the first element of that name.
fn element(xml: &str, name: &str) -> String {
    let after = xml.split(&format!("<{name}>")).nth(1);
    let text = after.and_then(|rest| rest.split(&format!("</{name}>")).next());
    text.unwrap_or_else(|| panic!("no <{name}> in {xml}")).to_owned()
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte))
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}
