//! From flows to flow log records, as AWS makes them.
//!
//! Every interface has its own capture windows. What one 5-tuple did in a window becomes one record in each direction;
//! a window without any becomes NODATA. Records begin and end with the first and last packet *inside* the window, so a
//! long connection gives many records of which only the first shows how it began.

use std::net::IpAddr;

use crate::network::{Direction, Hole, InterfaceIx, LogTraffic, Network, TCP};
use crate::traffic::{Answer, Flow, View};

const SYN: u16 = 2;
const SYN_ACK: u16 = 18;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Ok,
    NoData,
    SkipData,
}

/// One flow log record. For NODATA and SKIPDATA only interface and times mean anything.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub interface: InterfaceIx,
    pub status: Status,
    pub source: IpAddr,
    pub target: IpAddr,
    pub pkt_source: Option<IpAddr>,
    pub pkt_target: Option<IpAddr>,
    pub source_port: u16,
    pub target_port: u16,
    pub protocol: u8,
    pub packets: u64,
    pub bytes: u64,
    pub start: i64,
    pub end: i64,
    pub accepted: bool,
    pub flags: u16,
    pub direction: Direction,
    /// Truth, not in the log: does it hold packets of the opener, of the answering side?
    pub is_request: bool,
    pub is_reply: bool,
    /// Number of the capture window of its interface, and its end.
    pub window: i64,
    pub window_end: i64,
    /// The flow and view it came from (the first, if several were joined).
    pub flow: u32,
    pub view: u32,
}

impl Row {
    /// A record of an interface that only says something about the window itself.
    pub fn bare(interface: InterfaceIx, status: Status, window: i64, start: i64, end: i64, window_end: i64) -> Row {
        let nothing = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);
        Row {
            interface,
            status,
            source: nothing,
            target: nothing,
            pkt_source: None,
            pkt_target: None,
            source_port: 0,
            target_port: 0,
            protocol: 0,
            packets: 0,
            bytes: 0,
            start,
            end,
            accepted: false,
            flags: 0,
            direction: Direction::Ingress,
            is_request: false,
            is_reply: false,
            window,
            window_end,
            flow: u32::MAX,
            view: 0,
        }
    }

    /// The side that is not this interface's, as the record shows it.
    pub fn peer(&self) -> IpAddr {
        match self.direction {
            Direction::Ingress => self.source,
            Direction::Egress => self.target,
        }
    }

    /// The packet-level address of that side, where it differs.
    pub fn pkt_peer(&self) -> Option<IpAddr> {
        match self.direction {
            Direction::Ingress => self.pkt_source,
            Direction::Egress => self.pkt_target,
        }
    }

    /// Do its TCP flags show a SYN without an ACK: the first packet of a connection and no answer to one?
    pub fn opens(&self) -> bool {
        self.protocol == TCP && self.flags & SYN_ACK == SYN
    }

    fn same_record(&self, other: &Row) -> bool {
        self.tuple() == other.tuple()
    }

    /// What AWS aggregates by, and the order in which rows are joined.
    #[allow(clippy::type_complexity)]
    fn tuple(&self) -> (InterfaceIx, i64, bool, bool, IpAddr, IpAddr, u16, u16, u8, Option<IpAddr>, Option<IpAddr>) {
        (
            self.interface,
            self.window,
            self.accepted,
            self.direction == Direction::Ingress,
            self.source,
            self.target,
            self.source_port,
            self.target_port,
            self.protocol,
            self.pkt_source,
            self.pkt_target,
        )
    }
}

/// First second of a capture window.
pub(crate) fn window_start(network: &Network, interface: InterfaceIx, window: i64) -> i64 {
    network.start - network.interval + network.interfaces[interface].phase + window * network.interval
}

pub(crate) fn window_of(network: &Network, interface: InterfaceIx, at: i64) -> i64 {
    let base = network.start - network.interval + network.interfaces[interface].phase;
    (at - base).div_euclid(network.interval)
}

/// What a flow's packets did inside one window.
struct Activity {
    first: i64,
    last: i64,
    count: u64,
}

/// Packets are sent at the start, then every `pulse` seconds, and at the end.
fn activity(flow: &Flow, from: i64, until: i64) -> Option<Activity> {
    let pulse = flow.pulse.max(1);
    let mut count = 0u64;
    let mut first = i64::MAX;
    let mut last = i64::MIN;
    let skipped = (from - flow.start).max(0);
    let first_step = (skipped + pulse - 1).div_euclid(pulse);
    let first_pulse = flow.start + first_step * pulse;
    let last_possible = (until - 1).min(flow.end);
    if first_pulse <= last_possible {
        let steps = (last_possible - first_pulse).div_euclid(pulse);
        count += u64::try_from(steps).unwrap_or(0) + 1;
        first = first_pulse;
        last = first_pulse + steps * pulse;
    }
    if from <= flow.end && flow.end < until {
        if last != flow.end {
            count += 1;
        }
        first = first.min(flow.end);
        last = flow.end;
    }
    (count > 0).then_some(Activity { first, last, count })
}

/// SYN, FIN and RST as AWS reports them: OR-ed over the window, and an ACK only together with a SYN.
fn flags_of(flow: &Flow, opened_here: bool, closed_here: bool, reply: bool, accepted: bool) -> u16 {
    const FIN: u16 = 1;
    const RST: u16 = 4;
    if flow.protocol != TCP {
        return 0;
    }
    if !accepted || flow.answer == Answer::Silent {
        return SYN;
    }
    if flow.answer == Answer::Reset {
        return if reply { RST } else { SYN };
    }
    let mut flags = 0;
    if opened_here {
        flags |= if reply { SYN_ACK } else { SYN };
    }
    if closed_here {
        flags |= FIN;
    }
    flags
}

/// Every record that AWS would write, in the order of interfaces and windows, with holes and filters of the flow logs
/// applied and NODATA filled in.
pub(crate) fn rows(network: &Network, flows: &[Flow]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, flow) in flows.iter().enumerate() {
        if flow.unlogged {
            continue;
        }
        let passes = flow.passes(network);
        for (position, view) in flow.views.iter().enumerate() {
            if position > passes {
                break;
            }
            let accepted = position < passes;
            let answered = passes == flow.views.len() && flow.answer != Answer::Silent;
            let place = (u32::try_from(number).unwrap_or(u32::MAX), u32::try_from(position).unwrap_or(0));
            rows_of_view(network, flow, view, accepted, answered, place, &mut rows);
        }
    }
    rows.sort_by(|a, b| a.tuple().cmp(&b.tuple()).then(a.flow.cmp(&b.flow)));
    let mut joined: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match joined.last_mut() {
            Some(last) if last.same_record(&row) => join(last, &row),
            _ => joined.push(row),
        }
    }
    with_windows(network, joined)
}

fn join(into: &mut Row, other: &Row) {
    into.packets += other.packets;
    into.bytes += other.bytes;
    into.start = into.start.min(other.start);
    into.end = into.end.max(other.end);
    into.flags |= other.flags;
    if other.is_request && !into.is_request {
        (into.flow, into.view) = (other.flow, other.view);
    }
    into.is_request |= other.is_request;
    into.is_reply |= other.is_reply;
}

fn rows_of_view(
    network: &Network,
    flow: &Flow,
    view: &View,
    accepted: bool,
    answered: bool,
    place: (u32, u32),
    out: &mut Vec<Row>,
) {
    let interface = &network.interfaces[view.interface];
    let from = flow.start.max(network.start).max(interface.born);
    // A refused request is one packet and a retry or two, not a conversation.
    let end = if accepted { flow.end } else { flow.end.min(flow.start + 3) };
    let until = (end + 1).min(network.end).min(interface.gone);
    if from >= until {
        return;
    }
    let lag = if network.lag > 0 { i64::from(place.0) % (network.lag + 1) } else { 0 };
    for window in window_of(network, view.interface, from)..=window_of(network, view.interface, until - 1) {
        let begin = window_start(network, view.interface, window);
        let window_end = begin + network.interval;
        let Some(activity) = activity(flow, begin.max(from), window_end.min(until)) else {
            continue;
        };
        let opened_here = activity.first == flow.start && flow.start >= network.start;
        let closed_here = activity.last == flow.end;
        let latest = (window_end.min(network.end)) - 1;
        for reply in [false, true] {
            if reply && !answered {
                continue;
            }
            let outward = (view.direction == Direction::Egress) != reply;
            let packets = activity.count * if reply { 3 } else { 2 };
            let size = u64::from(flow.size) * if reply { 4 } else { 1 };
            let start = (activity.first + lag).min(latest);
            let mut row = Row::bare(
                view.interface,
                Status::Ok,
                window,
                start,
                (activity.last + lag).clamp(start, latest.max(start)),
                window_end,
            );
            row.accepted = accepted;
            row.protocol = flow.protocol;
            row.packets = packets;
            row.bytes = packets * size.clamp(40, 1460);
            row.flags = flags_of(flow, opened_here, closed_here, reply, accepted);
            row.is_request = !reply;
            row.is_reply = reply;
            (row.flow, row.view) = place;
            (row.source_port, row.target_port) =
                if reply { (flow.target_port, flow.source_port) } else { (flow.source_port, flow.target_port) };
            if outward {
                row.direction = Direction::Egress;
                (row.source, row.target) = (view.local, view.peer);
                (row.pkt_source, row.pkt_target) = (view.pkt_local, view.pkt_peer);
            } else {
                (row.source, row.target) = (view.peer, view.local);
                (row.pkt_source, row.pkt_target) = (view.pkt_peer, view.pkt_local);
            }
            out.push(row);
        }
    }
}

/// Walks every window of every interface: holes swallow records, REJECT-only logs keep only rejects, silence is NODATA.
fn with_windows(network: &Network, rows: Vec<Row>) -> Vec<Row> {
    let mut out = Vec::with_capacity(rows.len() * 2);
    let mut rows = rows.into_iter().peekable();
    for (number, interface) in network.interfaces.iter().enumerate() {
        let from = interface.born.max(network.start);
        let until = interface.gone.min(network.end);
        let only_rejects = network.flow_logs[interface.flow_log].traffic == LogTraffic::Reject;
        if from >= until {
            continue;
        }
        for window in window_of(network, number, from)..=window_of(network, number, until - 1) {
            let begin = window_start(network, number, window).max(from);
            let window_end = window_start(network, number, window) + network.interval;
            let end = window_end.min(until);
            let hole =
                interface.holes.iter().find(|(hole_from, hole_until, _)| begin < *hole_until && *hole_from < end);
            let mut reported = false;
            while let Some(row) = rows.next_if(|row| row.interface == number && row.window == window) {
                if hole.is_some() || (only_rejects && row.accepted) {
                    continue;
                }
                reported = true;
                out.push(row);
            }
            let last = (end - network.tail).max(begin);
            match hole {
                Some((_, _, Hole::Missing)) => {}
                Some((_, _, Hole::Skipped)) => {
                    out.push(Row::bare(number, Status::SkipData, window, begin, last, window_end));
                }
                None if reported => {}
                None => out.push(Row::bare(number, Status::NoData, window, begin, last, window_end)),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn flow(start: i64, end: i64, pulse: i64) -> Flow {
        Flow {
            protocol: TCP,
            source_port: 40_000,
            target_port: 443,
            start,
            end,
            pulse,
            answer: Answer::Full,
            size: 100,
            must_pass: true,
            unlogged: false,
            views: Vec::new(),
        }
    }

    fn seen(flow: &Flow, from: i64, until: i64) -> Option<(i64, i64, u64)> {
        activity(flow, from, until).map(|activity| (activity.first, activity.last, activity.count))
    }

    #[test]
    fn packets_of_a_window() {
        // Packets at 100, 130, 160 and, the last, at 170.
        let short = flow(100, 170, 30);
        assert_eq!(seen(&short, 0, 600), Some((100, 170, 4)));
        assert_eq!(seen(&short, 101, 600), Some((130, 170, 3)));
        assert_eq!(seen(&short, 0, 160), Some((100, 130, 2)));
        assert_eq!(seen(&short, 161, 170), None);
        assert_eq!(seen(&short, 161, 171), Some((170, 170, 1)));
        assert_eq!(seen(&short, 0, 100), None);
        assert_eq!(seen(&short, 171, 600), None);
        // One packet only.
        assert_eq!(seen(&flow(100, 100, 30), 0, 600), Some((100, 100, 1)));
        // A keepalive every hour leaves most windows empty.
        let idle = flow(0, 10_000, 3_600);
        assert_eq!(seen(&idle, 600, 3_600), None);
        assert_eq!(seen(&idle, 3_600, 4_200), Some((3_600, 3_600, 1)));
    }

    /// The sequences of "TCP flag sequence" in the VPC user guide: client 2, server 18, later windows 0, at the end 1; a
    /// connection within one window shows 3 and 19.
    #[test]
    fn flags_of_a_window() {
        let flow = flow(0, 100, 10);
        assert_eq!(flags_of(&flow, true, false, false, true), 2);
        assert_eq!(flags_of(&flow, true, false, true, true), 18);
        assert_eq!(flags_of(&flow, false, false, false, true), 0);
        assert_eq!(flags_of(&flow, false, true, true, true), 1);
        assert_eq!(flags_of(&flow, true, true, false, true), 3);
        assert_eq!(flags_of(&flow, true, true, true, true), 19);
        // Refused, or nobody there: SYN alone, again and again.
        assert_eq!(flags_of(&flow, true, true, false, false), 2);
        let reset = Flow { answer: Answer::Reset, ..flow.clone() };
        assert_eq!(flags_of(&reset, true, true, true, true), 4);
        let datagram = Flow { protocol: 17, ..flow };
        assert_eq!(flags_of(&datagram, true, true, false, true), 0);
    }
}
