//! Covers against a search that knows no trie: every CIDR around the lowest address that is left is tried.
#![allow(clippy::unwrap_used)]

use super::*;

fn nets(list: &[&str]) -> Vec<IpNet> {
    list.iter().map(|net| net.parse().unwrap()).collect()
}

fn cover(blocks: &[IpNet], at_most: usize) -> Vec<IpNet> {
    Covers::new(blocks, at_most).cidrs(at_most)
}

#[test]
fn takes_the_blocks_themselves_where_they_are_few() {
    let blocks = nets(&["10.0.0.1/32", "10.0.0.9/32", "10.0.1.0/24"]);
    assert_eq!(cover(&blocks, 8), nets(&["10.0.0.1/32", "10.0.0.9/32", "10.0.1.0/24"]));
    assert_eq!(cover(&blocks, 2), nets(&["10.0.0.0/28", "10.0.1.0/24"]));
    assert_eq!(cover(&blocks, 1), nets(&["10.0.0.0/23"]));
    assert_eq!(cover(&[], 3), Vec::<IpNet>::new());
    assert_eq!(Covers::new(&[], 3).most(), 0);
    assert_eq!(cover(&nets(&["::/1", "8000::/1"]), 1), nets(&["::/0"]));
    assert_eq!(cover(&nets(&["10.0.0.0/8", "10.1.2.3/32"]), 4), nets(&["10.0.0.0/8"]));
}

/// A family with a place of its own for the few bits that the search can walk through.
struct Ground {
    /// Text of the network of `bits` host bits that all lies in.
    whole: &'static str,
    bits: u32,
}

const GROUNDS: [Ground; 3] = [
    Ground { whole: "192.0.2.64/26", bits: 6 },
    Ground { whole: "2001:db8::7f80/122", bits: 6 },
    // Blocks far above the hosts: the last bits are all zero.
    Ground { whole: "2001:db8::/32", bits: 96 },
];

/// How many bits of a ground are searched.
const SEARCHED: u32 = 6;

impl Ground {
    fn whole(&self) -> IpNet {
        self.whole.parse().unwrap()
    }

    /// The block of the ground that is `number` in the searched bits, `short` of which are left free.
    fn block(&self, number: u32, short: u32) -> IpNet {
        let below = self.bits - SEARCHED;
        let whole = self.whole();
        let offset = u128::from(number) << below;
        let prefix = whole.prefix_len() + (SEARCHED - short) as u8;
        match whole {
            IpNet::V4(net) => {
                let first = Ipv4Addr::from(u32::from(net.network()) + offset as u32);
                IpNet::from(Ipv4Net::new(first, prefix).unwrap()).trunc()
            }
            IpNet::V6(net) => {
                let first = Ipv6Addr::from(u128::from(net.network()) + offset);
                IpNet::from(Ipv6Net::new(first, prefix).unwrap()).trunc()
            }
        }
    }
}

/// The fewest places of 0..64 that at most so many aligned runs of 2^shortest places or more cover.
fn fewest(left: u64, at_most: usize, shortest: u32) -> u32 {
    if left == 0 {
        return 0;
    }
    if at_most == 0 {
        return u32::MAX;
    }
    let lowest = left.trailing_zeros();
    let mut best = u32::MAX;
    for length in shortest..=SEARCHED {
        let run =
            if length == SEARCHED { u64::MAX } else { ((1_u64 << (1 << length)) - 1) << (lowest >> length << length) };
        best = best.min(fewest(left & !run, at_most - 1, shortest).saturating_add(1 << length));
    }
    best
}

fn random_numbers(seed: u32) -> impl FnMut(u32) -> u32 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) % below
    }
}

#[test]
fn equals_exhaustive_search() {
    let mut random = random_numbers(0x1234_5678);
    for case in 0..6000 {
        let ground = &GROUNDS[case % GROUNDS.len()];
        // Blocks of differing length, some inside others, and none shorter than the least that may be named.
        let shortest = if random(2) == 0 { 0 } else { random(SEARCHED + 1) };
        let own = ground.whole();
        let longest = own.prefix_len() + (SEARCHED - shortest) as u8;
        let mut blocks = Vec::new();
        let mut places = 0_u64;
        for _ in 0..random(7) + 1 {
            let length = if random(3) == 0 { random(5) } else { 0 };
            let block = ground.block(random(1 << SEARCHED), length);
            blocks.push(widened(block, longest, own));
            for number in 0..1 << SEARCHED {
                if block.contains(&ground.block(number, 0)) {
                    places |= 1 << number;
                }
            }
        }
        let covers = Covers::new(&blocks, 5);
        for at_most in 1..=5 {
            let cidrs = covers.cidrs(at_most);
            assert!(!cidrs.is_empty() && cidrs.len() <= at_most);
            assert!(cidrs.iter().all(|cidr| cidr.prefix_len() <= longest && own.contains(cidr)), "{cidrs:?}");
            assert!(cidrs.windows(2).all(|pair| pair[0] < pair[1] && !pair[0].contains(&pair[1])), "{cidrs:?}");
            let mut covered = 0_u32;
            for number in 0..1 << SEARCHED {
                let place = ground.block(number, 0);
                let is_covered = cidrs.iter().any(|cidr| cidr.contains(&place));
                assert!(is_covered || places & 1 << number == 0, "{place} of {blocks:?} in {cidrs:?}");
                covered += u32::from(is_covered);
            }
            assert_eq!(covered, fewest(places, at_most, shortest), "{blocks:?} with {at_most}: {cidrs:?}");
        }
    }
}

#[test]
fn a_block_is_widened_no_further_than_the_rule_reaches() {
    let net = |text: &str| text.parse::<IpNet>().unwrap();
    assert_eq!(widened(net("10.1.2.3/32"), 24, net("10.0.0.0/8")), net("10.1.2.0/24"));
    assert_eq!(widened(net("10.1.2.0/20"), 24, net("10.0.0.0/8")), net("10.1.0.0/20"));
    assert_eq!(widened(net("10.1.2.3/32"), 24, net("10.1.2.0/30")), net("10.1.2.0/30"));
    assert_eq!(widened(net("2001:db8::1/128"), 64, net("::/0")), net("2001:db8::/64"));
    assert_eq!(widened(net("2001:db8::1/128"), 0, net("::/0")), net("::/0"));
}

#[test]
fn a_million_peers_and_sixty_cidrs() {
    let mut random = random_numbers(77);
    let hosts: Vec<IpNet> = (0..1_000_000)
        .map(|_| {
            IpNet::from(std::net::IpAddr::from([
                random(224) as u8,
                random(256) as u8,
                random(256) as u8,
                random(256) as u8,
            ]))
        })
        .collect();
    let covers = Covers::new(&hosts, 60);
    assert_eq!(covers.most(), 60);
    let mut before = u128::MAX;
    for at_most in [1, 2, 8, 60] {
        let cidrs = covers.cidrs(at_most);
        let addresses: u128 = cidrs.iter().map(|cidr| 1_u128 << (32 - cidr.prefix_len())).sum();
        assert!(cidrs.len() <= at_most && addresses <= before);
        before = addresses;
        for host in &hosts {
            let after = cidrs.partition_point(|cidr| cidr.network() <= host.network());
            assert!(after > 0 && cidrs[after - 1].contains(host));
        }
    }
}
