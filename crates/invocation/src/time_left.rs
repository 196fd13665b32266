//! From now to the deadline.

use std::sync::Once;
use std::time::{Duration, SystemTime};

use lambda_runtime::Context;

/// Time that an invocation takes to have if Lambda does not say.
const WITHOUT_DEADLINE: Duration = Duration::from_secs(30);

/// A deadline that passed longer ago than this before the event even came was never meant as one.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// What an invocation has left: nothing if the deadline has just passed; 30 s if there is none, which is logged once.
pub fn time_left(context: &Context) -> Duration {
    until(context.deadline(), SystemTime::now()).unwrap_or_else(|| {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            let deadline = context.deadline;
            tracing::warn!(
                deadline,
                "the deadline lies in the past and is not kept to: each invocation takes 30 seconds"
            );
        });
        WITHOUT_DEADLINE
    })
}

/// `None` if it is no deadline: `cargo lambda watch` sends the time that there is, where Lambda sends the moment at which it ends, in
/// milliseconds since 1970.
fn until(deadline: SystemTime, now: SystemTime) -> Option<Duration> {
    match deadline.duration_since(now) {
        Ok(left) => Some(left),
        Err(passed) => (passed.duration() <= LONGEST_DELAY).then_some(Duration::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_of_1970_is_none() {
        let at = |milliseconds: u64| SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        let now = 1_510_772_160_000;
        let left = |deadline: u64| until(at(deadline), at(now));
        assert_eq!(left(now + 60_000), Some(Duration::from_secs(60)));
        for just_passed in [0, 1, 59_999, 60_000] {
            assert_eq!(left(now - just_passed), Some(Duration::ZERO));
        }
        for no_deadline in [now - 60_001, 600_000, 0] {
            assert_eq!(left(no_deadline), None);
        }
    }
}
