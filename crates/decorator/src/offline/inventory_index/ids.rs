//! The `_id` of each document: that of the thing itself, so that loading again replaces.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::bulk::is_document_id;
use super::super::message::Message;
use super::fields::{Fields, Kind};

/// An id for each thing, in their order, and which of their own ids several things have.
pub struct Ids<'a> {
    /// No two are equal.
    pub of_documents: Vec<String>,
    /// Sorted.
    pub shared: BTreeSet<&'a str>,
}

/// The thing's own. Where several things have the same, which may happen where the inventory contradicts itself, none may replace the
/// other: they get what else tells them apart in front, `{account}/{group}/{id}` for rules, and only what is still the same is numbered.
///
/// # Errors
/// If OpenSearch takes no document with such an id.
pub fn document_ids<'a>(things: &'a [Fields<'_>]) -> Result<Ids<'a>, Box<Message>> {
    let mut holders: HashMap<&str, usize> = HashMap::new();
    for thing in things {
        *holders.entry(&thing.id).or_default() += 1;
    }
    let is_shared = |thing: &Fields<'_>| holders.get(&*thing.id) != Some(&1);
    // What has an id of its own keeps it, whatever is made for others.
    let mut taken: HashSet<String> =
        things.iter().filter(|thing| !is_shared(thing)).map(|thing| thing.id.to_string()).collect();
    let mut ids = Ids { of_documents: Vec::with_capacity(things.len()), shared: BTreeSet::new() };
    for thing in things {
        let mut id = thing.id.to_string();
        if is_shared(thing) {
            ids.shared.insert(&thing.id);
            let name = full_name(thing);
            id.clone_from(&name);
            let mut number = 2_usize;
            while !taken.insert(id.clone()) {
                id = format!("{name}/{number}");
                number += 1;
            }
        }
        if !is_document_id(&id) {
            let kind = thing.kind.name();
            let what =
                format!("the inventory has a {kind} whose id is empty or too long for OpenSearch: {:?}", thing.id);
            return Err(Box::new(
                Message::error(what).hint("correct it: ids of AWS are such as sgr-0a1b2c3d4e5f67890"),
            ));
        }
        ids.of_documents.push(id);
    }
    Ok(ids)
}

fn full_name(thing: &Fields<'_>) -> String {
    let group = thing.group_ids.first().filter(|_| thing.kind == Kind::Rule);
    let parts = [thing.account, group.copied(), Some(&*thing.id)];
    parts.into_iter().flatten().collect::<Vec<&str>>().join("/")
}
