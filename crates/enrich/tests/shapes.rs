//! Every shape of database, against what was written into it (`data/make_databases.py`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use enrich::{Atlas, Facts, Location, OpenError, Sources};
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn atlas(names: &[&str]) -> Atlas {
    let geo = names.iter().map(|name| data(name)).collect();
    Atlas::open(&Sources { geo, ..Sources::default() }).unwrap()
}

fn facts(atlas: &Atlas, address: &str) -> Facts {
    atlas.facts(address.parse().unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// What `nested-city.mmdb` says about Ashburn.
fn ashburn() -> Facts {
    Facts {
        country_code: some("US"),
        country_name: some("United States"),
        region_code: some("US-VA"),
        region_name: some("Virginia"),
        city: some("Ashburn"),
        continent_code: some("NA"),
        continent_name: some("North America"),
        location: Some(Location { lat: 39.0437, lon: -77.4875 }),
        ..Facts::default()
    }
}

#[test]
fn geolite2_city_and_asn() {
    let atlas = atlas(&["nested-city.mmdb", "nested-asn.mmdb"]);
    let network = Facts { as_number: Some(64_496), as_organization: some("Example Cloud"), ..ashburn() };
    assert_eq!(facts(&atlas, "198.51.100.0"), network);
    assert_eq!(facts(&atlas, "198.51.100.255"), network);
    assert_eq!(facts(&atlas, "2001:db8:1::1"), Facts { as_number: Some(4_200_000_000), ..ashburn() });
    assert_eq!(
        facts(&atlas, "2001:db8:2::1"),
        Facts { as_number: Some(4_200_000_000), ..Facts::default() },
        "only the second database knows it"
    );
}

#[test]
fn ipv4_in_ipv6_clothes_is_looked_up_as_ipv4() {
    let atlas = atlas(&["nested-city.mmdb"]);
    assert_eq!(facts(&atlas, "::ffff:198.51.100.7"), ashburn());
    assert_eq!(facts(&atlas, "64:ff9b::198.51.100.7"), ashburn());
}

#[test]
fn where_an_operator_is_registered_is_not_where_an_address_is() {
    let atlas = atlas(&["nested-city.mmdb", "nested-asn.mmdb"]);
    let expected = Facts { continent_code: some("EU"), continent_name: some("Europe"), ..Facts::default() };
    // The other database has AS 0 and an empty name for it: both are unknown.
    assert_eq!(facts(&atlas, "203.0.113.1"), expected);
}

#[test]
fn without_an_english_name_the_code_names_the_country() {
    let atlas = atlas(&["nested-city.mmdb"]);
    let expected = Facts { country_code: some("KR"), country_name: some("South Korea"), ..Facts::default() };
    assert_eq!(facts(&atlas, "203.0.113.200"), expected);
}

#[test]
fn private_addresses_have_no_facts_whatever_a_database_says() {
    let atlas = atlas(&["nested-city.mmdb"]);
    let addresses = [
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "224.0.0.1",
        "fd00::1",
        "fe80::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
    ];
    for address in addresses {
        assert!(facts(&atlas, address).is_empty(), "{address}");
    }
}

#[test]
fn unknown_addresses_have_no_facts() {
    let atlas = atlas(&["nested-city.mmdb", "nested-asn.mmdb", "flat-city-ipv4.mmdb"]);
    for address in ["8.8.8.8", "192.0.2.1", "2600::1"] {
        assert!(facts(&atlas, address).is_empty(), "{address}");
    }
}

#[test]
fn flat_city() {
    let atlas = atlas(&["flat-city-ipv4.mmdb"]);
    let sydney = Facts {
        country_code: some("AU"),
        country_name: some("Australia"),
        region_name: some("New South Wales"),
        city: some("Sydney"),
        // Stored as 32-bit floats, and no digit more.
        location: Some(Location { lat: -33.8688, lon: 151.2093 }),
        ..Facts::default()
    };
    assert_eq!(facts(&atlas, "198.51.100.1"), sydney);
    let texts = Facts {
        country_code: some("FR"),
        country_name: some("France"),
        location: Some(Location { lat: 48.8566, lon: 2.3522 }),
        ..Facts::default()
    };
    assert_eq!(facts(&atlas, "198.51.100.200"), texts);
}

#[test]
fn empty_texts_and_null_island_are_unknown() {
    let atlas = atlas(&["flat-city-ipv4.mmdb"]);
    assert!(facts(&atlas, "203.0.113.1").is_empty());
    // A code for "unknown", a boolean, bytes, and half a location in a number of 128 bits.
    assert!(facts(&atlas, "203.0.113.200").is_empty());
}

#[test]
fn numbers_come_in_every_type() {
    let atlas = atlas(&["flat-city-ipv4.mmdb"]);
    assert_eq!(facts(&atlas, "203.0.113.64").location, Some(Location { lat: -1.0, lon: -78.0 }));
    assert_eq!(facts(&atlas, "203.0.113.128").location, Some(Location { lat: 0.0, lon: 9.0 }));
}

#[test]
fn a_database_of_one_family_is_silent_about_the_other() {
    let v4 = atlas(&["flat-city-ipv4.mmdb"]);
    assert!(facts(&v4, "2001:db8::1").is_empty());
    let v6 = atlas(&["flat-country-ipv6.mmdb"]);
    assert!(facts(&v6, "198.51.100.1").is_empty());
    let both = atlas(&["flat-city-ipv4.mmdb", "flat-country-ipv6.mmdb"]);
    assert_eq!(facts(&both, "198.51.100.1").country_code, some("AU"));
    assert_eq!(facts(&both, "2001:db8::1").country_code, some("CH"));
}

#[test]
fn other_names_for_the_same_facts() {
    let atlas = atlas(&["other-names.mmdb"]);
    let network = Facts { as_number: Some(64_511), as_organization: some("Example Networks"), ..Facts::default() };
    let switzerland = Facts {
        country_code: some("CH"),
        country_name: some("Switzerland"),
        continent_code: some("EU"),
        continent_name: some("Europe"),
        ..network.clone()
    };
    assert_eq!(facts(&atlas, "192.0.2.1"), switzerland);
    let winterthur = Facts {
        country_code: some("CH"),
        country_name: some("Switzerland"),
        region_code: some("CH-ZH"),
        region_name: some("Zurich"),
        city: some("Winterthur"),
        location: Some(Location { lat: 47.5, lon: 8.75 }),
        ..network
    };
    assert_eq!(facts(&atlas, "192.0.2.129"), winterthur);
}

#[test]
fn the_first_database_wins() {
    let nested_first = atlas(&["nested-city.mmdb", "flat-city-ipv4.mmdb"]);
    assert_eq!(facts(&nested_first, "198.51.100.1"), ashburn(), "Sydney adds nothing to a place in the United States");
    let flat_first = atlas(&["flat-city-ipv4.mmdb", "nested-city.mmdb", "nested-asn.mmdb"]);
    let sydney = facts(&flat_first, "198.51.100.1");
    assert_eq!((sydney.country_code, sydney.city, sydney.region_code), (some("AU"), some("Sydney"), None));
    assert_eq!((sydney.continent_code, sydney.as_number), (None, Some(64_496)));
}

#[test]
fn places_of_two_databases_are_not_mixed() {
    // The one knows Europe and no more, the other a place in Ecuador: not Ecuador in Europe.
    let alone = facts(&atlas(&["flat-city-ipv4.mmdb"]), "203.0.113.64");
    assert_eq!((&alone.country_code, &alone.continent_code), (&some("EC"), &None));
    for databases in [["nested-city.mmdb", "flat-city-ipv4.mmdb"], ["flat-city-ipv4.mmdb", "nested-city.mmdb"]] {
        assert_eq!(facts(&atlas(&databases), "203.0.113.64"), alone, "{databases:?}");
    }
}

#[test]
fn a_database_about_something_else_is_refused() {
    let error = Atlas::open(&Sources { geo: vec![data("anonymous-ip.mmdb")], ..Sources::default() }).unwrap_err();
    assert!(
        matches!(&error, OpenError::UnusableDatabase { database_type, .. } if database_type == "GeoIP2-Anonymous-IP")
    );
    let message = error.to_string();
    assert!(message.contains("anonymous-ip.mmdb") && message.contains("name a City, Country or ASN"), "{message}");
}

#[test]
fn what_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let open = |content: &[u8]| {
        let path = folder.path().join("city.mmdb");
        std::fs::write(&path, content).unwrap();
        Atlas::open(&Sources { geo: vec![path], ..Sources::default() }).unwrap_err()
    };
    for content in [&b""[..], b"<!DOCTYPE html>", b"\xab\xcd\xefMaxMind.com"] {
        let error = open(content);
        assert!(matches!(error, OpenError::NotDatabase { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains("city.mmdb") && message.contains("download it again"), "{message}");
    }
    assert!(matches!(open(&[0x1f, 0x8b, 8, 0]), OpenError::Compressed { .. }));

    let whole = std::fs::read(data("nested-city.mmdb")).unwrap();
    for cut in 0..whole.len() {
        // A download that broke off. The last key of the metadata may be cut and the rest still be whole in itself.
        let message = open(&whole[..cut]).to_string();
        assert!(message.contains("city.mmdb"), "cut at {cut}: {message}");
    }

    let missing = Sources { geo: vec![folder.path().join("none.mmdb")], ..Sources::default() };
    let message = Atlas::open(&missing).unwrap_err().to_string();
    assert!(message.contains("none.mmdb") && message.contains("check the path"), "{message}");
    let a_folder = Sources { geo: vec![folder.path().to_owned()], ..Sources::default() };
    assert!(matches!(Atlas::open(&a_folder).unwrap_err(), OpenError::Unreadable { .. }));
}

#[test]
fn a_damaged_database_neither_panics_nor_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("city.mmdb");
    let whole = std::fs::read(data("nested-city.mmdb")).unwrap();
    let addresses = ["198.51.100.7", "203.0.113.200", "2001:db8:1::1", "8.8.8.8"].map(|text| text.parse().unwrap());
    // MaxMind DB File Format Specification, "Database Metadata": it follows this marker, and without it there is none.
    let marker = b"\xab\xcd\xefMaxMind.com";
    let begin = whole.windows(marker.len()).position(|window| window == marker).unwrap();
    let marked = begin..begin + marker.len();
    for place in (0..whole.len()).step_by(3).chain(marked.clone()) {
        let mut bytes = whole.clone();
        bytes[place] ^= if place % 2 == 0 { 0xff } else { 0x21 };
        std::fs::write(&path, bytes).unwrap();
        match Atlas::open(&Sources { geo: vec![path.clone()], ..Sources::default() }) {
            // Most bytes are texts and numbers, where damage does not show.
            Ok(atlas) => {
                assert!(!marked.contains(&place), "opened without metadata");
                for address in addresses {
                    atlas.facts(address);
                }
            }
            Err(error) => assert!(error.to_string().contains("city.mmdb"), "{error}"),
        }
    }
    // "Binary Search Tree Section": the first record of 24 bits is the root's left branch. FFFFFF lies behind the end.
    let mut astray = whole.clone();
    astray[..3].fill(0xff);
    std::fs::write(&path, astray).unwrap();
    let error = Atlas::open(&Sources { geo: vec![path], ..Sources::default() }).unwrap_err();
    assert!(matches!(error, OpenError::DamagedDatabase { .. }), "{error}");
}
