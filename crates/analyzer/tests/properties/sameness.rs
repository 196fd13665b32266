//! The same input gives the same bytes, whatever the number of threads and the order of the arguments.

use crate::chance::Chance;
use crate::network::{Network, load, scan_options};
use analyzer::assemble::{self, ReportOptions};
use analyzer::report::table::Style;
use analyzer::report::{csv, json, markdown, table};
use analyzer::rollup::parquet;
use analyzer::scan::{Unwatched, objects, scan};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Every form of a report, and both files of its rollup.
fn forms(network: &Network, logs: &[String], threads: usize, folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    // The inventory is loaded anew: nothing may hang on the seed of a hash.
    let loaded = load(&network.documents);
    let mut options = scan_options(&loaded);
    options.threads = threads;
    let rollup = scan(&objects::find(logs).unwrap(), &options, &Unwatched).rollup;
    let report_options = ReportOptions { threads, ..ReportOptions::default() };
    let report = assemble::report(&rollup, &loaded.inventory, &loaded.notes, &report_options);
    let mut forms = BTreeMap::new();
    let write = |write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut bytes = Vec::new();
        write(&mut bytes).unwrap();
        bytes
    };
    forms.insert("json", write(&|to| json::write(&report, to)));
    forms.insert("csv", write(&|to| csv::write(&report, to)));
    forms.insert("markdown", write(&|to| markdown::write(&report, to)));
    forms.insert("table", write(&|to| table::write(&report, Style { color: true, width: 120 }, to)));
    let stored = folder.join("same.parquet");
    parquet::store(&rollup, &stored).unwrap();
    forms.insert("rollup", fs::read(&stored).unwrap());
    forms.insert("coverage", fs::read(parquet::coverage_path(&stored)).unwrap());
    forms
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for network in Network::all(1..=2) {
        let mut chance = Chance::new(10);
        let folder = tempfile::tempdir().unwrap();
        let logs = network.folder.path().join("logs");
        let mut arguments: Vec<String> =
            objects::find(&[logs.display().to_string()]).unwrap().iter().map(objects::Object::name).collect();
        let expected = forms(&network, &[logs.display().to_string()], 1, folder.path());
        for threads in [1, 2, 2, 3, 8] {
            chance.shuffle(&mut arguments);
            for (form, bytes) in forms(&network, &arguments, threads, folder.path()) {
                assert!(bytes == expected[form], "{}, {threads} threads: {form} differs", network.name);
            }
        }
    }
}
