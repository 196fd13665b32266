//! Flow logs in Parquet, as AWS types them and as other programs do.
#![cfg(feature = "parquet")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod collect;

use std::path::Path;

use collect::{Collect, Kept, SSH};
use flowlog::{Format, LeftOut, LogStatus, ReadError, ReadOptions, Shape, Unparsed};
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, Series};

fn write(path: &Path, columns: Vec<Column>, row_group: usize) {
    let mut table = DataFrame::new_infer_height(columns).unwrap();
    let file = std::fs::File::create(path).unwrap();
    ParquetWriter::new(file)
        .with_compression(ParquetCompression::Gzip(None))
        .with_row_group_size(Some(row_group))
        .finish(&mut table)
        .unwrap();
}

fn column<T: AsRef<[V]>, V>(name: &str, values: T) -> Column
where
    Series: NamedFrom<T, [V]>,
{
    Series::new(name.into(), values).into()
}

fn read(path: &Path) -> (Collect, Result<flowlog::ObjectSummary, ReadError>) {
    let mut collect = Collect::default();
    let result = flowlog::read_file(path, &ReadOptions::default(), &mut collect);
    (collect, result)
}

/// The accepted SSH record, a NODATA record and one with a bad address, typed as AWS does.
fn aws_columns() -> Vec<Column> {
    vec![
        column("version", [2_i32, 2, 2]),
        column("account_id", ["123456789010"; 3]),
        column("interface_id", ["eni-1235b8ca123456789"; 3]),
        column("srcaddr", [Some("172.31.16.139"), None, Some("172.31.16")]),
        column("dstaddr", [Some("172.31.16.21"), None, Some("172.31.16.21")]),
        column("srcport", [Some(20641_i32), None, Some(1)]),
        column("dstport", [Some(22_i32), None, Some(2)]),
        column("protocol", [Some(6_i32), None, Some(6)]),
        column("packets", [Some(20_i64), None, Some(1)]),
        column("bytes", [Some(4249_i64), None, Some(1)]),
        column("start", [1_418_530_010_i64, 1_431_280_876, 1]),
        column("end", [1_418_530_070_i64, 1_431_280_934, 2]),
        column("action", [Some("ACCEPT"), Some("-"), Some("ACCEPT")]),
        column("log_status", ["OK", "NODATA", "OK"]),
        column("next_hop_colour", ["red"; 3]),
    ]
}

fn ssh() -> Kept {
    Kept::of(&Format::default_v2().parse(SSH.as_bytes()).unwrap())
}

#[test]
fn as_aws_writes_it_plain_and_in_hive_folders() {
    let folder = tempfile::tempdir().unwrap();
    let hive = folder.path().join("aws-account-id=123456789010/aws-service=vpcflowlogs/year=2024/hour=00");
    std::fs::create_dir_all(&hive).unwrap();
    for path in [folder.path().join("plain.log.parquet"), hive.join("no-extension")] {
        write(&path, aws_columns(), 2);
        let (collect, result) = read(&path);
        let summary = result.unwrap();
        assert_eq!(collect.records[0], ssh());
        assert_eq!(collect.records[1].log_status, Some(LogStatus::NoData));
        assert_eq!(collect.records[1].start, Some(1_431_280_876));
        assert_eq!(collect.records.len(), 2);
        let (line, reason, text) = &collect.unparsed[0];
        assert_eq!((*line, *reason), (3, Unparsed::NotAnAddress(flowlog::Field::SrcAddr)));
        assert!(String::from_utf8_lossy(text).contains("eni-1235b8ca123456789"), "the row is shown with its interface");
        assert_eq!((summary.shape, summary.lines), (Some(Shape::Parquet), 3));
        assert_eq!(summary.bytes_read, std::fs::metadata(&path).unwrap().len());
    }
}

#[test]
fn as_other_programs_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    // Text throughout, wide integers, unsigned ones, and floats where pandas met a null.
    let columns = vec![
        column("interface_id", ["eni-1", "eni-2", "eni-3", "eni-4"]),
        column("srcaddr", ["10.0.0.1"; 4]),
        column("dstaddr", [b"10.0.0.2".as_slice(), b"10.0.0.2", b"::1", b"\xff"]),
        column("srcport", [Some(40000.0_f64), None, Some(1.5), Some(1.0)]),
        column("dstport", ["443", "-", "443", "443"]),
        column("protocol", [6_u64, 17, 6, 6]),
        column("start", [1_u32, 1, 1, 1]),
        column("end", [2.0_f32, 2.0, 2.0, 2.0]),
        column("tcp_flags", [-1_i64, 2, 2, 2]),
        column("action", ["REJECT"; 4]),
    ];
    write(&path, columns, 4);
    let (collect, result) = read(&path);
    result.unwrap();
    assert_eq!(collect.records.len(), 2);
    assert_eq!((collect.records[0].ports, collect.records[0].protocol), ([Some(40000), Some(443)], Some(6)));
    assert_eq!((collect.records[0].end, collect.records[0].tcp_flags), (Some(2), None));
    assert_eq!((collect.records[1].ports, collect.records[1].tcp_flags), ([None, None], Some(2)));
    assert_eq!(collect.kinds(), ["not-a-number", "not-an-address"]);
}

#[test]
fn many_row_groups_and_slices_come_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let rows = 150_000_i64;
    let starts: Vec<i64> = (0..rows).collect();
    let count = starts.len();
    let columns = || {
        vec![
            column("interface_id", vec!["eni-1"; count]),
            column("srcaddr", vec!["10.0.0.1"; count]),
            column("dstaddr", vec!["10.0.0.2"; count]),
            column("protocol", vec![6_i32; count]),
            column("start", starts.clone()),
            column("end", vec![rows; count]),
            column("action", vec!["ACCEPT"; count]),
        ]
    };
    for row_group in [7_001, 200_000] {
        write(&path, columns(), row_group);
        let (collect, result) = read(&path);
        assert_eq!(result.unwrap().lines, rows as u64);
        let read: Vec<i64> = collect.records.iter().map(|record| i64::from(record.start.unwrap())).collect();
        assert_eq!(read, starts);
    }
}

#[test]
fn as_a_stream() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    write(&path, aws_columns(), 100);
    let bytes = std::fs::read(&path).unwrap();
    let (collect, result) = collect::read_with(&bytes, &ReadOptions::default());
    assert_eq!(collect.records[0], ssh());
    assert_eq!(result.unwrap().bytes_read, bytes.len() as u64);
}

#[test]
fn bad_parquet() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let lacking: Vec<Column> = aws_columns().into_iter().filter(|column| column.name() != "action").collect();
    write(&path, lacking, 100);
    assert!(matches!(read(&path).1, Err(ReadError::LacksField { field: "action", .. })));

    write(&path, aws_columns(), 100);
    let good = std::fs::read(&path).unwrap();
    for cut in [4, 5, 12, good.len() / 2, good.len() - 1] {
        std::fs::write(&path, &good[..cut]).unwrap();
        let error = read(&path).1.unwrap_err();
        assert!(matches!(error, ReadError::Parquet { .. }), "{cut}: {error}");
    }
}

#[test]
fn transit_gateway_rows_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let columns = vec![column("tgw_id", ["tgw-1"; 2]), column("srcaddr", ["10.0.0.1"; 2])];
    write(&path, columns, 100);
    let (collect, result) = read(&path);
    result.unwrap();
    assert_eq!(collect.left_out, [LeftOut::TransitGatewayRecord; 2]);
}

/// AWS may add such columns to the flow logs of interfaces.
#[test]
fn rows_of_an_interface_are_read_whatever_else_they_have() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["resource_type", "tgw_id"] {
        let path = folder.path().join(name);
        write(&path, [aws_columns(), vec![column(name, ["x"; 3])]].concat(), 100);
        let (collect, result) = read(&path);
        result.unwrap();
        assert_eq!((collect.records.len(), collect.unparsed.len(), collect.left_out.len()), (2, 1, 0), "{name}");
    }
}
