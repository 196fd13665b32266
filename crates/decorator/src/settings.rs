//! The settings of the Lambda function, from its environment. A variable that is empty counts as not set, as templates leave optional
//! parameters.
//!
//! | variable | | default |
//! |---|---|---|
//! | `DESTINATION` | `opensearch` (one document a record) or `s3` (several) | `opensearch` |
//! | `OUTPUT_SCHEMA` | `classic` or `ecs`; only `ecs` takes transit gateway records | `classic` |
//! | `LOG_FORMAT` | fields of the lines, `${version} ${account-id} ...`; needed for those of a transit gateway | the default format |
//! | `RULE_IDS` | `on` or `off`: whether documents name the rules that allow a request | `off` |
//! | `INVENTORY` | a file or folder, or `s3://bucket/key`, in place of the EC2 API | the EC2 API |
//! | `INVENTORY_TTL_SECONDS` | age from which the inventory is read anew | 300 |
//! | `INVENTORY_REGIONS` | regions, parted by commas | the function's own |
//! | `ASSUME_ROLE_ARNS` | roles in other accounts, parted by commas | none |
//! | `GEO_DATABASES` | MMDB files, parted by commas or colons | none |
//! | `THREAT_LISTS` | `NAME=FILE`, parted by commas | none |
//! | `IP_RANGES` | AWS's `ip-ranges.json` | none |
//! | `RESPONSE_LIMIT` | most bytes of a response; Lambda refuses more than 6 MB | 5800000 |

mod environment;

use std::path::PathBuf;
use std::time::Duration;

use enrich::Sources;
use flowlog::{Format, Headerless};
use inventory::ec2::Account;

use crate::decorate::{DecorateOptions, Schema};
use crate::firehose::transformation::{Destination, Transformation};
use environment::Environment;

/// Below Lambda's 6 MB for a synchronous response (AWS Lambda developer guide, "Lambda quotas"), with room for what is not counted there.
const RESPONSE_LIMIT: usize = 5_800_000;

/// Lambda's quota for a synchronous response (same page). More may be asked for, where something else than Lambda runs the function.
const LARGEST_RESPONSE: usize = 6_000_000;

/// A response can hold at least one record of the usual size.
const LEAST_RESPONSE_LIMIT: usize = 1_000;

/// Where the inventory comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InventoryPlace {
    /// The EC2 API.
    Ec2(Vec<Account>),
    /// A file or folder.
    Path(PathBuf),
    /// An object in S3.
    S3 {
        /// Its bucket.
        bucket: String,
        /// Its key.
        key: String,
    },
}

/// All settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How events are transformed.
    pub transformation: Transformation,
    /// What documents look like.
    pub decoration: DecorateOptions,
    /// Where the inventory comes from.
    pub inventory: InventoryPlace,
    /// Age from which it is read anew.
    pub time_to_live: Duration,
    /// Facts about addresses.
    pub sources: Sources,
}

/// A variable that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is `{value}`, {problem}; {cure}")]
pub struct SettingError {
    /// Its name.
    pub variable: &'static str,
    /// What it is set to.
    pub value: String,
    /// What is wrong with that.
    pub problem: String,
    /// What to do.
    pub cure: &'static str,
}

impl Settings {
    /// What will not work in Lambda, with the cure, for the log.
    pub fn warning(&self) -> Option<&'static str> {
        let is_refused = self.transformation.limit > LARGEST_RESPONSE;
        is_refused.then_some(
            "RESPONSE_LIMIT is more than the 6 MB that Lambda takes: it refuses larger answers, and their records end as failed ones in S3; \
             set it to 5800000 or less",
        )
    }

    /// Reads all variables; `variable` gives the text of one.
    ///
    /// # Errors
    /// The first variable that cannot be used.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingError> {
        let environment = Environment { variable: &variable };
        let destination = environment.choice(
            "DESTINATION",
            &[("opensearch", Destination::OpenSearch), ("s3", Destination::S3)],
            "set it to opensearch or s3",
        )?;
        let schema = environment.choice(
            "OUTPUT_SCHEMA",
            &[("classic", Schema::Classic), ("ecs", Schema::Ecs)],
            "set it to classic or ecs",
        )?;
        let rule_ids = environment.choice("RULE_IDS", &[("off", false), ("on", true)], "set it to on or off")?;
        let limit = match environment.number("RESPONSE_LIMIT", "set it to a number of bytes such as 5800000")? {
            None => RESPONSE_LIMIT,
            Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX).max(LEAST_RESPONSE_LIMIT),
        };
        let seconds = environment.number("INVENTORY_TTL_SECONDS", "set it to a whole number of seconds such as 300")?;
        Ok(Settings {
            transformation: Transformation {
                destination,
                limit,
                headerless: Headerless::new(environment.log_format(schema)?),
            },
            decoration: DecorateOptions { schema, rule_ids },
            inventory: environment.inventory()?,
            time_to_live: Duration::from_secs(seconds.unwrap_or(300)),
            sources: Sources {
                geo: environment.list("GEO_DATABASES", &[',', ':']).into_iter().map(PathBuf::from).collect(),
                threat_lists: environment.threat_lists()?,
                ip_ranges: environment.text("IP_RANGES").map(PathBuf::from),
            },
        })
    }
}

/// Splits `NAME=FILE`.
///
/// # Errors
/// What is wrong with it.
pub fn parse_threat_list(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.trim().is_empty() && !file.trim().is_empty() => {
            Ok((name.trim().to_owned(), PathBuf::from(file.trim())))
        }
        _ => Err(format!("`{text}` is not NAME=FILE; name the list, such as drop=/opt/lists/drop.txt")),
    }
}

/// Reads a format string of lines without a header.
///
/// # Errors
/// What is wrong with it, and the cure.
pub fn parse_log_format(text: &str) -> Result<Format, String> {
    Format::from_template(text).map_err(|error| error.to_string())
}

/// What is wrong with making documents of that shape from lines of that format.
pub fn misfit(format: &Format, schema: Schema) -> Option<&'static str> {
    let is_misfit = format.is_transit_gateway() && !schema.takes_transit_gateways();
    is_misfit.then_some("these are fields of a transit gateway flow log, which only ECS documents have a place for")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    fn error(variables: &[(&str, &str)]) -> String {
        read(variables).unwrap_err().to_string()
    }

    #[test]
    fn nothing_set_or_set_to_nothing() {
        for variables in
            [&[][..], &[("DESTINATION", ""), ("LOG_FORMAT", " "), ("INVENTORY", ""), ("RESPONSE_LIMIT", "")]]
        {
            let settings = read(variables).unwrap();
            assert_eq!(settings.transformation.destination, Destination::OpenSearch);
            assert_eq!(settings.transformation.limit, 5_800_000);
            assert!(!settings.transformation.headerless.is_given());
            assert_eq!(settings.decoration.schema, Schema::Classic);
            assert!(!settings.decoration.rule_ids);
            assert_eq!(settings.inventory, InventoryPlace::Ec2(vec![Account::default()]));
            assert_eq!(settings.time_to_live, Duration::from_secs(300));
            assert!(settings.sources.geo.is_empty() && settings.sources.ip_ranges.is_none());
        }
    }

    #[test]
    fn everything_set() {
        let settings = read(&[
            ("DESTINATION", "S3"),
            ("OUTPUT_SCHEMA", "ecs"),
            ("LOG_FORMAT", "${interface-id} ${srcaddr}"),
            ("RULE_IDS", "on"),
            ("INVENTORY_TTL_SECONDS", "60"),
            ("GEO_DATABASES", "/opt/city.mmdb:/opt/asn.mmdb, /opt/x.mmdb"),
            ("THREAT_LISTS", "drop=/opt/drop.txt, tor=/opt/tor.txt"),
            ("IP_RANGES", "/opt/ip-ranges.json"),
            ("RESPONSE_LIMIT", "20000"),
        ])
        .unwrap();
        assert_eq!(settings.transformation.destination, Destination::S3);
        assert_eq!(settings.transformation.limit, 20_000);
        assert_eq!(settings.transformation.headerless.format().columns().len(), 2);
        assert_eq!(settings.decoration.schema, Schema::Ecs);
        assert!(settings.decoration.rule_ids);
        assert_eq!(settings.time_to_live, Duration::from_secs(60));
        assert_eq!(settings.sources.geo, ["/opt/city.mmdb", "/opt/asn.mmdb", "/opt/x.mmdb"].map(PathBuf::from));
        let lists = [("drop".to_owned(), "/opt/drop.txt".into()), ("tor".to_owned(), PathBuf::from("/opt/tor.txt"))];
        assert_eq!(settings.sources.threat_lists, lists);
    }

    #[test]
    fn own_account_and_roles_in_every_region() {
        let role = "arn:aws:iam::123456789012:role/reader";
        let settings = read(&[("ASSUME_ROLE_ARNS", role), ("INVENTORY_REGIONS", "eu-west-1,us-east-1")]).unwrap();
        let account = |region: &str, role_arn: Option<&str>| Account {
            region: Some(region.to_owned()),
            role_arn: role_arn.map(str::to_owned),
        };
        let expected = vec![
            account("eu-west-1", None),
            account("us-east-1", None),
            account("eu-west-1", Some(role)),
            account("us-east-1", Some(role)),
        ];
        assert_eq!(settings.inventory, InventoryPlace::Ec2(expected));
    }

    #[test]
    fn inventories_that_are_stored() {
        let place = |text: &str| read(&[("INVENTORY", text)]).unwrap().inventory;
        assert_eq!(place("/opt/inventory"), InventoryPlace::Path("/opt/inventory".into()));
        let expected = InventoryPlace::S3 { bucket: "b".into(), key: "a/snapshot.json".into() };
        assert_eq!(place("s3://b/a/snapshot.json"), expected);
        assert!(
            error(&[("INVENTORY", "s3://bucket")]).starts_with("INVENTORY is `s3://bucket`, which names no object; ")
        );
        assert!(read(&[("INVENTORY", "s3://bucket/folder/")]).is_err());
    }

    /// 6 MB: AWS Lambda developer guide, "Lambda quotas", invocation payload (synchronous).
    #[test]
    fn a_response_that_lambda_does_not_take_is_warned_of() {
        for (limit, is_warned_of) in
            [("", false), ("6000000", false), ("6000001", true), ("18446744073709551615", true)]
        {
            let settings = read(&[("RESPONSE_LIMIT", limit)]).unwrap();
            let warning = settings.warning();
            assert_eq!(warning.is_some_and(|text| text.contains("RESPONSE_LIMIT")), is_warned_of, "{limit}");
        }
        assert_eq!(read(&[("RESPONSE_LIMIT", "7000000")]).unwrap().transformation.limit, 7_000_000);
    }

    #[test]
    fn every_error_names_variable_value_and_cure() {
        assert_eq!(
            error(&[("DESTINATION", "splunk")]),
            "DESTINATION is `splunk`, which is none of its values; set it to opensearch or s3"
        );
        assert_eq!(
            error(&[("INVENTORY_TTL_SECONDS", "5m")]),
            "INVENTORY_TTL_SECONDS is `5m`, which is not a whole number; set it to a whole number of seconds such as 300"
        );
        assert!(error(&[("LOG_FORMAT", "Version")]).contains("LOG_FORMAT is `Version`"));
        let of_gateway = ("LOG_FORMAT", "${tgw-id} ${tgw-src-vpc-id}");
        assert!(error(&[of_gateway]).ends_with("set OUTPUT_SCHEMA to ecs, or give the fields of a VPC flow log"));
        assert!(read(&[of_gateway, ("OUTPUT_SCHEMA", "ecs")]).is_ok());
        assert!(read(&[("LOG_FORMAT", "${interface-id} ${resource-type}")]).is_ok());
        assert!(error(&[("THREAT_LISTS", "/opt/drop.txt")]).contains("which is not NAME=FILE; name each list"));
        assert!(error(&[("ASSUME_ROLE_ARNS", "123456789012")]).contains("which is not the ARN of a role"));
        assert!(error(&[("RULE_IDS", "maybe")]).ends_with("set it to on or off"));
        assert!(error(&[("RESPONSE_LIMIT", "-1")]).ends_with("such as 5800000"));
    }
}
