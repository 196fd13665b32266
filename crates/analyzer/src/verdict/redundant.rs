//! Rules that can all go at once because others of their group surely allow everything that they were used for.

use crate::attribute::cover::Covers;
use ethnum::U256;

/// Finds a set of redundant rules of one group.
///
/// `candidates`: positions of the rules that may go, with their exposure; the widest is tried first, for the narrow ones that
/// stay in its place open less. A rule goes if, without it and all that went before, every request that any of them was or
/// may have been used for still has a rule that surely allows it.
pub fn redundant(covers: &Covers, rules: usize, candidates: &[(usize, U256)]) -> Vec<usize> {
    let mut order = candidates.to_vec();
    order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut gone = vec![false; rules];
    let mut found = Vec::new();
    for (candidate, _) in order {
        gone[candidate] = true;
        let still_covered = covers.iter().all(|cover| {
            let needed = (0..rules).any(|rule| gone[rule] && cover.uses(rule));
            !needed || (0..rules).any(|rule| !gone[rule] && cover.surely(rule))
        });
        if still_covered {
            found.push(candidate);
        } else {
            gone[candidate] = false;
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::cover::Draft;

    /// Uses and sure covers as lists of positions.
    fn covers(rules: usize, pairs: &[(&[usize], &[usize])]) -> Covers {
        let mut covers = Covers::default();
        let mut draft = Draft::default();
        for (uses, surely) in pairs {
            draft.clear(rules);
            uses.iter().for_each(|&rule| draft.uses(rule));
            surely.iter().for_each(|&rule| draft.surely(rule));
            covers.add(&draft, 1);
        }
        covers
    }

    fn wide(positions: &[usize]) -> Vec<(usize, U256)> {
        positions.iter().map(|&rule| (rule, U256::from(100 - rule as u32))).collect()
    }

    #[test]
    fn the_widest_goes_and_what_it_leaned_on_stays() {
        let both = covers(2, &[(&[0, 1], &[0, 1])]);
        assert_eq!(redundant(&both, 2, &wide(&[0, 1])), vec![0]);
        assert_eq!(redundant(&both, 2, &wide(&[1])), vec![1]);
        // A use that is only possibly allowed by the other keeps the rule.
        assert_eq!(redundant(&covers(2, &[(&[0, 1], &[0])]), 2, &wide(&[0])), Vec::<usize>::new());
    }

    #[test]
    fn a_set_goes_only_as_a_whole() {
        // Each is covered by the two others, so one of the three has to stay.
        let ring = covers(3, &[(&[0, 1, 2], &[0, 1, 2])]);
        assert_eq!(redundant(&ring, 3, &wide(&[0, 1, 2])), vec![0, 1]);
        // 0 leans on 1 and 1 on 2: without 1 nothing surely allows what 0 was used for.
        let chain = covers(3, &[(&[0, 1], &[0, 1]), (&[1, 2], &[1, 2])]);
        assert_eq!(redundant(&chain, 3, &wide(&[0, 1])), vec![0]);
    }

    #[test]
    fn what_is_removed_is_covered_and_nothing_more_could_go() {
        let mut state = 7_u32;
        let mut random = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        for _ in 0..2000 {
            let rules = (random() % 6 + 1) as usize;
            let mut pairs = Vec::new();
            for _ in 0..random() % 6 {
                let uses: Vec<usize> = (0..rules).filter(|_| random() % 2 == 0).collect();
                // What surely allows a request is used by it.
                let surely: Vec<usize> = uses.iter().copied().filter(|_| random() % 3 > 0).collect();
                pairs.push((uses, surely));
            }
            let listed: Vec<(&[usize], &[usize])> = pairs.iter().map(|(a, b)| (a.as_slice(), b.as_slice())).collect();
            let gone = redundant(&covers(rules, &listed), rules, &wide(&(0..rules).collect::<Vec<_>>()));
            let covered = |gone: &[usize]| {
                pairs.iter().all(|(uses, surely)| {
                    !uses.iter().any(|rule| gone.contains(rule)) || surely.iter().any(|rule| !gone.contains(rule))
                })
            };
            assert!(covered(&gone), "{pairs:?} {gone:?}");
            for more in (0..rules).filter(|rule| !gone.contains(rule)) {
                let larger: Vec<usize> = gone.iter().copied().chain([more]).collect();
                assert!(!covered(&larger), "{pairs:?} {gone:?} and {more}");
            }
        }
    }
}
