//! A report on a stored rollup is the report on its logs, or, where the rollup knows less, a weaker one.

use crate::chance::Chance;
use crate::logs;
use crate::network::{Network, read, read_all, scan_options, verdicts};
use analyzer::report::json;
use analyzer::report::model::{Report, Verdict};
use analyzer::rollup::{KeptPorts, Rollup, Slice, parquet};

fn bytes(report: &Report) -> String {
    let mut bytes = Vec::new();
    json::write(report, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Stores a rollup and reads it as `sg-audit report` would.
fn stored_and_read(network: &Network, rollup: &Rollup) -> Rollup {
    let folder = tempfile::tempdir().unwrap();
    parquet::store(rollup, &folder.path().join("stored.parquet")).unwrap();
    read(folder.path(), &scan_options(&network.loaded))
}

#[test]
fn a_report_on_a_rollup_is_the_report_on_its_logs() {
    for network in Network::all(1..=4) {
        let rollup = stored_and_read(&network, &network.rollup);
        assert_eq!(bytes(&network.judge(&rollup, &network.loaded)), bytes(&network.report), "{}", network.name);
    }
}

#[test]
fn a_report_on_the_rollups_of_days_and_the_logs_of_others_is_the_report_on_all_logs() {
    for network in Network::all(1..=2) {
        let mut chance = Chance::new(9);
        let folder = tempfile::tempdir().unwrap();
        let options = scan_options(&network.loaded);
        let mut inputs = Vec::new();
        let mut files = network.files.clone();
        chance.shuffle(&mut files);
        for (number, chunk) in files.chunks(files.len().div_ceil(4)).enumerate() {
            let logs = folder.path().join(format!("logs-{number}"));
            logs::store(chunk, &logs);
            if number == 0 {
                inputs.push(logs.display().to_string());
                continue;
            }
            let stored = folder.path().join(format!("stored-{number}.parquet"));
            parquet::store(&read(&logs, &options), &stored).unwrap();
            inputs.push(stored.display().to_string());
        }
        let report = network.judge(&read_all(&inputs, &options), &network.loaded);
        // Names of samples tell where the copies lie.
        let mut expected = network.report.clone();
        expected.logs.unparsed_samples.clone_from(&report.logs.unparsed_samples);
        expected.logs.files = report.logs.files;
        assert_eq!(bytes(&report), bytes(&expected), "{}", network.name);
    }
}

/// What is proven on less is proven on all.
fn assert_no_stronger(network: &Network, what: &str, report: &Report) {
    let on_logs = verdicts(&network.report);
    for (rule, (verdict, reason)) in verdicts(report) {
        let (known, known_reason) = on_logs[&rule];
        let is_proven = match verdict {
            Verdict::Unused => known == Verdict::Unused,
            Verdict::LikelyUnused => matches!(known, Verdict::Unused | Verdict::LikelyUnused),
            _ => true,
        };
        assert!(
            is_proven,
            "{}, {what}: {rule:?} is {verdict:?} ({reason}) on the rollup, but {known:?} ({known_reason}) on the logs",
            network.name
        );
    }
}

#[test]
fn a_report_on_a_coarser_rollup_is_never_stronger() {
    let coarser = [
        ("no port kept", KeptPorts::default(), Slice::Hour),
        ("days", KeptPorts::new([32_768..=65_535]), Slice::Day),
        ("days, no port kept", KeptPorts::default(), Slice::Day),
        ("a few ports kept", KeptPorts::new([50_000..=60_005]), Slice::Hour),
    ];
    for network in Network::all(1..=5) {
        for (what, kept_ports, slice) in &coarser {
            let mut options = scan_options(&network.loaded);
            (options.kept_ports, options.slice) = (kept_ports.clone(), *slice);
            let rollup = stored_and_read(&network, &read(&network.folder.path().join("logs"), &options));
            assert_no_stronger(&network, what, &network.judge(&rollup, &network.loaded));
        }
        // The days of the ports that the report itself would keep.
        let mut options = scan_options(&network.loaded);
        options.slice = Slice::Day;
        let rollup = read(&network.folder.path().join("logs"), &options);
        assert_no_stronger(&network, "days, needed ports kept", &network.judge(&rollup, &network.loaded));
    }
}
