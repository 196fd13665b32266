//! The three-valued answer of the matcher, with a fourth shade for traffic that cannot be placed.

/// Whether a rule allows a packet.
///
/// Ordered from weakest to strongest: a conjunction is the minimum, a choice between certain alternatives the
/// maximum. *Use* of a rule means [`Answer::Possibly`] or [`Answer::Surely`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Answer {
    /// It does not.
    #[default]
    No,
    /// Only if an address, whose owner at that time nobody knows, belonged to an interface in the rule's peer group.
    Unplaced,
    /// Something that decides it is not known.
    Possibly,
    /// It does.
    Surely,
}

impl Answer {
    /// Surely or possibly.
    pub fn is_use(self) -> bool {
        self >= Answer::Possibly
    }

    /// Both addresses of a packet (the one in the record and the packet-level one) were judged: the group may have
    /// looked at either, so one that surely matches is a possible use only.
    pub(crate) fn of_either_address(one: Answer, other: Answer) -> Answer {
        if one == Answer::Surely && other == Answer::Surely {
            return Answer::Surely;
        }
        one.max(other).min(Answer::Possibly)
    }

    /// Certain where all alternatives agree on it, possible where some say so.
    pub(crate) fn of_alternatives(all: bool, some: bool) -> Answer {
        match (all, some) {
            (true, true) => Answer::Surely,
            (false, true) => Answer::Possibly,
            _ => Answer::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answer::*;
    use super::*;

    #[test]
    fn two_addresses_make_a_use_only_if_both_match() {
        assert_eq!(Answer::of_either_address(Surely, Surely), Surely);
        for other in [No, Unplaced, Possibly] {
            assert_eq!(Answer::of_either_address(Surely, other), Possibly);
            assert_eq!(Answer::of_either_address(other, Surely), Possibly);
            assert_eq!(Answer::of_either_address(Possibly, other), Possibly);
        }
        assert_eq!(Answer::of_either_address(Unplaced, No), Unplaced);
        assert_eq!(Answer::of_either_address(No, No), No);
    }
}
