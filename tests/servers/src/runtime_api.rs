//! What Lambda offers to a function: the Runtime API.
//!
//! The source is AWS's page "Using the Lambda runtime API for custom runtimes": the function asks for
//! `/2018-06-01/runtime/invocation/next`, and answers to `/{id}/response` or `/{id}/error`; a function that cannot
//! start says so at `/runtime/init/error`. An answer above 6,291,556 bytes is refused with status 413.

use crate::http::{Connection, Reply, Request, Response, Server};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The largest answer that Lambda takes from a synchronous invocation, in bytes.
pub const LARGEST_ANSWER: usize = 6_291_556;
/// How long after its deadline an answer is still taken: the machine under test may be busy.
const GRACE: Duration = Duration::from_secs(2);
/// How long an invocation may wait until a function asks for it: a cold start of an unoptimised binary on a busy
/// machine.
const PICK_UP: Duration = Duration::from_secs(120);

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The function's result.
    Response(Vec<u8>),
    /// The function said that it failed.
    Error {
        /// `errorType`.
        kind: String,
        /// `errorMessage`.
        message: String,
        /// The whole body.
        body: Vec<u8>,
    },
    /// The function said that it cannot start.
    InitError(String),
    /// No answer before the deadline; Lambda would have ended the process.
    TimedOut,
    /// The process ended without an answer; its exit status.
    Died(String),
}

/// The Runtime API for one function, of which several processes may run.
pub struct RuntimeApi {
    server: Server,
    shared: Arc<Shared>,
}

/// An invocation that is under way.
pub struct Pending {
    id: String,
    asked: Instant,
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: VecDeque<Invocation>,
    running: HashMap<String, Instant>,
    answers: HashMap<String, Answer>,
    /// Every id that was ever given out, with the answers that came for it.
    known: HashMap<String, Known>,
    violations: Vec<String>,
    started: usize,
    living: usize,
    last_death: String,
    init_error: Option<String>,
    count: u64,
    largest_answer: usize,
    closed: bool,
}

#[derive(Clone, Copy, Default)]
struct Known {
    answers: u32,
    refused_as_too_large: bool,
}

struct Invocation {
    id: String,
    payload: Vec<u8>,
    deadline: Duration,
}

impl RuntimeApi {
    /// Starts it on a free port.
    pub fn start() -> RuntimeApi {
        let state = State {
            queue: VecDeque::new(),
            running: HashMap::new(),
            answers: HashMap::new(),
            known: HashMap::new(),
            violations: Vec::new(),
            started: 0,
            living: 0,
            last_death: String::new(),
            init_error: None,
            count: 0,
            largest_answer: LARGEST_ANSWER,
            closed: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let handler = shared.clone();
        let server = Server::start(move |request, connection| handler.handle(request, connection));
        RuntimeApi { server, shared }
    }

    /// `127.0.0.1:PORT`, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Takes answers up to this size in place of Lambda's limit.
    pub fn set_largest_answer(&self, bytes: usize) {
        self.shared.lock().largest_answer = bytes;
    }

    /// Queues an invocation and waits for its answer. The deadline counts from when a function takes it, as Lambda's
    /// does.
    pub fn invoke(&self, payload: &[u8], deadline: Duration) -> Answer {
        self.invoke_later(payload.to_vec(), deadline).wait()
    }

    /// Queues an invocation.
    pub fn invoke_later(&self, payload: Vec<u8>, deadline: Duration) -> Pending {
        let mut state = self.shared.lock();
        state.count += 1;
        // Unique among all Runtime APIs of all test processes, as request ids are.
        let id =
            format!("{:08x}-{:04x}-4000-8000-{:012x}", std::process::id(), self.server.address().port(), state.count);
        drop(state);
        self.invoke_again(&id, payload, deadline)
    }

    /// Queues an invocation under a request id that was there before, as Lambda does when it tries an event again.
    pub fn invoke_again(&self, id: &str, payload: Vec<u8>, deadline: Duration) -> Pending {
        let mut state = self.shared.lock();
        state.queue.push_back(Invocation { id: id.to_owned(), payload, deadline });
        drop(state);
        self.shared.changed.notify_all();
        Pending { id: id.to_owned(), asked: Instant::now(), shared: self.shared.clone() }
    }

    /// Breaches of the protocol so far: an invocation answered twice, an answer to one that never was.
    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let violations = std::mem::take(&mut state.violations);
        drop(state);
        self.shared.changed.notify_all();
        if !violations.is_empty() && !std::thread::panicking() {
            panic!("the function broke the protocol of the Runtime API: {}", violations.join("; "));
        }
    }
}

impl Pending {
    /// The request id that the function sees.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for the answer, at most until the deadline and a moment more.
    pub fn wait(self) -> Answer {
        let mut state = self.shared.lock();
        loop {
            if let Some(answer) = state.answers.remove(&self.id) {
                return answer;
            }
            if let Some(error) = &state.init_error {
                let answer = Answer::InitError(error.clone());
                state.forget(&self.id);
                return answer;
            }
            let over = match state.running.get(&self.id) {
                Some(until) => Instant::now() > *until,
                None => self.asked.elapsed() > PICK_UP,
            };
            if over {
                state.forget(&self.id);
                return Answer::TimedOut;
            }
            if state.started > 0 && state.living == 0 {
                let answer = Answer::Died(state.last_death.clone());
                state.forget(&self.id);
                return answer;
            }
            state = self.shared.changed.wait_timeout(state, Duration::from_millis(20)).unwrap().0;
        }
    }
}

impl State {
    /// An invocation that nobody waits for any more. A late answer to it is no breach: Lambda would have ended the
    /// process.
    fn forget(&mut self, id: &str) {
        self.queue.retain(|invocation| invocation.id != id);
        self.running.remove(id);
    }

    fn answer(&mut self, id: &str, answer: Answer, too_large: bool) -> bool {
        let Some(known) = self.known.get_mut(id) else {
            self.violations.push(format!("an answer to the unknown invocation {id}"));
            return false;
        };
        if known.answers > 0 && !known.refused_as_too_large {
            let count = known.answers + 1;
            self.violations.push(format!("invocation {id} was answered {count} times"));
        }
        known.answers += 1;
        known.refused_as_too_large = too_large;
        if self.running.remove(id).is_some() {
            self.answers.insert(id.to_owned(), answer);
        }
        true
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn function_started(&self) {
        let mut state = self.lock();
        state.started += 1;
        state.living += 1;
        state.init_error = None;
    }

    pub(crate) fn function_ended(&self, status: String) {
        let mut state = self.lock();
        state.living = state.living.saturating_sub(1);
        state.last_death = status;
        drop(state);
        self.changed.notify_all();
    }

    fn handle(&self, request: Request, connection: &Connection) -> Reply {
        let Some(rest) = request.path.strip_prefix("/2018-06-01/runtime/") else {
            return refuse(404, "UnknownPath", &request.path);
        };
        let parts: Vec<&str> = rest.split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["invocation", "next"]) => self.next(connection),
            ("POST", ["invocation", id, "response"]) => self.response(id, request.body),
            ("POST", ["invocation", id, "error"]) => self.error(id, &request),
            ("POST", ["init", "error"]) => {
                self.lock().init_error = Some(String::from_utf8_lossy(&request.body).into_owned());
                self.changed.notify_all();
                accepted()
            }
            _ => refuse(404, "UnknownPath", &request.path),
        }
    }

    fn next(&self, connection: &Connection) -> Reply {
        let mut state = self.lock();
        let invocation = loop {
            if state.closed || !connection.is_open() {
                return Reply::Close;
            }
            if let Some(invocation) = state.queue.pop_front() {
                break invocation;
            }
            state = self.changed.wait_timeout(state, Duration::from_millis(20)).unwrap().0;
        };
        state.running.insert(invocation.id.clone(), Instant::now() + invocation.deadline + GRACE);
        state.known.insert(invocation.id.clone(), Known::default());
        drop(state);
        let deadline = (SystemTime::now() + invocation.deadline).duration_since(UNIX_EPOCH).unwrap_or_default();
        let response = Response::new(200, "application/json", invocation.payload)
            .with("Lambda-Runtime-Aws-Request-Id", invocation.id)
            .with("Lambda-Runtime-Deadline-Ms", deadline.as_millis().to_string())
            .with("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:function")
            .with("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0");
        Reply::Answer(response)
    }

    fn response(&self, id: &str, body: Vec<u8>) -> Reply {
        let mut state = self.lock();
        let largest = state.largest_answer;
        if body.len() > largest {
            let message = format!("{} bytes, more than {largest}", body.len());
            let answer = Answer::Error {
                kind: "Function.ResponseSizeTooLarge".into(),
                message: message.clone(),
                body: Vec::new(),
            };
            state.answer(id, answer, true);
            drop(state);
            self.changed.notify_all();
            return refuse(413, "RequestEntityTooLarge", &message);
        }
        let known = state.answer(id, Answer::Response(body), false);
        drop(state);
        self.changed.notify_all();
        if known { accepted() } else { refuse(400, "InvalidRequestID", id) }
    }

    fn error(&self, id: &str, request: &Request) -> Reply {
        let parsed: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let said = |key: &str| parsed[key].as_str().map(str::to_owned);
        let header = request.header("lambda-runtime-function-error-type").map(str::to_owned);
        let kind = said("errorType").or(header).unwrap_or_default();
        let message = said("errorMessage").unwrap_or_default();
        let known = self.lock().answer(id, Answer::Error { kind, message, body: request.body.clone() }, false);
        self.changed.notify_all();
        if known { accepted() } else { refuse(400, "InvalidRequestID", id) }
    }
}

fn accepted() -> Reply {
    Reply::Answer(Response::new(202, "application/json", r#"{"status":"OK"}"#))
}

fn refuse(status: u16, kind: &str, message: &str) -> Reply {
    let body = serde_json::json!({"errorType": kind, "errorMessage": message}).to_string();
    Reply::Answer(Response::new(status, "application/json", body))
}
