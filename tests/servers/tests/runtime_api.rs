//! The Runtime API, played against by hand as a function would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use servers::http::{Response, call};
use servers::{Answer, RuntimeApi};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LONG: Duration = Duration::from_secs(60);

fn next(api: &RuntimeApi) -> Response {
    let address = api.address().parse().unwrap();
    let answer = call(address, "GET", "/2018-06-01/runtime/invocation/next", &[], b"").unwrap();
    assert_eq!(answer.status, 200);
    answer
}

fn post(api: &RuntimeApi, path: &str, body: &[u8]) -> u16 {
    let path = format!("/2018-06-01/runtime/{path}");
    call(api.address().parse().unwrap(), "POST", &path, &[], body).unwrap().status
}

#[test]
fn an_invocation_goes_round() {
    let api = RuntimeApi::start();
    let first = api.invoke_later(b"{\"n\":1}".to_vec(), LONG);
    let second = api.invoke_later(b"{\"n\":2}".to_vec(), LONG);
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i128;
    let given = next(&api);
    assert_eq!(given.text(), "{\"n\":1}");
    let deadline: i128 = given.header("lambda-runtime-deadline-ms").unwrap().parse().unwrap();
    let left = deadline - before;
    assert!((59_000..70_000).contains(&left), "{left}");
    assert_eq!(given.header("lambda-runtime-aws-request-id"), Some(first.id()));
    assert_eq!(post(&api, &format!("invocation/{}/response", first.id()), b"\"one\""), 202);
    let given = next(&api);
    let error = br#"{"errorType":"Kind","errorMessage":"message"}"#;
    let id = given.header("lambda-runtime-aws-request-id").unwrap();
    assert_eq!(post(&api, &format!("invocation/{id}/error"), error), 202);
    assert_eq!(first.wait(), Answer::Response(b"\"one\"".to_vec()));
    let expected = Answer::Error { kind: "Kind".into(), message: "message".into(), body: error.to_vec() };
    assert_eq!(second.wait(), expected);
    assert!(api.violations().is_empty());
}

#[test]
fn answering_twice_or_without_being_asked_is_seen() {
    let api = RuntimeApi::start();
    let pending = api.invoke_later(b"{}".to_vec(), LONG);
    next(&api);
    let path = format!("invocation/{}/response", pending.id());
    assert_eq!((post(&api, &path, b"1"), post(&api, &path, b"2")), (202, 202));
    assert_eq!(post(&api, "invocation/who/response", b"3"), 400);
    assert_eq!(pending.wait(), Answer::Response(b"1".to_vec()));
    let violations = api.violations();
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations[0].contains("answered 2 times") && violations[1].contains("unknown"), "{violations:?}");
    let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(api)));
    assert!(dropped.is_err(), "the test would have passed");
}

#[test]
fn an_answer_above_lambdas_limit_is_an_error() {
    let api = RuntimeApi::start();
    let pending = api.invoke_later(b"{}".to_vec(), LONG);
    next(&api);
    assert_eq!(post(&api, &format!("invocation/{}/response", pending.id()), &vec![b'1'; 6_291_557]), 413);
    assert!(matches!(pending.wait(), Answer::Error { kind, .. } if kind == "Function.ResponseSizeTooLarge"));
}

#[test]
fn no_answer_is_a_time_out_and_a_late_one_no_breach() {
    let api = RuntimeApi::start();
    let pending = api.invoke_later(b"{}".to_vec(), Duration::from_millis(10));
    let id = pending.id().to_owned();
    next(&api);
    let since = Instant::now();
    assert_eq!(pending.wait(), Answer::TimedOut);
    assert!(since.elapsed() >= Duration::from_millis(10));
    assert_eq!(post(&api, &format!("invocation/{id}/response"), b"1"), 202);
    assert!(api.violations().is_empty());
}

#[test]
fn a_function_that_cannot_start_says_so() {
    let api = RuntimeApi::start();
    let pending = api.invoke_later(b"{}".to_vec(), LONG);
    assert_eq!(post(&api, "init/error", b"no settings"), 202);
    assert_eq!(pending.wait(), Answer::InitError("no settings".into()));
}

#[test]
fn a_process_that_ends_without_an_answer_died() {
    let api = RuntimeApi::start();
    let function = servers::Function::start("/bin/false".as_ref(), &api, &[]);
    let answer = api.invoke(b"{}", LONG);
    assert!(matches!(&answer, Answer::Died(status) if status.contains("exit status: 1")), "{answer:?}");
    assert!(function.ended().is_some());
}
