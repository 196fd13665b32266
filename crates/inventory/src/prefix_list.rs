//! Prefix lists and their entries over time.

use crate::address_set::AddressSet;
use crate::answer::Answer;
use crate::inventory::Inventory;
use crate::time::{Span, Timeline};
use ipnet::IpNet;
use std::net::IpAddr;

/// What a reference to a list that AWS manages counts for in the quota of rules, by the last part of its name (Amazon VPC User Guide,
/// "AWS-managed prefix lists", column "Weight"). Their names: `com.amazonaws.`, region or `global`, `ipv6` for some, and this.
const AWS_WEIGHTS: [(&str, u32); 8] = [
    ("cloudfront.origin-facing", 55),
    ("dynamodb", 1),
    ("ec2-instance-connect", 2),
    ("groundstation", 5),
    ("route53-healthchecks", 25),
    ("s3", 1),
    ("s3express", 6),
    ("vpc-lattice", 10),
];

/// How the names of AWS's own lists begin; no customer's may (EC2 API Reference, `CreateManagedPrefixList`, `PrefixListName`).
const AWS_NAME: &str = "com.amazonaws.";

/// What is known of a prefix list beside its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrefixListFacts {
    /// `PrefixListName`, such as `com.amazonaws.global.cloudfront.origin-facing`; empty if nothing tells.
    pub name: String,
    /// The account that owns it, or `AWS`.
    pub owner: Option<String>,
    /// `MaxEntries`: what a reference to it counts for in the quota of rules.
    pub max_entries: Option<u32>,
}

impl PrefixListFacts {
    /// Whether AWS keeps its entries.
    pub fn is_aws_managed(&self) -> bool {
        self.owner.as_deref() == Some("AWS") || self.name.starts_with(AWS_NAME)
    }

    /// What AWS documents that a reference to this list of its own counts for.
    fn aws_weight(&self) -> Option<u32> {
        let (_region, service) = self.name.strip_prefix(AWS_NAME)?.split_once('.')?;
        let service = service.strip_prefix("ipv6.").unwrap_or(service);
        AWS_WEIGHTS.iter().find(|(name, _)| *name == service).map(|(_, weight)| *weight)
    }
}

/// A prefix list.
#[derive(Debug, Clone)]
pub(crate) struct PrefixList {
    /// For each scope that ever shows the list.
    pub versions: Vec<Versions>,
}

/// The list as the snapshots of one scope show it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions {
    pub timeline: Timeline,
    /// For each time; none: listed without entries.
    pub entries: Vec<Option<AddressSet>>,
    /// How many entries the last snapshot that has them lists.
    pub entry_count: Option<u32>,
}

impl PrefixList {
    /// Whether any snapshot has the entries.
    pub(crate) fn is_resolved(&self) -> bool {
        self.versions.iter().any(|versions| versions.entries.iter().any(Option::is_some))
    }

    /// Whether the list had the address in it during the span.
    pub(crate) fn contains(&self, address: IpAddr, span: Span) -> Answer {
        let mut all = true;
        let mut some = false;
        for versions in &self.versions {
            let Some((first, last)) = versions.timeline.relevant(span) else { continue };
            for entries in &versions.entries[first as usize..=last as usize] {
                match entries {
                    None => {
                        all = false;
                        some = true;
                    }
                    Some(entries) if entries.contains(address) => some = true,
                    Some(_) => all = false,
                }
            }
        }
        Answer::of_alternatives(all, some)
    }

    /// Whether it had the address in it at any time, or may have had.
    pub(crate) fn ever_contains(&self, address: IpAddr) -> bool {
        let mut versions = self.versions.iter().flat_map(|versions| &versions.entries);
        versions.any(|entries| entries.as_ref().is_none_or(|entries| entries.contains(address)))
    }

    /// Whether all snapshots that show it have its entries, and the same ones.
    pub(crate) fn is_steady(&self) -> bool {
        let mut versions = self.versions.iter().flat_map(|versions| &versions.entries);
        let first = versions.next();
        first.is_some_and(|first| first.is_some() && versions.all(|other| other == first))
    }

    /// The latest entries that are known.
    pub(crate) fn latest(&self) -> Option<&AddressSet> {
        let mut latest = None;
        let mut latest_time = i64::MIN;
        for versions in &self.versions {
            for (time, entries) in versions.timeline.times.iter().zip(&versions.entries) {
                if *time >= latest_time && entries.is_some() {
                    latest_time = *time;
                    latest = entries.as_ref();
                }
            }
        }
        latest
    }
}

impl Inventory {
    /// What a rule for the list counts for in the quotas of IPv4 and of IPv6 rules of its group: what AWS documents for a list of its own,
    /// else `MaxEntries`, else, for a customer's, the number of its entries. None: nothing tells.
    pub fn prefix_list_weight(&self, id: &str) -> Option<u32> {
        let facts = self.list_facts.get(id).cloned().unwrap_or_default();
        let documented = facts.aws_weight().or(facts.max_entries);
        if documented.is_some() || facts.is_aws_managed() {
            return documented;
        }
        let list = self.lists.get(*self.list_numbers.get(id)? as usize)?;
        list.versions.iter().filter_map(|versions| versions.entry_count).max()
    }

    /// Whether the latest entries of the list are known and all of them lie in the range.
    pub fn prefix_list_lies_within(&self, id: &str, range: IpNet) -> bool {
        let list = self.list_numbers.get(id).and_then(|number| self.lists.get(*number as usize));
        let entries = list.and_then(PrefixList::latest);
        entries.is_some_and(|entries| AddressSet::from_nets([&range]).covers(entries))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn inventory(lists: &str) -> Inventory {
        let text = format!(r#"{{"SecurityGroups": [], "SecurityGroupRules": [], "PrefixLists": [{lists}]}}"#);
        Inventory::from_texts(&[("lists.json", &text)]).unwrap().inventory
    }

    fn aws(name: &str) -> String {
        format!(
            r#"{{"PrefixListId": "pl-1", "PrefixListName": "{name}", "OwnerId": "AWS", "Entries": [{{"Cidr": "192.0.2.0/24"}}]}}"#
        )
    }

    #[test]
    fn lists_of_aws_weigh_what_its_page_says() {
        for (name, weight) in [
            ("com.amazonaws.global.cloudfront.origin-facing", Some(55)),
            ("com.amazonaws.global.ipv6.cloudfront.origin-facing", Some(55)),
            ("com.amazonaws.eu-west-1.dynamodb", Some(1)),
            ("com.amazonaws.us-east-1.s3", Some(1)),
            ("com.amazonaws.us-east-1.s3express", Some(6)),
            ("com.amazonaws.us-east-1.ec2-instance-connect", Some(2)),
            ("com.amazonaws.us-east-1.ipv6.ec2-instance-connect", Some(2)),
            ("com.amazonaws.global.groundstation", Some(5)),
            ("com.amazonaws.us-east-1.route53-healthchecks", Some(25)),
            ("com.amazonaws.us-east-1.ipv6.vpc-lattice", Some(10)),
            // Not on the page: it may weigh more than the entries that it has.
            ("com.amazonaws.us-east-1.something-new", None),
        ] {
            assert_eq!(inventory(&aws(name)).prefix_list_weight("pl-1"), weight, "{name}");
        }
    }

    #[test]
    fn lists_of_customers_weigh_what_they_may_hold() {
        let entries =
            r#""Entries": [{"Cidr": "192.0.2.0/25"}, {"Cidr": "192.0.2.128/25"}, {"Cidr": "192.0.2.128/25"}]"#;
        let list = |more: &str| format!(r#"{{"PrefixListId": "pl-1", "OwnerId": "123456789012", {more}{entries}}}"#);
        assert_eq!(inventory(&list(r#""MaxEntries": 20, "#)).prefix_list_weight("pl-1"), Some(20));
        assert_eq!(inventory(&list("")).prefix_list_weight("pl-1"), Some(2), "each entry once");
        assert_eq!(inventory(&list("")).prefix_list_weight("pl-2"), None);
    }

    #[test]
    fn a_list_lies_in_a_range_with_all_its_entries() {
        let inventory = inventory(&aws("com.amazonaws.us-east-1.s3"));
        let within = |id: &str, range: &str| inventory.prefix_list_lies_within(id, range.parse().unwrap());
        assert!(within("pl-1", "192.0.0.0/16") && within("pl-1", "192.0.2.0/24"));
        assert!(!within("pl-1", "192.0.2.0/25") && !within("pl-1", "::/0") && !within("pl-2", "0.0.0.0/0"));
    }
}
