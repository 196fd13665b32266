//! What is kept of one account and region from reading to reading.

use crate::document::{self as raw, Document};
use crate::ec2::account::{Account, Connection};
use crate::ec2::live::since::Since;
use crate::ec2::reading::Reading;
use crate::ec2::refusal::Refusal;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The most interfaces that are kept after they are gone; beyond that the longest gone are forgotten.
const MOST_GONE: usize = 50_000;

/// The copy of one account and region.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub account: Account,
    pub connection: Option<Connection>,
    document: Document,
    /// Interfaces that the last listing lacks: their records come late.
    gone: BTreeMap<String, (raw::NetworkInterface, Since)>,
    /// When each of its lists was last read as a whole.
    read: BTreeMap<&'static str, Since>,
    /// When it was last tried to read it.
    pub tried: Option<Since>,
    /// Whether a task is reading it.
    pub is_being_read: bool,
    /// Readings in a row that were not whole.
    pub failures: u32,
    /// What was refused in the last one.
    pub refused: Vec<Refusal>,
}

impl Kept {
    pub(super) fn new(account: Account) -> Kept {
        Kept {
            account,
            connection: None,
            document: Document::default(),
            gone: BTreeMap::new(),
            read: BTreeMap::new(),
            tried: None,
            is_being_read: false,
            failures: 0,
            refused: Vec::new(),
        }
    }

    /// Whether records can be decorated by it.
    pub(super) fn is_usable(&self) -> bool {
        self.document.network_interfaces.is_some() && self.document.security_groups.is_some()
    }

    /// When the oldest list in it was read.
    pub(super) fn taken(&self) -> Option<Since> {
        self.read.values().max_by_key(|since| since.elapsed()).copied()
    }

    /// Takes a reading over. What was refused in it stays as it was before.
    pub(super) fn renew(&mut self, begun: Since, reading: Reading, keep_gone_for: Duration) {
        let Reading { document: new, refused } = reading;
        self.document.account_id = new.account_id.or(self.document.account_id.take());
        self.document.region = new.region.or(self.document.region.take());
        if let Some(listed) = new.network_interfaces {
            let before = self.document.network_interfaces.replace(listed).unwrap_or_default();
            self.bury(before, keep_gone_for);
            self.read.insert("NetworkInterfaces", begun);
        }
        if new.security_groups.is_some() {
            self.document.security_groups = new.security_groups;
            self.read.insert("SecurityGroups", begun);
        }
        if new.security_group_rules.is_some() {
            self.document.security_group_rules = new.security_group_rules;
            self.read.insert("SecurityGroupRules", begun);
        }
        if let Some(lists) = new.prefix_lists {
            // Entries that nobody refused and that are not there are unknown: the list is no longer shared with us.
            let are_refused = refused.iter().any(|refusal| refusal.operation == "GetManagedPrefixListEntries");
            let before = if are_refused { self.document.prefix_lists.take() } else { None };
            self.document.prefix_lists = Some(with_known_entries(lists, before));
            if !are_refused {
                self.read.insert("PrefixLists", begun);
            }
        }
        self.failures = if refused.is_empty() { 0 } else { self.failures.saturating_add(1) };
        self.refused = refused;
    }

    /// Nothing could be read.
    pub(super) fn fail(&mut self, refusal: Refusal) {
        self.failures = self.failures.saturating_add(1);
        self.refused = vec![refusal];
    }

    /// Interfaces that a look-up found.
    pub(super) fn add_interfaces(&mut self, found: Vec<raw::NetworkInterface>) {
        let Some(known) = &mut self.document.network_interfaces else { return };
        let ids: BTreeSet<&String> = known.iter().filter_map(|item| item.network_interface_id.as_ref()).collect();
        let is_new =
            |item: &raw::NetworkInterface| item.network_interface_id.as_ref().is_some_and(|id| !ids.contains(id));
        let new: Vec<raw::NetworkInterface> = found.into_iter().filter(is_new).collect();
        for item in &new {
            if let Some(id) = &item.network_interface_id {
                self.gone.remove(id);
            }
        }
        known.extend(new);
    }

    /// What it says, as a document without a date: what holds now, held when the records were made.
    pub(super) fn document(&self) -> Document {
        let mut document = self.document.clone();
        if let Some(interfaces) = &mut document.network_interfaces {
            interfaces.extend(self.gone.values().map(|(interface, _)| interface.clone()));
        }
        document
    }

    /// Sets apart what was listed before and is not any more, and forgets what is long gone.
    fn bury(&mut self, before: Vec<raw::NetworkInterface>, keep_gone_for: Duration) {
        let now = Since::now();
        for item in before {
            if let Some(id) = item.network_interface_id.clone() {
                self.gone.entry(id).or_insert((item, now));
            }
        }
        for listed in self.document.network_interfaces.iter().flatten() {
            if let Some(id) = &listed.network_interface_id {
                self.gone.remove(id);
            }
        }
        self.gone.retain(|_, (_, since)| !since.left_of(keep_gone_for).is_zero());
        if self.gone.len() > MOST_GONE {
            let mut ages: Vec<Duration> = self.gone.values().map(|(_, since)| since.elapsed()).collect();
            ages.sort_unstable();
            let oldest_kept = ages[MOST_GONE - 1];
            self.gone.retain(|_, (_, since)| since.elapsed() <= oldest_kept);
        }
    }
}

/// Lists with their entries; where these were refused, those of before.
fn with_known_entries(
    mut lists: Vec<raw::PrefixListItem>,
    before: Option<Vec<raw::PrefixListItem>>,
) -> Vec<raw::PrefixListItem> {
    let mut entries = BTreeMap::new();
    for list in before.into_iter().flatten() {
        entries.insert(list.prefix_list_id, list.entries);
    }
    for list in &mut lists {
        if list.entries.is_none() {
            list.entries = entries.remove(&list.prefix_list_id).flatten();
        }
    }
    lists
}
