//! Names of protocols.

/// The keyword of a protocol number, in lower case (IANA, "Assigned Internet Protocol Numbers"). None for those that nobody runs
/// inside a VPC: the number tells as much.
pub(crate) fn keyword(protocol: u8) -> Option<&'static str> {
    Some(match protocol {
        0 => "hopopt",
        1 => "icmp",
        2 => "igmp",
        4 => "ipv4",
        6 => "tcp",
        8 => "egp",
        9 => "igp",
        17 => "udp",
        27 => "rdp",
        33 => "dccp",
        41 => "ipv6",
        43 => "ipv6-route",
        44 => "ipv6-frag",
        46 => "rsvp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        59 => "ipv6-nonxt",
        60 => "ipv6-opts",
        88 => "eigrp",
        89 => "ospfigp",
        94 => "ipip",
        97 => "etherip",
        98 => "encap",
        103 => "pim",
        108 => "ipcomp",
        112 => "vrrp",
        115 => "l2tp",
        132 => "sctp",
        136 => "udplite",
        137 => "mpls-in-ip",
        _ => return None,
    })
}

/// `network.transport` as Elastic's integration fills it, which knows eleven of them.
pub(crate) fn transport(protocol: u8) -> Option<&'static str> {
    match protocol {
        0 | 1 | 2 | 6 | 8 | 17 | 47 | 50 | 58 | 112 | 132 => keyword(protocol),
        _ => None,
    }
}
