//! Rules that do not exist yet: drafts of our own, and whole groups as somebody proposes them.
//!
//! Both are resolved against an inventory, so that [`Inventory::allows`] says of them what it says of rules that exist: who would have
//! been in the peer group then, which entries the prefix list had.

use crate::error::LoadError;
use crate::group::GroupIx;
use crate::inventory::Inventory;
use crate::item::Place;
use crate::reading::{Source, read_documents, read_paths};
use crate::rule::{Direction, Peer, Protocol, Rule, RulePorts};
use crate::rule_item::{Content, GroupItem, RuleItem};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rules that some groups are to have: all of them, not only what changes. Groups that are not in it stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// By number of the group: its rules, in the order of their content.
    pub groups: BTreeMap<GroupIx, Vec<Rule>>,
    /// Groups that the inventory does not know, sorted: no traffic of theirs can be judged.
    pub unknown_groups: Vec<String>,
}

/// What the documents say of one group.
#[derive(Default)]
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
        let first = sources.first().map(|source| source.path.clone()).unwrap_or_default();
        for Source { path, documents } in sources {
            for document in documents {
                let place = |key, index| Place { path: &path, key, index };
                for (index, item) in document.security_groups.into_iter().flatten().enumerate() {
                    let item = GroupItem::read(item, place("SecurityGroups", index))?;
                    let known = said.entry(item.id.clone()).or_default();
                    known.path.clone_from(&path);
                    if !item.has_permissions {
                        if !item.rules.is_empty() {
                            let problem = format!(
                                "group {} has one of IpPermissions and IpPermissionsEgress; give both, be one of them empty",
                                item.id
                            );
                            return Err(LoadError::Proposal { path, problem });
                        }
                        continue;
                    }
                    if known.permissions.as_ref().is_some_and(|other| contents(other) != contents(&item.rules)) {
                        return Err(differently(&item.id, path, "twice in SecurityGroups"));
                    }
                    known.permissions = Some(item.rules);
                }
                lists_rules |= document.security_group_rules.is_some();
                for (index, item) in document.security_group_rules.into_iter().flatten().enumerate() {
                    let (group, _, rule) = RuleItem::read(item, place("SecurityGroupRules", index))?;
                    let known = said.entry(group).or_default();
                    known.path.clone_from(&path);
                    known.rules.get_or_insert_default().push(rule);
                }
            }
        }
        if said.is_empty() {
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
                by_content.entry(content).or_insert(rule);
            }
            proposal.groups.insert(group, by_content.into_values().collect());
        }
        Ok(proposal)
    }
}

impl Sayings {
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
