//! Evidence 6: one port against many is a server.

use std::collections::BTreeMap;

/// One of the two addresses of a pair, whichever side of a record it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PairSide {
    /// The first address of the pair.
    A,
    /// The second.
    B,
}

/// How many ports of the other address a server's port must have met, each of which met no other port of the server's address. A client that
/// calls eight services of one host, all from one port of its own that nothing else calls, is not to be expected.
pub const ENOUGH_PORTS: usize = 8;

/// Evidence 6, a guess for what is left of TCP and UDP: the ports in which two addresses (A, B) met, by one protocol.
///
/// One side's port stays the same against at least eight ports of the other address, each of which met no other port of it: that side
/// is the server. A client takes a new port for each connection; a port that met two different ones on the other side
/// (two services called from one UDP socket, peers of a mesh) is no sign of either.
///
/// Feed it with numbers only: a port that was dropped from a rollup has met who knows what.
///
/// ```
/// # use flowlog::opener::{FanIn, PairSide};
/// let mut ports = FanIn::default();
/// for client in 40000..40008 {
///     ports.observe(37000, client); // A is at port 37000
/// }
/// assert_eq!(ports.server(37000, 40003), Some(PairSide::A));
/// assert_eq!(ports.server(37001, 40003), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FanIn {
    a: Ports,
    b: Ports,
}

/// The ports of one address of the pair. At most 65536 entries, whatever is observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ports {
    partner: BTreeMap<u16, Partner>,
    /// For each port of the *other* address: how many ports of this one met it alone.
    faithful: BTreeMap<u16, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partner {
    Only(u16),
    Several,
}

impl Ports {
    fn meet(&mut self, port: u16, met: Partner) {
        let before = self.partner.get(&port).copied();
        let after = match (before, met) {
            (None, met) => met,
            (Some(Partner::Only(before)), Partner::Only(met)) if before == met => return,
            (Some(Partner::Several), _) => return,
            (Some(Partner::Only(_)), _) => Partner::Several,
        };
        if let Some(Partner::Only(lost)) = before
            && let Some(count) = self.faithful.get_mut(&lost)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.faithful.remove(&lost);
            }
        }
        if let Partner::Only(won) = after {
            *self.faithful.entry(won).or_default() += 1;
        }
        self.partner.insert(port, after);
    }

    /// Whether `port` met `other` alone, and so did at least [`ENOUGH_PORTS`] ports in all.
    fn crowd_around(&self, other: u16, port: u16) -> bool {
        self.partner.get(&port) == Some(&Partner::Only(other))
            && self.faithful.get(&other).is_some_and(|count| *count >= ENOUGH_PORTS)
    }
}

impl FanIn {
    /// A record between these ports, in either direction.
    pub fn observe(&mut self, a_port: u16, b_port: u16) {
        self.a.meet(a_port, Partner::Only(b_port));
        self.b.meet(b_port, Partner::Only(a_port));
    }

    /// The server's side for a record between these ports.
    pub fn server(&self, a_port: u16, b_port: u16) -> Option<PairSide> {
        let at_a = self.b.crowd_around(a_port, b_port);
        let at_b = self.a.crowd_around(b_port, a_port);
        match (at_a, at_b) {
            (true, false) => Some(PairSide::A),
            (false, true) => Some(PairSide::B),
            (true, true) | (false, false) => None,
        }
    }

    /// As if this had also observed what the other did, in any order.
    pub fn merge(&mut self, other: &FanIn) {
        for (port, partner) in &other.a.partner {
            self.a.meet(*port, *partner);
        }
        for (port, partner) in &other.b.partner {
            self.b.meet(*port, *partner);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use std::collections::BTreeSet;

    fn of(pairs: &[(u16, u16)]) -> FanIn {
        let mut fan_in = FanIn::default();
        for (a, b) in pairs {
            fan_in.observe(*a, *b);
        }
        fan_in
    }

    #[test]
    fn seven_are_not_enough_and_repeats_do_not_count() {
        let mut pairs: Vec<(u16, u16)> = (0..7).map(|client| (37000, 40000 + client)).collect();
        pairs.extend_from_within(..);
        assert_eq!(of(&pairs).server(37000, 40000), None);
        pairs.push((37000, 41000));
        assert_eq!(of(&pairs).server(37000, 40000), Some(PairSide::A));
        let mirrored: Vec<(u16, u16)> = pairs.iter().map(|(a, b)| (*b, *a)).collect();
        assert_eq!(of(&mirrored).server(40000, 37000), Some(PairSide::B));
    }

    #[test]
    fn a_port_that_met_two_is_no_sign() {
        let mut pairs: Vec<(u16, u16)> = (0..8).map(|client| (37000, 40000 + client)).collect();
        pairs.push((37001, 40000));
        let fan_in = of(&pairs);
        assert_eq!(fan_in.server(37000, 40001), None, "only seven are left");
        pairs.push((37000, 40008));
        let fan_in = of(&pairs);
        assert_eq!(fan_in.server(37000, 40001), Some(PairSide::A));
        assert_eq!(fan_in.server(37000, 40000), None, "this port met two");
    }

    /// Against plain set logic on random meetings, and merged halves against the whole.
    #[test]
    fn equals_brute_force() {
        let mut state = 1_u64;
        let mut random = |bound: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((state >> 33) % bound) as u16
        };
        let mut servers_seen = 0;
        for round in 0..300 {
            let wide = if round % 2 == 0 { 3 } else { 12 };
            let pairs: Vec<(u16, u16)> = (0..14).map(|_| (random(wide), random(40))).collect();
            let set: BTreeSet<(u16, u16)> = pairs.iter().copied().collect();
            let whole = of(&pairs);
            let mut merged = of(&pairs[7..]);
            merged.merge(&of(&pairs[..7]));
            assert_eq!(merged, whole);
            for &(a, b) in &pairs {
                let faithful = |port: u16| set.iter().filter(|pair| pair.1 == port).count() == 1;
                let crowd = set.iter().filter(|pair| pair.0 == a && faithful(pair.1)).count();
                let expected = crowd >= 8 && faithful(b);
                assert_eq!(whole.server(a, b) == Some(PairSide::A), expected);
                servers_seen += u32::from(expected);
            }
        }
        assert!(servers_seen > 20, "the test must see servers: {servers_seen}");
    }
}
