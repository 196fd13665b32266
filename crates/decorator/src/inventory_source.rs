//! Where the inventory comes from: the EC2 API, or a stored one (a file, a folder, an object in S3).
//!
//! A stored inventory is read anew after its time to live if it has changed (time of change and size, or ETag), beside the traffic; if
//! that fails, the old copy serves, and [`InventorySource::state`] says so.

mod stored;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use inventory::Inventory;
use inventory::ec2::{Live, LiveOptions, ReadError};
use tokio::time::Instant;

use crate::settings::InventoryPlace;
pub use stored::{Stored, StoredError};

/// See the module.
#[derive(Clone, Debug)]
pub enum InventorySource {
    /// The EC2 API.
    Live(Live),
    /// A file, a folder or an object.
    Stored(Arc<Stored>),
}

/// How the copy is, for metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryState {
    /// Since it was read, or last found unchanged.
    pub age_seconds: Option<u64>,
    /// Whether it is older than it should be.
    pub is_stale: bool,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// There is no inventory, not even an old one.
#[derive(Debug, thiserror::Error)]
pub enum NoInventory {
    /// From the EC2 API.
    #[error(transparent)]
    Live(#[from] ReadError),
    /// From a file or object.
    #[error(transparent)]
    Stored(#[from] StoredError),
}

impl InventorySource {
    /// Nothing is read yet.
    pub fn new(place: InventoryPlace, time_to_live: Duration, rule_ids: bool, config: &SdkConfig) -> InventorySource {
        match place {
            InventoryPlace::Ec2(accounts) => {
                let options = LiveOptions { accounts, rules: rule_ids, time_to_live, ..LiveOptions::default() };
                InventorySource::Live(Live::with_config(options, config.clone()))
            }
            InventoryPlace::Path(path) => InventorySource::Stored(Stored::file(path, time_to_live)),
            InventoryPlace::S3 { bucket, key } => {
                InventorySource::Stored(Stored::object(aws_sdk_s3::Client::new(config), bucket, key, time_to_live))
            }
        }
    }

    /// The inventory; the first time it is waited for, later what is there serves at once.
    ///
    /// # Errors
    /// If nothing was ever read.
    pub async fn current(&self, deadline: Instant) -> Result<Arc<Inventory>, NoInventory> {
        match self {
            InventorySource::Live(live) => Ok(live.current(deadline).await?),
            InventorySource::Stored(stored) => Ok(Arc::clone(stored).current(deadline).await?),
        }
    }

    /// The inventory with those of the unknown interfaces that can be found; `inventory` is what [`InventorySource::current`] gave.
    pub async fn with_interfaces(
        &self,
        inventory: &Arc<Inventory>,
        unknown: &BTreeSet<String>,
        deadline: Instant,
    ) -> Arc<Inventory> {
        match self {
            InventorySource::Live(live) => live.with_interfaces(unknown, deadline).await,
            // What is not in the file cannot be asked for.
            InventorySource::Stored(_) => Arc::clone(inventory),
        }
    }

    /// How the copy is.
    pub fn state(&self) -> InventoryState {
        match self {
            InventorySource::Live(live) => {
                let state = live.state();
                InventoryState {
                    age_seconds: state.age_seconds,
                    is_stale: state.is_stale,
                    last_error: state.last_error,
                }
            }
            InventorySource::Stored(stored) => stored.state(),
        }
    }
}
