//! `make-dashboards`: writes `dashboards/*.ndjson` and the data stream templates from `dashboards/source/` and the
//! index templates. `make-dashboards --check` writes nothing and fails if a file differs from what it would write. Both
//! run in the project's root.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};

const USAGE: &str = "usage: make-dashboards [--check]   (in the project's root)";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--check"] => true,
        ["--help" | "-h"] => {
            println!("{USAGE}");
            return Ok(());
        }
        [first, ..] => bail!("`{first}` is no argument of make-dashboards; {USAGE}"),
    };
    let root = Path::new(".");
    let made = dashboards::make(root)?;

    let mut differing = Vec::new();
    for file in &made {
        let path = root.join(&file.path);
        if check {
            if std::fs::read_to_string(&path).ok().as_deref() != Some(file.text.as_str()) {
                differing.push(file.path.as_str());
            }
            continue;
        }
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", file.path))?;
        eprintln!("{}: {} bytes", file.path, file.text.len());
    }
    if !differing.is_empty() {
        bail!("{} would be made differently from its source now; run `make dashboards`", differing.join(", "));
    }
    Ok(())
}
