//! What every panel means, said again by hand: which records it counts, by what, and which numbers it shows.
//!
//! A panel that is not here fails the test. Panels that Vega draws are held against the same world in `vega.rs`.

use super::records::{Places, Record};
use super::rows::{Number, Rows, one, rows, two};
use super::rules::Rules;

/// Everything that is known of the samples.
pub struct World {
    pub records: Vec<Record>,
    pub places: Places,
    pub rules: Rules,
}

/// What is expected of a panel.
pub enum Meaning {
    /// These rows, or the first of them where the panel shows no more.
    Rows(Rows),
    /// So many records.
    Hits(usize),
    /// Text: nothing is asked.
    Text,
    /// Lists for each field, checked in `controls.rs`.
    Controls,
    /// Checked elsewhere: on the drawing itself.
    Drawn,
    /// The samples have none, which is good; what it shows of those that are odd is in `odd.rs`.
    Empty,
    /// All rules or groups of the inventory: see `listed.rs`.
    Inventory,
}

const ADDRESS_PORT: fn(&Record) -> Option<&str> = |record| record.text("dstport");
const DESTINATION: fn(&Record) -> Option<&str> = |record| record.text("dstaddr");
const SOURCE: fn(&Record) -> Option<&str> = |record| record.text("srcaddr");
const INTERFACE: fn(&Record) -> Option<&str> = |record| record.text("interface-id");

/// The paths with the hour of the record before them: when it ended, in milliseconds since 1970.
fn hourly(record: &Record, paths: Vec<Vec<String>>) -> Vec<Vec<String>> {
    paths.into_iter().map(|path| [vec![hour(record)], path].concat()).collect()
}

fn hour(record: &Record) -> String {
    (record.end() / 3_600 * 3_600_000).to_string()
}

fn field(name: &'static str) -> impl Fn(&Record) -> Vec<Vec<String>> {
    move |record| one(record.text(name))
}

impl World {
    pub fn new(records: Vec<Record>) -> World {
        World { records, places: Places::read(), rules: Rules::read() }
    }

    fn all(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    fn traffic(&self) -> impl Iterator<Item = &Record> {
        self.all().filter(|record| record.has_traffic())
    }

    fn requests(&self) -> impl Iterator<Item = &Record> {
        self.traffic().filter(|record| record.is_request())
    }

    /// Request, reply or ambiguous, by flags and rules: the first and second evidence. The samples' peers are known or public, so that no
    /// rule may match without matching surely.
    fn role(&self, record: &Record) -> &'static str {
        if record.is_request() {
            return "request";
        }
        // A record without either flag that no rule allows as a request is a reply.
        if record.is_answer() || self.rules.matching(record).is_empty() { "reply" } else { "ambiguous" }
    }

    fn hits_from(&self) -> impl Iterator<Item = &Record> {
        self.traffic().filter(|record| record.source().is_some_and(|address| self.places.is_listed(address)))
    }

    fn hits_to(&self) -> impl Iterator<Item = &Record> {
        self.traffic().filter(|record| record.destination().is_some_and(|address| self.places.is_listed(address)))
    }

    /// What a panel means; nothing if nobody has said.
    pub fn meaning(&self, panel: &str) -> Option<Meaning> {
        use Number::{Bytes, Count, Distinct, LastSeen, Packets};
        let by_country = |address: Option<std::net::IpAddr>| one(address.and_then(|at| self.places.country(at)));
        let by_owner = |address: Option<std::net::IpAddr>| one(address.and_then(|at| self.places.owner(at)));
        let by_service = |address: Option<std::net::IpAddr>| one(address.and_then(|at| self.places.service(at)));
        let action = |record: &Record| one(record.text("action"));
        let or_missing = |groups: &[String]| -> Vec<String> {
            if groups.is_empty() { vec!["__missing__".to_owned()] } else { groups.to_vec() }
        };
        Some(match panel {
            "security-groups-controls" | "overview-controls" | "threats-controls" | "rule-usage-controls" => {
                Meaning::Controls
            }
            "security-groups-how-to-read"
            | "security-groups-2017"
            | "overview-how-to-read"
            | "threats-how-to-read"
            | "rule-usage-how-to-read" => Meaning::Text,

            "security-groups-accepted-by-group" => Meaning::Rows(rows(
                self.all().filter(|record| record.accepted()),
                |record| one(or_missing(&record.groups)),
                &[Count],
            )),
            "security-groups-rejected-by-group" => Meaning::Rows(rows(
                self.all().filter(|record| record.rejected()),
                |record| one(or_missing(&record.groups)),
                &[Count],
            )),
            "security-groups-actions" | "security-groups-2017-accept-or-reject" => {
                Meaning::Rows(rows(self.traffic(), action, &[Count]))
            }
            // The samples hold TCP only.
            "security-groups-protocols" => Meaning::Rows(rows(self.traffic(), |_| one(["tcp"]), &[Count])),
            "security-groups-2017-protocol-numbers" => Meaning::Rows(rows(self.traffic(), |_| one([6]), &[Count])),
            "security-groups-directions" | "security-groups-2017-inbound-or-outbound" => Meaning::Rows(rows(
                self.traffic(),
                |record| one([if record.inbound() { "inbound" } else { "outbound" }]),
                &[Count],
            )),
            "security-groups-destination-ports" => Meaning::Rows(rows(
                self.requests(),
                |record| two(record.text("dstport"), record.text("action")),
                &[Count],
            )),
            "security-groups-source-addresses" => Meaning::Rows(rows(
                self.requests(),
                field("srcaddr"),
                &[Count, Bytes, Distinct(ADDRESS_PORT), Distinct(DESTINATION)],
            )),
            "security-groups-rejected-by-group-and-port" => Meaning::Rows(rows(
                self.traffic().filter(|record| record.rejected() && record.inbound()),
                |record| two(or_missing(&record.groups), record.text("dstport")),
                &[Count, Distinct(SOURCE), LastSeen],
            )),
            "security-groups-2017-security-group-ids" => {
                Meaning::Rows(rows(self.traffic(), |record| one(&record.group_ids), &[Count]))
            }
            "security-groups-2017-destination-ports" => Meaning::Rows(rows(self.traffic(), field("dstport"), &[Count])),
            "security-groups-2017-source-addresses" => Meaning::Rows(rows(self.traffic(), field("srcaddr"), &[Count])),
            "security-groups-2017-raw-records" => Meaning::Hits(self.records.len()),

            "overview-plain-totals" => Meaning::Rows(rows(
                self.all(),
                |_| vec![Vec::new()],
                &[Count, Bytes, Packets, Distinct(INTERFACE), Distinct(SOURCE), Distinct(DESTINATION)],
            )),
            "overview-records-over-time" => Meaning::Rows(rows(
                self.all(),
                |record| hourly(record, one([record.text("action").unwrap_or("__missing__")])),
                &[Count],
            )),
            "overview-bytes-over-time" => Meaning::Rows(rows(
                self.traffic(),
                |record| hourly(record, one([record.text("action").unwrap_or("__missing__")])),
                &[Bytes],
            )),
            "overview-top-talkers-sources" => Meaning::Rows(rows(self.traffic(), field("srcaddr"), &[Bytes])),
            "overview-top-talkers-destinations" => Meaning::Rows(rows(self.traffic(), field("dstaddr"), &[Bytes])),
            "overview-requests-and-replies" => {
                Meaning::Rows(rows(self.traffic(), |record| one([self.role(record)]), &[Count]))
            }
            "overview-source-countries" => {
                Meaning::Rows(rows(self.traffic(), |record| by_country(record.source()), &[Count]))
            }
            "overview-destination-countries" => {
                Meaning::Rows(rows(self.traffic(), |record| by_country(record.destination()), &[Count]))
            }
            "overview-source-owners" => {
                Meaning::Rows(rows(self.traffic(), |record| by_owner(record.source()), &[Bytes]))
            }
            "overview-destination-owners" => {
                Meaning::Rows(rows(self.traffic(), |record| by_owner(record.destination()), &[Bytes]))
            }
            "overview-source-aws-services" => {
                Meaning::Rows(rows(self.traffic(), |record| by_service(record.source()), &[Bytes]))
            }
            "overview-destination-aws-services" => {
                Meaning::Rows(rows(self.traffic(), |record| by_service(record.destination()), &[Bytes]))
            }
            "overview-interface-heat-map" => {
                Meaning::Rows(rows(self.traffic(), |record| two(record.text("interface-id"), [hour(record)]), &[Count]))
            }

            "threats-hits-from-over-time" => {
                Meaning::Rows(rows(self.hits_from(), |record| hourly(record, action(record)), &[Count]))
            }
            "threats-hits-to-over-time" => {
                Meaning::Rows(rows(self.hits_to(), |record| hourly(record, action(record)), &[Count]))
            }
            "threats-hits-from-by-list" => Meaning::Rows(rows(self.hits_from(), |_| one(["spamhaus-drop"]), &[Count])),
            "threats-hits-to-by-list" => Meaning::Rows(rows(self.hits_to(), |_| one(["spamhaus-drop"]), &[Count])),
            "threats-hits-from" => Meaning::Rows(rows(
                self.hits_from(),
                |record| {
                    let source = record.text("srcaddr").unwrap().to_owned();
                    vec![vec![source, "spamhaus-drop".to_owned(), record.action().to_owned()]]
                },
                &[Count, Distinct(DESTINATION), Distinct(ADDRESS_PORT), LastSeen],
            )),
            "threats-hits-to" => Meaning::Rows(rows(
                self.hits_to().filter(|record| !record.inbound()),
                |record| {
                    let interface = record.text("interface-id").unwrap().to_owned();
                    vec![vec![interface, record.text("dstaddr").unwrap().to_owned(), self.role(record).to_owned()]]
                },
                &[Count, Bytes, LastSeen],
            )),
            "threats-rejected-scans" => Meaning::Rows(rows(
                self.traffic().filter(|record| record.rejected() && record.inbound()),
                field("srcaddr"),
                &[Distinct(ADDRESS_PORT), Distinct(DESTINATION), Count, LastSeen],
            )),
            "threats-no-data-by-interface" => Meaning::Rows(rows(
                self.all().filter(|record| !record.has_traffic()),
                |record| two(record.text("interface-id"), record.text("log-status")),
                &[Count],
            )),
            "threats-log-status-over-time" => {
                Meaning::Rows(rows(self.all(), |record| hourly(record, one(record.text("log-status"))), &[Count]))
            }
            "threats-ambiguous-by-protocol" => Meaning::Rows(rows(
                self.traffic().filter(|record| self.role(record) == "ambiguous"),
                |_| one(["tcp"]),
                &[Count],
            )),
            "threats-direction-unknown" | "threats-group-unknown" => Meaning::Empty,

            "rule-usage-rules-by-requests" => {
                Meaning::Rows(rows(self.requests(), |record| one(self.rules.allowing(record)), &[Count]))
            }
            "rule-usage-requests-over-time" => Meaning::Rows(rows(
                self.requests(),
                |record| two(self.rules.allowing(record), [hour(record)]),
                &[Count],
            )),
            "rule-usage-rules-by-bytes" => {
                Meaning::Rows(rows(self.requests(), |record| one(self.rules.allowing(record)), &[Bytes]))
            }
            "rule-usage-last-seen" => {
                Meaning::Rows(rows(self.requests(), |record| one(self.rules.allowing(record)), &[LastSeen, Count]))
            }
            "rule-usage-inventory-rules" | "rule-usage-inventory-groups" => Meaning::Inventory,

            "overview-totals"
            | "overview-map"
            | "overview-sankey"
            | "threats-new-countries"
            | "threats-unused-ports"
            | "threats-silent-interfaces"
            | "rule-usage-unhit-rules" => Meaning::Drawn,
            _ => return None,
        })
    }
}
