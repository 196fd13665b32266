//! `flow-decorate`: a Lambda function where Lambda's runtime API is there, else a command.

use std::process::ExitCode;

use decorator::{lambda, offline};

fn main() -> ExitCode {
    if !lambda::is_lambda() {
        return offline::main();
    }
    match lambda::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
