//! Rows that are shown against rows that are meant.

use super::answer::Columns;
use super::levels::Level;
use super::rows::Rows;
use std::collections::{BTreeMap, BTreeSet};

/// Every row that is shown is meant, with these numbers; every level shows as many as it may; and the innermost the greatest, in order.
pub fn compare(columns: &Columns, shown: &Rows, order: &[Vec<String>], meant: &Rows) -> Result<(), String> {
    for (path, numbers) in shown {
        let Some(expected) = meant.get(path) else {
            return Err(format!("a row {path:?} {numbers:?} that should not be there"));
        };
        if numbers.len() != expected.len() {
            return Err(format!("{} numbers instead of {}", numbers.len(), expected.len()));
        }
        for (position, (number, expected)) in numbers.iter().zip(expected).enumerate() {
            if !is_right(*number, *expected, columns.is_estimate(position)) {
                return Err(format!("{path:?} shows {numbers:?}, means {expected}"));
            }
        }
    }
    let levels = columns.levels();
    let (shown_below, meant_below) = (keys_below(shown), keys_below(meant));
    for (above, shown_keys) in &shown_below {
        let meant_keys = &meant_below[above];
        let most = match levels[above.len()] {
            Level::Time => u64::MAX,
            Level::Top(size) | Level::ByName(size) => size,
        };
        let should = (meant_keys.len() as u64).min(most);
        if shown_keys.len() as u64 != should {
            return Err(format!("{} values below {above:?} instead of {should}", shown_keys.len()));
        }
        let is_top = matches!(levels[above.len()], Level::Top(_));
        // Further in there are only times, over which the first number adds up.
        if is_top && levels[above.len() + 1..].iter().all(|level| *level == Level::Time) {
            greatest_first(columns, above, shown, order, meant)?;
        }
    }
    Ok(())
}

/// By the keys above it, the keys of each level.
fn keys_below(rows: &Rows) -> BTreeMap<&[String], BTreeSet<&String>> {
    let mut below: BTreeMap<&[String], BTreeSet<&String>> = BTreeMap::new();
    for path in rows.keys() {
        for (depth, key) in path.iter().enumerate() {
            below.entry(&path[..depth]).or_default().insert(key);
        }
    }
    below
}

/// The values below `above` are the greatest of those that there are, in order; equal ones in any.
fn greatest_first(
    columns: &Columns,
    above: &[String],
    shown: &Rows,
    order: &[Vec<String>],
    meant: &Rows,
) -> Result<(), String> {
    let mut keys: Vec<&String> = Vec::new();
    for path in order.iter().filter(|path| path.starts_with(above)) {
        let key = &path[above.len()];
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let shown_totals = totals(shown, above);
    let values: Vec<f64> = keys.iter().map(|key| shown_totals[key]).collect();
    let mut greatest: Vec<f64> = totals(meant, above).into_values().collect();
    greatest.sort_by(|a, b| b.total_cmp(a));
    for (value, expected) in values.iter().zip(&greatest) {
        if !is_right(*value, *expected, columns.is_estimate(0)) {
            return Err(format!("below {above:?} {values:?} instead of the greatest {greatest:?}"));
        }
    }
    Ok(())
}

/// The first number of each key below `above`, added up.
fn totals<'a>(rows: &'a Rows, above: &[String]) -> BTreeMap<&'a String, f64> {
    let mut totals = BTreeMap::new();
    for (path, numbers) in rows.iter().filter(|(path, _)| path.starts_with(above)) {
        *totals.entry(&path[above.len()]).or_insert(0.0) += numbers[0];
    }
    totals
}

/// Numbers of different values are estimates; everything else is exact, and far from the limits of `f64`.
fn is_right(number: f64, meant: f64, is_estimate: bool) -> bool {
    let tolerance = if is_estimate { meant.abs() * 0.005 } else { 0.0 };
    (number - meant).abs() <= tolerance
}
