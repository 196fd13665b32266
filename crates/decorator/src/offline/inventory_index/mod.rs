//! The inventory as documents: what exists, beside the flows that tell what was used.
//!
//! An index of flows cannot show a rule without traffic, for nothing in it names that rule. So what the last snapshot of each account and
//! region holds is written as the body of a `_bulk` request, one document for each group, interface and rule:
//!
//! ```json
//! {"index":{"_index":"sgflow-inventory","_id":"sgr-0a1"}}
//! {"@timestamp":"2026-03-01T00:00:00Z","kind":"rule","account-id":"123456789012","region":"eu-west-1","vpc-id":"vpc-1",
//!  "security-group-ids":["sg-0b2"],"security-group-names":["web"],"security-group-rule-ids":["sgr-0a1"],"direction":"inbound",
//!  "rule-protocol":"tcp","rule-from-port":443,"rule-to-port":443,"rule-peer":"0.0.0.0/0","rule-description":"shop",
//!  "rule-text":"tcp 443 from 0.0.0.0/0"}
//! ```
//!
//! - Fields that documents of flows have too ([`crate::document`]) bear the same names, in both schemas.
//! - The `_id` is that of the thing itself, so that loading again replaces. What is gone since then stays in the index with its old
//!   `@timestamp`, until somebody deletes it or the index.
//! - A rule's use does not always show in documents of flows. Where it cannot, `rule-blind-spot` says why, in a few words ([`wording`]), and
//!   who lists rules without a hit must set these apart.
//! - A rule for which the inventory has no id of AWS's has no `security-group-rule-ids`, for no document of a flow can name it either.

mod fields;
mod things;
mod wording;

use std::collections::{HashMap, HashSet};
use std::io;

use inventory::Inventory;

use super::bulk::{IndexName, is_document_id};
use super::cli::{Arguments, Exit};
use super::logs::Logs;
use super::message::Message;
use super::output::Output;
use super::{cannot_write, check_is_no_input, load_inventory};
use fields::Fields;

/// Bytes after which what is rendered is written.
const BATCH: usize = 128 * 1024;

/// Writes the inventory.
pub fn run(arguments: &Arguments, index: &IndexName) -> Result<Exit, Box<Message>> {
    if let Some(out) = &arguments.out {
        check_is_no_input(out, arguments, &Logs::default())?;
    }
    let inventory = load_inventory(arguments)?;
    let things = things::list(&inventory);
    if things.is_empty() {
        let message = Message::error("the last snapshots of the inventory hold no group, no interface and no rule");
        return Err(Box::new(message.hint("check that it is of the right account and region")));
    }
    let ids = document_ids(&things)?;
    let mut output = Output::open(arguments.out.as_deref()).map_err(|error| cannot_write(arguments, &error))?;
    match write(arguments, index, &things, &ids, &mut output) {
        // The reader of the output has gone, which is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Fine),
        Err(error) => return Err(cannot_write(arguments, &error)),
        Ok(()) => {}
    }
    output.finish().map_err(|error| cannot_write(arguments, &error))?;
    if !arguments.quiet {
        say_what_was_written(&inventory, index, &things);
    }
    Ok(Exit::Fine)
}

fn write(
    arguments: &Arguments,
    index: &IndexName,
    things: &[Fields<'_>],
    ids: &[String],
    output: &mut Output,
) -> io::Result<()> {
    let schema = arguments.output_schema.into();
    let mut batch = Vec::with_capacity(BATCH + BATCH / 8);
    for (thing, id) in things.iter().zip(ids) {
        batch.extend_from_slice(&index.index_line(id));
        thing.write(schema, &mut batch)?;
        batch.push(b'\n');
        if batch.len() >= BATCH {
            output.write(&batch)?;
            batch.clear();
        }
    }
    output.write(&batch)
}

/// An id for each document: the thing's own. Where several things have the same, which may happen to rules where the inventory
/// contradicts itself, none may replace the other: they get their account in front, and what is still the same is numbered.
fn document_ids(things: &[Fields<'_>]) -> Result<Vec<String>, Box<Message>> {
    let mut holders: HashMap<&str, usize> = HashMap::new();
    for thing in things {
        *holders.entry(&thing.id).or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut ids = Vec::with_capacity(things.len());
    for thing in things {
        let is_only_one = holders.get(&*thing.id) == Some(&1);
        let name = match thing.account {
            Some(account) if !is_only_one => format!("{account}/{}", thing.id),
            _ => thing.id.to_string(),
        };
        let mut id = name.clone();
        let mut number = 2_usize;
        while taken.contains(&id) {
            id = format!("{name}/{number}");
            number += 1;
        }
        if !is_document_id(&id) {
            let kind = thing.kind.name();
            let what =
                format!("the inventory has a {kind} whose id is empty or too long for OpenSearch: {:?}", thing.id);
            return Err(Box::new(
                Message::error(what).hint("correct it: ids of AWS are such as sgr-0a1b2c3d4e5f67890"),
            ));
        }
        taken.insert(id.clone());
        ids.push(id);
    }
    Ok(ids)
}

fn say_what_was_written(inventory: &Inventory, index: &IndexName, things: &[Fields<'_>]) {
    let count = |kind| things.iter().filter(|thing| thing.kind == kind).count();
    let nameless = things.iter().filter(|thing| thing.has_derived_id).count();
    if nameless > 0 {
        Message::warning(format!("{}, so documents of flows cannot name them", has_no_id(nameless)))
            .hint("add the output of `aws ec2 describe-security-group-rules` to the inventory")
            .print();
    }
    let unknown = inventory.groups().iter().filter(|group| group.in_last_snapshot && !group.rules_known).count();
    if unknown > 0 {
        let groups = if unknown == 1 { "1 group is".to_owned() } else { format!("{unknown} groups are") };
        Message::warning(format!("{groups} listed without rules, which are left out as unknown")).print();
    }
    Message::note(format!(
        "{}, {} and {} written for the index {index}",
        counted(count(fields::Kind::Rule), "rule"),
        counted(count(fields::Kind::Interface), "interface"),
        counted(count(fields::Kind::Group), "group"),
    ))
    .print();
}

fn has_no_id(count: usize) -> String {
    if count == 1 {
        "1 rule has no id in the inventory".to_owned()
    } else {
        format!("{count} rules have no id in the inventory")
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
