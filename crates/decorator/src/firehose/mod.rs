//! A Firehose data transformation: an [`event`] is [`transformation`]-ed into a [`response`], and what does not fit is
//! [`put_back`] into the stream.

pub mod counts;
pub mod event;
pub mod put_back;
pub mod response;
pub mod transformation;
