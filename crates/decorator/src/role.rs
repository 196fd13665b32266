//! What a record is to its flow: the request, the reply, or not to be told from this one record.
//!
//! Only evidence that needs no other record is asked here, strongest first (`flowlog::opener` has all of it):
//!
//! 1. TCP flags. SYN alone: a request. SYN with ACK: a reply, unless other bits show a source that writes raw flags.
//! 2. Rules. What no rule that the interface may have had would let through as a request, and went through, is a reply.
//!
//! Evidence 2 holds for accepted records alone: a rejected one that no rule allows is just what a refused request looks like, and may as
//! well be a late reply to a connection that is no longer tracked. So rejected records without telling flags are ambiguous.

use flowlog::{Action, Opener, Record, opener};

/// What a record is to its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowRole {
    /// It opened the flow.
    Request,
    /// It answered.
    Reply,
    /// This record alone does not tell.
    Ambiguous,
}

const TCP: u8 = 6;

impl FlowRole {
    /// `flow-role`, as written.
    pub fn name(self) -> &'static str {
        match self {
            FlowRole::Request => "request",
            FlowRole::Reply => "reply",
            FlowRole::Ambiguous => "ambiguous",
        }
    }

    /// The role of a record with traffic. `is_refused`: whether the rules surely refuse it as a request; asked only where it decides.
    pub fn of(record: &Record<'_>, is_refused: impl FnOnce() -> bool) -> FlowRole {
        let may_be_tcp = record.protocol.is_none_or(|protocol| protocol == TCP);
        let flags = record.tcp_flags.filter(|_| may_be_tcp).map(opener::from_tcp_flags);
        match flags.map(|flags| flags.opener) {
            Some(Opener::Source) => FlowRole::Request,
            Some(Opener::Destination) => FlowRole::Reply,
            _ if record.action == Some(Action::Accept) && is_refused() => FlowRole::Reply,
            _ => FlowRole::Ambiguous,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn role(flags: Option<u16>, protocol: Option<u8>, action: Option<Action>, is_refused: bool) -> FlowRole {
        FlowRole::of(&Record { tcp_flags: flags, protocol, action, ..Record::default() }, || is_refused)
    }

    #[test]
    fn flags_go_before_rules() {
        use FlowRole::*;
        for action in [Some(Action::Accept), Some(Action::Reject), None] {
            for is_refused in [false, true] {
                assert_eq!(role(Some(2), Some(6), action, is_refused), Request);
                assert_eq!(role(Some(7), None, action, is_refused), Request);
                assert_eq!(role(Some(18), Some(6), action, is_refused), Reply);
            }
        }
    }

    #[test]
    fn rules_tell_of_accepted_records_alone() {
        use FlowRole::*;
        let accept = Some(Action::Accept);
        assert_eq!(role(None, Some(17), accept, true), Reply);
        assert_eq!(role(None, Some(17), accept, false), Ambiguous);
        assert_eq!(role(Some(0), Some(6), accept, true), Reply, "a later interval of a long connection");
        assert_eq!(role(Some(26), Some(6), accept, true), Reply, "raw flags, and no SYN alone");
        assert_eq!(role(Some(26), Some(6), accept, false), Ambiguous, "raw flags");
        assert_eq!(role(Some(2), Some(17), accept, true), Reply, "flags of what is not TCP are no flags");
        assert_eq!(role(Some(1), Some(6), Some(Action::Reject), true), Ambiguous);
        assert_eq!(role(None, Some(17), None, true), Ambiguous, "it may have been rejected");
    }
}
