//! The events with which CloudWatch Logs calls `flow-ingest`.
//!
//! Each holds some log events of one log stream, and there is one log stream for each interface ("Publish flow logs to
//! CloudWatch Logs" in the VPC user guide). Now and then comes a control message.

use crate::network::Line;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use servers::events;

/// Most log events of one call; the service cuts by bytes, and such a call has some 15 KB when packed.
const MOST_EVENTS: usize = 400;

/// Messages that are no records; each is a log event of its own. In the order of bytes.
pub const BROKEN: [&[u8]; 3] = [
    b"11 123456789012 vpc-1 eni-1 10.0.0.1\n",
    b"a message that an operator wrote by hand\n",
    b"{\"no\": \"record\"}\n",
];

/// All lines in calls of different sizes, the calls in some order.
pub fn events(lines: &[Line]) -> Vec<Vec<u8>> {
    let mut rng = StdRng::seed_from_u64(20_260_301);
    let mut calls = Vec::new();
    for lines in lines.chunk_by(|a, b| a.interface == b.interface) {
        let mut rest = lines;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rng.random_range(1..=MOST_EVENTS).min(rest.len()));
            rest = later;
            calls.push(now.iter().map(|line| (line.timestamp, line.text.clone())).collect::<Vec<_>>());
        }
    }
    for broken in BROKEN {
        let call = rng.random_range(0..calls.len());
        let call = &mut calls[call];
        let text = String::from_utf8_lossy(broken).trim_end().to_owned();
        call.insert(rng.random_range(0..=call.len()), (call[0].0, text));
    }
    let mut number = 0_u64;
    let mut packed: Vec<Vec<u8>> = Vec::new();
    for call in calls {
        packed.push(data(&call, &mut number));
    }
    packed.extend([events::control_message(), events::control_message(), events::control_message()]);
    packed.shuffle(&mut rng);
    packed
}

/// One call.
fn data(call: &[(i64, String)], number: &mut u64) -> Vec<u8> {
    let texts: Vec<&str> = call.iter().map(|(_, text)| text.as_str()).collect();
    let mut message = events::data_message(&texts);
    let interface = texts.iter().find_map(|text| text.split(' ').find(|field| field.starts_with("eni-0")));
    message["logStream"] = format!("{}-all", interface.unwrap_or("eni-1")).into();
    for (event, (timestamp, _)) in message["logEvents"].as_array_mut().unwrap().iter_mut().zip(call) {
        *number += 1;
        event["id"] = format!("3{number:055}").into();
        event["timestamp"] = (*timestamp).into();
    }
    events::wrap(&events::gzip(message.to_string().as_bytes()))
}
