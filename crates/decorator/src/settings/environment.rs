//! Variables of the environment as what they mean, each with its own error.

use std::path::PathBuf;

use flowlog::Format;
use inventory::ec2::Account;

use super::{InventoryPlace, SettingError, misfit, parse_log_format, parse_threat_list};
use crate::decorate::Schema;

/// The variables, one by one; an empty one is not set.
pub struct Environment<'e> {
    /// Gives the text of one.
    pub variable: &'e dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    /// The text of one without blanks around it.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = (self.variable)(name)?;
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The items of one, without blanks around them and without empty ones.
    pub fn list(&self, name: &str, separators: &[char]) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(separators).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// One of several words, the first if none is set.
    pub fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
        cure: &'static str,
    ) -> Result<T, SettingError> {
        let text = self.text(name);
        for (index, (word, value)) in choices.iter().enumerate() {
            match &text {
                None if index == 0 => return Ok(*value),
                Some(text) if text.eq_ignore_ascii_case(word) => return Ok(*value),
                _ => {}
            }
        }
        Err(SettingError {
            variable: name,
            value: text.unwrap_or_default(),
            problem: "which is none of its values".to_owned(),
            cure,
        })
    }

    /// A whole number.
    pub fn number(&self, name: &'static str, cure: &'static str) -> Result<Option<u64>, SettingError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(SettingError {
                variable: name,
                value: text,
                problem: "which is not a whole number".to_owned(),
                cure,
            }),
        }
    }

    /// The format of lines without a header, which must have a place in documents of that shape.
    pub fn log_format(&self, schema: Schema) -> Result<Option<Format>, SettingError> {
        let Some(text) = self.text("LOG_FORMAT") else {
            return Ok(None);
        };
        let refused = |problem: &str, cure: &'static str| SettingError {
            variable: "LOG_FORMAT",
            value: text.clone(),
            problem: format!("which cannot be used: {problem}"),
            cure,
        };
        let copy_it = "copy it from the flow log's LogFormat (in CloudFormation write ${!name} for ${name})";
        let format = parse_log_format(&text).map_err(|problem| refused(&problem, copy_it))?;
        match misfit(&format, schema) {
            Some(problem) => Err(refused(problem, "set OUTPUT_SCHEMA to ecs, or give the fields of a VPC flow log")),
            None => Ok(Some(format)),
        }
    }

    /// Names and files.
    pub fn threat_lists(&self) -> Result<Vec<(String, PathBuf)>, SettingError> {
        let mut lists = Vec::new();
        for item in self.list("THREAT_LISTS", &[',']) {
            let list = parse_threat_list(&item).map_err(|_| SettingError {
                variable: "THREAT_LISTS",
                value: item.clone(),
                problem: "which is not NAME=FILE".to_owned(),
                cure: "name each list, such as drop=/opt/lists/drop.txt,tor=/opt/lists/tor.txt",
            })?;
            lists.push(list);
        }
        Ok(lists)
    }

    /// Where the inventory comes from.
    pub fn inventory(&self) -> Result<InventoryPlace, SettingError> {
        let Some(place) = self.text("INVENTORY") else {
            return Ok(InventoryPlace::Ec2(self.accounts()?));
        };
        let Some(object) = place.strip_prefix("s3://") else {
            return Ok(InventoryPlace::Path(PathBuf::from(place)));
        };
        match object.split_once('/') {
            Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() && !key.ends_with('/') => {
                Ok(InventoryPlace::S3 { bucket: bucket.to_owned(), key: key.to_owned() })
            }
            _ => Err(SettingError {
                variable: "INVENTORY",
                value: place.clone(),
                problem: "which names no object".to_owned(),
                cure: "set it to s3://BUCKET/KEY of a file that sg-audit snapshot wrote, or to a file or folder",
            }),
        }
    }

    /// Own account and roles, in every region.
    fn accounts(&self) -> Result<Vec<Account>, SettingError> {
        let mut regions: Vec<Option<String>> = self.list("INVENTORY_REGIONS", &[',']).into_iter().map(Some).collect();
        if regions.is_empty() {
            regions.push(None);
        }
        let mut roles: Vec<Option<String>> = vec![None];
        for role in self.list("ASSUME_ROLE_ARNS", &[',']) {
            if !(role.starts_with("arn:") && role.contains(":iam::") && role.contains(":role/")) {
                return Err(SettingError {
                    variable: "ASSUME_ROLE_ARNS",
                    value: role,
                    problem: "which is not the ARN of a role".to_owned(),
                    cure: "set it to arn:aws:iam::ACCOUNT:role/NAME, several parted by commas",
                });
            }
            roles.push(Some(role));
        }
        let mut accounts = Vec::new();
        for role in &roles {
            for region in &regions {
                let account = Account { region: region.clone(), role_arn: role.clone() };
                if !accounts.contains(&account) {
                    accounts.push(account);
                }
            }
        }
        Ok(accounts)
    }
}
