//! Looking up interfaces that the copy lacks: made since it was read.

use crate::document::NetworkInterface;
use crate::ec2::account::{Connection, sdk_config};
use crate::ec2::calls::{self, FILTER_VALUES};
use crate::ec2::live::since::Since;
use crate::ec2::live::{LiveOptions, Shared};
use crate::ec2::refusal::Refusal;
use crate::inventory::Inventory;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The most interfaces of one look-up: five calls of [`FILTER_VALUES`] an account. The others wait for the next.
const MOST_AT_ONCE: usize = 5 * FILTER_VALUES;

/// The most unknown interfaces that are remembered; there are as many as the logs name.
const MOST_REMEMBERED: usize = 20_000;

/// What was looked up, and when.
#[derive(Debug, Default)]
pub(super) struct LookUps {
    count: u64,
    last: Option<Since>,
    unknown: BTreeMap<String, Since>,
    last_error: Option<Refusal>,
}

impl LookUps {
    /// Which of the interfaces to ask for now; if there are any, this counts as a look-up.
    pub(super) fn begin(
        &mut self,
        unknown: &BTreeSet<String>,
        inventory: &Inventory,
        options: &LiveOptions,
    ) -> Vec<String> {
        if self.last.is_some_and(|last| !last.left_of(options.look_up_every).is_zero()) {
            return Vec::new();
        }
        self.unknown.retain(|_, since| !since.left_of(options.forget_unknown_after).is_zero());
        let mut ids = Vec::new();
        for id in unknown {
            let is_new = inventory.interface_ix(id.as_bytes()).is_none() && !self.unknown.contains_key(id);
            if is_new && is_interface_id(id) && ids.len() < MOST_AT_ONCE {
                ids.push(id.clone());
            }
        }
        if !ids.is_empty() {
            self.count += 1;
            self.last = Some(Since::now());
        }
        ids
    }

    fn end(&mut self, nowhere: Vec<String>, error: Option<Refusal>) {
        let room = MOST_REMEMBERED.saturating_sub(self.unknown.len());
        let now = Since::now();
        self.unknown.extend(nowhere.into_iter().take(room).map(|id| (id, now)));
        self.last_error = error;
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Interfaces that are not asked for at present.
    pub(super) fn remembered(&self, options: &LiveOptions) -> usize {
        self.unknown.values().filter(|since| !since.left_of(options.forget_unknown_after).is_zero()).count()
    }

    pub(super) fn last_error(&self) -> Option<&Refusal> {
        self.last_error.as_ref()
    }
}

/// `eni-` and hexadecimal digits: anything else, such as `-`, no account can know.
fn is_interface_id(text: &str) -> bool {
    let digits = text.strip_prefix("eni-").unwrap_or_default();
    !digits.is_empty() && digits.len() <= 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What one account answered.
struct Answer {
    number: usize,
    connection: Option<Connection>,
    found: Result<Vec<NetworkInterface>, Refusal>,
}

/// Asks every account for the interfaces, and adds what was found to the copies.
pub(super) async fn run(shared: &Arc<Shared>, ids: Vec<String>, deadline: Instant) {
    let deadline = deadline.min(Instant::now() + shared.options.look_up_within);
    let ids: Arc<[String]> = ids.into();
    let mut running = JoinSet::new();
    for (number, kept) in shared.copies().iter().enumerate() {
        let (shared, ids) = (Arc::clone(shared), Arc::clone(&ids));
        let account = kept.account.clone();
        let connection = kept.connection.clone().filter(Connection::is_usable);
        running.spawn(async move {
            let asked = async {
                let connection = match connection {
                    Some(connection) => connection,
                    None => {
                        let base = shared.config.get_or_init(|| sdk_config(None)).await;
                        Connection::open(base, &account).await?
                    }
                };
                let found = calls::interfaces_with_ids(&connection.client, &ids).await;
                found.map(|found| (connection.clone(), found)).map_err(|refusal| refusal.at(&connection.place))
            };
            let asked = tokio::time::timeout_at(deadline, asked).await;
            let place = || account.place(account.region.as_deref().unwrap_or("default region"));
            let asked = asked.unwrap_or_else(|_| Err(Refusal::out_of_time("DescribeNetworkInterfaces").at(&place())));
            match asked {
                Ok((connection, found)) => Answer { number, connection: Some(connection), found: Ok(found) },
                Err(refusal) => Answer { number, connection: None, found: Err(refusal) },
            }
        });
    }
    let mut answers = Vec::new();
    let mut all_answered = true;
    while let Some(ended) = running.join_next().await {
        match ended {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                all_answered = false;
                tracing::error!(%error, "a task that looked up interfaces died");
            }
        }
    }
    take_over(shared, &ids, answers, all_answered, deadline).await;
}

async fn take_over(shared: &Shared, ids: &[String], answers: Vec<Answer>, mut all_answered: bool, deadline: Instant) {
    let mut nowhere: BTreeSet<String> = ids.iter().cloned().collect();
    let mut error = None;
    let mut found_of = Vec::new();
    for answer in answers {
        match answer.found {
            Ok(found) => {
                shared.copies()[answer.number].connection = answer.connection;
                for id in found.iter().filter_map(|item| item.network_interface_id.as_ref()) {
                    nowhere.remove(id);
                }
                if !found.is_empty() {
                    found_of.push((answer.number, found));
                }
            }
            Err(refusal) => {
                tracing::warn!(
                    operation = refusal.operation,
                    code = refusal.code.as_deref(),
                    place = %refusal.place,
                    reason = %refusal.reason,
                    "interfaces could not be looked up"
                );
                all_answered = false;
                error = Some(refusal);
            }
        }
    }
    if !found_of.is_empty() {
        add(shared, found_of, deadline).await;
    }
    // Only when every account has said that it does not know an interface is it unknown.
    let nowhere = if all_answered { nowhere.into_iter().collect() } else { Vec::new() };
    shared.desk().look_ups.end(nowhere, error);
}

/// Adds what was found to the copies, by the number of the account, and publishes it.
async fn add(shared: &Shared, found_of: Vec<(usize, Vec<NetworkInterface>)>, deadline: Instant) {
    let Ok(_turn) = tokio::time::timeout_at(deadline, shared.publishing.lock()).await else {
        tracing::info!("a reading is being put together; what was looked up is asked for again if it lacks it");
        return;
    };
    let mut before = Vec::new();
    let copies = {
        let mut copies = shared.copies();
        for (number, found) in found_of {
            before.push((number, copies[number].clone()));
            copies[number].add_interfaces(found);
        }
        copies.clone()
    };
    if shared.publish(copies).await.is_err() {
        let mut copies = shared.copies();
        for (number, kept) in before {
            copies[number].restore(kept);
        }
    }
}
