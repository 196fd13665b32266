//! A replay as JSON: `sgflow.replay/1`.

use super::model::{DeniedPort, Replay, Requests};
use crate::assemble;
use crate::rollup::Ledger;
use inventory::Direction;
use serde::Serialize;
use std::io::{self, Write};
use std::net::IpAddr;

/// The name of this form, which other programs look for.
pub const SCHEMA: &str = "sgflow.replay/1";

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    changed_groups: &'a [String],
    unknown_groups: &'a [String],
    replayed: Replayed,
    logs: Logs,
    denied: Vec<Item<'a>>,
    admitted: Vec<Item<'a>>,
}

/// Rules that go, and the requests that they allowed.
#[derive(Serialize)]
struct Replayed {
    rules: u64,
    requests: u64,
    assumed_replies: u64,
    untracked_answers: u64,
}

/// What was replayed, and what was lost of it.
#[derive(Serialize)]
struct Logs {
    records: u64,
    unparsed: u64,
    skipped: u64,
    incomplete: bool,
}

#[derive(Serialize)]
struct Item<'a> {
    certainty: &'static str,
    group_id: &'a str,
    group_name: &'a str,
    rule_id: &'a str,
    direction: &'static str,
    protocol: &'a str,
    port: Port,
    peer: IpAddr,
    records: u64,
    packets: u64,
    bytes: u64,
    first_seen: String,
    last_seen: String,
}

/// A number; `"32768-65535"` for some port of these; or null.
#[derive(Serialize)]
#[serde(untagged)]
enum Port {
    Known(u16),
    High(&'static str),
    None,
}

/// Writes the replay, indented by two spaces and with a line feed at its end. The same replay gives the same bytes.
///
/// # Errors
/// When `out` refuses the bytes.
pub fn write(replay: &Replay, ledger: &Ledger, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: SCHEMA,
        changed_groups: &replay.changed_groups,
        unknown_groups: &replay.unknown_groups,
        replayed: Replayed {
            rules: replay.replayed_rules,
            requests: replay.replayed_requests,
            assumed_replies: replay.assumed_replies,
            untracked_answers: replay.untracked_answers,
        },
        logs: Logs {
            records: ledger.records(),
            unparsed: ledger.unparsed_lines(),
            skipped: ledger.skipped,
            incomplete: ledger.incomplete(),
        },
        denied: replay.denied.iter().map(item).collect(),
        admitted: replay.admitted.iter().map(item).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

fn item(requests: &Requests) -> Item<'_> {
    let traffic = requests.traffic;
    Item {
        certainty: requests.certainty.name(),
        group_id: &requests.group_id,
        group_name: &requests.group_name,
        rule_id: &requests.rule_id,
        direction: match requests.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        },
        protocol: &requests.protocol,
        port: match requests.port {
            DeniedPort::Known(port) => Port::Known(port),
            DeniedPort::High => Port::High("32768-65535"),
            DeniedPort::None => Port::None,
        },
        peer: requests.peer,
        records: traffic.records,
        packets: traffic.packets,
        bytes: traffic.bytes,
        first_seen: rfc3339(traffic.first_seen),
        last_seen: rfc3339(traffic.last_seen),
    }
}

/// Epoch seconds as people and programs read them.
pub(super) fn rfc3339(seconds: u32) -> String {
    assemble::rfc3339(i64::from(seconds))
}
