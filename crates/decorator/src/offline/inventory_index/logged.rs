//! Whose accepted traffic flow logs record, as `describe-flow-logs` tells.

use std::collections::BTreeSet;

use inventory::{GroupIx, Interface, InterfaceIx, Inventory, TrafficType};

/// How much of a group's traffic is known to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Flow logs were not read, so nothing speaks against it.
    Untold,
    /// That of all its interfaces.
    All,
    /// That of some of them.
    Part,
    /// None of it.
    Nothing,
}

/// The resources whose accepted traffic some flow log is known to record. One that does not say what it records, or of what, is not known
/// to.
pub struct Logged<'a> {
    were_read: bool,
    /// Ids of VPCs, subnets and interfaces.
    resources: BTreeSet<&'a str>,
    /// VPCs of which at least an interface is among them.
    vpcs: BTreeSet<&'a str>,
}

impl<'a> Logged<'a> {
    /// What the inventory says.
    pub fn new(inventory: &'a Inventory) -> Logged<'a> {
        let records_accepted = |kind: TrafficType| matches!(kind, TrafficType::All | TrafficType::Accept);
        let flow_logs = inventory.flow_logs().iter().filter(|flow_log| records_accepted(flow_log.traffic_type));
        let mut logged = Logged {
            were_read: inventory.flow_logs_were_read(),
            resources: flow_logs.filter_map(|flow_log| flow_log.resource_id.as_deref()).collect(),
            vpcs: BTreeSet::new(),
        };
        let interfaces = inventory.interfaces().iter().filter(|interface| logged.has(interface));
        logged.vpcs = interfaces.filter_map(|interface| interface.vpc.as_deref()).collect();
        logged.vpcs.extend(&logged.resources);
        logged
    }

    /// The share of a group, which these interfaces carried or may have carried.
    pub fn share(&self, inventory: &Inventory, group: GroupIx, carriers: &[InterfaceIx]) -> Share {
        if !self.were_read {
            return Share::Untold;
        }
        let logged = carriers.iter().filter(|number| self.has(inventory.interface(**number))).count();
        if logged > 0 {
            return if logged == carriers.len() { Share::All } else { Share::Part };
        }
        let has_vpc = |vpc: &String| self.vpcs.contains(vpc.as_str());
        match carriers.is_empty() && inventory.group(group).usable_vpcs.iter().any(has_vpc) {
            true => Share::All,
            false => Share::Nothing,
        }
    }

    fn has(&self, interface: &Interface) -> bool {
        let ids = [Some(&interface.id), interface.subnet.as_ref(), interface.vpc.as_ref()];
        ids.into_iter().flatten().any(|id| self.resources.contains(id.as_str()))
    }
}
