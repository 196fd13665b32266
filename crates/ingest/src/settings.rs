//! What the function's environment says.

use thiserror::Error;

use crate::batch::Destination;
use crate::leftovers::Location;

/// Read once at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `DELIVERY_STREAM_NAME`: the Firehose stream, Direct PUT.
    pub stream: String,
    /// `DESTINATION`: `opensearch` (default) or `s3`.
    pub destination: Destination,
    /// `LEFTOVERS`: where records go that Firehose does not take. Unset or empty: such a record fails the invocation.
    pub leftovers: Option<Location>,
}

/// A variable that must be put right before the function can run.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SettingsError {
    /// A required variable is missing or empty.
    #[error("{name} is not set: {cure}")]
    Missing {
        /// The variable.
        name: &'static str,
        /// What to do.
        cure: &'static str,
    },
    /// A value that means nothing here.
    #[error("{name}={value:?} cannot be used: {cure}")]
    Unusable {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What to do.
        cure: &'static str,
    },
}

impl Settings {
    /// Reads the settings through `variable`, which gives a variable's value by its name.
    ///
    /// ```
    /// let settings = ingest::Settings::read(|name| (name == "DELIVERY_STREAM_NAME").then(|| "flow-logs".to_owned()))?;
    /// assert_eq!(settings.stream, "flow-logs");
    /// assert_eq!(settings.destination, ingest::Destination::OpenSearch);
    /// # Ok::<(), ingest::SettingsError>(())
    /// ```
    ///
    /// # Errors
    /// [`SettingsError`] names the variable and what to do.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        let value = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let stream = stream_name(value("DELIVERY_STREAM_NAME"))?;
        let destination = destination(value("DESTINATION"))?;
        let leftovers = match value("LEFTOVERS") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| SettingsError::Unusable {
                name: "LEFTOVERS",
                value: text,
                cure: "give a bucket and a prefix as s3://bucket/prefix, or leave it unset",
            })?),
        };
        Ok(Settings { stream, destination, leftovers })
    }
}

/// `[a-zA-Z0-9_.-]+`, 1 to 64 characters (API reference, `PutRecordBatch`, `DeliveryStreamName`).
fn stream_name(value: Option<String>) -> Result<String, SettingsError> {
    const NAME: &str = "DELIVERY_STREAM_NAME";
    let Some(value) = value else {
        return Err(SettingsError::Missing {
            name: NAME,
            cure: "give the name of the Firehose stream to put records into",
        });
    };
    let named_well =
        value.len() <= 64 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if !named_well {
        let cure = "give the stream's name alone, not its ARN: 1 to 64 letters, digits, and _ . -";
        return Err(SettingsError::Unusable { name: NAME, value, cure });
    }
    Ok(value)
}

fn destination(value: Option<String>) -> Result<Destination, SettingsError> {
    let Some(value) = value else { return Ok(Destination::OpenSearch) };
    match value.to_ascii_lowercase().as_str() {
        "opensearch" => Ok(Destination::OpenSearch),
        "s3" => Ok(Destination::S3),
        _ => {
            let cure = "say opensearch (one line a record) or s3 (lines packed into large records)";
            Err(SettingsError::Unusable { name: "DESTINATION", value, cure })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        Settings::read(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn everything_given() {
        let settings = read(&[
            ("DELIVERY_STREAM_NAME", "flow_logs-1.a"),
            ("DESTINATION", "S3"),
            ("LEFTOVERS", "s3://my-bucket/flow/logs/"),
        ])
        .unwrap();
        assert_eq!(settings.stream, "flow_logs-1.a");
        assert_eq!(settings.destination, Destination::S3);
        assert_eq!(settings.leftovers, Some("s3://my-bucket/flow/logs".parse().unwrap()));
    }

    #[test]
    fn empty_means_unset() {
        let settings = read(&[("DELIVERY_STREAM_NAME", " a "), ("DESTINATION", ""), ("LEFTOVERS", "")]).unwrap();
        assert_eq!(settings, Settings { stream: "a".into(), destination: Destination::OpenSearch, leftovers: None });
        assert!(matches!(
            read(&[("DELIVERY_STREAM_NAME", "")]),
            Err(SettingsError::Missing { name: "DELIVERY_STREAM_NAME", .. })
        ));
    }

    #[test]
    fn errors_name_the_variable_and_the_cure() {
        let arn = "arn:aws:firehose:us-east-1:123456789012:deliverystream/flow-logs";
        let error = read(&[("DELIVERY_STREAM_NAME", arn)]).unwrap_err().to_string();
        assert!(error.starts_with("DELIVERY_STREAM_NAME=") && error.contains("not its ARN"), "{error}");
        assert!(read(&[("DELIVERY_STREAM_NAME", &"a".repeat(65))]).is_err());
        assert!(read(&[("DELIVERY_STREAM_NAME", &"a".repeat(64))]).is_ok());

        let error = read(&[("DELIVERY_STREAM_NAME", "a"), ("DESTINATION", "elastic")]).unwrap_err().to_string();
        assert!(error.starts_with("DESTINATION=\"elastic\""), "{error}");
        let error = read(&[("DELIVERY_STREAM_NAME", "a"), ("LEFTOVERS", "my-bucket/flow")]).unwrap_err().to_string();
        assert!(error.starts_with("LEFTOVERS=") && error.contains("s3://bucket/prefix"), "{error}");
    }
}
