//! Checks the page headers of a row group before the decoder believes them.
//!
//! The decoder makes room for as many values as a page header states, and a program that asks for absurd memory is aborted, which nothing
//! can catch. So sizes and counts are compared with each other first: the values of a column's pages must add up to the
//! rows of its group, and every page must lie inside its column.
//!
//! A page header is a struct in Thrift's compact protocol (Apache Thrift, "Thrift Compact protocol encoding"; fields in parquet.thrift,
//! `PageHeader`).

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// Largest page that is unpacked. Writers make pages of about 1 MiB.
const LARGEST_PAGE: i64 = 256 * 1024 * 1024;

/// Headers are some tens of bytes; those with long statistics some thousands.
const HEADER_READ: u64 = 64 * 1024;

/// Checks one column of a row group: `range` is where its pages lie in the file, `rows` what they must add up to.
pub(super) fn check(file: &mut (impl Read + Seek), range: Range<u64>, rows: i64) -> io::Result<Result<(), String>> {
    let mut at = range.start;
    let mut values = 0_i64;
    let mut header = Vec::new();
    while at < range.end && values < rows {
        header.clear();
        file.seek(SeekFrom::Start(at))?;
        file.take(HEADER_READ.min(range.end - at)).read_to_end(&mut header)?;
        let mut thrift = Thrift { bytes: &header, at: 0 };
        let Some(page) = thrift.page_header() else {
            return Ok(Err(format!("unreadable page header at byte {at}")));
        };
        let room = range.end - at - thrift.at as u64;
        let fits = u64::try_from(page.packed).is_ok_and(|packed| packed <= room);
        if !fits || !(0..=LARGEST_PAGE).contains(&page.unpacked) {
            return Ok(Err(format!("the page at byte {at} states an impossible size")));
        }
        if page.data_values < 0 || page.dictionary_values < 0 || page.dictionary_values > page.unpacked {
            return Ok(Err(format!("the page at byte {at} states an impossible number of values")));
        }
        values = values.saturating_add(page.data_values);
        at += thrift.at as u64 + page.packed.unsigned_abs();
    }
    if values != rows {
        return Ok(Err(format!("a column has {values} values for {rows} rows")));
    }
    Ok(Ok(()))
}

/// What matters of a page header.
#[derive(Default)]
struct Page {
    unpacked: i64,
    packed: i64,
    data_values: i64,
    dictionary_values: i64,
}

struct Thrift<'a> {
    bytes: &'a [u8],
    at: usize,
}

const STOP: u8 = 0;
const STRUCT: u8 = 12;

impl Thrift<'_> {
    fn page_header(&mut self) -> Option<Page> {
        let mut page = Page { unpacked: -1, packed: -1, ..Page::default() };
        let mut id = 0;
        loop {
            let kind = self.field(&mut id)?;
            match (id, kind) {
                (_, STOP) => return Some(page),
                (2, 5) => page.unpacked = self.integer()?,
                (3, 5) => page.packed = self.integer()?,
                (5 | 8, STRUCT) => page.data_values = self.first_integer()?,
                (7, STRUCT) => page.dictionary_values = self.first_integer()?,
                (_, kind) => self.pass_over(kind, 0)?,
            }
        }
    }

    /// Field 1 of a struct, `num_values` in every kind of page header; passes over the rest.
    fn first_integer(&mut self) -> Option<i64> {
        let mut found = -1;
        let mut id = 0;
        loop {
            match (self.field(&mut id)?, id) {
                (STOP, _) => return Some(found),
                (5, 1) => found = self.integer()?,
                (kind, _) => self.pass_over(kind, 0)?,
            }
        }
    }

    /// The next field's type; its id goes into `id`.
    fn field(&mut self, id: &mut i64) -> Option<u8> {
        let head = self.byte()?;
        let kind = head & 0x0f;
        if kind == STOP {
            return Some(STOP);
        }
        *id = match head >> 4 {
            0 => self.integer()?,
            delta => *id + i64::from(delta),
        };
        Some(kind)
    }

    fn pass_over(&mut self, kind: u8, depth: u32) -> Option<()> {
        if depth > 8 {
            return None;
        }
        match kind {
            1 | 2 => {}
            3 => self.forward(1)?,
            4..=6 => {
                self.integer()?;
            }
            7 => self.forward(8)?,
            8 => {
                let length = self.varint()?;
                self.forward(usize::try_from(length).ok()?)?;
            }
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => self.varint()?,
                    count => u64::from(count),
                };
                for _ in 0..count {
                    // Inside a list a boolean takes a byte.
                    match head & 0x0f {
                        1 | 2 => self.forward(1)?,
                        element => self.pass_over(element, depth + 1)?,
                    }
                }
            }
            STRUCT => {
                let mut id = 0;
                loop {
                    match self.field(&mut id)? {
                        STOP => break,
                        kind => self.pass_over(kind, depth + 1)?,
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn forward(&mut self, count: usize) -> Option<()> {
        let at = self.at.checked_add(count)?;
        if at > self.bytes.len() {
            return None;
        }
        self.at = at;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Zigzag: 0, -1, 1, -2...
    fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// A data page of 5 values in 3 bytes, spelled out by hand: type 0, unpacked 4, packed 3, crc 1, {values 5, encoding 0}.
    const PAGE: &[u8] = &[0x15, 0, 0x15, 8, 0x15, 6, 0x15, 2, 0x1c, 0x15, 10, 0x15, 0, 0, 0, b'x', b'y', b'z'];

    fn checked(bytes: &[u8], rows: i64) -> Result<(), String> {
        check(&mut io::Cursor::new(bytes), 0..bytes.len() as u64, rows).unwrap()
    }

    #[test]
    fn pages_must_add_up_and_fit() {
        assert_eq!(checked(PAGE, 5), Ok(()));
        assert_eq!(checked(&[PAGE, PAGE].concat(), 10), Ok(()));
        assert!(checked(PAGE, 6).is_err());
        assert!(checked(PAGE, 4).is_err());
        assert!(checked(&PAGE[..PAGE.len() - 1], 5).is_err(), "does not fit");
        assert!(checked(&PAGE[..7], 5).is_err(), "cut header");
        for at in 0..PAGE.len() - 3 {
            for flip in 1..=255 {
                let mut bad = PAGE.to_vec();
                bad[at] ^= flip;
                let _ = checked(&bad, 5);
            }
        }
    }
}
