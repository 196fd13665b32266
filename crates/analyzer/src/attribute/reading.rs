//! What a record may mean: a request in its own direction, or the answer to a request in the other one.
//!
//! A rule is needed by the packet that opens a flow, never by an answer. A record whose part is not known has both readings.

use super::flow::{Directed, Flow, port_of};
use inventory::{Direction, Port, Query};
use std::net::IpAddr;

/// The part that a record plays, by what the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// TCP flags show that its source opened the flow.
    Request,
    /// TCP flags, or the rules, show that it answers.
    Reply,
    /// A guess: its destination is the server.
    GuessedRequest,
    /// A guess: its source is the server.
    GuessedReply,
    /// Either.
    Ambiguous,
}

/// How much a reading counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is this.
    Sure,
    /// It may be this.
    Possible,
    /// It follows from another record, which may be missing: an answer proves its request.
    Implied,
    /// A guess says that it is not this. That counts against rules for the whole ephemeral range alone: whoever wrote a rule
    /// for certain ports meant them.
    Aside,
    /// It would go the other way than the address that all records of the interface share tells: a guess too, for that may be
    /// the address of its one peer.
    Opposed,
}

/// One request that a record may stand for.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Direction of the request at the interface.
    pub direction: Direction,
    /// The other end.
    pub peer: IpAddr,
    /// Its packet-level address where it differs.
    pub other_peer: Option<IpAddr>,
    /// Destination port of the request.
    pub port: Port,
    /// How much it counts.
    pub weight: Weight,
    /// Whether it is the record itself that would be the request.
    pub forward: bool,
}

impl Reading {
    /// As the matcher takes it.
    pub fn query(&self, flow: &Flow) -> Query {
        Query {
            span: flow.span,
            direction: self.direction,
            protocol: flow.protocol,
            port: self.port,
            peer: self.peer,
            other_peer: self.other_peer,
        }
    }
}

/// The other direction.
pub fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}

/// All readings of a record, at most four.
pub fn readings(flow: &Flow, directed: Directed, role: Role) -> impl Iterator<Item = Reading> {
    let (first, second) = match directed {
        Directed::Known(direction) => (Some((direction, None)), None),
        Directed::Inferred(direction) => (Some((direction, None)), Some((opposite(direction), Some(Weight::Opposed)))),
        Directed::Undetermined => {
            (Some((Direction::Ingress, Some(Weight::Possible))), Some((Direction::Egress, Some(Weight::Possible))))
        }
    };
    let flow = *flow;
    [first, second].into_iter().flatten().flat_map(move |(direction, at_most)| {
        let (forward, backward) = weights(role);
        let limit = |weight: Weight| match (weight, at_most) {
            (Weight::Aside, Some(Weight::Possible)) => Weight::Aside,
            (_, Some(limit)) => limit,
            (weight, None) => weight,
        };
        let (peer, other_peer) = flow.peer(direction);
        let forward = forward.map(|weight| Reading {
            direction,
            peer,
            other_peer,
            port: port_of(flow.dst_port),
            weight: limit(weight),
            forward: true,
        });
        // The request that this would answer went the other way, to the port that this comes from.
        let backward = backward.map(|weight| Reading {
            direction: opposite(direction),
            peer,
            other_peer,
            port: port_of(flow.src_port),
            weight: limit(weight),
            forward: false,
        });
        [forward, backward].into_iter().flatten()
    })
}

/// How much a record of this role counts as a request itself, and as the answer to one.
fn weights(role: Role) -> (Option<Weight>, Option<Weight>) {
    match role {
        Role::Request => (Some(Weight::Sure), None),
        Role::Reply => (None, Some(Weight::Implied)),
        Role::GuessedRequest => (Some(Weight::Sure), Some(Weight::Aside)),
        Role::GuessedReply => (Some(Weight::Aside), Some(Weight::Implied)),
        Role::Ambiguous => (Some(Weight::Possible), Some(Weight::Implied)),
    }
}
