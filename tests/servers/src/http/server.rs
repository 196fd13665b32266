//! A server with one thread a connection.

use super::message::{Request, Response, read_request, write_response};
use std::io::{BufReader, BufWriter};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What to do with a request.
pub enum Reply {
    /// Answer it.
    Answer(Response),
    /// Close the connection without an answer.
    Close,
}

/// The connection that a request came by.
pub struct Connection(TcpStream);

impl Connection {
    /// Whether the other side still holds it open.
    pub fn is_open(&self) -> bool {
        if self.0.set_nonblocking(true).is_err() {
            return false;
        }
        let open = match self.0.peek(&mut [0]) {
            Ok(0) => false,
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        };
        open && self.0.set_nonblocking(false).is_ok()
    }
}

/// Listens on a free port of loopback until it is dropped.
pub struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Server {
    /// Starts; `handle` is called for every request, for several connections at a time.
    pub fn start(handle: impl Fn(Request, &Connection) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("the address of a bound socket");
        let stopping = Arc::new(AtomicBool::new(false));
        let open = Arc::new(Mutex::new(Vec::new()));
        let handle = Arc::new(handle);
        let (stop, connections) = (stopping.clone(), open.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else {
                    continue;
                };
                let Ok(copy) = stream.try_clone() else {
                    continue;
                };
                let mut connections = connections.lock().unwrap();
                connections.retain(|known: &TcpStream| known.peer_addr().is_ok());
                connections.push(copy);
                let handle = handle.clone();
                thread::spawn(move || serve(stream, handle.as_ref()));
            }
        });
        Server { address, stopping, open }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        for stream in self.open.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

fn serve(stream: TcpStream, handle: &impl Fn(Request, &Connection) -> Reply) {
    stream.set_nodelay(true).ok();
    let (Ok(reading), Ok(writing)) = (stream.try_clone(), stream.try_clone()) else {
        return;
    };
    let connection = Connection(stream);
    let mut reader = BufReader::with_capacity(64 << 10, reading);
    let mut writer = BufWriter::with_capacity(64 << 10, writing);
    while let Ok(Some(request)) = read_request(&mut reader, &mut writer) {
        let last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let head = request.method == "HEAD";
        let answered = match handle(request, &connection) {
            Reply::Answer(response) => write_response(&mut writer, &response, head).is_ok(),
            Reply::Close => false,
        };
        if !answered || last {
            break;
        }
    }
    connection.0.shutdown(Shutdown::Both).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::call;

    #[test]
    fn it_answers_closes_and_ends() {
        let server = Server::start(|request, connection| {
            assert!(connection.is_open());
            match request.path.as_str() {
                "/close" => Reply::Close,
                _ => Reply::Answer(Response::new(200, "text/plain", request.body)),
            }
        });
        let address = server.address();
        let echoed = call(address, "POST", "/echo", &[], b"hello").unwrap();
        assert_eq!((echoed.status, echoed.text().as_str()), (200, "hello"));
        assert!(call(address, "GET", "/close", &[], b"").is_err());
        drop(server);
        assert!(call(address, "GET", "/echo", &[], b"").is_err());
    }
}
