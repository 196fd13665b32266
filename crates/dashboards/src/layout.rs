//! Where panels are: a grid of 48 columns, rows of 20 pixels or so, as many as needed.

use anyhow::bail;

/// Columns of the grid (`DASHBOARD_GRID_COLUMN_COUNT` of both products).
pub const COLUMNS: u32 = 48;

/// A panel's place: `[x, y, width, height]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// columns from the left
    pub x: u32,
    /// rows from the top
    pub y: u32,
    /// columns
    pub width: u32,
    /// rows
    pub height: u32,
}

impl Place {
    /// A place inside the grid.
    ///
    /// # Errors
    ///
    /// No width or height, or beyond the right edge.
    pub fn new([x, y, width, height]: [u32; 4]) -> anyhow::Result<Place> {
        if width == 0 || height == 0 {
            bail!("place [{x}, {y}, {width}, {height}] is empty; width and height must be 1 or more");
        }
        if x.checked_add(width).is_none_or(|right| right > COLUMNS) || y.checked_add(height).is_none() {
            bail!(
                "place [{x}, {y}, {width}, {height}] leaves the grid of {COLUMNS} columns; \
                 make x + width {COLUMNS} or less"
            );
        }
        Ok(Place { x, y, width, height })
    }

    /// Whether some cell belongs to both.
    pub fn overlaps(self, other: Place) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn neighbours_do_not_overlap_and_a_shared_cell_does() {
        let left = Place::new([0, 0, 24, 10]).unwrap();
        assert!(!left.overlaps(Place::new([24, 0, 24, 10]).unwrap()));
        assert!(!left.overlaps(Place::new([0, 10, 48, 1]).unwrap()));
        assert!(left.overlaps(Place::new([23, 9, 1, 1]).unwrap()));
        assert!(left.overlaps(left));
    }

    #[test]
    fn the_grid_ends_at_column_48() {
        assert!(Place::new([47, 0, 1, 1]).is_ok());
        for out in [[47, 0, 2, 1], [u32::MAX, 0, 2, 1], [0, u32::MAX, 1, 1], [0, 0, 0, 1], [0, 0, 1, 0]] {
            assert!(Place::new(out).is_err(), "{out:?}");
        }
    }
}
