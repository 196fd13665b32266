//! What a test wants to go wrong.

use super::Service;
use std::time::Duration;

/// What befalls the calls of one operation, until another fault is set.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    Clear,
    /// The service's own throttling error (EC2: `RequestLimitExceeded`), so many times; `u32::MAX` for ever.
    Throttle {
        /// How many calls.
        times: u32,
    },
    /// The service's own error for a missing permission, always.
    AccessDenied,
    /// Every call takes so long before it is looked at. It is done then, even if the caller has gone.
    Delay(Duration),
    /// An error with this code and status, so many times.
    Refuse {
        /// `ServiceUnavailableException`...
        code: String,
        /// The HTTP status.
        status: u16,
        /// How many calls.
        times: u32,
    },
    /// The connection is closed before anything is done.
    Drop,
    /// What is asked for is done, and the connection closed before the answer.
    DropAfter,
    /// Firehose only: these records of a batch are refused, one by one.
    FailRecords(Pattern),
    /// Any fault, for so many calls.
    Times(u32, Box<Fault>),
    /// By chance, the same for the same seed and number of the call.
    Random {
        /// Of the sequence.
        seed: u64,
        /// How often what.
        chances: Chances,
    },
}

/// Which records of a batch are refused. A bare pattern holds for one call; `Forever` for all that follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The first record.
    First,
    /// The last record.
    Last,
    /// All records.
    All,
    /// The first, third, fifth...
    Alternating,
    /// All records of every call.
    Forever,
    /// A pattern for so many calls.
    Times(u32, Box<Pattern>),
}

/// Chances in per cent. At most one of them befalls a call, except that a delay may come with any.
#[derive(Clone, Debug, Default)]
pub struct Chances {
    /// Throttling.
    pub throttle: u8,
    /// A server's error (`ServiceUnavailableException`, 503).
    pub unavailable: u8,
    /// The connection is closed before anything is done.
    pub drop: u8,
    /// The connection is closed after all is done.
    pub drop_after: u8,
    /// Some records of a batch are refused; each of them with an even chance.
    pub fail_records: u8,
    /// The call is late.
    pub delay: u8,
    /// How late.
    pub delay_for: Duration,
}

/// A fault and how often it has struck.
pub(super) struct Faults {
    fault: Fault,
    calls: u64,
}

/// What befalls one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Action {
    pub delay: Option<Duration>,
    pub drop_before: bool,
    pub drop_after: bool,
    pub fail_records: Option<FailRecords>,
    error: Option<Error>,
}

#[derive(Clone, Debug)]
enum Error {
    Throttled,
    Denied,
    Unavailable,
    Coded(String, u16),
}

#[derive(Clone, Debug)]
pub(crate) enum FailRecords {
    ByPattern(Pattern),
    ByChance(u64),
}

impl Faults {
    pub fn new(fault: Fault) -> Faults {
        Faults { fault, calls: 0 }
    }

    /// What befalls the next call.
    pub fn next(&mut self) -> Action {
        let call = self.calls;
        self.calls += 1;
        action(&self.fault, call)
    }
}

fn action(fault: &Fault, call: u64) -> Action {
    let nothing = Action::default();
    match fault {
        Fault::Clear => nothing,
        Fault::Throttle { times } if is_over(*times, call) => nothing,
        Fault::Throttle { .. } => Action { error: Some(Error::Throttled), ..nothing },
        Fault::AccessDenied => Action { error: Some(Error::Denied), ..nothing },
        Fault::Delay(delay) => Action { delay: Some(*delay), ..nothing },
        Fault::Refuse { times, .. } if is_over(*times, call) => nothing,
        Fault::Refuse { code, status, .. } => Action { error: Some(Error::Coded(code.clone(), *status)), ..nothing },
        Fault::Drop => Action { drop_before: true, ..nothing },
        Fault::DropAfter => Action { drop_after: true, ..nothing },
        Fault::FailRecords(pattern) => Action { fail_records: at_call(pattern, call), ..nothing },
        Fault::Times(times, _) if is_over(*times, call) => nothing,
        Fault::Times(_, fault) => action(fault, call),
        Fault::Random { seed, chances } => by_chance(*seed, chances, call),
    }
}

fn is_over(times: u32, call: u64) -> bool {
    times != u32::MAX && call >= u64::from(times)
}

fn at_call(pattern: &Pattern, call: u64) -> Option<FailRecords> {
    match pattern {
        Pattern::Forever => Some(FailRecords::ByPattern(Pattern::All)),
        Pattern::Times(times, _) if is_over(*times, call) => None,
        Pattern::Times(_, pattern) => match pattern.as_ref() {
            Pattern::Times(..) => at_call(pattern, call),
            Pattern::Forever => Some(FailRecords::ByPattern(Pattern::All)),
            bare => Some(FailRecords::ByPattern(bare.clone())),
        },
        bare => (call == 0).then(|| FailRecords::ByPattern(bare.clone())),
    }
}

fn by_chance(seed: u64, chances: &Chances, call: u64) -> Action {
    let mut action = Action::default();
    let number = mix(seed.wrapping_add(mix(call)));
    if number % 100 < u64::from(chances.delay) {
        action.delay = Some(chances.delay_for);
    }
    let mut left = mix(number) % 100;
    let mut falls = |chance: u8| {
        let hit = left < u64::from(chance);
        left = if hit { u64::MAX } else { left.saturating_sub(u64::from(chance)) };
        hit
    };
    if falls(chances.throttle) {
        action.error = Some(Error::Throttled);
    }
    if falls(chances.unavailable) {
        action.error = Some(Error::Unavailable);
    }
    action.drop_before = falls(chances.drop);
    action.drop_after = falls(chances.drop_after);
    if falls(chances.fail_records) {
        action.fail_records = Some(FailRecords::ByChance(mix(number ^ 1)));
    }
    action
}

/// SplitMix64's output function: a good hash of a counter.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

impl Action {
    /// The error code and status of a call that is refused as a whole.
    pub fn refusal(&self, service: Service) -> Option<(String, u16)> {
        let (code, status) = match self.error.as_ref()? {
            Error::Throttled => service.throttled(),
            Error::Denied => service.denied(),
            Error::Unavailable if service == Service::Firehose => ("ServiceUnavailableException", 500),
            Error::Unavailable => ("InternalError", 500),
            Error::Coded(code, status) => return Some((code.clone(), *status)),
        };
        Some((code.to_owned(), status))
    }
}

impl FailRecords {
    /// Whether this record of a batch of `count` is refused.
    pub fn strikes(&self, index: usize, count: usize) -> bool {
        match self {
            FailRecords::ByPattern(Pattern::First) => index == 0,
            FailRecords::ByPattern(Pattern::Last) => index + 1 == count,
            FailRecords::ByPattern(Pattern::Alternating) => index.is_multiple_of(2),
            FailRecords::ByPattern(Pattern::All | Pattern::Forever | Pattern::Times(..)) => true,
            FailRecords::ByChance(seed) => mix(seed.wrapping_add(index as u64)).is_multiple_of(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(fault: Fault, calls: usize) -> Vec<Vec<bool>> {
        let mut faults = Faults::new(fault);
        let mut all = Vec::new();
        for _ in 0..calls {
            let action = faults.next();
            let strikes = |index| action.fail_records.as_ref().is_some_and(|fail| fail.strikes(index, 3));
            all.push((0..3).map(strikes).collect());
        }
        all
    }

    #[test]
    fn patterns_of_three_records_in_two_calls() {
        let none = vec![false; 3];
        let cases = [
            (Pattern::First, vec![true, false, false], none.clone()),
            (Pattern::Last, vec![false, false, true], none.clone()),
            (Pattern::Alternating, vec![true, false, true], none.clone()),
            (Pattern::All, vec![true; 3], none.clone()),
            (Pattern::Forever, vec![true; 3], vec![true; 3]),
            (Pattern::Times(2, Box::new(Pattern::Last)), vec![false, false, true], vec![false, false, true]),
            (Pattern::Times(1, Box::new(Pattern::Forever)), vec![true; 3], none),
        ];
        for (pattern, first, second) in cases {
            assert_eq!(struck(Fault::FailRecords(pattern.clone()), 2), [first, second], "{pattern:?}");
        }
    }

    #[test]
    fn times_are_counted() {
        let mut faults = Faults::new(Fault::Throttle { times: 2 });
        let codes: Vec<_> = (0..3).map(|_| faults.next().refusal(Service::Ec2)).collect();
        let throttled = Some(("RequestLimitExceeded".to_owned(), 503));
        assert_eq!(codes, [throttled.clone(), throttled, None]);
        let mut faults = Faults::new(Fault::Times(1, Box::new(Fault::Drop)));
        assert_eq!((faults.next().drop_before, faults.next().drop_before), (true, false));
    }

    #[test]
    fn chance_is_near_its_percentage_and_the_same_again() {
        let chances = Chances { throttle: 10, drop: 20, drop_after: 5, delay: 50, ..Chances::default() };
        let fault = Fault::Random { seed: 7, chances };
        let run = || -> Vec<Action> {
            let mut faults = Faults::new(fault.clone());
            (0..2000).map(|_| faults.next()).collect()
        };
        let actions = run();
        let dropped = actions.iter().filter(|action| action.drop_before).count();
        let late = actions.iter().filter(|action| action.delay.is_some()).count();
        // Four standard deviations: 4 * sqrt(2000 * 0.2 * 0.8) = 72 and 4 * sqrt(2000 * 0.25) = 90.
        assert!(dropped.abs_diff(400) <= 72, "{dropped}");
        assert!(late.abs_diff(1000) <= 90, "{late}");
        assert!(actions.iter().all(|action| !(action.drop_before && action.drop_after)));
        let again: Vec<bool> = run().iter().map(|action| action.drop_before).collect();
        assert_eq!(again, actions.iter().map(|action| action.drop_before).collect::<Vec<_>>());
    }
}
