//! What one record of a database says about an address.
//!
//! | fact | nested: GeoLite2, GeoIP2, DB-IP's own | flat: ip-location-db, IPinfo |
//! |---|---|---|
//! | country | `country.iso_code`, `country.names.en` | `country_code`, `country_name`, `country` |
//! | region | `subdivisions[0].iso_code`, `.names.en` | `region_code`; `state1`, `state`, `region_name`, `region` |
//! | city | `city.names.en` | `city`, `city_name` |
//! | continent | `continent.code`, `continent.names.en` | `continent_code`, `continent_name`, `continent` |
//! | location | `location.latitude`, `location.longitude` | `latitude`/`lat`, `longitude`/`lon`/`lng` |
//! | network owner | `autonomous_system_number`, `..._organization`, also in `traits` | the same, or `asn`, `as_name` |
//!
//! How the records of several databases come together is told in `completion`.
//!
//! `registered_country` is no fallback for `country`: where an operator is registered is not where an address is.

use crate::country_name::{is_continent, is_country};
use crate::facts::Location;
use crate::value::Value;

/// What one record says, checked: here too, unknown is `None`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Entry<'a> {
    pub(crate) country_code: Option<String>,
    pub(crate) country_name: Option<&'a str>,
    pub(crate) region_code: Option<String>,
    pub(crate) region_name: Option<&'a str>,
    pub(crate) city: Option<&'a str>,
    pub(crate) continent_code: Option<&'a str>,
    pub(crate) continent_name: Option<&'a str>,
    pub(crate) location: Option<Location>,
    pub(crate) as_number: Option<u32>,
    pub(crate) as_organization: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub(crate) fn from_record(record: &Value<'a>) -> Entry<'a> {
        let text = |paths: &[&[&str]]| paths.iter().find_map(|path| record.at(path)?.text());
        let number = |paths: &[&[&str]]| paths.iter().find_map(|path| record.at(path)?.number());

        let country_code = text(&[&["country", "iso_code"], &["country_code"], &["country"]]).and_then(country_code);
        let region_code = text(&[&["subdivisions", "iso_code"], &["region_code"]]);
        let as_number = [&["autonomous_system_number"][..], &["traits", "autonomous_system_number"], &["asn"]];
        let latitude = number(&[&["location", "latitude"], &["latitude"], &["lat"]]);
        let longitude = number(&[&["location", "longitude"], &["longitude"], &["lon"], &["lng"]]);
        Entry {
            region_code: region_code.and_then(|code| full_region_code(country_code.as_deref()?, code)),
            country_name: text(&[&["country", "names", "en"], &["country_name"], &["country"]])
                .filter(|name| name.len() > 2),
            region_name: text(&[
                &["subdivisions", "names", "en"],
                &["state1"],
                &["state"],
                &["region_name"],
                &["region"],
            ]),
            city: text(&[&["city", "names", "en"], &["city"], &["city_name"]]),
            continent_code: text(&[&["continent", "code"], &["continent_code"], &["continent"]])
                .filter(|code| is_continent(code)),
            continent_name: text(&[&["continent", "names", "en"], &["continent_name"], &["continent"]])
                .filter(|name| name.len() > 2),
            location: location(latitude, longitude),
            as_number: as_number.iter().find_map(|path| system_number(record.at(path)?)),
            as_organization: text(&[
                &["autonomous_system_organization"],
                &["traits", "autonomous_system_organization"],
                &["as_name"],
            ]),
            country_code,
        }
    }

    /// Whether it says nothing that we look for.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Entry::default()
    }
}

fn country_code(text: &str) -> Option<String> {
    let code = text.to_ascii_uppercase();
    is_country(&code).then_some(code)
}

/// GeoLite2 has the part after the hyphen alone (`VA`), others all of it (`US-VA`). What does not look like ISO 3166-2,
/// or is of another country, is nothing.
fn full_region_code(country: &str, code: &str) -> Option<String> {
    let code = code.to_ascii_uppercase();
    let part = match code.split_once('-') {
        Some((of_country, part)) if of_country == country => part,
        Some(_) => return None,
        None => &code,
    };
    let well_formed = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    well_formed.then(|| format!("{country}-{part}"))
}

/// 0,0 is open sea, 570 km off Ghana, and what databases write for "unknown": it is never a place.
fn location(latitude: Option<f64>, longitude: Option<f64>) -> Option<Location> {
    let (lat, lon) = (latitude?, longitude?);
    let on_earth = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    let unknown = lat == 0.0 && lon == 0.0;
    (on_earth && !unknown).then_some(Location { lat, lon })
}

/// A number, or a text with or without `AS` before it.
fn system_number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Text(text) => {
            let text = text.trim();
            let digits = text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text);
            digits.parse::<u32>().ok()?
        }
        Value::Number(number) if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(number) => {
            *number as u32
        }
        _ => return None,
    };
    (number != 0).then_some(number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::facts::Facts;

    /// The facts of one record in JSON.
    fn facts(record: &str) -> Facts {
        let mut facts = Facts::default();
        Entry::from_record(&serde_json::from_str(record).unwrap()).complete(&mut facts);
        facts
    }

    #[test]
    fn every_path_is_kept_when_a_record_is_decoded() {
        // The paths are literals in `from_record`; a key that `KEYS` lacks would silently never be found.
        let source = include_str!("entry.rs");
        let body = source.split("fn from_record").nth(1).unwrap().split("fn is_empty").next().unwrap();
        let mut found = 0;
        for key in body.split('"').skip(1).step_by(2) {
            assert!(crate::value::KEYS.contains(&key), "{key}");
            found += 1;
        }
        assert!(found > 30, "{found}");
    }

    #[test]
    fn a_record_of_nothing_is_empty() {
        let empty = r#"{"country_code": "", "city": "-", "latitude": 0, "longitude": 0.0, "autonomous_system_number": 0,
            "autonomous_system_organization": " ", "registered_country": {"iso_code": "US"}}"#;
        assert!(Entry::from_record(&serde_json::from_str(empty).unwrap()).is_empty());
        assert!(facts(empty).is_empty());
    }

    #[test]
    fn regions_have_their_country_before_them() {
        let with = |country: &str, code: &str| {
            facts(&format!(r#"{{"country_code": "{country}", "region_code": "{code}"}}"#)).region_code
        };
        assert_eq!(with("US", "VA").as_deref(), Some("US-VA"));
        assert_eq!(with("us", "va").as_deref(), Some("US-VA"));
        assert_eq!(with("GB", "GB-ENG").as_deref(), Some("GB-ENG"));
        assert_eq!(with("AT", "9").as_deref(), Some("AT-9"));
        assert_eq!(with("TW", "CN-TW"), None);
        assert_eq!(with("US", "Virginia"), None);
        assert_eq!(with("", "VA"), None);
    }

    #[test]
    fn places_off_the_earth_are_unknown() {
        let at = |lat: &str, lon: &str| {
            facts(&format!(r#"{{"country_code": "GB", "latitude": {lat}, "longitude": {lon}}}"#)).location
        };
        assert_eq!(at("51.5", "0"), Some(Location { lat: 51.5, lon: 0.0 }));
        assert_eq!(at("0", "36.8"), Some(Location { lat: 0.0, lon: 36.8 }));
        assert_eq!(at("\"-33.87\"", "\"151.21\""), Some(Location { lat: -33.87, lon: 151.21 }));
        assert_eq!(at("-90", "180"), Some(Location { lat: -90.0, lon: 180.0 }));
        assert_eq!(at("0", "0"), None);
        assert_eq!(at("-0.0", "0.0"), None);
        assert_eq!(at("90.1", "10"), None);
        assert_eq!(at("10", "-180.5"), None);
        assert_eq!(at("\"\"", "10"), None);
    }

    #[test]
    fn system_numbers_come_as_numbers_and_as_text() {
        let number = |json: &str| facts(&format!(r#"{{"autonomous_system_number": {json}}}"#)).as_number;
        assert_eq!(number("64496"), Some(64_496));
        assert_eq!(number("64496.0"), Some(64_496));
        assert_eq!(number("\"AS64496\""), Some(64_496));
        assert_eq!(number("\"64496\""), Some(64_496));
        assert_eq!(number("4294967295"), Some(u32::MAX));
        for unknown in ["0", "-1", "1.5", "4294967296", "18446744073709551616", "\"\"", "\"AS\"", "\"ASX\"", "true"] {
            assert_eq!(number(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn codes_of_no_country_are_unknown() {
        for code in ["EU", "AP", "ZZ", "XX", "A1", "O1", "U", "USA", "--", "É"] {
            assert_eq!(facts(&format!(r#"{{"country_code": "{code}"}}"#)).country_code, None, "{code}");
        }
    }

    #[test]
    fn a_country_as_text_is_a_code_or_a_name() {
        let code = facts(r#"{"country": "DE", "continent": "Europe"}"#);
        assert_eq!((code.country_code.as_deref(), code.country_name), (Some("DE"), None));
        assert_eq!(code.continent_name.as_deref(), Some("Europe"));
        let name = facts(r#"{"country": "Germany", "country_code": "DE", "continent_code": "EU", "asn": "AS64496"}"#);
        assert_eq!((name.country_code.as_deref(), name.country_name.as_deref()), (Some("DE"), Some("Germany")));
        assert_eq!((name.continent_code.as_deref(), name.as_number), (Some("EU"), Some(64_496)));
    }
}
