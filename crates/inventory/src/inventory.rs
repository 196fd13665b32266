//! The inventory itself: everything that was read, put together, and the plain questions to it.

use crate::error::LoadError;
use crate::flow_log::FlowLog;
use crate::group::{Group, GroupIx};
use crate::interface::{Interface, InterfaceIx};
use crate::note::Note;
use crate::ownership::Owners;
use crate::peer_group::PeerGroup;
use crate::prefix_list::{PrefixList, PrefixListFacts};
use crate::reading::{Source, read_documents, read_paths};
use crate::rule::{Peer, Resolved, Rule};
use crate::time::{Epoch, Span, Timeline, UNDATED};
use crate::unlogged::MirrorTargets;
use crate::vpc::Vpc;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Hash maps that are only looked up, never listed, so their order cannot show in any output.
pub(crate) type Map<K, V> = HashMap<K, V, FixedState>;

/// An account and region with the times at which it was seen.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    /// Snapshots that list interfaces.
    pub interfaces: Timeline,
    /// Snapshots that list groups or rules.
    pub groups: Timeline,
}

/// One snapshot, for a report's list of what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotInfo {
    /// None: undated.
    pub captured_at: Option<Epoch>,
    /// The account, where files or items say it.
    pub account_id: Option<String>,
    /// The region, where files or items say it.
    pub region: Option<String>,
}

/// What was read, and what a reader of results should know about it.
#[derive(Debug)]
pub struct Loaded {
    /// The inventory.
    pub inventory: Inventory,
    /// Assumptions and warnings, sorted, each once.
    pub notes: Vec<Note>,
}

/// Interfaces, security groups, rules and prefix lists of any number of accounts and regions, over time. The default is
/// empty: it knows nothing.
#[derive(Debug, Default)]
pub struct Inventory {
    pub(crate) scopes: Vec<Scope>,
    pub(crate) snapshots: Vec<SnapshotInfo>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) interface_numbers: Map<Box<[u8]>, InterfaceIx>,
    pub(crate) groups: Vec<Group>,
    pub(crate) group_numbers: Map<String, GroupIx>,
    pub(crate) vpcs: Vec<Vpc>,
    pub(crate) vpc_numbers: Map<String, u32>,
    pub(crate) owners: Owners,
    pub(crate) lists: Vec<PrefixList>,
    pub(crate) list_numbers: BTreeMap<String, u32>,
    pub(crate) list_facts: BTreeMap<String, PrefixListFacts>,
    /// Groups that rules name, and all that could be named.
    pub(crate) peer_groups: Vec<PeerGroup>,
    pub(crate) peer_numbers: Map<String, u32>,
    pub(crate) detours: crate::peer_resolution::Detours,
    /// By group: interfaces that any snapshot shows with it, sorted.
    pub(crate) carriers: Vec<Vec<InterfaceIx>>,
    /// Interfaces whose groups some snapshot leaves open.
    pub(crate) open_carriers: Vec<InterfaceIx>,
    pub(crate) named_ports: crate::named_port::NamedPorts,
    pub(crate) flow_logs: Vec<FlowLog>,
    pub(crate) flow_logs_were_read: bool,
    pub(crate) mirror_targets: MirrorTargets,
    pub(crate) accounts: BTreeSet<String>,
    pub(crate) listings: InterfaceListings,
    /// The times of all snapshots that list interfaces or groups, in any scope.
    pub(crate) snapshot_times: Timeline,
    /// Until when later readings have said the same as the last snapshots, where that is known.
    pub(crate) confirmed_until: Option<Epoch>,
}

/// Of which accounts and regions interfaces were listed.
#[derive(Debug, Clone, Default)]
pub(crate) struct InterfaceListings {
    /// Account with region; no region: in all of them, as far as is known.
    pub of: BTreeSet<(String, Option<String>)>,
    pub any: bool,
}

impl Inventory {
    /// Reads files and folders of AWS CLI output and snapshots.
    ///
    /// Folders are searched for `*.json`, also below. Everything in all paths is one inventory.
    pub fn load(paths: &[PathBuf]) -> Result<Loaded, LoadError> {
        crate::assembly::assemble(read_paths(paths)?)
    }

    /// Reads texts as if they were files of these names.
    pub fn from_texts(texts: &[(&str, &str)]) -> Result<Loaded, LoadError> {
        let mut sources = Vec::new();
        for (name, text) in texts {
            let path = Path::new(name);
            let documents = read_documents(path, text.as_bytes())?;
            sources.push(Source { path: path.to_path_buf(), documents });
        }
        if sources.is_empty() {
            return Err(LoadError::NothingGiven);
        }
        crate::assembly::assemble(sources)
    }

    /// All groups of all snapshots, sorted by id; those that interfaces carry and nothing lists are among them
    /// ([`Group::rules_known`] is false).
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group with that number.
    ///
    /// The number must come from this inventory; that of another one gives some group or fails.
    pub fn group(&self, number: GroupIx) -> &Group {
        &self.groups[number.0 as usize]
    }

    /// The number of a group.
    pub fn group_ix(&self, id: &str) -> Option<GroupIx> {
        self.group_numbers.get(id).copied()
    }

    /// All interfaces of all snapshots, sorted by id.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The interface with that number, which must come from this inventory.
    pub fn interface(&self, number: InterfaceIx) -> &Interface {
        &self.interfaces[number.0 as usize]
    }

    /// The number of an interface, by its id as it stands in a log.
    pub fn interface_ix(&self, id: &[u8]) -> Option<InterfaceIx> {
        self.interface_numbers.get(id).copied()
    }

    /// Whether anything in the inventory belongs to the account.
    pub fn accounts_known(&self, account: &str) -> bool {
        self.accounts.contains(account)
    }

    /// Whether the VPC occurs anywhere in the inventory, except as the far end of a rule.
    pub fn vpc_is_ours(&self, vpc: &str) -> bool {
        self.vpc_numbers.contains_key(vpc)
    }

    /// Whether the interfaces of the account were read. An empty list counts where it is clear whose it is. Without an
    /// account: whether those of every account that the inventory knows were.
    pub fn has_interfaces_of(&self, account: Option<&str>) -> bool {
        match account {
            Some(account) => self.listings.of.iter().any(|(listed, _)| listed == account),
            None => self.listings.any && self.accounts.iter().all(|account| self.has_interfaces_of(Some(account))),
        }
    }

    /// The same for one region of the account, where regions are known.
    pub fn has_interfaces_in(&self, account: Option<&str>, region: Option<&str>) -> bool {
        let (Some(account), Some(region)) = (account, region) else {
            return self.has_interfaces_of(account);
        };
        let fits = |listed: &Option<String>| listed.as_deref().is_none_or(|listed| listed == region);
        self.listings.of.iter().any(|(listed, listed_region)| listed == account && fits(listed_region))
    }

    /// All snapshots, sorted; undated ones come first.
    pub fn snapshots(&self) -> Vec<SnapshotInfo> {
        self.snapshots.clone()
    }

    /// All flow logs, sorted by id.
    pub fn flow_logs(&self) -> &[FlowLog] {
        &self.flow_logs
    }

    /// Whether `describe-flow-logs` of some account and region was read; it may have had none.
    pub fn flow_logs_were_read(&self) -> bool {
        self.flow_logs_were_read
    }

    /// Prefix lists whose entries some snapshot has, by id, with what else is known of them.
    pub fn prefix_lists(&self) -> impl Iterator<Item = (&str, PrefixListFacts)> {
        self.list_numbers.keys().map(|id| (id.as_str(), self.list_facts.get(id).cloned().unwrap_or_default()))
    }

    /// Up to when what the inventory says is settled: the time of the last snapshot of the account and region that was seen
    /// longest ago, of its interfaces or of its groups. What it says about a later time the next snapshot may contradict.
    /// Where later readings found the same as the last snapshot (`ec2::Live`), the time of the last of these.
    ///
    /// [`UNDATED`], the greatest of all times, where snapshots have no date: they hold for all time. The same for an
    /// inventory that lists neither interfaces nor groups.
    pub fn settled_until(&self) -> Epoch {
        let lists = self.scopes.iter().flat_map(|scope| [&scope.interfaces, &scope.groups]);
        let last_times = lists.filter_map(|list| list.times.last()).copied();
        self.confirmed_until.or(last_times.min()).unwrap_or(UNDATED)
    }

    /// The rules that a group may have had at some time in the span: those of all relevant snapshots; of all snapshots
    /// if none of the relevant ones knows the group.
    pub fn rules_at(&self, group: GroupIx, span: Span) -> impl Iterator<Item = &Rule> {
        let group = self.group(group);
        let is_relevant = move |run: &crate::time::Run| {
            let range = self.scopes[run.scope as usize].groups.relevant(span);
            range.is_some_and(|range| run.overlap(range) > 0)
        };
        let is_known_then = group.presence.iter().any(is_relevant);
        group.rules_ever().filter(move |rule| !is_known_then || rule.presence.iter().any(is_relevant))
    }

    /// What is missing to tell whom the rule's peer means, as a sentence; none if it can be resolved.
    pub fn unresolved(&self, rule: &Rule) -> Option<String> {
        match (&rule.peer, rule.resolved) {
            (Peer::PrefixList(id), Resolved::Unknown) => Some(format!(
                "the entries of prefix list {id} are not in the inventory; add the output of `aws ec2 \
                 get-managed-prefix-list-entries --prefix-list-id {id}`, with its \"PrefixListId\""
            )),
            (_, Resolved::Group(number)) => self.peer_groups.get(number as usize)?.unresolved.clone(),
            _ => None,
        }
    }
}

impl SnapshotInfo {
    pub(crate) fn new(time: Epoch, account_id: Option<String>, region: Option<String>) -> SnapshotInfo {
        let captured_at = if time == UNDATED { None } else { Some(time) };
        SnapshotInfo { captured_at, account_id, region }
    }
}
