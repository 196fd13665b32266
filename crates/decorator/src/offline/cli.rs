//! The command line of `flow-decorate`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::styling::{AnsiColor, Styles};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum, ValueHint};
use flowlog::Format;

use super::bulk::IndexName;
use crate::decorate::Schema;
use crate::settings;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; lines that are no records are told and are no failure.
    Fine,
    /// 1: something could not be read or written, and a message has said what.
    Failure,
    /// 2: the command line makes no sense.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        match exit {
            Exit::Fine => ExitCode::from(0),
            Exit::Failure => ExitCode::from(1),
            Exit::Usage => ExitCode::from(2),
        }
    }
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Examples:
  Whose traffic is it, and where does it go?
    flow-decorate logs/ --inventory inventory/ --geo city.mmdb --geo asn.mmdb > flows.ndjson

  From standard input, as Elastic Common Schema:
    zcat *.log.gz | flow-decorate - --inventory inventory/ --output-schema ecs --out flows.ndjson

  A log with a custom format and no header line (single quotes!):
    flow-decorate logs/ --inventory inventory/ --log-format '${interface-id} ${srcaddr} ...'

  Into OpenSearch, 10,000 documents in a request (two lines each), named by their rules:
    flow-decorate logs/ --inventory inventory/ --rule-ids --bulk=sgflow-flows-2026-03-01 |
      split -l 20000 --filter \"curl -sS --fail-with-body -H Content-Type:application/x-ndjson \\
        --data-binary @- 'http://localhost:9200/_bulk?filter_path=errors,items.*.error'\"

  And what exists, so that a dashboard can also show what has no traffic:
    flow-decorate --inventory inventory/ --inventory-index | ... as above

As a Lambda function (where AWS_LAMBDA_RUNTIME_API is set) it takes no arguments,
but these variables: DESTINATION, OUTPUT_SCHEMA, LOG_FORMAT, RULE_IDS, INVENTORY,
INVENTORY_TTL_SECONDS, INVENTORY_REGIONS, ASSUME_ROLE_ARNS, GEO_DATABASES, THREAT_LISTS,
IP_RANGES and RESPONSE_LIMIT.

Exit status: 0 fine, 1 failure, 2 usage.";

/// Decorate VPC flow log records with direction, security groups and places, as newline-delimited JSON
#[derive(Debug, Parser)]
#[command(
    name = "flow-decorate",
    version,
    about = "Decorate VPC flow log records with direction, security groups and places, as newline-delimited JSON",
    after_help = AFTER_HELP,
    styles = STYLES,
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Arguments {
    /// Flow logs: files, folders, or - for standard input
    #[arg(required_unless_present = "inventory_index", value_name = "LOGS", value_hint = ValueHint::AnyPath)]
    pub logs: Vec<PathBuf>,
    /// Output of aws ec2 describe-*, or snapshots: a file or folder
    #[arg(long, short, value_name = "PATH", help_heading = "Facts", value_hint = ValueHint::AnyPath)]
    pub inventory: Vec<PathBuf>,
    /// Database of places or network owners, MMDB; of several the first that knows a thing says it
    #[arg(long, value_name = "FILE", help_heading = "Facts", value_hint = ValueHint::FilePath)]
    pub geo: Vec<PathBuf>,
    /// Addresses that someone warns of: Spamhaus DROP, the Tor exit list, Emerging Threats
    #[arg(long, value_name = "NAME=FILE", help_heading = "Facts", value_parser = settings::parse_threat_list)]
    pub threat_list: Vec<(String, PathBuf)>,
    /// AWS's ip-ranges.json
    #[arg(long, value_name = "FILE", help_heading = "Facts", value_hint = ValueHint::FilePath)]
    pub ip_ranges: Option<PathBuf>,
    /// Fields of lines that have no header, as AWS writes them: '${version} ${account-id} ...'; those of a transit gateway flow log need
    /// --output-schema ecs
    #[arg(long, value_name = "STRING", value_parser = settings::parse_log_format)]
    pub log_format: Option<Format>,
    /// Shape of the documents; transit gateway records have a place in ecs alone
    #[arg(long, value_name = "SCHEMA", default_value = "classic", help_heading = "Output")]
    pub output_schema: SchemaName,
    /// Name the rules that allow a request
    #[arg(long, help_heading = "Output")]
    pub rule_ids: bool,
    /// Write the body of an OpenSearch _bulk request: before each document a line that adds it to this index or data stream; a data stream
    /// refuses documents without @timestamp, so the log needs the field end, or start [default: sgflow-flows, or sgflow-ecs]
    #[arg(long, value_name = "INDEX", require_equals = true, help_heading = "Output")]
    pub bulk: Option<Option<IndexName>>,
    /// Instead of logs, write the inventory in that way, one document for each rule, interface and group of the last snapshots; loading again
    /// replaces, unless ids collide, and what is gone since stays in the index until it is deleted [default: sgflow-inventory]
    #[arg(long, value_name = "INDEX", num_args = 0..=1, require_equals = true, default_missing_value = "sgflow-inventory")]
    #[arg(help_heading = "Output", requires = "inventory")]
    #[arg(conflicts_with_all = ["logs", "bulk", "rule_ids", "geo", "threat_list", "ip_ranges", "log_format"])]
    pub inventory_index: Option<IndexName>,
    /// Write to this file; in the end it holds what could be read, or is as before if nothing could
    #[arg(long, value_name = "FILE", help_heading = "Output", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

impl Arguments {
    /// The same, if what was given goes together.
    pub fn checked(self) -> Result<Arguments, clap::Error> {
        let format = self.log_format.as_ref();
        match format.and_then(|format| settings::misfit(format, self.output_schema.into())) {
            None => Ok(self),
            Some(problem) => {
                let problem = format!("{problem}; add --output-schema ecs, or give those of a VPC flow log");
                Err(Arguments::command().error(ErrorKind::ArgumentConflict, problem))
            }
        }
    }
}

/// Names of [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// AWS's own field names
    Classic,
    /// Elastic Common Schema
    Ecs,
}

impl From<SchemaName> for Schema {
    fn from(name: SchemaName) -> Schema {
        match name {
            SchemaName::Classic => Schema::Classic,
            SchemaName::Ecs => Schema::Ecs,
        }
    }
}
