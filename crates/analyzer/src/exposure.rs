//! Exposure: addresses times ports that a rule opens. It reaches 2^144, so it is counted in 256 bits.

use crate::report::model::PortSpan;
use ethnum::U256;
use inventory::{Inventory, Rule};
use ipnet::IpNet;

/// The exposure of a rule. All protocols count as 65,536 ports; ICMP and protocols without ports as one.
pub fn of_rule(inventory: &Inventory, rule: &Rule) -> U256 {
    addresses_of_rule(inventory, rule) * U256::from(rule.port_count())
}

/// Addresses that the peer of a rule means: of a CIDR, of a prefix list's entries, of the interfaces that carry a group.
pub fn addresses_of_rule(inventory: &Inventory, rule: &Rule) -> U256 {
    let parts = rule.exposure_parts(inventory);
    (U256::from(parts.address_overflows) << 128) + U256::from(parts.addresses)
}

/// Addresses of some CIDRs that do not overlap.
pub fn addresses(nets: &[IpNet]) -> U256 {
    nets.iter().fold(U256::ZERO, |sum, net| sum + (U256::ONE << u32::from(net.max_prefix_len() - net.prefix_len())))
}

/// Ports of some ranges that do not overlap.
pub fn ports(ranges: &[PortSpan]) -> u32 {
    ranges.iter().fold(0, |sum, range| sum + u32::from(range.to - range.from) + 1)
}
