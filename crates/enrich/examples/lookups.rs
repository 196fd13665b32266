//! How long opening and looking up take: `cargo run --release -p enrich --example lookups -- CITY.mmdb ASN.mmdb`.
//!
//! Prints the time to open, then nanoseconds per look-up of random public IPv4 addresses, and per hit of the cache.

use enrich::{AddressCache, Atlas, Sources};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

const LOOKUPS: u32 = 1_000_000;
const BUSY: usize = 30_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let geo = std::env::args_os().skip(1).map(Into::into).collect();
    let started = Instant::now();
    let atlas = Atlas::open(&Sources { geo, ..Sources::default() })?;
    println!("open: {:?}", started.elapsed());

    // The generator of Numerical Recipes; any that does not repeat would do.
    let mut state = 1_u32;
    let mut addresses = Vec::new();
    for _ in 0..LOOKUPS {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        addresses.push(IpAddr::V4(Ipv4Addr::from(0x0100_0000 + (state >> 1))));
    }
    let started = Instant::now();
    let mut known = 0;
    for address in &addresses {
        known += u32::from(!atlas.facts(*address).is_empty());
    }
    let each = started.elapsed() / LOOKUPS;
    println!("look-up: {each:?} ({known} of {LOOKUPS} known)");

    let mut cache = AddressCache::new(65_536);
    let busy = addresses.get(..BUSY).unwrap_or_default();
    for address in busy {
        cache.get_or_insert_with(*address, |address| atlas.facts(address));
    }
    let started = Instant::now();
    for address in busy.iter().cycle().take(LOOKUPS as usize) {
        black_box(cache.get_or_insert_with(*address, |address| atlas.facts(address)));
    }
    println!("cached: {:?}", started.elapsed() / LOOKUPS);
    Ok(())
}
