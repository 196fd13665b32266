//! The rollup: any number of flow log records as rows that can be added up.
//!
//! A [`Rollup`] knows nothing of the inventory. It holds three things:
//!
//! - a [`Table`] of rows, one for each distinct ([`Key`]) with its [`Totals`];
//! - the [`Coverage`] of every interface: the minutes in which it reported;
//! - the [`Ledger`]: what was read, what was lost and what is known of each source.
//!
//! All three merge by addition and union, so merging rollups in any order and grouping equals the rollup of all their
//! inputs. [`parquet`] stores them.

pub mod coverage;
pub mod kept_ports;
pub mod ledger;
pub mod parquet;
pub mod places;
pub mod row;
pub mod table;

pub use coverage::Coverage;
pub use kept_ports::KeptPorts;
pub use ledger::Ledger;
pub use places::{Place, PlaceIx, Places};
pub use row::{Key, RowPort, Slice, Totals};
pub use table::Table;

/// Everything that a scan keeps.
#[derive(Clone, Debug)]
pub struct Rollup {
    /// Width of a slice of time.
    pub slice: Slice,
    /// High ports that are kept although they look like a client's.
    pub kept_ports: KeptPorts,
    /// Where records were made.
    pub places: Places,
    /// The rows.
    pub table: Table,
    /// When each interface reported.
    pub coverage: Coverage,
    /// What was read and what was lost.
    pub ledger: Ledger,
}

impl Rollup {
    /// An empty rollup.
    pub fn new(slice: Slice, kept_ports: KeptPorts) -> Self {
        Rollup {
            slice,
            kept_ports,
            places: Places::default(),
            table: Table::default(),
            coverage: Coverage::default(),
            ledger: Ledger::default(),
        }
    }

    /// Adds another rollup to this one.
    ///
    /// Where the two kept different ports, only the ports that both kept stay: a row of the other kind would otherwise
    /// stand beside one that means the same. Where the slices differ, the wider one stays.
    pub fn merge(&mut self, other: Rollup) {
        let slice = self.slice.max(other.slice);
        let kept_ports = self.kept_ports.intersection(&other.kept_ports);
        if slice != self.slice || kept_ports != self.kept_ports {
            self.table = self.table.regroup(slice, &kept_ports);
        }
        let as_they_are = slice == other.slice && kept_ports == other.kept_ports;
        self.slice = slice;
        self.kept_ports = kept_ports;

        let places: Vec<PlaceIx> = other.places.iter().map(|place| self.places.intern(place)).collect();
        let sources = self.ledger.merge(other.ledger);
        self.table.absorb(&other.table, &places, self.slice, &self.kept_ports, as_they_are);
        self.coverage.absorb(&other.coverage, &places, &sources);
    }
}
