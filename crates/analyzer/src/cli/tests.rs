//! The command line as it is typed, and what it answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use clap::CommandFactory;
use clap::error::ErrorKind;
use jiff::Timestamp;

use super::options::{ReportOptions, WindowOptions};
use super::*;
use crate::report::example::example;
use crate::report::model::PortSpan;

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

#[cfg(feature = "aws")]
#[test]
fn the_wording_of_the_first_help() {
    let mut program = Cli::command().term_width(100);
    program.build();
    insta::assert_snapshot!(program.render_help().to_string(), @r#"
    Find out from VPC Flow Logs which security group rules are used

    Usage: sg-audit <COMMAND>

    Commands:
      report       Give every rule a verdict, with its evidence
      rollup       Reduce logs to a small file that later reports accept in their place
      snapshot     Read interfaces, groups and rules from AWS, and save them as an inventory
      completions  Print a completion script for a shell
      man          Print the man page, or write those of all commands to a folder

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Examples:
      What is open that nobody used in the last 30 days?
        sg-audit snapshot --out inventory.json
        sg-audit report logs/ --inventory inventory.json --since 30d

      Make a completion script, and read the manual:
        sg-audit completions bash > ~/.local/share/bash-completion/completions/sg-audit
        sg-audit man | man -l -

    Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on.
    "#);
    let snapshot = program.find_subcommand_mut("snapshot").unwrap();
    insta::assert_snapshot!(snapshot.render_help().to_string(), @r#"
    Read interfaces, groups and rules from AWS, and save them as an inventory

    Usage: sg-audit snapshot [OPTIONS] --out <FILE>

    Options:
          --out <FILE>       The file to write; it appears whole or not at all
          --region <REGION>  A region to read; may be repeated [default: AWS_REGION or profile]
          --role-arn <ARN>   Read in this role, not in the own account; may be repeated
      -q, --quiet            No progress and no warnings
      -h, --help             Print help

    Examples:
      The account and region that the AWS CLI would use, then a report on it:
        sg-audit snapshot --out inventory.json
        sg-audit report logs/ --inventory inventory.json

      Two regions of another account; one a day, for a report wants to know what held when:
        sg-audit snapshot --region eu-west-1 --region us-east-1 \
            --role-arn arn:aws:iam::111122223333:role/audit --out inventory/$(date +%F).json

    A call that AWS refuses is named, and what it would have told counts as unknown. Needed are
        ec2:DescribeNetworkInterfaces    ec2:DescribeSecurityGroups
        ec2:DescribeSecurityGroupRules   ec2:DescribeSecurityGroupVpcAssociations
        ec2:DescribeManagedPrefixLists   ec2:GetManagedPrefixListEntries
        ec2:DescribeSubnets              ec2:DescribeVpcs
        ec2:DescribeFlowLogs             ec2:DescribeTrafficMirrorTargets

    Exit status: 0 fine, 1 failure or a call was refused, 2 usage.
    "#);
}

#[test]
fn the_wording_of_help() {
    let mut program = Cli::command().term_width(100);
    program.build();
    let report = program.find_subcommand_mut("report").unwrap();
    insta::assert_snapshot!(report.render_help().to_string(), @r#"
    Give every rule a verdict, with its evidence

    Usage: sg-audit report [OPTIONS] --inventory <PATH>... <LOGS>...

    Arguments:
      <LOGS>...  Flow logs or rollups: files, folders, globs, or - for standard input

    Options:
      -q, --quiet  No progress bar and no warnings
      -h, --help   Print help

    Input:
      -i, --inventory <PATH>...  Output of aws ec2 describe-*, or snapshots: files or folders, several
                                 after one another
          --since <TIME>         Leave out what ended earlier: 2024-05-01T00:00:00Z, 2024-05-01 (UTC) or
                                 30d (m, h, d, w ago)
          --until <TIME>         Leave out what began later; a day counts to its end
          --log-format <STRING>  Fields of lines that have no header, as AWS writes them: '${version}
                                 ${account-id} ...'
          --strict               Fail if any input cannot be read to its end, rather than warn
          --threads <N>          Files read at a time [default: number of cores]

    Output:
          --output <FORM>          Form of the report: table, json, csv or markdown [default: table]
          --out <FILE>             Write to this file instead of standard output; it appears whole or
                                   not at all
          --fail-on <VERDICT,...>  Exit with status 3 if any rule has one of these verdicts [possible
                                   values: unresolved, redundant, used, not-logged, no-evidence,
                                   likely-unused, unused]

    Judgement:
          --min-coverage <SHARE>  Share of its life, 0 to 1, that logs must cover of an interface to
                                  judge its rules [default: 0.95]
          --min-days <DAYS>       Days that a rule must have been observed to be judged [default: 30]
          --max-cidrs <N>         Most CIDRs that a recommendation may name for one rule [default: 8]

    Examples:
      Get an inventory, then judge what was downloaded from S3:
        mkdir inventory
        for kind in security-groups security-group-rules network-interfaces managed-prefix-lists
        do aws ec2 describe-$kind > inventory/$kind.json; done
        sg-audit report logs/ --inventory inventory/

      From standard input, as a spreadsheet:
        zcat *.log.gz | sg-audit report - --inventory inventory/ --output csv --out rules.csv

      Fail a pipeline when anything is proven unused:
        sg-audit report logs/ --inventory inventory/ --quiet --strict --fail-on unused

      A log with a custom format and no header line (single quotes!):
        sg-audit report logs/ --inventory inventory/ --log-format '${interface-id} ${srcaddr} ...'

    Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on.
    "#);
    let rollup = program.find_subcommand_mut("rollup").unwrap();
    insta::assert_snapshot!(rollup.render_help().to_string(), @r#"
    Reduce logs to a small file that later reports accept in their place

    Usage: sg-audit rollup [OPTIONS] --out <FILE> <LOGS>...

    Arguments:
      <LOGS>...  Flow logs or rollups: files, folders, globs, or - for standard input

    Options:
      -q, --quiet  No progress bar and no warnings
      -h, --help   Print help

    Input:
          --since <TIME>         Leave out what ended earlier: 2024-05-01T00:00:00Z, 2024-05-01 (UTC) or
                                 30d (m, h, d, w ago)
          --until <TIME>         Leave out what began later; a day counts to its end
          --log-format <STRING>  Fields of lines that have no header, as AWS writes them: '${version}
                                 ${account-id} ...'
          --strict               Fail if any input cannot be read to its end, rather than warn
          --threads <N>          Files read at a time [default: number of cores]

    Output:
          --out <FILE>              The Parquet file to write; it appears whole or not at all
          --slice <LENGTH>          Length of the slices that records are added up in: 1h or 1d
                                    [default: 1h]
          --keep-ports <RANGE,...>  Ports to keep that would be dropped as a client's, for rules that
                                    single them out

    Examples:
      Scan each day once, report on all of them later:
        sg-audit rollup logs/2024/05/30/ --out rollups/2024-05-30.parquet
        sg-audit report rollups/ --inventory inventory/

      Keep high ports that some rule singles out, so that the rule can be judged:
        sg-audit rollup logs/ --out may.parquet --keep-ports 51820,60000-60010

    Exit status: 0 fine, 1 failure, 2 usage.
    "#);
}

#[test]
fn help_fits_a_screen_and_short_equals_long() {
    let mut commands = vec!["report", "rollup", "completions", "man"];
    if cfg!(feature = "aws") {
        commands.push("snapshot");
    }
    for command in commands {
        let help = |flag: &str| parse(&format!("sg-audit {command} {flag}")).unwrap_err().to_string();
        assert_eq!(help("-h"), help("--help"), "{command}");
        let lines = help("-h").lines().count();
        assert!(lines <= 60, "{command} has {lines} lines");
    }
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
