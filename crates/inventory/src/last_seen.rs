//! When the inventory saw a thing last.

use crate::group::Group;
use crate::interface::Interface;
use crate::inventory::{Inventory, Scope};
use crate::rule::Rule;
use crate::time::{Epoch, Run, Timeline};

impl Inventory {
    /// The time of the last snapshot that shows the interface; [`crate::UNDATED`] if that has no date.
    pub fn interface_last_seen(&self, interface: &Interface) -> Option<Epoch> {
        self.last_of(interface.history.iter().map(|item| &item.run), |scope| &scope.interfaces)
    }

    /// The time of the last snapshot that lists the group; [`crate::UNDATED`] if that has no date. None for a group that no snapshot
    /// lists, and that is known only by the interfaces that carry it.
    pub fn group_last_seen(&self, group: &Group) -> Option<Epoch> {
        self.last_of(group.presence.iter(), |scope| &scope.groups)
    }

    /// The time of the last snapshot that has the rule; [`crate::UNDATED`] if that has no date.
    pub fn rule_last_seen(&self, rule: &Rule) -> Option<Epoch> {
        self.last_of(rule.presence.iter(), |scope| &scope.groups)
    }

    fn last_of<'a>(&self, runs: impl Iterator<Item = &'a Run>, timeline: fn(&Scope) -> &Timeline) -> Option<Epoch> {
        let time = |run: &Run| timeline(self.scopes.get(run.scope as usize)?).times.get(run.last as usize).copied();
        runs.filter_map(time).max()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Inventory, UNDATED};

    #[test]
    fn things_are_dated_by_the_last_snapshot_that_has_them() {
        let march = r#"{"CapturedAt": "2026-03-01T00:00:00Z", "AccountId": "1",
            "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-shared"}]}],
            "SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8"}]}], "IpPermissionsEgress": []}]}"#;
        let april = r#"{"CapturedAt": "2026-04-01T00:00:00Z", "AccountId": "1",
            "SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}], "IpPermissionsEgress": []}]}"#;
        let undated = r#"{"AccountId": "2", "SecurityGroups": [{"GroupId": "sg-2"}]}"#;
        let texts = [("march.json", march), ("april.json", april), ("undated.json", undated)];
        let inventory = Inventory::from_texts(&texts).unwrap().inventory;
        // 2026-03-01 is day 20,513 after the epoch, and March has 31.
        let (march, april) = (Some(20_513 * 86_400), Some(20_544 * 86_400));

        assert_eq!(inventory.interface_last_seen(&inventory.interfaces()[0]), march);
        let group = |id: &str| inventory.group(inventory.group_ix(id).unwrap());
        assert_eq!(inventory.group_last_seen(group("sg-1")), april);
        assert_eq!(inventory.group_last_seen(group("sg-2")), Some(UNDATED));
        assert_eq!(inventory.group_last_seen(group("sg-shared")), None);
        assert_eq!(inventory.rule_last_seen(&group("sg-1").rules[0]), april);
        assert_eq!(inventory.rule_last_seen(&group("sg-1").former_rules[0]), march);
    }
}
