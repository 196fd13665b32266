//! Security groups and their rules as documents list them, read into our own types.

use crate::document as raw;
use crate::error::LoadError;
use crate::item::Place;
use crate::region::region_of_arn;
use crate::rule::{DERIVED_ID, Direction, Peer, Protocol, RulePorts};

/// What makes two rules of a group the same rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Content {
    pub direction: Direction,
    pub protocol: Option<Protocol>,
    pub ports: RulePorts,
    /// `owner` and `vpc` of a group left out: some commands print them, some do not.
    pub peer: Peer,
}

impl Content {
    /// The id of a rule that has none: `sgr-content-` and 16 hexadecimal digits of the 64-bit FNV-1a hash (offset
    /// basis 0xcbf29ce484222325, prime 0x100000001b3) of group and content.
    pub(crate) fn id(&self, group: &str) -> String {
        let direction = match self.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        };
        let protocol = self.protocol.map_or("all".to_string(), |protocol| protocol.0.to_string());
        let ports = match self.ports {
            RulePorts::All => "all".to_string(),
            RulePorts::Range { from, to } => format!("{from}-{to}"),
            RulePorts::Icmp { ty, code } => {
                format!("icmp {} {}", ty.map_or(-1, i32::from), code.map_or(-1, i32::from))
            }
        };
        let text = format!("{group}|{direction}|{protocol}|{ports}|{}", self.peer);
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in text.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{DERIVED_ID}{hash:016x}")
    }
}

/// A rule as one snapshot shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RuleItem {
    pub id: Option<String>,
    pub content: Content,
    /// With everything that is known of a peer group.
    pub peer: Peer,
    pub description: String,
    pub tags: Vec<(String, String)>,
    /// Another listing of the same snapshot lacks it.
    pub disputed: bool,
}

impl RuleItem {
    fn new(direction: Direction, matches: (Option<Protocol>, RulePorts), peer: Peer, description: String) -> RuleItem {
        let (protocol, ports) = matches;
        let bare = match &peer {
            Peer::Group { id, .. } => Peer::Group { id: id.clone(), owner: None, vpc: None },
            other => other.clone(),
        };
        let content = Content { direction, protocol, ports, peer: bare };
        RuleItem { id: None, content, peer, description, tags: Vec::new(), disputed: false }
    }

    /// One item of `SecurityGroupRules`: the rule, its group's id and its owner's account.
    pub(crate) fn read(
        item: raw::SecurityGroupRule,
        place: Place,
    ) -> Result<(String, Option<String>, RuleItem), LoadError> {
        let group = place.needed(item.group_id, "GroupId")?;
        let is_egress = place.needed(item.is_egress, "IsEgress")?;
        let direction = if is_egress { Direction::Egress } else { Direction::Ingress };
        let matches = read_matches(item.ip_protocol.as_deref(), item.from_port, item.to_port, place)?;
        let peer = if let Some(text) = item.cidr_ipv4 {
            Peer::Cidr(place.net(&text, "CidrIpv4")?)
        } else if let Some(text) = item.cidr_ipv6 {
            Peer::Cidr(place.net(&text, "CidrIpv6")?)
        } else if let Some(id) = item.prefix_list_id {
            Peer::PrefixList(id)
        } else if let Some(reference) = item.referenced_group_info {
            read_group_peer(reference, place)?
        } else {
            let fields = "CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupInfo";
            return Err(place.error(format!("has no peer ({fields})")));
        };
        let mut rule = RuleItem::new(direction, matches, peer, item.description.unwrap_or_default());
        rule.id = item.security_group_rule_id;
        rule.tags = read_tags(item.tags);
        Ok((group, item.group_owner_id, rule))
    }
}

/// Sorted by key.
fn read_tags(listed: Option<Vec<raw::Tag>>) -> Vec<(String, String)> {
    let mut tags = Vec::new();
    for tag in listed.unwrap_or_default() {
        if let Some(key) = tag.key {
            tags.push((key, tag.value.unwrap_or_default()));
        }
    }
    tags.sort();
    tags
}

fn read_group_peer(reference: raw::GroupReference, place: Place) -> Result<Peer, LoadError> {
    let id = place.needed(reference.group_id, "GroupId in a referenced group")?;
    Ok(Peer::Group { id, owner: reference.user_id, vpc: reference.vpc_id })
}

/// A group as one snapshot shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupItem {
    pub id: String,
    pub name: String,
    pub description: String,
    pub vpc: Option<String>,
    pub owner: Option<String>,
    pub region: Option<String>,
    pub rules: Vec<RuleItem>,
    /// Sorted by key.
    pub tags: Vec<(String, String)>,
    /// Whether both lists of permissions are there; a group that was listed without them may have any rules.
    pub has_permissions: bool,
}

impl GroupItem {
    pub(crate) fn read(item: raw::SecurityGroup, place: Place) -> Result<GroupItem, LoadError> {
        let id = place.needed(item.group_id, "GroupId")?;
        let has_permissions = item.ip_permissions.is_some() && item.ip_permissions_egress.is_some();
        let mut rules = Vec::new();
        for permission in item.ip_permissions.unwrap_or_default() {
            split_permission(permission, Direction::Ingress, place, &mut rules)?;
        }
        for permission in item.ip_permissions_egress.unwrap_or_default() {
            split_permission(permission, Direction::Egress, place, &mut rules)?;
        }
        Ok(GroupItem {
            id,
            name: item.group_name.unwrap_or_default(),
            description: item.description.unwrap_or_default(),
            vpc: item.vpc_id,
            owner: item.owner_id,
            region: item.security_group_arn.as_deref().and_then(region_of_arn),
            rules,
            tags: read_tags(item.tags),
            has_permissions,
        })
    }
}

/// One permission with several peers is one rule for each.
fn split_permission(
    permission: raw::IpPermission,
    direction: Direction,
    place: Place,
    rules: &mut Vec<RuleItem>,
) -> Result<(), LoadError> {
    let matches = read_matches(permission.ip_protocol.as_deref(), permission.from_port, permission.to_port, place)?;
    for range in permission.ip_ranges.unwrap_or_default() {
        let text = place.needed(range.cidr_ip, "CidrIp in one of its IpRanges")?;
        let peer = Peer::Cidr(place.net(&text, "CidrIp")?);
        rules.push(RuleItem::new(direction, matches, peer, range.description.unwrap_or_default()));
    }
    for range in permission.ipv6_ranges.unwrap_or_default() {
        let text = place.needed(range.cidr_ipv6, "CidrIpv6 in one of its Ipv6Ranges")?;
        let peer = Peer::Cidr(place.net(&text, "CidrIpv6")?);
        rules.push(RuleItem::new(direction, matches, peer, range.description.unwrap_or_default()));
    }
    for list in permission.prefix_list_ids.unwrap_or_default() {
        let id = place.needed(list.prefix_list_id, "PrefixListId in one of its PrefixListIds")?;
        rules.push(RuleItem::new(direction, matches, Peer::PrefixList(id), list.description.unwrap_or_default()));
    }
    for mut pair in permission.user_id_group_pairs.unwrap_or_default() {
        let description = pair.description.take().unwrap_or_default();
        rules.push(RuleItem::new(direction, matches, read_group_peer(pair, place)?, description));
    }
    Ok(())
}

/// Protocol and ports; -1 or nothing means all. For protocols other than TCP, UDP, ICMP and ICMPv6 AWS ignores ports
/// (EC2 API reference, `AuthorizeSecurityGroupIngress`).
fn read_matches(
    protocol: Option<&str>,
    from: Option<i64>,
    to: Option<i64>,
    place: Place,
) -> Result<(Option<Protocol>, RulePorts), LoadError> {
    let text = protocol.unwrap_or("-1").trim();
    if text == "-1" || text.eq_ignore_ascii_case("all") {
        return Ok((None, RulePorts::All));
    }
    let Some(protocol) = Protocol::from_text(text) else {
        return Err(place.error(format!("has IpProtocol {text:?}, which is no protocol")));
    };
    if protocol == Protocol::ICMP || protocol == Protocol::ICMPV6 {
        let ty = from.and_then(|value| u8::try_from(value).ok());
        // A code without a type cannot be given.
        let code = if ty.is_some() { to.and_then(|value| u8::try_from(value).ok()) } else { None };
        return Ok((Some(protocol), RulePorts::Icmp { ty, code }));
    }
    if !protocol.has_ports() {
        return Ok((Some(protocol), RulePorts::All));
    }
    let (Some(from), Some(to)) = (from, to) else {
        return Ok((Some(protocol), RulePorts::All));
    };
    if from == -1 || to == -1 {
        return Ok((Some(protocol), RulePorts::All));
    }
    match (u16::try_from(from), u16::try_from(to)) {
        (Ok(from), Ok(to)) if from <= to => Ok((Some(protocol), RulePorts::Range { from, to })),
        _ => Err(place.error(format!("has ports {from} to {to}, which is no range of ports"))),
    }
}
