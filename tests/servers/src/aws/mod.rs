//! A stub of the AWS services that the product calls, for what moto lacks: pages, throttling, partial failures,
//! time-outs.
//!
//! One port plays EC2 (Query protocol, XML), Firehose (JSON 1.1), S3 (path style) and STS. It keeps every call, and a
//! test can attach a [`Fault`] to any operation by its name.

mod ec2;
mod fault;
mod firehose;
mod form;
mod s3;
mod sts;
mod world;
mod xml;

pub use fault::{Chances, Fault, Pattern};
pub use world::Ec2World;

use crate::http::{Reply, Request, Response, Server};
use fault::{Action, Faults};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// A call that the stub took, whatever became of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// `DescribeNetworkInterfaces`, `PutRecordBatch`, `PutObject`...
    pub operation: String,
    /// Query protocols: an object of strings as they came (`Filter.1.Name`). JSON protocols: the body. S3: `Bucket`,
    /// `Key`, `Size`.
    pub parameters: Value,
    /// The access key that signed it.
    pub credentials: String,
    /// The region that it was signed for.
    pub region: String,
    /// When it came.
    pub at: SystemTime,
    /// The status that was answered; 0 when the connection was closed in place of an answer.
    pub status: u16,
}

/// EC2, Firehose, S3 and STS on one port of loopback.
pub struct AwsStub {
    server: Server,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
pub(crate) struct State {
    faults: BTreeMap<String, Faults>,
    calls: Vec<Call>,
    pub(crate) ec2: ec2::Ec2,
    pub(crate) firehose: firehose::Firehose,
    pub(crate) s3: s3::S3,
    pub(crate) sts: sts::Sts,
}

/// Which protocol an error is told in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Firehose,
    S3,
    Sts,
}

/// What the stub understood of a request before it does anything.
pub(crate) struct Question {
    service: Service,
    operation: String,
    parameters: Value,
    credentials: String,
    region: String,
}

impl AwsStub {
    /// Starts it on a free port, with an empty EC2 world.
    pub fn start() -> AwsStub {
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        let server = Server::start(move |request, _| answer(&shared, request));
        AwsStub { server, state }
    }

    /// For `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What leads an AWS SDK to this stub.
    pub fn environment(&self) -> Vec<(String, String)> {
        sdk_environment(&self.url())
    }

    /// What EC2 knows, for every caller and region that [`AwsStub::set_ec2_for`] says nothing about.
    pub fn set_ec2(&self, world: Ec2World) {
        self.state().ec2.set(None, None, world);
    }

    /// What EC2 knows for callers with this role, or in this region, or both; `None` means any.
    pub fn set_ec2_for(&self, role_arn: Option<&str>, region: Option<&str>, world: Ec2World) {
        self.state().ec2.set(role_arn, region, world);
    }

    /// EC2 gives at most this many items a page, whatever `MaxResults` asks for.
    pub fn set_page_size(&self, items: usize) {
        self.state().ec2.page_size = Some(items);
    }

    /// Attaches a fault to an operation, in place of the one it had.
    pub fn fault(&self, operation: &str, fault: Fault) {
        self.state().faults.insert(operation.to_owned(), Faults::new(fault));
    }

    /// The calls of one operation so far, each page for itself.
    pub fn calls(&self, operation: &str) -> Vec<Call> {
        self.state().calls.iter().filter(|call| call.operation == operation).cloned().collect()
    }

    /// All calls so far.
    pub fn all_calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.state().calls.clear();
    }

    /// What a delivery stream accepted, in order.
    pub fn firehose_records(&self, stream: &str) -> Vec<Vec<u8>> {
        self.state().firehose.records(stream).to_vec()
    }

    /// What a delivery stream accepted since the last time, taken out of it.
    pub fn take_firehose_records(&self, stream: &str) -> Vec<Vec<u8>> {
        self.state().firehose.take(stream)
    }

    /// The stored objects by `bucket/key`.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().s3.objects().clone()
    }

    /// Stores an object; `name` is `bucket/key`.
    pub fn put_object(&self, name: &str, body: impl Into<Vec<u8>>) {
        self.state().s3.put(name, body.into());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What leads an AWS SDK to an endpoint, with credentials that mean nothing.
pub(crate) fn sdk_environment(url: &str) -> Vec<(String, String)> {
    let pairs = [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(shared: &Mutex<State>, request: Request) -> Reply {
    let question = Question::read(&request);
    let mut state = lock(shared);
    let index = state.calls.len();
    state.calls.push(Call {
        operation: question.operation.clone(),
        parameters: question.parameters.clone(),
        credentials: question.credentials.clone(),
        region: question.region.clone(),
        at: SystemTime::now(),
        status: 0,
    });
    let action = state.faults.get_mut(&question.operation).map(Faults::next).unwrap_or_default();
    drop(state);
    let reply = act(shared, &request, &question, action);
    if let Reply::Answer(response) = &reply {
        // Calls may have been cleared since.
        if let Some(call) = lock(shared).calls.get_mut(index).filter(|call| call.operation == question.operation) {
            call.status = response.status;
        }
    }
    reply
}

fn act(shared: &Mutex<State>, request: &Request, question: &Question, action: Action) -> Reply {
    if let Some(delay) = action.delay {
        std::thread::sleep(delay);
    }
    if action.drop_before {
        return Reply::Close;
    }
    if let Some((code, status)) = action.refusal(question.service) {
        return Reply::Answer(question.service.refuse(status, &code, "the test wants it so"));
    }
    let mut state = lock(shared);
    let response = match question.service {
        Service::Ec2 => {
            let role = state.sts.role_of(&question.credentials);
            state.ec2.answer(question, role.as_deref())
        }
        Service::Firehose => state.firehose.answer(question, action.fail_records.as_ref()),
        Service::S3 => state.s3.answer(request, question),
        Service::Sts => state.sts.answer(question),
    };
    if action.drop_after { Reply::Close } else { Reply::Answer(response) }
}

impl Question {
    fn read(request: &Request) -> Question {
        let (credentials, region) = signer(request.header("authorization").unwrap_or_default());
        let (service, operation, parameters) = if let Some(target) = request.header("x-amz-target") {
            let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
            let parameters = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
            (Service::Firehose, operation, parameters)
        } else if request.method == "POST" && request.path == "/" {
            let form = form::decode(&String::from_utf8_lossy(&request.body));
            let operation = form.get("Action").cloned().unwrap_or_default();
            let service = if sts::OPERATIONS.contains(&operation.as_str()) { Service::Sts } else { Service::Ec2 };
            (service, operation, json!(form))
        } else {
            let (operation, parameters) = s3::understand(request);
            (Service::S3, operation, parameters)
        };
        Question { service, operation, parameters, credentials, region }
    }

    /// A parameter of the Query protocols.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).and_then(Value::as_str)
    }

    /// `Name.1`, `Name.2`... of the Query protocols.
    fn list(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        while let Some(value) = self.parameter(&format!("{name}.{}", values.len() + 1)) {
            values.push(value);
        }
        values
    }
}

impl Service {
    /// An error in the words of the service's protocol.
    pub(crate) fn refuse(self, status: u16, code: &str, message: &str) -> Response {
        let (code, message) = (xml::escape(code), xml::escape(message));
        match self {
            Service::Ec2 => {
                let error = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
                let body = format!("<Response>{error}<RequestID>{}</RequestID></Response>", xml::REQUEST_ID);
                Response::new(status, "text/xml;charset=UTF-8", body)
            }
            Service::Sts => {
                let error =
                    format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
                let id = xml::REQUEST_ID;
                Response::new(
                    status,
                    "text/xml",
                    format!("<ErrorResponse>{error}<RequestId>{id}</RequestId></ErrorResponse>"),
                )
            }
            Service::S3 => {
                let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
                Response::new(status, "application/xml", body)
            }
            Service::Firehose => {
                let body = json!({"__type": code, "message": message}).to_string();
                Response::new(status, "application/x-amz-json-1.1", body)
            }
        }
    }

    fn throttled(self) -> (&'static str, u16) {
        match self {
            Service::Ec2 => ("RequestLimitExceeded", 503),
            Service::Firehose => ("ThrottlingException", 400),
            Service::S3 => ("SlowDown", 503),
            Service::Sts => ("Throttling", 400),
        }
    }

    fn denied(self) -> (&'static str, u16) {
        match self {
            Service::Ec2 => ("UnauthorizedOperation", 403),
            Service::Firehose => ("AccessDeniedException", 400),
            Service::S3 | Service::Sts => ("AccessDenied", 403),
        }
    }
}

/// Access key and region of `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, ...`.
fn signer(authorization: &str) -> (String, String) {
    let scope = authorization.split("Credential=").nth(1).unwrap_or_default();
    let mut parts = scope.split(',').next().unwrap_or_default().split('/');
    let key = parts.next().unwrap_or_default().to_owned();
    (key, parts.nth(1).unwrap_or_default().to_owned())
}
