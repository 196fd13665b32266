//! Rules that do not exist yet: drafts of our own, and whole groups as somebody proposes them.
//!
//! Both are resolved against an inventory, so that [`Inventory::allows`] says of them what it says of rules that exist: who would have
//! been in the peer group then, which entries the prefix list had.

use crate::error::LoadError;
use crate::group::GroupIx;
use crate::inventory::Inventory;
use crate::item::Place;
use crate::reading::{Source, read_documents, read_paths};
use crate::rule::{Direction, Peer, Protocol, Resolved, Rule, RulePorts};
use crate::rule_item::{Content, GroupItem, RuleItem};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// The first port that a rollup may drop.
const FIRST_HIGH_PORT: u16 = 32768;

/// The rules that some groups are to have: all of them, not only what changes. Groups that are not in it stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// By number of the group: its rules, in the order of their content.
    pub groups: BTreeMap<GroupIx, Vec<Rule>>,
    /// Groups that the inventory does not know, sorted: no traffic of theirs can be judged.
    pub unknown_groups: Vec<String>,
}

/// What the documents say of one group.
struct Sayings {
    /// `IpPermissions` and `IpPermissionsEgress`.
    permissions: Option<Vec<RuleItem>>,
    /// Items of `SecurityGroupRules`.
    rules: Option<Vec<RuleItem>>,
    /// The file that names the group first.
    path: PathBuf,
}

impl Proposal {
    /// Reads `SecurityGroups` and `SecurityGroupRules` as `aws ec2 describe-*` prints them, from files or folders.
    ///
    /// Of a group that is named, what is listed are all the rules it is to have.
    ///
    /// # Errors
    /// As [`Inventory::load`]; and [`LoadError::Proposal`] for a group whose rules are not listed, or are listed twice and differently.
    pub fn load(paths: &[PathBuf], inventory: &Inventory) -> Result<Proposal, LoadError> {
        Self::read(read_paths(paths)?, inventory)
    }

    /// Reads texts as if they were files of these names.
    ///
    /// # Errors
    /// As [`Proposal::load`].
    pub fn from_texts(texts: &[(&str, &str)], inventory: &Inventory) -> Result<Proposal, LoadError> {
        let mut sources = Vec::new();
        for (name, text) in texts {
            let path = Path::new(name);
            sources.push(Source { path: path.to_path_buf(), documents: read_documents(path, text.as_bytes())? });
        }
        Self::read(sources, inventory)
    }

    fn read(sources: Vec<Source>, inventory: &Inventory) -> Result<Proposal, LoadError> {
        let mut said: BTreeMap<String, Sayings> = BTreeMap::new();
        let mut lists_rules = false;
        let mut is_whole = false;
        let first = sources.first().map(|source| source.path.clone()).unwrap_or_default();
        for Source { path, documents } in sources {
            for document in documents {
                if document.next_token.is_some() {
                    let problem = "is one page of several (it has a NextToken); what the other pages list would count as taken \
                                   away; run the command again without --no-paginate and --max-items";
                    return Err(LoadError::Proposal { path, problem: problem.to_owned() });
                }
                is_whole |= document.security_groups.is_some() && document.security_group_rules.is_some();
                let place = |key, index| Place { path: &path, key, index };
                // Groups that are listed without permissions.
                let mut bare = Vec::new();
                for (index, item) in document.security_groups.into_iter().flatten().enumerate() {
                    let item = GroupItem::read(item, place("SecurityGroups", index))?;
                    let known = said.entry(item.id.clone()).or_insert_with(|| Sayings::new(&path));
                    if !item.has_permissions {
                        if !item.rules.is_empty() {
                            let problem = format!(
                                "group {} has one of IpPermissions and IpPermissionsEgress; give both, be one of them empty",
                                item.id
                            );
                            return Err(LoadError::Proposal { path, problem });
                        }
                        bare.push(item.id);
                        continue;
                    }
                    if known.permissions.as_ref().is_some_and(|other| contents(other) != contents(&item.rules)) {
                        return Err(differently(&item.id, path, "twice in SecurityGroups"));
                    }
                    known.permissions = Some(item.rules);
                }
                let Some(rules) = document.security_group_rules else {
                    continue;
                };
                lists_rules = true;
                // A group without rules is in the first list alone.
                let mut by_group: BTreeMap<String, Vec<RuleItem>> = BTreeMap::new();
                by_group.extend(bare.into_iter().map(|id| (id, Vec::new())));
                for (index, item) in rules.into_iter().enumerate() {
                    let (group, _, rule) = RuleItem::read(item, place("SecurityGroupRules", index))?;
                    by_group.entry(group).or_default().push(rule);
                }
                for (group, rules) in by_group {
                    let known = said.entry(group.clone()).or_insert_with(|| Sayings::new(&path));
                    let known = known.rules.get_or_insert_with(|| rules.clone());
                    if contents(known) != contents(&rules) {
                        return Err(differently(&group, path, "twice in SecurityGroupRules"));
                    }
                    known.extend(rules);
                }
            }
        }
        // A plan that changes nothing names no group, and has both lists.
        if said.is_empty() && !is_whole {
            let problem = "names no security group; give SecurityGroups or SecurityGroupRules".to_owned();
            return Err(LoadError::Proposal { path: first, problem });
        }
        let mut proposal = Proposal::default();
        for (id, sayings) in said {
            let rules = sayings.settle(&id, lists_rules)?;
            let Some(group) = inventory.group_ix(&id) else {
                proposal.unknown_groups.push(id);
                continue;
            };
            let mut by_content: BTreeMap<Content, Rule> = BTreeMap::new();
            for item in rules {
                let content = item.content.clone();
                let mut rule = inventory.draft(group, content.direction, content.protocol, content.ports, item.peer);
                rule.id = item.id.unwrap_or(rule.id);
                rule.description = item.description;
                rule.tags = item.tags;
                match by_content.entry(content) {
                    Entry::Vacant(place) => drop(place.insert(rule)),
                    // Listed twice: whichever file comes first, the same one stays.
                    Entry::Occupied(mut known) => {
                        let order = |rule: &Rule| (!rule.has_own_id(), rule.id.clone(), rule.description.clone());
                        if order(&rule) < order(known.get()) {
                            known.insert(rule);
                        }
                    }
                }
            }
            proposal.groups.insert(group, by_content.into_values().collect());
        }
        Ok(proposal)
    }

    /// Ranges of ports from 32768 that its TCP and UDP rules single out: a rollup must keep these beside [`Inventory::kept_ports`], or
    /// it cannot tell what the rules allow. In any order; they may overlap.
    pub fn kept_ports(&self) -> Vec<RangeInclusive<u16>> {
        let mut ranges = Vec::new();
        for rule in self.groups.values().flatten() {
            let RulePorts::Range { from, to } = rule.ports else { continue };
            if to >= FIRST_HIGH_PORT && !rule.covers_ephemeral() {
                ranges.push(from.max(FIRST_HIGH_PORT)..=to);
            }
        }
        ranges
    }

    /// Why a rule that is proposed for a group and that the group lacks cannot be told to allow anybody surely: what is missing, with the
    /// cure, by group and rule. In the order of groups and rules.
    pub fn unresolved<'a>(&'a self, inventory: &Inventory) -> Vec<(&'a Rule, String)> {
        let mut missing = Vec::new();
        for (group, rules) in &self.groups {
            let known = &inventory.group(*group).rules;
            for rule in rules.iter().filter(|rule| !known.iter().any(|known| known.has_content_of(rule))) {
                let reason = match (&rule.peer, rule.resolved) {
                    (Peer::Group { id, .. }, Resolved::Unknown) => Some(format!(
                        "group {id} is not in the inventory; add the output of `aws ec2 describe-security-groups` and of `aws ec2 \
                         describe-network-interfaces` of its account, or correct the id"
                    )),
                    _ => inventory.unresolved(rule),
                };
                missing.extend(reason.map(|reason| (rule, reason)));
            }
        }
        missing
    }
}

impl Sayings {
    fn new(path: &Path) -> Sayings {
        Sayings { permissions: None, rules: None, path: path.to_path_buf() }
    }

    /// The one list of rules that is meant.
    fn settle(self, id: &str, lists_rules: bool) -> Result<Vec<RuleItem>, LoadError> {
        let path = self.path;
        match (self.permissions, self.rules) {
            (Some(permissions), Some(rules)) if contents(&permissions) != contents(&rules) => {
                Err(differently(id, path, "in SecurityGroups and in SecurityGroupRules"))
            }
            // These have ids and tags.
            (_, Some(rules)) => Ok(rules),
            (Some(permissions), None) if permissions.is_empty() || !lists_rules => Ok(permissions),
            (Some(_), None) => Err(differently(id, path, "in SecurityGroups and, with none, in SecurityGroupRules")),
            (None, None) if lists_rules => Ok(Vec::new()),
            (None, None) => {
                let problem =
                    format!("group {id} has neither IpPermissions with IpPermissionsEgress nor SecurityGroupRules");
                Err(LoadError::Proposal { path, problem })
            }
        }
    }
}

fn contents(rules: &[RuleItem]) -> std::collections::BTreeSet<&Content> {
    rules.iter().map(|rule| &rule.content).collect()
}

fn differently(id: &str, path: PathBuf, place: &str) -> LoadError {
    let problem = format!("the rules of group {id} are listed {place}, and differ; leave one of the lists out");
    LoadError::Proposal { path, problem }
}

impl Inventory {
    /// A rule of a group that does not exist yet, or may not: its id is made from its content.
    pub fn draft(
        &self,
        group: GroupIx,
        direction: Direction,
        protocol: Option<Protocol>,
        ports: RulePorts,
        peer: Peer,
    ) -> Rule {
        let bare = match &peer {
            Peer::Group { id, .. } => Peer::Group { id: id.clone(), owner: None, vpc: None },
            other => other.clone(),
        };
        let content = Content { direction, protocol, ports, peer: bare };
        let may_be_bypassed = self.may_bypass(&self.group(group).usable_vpcs, direction, &peer);
        Rule {
            id: content.id(&self.group(group).id),
            group,
            direction,
            protocol,
            ports,
            resolved: self.resolve(&peer),
            peer,
            description: String::new(),
            tags: Vec::new(),
            exists_since: None,
            disputed: false,
            may_be_bypassed,
            presence: Vec::new(),
        }
    }
}

impl Rule {
    /// Whether two rules of one group are the same rule to AWS: direction, protocol, ports and peer.
    pub fn has_content_of(&self, other: &Rule) -> bool {
        let same_peer = match (&self.peer, &other.peer) {
            (Peer::Group { id, .. }, Peer::Group { id: other, .. }) => id == other,
            (peer, other) => peer == other,
        };
        same_peer && self.direction == other.direction && self.protocol == other.protocol && self.ports == other.ports
    }
}
