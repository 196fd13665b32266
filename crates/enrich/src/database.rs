//! One MaxMind DB file.

use crate::entry::Entry;
use crate::error::OpenError;
use crate::source_file::read_whole;
use crate::value::Value;
use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// The format cannot point further than this; commercial city databases are about 200 MB.
const LIMIT_BYTES: u64 = 4 << 30;

/// How many networks are read when a file is opened, from the first on.
const FIRST_NETWORKS: usize = 10_000;

/// How many addresses of each family are looked up when a file is opened, evenly spread.
const SPREAD_ADDRESSES: u32 = 4_096;

/// A database about places or network owners, whole in memory.
///
/// It is read rather than memory-mapped. Mapping is `unsafe`, for a reason: whoever replaces the file in place while it
/// is mapped, as a careless updater does, changes the bytes under a running look-up or ends the process. In a Lambda
/// the file comes from a layer or an image and would be read through anyway.
#[derive(Debug)]
pub(crate) struct Database {
    reader: Reader<Vec<u8>>,
    /// An IPv6 database without a tree for IPv4 would answer for `::/96` as a whole, or whatever lies around it.
    has_ipv4: bool,
    has_ipv6: bool,
}

impl Database {
    /// Reads the file, and enough of its records to know that it is whole and of use. Reading all of them would take
    /// seconds for a city database, at every cold start.
    pub(crate) fn open(path: &Path) -> Result<Database, OpenError> {
        let bytes = read_whole(path, LIMIT_BYTES)?;
        let reader = Reader::from_source(bytes)
            .map_err(|error| OpenError::NotDatabase { path: path.to_owned(), reason: error.to_string() })?;
        let damaged =
            |error: MaxMindDbError| OpenError::DamagedDatabase { path: path.to_owned(), reason: error.to_string() };

        let has_ipv6 = reader.metadata().ip_version == 6;
        let some_v4 = IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1));
        let has_ipv4 = reader.lookup(some_v4).and_then(|found| found.network()).map_err(damaged)?.is_ipv4();
        let database = Database { reader, has_ipv4, has_ipv6 };
        if !database.says_anything().map_err(damaged)? {
            let database_type = database.reader.metadata().database_type.clone();
            return Err(OpenError::UnusableDatabase { path: path.to_owned(), database_type });
        }
        Ok(database)
    }

    /// What it says about this address, if it says anything.
    pub(crate) fn find(&self, address: IpAddr) -> Option<Entry<'_>> {
        // A record that cannot be read, past all that `open` has read, is as good as none: what is unknown stays
        // unknown.
        let record = self.record(address).ok().flatten()?;
        Some(Entry::from_record(&record))
    }

    fn record(&self, address: IpAddr) -> Result<Option<Value<'_>>, MaxMindDbError> {
        let answers = match address {
            IpAddr::V4(_) => self.has_ipv4,
            IpAddr::V6(_) => self.has_ipv6,
        };
        if !answers {
            return Ok(None);
        }
        self.reader.lookup(address)?.decode()
    }

    /// Whether any record that is read here holds a fact. An error if one of them is broken.
    fn says_anything(&self) -> Result<bool, MaxMindDbError> {
        let mut anything = false;
        // Networks without data too, so that a tree of nothing but dead ends is left as soon.
        let options = WithinOptions::default().include_networks_without_data();
        for network in self.reader.networks(options)?.take(FIRST_NETWORKS) {
            if let Some(record) = network?.decode::<Value>()? {
                anything |= !Entry::from_record(&record).is_empty();
            }
        }
        for step in 0..SPREAD_ADDRESSES {
            let v4 = Ipv4Addr::from(step * (u32::MAX / SPREAD_ADDRESSES));
            // Every /12 of 2000::/3 is looked into, at eight places.
            let v6 = Ipv6Addr::from((0x2000_u128 << 112) + (u128::from(step) << (125 - 12)));
            for address in [IpAddr::V4(v4), IpAddr::V6(v6)] {
                if let Some(record) = self.record(address)? {
                    anything |= !Entry::from_record(&record).is_empty();
                }
            }
        }
        Ok(anything)
    }
}
