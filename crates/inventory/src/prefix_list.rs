//! Prefix lists and their entries over time.

use crate::address_set::AddressSet;
use crate::answer::Answer;
use crate::time::{Span, Timeline};
use std::net::IpAddr;

/// What is known of a prefix list beside its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixListFacts {
    /// `PrefixListName`, such as `com.amazonaws.global.cloudfront.origin-facing`; empty if nothing tells.
    pub name: String,
    /// The account that owns it, or `AWS`.
    pub owner: Option<String>,
    /// `MaxEntries`: what a reference to it counts for in the quota of rules.
    pub max_entries: Option<u32>,
}

impl PrefixListFacts {
    /// Whether AWS keeps its entries.
    pub fn is_aws_managed(&self) -> bool {
        self.owner.as_deref() == Some("AWS") || self.name.starts_with("com.amazonaws.")
    }
}

/// A prefix list.
#[derive(Debug, Clone)]
pub(crate) struct PrefixList {
    /// For each scope that ever shows the list.
    pub versions: Vec<Versions>,
}

/// The list as the snapshots of one scope show it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    pub timeline: Timeline,
    /// For each time; none: listed without entries.
    pub entries: Vec<Option<AddressSet>>,
}

impl PrefixList {
    /// Whether any snapshot has the entries.
    pub(crate) fn is_resolved(&self) -> bool {
        self.versions.iter().any(|versions| versions.entries.iter().any(Option::is_some))
    }

    /// Whether the list had the address in it during the span.
    pub(crate) fn contains(&self, address: IpAddr, span: Span) -> Answer {
        let mut all = true;
        let mut some = false;
        for versions in &self.versions {
            let Some((first, last)) = versions.timeline.relevant(span) else { continue };
            for entries in &versions.entries[first as usize..=last as usize] {
                match entries {
                    None => {
                        all = false;
                        some = true;
                    }
                    Some(entries) if entries.contains(address) => some = true,
                    Some(_) => all = false,
                }
            }
        }
        Answer::of_alternatives(all, some)
    }

    /// Whether it had the address in it at any time, or may have had.
    pub(crate) fn ever_contains(&self, address: IpAddr) -> bool {
        let mut versions = self.versions.iter().flat_map(|versions| &versions.entries);
        versions.any(|entries| entries.as_ref().is_none_or(|entries| entries.contains(address)))
    }

    /// Whether all snapshots that show it have its entries, and the same ones.
    pub(crate) fn is_steady(&self) -> bool {
        let mut versions = self.versions.iter().flat_map(|versions| &versions.entries);
        let first = versions.next();
        first.is_some_and(|first| first.is_some() && versions.all(|other| other == first))
    }

    /// The latest entries that are known.
    pub(crate) fn latest(&self) -> Option<&AddressSet> {
        let mut latest = None;
        let mut latest_time = i64::MIN;
        for versions in &self.versions {
            for (time, entries) in versions.timeline.times.iter().zip(&versions.entries) {
                if *time >= latest_time && entries.is_some() {
                    latest_time = *time;
                    latest = entries.as_ref();
                }
            }
        }
        latest
    }
}
