//! The last word on a batch: what the stream refused to take back is `ProcessingFailed`, and the response still fits.
//!
//! `ProcessingFailed` echoes its data and is longer than `Dropped`. No room is kept for that: echo of all that is not decorated would be
//! half a response at Firehose's default of 1 MB a batch and all of it at 3 MB, and the stream would then turn most records over many
//! times, day after day, against a refusal that is rare. Instead [`Transformed::settle`] takes room back where it was spent: documents are
//! longer than the data that they were made of, so answers turn from `Ok` to `ProcessingFailed`, the last first, until the response fits.
//! When the stream refuses everything, that leaves exactly the records that would have been decorated had room been kept. And it always
//! ends well: an event is at most 6 MB, and the echo of all of it is shorter than the event. (Records whose bad lines are put back already
//! come last of all: failing them keeps those lines twice.)

use super::counts::Counts;
use super::event::Event;
use super::put_back::{Outcome, Refused};
use super::response::{self, Answer};
use super::transformation::Transformed;

impl Transformed {
    /// The final response: what the stream refused is `ProcessingFailed`, and so is what then does not fit.
    pub fn settle(mut self, event: &Event<'_>, limit: usize, put: &Outcome) -> (Vec<u8>, Counts) {
        self.counts.put_back = put.accepted;
        self.counts.put_back_failed = put.refused.len() as u64;
        if !put.refused.is_empty() {
            self.fail_refused(event, limit, &put.refused);
        }
        for (answer, documents) in self.response.answers().zip(&self.documents) {
            if answer == Answer::Ok {
                self.counts.decorated += u64::from(*documents);
            }
        }
        (self.response.into_body(), self.counts)
    }

    fn fail_refused(&mut self, event: &Event<'_>, limit: usize, refused: &Refused) {
        let mut failed: Vec<bool> = vec![false; event.records.len()];
        let mut pinned: Vec<bool> = vec![false; event.records.len()];
        for put_back in &self.put_backs {
            pinned[put_back.record] = true;
        }
        let mut length = self.response.len();
        for (record, reason) in refused {
            failed[*record] = true;
            length += response::failed_len(&event.records[*record]);
            length -= self.response.answer_len(*record);
            self.counts.note(reason, 1);
            self.counts.failed += 1;
        }
        let answers: Vec<Answer> = self.response.answers().collect();
        // Those of which lines are already put back come last: failing them keeps these lines twice.
        for is_pinned in [false, true] {
            for (index, record) in event.records.iter().enumerate().rev() {
                if length <= limit {
                    break;
                }
                let (now, then) = (self.response.answer_len(index), response::failed_len(record));
                if answers[index] == Answer::Ok && pinned[index] == is_pinned && !failed[index] && then < now {
                    failed[index] = true;
                    length -= now - then;
                    self.counts.note("does-not-fit-beside-refused", 1);
                    self.counts.failed += 1;
                }
            }
        }
        self.response = self.response.with_failed(&event.records, |index| failed[index]);
    }
}
