//! `make bench`: flow-decorate as a Lambda function beside the design of 2017 (`bench/node-2017/index.js`), and
//! offline.
//!
//! One Firehose event of 11,375 records, which is what 1 MB of default-format lines makes, 500 interfaces, places on.
//! Both functions run behind the same Runtime API, in turn (A B A B ...), so that a drift of the machine's speed
//! cancels out of the ratio, which is taken pair by pair. A time is that of a whole invocation, from handing out the
//! event to having the answer.
//!
//! The answers are larger than Lambda takes. In the product `RESPONSE_LIMIT` puts the rest back into the stream; here
//! it is set so high that both do the same work.
//!
//! ```text
//! lambda-bench [--pairs N] [--cold N] [--records N] [--data FOLDER] [--no-node]
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use servers::http::call;
use servers::{Answer, AwsStub, Ec2World, Function, RuntimeApi, binary, events};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const EVENT_RECORDS: usize = 11_375;
const INTERFACES: usize = 500;
const LARGEST_ANSWER: usize = 256 << 20;
const WARM_UP: usize = 3;
const DEADLINE: Duration = Duration::from_secs(120);
/// The documentation ranges (RFC 5737), which samples/geo.mmdb knows.
const OUTSIDE: [&str; 3] = ["203.0.113", "198.51.100", "192.0.2"];

struct Options {
    pairs: usize,
    cold: usize,
    offline_records: u64,
    data: PathBuf,
    node: bool,
}

fn main() {
    let options = read_options();
    let aws = AwsStub::start();
    aws.set_ec2(Ec2World::with_interfaces(INTERFACES));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let places = folder.path().join("places.json");
    std::fs::write(&places, places_by_prefix().to_string()).expect("a file in a temporary folder");
    let lines = lines(EVENT_RECORDS);
    let event = event(&lines);
    let bytes: usize = lines.iter().map(String::len).sum();
    println!(
        "one Firehose event: {EVENT_RECORDS} records, {:.2} MB of lines; {INTERFACES} interfaces; places on",
        megabytes(bytes)
    );

    let ours = Contender::new("flow-decorate", &binary("flow-decorate"), &[], our_settings(&aws));
    let script = repository().join("bench/node-2017/index.js");
    let script = script.to_string_lossy().into_owned();
    let mut settings = aws.environment();
    settings.push(("PLACES".into(), places.to_string_lossy().into_owned()));
    let node = options.node.then(|| Contender::new("Node.js, design of 2017", &node_program(), &[&script], settings));

    warm(&ours, node.as_ref(), &event, &options);
    cold(&ours, node.as_ref(), &lines[..1], options.cold);
    for name in ["flow-decorate", "flow-ingest"] {
        let size = std::fs::metadata(binary(name)).map(|metadata| metadata.len() as usize).unwrap_or_default();
        println!("  {:<24} {:8.1} MB binary", name, megabytes(size));
    }
    offline(&options);
}

/// A function that is measured.
struct Contender {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    settings: Vec<(String, String)>,
}

impl Contender {
    fn new(name: &'static str, program: &Path, arguments: &[&str], settings: Vec<(String, String)>) -> Contender {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Contender { name, program: program.to_owned(), arguments, settings }
    }

    fn start(&self, api: &RuntimeApi) -> Function {
        api.set_largest_answer(LARGEST_ANSWER);
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let settings: Vec<(&str, &str)> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Function::start_program(&self.program, &arguments, api, &settings)
    }

    /// Seconds of one invocation, and its answer; every record must have been decorated.
    fn invoke(&self, api: &RuntimeApi, function: &Function, event: &[u8], records: usize) -> (f64, Vec<u8>) {
        let since = Instant::now();
        let answer = api.invoke(event, DEADLINE);
        let seconds = since.elapsed().as_secs_f64();
        let Answer::Response(body) = answer else {
            panic!("{}: {answer:?}\n{}", self.name, function.output());
        };
        let answered = events::read_firehose_answer(&body);
        assert_eq!(answered.len(), records, "{}", self.name);
        for (id, result, data) in &answered {
            assert_eq!(result, "Ok", "{}: {id}", self.name);
            let document: Value = serde_json::from_slice(data).unwrap_or_default();
            let names = document["security-group-names"].as_array();
            assert!(names.is_some_and(|names| names.contains(&json!("web"))), "{}: {document}", self.name);
            assert!(document["source-country-code"].is_string(), "{}: {document}", self.name);
        }
        (seconds, body)
    }
}

/// Seconds that it takes to hand an event out and an answer back, with nothing done in between: the part of every time
/// above that no function can save.
fn transport(event: &[u8], answer: &[u8], runs: usize) -> Vec<f64> {
    let api = RuntimeApi::start();
    api.set_largest_answer(LARGEST_ANSWER);
    let address = api.address().parse().expect("an address");
    let base = "/2018-06-01/runtime/invocation";
    let mut times = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..runs {
                let next = call(address, "GET", &format!("{base}/next"), &[], b"").expect("an event");
                let id = next.header("lambda-runtime-aws-request-id").expect("its id");
                call(address, "POST", &format!("{base}/{id}/response"), &[], answer).expect("a reply");
            }
        });
        for _ in 0..runs {
            let since = Instant::now();
            assert!(matches!(api.invoke(event, DEADLINE), Answer::Response(_)), "the answer is passed on");
            times.push(since.elapsed().as_secs_f64());
        }
    });
    times
}

fn warm(ours: &Contender, node: Option<&Contender>, event: &[u8], options: &Options) {
    let (our_api, node_api) = (RuntimeApi::start(), RuntimeApi::start());
    let our_function = ours.start(&our_api);
    let node_function = node.map(|node| node.start(&node_api));
    let (mut our_times, mut node_times) = (Vec::new(), Vec::new());
    let mut answer = Vec::new();
    for turn in 0..WARM_UP + options.pairs {
        let (our_time, body) = ours.invoke(&our_api, &our_function, event, EVENT_RECORDS);
        let node_time = node.zip(node_function.as_ref());
        let node_time = node_time.map(|(node, function)| node.invoke(&node_api, function, event, EVENT_RECORDS).0);
        answer = body;
        if turn >= WARM_UP {
            our_times.push(our_time);
            node_times.extend(node_time);
        }
    }
    println!("whole invocations, {} pairs after a warm-up of {WARM_UP}", options.pairs);
    let row = |name: &str, times: &[f64], function: &Function| {
        let (least, most) = (quantile(times, 0.0), quantile(times, 1.0));
        let times = format!("{:8.1} ms median ({:.1} to {:.1})", 1e3 * median(times), 1e3 * least, 1e3 * most);
        println!("  {name:<24} {times}, {:6.1} MiB peak resident", function.peak_memory_kib() as f64 / 1024.0);
    };
    row(ours.name, &our_times, &our_function);
    let inside: Vec<f64> =
        our_function.metrics().iter().skip(WARM_UP).filter_map(|line| line["Milliseconds"].as_f64()).collect();
    println!("  {:<24} {:8.1} ms median inside the handler", "", median(&inside));
    if let Some((node, function)) = node.zip(node_function.as_ref()) {
        row(node.name, &node_times, function);
        let ratios: Vec<f64> = node_times.iter().zip(&our_times).map(|(theirs, ours)| theirs / ours).collect();
        let (least, most) = (quantile(&ratios, 0.0), quantile(&ratios, 1.0));
        println!("  {:<24} {:8.1} x median ({least:.1} to {most:.1})", "ratio of the pairs", median(&ratios));
    }
    let times = transport(event, &answer, WARM_UP + options.pairs);
    let name = "the Runtime API alone";
    let size = megabytes(answer.len());
    println!("  {name:<24} {:8.1} ms median, for an answer of {size:.1} MB", 1e3 * median(&times[WARM_UP..]));
}

/// From the start of the process to its first answer.
fn cold(ours: &Contender, node: Option<&Contender>, lines: &[String], runs: usize) {
    let event = event(lines);
    println!("cold start, from the start of the process to the answer of one record, {runs} runs each in turn");
    let mut rows: Vec<(&Contender, Vec<f64>)> = vec![(ours, Vec::new())];
    rows.extend(node.map(|node| (node, Vec::new())));
    for _ in 0..runs {
        for (contender, times) in &mut rows {
            let api = RuntimeApi::start();
            let since = Instant::now();
            let function = contender.start(&api);
            contender.invoke(&api, &function, &event, 1);
            times.push(since.elapsed().as_secs_f64());
        }
    }
    for (contender, times) in &rows {
        let (least, most) = (1e3 * quantile(times, 0.0), 1e3 * quantile(times, 1.0));
        println!("  {:<24} {:8.1} ms median ({least:.1} to {most:.1})", contender.name, 1e3 * median(times));
    }
}

/// flow-decorate on files, on one core.
fn offline(options: &Options) {
    let data = options.data.join(format!("v2-{}-16", options.offline_records));
    if !data.join("truth.json").exists() {
        println!("simulating {} records ...", options.offline_records);
        let mut simulate = Command::new(binary("flow-simulate"));
        simulate.args(["--scenario", "bench", "--seed", "1", "--fields", "v2", "--files", "16", "--records"]);
        simulate.arg(options.offline_records.to_string()).arg("--out").arg(&data).stdout(Stdio::null());
        assert!(simulate.status().expect("flow-simulate runs").success(), "flow-simulate failed");
    }
    let mut rates = Vec::new();
    for turn in 0..4 {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(binary("flow-decorate")).arg(data.join("logs"));
        command.arg("--inventory").arg(data.join("inventory")).arg("--geo").arg(repository().join("samples/geo.mmdb"));
        command.args(["--out", "/dev/null", "--quiet"]);
        let since = Instant::now();
        let status = command.status().unwrap_or_else(|error| panic!("taskset (install util-linux): {error}"));
        assert!(status.success(), "{command:?} ended with {status}");
        if turn > 0 {
            rates.push(options.offline_records as f64 / since.elapsed().as_secs_f64());
        }
    }
    let (least, most) = (quantile(&rates, 0.0), quantile(&rates, 1.0));
    println!("offline, {} records on one core, {} runs after a warm-up", options.offline_records, rates.len());
    println!("  {:<24} {:8.0} records/s median ({least:.0} to {most:.0})", "flow-decorate", median(&rates));
}

fn our_settings(aws: &AwsStub) -> Vec<(String, String)> {
    let mut settings = aws.environment();
    let geo = repository().join("samples/geo.mmdb").to_string_lossy().into_owned();
    settings.push(("GEO_DATABASES".into(), geo));
    settings.push(("RESPONSE_LIMIT".into(), LARGEST_ANSWER.to_string()));
    settings.push(("AWS_LAMBDA_LOG_LEVEL".into(), "ERROR".into()));
    settings
}

/// Accepted requests from outside; every interface and every address of the three ranges has its turn.
fn lines(count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..count {
        let interface = number % INTERFACES + 1;
        let (id, address) = (Ec2World::interface_id(interface), Ec2World::address(interface));
        let outside = format!("{}.{}", OUTSIDE[number % 3], number % 254 + 1);
        let (port, packets, bytes) = (32_768 + number % 28_000, number % 90 + 1, 40 * (number % 9_000 + 1));
        let start = 1_772_323_200 + number % 600;
        let line = format!(
            "2 123456789012 {id} {outside} {address} {port} 443 6 {packets} {bytes} {start} {} ACCEPT OK",
            start + 59
        );
        lines.push(line);
    }
    lines
}

fn event(lines: &[String]) -> Vec<u8> {
    let ids: Vec<String> = (0..lines.len()).map(|number| format!("4966{number:048}000000")).collect();
    let with_ends: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    let records: Vec<(&str, &[u8])> =
        ids.iter().zip(&with_ends).map(|(id, line)| (id.as_str(), line.as_bytes())).collect();
    events::firehose(&records, &events::stream_arn("flows"), false)
}

/// What the Node.js program looks places up in: as many facts as a document of ours holds.
fn places_by_prefix() -> Value {
    let place = json!({"country-code": "AU", "country-name": "Australia", "region-code": "AU-NSW",
        "region-name": "New South Wales", "city": "Sydney", "location": {"lat": -33.8688, "lon": 151.2093},
        "as-number": 64500, "as-organization": "Harbour Net"});
    let mut places = json!({});
    for prefix in OUTSIDE {
        places[prefix] = place.clone();
    }
    places
}

fn node_program() -> PathBuf {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&search).map(|folder| folder.join("node")).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("node is not on the PATH: install Node.js 20 or newer, or give --no-node"))
}

fn repository() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("tests/servers lies two folders deep").to_owned()
}

fn read_options() -> Options {
    let data = repository().join("bench/data");
    let mut options = Options { pairs: 9, cold: 10, offline_records: 4_000_000, data, node: true };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = arguments.next().unwrap_or_default();
            text.parse().unwrap_or_else(|_| panic!("{argument} takes a number, not `{text}`"))
        };
        match argument.as_str() {
            "--pairs" => options.pairs = number(),
            "--cold" => options.cold = number(),
            "--records" => options.offline_records = number() as u64,
            "--data" => options.data = arguments.next().expect("--data takes a folder").into(),
            "--no-node" => options.node = false,
            other => panic!(
                "unknown option {other}: lambda-bench [--pairs N] [--cold N] [--records N] [--data FOLDER] [--no-node]"
            ),
        }
    }
    options
}

fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (part * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
