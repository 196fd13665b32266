//! Documents sorted into snapshots: which account and region, and at what time.
//!
//! A timeline is per scope (account and region as the file says). Files that name neither and have no date are one
//! undated snapshot, whatever accounts and regions are in them; only where dated snapshots exist, an undated item
//! joins those of its own account and region, as the latest.

use crate::document::Document;
use crate::error::LoadError;
use crate::item::{InterfaceItem, Place};
use crate::note::{Note, NoteKind};
use crate::prefix_list::PrefixListFacts;
use crate::reading::Source;
use crate::region::{Regions, account_of_arn, region_of_arn};
use crate::rule_item::{GroupItem, RuleItem};
use crate::time::{Epoch, UNDATED, read_moment};
use crate::vpc::VpcItems;
use ipnet::IpNet;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What one scope was seen to hold at one time. None: the key is missing, so it says nothing about such things.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub interfaces: Option<BTreeMap<String, InterfaceItem>>,
    pub groups: Option<BTreeMap<String, GroupItem>>,
    pub rules: Option<BTreeMap<String, Vec<RuleItem>>>,
    /// None: listed without its entries.
    pub lists: BTreeMap<String, Option<Vec<IpNet>>>,
}

/// Account and region with their snapshots.
#[derive(Default)]
pub(crate) struct ScopeItems {
    pub account: Option<String>,
    pub region: Option<String>,
    pub snapshots: BTreeMap<Epoch, Snapshot>,
    /// Account and region of what is in it, where the files do not say them.
    pub contents: BTreeSet<(Option<String>, Option<String>)>,
}

/// Everything that was read.
#[derive(Default)]
pub(crate) struct Collected {
    pub scopes: Vec<ScopeItems>,
    pub vpcs: VpcItems,
    /// Owner of a group where only its rules tell.
    pub group_owners: BTreeMap<String, String>,
    /// Name of a group as the interfaces that carry it say; counts where nothing lists the group.
    pub group_names: BTreeMap<String, String>,
    pub associations: BTreeSet<(String, String)>,
    pub list_facts: BTreeMap<String, PrefixListFacts>,
    pub flow_logs: crate::flow_log::FlowLogs,
    pub mirror_targets: crate::unlogged::MirrorTargets,
    pub accounts: BTreeSet<String>,
    pub notes: Vec<Note>,
    regions: Regions,
}

/// The scope of a document and the time of its snapshot.
struct Header {
    account: Option<String>,
    region: Option<String>,
    time: Epoch,
    is_bare: bool,
}

/// Sorts all documents into snapshots.
pub(crate) fn collect(sources: Vec<Source>) -> Result<Collected, LoadError> {
    let mut collected = Collected::default();
    for source in &sources {
        for document in &source.documents {
            collected.regions.learn_vpcs(document);
        }
    }
    for source in &sources {
        for document in &source.documents {
            collected.regions.learn_groups(document);
        }
    }
    // Documents with a scope first: undated items join the scopes that these found.
    let mut bare = Vec::new();
    for source in sources {
        let Source { path, documents } = source;
        for document in documents {
            if document.schema.as_deref().is_some_and(|schema| schema.starts_with("sgflow.plan")) {
                return Err(LoadError::Plan { path });
            }
            if !document.is_inventory() {
                continue;
            }
            let header = collected.header(&document, &path);
            if header.is_bare {
                bare.push((path.clone(), header, document));
            } else {
                collected.add(&path, header, document)?;
            }
        }
    }
    for (path, header, document) in bare {
        collected.add(&path, header, document)?;
    }
    Ok(collected)
}

impl Collected {
    fn header(&mut self, document: &Document, path: &Path) -> Header {
        let mut time = UNDATED;
        if let Some(moment) = &document.captured_at {
            match read_moment(moment) {
                Some(epoch) => time = epoch,
                None => {
                    let text = format!(
                        "CapturedAt of {} is neither RFC 3339 nor epoch seconds; the snapshot counts as undated",
                        path.display()
                    );
                    self.notes.push(Note { kind: NoteKind::UnreadTime, text });
                }
            }
        }
        if document.next_token.is_some() {
            let text = format!(
                "{} has a NextToken: it is one page of a longer list; add the other pages to the inventory, or run the \
                 command without --no-paginate and --max-items",
                path.display()
            );
            self.notes.push(Note { kind: NoteKind::Truncated, text });
        }
        let account = document.account_id.clone();
        let region = document.region.clone();
        self.accounts.extend(account.clone());
        let is_bare = time == UNDATED && account.is_none() && region.is_none();
        Header { account, region, time, is_bare }
    }

    /// The snapshot that an item of a document belongs to.
    fn snapshot(&mut self, header: &Header, account: Option<&str>, region: Option<&str>) -> &mut Snapshot {
        let number = self.scope_number(header, account, region);
        let scope = &mut self.scopes[number];
        if scope.account.is_none() {
            let region = scope.region.as_deref().or(region);
            scope.contents.insert((account.map(str::to_string), region.map(str::to_string)));
        }
        scope.snapshots.entry(header.time).or_default()
    }

    /// The snapshot of the document itself, for a list that is there, be it empty.
    fn own_snapshot(&mut self, header: &Header) -> &mut Snapshot {
        let number = self.scope_number(header, header.account.as_deref(), header.region.as_deref());
        self.scopes[number].snapshots.entry(header.time).or_default()
    }

    fn scope_number(&mut self, header: &Header, account: Option<&str>, region: Option<&str>) -> usize {
        if header.is_bare && account.is_some() {
            let joins = |scope: &ScopeItems| {
                let same_region = scope.region.is_none() || region.is_none() || scope.region.as_deref() == region;
                scope.account.as_deref() == account && same_region
            };
            if let Some(number) = self.scopes.iter().position(joins) {
                return number;
            }
        }
        let same = |scope: &ScopeItems| scope.account == header.account && scope.region == header.region;
        if let Some(number) = self.scopes.iter().position(same) {
            return number;
        }
        let (account, region) = (header.account.clone(), header.region.clone());
        self.scopes.push(ScopeItems { account, region, ..ScopeItems::default() });
        self.scopes.len() - 1
    }

    fn add(&mut self, path: &Path, header: Header, document: Document) -> Result<(), LoadError> {
        let at = |key, index| Place { path, key, index };
        if let Some(items) = document.network_interfaces {
            if items.is_empty() || !header.is_bare {
                self.own_snapshot(&header).interfaces.get_or_insert_default();
            }
            for (index, item) in items.into_iter().enumerate() {
                for group in item.groups.iter().flatten() {
                    if let (Some(id), Some(name)) = (&group.group_id, &group.group_name) {
                        self.group_names.insert(id.clone(), name.clone());
                    }
                }
                let item = InterfaceItem::read(item, at("NetworkInterfaces", index), &mut self.notes)?;
                self.add_interface(&header, item);
            }
        }
        if let Some(items) = document.security_groups {
            if items.is_empty() || !header.is_bare {
                self.own_snapshot(&header).groups.get_or_insert_default();
            }
            for (index, item) in items.into_iter().enumerate() {
                let item = GroupItem::read(item, at("SecurityGroups", index))?;
                self.add_group(&header, item);
            }
        }
        if let Some(items) = document.security_group_rules {
            if items.is_empty() || !header.is_bare {
                self.own_snapshot(&header).rules.get_or_insert_default();
            }
            for (index, item) in items.into_iter().enumerate() {
                let (group, owner, rule) = RuleItem::read(item, at("SecurityGroupRules", index))?;
                self.add_rule(&header, group, owner, rule);
            }
        }
        self.add_prefix_lists(path, &header, document.prefix_lists, document.entries, document.prefix_list_id)?;
        for (index, item) in document.vpcs.into_iter().flatten().enumerate() {
            self.accounts.extend(item.owner_id.clone());
            self.vpcs.add_vpc(item, at("Vpcs", index))?;
        }
        for (index, item) in document.subnets.into_iter().flatten().enumerate() {
            self.accounts.extend(item.owner_id.clone());
            self.vpcs.add_subnet(item, at("Subnets", index))?;
        }
        for (index, item) in document.security_group_vpc_associations.into_iter().flatten().enumerate() {
            let place = at("SecurityGroupVpcAssociations", index);
            let group = place.needed(item.group_id, "GroupId")?;
            let vpc = place.needed(item.vpc_id, "VpcId")?;
            self.accounts.extend(item.vpc_owner_id);
            self.associations.insert((group, vpc));
        }
        self.flow_logs.are_read |= document.flow_logs.is_some();
        for (index, item) in document.flow_logs.into_iter().flatten().enumerate() {
            self.flow_logs.add(item, at("FlowLogs", index))?;
        }
        if let Some(items) = document.traffic_mirror_targets {
            self.mirror_targets.add(items, header.account.as_deref(), header.region.as_deref());
        }
        Ok(())
    }

    fn add_interface(&mut self, header: &Header, mut item: InterfaceItem) {
        item.owner = item.owner.or_else(|| header.account.clone());
        let of_vpc = || self.regions.of(None, item.vpc.as_deref());
        item.region = item.region.take().or_else(of_vpc).or_else(|| header.region.clone());
        self.accounts.extend(item.owner.clone());
        let snapshot = self.snapshot(header, item.owner.as_deref(), item.region.as_deref());
        let interfaces = snapshot.interfaces.get_or_insert_default();
        let Some(known) = interfaces.get_mut(&item.id) else {
            interfaces.insert(item.id.clone(), item);
            return;
        };
        if *known == item {
            return;
        }
        let text = format!(
            "interface {} is listed twice in one snapshot, with different content; both are taken to be possible; give \
             files of different times a CapturedAt",
            item.id
        );
        known.become_either(item);
        self.notes.push(Note { kind: NoteKind::Conflicting, text });
    }

    fn add_group(&mut self, header: &Header, mut item: GroupItem) {
        item.owner = item.owner.or_else(|| header.account.clone());
        let of_vpc = || self.regions.of(None, item.vpc.as_deref());
        item.region = item.region.take().or_else(of_vpc).or_else(|| header.region.clone());
        self.accounts.extend(item.owner.clone());
        let snapshot = self.snapshot(header, item.owner.as_deref(), item.region.as_deref());
        let groups = snapshot.groups.get_or_insert_default();
        let Some(known) = groups.get_mut(&item.id) else {
            groups.insert(item.id.clone(), item);
            return;
        };
        let mut differs = known.rules.len() != item.rules.len();
        known.has_permissions &= item.has_permissions;
        // What only one of the listings has may be gone, or may not have been there: nothing may lean on it.
        for rule in &mut known.rules {
            rule.disputed |= !item.rules.iter().any(|other| other.content == rule.content);
        }
        for mut rule in item.rules {
            if !known.rules.iter().any(|other| other.content == rule.content) {
                differs = true;
                rule.disputed = true;
                known.rules.push(rule);
            }
        }
        if differs {
            let text = format!(
                "group {} is listed twice in one snapshot, with different rules; the rules of both are taken; give files \
                 of different times a CapturedAt",
                item.id
            );
            self.notes.push(Note { kind: NoteKind::Conflicting, text });
        }
    }

    fn add_rule(&mut self, header: &Header, group: String, owner: Option<String>, rule: RuleItem) {
        let owner = owner.or_else(|| header.account.clone());
        if let Some(owner) = &owner {
            self.accounts.insert(owner.clone());
            self.group_owners.insert(group.clone(), owner.clone());
        }
        let region = self.regions.of_group(&group).or_else(|| header.region.clone());
        let snapshot = self.snapshot(header, owner.as_deref(), region.as_deref());
        let rules = snapshot.rules.get_or_insert_default().entry(group).or_default();
        if !rules.iter().any(|other| other.content == rule.content) {
            rules.push(rule);
        }
    }

    fn add_prefix_lists(
        &mut self,
        path: &Path,
        header: &Header,
        lists: Option<Vec<crate::document::PrefixListItem>>,
        entries: Option<Vec<crate::document::PrefixListEntry>>,
        id: Option<String>,
    ) -> Result<(), LoadError> {
        if let Some(entries) = entries {
            let Some(id) = id else {
                return Err(LoadError::Item {
                    path: path.to_path_buf(),
                    item: "Entries".to_string(),
                    problem: "has no PrefixListId beside it; add \"PrefixListId\": \"pl-...\" to the file".to_string(),
                });
            };
            let nets = read_entries(entries, Place { path, key: "Entries", index: 0 })?;
            self.add_entries(header, None, None, id, Some(nets));
        }
        for (index, item) in lists.into_iter().flatten().enumerate() {
            let place = Place { path, key: "PrefixLists", index };
            let id = place.needed(item.prefix_list_id, "PrefixListId")?;
            let arn = item.prefix_list_arn.as_deref();
            let facts = self.list_facts.entry(id.clone()).or_default();
            facts.owner = item.owner_id.clone().or(facts.owner.take());
            facts.name = item.prefix_list_name.unwrap_or(std::mem::take(&mut facts.name));
            facts.max_entries = item.max_entries.and_then(|count| u32::try_from(count).ok()).or(facts.max_entries);
            // AWS's own lists are in every account.
            let is_account = |owner: &String| owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
            let account = item.owner_id.or_else(|| arn.and_then(account_of_arn)).filter(is_account);
            let region = arn.and_then(region_of_arn);
            let mut nets = None;
            if let Some(entries) = item.entries {
                nets = Some(read_entries(entries, place)?);
            } else if let Some(cidrs) = item.cidrs {
                let mut read = Vec::new();
                for text in cidrs {
                    read.push(place.net(&text, "Cidrs with")?);
                }
                nets = Some(read);
            }
            self.add_entries(header, account.as_deref(), region.as_deref(), id, nets);
        }
        Ok(())
    }

    /// Entries that were read win over a listing without them; two readings are joined.
    fn add_entries(
        &mut self,
        header: &Header,
        account: Option<&str>,
        region: Option<&str>,
        id: String,
        nets: Option<Vec<IpNet>>,
    ) {
        let number = self.scope_number(header, account, region);
        let snapshot = self.scopes[number].snapshots.entry(header.time).or_default();
        let known = snapshot.lists.entry(id).or_default();
        match (known.as_mut(), nets) {
            (Some(known), Some(more)) => known.extend(more),
            (None, Some(nets)) => *known = Some(nets),
            (_, None) => {}
        }
    }
}

impl InterfaceItem {
    /// Two listings of one snapshot that differ: what they disagree on is not known.
    fn become_either(&mut self, other: InterfaceItem) {
        if self.groups != other.groups {
            self.groups = None;
        }
        if self.attach_time != other.attach_time {
            self.attach_time = crate::time::AttachTime::Unknown;
        }
        self.born_attached &= other.born_attached;
        for address in other.private_addresses {
            if !self.private_addresses.contains(&address) {
                self.private_addresses.push(address);
            }
        }
        for address in other.ipv6_addresses {
            if !self.ipv6_addresses.contains(&address) {
                self.ipv6_addresses.push(address);
            }
        }
        self.prefixes.extend(other.prefixes);
        self.prefixes.sort_unstable();
        self.prefixes.dedup();
        if self.kind != other.kind {
            self.kind = crate::interface::Kind::Unknown;
        }
        if self.interface_type != other.interface_type {
            self.interface_type = None;
        }
        if self.requester_managed != other.requester_managed {
            self.requester_managed = None;
        }
        self.vpc = self.vpc.take().or(other.vpc);
        self.subnet = self.subnet.take().or(other.subnet);
        self.owner = self.owner.take().or(other.owner);
        self.region = self.region.take().or(other.region);
    }
}

fn read_entries(entries: Vec<crate::document::PrefixListEntry>, place: Place) -> Result<Vec<IpNet>, LoadError> {
    let mut nets = Vec::with_capacity(entries.len());
    for entry in entries {
        let text = place.needed(entry.cidr, "Cidr in one of its Entries")?;
        nets.push(place.net(&text, "Cidr")?);
    }
    Ok(nets)
}
