//! Traps of things in between: load balancers, NAT gateways, Lambda functions.

use std::net::IpAddr;

use crate::build::{Builder, Call, Dialer, Who, anywhere};
use crate::network::{Direction, InterfaceIx, Kind, Peer, TCP, single};
use crate::traffic::Flow;

use super::Cast;

fn service_interface(b: &mut Builder, name: &str, subnet: usize, groups: Vec<usize>, kind: Kind) -> InterfaceIx {
    let address = b.next_address(subnet);
    b.interface(name, subnet, groups, kind, address)
}

/// Containers behind an Application Load Balancer listen on dynamic host ports (32768 to 60999), and the load balancer
/// calls them from any port above 1023: often the *caller's* port is the lower one, and the wide rule on the target is
/// needed though it looks like a rule for return traffic.
pub(super) fn alb_dynamic_ports(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("alb", cast.vpc);
    let balancer = service_interface(b, "ELB app/front/50dc6c495c0c9188", cast.front, vec![group], Kind::LoadBalancer);
    let listener = b.pick(&[443, 80, 8_443]).unwrap_or(443);
    b.rule(group, Direction::Ingress, Some(TCP), Some((listener, listener)), anywhere(), "listener");
    b.egress_all(group);
    let (target, _) = cast.pair(b);
    let target_group = b.network.interfaces[target].groups[0].1[0];
    let range = b.pick(&[(32_768, 60_999), (32_768, 61_000), (32_768, 65_535)]).unwrap_or((32_768, 60_999));
    b.rule(target_group, Direction::Ingress, Some(TCP), Some(range), Peer::Group(group), "dynamic host ports");
    let dynamic = [b.client_port(Dialer::Linux), b.client_port(Dialer::Linux)];
    let count = b.between(4, 60);
    for at in b.moments(count) {
        // Public clients keep to high ports where the listener is no well-known port: see the module on ports.
        let dialer = if listener < 512 { Dialer::Any } else { Dialer::Linux };
        let client = Who::Outside(IpAddr::V4(b.stranger()));
        let source_port = b.client_port(dialer);
        b.call(Call::tcp(client, Who::Host(balancer), source_port, listener, at).lasting(20, 7));
        let inner_port = b.client_port(Dialer::Any);
        let port = b.pick(&dynamic).unwrap_or(dynamic[0]);
        b.call(Call::tcp(Who::Host(balancer), Who::Host(target), inner_port, port, at + 1).lasting(20, 7));
    }
}

/// A Network Load Balancer keeps the client's address: the target's rule names the load balancer's group, and the record
/// shows a peer, public or private, that carries no such group.
pub(super) fn nlb_preserves_clients(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("nlb", cast.vpc);
    b.rule(group, Direction::Ingress, Some(TCP), Some((443, 443)), anywhere(), "listener");
    b.egress_all(group);
    let name = "ELB net/edge/73e2d6bc24d8a067";
    let balancer = service_interface(b, name, cast.front, vec![group], Kind::NetworkLoadBalancer);
    let (target, inside) = cast.pair(b);
    let target_group = b.network.interfaces[target].groups[0].1[0];
    let port = cast.fresh_port(b);
    let mut peers = vec![Peer::Group(group)];
    if b.chance(0.4) {
        // Some judge by the client's address instead.
        peers = vec![anywhere()];
    }
    for peer in peers {
        b.rule(target_group, Direction::Ingress, Some(TCP), Some((port, port)), peer, "from the load balancer");
    }
    let shows_balancer = b.chance(0.5);
    let count = b.between(2, 30);
    for at in b.moments(count) {
        let client = if b.chance(0.3) { Who::Host(inside) } else { Who::Outside(IpAddr::V4(b.stranger())) };
        b.permit(client, Who::Host(balancer), TCP, (443, 443), at);
        let source_port = b.client_port(Dialer::Linux);
        b.call(Call::tcp(client, Who::Host(balancer), source_port, 443, at).lasting(15, 5));
        let mut flow = b.flow_of(&Call::tcp(client, Who::Host(target), source_port, port, at).lasting(15, 5));
        through_balancer(b, &mut flow, balancer, target, shows_balancer);
        b.flows.push(flow);
    }
}

/// The client's own view ends at the load balancer; the load balancer sends from its own interface; the target sees the
/// client's address, in newer formats sometimes as the packet-level one only.
fn through_balancer(b: &Builder, flow: &mut Flow, balancer: InterfaceIx, target: InterfaceIx, shows_balancer: bool) {
    let own = IpAddr::V4(b.network.interfaces[balancer].primary);
    flow.views.retain(|view| view.interface == target && view.direction == Direction::Ingress);
    let outward = b.flow_of(&Call::tcp(Who::Host(balancer), Who::Host(target), 0, 0, flow.start));
    for view in &mut flow.views {
        view.judged.via = Some(balancer);
        if shows_balancer && b.shows_packet_addresses {
            view.pkt_peer = Some(view.peer);
            view.peer = own;
        }
    }
    let first = outward.views.into_iter().find(|view| view.direction == Direction::Egress);
    flow.views.splice(0..0, first);
}

/// Instances reach the internet through a NAT gateway, which has no security group: its records show its own address and
/// the true ones packet-level, and its second leg comes from any port above 1023.
pub(super) fn nat_gateway(b: &mut Builder, cast: &mut Cast) {
    let name = "Interface for NAT Gateway nat-0a1b2c3d4e5f60718";
    let gateway = service_interface(b, name, cast.front, Vec::new(), Kind::NatGateway);
    b.network.interfaces[gateway].public = Some(b.stranger());
    let (client, _) = cast.pair(b);
    let own = IpAddr::V4(b.network.interfaces[gateway].primary);
    let count = b.between(3, 40);
    for at in b.moments(count) {
        let outside = IpAddr::V4(b.stranger());
        let port = b.pick(&[443, 80]).unwrap_or(443);
        b.permit(Who::Host(client), Who::Outside(outside), TCP, (port, port), at);
        let source_port = b.client_port(Dialer::Linux);
        let inner = Call::tcp(Who::Host(client), Who::Outside(outside), source_port, port, at).lasting(30, 10);
        let mut flow = b.flow_of(&inner);
        let toward = b.flow_of(&Call::tcp(Who::Host(client), Who::Host(gateway), source_port, port, at));
        for mut view in toward.views {
            if view.interface == gateway {
                view.local = own;
                view.pkt_local = Some(outside);
                flow.views.push(view);
            }
        }
        b.flows.push(flow);
        let outer_port = b.client_port(Dialer::Any);
        b.call(Call::tcp(Who::Host(gateway), Who::Outside(outside), outer_port, port, at).lasting(30, 10));
    }
}

/// A Lambda function in the VPC calls from any port above 1023, through an interface that no instance is attached to.
pub(super) fn lambda(b: &mut Builder, cast: &mut Cast) {
    let group = b.group("lambda", cast.vpc);
    b.egress_all(group);
    let name = "AWS Lambda VPC ENI-orders-1b2c3d4e-5f60-4718-8293-a4b5c6d7e8f9";
    let function = service_interface(b, name, cast.app, vec![group], Kind::Lambda);
    let (server, _) = cast.pair(b);
    let server_group = b.network.interfaces[server].groups[0].1[0];
    let port = cast.fresh_port(b);
    let by_address = Peer::Cidr(single(IpAddr::V4(b.network.interfaces[function].primary)));
    let peer = if b.chance(0.6) { Peer::Group(group) } else { by_address };
    b.rule(server_group, Direction::Ingress, Some(TCP), Some((port, port)), peer, "from the function");
    let count = b.between(1, 40);
    super::regular(b, Who::Host(function), Who::Host(server), port, count, Dialer::Any);
}
