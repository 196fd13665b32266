//! A sink that keeps everything, for tests.
#![allow(dead_code, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Write;
use std::net::IpAddr;

use flate2::{Compression, write::GzEncoder};
use flowlog::{
    Action, FlowDirection, LeftOut, LogStatus, ObjectSummary, ReadError, ReadOptions, Record, Sink, Unparsed,
};

/// A record that owns its ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub account_id: Option<String>,
    pub interface_id: Option<String>,
    pub vpc_id: Option<String>,
    pub addresses: [Option<IpAddr>; 4],
    pub ports: [Option<u16>; 2],
    pub protocol: Option<u8>,
    pub packets: Option<u64>,
    pub bytes: Option<u64>,
    pub start: Option<u32>,
    pub end: Option<u32>,
    pub action: Option<Action>,
    pub log_status: Option<LogStatus>,
    pub tcp_flags: Option<u16>,
    pub flow_direction: Option<FlowDirection>,
}

impl Kept {
    pub fn of(record: &Record<'_>) -> Kept {
        let text = |id: Option<&[u8]>| id.map(|id| String::from_utf8(id.to_vec()).unwrap());
        Kept {
            account_id: text(record.account_id),
            interface_id: text(record.interface_id),
            vpc_id: text(record.vpc_id),
            addresses: [record.src_addr, record.dst_addr, record.pkt_src_addr, record.pkt_dst_addr],
            ports: [record.src_port, record.dst_port],
            protocol: record.protocol,
            packets: record.packets,
            bytes: record.bytes,
            start: record.start,
            end: record.end,
            action: record.action,
            log_status: record.log_status,
            tcp_flags: record.tcp_flags,
            flow_direction: record.flow_direction,
        }
    }
}

#[derive(Default)]
pub struct Collect {
    pub records: Vec<Kept>,
    pub unparsed: Vec<(u64, Unparsed, Vec<u8>)>,
    pub left_out: Vec<LeftOut>,
}

impl Collect {
    pub fn kinds(&self) -> Vec<&'static str> {
        self.unparsed.iter().map(|(_, reason, _)| reason.kind()).collect()
    }
}

impl Sink for Collect {
    fn record(&mut self, record: &Record<'_>) {
        self.records.push(Kept::of(record));
    }

    fn unparsed(&mut self, line: u64, reason: Unparsed, text: &[u8]) {
        self.unparsed.push((line, reason, text.to_vec()));
    }

    fn left_out(&mut self, what: LeftOut) {
        self.left_out.push(what);
    }
}

pub fn read_with(input: &[u8], options: &ReadOptions) -> (Collect, Result<ObjectSummary, ReadError>) {
    let mut collect = Collect::default();
    let result = flowlog::read(input, "object", options, &mut collect);
    (collect, result)
}

/// Reads what must be readable.
pub fn read(input: &[u8]) -> (Collect, ObjectSummary) {
    let (collect, result) = read_with(input, &ReadOptions::default());
    (collect, result.unwrap())
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The first record of the VPC User Guide's examples, with its header.
pub const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
pub const SSH: &str = "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
