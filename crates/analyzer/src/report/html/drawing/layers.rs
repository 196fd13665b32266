//! Which box stands in which column, and in which order within it.

use super::{Place, Stand, Way};
use std::collections::BTreeMap;

/// Groups are spread over at most so many columns.
const COLUMNS: usize = 3;
/// From so many boxes in one column, others are opened for groups that no other group knows.
const TALL: usize = 6;
/// How often the order is bettered, from left to right and back.
const SWEEPS: usize = 6;

/// The boxes of each column, from left to right; no column is empty.
pub fn columns(stands: &[Stand], ways: &[Way<'_>]) -> Vec<Vec<usize>> {
    let is_group = |number: usize| matches!(stands[number], Stand::Group(_));
    let depths = depths(stands, ways);
    let mut columns = vec![Vec::new(); COLUMNS + 2];
    let mut loose = Vec::new();
    for (number, stand) in stands.iter().enumerate() {
        let tied = ways.iter().any(|way| {
            !way.is_loop() && (way.from == number || way.to == number) && is_group(way.from) && is_group(way.to)
        });
        match stand {
            Stand::Left(_) => columns[0].push(number),
            Stand::Right(_) => columns[COLUMNS + 1].push(number),
            Stand::Group(_) if tied => columns[1 + depths[number].min(COLUMNS - 1)].push(number),
            Stand::Group(_) => loose.push(number),
        }
    }
    // Groups that no other group knows fill up what is short, so that the picture does not grow tall.
    for number in loose {
        let longest = columns[1..=COLUMNS].iter().map(Vec::len).max().unwrap_or_default();
        let used = columns[1..=COLUMNS].iter().filter(|column| !column.is_empty()).count();
        let open = if longest >= TALL { COLUMNS } else { used.max(1) };
        let shortest = (1..=open).min_by_key(|&column| columns[column].len()).unwrap_or(1);
        columns[shortest].push(number);
    }
    columns.retain(|column| !column.is_empty());
    columns
}

/// How many groups stand before each group on the longest way to it, without ways that close a circle.
fn depths(stands: &[Stand], ways: &[Way<'_>]) -> Vec<usize> {
    let is_group = |number: usize| matches!(stands[number], Stand::Group(_));
    let mut next = vec![Vec::new(); stands.len()];
    let mut called = vec![0_usize; stands.len()];
    let mut is_entrance = vec![false; stands.len()];
    for way in ways.iter().filter(|way| !way.is_loop() && is_group(way.from) && is_group(way.to)) {
        next[way.from].push(way.to);
        called[way.to] += 1;
    }
    for way in ways.iter().filter(|way| matches!(stands[way.from], Stand::Left(_))) {
        is_entrance[way.to] = true;
    }
    // Those come first that nobody inside calls, then those that are called from outside: so a circle is cut where it is entered.
    let mut starts: Vec<usize> = (0..stands.len()).collect();
    starts.sort_by_key(|&number| (called[number] > 0, !is_entrance[number], called[number], number));
    let mut state = vec![Seen::Not; stands.len()];
    let mut finished = Vec::new();
    let mut kept = vec![Vec::new(); stands.len()];
    for start in starts {
        if state[start] != Seen::Not {
            continue;
        }
        state[start] = Seen::Open;
        let mut path = vec![(start, 0)];
        while let Some((number, step)) = path.pop() {
            let Some(&to) = next[number].get(step) else {
                state[number] = Seen::Done;
                finished.push(number);
                continue;
            };
            path.push((number, step + 1));
            if state[to] == Seen::Open {
                continue;
            }
            kept[number].push(to);
            if state[to] == Seen::Not {
                state[to] = Seen::Open;
                path.push((to, 0));
            }
        }
    }
    let mut depths = vec![0; stands.len()];
    for &number in finished.iter().rev() {
        for &to in &kept[number] {
            depths[to] = depths[to].max(depths[number] + 1);
        }
    }
    depths
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Not,
    Open,
    Done,
}

/// Gives every way a place in each column that it passes; says of all places in which column they are.
pub fn routed(columns: &mut [Vec<usize>], ways: &mut [Way<'_>], boxes: usize) -> Vec<Place> {
    let mut places = vec![Place::default(); boxes];
    for (column, numbers) in columns.iter().enumerate() {
        for &number in numbers {
            places[number].column = column;
        }
    }
    for way in ways.iter_mut() {
        let (from, to) = (places[way.from].column, places[way.to].column);
        let mut passed: Vec<usize> = (from.min(to) + 1..from.max(to)).collect();
        if from > to {
            passed.reverse();
        }
        let mut route = vec![way.from];
        for column in passed {
            route.push(places.len());
            columns[column].push(places.len());
            places.push(Place { column, ..Place::default() });
        }
        route.push(way.to);
        way.route = route;
    }
    places
}

/// The same columns, each place near the middle of those that it has lines to: there and back a few times, which leaves
/// few crossings.
pub fn ordered(mut columns: Vec<Vec<usize>>, ways: &[Way<'_>]) -> Vec<Vec<usize>> {
    let mut beside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for way in ways.iter().filter(|way| !way.is_loop()) {
        for step in way.route.windows(2) {
            beside.entry(step[0]).or_default().push(step[1]);
            beside.entry(step[1]).or_default().push(step[0]);
        }
    }
    for sweep in 0..SWEEPS {
        for turn in 0..columns.len() {
            let column = if sweep % 2 == 0 { turn } else { columns.len() - 1 - turn };
            let heights = heights(&columns);
            let height = |number: &usize| heights.get(number).copied().unwrap_or_default();
            let middle = |number: usize| match beside.get(&number) {
                Some(others) => others.iter().map(height).sum::<i64>() / others.len() as i64,
                None => height(&number),
            };
            columns[column].sort_by_cached_key(|&number| middle(number));
        }
    }
    columns
}

/// Where in its column each place stands, in ten-thousandths of the column.
fn heights(columns: &[Vec<usize>]) -> BTreeMap<usize, i64> {
    let mut heights = BTreeMap::new();
    for column in columns {
        for (row, &number) in column.iter().enumerate() {
            heights.insert(number, (2 * row as i64 + 1) * 5000 / column.len() as i64);
        }
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::super::super::network_map::{End, Line};
    use super::*;

    fn group(id: &str) -> Stand {
        Stand::Group(End::Group(id.to_owned()))
    }

    fn ways<'a>(line: &'a Line, ends: &[(usize, usize)]) -> Vec<Way<'a>> {
        ends.iter().map(|&(from, to)| Way { from, to, route: vec![from, to], line }).collect()
    }

    #[test]
    fn callers_stand_left_of_whom_they_call() {
        let stands = [Stand::Left(End::Internet), group("a"), group("b"), group("c"), Stand::Right(End::Internet)];
        let line = Line::default();
        // The Internet to b, b to a, a to c, c out; and c back to b, which closes a circle.
        let mut ways = ways(&line, &[(0, 2), (2, 1), (1, 3), (3, 4), (3, 2), (0, 3)]);
        let mut columns = columns(&stands, &ways);
        let at = |columns: &[Vec<usize>], number| columns.iter().position(|column| column.contains(&number));
        assert_eq!((at(&columns, 0), at(&columns, 4)), (Some(0), Some(columns.len() - 1)));
        for (from, to) in [(2, 1), (1, 3)] {
            assert!(at(&columns, from) < at(&columns, to), "{columns:?}");
        }
        let places = routed(&mut columns, &mut ways, stands.len());
        // From the Internet to c over the columns of b and a; back from c to b over that of a.
        assert_eq!(ways.iter().map(|way| way.route.len()).collect::<Vec<_>>(), [2, 2, 2, 2, 3, 4]);
        for way in &ways {
            for step in way.route.windows(2) {
                assert_eq!(places[step[0]].column.abs_diff(places[step[1]].column), 1);
            }
        }
        let mut all: Vec<usize> = ordered(columns, &ways).concat();
        all.sort_unstable();
        assert_eq!(all, (0..places.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_circle_of_groups_ends() {
        let stands = [group("a"), group("b"), group("c")];
        let line = Line::default();
        let ways = ways(&line, &[(0, 1), (1, 2), (2, 0), (1, 0), (2, 2)]);
        let columns = columns(&stands, &ways);
        assert_eq!(columns.concat().len(), 3);
    }
}
