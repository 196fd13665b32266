//! The wording of help.

use clap::CommandFactory;

use super::super::Cli;
use super::parse;

#[test]
fn help_stays_readable_and_short_equals_long() {
    let mut commands = vec!["report", "plan", "replay", "explain", "rollup", "completions", "man"];
    if cfg!(feature = "aws") {
        commands.push("snapshot");
    }
    for command in commands {
        let help = |flag: &str| parse(&format!("sg-audit {command} {flag}")).unwrap_err().to_string();
        assert_eq!(help("-h"), help("--help"), "{command}");
        let lines = help("-h").lines().count();
        assert!(lines <= 75, "{command} has {lines} lines");
    }
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
      plan         Say what to change: rules to remove and to narrow, replayed against the logs first
      replay       Find the requests in the logs that changed rules would deny
      explain      Show the traffic behind the verdict on a rule or a group
      rollup       Reduce logs to a small file that later reports accept in their place
      snapshot     Read interfaces, groups and rules from AWS, and save them as an inventory
      completions  Print a completion script for a shell
      man          Print the man page, or write those of all commands to a folder

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Examples:
      What is open that nobody used in the last five weeks?
        sg-audit snapshot --out inventory.json
        sg-audit report logs/ --inventory inventory.json --since 35d

      What to change, as a script, and beside it the one that takes it back:
        sg-audit plan logs/ --inventory inventory.json --output aws-cli --out plan.sh

      Make a completion script, and read the manual:
        sg-audit completions bash > ~/.local/share/bash-completion/completions/sg-audit
        sg-audit man | man -l -

    Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on, or changed rules would
    deny a request.
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
    let mut help = |command: &str| program.find_subcommand_mut(command).unwrap().render_help().to_string();
    insta::assert_snapshot!(help("report"), @r#"
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
          --output <FORM>          Form of the report: table, json, csv, markdown or html [default:
                                   table]
          --out <FILE>             Write to this file instead of standard output; it appears whole or
                                   not at all
          --fail-on <VERDICT,...>  Exit with status 3 if any rule has one of these verdicts [possible
                                   values: unresolved, redundant, used, not-logged, no-evidence,
                                   likely-unused, unused]
          --baseline <FILE>        An earlier report (--output json): tell what has changed since

    Judgement:
          --min-coverage <SHARE>  Share of its life, 0 to 1, that logs must cover of an interface to
                                  judge its rules [default: 0.95]
          --min-days <DAYS>       Days that a rule must have been observed to be judged [default: 30]

    Recommendations:
          --max-cidrs <N>         Most CIDRs that a recommendation may name for one rule [default: 8]
          --max-port-ranges <N>   Most ranges of ports that a recommendation may name for one rule
                                  [default: 8]
          --max-rules <N>         Most rules of a group in one direction (AWS quota, 60 unless raised)
                                  [default: 60]
          --min-prefix <V4[,V6]>  Name no CIDR narrower than this prefix, for IPv4 and IPv6 [default:
                                  32,128]
          --exact-peers           Name private peers as they are, not the subnet around them
          --include-unsettled     Narrow rules too whose peers or ports still changed in the second half
                                  of the window

    Names:
          --geo <FILE>...     Databases of places and network owners (MMDB), several after one another
          --ip-ranges <FILE>  AWS's list of its own addresses (ip-ranges.json)

    Examples:
      Get an inventory, then judge what was downloaded from S3:
        mkdir inventory
        for kind in security-groups security-group-rules network-interfaces managed-prefix-lists
        do aws ec2 describe-$kind > inventory/$kind.json; done
        sg-audit report logs/ --inventory inventory/

      As a page to show around; as a spreadsheet, from standard input:
        sg-audit report logs/ --inventory inventory/ --output html --out report.html
        zcat *.log.gz | sg-audit report - --inventory inventory/ --output csv --out rules.csv

      Fail a pipeline when anything is proven unused:
        sg-audit report logs/ --inventory inventory/ --quiet --strict --fail-on unused

      A log with a custom format and no header line (single quotes!):
        sg-audit report logs/ --inventory inventory/ --log-format '${interface-id} ${srcaddr} ...'

    Exit status: 0 fine, 1 failure, 2 usage, 3 a rule has a verdict of --fail-on.
    "#);
    insta::assert_snapshot!(help("plan"), @r#"
    Say what to change: rules to remove and to narrow, replayed against the logs first

    Usage: sg-audit plan [OPTIONS] --inventory <PATH>... <LOGS>...

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
          --output <FORM>  Form of the plan: table, json, aws-cli or terraform [default: table]
          --out <FILE>     Write to this file instead of standard output; it appears whole or not at all

    Judgement:
          --include-likely        Remove likely-unused rules too
          --min-coverage <SHARE>  Share of its life, 0 to 1, that logs must cover of an interface to
                                  judge its rules [default: 0.95]
          --min-days <DAYS>       Days that a rule must have been observed to be judged [default: 30]

    Recommendations:
          --max-cidrs <N>         Most CIDRs that a recommendation may name for one rule [default: 8]
          --max-port-ranges <N>   Most ranges of ports that a recommendation may name for one rule
                                  [default: 8]
          --max-rules <N>         Most rules of a group in one direction (AWS quota, 60 unless raised)
                                  [default: 60]
          --min-prefix <V4[,V6]>  Name no CIDR narrower than this prefix, for IPv4 and IPv6 [default:
                                  32,128]
          --exact-peers           Name private peers as they are, not the subnet around them
          --include-unsettled     Narrow rules too whose peers or ports still changed in the second half
                                  of the window

    Examples:
      What could go, and what could be narrower?
        sg-audit plan logs/ --inventory inventory/

      The script that does it, and beside it plan-undo.sh, which takes it back:
        sg-audit plan logs/ --inventory inventory/ --output aws-cli --out plan.sh
        bash plan.sh --dry-run

      Show it to somebody else, and let them check it against newer logs:
        sg-audit plan logs/ --inventory inventory/ --output json --out plan.json
        sg-audit replay newer-logs/ --inventory inventory/ --proposed plan.json

    Exit status: 0 fine, 1 failure, 2 usage.
    "#);
    insta::assert_snapshot!(help("replay"), @r#"
    Find the requests in the logs that changed rules would deny

    Usage: sg-audit replay [OPTIONS] --inventory <PATH>... --proposed <PATH>... <LOGS>...

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
          --proposed <PATH>...   The groups as they are to be: aws ec2 describe-* output, edited, or a
                                 plan (--output json)

    Output:
          --output <FORM>  Form of the answer: table or json [default: table]
          --out <FILE>     Write to this file instead of standard output; it appears whole or not at all

    Examples:
      Would this change have denied anything that was accepted?
        aws ec2 describe-security-groups --group-ids sg-0123456789abcdef0 > proposed.json
        $EDITOR proposed.json
        sg-audit replay logs/ --inventory inventory/ --proposed proposed.json

    Exit status: 0 nothing would be denied, 1 failure, 2 usage, 3 something would be, surely or
    possibly.
    "#);
    insta::assert_snapshot!(help("explain"), @r#"
    Show the traffic behind the verdict on a rule or a group

    Usage: sg-audit explain [OPTIONS] --inventory <PATH>... <RULE|GROUP> <LOGS>...

    Arguments:
      <RULE|GROUP>  Id of a rule (sgr-...) or a group (sg-...), or the name of a group
      <LOGS>...     Flow logs or rollups: files, folders, globs, or - for standard input

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
          --output <FORM>  Form of the answer: table or json [default: table]
          --out <FILE>     Write to this file instead of standard output; it appears whole or not at all
          --peers <N>      Most peers that are listed for a rule [default: 10]

    Judgement:
          --min-coverage <SHARE>  Share of its life, 0 to 1, that logs must cover of an interface to
                                  judge its rules [default: 0.95]
          --min-days <DAYS>       Days that a rule must have been observed to be judged [default: 30]

    Names:
          --geo <FILE>...     Databases of places and network owners (MMDB), several after one another
          --ip-ranges <FILE>  AWS's list of its own addresses (ip-ranges.json)

    Examples:
      Who needs this rule?
        sg-audit explain sgr-0123456789abcdef0 logs/ --inventory inventory/

      With places, network owners and AWS services of public peers:
        sg-audit explain sg-0123456789abcdef0 logs/ --inventory inventory/ --geo city.mmdb asn.mmdb
        --ip-ranges ip-ranges.json

    Exit status: 0 fine, 1 failure (among others: no such rule or group), 2 usage.
    "#);
    insta::assert_snapshot!(help("rollup"), @r#"
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
