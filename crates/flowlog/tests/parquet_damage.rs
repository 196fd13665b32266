//! Whatever byte of a Parquet file is wrong: an answer, never a panic, let alone an abort for want of memory. In a program of its own because
//! it silences the messages of panics that are caught on the way.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::fs::File;

use collect::Collect;
use flowlog::ReadOptions;
use polars::prelude::{DataFrame, NamedFrom, ParquetCompression, ParquetWriter, Series};

#[test]
fn any_wrong_byte() {
    std::panic::set_hook(Box::new(|_| {}));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let text = |name: &str, values: [Option<&str>; 3]| Series::new(name.into(), values).into();
    let number = |name: &str, values: [Option<i64>; 3]| Series::new(name.into(), values).into();
    let columns = vec![
        text("interface_id", [Some("eni-1"); 3]),
        text("srcaddr", [Some("10.0.0.1"), None, Some("10.0.0.3")]),
        text("dstaddr", [Some("10.0.0.2"); 3]),
        number("protocol", [Some(6), None, Some(17)]),
        number("start", [Some(1), Some(2), Some(3)]),
        number("end", [Some(4); 3]),
        text("action", [Some("ACCEPT"); 3]),
    ];
    let mut table = DataFrame::new_infer_height(columns).unwrap();
    for compression in [ParquetCompression::Uncompressed, ParquetCompression::Gzip(None)] {
        ParquetWriter::new(File::create(&path).unwrap()).with_compression(compression).finish(&mut table).unwrap();
        let good = std::fs::read(&path).unwrap();
        let mut collect = Collect::default();
        flowlog::read_file(&path, &ReadOptions::default(), &mut collect).unwrap();
        assert_eq!((collect.records.len(), collect.unparsed.len()), (2, 1));
        for at in 4..good.len() {
            let mut bad = good.clone();
            bad[at] ^= [0x01, 0x55, 0x80, 0xff][at % 4];
            std::fs::write(&path, &bad).unwrap();
            let mut collect = Collect::default();
            let _ = flowlog::read_file(&path, &ReadOptions::default(), &mut collect);
        }
    }
}
