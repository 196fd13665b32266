//! What addresses are called: the interface that had one then, its groups, an AWS service, a country, a network.

use crate::cli::judgement::NameOptions;
use inventory::{Inventory, Span};
use std::net::IpAddr;

/// Where names of public addresses come from. Those of private ones are in the inventory.
#[derive(Default)]
pub struct Names {}

/// What is known of one address. Absent is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The interface that surely had the address: its id.
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
        let _ = options;
        Ok(Names::default())
    }

    /// What an address was called during a span.
    pub fn of(&self, inventory: &Inventory, address: IpAddr, span: Span) -> Name {
        let _ = (inventory, address, span);
        Name::default()
    }
}
