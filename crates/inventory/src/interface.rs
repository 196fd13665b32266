//! A network interface: what it is, what it carried and which addresses it had at which time.

use crate::group::GroupIx;
use crate::time::{AttachTime, Run};
use ipnet::IpNet;
use std::net::IpAddr;

/// Number of an interface in [`crate::Inventory::interfaces`]: dense, over the union of all snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceIx(pub u32);

/// What uses an interface, from its `InterfaceType` (EC2 API reference, data type `NetworkInterface`) and, for the
/// load balancers that say only `interface`, its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `interface` that is not a load balancer's: an instance, a database, a task.
    Plain,
    /// Application and Classic Load Balancers.
    LoadBalancer,
    /// Network Load Balancers: they may keep client addresses, and what endpoints send them is not logged.
    NetworkLoadBalancer,
    /// Global Accelerator: it keeps client addresses.
    GlobalAccelerator,
    /// A NAT gateway.
    NatGateway,
    /// A Lambda function.
    Lambda,
    /// Elastic Fabric Adapter: its own traffic is not logged.
    Efa,
    /// Every other type.
    Other,
    /// `InterfaceType` is missing.
    Unknown,
}

impl Kind {
    pub(crate) fn from_type(interface_type: Option<&str>, description: &str) -> Kind {
        let Some(interface_type) = interface_type else {
            return Kind::Unknown;
        };
        match interface_type {
            "interface" if description.starts_with("ELB net/") => Kind::NetworkLoadBalancer,
            "interface" if description.starts_with("ELB ") => Kind::LoadBalancer,
            "interface" => Kind::Plain,
            "load_balancer" => Kind::LoadBalancer,
            "network_load_balancer" => Kind::NetworkLoadBalancer,
            "global_accelerator_managed" => Kind::GlobalAccelerator,
            "nat_gateway" | "natGateway" => Kind::NatGateway,
            "lambda" => Kind::Lambda,
            "efa" | "efa-only" => Kind::Efa,
            _ => Kind::Other,
        }
    }

    /// Whether what it sends may bear the address of somebody else.
    pub(crate) fn may_keep_client_addresses(self) -> bool {
        matches!(self, Kind::NetworkLoadBalancer | Kind::GlobalAccelerator | Kind::Unknown)
    }
}

/// A network interface. Addresses and other facts are those of the last snapshot that knows them.
#[derive(Debug, Clone)]
pub struct Interface {
    /// `eni-...`
    pub id: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// Its subnet.
    pub subnet: Option<String>,
    /// The account that owns it.
    pub owner: Option<String>,
    /// The region it is in, as far as snapshot or availability zone tell.
    pub region: Option<String>,
    /// AWS's or its owner's description.
    pub description: String,
    /// What uses it.
    pub kind: Kind,
    /// `InterfaceType` as AWS says it, such as `interface` or `vpc_endpoint`.
    pub interface_type: Option<String>,
    /// Whether an AWS service manages it; none if the inventory does not say.
    pub requester_managed: Option<bool>,
    /// Private IPv4 addresses, the primary one first.
    pub private_addresses: Vec<IpAddr>,
    /// IPv6 addresses.
    pub ipv6_addresses: Vec<IpAddr>,
    /// Delegated prefixes of both families.
    pub prefixes: Vec<IpNet>,
    /// Since when it owns its addresses.
    pub attach_time: AttachTime,
    /// Whether it is in the last snapshot of (one of) its scopes.
    pub in_last_snapshot: bool,
    pub(crate) history: Vec<StateRun>,
}

/// What consecutive snapshots of one scope say about an interface.
#[derive(Debug, Clone)]
pub(crate) struct StateRun {
    pub run: Run,
    pub state: State,
}

/// What changes over the life of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Sorted; none if the snapshot lacks the interface's `Groups`.
    pub groups: Option<Vec<GroupIx>>,
    pub attach_time: AttachTime,
    /// Attached as the first interface of an instance, with which it goes: it did not exist before.
    pub born_attached: bool,
    pub private_addresses: Vec<IpAddr>,
    pub ipv6_addresses: Vec<IpAddr>,
    pub prefixes: Vec<IpNet>,
}

impl State {
    pub(crate) fn owns(&self, address: IpAddr) -> bool {
        self.private_addresses.contains(&address)
            || self.ipv6_addresses.contains(&address)
            || self.prefixes.iter().any(|net| net.contains(&address))
    }

    /// All addresses as networks.
    pub(crate) fn nets(&self) -> impl Iterator<Item = IpNet> + '_ {
        let hosts = self.private_addresses.iter().chain(&self.ipv6_addresses).map(|address| IpNet::from(*address));
        hosts.chain(self.prefixes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_balancers_are_told_by_type_or_description() {
        assert_eq!(Kind::from_type(Some("interface"), "ELB app/web/0123"), Kind::LoadBalancer);
        assert_eq!(Kind::from_type(Some("interface"), "ELB classic-name"), Kind::LoadBalancer);
        assert_eq!(Kind::from_type(Some("network_load_balancer"), "ELB net/a/1"), Kind::NetworkLoadBalancer);
        assert_eq!(Kind::from_type(Some("interface"), "Primary network interface"), Kind::Plain);
        assert_eq!(Kind::from_type(Some("vpc_endpoint"), ""), Kind::Other);
        assert_eq!(Kind::from_type(None, "ELB app/web/0123"), Kind::Unknown);
    }
}
