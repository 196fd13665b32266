//! All sources together, and `samples/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use enrich::{Atlas, Facts, Location, OpenError, Sources};
use std::path::{Path, PathBuf};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

fn samples() -> Sources {
    Sources {
        geo: vec![sample("geo.mmdb")],
        threat_lists: vec![("drop".to_owned(), sample("geo/drop.txt"))],
        ip_ranges: Some(sample("geo/ip-ranges.json")),
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_samples_know_the_documentation_addresses() {
    let atlas = Atlas::open(&samples()).unwrap();
    assert!(!atlas.is_empty());
    let facts = |address: &str| atlas.facts(address.parse().unwrap());

    let sydney = Facts {
        country_code: some("AU"),
        country_name: some("Australia"),
        region_code: some("AU-NSW"),
        region_name: some("New South Wales"),
        city: some("Sydney"),
        continent_code: some("OC"),
        continent_name: some("Oceania"),
        location: Some(Location { lat: -33.8688, lon: 151.2093 }),
        as_number: Some(64_500),
        as_organization: some("Harbour Net"),
        ..Facts::default()
    };
    assert_eq!(facts("203.0.113.58"), sydney);

    let bucket = facts("198.51.100.20");
    assert_eq!((bucket.city, bucket.region_code), (some("Ashburn"), some("US-VA")));
    assert_eq!((bucket.aws_service, bucket.aws_region), (some("S3"), some("us-east-1")));
    let instance = facts("198.51.100.100");
    assert_eq!((instance.aws_service, instance.threat_lists.len()), (some("EC2"), 0));
    let edge = facts("192.0.2.100");
    assert_eq!((edge.aws_service, edge.aws_region), (some("CLOUDFRONT"), some("GLOBAL")));
    let edge = facts("192.0.2.80");
    assert_eq!((edge.country_code, edge.threat_lists), (some("DE"), vec!["drop".to_owned()]));
    let bad = facts("203.0.113.229");
    assert_eq!((bad.city, bad.region_name, bad.threat_lists), (some("Singapore"), None, vec!["drop".to_owned()]));
    let v6 = facts("2001:db8:8000::5");
    assert_eq!((v6.country_code, v6.aws_service, v6.aws_region), (some("IN"), some("EC2"), some("ap-south-1")));
    assert_eq!(facts("2001:db8:bad::5").threat_lists, ["drop"]);
    assert!(facts("10.20.0.11").is_empty());
}

#[test]
fn every_public_address_of_the_samples_has_a_place_and_an_owner() {
    let atlas = Atlas::open(&samples()).unwrap();
    for net in ["192.0.2", "198.51.100", "203.0.113"] {
        for host in 0..=255 {
            let facts = atlas.facts(format!("{net}.{host}").parse().unwrap());
            assert!(facts.city.is_some() && facts.location.is_some() && facts.as_number.is_some(), "{net}.{host}");
        }
    }
}

#[test]
fn one_source_of_any_kind_makes_an_atlas() {
    let Sources { geo, threat_lists, ip_ranges } = samples();
    assert!(!Atlas::open(&Sources { geo, ..Sources::default() }).unwrap().is_empty());
    assert!(!Atlas::open(&Sources { threat_lists, ..Sources::default() }).unwrap().is_empty());
    assert!(!Atlas::open(&Sources { ip_ranges, ..Sources::default() }).unwrap().is_empty());
}

#[test]
fn lists_and_ranges_may_name_private_addresses_in_vain() {
    let folder = tempfile::tempdir().unwrap();
    let bogons = folder.path().join("bogons.txt");
    std::fs::write(&bogons, "10.0.0.0/8\n192.168.0.0/16\nfc00::/7\n127.0.0.0/8\n").unwrap();
    let ranges = folder.path().join("ip-ranges.json");
    std::fs::write(
        &ranges,
        r#"{"prefixes": [{"ip_prefix": "10.0.0.0/8", "region": "GLOBAL", "service": "S3"}], "ipv6_prefixes": []}"#,
    )
    .unwrap();
    let sources =
        Sources { threat_lists: vec![("bogons".to_owned(), bogons)], ip_ranges: Some(ranges), ..Sources::default() };
    let atlas = Atlas::open(&sources).unwrap();
    for address in ["10.0.0.1", "192.168.1.1", "fd00::1", "127.0.0.1", "::ffff:10.0.0.1"] {
        assert!(atlas.facts(address.parse().unwrap()).is_empty(), "{address}");
    }
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    std::fs::write(&page, "<!DOCTYPE html>\n<title>Not Found</title>\n").unwrap();
    let list = Sources { threat_lists: vec![("tor".to_owned(), page.clone())], ..Sources::default() };
    let message = Atlas::open(&list).unwrap_err().to_string();
    assert!(message.contains("page.html:1: ") && message.contains("web page"), "{message}");
    let ranges = Sources { ip_ranges: Some(page), ..Sources::default() };
    let error = Atlas::open(&ranges).unwrap_err();
    assert!(matches!(error, OpenError::NotIpRanges { .. }));
    let message = error.to_string();
    assert!(message.contains("page.html") && message.contains("line 1 column 1"), "{message}");
}
