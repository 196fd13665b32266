//! A configuration, read back.

use hcl::eval::{Context, Evaluate};
use hcl::{Block, Body, Expression, Value};
use std::collections::{BTreeMap, BTreeSet};

pub const INGRESS: &str = "aws_vpc_security_group_ingress_rule";
pub const EGRESS: &str = "aws_vpc_security_group_egress_rule";

#[derive(Debug, Clone)]
pub struct Resource {
    pub kind: String,
    /// All arguments but the meta-arguments.
    pub arguments: BTreeMap<String, Value>,
    pub depends_on: Vec<String>,
    pub provider: Option<String>,
    pub create_before_destroy: bool,
}

#[derive(Debug)]
pub struct Document {
    /// By `type.name`.
    pub resources: BTreeMap<String, Resource>,
    /// Id by address.
    pub imports: BTreeMap<String, String>,
    /// Arguments of the blocks `provider "aws"`.
    pub providers: Vec<BTreeMap<String, Value>>,
    /// Blocks of each type.
    pub blocks: BTreeMap<String, usize>,
}

/// The text of a reference, such as `aws_x.y`.
fn reference(expression: &Expression) -> String {
    assert!(matches!(expression, Expression::Traversal(_)), "{expression:?} is no reference");
    expression.to_string()
}

fn arguments(block: &Block) -> BTreeMap<String, Value> {
    let literal = |expression: &Expression| expression.evaluate(&Context::new()).unwrap();
    block.body().attributes().map(|attribute| (attribute.key().to_owned(), literal(attribute.expr()))).collect()
}

pub fn read(text: &str) -> Document {
    let body: Body = hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(body.attributes().count(), 0);
    let mut document = Document {
        resources: BTreeMap::new(),
        imports: BTreeMap::new(),
        providers: Vec::new(),
        blocks: BTreeMap::new(),
    };
    for block in body.blocks() {
        *document.blocks.entry(block.identifier().to_owned()).or_default() += 1;
        match block.identifier() {
            "terraform" => {}
            "provider" => document.providers.push(arguments(block)),
            "import" => {
                let keys: BTreeSet<&str> = block.body().attributes().map(|attribute| attribute.key()).collect();
                assert_eq!(keys, BTreeSet::from(["id", "to"]));
                let (mut to, mut id) = (String::new(), String::new());
                for attribute in block.body().attributes() {
                    match (attribute.key(), attribute.expr()) {
                        ("to", expression) => to = reference(expression),
                        (_, expression) => {
                            id = expression.evaluate(&Context::new()).unwrap().as_str().unwrap().to_owned()
                        }
                    }
                }
                assert!(document.imports.insert(to, id).is_none(), "imported twice");
            }
            "resource" => {
                let [kind, name] = block.labels() else { panic!("{:?}", block.labels()) };
                let address = format!("{}.{}", kind.as_str(), name.as_str());
                assert!(document.resources.insert(address, resource(kind.as_str(), block)).is_none(), "named twice");
            }
            other => panic!("a block {other}"),
        }
    }
    document
}

fn resource(kind: &str, block: &Block) -> Resource {
    let mut resource = Resource {
        kind: kind.to_owned(),
        arguments: BTreeMap::new(),
        depends_on: Vec::new(),
        provider: None,
        create_before_destroy: false,
    };
    for attribute in block.body().attributes() {
        match (attribute.key(), attribute.expr()) {
            ("depends_on", Expression::Array(others)) => resource.depends_on = others.iter().map(reference).collect(),
            ("provider", expression) => resource.provider = Some(reference(expression)),
            (key, Expression::Array(ids)) => {
                let ids = ids.iter().map(|id| Value::from(reference(id))).collect();
                resource.arguments.insert(key.to_owned(), Value::Array(ids));
            }
            (key, expression) => {
                let value = expression.evaluate(&Context::new()).unwrap();
                resource.arguments.insert(key.to_owned(), value);
            }
        }
    }
    for inner in block.body().blocks() {
        assert_eq!(inner.identifier(), "lifecycle");
        let lifecycle = arguments(inner);
        assert_eq!(lifecycle, BTreeMap::from([("create_before_destroy".to_owned(), Value::from(true))]));
        resource.create_before_destroy = true;
    }
    resource
}

/// Arguments of a rule: name, JSON type, whether it must be there. From the pages `aws_vpc_security_group_ingress_rule` and
/// `..._egress_rule` of the provider's documentation, which are alike.
const ARGUMENTS: [(&str, &str, bool); 10] = [
    ("security_group_id", "string", true),
    ("ip_protocol", "string", true),
    ("cidr_ipv4", "string", false),
    ("cidr_ipv6", "string", false),
    ("prefix_list_id", "string", false),
    ("referenced_security_group_id", "string", false),
    ("from_port", "number", false),
    ("to_port", "number", false),
    ("description", "string", false),
    ("tags", "map", false),
];

impl Document {
    /// Holds everything against what Terraform and the provider ask for.
    #[track_caller]
    pub fn check(&self) {
        for (address, resource) in &self.resources {
            resource.check(address);
            let name = address.split_once('.').unwrap().1;
            assert!(name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'), "{name}");
            assert!(name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_'), "{name}");
            for other in &resource.depends_on {
                assert!(self.resources.contains_key(other), "{address} waits for {other}, which is not there");
                assert_ne!(other, address);
            }
        }
        for address in self.imports.keys() {
            assert!(self.resources.contains_key(address), "{address} is imported, but not there");
        }
        let ids: BTreeSet<&String> = self.imports.values().collect();
        assert_eq!(ids.len(), self.imports.len(), "one rule is imported twice");
    }
}

impl Resource {
    #[track_caller]
    fn check(&self, address: &str) {
        assert!([INGRESS, EGRESS].contains(&self.kind.as_str()), "{address}");
        for (name, value) in &self.arguments {
            let known = ARGUMENTS.iter().find(|(known, ..)| known == name);
            let (_, kind, _) = known.unwrap_or_else(|| panic!("{address}: no argument {name} is documented"));
            let fits = match (*kind, value) {
                ("string", Value::String(text)) => !text.is_empty(),
                ("number", Value::Number(number)) => {
                    number.as_i64().is_some_and(|number| (-1..=65535).contains(&number))
                }
                ("map", Value::Object(tags)) => !tags.is_empty() && tags.values().all(Value::is_string),
                _ => false,
            };
            assert!(fits, "{address}: {name} = {value:?}");
        }
        for (name, ..) in ARGUMENTS.iter().filter(|(.., needed)| *needed) {
            assert!(self.arguments.contains_key(*name), "{address}: {name} is missing");
        }
        let has = |name: &&str| self.arguments.contains_key(*name);
        let peers = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];
        assert_eq!(peers.iter().filter(|name| has(name)).count(), 1, "{address}: not just one peer");
        assert_eq!(has(&"from_port"), has(&"to_port"), "{address}");
        let protocol = self.arguments["ip_protocol"].as_str().unwrap();
        // "The from_port and to_port arguments are required unless ip_protocol is set to -1 or icmpv6"; AWS ignores them for all
        // protocols but these four.
        assert_eq!(has(&"from_port"), ["tcp", "udp", "icmp", "icmpv6"].contains(&protocol), "{address}: {protocol}");
    }

    /// The argument that names the peer.
    pub fn peer_argument(&self) -> &str {
        let peers = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];
        peers.into_iter().find(|name| self.arguments.contains_key(*name)).unwrap()
    }

    /// What makes it the same rule to AWS.
    pub fn content(&self) -> String {
        let mut content = self.kind.clone();
        for (name, value) in self.arguments.iter().filter(|(name, _)| !["description", "tags"].contains(&name.as_str()))
        {
            content.push_str(&format!(" {name}={value}"));
        }
        content
    }
}
