//! One flow log record, as far as verdicts and decoration compute with it.

use std::net::IpAddr;

/// What the security groups and network ACLs did with the traffic (field `action`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// `ACCEPT`
    Accept,
    /// `REJECT`: by a group, an ACL, or because it came after the connection was closed.
    Reject,
}

/// What the aggregation interval recorded (field `log-status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogStatus {
    /// `OK`: an ordinary record.
    Ok,
    /// `NODATA`: the interface reported, there was no traffic.
    NoData,
    /// `SKIPDATA`: records of this interval were lost inside AWS.
    SkipData,
}

/// Side of the interface that the traffic crossed (field `flow-direction`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlowDirection {
    /// Into the interface.
    Ingress,
    /// Out of the interface.
    Egress,
}

/// One flow log record; borrowed from the line. Absent = `-`, not in the format, or an optional field that cannot be read.
///
/// In an ordinary record (`log_status` of `None` or [`LogStatus::Ok`]) that was read with a complete format, `action`, `protocol`,
/// `start`, `end` and both addresses are present. `NODATA` and `SKIPDATA` records have ids, `start` and `end` only.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// 12 digits, or `unknown` for interfaces that AWS services made. Text: leading zeros count.
    pub account_id: Option<&'a [u8]>,
    /// `eni-...`; absent in the records of a regional NAT gateway.
    pub interface_id: Option<&'a [u8]>,
    /// `vpc-...`
    pub vpc_id: Option<&'a [u8]>,
    /// Source; on the interface's own side always its primary private address. Packet-level addresses do not stand in for it.
    pub src_addr: Option<IpAddr>,
    /// Destination; see `src_addr`.
    pub dst_addr: Option<IpAddr>,
    /// Source in the packet itself: the real peer behind a NAT gateway, a pod, a client behind a load balancer.
    pub pkt_src_addr: Option<IpAddr>,
    /// Destination in the packet itself.
    pub pkt_dst_addr: Option<IpAddr>,
    /// 0 for ICMP.
    pub src_port: Option<u16>,
    /// 0 for ICMP.
    pub dst_port: Option<u16>,
    /// IANA protocol number.
    pub protocol: Option<u8>,
    /// Packets in the interval.
    pub packets: Option<u64>,
    /// Bytes in the interval.
    pub bytes: Option<u64>,
    /// Epoch seconds; first packet of the interval, up to 60 s late.
    pub start: Option<u32>,
    /// Epoch seconds; last packet of the interval.
    pub end: Option<u32>,
    /// Accepted or rejected.
    pub action: Option<Action>,
    /// `None` = the format lacks it: an ordinary record.
    pub log_status: Option<LogStatus>,
    /// Flags OR-ed over the interval; see [`crate::opener::from_tcp_flags`].
    pub tcp_flags: Option<u16>,
    /// Side of the interface.
    pub flow_direction: Option<FlowDirection>,
}

impl Record<'_> {
    /// Whether the record tells of traffic, rather than of an interval without (`NODATA`) or with lost (`SKIPDATA`) records.
    pub fn has_traffic(&self) -> bool {
        !matches!(self.log_status, Some(LogStatus::NoData | LogStatus::SkipData))
    }
}
