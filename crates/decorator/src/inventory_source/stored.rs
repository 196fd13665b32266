//! An inventory that lies in a file, a folder or an object of S3.
//!
//! Lambda freezes a reading that goes on beside the traffic as soon as an answer is given. So that a quiet function does not keep its
//! first copy for ever, an invocation waits a little for the reading once the copy is far older than its time to live.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use inventory::{Inventory, LoadError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::InventoryState;

/// Largest object that is read: a snapshot of 100,000 interfaces has about 150 MB.
const OBJECT_LIMIT: i64 = 512 * 1024 * 1024;

/// How old a copy may be and how long things may take.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// Age from which it is read anew, beside the traffic.
    to_live: Duration,
    /// Age from which an invocation waits for that.
    wait_when_older_than: Duration,
    /// How long invocations wait for one reading, together.
    wait_at_most: Duration,
    /// Longest time for one reading of an object.
    read_within: Duration,
    /// Pause after a failed reading, so that not every invocation tries again.
    retry_after: Duration,
}

impl Times {
    fn of(to_live: Duration) -> Times {
        Times {
            to_live,
            wait_when_older_than: to_live.saturating_mul(2).max(Duration::from_secs(60)),
            wait_at_most: Duration::from_secs(3),
            read_within: Duration::from_secs(60),
            retry_after: Duration::from_secs(5),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub struct Stored {
    place: Place,
    times: Times,
    desk: Mutex<Desk>,
    /// Counts readings that ended.
    news: watch::Sender<u64>,
}

#[derive(Clone, Debug)]
enum Place {
    Path(PathBuf),
    Object { client: Client, bucket: String, key: String },
}

#[derive(Debug, Default)]
struct Desk {
    copy: Option<Copy>,
    is_reading: bool,
    /// When the last reading began.
    tried: Option<Instant>,
    /// Until when invocations wait for it, since the first did.
    wait_until: Option<Instant>,
    /// Readings in a row that failed.
    failures: u32,
    error: Option<StoredError>,
}

#[derive(Clone, Debug)]
struct Copy {
    inventory: Arc<Inventory>,
    version: Version,
    /// When it was read, or last found unchanged.
    checked: Instant,
}

/// By what a change is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Version {
    /// Files with their sizes and times of change, sorted.
    Files(Vec<(PathBuf, u64, Option<SystemTime>)>),
    /// An ETag.
    Tag(Option<String>),
}

/// Why a stored inventory cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoredError {
    /// The files, or the text of the object, are no inventory.
    #[error("{0}")]
    Load(Arc<LoadError>),
    /// The object cannot be fetched.
    #[error(
        "cannot read s3://{bucket}/{key}: {reason}; check INVENTORY, and that the function's role allows s3:GetObject on it"
    )]
    Fetch {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// From the SDK.
        reason: String,
    },
    /// The object is too large.
    #[error("s3://{bucket}/{key} has {size} bytes, more than the 512 MiB of any inventory; check INVENTORY")]
    TooLarge {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
        /// Its size.
        size: i64,
    },
    /// It takes too long.
    #[error("the inventory was not read in time; give the function more time or memory")]
    TimedOut,
}

impl Desk {
    /// Until when to wait for the reading that is under way; none if the copy is not so old. One that lasts longer than any can
    /// was frozen, and is waited for again.
    fn wait_until(&mut self, times: &Times) -> Option<Instant> {
        if self.copy.as_ref().is_some_and(|copy| copy.checked.elapsed() <= times.wait_when_older_than) {
            return None;
        }
        let now = Instant::now();
        if self.tried.is_some_and(|tried| now.saturating_duration_since(tried) > times.read_within) {
            self.tried = Some(now);
            self.wait_until = None;
        }
        Some(*self.wait_until.get_or_insert(now + times.wait_at_most))
    }
}

/// Whether a copy of that age is older than it should be.
fn is_stale(age: Duration, failures: u32, to_live: Duration) -> bool {
    (failures > 0 && age > to_live) || age > to_live.saturating_mul(3)
}

/// What a reading found.
enum Found {
    New(Arc<Inventory>, Version),
    Unchanged,
}

impl Stored {
    /// A file or folder.
    pub fn file(path: PathBuf, time_to_live: Duration) -> Arc<Stored> {
        Stored::new(Place::Path(path), Times::of(time_to_live))
    }

    /// An object.
    pub fn object(client: Client, bucket: String, key: String, time_to_live: Duration) -> Arc<Stored> {
        Stored::new(Place::Object { client, bucket, key }, Times::of(time_to_live))
    }

    fn new(place: Place, times: Times) -> Arc<Stored> {
        let (news, _) = watch::channel(0);
        Arc::new(Stored { place, times, desk: Mutex::default(), news })
    }

    /// See [`super::InventorySource::current`].
    ///
    /// # Errors
    /// If it was never read.
    pub async fn current(self: Arc<Stored>, deadline: Instant) -> Result<Arc<Inventory>, StoredError> {
        let begin = Instant::now();
        loop {
            let mut news = self.news.subscribe();
            if self.is_due() {
                let stored = Arc::clone(&self);
                tokio::spawn(async move { stored.refresh().await });
            }
            let until = {
                let mut desk = self.desk();
                let until = match &desk.copy {
                    Some(copy) if copy.checked >= begin => return Ok(Arc::clone(&copy.inventory)),
                    Some(_) => {
                        desk.wait_until(&self.times).map_or(begin, |until| until.min(begin + self.times.wait_at_most))
                    }
                    None => deadline,
                };
                let until = until.min(deadline);
                if !desk.is_reading || Instant::now() >= until {
                    return match (&desk.copy, &desk.error) {
                        (Some(copy), _) => Ok(Arc::clone(&copy.inventory)),
                        (None, Some(error)) => Err(error.clone()),
                        (None, None) => Err(StoredError::TimedOut),
                    };
                }
                until
            };
            let _ = tokio::time::timeout_at(until, news.changed()).await;
        }
    }

    /// See [`super::InventorySource::state`]. A copy is read anew only once it is older than its time to live, so it is stale when that
    /// fails, or when it is three times as old.
    pub fn state(&self) -> InventoryState {
        let desk = self.desk();
        let age = desk.copy.as_ref().map(|copy| copy.checked.elapsed());
        InventoryState {
            age_seconds: age.map(|age| age.as_secs()),
            is_stale: age.is_none_or(|age| is_stale(age, desk.failures, self.times.to_live)),
            last_error: desk.error.as_ref().map(ToString::to_string),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to read, and then nobody else is told so until that has ended.
    fn is_due(&self) -> bool {
        let mut desk = self.desk();
        let fresh = desk.copy.as_ref().is_some_and(|copy| copy.checked.elapsed() < self.times.to_live);
        let tried = desk.error.is_some() && desk.tried.is_some_and(|tried| tried.elapsed() < self.times.retry_after);
        if desk.is_reading || fresh || tried {
            return false;
        }
        desk.is_reading = true;
        desk.tried = Some(Instant::now());
        desk.wait_until = None;
        true
    }

    async fn refresh(self: Arc<Stored>) {
        let _over = Over(&self);
        let begun = Instant::now();
        let version = self.desk().copy.as_ref().map(|copy| copy.version.clone());
        let read = match &self.place {
            Place::Path(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_path(&path, version.as_ref()));
                read.await.unwrap_or(Err(StoredError::TimedOut))
            }
            Place::Object { client, bucket, key } => {
                let fetch = fetch(client, bucket, key, version);
                tokio::time::timeout(self.times.read_within, fetch).await.unwrap_or(Err(StoredError::TimedOut))
            }
        };
        // A timer is not that late; the process was frozen meanwhile, and what failed then says nothing about the place.
        let was_frozen = begun.elapsed() > self.times.read_within.saturating_add(self.times.read_within / 4);
        let mut desk = self.desk();
        match read {
            Ok(Found::New(inventory, version)) => {
                desk.copy = Some(Copy { inventory, version, checked: Instant::now() });
                desk.error = None;
                desk.failures = 0;
            }
            Ok(Found::Unchanged) => {
                desk.error = None;
                desk.failures = 0;
                if let Some(copy) = &mut desk.copy {
                    copy.checked = Instant::now();
                }
            }
            Err(StoredError::TimedOut | StoredError::Fetch { .. }) if was_frozen => {
                tracing::info!("the process was frozen while the inventory was read; it is begun anew");
                desk.tried = None;
            }
            Err(error) => {
                desk.failures = desk.failures.saturating_add(1);
                tracing::warn!(%error, "the inventory could not be read");
                desk.error = Some(error);
            }
        }
    }
}

/// Says that a reading is over, however it ended.
struct Over<'s>(&'s Stored);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.desk().is_reading = false;
        self.0.news.send_modify(|count| *count += 1);
    }
}

fn read_path(path: &Path, version: Option<&Version>) -> Result<Found, StoredError> {
    let mut files = Vec::new();
    list(path, &mut files);
    files.sort();
    let found = Version::Files(files);
    if version == Some(&found) {
        return Ok(Found::Unchanged);
    }
    let loaded = Inventory::load(&[path.to_path_buf()]).map_err(|error| StoredError::Load(Arc::new(error)))?;
    Ok(Found::New(Arc::new(loaded.inventory), found))
}

/// Files below a path, with sizes and times. What cannot be listed is left to [`Inventory::load`], which says why.
fn list(path: &Path, files: &mut Vec<(PathBuf, u64, Option<SystemTime>)>) {
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        files.push((path.to_path_buf(), metadata.len(), metadata.modified().ok()));
        return;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        // A link may lead back up; what it leads to is read, but its changes are seen only by its own time.
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            list(&entry.path(), files);
        } else if let Ok(metadata) = entry.metadata() {
            files.push((entry.path(), metadata.len(), metadata.modified().ok()));
        }
    }
}

async fn fetch(client: &Client, bucket: &str, key: &str, version: Option<Version>) -> Result<Found, StoredError> {
    let failed = |reason: String| StoredError::Fetch { bucket: bucket.to_owned(), key: key.to_owned(), reason };
    let tag = match &version {
        Some(Version::Tag(tag)) => tag.clone(),
        _ => None,
    };
    let sent = client.get_object().bucket(bucket).key(key).set_if_none_match(tag).send().await;
    let object = match sent {
        Ok(object) => object,
        Err(SdkError::ServiceError(error)) if error.raw().status().as_u16() == 304 => return Ok(Found::Unchanged),
        Err(SdkError::ResponseError(error)) if error.raw().status().as_u16() == 304 => return Ok(Found::Unchanged),
        Err(error) => return Err(failed(DisplayErrorContext(&error).to_string())),
    };
    if let Some(size) = object.content_length().filter(|size| *size > OBJECT_LIMIT) {
        return Err(StoredError::TooLarge { bucket: bucket.to_owned(), key: key.to_owned(), size });
    }
    let found = Version::Tag(object.e_tag().map(str::to_owned));
    let mut body = object.body;
    let mut text = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| failed(error.to_string()))?;
        text.extend_from_slice(&chunk);
        if i64::try_from(text.len()).unwrap_or(i64::MAX) > OBJECT_LIMIT {
            let size = i64::try_from(text.len()).unwrap_or(i64::MAX);
            return Err(StoredError::TooLarge { bucket: bucket.to_owned(), key: key.to_owned(), size });
        }
    }
    let name = format!("s3://{bucket}/{key}");
    let build = tokio::task::spawn_blocking(move || {
        let text = String::from_utf8_lossy(&text);
        Inventory::from_texts(&[(&name, &text)]).map_err(|error| StoredError::Load(Arc::new(error)))
    });
    let loaded = build.await.unwrap_or(Err(StoredError::TimedOut))?;
    Ok(Found::New(Arc::new(loaded.inventory), found))
}

#[cfg(test)]
mod tests;
