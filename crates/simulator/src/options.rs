//! What to simulate: the scenario, the seed and the shape of the logs.

use std::str::FromStr;

use anyhow::{Error, anyhow, bail};
use jiff::Timestamp;

/// Which network and which troubles are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Default-format logs (version 2) of a network that never changes, with one undated inventory.
    V2,
    /// Logs with every field of versions 2 to 5 of the same kind of network.
    V5,
    /// As `V2`, but some interfaces were deleted before the inventory was taken, and some addresses taken over.
    V2Deleted,
    /// As `V5`, but interfaces change while dated snapshots are taken.
    V5Timeline,
    /// As `V2`, but parts of the logs are missing, skipped or REJECT-only.
    V2Gaps,
    /// The small company of the project's samples folder: every verdict occurs at least once.
    Samples,
    /// Much believable traffic for measuring speed.
    Bench {
        /// Number of records in all files together.
        records: u64,
        /// Number of objects they are spread over.
        files: u32,
    },
}

impl Scenario {
    /// The five scenarios of the test matrix.
    pub const MATRIX: [Scenario; 5] =
        [Scenario::V2, Scenario::V5, Scenario::V2Deleted, Scenario::V5Timeline, Scenario::V2Gaps];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Scenario::V2 => "v2",
            Scenario::V5 => "v5",
            Scenario::V2Deleted => "v2-deleted",
            Scenario::V5Timeline => "v5-timeline",
            Scenario::V2Gaps => "v2-gaps",
            Scenario::Samples => "samples",
            Scenario::Bench { .. } => "bench",
        }
    }
}

impl FromStr for Scenario {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bench = Scenario::Bench { records: 4_000_000, files: 16 };
        for scenario in Scenario::MATRIX.into_iter().chain([Scenario::Samples, bench]) {
            if scenario.name() == text {
                return Ok(scenario);
            }
        }
        bail!("unknown scenario `{text}`; one of v2, v5, v2-deleted, v5-timeline, v2-gaps, samples, bench")
    }
}

/// Which fields the flow log records have, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    /// The default format: the fourteen fields of version 2.
    V2Default,
    /// Every field of versions 2 to 5.
    V5,
    /// Every field through version 11.
    All,
    /// A format string as AWS writes it: `${version} ${interface-id} ...`.
    Custom(String),
}

impl FromStr for Fields {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "v2" => Ok(Fields::V2Default),
            "v5" => Ok(Fields::V5),
            "all" => Ok(Fields::All),
            custom if custom.contains("${") => Ok(Fields::Custom(custom.to_owned())),
            other => {
                bail!("unknown fields `{other}`; v2, v5, all or a format string such as '${{version}} ${{srcaddr}}'")
            }
        }
    }
}

/// How the records are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// gzip with a header line, as flow logs write to S3.
    Text,
    /// Parquet with Hive-style folders.
    Parquet,
    /// What an export task of CloudWatch Logs writes: gzip, a timestamp before each record, no header.
    CloudWatchExport,
    /// gzip without a header.
    Headerless,
    /// One JSON object with the key `message` per record, as Firehose stores it.
    JsonMessage,
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "text" => Ok(Format::Text),
            "parquet" => Ok(Format::Parquet),
            "cloudwatch" => Ok(Format::CloudWatchExport),
            "headerless" => Ok(Format::Headerless),
            "json" => Ok(Format::JsonMessage),
            other => bail!("unknown format `{other}`; one of text, parquet, cloudwatch, headerless, json"),
        }
    }
}

/// Everything a simulation depends on: equal options give equal bytes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which network.
    pub scenario: Scenario,
    /// Where the random numbers start.
    pub seed: u64,
    /// Length of the window in days.
    pub days: u32,
    /// Fields of a record.
    pub fields: Fields,
    /// How records are stored.
    pub format: Format,
    /// The flow logs' maximum aggregation interval in seconds: 60 or 600.
    pub interval: u32,
    /// First second of the window, epoch seconds (UTC).
    pub start: i64,
}

/// Reads the first second of a window, for [`Options::start`]: RFC 3339 with any offset (parts of a second are dropped), or
/// epoch seconds.
///
/// # Errors
///
/// If the text is neither.
pub fn first_second(text: &str) -> Result<i64, Error> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let time: Timestamp =
        text.parse().map_err(|_| anyhow!("`{text}` is no time; write 2026-03-01T00:00:00Z or epoch seconds"))?;
    Ok(time.as_second())
}

/// 2026-03-01T00:00:00Z.
const DEFAULT_START: i64 = 1_772_323_200;

/// The header of the samples: what decides about a verdict, in an order that is nobody's default.
const SAMPLES_FIELDS: &str = "${version} ${account-id} ${vpc-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} \
    ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status} ${tcp-flags} \
    ${flow-direction} ${pkt-srcaddr} ${pkt-dstaddr}";

impl Options {
    /// The usual options of a scenario.
    pub fn new(scenario: Scenario, seed: u64) -> Options {
        let (days, fields) = match scenario {
            Scenario::V2 | Scenario::V2Deleted | Scenario::V2Gaps => (35, Fields::V2Default),
            Scenario::V5 | Scenario::V5Timeline => (35, Fields::V5),
            Scenario::Samples => (3, Fields::Custom(SAMPLES_FIELDS.to_owned())),
            Scenario::Bench { .. } => (1, Fields::V2Default),
        };
        Options { scenario, seed, days, fields, format: Format::Text, interval: 600, start: DEFAULT_START }
    }

    /// First second after the window.
    pub(crate) fn end(&self) -> i64 {
        self.start.saturating_add(i64::from(self.days).saturating_mul(86_400))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.interval != 60 && self.interval != 600 {
            bail!("an aggregation interval of {} s does not exist; take 60 or 600", self.interval);
        }
        let timeless = !(0..=4_000_000_000).contains(&self.start);
        if self.days == 0 || self.days > 400 || timeless {
            bail!("the window must be 1 to 400 days long and begin between 1970 and 2096");
        }
        let needs_room = Scenario::MATRIX.contains(&self.scenario);
        if needs_room && self.days < 12 {
            bail!("scenario {} needs at least 12 days, not {}", self.scenario.name(), self.days);
        }
        if self.scenario == Scenario::Samples && self.days < 3 {
            bail!("scenario samples needs at least 3 days, not {}", self.days);
        }
        Ok(())
    }
}
