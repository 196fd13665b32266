//! Which groups an AWS service, or a controller, keeps by itself.
//!
//! Who changes such a group works against its owner: the service puts the rules back, or breaks. AWS marks them by names and
//! tags; each is listed here with the page that says so. In doubt a group counts as managed: left alone it does no harm.

use inventory::Group;

/// How a mark is compared with what a group has.
enum Mark {
    /// The group's whole name.
    Name(&'static str),
    /// How the group's name begins.
    NamePrefix(&'static str),
    /// How its name begins, followed by digits and nothing else.
    NumberedName(&'static str),
    /// How its name begins and ends.
    NameEnds(&'static str, &'static str),
    /// A part of the group's description.
    Description(&'static str),
    /// A tag with this key.
    Tag(&'static str),
    /// A tag whose key begins like this.
    TagPrefix(&'static str),
    /// A tag whose key begins like this, with this value.
    TagPrefixValue(&'static str, &'static str),
    /// A tag with this key and a value that begins like this.
    TagValuePrefix(&'static str, &'static str),
}

use Mark::{Description, Name, NameEnds, NamePrefix, NumberedName, Tag, TagPrefix, TagPrefixValue, TagValuePrefix};

/// Who manages groups with one of these marks.
struct Manager {
    /// Name of the service or program.
    name: &'static str,
    marks: &'static [Mark],
}

const MANAGERS: &[Manager] = &[
    // EKS User Guide, "View Amazon EKS security group requirements for clusters" (name, tags; rules that are removed come back);
    // "Create a managed node group" (remote access); "Learn about VPC networking and load balancing in EKS Auto Mode" (eks:).
    Manager {
        name: "Amazon EKS",
        marks: &[
            NamePrefix("eks-cluster-sg-"),
            NamePrefix("eks-remoteAccess-"),
            TagPrefix("aws:eks:"),
            Tag("eks:eks-cluster-name"),
            Tag("eks:cluster-name"),
            Tag("eks:nodegroup-name"),
        ],
    },
    // EMR Management Guide, "Working with Amazon EMR-managed security groups": EMR adds rules as it needs them; "Using managed
    // policies" (tag); "Specifying EC2 security groups for EMR Notebooks" (names ElasticMapReduceEditors-...).
    Manager {
        name: "Amazon EMR",
        marks: &[
            NamePrefix("ElasticMapReduce-"),
            NamePrefix("ElasticMapReduceEditors-"),
            Tag("for-use-with-amazon-emr-managed-policies"),
            TagPrefix("aws:elasticmapreduce:"),
        ],
    },
    // Elastic Beanstalk Developer Guide, "Tagging resources in your Elastic Beanstalk environments" (tags) and "Security groups"
    // (names begin with awseb); its stacks are named awseb-<environment id>-stack.
    Manager {
        name: "AWS Elastic Beanstalk",
        marks: &[
            NamePrefix("awseb-"),
            TagPrefix("elasticbeanstalk:"),
            TagValuePrefix("aws:cloudformation:stack-name", "awseb-"),
        ],
    },
    // Global Accelerator Developer Guide, "Best practices for ENIs and security groups with client IP address preservation": it
    // makes a group named GlobalAccelerator in the VPC, and nobody else is to change it.
    Manager {
        name: "AWS Global Accelerator",
        marks: &[Name("GlobalAccelerator"), TagValuePrefix("AWSServiceName", "GlobalAccelerator")],
    },
    // CloudFront Developer Guide, "Restrict access with VPC origins" (name); AWS managed policy reference,
    // AWSCloudFrontVPCOriginServiceRolePolicy (tag).
    Manager {
        name: "Amazon CloudFront (VPC origins)",
        marks: &[NamePrefix("CloudFront-VPCOrigins-Service-SG"), Tag("aws.cloudfront.vpcorigin")],
    },
    // AWS Load Balancer Controller, "Security Groups for Load Balancers" (name and tags of what it makes and reconciles).
    Manager {
        name: "the AWS Load Balancer Controller",
        marks: &[NamePrefix("k8s-traffic-"), Tag("elbv2.k8s.aws/cluster"), Tag("ingress.k8s.aws/cluster")],
    },
    // EKS User Guide as above, and cloud-provider-aws, "Prerequisites": `owned` means that the cluster makes, changes and deletes it.
    Manager {
        name: "a Kubernetes cluster",
        marks: &[
            TagPrefixValue("kubernetes.io/cluster/", "owned"),
            TagPrefixValue("sigs.k8s.io/cluster-api-provider-aws/cluster/", "owned"),
        ],
    },
    // Directory Service Administration Guide, "What gets created with your AWS Managed Microsoft AD", and WorkSpaces
    // Administration Guide, "Security groups for WorkSpaces Personal": not to be modified, for they cannot be made again.
    Manager { name: "AWS Directory Service", marks: &[NameEnds("d-", "_controllers")] },
    Manager { name: "Amazon WorkSpaces", marks: &[NameEnds("d-", "_workspacesMembers")] },
    // GuardDuty User Guide, "How Runtime Monitoring works": the group of its VPC endpoint; AWS managed policy reference,
    // AmazonGuardDutyServiceRolePolicy (tag).
    Manager {
        name: "Amazon GuardDuty",
        marks: &[NamePrefix("GuardDutyManagedSecurityGroup-"), Tag("GuardDutyManaged")],
    },
    // Firewall Manager Developer Guide, "Using security group policies": it puts back what differs in its replicas.
    Manager { name: "AWS Firewall Manager", marks: &[NamePrefix("FMManagedSecurityGroup"), Tag("FMManaged")] },
    // SageMaker AI API reference, UserSettings: it adds groups for the NFS traffic of Studio.
    Manager {
        name: "Amazon SageMaker AI",
        marks: &[
            NamePrefix("security-group-for-inbound-nfs-"),
            NamePrefix("security-group-for-outbound-nfs-"),
            Tag("ManagedByAmazonSageMakerResource"),
        ],
    },
    // RDS User Guide, "Overview of automatic connectivity with an EC2 instance" (and with Lambda, and RDS Proxy); the groups say in
    // their description that changing them may cut connections.
    Manager {
        name: "Amazon RDS (automatic connectivity)",
        marks: &[
            NumberedName("rds-ec2-"),
            NumberedName("ec2-rds-"),
            NumberedName("rds-lambda-"),
            NumberedName("lambda-rds-"),
            NumberedName("rds-rdsproxy-"),
            NumberedName("rdsproxy-rds-"),
            NumberedName("lambda-rdsproxy-"),
            NumberedName("rdsproxy-lambda-"),
            Description("Modification could lead to connection loss"),
        ],
    },
    // AWS Cloud9 User Guide, "VPC settings": an environment is a stack with a group of its own.
    Manager {
        name: "AWS Cloud9",
        marks: &[
            NamePrefix("aws-cloud9-"),
            TagPrefix("aws:cloud9:"),
            TagValuePrefix("aws:cloudformation:stack-name", "aws-cloud9-"),
        ],
    },
    // AWS managed policy reference, AWSElasticDisasterRecoveryServiceRolePolicy and AWSApplicationMigrationServiceRolePolicy:
    // the services tag what they make so.
    Manager { name: "AWS Elastic Disaster Recovery", marks: &[Tag("AWSElasticDisasterRecoveryManaged")] },
    Manager { name: "AWS Application Migration Service", marks: &[Tag("AWSApplicationMigrationServiceManaged")] },
    // OpsWorks User Guide, "Using Security Groups": one built-in group for each layer.
    Manager { name: "AWS OpsWorks", marks: &[NamePrefix("AWS-OpsWorks-")] },
];

/// Tags that only AWS sets, and that do not mean that a service keeps the rules: what people made with a stack is theirs.
const NEUTRAL_AWS_TAGS: [&str; 3] = ["aws:cloudformation:", "aws:servicecatalog:", "aws:createdby"];

/// Who manages the group, and so why it is left alone, as a sentence; none if nothing says that anybody does.
pub fn manager(group: &Group) -> Option<String> {
    for manager in MANAGERS {
        if let Some(sign) = manager.marks.iter().find_map(|mark| mark.found_on(group)) {
            return Some(format!("{} manages this group and its rules, as {sign} says.", in_front(manager.name)));
        }
    }
    // AWS keeps this beginning of keys for its services (EC2 User Guide, "Tag restrictions").
    for (key, _) in &group.tags {
        let key = key.to_ascii_lowercase();
        if key.starts_with("aws:") && !NEUTRAL_AWS_TAGS.iter().any(|neutral| key.starts_with(neutral)) {
            return Some(format!("An AWS service seems to manage this group and its rules: it has the tag {key}."));
        }
    }
    None
}

/// The name with a capital letter, for it begins a sentence.
fn in_front(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

impl Mark {
    /// What bears the mark, in words; none if nothing does.
    fn found_on(&self, group: &Group) -> Option<String> {
        let tag = |fits: &dyn Fn(&str, &str) -> bool| {
            let found = group.tags.iter().find(|(key, value)| fits(key, value));
            found.map(|(key, _)| format!("its tag {key}"))
        };
        let is_named = match *self {
            Name(name) => group.name == name,
            NamePrefix(start) => group.name.starts_with(start),
            NumberedName(start) => {
                let number = group.name.strip_prefix(start);
                number.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
            }
            NameEnds(start, end) => group.name.starts_with(start) && group.name.ends_with(end),
            Description(part) => return group.description.contains(part).then(|| "its description".to_owned()),
            Tag(key) => return tag(&|other, _| other == key),
            TagPrefix(start) => return tag(&|key, _| key.starts_with(start)),
            TagPrefixValue(start, value) => return tag(&|key, other| key.starts_with(start) && other == value),
            TagValuePrefix(key, start) => return tag(&|other, value| other == key && value.starts_with(start)),
        };
        is_named.then(|| "its name".to_owned())
    }
}
