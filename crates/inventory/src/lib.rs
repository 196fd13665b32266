//! Interfaces, security groups, rules and prefix lists of AWS accounts, over time; and the one matcher that says which
//! rule allows a packet: surely, possibly, or not.
//!
//! An inventory is a folder with what `aws ec2 describe-*` prints. It answers what held *then*, not what holds now:
//! snapshots with a date (`CapturedAt`) make a timeline for each account and region.
//!
//! ```
//! use inventory::{Answer, Direction, Inventory, Port, Protocol, Query, Span};
//!
//! let interfaces = r#"{"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "OwnerId": "123456789012",
//!     "VpcId": "vpc-1", "InterfaceType": "interface", "PrivateIpAddress": "10.0.0.5",
//!     "Groups": [{"GroupId": "sg-app"}]}]}"#;
//! let groups = r#"{"SecurityGroups": [{"GroupId": "sg-db", "OwnerId": "123456789012", "VpcId": "vpc-1",
//!     "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432,
//!         "UserIdGroupPairs": [{"GroupId": "sg-app", "UserId": "123456789012"}]}],
//!     "IpPermissionsEgress": []}]}"#;
//! let loaded = Inventory::from_texts(&[("interfaces.json", interfaces), ("groups.json", groups)])?;
//! let inventory = loaded.inventory;
//!
//! let group = inventory.group_ix("sg-db").ok_or("no such group")?;
//! let rule = &inventory.group(group).rules[0];
//! let mut query = Query {
//!     span: Span { from: 1_772_323_140, to: 1_772_323_260 },
//!     direction: Direction::Ingress,
//!     protocol: Protocol::TCP,
//!     port: Port::Known(5432),
//!     peer: "10.0.0.5".parse()?,
//!     other_peer: None,
//! };
//! // eni-1 owns 10.0.0.5 and carries sg-app.
//! assert_eq!(inventory.allows(rule, &query), Answer::Surely);
//! // Nobody knows who owned 10.0.0.6; it may have carried sg-app.
//! query.peer = "10.0.0.6".parse()?;
//! assert_eq!(inventory.allows(rule, &query), Answer::Unplaced);
//! // A public address is in no group.
//! query.peer = "203.0.113.9".parse()?;
//! assert_eq!(inventory.allows(rule, &query), Answer::No);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The way of a file: [`Inventory::load`] reads documents (`reading`, `document`), takes their items over (`item`,
//! `rule_item`), sorts
//! them into snapshots of scopes (`snapshot`) and puts these together (`assembly`, `interface_history`,
//! `group_history`). Questions about the result live where their story is: who owned an address (`ownership`), who
//! carried a group (`membership`), what a rule allows (`allow`), which ports have a name (`named_port`), what logs
//! never show (`unlogged`), what can never be said surely (`doubt`).
//!
//! With the feature `aws`, the module `ec2` reads the same from the EC2 API.
//!
//! First law: what is not known is never taken as a no. A missing key is not an empty list.

mod address_set;
mod allow;
mod answer;
mod assembly;
mod document;
mod doubt;
#[cfg(feature = "aws")]
pub mod ec2;
mod error;
mod exposure;
mod flow_log;
mod group;
mod group_history;
mod interface;
mod interface_history;
mod inventory;
mod item;
mod last_seen;
mod locality;
mod membership;
mod named_port;
mod note;
mod ownership;
mod peer_group;
mod peer_resolution;
mod prefix_list;
mod proposal;
mod reading;
mod region;
mod rule;
mod rule_item;
mod snapshot;
mod time;
mod unlogged;
mod vpc;

pub use allow::Query;
pub use answer::Answer;
pub use doubt::Doubt;
pub use error::LoadError;
pub use flow_log::{FlowLog, TrafficType};
pub use group::{Group, GroupIx};
pub use interface::{Interface, InterfaceIx, Kind};
pub use inventory::{Inventory, Loaded, SnapshotInfo};
pub use membership::{Carried, Life};
pub use note::{Note, NoteKind};
pub use prefix_list::PrefixListFacts;
pub use proposal::Proposal;
pub use rule::{Direction, Exposure, Peer, Port, Protocol, Rule, RulePorts};
pub use time::{AttachTime, Epoch, Span, UNDATED};
pub use unlogged::{Unlogged, UnloggedKind};
