//! The bar on standard error while logs are read: files, records, rate, time left.
//!
//! It is advanced from every reading thread, once a block and not once a record, so it costs a few atomic additions.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// What the reading threads have added up.
#[derive(Debug, Default)]
struct Done {
    files: AtomicU64,
    records: AtomicU64,
}

/// The bar, or nothing where nobody looks. Shared between threads by reference.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    done: Arc<Done>,
}

impl Progress {
    /// Starts a bar over `total_bytes` bytes in `files` files, as they are stored; 0 bytes for an unknown size
    /// (standard input), which shows no time left. Draws only on a terminal, and not if `quiet`.
    pub fn new(quiet: bool, files: u64, total_bytes: u64) -> Progress {
        let is_seen = !quiet && std::io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let done = Arc::new(Done::default());
        let length = (total_bytes > 0).then_some(total_bytes);
        let bar = ProgressBar::with_draw_target(length, target).with_style(style(files, length.is_some(), &done));
        if is_seen {
            // Redrawn even while one large block is being read, so that it does not look dead.
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Progress { bar, done }
    }

    /// Counts bytes that were read, as they are stored, and the records found in them.
    pub fn advance(&self, bytes: u64, records: u64) {
        self.done.records.fetch_add(records, Ordering::Relaxed);
        self.bar.inc(bytes);
    }

    /// Counts a file that was read, or given up.
    pub fn file_done(&self) {
        self.done.files.fetch_add(1, Ordering::Relaxed);
    }

    /// Does something that writes to standard error, with the bar out of the way.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    /// An error on the way must not leave half a bar on the line where its message goes.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(files: u64, knows_length: bool, done: &Arc<Done>) -> ProgressStyle {
    let template = if knows_length {
        "{bar:30.cyan/dim} {percent:>3} %  {files}  {records}  {rate}  {eta} left"
    } else {
        "{spinner:.cyan} {files}  {records}  {rate}"
    };
    let files_done = Arc::clone(done);
    let records_done = Arc::clone(done);
    let rate_done = Arc::clone(done);
    // A template that does not parse is our own mistake, and a plain bar does as well.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style
        .progress_chars("=> ")
        .with_key("files", move |_: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{}/{} files", files_done.files.load(Ordering::Relaxed), files);
        })
        .with_key("records", move |_: &ProgressState, out: &mut dyn Write| {
            let _ = write!(out, "{} records", HumanCount(records_done.records.load(Ordering::Relaxed)));
        })
        .with_key("rate", move |state: &ProgressState, out: &mut dyn Write| {
            let records = rate_done.records.load(Ordering::Relaxed);
            let _ = write!(out, "{}/s", HumanCount(per_second(records, state.elapsed())));
        })
}

/// Records a second; 0 before any time has passed.
fn per_second(records: u64, elapsed: Duration) -> u64 {
    let seconds = elapsed.as_secs_f64();
    if seconds <= 0.0 {
        return 0;
    }
    // A cast from a float saturates.
    (records as f64 / seconds) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_add_up() {
        let progress = Progress::new(true, 4, 4_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        progress.advance(10, 3);
                    }
                    progress.file_done();
                });
            }
        });
        assert_eq!(progress.done.records.load(Ordering::Relaxed), 1_200);
        assert_eq!(progress.done.files.load(Ordering::Relaxed), 4);
        assert_eq!(progress.bar.position(), 4_000);
        assert_eq!(progress.suspend(|| 7), 7);
        progress.finish();
        assert!(progress.bar.is_finished());
    }

    #[test]
    fn both_templates_are_sound() {
        for template in [
            "{bar:30.cyan/dim} {percent:>3} %  {files}  {records}  {rate}  {eta} left",
            "{spinner:.cyan} {files}  {records}  {rate}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
        // Bytes beyond what was announced, and an unknown length, are no reason to fail.
        let progress = Progress::new(true, 0, 0);
        progress.advance(u64::MAX, u64::MAX);
        progress.advance(1, 1);
    }

    #[test]
    fn the_rate_survives_the_first_moment() {
        assert_eq!(per_second(100, Duration::ZERO), 0);
        assert_eq!(per_second(100, Duration::from_secs(4)), 25);
        assert_eq!(per_second(u64::MAX, Duration::from_nanos(1)), u64::MAX);
    }
}
