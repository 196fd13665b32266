//! `flow-simulate`: writes a made-up network, its flow logs and the truth about it into a folder.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use simulator::{Fields, Format, Options, Scenario, first_second, simulate};

/// Make an AWS network with known truth: flow logs, inventory and truth.json
#[derive(Parser)]
#[command(name = "flow-simulate", version)]
struct Arguments {
    /// v2, v5, v2-deleted, v5-timeline, v2-gaps, samples or bench
    #[arg(long)]
    scenario: Scenario,
    /// Where the random numbers start: equal options give equal bytes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// First second of the window, as 2026-03-01T00:00:00Z or epoch seconds [default: 2026-03-01T00:00:00Z]
    #[arg(long, value_name = "TIME", value_parser = first_second)]
    start: Option<i64>,
    /// Length of the window in days [default: by scenario]
    #[arg(long)]
    days: Option<u32>,
    /// v2, v5, all, or a format string such as '${version} ${srcaddr} ...' [default: by scenario]
    #[arg(long)]
    fields: Option<Fields>,
    /// text, parquet, cloudwatch, headerless or json
    #[arg(long, default_value = "text")]
    format: Format,
    /// Aggregation interval in seconds, 60 or 600
    #[arg(long, default_value_t = 600)]
    interval: u32,
    /// Records to write (bench only) [default: 4000000]
    #[arg(long)]
    records: Option<u64>,
    /// Objects to spread them over (bench only) [default: 16]
    #[arg(long)]
    files: Option<u32>,
    /// Folder for logs/, inventory/ and truth.json
    #[arg(long)]
    out: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut scenario = arguments.scenario;
    if let Scenario::Bench { records, files } = &mut scenario {
        *records = arguments.records.unwrap_or(*records);
        *files = arguments.files.unwrap_or(*files);
    }
    let mut options = Options::new(scenario, arguments.seed);
    options.start = arguments.start.unwrap_or(options.start);
    options.days = arguments.days.unwrap_or(options.days);
    options.fields = arguments.fields.unwrap_or(options.fields);
    options.format = arguments.format;
    options.interval = arguments.interval;
    let truth = simulate(&options, &arguments.out)?;
    let needed = truth.rules.iter().filter(|rule| rule.needed).count();
    let findable = truth.rules.iter().filter(|rule| !rule.needed && rule.hard.is_empty()).count();
    println!(
        "{} records ({} accepted, {} rejected, {} without data, {} skipped); {} rules: {needed} needed, {findable} must be found",
        truth.records.records,
        truth.records.accepted,
        truth.records.rejected,
        truth.records.no_data,
        truth.records.skipped,
        truth.rules.len(),
    );
    Ok(())
}
