//! The five networks of the test matrix: a cast of hosts, what they do all day, and traps by seed.

use rand::seq::SliceRandom as _;

use crate::build::Builder;
use crate::columns::Layout;
use crate::network::LogTraffic;
use crate::options::{Options, Scenario};
use crate::traps::{self, Cast};

/// Ports that a service may have here; those below 512 and those above need different evidence in logs without flags.
const SERVICE_PORTS: &[u16] = &[
    110, 143, 179, 389, 465, 636, 873, 993, 1_433, 1_521, 2_181, 2_379, 3_000, 3_306, 4_222, 5_000, 5_044, 5_432,
    5_672, 6_379, 6_443, 7_001, 8_000, 8_081, 8_300, 8_500, 9_000, 9_042, 9_090, 9_092, 9_200, 9_300, 10_250, 11_211,
    15_672, 25_565, 27_017,
];

const NAMES: &[&str] =
    &["web", "api", "orders", "db", "cache", "search", "mail", "files", "bastion", "monitor", "jobs", "auth"];

/// Builds one network of the matrix with all its traffic.
pub(crate) fn build(options: &Options, layout: &Layout) -> Builder {
    let mut b = Builder::new(options, layout);
    let gapped = options.scenario == Scenario::V2Gaps;
    let with_reject_log = gapped || b.chance(0.25);
    let mut cast = cast(&mut b, with_reject_log);
    if options.scenario == Scenario::V5Timeline {
        take_snapshots(&mut b);
    }
    b.network.lag = if b.chance(0.5) { 0 } else { b.between(1, 55) };
    b.network.tail = b.between(0, 2);
    b.network.flow_logs_listed = b.chance(0.7);

    traps::ordinary(&mut b, &mut cast);
    traps::set(&mut b, &mut cast, traps::ALWAYS);
    match options.scenario {
        Scenario::V2Deleted => traps::set(&mut b, &mut cast, traps::DELETED),
        Scenario::V5Timeline => traps::set(&mut b, &mut cast, traps::TIMELINE),
        _ => {}
    }
    if b.chance(0.25) {
        traps::foreign_groups(&mut b, &mut cast);
        b.traps.insert(traps::FOREIGN_GROUP);
    }
    traps::unneeded_rules(&mut b, &cast);
    if with_reject_log {
        traps::set(&mut b, &mut cast, &[traps::REJECT_ONLY]);
    }
    if gapped {
        traps::set(&mut b, &mut cast, traps::GAPS);
        traps::mend_small_holes(&mut b.network, &b.flows);
    }
    b
}

fn cast(b: &mut Builder, subnet_logs: bool) -> Cast {
    let octet = u8::try_from(b.between(16, 120)).unwrap_or(20);
    let vpc = b.vpc(octet);
    let other = b.vpc(octet + 100);
    let front = b.subnet(vpc, 0);
    let app = b.subnet(vpc, 1);
    let data = b.subnet(vpc, 2);
    let peered = b.subnet(other, 1);
    let by_subnet = subnet_logs || b.chance(0.5);
    for subnet in [front, app, data, peered] {
        // One flow log for a whole VPC, or one for each of its subnets.
        let resource = if by_subnet {
            b.network.subnets[subnet].id.clone()
        } else {
            b.network.vpcs[b.network.subnets[subnet].vpc].id.clone()
        };
        let existing = b.network.flow_logs.iter().position(|log| log.resource == resource);
        let log = match existing {
            Some(log) => log,
            None => b.flow_log(resource, LogTraffic::All),
        };
        b.network.subnets[subnet].flow_log = log;
    }

    let mut names = NAMES.to_vec();
    names.shuffle(&mut b.rng);
    let count = b.between(6, 10) as usize;
    let mut hosts = Vec::new();
    let mut last_group = None;
    for name in names.into_iter().take(count) {
        // Some groups have two members, so that a rule may be used through one of them only.
        let shared = b.chance(0.2);
        let group = match last_group {
            Some(group) if shared => group,
            _ => {
                let group = b.group(name, vpc);
                if b.chance(0.5) {
                    b.egress_all(group);
                }
                group
            }
        };
        last_group = Some(group);
        let subnet = b.pick(&[front, app, data]).unwrap_or(app);
        hosts.push(b.host(name, subnet, vec![group]));
    }
    let mut fresh_ports = SERVICE_PORTS.to_vec();
    fresh_ports.shuffle(&mut b.rng);
    Cast { vpc, front, app, data, peered, hosts, fresh_ports }
}

/// A snapshot every one to four days, the first some hours into the window, the last after its end.
fn take_snapshots(b: &mut Builder) {
    let every = b.between(1, 4) * 86_400;
    let mut at = b.network.start + b.between(-3_600, 6 * 3_600);
    while at < b.network.end {
        b.network.snapshots.push(at);
        at += every;
    }
    b.network.snapshots.push(b.network.end + 1_800);
}
