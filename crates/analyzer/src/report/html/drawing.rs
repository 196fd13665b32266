//! The map as a picture: where each box stands, and the way of each line.
//!
//! Connections run from left to right: who opens them from outside stands on the left, whom groups call outside on the
//! right, and the groups between, each to the right of those that open connections to it, as far as there are no
//! circles ([`layers`]). A line that passes a column has a place of its own there, so that it runs between boxes and
//! not behind them ([`curves`]). All numbers are whole pixels, so that the same map gives the same bytes everywhere.

mod curves;
mod layers;

use super::network_map::{End, Line, NetworkMap};
use std::collections::{BTreeMap, BTreeSet};

/// More boxes than this are not told apart any more.
pub const BOXES: usize = 25;
const WIDTH: i64 = 160;
const HEIGHT: i64 = 46;
const GAP_X: i64 = 86;
/// Around a box, above and below; and around the place of a line that passes.
const AROUND_BOX: i64 = 11;
const AROUND_LINE: i64 = 4;
/// From line to line.
const PITCH: i64 = 7;
const MARGIN: i64 = 24;
/// A name of more columns is cut, and so is a longer id, which is written smaller: more do not fit a box.
const NAME: usize = 17;
const ID: usize = 21;

/// A box.
pub struct Node {
    pub x: i64,
    pub y: i64,
    pub height: i64,
    pub text_x: i64,
    pub name_y: i64,
    pub id_y: i64,
    pub name: String,
    pub id: String,
    /// The whole name.
    pub title: String,
    /// The group, for a box that is one.
    pub group: Option<String>,
}

/// A line: all rules of one tone between two boxes.
pub struct Curve {
    pub path: String,
    pub tone: &'static str,
    pub from: usize,
    pub to: usize,
    pub title: String,
}

/// The picture.
pub struct Drawing {
    pub width: i64,
    pub height: i64,
    pub box_width: i64,
    pub nodes: Vec<Node>,
    pub curves: Vec<Curve>,
    /// Of how many these boxes are.
    pub ends: usize,
    pub is_cut: bool,
}

/// Where an end stands: those outside may be on both sides.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    Left(End),
    Group(End),
    Right(End),
}

impl Stand {
    fn end(&self) -> &End {
        match self {
            Stand::Left(end) | Stand::Group(end) | Stand::Right(end) => end,
        }
    }

    fn from(end: &End) -> Stand {
        if end.is_own() { Stand::Group(end.clone()) } else { Stand::Left(end.clone()) }
    }

    fn to(end: &End) -> Stand {
        if end.is_own() { Stand::Group(end.clone()) } else { Stand::Right(end.clone()) }
    }
}

/// All lines between two boxes. Places are numbers: first of the boxes, then of lines that pass a column.
struct Way<'a> {
    from: usize,
    to: usize,
    /// From one to the other, a place in each column.
    route: Vec<usize>,
    line: &'a Line,
}

impl Way<'_> {
    fn is_loop(&self) -> bool {
        self.from == self.to
    }

    /// How many lines run beside each other.
    fn lines(&self) -> i64 {
        self.line.rules.iter().filter(|&&rules| rules > 0).count() as i64
    }
}

/// What stands where.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    column: usize,
    y: i64,
    height: i64,
}

impl Place {
    fn x(&self) -> i64 {
        MARGIN + self.column as i64 * (WIDTH + GAP_X)
    }

    fn middle(&self) -> i64 {
        self.y + self.height / 2
    }
}

impl Drawing {
    /// Draws the most connected ends of a map.
    pub fn of(map: &NetworkMap) -> Drawing {
        let connected = map.most_connected();
        let drawn: BTreeSet<&End> = connected.iter().take(BOXES).collect();
        let mut stands: BTreeSet<Stand> = BTreeSet::new();
        for (from, to) in map.lines.keys().filter(|(from, to)| drawn.contains(from) && drawn.contains(to)) {
            stands.insert(Stand::from(from));
            stands.insert(Stand::to(to));
        }
        let stands: Vec<Stand> = stands.into_iter().collect();
        let number: BTreeMap<&Stand, usize> =
            stands.iter().enumerate().map(|(number, stand)| (stand, number)).collect();
        let mut ways = Vec::new();
        for ((from, to), line) in &map.lines {
            if let (Some(&from), Some(&to)) = (number.get(&Stand::from(from)), number.get(&Stand::to(to))) {
                ways.push(Way { from, to, route: vec![from, to], line });
            }
        }
        let mut columns = layers::columns(&stands, &ways);
        let places = layers::routed(&mut columns, &mut ways, stands.len());
        let columns = layers::ordered(columns, &ways);
        let places = laid_out(&columns, &ways, stands.len(), places);

        let nodes: Vec<Node> = stands.iter().zip(&places).map(|(stand, place)| node(map, stand, place)).collect();
        let curves = curves::curves(&nodes, &places, &ways);
        let bottom = places.iter().map(|place| place.y + place.height).max().unwrap_or(MARGIN);
        Drawing {
            width: 2 * MARGIN + columns.len() as i64 * (WIDTH + GAP_X) - GAP_X,
            height: bottom + MARGIN,
            box_width: WIDTH,
            nodes,
            curves,
            ends: connected.len(),
            is_cut: connected.len() > drawn.len(),
        }
    }
}

/// Gives every place its height and its distance from the top; what is shorter than the tallest column is spread.
fn laid_out(columns: &[Vec<usize>], ways: &[Way<'_>], boxes: usize, mut places: Vec<Place>) -> Vec<Place> {
    // A box has room for the lines on its busier side.
    let mut sides = vec![[0_i64; 2]; places.len()];
    for way in ways.iter().filter(|way| !way.is_loop()) {
        for (step, &place) in way.route.iter().enumerate() {
            sides[place][0] += if step > 0 { way.lines() } else { 0 };
            sides[place][1] += if step + 1 < way.route.len() { way.lines() } else { 0 };
        }
    }
    for (number, place) in places.iter_mut().enumerate() {
        let lines = PITCH * sides[number][0].max(sides[number][1]);
        place.height = if number < boxes { HEIGHT.max(lines + 10).min(8 * HEIGHT) } else { lines };
    }
    let around = |number: usize| if number < boxes { AROUND_BOX } else { AROUND_LINE };
    let height = |column: &Vec<usize>, places: &[Place]| {
        column.iter().map(|&number| places[number].height + 2 * around(number)).sum::<i64>()
    };
    let tallest = columns.iter().map(|column| height(column, &places)).max().unwrap_or_default();
    for column in columns {
        let free = (tallest - height(column, &places)) / (column.len() as i64 + 1);
        let mut y = MARGIN + free;
        for &number in column {
            places[number].y = y + around(number);
            y += places[number].height + 2 * around(number) + free;
        }
    }
    places
}

fn node(map: &NetworkMap, stand: &Stand, place: &Place) -> Node {
    let (name, id) = map.name(stand.end());
    let title = if id.is_empty() { name.clone() } else { format!("{name} ({id})") };
    Node {
        x: place.x(),
        y: place.y,
        height: place.height,
        text_x: place.x() + 12,
        name_y: if id.is_empty() { place.middle() + 4 } else { place.middle() - 3 },
        id_y: place.middle() + 13,
        name: cut(&name, NAME),
        id: cut(&id, ID),
        title,
        group: match stand.end() {
            End::Group(id) => Some(super::shown(id)),
            _ => None,
        },
    }
}

/// As much of a name as fits; wide characters take two columns.
fn cut(name: &str, width: usize) -> String {
    let columns = |character: char| if character < '\u{1100}' { 1 } else { 2 };
    if name.chars().map(columns).sum::<usize>() <= width {
        return name.to_owned();
    }
    let (mut kept, mut used) = (String::new(), 0);
    for character in name.chars() {
        used += columns(character);
        if used > width - 1 {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_where_a_box_ends() {
        assert_eq!(cut("seventeen columns", 17), "seventeen columns");
        assert_eq!(cut("eighteen columns!!", 17), "eighteen columns…");
        assert_eq!(cut("日本語の長い名前です", 17), "日本語の長い名前…");
    }
}
