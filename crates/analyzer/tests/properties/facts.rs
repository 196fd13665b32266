//! A fact of the inventory that is not known never makes a rule unused that was not.

use crate::chance::Chance;
use crate::network::{Network, assert_none};
use serde_json::Value;
use std::collections::BTreeMap;

type Documents = BTreeMap<String, Value>;

/// What is not known any more.
#[derive(Clone, Copy, Debug)]
enum Fact {
    Interface,
    Groups,
    InterfaceType,
    RequesterManaged,
    AttachTime,
    Entries,
    Vpcs,
    Subnets,
    FlowLogs,
    TrafficType,
    AggregationInterval,
    InterfacesOfAccount,
    MirrorTargets,
}

const FACTS: &[Fact] = &[
    Fact::Interface,
    Fact::Interface,
    Fact::Interface,
    Fact::Groups,
    Fact::Groups,
    Fact::Groups,
    Fact::InterfaceType,
    Fact::InterfaceType,
    Fact::RequesterManaged,
    Fact::RequesterManaged,
    Fact::AttachTime,
    Fact::AttachTime,
    Fact::Entries,
    Fact::Vpcs,
    Fact::Subnets,
    Fact::FlowLogs,
    Fact::TrafficType,
    Fact::AggregationInterval,
    Fact::InterfacesOfAccount,
    Fact::MirrorTargets,
];

impl Fact {
    /// Takes the fact out of all files; tells of what, or nothing if it was not there.
    fn forget(self, documents: &mut Documents, chance: &mut Chance) -> Option<String> {
        match self {
            Fact::Interface => {
                let id = one_id(documents, "NetworkInterfaces", "NetworkInterfaceId", chance)?;
                for list in lists(documents, "NetworkInterfaces") {
                    list.retain(|item| item["NetworkInterfaceId"] != id);
                }
                Some(id)
            }
            Fact::Groups => of_one_interface(documents, "Groups", chance),
            Fact::InterfaceType => of_one_interface(documents, "InterfaceType", chance),
            Fact::RequesterManaged => of_one_interface(documents, "RequesterManaged", chance),
            Fact::AttachTime => {
                let id = one_id(documents, "NetworkInterfaces", "NetworkInterfaceId", chance)?;
                let mut forgotten = None;
                for item in lists(documents, "NetworkInterfaces").flatten() {
                    if item["NetworkInterfaceId"] != id || item["Attachment"]["InstanceId"].is_null() {
                        continue;
                    }
                    let attachment = item["Attachment"].as_object_mut()?;
                    forgotten = attachment.remove("AttachTime").map(|_| id.clone()).or(forgotten);
                }
                forgotten
            }
            Fact::Entries => {
                let id = one_id(documents, "PrefixLists", "PrefixListId", chance)?;
                let mut forgotten = None;
                for item in lists(documents, "PrefixLists").flatten().filter(|item| item["PrefixListId"] == id) {
                    forgotten = item.as_object_mut()?.remove("Entries").map(|_| id.clone()).or(forgotten);
                }
                forgotten
            }
            Fact::Vpcs => some_or_all(documents, "Vpcs", "VpcId", chance),
            Fact::Subnets => some_or_all(documents, "Subnets", "SubnetId", chance),
            Fact::FlowLogs => some_or_all(documents, "FlowLogs", "FlowLogId", chance),
            Fact::TrafficType => of_all(documents, "FlowLogs", "TrafficType"),
            Fact::AggregationInterval => of_all(documents, "FlowLogs", "MaxAggregationInterval"),
            Fact::InterfacesOfAccount => interfaces_of_account(documents, chance),
            Fact::MirrorTargets => {
                let mut found = false;
                for document in documents.values_mut() {
                    found |= document.as_object_mut()?.remove("TrafficMirrorTargets").is_some();
                }
                found.then(|| "all".to_owned())
            }
        }
    }
}

/// The lists of all files under a key.
fn lists<'a>(documents: &'a mut Documents, key: &str) -> impl Iterator<Item = &'a mut Vec<Value>> {
    documents.values_mut().filter_map(move |document| document.get_mut(key)?.as_array_mut())
}

fn one_id(documents: &mut Documents, key: &str, id: &str, chance: &mut Chance) -> Option<String> {
    let ids: Vec<String> =
        lists(documents, key).flatten().filter_map(|item| Some(item[id].as_str()?.to_owned())).collect();
    if ids.is_empty() { None } else { Some(chance.pick(&ids).clone()) }
}

/// Of one interface, in every snapshot or in one alone.
fn of_one_interface(documents: &mut Documents, key: &str, chance: &mut Chance) -> Option<String> {
    let id = one_id(documents, "NetworkInterfaces", "NetworkInterfaceId", chance)?;
    let mut listed: Vec<&mut Value> = lists(documents, "NetworkInterfaces")
        .flatten()
        .filter(|item| item["NetworkInterfaceId"] == id && item.get(key).is_some())
        .collect();
    if listed.is_empty() {
        return None;
    }
    let chosen = if chance.one_in(2) { Some(chance.below(0..listed.len())) } else { None };
    for (number, item) in listed.iter_mut().enumerate() {
        if chosen.is_none_or(|chosen| chosen == number) {
            item.as_object_mut()?.remove(key);
        }
    }
    Some(format!("{id} in {}", chosen.map_or("all".to_owned(), |number| format!("listing {number}"))))
}

/// One item of a list, or the list itself.
fn some_or_all(documents: &mut Documents, key: &str, id: &str, chance: &mut Chance) -> Option<String> {
    let chosen = one_id(documents, key, id, chance)?;
    if chance.one_in(2) {
        for list in lists(documents, key) {
            list.retain(|item| item[id] != chosen);
        }
        return Some(chosen);
    }
    for document in documents.values_mut() {
        document.as_object_mut()?.remove(key);
    }
    Some("all".to_owned())
}

fn of_all(documents: &mut Documents, list: &str, key: &str) -> Option<String> {
    let mut found = false;
    for item in lists(documents, list).flatten() {
        found |= item.as_object_mut()?.remove(key).is_some();
    }
    found.then(|| "all".to_owned())
}

/// An account whose interfaces nobody asked for: a list that would be empty is no list.
fn interfaces_of_account(documents: &mut Documents, chance: &mut Chance) -> Option<String> {
    let account = one_id(documents, "NetworkInterfaces", "OwnerId", chance)?;
    for document in documents.values_mut() {
        let Some(list) = document.get_mut("NetworkInterfaces").and_then(Value::as_array_mut) else {
            continue;
        };
        list.retain(|item| item["OwnerId"] != account);
        if list.is_empty() {
            document.as_object_mut()?.remove("NetworkInterfaces");
        }
    }
    Some(account)
}

#[test]
fn a_fact_less_proves_nothing() {
    let (mut found, mut tried) = (Vec::new(), 0);
    for network in Network::all(1..=5) {
        let mut chance = Chance::new(tried as u64 + 3);
        for fact in FACTS {
            let mut documents = network.documents.clone();
            let Some(of) = fact.forget(&mut documents, &mut chance) else {
                continue;
            };
            // A file that says nothing any more would not be there.
            documents.retain(|_, document| document.as_object().is_some_and(|keys| !keys.is_empty()));
            let report = network.with_documents(&documents);
            tried += 1;
            found.extend(network.newly_unused(&format!("without {fact:?} of {of}"), &report));
        }
    }
    assert_none(&found, tried);
}
