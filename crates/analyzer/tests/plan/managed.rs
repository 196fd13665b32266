//! Groups that services keep: told by the marks that their pages name, and left alone.

use crate::small::Small;
use analyzer::plan::managed::manager;
use inventory::Inventory;
use serde_json::{Value, json};

fn reason(group: &Value) -> Option<String> {
    let mut group = group.clone();
    group["GroupId"] = json!("sg-1");
    let loaded = Inventory::from_texts(&[("a.json", &json!({"SecurityGroups": [group]}).to_string())]).unwrap();
    manager(&loaded.inventory.groups()[0])
}

fn named(name: &str) -> Value {
    json!({"GroupName": name})
}

fn tagged(key: &str, value: &str) -> Value {
    json!({"GroupName": "mine", "Tags": [{"Key": "Name", "Value": "mine"}, {"Key": key, "Value": value}]})
}

#[test]
fn names_and_tags_of_services() {
    let cases: [(&str, Vec<Value>); 13] = [
        (
            "EKS",
            vec![
                named("eks-cluster-sg-shop-1234567890"),
                tagged("aws:eks:cluster-name", "shop"),
                named("eks-remoteAccess-0ab1"),
            ],
        ),
        ("Kubernetes", vec![tagged("kubernetes.io/cluster/shop", "owned")]),
        (
            "EMR",
            vec![
                named("ElasticMapReduce-master"),
                named("ElasticMapReduce-slave"),
                named("ElasticMapReduce-Master-Private"),
                named("ElasticMapReduce-ServiceAccess"),
                named("ElasticMapReduceEditors-Livy"),
                tagged("for-use-with-amazon-emr-managed-policies", "true"),
            ],
        ),
        (
            "Elastic Beanstalk",
            vec![
                named("awseb-e-abcdefghij-stack-AWSEBSecurityGroup-1"),
                tagged("elasticbeanstalk:environment-name", "shop"),
                tagged("elasticbeanstalk:environment-id", "e-abcdefghij"),
                tagged("aws:cloudformation:stack-name", "awseb-e-abcdefghij-stack"),
            ],
        ),
        ("Global Accelerator", vec![named("GlobalAccelerator")]),
        ("CloudFront", vec![named("CloudFront-VPCOrigins-Service-SG"), tagged("aws.cloudfront.vpcorigin", "enabled")]),
        ("Load Balancer Controller", vec![named("k8s-traffic-shop-0a1b2c"), tagged("elbv2.k8s.aws/cluster", "shop")]),
        ("Directory Service", vec![named("d-1234567890_controllers")]),
        ("WorkSpaces", vec![named("d-1234567890_workspacesMembers")]),
        ("GuardDuty", vec![named("GuardDutyManagedSecurityGroup-vpc-1"), tagged("GuardDutyManaged", "true")]),
        ("SageMaker", vec![named("security-group-for-inbound-nfs-d-abc")]),
        ("RDS", vec![named("rds-ec2-1"), named("ec2-rds-12")]),
        // AWS keeps this beginning for itself.
        ("tag aws:newservice:thing", vec![tagged("aws:newservice:thing", "1"), tagged("AWS:newservice:thing", "1")]),
    ];
    for (service, groups) in cases {
        for group in groups {
            let reason = reason(&group).unwrap_or_else(|| panic!("{group} is thought to be nobody's"));
            assert!(reason.contains(service) && reason.ends_with('.'), "{group}: {reason}");
        }
    }
}

#[test]
fn what_people_make_is_theirs() {
    let people = [
        named("default"),
        named("web"),
        named("launch-wizard-1"),
        named("GlobalAccelerator-clients"),
        named("my-eks-cluster-sg-shop"),
        named("rds-ec2-shop"),
        named("d-team_controllers-2"),
        // A cluster may use the group, but somebody else keeps it.
        tagged("kubernetes.io/cluster/shop", "shared"),
        tagged("aws:cloudformation:stack-name", "shop"),
        tagged("aws:servicecatalog:productArn", "x"),
        tagged("Service", "aws:eks"),
    ];
    for group in people {
        assert_eq!(reason(&group), None, "{group}");
    }
}

#[test]
fn a_managed_group_is_left_alone_with_its_reason() {
    let mut small = Small::new();
    small.groups[0]["GroupName"] = json!("eks-cluster-sg-shop-1");
    let plan = small.plan();
    assert_eq!(small.changed().0, ["sgr-3306"]);
    let [left] = plan.left_alone.as_slice() else { panic!("{:?}", plan.left_alone) };
    assert_eq!((left.group_id.as_str(), left.rules), ("sg-web", 2));
    assert!(left.reason.contains("EKS"));
    assert!(plan.warnings.iter().all(|warning| warning.group_id != "sg-web"));

    // Where nothing could change there is nothing to say.
    small.rules.retain(|rule| rule["GroupId"] != "sg-web");
    small.accepted.remove(0);
    assert_eq!(small.plan().left_alone, []);
}
