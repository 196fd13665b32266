//! The fewest addresses in at most so many CIDRs that cover a set of blocks, computed exactly.
//!
//! In a best cover every CIDR is the smallest one around the blocks that it covers, so it is a node of the binary trie of the
//! blocks. For each node and each number of CIDRs, either one CIDR covers the node or the number is shared out between its
//! two halves: dynamic programming from the leaves up, once for all numbers of CIDRs.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{Ipv4Addr, Ipv6Addr};

/// More CIDRs than this are never asked for: each number is kept in a byte.
const MOST: usize = 64;

/// A block of one family: its first address as a number, and its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Block {
    first: u128,
    prefix: u8,
}

/// The best covers of some blocks, for every number of CIDRs up to one.
#[derive(Debug)]
pub struct Covers {
    /// Sorted; none holds another.
    blocks: Vec<Block>,
    width: u8,
    at_most: usize,
    /// The trie of the blocks, leaves left out, halves before wholes.
    nodes: Vec<Node>,
    /// For every node, by number of CIDRs: how many of them go to its lower half; 0 = one CIDR covers the node.
    shares: Vec<u8>,
    root: Option<Place>,
}

/// A run of at least two blocks.
#[derive(Debug)]
struct Node {
    around: Block,
    halves: [Place; 2],
    /// Where its numbers begin in `shares`, and for how many CIDRs it has some.
    shares: u32,
    most: u8,
}

/// A node, or one of the blocks.
#[derive(Clone, Copy, Debug)]
enum Place {
    Block(u32),
    Node(u32),
}

impl Covers {
    /// Finds the best covers with 1, 2, ... and at most `at_most` CIDRs (at least 1, at most 64).
    ///
    /// Blocks of the other family than the first are left out: call it for each family.
    pub fn new(blocks: &[IpNet], at_most: usize) -> Covers {
        let v6 = matches!(blocks.first(), Some(IpNet::V6(_)));
        let width: u8 = if v6 { 128 } else { 32 };
        let mut sorted: Vec<Block> = blocks.iter().filter_map(|block| to_block(block, v6)).collect();
        // Sorted like this a block stands behind the one that holds it.
        sorted.sort_unstable();
        sorted.dedup_by(|next, kept| holds(*kept, *next, width));
        let count = sorted.len();
        let mut covers = Covers {
            blocks: sorted,
            width,
            at_most: at_most.clamp(1, MOST),
            nodes: Vec::with_capacity(count.saturating_sub(1)),
            shares: Vec::new(),
            root: None,
        };
        if count > 0 {
            covers.root = Some(covers.solve(0, count).0);
        }
        covers
    }

    /// The largest number of CIDRs for which there is a cover of its own; 0 for no blocks.
    pub fn most(&self) -> usize {
        self.at_most.min(self.blocks.len())
    }

    /// The cover with at most so many CIDRs (at least 1), ascending. Empty for no blocks.
    pub fn cidrs(&self, at_most: usize) -> Vec<IpNet> {
        let mut chosen = Vec::new();
        if let Some(root) = self.root {
            self.choose(root, at_most, &mut chosen);
        }
        chosen.iter().filter_map(|block| self.to_net(*block)).collect()
    }

    /// Solves a run of blocks: the fewest addresses with at most 1, 2, ... CIDRs. Goes no deeper than the family has bits.
    fn solve(&mut self, from: usize, to: usize) -> (Place, Vec<u128>) {
        if to - from == 1 {
            return (Place::Block(from as u32), vec![size(self.blocks[from].prefix, self.width)]);
        }
        let around = self.around(from, to);
        let bit = 1_u128 << (self.width - around.prefix - 1);
        let middle = from + self.blocks[from..to].partition_point(|block| block.first & bit == 0);
        let (lower, lower_costs) = self.solve(from, middle);
        let (upper, upper_costs) = self.solve(middle, to);

        let most = self.at_most.min(to - from);
        let mut costs = vec![size(around.prefix, self.width); most];
        let begin = self.shares.len();
        self.shares.resize(begin + most, 0);
        // Bounded by what the halves can use: over all nodes that adds up to blocks times CIDRs.
        for (to_lower, low) in lower_costs.iter().enumerate() {
            for (to_upper, high) in upper_costs.iter().enumerate() {
                let count = to_lower + to_upper + 2;
                if count > most {
                    break;
                }
                let both = low.saturating_add(*high);
                if both < costs[count - 1] {
                    costs[count - 1] = both;
                    self.shares[begin + count - 1] = to_lower as u8 + 1;
                }
            }
        }
        self.nodes.push(Node { around, halves: [lower, upper], shares: begin as u32, most: most as u8 });
        (Place::Node(self.nodes.len() as u32 - 1), costs)
    }

    /// The smallest block around a run of at least two blocks.
    fn around(&self, from: usize, to: usize) -> Block {
        let (first, last) = (self.blocks[from], self.blocks[to - 1]);
        let differing = first.first ^ last.first;
        let shared = (differing.leading_zeros() as u8).saturating_sub(128 - self.width);
        let prefix = shared.min(first.prefix).min(last.prefix);
        Block { first: first.first & mask(prefix, self.width), prefix }
    }

    fn choose(&self, place: Place, count: usize, chosen: &mut Vec<Block>) {
        let node = match place {
            Place::Block(block) => return chosen.push(self.blocks[block as usize]),
            Place::Node(node) => &self.nodes[node as usize],
        };
        let count = count.clamp(1, usize::from(node.most));
        let to_lower = usize::from(self.shares[node.shares as usize + count - 1]);
        if to_lower == 0 {
            return chosen.push(node.around);
        }
        self.choose(node.halves[0], to_lower, chosen);
        self.choose(node.halves[1], count - to_lower, chosen);
    }

    fn to_net(&self, block: Block) -> Option<IpNet> {
        if self.width == 128 {
            Ipv6Net::new(Ipv6Addr::from(block.first), block.prefix).ok().map(IpNet::V6)
        } else {
            Ipv4Net::new(Ipv4Addr::from(block.first as u32), block.prefix).ok().map(IpNet::V4)
        }
    }
}

fn to_block(net: &IpNet, v6: bool) -> Option<Block> {
    match net {
        IpNet::V4(net) if !v6 => Some(Block { first: u128::from(u32::from(net.network())), prefix: net.prefix_len() }),
        IpNet::V6(net) if v6 => Some(Block { first: u128::from(net.network()), prefix: net.prefix_len() }),
        _ => None,
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

/// The block around another one whose prefix is no longer than `longest`, but never more than `own`, which holds it.
pub fn widened(block: IpNet, longest: u8, own: IpNet) -> IpNet {
    let prefix = block.prefix_len().min(longest).max(own.prefix_len());
    IpNet::new(block.addr(), prefix).map_or(own, |net| net.trunc())
}

#[cfg(test)]
mod tests;
