//! How long ago something was, in a process that may be frozen in between.

use crate::time::Epoch;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A moment. Lambda freezes a process between invocations, and whether the monotonic clock goes on meanwhile is not
/// promised; the wall clock may be set. So both are kept, and the longer time counts: a copy is rather taken as too old than
/// as too fresh.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    instant: Instant,
    wall: SystemTime,
}

impl Since {
    pub(super) fn now() -> Since {
        Since { instant: Instant::now(), wall: SystemTime::now() }
    }

    /// Time since then.
    pub(super) fn elapsed(&self) -> Duration {
        // A wall clock that was set back says nothing.
        let by_wall = self.wall.elapsed().unwrap_or_default();
        self.instant.elapsed().max(by_wall)
    }

    /// What is left of a time that began then; zero once it is over.
    pub(super) fn left_of(&self, time: Duration) -> Duration {
        time.saturating_sub(self.elapsed())
    }

    /// The moment by the wall clock.
    pub(super) fn epoch(&self) -> Epoch {
        let seconds = self.wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Epoch::try_from(seconds).unwrap_or(Epoch::MAX)
    }

    /// Whether it was later than the other one.
    pub(super) fn is_after(&self, other: &Since) -> bool {
        self.instant > other.instant
    }
}

#[cfg(test)]
impl Since {
    pub(super) fn earlier_by(mut self, time: Duration) -> Since {
        self.wall -= time;
        self.instant = self.instant.checked_sub(time).unwrap_or(self.instant);
        self
    }

    pub(super) fn later_by(mut self, time: Duration) -> Since {
        self.wall += time;
        self.instant += time;
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_clock_that_ran_longer_counts() {
        let hour = Duration::from_secs(3_600);
        let mut frozen = Since::now();
        frozen.wall = frozen.wall.checked_sub(hour).unwrap();
        assert!(frozen.elapsed() >= hour);
        assert_eq!(frozen.left_of(hour), Duration::ZERO);
        let mut set_back = Since::now();
        set_back.wall = set_back.wall.checked_add(hour).unwrap();
        assert!(set_back.elapsed() < hour);
    }
}
