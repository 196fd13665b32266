//! The way of each line, from box to box.

use super::{Curve, Node, PITCH, Place, WIDTH, Way};
use crate::report::html::summary::Tone;
use crate::report::wording::counted;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Room for the head of an arrow.
const HEAD: i64 = 7;

/// Where a curve meets a side of a box, and what the meeting points of a side are sorted by: where the curve goes on.
struct Hook {
    curve: usize,
    is_start: bool,
    onward: (i64, usize),
}

/// What is known of a curve before its ends are.
struct Draft<'a> {
    way: &'a Way<'a>,
    tone: Tone,
    rules: u64,
    /// Which of the lines of its way it is.
    lane: i64,
    start_right: bool,
    end_right: bool,
    heights: [i64; 2],
}

/// All lines of all ways.
pub fn curves(nodes: &[Node], places: &[Place], ways: &[Way<'_>]) -> Vec<Curve> {
    let mut drafts = Vec::new();
    for way in ways {
        // Forward lines leave right and arrive left; backward ones the other way; within a column both ends are right.
        let (from, to) = (places[way.from].column, places[way.to].column);
        let tones = Tone::ALL.into_iter().filter(|&tone| way.line.rules[tone as usize] > 0);
        for (lane, tone) in tones.enumerate() {
            drafts.push(Draft {
                way,
                tone,
                rules: way.line.rules[tone as usize],
                lane: lane as i64,
                start_right: from <= to,
                end_right: from >= to,
                heights: [0; 2],
            });
        }
    }
    hang(&mut drafts, places);
    let mut loops: BTreeMap<usize, i64> = BTreeMap::new();
    let mut curves = Vec::new();
    for draft in &drafts {
        let (from, to) = (draft.way.from, draft.way.to);
        let path = if draft.way.is_loop() {
            let before = loops.entry(from).or_default();
            *before += 1;
            loop_path(&places[from], *before)
        } else {
            path(draft, places)
        };
        curves.push(Curve {
            path,
            tone: draft.tone.class(),
            from,
            to,
            title: format!(
                "{} → {}: {} {} ({})",
                nodes[from].title,
                nodes[to].title,
                counted(draft.rules, "rule"),
                draft.tone.words(),
                draft.way.line.services_in_words(Some(draft.tone))
            ),
        });
    }
    curves
}

/// Spreads the ends of all lines over the sides of their boxes, in the order in which they go on.
fn hang(drafts: &mut [Draft<'_>], places: &[Place]) {
    let mut hooks: BTreeMap<(usize, bool), Vec<Hook>> = BTreeMap::new();
    for (curve, draft) in drafts.iter().enumerate().filter(|(_, draft)| !draft.way.is_loop()) {
        let route = &draft.way.route;
        let (second, last_but_one) = (route[1], route[route.len() - 2]);
        let onward = |place: usize| (places[place].middle(), place);
        let starts = Hook { curve, is_start: true, onward: onward(second) };
        let ends = Hook { curve, is_start: false, onward: onward(last_but_one) };
        hooks.entry((draft.way.from, draft.start_right)).or_default().push(starts);
        hooks.entry((draft.way.to, draft.end_right)).or_default().push(ends);
    }
    for ((number, _), mut side) in hooks {
        side.sort_by_key(|hook| (hook.onward, hook.curve));
        let (place, count) = (&places[number], side.len() as i64);
        for (row, hook) in side.iter().enumerate() {
            let y = place.y + 5 + (place.height - 10) * (2 * row as i64 + 1) / (2 * count);
            drafts[hook.curve].heights[usize::from(!hook.is_start)] = y;
        }
    }
}

/// Out of the top of a box and back into it.
fn loop_path(place: &Place, number: i64) -> String {
    let (x, y) = (place.x() + WIDTH + 6 - 30 * number, place.y);
    format!("M{} {y}C{} {} {} {} {} {}", x - 8, x - 14, y - 20, x + 14, y - 20, x + 8, y - HEAD)
}

fn path(draft: &Draft<'_>, places: &[Place]) -> String {
    let [y1, y2] = draft.heights;
    let (from, to) = (&places[draft.way.from], &places[draft.way.to]);
    let mut x = if draft.start_right { from.x() + WIDTH } else { from.x() };
    let mut y = y1;
    let end = if draft.end_right { to.x() + WIDTH + HEAD } else { to.x() - HEAD };
    let mut path = format!("M{x} {y}");
    // Writing to a string does not fail.
    if draft.start_right == draft.end_right {
        let bend = x.max(end) + 30 + (y2 - y1).abs() / 10;
        let _ = write!(path, "C{bend} {y1} {bend} {y2} {end} {y2}");
        return path;
    }
    let inner = &draft.way.route[1..draft.way.route.len() - 1];
    for &number in inner {
        let place = &places[number];
        let (near, far) =
            if draft.start_right { (place.x(), place.x() + WIDTH) } else { (place.x() + WIDTH, place.x()) };
        let level = place.y + PITCH / 2 + PITCH * draft.lane;
        let middle = (x + near) / 2;
        let _ = write!(path, "C{middle} {y} {middle} {level} {near} {level}H{far}");
        (x, y) = (far, level);
    }
    let middle = (x + end) / 2;
    let _ = write!(path, "C{middle} {y} {middle} {y2} {end} {y2}");
    path
}
