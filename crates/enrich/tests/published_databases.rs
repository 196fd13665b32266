//! Real databases: well-known networks are in the right country.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod published;

use enrich::{Atlas, Sources};
use published::{CITY, COUNTRY};

/// Addresses of universities, research networks and one resolver: their countries are no secret and do not change.
const WELL_KNOWN: [(&str, &str, &str); 32] = [
    ("8.8.8.8", "US", "Google Public DNS"),
    ("18.9.22.69", "US", "Massachusetts Institute of Technology"),
    ("128.32.0.1", "US", "University of California, Berkeley"),
    ("128.100.100.128", "CA", "University of Toronto"),
    ("132.248.10.44", "MX", "Universidad Nacional Autónoma de México"),
    ("143.107.254.1", "BR", "Universidade de São Paulo"),
    ("131.111.150.25", "GB", "University of Cambridge"),
    ("192.87.106.1", "NL", "SURFnet"),
    ("193.1.219.1", "IE", "HEAnet"),
    ("129.187.254.1", "DE", "Leibniz-Rechenzentrum, Munich"),
    ("130.59.31.80", "CH", "SWITCH"),
    ("131.114.21.15", "IT", "Università di Pisa"),
    ("147.83.2.135", "ES", "Universitat Politècnica de Catalunya"),
    ("130.237.32.1", "SE", "Stockholms universitet"),
    ("129.240.8.200", "NO", "Universitetet i Oslo"),
    ("128.214.222.24", "FI", "Helsingin yliopisto"),
    ("137.158.154.230", "ZA", "University of Cape Town"),
    ("133.11.0.1", "JP", "University of Tokyo"),
    ("143.248.1.1", "KR", "KAIST"),
    ("150.203.1.10", "AU", "Australian National University"),
    ("130.216.1.1", "NZ", "University of Auckland"),
    ("2001:620:0:ff::5c", "CH", "SWITCH"),
    ("2001:610:1:800a::1", "NL", "SURFnet"),
    ("2001:638:a000:4140::1", "DE", "Deutsches Forschungsnetz"),
    ("2001:630:212:8::1", "GB", "Janet"),
    ("2001:660:3003:1::1", "FR", "RENATER"),
    ("2001:770:18:2::1", "IE", "HEAnet"),
    ("2001:6b0:e:2018::1", "SE", "SUNET"),
    ("2001:700:100:2::1", "NO", "Sikt"),
    ("2001:718:1:101::1", "CZ", "CESNET"),
    ("2001:388:1:1::1", "AU", "AARNet"),
    ("2001:468:1::1", "US", "Internet2"),
];

const NOT_PUBLIC: [&str; 8] =
    ["10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "192.168.0.1", "::1", "fe80::1", "fd00::1"];

fn check(atlas: &Atlas) {
    let mut wrong = Vec::new();
    for (address, country, owner) in WELL_KNOWN {
        let found = atlas.facts(address.parse().unwrap()).country_code;
        if found.as_deref() != Some(country) {
            wrong.push(format!("{address} of {owner}: {found:?}, not {country}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for address in NOT_PUBLIC {
        assert!(atlas.facts(address.parse().unwrap()).is_empty(), "{address}");
    }
}

#[test]
fn cities_of_db_ip() {
    let atlas = Atlas::open(&Sources { geo: CITY.files(), ..Sources::default() }).unwrap();
    check(&atlas);

    let mit = atlas.facts("18.9.22.69".parse().unwrap());
    assert_eq!(mit.country_name.as_deref(), Some("United States"));
    assert_eq!(mit.region_name.as_deref(), Some("Massachusetts"));
    assert!(mit.city.is_some_and(|city| city.starts_with("Cambridge") || city.starts_with("Boston")));
    // Cambridge, Massachusetts is at 42.37 N, 71.11 W.
    let place = mit.location.unwrap();
    assert!((place.lat - 42.37).abs() < 1.0 && (place.lon + 71.11).abs() < 1.0, "{place:?}");

    let canberra = atlas.facts("150.203.1.10".parse().unwrap()).location.unwrap();
    // 35.31 S, 149.12 E: both signs the other way round.
    assert!((canberra.lat + 35.31).abs() < 5.0 && (canberra.lon - 149.12).abs() < 5.0, "{canberra:?}");
}

#[test]
fn countries_from_whois() {
    let atlas = Atlas::open(&Sources { geo: COUNTRY.files(), ..Sources::default() }).unwrap();
    check(&atlas);
}

#[test]
fn both_together() {
    let geo = COUNTRY.files().into_iter().chain(CITY.files()).collect();
    let atlas = Atlas::open(&Sources { geo, ..Sources::default() }).unwrap();
    check(&atlas);
    let toronto = atlas.facts("128.100.100.128".parse().unwrap());
    assert_eq!((toronto.country_code.as_deref(), toronto.region_name.as_deref()), (Some("CA"), Some("Ontario")));
}
