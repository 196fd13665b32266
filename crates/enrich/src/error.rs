//! Why a source could not be opened, with the file, the line where there is one, and the cure.

use std::path::PathBuf;

/// Why [`Atlas::open`](crate::Atlas::open) failed. Nothing is opened in part: a list that was read by half would clear
/// the other half of its addresses without a word.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is missing or may not be read.
    #[error("cannot read {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is larger than anything of its kind.
    #[error("{} is larger than {limit} bytes, which no file of this kind is; check the path", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is gzip, as databases are often published.
    #[error("{} is compressed with gzip; unpack it and name the file that comes out", path.display())]
    Compressed {
        /// The file.
        path: PathBuf,
    },
    /// Not in the MaxMind DB format, or cut short.
    #[error("{} is not a whole MaxMind DB file: {reason}; download it again, in the MMDB format", path.display())]
    NotDatabase {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// In the MaxMind DB format, but some of its records cannot be read.
    #[error("{} is damaged: {reason}; download it again", path.display())]
    DamagedDatabase {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// A sound database about something else.
    #[error(
        "{} has the type `{database_type}`, and its records hold no country, region, city, location or autonomous \
         system; name a City, Country or ASN database",
        path.display()
    )]
    UnusableDatabase {
        /// The file.
        path: PathBuf,
        /// As its metadata says, such as `GeoIP2-Anonymous-IP`.
        database_type: String,
    },
    /// A threat list without a name, which is what a record would say about its addresses.
    #[error("the threat list {} has no name; name it, as in spamhaus-drop={}", path.display(), path.display())]
    NamelessList {
        /// The file.
        path: PathBuf,
    },
    /// A threat list without a single byte of text: a download that failed, most likely.
    #[error("the threat list {} is empty, not even a comment is in it; download it again", path.display())]
    EmptyList {
        /// The file.
        path: PathBuf,
    },
    /// A line of a threat list that is neither an entry nor a comment.
    #[error("{}:{line}: {problem}: {text:?}; {cure}", path.display())]
    ListLine {
        /// The file.
        path: PathBuf,
        /// One-based.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
        /// Its beginning.
        text: String,
        /// What to do.
        cure: &'static str,
    },
    /// Not in the shape of `ip-ranges.json`.
    #[error("{} is not in the shape of AWS's ip-ranges.json: {reason}; download that file again", path.display())]
    NotIpRanges {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column where there are any.
        reason: String,
    },
}
