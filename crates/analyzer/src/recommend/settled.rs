//! Whether what a rule is used for has settled: had it been narrowed at some time, nothing later would have been denied.
//!
//! A rule for everybody in front of a shop has new peers every hour. CIDRs around those that came so far would cover all that was seen,
//! and deny the next customer. The logs themselves tell such rules from those whose peers stay the same: the recommendation is made once
//! more from the first part of the window alone, and held against the rest. What came in the first part only, or not at all, has not
//! settled: nothing is left to hold it against, or nothing to make it from.

use super::{cidr_cover, port_cover};
use ipnet::IpNet;

/// Whether CIDRs around the blocks that were met before that time hold all that were first met later. Blocks with the second at which they
/// were first met.
pub fn are_peers_settled(blocks: &[(IpNet, i64)], at: i64, max_cidrs: usize) -> bool {
    let early: Vec<IpNet> = blocks.iter().filter(|(_, since)| *since < at).map(|(net, _)| *net).collect();
    if early.is_empty() {
        return false;
    }
    let cover = cidr_cover::Covers::new(&early, max_cidrs).cidrs(max_cidrs);
    blocks.iter().all(|(net, since)| *since < at || cover.iter().any(|cidr| cidr.contains(net)))
}

/// The same for ranges of ports; ascending, with the second at which they were first used.
pub fn are_ports_settled(ports: &[(u16, i64)], at: i64, max_ranges: usize) -> bool {
    let early: Vec<u16> = ports.iter().filter(|(_, since)| *since < at).map(|(port, _)| *port).collect();
    if early.is_empty() {
        return false;
    }
    let cover = port_cover::cover(&early, max_ranges);
    ports.iter().all(|(port, since)| *since < at || cover.iter().any(|range| range.from <= *port && *port <= range.to))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn peers(list: &[(&str, i64)]) -> Vec<(IpNet, i64)> {
        list.iter().map(|(net, since)| (net.parse().unwrap(), *since)).collect()
    }

    #[test]
    fn nothing_new_in_the_second_half() {
        let few = peers(&[("192.0.2.1/32", 10), ("198.51.100.7/32", 40)]);
        assert!(are_peers_settled(&few, 50, 8));
        // 198.51.100.7 came only at 40.
        assert!(!are_peers_settled(&few, 40, 8));
        assert!(!are_peers_settled(&few, 5, 8), "nothing came before");
        assert!(!are_peers_settled(&[], 50, 8));
    }

    #[test]
    fn new_hosts_in_ranges_that_are_known_are_no_news() {
        // Two CIDRs for three early hosts: 192.0.2.0/30 and 198.51.100.7.
        let early = [("192.0.2.1/32", 1), ("192.0.2.2/32", 2), ("198.51.100.7/32", 3)];
        let with = |late: &str| peers(&[&early[..], &[(late, 90)]].concat());
        assert!(are_peers_settled(&with("192.0.2.3/32"), 50, 2));
        assert!(!are_peers_settled(&with("192.0.2.3/32"), 50, 3), "three CIDRs hold the three hosts alone");
        assert!(!are_peers_settled(&with("192.0.2.4/32"), 50, 2));
        // A subnet that is met early holds whatever comes to it later; it is one block, since the earliest.
        assert!(are_peers_settled(&peers(&[("10.0.1.0/24", 1)]), 50, 8));
    }

    #[test]
    fn ports_settle_as_peers_do() {
        assert!(are_ports_settled(&[(443, 1), (8443, 2)], 50, 8));
        assert!(!are_ports_settled(&[(443, 1), (8443, 60)], 50, 8));
        // One range around 30000 and 30010.
        assert!(are_ports_settled(&[(30000, 1), (30005, 60), (30010, 2)], 50, 1));
        assert!(!are_ports_settled(&[(30000, 1), (30005, 60), (30010, 2)], 50, 2));
        assert!(!are_ports_settled(&[], 50, 8));
    }
}
