//! Ports that rules name, looked up once and remembered: the same few are asked for again and again.

use inventory::{Inventory, Protocol};
use std::collections::HashMap;
use std::net::IpAddr;

/// Remembers what the inventory says of ports.
pub struct NamedPorts<'a> {
    inventory: &'a Inventory,
    /// Whether a port that a rule singles out may have been dropped: in a rollup made for another inventory.
    pub high_may_be_named: bool,
    /// By protocol (TCP, UDP) and port: not asked yet, no, yes.
    loosely: [Vec<u8>; 2],
    strictly: HashMap<(IpAddr, u16, IpAddr, u8), bool, foldhash::fast::FixedState>,
}

/// Beyond this many answers the memory is worth more than the time.
const REMEMBERED: usize = 200_000;

impl<'a> NamedPorts<'a> {
    /// Nothing asked yet.
    pub fn new(inventory: &'a Inventory, high_may_be_named: bool) -> Self {
        NamedPorts {
            inventory,
            high_may_be_named,
            loosely: [vec![0; 65_536], vec![0; 65_536]],
            strictly: HashMap::default(),
        }
    }

    /// Whether any rule of any group at any time singles out this port.
    pub fn anywhere(&mut self, port: u16, protocol: Protocol) -> bool {
        let known = &mut self.loosely[usize::from(protocol == Protocol::UDP)][usize::from(port)];
        if *known == 0 {
            *known = 1 + u8::from(self.inventory.named_loosely(port, protocol));
        }
        *known == 2
    }

    /// Whether a rule at the side itself singles out its port and lets the other in, or one at the other lets it out to
    /// that port.
    pub fn lets_in(&mut self, side: IpAddr, port: u16, other: IpAddr, protocol: Protocol) -> bool {
        let key = (side, port, other, protocol.0);
        if let Some(&known) = self.strictly.get(&key) {
            return known;
        }
        if self.strictly.len() >= REMEMBERED {
            self.strictly.clear();
        }
        let found = self.inventory.named_strictly(side, port, other, protocol);
        self.strictly.insert(key, found);
        found
    }
}
