//! cargo-lambda's emulator, played against by hand as a function would.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use servers::http::call;
use servers::{Answer, CargoLambda};
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn it_hands_an_invocation_to_a_function_and_its_answer_back() {
    let emulator = CargoLambda::start();
    let api = emulator.runtime_api("flow-ingest");
    let (address, path) = api.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let address = address.parse().unwrap();
    let base = format!("/{path}/2018-06-01/runtime/invocation");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for turn in 0..3 {
                let next = call(address, "GET", &format!("{base}/next"), &[], b"").unwrap();
                assert_eq!(next.status, 200, "{}", next.text());
                let id = next.header("lambda-runtime-aws-request-id").unwrap().to_owned();
                let deadline: u128 = next.header("lambda-runtime-deadline-ms").unwrap().parse().unwrap();
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
                assert!(deadline > now, "{deadline}");
                let (path, body) = match turn {
                    2 => ("error", br#"{"errorType":"Kind","errorMessage":"no"}"#.to_vec()),
                    _ => ("response", next.body),
                };
                assert!(call(address, "POST", &format!("{base}/{id}/{path}"), &[], &body).unwrap().status < 300);
            }
        });
        for _ in 0..2 {
            assert_eq!(emulator.invoke("flow-ingest", b"{\"a\":1}"), Answer::Response(b"{\"a\":1}".to_vec()));
        }
        let failed = emulator.invoke("flow-ingest", b"{}");
        assert!(matches!(&failed, Answer::Error { message, .. } if message == "no"), "{failed:?}");
    });
}
