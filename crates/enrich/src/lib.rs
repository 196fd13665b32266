//! Facts about one address: where on Earth it is, whose network it belongs to, which AWS service answers there, and
//! which threat lists name it. Pure look-ups in files that were read once; no network, no clock.
//!
//! ```
//! use enrich::{AddressCache, Atlas, Sources};
//!
//! # let folder = tempfile::tempdir()?;
//! let drop_list = folder.path().join("drop.txt");
//! std::fs::write(&drop_list, "; a list in the shape of Spamhaus DROP\n198.51.100.0/25 ; SBL000001\n")?;
//! let sources = Sources { threat_lists: vec![("drop".to_owned(), drop_list)], ..Sources::default() };
//! let atlas = Atlas::open(&sources)?;
//!
//! assert_eq!(atlas.facts("198.51.100.7".parse()?).threat_lists, ["drop"]);
//! // The neighbour is in no list, and nothing is known of a private address, ever.
//! assert!(atlas.facts("198.51.100.200".parse()?).is_empty());
//! assert!(atlas.facts("10.0.0.5".parse()?).is_empty());
//!
//! // Flows repeat their addresses, so callers keep what they made of each.
//! let mut rendered = AddressCache::new(65_536);
//! let lists = |address| atlas.facts(address).threat_lists.join(",");
//! assert_eq!(rendered.get_or_insert_with("198.51.100.7".parse()?, lists), "drop");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | source | file | facts |
//! |---|---|---|
//! | place | MMDB, nested like GeoLite2 City or flat like DB-IP's | country, region, city, continent, location |
//! | network owner | MMDB, like GeoLite2 ASN | number and name of the autonomous system |
//! | AWS | `ip-ranges.json` | service and region |
//! | threat lists | text: Spamhaus DROP, Tor exits, Emerging Threats | names of the lists |
//!
//! The way of a look-up: `public_address` (is there anything to know?) → each `database` (whose records `entry` decodes,
//! `completion` joins and `country_name` names) → `aws_ranges` → each `threat_list` → [`Facts`].
//!
//! Invariants:
//! - What is unknown is `None` or empty: never `""`, never zero, never 0,0, though a database may say so.
//! - A place is one that some database means: no city of one stands in the country of another.
//! - A private address has no facts, whatever a database says about it.
//! - A file that is not what it should be is an error when it is opened, with its name. After that nothing fails.

mod address_cache;
mod atlas;
mod aws_ranges;
mod completion;
mod country_name;
mod database;
mod entry;
mod error;
mod facts;
mod public_address;
mod source_file;
mod threat_list;
mod value;

pub use address_cache::AddressCache;
pub use atlas::{Atlas, Sources};
pub use error::OpenError;
pub use facts::{Facts, Location};
pub use public_address::is_public;
