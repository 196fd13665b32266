//! A security group rule: direction, protocol, ports and peer, and what can be said of it without any traffic.

use crate::answer::Answer;
use crate::group::GroupIx;
use crate::time::{Epoch, Run};
use ipnet::IpNet;
use std::fmt;

/// The way of a packet, or of the packets that a rule is for, seen from the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// To the interface.
    Ingress,
    /// From the interface.
    Egress,
}

/// An IANA protocol number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// ICMP for IPv4.
    pub const ICMP: Protocol = Protocol(1);
    /// TCP.
    pub const TCP: Protocol = Protocol(6);
    /// UDP.
    pub const UDP: Protocol = Protocol(17);
    /// ICMP for IPv6.
    pub const ICMPV6: Protocol = Protocol(58);

    /// Reads a number or a name as EC2 accepts them; none for `-1`, `all` and what is no protocol.
    pub fn from_text(text: &str) -> Option<Protocol> {
        let number = match text.trim().to_ascii_lowercase().as_str() {
            "icmp" => 1,
            "igmp" => 2,
            "ipip" | "ipv4" => 4,
            "tcp" => 6,
            "udp" => 17,
            "gre" => 47,
            "esp" => 50,
            "ah" => 51,
            "icmpv6" | "icmp6" | "ipv6-icmp" => 58,
            "ospf" => 89,
            "sctp" => 132,
            other => other.parse::<u8>().ok()?,
        };
        Some(Protocol(number))
    }

    /// `tcp`, `udp`, `icmp`, `icmpv6`, else the number.
    pub fn name(self) -> String {
        match self {
            Protocol::ICMP => "icmp".to_string(),
            Protocol::TCP => "tcp".to_string(),
            Protocol::UDP => "udp".to_string(),
            Protocol::ICMPV6 => "icmpv6".to_string(),
            Protocol(number) => number.to_string(),
        }
    }

    /// TCP or UDP: the protocols whose ports a security group looks at.
    pub fn has_ports(self) -> bool {
        self == Protocol::TCP || self == Protocol::UDP
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.name())
    }
}

/// The destination port of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Port {
    /// This one.
    Known(u16),
    /// Some port in 32768-65535, which was dropped.
    High,
    /// The log format lacks ports.
    Unknown,
}

/// What a rule says about ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RulePorts {
    /// Every port, or a protocol whose ports AWS ignores.
    All,
    /// TCP or UDP ports, both ends included.
    Range {
        /// Lowest port.
        from: u16,
        /// Highest port.
        to: u16,
    },
    /// ICMP or ICMPv6 type and code; none means all.
    Icmp {
        /// ICMP type.
        ty: Option<u8>,
        /// ICMP code.
        code: Option<u8>,
    },
}

/// The other end that a rule names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// An IPv4 or IPv6 range, host bits cut off.
    Cidr(IpNet),
    /// A prefix list, `pl-...`.
    PrefixList(String),
    /// A security group, by the private addresses of the interfaces that carry it.
    Group {
        /// `sg-...`
        id: String,
        /// Account of the group, where the rule says it.
        owner: Option<String>,
        /// VPC of the group, which AWS prints for peered VPCs.
        vpc: Option<String>,
    },
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Peer::Cidr(net) => net.fmt(formatter),
            Peer::PrefixList(id) => formatter.write_str(id),
            Peer::Group { id, .. } => formatter.write_str(id),
        }
    }
}

/// What the peer stands for in this inventory, looked up once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolved {
    Net,
    List(u32),
    /// Who is meant is not known.
    Unknown,
    Group(u32),
}

/// How the id of a rule begins that the inventory lists without one.
pub(crate) const DERIVED_ID: &str = "sgr-content-";

/// One rule of one group. Two rules of a group are the same rule if direction, protocol, ports and peer are equal.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `sgr-...`; where the inventory has none, `sgr-content-` and the FNV-1a hash of the content.
    pub id: String,
    /// The group that has the rule.
    pub group: GroupIx,
    /// Whether it is for packets to or from the interface.
    pub direction: Direction,
    /// None: all protocols.
    pub protocol: Option<Protocol>,
    /// Ports, or ICMP type and code.
    pub ports: RulePorts,
    /// The other end.
    pub peer: Peer,
    /// What its author wrote.
    pub description: String,
    /// Tags of the rule, sorted by key.
    pub tags: Vec<(String, String)>,
    /// Time of the snapshot since which the rule was always there, if an earlier snapshot of the same scope lacks it;
    /// none if the first snapshot already has it. [`crate::UNDATED`] if only the undated, latest snapshot has it.
    pub exists_since: Option<Epoch>,
    /// Two listings of one snapshot differ about it: whether it exists is not known, so it never surely allows anything.
    pub disputed: bool,
    pub(crate) may_be_bypassed: bool,
    pub(crate) resolved: Resolved,
    pub(crate) presence: Vec<Run>,
}

impl Rule {
    /// Whether AWS gave it its id, rather than we from its content: that one is for reports, nobody can look it up.
    pub fn has_own_id(&self) -> bool {
        !self.id.starts_with(DERIVED_ID)
    }

    /// Whether it names a security group in a VPC where packets may come to an interface with the address of a member of that group and yet
    /// not count as the group's: behind a Network Load Balancer, which keeps client addresses (Elastic Load Balancing user guide, "Target
    /// security groups": clients cannot be allowed by their groups, only by CIDR), or through a middlebox appliance (Amazon VPC User Guide,
    /// "Security group rules"). Then it may have been used, but nothing may lean on it.
    pub fn may_be_bypassed(&self) -> bool {
        self.may_be_bypassed
    }

    /// Whether it allows every dynamic client port, 32768-60999 (the range of Linux), of TCP or UDP: such a rule was
    /// not written for a service on one of them.
    pub fn covers_ephemeral(&self) -> bool {
        if !self.is_for_ports() {
            return false;
        }
        match self.ports {
            RulePorts::All => true,
            RulePorts::Range { from, to } => from <= 32768 && to >= 60999,
            RulePorts::Icmp { .. } => false,
        }
    }

    /// Whether it was written for this port: it names the protocol, and a range with the port in it that does not
    /// cover the dynamic client ports.
    pub fn singles_out(&self, protocol: Protocol, port: u16) -> bool {
        if self.protocol != Some(protocol) || !protocol.has_ports() || self.covers_ephemeral() {
            return false;
        }
        match self.ports {
            RulePorts::Range { from, to } => from <= port && port <= to,
            _ => false,
        }
    }

    /// Whether every port of its protocol is allowed. 1-65535 counts too: nothing listens on port 0.
    pub fn allows_all_ports(&self) -> bool {
        match self.ports {
            RulePorts::All => true,
            RulePorts::Range { from, to } => from <= 1 && to == u16::MAX,
            RulePorts::Icmp { ty, .. } => ty.is_none(),
        }
    }

    /// Whether the peer is 0.0.0.0/0, or ::/0 if `v6`.
    pub fn peer_is_anywhere(&self, v6: bool) -> bool {
        match &self.peer {
            Peer::Cidr(IpNet::V4(net)) => !v6 && net.prefix_len() == 0,
            Peer::Cidr(IpNet::V6(net)) => v6 && net.prefix_len() == 0,
            _ => false,
        }
    }

    /// How many ports it opens: 65,536 for all protocols or all ports, 1 for ICMP and protocols without ports.
    pub fn port_count(&self) -> u32 {
        if !self.is_for_ports() {
            return 1;
        }
        match self.ports {
            RulePorts::Range { from, to } => u32::from(to.saturating_sub(from)) + 1,
            _ => 65_536,
        }
    }

    fn is_for_ports(&self) -> bool {
        self.protocol.is_none_or(Protocol::has_ports)
    }

    /// Whether protocol and port of a packet fit. Never `Unplaced`.
    pub fn fits(&self, protocol: Protocol, port: Port) -> Answer {
        match self.protocol {
            None => return Answer::Surely,
            Some(named) if named != protocol => return Answer::No,
            Some(_) => {}
        }
        match self.ports {
            RulePorts::All | RulePorts::Icmp { ty: None, .. } => Answer::Surely,
            // Flow logs do not carry type and code: the record may mean any.
            RulePorts::Icmp { .. } => Answer::Possibly,
            RulePorts::Range { from, to } => port_in_range(port, from, to),
        }
    }
}

fn port_in_range(port: Port, from: u16, to: u16) -> Answer {
    match port {
        Port::Known(port) if from <= port && port <= to => Answer::Surely,
        Port::Known(_) => Answer::No,
        Port::High if from <= 32768 && to == u16::MAX => Answer::Surely,
        Port::High if to >= 32768 => Answer::Possibly,
        Port::High => Answer::No,
        Port::Unknown if from == 0 && to == u16::MAX => Answer::Surely,
        Port::Unknown => Answer::Possibly,
    }
}

/// How much a rule opens: addresses times ports, kept apart because the product needs 145 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Exposure {
    /// How often 2^128 is to be added to `addresses` (1 for `::/0`).
    pub address_overflows: u32,
    /// The rest of the addresses.
    pub addresses: u128,
    /// Ports, at most 65,536.
    pub ports: u32,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rule(protocol: Option<Protocol>, ports: RulePorts) -> Rule {
        Rule {
            id: String::new(),
            group: GroupIx(0),
            direction: Direction::Ingress,
            protocol,
            ports,
            peer: Peer::Cidr("0.0.0.0/0".parse().unwrap()),
            description: String::new(),
            tags: Vec::new(),
            exists_since: None,
            disputed: false,
            may_be_bypassed: false,
            resolved: Resolved::Net,
            presence: Vec::new(),
        }
    }

    fn tcp(from: u16, to: u16) -> Rule {
        rule(Some(Protocol::TCP), RulePorts::Range { from, to })
    }

    #[test]
    fn a_dropped_port_may_be_any_from_32768() {
        let fits = |from, to| tcp(from, to).fits(Protocol::TCP, Port::High);
        assert_eq!(fits(32768, 65535), Answer::Surely);
        assert_eq!(fits(0, 65535), Answer::Surely);
        assert_eq!(fits(32769, 65535), Answer::Possibly);
        assert_eq!(fits(1024, 65534), Answer::Possibly);
        assert_eq!(fits(80, 32768), Answer::Possibly);
        assert_eq!(fits(80, 32767), Answer::No);
    }

    #[test]
    fn without_ports_any_rule_of_the_protocol_may_be_meant() {
        assert_eq!(tcp(443, 443).fits(Protocol::TCP, Port::Unknown), Answer::Possibly);
        assert_eq!(tcp(0, 65535).fits(Protocol::TCP, Port::Unknown), Answer::Surely);
        assert_eq!(tcp(443, 443).fits(Protocol::UDP, Port::Unknown), Answer::No);
        assert_eq!(rule(None, RulePorts::All).fits(Protocol(47), Port::Unknown), Answer::Surely);
    }

    #[test]
    fn a_type_of_icmp_is_never_more_than_possible() {
        let echo = rule(Some(Protocol::ICMP), RulePorts::Icmp { ty: Some(8), code: None });
        assert_eq!(echo.fits(Protocol::ICMP, Port::Known(0)), Answer::Possibly);
        assert_eq!(echo.fits(Protocol::ICMPV6, Port::Known(0)), Answer::No);
        let all = rule(Some(Protocol::ICMP), RulePorts::Icmp { ty: None, code: None });
        assert_eq!(all.fits(Protocol::ICMP, Port::Known(0)), Answer::Surely);
    }

    #[test]
    fn narrow_rules_single_their_ports_out_and_wide_ones_do_not() {
        assert!(tcp(50051, 50051).singles_out(Protocol::TCP, 50051));
        assert!(!tcp(50051, 50051).singles_out(Protocol::UDP, 50051));
        assert!(!tcp(1024, 65535).singles_out(Protocol::TCP, 50051));
        assert!(!tcp(32768, 60999).singles_out(Protocol::TCP, 50051));
        assert!(tcp(32769, 60999).singles_out(Protocol::TCP, 50051));
        assert!(!rule(None, RulePorts::All).singles_out(Protocol::TCP, 80));
        assert!(rule(None, RulePorts::All).covers_ephemeral());
        assert!(!rule(Some(Protocol(47)), RulePorts::All).covers_ephemeral());
    }

    #[test]
    fn ports_are_counted_as_exposure() {
        assert_eq!(tcp(80, 89).port_count(), 10);
        assert_eq!(rule(None, RulePorts::All).port_count(), 65_536);
        assert_eq!(rule(Some(Protocol::ICMP), RulePorts::Icmp { ty: None, code: None }).port_count(), 1);
        assert_eq!(rule(Some(Protocol(50)), RulePorts::All).port_count(), 1);
    }

    #[test]
    fn protocols_have_names_and_numbers() {
        assert_eq!(Protocol::from_text("tcp"), Some(Protocol::TCP));
        assert_eq!(Protocol::from_text("17"), Some(Protocol::UDP));
        assert_eq!(Protocol::from_text("-1"), None);
        assert_eq!(Protocol::from_text("256"), None);
        assert_eq!(Protocol(58).name(), "icmpv6");
        assert_eq!(Protocol(47).name(), "47");
    }
}
