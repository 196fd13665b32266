//! `sg-audit`: reads the command line, calls the library, prints. All decisions are the library's.

use analyzer::audit;
use analyzer::cli::message::Message;
use analyzer::cli::{Cli, Command, Exit, destination, generate};
use clap::Parser;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Fine.into() };
        }
    };
    let now = jiff::Timestamp::now();
    let done = match cli.command {
        Command::Report(arguments) => match arguments.into_options(now) {
            Ok(options) => audit::report(&options),
            Err(error) => return usage(&error),
        },
        Command::Rollup(arguments) => match arguments.into_options(now) {
            Ok(options) => audit::rollup(&options),
            Err(error) => return usage(&error),
        },
        Command::Plan(arguments) => match arguments.into_options(now) {
            Ok(options) => audit::plan(&options),
            Err(error) => return usage(&error),
        },
        Command::Replay(arguments) => match arguments.into_options(now) {
            Ok(options) => audit::replay(&options),
            Err(error) => return usage(&error),
        },
        Command::Explain(arguments) => match arguments.into_options(now) {
            Ok(options) => audit::explain(&options),
            Err(error) => return usage(&error),
        },
        #[cfg(feature = "aws")]
        Command::Snapshot(arguments) => analyzer::snapshot::snapshot(&arguments.into_options()),
        Command::Completions { shell } => printed(generate::completions(shell, &mut io::stdout().lock())),
        Command::Man { out: Some(folder) } => printed(generate::man_pages(&folder).map(|_| ())),
        Command::Man { out: None } => printed(generate::man_page(&mut io::stdout().lock())),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(message) => {
            message.print();
            Exit::Failure.into()
        }
    }
}

fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    Exit::Usage.into()
}

fn printed(result: io::Result<()>) -> Result<Exit, Box<Message>> {
    match result {
        Ok(()) => Ok(Exit::Fine),
        Err(error) if destination::is_closed_pipe(&error) => Ok(Exit::Fine),
        Err(error) => Err(Box::new(Message::error("cannot write the result").caused_by(error.to_string()))),
    }
}
