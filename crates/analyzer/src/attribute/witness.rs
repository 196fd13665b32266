//! Who looks on while records are attributed: a replay, or whoever wants to know of each use rather than of their sums.

use super::flow::Flow;
use super::reading::Reading;
use super::tally::Effect;
use inventory::{Answer, GroupIx};

/// What told who opened a flow (see [`super::opener`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ground {
    /// TCP flags.
    Flags,
    /// Every rule that the interface may have had says no to one reading.
    Rules,
    /// A side that answered, or was opened, by flags elsewhere.
    Services,
    /// Rules that single out a port.
    NamedPorts,
    /// The numbers of the ports.
    PortNumbers,
    /// A port that stays the same against many.
    FanIn,
    /// Nothing: the record may be either.
    Nothing,
}

impl Ground {
    /// All, strongest first.
    pub const ALL: [Ground; 7] = [
        Ground::Flags,
        Ground::Rules,
        Ground::Services,
        Ground::NamedPorts,
        Ground::PortNumbers,
        Ground::FanIn,
        Ground::Nothing,
    ];

    /// Kebab-case name.
    pub fn name(self) -> &'static str {
        match self {
            Ground::Flags => "tcp-flags",
            Ground::Rules => "rules",
            Ground::Services => "services",
            Ground::NamedPorts => "named-ports",
            Ground::PortNumbers => "port-numbers",
            Ground::FanIn => "fan-in",
            Ground::Nothing => "nothing",
        }
    }
}

/// One reading of one row, and one rule that may have allowed it.
pub struct Seen<'a> {
    /// The row.
    pub flow: &'a Flow,
    /// The request that it may stand for.
    pub reading: &'a Reading,
    /// The group of the rule.
    pub group: GroupIx,
    /// Position in the rules of the group's last snapshot.
    pub rule: usize,
    /// What the rule answers.
    pub answer: Answer,
    /// What it means for the rule.
    pub effect: Effect,
    /// What told who opened the flow.
    pub ground: Ground,
    /// Groups that the interface may have carried then, and whether it surely did; empty where no snapshot knows the interface, or where
    /// it contradicts what they say.
    pub carried: &'a [(GroupIx, bool)],
    /// False for a second reading that means the same for the rule: it is one record all the same.
    pub is_new: bool,
}

/// Looks on. Each thread has one of its own; what they saw is put together at the end, in the order of the rows.
pub trait Witness: Send {
    /// A row that a rule surely or possibly allowed, or would have.
    fn see(&mut self, seen: &Seen<'_>);

    /// Adds what another thread saw.
    fn absorb(&mut self, other: Self);
}

/// Nobody looks on.
impl Witness for () {
    fn see(&mut self, _: &Seen<'_>) {}

    fn absorb(&mut self, _: ()) {}
}
