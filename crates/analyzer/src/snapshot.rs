//! `sg-audit snapshot`: what accounts and regions hold, read from the EC2 API and saved as an inventory.
//!
//! What AWS refuses is named, with the permission that is missing, and left out; the rest is kept. A key that is left
//! out counts as unknown, so a snapshot with gaps proves less, and nothing wrong.

use crate::cli::Exit;
use crate::cli::destination::{PendingFile, write_results};
use crate::cli::message::Message;
use crate::cli::snapshot::SnapshotOptions;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use inventory::ec2::{Account, Reading, Refusal, What, sdk_config};
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Accounts and regions that are read at a time; each makes up to five calls at once.
const AT_A_TIME: usize = 4;

/// `sg-audit snapshot`.
///
/// # Errors
/// When nothing could be read at all, or the file cannot be written.
pub fn snapshot(options: &SnapshotOptions) -> Result<Exit, Box<Message>> {
    let cannot_write = |error: std::io::Error| {
        let what = format!("cannot write the snapshot to {}", options.out.display());
        Box::new(
            Message::error(what)
                .caused_by(error.to_string())
                .hint("make its folder first, or name another file with --out"),
        )
    };
    // Tried before minutes of reading, not after them; and begun anew then, so that an interrupted run leaves nothing behind.
    drop(PendingFile::create(&options.out).map_err(cannot_write)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Box::new(Message::error("cannot set up the connection to AWS").caused_by(error.to_string()))
    })?;
    let progress = progress(options);
    let readings = runtime.block_on(read_all(&options.accounts, &progress));
    progress.finish_and_clear();

    let mut all_answered = readings.len() == options.accounts.len();
    for refusal in readings.iter().flat_map(Reading::refused) {
        all_answered = false;
        message(refusal).print();
    }
    if readings.iter().all(Reading::is_empty) {
        let what = "nothing could be read from AWS, so no snapshot was written";
        return Err(Box::new(Message::error(what)));
    }
    if !options.quiet {
        readings.iter().filter(|reading| !reading.is_empty()).filter_map(unknown_account).for_each(|m| m.print());
    }
    write_results(Some(&options.out), |to| Reading::write_json(&readings, to)).map_err(cannot_write)?;
    Ok(if all_answered { Exit::Fine } else { Exit::Failure })
}

/// Reads every account and region; the readings are in the order of the accounts.
async fn read_all(accounts: &[Account], progress: &ProgressBar) -> Vec<Reading> {
    let base = sdk_config(None).await;
    let at_a_time = Arc::new(Semaphore::new(AT_A_TIME));
    let mut running = JoinSet::new();
    for (number, account) in accounts.iter().cloned().enumerate() {
        let (base, at_a_time) = (base.clone(), Arc::clone(&at_a_time));
        running.spawn(async move {
            // Nobody closes it, so this is never an error.
            let _permit = at_a_time.acquire().await;
            (number, Reading::take(&base, &account, What::Everything).await)
        });
    }
    let mut numbered = Vec::new();
    while let Some(ended) = running.join_next().await {
        progress.inc(1);
        // A task that died has said so itself; its account is missing then, and the run has failed.
        numbered.extend(ended.ok());
    }
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, reading)| reading).collect()
}

fn message(refusal: &Refusal) -> Message {
    let reason = match &refusal.code {
        Some(code) => format!("{code}: {}", refusal.reason),
        None => refusal.reason.clone(),
    };
    Message::error(refusal.headline()).caused_by(reason).hint(refusal.cure())
}

/// Snapshots of one account and region make a timeline; without its account, one would be mixed with others.
fn unknown_account(reading: &Reading) -> Option<Message> {
    if reading.account_id().is_some() {
        return None;
    }
    let region = reading.region().unwrap_or("an unknown region");
    let what = format!("which account was read in {region} is not known: neither the credentials nor STS told it");
    let cure =
        "set AWS_ACCOUNT_ID, or aws_account_id in the profile, so that snapshots of different accounts are kept apart";
    Some(Message::warning(what).hint(cure))
}

/// Drawn only where somebody looks.
fn progress(options: &SnapshotOptions) -> ProgressBar {
    let is_seen = !options.quiet && std::io::stderr().is_terminal();
    let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let count = u64::try_from(options.accounts.len()).unwrap_or(u64::MAX);
    let style = ProgressStyle::with_template("{spinner:.cyan} reading from AWS: {pos}/{len} accounts and regions");
    let bar = ProgressBar::with_draw_target(Some(count), target)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    if is_seen {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}
