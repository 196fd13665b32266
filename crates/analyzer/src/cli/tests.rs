//! The command line as it is typed, and what it answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clap::CommandFactory;
use clap::error::ErrorKind;
use jiff::Timestamp;

use super::options::{ReportOptions, WindowOptions};
use super::values::{MinPrefix, PlanFormat, TellFormat};
use super::*;
use crate::report::example::example;
use crate::report::model::PortSpan;

mod help;

/// 2024-06-01T00:00:00Z.
fn now() -> Timestamp {
    Timestamp::from_second(1_717_200_000).unwrap()
}

fn parse(line: &str) -> Result<Command, clap::Error> {
    Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
}

fn report(line: &str) -> Result<ReportOptions, clap::Error> {
    match parse(line)? {
        Command::Report(arguments) => arguments.into_options(now()),
        other => panic!("{other:?} is no report"),
    }
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_report_with_nothing_but_what_is_required() {
    let options = report("sg-audit report logs --inventory inventory").unwrap();
    assert_eq!(options.input.logs, [PathBuf::from("logs")]);
    assert_eq!(options.inventory, [PathBuf::from("inventory")]);
    assert_eq!(options.input.window, WindowOptions { since: None, until: None });
    assert_eq!(options.output, OutputFormat::Table);
    assert_eq!(
        (options.thresholds.min_coverage, options.thresholds.min_days, options.limits.max_cidrs),
        (0.95, 30.0, 8)
    );
    assert_eq!((options.input.strict, options.input.quiet, options.out.is_none()), (false, false, true));
    assert!(options.input.threads >= 1);
    assert_eq!(options.fail_on, []);
}

#[test]
fn a_report_with_everything() {
    let options = report(
        "sg-audit report a b/*.gz - --inventory i1 i2 --inventory i3 --output markdown --out r.md --since 30d \
         --until 2024-05-31 --log-format ${version} --min-coverage 0.5 --min-days 1.5 --max-cidrs 3 \
         --fail-on unused,likely-unused,unused --threads 2 --quiet --strict",
    )
    .unwrap();
    assert_eq!(options.input.logs, ["a", "b/*.gz", "-"].map(PathBuf::from));
    assert_eq!(options.inventory, ["i1", "i2", "i3"].map(PathBuf::from));
    assert_eq!(options.output, OutputFormat::Markdown);
    assert_eq!(options.out, Some(PathBuf::from("r.md")));
    assert_eq!(options.input.window, WindowOptions { since: Some(1_714_608_000), until: Some(1_717_199_999) });
    assert_eq!(options.input.log_format.as_deref(), Some("${version}"));
    assert_eq!((options.thresholds.min_coverage, options.thresholds.min_days, options.limits.max_cidrs), (0.5, 1.5, 3));
    assert_eq!(options.fail_on, [Verdict::LikelyUnused, Verdict::Unused]);
    assert_eq!((options.input.threads, options.input.quiet, options.input.strict), (2, true, true));
}

#[test]
fn a_plan() {
    let plan = |line: &str| match parse(line).unwrap() {
        Command::Plan(arguments) => arguments.into_options(now()).unwrap(),
        other => panic!("{other:?} is no plan"),
    };
    let usual = plan("sg-audit plan logs --inventory i");
    assert_eq!((usual.output, usual.include_likely, usual.out.is_none()), (PlanFormat::Table, false, true));
    assert_eq!(usual.limits, Default::default());
    assert_eq!(usual.thresholds, Default::default());
    let all = plan(
        "sg-audit plan logs --inventory i --output aws-cli --out plan.sh --include-likely --max-cidrs 3 --max-rules 200 \
         --max-port-ranges 2 --min-prefix /24,64 --exact-peers --min-days 2",
    );
    assert_eq!((all.output, all.include_likely, all.out), (PlanFormat::AwsCli, true, Some(PathBuf::from("plan.sh"))));
    let limits = all.limits;
    assert_eq!((limits.max_cidrs, limits.max_port_ranges, limits.max_rules, limits.exact_peers), (3, 2, 200, true));
    assert_eq!((limits.min_prefix_v4, limits.min_prefix_v6), (24, 64));
    assert_eq!(all.thresholds.min_days, 2.0);
}

#[test]
fn a_replay_and_an_explanation() {
    let Command::Replay(replay) =
        parse("sg-audit replay logs --inventory i --proposed p.json q --output json").unwrap()
    else {
        panic!("no replay")
    };
    let replay = replay.into_options(now()).unwrap();
    assert_eq!(replay.proposed, ["p.json", "q"].map(PathBuf::from));
    assert_eq!((replay.inventory, replay.output), (vec![PathBuf::from("i")], TellFormat::Json));

    let line = "sg-audit explain sg-1 logs more --inventory i --geo a.mmdb b.mmdb --ip-ranges r.json --peers 3";
    let Command::Explain(explain) = parse(line).unwrap() else { panic!("no explanation") };
    let explain = explain.into_options(now()).unwrap();
    assert_eq!((explain.subject.as_str(), explain.peers, explain.output), ("sg-1", 3, TellFormat::Table));
    assert_eq!(explain.input.logs, ["logs", "more"].map(PathBuf::from));
    assert_eq!(explain.names.geo, ["a.mmdb", "b.mmdb"].map(PathBuf::from));
    assert_eq!(explain.names.ip_ranges, Some(PathBuf::from("r.json")));
}

#[test]
fn the_narrowest_prefix_that_may_be_named() {
    let read = values::parse_min_prefix;
    assert_eq!(read("24"), Ok(MinPrefix { v4: 24, v6: 128 }));
    assert_eq!(read("/0, /48"), Ok(MinPrefix { v4: 0, v6: 48 }));
    assert_eq!(read("32,128"), Ok(MinPrefix { v4: 32, v6: 128 }));
    for refused in ["", "33", "24,129", "24,", "a", "-1", "24,64,1", "//24"] {
        assert!(read(refused).is_err(), "{refused}");
    }
}

#[test]
fn a_rollup() {
    let line = "sg-audit rollup logs --out may.parquet --slice 1d --keep-ports 51820,60000-60010";
    let Command::Rollup(arguments) = parse(line).unwrap() else { panic!("no rollup") };
    let options = arguments.into_options(now()).unwrap();
    assert_eq!(options.out, PathBuf::from("may.parquet"));
    assert_eq!(options.slice.seconds(), 86_400);
    assert_eq!(options.keep_ports, [PortSpan { from: 51820, to: 51820 }, PortSpan { from: 60000, to: 60010 }]);

    let Command::Rollup(arguments) = parse("sg-audit rollup logs --out may.parquet").unwrap() else {
        panic!("no rollup")
    };
    let options = arguments.into_options(now()).unwrap();
    assert_eq!((options.slice, options.keep_ports.len()), (Slice::Hour, 0));
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for line in [
        "sg-audit report",
        "sg-audit report logs",
        "sg-audit report --inventory i",
        "sg-audit report logs --inventory i --output yaml",
        "sg-audit report logs --inventory i --fail-on bad",
        "sg-audit report logs --inventory i --min-coverage 95",
        "sg-audit report logs --inventory i --min-days -1",
        "sg-audit report logs --inventory i --threads 0",
        "sg-audit report logs --inventory i --max-cidrs 0",
        "sg-audit report logs --inventory i --min-prefix 33",
        "sg-audit plan logs",
        "sg-audit plan logs --inventory i --output yaml",
        "sg-audit plan logs --inventory i --max-rules 0",
        "sg-audit plan logs --inventory i --since 1d --until 2d",
        "sg-audit replay logs --inventory i",
        "sg-audit replay - - --inventory i --proposed p",
        "sg-audit explain sg-1 --inventory i",
        "sg-audit explain sg-1 logs --inventory i --peers 0",
        "sg-audit report logs --inventory i --since tomorrow",
        "sg-audit report logs --inventory i --since 1d --until 2d",
        "sg-audit report - - --inventory i",
        "sg-audit rollup logs",
        "sg-audit rollup logs --out f --slice 2h",
        "sg-audit completions tcsh",
        "sg-audit nonsense",
        "sg-audit",
    ] {
        let parsed = parse(line).and_then(|command| match command {
            Command::Report(arguments) => arguments.into_options(now()).map(drop),
            Command::Rollup(arguments) => arguments.into_options(now()).map(drop),
            Command::Plan(arguments) => arguments.into_options(now()).map(drop),
            Command::Replay(arguments) => arguments.into_options(now()).map(drop),
            Command::Explain(arguments) => arguments.into_options(now()).map(drop),
            _ => Ok(()),
        });
        let error = parsed.expect_err(line);
        assert_eq!(error.exit_code(), i32::from(Exit::Usage.code()), "{line}");
    }
    assert_eq!(parse("sg-audit --help").unwrap_err().exit_code(), 0);
    assert_eq!(parse("sg-audit --version").unwrap_err().kind(), ErrorKind::DisplayVersion);
}

#[test]
fn the_wording_of_usage_errors() {
    let error = |line: &str| report(line).unwrap_err().to_string();
    insta::assert_snapshot!(error("sg-audit report logs"), @r#"
    error: the following required arguments were not provided:
      --inventory <PATH>...

    Usage: sg-audit report --inventory <PATH>... <LOGS>...

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(error("sg-audit report logs --inventory i --since 2024-05-01T10:00"), @r#"
    error: invalid value '2024-05-01T10:00' for '--since <TIME>': a time of day needs its offset: add Z for UTC, or for instance +02:00

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(error("sg-audit report logs --inventory i --fail-on unsed"), @r#"
    error: invalid value 'unsed' for '--fail-on <VERDICT,...>'
      [possible values: unresolved, redundant, used, not-logged, no-evidence, likely-unused, unused]

      tip: a similar value exists: 'unused'

    For more information, try '--help'.
    "#);
    insta::assert_snapshot!(error("sg-audit report logs --inventory i --since 1d --until 2d"), @r#"
    error: --since is after --until, so no record would be left

    Usage: sg-audit report [OPTIONS] --inventory <PATH>... <LOGS>...

    For more information, try '--help'.
    "#);
}

#[test]
fn fail_on_looks_at_every_rule() {
    let report_of = |line: &str| report(line).unwrap();
    let some = report_of("sg-audit report logs --inventory i --fail-on not-logged");
    assert_eq!(some.exit_after(&example()), Exit::FailOn);
    let none = report_of("sg-audit report logs --inventory i");
    assert_eq!(none.exit_after(&example()), Exit::Fine);
    let mut without = example();
    without.groups.remove(1);
    assert_eq!(some.exit_after(&without), Exit::Fine);
    assert_eq!([Exit::Fine, Exit::Failure, Exit::Usage, Exit::FailOn].map(Exit::code), [0, 1, 2, 3]);
}
