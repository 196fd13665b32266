//! Traffic that flow logs never show (Amazon VPC User Guide, "Flow log limitations"), and the rules that may serve it.

use crate::address_set::AddressSet;
use crate::answer::Answer;
use crate::document::TrafficMirrorTarget;
use crate::group::{Group, GroupIx};
use crate::interface::{Interface, Kind};
use crate::inventory::Inventory;
use crate::rule::{Direction, Peer, Port, Protocol, Resolved, Rule, RulePorts};
use crate::vpc::nth_address;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// VXLAN, in which mirrored traffic arrives (Amazon VPC Traffic Mirroring guide).
const VXLAN: u16 = 4789;

/// Amazon DNS, instance metadata, ECS task metadata, Amazon Time Sync, Windows activation: neither logged nor filtered.
const SERVICE_ADDRESSES: [&str; 9] = [
    "169.254.169.253",
    "fd00:ec2::253",
    "169.254.169.254",
    "fd00:ec2::254",
    "169.254.170.2",
    "169.254.169.123",
    "fd00:ec2::123",
    "169.254.169.250",
    "169.254.169.251",
];

/// Why a rule's use cannot show in flow logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlogged {
    /// Whether the rule may be needed.
    pub kind: UnloggedKind,
    /// A sentence.
    pub reason: String,
}

/// The two sorts of traffic that is not logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnloggedKind {
    /// Security groups judge it: the rule may be needed though no log shows it.
    Filtered,
    /// Security groups do not judge it, and the rule allows nothing else: no log will ever show a use.
    Unfiltered,
}

/// Where mirrored traffic is sent, if that was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct MirrorTargets {
    /// Accounts and regions whose targets were read; none for files that do not say.
    read: BTreeSet<(Option<String>, Option<String>)>,
    interfaces: BTreeSet<String>,
    /// A load balancer is a target: what is behind it gets mirrored traffic, and we do not know what that is.
    any_load_balancer: bool,
}

impl MirrorTargets {
    pub(crate) fn add(&mut self, items: Vec<TrafficMirrorTarget>, account: Option<&str>, region: Option<&str>) {
        self.read.insert((account.map(str::to_string), region.map(str::to_string)));
        for item in items {
            match item.network_interface_id {
                Some(id) => {
                    self.interfaces.insert(id);
                }
                None => self.any_load_balancer = true,
            }
        }
    }

    /// Whether the targets were read that a group's interfaces could be.
    ///
    /// A list that does not say whose it is counts only where there is but one account.
    pub(crate) fn are_read_for(&self, owner: Option<&str>, region: Option<&str>, accounts: usize) -> bool {
        self.read.iter().any(|(read_account, read_region)| {
            let same_account = match read_account {
                Some(read_account) => Some(read_account.as_str()) == owner,
                None => accounts <= 1,
            };
            let same_region = read_region.is_none() || read_region.as_deref() == region;
            same_account && same_region
        })
    }
}

impl Inventory {
    /// Whether the rule may serve, or serves only, traffic that is never logged.
    pub fn serves_unlogged(&self, rule: &Rule, group: &Group) -> Option<Unlogged> {
        let filtered = |reason: String| Some(Unlogged { kind: UnloggedKind::Filtered, reason });
        let number = rule.group;
        if rule.direction == Direction::Ingress {
            if let Some(reason) = self.mirror_reason(rule) {
                return filtered(reason);
            }
            let may_be_nlb =
                |interface: &&Interface| matches!(interface.kind, Kind::NetworkLoadBalancer | Kind::Unknown);
            if let Some(interface) = self.carriers_of_any_time(number).find(may_be_nlb) {
                return filtered(format!(
                    "interface {} {} a Network Load Balancer: what endpoints send to it is filtered, but never logged",
                    interface.id,
                    is_or_may_be(interface)
                ));
            }
        }
        let names_itself = matches!(&rule.peer, Peer::Group { id, .. } if *id == group.id);
        if names_itself {
            let may_be_efa = |interface: &&Interface| matches!(interface.kind, Kind::Efa | Kind::Unknown);
            if let Some(interface) = self.carriers_of_any_time(number).find(may_be_efa) {
                return filtered(format!(
                    "interface {} {} an Elastic Fabric Adapter, whose traffic within its own group is never logged",
                    interface.id,
                    is_or_may_be(interface)
                ));
            }
        }
        let reason = self.unfiltered_reason(rule, number)?;
        Some(Unlogged { kind: UnloggedKind::Unfiltered, reason })
    }

    /// Whether the rule lets UDP 4789 in only because it is wide, while it is not known whether an interface of the
    /// group receives mirrored traffic.
    pub fn may_serve_mirror_by_width(&self, rule: &Rule, group: &Group) -> bool {
        if rule.direction != Direction::Ingress || !includes_vxlan(rule) || names_vxlan(rule) {
            return false;
        }
        let targets = &self.mirror_targets;
        targets.any_load_balancer
            || !targets.are_read_for(group.owner.as_deref(), group.region.as_deref(), self.accounts.len())
    }

    fn mirror_reason(&self, rule: &Rule) -> Option<String> {
        if !includes_vxlan(rule) {
            return None;
        }
        let targets = &self.mirror_targets;
        let is_target = |interface: &&Interface| targets.interfaces.contains(&interface.id);
        if let Some(target) = self.carriers_of_any_time(rule.group).find(is_target) {
            return Some(format!(
                "interface {} receives mirrored traffic (UDP 4789), which is filtered, but never logged",
                target.id
            ));
        }
        // Whoever wrote it meant it. A list of targets does not speak against that: a target may be shared by another account, or
        // be a load balancer in front of the interface, and the list is of one day.
        let reason = "it names UDP 4789: mirrored traffic is filtered, but never logged";
        names_vxlan(rule).then(|| reason.to_string())
    }

    fn unfiltered_reason(&self, rule: &Rule, group: GroupIx) -> Option<String> {
        if is_dhcp(rule) {
            let reason = "it allows only DHCP, which is neither filtered nor logged: no rule is needed for it";
            return Some(reason.to_string());
        }
        let peers = match (&rule.peer, rule.resolved) {
            (Peer::Cidr(net), _) => AddressSet::from_nets([net]),
            (_, Resolved::List(number)) => self.lists.get(number as usize)?.latest()?.clone(),
            _ => return None,
        };
        let may_be_resolver = matches!(&rule.peer, Peer::Cidr(net) if self.may_be_resolver(net, group));
        if peers.is_empty() || !(may_be_resolver || self.service_addresses(group).covers(&peers)) {
            return None;
        }
        let reason = "it allows only addresses of AWS's own services in the VPC (DNS, metadata, time, activation, router), \
                      which are neither filtered nor logged: no rule is needed for them";
        Some(reason.to_string())
    }

    /// Where the blocks of the group's VPCs are not known: whether a single address is at the base of some block plus two, as the
    /// DNS server is. Blocks are /16 to /28, so their bases end in four zero bits.
    fn may_be_resolver(&self, net: &IpNet, group: GroupIx) -> bool {
        let IpNet::V4(net) = net else { return false };
        let has_the_place = net.prefix_len() == 32 && u32::from(net.addr()) & 15 == 2;
        let vpcs = &self.group(group).usable_vpcs;
        let numbers = vpcs.iter().filter_map(|id| self.vpc_numbers.get(id));
        let mut guessed = numbers.filter_map(|number| self.vpcs.get(*number as usize)).filter(|vpc| vpc.is_guessed);
        has_the_place && (vpcs.is_empty() || guessed.any(|vpc| vpc.ranges.contains(net.addr().into())))
    }

    /// Addresses in the group's VPCs whose traffic is neither logged nor filtered.
    fn service_addresses(&self, group: GroupIx) -> AddressSet {
        let mut nets: Vec<IpNet> = Vec::new();
        for text in SERVICE_ADDRESSES {
            nets.extend(text.parse::<IpAddr>().ok().map(IpNet::from));
        }
        for id in &self.group(group).usable_vpcs {
            let Some(vpc) = self.vpc_numbers.get(id).and_then(|number| self.vpcs.get(*number as usize)) else {
                continue;
            };
            let is_v4 = |net: &&IpNet| matches!(net, IpNet::V4(_));
            // The DNS server is at the base of a block plus two, the router at the base of a subnet plus one.
            nets.extend(vpc.blocks.iter().filter(is_v4).filter_map(|net| nth_address(net, 2)).map(IpNet::from));
            nets.extend(vpc.subnets.iter().filter(is_v4).filter_map(|net| nth_address(net, 1)).map(IpNet::from));
        }
        AddressSet::from_nets(&nets)
    }
}

fn is_or_may_be(interface: &Interface) -> &'static str {
    if interface.kind == Kind::Unknown { "has no InterfaceType and may belong to" } else { "belongs to" }
}

fn includes_vxlan(rule: &Rule) -> bool {
    rule.fits(Protocol::UDP, Port::Known(VXLAN)) == Answer::Surely
}

fn names_vxlan(rule: &Rule) -> bool {
    rule.singles_out(Protocol::UDP, VXLAN)
}

/// UDP 67 and 68, or 546 and 547 for DHCPv6.
fn is_dhcp(rule: &Rule) -> bool {
    let RulePorts::Range { from, to } = rule.ports else { return false };
    let within = |low: u16, high: u16| low <= from && to <= high;
    rule.protocol == Some(Protocol::UDP) && (within(67, 68) || within(546, 547))
}
