//! Where an address is, whose network it is in and what is said of it: `enrich`'s facts, rendered once for an address and then copied.

use super::json::{Object, push_number, push_text, push_texts};
use crate::decorate::Schema;
use enrich::{AddressCache, Atlas, Facts, is_public};
use std::io::Write;
use std::net::IpAddr;
use std::sync::Arc;

/// How many addresses are remembered. Rendered facts take some 600 bytes each, so the whole stays near 10 MB, and flow logs talk about
/// few addresses at a time.
const REMEMBERED: usize = 16_384;

/// Rendered facts about one public address. Each part is a list of members, a comma before each.
pub(crate) struct Place {
    /// ECS: `geo` and `as`, the same in `source` and `destination`. Empty in the classic shape.
    pub end: Box<[u8]>,
    /// Facts named for the source: all of them in the classic shape, those of `sgflow` in ECS.
    pub source: Box<[u8]>,
    /// Facts named for the destination.
    pub destination: Box<[u8]>,
}

/// The facts of all addresses, in one of the two shapes.
pub(crate) struct Places {
    atlas: Arc<Atlas>,
    schema: Schema,
    cache: AddressCache<Place>,
}

impl Places {
    pub fn new(atlas: Arc<Atlas>, schema: Schema) -> Places {
        Places { atlas, schema, cache: AddressCache::new(REMEMBERED) }
    }

    /// What is known of an address; none without a database and for addresses that are not on the internet.
    pub fn of(&mut self, address: IpAddr) -> Option<&Place> {
        if self.atlas.is_empty() || !is_public(address) {
            return None;
        }
        let (atlas, schema) = (&self.atlas, self.schema);
        Some(self.cache.get_or_insert_with(address, |address| Place::render(&atlas.facts(address), schema)))
    }
}

/// The address of one side whose facts are told: the one of the record, unless that is private and the packet-level one is not.
pub(crate) fn told_address(of_record: Option<IpAddr>, of_packet: Option<IpAddr>) -> Option<IpAddr> {
    match (of_record, of_packet) {
        (Some(address), Some(packet)) if !is_public(address) && is_public(packet) => Some(packet),
        (Some(address), _) => Some(address),
        (None, packet) => packet,
    }
}

impl Place {
    fn render(facts: &Facts, schema: Schema) -> Place {
        let rendered = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            out.into_boxed_slice()
        };
        match schema {
            Schema::Classic => Place {
                end: Box::default(),
                source: rendered(&|out| push_classic(out, "source", facts)),
                destination: rendered(&|out| push_classic(out, "destination", facts)),
            },
            Schema::Ecs => Place {
                end: rendered(&|out| push_ecs(out, facts)),
                source: rendered(&|out| push_ours(out, "source", facts)),
                destination: rendered(&|out| push_ours(out, "destination", facts)),
            },
        }
    }
}

fn push_classic(out: &mut Vec<u8>, side: &str, facts: &Facts) {
    let text = |out: &mut Vec<u8>, name: &str, fact: &Option<String>| {
        push_text(out, format!(",\"{side}-{name}\":\"").as_bytes(), fact.as_deref().unwrap_or_default().as_bytes());
    };
    text(out, "country-code", &facts.country_code);
    text(out, "country-name", &facts.country_name);
    text(out, "region-code", &facts.region_code);
    text(out, "region-name", &facts.region_name);
    text(out, "city", &facts.city);
    push_location(out, &format!(",\"{side}-location\":"), facts);
    if let Some(number) = facts.as_number {
        push_number(out, format!(",\"{side}-as-number\":").as_bytes(), number);
    }
    text(out, "as-organization", &facts.as_organization);
    text(out, "aws-service", &facts.aws_service);
    push_texts(out, format!(",\"{side}-threat-lists\":").as_bytes(), facts.threat_lists.iter().map(String::as_str));
}

fn push_ecs(out: &mut Vec<u8>, facts: &Facts) {
    let text = |out: &mut Vec<u8>, key: &[u8], fact: &Option<String>| {
        push_text(out, key, fact.as_deref().unwrap_or_default().as_bytes());
    };
    let geo = Object::open(out, br#","geo":"#);
    text(out, br#","city_name":""#, &facts.city);
    text(out, br#","continent_name":""#, &facts.continent_name);
    text(out, br#","country_iso_code":""#, &facts.country_code);
    text(out, br#","country_name":""#, &facts.country_name);
    push_location(out, ",\"location\":", facts);
    text(out, br#","region_iso_code":""#, &facts.region_code);
    text(out, br#","region_name":""#, &facts.region_name);
    geo.close(out);
    let network = Object::open(out, br#","as":"#);
    if let Some(number) = facts.as_number {
        push_number(out, br#","number":"#, number);
    }
    let organization = Object::open(out, br#","organization":"#);
    text(out, br#","name":""#, &facts.as_organization);
    organization.close(out);
    network.close(out);
}

fn push_ours(out: &mut Vec<u8>, side: &str, facts: &Facts) {
    let service = facts.aws_service.as_deref().unwrap_or_default();
    push_text(out, format!(",\"{side}_aws_service\":\"").as_bytes(), service.as_bytes());
    push_texts(out, format!(",\"{side}_threat_lists\":").as_bytes(), facts.threat_lists.iter().map(String::as_str));
}

/// A `geo_point`. One that is off the globe would make an index refuse the whole document, so it is unknown.
fn push_location(out: &mut Vec<u8>, key: &str, facts: &Facts) {
    let Some(location) = &facts.location else { return };
    if !(location.lat.abs() <= 90.0 && location.lon.abs() <= 180.0) {
        return;
    }
    // Writing into a vector does not fail.
    let _ = write!(out, "{key}{{\"lat\":{},\"lon\":{}}}", location.lat, location.lon);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_packet_is_asked_where_the_record_has_a_private_address() {
        let address = |text: &str| Some(text.parse().unwrap());
        let (gateway, internet, other) = (address("10.0.0.220"), address("203.0.113.5"), address("198.51.100.7"));
        assert_eq!(told_address(gateway, internet), internet);
        assert_eq!(told_address(internet, other), internet);
        assert_eq!(told_address(gateway, address("10.0.1.5")), gateway);
        assert_eq!(told_address(None, internet), internet);
        assert_eq!(told_address(gateway, None), gateway);
    }

    fn sydney() -> Facts {
        let text = |text: &str| Some(text.to_owned());
        Facts {
            country_code: text("AU"),
            country_name: text("Australia"),
            region_code: text("AU-NSW"),
            region_name: text("New South Wales"),
            city: text("Sydney"),
            continent_code: text("OC"),
            continent_name: text("Oceania"),
            location: Some(enrich::Location { lat: -33.8591, lon: 151.2002 }),
            as_number: Some(64496),
            as_organization: text("Example \"Networks\""),
            aws_service: text("S3"),
            aws_region: text("ap-southeast-2"),
            threat_lists: vec!["drop".to_owned(), "tor".to_owned()],
        }
    }

    fn members(part: &[u8]) -> serde_json::Value {
        let part = part.strip_prefix(b",").unwrap_or(part);
        serde_json::from_slice(&[b"{", part, b"}"].concat()).unwrap()
    }

    #[test]
    fn classic_names_every_fact_of_both_sides() {
        let place = Place::render(&sydney(), Schema::Classic);
        let source = serde_json::json!({
            "source-country-code": "AU", "source-country-name": "Australia", "source-region-code": "AU-NSW",
            "source-region-name": "New South Wales", "source-city": "Sydney",
            "source-location": {"lat": -33.8591, "lon": 151.2002}, "source-as-number": 64496,
            "source-as-organization": "Example \"Networks\"", "source-aws-service": "S3",
            "source-threat-lists": ["drop", "tor"],
        });
        assert_eq!(members(&place.source), source);
        let destination = source.to_string().replace("source-", "destination-");
        assert_eq!(members(&place.destination), serde_json::from_str::<serde_json::Value>(&destination).unwrap());
        assert!(place.end.is_empty());
    }

    #[test]
    fn ecs_has_the_fields_of_the_integration_and_ours_apart() {
        let place = Place::render(&sydney(), Schema::Ecs);
        let end = serde_json::json!({
            "geo": {
                "city_name": "Sydney", "continent_name": "Oceania", "country_iso_code": "AU", "country_name": "Australia",
                "location": {"lat": -33.8591, "lon": 151.2002}, "region_iso_code": "AU-NSW", "region_name": "New South Wales",
            },
            "as": {"number": 64496, "organization": {"name": "Example \"Networks\""}},
        });
        assert_eq!(members(&place.end), end);
        let ours = serde_json::json!({"source_aws_service": "S3", "source_threat_lists": ["drop", "tor"]});
        assert_eq!(members(&place.source), ours);
        let ours = serde_json::json!({"destination_aws_service": "S3", "destination_threat_lists": ["drop", "tor"]});
        assert_eq!(members(&place.destination), ours);
    }

    #[test]
    fn what_is_unknown_is_absent() {
        let country_alone =
            Facts { country_code: Some("NO".to_owned()), city: Some(String::new()), ..Facts::default() };
        let place = Place::render(&country_alone, Schema::Classic);
        assert_eq!(&*place.source, br#","source-country-code":"NO""#);
        assert_eq!(&*Place::render(&country_alone, Schema::Ecs).end, br#","geo":{"country_iso_code":"NO"}"#);
        for schema in [Schema::Classic, Schema::Ecs] {
            let place = Place::render(&Facts::default(), schema);
            assert!([place.end, place.source, place.destination].iter().all(|part| part.is_empty()));
        }
    }

    #[test]
    fn places_off_the_globe_are_unknown() {
        let location = |lat, lon| {
            let mut out = Vec::new();
            let facts = Facts { location: Some(enrich::Location { lat, lon }), ..Facts::default() };
            push_location(&mut out, "", &facts);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(location(-33.8591, 151.2002), r#"{"lat":-33.8591,"lon":151.2002}"#);
        assert_eq!(location(62.0, -180.0), r#"{"lat":62,"lon":-180}"#);
        for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(location(lat, lon), "");
        }
    }
}
