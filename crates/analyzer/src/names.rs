//! What addresses are called: the interface that had one then, its groups, an AWS service, a country, a network.
//!
//! Names of private addresses come from the inventory and hold for a time; those of public ones come from files that
//! are given for it (`--geo`, `--ip-ranges`) and say nothing of when.

use crate::cli::judgement::NameOptions;
use enrich::{Atlas, Sources};
use inventory::{Inventory, Span};
use serde::Serialize;
use std::net::IpAddr;

/// `region` in `ip-ranges.json` of services that are in none.
const EVERYWHERE: &str = "GLOBAL";

/// Where names of public addresses come from. Those of private ones are in the inventory.
#[derive(Debug, Default)]
pub struct Names {
    atlas: Option<Atlas>,
}

/// What is known of one address. Absent is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Name {
    /// The one interface that the snapshots around that time show with the address: its id.
    pub interface: Option<String>,
    /// That interface's description, if it has one.
    pub description: Option<String>,
    /// Names (where there is none: ids) of groups that it surely carried, sorted.
    pub groups: Vec<String>,
    /// AWS service and region, such as `CLOUDFRONT` or `EC2 eu-west-1`.
    pub service: Option<String>,
    /// English name of the country.
    pub country: Option<String>,
    /// Owner of the network.
    pub organization: Option<String>,
}

impl Names {
    /// Opens the files.
    ///
    /// # Errors
    /// As `enrich`: the file, what is wrong with it and the cure.
    pub fn load(options: &NameOptions) -> Result<Names, enrich::OpenError> {
        let sources = Sources { geo: options.geo.clone(), ip_ranges: options.ip_ranges.clone(), ..Sources::default() };
        let atlas = Atlas::open(&sources)?;
        Ok(Names { atlas: if atlas.is_empty() { None } else { Some(atlas) } })
    }

    /// What an address was called during a span.
    pub fn of(&self, inventory: &Inventory, address: IpAddr, span: Span) -> Name {
        let mut name = Name::default();
        // Where two may have had it, either name would be a guess.
        if let [owner] = inventory.owners_of(address, span)[..] {
            let interface = inventory.interface(owner);
            name.interface = Some(interface.id.clone());
            name.description = Some(interface.description.clone()).filter(|text| !text.is_empty());
        }
        for group in inventory.groups_of(address, span) {
            let group = inventory.group(group);
            name.groups.push(if group.name.is_empty() { group.id.clone() } else { group.name.clone() });
        }
        name.groups.sort();
        name.groups.dedup();
        if let Some(atlas) = &self.atlas {
            name.add_facts(atlas.facts(address));
        }
        name
    }
}

impl Name {
    fn add_facts(&mut self, facts: enrich::Facts) {
        self.service = facts.aws_service.map(|service| match facts.aws_region {
            Some(region) if region != EVERYWHERE => format!("{service} {region}"),
            _ => service,
        });
        self.country = facts.country_name.or(facts.country_code);
        self.organization = facts.as_organization;
    }

    /// Whether nothing at all is known.
    pub fn is_empty(&self) -> bool {
        *self == Name::default()
    }

    /// In words, the most telling first: `eni-0a1b "ELB app/web" (web, base)`, `CLOUDFRONT, United States, Example
    /// Inc.`. Empty if nothing is known. Not yet made printable.
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        if let Some(interface) = &self.interface {
            words.push(interface.clone());
        }
        if let Some(description) = &self.description {
            words.push(format!("\"{description}\""));
        }
        if !self.groups.is_empty() {
            words.push(format!("({})", self.groups.join(", ")));
        }
        let mut parts = Vec::new();
        if !words.is_empty() {
            parts.push(words.join(" "));
        }
        parts.extend([&self.service, &self.country, &self.organization].into_iter().flatten().cloned());
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    const MARCH: i64 = 20_513 * 86_400; // 2026-03-01
    const APRIL: i64 = 20_544 * 86_400; // 2026-04-01
    const ALWAYS: Span = Span { from: MARCH, to: APRIL };

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// 10.0.0.5 is eni-1's; 10.0.0.6 was eni-2's in March and eni-3's in April; 10.0.0.7 two VPCs have.
    fn inventory() -> Inventory {
        let interface = |id: &str, vpc: &str, ip: &str, description: &str, groups: &str| {
            format!(
                r#"{{"NetworkInterfaceId": "{id}", "OwnerId": "123456789012", "VpcId": "{vpc}", "InterfaceType": "interface",
                    "Description": "{description}", "PrivateIpAddress": "{ip}", "Groups": [{groups}]}}"#
            )
        };
        let web = r#"{"GroupId": "sg-1", "GroupName": "web"}"#;
        let both = r#"{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2", "GroupName": "base"}"#;
        let snapshot = |time: &str, of_six: String| {
            let interfaces = [
                interface("eni-1", "vpc-1", "10.0.0.5", "front\\u001b[2J", both),
                interface("eni-7", "vpc-1", "10.0.0.7", "", web),
                interface("eni-8", "vpc-2", "10.0.0.7", "", web),
                of_six,
            ];
            format!(
                r#"{{"CapturedAt": "{time}", "AccountId": "123456789012", "NetworkInterfaces": [{}], "SecurityGroups": [{web}]}}"#,
                interfaces.join(",")
            )
        };
        let march = snapshot("2026-03-01T00:00:00Z", interface("eni-2", "vpc-1", "10.0.0.6", "", web));
        let april = snapshot("2026-04-01T00:00:00Z", interface("eni-3", "vpc-1", "10.0.0.6", "", web));
        Inventory::from_texts(&[("march.json", &march), ("april.json", &april)]).unwrap().inventory
    }

    #[test]
    fn private_addresses_are_named_by_whoever_had_them_then() {
        let (inventory, names) = (inventory(), Names::default());
        let front = names.of(&inventory, address("10.0.0.5"), ALWAYS);
        assert_eq!(front.interface.as_deref(), Some("eni-1"));
        assert_eq!(front.description.as_deref(), Some("front\u{1b}[2J"));
        assert_eq!(front.groups, ["base", "web"]);
        assert_eq!(front.words(), "eni-1 \"front\u{1b}[2J\" (base, web)");

        let at = |time: i64| names.of(&inventory, address("10.0.0.6"), Span { from: time, to: time });
        assert_eq!(at(MARCH).interface.as_deref(), Some("eni-2"));
        assert_eq!(at(APRIL).interface.as_deref(), Some("eni-3"));
        assert_eq!(at(MARCH + 86_400), Name::default(), "one of the two, or somebody who came and went");
    }

    #[test]
    fn what_is_not_known_is_absent() {
        let (inventory, names) = (inventory(), Names::default());
        assert!(names.of(&inventory, address("10.0.0.99"), ALWAYS).is_empty());
        assert!(names.of(&inventory, address("198.51.100.7"), ALWAYS).is_empty());
        let shared = names.of(&inventory, address("10.0.0.7"), ALWAYS);
        assert_eq!(shared.interface, None, "two VPCs have that address");
        assert_eq!(shared.groups, ["web"], "but both owners carry the group");
        assert_eq!(Name::default().words(), "");
    }

    #[test]
    fn public_addresses_are_named_by_files() {
        let folder = tempfile::tempdir().unwrap();
        let ranges = folder.path().join("ip-ranges.json");
        let text = r#"{"syncToken": "1", "createDate": "2026-03-01-00-00-00", "prefixes": [
            {"ip_prefix": "198.51.100.0/24", "region": "eu-west-1", "service": "EC2", "network_border_group": "eu-west-1"},
            {"ip_prefix": "203.0.113.0/24", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"}],
            "ipv6_prefixes": []}"#;
        std::fs::write(&ranges, text).unwrap();
        let names = Names::load(&NameOptions { geo: Vec::new(), ip_ranges: Some(ranges) }).unwrap();
        let inventory = Inventory::default();
        let service = |ip: &str| names.of(&inventory, address(ip), ALWAYS).service;
        assert_eq!(service("198.51.100.7").as_deref(), Some("EC2 eu-west-1"));
        assert_eq!(service("203.0.113.7").as_deref(), Some("CLOUDFRONT"));
        assert_eq!(service("192.0.2.1"), None);

        let missing = NameOptions { geo: vec![folder.path().join("none.mmdb")], ip_ranges: None };
        assert!(Names::load(&missing).unwrap_err().to_string().contains("none.mmdb"));
    }
}
