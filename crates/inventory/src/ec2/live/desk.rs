//! What everybody asks for: the inventory that serves, how each account is doing, and how long a question waits for better.
//!
//! With a time to live of 300 s and nothing else set:
//!
//! ```text
//! age of the copy     0 s .. 300 s     300 s .. 600 s       600 s on             900 s on
//! a question          gets it          gets it, has it      waits up to 3 s      waits up to 3 s,
//!                                      read anew            for the reading      and the copy is stale
//! ```

use crate::ec2::live::kept::Kept;
use crate::ec2::live::look_up::LookUps;
use crate::ec2::live::refresh::AT_A_TIME;
use crate::ec2::live::since::Since;
use crate::ec2::live::{LiveOptions, ReadError};
use crate::ec2::refusal::{Refusal, RefusalKind};
use crate::inventory::Inventory;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub inventory: Option<Arc<Inventory>>,
    /// Whether a question was answered with an inventory.
    pub has_served: bool,
    /// The refresh that is under way.
    pub refreshing: Option<Refreshing>,
    /// By account, in their order.
    pub health: Vec<Health>,
    /// Why the copies could not be put together, while there is no inventory.
    pub unusable: Option<String>,
    pub look_ups: LookUps,
}

/// A refresh that is under way.
#[derive(Debug)]
pub(super) struct Refreshing {
    begun: Since,
    /// Until when questions wait for it, since the first did.
    wait_until: Option<Instant>,
}

/// How the copy of one account is.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    /// Whether records can be decorated by it.
    pub has_copy: bool,
    pub taken: Option<Since>,
    pub tried: Option<Since>,
    pub failures: u32,
    pub refused: Vec<Refusal>,
}

/// A question: when it was asked, by both sorts of clock, and when its answer must be there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    asked: Since,
    begin: Instant,
    pub deadline: Instant,
}

impl Question {
    pub(super) fn now(deadline: Instant) -> Question {
        Question { asked: Since::now(), begin: Instant::now(), deadline }
    }
}

impl Desk {
    /// Until when a question that could have an inventory waits for a better one; none if it does not wait.
    ///
    /// The first one waits for accounts that were not read yet although they may be, up to a quarter of its time. Later ones wait
    /// for a reading that is overdue, together not longer than [`LiveOptions::wait_at_most`] for one refresh.
    pub(super) fn wait_until(&mut self, question: &Question, options: &LiveOptions) -> Option<Instant> {
        let until = if self.has_served {
            let limit = options.wait_limit();
            let is_any_overdue = self.health.iter().any(|health| health.is_overdue(limit, question.asked));
            let refreshing = self.refreshing.as_mut().filter(|_| is_any_overdue)?;
            let until = refreshing.wait_until(options);
            until.min(later(question.begin, options.wait_at_most))
        } else {
            let is_any_missing = self.health.iter().any(|health| !health.has_copy && !health.is_hopeless());
            if !is_any_missing {
                return None;
            }
            question.begin + question.deadline.saturating_duration_since(question.begin) / 4
        };
        Some(until.min(question.deadline)).filter(|until| Instant::now() < *until)
    }

    /// The error if no account has a copy and asking again soon cannot help any of them.
    pub(super) fn final_error(&self) -> Option<ReadError> {
        let refusals: Vec<Refusal> = self.health.iter().filter_map(|health| health.final_refusal().cloned()).collect();
        if refusals.len() == self.health.len() {
            return Some(ReadError::Refused(refusals));
        }
        self.unusable.clone().map(ReadError::Unusable)
    }
}

impl Refreshing {
    pub(super) fn begin() -> Refreshing {
        Refreshing { begun: Since::now(), wait_until: None }
    }

    fn wait_until(&mut self, options: &LiveOptions) -> Instant {
        let turns = u32::try_from(options.accounts.len().div_ceil(AT_A_TIME)).unwrap_or(u32::MAX);
        if self.begun.elapsed() > options.refresh_within.saturating_mul(turns) {
            // No refresh takes so long: it was frozen, and only now can it end.
            *self = Refreshing::begin();
        }
        *self.wait_until.get_or_insert_with(|| later(Instant::now(), options.wait_at_most))
    }
}

impl Health {
    pub(super) fn of(kept: &Kept) -> Health {
        Health {
            has_copy: kept.is_usable(),
            taken: kept.taken(),
            tried: kept.tried,
            failures: kept.failures,
            refused: kept.refused.clone(),
        }
    }

    /// Time until this account is to be read: now if it never was, after its time to live if all went well, else after a
    /// pause that doubles.
    pub(super) fn due_in(&self, options: &LiveOptions) -> Duration {
        let Some(tried) = self.tried else {
            return Duration::ZERO;
        };
        if self.failures == 0 {
            return tried.left_of(options.time_to_live);
        }
        let doubled = options.retry_after.saturating_mul(1 << (self.failures - 1).min(16));
        tried.left_of(doubled.min(options.time_to_live.max(options.retry_after)))
    }

    /// Whether the copy is older than it should be. It is read anew only once it is older than its time to live, and then by the
    /// next question, so that age alone is no sign of trouble.
    pub(super) fn is_stale(&self, time_to_live: Duration) -> bool {
        let Some(age) = self.taken.filter(|_| self.has_copy).map(|taken| taken.elapsed()) else {
            return true;
        };
        (self.failures > 0 && age > time_to_live) || age > time_to_live.saturating_mul(3)
    }

    /// Whether it is worth waiting for the next reading: the copy is older than that and no reading since the question was
    /// asked has renewed it, or there is none.
    fn is_overdue(&self, limit: Duration, asked: Since) -> bool {
        let is_old = self.taken.is_none_or(|taken| taken.elapsed() > limit && !taken.is_after(&asked));
        (is_old || !self.has_copy) && !self.is_hopeless()
    }

    /// Whether all that was refused last will be refused again. Credentials are not counted: a call that was signed before
    /// a freeze and sent after it is refused as expired.
    fn is_hopeless(&self) -> bool {
        let is_lasting = |refusal: &Refusal| matches!(refusal.kind, RefusalKind::Denied | RefusalKind::Unset);
        let is_first_final = !self.has_copy && self.final_refusal().is_some();
        is_first_final || (!self.refused.is_empty() && self.refused.iter().all(is_lasting))
    }

    /// What keeps this account from being read until somebody changes something. A permission that only rule ids need keeps nobody
    /// from an inventory.
    fn final_refusal(&self) -> Option<&Refusal> {
        self.refused.iter().find(|refusal| refusal.is_final() && is_indispensable(refusal))
    }
}

/// Whether there is no copy without the call.
fn is_indispensable(refusal: &Refusal) -> bool {
    matches!(
        refusal.operation,
        "GetCredentials" | "AssumeRole" | "DescribeNetworkInterfaces" | "DescribeSecurityGroups"
    )
}

/// A time after a moment; a year after it if it is too long for the clock.
fn later(moment: Instant, time: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);
    moment + time.min(YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(300);

    fn health(age: u64, failures: u32) -> Health {
        let taken = Some(Since::now().earlier_by(Duration::from_secs(age)));
        Health { has_copy: true, taken, failures, ..Health::default() }
    }

    #[test]
    fn a_copy_is_stale_while_readings_fail_or_when_it_is_three_times_as_old_as_it_should_be() {
        assert!(Health::default().is_stale(TTL), "there is none");
        // The age in seconds, failures, whether it is stale.
        let cases = [
            (10, 0, false),
            (10, 3, false),
            (290, 1, false),
            (310, 0, false),
            (310, 1, true),
            (890, 0, false),
            (910, 0, true),
            (910, 1, true),
        ];
        for (age, failures, is_stale) in cases {
            assert_eq!(health(age, failures).is_stale(TTL), is_stale, "{age} s, {failures} failures");
        }
    }

    #[test]
    fn a_reading_is_waited_for_unless_it_will_be_refused_again() {
        let limit = 2 * TTL;
        assert!(!health(590, 0).is_overdue(limit, Since::now()));
        assert!(health(610, 0).is_overdue(limit, Since::now()));
        let failed = |refusal| Health { refused: vec![refusal], ..health(610, 1) };
        assert!(failed(Refusal::out_of_time("DescribeNetworkInterfaces")).is_overdue(limit, Since::now()));
        assert!(!failed(Refusal::without_region()).is_overdue(limit, Since::now()));
    }

    #[test]
    fn one_refresh_is_waited_for_once_and_again_when_it_was_frozen() {
        let options = LiveOptions { accounts: vec![crate::ec2::Account::default()], ..LiveOptions::default() };
        let mut refreshing = Refreshing::begin();
        let first = refreshing.wait_until(&options);
        assert_eq!(refreshing.wait_until(&options), first);
        refreshing.begun = refreshing.begun.earlier_by(options.refresh_within);
        assert!(refreshing.wait_until(&options) > first);
    }
}
