//! An inventory that lies in a file, a folder or an object of S3.

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

/// Pause after a failed reading, so that not every invocation tries again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Longest time for one reading.
const READ_WITHIN: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub struct Stored {
    place: Place,
    time_to_live: Duration,
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
    tried: Option<Instant>,
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

/// What a reading found.
enum Found {
    New(Arc<Inventory>, Version),
    Unchanged,
}

impl Stored {
    /// A file or folder.
    pub fn file(path: PathBuf, time_to_live: Duration) -> Arc<Stored> {
        Stored::new(Place::Path(path), time_to_live)
    }

    /// An object.
    pub fn object(client: Client, bucket: String, key: String, time_to_live: Duration) -> Arc<Stored> {
        Stored::new(Place::Object { client, bucket, key }, time_to_live)
    }

    fn new(place: Place, time_to_live: Duration) -> Arc<Stored> {
        let (news, _) = watch::channel(0);
        Arc::new(Stored { place, time_to_live, desk: Mutex::default(), news })
    }

    /// See [`super::InventorySource::current`].
    ///
    /// # Errors
    /// If it was never read.
    pub async fn current(self: Arc<Stored>, deadline: Instant) -> Result<Arc<Inventory>, StoredError> {
        let mut news = self.news.subscribe();
        if self.is_due() {
            let stored = Arc::clone(&self);
            tokio::spawn(async move { stored.refresh().await });
        }
        if let Some(copy) = &self.desk().copy {
            return Ok(Arc::clone(&copy.inventory));
        }
        if self.desk().is_reading {
            let _ = tokio::time::timeout_at(deadline, news.changed()).await;
        }
        let desk = self.desk();
        match (&desk.copy, &desk.error) {
            (Some(copy), _) => Ok(Arc::clone(&copy.inventory)),
            (None, Some(error)) => Err(error.clone()),
            (None, None) => Err(StoredError::TimedOut),
        }
    }

    /// See [`super::InventorySource::state`].
    pub fn state(&self) -> InventoryState {
        let desk = self.desk();
        let age = desk.copy.as_ref().map(|copy| copy.checked.elapsed());
        InventoryState {
            age_seconds: age.map(|age| age.as_secs()),
            is_stale: age.is_none_or(|age| age > self.time_to_live),
            last_error: desk.error.as_ref().map(ToString::to_string),
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is time to read, and then nobody else is told so until that has ended.
    fn is_due(&self) -> bool {
        let mut desk = self.desk();
        let fresh = desk.copy.as_ref().is_some_and(|copy| copy.checked.elapsed() < self.time_to_live);
        let tried = desk.error.is_some() && desk.tried.is_some_and(|tried| tried.elapsed() < RETRY_AFTER);
        if desk.is_reading || fresh || tried {
            return false;
        }
        desk.is_reading = true;
        desk.tried = Some(Instant::now());
        true
    }

    async fn refresh(self: Arc<Stored>) {
        let _over = Over(&self);
        let version = self.desk().copy.as_ref().map(|copy| copy.version.clone());
        let read = match &self.place {
            Place::Path(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_path(&path, version.as_ref()));
                read.await.unwrap_or(Err(StoredError::TimedOut))
            }
            Place::Object { client, bucket, key } => {
                let fetch = fetch(client, bucket, key, version);
                tokio::time::timeout(READ_WITHIN, fetch).await.unwrap_or(Err(StoredError::TimedOut))
            }
        };
        let mut desk = self.desk();
        match read {
            Ok(Found::New(inventory, version)) => {
                desk.copy = Some(Copy { inventory, version, checked: Instant::now() });
                desk.error = None;
            }
            Ok(Found::Unchanged) => {
                desk.error = None;
                if let Some(copy) = &mut desk.copy {
                    copy.checked = Instant::now();
                }
            }
            Err(error) => {
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
