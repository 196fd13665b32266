//! What can go wrong with a whole object, as opposed to one line ([`crate::Unparsed`]).

use std::io;

/// Why an object could not be read, or not to its end. What was delivered to the sink before stays delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file does not open.
    #[error("cannot open {name}: {source}")]
    Open {
        /// The object.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The file or stream failed while reading.
    #[error("cannot read {name}: {source}")]
    Read {
        /// The object.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// Begins like gzip, but nothing of it can be decompressed.
    #[error("{name} is not readable as gzip ({reason}); copy it again from its bucket")]
    Gzip {
        /// The object.
        name: String,
        /// What the decompressor says.
        reason: String,
    },
    /// Binary data in an unknown form.
    #[error("{name} is a binary file and no flow log; leave it out")]
    Binary {
        /// The object.
        name: String,
    },
    /// The header, format string or Parquet schema lacks a field without which nothing can be judged.
    #[error(
        "{name} lacks the field `{field}`, so its records cannot be judged; \
         create the flow log with a format that has it"
    )]
    LacksField {
        /// The object.
        name: String,
        /// The missing field.
        field: &'static str,
    },
    /// No header, and no line in the default format or the given one.
    #[error(
        "{name} has no header and no line of it fits {tried}; \
         give its fields with --log-format '${{version}} ${{account-id}} ...'"
    )]
    UnknownFormat {
        /// The object.
        name: String,
        /// The format that was tried.
        tried: &'static str,
    },
    /// JSON, but no flow log.
    #[error("{name} is JSON but no flow log: no `message` and no fields of a record; leave it out")]
    OtherJson {
        /// The object.
        name: String,
    },
    /// Parquet that does not read.
    #[error("{name} is not readable as Parquet ({reason}); copy it again from its bucket")]
    Parquet {
        /// The object.
        name: String,
        /// What the Parquet reader says.
        reason: String,
    },
    /// Parquet where this program, or this way in, cannot take it.
    #[error("{name} is Parquet, which {why}")]
    ParquetUnsupported {
        /// The object.
        name: String,
        /// The reason and the cure.
        why: &'static str,
    },
}

/// Part of an object was lost; the records before it were delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The object ends in the middle of its gzip data.
    #[error("truncated gzip after line {lines}; copy the object again from its bucket")]
    Truncated {
        /// Lines read before the end.
        lines: u64,
    },
    /// The gzip data is corrupt, or its checksum does not agree.
    #[error("corrupt gzip after line {lines} ({reason}); copy the object again from its bucket")]
    Corrupt {
        /// Lines read before the damage. With a wrong checksum, one of these may be wrong.
        lines: u64,
        /// What the decompressor says.
        reason: String,
    },
    /// Something that is not gzip follows a complete gzip member; like gzip(1), it is ignored.
    #[error("bytes after the gzip data were ignored, after line {lines}")]
    TrailingGarbage {
        /// Lines read before it.
        lines: u64,
    },
}
