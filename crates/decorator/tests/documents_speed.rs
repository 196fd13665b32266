//! How fast documents are made. Run with
//! `cargo test --release -p decorator --test documents_speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use decorator::decorate::{DecorateOptions, Decorator, Schema};
use enrich::{Atlas, Sources};
use flowlog::Format;
use inventory::Inventory;

const RECORDS: u64 = 500_000;
const INTERFACES: u64 = 500;

fn random(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) % bound
}

/// Records between 500 interfaces and 4,000 public addresses, in both directions.
fn lines() -> Vec<String> {
    let mut state = 1_u64;
    (0..RECORDS)
        .map(|index| {
            let interface = random(&mut state, INTERFACES);
            let own = format!("10.0.{}.{}", interface / 250, interface % 250 + 4);
            let peer = format!("203.{}.113.{}", random(&mut state, 16), random(&mut state, 250));
            let port = 1024 + random(&mut state, 64_000);
            let (bytes, packets) = (random(&mut state, 900_000), random(&mut state, 300));
            let (source, destination) = if index % 2 == 0 { (&peer, &own) } else { (&own, &peer) };
            let (source_port, destination_port) = if index % 2 == 0 { (port, 443) } else { (443, port) };
            let start = 1_700_000_000 + random(&mut state, 60) + index / 1000;
            let end = start + random(&mut state, 60);
            format!(
                "2 123456789010 eni-{interface:017x} {source} {destination} {source_port} {destination_port} 6 {packets} \
                 {bytes} {start} {end} ACCEPT OK"
            )
        })
        .collect()
}

fn inventory() -> Arc<Inventory> {
    let mut interfaces = String::new();
    for number in 0..INTERFACES {
        let comma = if number == 0 { "" } else { "," };
        write!(
            interfaces,
            r#"{comma}{{"NetworkInterfaceId": "eni-{number:017x}", "OwnerId": "123456789010", "VpcId": "vpc-1",
                "InterfaceType": "interface", "Description": "node {number} of the fleet",
                "PrivateIpAddress": "10.0.{}.{}",
                "Groups": [{{"GroupId": "sg-web", "GroupName": "web"}}, {{"GroupId": "sg-all", "GroupName": "everyone"}}]}}"#,
            number / 250,
            number % 250 + 4,
        )
        .unwrap();
    }
    let rules: Vec<String> = (0..20)
        .map(|number| {
            let port = if number == 19 { 443 } else { 8000 + number };
            let range = r#""IpRanges": [{"CidrIp": "0.0.0.0/0"}]"#;
            format!(r#"{{"IpProtocol": "tcp", "FromPort": {port}, "ToPort": {port}, {range}}}"#)
        })
        .collect();
    let groups = format!(
        r#"[{{"GroupId": "sg-web", "GroupName": "web", "IpPermissions": [{}], "IpPermissionsEgress": []}},
            {{"GroupId": "sg-all", "GroupName": "everyone", "IpPermissions": [], "IpPermissionsEgress": []}}]"#,
        rules.join(",")
    );
    let text = format!(r#"{{"NetworkInterfaces": [{interfaces}], "SecurityGroups": {groups}}}"#);
    Arc::new(Inventory::from_texts(&[("inventory.json", &text)]).unwrap().inventory)
}

#[test]
#[ignore = "a measurement"]
fn documents_a_second() {
    let lines = lines();
    let inventory = inventory();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    std::fs::write(&list, "203.0.0.0/8\n").unwrap();
    let sources = Sources { threat_lists: vec![("made-up".to_owned(), list)], ..Sources::default() };
    let atlas = Arc::new(Atlas::open(&sources).unwrap());
    let format = Format::default_v2();

    for (schema, rule_ids) in
        [(Schema::Classic, false), (Schema::Classic, true), (Schema::Ecs, false), (Schema::Ecs, true)]
    {
        let options = DecorateOptions { schema, rule_ids };
        let mut decorator = Decorator::new(options, Arc::clone(&inventory), Arc::clone(&atlas));
        let mut out = Vec::new();
        let mut best = f64::MAX;
        let mut length = 0;
        for _ in 0..3 {
            let start = Instant::now();
            length = 0;
            for line in &lines {
                let record = format.parse(line.as_bytes()).unwrap();
                decorator.decorate(&record, &format, line.as_bytes(), None, &mut out);
                length += out.len();
                black_box(&out);
                out.clear();
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        let records = RECORDS as f64;
        println!(
            "{schema:?}, rules {rule_ids}: {:.0} ns a record with parsing, {:.0} records/s, {:.0} bytes a document",
            best / records * 1e9,
            records / best,
            length as f64 / records
        );
    }
}
