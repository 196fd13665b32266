//! What is kept of one account and region from reading to reading.

use crate::document::{self as raw, Document, Moment};
use crate::ec2::account::{Account, Connection};
use crate::ec2::live::history::{Dropped, History};
use crate::ec2::live::since::Since;
use crate::ec2::reading::Reading;
use crate::ec2::refusal::Refusal;
use crate::time::Epoch;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The most interfaces that are kept after they are gone; beyond that the longest gone are forgotten.
const MOST_GONE: usize = 50_000;

/// The copy of one account and region.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub account: Account,
    pub connection: Option<Connection>,
    account_id: Option<String>,
    region: Option<String>,
    interfaces: History,
    /// Groups, rules and prefix lists.
    groups: History,
    /// Interfaces of versions that had to be forgotten early, with the time when they were found to be gone; and those that
    /// only a look-up ever found.
    gone: BTreeMap<String, (raw::NetworkInterface, Since)>,
    /// What look-ups found, and when, as far as no listing was begun since.
    found: BTreeMap<String, (raw::NetworkInterface, Since)>,
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
            account_id: None,
            region: None,
            interfaces: History::default(),
            groups: History::default(),
            gone: BTreeMap::new(),
            found: BTreeMap::new(),
            read: BTreeMap::new(),
            tried: None,
            is_being_read: false,
            failures: 0,
            refused: Vec::new(),
        }
    }

    /// Whether records can be decorated by it.
    pub(super) fn is_usable(&self) -> bool {
        let has_groups = self.groups.current().is_some_and(|lists| lists.security_groups.is_some());
        self.interfaces.current().is_some() && has_groups
    }

    /// When the oldest list in it was read. What changed since then is not known.
    pub(super) fn taken(&self) -> Option<Since> {
        self.read.values().max_by_key(|since| since.elapsed()).copied()
    }

    /// Takes over a reading that began at that time and has just ended. What was refused in it stays as it was before.
    pub(super) fn renew(&mut self, begun: Since, reading: Reading, keep_gone_for: Duration) {
        let ended = Since::now();
        let Reading { document: mut new, refused } = reading;
        self.account_id = new.account_id.take().or(self.account_id.take());
        self.region = new.region.take().or(self.region.take());
        // Entries that nobody refused and that are not there are unknown: the list is no longer shared with us.
        let has_entries = !refused.iter().any(|refusal| refusal.operation == "GetManagedPrefixListEntries");
        let listed = new.network_interfaces.take();
        self.renew_groups(begun, ended, new, has_entries);
        if let Some(listed) = listed {
            let listed = self.with_found_since(begun, listed);
            let content = Document { network_interfaces: Some(listed), ..Document::default() };
            self.interfaces.take_over(content, begun, ended, true);
            self.read.insert("NetworkInterfaces", begun);
        }
        self.groups.forget(keep_gone_for);
        let dropped = self.interfaces.forget(keep_gone_for);
        self.bury(dropped, keep_gone_for);
        self.failures = if refused.is_empty() { 0 } else { self.failures.saturating_add(1) };
        self.refused = refused;
    }

    fn renew_groups(&mut self, begun: Since, ended: Since, new: Document, has_entries: bool) {
        let known = self.groups.current();
        let mut lists = Document {
            security_groups: new.security_groups,
            security_group_rules: new.security_group_rules,
            ..Document::default()
        };
        let mut is_whole = true;
        if lists.security_groups.is_some() {
            self.read.insert("SecurityGroups", begun);
        } else {
            lists.security_groups = known.and_then(|known| known.security_groups.clone());
            is_whole = false;
        }
        if lists.security_group_rules.is_some() {
            self.read.insert("SecurityGroupRules", begun);
        } else {
            lists.security_group_rules = known.and_then(|known| known.security_group_rules.clone());
            is_whole &= lists.security_group_rules.is_none();
        }
        let known_lists = known.and_then(|known| known.prefix_lists.as_deref()).unwrap_or_default();
        match new.prefix_lists {
            // Only lists that some rule names are read, so those of rules that were refused are missing.
            Some(read) if is_whole && has_entries => {
                lists.prefix_lists = Some(read);
                self.read.insert("PrefixLists", begun);
            }
            Some(read) => {
                lists.prefix_lists = Some(with_known_entries(read, known_lists, has_entries, is_whole));
                is_whole = false;
            }
            None => lists.prefix_lists = known.and_then(|known| known.prefix_lists.clone()),
        }
        if lists.security_groups.is_some() || lists.security_group_rules.is_some() {
            self.groups.take_over(lists, begun, ended, is_whole);
        }
    }

    /// Nothing could be read.
    pub(super) fn fail(&mut self, refusal: Refusal) {
        self.failures = self.failures.saturating_add(1);
        self.refused = vec![refusal];
    }

    /// Takes back what it says to what it was before; what is known of the readings since stays.
    pub(super) fn restore(&mut self, before: Kept) {
        *self = Kept {
            connection: self.connection.take(),
            tried: self.tried,
            is_being_read: self.is_being_read,
            failures: self.failures,
            refused: std::mem::take(&mut self.refused),
            ..before
        };
    }

    /// Interfaces that a look-up has just found.
    pub(super) fn add_interfaces(&mut self, found: Vec<raw::NetworkInterface>) {
        let known = self.interfaces.current().and_then(|current| current.network_interfaces.as_deref());
        let known = ids(known.unwrap_or_default());
        let is_new =
            |item: &raw::NetworkInterface| item.network_interface_id.as_deref().is_some_and(|id| !known.contains(id));
        let new: Vec<raw::NetworkInterface> = found.into_iter().filter(is_new).collect();
        if new.is_empty() {
            return;
        }
        let now = Since::now();
        for item in &new {
            let Some(id) = &item.network_interface_id else { continue };
            self.gone.remove(id);
            self.found.insert(id.clone(), (item.clone(), now));
        }
        // Before the first listing there is nothing to add it to; then it waits in `found`.
        self.interfaces.amend(|current| {
            if let Some(interfaces) = &mut current.network_interfaces {
                interfaces.extend(new);
                sort(interfaces);
            }
        });
    }

    /// A listing with what a look-up found while it was being read: it may have come too late to be in it.
    fn with_found_since(&mut self, begun: Since, mut listed: Vec<raw::NetworkInterface>) -> Vec<raw::NetworkInterface> {
        let found = std::mem::take(&mut self.found);
        if found.is_empty() {
            return listed;
        }
        let is_first = self.interfaces.current().is_none();
        let ids: BTreeSet<String> = ids(&listed).into_iter().map(str::to_string).collect();
        for (id, (item, since)) in found {
            let is_listed = ids.contains(&id);
            if since.is_after(&begun) {
                if !is_listed {
                    listed.push(item.clone());
                }
                self.found.insert(id, (item, since));
            } else if is_first && !is_listed {
                // Found, and gone before the first listing: no version has it.
                self.gone.insert(id, (item, since));
            }
        }
        sort(&mut listed);
        listed
    }

    /// Sets apart the interfaces of versions that had to be forgotten early, and forgets what is long gone.
    fn bury(&mut self, dropped: Vec<Dropped>, keep_gone_for: Duration) {
        for version in dropped {
            for item in version.content.network_interfaces.iter().flatten() {
                if let Some(id) = &item.network_interface_id {
                    // The oldest come first, so the last one that is dropped knows best.
                    self.gone.insert(id.clone(), (item.clone(), version.ended));
                }
            }
        }
        if self.gone.is_empty() {
            return;
        }
        for version in self.interfaces.versions() {
            for id in version.network_interfaces.iter().flatten().filter_map(|item| item.network_interface_id.as_ref())
            {
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

    /// The account and region that it says it is of.
    pub(super) fn scope(&self) -> (Option<&str>, Option<&str>) {
        (self.account_id.as_deref(), self.region.as_deref())
    }

    /// What it says, as documents with the dates from which and until which it was seen to hold. Interfaces and groups have
    /// documents of their own: they change at different times.
    pub(super) fn documents(&self, account_id: Option<&str>) -> Vec<Document> {
        let mut interfaces = self.interfaces.dated();
        let mut documents = Vec::new();
        for (date, content) in interfaces.drain(..) {
            let mut document = content.clone();
            if let Some(interfaces) = &mut document.network_interfaces
                && documents.is_empty()
            {
                interfaces.extend(self.gone.values().map(|(interface, _)| interface.clone()));
            }
            documents.push((date, document));
        }
        documents.extend(self.groups.dated().into_iter().map(|(date, content)| (date, content.clone())));
        let with_head = |(date, document): (Epoch, Document)| Document {
            captured_at: Some(Moment::Whole(date)),
            account_id: account_id.map(str::to_string),
            region: self.region.clone(),
            ..document
        };
        documents.into_iter().map(with_head).collect()
    }
}

fn ids(interfaces: &[raw::NetworkInterface]) -> BTreeSet<&str> {
    interfaces.iter().filter_map(|item| item.network_interface_id.as_deref()).collect()
}

/// In the order in which listings come, so that those with the same content are equal.
fn sort(interfaces: &mut [raw::NetworkInterface]) {
    interfaces.sort_by(|a, b| a.network_interface_id.cmp(&b.network_interface_id));
}

/// Prefix lists that were read while something was refused, completed from before: entries if these were refused; and lists
/// that were not read because the rules that name them were refused.
fn with_known_entries(
    mut lists: Vec<raw::PrefixListItem>,
    known: &[raw::PrefixListItem],
    has_entries: bool,
    has_all_lists: bool,
) -> Vec<raw::PrefixListItem> {
    for before in known {
        let same = lists.iter_mut().find(|list| list.prefix_list_id == before.prefix_list_id);
        match same {
            Some(list) if !has_entries && list.entries.is_none() => list.entries.clone_from(&before.entries),
            None if !has_all_lists => lists.push(before.clone()),
            _ => {}
        }
    }
    lists.sort_by(|a, b| a.prefix_list_id.cmp(&b.prefix_list_id));
    lists
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn interfaces(numbers: std::ops::Range<usize>) -> Vec<raw::NetworkInterface> {
        let interface = |number| raw::NetworkInterface {
            network_interface_id: Some(format!("eni-{number:05}")),
            ..raw::NetworkInterface::default()
        };
        numbers.map(interface).collect()
    }

    fn read(kept: &mut Kept, listed: Vec<raw::NetworkInterface>) {
        let document =
            Document { network_interfaces: Some(listed), security_groups: Some(Vec::new()), ..Document::default() };
        kept.renew(Since::now(), Reading { document, refused: Vec::new() }, HOUR);
    }

    fn known(kept: &Kept) -> BTreeSet<String> {
        let documents = kept.documents(None);
        let interfaces = documents.iter().flat_map(|document| document.network_interfaces.iter().flatten());
        interfaces.filter_map(|interface| interface.network_interface_id.clone()).collect()
    }

    #[test]
    fn interfaces_outlive_the_versions_that_there_is_no_room_for() {
        let mut kept = Kept::new(Account::default());
        for first in 0..5 {
            read(&mut kept, interfaces(first..first + 4_000));
        }
        assert_eq!(kept.interfaces.versions().count(), 2);
        assert_eq!(kept.gone.len(), 3, "the fourth is in the version before the current");
        assert_eq!(known(&kept).len(), 4_004);
        read(&mut kept, interfaces(0..4_000));
        assert_eq!(kept.gone.len(), 0, "all are back");
        assert_eq!(known(&kept).len(), 4_004);
    }

    #[test]
    fn interfaces_have_documents_of_their_own() {
        let mut kept = Kept::new(Account::default());
        read(&mut kept, interfaces(0..1));
        assert_eq!(kept.documents(None).len(), 2);
        read(&mut kept, interfaces(0..2));
        assert_eq!(kept.documents(None).len(), 3, "the groups are the same");
        assert!(kept.documents(None).iter().all(|document| document.captured_at.is_some()));
    }

    #[test]
    fn what_is_looked_up_before_the_first_listing_is_kept_for_it() {
        let mut kept = Kept::new(Account::default());
        kept.add_interfaces(interfaces(1..3));
        let begun = Since::now();
        kept.add_interfaces(interfaces(3..5));
        assert_eq!(known(&kept).len(), 0, "there is no listing to add them to");
        // A listing that was begun before the second look-up. Interface 1 went before it, 2 and 3 are in it, 4 came too late.
        let document = Document {
            network_interfaces: Some(interfaces(2..4)),
            security_groups: Some(Vec::new()),
            ..Document::default()
        };
        kept.renew(begun, Reading { document, refused: Vec::new() }, HOUR);
        let expected: BTreeSet<String> = (1..5).map(|number| format!("eni-{number:05}")).collect();
        assert_eq!(known(&kept), expected);
        assert_eq!(kept.gone.keys().collect::<Vec<_>>(), ["eni-00001"]);
        // The next listing was begun after all look-ups: what it lacks is gone, and in the version before.
        read(&mut kept, interfaces(2..4));
        assert_eq!(known(&kept), expected);
        assert!(kept.found.is_empty());
    }
}
