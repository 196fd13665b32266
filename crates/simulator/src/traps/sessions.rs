//! Traps of time: connections that outlive a capture window, and rules that matter once.

use crate::build::{Builder, Call, Dialer, Who};
use crate::network::TCP;
use crate::traffic::Answer;

use super::Cast;

/// A database connection stays open for hours or days. Only its first window shows a SYN; in the default format every
/// window looks alike, and both directions have many records. Whoever takes "a record without SYN" for a reply loses it.
pub(super) fn long_connection(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 2) {
        let (client, server) = cast.pair(b);
        let port = cast.fresh_port(b);
        let (client, server) = (Who::Host(client), Who::Host(server));
        for at in b.moments(2) {
            b.permit(client, server, TCP, (port, port), at);
            let source_port = b.client_port(Dialer::Linux);
            let seconds = b.between(3_600, 40_000);
            let pulse = b.pick(&[60, 300, 900, 4_000]).unwrap_or(60);
            b.call(Call::tcp(client, server, source_port, port, at).lasting(seconds, pulse));
        }
    }
}

/// The connection was opened before the logs begin, so its SYN is nowhere; it may be the only use of its rules, and
/// without them it could not be opened again after the next restart.
pub(super) fn began_before(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = cast.fresh_port(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    let (first, last) = (b.network.start, b.network.end);
    b.permit(client, server, TCP, (port, port), first);
    let at = first - b.between(600, 500_000);
    let lasts = if b.chance(0.3) { last - at + 5_000 } else { first - at + b.between(600, 300_000) };
    let pulse = b.pick(&[120, 600, 3_600, 7_200]).unwrap_or(600);
    let source_port = b.client_port(Dialer::Linux);
    b.call(Call::tcp(client, server, source_port, port, at).lasting(lasts, pulse));
}

/// A yearly report, a restore test: one connection in the whole window is enough to need a rule.
pub(super) fn used_once(b: &mut Builder, cast: &mut Cast) {
    for _ in 0..b.between(1, 3) {
        let (client, server) = cast.pair(b);
        let port = cast.fresh_port(b);
        super::regular(b, Who::Host(client), Who::Host(server), port, 1, Dialer::Linux);
    }
}

/// A service that is down answers with a reset: the answering record shows RST alone, not SYN+ACK, yet the request was
/// let through by its rule.
pub(super) fn reset_answers(b: &mut Builder, cast: &mut Cast) {
    let (client, server) = cast.pair(b);
    let port = cast.fresh_port(b);
    let (client, server) = (Who::Host(client), Who::Host(server));
    for at in b.moments(6) {
        b.permit(client, server, TCP, (port, port), at);
        let source_port = b.client_port(Dialer::Linux);
        b.call(Call::tcp(client, server, source_port, port, at).answered(Answer::Reset));
    }
}
