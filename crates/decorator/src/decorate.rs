//! From a record to its document.
//!
//! ```
//! use decorator::decorate::{DecorateOptions, Decorator, Schema};
//! use enrich::{Atlas, Sources};
//! use flowlog::Format;
//! use inventory::Inventory;
//! use std::sync::Arc;
//!
//! let loaded = Inventory::from_texts(&[(
//!     "inventory.json",
//!     r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "PrivateIpAddress": "172.31.16.21",
//!         "Groups": [{"GroupId": "sg-1"}]}],
//!         "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "bastion"}]}"#,
//! )])?;
//! let atlas = Atlas::open(&Sources::default())?;
//! let options = DecorateOptions { schema: Schema::Classic, rule_ids: false };
//! let mut decorator = Decorator::new(options, Arc::new(loaded.inventory), Arc::new(atlas));
//!
//! let format = Format::from_template("${interface-id} ${srcaddr} ${dstaddr} ${dstport} ${end}")?;
//! let line = b"eni-1 172.31.16.139 172.31.16.21 22 1418530070";
//! let mut document = Vec::new();
//! decorator.decorate(&format.parse(line)?, &format, line, None, &mut document);
//! assert!(document.starts_with(br#"{"@timestamp":"2014-12-14T04:07:50Z","interface-id":"eni-1","#));
//! assert!(document.ends_with(br#""security-group-names":["bastion"],"direction":"inbound","flow-role":"ambiguous"}"#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::document::classic::{self, ClassicColumns};
use crate::document::ecs;
use crate::document::interface::Interfaces;
use crate::document::moment::Clock;
use crate::document::place::Places;
use crate::document::rules::{RulePlace, Rules};
use crate::document::{Decoration, Desk, EcsColumns};
use crate::role::{FlowRole, RawFlags};
use enrich::Atlas;
use flowlog::direction::from_own_address;
use flowlog::{FlowDirection, Format, Record};
use inventory::{Direction, Epoch, InterfaceIx, Inventory, Port, Protocol, Query, Span, UNDATED};
use std::net::IpAddr;
use std::sync::Arc;

/// The shape of documents; [`crate::document`] describes both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// AWS's own field names, hyphenated.
    Classic,
    /// Elastic Common Schema, as Elastic's integration "AWS VPC Flow" writes it.
    Ecs,
}

impl Schema {
    /// Whether it has a place for records of transit gateways, which know neither interfaces nor security groups.
    pub fn takes_transit_gateways(self) -> bool {
        self == Schema::Ecs
    }
}

/// What documents look like.
#[derive(Clone, Copy, Debug)]
pub struct DecorateOptions {
    /// Their shape.
    pub schema: Schema,
    /// Whether rules are looked up. It gives requests the ids of the rules that surely allow them, and makes a `reply` of what was
    /// accepted though no rule that the interface may have had would let it through as a request; but not of a record that ends after the
    /// inventory was last read, for a rule may have come since. Without, `flow-role` rests on TCP flags alone.
    pub rule_ids: bool,
}

/// What decorating found missing, for counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decorated {
    /// The record names an interface that the inventory lacks.
    pub unknown_interface: bool,
    /// The record tells of traffic, and nothing tells which way it went.
    pub undetermined_direction: bool,
}

/// Makes documents of records. It remembers what it rendered, and which accounts' flow logs write raw TCP flags, so it is made once and
/// used by one thread.
pub struct Decorator {
    options: DecorateOptions,
    inventory: Arc<Inventory>,
    /// Up to when no later snapshot can contradict the inventory.
    settled_until: Epoch,
    raw_flags: RawFlags,
    columns: Option<Columns>,
    interfaces: Interfaces,
    rules: Rules,
    desk: Desk,
    /// Rules that surely allow the record at hand.
    allowing: Vec<RulePlace>,
}

/// The columns of the last format: logs of many formats come one after another, not mixed.
enum Columns {
    Classic(ClassicColumns),
    Ecs(EcsColumns),
}

/// `start` lags behind the first packet by up to a minute (VPC User Guide, "Flow log records", `start`).
const LAG: i64 = 60;

/// The longest aggregation interval (VPC User Guide, "Aggregation interval").
const LONGEST: i64 = 600;

/// How long a record may take from its first packet to Firehose: an interval of ten minutes, five to ten more for the delivery ("Aggregation
/// interval" again, which calls that a best effort), and the rest to spare.
const LONGEST_WAY: i64 = 3600;

impl Decorator {
    /// A decorator that remembers nothing yet.
    pub fn new(options: DecorateOptions, inventory: Arc<Inventory>, atlas: Arc<Atlas>) -> Decorator {
        Decorator {
            options,
            settled_until: inventory.settled_until(),
            inventory,
            raw_flags: RawFlags::default(),
            columns: None,
            interfaces: Interfaces::new(options.schema),
            rules: Rules::default(),
            desk: Desk { places: Places::new(atlas, options.schema), clock: Clock::new() },
            allowing: Vec::new(),
        }
    }

    /// Whether records of transit gateways become documents. Only those in ECS have a place for them.
    pub fn takes_transit_gateways(&self) -> bool {
        self.options.schema.takes_transit_gateways()
    }

    /// Takes another inventory; with the one that it has, nothing happens.
    pub fn set_inventory(&mut self, inventory: Arc<Inventory>) {
        if Arc::ptr_eq(&self.inventory, &inventory) {
            return;
        }
        self.settled_until = inventory.settled_until();
        self.inventory = inventory;
        self.interfaces.clear();
        self.rules.clear();
    }

    /// Appends one JSON object, without a line end. `line` is the text that the record was parsed from with `format`; `arrived` is when it
    /// came to Firehose, in epoch milliseconds.
    pub fn decorate(
        &mut self,
        record: &Record<'_>,
        format: &Format,
        line: &[u8],
        arrived: Option<i64>,
        out: &mut Vec<u8>,
    ) -> Decorated {
        let inventory = Arc::clone(&self.inventory);
        let number = record.interface_id.and_then(|id| inventory.interface_ix(id));
        let span = span_of(record, arrived);
        let interface = number.and_then(|number| self.interfaces.at(&inventory, number, span));

        let mut direction = None;
        let mut role = None;
        self.allowing.clear();
        // Through a gateway every flow goes in and out, and its flags say nothing about how flow logs of interfaces write theirs.
        let is_judged = record.has_traffic() && !format.is_transit_gateway();
        if is_judged {
            direction = direction_of(record, number, &inventory);
            let asked = match (interface, self.options.rule_ids) {
                (Some(interface), true) => query_of(record, direction, span).map(|query| (interface, query)),
                _ => None,
            };
            let rules = &mut self.rules;
            let is_settled = span.to <= self.settled_until;
            let refused =
                || is_settled && asked.is_some_and(|(interface, query)| rules.refuse(&inventory, interface, &query));
            let found = FlowRole::of(record, &mut self.raw_flags, refused);
            if found == FlowRole::Request
                && let Some((interface, query)) = asked
            {
                self.rules.find_allowing(&inventory, interface, &query, &mut self.allowing);
            }
            role = Some(found);
        }

        let decoration = Decoration {
            record,
            line,
            arrived,
            interface,
            rules: &self.allowing,
            inventory: &inventory,
            direction,
            role,
        };
        let is_compiled = match &self.columns {
            Some(Columns::Classic(columns)) => columns.are_of(format),
            Some(Columns::Ecs(columns)) => columns.are_of(format),
            None => false,
        };
        if !is_compiled {
            self.columns = None;
        }
        let schema = self.options.schema;
        let columns = self.columns.get_or_insert_with(|| match schema {
            Schema::Classic => Columns::Classic(ClassicColumns::of(format)),
            Schema::Ecs => Columns::Ecs(EcsColumns::of(format)),
        });
        match columns {
            Columns::Classic(columns) => classic::write(columns, &mut self.desk, &decoration, out),
            Columns::Ecs(columns) => ecs::write(columns, &mut self.desk, &decoration, out),
        }
        Decorated {
            unknown_interface: record.interface_id.is_some() && number.is_none(),
            undetermined_direction: is_judged && direction.is_none(),
        }
    }
}

/// The time that a record may speak of. Without any time it is all time, so that nothing is taken for sure that ever changed.
fn span_of(record: &Record<'_>, arrived: Option<i64>) -> Span {
    let (from, to) = match (record.start.map(i64::from), record.end.map(i64::from), arrived) {
        (Some(start), Some(end), _) => (start - LAG, end.max(start)),
        (Some(start), None, _) => (start - LAG, start + LONGEST),
        (None, Some(end), _) => (end - LONGEST - LAG, end),
        (None, None, Some(millis)) => {
            let arrived = millis.div_euclid(1000);
            (arrived - LONGEST_WAY, arrived)
        }
        (None, None, None) => (0, UNDATED),
    };
    Span { from, to }
}

/// The addresses of the two ends; the packet's own where the format lacks those of the record.
fn ends(record: &Record<'_>) -> (Option<IpAddr>, Option<IpAddr>) {
    (record.src_addr.or(record.pkt_src_addr), record.dst_addr.or(record.pkt_dst_addr))
}

fn direction_of(record: &Record<'_>, number: Option<InterfaceIx>, inventory: &Inventory) -> Option<FlowDirection> {
    if record.flow_direction.is_some() {
        return record.flow_direction;
    }
    let number = number?;
    let (source, destination) = ends(record);
    from_own_address(inventory.may_own(number, source?), inventory.may_own(number, destination?))
}

/// The record as a request to the rules of its interface.
fn query_of(record: &Record<'_>, direction: Option<FlowDirection>, span: Span) -> Option<Query> {
    let (source, destination) = ends(record);
    let (direction, peer, packet_peer) = match direction? {
        FlowDirection::Ingress => (Direction::Ingress, source?, record.pkt_src_addr),
        FlowDirection::Egress => (Direction::Egress, destination?, record.pkt_dst_addr),
    };
    Some(Query {
        span,
        direction,
        protocol: Protocol(record.protocol?),
        port: record.dst_port.map_or(Port::Unknown, Port::Known),
        peer,
        other_peer: packet_peer.filter(|packet_peer| *packet_peer != peer),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn spans_by_hand() {
        let span = |start: Option<u32>, end: Option<u32>, arrived: Option<i64>| {
            let span = span_of(&Record { start, end, ..Record::default() }, arrived);
            (span.from, span.to)
        };
        let arrived = Some(1_700_000_900_999);
        assert_eq!(span(Some(1_700_000_000), Some(1_700_000_055), arrived), (1_699_999_940, 1_700_000_055));
        assert_eq!(span(Some(1_700_000_000), Some(1_600_000_000), arrived), (1_699_999_940, 1_700_000_000));
        assert_eq!(span(Some(1_700_000_000), None, arrived), (1_699_999_940, 1_700_000_600));
        assert_eq!(span(None, Some(1_700_000_660), arrived), (1_700_000_000, 1_700_000_660));
        assert_eq!(span(None, None, arrived), (1_699_997_300, 1_700_000_900));
        assert_eq!(span(None, None, None), (0, UNDATED));
        // Whatever Firehose says.
        for arrived in [i64::MIN, -1, 0, i64::MAX] {
            let (from, to) = span(None, None, Some(arrived));
            assert_eq!(to - from, 3600);
        }
    }
}
