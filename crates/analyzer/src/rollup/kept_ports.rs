//! Which ports a rollup may drop.
//!
//! A client's port is drawn at random from the high ports (RFC 6056; Linux draws from 32768-60999, Windows from
//! 49152-65535), so keeping it would make a row of nearly every flow. It is dropped where a record shows whose it is, unless
//! some rule singles it out.

use super::row::RowPort;
use flowlog::opener::Opener;
use std::ops::RangeInclusive;

/// The lowest port that may be dropped.
pub const LOWEST_DROPPED: u16 = 32768;

/// Ports from 32768 up that are never dropped: sorted ranges that do not touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptPorts(Vec<RangeInclusive<u16>>);

impl KeptPorts {
    /// Any ranges, in any order; what lies below 32768 is kept anyway and is left out.
    pub fn new(ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Self {
        let mut sorted: Vec<(u16, u16)> = Vec::new();
        for range in ranges {
            let (from, to) = (*range.start().max(&LOWEST_DROPPED), *range.end());
            if from <= to {
                sorted.push((from, to));
            }
        }
        sorted.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in sorted {
            match merged.last_mut() {
                Some(last) if u32::from(from) <= u32::from(last.1) + 1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        KeptPorts(merged.into_iter().map(|(from, to)| from..=to).collect())
    }

    /// The ranges, ascending.
    pub fn ranges(&self) -> &[RangeInclusive<u16>] {
        &self.0
    }

    /// Whether a port is kept whoever it belongs to.
    pub fn holds(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(&port))
    }

    /// Whether no port of this range can have been dropped.
    pub fn holds_all(&self, from: u16, to: u16) -> bool {
        let from = from.max(LOWEST_DROPPED);
        from > to || self.0.iter().any(|range| *range.start() <= from && to <= *range.end())
    }

    /// Ports kept by both.
    pub fn intersection(&self, other: &KeptPorts) -> KeptPorts {
        let mut both = Vec::new();
        for a in &self.0 {
            for b in &other.0 {
                let (from, to) = (*a.start().max(b.start()), *a.end().min(b.end()));
                if from <= to {
                    both.push(from..=to);
                }
            }
        }
        KeptPorts::new(both)
    }

    /// The two ports as a row holds them: the client's is dropped where TCP flags tell who opened the flow, or where it is
    /// high and the other is not.
    pub fn thin(&self, source: RowPort, destination: RowPort, opener: Option<Opener>) -> (RowPort, RowPort) {
        let drop = |port: RowPort| match port {
            RowPort::Known(port) if port >= LOWEST_DROPPED && !self.holds(port) => RowPort::High,
            other => other,
        };
        let is_high = |port: RowPort| match port {
            RowPort::Known(port) => Some(port >= LOWEST_DROPPED),
            RowPort::High => Some(true),
            RowPort::Missing => None,
        };
        match opener {
            Some(Opener::Source) => (drop(source), destination),
            Some(Opener::Destination) => (source, drop(destination)),
            _ => match (is_high(source), is_high(destination)) {
                (Some(true), Some(false)) => (drop(source), destination),
                (Some(false), Some(true)) => (source, drop(destination)),
                _ => (source, destination),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_only_what_is_a_clients() {
        let kept = KeptPorts::new([60000..=60010, 50051..=50051, 443..=40000, 60005..=60020]);
        assert_eq!(kept.ranges(), &[32768..=40000, 50051..=50051, 60000..=60020]);
        let known = RowPort::Known;
        assert!(kept.holds_all(60001, 60020) && kept.holds_all(80, 40000) && kept.holds_all(80, 443));
        assert!(!kept.holds_all(60001, 60021) && !kept.holds_all(39999, 50051));
        assert_eq!(kept.thin(known(45000), known(443), None), (RowPort::High, known(443)));
        assert_eq!(kept.thin(known(443), known(45000), None), (known(443), RowPort::High));
        assert_eq!(kept.thin(known(50051), known(443), None), (known(50051), known(443)));
        assert_eq!(kept.thin(known(45000), known(45001), None), (known(45000), known(45001)));
        assert_eq!(kept.thin(known(45000), known(45001), Some(Opener::Source)), (RowPort::High, known(45001)));
        assert_eq!(kept.thin(known(45000), known(45001), Some(Opener::Destination)), (known(45000), RowPort::High));
        // Flags say that the high side answered: its port is the server's and stays.
        assert_eq!(kept.thin(known(45000), known(2049), Some(Opener::Destination)), (known(45000), known(2049)));
        assert_eq!(kept.thin(RowPort::Missing, RowPort::Missing, None), (RowPort::Missing, RowPort::Missing));
    }

    #[test]
    fn intersection_is_what_both_keep() {
        let a = KeptPorts::new([40000..=41000, 50000..=50010]);
        let b = KeptPorts::new([40500..=50005]);
        assert_eq!(a.intersection(&b), KeptPorts::new([40500..=41000, 50000..=50005]));
        assert_eq!(a.intersection(&KeptPorts::default()), KeptPorts::default());
    }
}
