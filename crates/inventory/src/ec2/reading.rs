//! One reading of an account and region: what was there, and what was refused.

use crate::assembly::assemble;
use crate::document::{self as raw, Document, Moment};
use crate::ec2::account::{Account, Connection};
use crate::ec2::calls;
use crate::ec2::refusal::Refusal;
use crate::error::LoadError;
use crate::inventory::{Inventory, Loaded};
use crate::reading::Source;
use aws_config::SdkConfig;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// All that an inventory can hold, for a snapshot: the entries of every prefix list too, for AWS's own may be recommended where
    /// no rule names them yet.
    Everything,
    /// What decorating records needs: interfaces and groups.
    Decoration {
        /// Also rules with their ids, and the entries of the prefix lists that rules name.
        rules: bool,
    },
}

/// What one account and region showed. The keys of calls that were refused are missing, and so are not known; a list
/// that AWS left empty is empty.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    pub(super) document: Document,
    pub(super) refused: Vec<Refusal>,
}

impl Reading {
    /// Reads an account and region. Never fails as a whole: what could not be read is in [`Reading::refused`].
    pub async fn take(base: &SdkConfig, account: &Account, what: What) -> Reading {
        match Connection::open(base, account).await {
            Ok(connection) => Reading::through(&connection, what).await,
            Err(refusal) => Reading { document: Document::default(), refused: vec![refusal] },
        }
    }

    pub(super) async fn through(connection: &Connection, what: What) -> Reading {
        let mut reading = Reading::default();
        // The time before the first call: nothing in the reading is older than it says.
        reading.document.captured_at = Some(Moment::Text(now()));
        reading.document.region = Some(connection.region.clone());
        reading.document.account_id = match what {
            What::Everything => {
                reading.read_everything(connection).await;
                // Snapshots make timelines, where absence means "gone": whose they are must not be guessed from who owns the groups,
                // which may all be shared by another account.
                connection.account_of_caller().await
            }
            What::Decoration { rules } => {
                reading.read_for_decoration(connection, rules).await;
                connection.account_id.clone().or_else(|| only_owner(&reading.document))
            }
        };
        for refusal in &mut reading.refused {
            refusal.place.clone_from(&connection.place);
        }
        reading
    }

    async fn read_everything(&mut self, connection: &Connection) {
        let client = &connection.client;
        let (interfaces, groups, rules, lists) = tokio::join!(
            calls::network_interfaces(client),
            calls::security_groups(client),
            calls::security_group_rules(client),
            calls::managed_prefix_lists(client),
        );
        let (subnets, vpcs, flow_logs, associations, mirror_targets) = tokio::join!(
            calls::subnets(client),
            calls::vpcs(client),
            calls::flow_logs(client),
            calls::security_group_vpc_associations(client),
            calls::traffic_mirror_targets(client),
        );
        self.document.network_interfaces = self.kept(interfaces);
        self.document.security_groups = self.kept(groups);
        self.document.security_group_rules = self.kept(rules);
        self.document.prefix_lists = self.kept(lists);
        self.document.subnets = self.kept(subnets);
        self.document.vpcs = self.kept(vpcs);
        self.document.flow_logs = self.kept(flow_logs);
        self.document.security_group_vpc_associations = self.kept(associations);
        self.document.traffic_mirror_targets = self.kept(mirror_targets);
        self.read_entries(connection).await;
    }

    async fn read_for_decoration(&mut self, connection: &Connection, rules: bool) {
        let client = &connection.client;
        if !rules {
            let (interfaces, groups) = tokio::join!(calls::network_interfaces(client), calls::security_groups(client));
            self.document.network_interfaces = self.kept(interfaces);
            self.document.security_groups = self.kept(groups);
            return;
        }
        let (interfaces, groups, rules, lists) = tokio::join!(
            calls::network_interfaces(client),
            calls::security_groups(client),
            calls::security_group_rules(client),
            calls::managed_prefix_lists(client),
        );
        self.document.network_interfaces = self.kept(interfaces);
        self.document.security_groups = self.kept(groups);
        self.document.security_group_rules = self.kept(rules);
        let named = lists_in_rules(&self.document);
        let lists = self.kept(lists).unwrap_or_default();
        let is_named = |list: &raw::PrefixListItem| list.prefix_list_id.as_ref().is_some_and(|id| named.contains(id));
        let mut lists: Vec<raw::PrefixListItem> = lists.into_iter().filter(is_named).collect();
        // A list that the listing does not show may still give its entries.
        for id in named {
            if !lists.iter().any(|list| list.prefix_list_id.as_ref() == Some(&id)) {
                lists.push(raw::PrefixListItem { prefix_list_id: Some(id), ..raw::PrefixListItem::default() });
            }
        }
        self.document.prefix_lists = Some(lists);
        self.read_entries(connection).await;
    }

    /// Reads the entries of every list that there is. One after another: there are few, and EC2 counts each call.
    async fn read_entries(&mut self, connection: &Connection) {
        let mut lists = self.document.prefix_lists.take();
        for list in lists.iter_mut().flatten() {
            let Some(id) = list.prefix_list_id.clone() else { continue };
            match calls::prefix_list_entries(&connection.client, &id).await {
                Ok(entries) => list.entries = Some(entries),
                // Deleted since, or no longer shared with us. Nobody refused anything; its entries stay unknown.
                Err(refusal) if refusal.code.as_deref().is_some_and(|code| code.ends_with(".NotFound")) => {}
                Err(refusal) => {
                    let goes_on = !refusal.is_final();
                    self.add_refusal(refusal);
                    if !goes_on {
                        break;
                    }
                }
            }
        }
        self.document.prefix_lists = lists;
    }

    /// The list, or nothing and a refusal more.
    fn kept<T>(&mut self, answer: Result<Vec<T>, Refusal>) -> Option<Vec<T>> {
        match answer {
            Ok(list) => Some(list),
            Err(refusal) => {
                self.add_refusal(refusal);
                None
            }
        }
    }

    fn add_refusal(&mut self, refusal: Refusal) {
        let is_same = |known: &Refusal| known.operation == refusal.operation && known.code == refusal.code;
        if !self.refused.iter().any(is_same) {
            self.refused.push(refusal);
        }
    }

    /// The calls that gave no answer, each once, in the order in which they were made.
    pub fn refused(&self) -> &[Refusal] {
        &self.refused
    }

    /// Whether nothing at all could be read.
    pub fn is_empty(&self) -> bool {
        !self.document.is_inventory()
    }

    /// The account, where role or credentials tell it, or where all groups belong to one.
    pub fn account_id(&self) -> Option<&str> {
        self.document.account_id.as_deref()
    }

    /// The region.
    pub fn region(&self) -> Option<&str> {
        self.document.region.as_deref()
    }

    /// How many interfaces and groups were read.
    pub fn counts(&self) -> (usize, usize) {
        let count = |list: Option<usize>| list.unwrap_or_default();
        let interfaces = self.document.network_interfaces.as_ref().map(Vec::len);
        let groups = self.document.security_groups.as_ref().map(Vec::len);
        (count(interfaces), count(groups))
    }

    /// Writes a snapshot file: one document, or a JSON array of them; readings that are empty are left out.
    ///
    /// # Errors
    /// When `to` refuses the bytes.
    pub fn write_json(readings: &[Reading], mut to: &mut dyn Write) -> io::Result<()> {
        let documents: Vec<&Document> =
            readings.iter().filter(|reading| !reading.is_empty()).map(|reading| &reading.document).collect();
        match documents.as_slice() {
            [document] => serde_json::to_writer_pretty(&mut to, document)?,
            documents => serde_json::to_writer_pretty(&mut to, documents)?,
        }
        to.write_all(b"\n")
    }
}

impl Inventory {
    /// Puts readings together, as if they had been saved and loaded.
    pub fn from_readings(readings: &[Reading]) -> Result<Loaded, LoadError> {
        Inventory::from_documents(readings.iter().map(|reading| reading.document.clone()))
    }

    pub(super) fn from_documents(documents: impl IntoIterator<Item = Document>) -> Result<Loaded, LoadError> {
        let mut sources = Vec::new();
        for document in documents {
            let account = document.account_id.as_deref().unwrap_or("own account");
            let region = document.region.as_deref().unwrap_or("own region");
            let path = PathBuf::from(format!("EC2 API ({account}, {region})"));
            sources.push(Source { path, documents: vec![document] });
        }
        if sources.is_empty() {
            return Err(LoadError::NothingGiven);
        }
        assemble(sources)
    }
}

fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second()).unwrap_or(now).to_string()
}

/// The account that all groups belong to. Every account that has groups lists its own; with those that others share with
/// it among them, nobody can say which is the caller's.
fn only_owner(document: &Document) -> Option<String> {
    let groups = document.security_groups.iter().flatten();
    let owners: BTreeSet<&String> = groups.filter_map(|group| group.owner_id.as_ref()).collect();
    match (owners.len(), owners.first()) {
        (1, Some(owner)) => Some(owner.to_string()),
        _ => None,
    }
}

/// The prefix lists that rules name, by either listing of rules.
fn lists_in_rules(document: &Document) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for group in document.security_groups.iter().flatten() {
        let permissions = group.ip_permissions.iter().chain(&group.ip_permissions_egress).flatten();
        let references = permissions.filter_map(|permission| permission.prefix_list_ids.as_ref()).flatten();
        named.extend(references.filter_map(|reference| reference.prefix_list_id.clone()));
    }
    let rules = document.security_group_rules.iter().flatten();
    named.extend(rules.filter_map(|rule| rule.prefix_list_id.clone()));
    named
}
