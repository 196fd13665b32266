//! The lists of a dashboard's controls.

use super::meaning::World;
use super::rows::{Number, one, rows};
use dashboards_test::Search;
use serde_json::Value;

/// How many values each list offers: groups, accounts, VPCs, interfaces (which search as one types), and ports.
const SIZES: [usize; 5] = [10, 10, 10, 10, 200];

/// Every list offers values that the samples have, the most frequent first, and all of them if they are few.
pub fn check(searches: &[Search], answers: &[Value], world: &World) -> Result<(), String> {
    let field = |name: &'static str| rows(world.records.iter(), move |record| one(record.text(name)), &[Number::Count]);
    let groups = rows(world.records.iter(), |record| one(&record.groups), &[Number::Count]);
    let expected = [groups, field("account-id"), field("vpc-id"), field("interface-id"), field("dstport")];
    if searches.len() != SIZES.len() {
        return Err(format!("{} controls", searches.len()));
    }
    for (((search, answer), expected), size) in searches.iter().zip(answers).zip(&expected).zip(SIZES) {
        let buckets = answer["aggregations"]["termsAgg"]["buckets"].as_array().unwrap();
        let counts: Vec<f64> = buckets.iter().map(|bucket| bucket["doc_count"].as_f64().unwrap()).collect();
        if buckets.len() != expected.len().min(size) || !counts.is_sorted_by(|a, b| a >= b) {
            return Err(format!("{}: {} of {} values: {counts:?}", search.what, buckets.len(), expected.len()));
        }
        for (bucket, count) in buckets.iter().zip(&counts) {
            let key = bucket["key"].as_str().map_or_else(|| bucket["key"].to_string(), str::to_owned);
            let meant = expected.get(&vec![key.clone()]).map(|numbers| numbers[0]);
            // Of a long list over three indices, a rare value may have been cut from one of them: only the order rests on the counts.
            let is_cut = expected.len() > size;
            if meant != Some(*count) && !(is_cut && meant > Some(*count)) {
                return Err(format!("{}: {key}: {count} instead of {meant:?}", search.what));
            }
        }
    }
    Ok(())
}
