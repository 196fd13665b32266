//! `sg-audit explain`: the traffic behind one verdict.

use super::{Done, asked, load_inventory, not_written, read, strict};
use crate::cli::Exit;
use crate::cli::destination::{is_closed_pipe, write_results};
use crate::cli::explain::ExplainOptions;
use crate::cli::message::Message;
use crate::cli::terminal::style_of_output;
use crate::cli::values::TellFormat;
use crate::explain::subject::Subject;
use crate::explain::{self, Question, table};
use crate::names::Names;
use crate::recommend::Limits;
use crate::rollup::{KeptPorts, Slice};
use std::io::{self, Write};

/// Runs the command.
pub fn explain(options: &ExplainOptions) -> Done {
    // What can be known to fail fails before the logs are read.
    let names = Names::load(&options.names).map_err(|error| Box::new(Message::from_error(&error)))?;
    let loaded = load_inventory(&options.inventory, &options.input)?;
    let inventory = &loaded.inventory;
    let subject = Subject::find(inventory, &options.subject)
        .map_err(|nothing| Box::new(Message::error(nothing.what).hint(nothing.hint)))?;

    let scanned = read(&options.input, Slice::Hour, KeptPorts::new(inventory.kept_ports()))?;
    let asked = asked(&options.input, options.thresholds, Limits::default());
    let question = Question { options: &asked, names: &names, peers: options.peers };
    let explanation = explain::explain(&scanned.rollup, inventory, &subject, question);
    let is_incomplete = scanned.rollup.ledger.incomplete();
    // As for a report: giving back millions of rows takes longer than ending does.
    std::mem::forget(scanned);

    let out = options.out.as_deref();
    let written = write_results(out, |to| match options.output {
        TellFormat::Table => table::write(&explanation, style_of_output(out.is_some()), to),
        TellFormat::Json => json(&explanation, to),
    });
    match written {
        Ok(()) => {}
        Err(error) if is_closed_pipe(&error) => {}
        Err(error) => return Err(not_written(out, &error)),
    }
    if options.input.strict && is_incomplete { Err(strict()) } else { Ok(Exit::Fine) }
}

/// `sgflow.explain/1`, indented by two spaces and with a line feed at its end.
fn json(explanation: &explain::model::Explanation, to: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *to, explanation)?;
    to.write_all(b"\n")
}
