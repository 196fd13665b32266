//! What the stub's EC2 knows.

use serde_json::{Value, json};

/// Lists in the shape that `aws ec2 describe-*` prints.
#[derive(Clone, Debug, Default)]
pub struct Ec2World {
    /// `NetworkInterfaces`.
    pub interfaces: Vec<Value>,
    /// `SecurityGroups`.
    pub groups: Vec<Value>,
    /// `SecurityGroupRules`.
    pub rules: Vec<Value>,
    /// `PrefixLists`, each with its `Entries`, which only `GetManagedPrefixListEntries` tells.
    pub prefix_lists: Vec<Value>,
    /// `Subnets`.
    pub subnets: Vec<Value>,
    /// `Vpcs`.
    pub vpcs: Vec<Value>,
    /// `FlowLogs`.
    pub flow_logs: Vec<Value>,
    /// `SecurityGroupVpcAssociations`.
    pub associations: Vec<Value>,
    /// `TrafficMirrorTargets`.
    pub mirror_targets: Vec<Value>,
}

impl Ec2World {
    /// Reads the lists of one JSON document, or of several merged into one: a key's list is added to what was there.
    pub fn from_json(document: &Value) -> Ec2World {
        let mut world = Ec2World::default();
        world.add_json(document);
        world
    }

    /// Adds the lists of another document.
    pub fn add_json(&mut self, document: &Value) {
        let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
        self.interfaces.extend(list("NetworkInterfaces"));
        self.groups.extend(list("SecurityGroups"));
        self.rules.extend(list("SecurityGroupRules"));
        self.prefix_lists.extend(list("PrefixLists"));
        self.subnets.extend(list("Subnets"));
        self.vpcs.extend(list("Vpcs"));
        self.flow_logs.extend(list("FlowLogs"));
        self.associations.extend(list("SecurityGroupVpcAssociations"));
        self.mirror_targets.extend(list("TrafficMirrorTargets"));
    }

    /// `count` interfaces `eni-00000000000000001`... with the addresses 10.0.0.1, 10.0.0.2... (see
    /// [`Ec2World::address`]) in `vpc-1`. Each carries `sg-web` (TCP 443 from anywhere) and every second one `sg-db`
    /// too (TCP 5432 from `sg-web`).
    pub fn with_interfaces(count: usize) -> Ec2World {
        let mut interfaces = Vec::new();
        for number in 1..=count {
            let mut groups = vec![json!({"GroupId": "sg-web", "GroupName": "web"})];
            if number.is_multiple_of(2) {
                groups.push(json!({"GroupId": "sg-db", "GroupName": "db"}));
            }
            interfaces.push(json!({
                "NetworkInterfaceId": Ec2World::interface_id(number),
                "Description": format!("server {number}"),
                "InterfaceType": "interface",
                "OwnerId": "123456789012",
                "PrivateIpAddress": Ec2World::address(number),
                "PrivateIpAddresses": [{"Primary": true, "PrivateIpAddress": Ec2World::address(number)}],
                "Ipv6Addresses": [],
                "Groups": groups,
                "Attachment": {"AttachmentId": format!("eni-attach-{number}"),
                    "AttachTime": "2020-01-01T00:00:00+00:00",
                    "DeviceIndex": 0, "Status": "attached", "DeleteOnTermination": true},
                "RequesterManaged": false,
                "SourceDestCheck": true,
                "Status": "in-use",
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "TagSet": [],
            }));
        }
        let open = json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
            "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}]);
        let from_web = json!([{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [], "Ipv6Ranges": [],
            "PrefixListIds": [], "UserIdGroupPairs": [{"GroupId": "sg-web", "UserId": "123456789012"}]}]);
        let all = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [],
            "PrefixListIds": [], "UserIdGroupPairs": []}]);
        Ec2World {
            interfaces,
            groups: vec![group("sg-web", "web", open, all), group("sg-db", "db", from_web, json!([]))],
            rules: vec![
                rule(
                    "sgr-web",
                    "sg-web",
                    false,
                    json!({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIpv4": "0.0.0.0/0"}),
                ),
                rule(
                    "sgr-all",
                    "sg-web",
                    true,
                    json!({"IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": "0.0.0.0/0"}),
                ),
                rule(
                    "sgr-db",
                    "sg-db",
                    false,
                    json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
                    "ReferencedGroupInfo": {"GroupId": "sg-web", "UserId": "123456789012"}}),
                ),
            ],
            ..Ec2World::default()
        }
    }

    /// The id of the interface with that number, from 1.
    pub fn interface_id(number: usize) -> String {
        format!("eni-{number:017x}")
    }

    /// Its primary private address.
    pub fn address(number: usize) -> String {
        format!("10.0.{}.{}", number / 256 % 256, number % 256)
    }
}

fn group(id: &str, name: &str, ingress: Value, egress: Value) -> Value {
    json!({"GroupId": id, "GroupName": name, "Description": format!("the {name} servers"), "OwnerId": "123456789012",
        "VpcId": "vpc-1", "IpPermissions": ingress, "IpPermissionsEgress": egress, "Tags": []})
}

fn rule(id: &str, group: &str, egress: bool, mut content: Value) -> Value {
    content["SecurityGroupRuleId"] = json!(id);
    content["GroupId"] = json!(group);
    content["GroupOwnerId"] = json!("123456789012");
    content["IsEgress"] = json!(egress);
    content["Tags"] = json!([]);
    content
}
