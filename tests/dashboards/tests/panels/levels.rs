//! How many values each level of a panel shows, and in which order: by hand, as the descriptions promise it.

/// One level of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Intervals of time: an hour each over the three days of the samples.
    Time,
    /// So many values, those with the greatest first number, the greatest first.
    Top(u64),
    /// So many values by their name.
    ByName(u64),
}

use Level::{ByName, Time, Top};

/// The levels of a panel from the outermost in.
pub fn levels(panel: &str) -> &'static [Level] {
    match panel {
        "security-groups-actions" | "security-groups-2017-accept-or-reject" => &[Top(5)],
        "security-groups-directions" | "security-groups-2017-inbound-or-outbound" => &[Top(5)],
        "security-groups-protocols" | "threats-ambiguous-by-protocol" => &[Top(10)],
        "security-groups-accepted-by-group"
        | "security-groups-rejected-by-group"
        | "security-groups-2017-security-group-ids"
        | "security-groups-2017-destination-ports"
        | "security-groups-2017-source-addresses"
        | "security-groups-2017-protocol-numbers" => &[Top(20)],
        "security-groups-destination-ports" => &[Top(20), Top(2)],
        "security-groups-source-addresses" => &[Top(100)],
        "security-groups-rejected-by-group-and-port" => &[Top(50), Top(20)],

        "overview-plain-totals" => &[],
        "overview-records-over-time" | "overview-bytes-over-time" => &[Time, Top(3)],
        "overview-top-talkers-sources"
        | "overview-top-talkers-destinations"
        | "overview-source-countries"
        | "overview-destination-countries"
        | "overview-source-owners"
        | "overview-destination-owners"
        | "overview-source-aws-services"
        | "overview-destination-aws-services" => &[Top(15)],
        "overview-requests-and-replies" => &[Top(5)],
        "overview-interface-heat-map" => &[Top(25), Time],

        "threats-hits-from-over-time" | "threats-hits-to-over-time" => &[Time, Top(3)],
        "threats-hits-from-by-list" | "threats-hits-to-by-list" => &[Top(20)],
        "threats-hits-from" => &[Top(100), Top(10), Top(3)],
        "threats-hits-to" => &[Top(100), Top(20), Top(4)],
        "threats-rejected-scans" | "threats-direction-unknown" | "threats-group-unknown" => &[Top(100)],
        "threats-no-data-by-interface" => &[Top(20), Top(2)],
        "threats-log-status-over-time" => &[Time, Top(4)],

        "rule-usage-rules-by-requests" | "rule-usage-rules-by-bytes" => &[Top(20)],
        "rule-usage-requests-over-time" => &[Top(10), Time],
        "rule-usage-last-seen" => &[Top(1_000)],
        "rule-usage-inventory-rules" => {
            &[ByName(500), ByName(500), ByName(2), ByName(500), ByName(50), ByName(50), ByName(5)]
        }
        "rule-usage-inventory-groups" => &[ByName(1_000), ByName(500), ByName(10), ByName(10)],
        _ => panic!("nobody has said how many values {panel} shows"),
    }
}
