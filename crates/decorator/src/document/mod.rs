//! The decorated document: one JSON object for one flow log record, in one of two shapes.
//!
//! # Classic
//!
//! The record's own fields under AWS's hyphenated names, in the order of the log format, between `@timestamp` and what was added:
//!
//! ```json
//! {"@timestamp":"2014-12-14T04:07:50Z",
//!  "version":2,"account-id":"123456789010","interface-id":"eni-1235b8ca123456789",
//!  "srcaddr":"172.31.16.139","dstaddr":"172.31.16.21","srcport":20641,"dstport":22,"protocol":6,
//!  "packets":20,"bytes":4249,"start":1418530010,"end":1418530070,"action":"ACCEPT","log-status":"OK",
//!  "security-group-ids":["sg-0a1"],"security-group-names":["bastion"],
//!  "direction":"inbound","flow-role":"ambiguous",
//!  "protocol-name":"tcp","interface-description":"bastion host","interface-owner":"123456789010"}
//! ```
//!
//! - A value `-` is absent: not `null`, not `""`, not zero.
//! - Numbers are numbers, everything else is a string. Unknown columns, which AWS adds every year, are strings. Tag values of
//!   version 11 are decoded.
//! - What cannot go under its own name goes, as it stands in the log, under the name with `-text` after it, so that nothing is lost and no
//!   typed index refuses the document: a number that is none (`tcp-flags-text`) or is beyond the index's `integer` or `long`
//!   (2^31 - 1 and 2^63 - 1), and a column that AWS may add under the name of one of our own fields (`direction-text`).
//! - Where a column stands twice, the first counts, as it does for parsing.
//! - Bytes that are not UTF-8 become U+FFFD.
//! - `@timestamp` is the record's `end`, else its `start`, else Firehose's time of arrival (with milliseconds), else absent.
//! - `NODATA` and `SKIPDATA` records have no direction and no role; the interface's groups they have.
//!
//! What was added, and what it rests on:
//!
//! - `security-group-ids` and `-names` are groups that the interface *surely* carried all through the record's time, in the order of
//!   their ids. Where the snapshots around the record differ about a group, it is left out: it would be a guess.
//! - `security-group-rule-ids` are rules that *surely* allowed the request: all snapshots around the record have the rule, and show the
//!   interface with its group, and protocol, port and peer surely fit. A rule that only possibly allowed it (a prefix list
//!   whose entries are unknown, a peer whose groups nobody knows, a packet-level address that the rule does not mean too) is left out, so
//!   who looks for rules without traffic must not ask these documents: `sg-audit` counts the possible uses too. A rejected
//!   request has them as well: then not a group refused it but a network ACL.
//! - *Surely* rests on the same assumptions as the verdicts of `sg-audit`: between two snapshots that agree, what they say is taken to
//!   hold; before the first and after the last, what those say; and an only snapshot, or one without a date, for all time.
//! - `direction` is the record's `flow-direction`, else it follows from the side that is one of the interface's own addresses; for
//!   neither or both (multicast, appliances, hairpins) it is absent.
//! - `flow-role` rests on the flags of this one record and on the rules of its interface: see [`crate::decorate::DecorateOptions::rule_ids`].
//!   Rules make a reply only of a record that ended before the inventory was last read, for a rule may have come since; before
//!   that, the assumptions above hold. SYN and ACK make one only as long as no record of the account showed raw flags (PSH, URG, ECE,
//!   CWR, or ACK without SYN: the source does not write flags as AWS documents them); records before the first such one were written
//!   by then. And that the record of the other direction shows SYN and ACK too, which would make both ambiguous, a single record cannot tell.
//! - Groups, rules and roles are those of the record's time: from a minute before `start` to `end`. With one of the two alone it lasted
//!   ten minutes at most, the longest aggregation interval; with neither it is of the hour before it came to Firehose.
//! - Place, network, AWS service and threat lists are those of `srcaddr` and `dstaddr`; where that address is private and the packet-level
//!   one is public (behind a NAT gateway, or kept by a load balancer) those of the packet-level one.
//!
//! # ECS
//!
//! Elastic Common Schema, field for field as Elastic's integration "AWS VPC Flow" (repository `elastic/integrations`, package `aws`, data
//! stream `vpcflow`) writes it for the same record: the version with `ecs.version` 8.11.0 that reads formats up to version 8 and transit
//! gateway flow logs, published in August 2025. The facts are from its published pipeline tests (`_dev/test/pipeline/*-expected.json`; they
//! stand, as values, in this crate's `tests/documents/ecs/`), and for what no test shows from its ingest pipeline and its list of fields.
//! Where its versions differ the last one that agrees with itself counts:
//!
//! - `event.action`, and `allowed` or `denied` in `event.type`, are there since March 2025 (pull request 13099);
//! - the ARN of the ECS cluster is in `orchestrator.cluster.id`, not in `aws.vpcflow.ecs_cluster_arn`, as the tests of version 8 formats
//!   have it;
//! - transit gateway fields are in `aws.vpcflow` under their names with underscores, `packets_lost_*` as numbers.
//!
//! Not written is what an Elastic agent would add to every event (`agent.*`, `data_stream.*`, `event.ingested`, `tags`), nor
//! `event.original`, which the integration removes by default. Three small differences, for what is unknown is left out here: no
//! `cloud.region`, `cloud.availability_zone` or `network.direction` of `-`, no empty objects, no empty arrays. Where the integration
//! knows a few layouts by their number of fields, here every format goes by its field names; the fields of versions 9 to 11, which it
//! does not know, are in `sgflow.record`.
//!
//! Our own additions are in an object of their own, `sgflow`: `security_group_ids`, `security_group_names`, `security_group_rule_ids`,
//! `direction`, `flow_role`, `source_aws_service`, `source_threat_lists`, the same with `destination_`, `interface_description`,
//! `interface_owner`; and `sgflow.record` holds, as strings, the columns that the integration does not know, and numbers that no index
//! takes. A record of a transit gateway, which has neither interface nor groups, has no `direction` and no `flow_role`.

pub(crate) mod classic;
mod community_id;
pub(crate) mod ecs;
mod ecs_columns;
pub(crate) mod interface;
mod json;
pub(crate) mod moment;
pub(crate) mod place;
mod protocol;
pub(crate) mod rules;
mod two_times;

pub(crate) use ecs_columns::EcsColumns;

use crate::role::FlowRole;
use flowlog::{FlowDirection, Record};
use interface::KnownInterface;
use inventory::Inventory;
use place::Places;
use rules::RulePlace;

/// One record with all that is to be said about it: what the two writers take.
pub(crate) struct Decoration<'a> {
    /// The record, for values that were checked.
    pub record: &'a Record<'a>,
    /// Its text, for everything else.
    pub line: &'a [u8],
    /// Arrival at Firehose, epoch milliseconds.
    pub arrived: Option<i64>,
    /// The interface, if the inventory knows it.
    pub interface: Option<&'a KnownInterface>,
    /// Rules that surely allow the request.
    pub rules: &'a [RulePlace],
    /// Where these rules are.
    pub inventory: &'a Inventory,
    /// In or out of the interface.
    pub direction: Option<FlowDirection>,
    /// Absent for records without traffic.
    pub role: Option<FlowRole>,
}

impl Decoration<'_> {
    /// `direction`, as written.
    pub fn direction_name(&self) -> Option<&'static str> {
        self.direction.map(|direction| match direction {
            FlowDirection::Ingress => "inbound",
            FlowDirection::Egress => "outbound",
        })
    }

    /// The ids of the rules that surely allow the request.
    pub fn rule_ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter_map(|place| place.rule(self.inventory)).map(|rule| rule.id.as_str())
    }
}

/// What writing keeps between records.
pub(crate) struct Desk {
    /// Rendered facts about addresses.
    pub places: Places,
    /// Rendered days.
    pub clock: moment::Clock,
}

impl Desk {
    /// `@timestamp`: `end`, else `start`, else the time of arrival, else nothing.
    fn push_timestamp(&mut self, decoration: &Decoration<'_>, with_millis: bool, out: &mut Vec<u8>) {
        let before = out.len();
        out.extend_from_slice(br#","@timestamp":""#);
        match (decoration.record.end.or(decoration.record.start), decoration.arrived) {
            (Some(seconds), _) => self.clock.push_seconds(out, seconds, with_millis),
            (None, Some(arrived)) if self.clock.push_millis(out, arrived) => {}
            _ => return out.truncate(before),
        }
        out.push(b'"');
    }
}
