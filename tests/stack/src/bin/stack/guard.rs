//! What is to be done when this process has ended, however it ends: Ctrl-C, a signal, a panic.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

/// A small shell that waits for the end of a pipe and then acts. The kernel closes this process's end of the pipe with
/// the process; dropping the value closes it too, and waits until all is done.
pub struct Guard {
    shell: Child,
    pipe: Option<ChildStdin>,
}

impl Guard {
    /// `act` is a shell command, in which `"$1"` and so on are the `arguments`.
    pub fn start<S: AsRef<OsStr>>(act: &str, arguments: &[S]) -> io::Result<Guard> {
        let mut shell = Command::new("sh");
        // It must outlive a Ctrl-C, which goes to the whole group.
        shell.args(["-c", &format!("cat >/dev/null; {act}"), "sh"]).args(arguments).process_group(0);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let pipe = shell.stdin.take();
        Ok(Guard { shell, pipe })
    }

    /// Runs a command to its end. It holds the pipe as its standard input, where there is nothing to read: should this
    /// process end first, the guard acts when the command has ended too, and so not before all is there that it makes.
    pub fn output_of(&self, command: &mut Command) -> io::Result<Output> {
        command.stdin(self.end_of_pipe()?);
        let output = command.output();
        // A command keeps what it gives to its children.
        command.stdin(Stdio::null());
        output
    }

    fn end_of_pipe(&self) -> io::Result<Stdio> {
        let Some(pipe) = &self.pipe else {
            return Ok(Stdio::null());
        };
        let end: OwnedFd = pipe.as_fd().try_clone_to_owned()?;
        Ok(Stdio::from(end))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.pipe.take());
        self.shell.wait().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_acts_when_it_is_dropped_and_waits_for_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let told = folder.path().join("what's told");
        let act = "echo \"$2\" > \"$1\"";
        let guard = Guard::start(act, &[told.as_os_str(), OsStr::new("a b")]).unwrap();
        assert!(guard.output_of(&mut Command::new("true")).unwrap().status.success());
        let mut child = Command::new("sleep").arg("60").stdin(guard.end_of_pipe().unwrap()).spawn().unwrap();
        assert!(!told.exists());
        let dropping = std::thread::spawn(move || drop(guard));
        // One that did not wait would be done by now.
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(!dropping.is_finished() && !told.exists());
        child.kill().unwrap();
        child.wait().unwrap();
        dropping.join().unwrap();
        assert_eq!(std::fs::read_to_string(&told).unwrap(), "a b\n");
    }
}
