//! The fewest addresses in at most so many CIDRs that cover a set of blocks, computed exactly.
//!
//! In a best cover every CIDR is the smallest one around the blocks that it covers, so it is a node of the binary trie of the
//! blocks. For each node and each number of CIDRs, either one CIDR covers the node or the number is shared out between its
//! two halves: dynamic programming from the leaves up.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A block of one family: its first address as a number, and its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    first: u128,
    prefix: u8,
}

/// Covers blocks of one family with at most `at_most` CIDRs (at least one). Ascending. Empty for no blocks.
///
/// Blocks of the other family than the first are left out: call it for each family.
pub fn cover(blocks: &[IpNet], at_most: usize) -> Vec<IpNet> {
    let Some(family) = blocks.first() else {
        return Vec::new();
    };
    let v6 = matches!(family, IpNet::V6(_));
    let width: u8 = if v6 { 128 } else { 32 };
    let mut sorted: Vec<Block> = blocks.iter().filter_map(|block| to_block(block, v6)).collect();
    sorted.sort_unstable();
    // Sorted like this a block stands behind the one that holds it.
    let mut apart: Vec<Block> = Vec::with_capacity(sorted.len());
    for block in sorted {
        if !apart.last().is_some_and(|last| holds(*last, block, width)) {
            apart.push(block);
        }
    }
    let mut trie = Trie { blocks: &apart, width, at_most: at_most.clamp(1, 64), splits: Vec::new() };
    let root = trie.solve(0, apart.len());
    let mut chosen = Vec::new();
    trie.choose(&root, trie.at_most, &mut chosen);
    chosen.iter().filter_map(|block| to_net(*block, v6)).collect()
}

fn to_block(net: &IpNet, v6: bool) -> Option<Block> {
    match net {
        IpNet::V4(net) if !v6 => Some(Block { first: u128::from(u32::from(net.network())), prefix: net.prefix_len() }),
        IpNet::V6(net) if v6 => Some(Block { first: u128::from(net.network()), prefix: net.prefix_len() }),
        _ => None,
    }
}

fn to_net(block: Block, v6: bool) -> Option<IpNet> {
    if v6 {
        Ipv6Net::new(Ipv6Addr::from(block.first), block.prefix).ok().map(IpNet::V6)
    } else {
        Ipv4Net::new(Ipv4Addr::from(block.first as u32), block.prefix).ok().map(IpNet::V4)
    }
}

fn mask(prefix: u8, width: u8) -> u128 {
    let host_bits = u32::from(width - prefix);
    if host_bits >= 128 { 0 } else { u128::MAX << host_bits }
}

fn holds(outer: Block, inner: Block, width: u8) -> bool {
    outer.prefix <= inner.prefix && (inner.first & mask(outer.prefix, width)) == outer.first
}

/// Addresses of a block. All of IPv6 is one more than fits and counts as the largest number.
fn size(prefix: u8, width: u8) -> u128 {
    1_u128.checked_shl(u32::from(width - prefix)).unwrap_or(u128::MAX)
}

struct Trie<'a> {
    blocks: &'a [Block],
    width: u8,
    at_most: usize,
    /// Of every inner node and number of CIDRs: how many go to the lower half; 0 = one CIDR covers the node.
    splits: Vec<Box<[u8]>>,
}

/// A solved node. `costs[k]`: fewest addresses with at most k + 1 CIDRs.
struct Node {
    around: Block,
    costs: Vec<u128>,
    halves: Option<Box<(Node, Node)>>,
    split: usize,
}

impl Trie<'_> {
    /// Recursion goes no deeper than the family has bits.
    fn solve(&mut self, from: usize, to: usize) -> Node {
        let around = self.around(from, to);
        let whole = size(around.prefix, self.width);
        if to - from == 1 {
            return Node { around, costs: vec![whole], halves: None, split: 0 };
        }
        let bit = 1_u128 << (self.width - around.prefix - 1);
        let middle = from + self.blocks[from..to].partition_point(|block| block.first & bit == 0);
        let lower = self.solve(from, middle);
        let upper = self.solve(middle, to);

        let most = self.at_most.min(to - from);
        let mut costs = vec![whole; most];
        let mut split = vec![0_u8; most].into_boxed_slice();
        for k in 2..=most {
            for to_lower in 1..k {
                let low = lower.costs[to_lower.min(lower.costs.len()) - 1];
                let high = upper.costs[(k - to_lower).min(upper.costs.len()) - 1];
                let both = low.saturating_add(high);
                if both < costs[k - 1] {
                    costs[k - 1] = both;
                    split[k - 1] = to_lower as u8;
                }
            }
        }
        self.splits.push(split);
        let split = self.splits.len() - 1;
        // Only the choices are needed from here on: the costs of the halves would take most of the memory.
        let strip = |node: Node| Node { costs: Vec::new(), ..node };
        Node { around, costs, halves: Some(Box::new((strip(lower), strip(upper)))), split }
    }

    /// The smallest block around a run of blocks.
    fn around(&self, from: usize, to: usize) -> Block {
        let (first, last) = (self.blocks[from], self.blocks[to - 1]);
        if to - from == 1 {
            return first;
        }
        let differing = first.first ^ last.first;
        let shared = (differing.leading_zeros() as u8).saturating_sub(128 - self.width);
        let prefix = shared.min(first.prefix).min(last.prefix);
        Block { first: first.first & mask(prefix, self.width), prefix }
    }

    fn choose(&self, node: &Node, count: usize, chosen: &mut Vec<Block>) {
        let Some(halves) = &node.halves else {
            chosen.push(node.around);
            return;
        };
        let split = &self.splits[node.split];
        let count = count.clamp(1, split.len());
        match usize::from(split[count - 1]) {
            0 => chosen.push(node.around),
            to_lower => {
                self.choose(&halves.0, to_lower, chosen);
                self.choose(&halves.1, count - to_lower, chosen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn nets(list: &[&str]) -> Vec<IpNet> {
        list.iter().map(|net| net.parse().unwrap()).collect()
    }

    #[test]
    fn takes_the_blocks_themselves_where_they_are_few() {
        let blocks = nets(&["10.0.0.1/32", "10.0.0.9/32", "10.0.1.0/24"]);
        assert_eq!(cover(&blocks, 8), nets(&["10.0.0.1/32", "10.0.0.9/32", "10.0.1.0/24"]));
        assert_eq!(cover(&blocks, 2), nets(&["10.0.0.0/28", "10.0.1.0/24"]));
        assert_eq!(cover(&blocks, 1), nets(&["10.0.0.0/23"]));
        assert_eq!(cover(&[], 3), Vec::<IpNet>::new());
        assert_eq!(cover(&nets(&["::/1", "8000::/1"]), 1), nets(&["::/0"]));
        assert_eq!(cover(&nets(&["10.0.0.0/8", "10.1.2.3/32"]), 4), nets(&["10.0.0.0/8"]));
    }

    /// All ways to share sorted blocks out among CIDRs: each CIDR is the smallest around a run of them.
    fn fewest(blocks: &[u8], at_most: usize) -> u32 {
        if blocks.is_empty() {
            return 0;
        }
        if at_most == 0 {
            return u32::MAX;
        }
        let mut best = u32::MAX;
        for prefix in 0..=8_u32 {
            let mask = if prefix == 0 { 0 } else { 0xFF_u8 << (8 - prefix) };
            let start = blocks[0] & mask;
            let rest: Vec<u8> = blocks.iter().copied().filter(|block| block & mask != start).collect();
            best = best.min(fewest(&rest, at_most - 1).saturating_add(1 << (8 - prefix)));
        }
        best
    }

    #[test]
    fn equals_exhaustive_search() {
        // Every CIDR of the last byte is tried around the lowest address that is left; 3,000 small random cases.
        let mut state = 0x1234_5678_u32;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        for _ in 0..3000 {
            let count = random() % 7 + 1;
            let mut hosts: Vec<u8> = (0..count).map(|_| (random() >> 8) as u8).collect();
            hosts.sort_unstable();
            hosts.dedup();
            let at_most = (random() % 4 + 1) as usize;
            let blocks: Vec<IpNet> = hosts.iter().map(|host| format!("192.0.2.{host}/32").parse().unwrap()).collect();
            let covered = cover(&blocks, at_most);
            assert!(covered.len() <= at_most);
            for block in &blocks {
                assert!(covered.iter().any(|net| net.contains(block)), "{block} in {covered:?}");
            }
            let addresses: u32 = covered.iter().map(|net| 1_u32 << (32 - net.prefix_len())).sum();
            assert_eq!(addresses, fewest(&hosts, at_most), "{hosts:?} {at_most} {covered:?}");
        }
    }
}
