//! Whom a group talked to: peers of uses of any of its rules, each record once however many rules allowed it.

use super::details::PeerUse;
use crate::attribute::flow::Flow;
use crate::attribute::reading::Reading;
use crate::attribute::tally::Effect;
use crate::attribute::witness::{Seen, Witness};
use crate::rollup::PlaceIx;
use crate::rollup::row::{Addr, RowPort};
use flowlog::opener::Opener;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use inventory::{Direction, GroupIx, Protocol};
use std::net::IpAddr;

/// Looks on and keeps the peers of one group.
#[derive(Clone, Debug, Default)]
pub struct GroupPeers {
    group: Option<GroupIx>,
    peers: HashMap<IpAddr, PeerUse, foldhash::fast::FixedState>,
    /// The row at hand, and the peers that it counts for already: rules are asked one after another about the same row.
    row: Option<RowOf>,
    counted: Vec<IpAddr>,
}

/// All that tells one accepted row from another: its first second stands for the slice.
type RowOf =
    (PlaceIx, (Addr, RowPort), (Addr, RowPort), [Option<IpAddr>; 2], Protocol, Option<Opener>, Option<Direction>, u32);

fn row_of(flow: &Flow) -> RowOf {
    (
        flow.place,
        (flow.src, flow.src_port),
        (flow.dst, flow.dst_port),
        [flow.pkt_src, flow.pkt_dst],
        flow.protocol,
        flow.opener,
        flow.stated_direction,
        flow.totals.first_seen,
    )
}

impl GroupPeers {
    /// Keeps the peers of this group, or none.
    pub fn new(group: Option<GroupIx>) -> GroupPeers {
        GroupPeers { group, ..GroupPeers::default() }
    }

    /// Every peer.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, PeerUse)> {
        self.peers.iter().map(|(address, peer)| (*address, *peer))
    }

    fn count(&mut self, peer: IpAddr, reading: &Seen<'_>) {
        let totals = &reading.flow.totals;
        // What answers prove is mostly in the logs itself; counted here only with whom it was.
        let counts = reading.effect != Effect::Implied && !self.counted.contains(&peer);
        if counts {
            self.counted.push(peer);
        }
        let new = PeerUse {
            records: if counts { u64::from(totals.flows) } else { 0 },
            bytes: if counts { totals.bytes } else { 0 },
            first_seen: totals.first_seen,
            last_seen: totals.last_seen,
        };
        self.add(peer, &new);
    }

    fn add(&mut self, peer: IpAddr, new: &PeerUse) {
        match self.peers.entry(peer) {
            Entry::Occupied(mut known) => known.get_mut().add(new),
            Entry::Vacant(free) => {
                free.insert(*new);
            }
        }
    }
}

impl Witness for GroupPeers {
    fn see(&mut self, seen: &Seen<'_>) {
        if self.group != Some(seen.group) || !seen.effect.is_use() {
            return;
        }
        let row = row_of(seen.flow);
        if self.row != Some(row) {
            self.row = Some(row);
            self.counted.clear();
        }
        let Reading { peer, other_peer, .. } = *seen.reading;
        for peer in std::iter::once(peer).chain(other_peer) {
            self.count(peer, seen);
        }
    }

    fn absorb(&mut self, other: GroupPeers) {
        for (peer, theirs) in other.peers {
            self.add(peer, &theirs);
        }
    }
}
