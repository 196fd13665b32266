//! A child process with its output, ended by its own handle and no other way.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long a held process may take to end after its standard input was closed.
const TIDYING: Duration = Duration::from_secs(30);

pub(crate) struct Process {
    child: Arc<Mutex<Child>>,
    id: u32,
    output: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    held: Option<ChildStdin>,
}

impl Process {
    /// Starts `command` with both outputs kept in one text, in the order they came.
    pub fn start(mut command: Command) -> Process {
        command.stdin(Stdio::null());
        Process::spawn(command)
    }

    /// The same for a program that ends by itself, tidily, once its standard input is closed. That happens on drop, and
    /// also when this process dies, however it dies.
    pub fn start_held(mut command: Command) -> Process {
        command.stdin(Stdio::piped());
        Process::spawn(command)
    }

    fn spawn(mut command: Command) -> Process {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} does not start: {error}"));
        let output = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(keep(pipe, output.clone()));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(keep(pipe, output.clone()));
        }
        let id = child.id();
        let held = child.stdin.take();
        Process { child: Arc::new(Mutex::new(child)), id, output, readers, held }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn output(&self) -> String {
        String::from_utf8_lossy(&self.output.lock().unwrap()).into_owned()
    }

    /// The exit status, once it has ended.
    pub fn ended(&self) -> Option<String> {
        status(&self.child)
    }

    /// Calls `then` with the exit status once it has ended, however that comes.
    pub fn when_ended(&self, then: impl FnOnce(String) + Send + 'static) {
        let child = self.child.clone();
        thread::spawn(move || {
            loop {
                if let Some(status) = status(&child) {
                    return then(status);
                }
                thread::sleep(Duration::from_millis(10));
            }
        });
    }
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|found| found.uid() == 0)
}

fn status(child: &Mutex<Child>) -> Option<String> {
    match child.lock().unwrap().try_wait() {
        Ok(None) => None,
        Ok(Some(status)) => Some(status.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn keep(mut pipe: impl Read + Send + 'static, output: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    // Whole lines only: the two pipes must not cut each other's lines.
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        let mut open = Vec::new();
        while let Ok(read) = pipe.read(&mut buffer) {
            if read == 0 {
                break;
            }
            open.extend_from_slice(&buffer[..read]);
            if let Some(end) = open.iter().rposition(|byte| *byte == b'\n') {
                output.lock().unwrap().extend(open.drain(..=end));
            }
        }
        output.lock().unwrap().append(&mut open);
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            drop(held);
            let since = Instant::now();
            while self.ended().is_none() && since.elapsed() < TIDYING {
                thread::sleep(Duration::from_millis(10));
            }
        }
        let mut child = self.child.lock().unwrap();
        child.kill().ok();
        child.wait().ok();
        drop(child);
        for reader in self.readers.drain(..) {
            // A grandchild may hold the pipe open; its text is not worth waiting for.
            if reader.is_finished() {
                reader.join().ok();
            }
        }
    }
}
