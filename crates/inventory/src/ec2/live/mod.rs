//! The inventory kept fresh beside the traffic, for a function that decorates records as they come.
//!
//! The first question waits until EC2 has answered. Later ones get what is there at once; once that is older than its
//! time to live, one task reads anew beside them. When EC2 throttles or is silent, the old copy serves, and
//! [`LiveState`] says how old it is. What changes between two readings is not forgotten: records are minutes old, and get
//! what held when they were made (`history`); [`Inventory::settled_until`] says up to when that is known. Interfaces that the copy lacks are looked up together, seldom, and within a bounded
//! time ([`Live::with_interfaces`]).
//!
//! Lambda freezes the process as soon as an answer is given, a refresh in the middle of it included. When it goes on,
//! its time is over or its connections are dead: then it is begun anew. Where invocations are so short and rare that no refresh
//! ever ends beside them, the copy would grow old for ever; so beyond [`LiveOptions::wait_when_older_than`] an invocation waits
//! a little for it (`desk`).
//!
//! Two locks that are held for moments and never across an `await`: the `desk` with what everybody asks for, and the `copies`.
//! A third, `publishing`, is held while an inventory is put together from a clone of the copies (`publication`). An invocation
//! waits for that one only to add what its look-up found, and not longer than a look-up may take; the inventory that it then
//! puts together it does wait for.

mod desk;
mod history;
mod kept;
mod look_up;
mod publication;
mod refresh;
mod since;

use crate::ec2::account::Account;
use crate::ec2::refusal::Refusal;
use crate::inventory::Inventory;
use aws_config::SdkConfig;
use desk::{Desk, Health, Question};
use kept::Kept;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};
use tokio::time::Instant;

/// What to read, and how often.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// Accounts and regions; none: the caller's own account in the default region.
    pub accounts: Vec<Account>,
    /// Whether rule ids and prefix lists are wanted ([`crate::ec2::What::Decoration`]).
    pub rules: bool,
    /// Age from which a copy is read anew, beside the traffic. 300 s.
    pub time_to_live: Duration,
    /// Age from which an invocation waits for the copy that is being read. None: twice the time to live, and at least a minute.
    pub wait_when_older_than: Option<Duration>,
    /// How long invocations wait for one refresh, together. 3 s.
    pub wait_at_most: Duration,
    /// Time after which a refresh of one account is given up. 120 s.
    pub refresh_within: Duration,
    /// Pause after a refresh that failed; doubled after each further one, up to the time to live. 5 s.
    pub retry_after: Duration,
    /// Least time between two look-ups of unknown interfaces. 30 s.
    pub look_up_every: Duration,
    /// Time after which a look-up is given up. 2 s.
    pub look_up_within: Duration,
    /// How long an interface that EC2 does not know is not asked for again. 10 min.
    pub forget_unknown_after: Duration,
    /// How long it is remembered what interfaces, groups and rules were before they changed or went, for records come
    /// late. 1 h; less in accounts of thousands of interfaces that change all the time.
    pub keep_gone_for: Duration,
}

impl Default for LiveOptions {
    fn default() -> LiveOptions {
        LiveOptions {
            accounts: Vec::new(),
            rules: false,
            time_to_live: Duration::from_secs(300),
            wait_when_older_than: None,
            wait_at_most: Duration::from_secs(3),
            refresh_within: Duration::from_secs(120),
            retry_after: Duration::from_secs(5),
            look_up_every: Duration::from_secs(30),
            look_up_within: Duration::from_secs(2),
            forget_unknown_after: Duration::from_secs(600),
            keep_gone_for: Duration::from_secs(3_600),
        }
    }
}

impl LiveOptions {
    fn wait_limit(&self) -> Duration {
        let twice = self.time_to_live.saturating_mul(2).max(Duration::from_secs(60));
        self.wait_when_older_than.unwrap_or(twice)
    }
}

/// How the copy is, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveState {
    /// Age of the oldest account's copy, in seconds; none before the first.
    pub age_seconds: Option<u64>,
    /// Whether an account has no copy, or one older than the time to live while readings fail, or one older than three times
    /// that.
    pub is_stale: bool,
    /// Refreshes that failed, in whole or in part, since the last good one; of the account that is worst off.
    pub failed_refreshes: u32,
    /// What went wrong last, with place and cure; none if the last refresh and look-up were good.
    pub last_error: Option<String>,
    /// Accounts (region, and role if there is one) whose last refresh failed in whole or in part.
    pub failed_accounts: Vec<String>,
    /// Look-ups of unknown interfaces so far.
    pub look_ups: u64,
    /// Interfaces in the copy, those that are gone and still kept included.
    pub interfaces: usize,
    /// Interfaces that EC2 did not know and that are not asked for at present.
    pub unknown_interfaces: usize,
}

/// Why there is no inventory.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// No account could be read; the first refusal of each.
    #[error("the inventory cannot be read: {}", first_and_count(.0))]
    Refused(Vec<Refusal>),
    /// Nothing was read before the deadline.
    #[error(
        "the inventory was not read in time{}; give the function more time, or a stored inventory",
        .last.as_ref().map_or(String::new(), |refusal| format!(" (last: {refusal})"))
    )]
    TimedOut {
        /// What was refused last, if anything.
        last: Option<Box<Refusal>>,
    },
    /// EC2 answered with something that is no inventory.
    #[error("what EC2 answered cannot be used: {0}")]
    Unusable(String),
}

fn first_and_count(refusals: &[Refusal]) -> String {
    match refusals {
        [] => "no account is set".to_string(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

/// The inventory of some accounts and regions, kept fresh. Cheap to clone; all clones share one copy.
#[derive(Debug, Clone)]
pub struct Live {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: LiveOptions,
    config: OnceCell<SdkConfig>,
    desk: Mutex<Desk>,
    copies: Mutex<Vec<Kept>>,
    /// Held by whoever changes what the copies say, until the inventory with it is on the desk.
    publishing: tokio::sync::Mutex<()>,
    /// Counts what happened: readings and refreshes that ended.
    news: watch::Sender<u64>,
}

impl Live {
    /// An inventory that nothing was read of yet. The AWS configuration is looked up with the first reading.
    pub fn new(options: LiveOptions) -> Live {
        Live::with_cell(options, OnceCell::new())
    }

    /// The same with a configuration that the caller has made, so that all clients share connections; see
    /// [`crate::ec2::sdk_config`].
    pub fn with_config(options: LiveOptions, config: SdkConfig) -> Live {
        Live::with_cell(options, OnceCell::new_with(Some(config)))
    }

    fn with_cell(mut options: LiveOptions, config: OnceCell<SdkConfig>) -> Live {
        if options.accounts.is_empty() {
            options.accounts.push(Account::default());
        }
        let copies: Vec<Kept> = options.accounts.iter().cloned().map(Kept::new).collect();
        let desk = Desk { health: vec![Health::default(); copies.len()], ..Desk::default() };
        let (news, _) = watch::channel(0);
        let publishing = tokio::sync::Mutex::default();
        let shared = Shared { options, config, desk: Mutex::new(desk), copies: Mutex::new(copies), publishing, news };
        Live { shared: Arc::new(shared) }
    }

    /// The inventory. The first time it waits for EC2, until the deadline: throttling and time-outs are tried again till
    /// then, a missing permission is an error at once; once some of several accounts are read, up to a quarter of the time
    /// is waited for the others. Later it gives what is there, and has it read anew beside the traffic when it is older than
    /// its time to live; when it is far older, it waits a little for that ([`LiveOptions::wait_when_older_than`]).
    ///
    /// # Errors
    /// Only while no account was ever read.
    pub async fn current(&self, deadline: Instant) -> Result<Arc<Inventory>, ReadError> {
        let question = Question::now(deadline);
        loop {
            let mut news = self.shared.news.subscribe();
            let due_in = self.shared.due_in();
            if due_in.is_zero() {
                refresh::start(&self.shared);
            }
            let wake = {
                let mut desk = self.shared.desk();
                let until = match desk.inventory.clone() {
                    None => deadline,
                    Some(inventory) => match desk.wait_until(&question, &self.shared.options) {
                        Some(until) => until,
                        None => {
                            desk.has_served = true;
                            return Ok(inventory);
                        }
                    },
                };
                if desk.refreshing.is_some() {
                    until
                } else if desk.inventory.is_none()
                    && let Some(error) = desk.final_error()
                {
                    return Err(error);
                } else {
                    Instant::now().checked_add(due_in).map_or(until, |due| due.min(until))
                }
            };
            // Over when a refresh ends, or when the pause after a failed one is over.
            let _ = tokio::time::timeout_at(wake, news.changed()).await;
            let desk = self.shared.desk();
            if desk.inventory.is_none() && Instant::now() >= deadline {
                let last = desk.health.iter().flat_map(|health| &health.refused).next().cloned().map(Box::new);
                return Err(ReadError::TimedOut { last });
            }
        }
    }

    /// The inventory with those of the unknown interfaces that EC2 knows. Asks for all of them together, once in
    /// [`LiveOptions::look_up_every`] whatever their number, and not longer than [`LiveOptions::look_up_within`]; what EC2 does not
    /// know is remembered for a while. Gives what is there if there is nothing to ask, or no answer: the empty inventory before
    /// the first [`Live::current`].
    pub async fn with_interfaces(&self, unknown: &BTreeSet<String>, deadline: Instant) -> Arc<Inventory> {
        let ids = {
            let mut desk = self.shared.desk();
            let Some(inventory) = desk.inventory.clone() else {
                return Arc::default();
            };
            desk.look_ups.begin(unknown, &inventory, &self.shared.options)
        };
        if !ids.is_empty() {
            look_up::run(&self.shared, ids, deadline).await;
        }
        self.shared.desk().inventory.clone().unwrap_or_default()
    }

    /// How the copy is.
    pub fn state(&self) -> LiveState {
        let desk = self.shared.desk();
        let options = &self.shared.options;
        let mut state = LiveState {
            look_ups: desk.look_ups.count(),
            interfaces: desk.inventory.as_ref().map_or(0, |inventory| inventory.interfaces().len()),
            unknown_interfaces: desk.look_ups.remembered(options),
            last_error: desk.unusable.clone().or_else(|| desk.look_ups.last_error().map(ToString::to_string)),
            ..LiveState::default()
        };
        for (account, health) in options.accounts.iter().zip(&desk.health) {
            let age = health.taken.map(|taken| taken.elapsed());
            state.is_stale |= health.is_stale(options.time_to_live);
            state.age_seconds = state.age_seconds.max(age.map(|age| age.as_secs()));
            state.failed_refreshes = state.failed_refreshes.max(health.failures);
            let Some(first) = health.refused.first() else { continue };
            state.last_error = Some(first.to_string());
            state.failed_accounts.push(account.place(account.region.as_deref().unwrap_or("default region")));
        }
        state
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // What is on the desk is replaced as a whole, so a thread that died has left nothing half done.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copies(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for news.
    fn tell(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Time until some account is to be read.
    fn due_in(&self) -> Duration {
        let desk = self.desk();
        desk.health.iter().map(|health| health.due_in(&self.options)).min().unwrap_or(Duration::MAX)
    }
}
