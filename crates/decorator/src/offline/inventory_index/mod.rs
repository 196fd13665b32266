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
//! - The `_id` is that of the thing itself, so that loading again replaces, unless ids collide ([`ids`]). What is gone since then stays in
//!   the index with its old `@timestamp`, until somebody deletes it or the index.
//! - A rule's use does not always show in documents of flows. Where something about the rule, its group, its peer or their logs keeps it from
//!   showing, `rule-blind-spot` says why, in a few words, and who lists rules without a hit must set these apart. Without one, the rule is
//!   named by every TCP record that surely is a request, where interface, groups and addresses are certain: what may befall any record
//!   ([`blind_spot`]) cannot be told of rules.
//! - A rule for which the inventory has no id of AWS's has no `security-group-rule-ids`, for no document of a flow can name it either.

mod blind_spot;
mod fields;
mod ids;
mod logged;
mod remarks;
mod things;
mod wording;

use std::io;

use super::bulk::IndexName;
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
    let ids = ids::document_ids(&things)?;
    let mut output = Output::open(arguments.out.as_deref()).map_err(|error| cannot_write(arguments, &error))?;
    match write(arguments, index, &things, &ids.of_documents, &mut output) {
        // The reader of the output has gone, which is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Fine),
        Err(error) => return Err(cannot_write(arguments, &error)),
        Ok(()) => {}
    }
    output.finish().map_err(|error| cannot_write(arguments, &error))?;
    if !arguments.quiet {
        for warning in remarks::warnings(&inventory, &things, &ids.shared) {
            warning.print();
        }
        Message::note(format!("{} written for the index {index}", remarks::summary(&things))).print();
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
