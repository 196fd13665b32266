//! The page in a real browser: that it stands alone, finds, sorts, opens and prints what the JSON report says, and
//! takes no text for markup.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod large;
mod made_up;
mod pictures;
mod planned;
mod rows;
mod samples;
mod stage;
