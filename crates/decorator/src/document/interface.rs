//! What is said of a network interface at some time, rendered once and kept while the snapshots around the time stay the same.

use super::json::{push_text, push_texts};
use super::two_times::TwoTimes;
use crate::decorate::Schema;
use inventory::{GroupIx, Interface, InterfaceIx, Inventory, Span};

/// An interface that the inventory knows, at some time.
pub(crate) struct KnownInterface {
    /// Groups that it carried: surely all the time (true), or possibly.
    pub groups: Box<[(GroupIx, bool)]>,
    /// It may have carried other groups, or rules that nobody listed: what its rules refuse cannot be told.
    pub is_open: bool,
    /// It surely has no group at all, and so nothing that filters: a NAT gateway, a transit gateway attachment.
    pub is_unfiltered: bool,
    /// Ids and names of the groups that it surely carried: members, a comma before each.
    pub group_members: Box<[u8]>,
    /// Its description and owner, likewise.
    pub interface_members: Box<[u8]>,
}

/// All interfaces that records named so far: at most those of the inventory, each at two times.
pub(crate) struct Interfaces {
    schema: Schema,
    known: Vec<TwoTimes<KnownInterface>>,
}

impl Interfaces {
    pub fn new(schema: Schema) -> Interfaces {
        Interfaces { schema, known: Vec::new() }
    }

    /// Forgets everything: the inventory is another one.
    pub fn clear(&mut self) {
        self.known.clear();
    }

    /// What the snapshots around the span say of an interface.
    pub fn at(&mut self, inventory: &Inventory, number: InterfaceIx, span: Span) -> Option<&KnownInterface> {
        let place = number.0 as usize;
        if self.known.len() <= place {
            self.known.resize_with(inventory.interfaces().len().max(place + 1), TwoTimes::default);
        }
        let schema = self.schema;
        let known = self.known.get_mut(place)?;
        Some(known.at(inventory.epoch_of(span), || KnownInterface::look_up(inventory, number, span, schema)))
    }
}

impl KnownInterface {
    fn look_up(inventory: &Inventory, number: InterfaceIx, span: Span, schema: Schema) -> KnownInterface {
        let carried = inventory.carried(number, span);
        let sure = carried.groups.iter().filter(|(_, surely)| *surely).map(|(group, _)| inventory.group(*group));
        let mut members = Vec::new();
        let (ids, names): (&[u8], &[u8]) = match schema {
            Schema::Classic => (br#","security-group-ids":"#, br#","security-group-names":"#),
            Schema::Ecs => (br#","security_group_ids":"#, br#","security_group_names":"#),
        };
        push_texts(&mut members, ids, sure.clone().map(|group| group.id.as_str()));
        push_texts(&mut members, names, sure.map(|group| group.name.as_str()));
        KnownInterface {
            is_open: carried.unknown_groups || carried.unknown_rules,
            is_unfiltered: carried.groups.is_empty() && !carried.unknown_groups,
            group_members: members.into_boxed_slice(),
            groups: carried.groups.into_boxed_slice(),
            interface_members: interface_members(inventory.interface(number), schema),
        }
    }
}

fn interface_members(interface: &Interface, schema: Schema) -> Box<[u8]> {
    let mut members = Vec::new();
    let (description, owner): (&[u8], &[u8]) = match schema {
        Schema::Classic => (br#","interface-description":""#, br#","interface-owner":""#),
        Schema::Ecs => (br#","interface_description":""#, br#","interface_owner":""#),
    };
    push_text(&mut members, description, interface.description.as_bytes());
    push_text(&mut members, owner, interface.owner.as_deref().unwrap_or_default().as_bytes());
    members.into_boxed_slice()
}
