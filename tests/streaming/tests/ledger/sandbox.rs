//! Where Lambda runs one process of a function: started when needed, ended after a time-out, and now and then lost.

use servers::{Answer, Function, RuntimeApi, binary};
use std::path::PathBuf;
use std::time::Duration;

pub struct Sandbox {
    api: RuntimeApi,
    binary: PathBuf,
    environment: Vec<(String, String)>,
    function: Option<Function>,
}

impl Sandbox {
    pub fn new(name: &str, environment: Vec<(String, String)>) -> Sandbox {
        Sandbox { api: RuntimeApi::start(), binary: binary(name), environment, function: None }
    }

    /// One invocation, as Lambda does it. `id` is that of the try before; `crash_after` ends the process in the middle.
    /// Gives the request id and the answer.
    pub fn invoke(
        &mut self,
        id: Option<&str>,
        payload: &[u8],
        deadline: Duration,
        crash_after: Option<Duration>,
    ) -> (String, Answer) {
        if self.function.as_ref().is_none_or(|function| function.ended().is_some()) {
            let environment: Vec<(&str, &str)> =
                self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            self.function = Some(Function::start(&self.binary, &self.api, &environment));
        }
        let pending = match id {
            None => self.api.invoke_later(payload.to_vec(), deadline),
            Some(id) => self.api.invoke_again(id, payload.to_vec(), deadline),
        };
        let id = pending.id().to_owned();
        if let Some(after) = crash_after {
            std::thread::sleep(after);
            self.function = None;
        }
        let answer = pending.wait();
        if matches!(answer, Answer::TimedOut | Answer::Died(_) | Answer::InitError(_)) {
            self.function = None;
        }
        (id, answer)
    }

    /// Ends the process; the next invocation is a cold start.
    pub fn restart(&mut self) {
        self.function = None;
    }

    /// What the process has said so far.
    pub fn output(&self) -> String {
        self.function.as_ref().map(Function::output).unwrap_or_default()
    }

    /// Breaches of the Runtime API's protocol.
    pub fn violations(&self) -> Vec<String> {
        self.api.violations()
    }
}
