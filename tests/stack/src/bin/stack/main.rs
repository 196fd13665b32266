//! `make stack`: a local OpenSearch with the samples and a simulated day in it, and dashboards where Docker is.
//!
//! Progress goes to standard error, a line each step; what was loaded and what to open to standard output. It stays
//! until Ctrl-C, and then everything is gone: OpenSearch, its data, the container.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dashboards;
mod day;
mod guard;
mod question;

use clap::Parser;
use dashboards::Dashboards;
use day::{Day, Traffic};
use jiff::Timestamp;
use serde_json::Value;
use servers::OpenSearch;
use stack::{INVENTORY_INDEX, Loaded, Place, Schema, Stack, project};
use std::process::ExitCode;
use std::time::Duration;

/// Where people look for OpenSearch.
const USUAL_PORT: u16 = 9200;

/// A local OpenSearch with decorated flow logs in it, and dashboards where Docker is
#[derive(Parser)]
#[command(after_help = "Exit status: 0 fine, 1 failure, 2 usage.")]
struct Options {
    /// End after loading and one question, without dashboards
    #[arg(long)]
    once: bool,
    /// Records of the simulated day
    #[arg(long, default_value_t = 200_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    // What fails, here and in the servers, panics with a sentence for the reader: no backtrace, no place in the code.
    std::panic::set_hook(Box::new(|failure| eprintln!("error: {}", failure.payload_as_str().unwrap_or("unknown"))));
    match std::panic::catch_unwind(|| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(options: &Options) {
    let server = start();
    let stack = Stack::on(&server);
    step(&format!("put {}", stack.put_templates().join(", ")));
    let day = Day::that_ends_now();
    let traffic = day.simulate(options.records);
    step(&format!("simulated {} records, {} to {}", options.records, day.start, day.end));
    let before = Schema::ALL.map(|schema| counts(&stack, schema));
    let loaded = Schema::ALL.map(|schema| load(&stack, schema, &traffic));
    drop(traffic);
    println!();
    for (index, schema) in Schema::ALL.into_iter().enumerate() {
        let (daily, streamed) = counts(&stack, schema);
        let came = (daily - before[index].0, streamed - before[index].1);
        assert_eq!(came, loaded[index], "{}: OpenSearch does not have what it took", schema.name());
        let (from, to) = samples();
        println!("{:24} {daily:>8} documents  samples/, {from} to {to}", schema.day_index("*"));
        println!("{:24} {streamed:>8} documents  a simulated day, {} to {}", schema.data_stream(), day.start, day.end);
    }
    println!(
        "{INVENTORY_INDEX:24} {:>8} documents  rules, interfaces and groups of both",
        stack.count(INVENTORY_INDEX)
    );
    question::ask(&server, day);
    if options.once {
        return;
    }
    // It lives as long as this function does.
    let dashboards = Dashboards::start(&server);
    match &dashboards {
        Ok(dashboards) => say_what_to_open(dashboards, day),
        Err(why) => say_how_to_open(why, &server, day),
    }
    println!("\nCtrl-C ends it{}.", if kept() { "" } else { " and throws the data away" });
    stay(&server)
}

fn start() -> OpenSearch {
    if kept() {
        step("OPENSEARCH_URL is set: what is loaded stays there");
    } else {
        step("OpenSearch starts (the first time it is fetched, 160 MB)");
    }
    let server = OpenSearch::start_at(USUAL_PORT);
    step(&format!("OpenSearch answers at {}", server.url()));
    server
}

/// Whether the data outlives this process, in an OpenSearch that was there before.
fn kept() -> bool {
    std::env::var_os("OPENSEARCH_URL").is_some()
}

/// Samples, day and both inventories; gives how many documents went into daily indices and into the data stream.
fn load(stack: &Stack, schema: Schema, traffic: &Traffic) -> (u64, u64) {
    let name = schema.name();
    let samples = stack.load_samples(schema);
    step(&format!("{name}: samples/ into {}: {}", schema.day_index("*"), in_short(&samples)));
    let streamed = stack.load(schema, &traffic.logs(), &traffic.inventory(), Place::DataStream);
    step(&format!("{name}: the day into the data stream {}: {}", schema.data_stream(), in_short(&streamed)));
    let mut facts = 0;
    for inventory in [project("samples/inventory"), traffic.inventory()] {
        facts += stack.load_inventory(schema, &inventory).documents;
    }
    step(&format!("{name}: both inventories into {INVENTORY_INDEX}: {facts} documents"));
    (samples.documents, streamed.documents)
}

/// `15310 records decorated, 3 lines unparsed`: the last that flow-decorate says.
fn in_short(loaded: &Loaded) -> &str {
    loaded.said.lines().last().unwrap_or_default()
}

/// Documents in daily indices and in the data stream, as OpenSearch itself counts them.
fn counts(stack: &Stack, schema: Schema) -> (u64, u64) {
    (stack.count(&schema.day_index("*")), stack.count(schema.data_stream()))
}

/// First second of the samples, and the second after the last.
fn samples() -> (Timestamp, Timestamp) {
    let at = |text: &str| text.parse().expect("a time");
    (at("2026-03-01T00:00:00Z"), at("2026-03-04T00:00:00Z"))
}

fn say_what_to_open(dashboards: &Dashboards, day: Day) {
    println!("\nOpen in a browser");
    for schema in Schema::ALL {
        for (what, (from, to)) in [("the day", (day.start, day.end)), ("samples/", samples())] {
            if let Some(link) = dashboards.link(schema, from, to) {
                println!("  {:8} {what:9} {link}", schema.name());
            }
        }
    }
}

fn say_how_to_open(why: &str, server: &OpenSearch, day: Day) {
    println!("\n{why}");
    println!(
        "To see them, point OpenSearch Dashboards 3.7 at {} (opensearch.hosts) and import dashboards/classic.ndjson and\n\
         dashboards/ecs.ndjson there (Dashboards Management > Saved objects > Import). The day is {} to {},\n\
         samples/ is {} to {}.",
        server.url(),
        day.start,
        day.end,
        samples().0,
        samples().1
    );
}

/// Until Ctrl-C, or until OpenSearch is gone.
fn stay(server: &OpenSearch) -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(5));
        server.get("/", &Value::Null);
    }
}

fn step(what: &str) {
    eprintln!("stack: {what}");
}
