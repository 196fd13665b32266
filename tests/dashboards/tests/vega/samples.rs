//! The samples, in OpenSearch and as plain facts.

use super::panel::{Place, server};
use super::records::{self, Places, Record};
use super::rules::Rules;
use dashboards_test::Range;
use stack::{INVENTORY_INDEX, Schema, Stack, project};
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

/// All of them.
pub const MARCH: Range<'static> = Range { from: "2026-03-01T00:00:00Z", to: "2026-03-04T00:00:00Z" };

pub struct Samples {
    pub records: Vec<Record>,
    pub places: Places,
    rules: Rules,
}

pub static SAMPLES: LazyLock<Samples> =
    LazyLock::new(|| Samples { records: records::samples(), places: Places::read(), rules: Rules::read() });

impl Samples {
    /// Records whose end lies in the range.
    pub fn within(&self, range: &Range<'_>) -> impl Iterator<Item = &Record> {
        let (from, to) = range.milliseconds();
        self.records.iter().filter(move |record| (from..=to).contains(&milliseconds(record)))
    }

    pub fn requests(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.is_request())
    }

    /// Ids of all rules that allowed a request in the range.
    pub fn hit_rules(&self, range: &Range<'_>) -> BTreeSet<String> {
        self.within(range).flat_map(|record| self.rules.allowing(record)).collect()
    }

    /// Ids of all rules of the inventory.
    pub fn rules_with_ids(&self) -> BTreeSet<String> {
        let described = records::inventory("security-group-rules");
        let rules = described["SecurityGroupRules"].as_array().unwrap().iter();
        rules.map(|rule| rule["SecurityGroupRuleId"].as_str().unwrap().to_owned()).collect()
    }

    /// Ids of the rules whose use the flows show, all or none: those for TCP whose peers the inventory knows.
    pub fn visible_rules(&self) -> BTreeSet<String> {
        let mut groups = HashSet::new();
        for interface in records::inventory("network-interfaces")["NetworkInterfaces"].as_array().unwrap() {
            let carried = interface["Groups"].as_array().unwrap().iter();
            groups.extend(carried.map(|group| group["GroupId"].as_str().unwrap().to_owned()));
        }
        let mut lists = HashSet::new();
        for list in records::inventory("prefix-lists")["PrefixLists"].as_array().unwrap() {
            if list["Entries"].is_array() {
                lists.insert(list["PrefixListId"].as_str().unwrap().to_owned());
            }
        }
        let mut visible = BTreeSet::new();
        for rule in records::inventory("security-group-rules")["SecurityGroupRules"].as_array().unwrap() {
            let peer_group = rule["ReferencedGroupInfo"]["GroupId"].as_str();
            let peer_is_known = peer_group.is_none_or(|group| groups.contains(group))
                && rule["PrefixListId"].as_str().is_none_or(|list| lists.contains(list));
            if rule["IpProtocol"] == "tcp" && peer_is_known {
                visible.insert(rule["SecurityGroupRuleId"].as_str().unwrap().to_owned());
            }
        }
        visible
    }

    /// Ids of the interfaces in the inventory.
    pub fn interfaces(&self) -> BTreeSet<String> {
        let described = records::inventory("network-interfaces");
        let interfaces = described["NetworkInterfaces"].as_array().unwrap().iter();
        interfaces.map(|interface| interface["NetworkInterfaceId"].as_str().unwrap().to_owned()).collect()
    }
}

/// What OpenSearch has as `@timestamp`: the record's end.
pub fn milliseconds(record: &Record) -> i64 {
    record.end().cast_signed() * 1_000
}

/// Where the samples are. Loads them once.
pub fn place(schema: Schema) -> Place {
    static LOADED: LazyLock<()> = LazyLock::new(|| {
        let stack = Stack::on(server());
        for schema in Schema::ALL {
            stack.load_samples(schema);
            stack.load_inventory(schema, &project("samples/inventory"));
        }
    });
    LazyLock::force(&LOADED);
    Place::new(&schema.day_index("2026-03-0*"), INVENTORY_INDEX)
}
