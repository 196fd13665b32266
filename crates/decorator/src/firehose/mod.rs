//! A Firehose data transformation: an [`event`] is [`transformation`]-ed into a [`response`], what does not fit is
//! [`put_back`] into the stream, and what the stream refuses has its [`settlement`].

pub mod counts;
pub mod event;
pub mod put_back;
pub mod response;
pub mod settlement;
pub mod transformation;
