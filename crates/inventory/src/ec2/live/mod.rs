//! The inventory kept fresh beside the traffic, for a function that decorates records as they come.
//!
//! The first question waits until EC2 has answered. Later ones get what is there at once; once that is older than its
//! time to live, one task reads anew beside them. When EC2 throttles or is silent, the old copy serves, and
//! [`LiveState`] says how old it is. Interfaces that the copy lacks are looked up together, seldom, and within a bounded
//! time ([`Live::with_interfaces`]).
//!
//! Lambda freezes the process as soon as an answer is given, a refresh in the middle of it included. When it goes on,
//! its connections may be dead: then it fails and is tried again. Where invocations are so short and rare that no refresh
//! ever ends beside them, the copy would grow old for ever; so beyond [`LiveOptions::wait_when_older_than`] an invocation waits
//! a little for it.
//!
//! Two locks, neither of them held across an `await`: the `desk` with what everybody asks for, held for moments; and the
//! `copies`, held while an inventory is put together from them.

mod kept;
mod look_up;
mod refresh;
mod since;

use crate::ec2::account::Account;
use crate::ec2::refusal::Refusal;
use crate::inventory::Inventory;
use aws_config::SdkConfig;
use kept::Kept;
use look_up::LookUps;
use since::Since;
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
    /// Age from which an invocation waits for the copy that is being read, and how long at most. 900 s, 3 s.
    pub wait_when_older_than: Duration,
    /// See [`LiveOptions::wait_when_older_than`].
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
    /// How long an interface stays that EC2 no longer lists, for its records come late. 1 h.
    pub keep_gone_for: Duration,
}

impl Default for LiveOptions {
    fn default() -> LiveOptions {
        LiveOptions {
            accounts: Vec::new(),
            rules: false,
            time_to_live: Duration::from_secs(300),
            wait_when_older_than: Duration::from_secs(900),
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

/// How the copy is, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveState {
    /// Age of the oldest account's copy, in seconds; none before the first.
    pub age_seconds: Option<u64>,
    /// Whether an account's copy is older than the time to live, or an account has none.
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
    /// Counts what happened: refreshes that ended.
    news: watch::Sender<u64>,
}

/// What everybody asks for.
#[derive(Debug, Default)]
struct Desk {
    inventory: Option<Arc<Inventory>>,
    is_refreshing: bool,
    /// By account, in their order.
    health: Vec<Health>,
    /// Why the copies could not be put together.
    unusable: Option<String>,
    look_ups: LookUps,
}

/// How the copy of one account is.
#[derive(Debug, Clone, Default)]
struct Health {
    taken: Option<Since>,
    tried: Option<Since>,
    failures: u32,
    refused: Vec<Refusal>,
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
        let shared = Shared { options, config, desk: Mutex::new(desk), copies: Mutex::new(copies), news };
        Live { shared: Arc::new(shared) }
    }

    /// The inventory. The first time it waits for EC2, until the deadline: throttling and time-outs are tried again till
    /// then, a missing permission is an error at once. Later it gives what is there, and has it read anew beside the traffic
    /// when it is older than its time to live.
    ///
    /// # Errors
    /// Only while no account was ever read.
    pub async fn current(&self, deadline: Instant) -> Result<Arc<Inventory>, ReadError> {
        loop {
            let mut news = self.shared.news.subscribe();
            let due_in = self.shared.due_in();
            if due_in.is_zero() {
                refresh::start(&self.shared);
            }
            let (inventory, is_refreshing) = {
                let desk = self.shared.desk();
                (desk.inventory.clone(), desk.is_refreshing)
            };
            if let Some(inventory) = inventory {
                if !is_refreshing || !self.is_too_old() {
                    return Ok(inventory);
                }
                let until = deadline.min(Instant::now() + self.shared.options.wait_at_most);
                let _ = tokio::time::timeout_at(until, news.changed()).await;
                return Ok(self.shared.desk().inventory.clone().unwrap_or(inventory));
            }
            let wake = if is_refreshing {
                deadline
            } else {
                if let Some(error) = self.final_error() {
                    return Err(error);
                }
                deadline.min(Instant::now() + due_in)
            };
            // Over when a refresh ends, or when the pause after a failed one is over.
            let _ = tokio::time::timeout_at(wake, news.changed()).await;
            if Instant::now() >= deadline {
                // Of several accounts some may be read by now.
                let desk = self.shared.desk();
                let last = desk.health.iter().flat_map(|health| &health.refused).next().cloned().map(Box::new);
                return desk.inventory.clone().ok_or(ReadError::TimedOut { last });
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
            state.is_stale |= age.is_none_or(|age| age > options.time_to_live);
            state.age_seconds = state.age_seconds.max(age.map(|age| age.as_secs()));
            state.failed_refreshes = state.failed_refreshes.max(health.failures);
            let Some(first) = health.refused.first() else { continue };
            state.last_error = Some(first.to_string());
            state.failed_accounts.push(account.place(account.region.as_deref().unwrap_or("default region")));
        }
        state
    }

    /// Whether some account's copy is so old that it is worth waiting for the next.
    fn is_too_old(&self) -> bool {
        let limit = self.shared.options.wait_when_older_than;
        let desk = self.shared.desk();
        desk.health
            .iter()
            .any(|health| health.failures == 0 && health.taken.is_some_and(|taken| taken.elapsed() > limit))
    }

    /// The error if no account has a copy and asking again soon cannot help any of them.
    fn final_error(&self) -> Option<ReadError> {
        let desk = self.shared.desk();
        let mut refusals = Vec::new();
        for health in &desk.health {
            // A permission that only rule ids need keeps nobody from an inventory.
            let last = health.refused.iter().find(|refusal| refusal.is_final() && is_indispensable(refusal));
            if let Some(refusal) = last {
                refusals.push(refusal.clone());
            }
        }
        if refusals.len() == desk.health.len() {
            return Some(ReadError::Refused(refusals));
        }
        desk.unusable.clone().map(ReadError::Unusable)
    }
}

/// Whether there is no copy without the call.
fn is_indispensable(refusal: &Refusal) -> bool {
    matches!(
        refusal.operation,
        "GetCredentials" | "AssumeRole" | "DescribeNetworkInterfaces" | "DescribeSecurityGroups"
    )
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // What is on the desk is replaced as a whole, so a thread that died has left nothing half done.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copies(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time until some account is to be read.
    fn due_in(&self) -> Duration {
        let desk = self.desk();
        desk.health.iter().map(|health| health.due_in(&self.options)).min().unwrap_or(Duration::MAX)
    }

    /// Puts the copies together and lays the inventory on the desk.
    fn publish(&self, copies: &[Kept]) {
        let documents: Vec<_> = copies.iter().filter(|kept| kept.is_usable()).map(Kept::document).collect();
        let built = if documents.is_empty() { None } else { Some(Inventory::from_documents(documents)) };
        let mut desk = self.desk();
        desk.health = copies.iter().map(Health::of).collect();
        match built {
            None => {}
            Some(Ok(loaded)) => {
                desk.unusable = None;
                desk.inventory = Some(Arc::new(loaded.inventory));
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "what EC2 answered cannot be used; the last copy serves");
                desk.unusable = Some(error.to_string());
            }
        }
    }
}

impl Health {
    fn of(kept: &Kept) -> Health {
        Health { taken: kept.taken(), tried: kept.tried, failures: kept.failures, refused: kept.refused.clone() }
    }

    /// Time until this account is to be read: now if it never was, after its time to live if all went well, else after a
    /// pause that doubles.
    fn due_in(&self, options: &LiveOptions) -> Duration {
        let Some(tried) = self.tried else {
            return Duration::ZERO;
        };
        if self.failures == 0 {
            return tried.left_of(options.time_to_live);
        }
        let doubled = options.retry_after.saturating_mul(1 << (self.failures - 1).min(16));
        tried.left_of(doubled.min(options.time_to_live.max(options.retry_after)))
    }
}
