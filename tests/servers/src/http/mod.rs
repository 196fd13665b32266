//! As much of HTTP/1.1 as the stubs need, on blocking sockets.
//!
//! It is written here since the tests must do what a ready-made server does not offer: close a connection in place of
//! an answer, look whether the other side is still there while it waits, and show every byte that came.

mod client;
mod message;
mod server;

pub use client::{call, free_port};
pub(crate) use message::read_chunks;
pub use message::{Request, Response};
pub use server::{Connection, Reply, Server};
