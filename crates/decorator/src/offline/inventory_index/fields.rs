//! What a document of the inventory says, and under which names.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;

use inventory::{Direction, Epoch, UNDATED};
use jiff::Timestamp;
use serde::Serialize;

use crate::decorate::Schema;

/// What a document is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A security group.
    Group,
    /// A network interface.
    Interface,
    /// A security group rule.
    Rule,
}

impl Kind {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Group => "group",
            Kind::Interface => "interface",
            Kind::Rule => "rule",
        }
    }
}

/// One document, whatever its schema. What is not known is empty here and absent in the document.
#[derive(Debug)]
pub struct Fields<'a> {
    /// What it is about.
    pub kind: Kind,
    /// Its own id.
    pub id: Cow<'a, str>,
    /// Its id is one that we made of a rule's content.
    pub has_derived_id: bool,
    /// When a snapshot saw it last; [`UNDATED`] for one without a date.
    pub seen: Option<Epoch>,
    /// The account that owns it.
    pub account: Option<&'a str>,
    /// Where it is.
    pub region: Option<&'a str>,
    /// The VPC of an interface; those where a group and its rules can be used.
    pub vpcs: Vec<&'a str>,
    /// `eni-...`
    pub interface: Option<&'a str>,
    /// `sg-...`
    pub group_ids: Vec<&'a str>,
    /// Their names, as far as known.
    pub group_names: Vec<&'a str>,
    /// `sgr-...`, as documents of flows name it.
    pub rule_ids: Vec<&'a str>,
    /// That of a rule.
    pub direction: Option<Direction>,
    /// What only inventories tell.
    pub own: Own<'a>,
}

/// Fields that documents of flows do not have: their names are the same in both schemas.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Own<'a> {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, `all`, else the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_protocol: Option<String>,
    /// The lowest TCP or UDP port; absent where the rule does not look at ports.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_from_port: Option<u16>,
    /// The highest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_to_port: Option<u16>,
    /// CIDR, `sg-...` or `pl-...`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_peer: Option<String>,
    /// What its author wrote.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub rule_description: &'a str,
    /// The rule in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_text: Option<String>,
    /// Why documents of flows cannot show its use, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_blind_spot: Option<&'static str>,
    /// `InterfaceType` as AWS says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_type: Option<&'a str>,
    /// AWS's or its owner's.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub interface_description: &'a str,
    /// Private IPv4 addresses, the primary one first, then IPv6 ones. Delegated prefixes are no addresses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interface_addresses: Vec<IpAddr>,
}

impl Fields<'_> {
    /// Appends the document, without a line end.
    pub fn write(&self, schema: Schema, out: &mut Vec<u8>) -> io::Result<()> {
        match schema {
            Schema::Classic => serde_json::to_writer(out, &self.classic())?,
            Schema::Ecs => serde_json::to_writer(out, &self.ecs())?,
        }
        Ok(())
    }

    fn classic(&self) -> Classic<'_> {
        Classic {
            timestamp: self.timestamp("%Y-%m-%dT%H:%M:%SZ"),
            kind: self.kind,
            account_id: self.account,
            region: self.region,
            vpc_id: OneOrMore::of(&self.vpcs),
            interface_id: self.interface,
            security_group_ids: &self.group_ids,
            security_group_names: &self.group_names,
            security_group_rule_ids: &self.rule_ids,
            direction: self.direction_name(),
            own: &self.own,
        }
    }

    fn ecs(&self) -> Ecs<'_> {
        let vpcflow = Vpcflow { interface_id: self.interface, vpc_id: OneOrMore::of(&self.vpcs) };
        let has_vpcflow = vpcflow.interface_id.is_some() || vpcflow.vpc_id.is_some();
        let cloud = Cloud { account: self.account.map(|id| Account { id }), region: self.region };
        let has_cloud = cloud.account.is_some() || cloud.region.is_some();
        Ecs {
            timestamp: self.timestamp("%Y-%m-%dT%H:%M:%S.000Z"),
            kind: self.kind,
            aws: has_vpcflow.then_some(Aws { vpcflow }),
            cloud: has_cloud.then_some(cloud),
            sgflow: Sgflow {
                security_group_ids: &self.group_ids,
                security_group_names: &self.group_names,
                security_group_rule_ids: &self.rule_ids,
                direction: self.direction_name(),
            },
            own: &self.own,
        }
    }

    fn timestamp(&self, format: &str) -> Option<String> {
        let seen = self.seen.filter(|seen| *seen != UNDATED)?;
        Some(Timestamp::from_second(seen).ok()?.strftime(format).to_string())
    }

    fn direction_name(&self) -> Option<&'static str> {
        self.direction.map(|direction| match direction {
            Direction::Ingress => "inbound",
            Direction::Egress => "outbound",
        })
    }
}

/// AWS's own field names.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Classic<'a> {
    #[serde(rename = "@timestamp", skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<OneOrMore<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface_id: Option<&'a str>,
    #[serde(skip_serializing_if = "is_empty")]
    security_group_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "is_empty")]
    security_group_names: &'a [&'a str],
    #[serde(skip_serializing_if = "is_empty")]
    security_group_rule_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(flatten)]
    own: &'a Own<'a>,
}

/// Elastic Common Schema, with the places that documents of flows use.
#[derive(Serialize)]
struct Ecs<'a> {
    #[serde(rename = "@timestamp", skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    aws: Option<Aws<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud: Option<Cloud<'a>>,
    #[serde(skip_serializing_if = "Sgflow::is_empty")]
    sgflow: Sgflow<'a>,
    #[serde(flatten)]
    own: &'a Own<'a>,
}

#[derive(Serialize)]
struct Aws<'a> {
    vpcflow: Vpcflow<'a>,
}

#[derive(Serialize)]
struct Vpcflow<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    interface_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_id: Option<OneOrMore<'a>>,
}

#[derive(Serialize)]
struct Cloud<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Sgflow<'a> {
    #[serde(skip_serializing_if = "is_empty")]
    security_group_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "is_empty")]
    security_group_names: &'a [&'a str],
    #[serde(skip_serializing_if = "is_empty")]
    security_group_rule_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
}

impl Sgflow<'_> {
    fn is_empty(&self) -> bool {
        let texts = [self.security_group_ids, self.security_group_names, self.security_group_rule_ids];
        texts.iter().all(|texts| texts.is_empty()) && self.direction.is_none()
    }
}

/// A string, as everywhere, or a list in the rare case that there are several.
#[derive(Serialize)]
#[serde(untagged)]
enum OneOrMore<'a> {
    One(&'a str),
    More(&'a [&'a str]),
}

impl<'a> OneOrMore<'a> {
    fn of(texts: &'a [&'a str]) -> Option<OneOrMore<'a>> {
        match texts {
            [] => None,
            [one] => Some(OneOrMore::One(one)),
            more => Some(OneOrMore::More(more)),
        }
    }
}

fn is_empty(texts: &[&str]) -> bool {
    texts.is_empty()
}
