//! Log lines become Firehose records, and records become PutRecordBatch calls that Firehose accepts.
//!
//! Three limits hold at once (Firehose Developer Guide, "Amazon Data Firehose quota"; API reference, `PutRecordBatch`): 500 records a
//! call, 4 MiB a call, 1,000 KiB a record, counted before base64.

/// Where the stream delivers, which decides how many lines a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// One line a record: OpenSearch refuses a record with two documents.
    OpenSearch,
    /// Many whole lines a record: Firehose bills every record rounded up to 5 KB.
    S3,
}

/// What one PutRecordBatch call may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Records in a call.
    pub records: usize,
    /// Bytes of data in a call, all records together.
    pub batch_bytes: usize,
    /// Bytes of data in one record.
    pub record_bytes: usize,
    /// Bytes of lines that are packed into one record for [`Destination::S3`], at most `record_bytes`.
    pub packed_bytes: usize,
}

impl Limits {
    /// Firehose's own, and records packed to a quarter of its limit. Decorated, lines grow about sixfold, and base64 adds a third: a
    /// record of 1,000 KiB would never fit into the 6 MB of a transformation's answer, and be split and sent twice over. The rounding
    /// to 5 KB costs no more than 2 % at this size.
    pub const FIREHOSE: Limits =
        Limits { records: 500, batch_bytes: 4 * 1024 * 1024, record_bytes: 1_000 * 1024, packed_bytes: 250 * 1024 };
}

/// One Firehose record: whole lines, each ending in a line feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What is sent.
    pub data: Vec<u8>,
    /// Number of log events in it.
    pub lines: u64,
}

/// Lines of one event, made ready to be sent. Concatenated, the records of all batches are the lines in the order they came.
#[derive(Debug, Default)]
pub struct Cut {
    /// Each fits into one call.
    pub batches: Vec<Vec<Record>>,
    /// Lines that Firehose would refuse, with their line feeds.
    pub oversize: Vec<Vec<u8>>,
}

/// Cuts lines into batches.
///
/// Every line ends in one line feed afterwards, whether it came with one or not: records that reach S3 untransformed are then still
/// lines, and the decorator takes both. A line is never split; one that does not fit into a record with its line feed is set aside.
pub fn cut<L: AsRef<str>>(lines: impl IntoIterator<Item = L>, destination: Destination, limits: Limits) -> Cut {
    let mut batches = Batches { done: Vec::new(), current: Vec::new(), current_bytes: 0, limits };
    let mut oversize = Vec::new();
    let mut packed = Record { data: Vec::new(), lines: 0 };
    for line in lines {
        let line = line.as_ref().as_bytes();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // Not twice the memory for one byte more, as `push` alone would take.
        let mut data = Vec::with_capacity(line.len() + 1);
        data.extend_from_slice(line);
        data.push(b'\n');
        if data.len() > limits.record_bytes {
            oversize.push(data);
            continue;
        }
        match destination {
            Destination::OpenSearch => batches.push(Record { data, lines: 1 }),
            Destination::S3 => {
                if packed.lines > 0 && packed.data.len() + data.len() > limits.packed_bytes {
                    batches.push(std::mem::replace(&mut packed, Record { data: Vec::new(), lines: 0 }));
                }
                packed.data.append(&mut data);
                packed.lines += 1;
            }
        }
    }
    if packed.lines > 0 {
        batches.push(packed);
    }
    Cut { batches: batches.finish(), oversize }
}

struct Batches {
    done: Vec<Vec<Record>>,
    current: Vec<Record>,
    current_bytes: usize,
    limits: Limits,
}

impl Batches {
    fn push(&mut self, record: Record) {
        let full = self.current.len() >= self.limits.records
            || self.current_bytes + record.data.len() > self.limits.batch_bytes;
        if full && !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
            self.current_bytes = 0;
        }
        self.current_bytes += record.data.len();
        self.current.push(record);
    }

    fn finish(mut self) -> Vec<Vec<Record>> {
        if !self.current.is_empty() {
            self.done.push(self.current);
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn line(bytes: usize) -> String {
        "x".repeat(bytes)
    }

    fn bytes_of(batch: &[Record]) -> usize {
        batch.iter().map(|record| record.data.len()).sum()
    }

    /// All that a cut promises, checked the slow way.
    fn check(lines: &[String], destination: Destination, limits: Limits) {
        let cut = cut(lines.iter().cloned(), destination, limits);

        let mut wanted = Vec::new();
        let mut wanted_oversize = Vec::new();
        for line in lines {
            let with_feed = if line.ends_with('\n') { line.clone() } else { format!("{line}\n") };
            if with_feed.len() > limits.record_bytes {
                wanted_oversize.push(with_feed.into_bytes());
            } else {
                wanted.push(with_feed.into_bytes());
            }
        }
        assert_eq!(cut.oversize, wanted_oversize);

        // Every line once, whole, in order: walk the records and take the lines off one by one.
        let mut rest = wanted.iter();
        for record in cut.batches.iter().flatten() {
            let mut data = record.data.as_slice();
            for _ in 0..record.lines {
                let next = rest.next().expect("more lines came out than went in");
                data = data.strip_prefix(next.as_slice()).expect("a record is not made of whole lines in order");
            }
            assert!(data.is_empty() && record.lines > 0);
            assert!(destination == Destination::S3 || record.lines == 1);
        }
        assert_eq!(rest.next(), None, "a line is missing");

        for batch in &cut.batches {
            assert!(!batch.is_empty() && batch.len() <= limits.records && bytes_of(batch) <= limits.batch_bytes);
            assert!(batch.iter().all(|record| record.data.len() <= limits.record_bytes));
        }

        // Nothing was cut earlier than a limit asks for.
        for pair in cut.batches.windows(2) {
            let first_of_next = pair[1][0].data.len();
            assert!(pair[0].len() == limits.records || bytes_of(&pair[0]) + first_of_next > limits.batch_bytes);
        }
        if destination == Destination::S3 {
            let records: Vec<&Record> = cut.batches.iter().flatten().collect();
            for pair in records.windows(2) {
                let first_line = pair[1].data.iter().position(|byte| *byte == b'\n').unwrap() + 1;
                assert!(pair[0].data.len() + first_line > limits.packed_bytes);
            }
            assert!(records.iter().all(|record| record.lines == 1 || record.data.len() <= limits.packed_bytes));
        }
    }

    #[test]
    fn brute_force_over_small_limits() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..3_000 {
            let record_bytes = random.usize(2..=20);
            let limits = Limits {
                records: random.usize(1..6),
                batch_bytes: random.usize(20..60),
                record_bytes,
                packed_bytes: random.usize(1..=record_bytes),
            };
            let lines: Vec<String> = (0..random.usize(0..40))
                .map(|_| {
                    let mut line = line(random.usize(0..limits.record_bytes + 3));
                    if random.u8(0..4) == 0 {
                        line.push('\n');
                    }
                    line
                })
                .collect();
            check(&lines, Destination::OpenSearch, limits);
            check(&lines, Destination::S3, limits);
        }
    }

    #[test]
    fn brute_force_around_firehose_limits() {
        let mut random = fastrand::Rng::with_seed(8);
        let record = Limits::FIREHOSE.record_bytes;
        let call = Limits::FIREHOSE.batch_bytes;
        for _ in 0..20 {
            let lines: Vec<String> = (0..random.usize(1..12))
                .map(|_| {
                    let border = [record, call - 4 * record, call / 5, record / 2][random.usize(0..4)];
                    line(border - 3 + random.usize(0..6))
                })
                .collect();
            check(&lines, Destination::OpenSearch, Limits::FIREHOSE);
            check(&lines, Destination::S3, Limits::FIREHOSE);
        }
        let small: Vec<String> = (0..1_501).map(|number| line(number % 120)).collect();
        check(&small, Destination::OpenSearch, Limits::FIREHOSE);
        check(&small, Destination::S3, Limits::FIREHOSE);
    }

    #[test]
    fn five_hundred_records_a_call() {
        let sizes = |count: usize| -> Vec<usize> {
            let cut = cut((0..count).map(|_| line(10)), Destination::OpenSearch, Limits::FIREHOSE);
            cut.batches.iter().map(Vec::len).collect()
        };
        assert_eq!(sizes(500), [500]);
        assert_eq!(sizes(501), [500, 1]);
        assert_eq!(sizes(0), [0_usize; 0]);
    }

    #[test]
    fn four_mebibytes_a_call() {
        // 1,048,576 is more than a record may hold, so 4 MiB are made of eight times 524,288 bytes, line feeds included.
        let eight = || (0..8).map(|_| line(524_287));
        assert_eq!(cut(eight(), Destination::OpenSearch, Limits::FIREHOSE).batches.len(), 1);
        let one_byte_more = eight().chain([String::new()]);
        assert_eq!(cut(one_byte_more, Destination::OpenSearch, Limits::FIREHOSE).batches.len(), 2);
    }

    #[test]
    fn a_thousand_kibibytes_a_record() {
        let cut = cut([line(1_023_999), line(1_024_000)], Destination::OpenSearch, Limits::FIREHOSE);
        assert_eq!(cut.batches.len(), 1);
        assert_eq!(cut.batches[0][0].data.len(), 1_024_000);
        assert_eq!(cut.oversize.len(), 1);
    }

    #[test]
    fn s3_records_hold_whole_lines() {
        let limits = Limits { records: 500, batch_bytes: 1_000, record_bytes: 10, packed_bytes: 9 };
        let lines = ["aaa", "bbbb\n", "c", "dddddddddd", "e"].map(str::to_owned);
        let cut = cut(lines, Destination::S3, limits);
        let records: Vec<(&[u8], u64)> =
            cut.batches.iter().flatten().map(|record| (record.data.as_slice(), record.lines)).collect();
        assert_eq!(records, [(&b"aaa\nbbbb\n"[..], 2), (&b"c\ne\n"[..], 2)]);
        assert_eq!(cut.oversize, [b"dddddddddd\n"]);
    }
}
