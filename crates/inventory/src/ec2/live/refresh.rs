//! Reading accounts anew, beside the traffic.

use crate::ec2::account::{Account, Connection, sdk_config};
use crate::ec2::live::Shared;
use crate::ec2::live::desk::{Health, Refreshing};
use crate::ec2::live::kept::Kept;
use crate::ec2::live::since::Since;
use crate::ec2::reading::{Reading, What};
use crate::ec2::refusal::{Refusal, RefusalKind};
use aws_config::SdkConfig;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Accounts that are read at a time.
pub(super) const AT_A_TIME: usize = 4;

/// One account that is to be read.
struct Task {
    number: usize,
    account: Account,
    connection: Option<Connection>,
    begun: Since,
}

/// Starts a refresh of what is due, unless one is under way.
pub(super) fn start(shared: &Arc<Shared>) {
    {
        let mut desk = shared.desk();
        if desk.refreshing.is_some() {
            return;
        }
        desk.refreshing = Some(Refreshing::begin());
    }
    let ending = Ending(Arc::clone(shared));
    tokio::spawn(async move { refresh(&ending.0).await });
}

/// Says that the refresh is over, however it ends: by itself, by a panic, or with the runtime.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        {
            let mut copies = self.0.copies();
            for kept in copies.iter_mut().filter(|kept| kept.is_being_read) {
                kept.is_being_read = false;
                kept.connection = None;
                let place = kept.account.place(kept.account.region.as_deref().unwrap_or("default region"));
                let reason = "the reading was broken off".to_string();
                kept.fail(Refusal::senseless("DescribeNetworkInterfaces", reason).at(&place));
            }
            let mut desk = self.0.desk();
            desk.health = copies.iter().map(Health::of).collect();
            desk.refreshing = None;
        }
        self.0.tell();
    }
}

async fn refresh(shared: &Arc<Shared>) {
    let base = shared.config.get_or_init(|| sdk_config(None)).await.clone();
    let at_a_time = Arc::new(Semaphore::new(AT_A_TIME));
    let mut running = JoinSet::new();
    for task in due_tasks(shared) {
        let (shared, base, at_a_time) = (Arc::clone(shared), base.clone(), Arc::clone(&at_a_time));
        running.spawn(async move {
            // Nobody closes it, so this is never an error.
            let _permit = at_a_time.acquire().await;
            read(&shared, &base, task).await;
        });
    }
    while let Some(ended) = running.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a task that read the inventory died");
        }
    }
}

/// Those that are due; each counts as tried from now on, so that one that dies is not tried again at once.
fn due_tasks(shared: &Shared) -> Vec<Task> {
    let mut tasks = Vec::new();
    let mut copies = shared.copies();
    let mut desk = shared.desk();
    for (number, (kept, health)) in copies.iter_mut().zip(&mut desk.health).enumerate() {
        if !health.due_in(&shared.options).is_zero() {
            continue;
        }
        let begun = Since::now();
        kept.tried = Some(begun);
        kept.is_being_read = true;
        health.tried = Some(begun);
        let connection = kept.connection.clone().filter(Connection::is_usable);
        tasks.push(Task { number, account: kept.account.clone(), connection, begun });
    }
    tasks
}

/// Reads one account and publishes what came of it at once: another one may hang.
async fn read(shared: &Shared, base: &SdkConfig, task: Task) {
    let Task { number, account, connection, begun } = task;
    let what = What::Decoration { rules: shared.options.rules };
    let reading = async {
        let connection = match connection {
            Some(connection) => connection,
            None => Connection::open(base, &account).await?,
        };
        let reading = Reading::through(&connection, what).await;
        Ok::<_, Refusal>((connection, reading))
    };
    let started = Since::now();
    let within = shared.options.refresh_within;
    let ended = tokio::time::timeout(within, reading).await;
    // A timer is not that late; the process was frozen meanwhile, and what failed then says nothing about EC2.
    let was_frozen = started.elapsed() > within.saturating_add(within / 4);
    let place = account.place(account.region.as_deref().unwrap_or("default region"));
    let outcome = ended.unwrap_or_else(|_| Err(Refusal::out_of_time("DescribeNetworkInterfaces").at(&place)));

    let _turn = shared.publishing.lock().await;
    let (connection, reading) = match outcome {
        Ok(read) => read,
        Err(refusal) => {
            let mut copies = shared.copies();
            let kept = &mut copies[number];
            // Its credentials or its connections may be at fault.
            kept.connection = None;
            if was_frozen {
                tracing::info!(place = %place, "the process was frozen while the inventory was read; it is begun anew");
            } else {
                kept.fail(refusal);
                warn(kept);
            }
            end(shared, kept, number, was_frozen);
            return;
        }
    };
    let (before, renewed) = {
        let mut copies = shared.copies();
        let kept = &mut copies[number];
        let before = kept.clone();
        let are_accepted = |refusal: &Refusal| refusal.kind != RefusalKind::Credentials;
        kept.connection = Some(connection).filter(|_| reading.refused().iter().all(are_accepted));
        kept.renew(begun, reading, shared.options.keep_gone_for);
        (before, copies.clone())
    };
    let published = shared.publish(renewed).await;

    let mut copies = shared.copies();
    let kept = &mut copies[number];
    if let Err(error) = published {
        // One account's answer that makes no sense must not stand in the way of the others.
        kept.failures = before.failures;
        kept.restore(before);
        kept.fail(Refusal::senseless("DescribeNetworkInterfaces", error).at(&place));
    }
    warn(kept);
    if kept.failures == 0 {
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(place = %place, milliseconds, "the inventory was read");
    }
    let is_due_at_once = was_frozen && kept.failures > 0;
    end(shared, kept, number, is_due_at_once);
}

/// The reading of an account is over. It is read again when its time has come, or at once.
fn end(shared: &Shared, kept: &mut Kept, number: usize, is_due_at_once: bool) {
    kept.tried = Some(Since::now()).filter(|_| !is_due_at_once);
    kept.is_being_read = false;
    shared.desk().health[number] = Health::of(kept);
    shared.tell();
}

fn warn(kept: &Kept) {
    for refusal in &kept.refused {
        tracing::warn!(
            operation = refusal.operation,
            code = refusal.code.as_deref(),
            place = %refusal.place,
            reason = %refusal.reason,
            cure = %refusal.cure(),
            failures = kept.failures,
            "the inventory was not read as a whole; what was read before serves"
        );
    }
}
