//! Documents of the real `flow-decorate`, from lines of the test's own and a world in which every fact is known.

use flowlog::Field;
use serde_json::{Value, json};
use stack::Schema;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The interface that the inventory knows, and an address for which all facts are known: samples/geo/make.py puts
/// 203.0.113.0/25 to Sydney.
pub const INTERFACE: &str = "eni-0d002a7b5dea8f151";
/// See [`INTERFACE`].
pub const KNOWN: [&str; 2] = ["203.0.113.9", "203.0.113.10"];

/// An inventory, a threat list and AWS's ranges, made up.
pub struct World {
    folder: TempDir,
}

impl World {
    /// Writes them down.
    pub fn new() -> World {
        let world = World { folder: TempDir::new().unwrap() };
        let inventory = json!({
            "CapturedAt": "2026-03-01T00:00:00Z", "AccountId": "123456789012", "Region": "eu-west-1",
            "NetworkInterfaces": [{
                "NetworkInterfaceId": INTERFACE, "OwnerId": "123456789012", "Description": "the \"web\" server",
                "VpcId": "vpc-0a1", "SubnetId": "subnet-0a1", "PrivateIpAddress": "10.0.0.5",
                "InterfaceType": "interface",
                "Groups": [{"GroupId": "sg-0a1", "GroupName": "web"}],
            }],
            "SecurityGroups": [{
                "GroupId": "sg-0a1", "GroupName": "web", "OwnerId": "123456789012", "VpcId": "vpc-0a1",
            }],
            "SecurityGroupRules": [{
                "SecurityGroupRuleId": "sgr-0a1", "GroupId": "sg-0a1", "GroupOwnerId": "123456789012",
                "IsEgress": false,
                "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0",
                "Description": "the world",
            }, {
                // Of UDP no record tells that it is a request: flows cannot show this rule's use.
                "SecurityGroupRuleId": "sgr-0a2", "GroupId": "sg-0a1", "GroupOwnerId": "123456789012",
                "IsEgress": true,
                "IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "CidrIpv4": "203.0.113.0/28",
                "Description": "a resolver",
            }],
        });
        let (region, prefix) = ("eu-west-1", "203.0.113.0/28");
        let of_s3 = json!({"region": region, "network_border_group": region, "service": "S3", "ip_prefix": prefix});
        let ranges =
            json!({"syncToken": "1", "createDate": "2026-03-01-00-00-00", "prefixes": [of_s3], "ipv6_prefixes": []});
        fs::write(world.path("inventory.json"), inventory.to_string()).unwrap();
        fs::write(world.path("ranges.json"), ranges.to_string()).unwrap();
        fs::write(world.path("drop.txt"), "203.0.113.0/28 ; SBL1\n").unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The documents of these lines, one for each.
    pub fn documents(&self, schema: Schema, format: &str, lines: &[String]) -> Vec<Value> {
        let mut list = std::ffi::OsString::from("drop=");
        list.push(self.path("drop.txt"));
        let mut command = self.command(schema);
        command.args(["-", "--rule-ids", "--log-format", format]);
        command.arg("--geo").arg(stack::project("samples/geo.mmdb"));
        command.arg("--ip-ranges").arg(self.path("ranges.json")).arg("--threat-list").arg(list);
        // Few lines: they fit into the pipe.
        let documents = json_lines(command, &(lines.join("\n") + "\n"));
        assert_eq!(documents.len(), lines.len(), "not one document for each line: {documents:?}");
        documents
    }

    /// The documents of the inventory, without their action lines.
    pub fn inventory_documents(&self, schema: Schema) -> Vec<Value> {
        let mut command = self.command(schema);
        command.arg("--inventory-index");
        json_lines(command, "").into_iter().skip(1).step_by(2).collect()
    }

    fn command(&self, schema: Schema) -> Command {
        let mut command = Command::new(servers::binary("flow-decorate"));
        command.args(["--quiet", "--output-schema", schema.name()]).arg("--inventory").arg(self.path("inventory.json"));
        // It is a Lambda function where this is set.
        command.env_remove("AWS_LAMBDA_RUNTIME_API");
        command
    }
}

fn json_lines(mut command: Command, input: &str) -> Vec<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "flow-decorate: {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every field there is, as a log format.
pub fn every_field() -> String {
    let names: Vec<String> = Field::ALL.iter().map(|field| format!("${{{}}}", field.name())).collect();
    names.join(" ")
}

/// A line in the format [`every_field`]: the values that are given, and `-` for the others.
pub fn line(values: &[(&str, &str)]) -> String {
    let values: BTreeMap<&str, &str> = values.iter().copied().collect();
    assert!(values.keys().all(|name| Field::from_name(name).is_some()), "{values:?}");
    let words: Vec<&str> = Field::ALL.iter().map(|field| *values.get(field.name()).unwrap_or(&"-")).collect();
    words.join(" ")
}

/// A request from one known address to another, with a value in every field.
pub fn full_line() -> String {
    let mut values: Vec<(&str, &str)> = Field::ALL.iter().map(|field| (field.name(), "some-text")).collect();
    values.extend([
        ("version", "11"),
        ("account-id", "012345678901"),
        ("interface-id", INTERFACE),
        ("srcaddr", KNOWN[0]),
        ("dstaddr", KNOWN[1]),
        ("pkt-srcaddr", KNOWN[0]),
        ("pkt-dstaddr", KNOWN[1]),
        ("srcport", "50000"),
        ("dstport", "443"),
        ("protocol", "6"),
        ("packets", "12"),
        ("bytes", "3456"),
        ("start", "1772323200"),
        ("end", "1772323260"),
        ("action", "ACCEPT"),
        ("log-status", "OK"),
        ("tcp-flags", "2"),
        ("flow-direction", "ingress"),
        ("traffic-path", "8"),
        ("encryption-status", "1"),
        ("instance-tag", "team%3Dnet%20work"),
    ]);
    line(&values)
}

/// The largest value of every number, and addresses of version 6.
pub fn largest_line() -> String {
    line(&[
        // As large as the types that AWS documents, or the protocols themselves, let them be.
        ("version", "2147483647"),
        ("interface-id", INTERFACE),
        ("srcaddr", "2001:db8::1"),
        ("dstaddr", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("pkt-srcaddr", "::"),
        ("pkt-dstaddr", "fd00:ec2::253"),
        ("srcport", "65535"),
        ("dstport", "65535"),
        ("protocol", "255"),
        ("packets", "9223372036854775807"),
        ("bytes", "9223372036854775807"),
        ("start", "4294967295"),
        ("end", "4294967295"),
        ("action", "REJECT"),
        ("log-status", "OK"),
        ("tcp-flags", "65535"),
        ("traffic-path", "2147483647"),
        ("encryption-status", "2147483647"),
    ])
}

/// Numbers beyond every type of an index, and numbers that are none.
pub fn beyond_line() -> String {
    line(&[
        ("version", "2147483648"),
        ("interface-id", INTERFACE),
        ("srcaddr", "10.0.0.9"),
        ("dstaddr", "255.255.255.255"),
        ("srcport", "0"),
        ("dstport", "0"),
        ("protocol", "1"),
        ("packets", "9223372036854775808"),
        ("bytes", "18446744073709551615"),
        ("start", "0"),
        ("end", "1772323260"),
        ("action", "ACCEPT"),
        ("log-status", "OK"),
        ("tcp-flags", "SYN"),
        ("traffic-path", "99999999999"),
        ("encryption-status", "enabled"),
    ])
}

/// A window without traffic.
pub fn no_data_line() -> String {
    line(&[
        ("version", "2"),
        ("interface-id", INTERFACE),
        ("start", "1772323200"),
        ("end", "1772323260"),
        ("log-status", "NODATA"),
    ])
}
