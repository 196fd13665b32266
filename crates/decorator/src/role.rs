//! What a record is to its flow: the request, the reply, or not to be told from this one record.
//!
//! Only evidence that needs no other record is asked here, strongest first (`flowlog::opener` has all of it):
//!
//! 1. TCP flags. SYN alone: a request. SYN with ACK: a reply, unless the source is known to write raw flags ([`RawFlags`]).
//! 2. Rules. What no rule that the interface may have had would let through as a request, and went through, is a reply.
//!
//! The rules are those of the record's time only as far as the inventory can tell: nothing may be newer than its last reading
//! (`Inventory::settled_until`), and an only or undated snapshot is assumed to hold for all earlier time.
//!
//! Evidence 2 holds for accepted records alone: a rejected one that no rule allows is just what a refused request looks like, and may as
//! well be a late reply to a connection that is no longer tracked. So rejected records without telling flags are ambiguous.

use flowlog::{Action, Opener, Record, opener};
use foldhash::fast::RandomState;
use std::collections::HashSet;

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
    pub fn of(record: &Record<'_>, raw_flags: &mut RawFlags, is_refused: impl FnOnce() -> bool) -> FlowRole {
        let may_be_tcp = record.protocol.is_none_or(|protocol| protocol == TCP);
        let flags = record.tcp_flags.filter(|_| may_be_tcp).map(opener::from_tcp_flags);
        if flags.is_some_and(|flags| flags.raw) {
            raw_flags.learn(record);
        }
        match flags.map(|flags| flags.opener) {
            Some(Opener::Source) => FlowRole::Request,
            Some(Opener::Destination) if !raw_flags.may_be_of(record) => FlowRole::Reply,
            _ if record.action == Some(Action::Accept) && is_refused() => FlowRole::Reply,
            _ => FlowRole::Ambiguous,
        }
    }
}

/// Which flow logs were seen to write raw flags: all flags of all packets, contrary to AWS's documentation. There, every complete
/// conversation shows SYN and ACK on both sides, also in records that have no other bit.
///
/// A flow log is known here by its account alone, and by the records so far: those of a raw source that came before its first raw one
/// were taken for documented.
#[derive(Default)]
pub(crate) struct RawFlags {
    accounts: HashSet<Box<[u8]>, RandomState>,
    /// In any account: a record that named none showed raw flags, or too many accounts did.
    anywhere: bool,
}

/// Accounts that are told apart: more than one organization has, so that made-up ones cannot fill the memory.
const MOST_ACCOUNTS: usize = 10_000;

impl RawFlags {
    /// Takes note of a record with raw flags.
    fn learn(&mut self, record: &Record<'_>) {
        match named_account(record) {
            _ if self.anywhere => {}
            Some(account) if self.accounts.contains(account) => {}
            Some(account) if self.accounts.len() < MOST_ACCOUNTS => {
                self.accounts.insert(account.into());
            }
            _ => {
                self.anywhere = true;
                self.accounts = HashSet::default();
            }
        }
    }

    /// Whether the record may be of a source that was seen to write raw flags.
    fn may_be_of(&self, record: &Record<'_>) -> bool {
        if self.anywhere || self.accounts.is_empty() {
            return self.anywhere;
        }
        named_account(record).is_none_or(|account| self.accounts.contains(account))
    }
}

/// The record's account; none for interfaces that AWS services made, whose records say `unknown`.
fn named_account<'a>(record: &Record<'a>) -> Option<&'a [u8]> {
    record.account_id.filter(|account| *account != b"unknown")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn role(flags: Option<u16>, protocol: Option<u8>, action: Option<Action>, is_refused: bool) -> FlowRole {
        let record = Record { tcp_flags: flags, protocol, action, ..Record::default() };
        FlowRole::of(&record, &mut RawFlags::default(), || is_refused)
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

    #[test]
    fn accounts_with_raw_flags_are_bounded() {
        let mut raw_flags = RawFlags::default();
        let is_raw = |raw_flags: &RawFlags, account: &str| {
            raw_flags.may_be_of(&Record { account_id: Some(account.as_bytes()), ..Record::default() })
        };
        for number in 0..MOST_ACCOUNTS {
            let account = format!("{number:012}");
            raw_flags.learn(&Record { account_id: Some(account.as_bytes()), ..Record::default() });
        }
        assert!(is_raw(&raw_flags, "000000000000"));
        assert!(!is_raw(&raw_flags, "999999999999"));
        raw_flags.learn(&Record { account_id: Some(b"888888888888"), ..Record::default() });
        assert!(is_raw(&raw_flags, "999999999999"), "beyond the bound every account may be one");
        assert!(raw_flags.accounts.is_empty());
    }
}
