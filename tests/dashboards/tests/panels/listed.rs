//! The tables of the inventory against the files of samples/inventory.

use super::records::inventory;
use super::rows::Rows;
use serde_json::Value;
use std::collections::BTreeMap;

/// Every rule once: group, direction, id, description and ports as `describe-security-group-rules` has them. The rule in words and its
/// blind spot are the decorator's, and tested there.
pub fn check_rules(shown: &Rows) -> Result<(), String> {
    let names = group_names();
    let mut rules: BTreeMap<String, Value> = BTreeMap::new();
    for rule in inventory("security-group-rules")["SecurityGroupRules"].as_array().unwrap() {
        rules.insert(rule["SecurityGroupRuleId"].as_str().unwrap().to_owned(), rule.clone());
    }
    for (path, numbers) in shown {
        let [name, group, direction, text, id, description, _blind_spot] = path.as_slice() else {
            return Err(format!("{} columns: {path:?}", path.len()));
        };
        let rule = rules.remove(id).ok_or_else(|| format!("no rule {id}, or twice"))?;
        let is_egress = rule["IsEgress"].as_bool().unwrap();
        // -1 stands for every port, and the table shows nothing then.
        let port = |key: &str| rule[key].as_f64().filter(|port| *port >= 0.0).unwrap_or_default();
        let described = rule["Description"].as_str().filter(|text| !text.is_empty()).unwrap_or("__missing__");
        let is_right = *group == rule["GroupId"].as_str().unwrap()
            && *name == names[group]
            && *direction == if is_egress { "outbound" } else { "inbound" }
            && description == described
            && *numbers == [port("FromPort"), port("ToPort")]
            && !text.is_empty();
        if !is_right {
            return Err(format!("{path:?} {numbers:?}, but the inventory has {rule}"));
        }
    }
    if rules.is_empty() { Ok(()) } else { Err(format!("{} rules are not shown", rules.len())) }
}

/// Every group once: name, id, VPC and account.
pub fn check_groups(shown: &Rows) -> Result<(), String> {
    let mut expected = Rows::new();
    for group in inventory("security-groups")["SecurityGroups"].as_array().unwrap() {
        let path = ["GroupName", "GroupId", "VpcId", "OwnerId"].map(|key| group[key].as_str().unwrap().to_owned());
        expected.insert(path.to_vec(), vec![1.0]);
    }
    if *shown == expected { Ok(()) } else { Err(format!("{shown:?}, but the inventory has {expected:?}")) }
}

fn group_names() -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for group in inventory("security-groups")["SecurityGroups"].as_array().unwrap() {
        let text = |key: &str| group[key].as_str().unwrap().to_owned();
        names.insert(text("GroupId"), text("GroupName"));
    }
    names
}
