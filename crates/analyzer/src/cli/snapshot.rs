//! The command line of `sg-audit snapshot`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use inventory::ec2::Account;

/// The text below the help.
pub const EXAMPLES: &str = "\
Examples:
  The account and region that the AWS CLI would use, then a report on it:
    sg-audit snapshot --out inventory.json
    sg-audit report logs/ --inventory inventory.json

  Two regions of another account; one a day, for a report wants to know what held when:
    sg-audit snapshot --region eu-west-1 --region us-east-1 \\
        --role-arn arn:aws:iam::111122223333:role/audit --out inventory/$(date +%F).json

A call that AWS refuses is named, and what it would have told counts as unknown. Needed are
    ec2:DescribeNetworkInterfaces    ec2:DescribeSecurityGroups
    ec2:DescribeSecurityGroupRules   ec2:DescribeSecurityGroupVpcAssociations
    ec2:DescribeManagedPrefixLists   ec2:GetManagedPrefixListEntries
    ec2:DescribeSubnets              ec2:DescribeVpcs
    ec2:DescribeFlowLogs             ec2:DescribeTrafficMirrorTargets

Exit status: 0 fine, 1 failure or a call was refused, 2 usage.";

/// Arguments of `sg-audit snapshot`.
#[derive(Debug, Args)]
pub struct SnapshotArguments {
    /// The file to write; it appears whole or not at all
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: PathBuf,
    /// A region to read; may be repeated [default: AWS_REGION or profile]
    #[arg(long, value_name = "REGION", value_parser = parse_region)]
    pub region: Vec<String>,
    /// Read in this role, not in the own account; may be repeated
    #[arg(long, value_name = "ARN", value_parser = parse_role_arn)]
    pub role_arn: Vec<String>,
    /// No progress and no warnings
    #[arg(long, short)]
    pub quiet: bool,
}

/// All that `sg-audit snapshot` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// The file to write.
    pub out: PathBuf,
    /// What to read: every region in every role, each once, in the order in which they were named.
    pub accounts: Vec<Account>,
    /// Whether progress and warnings are left out.
    pub quiet: bool,
}

impl SnapshotArguments {
    /// The plain values.
    pub fn into_options(self) -> SnapshotOptions {
        let or_default = |names: Vec<String>| -> Vec<Option<String>> {
            if names.is_empty() { vec![None] } else { names.into_iter().map(Some).collect() }
        };
        let regions = or_default(self.region);
        let mut accounts = Vec::new();
        for role_arn in or_default(self.role_arn) {
            for region in &regions {
                let account = Account { region: region.clone(), role_arn: role_arn.clone() };
                if !accounts.contains(&account) {
                    accounts.push(account);
                }
            }
        }
        SnapshotOptions { out: self.out, accounts, quiet: self.quiet }
    }
}

/// A region becomes part of a host name.
fn parse_region(text: &str) -> Result<String, String> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.is_empty() || text.len() > 40 || text.starts_with('-') || !text.bytes().all(is_name) {
        return Err("not the name of a region, such as eu-west-1".to_owned());
    }
    Ok(text.to_owned())
}

/// `arn:PARTITION:iam::ACCOUNT:role/NAME`.
fn parse_role_arn(text: &str) -> Result<String, String> {
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let is_role = match fields.as_slice() {
        ["arn", _, "iam", "", account, resource] => {
            account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty())
        }
        _ => false,
    };
    if is_role {
        return Ok(text.to_owned());
    }
    Err("not the ARN of a role, such as arn:aws:iam::111122223333:role/audit".to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn options(line: &str) -> Result<SnapshotOptions, clap::Error> {
        match Cli::try_parse_from(line.split(' '))?.command {
            Command::Snapshot(arguments) => Ok(arguments.into_options()),
            other => panic!("{other:?} is no snapshot"),
        }
    }

    #[test]
    fn the_own_account_in_the_default_region() {
        let options = options("sg-audit snapshot --out a.json").unwrap();
        assert_eq!(options.out, PathBuf::from("a.json"));
        assert_eq!(options.accounts, [Account { region: None, role_arn: None }]);
        assert!(!options.quiet);
    }

    #[test]
    fn every_region_in_every_role_once() {
        let first = "arn:aws:iam::111122223333:role/audit";
        let second = "arn:aws-us-gov:iam::444455556666:role/path/audit";
        let line = format!(
            "sg-audit snapshot --out a.json --quiet --region eu-west-1 --region us-east-1 --region eu-west-1 \
             --role-arn {first} --role-arn {second}"
        );
        let options = options(&line).unwrap();
        let account =
            |region: &str, role: &str| Account { region: Some(region.to_owned()), role_arn: Some(role.to_owned()) };
        let expected = [
            account("eu-west-1", first),
            account("us-east-1", first),
            account("eu-west-1", second),
            account("us-east-1", second),
        ];
        assert_eq!(options.accounts, expected);
        assert!(options.quiet);
    }

    #[test]
    fn what_is_no_region_or_role_is_told_at_once() {
        for line in [
            "sg-audit snapshot",
            "sg-audit snapshot --out a --region evil.example/",
            "sg-audit snapshot --out a --region EU-WEST-1",
            "sg-audit snapshot --out a --role-arn audit",
            "sg-audit snapshot --out a --role-arn arn:aws:iam::1111:role/audit",
            "sg-audit snapshot --out a --role-arn arn:aws:iam::111122223333:user/audit",
            "sg-audit snapshot --out a --role-arn arn:aws:iam::111122223333:role/",
        ] {
            assert_eq!(options(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}
