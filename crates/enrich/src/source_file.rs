//! Reading a whole file, with a bound.

use crate::error::OpenError;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The first two bytes of gzip (RFC 1952).
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// All bytes of the file, at most `limit`: a wrong path (a device, a log that is being written) must not eat the
/// memory. Databases and lists are published compressed as often as not, so gzip is told apart from other nonsense.
pub(crate) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let size = file.metadata().map_err(unreadable)?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(limit)).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(OpenError::TooLarge { path: path.to_owned(), limit });
    }
    if bytes.starts_with(&GZIP_MAGIC) {
        return Err(OpenError::Compressed { path: path.to_owned() });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn a_file_over_the_limit_is_refused_and_one_at_the_limit_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_whole(&path, 5).unwrap(), b"12345");
        let error = read_whole(&path, 4).unwrap_err();
        assert!(matches!(error, OpenError::TooLarge { limit: 4, .. }), "{error}");
        assert!(error.to_string().contains("list.txt"));
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let error = read_whole(Path::new("/dev/zero"), 1_000_000).unwrap_err();
        assert!(matches!(error, OpenError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn gzip_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.mmdb.gz");
        std::fs::write(&path, [0x1f, 0x8b, 8, 0]).unwrap();
        let error = read_whole(&path, 100).unwrap_err().to_string();
        assert!(error.contains("city.mmdb.gz") && error.contains("unpack"), "{error}");
    }
}
