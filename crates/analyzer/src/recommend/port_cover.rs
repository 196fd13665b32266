//! The fewest ports in at most so many ranges that cover a set of ports. Exact: ranges on a line are best parted at the widest
//! gaps.

use crate::report::model::PortSpan;

/// The best covers of ascending, distinct ports with 1, 2, ... and at most `at_most` ranges, as long as one more range saves
/// ports. Empty for no ports.
pub fn covers(ports: &[u16], at_most: usize) -> Vec<Vec<PortSpan>> {
    let mut covers = Vec::new();
    for count in 1..=at_most.max(1) {
        let ranges = cover(ports, count);
        if ranges.len() < count {
            break;
        }
        covers.push(ranges);
    }
    covers
}

/// Covers ascending, distinct ports with at most `at_most` ranges (at least one).
pub fn cover(ports: &[u16], at_most: usize) -> Vec<PortSpan> {
    let mut gaps: Vec<(u16, usize)> = Vec::new();
    for (position, pair) in ports.windows(2).enumerate() {
        let gap = pair[1] - pair[0];
        if gap > 1 {
            gaps.push((gap, position));
        }
    }
    // The widest first; of equal ones the lowest, so that the same ports always give the same ranges.
    gaps.sort_unstable_by_key(|&(gap, position)| (std::cmp::Reverse(gap), position));
    gaps.truncate(at_most.max(1) - 1);
    let mut cuts: Vec<usize> = gaps.into_iter().map(|(_, position)| position).collect();
    cuts.sort_unstable();

    let mut ranges = Vec::with_capacity(cuts.len() + 1);
    let mut from = 0;
    for cut in cuts.into_iter().chain(ports.len().checked_sub(1)) {
        ranges.push(PortSpan { from: ports[from], to: ports[cut] });
        from = cut + 1;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fewest(ports: &[u16], at_most: usize) -> u32 {
        let Some(&first) = ports.first() else {
            return 0;
        };
        if at_most == 0 {
            return u32::MAX;
        }
        let ends = 1..=ports.len();
        let with =
            |end: usize| fewest(&ports[end..], at_most - 1).saturating_add(u32::from(ports[end - 1] - first) + 1);
        ends.map(with).min().unwrap_or(u32::MAX)
    }

    #[test]
    fn equals_exhaustive_search() {
        let mut state = 0x0bad_cafe_u32;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        for _ in 0..3000 {
            let mut ports: Vec<u16> = (0..random() % 9).map(|_| (random() % 64) as u16).collect();
            ports.sort_unstable();
            ports.dedup();
            let at_most = (random() % 4 + 1) as usize;
            let covered = cover(&ports, at_most);
            assert!(covered.len() <= at_most);
            assert!(ports.iter().all(|port| covered.iter().any(|range| range.from <= *port && *port <= range.to)));
            let total: u32 = covered.iter().map(|range| u32::from(range.to - range.from) + 1).sum();
            assert_eq!(total, fewest(&ports, at_most), "{ports:?} {at_most}");
            let all = covers(&ports, at_most);
            assert_eq!(all.last().map_or(0, Vec::len), covered.len());
            assert!(all.iter().enumerate().all(|(number, ranges)| *ranges == cover(&ports, number + 1)));
        }
    }
}
