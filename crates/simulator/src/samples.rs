//! The small company of the samples: a shop with a handful of hosts, three days, and every verdict at least once.
//!
//! | verdict | where to look |
//! |---|---|
//! | `used` | most rules: the shop, SSH from the bastion, PostgreSQL |
//! | `unused` | `db` 3306 and `cache` 11211: both hosts reported in every slot, and nothing came near |
//! | `redundant` | `web` 443 from the office, since 443 is open to everybody |
//! | `likely-unused` | `app` "return traffic" (only replies match), `status` default egress (only untracked answers pass) |
//! | `not-logged` | `app` DNS and NTP towards Amazon's own servers, `monitor` UDP 4789 (mirrored traffic) |
//! | `no-evidence` | `batch` (its logs have a gap), `search` 9300 (a host that is gone called it), `legacy-etl` (unattached) |
//! | `unresolved` | `monitor` from a prefix list without entries, `web` from another account's group |

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use anyhow::{Context, Result};
use rand::RngExt as _;

use crate::build::{Builder, Call, Dialer, Who, anywhere, net};
use crate::columns::Layout;
use crate::network::*;
use crate::options::Options;
use crate::traffic::Answer;

/// Lines that are no records: when, in which flow log, and what.
pub(crate) type BrokenLines = Vec<(i64, usize, Vec<u8>)>;

const IN: Direction = Direction::Ingress;
const OUT: Direction = Direction::Egress;
const HOUR: i64 = 3_600;

struct Company {
    web: [InterfaceIx; 2],
    app: [InterfaceIx; 2],
    db: InterfaceIx,
    cache: InterfaceIx,
    search: InterfaceIx,
    status: InterfaceIx,
    bastion: InterfaceIx,
    batch: InterfaceIx,
    gone: InterfaceIx,
    monitor: InterfaceIx,
}

struct Groups {
    web: GroupIx,
    app: GroupIx,
    db: GroupIx,
    cache: GroupIx,
    search: GroupIx,
    status: GroupIx,
    bastion: GroupIx,
    batch: GroupIx,
    monitor: GroupIx,
    legacy: GroupIx,
}

/// The company, its three days, the lines that are broken, and the seconds that one object holds.
pub(crate) fn build(options: &Options, layout: &Layout) -> (Builder, BrokenLines, i64) {
    let mut b = Builder::new(options, layout);
    b.aligned = true;
    b.network.least_days = 2;
    b.network.account = "123456789012".to_owned();
    b.network.mirror_targets_listed = true;
    let vpc = b.vpc(20);
    let log = b.flow_log(b.network.vpcs[vpc].id.clone(), LogTraffic::All);
    let groups = groups(&mut b, vpc);
    rules(&mut b, &groups);
    let company = hosts(&mut b, vpc, &groups);
    describe(&mut b);
    customers(&mut b, &company);
    services(&mut b, &company);
    people(&mut b, &company);
    strangers(&mut b, &company);
    let broken = broken_lines(&b, &company, log);
    (b, broken, 4 * HOUR)
}

fn groups(b: &mut Builder, vpc: usize) -> Groups {
    Groups {
        web: b.group("web", vpc),
        app: b.group("app", vpc),
        db: b.group("db", vpc),
        cache: b.group("cache", vpc),
        search: b.group("search", vpc),
        status: b.group("status", vpc),
        bastion: b.group("bastion", vpc),
        batch: b.group("batch", vpc),
        monitor: b.group("monitor", vpc),
        legacy: b.group("legacy-etl", vpc),
    }
}

fn describe(b: &mut Builder) {
    for group in &mut b.network.groups {
        let text = match group.name.as_str() {
            "web" => "Web servers of the shop",
            "app" => "Application servers behind the shop",
            "db" => "PostgreSQL",
            "cache" => "Redis",
            "search" => "OpenSearch nodes",
            "status" => "Public status page",
            "bastion" => "The only way in for people",
            "batch" => "Nightly jobs",
            "monitor" => "Prometheus",
            _ => "Old import jobs, switched off last year",
        };
        group.description = text.to_owned();
    }
}

fn rules(b: &mut Builder, g: &Groups) {
    let office = || Peer::Cidr(net("203.0.113.0/24"));
    let inside = || Peer::Cidr(net("10.20.0.0/16"));
    let tcp = Some(TCP);
    let one = |port: u16| Some((port, port));

    b.rule(g.web, IN, tcp, one(443), anywhere(), "shop");
    b.rule(g.web, IN, tcp, one(443), office(), "shop, office only (before the launch)");
    b.rule(g.web, IN, tcp, one(80), anywhere(), "redirect to https");
    b.rule(g.web, OUT, tcp, one(8_080), Peer::Group(g.app), "application");
    let partner = Peer::Foreign { group_id: "sg-0a9b8c7d6e5f40312".to_owned(), account: "210987654321".to_owned() };
    b.rule(g.web, IN, tcp, one(8_443), partner, "partner's account");

    b.rule(g.app, IN, tcp, one(8_080), Peer::Group(g.web), "from the web servers");
    b.rule(g.app, IN, tcp, Some((32_768, 65_535)), anywhere(), "return traffic");
    b.rule(g.app, OUT, tcp, one(5_432), Peer::Group(g.db), "PostgreSQL");
    b.rule(g.app, OUT, tcp, one(6_379), Peer::Group(g.cache), "Redis");
    b.rule(g.app, OUT, tcp, one(9_200), Peer::Group(g.search), "search");
    b.rule(g.app, OUT, tcp, one(443), anywhere(), "payment provider");
    b.rule(g.app, OUT, Some(UDP), one(53), Peer::Cidr(net("10.20.0.2/32")), "Amazon DNS");
    b.rule(g.app, OUT, Some(UDP), one(123), Peer::Cidr(net("169.254.169.123/32")), "Amazon Time Sync");

    b.rule(g.db, IN, tcp, one(5_432), Peer::Group(g.app), "from the application");
    b.rule(g.db, IN, tcp, one(5_432), Peer::Cidr(net("10.20.3.0/24")), "from the batch subnet");
    b.rule(g.db, IN, tcp, one(3_306), inside(), "MySQL, before the migration");
    b.rule(g.cache, IN, tcp, one(6_379), Peer::Group(g.app), "from the application");
    b.rule(g.cache, IN, tcp, one(11_211), Peer::Group(g.app), "memcached, replaced by Redis");
    b.rule(g.search, IN, tcp, one(9_200), Peer::Group(g.app), "from the application");
    b.rule(g.search, IN, tcp, one(9_300), Peer::Group(g.batch), "reindexing");

    b.rule(g.status, IN, tcp, one(443), anywhere(), "status page");
    b.egress_all(g.status);

    b.rule(g.bastion, IN, tcp, one(22), office(), "SSH from the office");
    b.rule(g.bastion, IN, tcp, one(3_389), office(), "remote desktop");
    b.rule(g.bastion, OUT, tcp, one(22), inside(), "SSH to every host");
    for group in [g.web, g.app, g.db, g.batch] {
        b.rule(group, IN, tcp, one(22), Peer::Group(g.bastion), "SSH from the bastion");
    }

    b.rule(g.batch, OUT, tcp, one(5_432), Peer::Group(g.db), "PostgreSQL");
    b.rule(g.batch, OUT, tcp, one(9_300), Peer::Group(g.search), "reindexing");
    b.rule(g.batch, IN, tcp, one(9_000), inside(), "job console");

    b.rule(g.monitor, OUT, tcp, one(9_100), inside(), "node exporter");
    for group in [g.app, g.db] {
        b.rule(group, IN, tcp, one(9_100), Peer::Group(g.monitor), "node exporter");
    }
    b.rule(g.monitor, IN, Some(UDP), one(4_789), inside(), "mirrored traffic");
    let owner = b.network.account.clone();
    b.network.prefix_lists.push(PrefixList {
        id: "pl-0c5d4e3f2a1b09876".to_owned(),
        name: "branch-offices".to_owned(),
        owner,
        entries: Vec::new(),
        listed: false,
    });
    b.rule(g.monitor, IN, tcp, one(3_000), Peer::PrefixList(0), "dashboards for the branches");

    b.rule(g.legacy, IN, tcp, one(1_521), inside(), "Oracle import");
    b.egress_all(g.legacy);
}

fn hosts(b: &mut Builder, vpc: usize, g: &Groups) -> Company {
    let front = b.subnet(vpc, 0);
    let app = b.subnet(vpc, 1);
    let data = b.subnet(vpc, 2);
    let jobs = b.subnet(vpc, 3);
    let mut host = |name: &str, subnet: usize, group: GroupIx, last: u8| {
        let third = u8::try_from(subnet).unwrap_or(0);
        b.interface(name, subnet, vec![group], Kind::Plain, Ipv4Addr::new(10, 20, third, last))
    };
    let company = Company {
        web: [host("web-1", front, g.web, 11), host("web-2", front, g.web, 12)],
        app: [host("app-1", app, g.app, 21), host("app-2", app, g.app, 22)],
        db: host("db-1", data, g.db, 31),
        cache: host("cache-1", data, g.cache, 41),
        search: host("search-1", data, g.search, 51),
        status: host("status-1", front, g.status, 15),
        bastion: host("bastion", front, g.bastion, 30),
        batch: host("batch-1", jobs, g.batch, 61),
        gone: host("batch-2", jobs, g.batch, 77),
        monitor: host("monitor-1", app, g.monitor, 90),
    };
    for (number, interface) in [company.web[0], company.web[1], company.status, company.bastion].into_iter().enumerate()
    {
        let last = 10 + u8::try_from(number).unwrap_or(0);
        b.network.interfaces[interface].public = Some(Ipv4Addr::new(198, 51, 100, last));
    }
    // batch-2 was terminated before anybody looked, and its own logs are lost with it.
    b.network.interfaces[company.gone].listed = false;
    b.network.interfaces[company.gone].born = b.network.end;
    b.network.interfaces[company.gone].gone = b.network.end;
    // A broken delivery: nine hours of batch-1 are missing.
    let from = b.network.start + 30 * HOUR;
    b.network.interfaces[company.batch].holes.push((from, from + 9 * HOUR, Hole::Missing));
    company
}

/// A moment of the window, more likely by day than by night.
fn by_day(b: &mut Builder) -> i64 {
    loop {
        let at = b.between(b.network.start + 60, b.network.end - 900);
        let hour = at.rem_euclid(24 * HOUR) / HOUR;
        let busy = if (8..22).contains(&hour) { 0.9 } else { 0.15 };
        if b.chance(busy) {
            return at;
        }
    }
}

fn customer(b: &mut Builder) -> Who {
    Who::Outside(IpAddr::V4(b.stranger()))
}

/// The shop's customers, and what each visit sets off inside.
fn customers(b: &mut Builder, c: &Company) {
    for _ in 0..900 {
        let at = by_day(b);
        let client = if b.chance(0.1) {
            Who::Outside(IpAddr::V4(Ipv4Addr::new(203, 0, 113, b.rng.random_range(2..60))))
        } else {
            customer(b)
        };
        let (web, app) = (b.pick(&c.web).unwrap_or(c.web[0]), b.pick(&c.app).unwrap_or(c.app[0]));
        let (outer, inner, cache) =
            (b.client_port(Dialer::Linux), b.client_port(Dialer::Linux), b.client_port(Dialer::Linux));
        let port = if b.chance(0.1) { 80 } else { 443 };
        let stay = b.between(1, 120);
        b.call(Call::tcp(client, Who::Host(web), outer, port, at).lasting(stay, 8));
        if port == 443 {
            b.call(Call::tcp(Who::Host(web), Who::Host(app), inner, 8_080, at + 1).lasting(4, 2));
        }
        if b.chance(0.4) {
            b.call(Call::tcp(Who::Host(app), Who::Host(c.cache), cache, 6_379, at + 2).lasting(1, 1));
        }
        if b.chance(0.15) {
            b.call(Call::tcp(Who::Host(app), Who::Host(c.search), cache, 9_200, at + 3).lasting(2, 1));
        }
        if b.chance(0.08) {
            let provider = Who::Outside(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 80)));
            b.call(Call::tcp(Who::Host(app), provider, inner, 443, at + 3).lasting(3, 1));
        }
    }
    for _ in 0..250 {
        let at = by_day(b);
        let (client, port) = (customer(b), b.client_port(Dialer::Linux));
        b.call(Call::tcp(client, Who::Host(c.status), port, 443, at).lasting(30, 10));
    }
}

/// What the machines do among themselves.
fn services(b: &mut Builder, c: &Company) {
    let (start, end) = (b.network.start, b.network.end);
    for app in c.app {
        // Pooled connections: opened after midnight, kept all day; the first were there before the logs began.
        for (at, hours) in [(start - 5 * HOUR, 20), (start + 15 * HOUR, 24), (start + 39 * HOUR, 26)] {
            let port = b.client_port(Dialer::Linux);
            let call = Call::tcp(Who::Host(app), Who::Host(c.db), port, 5_432, at + i64::from(port % 60));
            b.call(call.lasting(hours * HOUR, 240));
        }
    }
    let mut at = start + 45;
    while at < end - HOUR {
        for target in [c.app[0], c.app[1], c.db] {
            let port = b.client_port(Dialer::Linux);
            b.call(Call::tcp(Who::Host(c.monitor), Who::Host(target), port, 9_100, at).lasting(1, 1));
        }
        at += HOUR / 2;
    }
    for day in 0..3 {
        let night = start + day * 24 * HOUR + 2 * HOUR + 130;
        let (port, other) = (b.client_port(Dialer::Linux), b.client_port(Dialer::Linux));
        b.call(Call::tcp(Who::Host(c.batch), Who::Host(c.db), port, 5_432, night).lasting(50 * 60, 30));
        let call = Call::tcp(Who::Host(c.gone), Who::Host(c.search), other, 9_300, night + 900).lasting(40, 5);
        let mut flow = b.flow_of(&call);
        flow.views.retain(|view| view.direction == IN);
        b.flows.push(flow);
    }
}

/// Administrators: from the office to the bastion, and on from there.
fn people(b: &mut Builder, c: &Company) {
    let targets = [c.web[0], c.web[1], c.app[0], c.app[1], c.db, c.batch];
    for _ in 0..12 {
        let at = by_day(b);
        let admin = Who::Outside(IpAddr::V4(Ipv4Addr::new(203, 0, 113, b.rng.random_range(2..20))));
        let (outer, inner) = (b.client_port(Dialer::Windows), b.client_port(Dialer::Linux));
        let target = b.pick(&targets).unwrap_or(c.db);
        let seconds = b.between(60, 1_500);
        b.call(Call::tcp(admin, Who::Host(c.bastion), outer, 22, at).lasting(seconds, 15));
        b.call(Call::tcp(Who::Host(c.bastion), Who::Host(target), inner, 22, at + 9).lasting(seconds - 20, 15));
    }
}

/// Scanners knock at everything public and are turned away.
fn strangers(b: &mut Builder, c: &Company) {
    for victim in [c.web[0], c.web[1], c.status, c.bastion] {
        for _ in 0..60 {
            let at = b.between(b.network.start + 60, b.network.end - 900);
            let scanner = Who::Outside(IpAddr::V4(Ipv4Addr::new(192, 0, 2, b.rng.random_range(100..250))));
            let port = b.pick(&[21, 23, 445, 1_433, 3_306, 5_900, 6_379, 8_081, 9_200]).unwrap_or(23);
            let source_port = b.client_port(Dialer::Windows);
            let call = Call::tcp(scanner, Who::Host(victim), source_port, port, at).answered(Answer::Silent);
            b.call(call.whatever_the_rules());
        }
    }
}

/// What a crash, a full disk or a bad copy leaves behind; all of it names the bastion's interface.
fn broken_lines(b: &Builder, c: &Company, log: usize) -> BrokenLines {
    let bastion = &b.network.interfaces[c.bastion].id;
    let vpc = &b.network.vpcs[0].id;
    let start = b.network.start;
    let begin = format!("5 123456789012 {vpc} {bastion}");
    let cut = format!("{begin} 203.0.113.17 10.20.0.30 511");
    let from = start + 21 * HOUR;
    let overflow = format!(
        "{begin} 203.0.113.9 10.20.0.30 50522 22 6 9 99999999999999999999999 {from} {} ACCEPT OK 3 ingress 203.0.113.9 10.20.0.30",
        from + 5
    );
    let mut stray = format!("{begin} 203.0.113.9 10.20.0.30 ").into_bytes();
    stray.extend_from_slice(b"\xff\xfe\x00\x1b[0m 22 6");
    vec![(start + 5 * HOUR, log, cut.into_bytes()), (from, log, overflow.into_bytes()), (start + 50 * HOUR, log, stray)]
}

/// AWS leaves an object like this when a flow log is set up, to see whether it may write.
pub(crate) fn write_test_object(logs: &Path) -> Result<()> {
    let folder = logs.join("AWSLogs");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make folder {}", folder.display()))?;
    let path = folder.join("aws-logs-write-test");
    fs::write(&path, "Permissions Check").with_context(|| format!("cannot write {}", path.display()))
}
