//! The examples of the VPC User Guide, page "Flow log record examples", and what that page says they mean.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::net::IpAddr;

use flowlog::opener::{self, Opener};
use flowlog::{Action, CommonAddress, Family, FlowDirection, Format, LogStatus, Record, direction};

fn ip(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn default(line: &str) -> Record<'_> {
    Format::default_v2().parse(line.as_bytes()).unwrap()
}

/// Direction as the analyzer would find it for an interface with this address.
fn direction_at(own: &str, record: &Record<'_>) -> Option<FlowDirection> {
    direction::from_own_address(record.src_addr == ip(own), record.dst_addr == ip(own))
}

#[test]
fn accepted_ssh_and_rejected_rdp() {
    let ssh = default(collect::SSH);
    assert_eq!(
        ssh,
        Record {
            account_id: Some(b"123456789010"),
            interface_id: Some(b"eni-1235b8ca123456789"),
            src_addr: ip("172.31.16.139"),
            dst_addr: ip("172.31.16.21"),
            src_port: Some(20641),
            dst_port: Some(22),
            protocol: Some(6),
            packets: Some(20),
            bytes: Some(4249),
            start: Some(1_418_530_010),
            end: Some(1_418_530_070),
            action: Some(Action::Accept),
            log_status: Some(LogStatus::Ok),
            ..Record::default()
        }
    );
    assert_eq!(direction_at("172.31.16.21", &ssh), Some(FlowDirection::Ingress));

    let rdp = default(
        "2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK",
    );
    assert_eq!((rdp.dst_port, rdp.action), (Some(3389), Some(Action::Reject)));
}

#[test]
fn no_data_and_skipped() {
    let lines = [
        ("2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA", LogStatus::NoData),
        ("2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA", LogStatus::SkipData),
    ];
    for (line, status) in lines {
        let record = default(line);
        assert_eq!(
            record,
            Record {
                account_id: Some(b"123456789010"),
                interface_id: record.interface_id,
                start: Some(1_431_280_876),
                end: Some(1_431_280_934),
                log_status: Some(status),
                ..Record::default()
            }
        );
        assert!(record.interface_id.unwrap().starts_with(b"eni-1"));
        assert!(!record.has_traffic());
    }
}

/// A ping from 203.0.113.12 is allowed in by group and ACL; the reply needs no group rule (stateful), but the ACL (stateless) denies it.
#[test]
fn security_group_against_network_acl() {
    let ping = default(
        "2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK",
    );
    let reply = default(
        "2 123456789010 eni-1235b8ca123456789 172.31.16.139 203.0.113.12 0 0 1 4 336 1432917094 1432917142 REJECT OK",
    );
    assert_eq!((ping.protocol, ping.action), (Some(1), Some(Action::Accept)));
    assert_eq!((reply.protocol, reply.action), (Some(1), Some(Action::Reject)));
    assert_eq!(direction_at("172.31.16.139", &ping), Some(FlowDirection::Ingress));
    assert_eq!(direction_at("172.31.16.139", &reply), Some(FlowDirection::Egress));
    // ICMP has no ports and no flags: who opened is never known.
    let ports = (opener::FlowPort::Known(0), opener::FlowPort::Known(0));
    assert_eq!(opener::by_port_numbers(ports.0, ports.1, |_| true), None);
}

#[test]
fn ipv6_ssh() {
    let record = default(
        "2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 \
         2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK",
    );
    assert_eq!(record.src_addr, ip("2001:db8:1234:a100:8d6e:3477:df66:f105"));
    assert_eq!(record.dst_addr, ip("2001:db8:1234:a102:3304:8879:34cf:4071"));
    assert_eq!((record.dst_port, record.bytes), (Some(22), Some(8855)));
    assert_eq!(direction_at("2001:db8:1234:a102:3304:8879:34cf:4071", &record), Some(FlowDirection::Ingress));
}

/// Two connections from 52.213.180.42 to a server on port 5001, over two intervals, then a short one within a single interval.
#[test]
fn tcp_flag_sequence() {
    let format = Format::from_header(
        b"version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport \
          pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status",
    )
    .unwrap();
    let (client, server) = ("52.213.180.42", "10.0.0.62");
    let ids =
        "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4";
    let examples = [
        (client, server, 43416, 5001, "568 8 1566848875 1566848933", 2, Opener::Source),
        (server, client, 5001, 43416, "376 7 1566848875 1566848933", 18, Opener::Destination),
        (client, server, 43418, 5001, "100701 70 1566848875 1566848933", 2, Opener::Source),
        (server, client, 5001, 43418, "632 12 1566848875 1566848933", 18, Opener::Destination),
        // The second interval of the second connection: FIN on both sides, and nothing about who opened it.
        (server, client, 5001, 43418, "63388 1219 1566848933 1566849113", 1, Opener::Unknown),
        (client, server, 43418, 5001, "23294588 15774 1566848933 1566849113", 1, Opener::Unknown),
        // Opened and closed within one interval.
        (client, server, 43638, 5001, "1260 17 1566933133 1566933193", 3, Opener::Source),
        (server, client, 5001, 43638, "967 14 1566933133 1566933193", 19, Opener::Destination),
    ];
    for (src, dst, src_port, dst_port, middle, flags, opener) in examples {
        let line = format!("{ids} {src} {dst} {src_port} {dst_port} {src} {dst} 6 {middle} ACCEPT {flags} OK");
        let record = format.parse(line.as_bytes()).unwrap();
        assert_eq!((record.src_addr, record.pkt_dst_addr), (ip(src), ip(dst)));
        assert_eq!((record.src_port, record.dst_port), (Some(src_port), Some(dst_port)));
        assert_eq!(record.vpc_id, Some(&b"vpc-abcdefab012345678"[..]));
        let evidence = opener::from_tcp_flags(record.tcp_flags.unwrap());
        assert_eq!((evidence.opener, evidence.raw), (opener, false), "{line}");
    }
}

/// The interface of a NAT gateway: the packet-level addresses are the instance and the host on the internet throughout.
#[test]
fn nat_gateway() {
    let format = Format::from_header(b"instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr").unwrap();
    assert_eq!(format.missing_for_verdicts(), Some("action"));
    let lines = [
        "- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5",
        "- eni-1235b8ca123456789 10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5",
        "- eni-1235b8ca123456789 203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220",
        "- eni-1235b8ca123456789 10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5",
    ];
    let gateway = ip("10.0.0.220").unwrap();
    let mut common = CommonAddress::default();
    let mut directions = Vec::new();
    for line in lines {
        let record = format.parse(line.as_bytes()).unwrap();
        common.observe(record.src_addr.unwrap(), record.dst_addr.unwrap());
        directions.push(direction_at("10.0.0.220", &record).unwrap());
    }
    // The gateway's address is the only one that is in all four.
    assert_eq!(common.own(Family::V4), Some(gateway));
    use FlowDirection::{Egress, Ingress};
    assert_eq!(directions, [Ingress, Egress, Ingress, Egress]);
    let request = format.parse(lines[0].as_bytes()).unwrap();
    assert_eq!((request.dst_addr, request.pkt_dst_addr), (Some(gateway), ip("203.0.113.5")));
    let response = format.parse(lines[3].as_bytes()).unwrap();
    assert_eq!((response.src_addr, response.pkt_src_addr), (Some(gateway), ip("203.0.113.5")));
    let at_instance =
        format.parse(b"i-01234567890123456 eni-1111aaaa2222bbbb3 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5").unwrap();
    assert_eq!(at_instance.dst_addr, at_instance.pkt_dst_addr);
}

/// A client in VPC A calls a web server in VPC B through a transit gateway: seen at the server and at the gateway's interfaces in B.
#[test]
fn transit_gateway_attachment_in_a_vpc() {
    let format = Format::from_template(
        "${version} ${interface-id} ${account-id} ${vpc-id} ${subnet-id} ${instance-id} ${srcaddr} ${dstaddr} ${srcport} \
         ${dstport} ${protocol} ${tcp-flags} ${type} ${pkt-srcaddr} ${pkt-dstaddr} ${action} ${log-status}",
    )
    .unwrap();
    let ids = "123456789010 vpc-abcdefab012345678";
    let server_in = format!(
        "3 eni-33333333333333333 {ids} subnet-22222222bbbbbbbbb i-01234567890123456 10.20.33.164 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK"
    );
    let server_out = format!(
        "3 eni-33333333333333333 {ids} subnet-22222222bbbbbbbbb i-01234567890123456 10.40.2.236 10.20.33.164 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK"
    );
    let gateway_in = format!(
        "3 eni-11111111111111111 {ids} subnet-11111111aaaaaaaaa - 10.40.1.175 10.40.2.236 39812 80 6 3 IPv4 10.20.33.164 10.40.2.236 ACCEPT OK"
    );
    let gateway_out = format!(
        "3 eni-22222222222222222 {ids} subnet-22222222bbbbbbbbb - 10.40.2.236 10.40.2.31 80 39812 6 19 IPv4 10.40.2.236 10.20.33.164 ACCEPT OK"
    );
    let opener_of =
        |line: &str| opener::from_tcp_flags(format.parse(line.as_bytes()).unwrap().tcp_flags.unwrap()).opener;
    assert_eq!(opener_of(&server_in), Opener::Source);
    assert_eq!(opener_of(&server_out), Opener::Destination);
    assert_eq!(opener_of(&gateway_in), Opener::Source);
    assert_eq!(opener_of(&gateway_out), Opener::Destination);
    let request = format.parse(gateway_in.as_bytes()).unwrap();
    assert_eq!((request.src_addr, request.pkt_src_addr), (ip("10.40.1.175"), ip("10.20.33.164")));
    let response = format.parse(gateway_out.as_bytes()).unwrap();
    assert_eq!((response.dst_addr, response.pkt_dst_addr), (ip("10.40.2.31"), ip("10.20.33.164")));
    let at_server = format.parse(server_in.as_bytes()).unwrap();
    assert_eq!(direction_at("10.40.2.236", &at_server), Some(FlowDirection::Ingress));
}
