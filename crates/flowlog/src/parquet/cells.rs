//! The values of a Parquet column, whatever type they were stored as.

use polars::prelude::{
    BinaryChunked, DataFrame, DataType, Float32Chunked, Float64Chunked, Int32Chunked, Int64Chunked, PolarsResult,
    StringChunked, UInt32Chunked, UInt64Chunked,
};

/// One column of a slice.
pub(super) enum Cells<'d> {
    Int32(&'d Int32Chunked),
    Int64(&'d Int64Chunked),
    UInt32(&'d UInt32Chunked),
    UInt64(&'d UInt64Chunked),
    Float32(&'d Float32Chunked),
    Float64(&'d Float64Chunked),
    Text(&'d StringChunked),
    Binary(&'d BinaryChunked),
    Absent,
    Unreadable,
}

/// One value.
pub(super) enum Cell<'d> {
    Absent,
    Number(u64),
    Text(&'d [u8]),
    Unreadable,
}

impl<'d> Cells<'d> {
    pub fn of(slice: &'d DataFrame, name: &str) -> PolarsResult<Cells<'d>> {
        let column = slice.column(name)?;
        Ok(match column.dtype() {
            DataType::Int32 => Cells::Int32(column.i32()?),
            DataType::Int64 => Cells::Int64(column.i64()?),
            DataType::UInt32 => Cells::UInt32(column.u32()?),
            DataType::UInt64 => Cells::UInt64(column.u64()?),
            DataType::Float32 => Cells::Float32(column.f32()?),
            DataType::Float64 => Cells::Float64(column.f64()?),
            DataType::String => Cells::Text(column.str()?),
            DataType::Binary => Cells::Binary(column.binary()?),
            DataType::Null => Cells::Absent,
            _ => Cells::Unreadable,
        })
    }

    pub fn at(&self, row: usize) -> Cell<'d> {
        match self {
            Cells::Int32(cells) => cells.get(row).map_or(Cell::Absent, |value| signed(i64::from(value))),
            Cells::Int64(cells) => cells.get(row).map_or(Cell::Absent, signed),
            Cells::UInt32(cells) => cells.get(row).map_or(Cell::Absent, |value| Cell::Number(u64::from(value))),
            Cells::UInt64(cells) => cells.get(row).map_or(Cell::Absent, Cell::Number),
            Cells::Float32(cells) => cells.get(row).map_or(Cell::Absent, |value| whole(f64::from(value))),
            Cells::Float64(cells) => cells.get(row).map_or(Cell::Absent, whole),
            Cells::Text(cells) => cells.get(row).map_or(Cell::Absent, |value| Cell::Text(value.as_bytes())),
            Cells::Binary(cells) => cells.get(row).map_or(Cell::Absent, Cell::Text),
            Cells::Absent => Cell::Absent,
            Cells::Unreadable => Cell::Unreadable,
        }
    }
}

fn signed<'d>(value: i64) -> Cell<'d> {
    match u64::try_from(value) {
        Ok(value) => Cell::Number(value),
        Err(_) => Cell::Unreadable,
    }
}

/// A float that stands for an integer: pandas turns integers into floats where some are null. Beyond 2^53 a float is no longer exact.
fn whole<'d>(value: f64) -> Cell<'d> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        return Cell::Absent;
    }
    if !(0.0..=EXACT).contains(&value) || value.fract() != 0.0 {
        return Cell::Unreadable;
    }
    Cell::Number(value as u64)
}
