//! All sources together.

use crate::aws_ranges::AwsRanges;
use crate::country_name::{continent_name, country_name};
use crate::database::Database;
use crate::error::OpenError;
use crate::facts::Facts;
use crate::public_address::public_address;
use crate::threat_list::ThreatLists;
use std::net::IpAddr;
use std::path::PathBuf;

/// Which files to read. All optional.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// MaxMind DB files about places and network owners. The first one that knows an address wins, so the better one
    /// comes first; later ones complete what it says only where both surely mean the same place, or the same network.
    /// A database for one family of addresses is silent about the other.
    pub geo: Vec<PathBuf>,
    /// Threat lists, each with the name that its addresses get. Lists of one name (Spamhaus publishes one for each
    /// family) are one list.
    pub threat_lists: Vec<(String, PathBuf)>,
    /// AWS's `ip-ranges.json`.
    pub ip_ranges: Option<PathBuf>,
}

/// Everything that is known about addresses. Immutable once open, and meant to be shared by an `Arc`.
#[derive(Debug)]
pub struct Atlas {
    databases: Vec<Database>,
    threat_lists: ThreatLists,
    aws_ranges: Option<AwsRanges>,
}

impl Atlas {
    /// Reads all files into memory. A file that is not what it should be is an error, and its message says which file,
    /// which line of a text list, and what to do.
    pub fn open(sources: &Sources) -> Result<Atlas, OpenError> {
        let mut databases = Vec::with_capacity(sources.geo.len());
        for path in &sources.geo {
            databases.push(Database::open(path)?);
        }
        let mut threat_lists = ThreatLists::default();
        for (name, path) in &sources.threat_lists {
            threat_lists.read(name, path)?;
        }
        let aws_ranges = match &sources.ip_ranges {
            Some(path) => Some(AwsRanges::open(path)?),
            None => None,
        };
        Ok(Atlas { databases, threat_lists, aws_ranges })
    }

    /// Whether there is no source at all, so that no address will ever have facts.
    pub fn is_empty(&self) -> bool {
        self.databases.is_empty() && self.threat_lists.is_empty() && self.aws_ranges.is_none()
    }

    /// One look-up in every source. Takes a few microseconds in a city database of 60 MB, mostly waiting for memory,
    /// and allocates what it found: callers on a hot path keep what they make of it in an
    /// [`AddressCache`](crate::AddressCache), where a hit takes a fiftieth of that.
    pub fn facts(&self, address: IpAddr) -> Facts {
        let mut facts = Facts::default();
        let Some(address) = public_address(address) else { return facts };
        for database in &self.databases {
            if let Some(entry) = database.find(address) {
                entry.complete(&mut facts);
            }
        }
        if facts.country_name.is_none() {
            facts.country_name = facts.country_code.as_deref().and_then(country_name).map(str::to_owned);
        }
        if facts.continent_name.is_none() {
            facts.continent_name = facts.continent_code.as_deref().and_then(continent_name).map(str::to_owned);
        }
        if let Some(range) = self.aws_ranges.as_ref().and_then(|ranges| ranges.find(address)) {
            facts.aws_service = Some(range.service.clone());
            facts.aws_region = Some(range.region.clone());
        }
        facts.threat_lists = self.threat_lists.naming(address);
        facts
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn an_atlas_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Atlas>();
    }

    #[test]
    fn without_sources_it_is_empty_and_knows_nothing() {
        let atlas = Atlas::open(&Sources::default()).unwrap();
        assert!(atlas.is_empty());
        assert!(atlas.facts("8.8.8.8".parse().unwrap()).is_empty());
    }
}
