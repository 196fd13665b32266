//! How the time of one invocation is shared out.

use std::time::Duration;

use tokio::time::Instant;

/// When to stop with what, so that the function answers before Lambda ends it.
///
/// These are the ends of what waits for others, calls and pauses. Work of the function's own does not look at the clock: opening the event
/// comes out of the time for puts, but packing what was not delivered comes out of the time for leftovers. That is gzip of at most 32 MiB, a
/// second or more where the function has a fraction of a processor (at 256 MB a seventh). So let the function have a timeout of 30 s or
/// more, which leaves leftovers 3 s; at Lambda's default of 3 s an event that Firehose refuses may be cut off, and then Lambda tries it again.
///
/// ```text
/// start ───── put into Firehose ─────┤── write leftovers ──┤ answer ├ deadline
///                                puts_end            leftovers_end
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// No record is put after this.
    pub puts_end: Instant,
    /// No leftover is written after this.
    pub leftovers_end: Instant,
}

impl Deadline {
    /// Shares out `remaining`, from now to the deadline that Lambda has set.
    ///
    /// Leftovers get a tenth, at least 1.5 s (a new TLS connection and an object of a few megabytes), at most 10 s, and never more than half;
    /// the answer gets a twentieth, at most half a second. `keeps_leftovers` is false where there is no place to write them to.
    pub fn new(now: Instant, remaining: Duration, keeps_leftovers: bool) -> Deadline {
        let answer = (remaining / 20).min(Duration::from_millis(500));
        let leftovers_end = now + remaining.saturating_sub(answer);
        let mut for_leftovers = Duration::ZERO;
        if keeps_leftovers {
            let tenth = (remaining / 10).clamp(Duration::from_millis(1_500), Duration::from_secs(10));
            for_leftovers = tenth.min(remaining / 2);
        }
        let puts_end = now + remaining.saturating_sub(answer + for_leftovers);
        Deadline { puts_end, leftovers_end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_usual_deadlines() {
        let now = Instant::now();
        // (remaining, with leftovers: end of puts, end of leftovers; without: end of puts), milliseconds, by hand.
        let cases = [
            (60_000, 53_500, 59_500, 59_500),
            (300_000, 289_500, 299_500, 299_500),
            (10_000, 8_000, 9_500, 9_500),
            (3_000, 1_350, 2_850, 2_850),
            (1_000, 450, 950, 950),
            (0, 0, 0, 0),
        ];
        for (remaining, puts_end, leftovers_end, puts_end_without) in cases {
            let after = |milliseconds| now + Duration::from_millis(milliseconds);
            let with = Deadline::new(now, Duration::from_millis(remaining), true);
            assert_eq!((with.puts_end, with.leftovers_end), (after(puts_end), after(leftovers_end)), "{remaining}");
            let without = Deadline::new(now, Duration::from_millis(remaining), false);
            assert_eq!((without.puts_end, without.leftovers_end), (after(puts_end_without), after(leftovers_end)));
        }
    }
}
