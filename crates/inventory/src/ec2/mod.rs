//! The inventory from the EC2 API: once, as a [`Reading`] that can be saved; or [`Live`], kept fresh beside the traffic.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use inventory::Inventory;
//! use inventory::ec2::{Account, Reading, What, sdk_config};
//!
//! let config = sdk_config(None).await;
//! let account = Account { region: Some("eu-west-1".to_string()), role_arn: None };
//! let reading = Reading::take(&config, &account, What::Everything).await;
//! for refusal in reading.refused() {
//!     eprintln!("{refusal}"); // AWS refused DescribeFlowLogs (eu-west-1): UnauthorizedOperation: ...
//! }
//! let loaded = Inventory::from_readings(&[reading])?;
//! # Ok(())
//! # }
//! ```
//!
//! The way of a list: `account` opens a connection, `calls` reads all pages, `conversion` makes them the shapes that
//! `aws ec2 describe-*` prints, `reading` collects them and what was refused ([`Refusal`]). From there on it is a document
//! like any other.
//!
//! What a call needs is its own permission and nothing else: `ec2:DescribeNetworkInterfaces` and
//! `ec2:DescribeSecurityGroups`; for rule ids `ec2:DescribeSecurityGroupRules`, `ec2:DescribeManagedPrefixLists` and
//! `ec2:GetManagedPrefixListEntries`; for a snapshot also `ec2:DescribeSubnets`, `ec2:DescribeVpcs`,
//! `ec2:DescribeFlowLogs`, `ec2:DescribeSecurityGroupVpcAssociations` and `ec2:DescribeTrafficMirrorTargets`; and
//! `sts:AssumeRole` for other accounts.

mod account;
mod calls;
mod conversion;
mod live;
mod reading;
mod refusal;

pub use account::{Account, sdk_config};
pub use live::{Live, LiveOptions, LiveState, ReadError};
pub use reading::{Reading, What};
pub use refusal::{Refusal, RefusalKind};
