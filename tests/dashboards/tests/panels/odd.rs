//! Records that the samples lack: without an interface id, a log status, an action, a direction, or a name of their protocol. They come
//! from log formats that leave a field out. A panel must show them, or it would show their interface as idle.

use super::rows::Rows;
use dashboards_test::Range;
use stack::{Place, Schema, Stack, project};
use std::collections::BTreeMap;

/// When they are: nothing of the samples is there.
pub const APRIL: Range<'static> = Range { from: "2026-04-01T00:00:00Z", to: "2026-04-01T01:00:00Z" };

/// The end of every record, in milliseconds since 1970.
const END: f64 = 1_775_001_660_000.0;

/// Log files. 254 is a protocol for experiments, which has no name; 224.0.0.251 is multicast, so that neither address need be the
/// interface's; `eni-0d` is not in the inventory; 192.0.2.80 is on samples/geo/drop.txt.
const LOGS: [(&str, &str); 3] = [
    (
        "bare.log",
        "srcaddr dstaddr protocol start end action\n\
         10.0.0.1 10.0.0.2 254 1775001600 1775001660 ACCEPT\n",
    ),
    (
        "listed.log",
        "srcaddr dstaddr protocol start end flow-direction\n\
         10.0.0.1 192.0.2.80 254 1775001600 1775001660 egress\n\
         192.0.2.80 10.0.0.1 254 1775001600 1775001660 ingress\n",
    ),
    (
        "whole.log",
        "interface-id srcaddr dstaddr srcport dstport protocol start end action log-status\n\
         eni-0d 10.0.0.3 224.0.0.251 5353 5353 254 1775001600 1775001660 ACCEPT OK\n\
         eni-0d - - - - - 1775001600 1775001660 - NODATA\n\
         eni-0d - - - - - 1775001600 1775001660 - SKIPDATA\n",
    ),
];

/// Decorates and loads them.
pub fn load(stack: &Stack<'_>, schema: Schema) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in LOGS {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let loaded = stack.load(schema, folder.path(), &project("samples/inventory"), Place::DailyIndices);
    assert_eq!(loaded.documents, 6, "{}", loaded.said);
}

/// What a panel shows of them, counted by hand; nothing for panels that show none of them, or nothing special.
pub fn rows_of(panel: &str) -> Option<Rows> {
    let rows: &[(&[&str], &[f64])] = match panel {
        "security-groups-directions" => &[(&["inbound"], &[1.0]), (&["outbound"], &[1.0]), (&["__missing__"], &[2.0])],
        "security-groups-2017-inbound-or-outbound" => &[(&["inbound"], &[1.0]), (&["outbound"], &[1.0])],
        "security-groups-protocols" | "threats-ambiguous-by-protocol" => &[(&["__missing__"], &[4.0])],
        "security-groups-2017-security-group-ids" => &[(&["__missing__"], &[4.0])],
        "security-groups-2017-protocol-numbers" => &[(&["254"], &[4.0])],
        "security-groups-2017-destination-ports" => &[(&["5353"], &[1.0])],
        "security-groups-2017-source-addresses" => {
            &[(&["10.0.0.1"], &[2.0]), (&["10.0.0.3"], &[1.0]), (&["192.0.2.80"], &[1.0])]
        }
        "security-groups-2017-accept-or-reject" => &[(&["ACCEPT"], &[2.0])],

        "overview-records-over-time" => &[(&["ACCEPT"], &[2.0]), (&["__missing__"], &[4.0])],
        // None of the formats has bytes.
        "overview-bytes-over-time" => &[(&["ACCEPT"], &[0.0]), (&["__missing__"], &[0.0])],
        "overview-requests-and-replies" => &[(&["ambiguous"], &[4.0])],
        "overview-interface-heat-map" => &[(&["eni-0d"], &[1.0]), (&["__missing__"], &[3.0])],

        "threats-hits-from-over-time" | "threats-hits-to-over-time" => &[(&["__missing__"], &[1.0])],
        "threats-hits-from-by-list" | "threats-hits-to-by-list" => &[(&["spamhaus-drop"], &[1.0])],
        "threats-hits-from" => &[(&["192.0.2.80", "spamhaus-drop", "__missing__"], &[1.0, 1.0, 0.0, END])],
        "threats-hits-to" => &[(&["__missing__", "192.0.2.80", "ambiguous"], &[1.0, 0.0, END])],
        "threats-no-data-by-interface" => &[(&["eni-0d", "NODATA"], &[1.0]), (&["eni-0d", "SKIPDATA"], &[1.0])],
        "threats-log-status-over-time" => {
            &[(&["OK"], &[1.0]), (&["NODATA"], &[1.0]), (&["SKIPDATA"], &[1.0]), (&["__missing__"], &[3.0])]
        }
        "threats-direction-unknown" => &[(&["eni-0d"], &[1.0, END]), (&["__missing__"], &[1.0, END])],
        "threats-group-unknown" => &[(&["eni-0d"], &[3.0, END]), (&["__missing__"], &[3.0, END])],
        _ => return None,
    };
    let texts = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    Some(rows.iter().map(|(keys, numbers)| (texts(keys), numbers.to_vec())).collect::<BTreeMap<_, _>>())
}
