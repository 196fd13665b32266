//! `sg-audit plan`: what to change.

use super::{Done, asked, load_inventory, read, strict};
use crate::analysis::Analysis;
use crate::cli::Exit;
use crate::cli::destination::{is_closed_pipe, write_results};
use crate::cli::message::Message;
use crate::cli::plan::PlanOptions;
use crate::cli::terminal::style_of_output;
use crate::cli::values::PlanFormat;
use crate::plan::model::Plan;
use crate::plan::{self, PlanError, aws_cli, json, table, terraform};
use crate::replay::model::{Denial, DeniedPort, Replay};
use crate::rollup::{KeptPorts, Slice};
use inventory::{Direction, Inventory};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Of the requests that a faulty plan would have denied, so many are named.
const DENIALS_SHOWN: usize = 5;

/// Runs the command.
pub fn plan(options: &PlanOptions) -> Done {
    let loaded = load_inventory(&options.inventory, &options.input)?;
    let inventory = &loaded.inventory;
    let kept_ports = KeptPorts::new(inventory.kept_ports());
    let scanned = read(&options.input, Slice::Hour, kept_ports)?;
    let asked = asked(&options.input, options.thresholds, options.limits);
    let analysis = Analysis::new(&scanned.rollup, inventory, &asked);
    let plan_options = plan::PlanOptions {
        include_likely: options.include_likely,
        limits: options.limits,
        threads: options.input.threads,
    };
    let plan = plan::build(&analysis, &plan_options).map_err(|PlanError::Denies(replay)| faulty(&replay))?;
    let incomplete = scanned.rollup.ledger.incomplete();
    drop(analysis);
    // The rows are no longer needed, and giving back millions of them takes longer than ending does.
    std::mem::forget(scanned);

    if matches!(options.output, PlanFormat::AwsCli | PlanFormat::Terraform) && !options.input.quiet {
        warn(&plan);
    }
    write(&plan, inventory, options)?;
    if options.input.strict && incomplete {
        return Err(strict());
    }
    Ok(Exit::Fine)
}

fn write(plan: &Plan, inventory: &Inventory, options: &PlanOptions) -> Result<(), Box<Message>> {
    let out = options.out.as_deref();
    if options.output == PlanFormat::AwsCli {
        return write_scripts(plan, options);
    }
    written(
        out,
        write_results(out, |to| match options.output {
            PlanFormat::Table => table::write(plan, inventory, style_of_output(out.is_some()), to),
            PlanFormat::Json => json::write(plan, inventory, to),
            PlanFormat::AwsCli => to.write_all(aws_cli::script(plan).as_bytes()),
            PlanFormat::Terraform => to.write_all(terraform::configuration(plan).as_bytes()),
        }),
    )
}

/// The script; beside a file the one that takes it back, and that one first: no script is there without its way back.
fn write_scripts(plan: &Plan, options: &PlanOptions) -> Result<(), Box<Message>> {
    let script = aws_cli::script(plan);
    match options.out.as_deref() {
        Some(path) if !is_special(path) => {
            let undo = aws_cli::undo_script(plan);
            keeps_way_back(&undo_path(path), &undo)?;
            write_program(&undo_path(path), &undo)?;
            write_program(path, &script)
        }
        out => {
            if !options.input.quiet && !plan.is_empty() {
                let what = "the script that takes this change back is not written";
                let hint = "--out plan.sh writes both, this one to plan.sh and that one to plan-undo.sh";
                Message::warning(what).hint(hint).print();
            }
            written(out, write_results(out, |to| to.write_all(script.as_bytes())))
        }
    }
}

/// Whether something other than a file stands there (`/dev/null`, a named pipe): nothing can be put beside it.
fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// An undo script that is there already may be the only way back from a change that was made.
fn keeps_way_back(path: &Path, undo: &str) -> Result<(), Box<Message>> {
    match std::fs::read(path) {
        Ok(known) if known != undo.as_bytes() => {
            let what = format!("{} is there already and takes another change back", path.display());
            Err(Box::new(
                Message::error(what).hint("give another --out, or move it away once it is not needed any more"),
            ))
        }
        _ => Ok(()),
    }
}

/// `plan.sh` is taken back by `plan-undo.sh`.
fn undo_path(path: &Path) -> PathBuf {
    let mut name = path.file_stem().map_or_else(OsString::new, OsString::from);
    name.push("-undo");
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// A file that can be run by whoever can read it.
fn write_program(path: &Path, text: &str) -> Result<(), Box<Message>> {
    let result = write_results(Some(path), |to| to.write_all(text.as_bytes()));
    written(Some(path), result.and_then(|()| make_executable(path)))
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = std::fs::metadata(path)?.permissions();
    let mode = permissions.mode();
    let readers = mode & 0o444;
    permissions.set_mode(mode | readers >> 2);
    std::fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}

fn written(out: Option<&Path>, result: io::Result<()>) -> Result<(), Box<Message>> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if is_closed_pipe(&error) => Ok(()),
        Err(error) => {
            let place = out.map_or("standard output".to_owned(), |path| path.display().to_string());
            Err(Box::new(Message::error(format!("cannot write the plan to {place}")).caused_by(error.to_string())))
        }
    }
}

/// What a script or a configuration does not show.
fn warn(plan: &Plan) {
    for warning in &plan.warnings {
        let about = warning.rule_id.as_ref().map_or_else(String::new, |rule| format!(", rule {rule}"));
        let text = warning.text.trim_end_matches('.');
        Message::warning(format!("group {}{about}: {text}", warning.group_id)).print();
    }
    for left in &plan.left_alone {
        let reason = left.reason.trim_end_matches('.');
        Message::warning(format!("group {} is left alone: {reason}", left.group_id)).print();
    }
}

/// The plan would have denied what it must not.
fn faulty(replay: &Replay) -> Box<Message> {
    let mut message =
        Message::error("the plan is not shown, because it would deny requests that are in the logs, or may be");
    for denial in replay.denied.iter().take(DENIALS_SHOWN) {
        message = message.caused_by(denied(denial));
    }
    if replay.denied.len() > DENIALS_SHOWN {
        message = message.caused_by(format!("and {} more", replay.denied.len() - DENIALS_SHOWN));
    }
    Box::new(
        message.hint(
            "this is a fault of sg-audit: please report it with the lines above; `sg-audit report` is not affected",
        ),
    )
}

fn denied(denial: &Denial) -> String {
    let port = match denial.port {
        DeniedPort::Known(port) => format!(" {port}"),
        DeniedPort::High => " 32768-65535".to_owned(),
        DeniedPort::None => String::new(),
    };
    let way = match denial.direction {
        Direction::Ingress => "from",
        Direction::Egress => "to",
    };
    let certainty = denial.certainty.name();
    let records =
        if denial.traffic.records == 1 { "1 record".to_owned() } else { format!("{} records", denial.traffic.records) };
    format!(
        "{certainty}: rule {} of group {} allows {}{port} {way} {}, {records}",
        denial.rule_id, denial.group_id, denial.protocol, denial.peer
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_stands_beside_the_script() {
        for (script, undo) in [
            ("plan.sh", "plan-undo.sh"),
            ("a.b/plan", "a.b/plan-undo"),
            ("/tmp/my.plan.bash", "/tmp/my.plan-undo.bash"),
            ("./.hidden", "./.hidden-undo"),
        ] {
            assert_eq!(undo_path(Path::new(script)), Path::new(undo));
        }
    }
}
