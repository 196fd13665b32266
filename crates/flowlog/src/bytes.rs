//! The decompressed bytes of an object: plain, or the members of a gzip file one after another.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};

/// Large enough that the cost of a system call and of entering the decompressor does not show.
pub(crate) const CHUNK: usize = 256 * 1024;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Why the bytes ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Io(io::Error),
    Truncated,
    Corrupt(String),
    TrailingGarbage,
}

/// The raw input with a buffer of its own, so that any number of bytes up to its size can be looked at before they are taken.
struct Input<R> {
    reader: R,
    buffer: Vec<u8>,
    position: usize,
    filled: usize,
    total: u64,
}

impl<R: Read> Input<R> {
    fn unread(&self) -> &[u8] {
        self.buffer.get(self.position..self.filled).unwrap_or_default()
    }

    /// Reads until at least `count` bytes are buffered or the input ends.
    fn ensure(&mut self, count: usize) -> io::Result<()> {
        if self.filled - self.position >= count {
            return Ok(());
        }
        self.buffer.copy_within(self.position..self.filled, 0);
        self.filled -= self.position;
        self.position = 0;
        while self.filled < count {
            let got = read_some(&mut self.reader, &mut self.buffer[self.filled..])?;
            if got == 0 {
                break;
            }
            self.filled += got;
            self.total += got as u64;
        }
        Ok(())
    }
}

fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

enum Packing {
    Plain,
    Gzip { inflate: Decompress, inside_member: bool },
}

/// See the module.
pub(crate) struct Bytes<R> {
    input: Input<R>,
    packing: Packing,
    /// Why the bytes end, found together with the last good ones.
    pending: Option<Stop>,
}

impl<R: Read> Bytes<R> {
    /// Looks at the first bytes to tell gzip from plain.
    pub fn open(reader: R) -> io::Result<Bytes<R>> {
        let mut input = Input { reader, buffer: vec![0; CHUNK], position: 0, filled: 0, total: 0 };
        input.ensure(4)?;
        let packing = if input.unread().starts_with(&GZIP_MAGIC) {
            Packing::Gzip { inflate: Decompress::new_gzip(15), inside_member: true }
        } else {
            Packing::Plain
        };
        Ok(Bytes { input, packing, pending: None })
    }

    /// Whether the input is compressed.
    pub fn is_gzip(&self) -> bool {
        matches!(self.packing, Packing::Gzip { .. })
    }

    /// Whether a plain input begins with these bytes (at most four).
    pub fn begins_with(&self, magic: &[u8]) -> bool {
        !self.is_gzip() && self.input.unread().starts_with(magic)
    }

    /// Raw (compressed) bytes read so far.
    pub fn raw_bytes(&self) -> u64 {
        self.input.total
    }

    /// Fills some of `buffer`, which must not be empty; 0 = the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        match self.packing {
            Packing::Plain => self.read_plain(buffer),
            Packing::Gzip { .. } => self.read_gzip(buffer),
        }
    }

    fn read_plain(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let unread = self.input.unread();
        if unread.is_empty() {
            let got = read_some(&mut self.input.reader, buffer).map_err(Stop::Io)?;
            self.input.total += got as u64;
            return Ok(got);
        }
        let count = unread.len().min(buffer.len());
        buffer[..count].copy_from_slice(&unread[..count]);
        self.input.position += count;
        Ok(count)
    }

    fn read_gzip(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        // Asked once more, the decompressor would only say that it has failed before.
        if let Some(stop) = self.pending.take() {
            return Err(stop);
        }
        let Packing::Gzip { inflate, inside_member } = &mut self.packing else {
            return Ok(0);
        };
        loop {
            if !*inside_member {
                if !next_member(&mut self.input)? {
                    return Ok(0);
                }
                inflate.reset(true);
                *inside_member = true;
            }
            self.input.ensure(1).map_err(Stop::Io)?;
            let input = self.input.unread();
            let input_ended = input.is_empty();
            let (in_before, out_before) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, buffer, FlushDecompress::None);
            let taken = usize::try_from(inflate.total_in() - in_before).unwrap_or(0);
            let given = usize::try_from(inflate.total_out() - out_before).unwrap_or(0);
            self.input.position += taken;
            match status {
                Ok(Status::StreamEnd) => *inside_member = false,
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) => {
                    let stop = Stop::Corrupt(error.message().unwrap_or("invalid data").to_owned());
                    if given == 0 {
                        return Err(stop);
                    }
                    self.pending = Some(stop);
                }
            }
            if given > 0 {
                return Ok(given);
            }
            if *inside_member && input_ended {
                return Err(Stop::Truncated);
            }
            if *inside_member && taken == 0 {
                return Err(Stop::Corrupt("no progress".to_owned()));
            }
        }
    }
}

/// After a member: whether another one follows. Zeros are padding (tapes, disk images), as for gzip(1); anything else is garbage.
fn next_member<R: Read>(input: &mut Input<R>) -> Result<bool, Stop> {
    loop {
        input.ensure(2).map_err(Stop::Io)?;
        let unread = input.unread();
        if unread.is_empty() {
            return Ok(false);
        }
        if unread.starts_with(&GZIP_MAGIC) {
            return Ok(true);
        }
        let zeros = unread.iter().take_while(|byte| **byte == 0).count();
        if zeros == 0 {
            return Err(Stop::TrailingGarbage);
        }
        input.position += zeros;
    }
}
